"""A job's line in a list: as the leaderboard has it, and never a stale one."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from automl_jupyter.client.job import Job
from automl_jupyter.client.listing import Listing
from automl_jupyter.jobs.feed import LogFeed
from automl_jupyter.server.jobs import Jobs
from automl_jupyter.store.folder import JobFolder, find_folder
from automl_jupyter.store.history import History
from automl_jupyter.store.known import known_workspaces, remember_workspace
from automl_jupyter.store.summary import read_summary, summarise
from automl_jupyter.testing import quick


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory, session_home: Path) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(session_home / "cache"))
        training = {"allowed_training_algorithms": ["LogisticRegression", "DecisionTree", "BernoulliNaiveBayes"]}
        return quick.run_job(
            workspace=tmp_path_factory.mktemp("listed"), name="bank", training=training, limits={"max_trials": 4}
        )


def test_a_summary_says_what_the_view_says(job: Any) -> None:
    shown, summary = job.snapshot(), summarise(job.history)
    for name in ("name", "experiment", "display_name", "task", "status", "elapsed_s", "created_at", "ended_at"):
        assert getattr(summary, name) == shown[name]
    assert summary.metric == shown["metric"]["name"]
    assert (summary.best, summary.value, summary.text) == tuple(shown["best"][k] for k in ("label", "value", "text"))
    assert (summary.n_complete, summary.n_trials) == (shown["counts"]["complete"], sum(shown["counts"].values()))


def test_a_job_leaves_its_summary_and_the_log_need_not_be_read(job: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = JobFolder(job.path)
    assert read_summary(folder, folder.events_file.stat().st_size) == summarise(job.history)
    monkeypatch.setattr("automl_jupyter.client.listing.LogFeed", lambda *a: pytest.fail("the log was read"))
    assert [s.name for s in Listing(job.path.parent.parent).look()] == ["bank"]


@pytest.mark.parametrize("content", ["", "[", "[]", '{"version": 2}', '{"version": 1, "log_bytes": "many"}'])
def test_a_summary_that_is_none_is_left_aside(job: Any, content: str) -> None:
    file = job.path / "summary.json"
    kept = file.read_text()
    try:
        file.write_text(content)
        assert Listing(job.path.parent.parent).look() == [summarise(job.history)]
    finally:
        file.write_text(kept)


def test_a_summary_of_another_log_is_left_aside(job: Any) -> None:
    folder = JobFolder(job.path)
    assert read_summary(folder, folder.events_file.stat().st_size + 1) is None
    file = job.path / "summary.json"
    kept = file.read_text()
    try:
        forged = json.loads(kept)
        forged["summary"]["name"] = "another"
        file.write_text(json.dumps(forged))
        assert read_summary(folder, folder.events_file.stat().st_size) is None
    finally:
        file.write_text(kept)


def test_what_is_new_is_seen_at_the_next_look(job: Any, tmp_path: Path) -> None:
    lines = (job.path / "events.jsonl").read_bytes().splitlines(keepends=True)
    grown = tmp_path / "birds" / "bank"
    grown.mkdir(parents=True)
    log = grown / "events.jsonl"
    log.write_bytes(b"".join(lines[:-1]))
    listing = Listing(tmp_path)
    (before,) = listing.look()
    assert before.status == "NotResponding"  # no process runs it
    with log.open("ab") as file:
        file.write(lines[-1])
    (after,) = listing.look()
    assert (after.status, after.text) == ("Completed", summarise(job.history).text)
    log.unlink()
    assert listing.look() == []


def test_a_job_in_the_place_of_one_that_nobody_ran_is_seen_as_it_is(job: Any, tmp_path: Path) -> None:
    data = (job.path / "events.jsonl").read_bytes()
    lines = data.splitlines(keepends=True)
    folder = tmp_path / "birds" / "bank"
    folder.mkdir(parents=True)
    log = folder / "events.jsonl"
    log.write_bytes(b"".join(lines[:10]).replace(b'"at":"2', b'"at":"1'))
    listing = Listing(tmp_path)
    assert [s.status for s in listing.look()] == ["NotResponding"]
    log.write_bytes(data)
    (seen,) = listing.look()
    assert (seen.status, seen.created_at) == ("Completed", summarise(job.history).created_at)
    assert seen.n_complete == summarise(job.history).n_complete


def test_a_job_that_ends_while_it_is_looked_at_is_not_one_that_nobody_runs(
    job: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = (job.path / "events.jsonl").read_bytes().splitlines(keepends=True)
    folder = tmp_path / "birds" / "bank"
    folder.mkdir(parents=True)
    log = folder / "events.jsonl"

    def ends(_: JobFolder) -> bool:
        log.write_bytes(b"".join(lines))
        return False

    monkeypatch.setattr("automl_jupyter.client.listing.is_running", ends)
    log.write_bytes(b"".join(lines[:-1]))
    (seen,) = Listing(tmp_path).look()
    assert (seen.status, seen.text) == ("Completed", summarise(job.history).text)

    log.write_bytes(b"".join(lines[:-1]))
    handle = Job(JobFolder(folder), LogFeed(JobFolder(folder), History()))
    monkeypatch.setattr("automl_jupyter.client.job.is_running", ends)
    assert handle.snapshot()["status"] == "Completed"


def test_a_damaged_log_is_listed_as_such(tmp_path: Path) -> None:
    folder = tmp_path / "birds" / "torn"
    folder.mkdir(parents=True)
    for content in (
        b"",
        b"\x00\xff",
        b'{"v": 1, "kind": "trial_queued"}\n',
        b'{"v": 1, "kind": "job_created", "name": 5}\n',
    ):
        (folder / "events.jsonl").write_bytes(content)
        (seen,) = Listing(tmp_path).look()
        assert (seen.name, seen.status) == ("torn", "Damaged")


def test_values_that_no_log_has_make_one_job_damaged_and_no_other(job: Any, tmp_path: Path) -> None:
    lines = (job.path / "events.jsonl").read_text().splitlines(keepends=True)
    spoilt = {
        "nan": [line.replace('"accuracy":', '"accuracy":NaN,"was":') for line in lines],
        "text": [re.sub(r'"elapsed_s":[0-9.]+', '"elapsed_s":"long"', line) for line in lines],
        "whole": lines,
    }
    for name, log in spoilt.items():
        (tmp_path / "birds" / name).mkdir(parents=True)
        (tmp_path / "birds" / name / "events.jsonl").write_text("".join(log))
    seen = {s.name: s for s in Listing(tmp_path).look()}
    assert seen["text"].status == "Damaged"
    assert (seen["whole"].status, seen["whole"].experiment) == ("Completed", "birds"), "a copy, under its own name"
    for summary in seen.values():
        json.dumps(summary.model_dump(), allow_nan=False)


def test_workspaces_are_known_until_they_are_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    workspace = tmp_path / "automl_jobs"
    workspace.mkdir()
    assert known_workspaces() == []
    remember_workspace(workspace)
    remember_workspace(workspace)
    assert known_workspaces() == [workspace.resolve()]
    (forged,) = (tmp_path / "state" / "automl_jupyter" / "workspaces").glob("*.json")
    (forged.parent / "0123456789ab.json").write_text(json.dumps({"path": str(tmp_path)}))
    (forged.parent / "ffffffffffff.json").write_text("[")
    assert known_workspaces() == [workspace.resolve()]
    workspace.rmdir()
    assert known_workspaces() == []
    assert not forged.exists()


def test_a_workspace_that_may_not_be_looked_at_takes_no_other_and_is_not_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    closed, open_ = tmp_path / "closed" / "automl_jobs", tmp_path / "open" / "automl_jobs"
    for workspace in (closed, open_):
        (workspace / "Default" / "one").mkdir(parents=True)
        (workspace / "Default" / "one" / "events.jsonl").touch()
        remember_workspace(workspace)
    log = open_ / "Default" / "one" / "events.jsonl"
    stat, shut = os.stat, (str(closed.resolve()), str(log.resolve()))

    def refuse(path: Any, **how: Any) -> Any:
        if str(path).startswith(shut):
            raise PermissionError(13, "Permission denied")
        return stat(path, **how)

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", refuse)
        assert known_workspaces() == [open_.resolve()]
        assert set(Jobs([closed]).workspaces().values()) == {open_.resolve()}
        assert find_folder(open_, "one") is None
    assert set(known_workspaces()) == {closed.resolve(), open_.resolve()}


def test_a_number_too_large_makes_one_job_damaged_and_no_other(job: Any, tmp_path: Path) -> None:
    log = (job.path / "events.jsonl").read_text()
    asked = {"v": 1, "kind": "request_received", "request": "extend", "arguments": {"minutes": 10**400}}
    for name, text in {"huge": f"{log}{json.dumps(asked)}\n", "whole": log}.items():
        (tmp_path / "birds" / name).mkdir(parents=True)
        (tmp_path / "birds" / name / "events.jsonl").write_text(text)
    assert {s.name: s.status for s in Listing(tmp_path).look()} == {"huge": "Damaged", "whole": "Completed"}


def test_a_copy_is_shown_under_its_own_name(job: Any, tmp_path: Path) -> None:
    copy = tmp_path / "birds" / "bank-copy"
    copy.mkdir(parents=True)
    (copy / "events.jsonl").write_bytes((job.path / "events.jsonl").read_bytes())
    (seen,) = Listing(tmp_path).look()
    assert (seen.name, seen.display_name) == ("bank-copy", "bank-copy")
