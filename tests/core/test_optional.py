"""Packages that may be missing."""

from __future__ import annotations

import json
import sys
from importlib.metadata import requires
from pathlib import Path

import pytest

from automl_jupyter._core.optional import EXTRAS, has_module, require
from automl_jupyter.errors import MissingExtraError


def test_a_module_is_looked_for_without_importing_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "there_but_broken.py").write_text("raise RuntimeError\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert has_module("there_but_broken")
    assert "there_but_broken" not in sys.modules
    assert not has_module("not_there_at_all")


def test_a_module_that_is_there_is_returned() -> None:
    assert require("json", "A test") is json


@pytest.mark.parametrize("module", EXTRAS)
def test_the_extra_that_brings_a_module_is_named(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    wanted = rf'^The learner needs {module}\. Install it with: pip install "automl-jupyter\[{EXTRAS[module]}\]"$'
    with pytest.raises(MissingExtraError, match=wanted):
        require(module, "The learner")


@pytest.mark.parametrize("module", EXTRAS)
def test_the_extras_are_those_of_the_package(module: str) -> None:
    assert any(r.startswith(module) and f"extra == '{EXTRAS[module]}'" in r for r in requires("automl-jupyter") or ())


def test_a_module_of_no_extra_is_named_itself() -> None:
    with pytest.raises(MissingExtraError, match=r'^A test needs not_there_at_all\..* pip install "not_there_at_all"$'):
        require("not_there_at_all", "A test")
    with pytest.raises(ImportError, match="needs not_there_at_all"):
        require("not_there_at_all", "A test")
