"""What a controller's search learns from fits that ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from automl_jupyter.jobs.search import Search
from automl_jupyter.jobs.situation import HOPELESS
from automl_jupyter.store.history import History
from automl_jupyter.store.trial import FoldRecord, TrialRecord
from automl_jupyter.testing.simulation import make_plan


def fitted(fit_s: float, *, stopped_early: bool, rounds: int | None = None) -> TrialRecord:
    fold = FoldRecord(
        fold=0, metrics={}, fit_s=fit_s, predict_s=0.0, n_train=20_000, n_valid=10_000, size_bytes=1,
        iterations=5, stopped_early=stopped_early, rounds=rounds,
    )  # fmt: skip
    return TrialRecord(
        number=1, learner="LightGBM", params={}, label="LightGBM", recipe="tree", origin="opening", n_folds=3,
        folds={0: fold},
    )  # fmt: skip


def test_a_fit_that_the_time_cut_short_does_not_make_others_look_cheap() -> None:
    plan = make_plan(timeout_s=60.0, n_training=30_000)
    before = Search(plan).predict_s("LightGBM", {}, 20_000)
    assert before is not None
    for stopped_early, expected in ((False, 0.5 * before), (True, before)):
        search = Search(plan)
        for _ in range(20):
            search.observe(fitted(0.5 * before, stopped_early=stopped_early))
        assert search.predict_s("LightGBM", {}, 20_000) == pytest.approx(expected, rel=0.15)
    slow = Search(plan)
    for _ in range(20):
        slow.observe(fitted(4.0 * before, stopped_early=True))
    assert slow.predict_s("LightGBM", {}, 20_000) == pytest.approx(4.0 * before, rel=0.2), "it took that much at least"


def test_a_fit_that_was_hurried_through_its_schedule_counts_as_the_whole_of_it() -> None:
    plan = make_plan(timeout_s=60.0, n_training=30_000)
    before = Search(plan).predict_s("LightGBM", {}, 20_000)
    assert before is not None
    for rounds, expected in ((2, before), (5, 0.4 * before), (50, 0.4 * before)):
        search = Search(plan)
        for _ in range(20):
            search.observe(fitted(0.4 * before, stopped_early=False, rounds=rounds))
        assert search.predict_s("LightGBM", {}, 20_000) == pytest.approx(expected, rel=0.15)


def test_a_job_that_goes_on_knows_what_its_fits_cost() -> None:
    plan = make_plan(timeout_s=60.0, n_training=30_000)
    before = Search(plan).predict_s("LightGBM", {}, 20_000)
    assert before is not None
    trial = fitted(4.0 * before, stopped_early=False)
    trials = {n: replace(trial, number=n, folds=dict.fromkeys(range(n), trial.folds[0])) for n in range(4)}
    seen, again = Search(plan), Search(plan)
    for n in (1, 2, 3):
        for _ in range(n):
            seen.observe(trials[n])
    again.recall(History(trials=trials))
    assert again.predict_s("LightGBM", {}, 20_000) == pytest.approx(seen.predict_s("LightGBM", {}, 20_000))


def test_proposals_are_of_what_a_fit_has_the_time_for() -> None:
    """With two seconds left, a worker is given something small and does not stand idle."""
    plan = make_plan(timeout_s=60.0, n_training=100_000, learners=("LightGBM", "LogisticRegression"))
    search, numbers = Search(plan), range(20)

    def longest_s(fit_s: float | None) -> float:
        made = [search.propose(number, History(), fit_s) for number in numbers]
        return max(search.predict_s(c.learner, c.params, plan.fold_rows) or 0.0 for c in made)

    assert longest_s(2.0) <= HOPELESS * 2.0 < longest_s(None)


def test_proposals_are_of_what_a_worker_has_the_memory_for() -> None:
    learners = ("LightGBM", "DecisionTree")
    plan = make_plan(timeout_s=60.0, n_training=1_000_000, n_features=100, learners=learners)
    search = Search(plan)
    assert {search.propose(n, History(), 1e6).learner for n in range(20)} == set(learners)
    assert {search.propose(n, History(), 1e6, 2e9).learner for n in range(20)} == {"DecisionTree"}
