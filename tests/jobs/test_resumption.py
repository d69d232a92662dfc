"""Jobs that go on, in virtual time: what Stop had cut short is made up for."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl_jupyter.jobs.resumption import reopened
from automl_jupyter.store import events as ev
from automl_jupyter.store.history import replay
from automl_jupyter.testing.simulation import ScriptedFit, Simulation, make_plan
from automl_jupyter.trials.records import REFIT


def rising(number: int, fold: int) -> ScriptedFit:
    return ScriptedFit(10.0, 0.5 + number / 100)


def outcome(job: Simulation) -> dict[int, Any]:
    """Return what a job made of the trials that count; what was begun behind them by its end is a matter of time."""
    found: dict[int, Any] = {}
    last = max((n for n, t in job.history.trials.items() if t.state == "complete"), default=-1)
    for n, t in job.history.trials.items():
        if n <= last:
            folds = {f: (r.metrics["accuracy"], r.stopped_early) for f, r in t.folds.items()}
            found[n] = (t.learner, t.state, t.reason, {} if t.state == "failed" else folds)
    return found


@pytest.mark.parametrize("stop_s", [0.05, 5.0, 15.0, 45.0])
def test_a_stopped_job_that_goes_on_ends_as_if_it_had_not_been(stop_s: float) -> None:
    whole = Simulation(make_plan(max_trials=6), rising, n_slots=4).run()
    job = Simulation(make_plan(max_trials=6), rising, n_slots=4, requests={stop_s: ("cancel", {})}).run()
    assert job.history.status == "Canceled"
    assert outcome(job) != outcome(whole)
    job.resume().run()
    assert (job.history.status, job.history.limit) == ("Completed", "max_trials")
    assert outcome(job) == outcome(whole)
    assert job.history.model is not None
    assert whole.history.model is not None
    assert job.history.model.parts == whole.history.model.parts
    assert sorted(point[1:] for _, point in job.history.scores)[-1] == ("VotingEnsemble", pytest.approx(0.56))
    assert job.history.best == whole.history.best


@given(
    seed=st.integers(0, 10_000),
    n_slots=st.integers(1, 4),
    stops=st.lists(st.floats(0.1, 60.0), min_size=1, max_size=4),
    limits=st.sampled_from([{"max_trials": 9}, {"max_trials": 45}, {"max_trials": 20, "exit_score": 0.93}]),
)
@settings(max_examples=40, deadline=None)
def test_however_often_a_job_is_stopped_its_trials_are_the_same(
    seed: int, n_slots: int, stops: list[float], limits: dict[str, float]
) -> None:
    def script(number: int, fold: int) -> ScriptedFit:
        draw = random.Random(f"{seed}/{number}/{fold}")
        state = draw.choices(["complete", "failed"], [9, 1])[0]
        return ScriptedFit(draw.expovariate(1 / 3), draw.random(), state, stops=draw.random() < 0.9)

    whole = Simulation(make_plan(**limits), script, n_slots=n_slots).run()
    job = Simulation(make_plan(**limits), script, n_slots=n_slots)
    for after_s in stops:
        job.requests = {job.now_s + after_s: ("cancel", {})}
        if job.run().history.status == "Completed":
            break
        job.resume()
    job.requests = {}
    job.run()
    assert (job.history.status, job.history.limit) == (whole.history.status, whole.history.limit)
    assert outcome(job) == outcome(whole)
    assert replay([e for e in map(ev.from_record, map(ev.to_record, job.events)) if e]) == job.history


@given(seed=st.integers(0, 10_000), stops=st.lists(st.floats(0.1, 60.0), min_size=1, max_size=4))
@settings(max_examples=20, deadline=None)
def test_a_job_with_a_time_limit_that_is_stopped_and_goes_on_ends_in_time(seed: int, stops: list[float]) -> None:
    def script(number: int, fold: int) -> ScriptedFit:
        draw = random.Random(f"{seed}/{number}/{fold}")
        return ScriptedFit(draw.expovariate(1 / 3), draw.random(), stops=draw.random() < 0.9)

    job = Simulation(make_plan(timeout_s=60.0), script)
    for after_s in stops:
        job.requests = {job.now_s + after_s: ("cancel", {})}
        if job.run().history.status == "Completed":
            break
        job.resume()
    job.requests = {}
    history = job.run().history
    assert (history.status, history.limit) == ("Completed", "timeout_minutes")
    assert not any(t.is_open for t in history.trials.values())
    assert job.now_s <= 60.0 + 5.0 * (len(stops) + 1)


def test_a_trial_that_a_limit_ended_stays_as_it_is() -> None:
    """Only what Stop ended goes on; what failed or was skipped has had its turn."""

    def script(number: int, fold: int) -> ScriptedFit:
        return ScriptedFit(10.0, 0.5, "failed" if number == 1 else "complete")

    requests = {1.0: ("skip", {"number": 2}), 35.0: ("cancel", {})}
    job = Simulation(make_plan(max_trials=6), script, n_slots=2, requests=requests).run()
    before = job.history.trials
    job.resume()
    assert [job.history.trials[n] for n in (1, 2)] == [before[n] for n in (1, 2)]
    assert job.history.skipped == {2}
    again = {n: (len(before[n].folds), sorted(t.folds)) for n, t in job.history.trials.items() if t.is_open}
    assert again == {3: (3, [0, 1]), 4: (1, [])}, "what Stop cut short is not kept"
    assert job.run().history.trials[2].state == "cancelled"


def test_a_blocked_learner_stays_blocked_when_a_job_goes_on() -> None:
    plan = make_plan(max_trials=6)
    job = Simulation(plan, rising, n_slots=1, requests={5.0: ("block", {"learner": "C"})}).run(until_s=25.0)
    job.resume().run()
    assert job.history.blocked == {"C"}
    assert "C" not in {t.learner for t in job.history.trials.values()}


@pytest.mark.parametrize("kind", ["Stopped", "TimeLimit", "ValueError"])
@pytest.mark.parametrize("fold", [REFIT, REFIT - 1])
def test_refits_that_were_cut_short_are_fitted_again(fold: int, kind: str) -> None:
    error = {"type": kind, "message": "m", "tail": ""}
    ended = [ev.RefitEnded(number=0, fold=REFIT, fit_s=1.0)] if fold < REFIT else []
    events = [ev.TrialQueued(number=0, learner="A", params={}), ev.TrialEnded(number=0, state="complete"), *ended]
    history = replay([*events, ev.RefitEnded(number=0, fold=fold, error=error)])
    again = reopened(history)
    assert [(e.number, e.folds) for e in again] == ([] if kind == "ValueError" else [(0, None)])
    trial = replay([*events, ev.RefitEnded(number=0, fold=fold, error=error), *again]).trials[0]
    assert trial.state == "complete"
    if fold == REFIT:
        assert trial.refit_error == (error if kind == "ValueError" else None)
    else:
        assert (trial.refit_s, trial.replicas_ended) == (1.0, (fold,) if kind == "ValueError" else ())


def test_a_job_stopped_in_its_refits_fits_them_when_it_goes_on() -> None:
    plan = make_plan(max_trials=2)
    job = Simulation(plan, lambda n, f: ScriptedFit(3.0, 0.5 + n / 100), n_slots=2)
    while not (job.in_flight and all(f.fold == REFIT for f in job.in_flight.values())):
        job.run(until_s=job.now_s + 0.5)
    asked = {f.number for f in job.in_flight.values()}
    job.emit(ev.RequestReceived(request="cancel"))
    for number in asked:
        job.emit(ev.RefitEnded(number=number, error={"type": "Stopped", "message": "stopped on request", "tail": ""}))
    job.in_flight.clear()
    job._ends.clear()
    assert job.run().history.status == "Canceled"
    job.resume().run()
    assert job.history.status == "Completed"
    assert all(job.history.trials[n].refit_s == 3.0 for n in asked)


@pytest.mark.parametrize("race_folds", [1, 3])
def test_a_job_that_goes_on_has_not_stalled_before_its_ensemble_is_chosen_anew(race_folds: int) -> None:
    """One trial is the best, and those that come later get better beside it."""

    def script(number: int, fold: int) -> ScriptedFit:
        return ScriptedFit(1.0, 0.9 if number == 2 else 0.5 + 0.0005 * number)

    job = Simulation(make_plan(timeout_s=600.0, race_folds=race_folds), script, requests={480.0: ("cancel", {})}).run()
    assert job.history.status == "Canceled"
    job.resume().run()
    assert job.history.limit == "timeout_minutes"
