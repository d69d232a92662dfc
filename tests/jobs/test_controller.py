"""What the acting half of a job makes of instructions, with an executor that only notes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from automl_jupyter._core.clock import monotonic_s
from automl_jupyter._core.jsonl import Writer
from automl_jupyter.jobs import instructions as do
from automl_jupyter.jobs.controller import Controller, Run
from automl_jupyter.jobs.feed import Feed
from automl_jupyter.jobs.situation import InFlight
from automl_jupyter.metrics.registry import get_metric
from automl_jupyter.store import events as ev
from automl_jupyter.store.folder import JobFolder
from automl_jupyter.store.history import History, replay
from automl_jupyter.store.lock import JobLock
from automl_jupyter.testing.simulation import make_plan
from automl_jupyter.trials.records import REFIT, FoldOutcome, FoldTask


class Recorded:
    """An executor whose tasks in `waits` stand in line."""

    gone = False

    def __init__(self, *waits: str) -> None:
        self.waits, self.killed = frozenset(waits), []
        self.tasks: list[FoldTask] = []

    def waiting(self, keys: tuple[str, ...]) -> frozenset[str]:
        return self.waits & set(keys)

    def kill(self, keys: tuple[str, ...]) -> None:
        self.killed += keys

    def is_gone(self) -> bool:
        return self.gone

    def submit(self, task: FoldTask) -> None:
        self.tasks.append(task)

    def n_slots(self) -> int:
        return 2

    def threads_per_fit(self) -> int:
        return 1


@contextmanager
def begun(folder: Path, executor: Any, **limits: Any) -> Iterator[Any]:
    """Yield a controller with two fits in flight, five minutes after its job began."""
    run: Any = Run(JobFolder(folder), lambda n: None, "inline", started_s=monotonic_s() - 300.0)  # type: ignore[arg-type, return-value]
    controller: Any = Controller(run, Feed(History()))
    trials = [ev.TrialQueued(number=n, learner="A", params={}, recipe="tree") for n in (1, 2)]
    controller.history = replay([*trials, ev.StatusChanged(status="Running")])
    controller.plan, controller._executor = make_plan(**limits), executor
    controller._writer = Writer(folder / "events.jsonl")
    controller._in_flight = {f"fit {n}": InFlight(f"fit {n}", n, 0, 0.0, 60.0) for n in (1, 2)}
    try:
        yield controller
    finally:
        controller._writer.close()


@pytest.mark.parametrize(
    ("state", "limits", "waits"),
    [
        ("timed_out", {"max_trials": 2}, True),
        ("timed_out", {"timeout_s": 600.0}, True),
        ("timed_out", {"timeout_s": 200.0}, False),
        ("cancelled", {"max_trials": 2}, False),
    ],
)
def test_the_time_of_a_fit_that_stands_in_line_is_not_over(
    state: str, limits: dict[str, Any], waits: bool, tmp_path: Path
) -> None:
    """Behind another job's it may have waited for longer than it may take; after the job's own time it is ended."""
    executor = Recorded("fit 2")
    with begun(tmp_path, executor, **limits) as controller:
        controller._kill(do.KillTasks(("fit 1", "fit 2"), state, "it did not stop"))
        trials = controller.history.trials
        assert (trials[1].state, trials[2].state) == (state, "queued" if waits else state)
        assert executor.killed == (["fit 1"] if waits else ["fit 1", "fit 2"])
        assert {key: flight.started_s >= 300.0 for key, flight in controller._in_flight.items()} == (
            {"fit 2": True} if waits else {}
        )


def test_a_featurizer_is_sent_until_it_is_there(tmp_path: Path) -> None:
    executor = Recorded()
    (tmp_path / "features").mkdir()
    with begun(tmp_path, executor) as controller:
        controller.metric, controller._cache, controller._output = get_metric("accuracy", "classification"), "", None
        for number, fold in ((1, 0), (2, 0), (2, 1)):
            controller._submit(do.SubmitFold(number, fold, None))
            (tmp_path / "features" / "fold0-tree.skops").touch()
        assert [task.send_features for task in executor.tasks] == [True, False, True]


def test_whatever_keeps_a_job_from_its_lock_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that died would be waited for without an end."""

    def fail(self: JobLock) -> None:
        raise RuntimeError("no lock today")

    monkeypatch.setattr(JobLock, "acquire", fail)
    run: Any = Run(JobFolder(tmp_path), lambda n: None, "inline")  # type: ignore[arg-type, return-value]
    controller = Controller(run, Feed(History()))
    controller.main()
    assert (controller.began.is_set(), controller.released.is_set()) == (True, True)
    assert str(controller.error) == "no lock today"


def test_a_refit_whose_worker_died_is_begun_again_as_often_as_a_fold(tmp_path: Path) -> None:
    lost = {"type": "KilledWorker", "message": "m", "tail": ""}
    with begun(tmp_path, Recorded()) as controller:
        found = []
        for key in ("one", "two", "three"):
            controller._in_flight[key] = InFlight(key, 1, REFIT, 0.0, 60.0)
            controller._take(FoldOutcome(key, 1, REFIT, "failed", error=lost))
            found.append(controller.history.trials[1].refit_error)
        assert found == [None, None, lost]
        assert len(controller.history.notes) == 2


def test_a_fit_that_failed_does_not_teach_the_time_of_an_earlier_one(tmp_path: Path) -> None:
    seen: list[int] = []
    with begun(tmp_path, Recorded()) as controller:
        controller._search = SimpleNamespace(observe=lambda trial: seen.append(trial.number))  # type: ignore[assignment]
        error = {"type": "ValueError", "message": "no", "tail": ""}
        controller._take(FoldOutcome("fit 1", 1, 0, "failed", error=error))
        assert controller.history.trials[1].state == "failed"
    assert seen == []


def test_a_refit_that_is_lost_with_its_cluster_is_not_said_to_be_fitted_again(tmp_path: Path) -> None:
    lost = {"type": "KilledWorker", "message": "m", "tail": ""}
    executor = Recorded()
    executor.gone = True
    with begun(tmp_path, executor) as controller:
        controller._in_flight["one"] = InFlight("one", 1, REFIT, 0.0, 60.0)
        controller._take(FoldOutcome("one", 1, REFIT, "failed", error=lost))
        assert controller.history.trials[1].refit_error == lost
        assert not controller.history.notes
