"""MLClient: the jobs of a workspace, through every door the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from automl_jupyter import automl
from automl_jupyter.cli.app import main
from automl_jupyter.client.submit import resume
from automl_jupyter.client.workspace import MLClient
from automl_jupyter.errors import AutoMLError, JobFailedError, NoModelError, SpecError, StoreError
from automl_jupyter.jobs.executor import make_executor
from automl_jupyter.jobs.feed import LogFeed
from automl_jupyter.store.lock import JobLock

LIMIT_S = 60
KNN_ONLY = {
    "allowed_training_algorithms": ["KNN"],
    "enable_vote_ensemble": False,
    "enable_stack_ensemble": False,
}


@pytest.fixture
def client(tmp_path: Path) -> MLClient:
    """Return a client whose jobs run in this process."""
    return MLClient(tmp_path / "automl_jobs", compute="inline")


def test_create_get_and_list(client: MLClient, jobs: SimpleNamespace) -> None:
    assert client.jobs.list() == []
    first = client.jobs.create_or_update(jobs.spec(name="first")).wait(LIMIT_S)
    second = client.jobs.create_or_update(jobs.spec(name="second", experiment_name="other")).wait(LIMIT_S)
    assert {j.name for j in client.jobs.list()} == {"first", "second"}
    assert client.jobs.get("first").leaderboard().equals(first.leaderboard())
    assert client.jobs.get("second").experiment_name == "other"
    assert second.status == "Completed"
    with pytest.raises(StoreError, match=r"There is no job 'frist' in .*Did you mean 'first'\?"):
        client.jobs.get("frist")
    with pytest.raises(StoreError, match=r"'\.\./first' cannot name a folder"):
        client.jobs.get("../first")


@pytest.mark.parametrize(("asked", "used"), [("inline", "inline"), (None, "tcp://here:1"), ("cpu", "tcp://here:1")])
def test_the_clients_compute_is_for_jobs_that_say_none(
    asked: str | None, used: str, jobs: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []

    def note(compute: object) -> Any:
        seen.append(compute)
        return make_executor("inline")

    monkeypatch.setattr("automl_jupyter.jobs.controller.make_executor", note)
    here = MLClient(tmp_path / "automl_jobs", compute="tcp://here:1").jobs
    job = here.create_or_update(jobs.spec(compute=asked, limits={"max_trials": 1})).wait(LIMIT_S)
    said = [note.message for note in job.history.notes if note.topic == "compute"]
    assert [("'cpu' is no Dask cluster" in what, "where the client says" in what) for what in said] == (
        [(True, True)] if asked == "cpu" else []
    )
    log = job.path / "events.jsonl"  # as if its process had died before the end
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    here.resume(job.name).wait(LIMIT_S)
    assert seen == [used, used]


def test_the_workspace_is_the_one_of_the_environment(tmp_path: Path, jobs: SimpleNamespace) -> None:
    job = jobs.run(limits={"max_trials": 1})
    assert job.path.is_relative_to(tmp_path / "automl_jobs")
    assert [j.name for j in MLClient().jobs.list()] == [job.name]


def test_a_workspace_in_the_home_is_found_through_every_door(
    tmp_path: Path, jobs: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    job = jobs.run(workspace="~/mine", limits={"max_trials": 1})
    assert job.path.parent.parent == MLClient("~/mine").path == MLClient.from_config(path="~/mine").path
    assert job.path.parent.parent == tmp_path / "mine"
    with pytest.raises(StoreError, match="is complete"):
        resume(job.name, workspace="~/mine")
    shown = CliRunner().invoke(main, ["jobs", "--workspace=~/mine"])
    assert job.name[:8] in shown.stdout


def test_a_finished_job_is_read_from_its_log(client: MLClient, jobs: SimpleNamespace, tables: SimpleNamespace) -> None:
    """What another process sees of it: no controller, the same leaderboard and model."""
    job = client.jobs.create_or_update(jobs.spec()).wait(LIMIT_S)
    other = _as_another_process_sees(client, job.name)
    assert isinstance(other._feed, LogFeed)
    assert other.history == job.history
    assert other.status == "Completed"
    assert other.wait(1) is other
    rows = tables.of("label").drop(columns="label")
    assert other.model.predict(rows).tolist() == job.model.predict(rows).tolist()
    told: list[Any] = []
    over = threading.Event()
    other.subscribe(lambda history: (told.append(history), over.set()))
    assert over.wait(LIMIT_S)
    assert told[0].is_over


def _as_another_process_sees(client: MLClient, name: str) -> Any:
    from automl_jupyter.client import workspace

    kept = dict(workspace._running)
    workspace._running.clear()
    try:
        return MLClient(client.path).jobs.get(name)
    finally:
        workspace._running.update(kept)


def test_a_running_job_is_followed_by_its_log(
    client: MLClient, jobs: SimpleNamespace, knn_is: Callable[..., None]
) -> None:
    job, gate = _held_up(client, jobs, knn_is)
    assert client.jobs.get(job.name) is job, "in this process every door hands out the same handle"
    other = _as_another_process_sees(client, job.name)
    assert other.status == "Running"
    over = threading.Event()
    other.subscribe(lambda history: over.set() if history.is_over else None)
    gate.set()
    assert other.wait(LIMIT_S).status == "Completed"
    assert over.wait(LIMIT_S)
    job.wait(LIMIT_S)
    assert other.history == job.history


def test_begin_cancel_stops_a_job_from_anywhere(
    client: MLClient, jobs: SimpleNamespace, knn_is: Callable[..., None]
) -> None:
    job, gate = _held_up(client, jobs, knn_is)
    _as_another_process_sees(client, job.name).cancel()
    assert client.jobs.begin_cancel(job.name) is job
    gate.set()
    assert job.wait(LIMIT_S).status == "Canceled"
    resumed = client.jobs.resume(job.name, namespace={})
    assert resumed.wait(LIMIT_S).status == "Completed"


def test_a_job_that_was_resumed_elsewhere_is_read_again(
    client: MLClient, jobs: SimpleNamespace, knn_is: Callable[..., None]
) -> None:
    job, gate = _held_up(client, jobs, knn_is)
    job.cancel()
    gate.set()
    assert job.wait(LIMIT_S).status == "Canceled"
    assert client.jobs.get(job.name) is job, "nobody went on with it"
    resume(job.name, workspace=client.path, compute="inline").wait(LIMIT_S)  # as another process would
    assert client.jobs.get(job.name).status == "Completed"
    assert [j.status for j in client.jobs.list()] == ["Completed"]


def test_a_lock_that_may_not_be_looked_at_is_nobodys(
    client: MLClient, jobs: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workspace that belongs to somebody else."""
    job = client.jobs.create_or_update(jobs.spec(name="theirs")).wait(LIMIT_S)
    log = job.path / "events.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    (job.path / "lock").touch()
    found = _as_another_process_sees(client, "theirs")

    def refuse(*arguments: Any, **how: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("filelock.FileLock.acquire", refuse)
    assert found.status == "NotResponding"
    assert found.wait(LIMIT_S) is found
    assert "No process runs this job" in repr(found)
    assert [s.status for s in client.jobs.summaries()] == ["NotResponding"]


def test_stream_tells_each_trial_once(client: MLClient, jobs: SimpleNamespace) -> None:
    job = client.jobs.create_or_update(jobs.spec())
    lines: list[str] = []
    assert client.jobs.stream(job.name, show=lines.append) is job
    assert len(lines) == 3
    assert all("complete" in line and "accuracy" in line for line in lines)


def test_stream_raises_when_the_job_failed(client: MLClient, jobs: SimpleNamespace) -> None:
    def broken(y_true: Any, y_pred: Any) -> float:
        raise ZeroDivisionError("no metric today")

    job = client.jobs.create_or_update(jobs.spec(primary_metric=broken))
    said = "The function broken, the primary metric, raised ZeroDivisionError: no metric today"
    with pytest.raises(JobFailedError, match=f"The job {job.name} failed: {said}"):
        client.jobs.stream(job.name, show=lambda line: None)
    assert job.error["type"] == "FunctionError"


def test_a_trial_that_a_function_cannot_judge_has_no_score(client: MLClient, jobs: SimpleNamespace) -> None:
    """Neither the job nor its ensembles end with it."""

    def fussy(y_true: Any, y_pred: Any) -> float:
        if len(set(y_pred)) < 2:
            raise ValueError("only one class")
        return float((y_true == y_pred).mean())

    training = {"allowed_training_algorithms": ["LogisticRegression", "DecisionTree"], "enable_stack_ensemble": False}
    spec = jobs.spec(primary_metric=fussy, limits={"max_trials": 4}, training=training)
    job = client.jobs.create_or_update(spec).wait(LIMIT_S)
    assert job.status == "Completed"
    baseline = next(t for t in job.trials if t.learner == "Dummy")
    assert [fold.metrics["fussy"] for fold in baseline.folds.values()] == [None, None]
    assert "VotingEnsemble" in job.history.ensembles
    why = "The function fussy, the primary metric, raised ValueError: only one class."
    assert [n.message for n in job.history.notes if n.level == "warning"] == [
        f"{why} A trial with such a fold has no score."
    ]


def test_a_damaged_job_harms_no_other(client: MLClient, jobs: SimpleNamespace) -> None:
    whole = client.jobs.create_or_update(jobs.spec(name="whole")).wait(LIMIT_S)
    damaged = whole.path.parent / "damaged"
    damaged.mkdir()
    (damaged / "events.jsonl").write_bytes(b'\x00\xff garbage\n[1, 2]\n"text"\n{"kind": 3}\n')
    (whole.path.parent / "empty").mkdir()
    assert [j.name for j in client.jobs.list()] == ["whole"]
    with pytest.raises(StoreError, match="damaged holds no readable job"):
        client.jobs.get("damaged")


def test_a_copied_experiment_is_listed_beside_the_first(client: MLClient, jobs: SimpleNamespace) -> None:
    job = client.jobs.create_or_update(jobs.spec(name="twice", limits={"max_trials": 1})).wait(LIMIT_S)
    copy = job.path.parent.with_name("copy")
    shutil.copytree(job.path.parent, copy)
    assert {j.path for j in client.jobs.list()} == {job.path, copy / "twice"}
    assert {j.experiment_name for j in client.jobs.list()} == {job.experiment_name, "copy"}


def test_a_job_nobody_runs_does_not_respond(client: MLClient, jobs: SimpleNamespace, tmp_path: Path) -> None:
    """Its process is gone: the log ends in the middle and nobody holds the lock."""
    job = client.jobs.create_or_update(jobs.spec(name="dead")).wait(LIMIT_S)
    log = job.path / "events.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    cut = next(i for i, line in enumerate(lines) if b'"fold_ended"' in line)
    log.write_bytes(b"".join(lines[: cut + 1]) + b'{"v":1,"kind":"fold_en')
    found = _as_another_process_sees(client, "dead")
    assert found.status == "NotResponding"
    assert not found.done
    assert found.wait(LIMIT_S) is found, "waiting for a job that nobody runs comes back"
    with pytest.raises(NoModelError, match="dead is NotResponding and left no model"):
        _ = found.model
    for ask in (found.cancel, found.pause, lambda: found.extend(5)):
        with pytest.raises(AutoMLError, match=r"No process runs the job dead any more.* %automl resume dead goes on"):
            ask()
    assert list((job.path / "control").iterdir()) == []
    with JobLockHeld(found):
        assert found.status == "Running"
        found.cancel()  # its process dies before it takes this up
    again = client.jobs.resume("dead").wait(LIMIT_S)
    assert again.status == "Completed"
    assert list((job.path / "control").iterdir()) == []
    assert again.leaderboard()["accuracy"].tolist() == job.leaderboard()["accuracy"].tolist()


def test_listeners_hear_that_nobody_runs_a_job_any_more(client: MLClient, jobs: SimpleNamespace) -> None:
    job = client.jobs.create_or_update(jobs.spec(name="killed")).wait(LIMIT_S)
    log = job.path / "events.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    found = _as_another_process_sees(client, "killed")
    told, stopped = threading.Event(), threading.Event()

    def listen(history: Any) -> None:
        (stopped if found.status == "NotResponding" else told).set()

    with JobLockHeld(found):
        stop = found.subscribe(listen)
        assert told.wait(LIMIT_S)
    assert stopped.wait(LIMIT_S), "what is shown says that the job goes on"
    stop()


class JobLockHeld:
    """Holds a job's lock, as its controller would."""

    def __init__(self, job: Any) -> None:
        self._lock = JobLock(job._folder)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *error: object) -> None:
        self._lock.release()


def test_a_job_is_read_in_a_fresh_process_without_heavy_libraries(client: MLClient, jobs: SimpleNamespace) -> None:
    job = client.jobs.create_or_update(jobs.spec(name="seen")).wait(LIMIT_S)
    code = (
        "import sys; from automl_jupyter.client.workspace import MLClient;"
        f"job = MLClient({str(client.path)!r}).jobs.get('seen');"
        "print(job.status, len(job.trials), 'sklearn' in sys.modules, 'distributed' in sys.modules)"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert done.stdout.split() == ["Completed", str(len(job.trials)), "False", "False"]


def _held_up(client: MLClient, jobs: SimpleNamespace, knn_is: Callable[..., None]) -> tuple[Any, threading.Event]:
    """Return a job whose fit waits, and what lets it go on."""
    reached, gate = threading.Event(), threading.Event()

    def stand(data: Any) -> None:
        reached.set()
        assert gate.wait(LIMIT_S)

    knn_is(stand)
    job = client.jobs.create_or_update(jobs.spec(training=KNN_ONLY))
    assert reached.wait(LIMIT_S)
    return job, gate


def test_a_handle_that_nobody_waits_for_says_how_the_job_is_now(
    client: MLClient, jobs: SimpleNamespace, knn_is: Callable[..., None]
) -> None:
    job, gate = _held_up(client, jobs, knn_is)
    other = _as_another_process_sees(client, job.name)
    assert not other.done
    gate.set()
    job.wait(LIMIT_S)
    assert other.done
    assert other.history == job.history


def test_a_cloud_cluster_means_the_clients_compute_and_is_noted(client: MLClient, jobs: SimpleNamespace) -> None:
    from automl_jupyter.client.submit import resolve_compute

    spec = jobs.spec(compute="azureml:cpu-cluster", limits={"max_trials": 1})
    assert resolve_compute(spec.compute, {}, "inline") == "inline"
    job = client.jobs.create_or_update(spec).wait(LIMIT_S)
    said = [note.message for note in job.history.notes if note.topic == "compute"]
    assert said == ["compute 'azureml:cpu-cluster' is no Dask cluster here; the job runs on this machine."]


@pytest.mark.parametrize("name", [None, 5, Path("first")])
def test_what_is_no_name_is_refused_in_a_sentence(name: Any, client: MLClient) -> None:
    for ask in (client.jobs.get, client.jobs.stream, client.jobs.begin_cancel, client.jobs.resume):
        with pytest.raises(StoreError, match="is not the name of a job"):
            ask(name)


@pytest.mark.parametrize(
    "spec",
    [None, {"task": "classification"}, "job.yaml", automl.classification],
    ids=["none", "mapping", "path", "factory"],
)
def test_what_asks_for_no_job_is_refused_in_a_sentence(spec: Any, client: MLClient) -> None:
    for ask in (
        client.jobs.create_or_update,
        lambda s: automl.many_models(s, "land"),
        lambda s: automl.hierarchical_forecasting(s, ["land"]),
    ):
        with pytest.raises(SpecError, match="does not ask for a job"):
            ask(spec)
