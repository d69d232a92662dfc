"""Scores that cannot be told apart: the corrected t-test against its formula, and the marks on the leaderboard."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from automl_jupyter.results.snapshot import leaderboard_rows
from automl_jupyter.results.ties import is_tied
from automl_jupyter.results.words import score_words
from automl_jupyter.store import events as ev
from automl_jupyter.store.history import replay

SCORES = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=10)


@given(pairs=SCORES, share=st.floats(0, 1))
def test_the_corrected_t_test_is_the_written_formula(pairs: list[tuple[float, float]], share: float) -> None:
    best, other = [a for a, _ in pairs], [b for _, b in pairs]
    d = np.subtract(best, other)
    if d.var(ddof=1) < 1e-12:
        return
    k = len(d)
    t = d.mean() / math.sqrt((1 / k + share) * d.var(ddof=1))
    p = 2 * stats.t.sf(abs(t), k - 1)
    if abs(p - 0.05) > 1e-6:
        assert is_tied(best, other, share) == (p > 0.05)


@pytest.mark.parametrize(
    ("best", "other", "tied"),
    [
        ([0.9, 0.8], [0.9, 0.8], True),
        ([0.9, 0.8], [0.8, 0.7], False),
        ([0.9], [0.8], None),
        ([0.9, 0.8], [0.9], None),
        ([], [], None),
        ([0.9, 0.8, None], [0.8, 0.7, 0.9], False),
        ([0.9, None, 0.8, 0.7], [None, 0.9, 0.8, 0.7], True),
        ([0.9, None], [0.9, 0.8], None),
        ([None, 0.9, 0.8], [0.9, 0.8, None], None),
    ],
)
def test_edges(best: list[float | None], other: list[float | None], tied: bool | None) -> None:
    """Of folds where one has no score nothing can be said."""
    first, second = ([None if v is None else 0.5 * v for v in values] for values in (best, other))
    assert is_tied(first, second, 0.5) is tied


def test_ties_are_told_by_the_folds_that_both_have() -> None:
    events: list[ev.Event] = [ev.PlanMade(plan={"metric": {"name": "auc", "greater_is_better": True}})]
    scores: dict[int, list[float | None]] = {0: [0.9, 0.7, 0.8, 0.6], 1: [0.89, 0.69, 0.79, None]}
    for number, values in scores.items():
        events.append(ev.TrialQueued(number=number, learner="A", params={}, n_folds=4))
        events += [
            ev.FoldEnded(number=number, fold=f, metrics={"auc": v}, fit_s=1, predict_s=0, n_train=75, n_valid=25)
            for f, v in enumerate(values)
        ]
    folds = [{"auc": v} for v in (None, 0.6, 0.7, 0.5)]  # as an earlier version wrote it, with a mean
    events.append(
        ev.EnsembleSelected(
            ensemble="VotingEnsemble", members=[[0, 1.0]], metrics={"auc": 0.6}, fold_metrics=folds, complete=True
        )
    )
    rows = leaderboard_rows(replay(events))
    assert [(row["number"], row["rank"]) for row in rows] == [(0, 1), (None, 2), (1, None)]
    assert rows[1]["tied"] is False, "it is 0.1 lower on each fold that it has"


def test_a_tie_with_the_best_is_marked_and_the_best_itself_is_not() -> None:
    row = {"value": 0.9, "text": "0.9", "spread": 0.01, "tied": True}
    assert score_words({**row, "rank": 2}) == "0.9 ± 0.01 ≈"
    assert score_words({**row, "rank": 1}) == "0.9 ± 0.01"
    assert score_words({**row, "rank": 2, "tied": None}) == "0.9 ± 0.01"
