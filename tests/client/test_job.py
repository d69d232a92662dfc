"""The handle of a job: looking, waiting, asking."""

from __future__ import annotations

import asyncio
import contextvars
import errno
import json
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl_jupyter import automl
from automl_jupyter._core.jsonl import Writer
from automl_jupyter._core.registry import UnknownNameError
from automl_jupyter.client import submit
from automl_jupyter.client.submit import resume
from automl_jupyter.errors import AutoMLError, JobFailedError, NoModelError
from automl_jupyter.jobs.controller import Controller
from automl_jupyter.jobs.feed import Feed
from automl_jupyter.metrics.registry import metric_keys
from automl_jupyter.results.model import load_model

GATED = {
    "allowed_training_algorithms": ["KNN", "DecisionTree"],
    "enable_vote_ensemble": False,
    "enable_stack_ensemble": False,
}
#: seconds after which a test gives up waiting for what must come
LIMIT_S = 60


class Gate:
    """A job in this process that stands still in its second trial until it is opened."""

    def __init__(self) -> None:
        self.reached, self._open = threading.Event(), threading.Event()

    def fit(self, data: Any) -> None:
        self.reached.set()
        assert self._open.wait(LIMIT_S), "nobody opened the gate"

    def open(self) -> None:
        self._open.set()


@pytest.fixture
def gate(knn_is: Callable[..., None]) -> Iterator[Gate]:
    """Return a gate in the learner KNN, which is opened at the latest when the test ends."""
    gate = Gate()
    knn_is(gate.fit)
    yield gate
    gate.open()


def start(jobs: SimpleNamespace, **fields: Any) -> Any:
    """Begin a job that will stand at the gate after the baseline."""
    return submit(jobs.spec(training=GATED, **{"limits": {"max_trials": 4}, **fields}), compute="inline")


# --- looking ----------------------------------------------------------------------------------------------------


def test_what_a_handle_says_of_a_finished_job(binary_job: Any) -> None:
    job = binary_job
    assert (job.task, job.done, job.error) == ("classification", True, None)
    assert job.path.name == job.name == job.display_name
    assert job.path.parent.name == job.experiment_name
    assert job.services["Studio"].endpoint == job.path.as_uri()
    assert job.spec.to_dict()["target_column_name"] == "label"
    assert job.name in repr(job)
    shown = job._repr_mimebundle_()
    assert set(shown) == {"text/plain", "text/html"}
    assert "Completed" in shown["text/plain"]


def test_the_leaderboard_ranks_by_the_primary_metric(binary_job: Any) -> None:
    board = binary_job.leaderboard()
    assert board.columns[:7].tolist() == ["rank", "number", "model", "learner", "state", "folds", "AUC_weighted"]
    assert board["rank"].tolist() == list(range(1, len(board) + 1))
    assert board["AUC_weighted"].is_monotonic_decreasing
    assert set(metric_keys("classification")) <= set(board.columns)
    assert {"spread", "fit_s", "predict_s", "size_bytes"} <= set(board.columns)


@pytest.mark.parametrize("name", metric_keys("classification"))
def test_the_leaderboard_ranks_by_any_metric(name: str, binary_job: Any) -> None:
    board = binary_job.leaderboard(sort_by=name)
    assert board.columns[6] == name
    ranked = board[name].dropna()
    falls = name not in ("log_loss", "brier_score", "expected_calibration_error")
    assert ranked.is_monotonic_decreasing if falls else ranked.is_monotonic_increasing
    usual = binary_job.leaderboard()
    assert sorted(board["model"]) == sorted(usual["model"])


def test_a_wrong_metric_is_said_with_the_nearest(binary_job: Any, regression_job: Any) -> None:
    with pytest.raises(UnknownNameError, match=r"no metric 'acuracy' for classification. Did you mean 'accuracy'\?"):
        binary_job.leaderboard(sort_by="acuracy")
    with pytest.raises(UnknownNameError, match="'accuracy' is for classification, not for regression"):
        regression_job.leaderboard(sort_by="accuracy")


def test_a_metric_that_no_trial_was_scored_by_ranks_nothing(regression_job: Any) -> None:
    words = r"sort_by: No trial was scored by max_error\. They were scored by mean_absolute_error, .* and "
    with pytest.raises(AutoMLError, match=words):
        regression_job.leaderboard(sort_by="neg_max_error")


def test_a_metric_of_scikit_learn_ranks_again_later(tables: SimpleNamespace, jobs: SimpleNamespace) -> None:
    job = jobs.run("value", task="regression", primary_metric="neg_max_error")
    assert job.history.metric == "max_error"
    by_name = job.leaderboard(sort_by="max_error")
    pd.testing.assert_frame_equal(by_name, job.leaderboard())
    assert by_name["max_error"].is_monotonic_increasing


def test_best_is_the_first_trial_of_the_leaderboard(binary_job: Any) -> None:
    board = binary_job.leaderboard()
    first = board[board["number"].notna()].iloc[0]
    assert binary_job.best.number == first["number"]
    assert binary_job.best.metrics()["AUC_weighted"] == first["AUC_weighted"]
    means = [f.metrics["AUC_weighted"] for f in binary_job.best.folds.values()]
    assert first["AUC_weighted"] == pytest.approx(sum(means) / len(means))


def test_a_snapshot_is_json(binary_job: Any) -> None:
    snapshot = json.loads(json.dumps(binary_job.snapshot(), allow_nan=False))
    assert snapshot["seq"] == binary_job.history.n_events
    assert snapshot["over"]
    assert snapshot["counts"]["complete"] == 4
    assert snapshot["best"]["label"] == binary_job.leaderboard().iloc[0]["model"]


# --- waiting ----------------------------------------------------------------------------------------------------


def test_wait_gives_up_after_its_timeout_and_the_job_goes_on(gate: Gate, jobs: SimpleNamespace) -> None:
    job = start(jobs)
    assert gate.reached.wait(LIMIT_S)
    assert job.wait(0.01) is job
    assert not job.done
    assert job.status == "Running"
    gate.open()
    assert job.wait(LIMIT_S).status == "Completed"


def test_a_job_can_be_awaited(gate: Gate, jobs: SimpleNamespace) -> None:
    job = start(jobs)
    assert gate.reached.wait(LIMIT_S)

    async def follow() -> list[str]:
        told = []

        async def other() -> None:
            told.append("the loop is free")
            gate.open()

        task = asyncio.create_task(other())
        told.append((await job).status)
        await task
        return told

    assert asyncio.run(follow()) == ["the loop is free", "Completed"]


def test_the_model_waits_for_the_first_one_only(
    gate: Gate, jobs: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a time limit the model comes at the end; with one there is a model while trials still run."""
    job = start(jobs)
    found: list[Any] = []
    asker = threading.Thread(target=lambda: found.append(job.model), daemon=True)
    asker.start()
    assert gate.reached.wait(LIMIT_S)
    assert not found
    gate.open()
    asker.join(LIMIT_S)
    assert found[0].predict([{"size": 2.0, "age": 3, "colour": "red"}]).tolist() in (["yes"], ["no"])


class FullDisk:
    """A disk that takes no more of a log from a kind of event on, until there is room again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
        self.kind, self.is_full = kind, False
        monkeypatch.setattr(Writer, "append", lambda writer, value, **how: self._append(writer, value, **how))

    def _append(self, writer: Writer, value: Any, *, durable: bool = False, append: Any = Writer.append) -> None:
        self.is_full = self.is_full or value["kind"] == self.kind
        if self.is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        append(writer, value, durable=durable)

    def clear(self) -> None:
        self.kind, self.is_full = "", False


def test_waiting_for_a_job_that_cannot_write_its_log_says_why(
    jobs: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FullDisk(monkeypatch, "trial_ended")
    job = submit(jobs.spec(), compute="inline")
    why = f"The job {job.name} could not go on: .*No space left on device. .*%automl resume {job.name} goes on"
    with pytest.raises(JobFailedError, match=why):
        job.wait(LIMIT_S)

    async def cell() -> Any:
        return await job

    with pytest.raises(JobFailedError, match=why):
        asyncio.run(cell())
    assert (job.done, job.status) == (False, "NotResponding")
    assert job.error["type"] == "OSError"
    assert "No space left" in job.snapshot()["error"]["message"]
    assert "No space left" in repr(job)
    assert "No process runs this job" in repr(job)
    disk.clear()
    again = resume(job.name, compute="inline").wait(LIMIT_S)
    assert (again.status, again.error) == ("Completed", None)


def test_the_model_of_a_job_that_cannot_write_its_log_is_not_waited_for(
    jobs: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    FullDisk(monkeypatch, "fold_ended")
    job = submit(jobs.spec(), compute="inline")
    with pytest.raises(NoModelError, match=r"is NotResponding and left no model\. .*No space left"):
        _ = job.model


def test_listeners_hear_that_a_job_cannot_write_its_log_any_more(
    gate: Gate, jobs: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = start(jobs)
    assert gate.reached.wait(LIMIT_S)
    told, stopped = threading.Event(), threading.Event()

    def listen(history: Any) -> None:
        (stopped if job.status == "NotResponding" else told).set()

    stop = job.subscribe(listen)
    assert told.wait(LIMIT_S)
    FullDisk(monkeypatch, "fold_ended")
    gate.open()
    assert stopped.wait(LIMIT_S), "what is shown says that the job goes on"
    stop()


def test_listeners_get_the_newest_history_and_the_end_and_no_more(gate: Gate, jobs: SimpleNamespace) -> None:
    job = start(jobs)
    assert gate.reached.wait(LIMIT_S)
    told: list[Any] = []
    over = threading.Event()

    def listen(history: Any) -> None:
        told.append(history)
        if history.is_over:
            over.set()

    job.subscribe(listen)
    gate.open()
    job.wait(LIMIT_S)
    assert over.wait(LIMIT_S)
    seqs = [h.n_events for h in told]
    assert seqs == sorted(set(seqs)), "each history once, newer ones later"
    assert len(told) < job.history.n_events, "a burst of events is one call"
    assert told[-1] is job.history


def test_a_listener_that_breaks_does_not_take_the_others_with_it(
    gate: Gate, jobs: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    job = start(jobs)
    assert gate.reached.wait(LIMIT_S)
    over, calls = threading.Event(), []

    def broken(history: Any) -> None:
        calls.append(history)
        raise ValueError("a view that breaks")

    job.subscribe(broken)
    job.subscribe(lambda history: over.set() if history.is_over else None)
    gate.open()
    job.wait(LIMIT_S)
    assert over.wait(LIMIT_S)
    assert len(calls) == 1
    assert "a view that breaks" in caplog.text


def test_unsubscribing_ends_the_calls(gate: Gate, jobs: SimpleNamespace) -> None:
    job = start(jobs)
    assert gate.reached.wait(LIMIT_S)
    first, told, over = threading.Event(), [], threading.Event()
    stop = job.subscribe(lambda history: (told.append(history), first.set()))
    assert first.wait(LIMIT_S)
    stop()
    stop()  # twice is no harm
    n = len(told)
    job.subscribe(lambda history: over.set() if history.is_over else None)
    gate.open()
    job.wait(LIMIT_S)
    assert over.wait(LIMIT_S)
    assert len(told) == n


# --- asking -----------------------------------------------------------------------------------------------------


def test_cancel_keeps_what_is_finished_and_its_model(gate: Gate, jobs: SimpleNamespace) -> None:
    job = start(jobs)
    assert gate.reached.wait(LIMIT_S)
    job.cancel()
    gate.open()
    assert job.wait(LIMIT_S).status == "Canceled"
    assert job.trials[0].state == "complete"
    assert len(job.trials) == 2
    assert job.model.members == [(job.best.label, 1.0)]
    assert (job.path / "model" / "manifest.json").exists()
    job.cancel()
    assert list((job.path / "control").iterdir()) == [], "a job that is over takes no requests"


def test_cancel_does_not_wait_for_the_second_level_of_a_stack(
    jobs: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = threading.Event()

    def fit_stack(*given: Any, **how: Any) -> None:
        reached.set()
        for _ in range(100 * LIMIT_S):
            time.sleep(0.01)

    monkeypatch.setattr("automl_jupyter.search.stack.fit_stack", fit_stack)
    learners = ["ElasticNet", "KNN", "ExtremeRandomTrees"]
    training = {"allowed_training_algorithms": learners, "enable_stack_ensemble": True}
    job = submit(jobs.spec("value", task="regression", limits={"max_trials": 6}, training=training), compute="inline")
    assert reached.wait(LIMIT_S)
    job.cancel()
    assert job.wait(LIMIT_S).status == "Canceled"
    assert len(job.model.members) > 1
    assert "The stack ensemble is left out: the job was stopped" in (job.path / "events.jsonl").read_text("utf-8")


def test_a_job_stopped_before_anything_is_finished_has_no_model(
    jobs: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from automl_jupyter.learners import dummy

    gate = Gate()
    original = dummy.make

    def make(*arguments: Any, **keywords: Any) -> Any:
        gate.fit(None)
        raise RuntimeError("not even the baseline")

    monkeypatch.setattr(dummy, "make", make)
    job = start(jobs)
    assert gate.reached.wait(LIMIT_S)
    job.cancel()
    gate.open()
    assert job.wait(LIMIT_S).status == "Canceled"
    with pytest.raises(NoModelError, match=f"{job.name} is Canceled and left no model"):
        _ = job.model
    assert job.best is None
    assert original is not make


def test_skipping_a_trial_goes_on_with_the_others(gate: Gate, jobs: SimpleNamespace) -> None:
    job = start(jobs)
    assert gate.reached.wait(LIMIT_S)
    job.skip(1)
    gate.open()
    assert job.wait(LIMIT_S).status == "Completed"
    assert (job.trials[1].state, job.trials[1].reason) == ("cancelled", "skipped on request")
    assert {t.state for t in job.trials[2:]} == {"complete"}
    assert job.leaderboard().set_index("number").loc[1, "rank"] is pd.NA


def _after(job: Any, request: str) -> list[dict[str, Any]]:
    """Return the events that follow a request in the log."""
    events = [json.loads(line) for line in (job.path / "events.jsonl").read_text().splitlines()]
    at = next(i for i, e in enumerate(events) if e.get("request") == request)
    return events[at + 1 :]


def test_blocking_a_learner_tries_it_no_more(gate: Gate, jobs: SimpleNamespace) -> None:
    job = start(jobs, limits={"max_trials": 12, "enable_early_termination": False})
    assert gate.reached.wait(LIMIT_S)
    job.block("KNN")
    gate.open()
    assert job.wait(LIMIT_S).status == "Completed"
    later = [e for e in _after(job, "block") if e["kind"] == "trial_queued"]
    assert later
    blocked = {e["number"] for e in later if e["learner"] == "KNN"}
    assert all(not job.history.trials[n].folds for n in blocked)
    assert any(t.learner == "DecisionTree" and t.state == "complete" for t in job.trials)


def test_a_paused_job_begins_nothing_until_it_goes_on(gate: Gate, jobs: SimpleNamespace) -> None:
    job = start(jobs)
    assert gate.reached.wait(LIMIT_S)
    job.pause()
    gate.open()
    assert job._feed.wait_for(lambda h: bool(h.requests) and not any(t.running for t in h.trials.values()), LIMIT_S)
    job.unpause()
    assert job.wait(LIMIT_S).status == "Completed"
    kinds = [e["kind"] for e in _after(job, "pause")]
    paused = kinds[: kinds.index("request_received")]
    assert not {"fold_started", "trial_queued"} & set(paused)
    assert "fold_started" in kinds, "and then it goes on"


def test_more_time_is_noted(gate: Gate, jobs: SimpleNamespace) -> None:
    job = start(jobs, limits={"max_trials": 4, "timeout_minutes": 5})
    assert gate.reached.wait(LIMIT_S)
    job.extend(2.5)
    gate.open()
    assert job.wait(LIMIT_S).status == "Completed"
    assert job.history.extended_s == 150
    time = next(limit for limit in job.snapshot()["limits"] if limit["name"] == "timeout_minutes")
    assert time["total"] == 450


def test_wrong_requests_are_refused(gate: Gate, jobs: SimpleNamespace) -> None:
    job = start(jobs)
    assert gate.reached.wait(LIMIT_S)
    with pytest.raises(AutoMLError, match="minutes: 0 adds no time"):
        job.extend(0)
    with pytest.raises(AutoMLError, match="minutes: nan adds no time"):
        job.extend(float("nan"))
    for minutes in ("5", None, True, float("inf")):
        with pytest.raises(AutoMLError, match=rf"minutes: {minutes!r} adds no time; give a finite number above 0"):
            job.extend(minutes)
    for number in ([0], "0", None, 0.5):
        with pytest.raises(AutoMLError, match=r"There is no trial .*; the trials are 0 to 1"):
            job.skip(number)
    with pytest.raises(AutoMLError, match="There is no trial 99; the trials are 0 to 1"):
        job.skip(99)
    with pytest.raises(AutoMLError, match=r"'KNNN' is no learner of this job. Did you mean 'KNN'\?"):
        job.block("KNNN")
    assert list((job.path / "control").glob("*.json")) == []


def test_a_model_of_a_running_race_can_be_used(gate: Gate, jobs: SimpleNamespace, tmp_path: Path) -> None:
    """Under a time limit there is a model as soon as one trial has a fold."""
    job = start(jobs, limits={"max_trials": 4, "timeout_minutes": 5})
    assert gate.reached.wait(LIMIT_S)
    gate.open()
    assert job.wait(LIMIT_S).status == "Completed"
    stages = [json.loads(line).get("stage") for line in (job.path / "events.jsonl").read_text().splitlines()]
    assert next(s for s in stages if s) == "anytime"
    assert [s for s in stages if s][-2:] == ["chosen", "final"]


def test_a_threshold_that_helps_is_part_of_the_model(tmp_path: Path) -> None:
    """Of a rare class whose rows cannot be told apart for sure, the most probable class is never the rare one."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=1500)
    table = pd.DataFrame({"x": x, "y": np.where(rng.uniform(size=1500) < 0.4 / (1 + np.exp(-3 * x + 2)), "yes", "no")})
    spec = automl.classification(
        training_data=table,
        target_column_name="y",
        primary_metric="norm_macro_recall",
        n_cross_validations=3,
        limits={"max_trials": 3},
        training={"allowed_training_algorithms": ["LogisticRegression", "DecisionTree"]},
        random_state=0,
    )
    job = submit(spec, workspace=tmp_path, compute="inline").wait()
    model = job.model
    assert 0 < model.threshold_ < 0.4
    predicted = model.predict(table)
    np.testing.assert_array_equal(predicted == "yes", model.predict_proba(table)[:, 1] >= model.threshold_)
    assert job.evaluate(table).loc["norm_macro_recall", "value"] > 0.3
    saved = load_model(model.save(tmp_path / "saved"))
    np.testing.assert_array_equal(saved.predict(table), predicted)


@pytest.mark.parametrize(("minutes", "status"), [(0.09, "Running"), (5, "Finalizing")])
def test_what_loading_the_model_needs_is_imported_once_and_before_the_end_of_the_time(
    minutes: float, status: str, jobs: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the latest when the search is over: here after so many trials."""
    at: list[str] = []
    feeds: list[Feed] = []
    begin = Feed.__init__

    class Thread(threading.Thread):
        """One whose work is seen to be done when it was begun."""

        def start(self) -> None:
            super().start()
            if self.name == "automl-prepare-to-load":
                self.join(LIMIT_S)

    monkeypatch.setattr(threading, "Thread", Thread)
    monkeypatch.setattr(Feed, "__init__", lambda self, *a: (feeds.append(self), begin(self, *a))[1])
    monkeypatch.setattr("automl_jupyter.trials.artifacts.prepare_to_load", lambda: at.append(feeds[-1].history.status))
    jobs.run(limits={"max_trials": 2, "timeout_minutes": minutes})
    assert at == [status]


def test_a_look_at_a_job_that_cannot_write_its_log_says_why(
    jobs: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the terminal does, which does not wait any longer."""
    FullDisk(monkeypatch, "trial_ended")
    job = submit(jobs.spec(), compute="inline")
    for timeout in (LIMIT_S, 0):
        with pytest.raises(JobFailedError, match=f"The job {job.name} could not go on: .*No space left on device"):
            job.wait(timeout)


def test_a_job_whose_process_ends_is_not_called_failed(jobs: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(self: Any, asked: Any) -> None:
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    with monkeypatch.context() as patch:
        patch.setattr(Controller, "_start_selection", late)
        job = submit(jobs.spec(), compute="inline")
        assert job._controller.released.wait(LIMIT_S)
        assert (job.done, job.status) == (False, "NotResponding")
    assert resume(job.name, compute="inline").wait(LIMIT_S).status == "Completed"


def test_each_listener_is_called_in_the_context_of_its_own_subscriber() -> None:
    """What it prints belongs to the cell that asked, whichever cell asked first."""
    cell: contextvars.ContextVar[str] = contextvars.ContextVar("cell", default="none")
    told: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
    feed, ends = Feed(), []
    for name in ("first", "second"):
        token = cell.set(name)
        ends.append(feed.subscribe(lambda history, name=name: told.put((name, cell.get()))))  # type: ignore[misc]
        cell.reset(token)
    assert {told.get(timeout=LIMIT_S) for _ in ends} == {("first", "first"), ("second", "second")}
    for end in ends:
        end()


@pytest.mark.parametrize(
    "timeout", ["60", float("nan"), timedelta(seconds=1), True], ids=["text", "nan", "span", "flag"]
)
def test_a_wait_of_what_is_no_number_of_seconds_is_refused(timeout: Any, binary_job: Any) -> None:
    with pytest.raises(AutoMLError, match=r"timeout: .* is no number of seconds"):
        binary_job.wait(timeout)
    assert binary_job.wait(np.float64(1)) is binary_job
    assert binary_job.wait(float("inf")) is binary_job
