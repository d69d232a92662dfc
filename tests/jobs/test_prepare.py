"""What jobs share: the cached tables."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from automl_jupyter.jobs import prepare


def test_old_tables_are_removed_and_those_in_use_are_kept(tmp_path: Path) -> None:
    old = time.time() - prepare.CACHE_LIFE_S - 60
    for name in ("used", "old", ".half-built"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "meta.json").write_text("{}")
        if name != "used":
            os.utime(tmp_path / name, (old, old))
    prepare._remove_old(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["used"]


def test_a_table_that_another_job_removes_meanwhile_fails_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, look = time.time() - prepare.CACHE_LIFE_S - 60, Path.stat

    def gone(path: Path, **how: Any) -> os.stat_result:
        if path.name == "gone":
            raise FileNotFoundError(path)
        return look(path, **how)

    for name in ("gone", "old"):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (old, old))
    monkeypatch.setattr(Path, "stat", gone)
    prepare._remove_old(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["gone"]


def test_many_may_remove_old_tables_at_once(tmp_path: Path) -> None:
    old = time.time() - prepare.CACHE_LIFE_S - 60
    for number in range(40):
        (tmp_path / str(number)).mkdir()
        os.utime(tmp_path / str(number), (old, old))
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(prepare._remove_old, [tmp_path] * 6))
    assert list(tmp_path.iterdir()) == []
