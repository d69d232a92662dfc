"""Which model leads while trials have different numbers of folds, and how it is shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from automl_jupyter.jobs.standing import compared_folds
from automl_jupyter.results.snapshot import leaderboard_rows, snapshot
from automl_jupyter.store.summary import summarise
from automl_jupyter.testing.simulation import ScriptedFit, Simulation, make_plan


def test_a_baseline_alone_on_all_folds_is_not_the_model_where_another_has_most_of_them() -> None:
    def script(number: int, fold: int) -> ScriptedFit:
        if number == 0:
            return ScriptedFit(seconds=0.1, score=0.5)
        return ScriptedFit(seconds=500.0 if fold == 2 else 1.0, score=0.9, stops=fold != 2)

    job = Simulation(make_plan(max_trials=1), script, requests={10.0: ("cancel", {})}).run()
    assert job.history.trials[0].is_complete
    assert len(job.history.trials[1].folds) == 2
    assert job.history.model is not None
    assert job.history.model.parts[0]["trial"] == 1
    shown, listed = snapshot(job.history)["best"], summarise(job.history)
    assert shown["label"] == listed.best == job.history.model.label
    assert shown["value"] == listed.value == 0.9
    assert shown["folds"] == listed.folds == "2 of 3 folds"
    assert [r["rank"] for r in leaderboard_rows(job.history)] == [1, None]


def test_a_model_that_was_chosen_in_the_race_is_named_with_the_folds_it_was_judged_on() -> None:
    """Whatever trial has all its folds, and so the first place of the leaderboard."""

    def script(number: int, fold: int) -> ScriptedFit:
        if number < 2:
            return ScriptedFit(seconds=0.1, score=0.5 + number / 10)
        return ScriptedFit(seconds=500.0 if fold else 6.0, score=0.9, stops=not fold)

    job = Simulation(make_plan(timeout_s=60.0), script, predicted_s={"A": 0.1, "B": 6.0, "C": 6.0}).run()
    first = leaderboard_rows(job.history)[0]
    assert (first["number"], first["rank"], first["value"]) == (1, 1, 0.6)
    assert job.history.model is not None
    assert {int(p["trial"]) for p in job.history.model.parts} & {2, 3}
    shown, listed = snapshot(job.history)["best"], summarise(job.history)
    assert shown["label"] == listed.best == "VotingEnsemble"
    assert shown["value"] == listed.value == 0.9
    assert shown["folds"] == listed.folds == "1 of 3 folds"


@pytest.mark.parametrize(
    ("score", "n_folds", "leads"),
    [(0.62, 4, True), (0.605, 4, False), (0.63, 2, True), (0.615, 2, False), (0.9, 1, True), (0.63, 1, False)],
)
@pytest.mark.parametrize("race_folds", [8, 10])
def test_a_trial_far_ahead_on_the_folds_it_has_is_the_model(
    score: float, n_folds: int, leads: bool, race_folds: int
) -> None:
    """Not the weak one that was through with all its folds in no time; of few folds it takes a larger lead."""

    def script(number: int, fold: int) -> ScriptedFit:
        if number < 2:
            return ScriptedFit(seconds=0.1, score=0.5 + number / 10)
        ends = number == 2 and fold < n_folds
        return ScriptedFit(seconds=2.0 if ends else 500.0, score=score, stops=ends)

    plan = replace(
        make_plan(timeout_s=20.0), validation={"kind": "cross_validation", "n_folds": 10}, race_folds=race_folds
    )
    job = Simulation(plan, script, predicted_s={"A": 0.1, "B": 2.0, "C": 2.0}).run()
    assert len(job.history.trials[2].folds) == n_folds
    assert job.history.model is not None
    assert ({int(p["trial"]) for p in job.history.model.parts} >= {2}) == leads
    best = snapshot(job.history)["best"]
    assert best["value"] == (score if leads else 0.6)
    if leads:
        assert best["folds"] == f"{n_folds} of 10 folds"


def test_one_bad_fold_is_enough_not_to_lead_before_the_end() -> None:
    def script(number: int, fold: int) -> ScriptedFit:
        if number < 2:
            return ScriptedFit(seconds=0.1, score=0.5 + number / 10)
        ends = number == 2 and fold < 5
        return ScriptedFit(seconds=2.0 if ends else 500.0, score=0.55 if fold == 1 else 0.9, stops=ends)

    plan = replace(make_plan(timeout_s=20.0), validation={"kind": "cross_validation", "n_folds": 10}, race_folds=8)
    job = Simulation(plan, script, predicted_s={"A": 0.1, "B": 2.0, "C": 2.0}).run()
    assert len(job.history.trials[2].folds) == 5
    assert snapshot(job.history)["best"]["value"] == 0.6


def test_a_baseline_that_lacks_folds_leads_nothing() -> None:
    """Not even where what has them all is worse than a guess."""

    def script(number: int, fold: int) -> ScriptedFit:
        if number == 0:
            return ScriptedFit(seconds=500.0 if fold == 4 else 0.1, score=0.5, stops=fold != 4)
        return ScriptedFit(seconds=0.1, score=0.4)

    plan = replace(make_plan(timeout_s=20.0), validation={"kind": "cross_validation", "n_folds": 10}, race_folds=8)
    history = Simulation(plan, script).run().history
    assert history.trials[0].n_first == 4
    assert compared_folds(plan, history) == 8


def test_while_a_job_runs_its_best_is_the_first_of_the_leaderboard() -> None:
    def script(number: int, fold: int) -> ScriptedFit:
        return ScriptedFit(seconds=1.0 + number % 3, score=0.5 + 0.01 * number)

    job = Simulation(make_plan(timeout_s=60.0), script).run(until_s=30.0)
    assert not job.history.is_over
    shown, first = snapshot(job.history)["best"], leaderboard_rows(job.history)[0]
    assert shown == {**{k: first[k] for k in ("label", "number", "value", "text")}, "folds": None}
