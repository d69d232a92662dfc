"""What jobs share: the cached tables; and metrics that cannot rank."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from automl_jupyter._core.files import read_json, write_json
from automl_jupyter.client import submit
from automl_jupyter.data import cache
from automl_jupyter.errors import SpecError
from automl_jupyter.jobs import prepare
from automl_jupyter.store.folder import JobFolder
from automl_jupyter.testing.quick import make_spec, run_job, table_for


def test_old_tables_are_removed_and_those_in_use_are_kept(tmp_path: Path) -> None:
    old = time.time() - cache.CACHE_LIFE_S - 60
    for name in ("used", "old", ".half-built"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "meta.json").write_text("{}")
        if name != "used":
            os.utime(tmp_path / name, (old, old))
    cache.remove_old_caches(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["used"]


def test_a_table_that_another_job_removes_meanwhile_fails_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, look = time.time() - cache.CACHE_LIFE_S - 60, Path.stat

    def gone(path: Path, **how: Any) -> os.stat_result:
        if path.name == "gone":
            raise FileNotFoundError(path)
        return look(path, **how)

    for name in ("gone", "old"):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (old, old))
    monkeypatch.setattr(Path, "stat", gone)
    cache.remove_old_caches(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["gone"]


def test_many_may_remove_old_tables_at_once(tmp_path: Path) -> None:
    old = time.time() - cache.CACHE_LIFE_S - 60
    for number in range(40):
        (tmp_path / str(number)).mkdir()
        os.utime(tmp_path / str(number), (old, old))
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(cache.remove_old_caches, [tmp_path] * 6))
    assert list(tmp_path.iterdir()) == []


def test_a_metric_of_the_positive_class_is_refused_before_anything_is_fitted(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"f1_score_binary says nothing of 3 classes.*Use f1_score_macro"):
        run_job("kind", primary_metric="f1", workspace=tmp_path)


def test_a_job_whose_metric_never_had_a_value_says_so(tmp_path: Path) -> None:
    rows = table_for("value", 31)
    job = run_job(
        "value", task="regression", data=rows[1:], validation_data=rows[:1], primary_metric="r2_score",
        workspace=tmp_path,
    )  # fmt: skip
    (note,) = (n for n in job.history.notes if "has no value for any trial" in n.message)
    assert (job.status, note.level) == ("Completed", "warning")


@pytest.mark.parametrize("asked", [1.0, 1, "1"])
def test_a_positive_label_is_matched_as_labels_are(asked: Any) -> None:
    job: Any = SimpleNamespace(positive_label=asked, target_column_name="y")
    assert prepare._positive(job, np.array([1, 2])) == 0
    assert prepare._positive(job, np.array(["0", "1"], dtype=object)) == 1


@pytest.mark.parametrize("gone", ["the table", "its test rows"])
def test_a_job_that_goes_on_makes_tables_anew_that_were_removed(gone: str, tmp_path: Path) -> None:
    from automl_jupyter.client import submit
    from automl_jupyter.data.cache import remove_cache
    from automl_jupyter.store.folder import JobFolder

    spec = make_spec("kind", test_data_size=0.3)
    job = submit(spec, compute="inline", workspace=tmp_path).wait(120)
    cache = Path(read_json(JobFolder(job.path).data_file)["cache"])
    remove_cache(cache if gone == "the table" else prepare._test_folder(cache))
    prepared = prepare.reopen(spec, JobFolder(job.path), namespace={}, base=tmp_path)
    test = prepare.load_test(prepared.cache)
    assert test is not None
    assert len(test.y) == 27


def test_errors_are_normalised_by_the_range_of_the_training_target_alone(tmp_path: Path) -> None:
    rows = table_for("value")
    held_out = table_for("value", seed=1)
    held_out.loc[3, "value"] = 10_000.0
    job = run_job("value", task="regression", data=rows, validation_data=held_out, workspace=tmp_path)
    metrics = job.best.metrics()
    width = np.ptp(rows["value"])
    assert metrics["normalized_mean_absolute_error"] == pytest.approx(metrics["mean_absolute_error"] / width)


def test_a_job_that_goes_on_keeps_the_range_it_began_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from automl_jupyter.client import submit
    from automl_jupyter.data.cache import remove_cache
    from automl_jupyter.store.folder import JobFolder

    of_training, spec = prepare._meta, make_spec("value", task="regression")
    with monkeypatch.context() as earlier:
        earlier.setattr(prepare, "_meta", lambda *given: of_training(*given) | {"y_range": [-50.0, 50.0]})
        job = submit(spec, compute="inline", workspace=tmp_path).wait(120)
    folder = JobFolder(job.path)
    remove_cache(Path(read_json(folder.data_file)["cache"]))
    prepared = prepare.reopen(spec, folder, namespace={}, base=tmp_path)
    assert prepared.table.meta["y_range"] == [-50.0, 50.0]


def test_a_value_of_validation_data_that_cannot_be_read_is_said_to_be_theirs(tmp_path: Path) -> None:
    from automl_jupyter.errors import ModelInputError

    later = table_for("label", 30, 1).assign(size="big")
    with pytest.raises(ModelInputError, match=r"In validation_data, values do not fit .*'size': the value 'big'"):
        run_job("label", validation_data=later, workspace=tmp_path)


def test_a_table_that_another_version_encoded_is_not_taken_for_one_of_this(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from automl_jupyter.client import submit
    from automl_jupyter.data.cache import remove_cache
    from automl_jupyter.store.folder import JobFolder

    spec = make_spec("kind", random_state=11)

    def run(version: int) -> tuple[JobFolder, Path]:
        with monkeypatch.context() as patch:
            patch.setattr(prepare, "TABLE_VERSION", version)
            folder = JobFolder(submit(spec, compute="inline", workspace=tmp_path).wait(120).path)
        return folder, Path(read_json(folder.data_file)["cache"])

    (old, before), (_, after), (_, again) = run(1), run(2), run(2)
    assert before != after
    assert after == again
    remove_cache(before)
    assert prepare.reopen(spec, old, namespace={}, base=tmp_path).cache == before, "a job that goes on has its own"


def test_a_job_that_came_from_elsewhere_goes_on_with_a_table_made_here(tmp_path: Path) -> None:
    spec = make_spec("kind", test_data_size=0.3)
    folder = JobFolder(submit(spec, compute="inline", workspace=tmp_path).wait(120).path)
    data = read_json(folder.data_file)
    here = Path(data["cache"])
    write_json(folder.data_file, {**data, "cache": str(tmp_path / "home-of-another" / here.name)})
    assert prepare.reopen(spec, folder, namespace={}, base=tmp_path).cache == here
    assert read_json(folder.data_file) == data
