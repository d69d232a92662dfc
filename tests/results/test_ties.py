"""Scores that cannot be told apart: the corrected t-test against its formula, and the marks on the leaderboard."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from automl_jupyter.results.ties import is_tied
from automl_jupyter.results.words import score_words

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
    ],
)
def test_edges(best: list[float], other: list[float], tied: bool | None) -> None:
    assert is_tied([0.5 * b for b in best], [0.5 * o for o in other], 0.5) is tied


def test_a_tie_with_the_best_is_marked_and_the_best_itself_is_not() -> None:
    row = {"value": 0.9, "text": "0.9", "spread": 0.01, "tied": True}
    assert score_words({**row, "rank": 2}) == "0.9 ± 0.01 ≈"
    assert score_words({**row, "rank": 1}) == "0.9 ± 0.01"
    assert score_words({**row, "rank": 2, "tied": None}) == "0.9 ± 0.01"
