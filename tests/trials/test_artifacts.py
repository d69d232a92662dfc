"""Fitted parts on disk: they come back the same, and nothing else comes in with them."""

from __future__ import annotations

import functools
import io
import json
import os
import pickle
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer
from skops.io import dumps

from automl_jupyter.errors import StoreError
from automl_jupyter.trials import artifacts


class Stranger:
    """A class of the tests, as a plug-in or an attacker might have one."""

    def __init__(self) -> None:
        self.value = 1


class Reducing:
    """A class that asks for a command to be run when it is loaded by pickle."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch hacked",)


def test_a_fitted_part_comes_back_the_same(tmp_path: Path) -> None:
    X, y = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2
    model = LogisticRegression().fit(X, y)
    path = tmp_path / "trials" / "0001" / "fold0.skops"
    artifacts.save(path, model)
    np.testing.assert_array_equal(artifacts.load(path).predict_proba(X), model.predict_proba(X))


def test_equal_parts_have_equal_sizes_wherever_they_lie_in_memory() -> None:
    X, y = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2
    parts = [artifacts.dump(LogisticRegression().fit(X, y)) for _ in range(2)]
    assert parts[0] != parts[1]
    assert artifacts.size_of(parts[0]) == artifacts.size_of(parts[1])
    assert len(parts[0]) / 2 < artifacts.size_of(parts[0]) < len(parts[0])


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (Stranger(), "Stranger"),
        (FunctionTransformer(eval), "eval"),
        (FunctionTransformer(os.system), "system"),
        ({"inside": [Stranger()]}, "Stranger"),
    ],
    ids=["a stranger", "eval", "a command", "deep inside"],
)
def test_a_foreign_type_is_refused(value: Any, named: str, tmp_path: Path) -> None:
    path = tmp_path / "part.skops"
    path.write_bytes(dumps(value))
    with pytest.raises(StoreError, match=f"{named}, which is no part of a fitted model; it was not loaded"):
        artifacts.load(path)


def test_a_class_that_reduces_to_a_command_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "part.skops"
    path.write_bytes(dumps(Reducing()))
    with pytest.raises(StoreError, match=r"part.skops"):
        artifacts.load(path)
    path.write_bytes(pickle.dumps(Reducing()))
    with pytest.raises(StoreError, match=r"part\.skops is damaged"):
        artifacts.load(path)
    assert not (tmp_path / "hacked").exists()
    monkeypatch.undo()


def test_a_changed_type_inside_a_file_is_refused(tmp_path: Path) -> None:
    """The file of an honest model, with one type replaced by hand."""
    data = dumps(LogisticRegression())
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "schema.json":
                schema = json.loads(content)
                schema |= {"__class__": "Popen", "__module__": "subprocess"}
                content = json.dumps(schema).encode()
            new.writestr(name, content)
    path = tmp_path / "part.skops"
    path.write_bytes(changed.getvalue())
    with pytest.raises(StoreError, match=r"subprocess.Popen, which is no part of a fitted model"):
        artifacts.load(path)


@pytest.mark.parametrize("module", ["automl_jupyter.learners.base", "automl_jupyter.learners.light_gbm"])
@pytest.mark.parametrize("called", ["os", "os.system", "importlib", "np", "make_learner", "missing"])
def test_what_our_modules_import_or_do_is_no_part_of_a_model(module: str, called: str) -> None:
    from automl_jupyter.featurization.texts import Words

    assert not artifacts._is_trusted(f"{module}.{called}")
    assert artifacts._is_trusted(f"{Words.__module__}.Words")


def test_a_command_by_way_of_one_of_our_modules_is_refused(tmp_path: Path) -> None:
    """A partial of what is found in a module of ours that imports `os`."""
    data = dumps(functools.partial(np.add, 1))
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "schema.json":
                named = {"__class__": "os", "__module__": "automl_jupyter.learners.base", "__loader__": "TypeNode"}
                content = re.sub(rb'"func": \{[^{}]*\}', f'"func": {json.dumps(named)}'.encode(), content)
                assert b"learners.base" in content
            new.writestr(name, content)
    path = tmp_path / "part.skops"
    path.write_bytes(changed.getvalue())
    with pytest.raises(StoreError, match=r"learners\.base\.os, which is no part of a fitted model"):
        artifacts.load(path)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_cut_file_is_a_sentence(share: float, tmp_path: Path) -> None:
    path = tmp_path / "part.skops"
    artifacts.save(path, LogisticRegression())
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(StoreError, match=r"part\.skops is damaged and cannot be loaded"):
        artifacts.load(path)


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"The fitted part part\.skops is missing from"):
        artifacts.load(tmp_path / "part.skops")
