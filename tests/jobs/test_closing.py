"""What a job does once its search is over, without a cluster, a clock or data."""

from __future__ import annotations

from dataclasses import replace

import pytest

from automl_jupyter.jobs.closing import WORKERS_S
from automl_jupyter.jobs.instructions import SubmitFold
from automl_jupyter.jobs.reserve import MOST_REPLICAS, end_s
from automl_jupyter.jobs.situation import Situation, race_weights
from automl_jupyter.jobs.state import decide
from automl_jupyter.store import events as ev
from automl_jupyter.store.history import replay
from automl_jupyter.testing.simulation import ScriptedFit, Simulation, make_plan
from automl_jupyter.trials.records import REFIT, is_refit


def steady(number: int, fold: int) -> ScriptedFit:
    return ScriptedFit(seconds=1.0 + number % 3, score=0.5 + 0.01 * number)


def test_chosen_trials_are_fitted_again_and_then_the_job_ends() -> None:
    job = Simulation(make_plan(max_trials=3), steady).run()
    refits = [s for s in job.started if is_refit(s[1])]
    assert refits[:2] == [(3, REFIT), (2, REFIT)]
    assert sorted(refits) == sorted((n, REFIT - k) for k in range(MOST_REPLICAS) for n in (3, 2))
    assert [e.stage for e in job.events if isinstance(e, ev.ModelSelected)][-2:] == ["chosen", "final"]
    assert isinstance(job.events[-1], ev.JobEnded)


def test_validation_data_of_the_user_are_never_fitted() -> None:
    plan = make_plan(max_trials=3, n_folds=1, validation={"kind": "validation_data", "n_folds": 1})
    job = Simulation(plan, steady).run()
    assert REFIT not in {fold for _, fold in job.started}
    assert job.history.status == "Completed"


def test_the_time_limit_covers_the_refits() -> None:
    job = Simulation(make_plan(timeout_s=60.0), lambda n, f: ScriptedFit(seconds=3.0, score=0.5 + n / 1000)).run()
    assert job.now_s <= 60.0
    assert any(fold == REFIT for _, fold in job.started)


def test_the_seconds_left_at_the_end_are_refits_with_other_seeds() -> None:
    job = Simulation(make_plan(timeout_s=60.0), lambda n, f: ScriptedFit(seconds=0.5, score=0.5 + n / 1000)).run()
    refits = [s for s in job.started if is_refit(s[1])]
    members = {int(part["trial"]) for part in job.history.model.parts} if job.history.model else set()
    assert {(n, REFIT - k) for n in members for k in range(3)} == set(refits)
    assert all(job.history.trials[n].replicas == (REFIT - 1, REFIT - 2) for n in members)
    assert job.now_s <= 60.0
    fast = Simulation(replace(job.plan, inference="fast"), lambda n, f: ScriptedFit(seconds=0.5)).run()
    assert {fold for _, fold in fast.started if is_refit(fold)} == {REFIT}


@pytest.mark.parametrize(
    ("learner", "left_s", "begun"),
    [("A", 20.0, [1, 2]), ("A", 8.0, [2, 1]), ("A", 7.0, [2]), ("NeuralNetwork", 6.0, [2, 1])],
)
def test_a_refit_that_may_not_end_comes_last_and_a_hopeless_one_not_at_all(
    learner: str, left_s: float, begun: list[int]
) -> None:
    """Trial 1 leads and takes 10 s, trial 2 takes 1 s; a network would come to its end in 6 s, too."""
    seconds = {1: 10.0, 2: 1.0}

    def script(number: int, fold: int) -> ScriptedFit:
        return ScriptedFit(seconds=seconds.get(number, 0.5), score={1: 0.9, 2: 0.8}.get(number, 0.5))

    plan = make_plan(timeout_s=120.0, opening=("Dummy", learner, "B", "C"))
    whole = Simulation(plan, script, predicted_s={learner: 10.0, "B": 1.0}).run()
    chosen = next(k for k, e in enumerate(whole.events) if isinstance(e, ev.ModelSelected) and e.stage == "chosen")
    history = replay(whole.events[: chosen + 1])
    assert [p["trial"] for p in history.model.parts] == [1, 2]
    at = 120.0 - end_s(120.0) - left_s
    now = Situation(at, n_slots=2, predict_s=lambda *_: 1.0, is_iterative=lambda learner: True)  # as long as a fold's
    todo = decide(whole.plan, history, now)
    assert [t.number for t in todo if isinstance(t, SubmitFold)] == begun
    assert all(t.time_limit_s == pytest.approx(left_s) for t in todo if isinstance(t, SubmitFold))


@pytest.mark.parametrize(("left_s", "begun"), [(9.0, [REFIT - 1, REFIT - 2]), (6.0, [])])
def test_a_network_is_not_hurried_through_refits_beyond_the_first(left_s: float, begun: list[int]) -> None:
    """Its refit took 10 s."""
    plan = make_plan(timeout_s=120.0, opening=("Dummy", "NeuralNetwork"))
    job = Simulation(plan, lambda n, f: ScriptedFit(seconds=10.0, score=0.9 if n == 1 else 0.5)).run()
    first = next(k for k, e in enumerate(job.events) if isinstance(e, ev.RefitEnded) and e.fold == REFIT)
    history = replay(job.events[: first + 1])
    now = Situation(120.0 - end_s(120.0) - left_s, n_slots=2, is_iterative=lambda learner: True)
    todo = decide(plan, history, now)
    assert [t.fold for t in todo if isinstance(t, SubmitFold) and t.number == 1] == begun


def test_cancel_keeps_what_is_finished() -> None:
    job = Simulation(make_plan(max_trials=50), steady, requests={10.0: ("cancel", {})}).run()
    assert job.history.status == "Canceled"
    assert any(t.state == "complete" for t in job.history.trials.values())
    assert job.history.model is not None
    assert job.history.model.stage == "final"
    assert REFIT not in {fold for _, fold in job.started}


def test_a_job_asked_to_stop_fits_no_stack() -> None:
    plan = make_plan(max_trials=50, stack_ensemble=True)
    stopped = Simulation(plan, steady, requests={10.0: ("cancel", {})}).run()
    assert stopped.history.status == "Canceled"
    assert [asked.stack_limit_s for asked in stopped.selections if asked.final] == [0.0]
    whole = Simulation(make_plan(max_trials=5, stack_ensemble=True), steady).run()
    assert [asked.stack_limit_s for asked in whole.selections if asked.final] == [None]


def test_cancel_after_one_fold_leaves_a_model_of_it() -> None:
    def slow_after_one(number: int, fold: int) -> ScriptedFit:
        first = (number, fold) == (0, 0)
        return ScriptedFit(seconds=1.0 if first else 500.0, score=0.6, stops=first)

    job = Simulation(make_plan(max_trials=5), slow_after_one, requests={10.0: ("cancel", {})}).run()
    assert job.history.status == "Canceled"
    assert job.history.model is not None
    assert [p["trial"] for p in job.history.model.parts] == [0]
    first = job.history.trials[0]
    assert (first.state, first.reason) == ("pruned", "1 of 3 folds: the job was stopped")


def test_a_trial_without_its_other_folds_says_whether_it_was_judged() -> None:
    """Not that it earned no place, where it is in the ensemble or had not yet been compared with the others."""
    slow = {(3, 1), (3, 2), (2, 0)}

    def script(number: int, fold: int) -> ScriptedFit:
        ends = (number, fold) not in slow
        return ScriptedFit(seconds=1.0 if ends else 500.0, score=0.5 + number / 10, stops=ends)

    history = Simulation(make_plan(timeout_s=20.0), script).run().history
    reasons = {t.number: t.reason for t in history.trials.values() if t.state == "pruned" and t.folds}
    weights = race_weights(history)
    assert reasons
    for number, reason in reasons.items():
        assert reason.endswith("earn a place in the ensemble") == (number not in weights)


def test_cancel_before_anything_is_finished_ends_without_a_model() -> None:
    job = Simulation(make_plan(max_trials=5), steady, requests={0.0: ("cancel", {})}).run()
    assert job.history.status == "Canceled"
    assert job.history.model is None


def test_a_job_whose_trials_all_fail_says_so() -> None:
    job = Simulation(make_plan(max_trials=3), lambda n, f: ScriptedFit(state="failed")).run()
    assert job.history.status == "Failed"
    assert job.history.reason.startswith("No trial was complete.")


def test_a_job_without_workers_ends_soon_after_its_time() -> None:
    job = Simulation(make_plan(timeout_s=60.0), steady, n_slots=0).run()
    assert job.history.status == "Failed"
    assert job.events[-1].reason == "No trial was complete. When the time was over, there was no worker to fit one."
    assert 60 < job.now_s < 60 + 2 * WORKERS_S


@pytest.mark.parametrize("limits", [{"timeout_s": 600.0}, {"max_trials": 30}])
@pytest.mark.parametrize("until_s", [2.5, 9.0])
def test_a_job_whose_workers_are_gone_for_good_ends_with_what_it_has(limits: dict[str, float], until_s: float) -> None:
    job = Simulation(make_plan(**limits), steady).run(until_s=until_s)
    job.workers_gone, job.n_slots = True, 0
    job.run()
    assert job.history.limit == "workers"
    assert job.history.status == "Completed"
    assert job.now_s < until_s + 1.0
    assert not job.in_flight


@pytest.mark.parametrize("limits", [{"timeout_s": 60.0}, {"max_trials": 3}])
def test_refits_wait_for_workers_that_are_replaced(limits: dict[str, float]) -> None:
    job = Simulation(make_plan(**limits), steady, n_slots=1)
    while not any(isinstance(e, ev.ModelSelected) and e.stage == "chosen" for e in job.events):
        job.run(until_s=job.now_s + 0.01)
    job.in_flight.clear()
    job._ends.clear()
    job.n_slots = 0
    job.run(until_s=job.now_s + 2.0)
    assert not job.history.is_over
    job.n_slots = 1
    job.run()
    assert any(isinstance(e, ev.RefitEnded) for e in job.events)


def test_refits_without_a_worker_are_given_up_after_a_while() -> None:
    job = Simulation(make_plan(max_trials=3), steady, n_slots=1)
    while not any(isinstance(e, ev.ModelSelected) and e.stage == "chosen" for e in job.events):
        job.run(until_s=job.now_s + 0.01)
    job.in_flight.clear()
    job._ends.clear()
    job.n_slots, at_s = 0, job.now_s
    job.run()
    assert job.history.status == "Completed"
    assert WORKERS_S <= job.now_s - at_s < 2 * WORKERS_S
