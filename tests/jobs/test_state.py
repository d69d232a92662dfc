"""The state machine, without a cluster, a clock or data."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl_jupyter.jobs.choice import best_single, choose
from automl_jupyter.jobs.instructions import Instruction, SelectEnsemble, SubmitFold
from automl_jupyter.jobs.situation import Situation, carried, is_spoilt
from automl_jupyter.jobs.state import MOST_COMPLETED, MOST_IN_VAIN, SAMPLER_LAG
from automl_jupyter.store import events as ev
from automl_jupyter.store.history import History, ModelRecord, replay
from automl_jupyter.store.trial import TrialRecord
from automl_jupyter.testing.simulation import ScriptedFit, Simulation, make_plan
from automl_jupyter.trials.records import is_refit


def steady(number: int, fold: int) -> ScriptedFit:
    return ScriptedFit(seconds=1.0 + number % 3, score=0.5 + 0.01 * number)


def test_a_number_of_trials_gives_every_fold_of_each() -> None:
    job = Simulation(make_plan(max_trials=5), steady).run()
    assert job.history.status == "Completed"
    assert job.history.limit == "max_trials"
    trials = job.history.trials
    assert len(trials) == 6, "five trials and the baseline, which does not count"
    assert all(t.state == "complete" and set(t.folds) == {0, 1, 2} for t in trials.values())


@pytest.mark.parametrize("n_slots", [1, 2, 3, 8])
def test_without_a_time_limit_folds_begin_in_order(n_slots: int) -> None:
    job = Simulation(make_plan(max_trials=6), steady, n_slots=n_slots).run()
    folds = [s for s in job.started if not is_refit(s[1])]
    assert folds == sorted(folds)


def test_the_sampler_waits_for_the_trials_it_looks_at() -> None:
    """What is proposed as trial n may depend on trials before n - lag only, so these must have ended."""
    job = Simulation(make_plan(max_trials=20), steady, n_slots=2).run()
    ended: set[int] = set()
    for event in job.events:
        if isinstance(event, ev.TrialEnded):
            ended.add(event.number)
        if isinstance(event, ev.TrialQueued) and event.origin == "search":
            assert set(range(event.number - SAMPLER_LAG)) <= ended


def test_a_race_begins_with_first_folds_and_completes_the_members() -> None:
    job = Simulation(make_plan(timeout_s=60.0), steady).run()
    first = [fold for _, fold in job.started[:4]]
    assert first == [0, 0, 0, 0]
    assert job.history.limit == "timeout_minutes"
    complete = [t for t in job.history.trials.values() if t.state == "complete"]
    pruned = [t for t in job.history.trials.values() if t.state == "pruned"]
    assert complete
    assert pruned
    assert all("of 3 folds" in t.reason or "before it could run" in t.reason for t in pruned)


@pytest.mark.parametrize("timeout_s", [60.0, None])
def test_features_that_lead_are_carried_on_where_the_order_may_depend_on_scores(timeout_s: float | None) -> None:
    enriched = {"features": "enriched"}
    opening = [
        {"learner": learner, "params": params, "label": learner, "origin": "opening"}
        for learner, params in [
            ("LightGBM", {}),
            ("LightGBM", enriched),
            ("LightGBM", {"num_leaves": 9, **enriched}),
            ("ElasticNet", {}),
            ("LightGBM", {"num_leaves": 9}),
            ("LightGBM", {"num_leaves": 3}),
        ]
    ]
    limits = {"max_trials": 6} if timeout_s is None else {"timeout_s": timeout_s}
    plan = replace(make_plan(**limits), opening=tuple(opening), learners=("LightGBM", "ElasticNet"))

    def script(number: int, fold: int) -> ScriptedFit:
        return ScriptedFit(seconds=0.6, score=0.9 if number in (1, 2) else 0.6)

    job = Simulation(plan, script, n_slots=1).run()
    tried = [(t.learner, dict(t.params)) for t in job.history.trials.values() if t.origin == "opening"]
    listed = [(c["learner"], c["params"]) for c in opening]
    if timeout_s is None:
        assert tried == listed
    else:
        assert tried == [*listed[:4], ("LightGBM", {"num_leaves": 3, **enriched})]


@pytest.mark.parametrize(("seconds", "lined_up"), [(0.1, {0, 1}), (2.0, {0})])
def test_first_fits_that_should_be_short_line_up_behind_short_ones(seconds: float, lined_up: set[int]) -> None:
    predicted = dict.fromkeys(("Dummy", "A", "B", "C"), seconds)
    plan = make_plan(timeout_s=60.0)
    job = Simulation(plan, lambda number, fold: ScriptedFit(seconds), n_slots=1, predicted_s=predicted)
    assert {f.number for f in job.run(until_s=0.05).in_flight.values()} == lined_up


def test_a_trial_is_proposed_before_a_short_fit_ends() -> None:
    predicted = {"Dummy": 0.1, "A": 2.0, "B": 2.0, "C": 2.0}
    job = Simulation(make_plan(timeout_s=60.0), steady, n_slots=1, predicted_s=predicted).run(until_s=0.05)
    assert {f.number for f in job.in_flight.values()} == {0}
    assert [t.learner for t in job.history.trials.values()] == ["Dummy", "A"]  # which waits for the worker


def test_a_weak_trial_that_is_complete_does_not_take_the_place_of_what_leads_the_race() -> None:
    """Nor does the job end too late, or too early, for the refits of what leads."""

    def script(number: int, fold: int) -> ScriptedFit:
        cheap = number == 1
        return ScriptedFit(seconds=0.1 if cheap else 6.0, score=0.5 if cheap else 0.9)

    job = Simulation(make_plan(timeout_s=60.0), script, predicted_s={"A": 0.1, "B": 6.0, "C": 6.0}).run()
    usable = [e for e in job.events if isinstance(e, ev.ModelSelected) and e.stage == "anytime"]
    members = [{int(p["trial"]) for p in e.parts} for e in usable]
    led = next(k for k, of in enumerate(members) if of & {2, 3})
    assert all(of & {2, 3} for of in members[led:])


def test_a_fit_that_does_not_stop_loses_its_worker() -> None:
    def script(number: int, fold: int) -> ScriptedFit:
        return ScriptedFit(seconds=1e6, stops=False) if number == 2 else ScriptedFit(score=0.6)

    job = Simulation(make_plan(max_trials=3, trial_timeout_s=30.0), script).run()
    assert job.history.trials[2].state == "timed_out"
    assert job.killed
    assert job.history.status == "Completed"
    assert job.now_s < 100


def test_a_job_that_is_out_of_time_before_its_first_model_still_gets_one() -> None:
    job = Simulation(make_plan(timeout_s=2.0), lambda n, f: ScriptedFit(seconds=5.0)).run()
    assert job.history.status == "Completed"
    assert job.history.model is not None


def test_a_fit_that_no_worker_has_the_memory_for_is_left_out_and_says_so() -> None:
    plan = make_plan(max_trials=3)
    job = Simulation(plan, steady, needed_bytes={"A": 7e9, "Dummy": 9e9}, worker_bytes=8_000_000_000).run()
    trial = next(t for t in job.history.trials.values() if t.learner == "A")
    assert trial.state == "pruned"
    assert trial.reason == "it would need about 7 GB of memory, and a worker has 8 GB"
    assert not trial.folds
    assert job.history.trials[0].state == "complete", "the baseline is tried whatever is estimated"
    assert {t.learner for t in job.history.trials.values() if t.state == "complete"} == {"Dummy", "B", "C"}


def test_what_the_time_does_not_allow_is_passed_over_and_the_rest_goes_on() -> None:
    plan = make_plan(timeout_s=60.0, opening=("Dummy", "A", "B", "C"))
    job = Simulation(plan, steady, predicted_s={"B": 13.0}).run()
    opening = [t.learner for t in job.history.trials.values() if t.origin == "opening"]
    assert opening == ["A", "C"], "one fit of B would take more than a fifth of the time"
    held_out = make_plan(timeout_s=60.0, n_folds=1, opening=("Dummy", "A", "B", "C"))
    job = Simulation(held_out, steady, predicted_s={"B": 13.0}).run()
    opening = [t.learner for t in job.history.trials.values() if t.origin == "opening"]
    assert opening == ["A", "C"], "a single fit cannot be shared by two workers"
    unlimited = Simulation(make_plan(max_trials=3), steady, predicted_s={"B": 13.0}).run()
    assert [t.learner for t in unlimited.history.trials.values()] == ["Dummy", "A", "B", "C"]


@pytest.mark.parametrize("others_s", [None, 0.1])
def test_what_may_turn_out_to_be_quicker_waits_and_is_not_left_out_for_good(others_s: float | None) -> None:
    """Before a learner was timed predictions are cautious; B keeps nothing when it is stopped, and so is not begun."""

    class Learning(Simulation):
        def _situation(self) -> Situation:
            seconds = 9.0 if self.now_s < 20.0 else 2.0
            return replace(
                super()._situation(),
                is_iterative=lambda learner: learner != "B",
                predict_s=lambda learner, params, n_rows: seconds if learner == "B" else others_s,
            )

    job = Learning(make_plan(timeout_s=60.0, opening=("Dummy", "A", "B", "C")), steady).run()
    assert {t.learner for t in job.history.trials.values() if t.origin == "opening" and t.folds} == {"A", "B", "C"}


@pytest.mark.parametrize(("predicted_s", "is_tried"), [(13.0, True), (25.0, False)])
def test_a_learner_that_keeps_to_its_time_is_tried_in_less_of_it(predicted_s: float, is_tried: bool) -> None:
    """Its folds get a fifth of the time each, since its later ones would be better than the first otherwise."""
    given: dict[int, float | None] = {}

    class Watched(Simulation):
        def _do(self, instruction: Instruction) -> None:
            if isinstance(instruction, SubmitFold) and instruction.number == 2 and not is_refit(instruction.fold):
                given[instruction.fold] = instruction.time_limit_s
            super()._do(instruction)

    plan = make_plan(timeout_s=60.0, opening=("Dummy", "A", "NeuralNetwork", "C"))
    job = Watched(plan, steady, predicted_s={"NeuralNetwork": predicted_s}).run()
    opening = [t.learner for t in job.history.trials.values() if t.origin == "opening"]
    assert opening == (["A", "NeuralNetwork", "C"] if is_tried else ["A", "C"])
    if is_tried:
        assert given == pytest.approx({0: 12.0, 1: 12.0, 2: 12.0})


def test_proposals_end_where_none_of_them_would_finish() -> None:
    """Not a hundred rows on the leaderboard that say so; the seconds that are left go to the final model."""
    plan = make_plan(timeout_s=60.0, opening=("Dummy", "B"), n_folds=1)
    needs_more = {"A": 10_000.0}  # what the search proposes
    job = Simulation(plan, steady, predicted_s=needs_more).run()
    left_out = [t for t in job.history.trials.values() if t.state == "pruned" and not t.folds]
    assert MOST_IN_VAIN <= len(left_out) <= 2 * MOST_IN_VAIN
    assert job.history.status == "Completed"
    assert job.history.search_ended_s is not None
    assert job.history.search_ended_s < 20


def test_the_best_of_a_race_get_their_folds_before_the_search_goes_on() -> None:
    opening = ("Dummy", *"ABCDEFGHIJKL")
    plan = make_plan(timeout_s=100.0, opening=opening)
    job = Simulation(plan, lambda n, f: ScriptedFit(seconds=1.0, score=0.5 + n / 100)).run()
    begun = [f for f in job.started if f[1] > 0]
    searched = next(e.elapsed_s for e in job.events if isinstance(e, ev.TrialQueued) and e.origin == "search")
    by_then = {e.number for e in job.events if isinstance(e, ev.FoldEnded) and e.fold == 2 and e.elapsed_s <= searched}
    assert len(by_then) >= MOST_COMPLETED - 1
    assert begun[0][0] >= 10, "the members of the best ensemble come first"


@pytest.mark.parametrize(("selection_s", "rest_s"), [(0.2, 1.8), (5.0, 3.0)])
def test_weights_are_not_chosen_all_the_time(selection_s: float, rest_s: float) -> None:
    """It takes a core from the fits: it rests nine tenths of the time, never for long, and both kinds get a turn."""
    plan = make_plan(timeout_s=60.0)
    job = Simulation(plan, lambda number, fold: ScriptedFit(0.3, 0.5 + 0.01 * (number % 7)), selection_s=selection_s)
    job.run()
    chosen = [e for e in job.events if isinstance(e, ev.EnsembleSelected) and e.elapsed_s < job.history.search_ended_s]
    first = {name: next(e.elapsed_s for e in chosen if e.ensemble == name) for name in {e.ensemble for e in chosen}}
    assert set(first) == {"Race", "VotingEnsemble"}
    again = [e.elapsed_s for e in chosen if e.elapsed_s > first[e.ensemble]]
    before = [max(c.elapsed_s for c in chosen if c.elapsed_s < at) for at in again]
    assert len(again) > 5
    assert min(at - b for at, b in zip(again, before, strict=True)) >= rest_s - 1e-9
    assert len([e for e in chosen if e.ensemble == "VotingEnsemble"]) > 2


@pytest.mark.parametrize(
    ("learner", "n_folds", "stopped_early", "expected"),
    [
        ("NeuralNetwork", 1, True, True),
        ("NeuralNetwork", 0, True, False),
        ("NeuralNetwork", 1, False, False),
        ("LightGBM", 1, True, False),
    ],
)
def test_a_fold_cut_in_the_middle_of_its_schedule_is_worse_than_none(
    learner: str, n_folds: int, stopped_early: bool, expected: bool
) -> None:
    """Where its trial has others, and the search is over: before, it says what the time is enough for."""
    plan = make_plan(max_trials=1, opening=("Dummy", learner))
    script = lambda n, f: ScriptedFit(seconds=1.0, score=0.5)  # noqa: E731
    job = Simulation(plan, script, n_slots=1).run()
    ended = [k for k, e in enumerate(job.events) if isinstance(e, ev.FoldEnded) and e.number == 1]
    history = replay(job.events[: ended[n_folds]])
    assert len(history.trials[1].folds) == n_folds
    assert not is_spoilt(history, 1, stopped_early=stopped_early)
    history = replace(history, status="Finalizing")
    assert is_spoilt(history, 1, stopped_early=stopped_early) is expected


def test_the_exit_score_ends_the_search() -> None:
    job = Simulation(make_plan(max_trials=50, exit_score=0.53), steady).run()
    assert job.history.limit == "exit_score"
    assert len(job.history.trials) < 10


def test_without_any_score_the_model_is_not_the_baseline() -> None:
    job = Simulation(make_plan(max_trials=3), lambda n, f: ScriptedFit(score=None)).run()
    asked = SelectEnsemble(tuple(job.history.trials), 3, final=True)
    assert best_single(job.history, asked).members == ((1, 1.0),)


def test_early_termination_never_before_the_31st_trial() -> None:
    flat = Simulation(make_plan(max_trials=200), lambda n, f: ScriptedFit(score=0.7), n_slots=1).run()
    assert flat.history.limit == "enable_early_termination"
    counted = [t for t in flat.history.trials.values() if t.origin != "baseline" and t.state == "complete"]
    assert len(counted) == 31
    off = Simulation(
        make_plan(max_trials=50, enable_early_termination=False), lambda n, f: ScriptedFit(score=0.7)
    ).run()
    assert off.history.limit == "max_trials"


def uneven(number: int, fold: int) -> ScriptedFit:
    """Every seventh fit takes long, and the best score comes with the fourth trial."""
    return ScriptedFit(seconds=40.0 if (number + fold) % 7 == 0 else 1.0, score=0.8 if number == 4 else 0.7)


@pytest.mark.parametrize("limits", [{}, {"exit_score": 0.75}], ids=["stalled", "exit score"])
def test_a_search_that_ends_early_leaves_the_same_trials_on_any_number_of_workers(limits: dict[str, float]) -> None:
    found = []
    for n_slots in (1, 2, 3, 8):
        job = Simulation(make_plan(max_trials=60, **limits), uneven, n_slots=n_slots).run()
        complete = [t.number for t in job.history.trials.values() if t.state == "complete"]
        parts = [part["trial"] for part in job.history.model.parts] if job.history.model else []
        found.append((job.history.limit, complete, parts, job.history.best))
    assert found[0][0] == ("exit_score" if limits else "enable_early_termination")
    assert found[0][1] == list(range(5 if limits else 32))
    assert found == [found[0]] * 4


def test_a_search_whose_learners_are_all_blocked_ends_with_what_is_complete() -> None:
    requests = {t: ("block", {"learner": name}) for t, name in ((4.0, "A"), (4.1, "B"), (4.2, "C"))}
    for limits in ({"timeout_s": 60.0}, {"max_trials": 20}):
        job = Simulation(make_plan(**limits), steady, requests=requests).run()
        assert job.history.limit == "exhausted"
        assert job.history.status == "Completed"
        assert job.now_s < 20
        assert all(t.state != "cancelled" or t.queued_s < 4.2 for t in job.history.trials.values())


def test_a_learner_that_is_blocked_before_its_turn_takes_no_trial() -> None:
    plan = make_plan(max_trials=4, opening=("Dummy", "A", "B", "B", "C"))
    job = Simulation(plan, steady, n_slots=1, requests={0.0: ("block", {"learner": "B"})}).run()
    assert "B" not in {t.learner for t in job.history.trials.values()}


@pytest.mark.slow
def test_under_a_time_limit_a_stall_must_last_and_the_members_are_completed_first() -> None:
    def script(number: int, fold: int) -> ScriptedFit:
        return ScriptedFit(seconds=0.1, score=0.8 if number < 3 else 0.7)

    job = Simulation(make_plan(timeout_s=100.0), script).run()
    trials = job.history.trials
    assert len(trials) > 31
    assert 50 <= max(t.queued_s for t in trials.values()) < 55, "nothing new once the stall has lasted half of the time"
    members = {int(part["trial"]) for part in job.history.model.parts} if job.history.model else set()
    complete = {t.number for t in trials.values() if t.state == "complete"}
    assert members <= complete
    assert len(complete) > 100, "what is left of the time completes the leaderboard"


def test_requests_act_on_a_running_job() -> None:
    requests = {1.0: ("skip", {"number": 1}), 2.0: ("block", {"learner": "B"}), 3.0: ("extend", {"minutes": 1})}
    job = Simulation(make_plan(timeout_s=30.0), steady, requests=requests).run()
    assert job.history.trials[1].state == "cancelled"
    assert job.history.extended_s == 60.0
    assert 60.0 < job.now_s <= 90.0


def slow(number: int, fold: int) -> ScriptedFit:
    """Ten seconds a fit, and less for the baseline's."""
    return ScriptedFit(0.5 if number == 0 else 10.0, 0.5 + number / 100)


@pytest.mark.parametrize("limits", [{"max_trials": 3}, {"timeout_s": 300.0}, {"timeout_s": 300.0, "n_folds": 1}])
@pytest.mark.parametrize("stopped", [False, True], ids=["goes on", "is stopped with it"])
def test_a_trial_that_is_skipped_in_its_last_fit_does_not_count(limits: dict[str, float], stopped: bool) -> None:
    """What it has of its last fold, which was cut short, would complete it."""
    plan = make_plan(**limits, opening=("Dummy", "A"))
    at_s = 5.0 if plan.n_folds == 1 else 25.0
    requests: dict[float, tuple[str, dict[str, int]]] = {at_s: ("skip", {"number": 1})}
    requests |= {at_s + 0.05: ("cancel", {})} if stopped else {}
    job = Simulation(plan, slow, n_slots=1, requests=requests).run()
    assert [e.state for e in job.events if isinstance(e, ev.TrialEnded) and e.number == 1] == ["cancelled"]
    trial = job.history.trials[1]
    assert (trial.is_complete, trial.reason) == (True, "skipped on request")
    assert all(number != 1 for number, _ in job.history.scores)


@pytest.mark.parametrize("limits", [{"max_trials": 3}, {"timeout_s": 60.0}, {"max_trials": 3, "n_folds": 1}])
def test_a_fit_that_runs_when_its_learner_is_blocked_is_not_cut_short(limits: dict[str, float]) -> None:
    """Its trial goes on, and would be judged by what it had at that moment."""
    plan = make_plan(**limits, opening=("Dummy", "B", "B", "B"))
    plan = replace(plan, opening=tuple({**c, "params": {"depth": k}} for k, c in enumerate(plan.opening)))
    job = Simulation(plan, slow, n_slots=2, requests={5.0: ("block", {"learner": "B"})}).run()
    begun = [t for t in job.history.trials.values() if t.learner == "B"]
    assert begun
    assert {round(f.fit_s, 2) for t in begun for f in t.folds.values()} == {10.0}
    assert all(t.folds for t in begun)
    ended = [e for e in job.events if isinstance(e, ev.TrialEnded) and e.state == "cancelled"]
    assert [e.number for e in ended if job.history.trials[e.number].folds] == []


def test_a_paused_job_begins_nothing() -> None:
    job = Simulation(make_plan(max_trials=9), steady, requests={3.0: ("pause", {})}).run(until_s=30.0)
    begun = len(job.started)
    job.run(until_s=60.0)
    assert len(job.started) == begun
    job.requests = {61.0: ("unpause", {})}
    assert job.run().history.status == "Completed"


def test_a_fold_that_never_ends_is_given_up() -> None:
    job = Simulation(make_plan(max_trials=2), lambda n, f: ScriptedFit(seconds=5.0)).run(until_s=1.0)
    for _ in range(3):  # its controller died three times
        job.in_flight.clear()
        job._ends.clear()
        job.emit(ev.StatusChanged(status="Running"))
        job.run(until_s=job.now_s + 0.5)
    job.run()
    assert {t.state for t in job.history.trials.values()} >= {"failed"}


@given(
    seed=st.integers(0, 10_000),
    n_slots=st.integers(1, 4),
    timeout_s=st.sampled_from([None, 5.0, 30.0, 120.0]),
    cancel_s=st.one_of(st.none(), st.floats(0, 50)),
)
@settings(max_examples=60, deadline=None)
def test_every_job_ends_and_its_log_tells_the_same_story(
    seed: int, n_slots: int, timeout_s: float | None, cancel_s: float | None
) -> None:
    """Whatever fits do, the job ends, keeps its limits, and the log alone gives the same history."""
    import random

    def script(number: int, fold: int) -> ScriptedFit:
        draw = random.Random(f"{seed}/{number}/{fold}")
        state = draw.choices(["complete", "failed", "timed_out"], [8, 1, 1])[0]
        return ScriptedFit(draw.expovariate(1 / 3), draw.random(), state, stops=draw.random() < 0.9)

    requests = {} if cancel_s is None else {cancel_s: ("cancel", {})}
    plan = make_plan(timeout_s=timeout_s, max_trials=12 if timeout_s is None else None)
    job = Simulation(plan, script, n_slots=n_slots, requests=requests).run()
    assert job.history.is_over
    assert not any(t.is_open for t in job.history.trials.values())
    assert replay([e for e in map(ev.from_record, map(ev.to_record, job.events)) if e]) == job.history
    if timeout_s is not None:
        first_s = next((e.elapsed_s for e in job.events if isinstance(e, ev.FoldEnded)), job.now_s)
        over = "a worker that is replaced costs its grace, no more; only a first model is waited for"
        assert job.now_s <= max(timeout_s, first_s) + 5.0, over


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ([{"features": "arithmetic"}, {}], {"features": "arithmetic"}),
        ([{"features": "tree"}, {"log_target": False}], {}),
        ([{"log_target": True}, {"log_target": True, "features": "enriched"}], {"log_target": True}),
        ([{}, {"features": "enriched"}], {}),
    ],
)
def test_what_leads_is_what_has_most_of_the_weight(
    params: list[dict[str, object]], expected: dict[str, object]
) -> None:
    trials = {
        n: TrialRecord(
            number=n, learner="LightGBM", params=p, label="", recipe="tree", origin="search", n_folds=3, folds={}
        )
        for n, p in enumerate(params)
    }
    parts = tuple({"trial": n, "weight": w} for n, w in enumerate((0.6, 0.4)))
    model = ModelRecord("VotingEnsemble", None, parts, {}, "anytime", None)
    assert carried(History(trials=trials, model=model)) == expected


@pytest.mark.parametrize("final", [True, False])
def test_a_single_model_is_told_by_all_folds_it_will_be_made_of(final: bool) -> None:
    def script(number: int, fold: int) -> ScriptedFit:
        return ScriptedFit(seconds=500.0 if fold == 2 else 1.0, score=0.9 - fold / 10, stops=fold != 2)

    history = Simulation(make_plan(max_trials=1), script, requests={10.0: ("cancel", {})}).run().history
    asked = SelectEnsemble((1,), n_folds=1, final=final)
    chosen = choose(make_plan(), history, best_single(history, asked), asked)
    assert chosen.parts[0]["folds"] == ([0, 1] if final else [0])
    assert [m["accuracy"] for m in chosen.fold_metrics] == ([0.9, 0.8] if final else [0.9])
    assert chosen.metrics["accuracy"] == pytest.approx(0.85 if final else 0.9)


@pytest.mark.parametrize("limits", [{"max_concurrent_trials": 1}, {"cores_per_trial": -1}])
def test_nothing_lines_up_where_the_limits_leave_workers_idle(limits: dict[str, int]) -> None:
    """They would begin it at once, and more would run at a time than was asked for."""
    plan = make_plan(timeout_s=60.0, **limits)
    predicted = dict.fromkeys(("Dummy", "A", "B", "C"), 0.1)
    job = Simulation(plan, lambda number, fold: ScriptedFit(0.1), n_slots=1, predicted_s=predicted)
    assert {f.number for f in job.run(until_s=0.05).in_flight.values()} == {0}


def test_proposals_end_where_no_worker_has_the_memory_for_them() -> None:
    plan = make_plan(timeout_s=60.0, opening=("Dummy", "B"), n_folds=1)
    job = Simulation(plan, steady, needed_bytes={"A": 7e9}, worker_bytes=8_000_000_000).run()
    left_out = [t for t in job.history.trials.values() if t.state == "pruned" and not t.folds]
    assert MOST_IN_VAIN <= len(left_out) <= 2 * MOST_IN_VAIN
    assert (job.history.status, job.history.limit) == ("Completed", "exhausted")
    assert job.history.search_ended_s is not None
    assert job.history.search_ended_s < 20


@pytest.mark.parametrize("limits", [{"max_trials": 5}, {"timeout_s": 60.0}])
def test_a_baseline_does_not_reach_the_exit_score(limits: dict[str, Any]) -> None:
    """Where one class is common it has a high score, and nothing would have been learnt."""
    plan = make_plan(**limits, exit_score=0.9)
    job = Simulation(plan, lambda n, f: ScriptedFit(score=0.95 if n == 0 else 0.92)).run()
    assert job.history.limit == "exit_score"
    assert any(t.state == "complete" for t in job.history.trials.values() if t.origin != "baseline")
