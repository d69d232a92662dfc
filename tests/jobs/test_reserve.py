"""What is kept back of the time for the refits of the final model."""

from __future__ import annotations

from dataclasses import replace

import pytest

from automl_jupyter.jobs.reserve import (
    MOST_REPLICAS,
    MOST_RESERVE,
    REFIT_SAFETY,
    refits_s,
    reserve_s,
    search_deadline_s,
)
from automl_jupyter.jobs.situation import Situation
from automl_jupyter.store.history import History, ModelRecord
from automl_jupyter.store.trial import FoldRecord, TrialRecord
from automl_jupyter.testing.simulation import make_plan

NOW = Situation(elapsed_s=50.0, n_slots=1)


def history(features_s: float, **fit_s: float) -> History:
    """Return what is known when the best model has a member of each learner, fitted on two thirds of the rows."""
    trials = {}
    for number, (learner, seconds) in enumerate(fit_s.items()):
        fold = FoldRecord(
            fold=0, metrics={}, fit_s=seconds, predict_s=0.0, n_train=20_000, n_valid=10_000, size_bytes=1,
            iterations=None, stopped_early=False, features_s=features_s,
        )  # fmt: skip
        trials[number] = TrialRecord(
            number=number, learner=learner, params={}, label=learner, recipe=f"recipe {number}", origin="opening",
            n_folds=3, folds=dict.fromkeys(range(3), fold),
        )  # fmt: skip
    parts = tuple({"trial": number, "weight": 0.5, "folds": [0, 1, 2]} for number in trials)
    return History(trials=trials, model=ModelRecord("VotingEnsemble", None, parts, {}, "anytime", None))


PLAN = make_plan(timeout_s=100.0, n_training=30_000)


def test_a_refit_takes_longer_by_the_rows_it_sees_more() -> None:
    fast = replace(PLAN, inference="fast")
    assert refits_s(fast, history(0.0, LightGBM=2.0), NOW) == pytest.approx(REFIT_SAFETY * 3.0)


@pytest.mark.parametrize(("iterations", "rounds", "share"), [(10, 40, 0.275), (39, 40, 1.0), (40, 10, 4.0)])
def test_a_refit_leaves_out_the_rounds_after_the_best_and_is_not_hurried(
    iterations: int, rounds: int, share: float
) -> None:
    plan, known = replace(PLAN, inference="fast"), history(0.0, LightGBM=2.0)
    fold = replace(known.trials[0].folds[0], iterations=iterations, rounds=rounds)
    known = replace(known, trials={0: replace(known.trials[0], folds=dict.fromkeys(range(3), fold))})
    assert refits_s(plan, known, NOW) == pytest.approx(REFIT_SAFETY * 3.0 * share)


def test_what_stays_beside_its_folds_is_fitted_again_once() -> None:
    """The average of a network's folds is steady; trees get refits with other seeds where the time is there."""
    both = refits_s(PLAN, history(0.0, NeuralNetwork=10.0, LightGBM=1.0), NOW)
    assert both == pytest.approx(REFIT_SAFETY * (15.0 + MOST_REPLICAS * 1.5))
    assert refits_s(PLAN, history(0.0, NeuralNetwork=10.0), NOW) == pytest.approx(REFIT_SAFETY * 15.0)


def test_replicas_do_not_make_their_features_again() -> None:
    without, with_features = (refits_s(PLAN, history(s, LightGBM=1.0), NOW) for s in (0.0, 4.0))
    assert with_features - without == pytest.approx(REFIT_SAFETY * 6.0)


def test_what_weighs_little_or_does_not_depend_on_its_seed_is_fitted_again_once() -> None:
    once = pytest.approx(REFIT_SAFETY * 1.5)
    assert refits_s(PLAN, history(0.0, LogisticRegression=1.0), NOW) == once
    light = history(0.0, LightGBM=1.0)
    part = {**light.model.parts[0], "weight": 0.1} if light.model else {}
    light = replace(light, model=ModelRecord("VotingEnsemble", None, (part,), {}, "anytime", None))
    assert refits_s(PLAN, light, NOW) == once


def test_few_replicas_are_planned_for_where_a_refit_is_dear() -> None:
    assert refits_s(PLAN, history(0.0, LightGBM=4.0), NOW) == pytest.approx(2 * REFIT_SAFETY * 6.0)
    assert refits_s(PLAN, history(0.0, LightGBM=8.0), NOW) == pytest.approx(REFIT_SAFETY * 12.0)


def test_replicas_on_a_worker_that_would_wait_take_no_time() -> None:
    known = history(0.0, LogisticRegression=8.0, LightGBM=2.0)
    assert refits_s(PLAN, known, replace(NOW, n_slots=2)) == pytest.approx(REFIT_SAFETY * 12.0)
    known = history(0.0, LogisticRegression=5.0, LightGBM=3.0)
    assert refits_s(PLAN, known, replace(NOW, n_slots=2)) == pytest.approx(REFIT_SAFETY * (7.5 + 4.5))


def test_no_time_is_kept_back_for_a_refit_that_would_not_fit() -> None:
    heavy, light = 20.0, 2.0
    both = history(0.0, LogisticRegression=heavy, ElasticNet=light)
    assert refits_s(PLAN, both, NOW, most_s=20.0) == pytest.approx(REFIT_SAFETY * 1.5 * light)
    assert refits_s(PLAN, both, NOW, most_s=1.0) == 0
    assert refits_s(PLAN, both, NOW) == pytest.approx(REFIT_SAFETY * 1.5 * (heavy + light))
    assert refits_s(PLAN, history(0.0, LightGBM=2.0), NOW, most_s=4.0) == pytest.approx(REFIT_SAFETY * 3.0)


def test_most_of_what_can_be_kept_back_is_a_share_of_the_time() -> None:
    for seconds in (0.1, 1.0, 5.0, 30.0, 300.0):
        known = history(0.0, LightGBM=seconds, NeuralNetwork=2 * seconds)
        for selection_s in (0.0, 30.0):
            kept = reserve_s(PLAN, known, replace(NOW, selection_s=selection_s), 100.0)
            assert kept <= MOST_RESERVE * 100.0


def test_the_end_of_the_search_is_worked_out_once_a_decision() -> None:
    asked: list[object] = []
    now = replace(NOW, predict_s=lambda *about: asked.append(about) or 1.0)  # type: ignore[func-returns-value]
    known = history(0.0, LightGBM=1.0)
    first, n = search_deadline_s(PLAN, known, now), len(asked)
    assert n
    assert first is not None
    assert search_deadline_s(PLAN, known, now) == first
    assert len(asked) == n
    assert (search_deadline_s(PLAN, history(0.0, LightGBM=2.0), now) or 0.0) < first
    assert (search_deadline_s(PLAN, known, replace(now, selection_s=5.0)) or 0.0) < first
