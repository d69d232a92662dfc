"""What executors are asked when a job is over."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl_jupyter.data.cache import write_cache
from automl_jupyter.errors import ComputeError
from automl_jupyter.jobs import dask as dask_executor
from automl_jupyter.jobs.executor import release
from automl_jupyter.trials.evaluate import worker_tables
from automl_jupyter.trials.records import FoldOutcome


class Recorded:
    """An executor that notes what it is asked; the tasks in `stops` end when asked to."""

    def __init__(self, *stops: str) -> None:
        self.asked: list[tuple[str, Any]] = []
        self._outcomes = [FoldOutcome(key, 0, 0, "complete") for key in stops]

    def stop(self, keys: tuple[str, ...]) -> None:
        self.asked.append(("stop", set(keys)))

    def poll(self, timeout_s: float) -> list[FoldOutcome]:
        found, self._outcomes = self._outcomes, []
        return found

    def kill(self, keys: tuple[str, ...]) -> None:
        self.asked.append(("kill", set(keys)))

    def close(self) -> None:
        self.asked.append(("close", None))


@pytest.mark.parametrize(
    ("keys", "stops", "asked"),
    [
        ((), (), [("close", None)]),
        (("a", "b"), ("a", "b"), [("stop", {"a", "b"}), ("close", None)]),
        (("a", "b"), ("a",), [("stop", {"a", "b"}), ("kill", {"b"}), ("close", None)]),
    ],
    ids=["nothing runs", "all stop", "one does not"],
)
def test_what_outlives_its_job_is_asked_and_then_ended(keys: Any, stops: Any, asked: Any) -> None:
    executor: Any = Recorded(*stops)
    release(executor, keys, grace_s=0.05)
    assert executor.asked == asked


class _Refusing:
    """A client of workers that cannot read what they are sent: as Dask does, it keeps the plugin and tells a text."""

    status, dashboard_link = "running", ""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.is_closed = False

    def register_plugin(self, plugin: Any) -> None:
        self.kept.append(plugin.name)
        raise Exception("ModuleNotFoundError(\"No module named 'automl_jupyter'\")")

    def unregister_worker_plugin(self, name: str) -> None:
        self.kept.remove(name)
        raise KeyError(name)  # of the worker, which does not have it

    def close(self, timeout: float) -> None:
        self.is_closed = True


def test_workers_without_the_package_are_told_of_and_their_cluster_is_left_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = _Refusing()
    monkeypatch.setattr("automl_jupyter.jobs.dask.connect", lambda compute: client)
    with pytest.raises(ComputeError, match=r"tcp://scheduler:8786 cannot be made ready .*need automl-jupyter"):
        dask_executor.DaskExecutor("tcp://scheduler:8786")
    assert (client.kept, client.is_closed) == ([], True)


@pytest.mark.parametrize("refused", [os.W_OK, os.R_OK])
def test_a_worker_that_may_not_write_or_read_sees_no_files(
    refused: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe, cache = tmp_path / "control" / ".probe", tmp_path / "table"
    probe.parent.mkdir()
    probe.touch()
    cache.mkdir()
    assert dask_executor._sees(str(probe), str(cache))
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & refused)
    assert not dask_executor._sees(str(probe), str(cache))


def test_a_worker_that_may_not_look_at_a_folder_sees_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: Any, **how: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "stat", refuse)
    seen = dask_executor._sees(str(tmp_path / ".probe"), str(tmp_path))
    monkeypatch.undo()
    assert not seen


def test_tables_that_were_sent_long_ago_are_removed_from_a_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    cache = tmp_path / "here" / "abc"
    write_cache(cache, X=pd.DataFrame({"a": [1.0, 2.0]}), y=np.array([0.0, 1.0]), weight=None, folds=[], meta={})
    old = worker_tables() / "old"
    old.mkdir()
    os.utime(old, (0, 0))
    dask_executor._make_table_plugin(cache).setup(None)
    assert [p.name for p in worker_tables().iterdir()] == ["abc"]
