from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl_jupyter.search.stopping import reached, stalled


def first_stop(scores: list[float | None]) -> int | None:
    """After how many trials a search with these scores stops."""
    return next((n for n in range(len(scores) + 1) if stalled(scores[:n])), None)


def test_the_earliest_stop_is_after_the_31st_trial() -> None:
    assert first_stop([0.5] * 100) == 31


@pytest.mark.parametrize("at", range(1, 60))
def test_a_search_stops_ten_trials_after_its_last_improvement(at: int) -> None:
    scores: list[float | None] = [i / 100 for i in range(1, at + 1)] + [0.0] * 50
    assert first_stop(scores) == max(31, at + 10)


def test_a_steadily_better_search_never_stops() -> None:
    assert first_stop([i / 1000 for i in range(500)]) is None


def test_trials_without_a_score_are_no_improvement() -> None:
    assert first_stop([0.5] + [None] * 60) == 31
    assert first_stop([None] * 60) is None


@given(st.lists(st.one_of(st.none(), st.floats(-10, 10)), max_size=60))
def test_the_rule_as_it_is_written(scores: list[float | None]) -> None:
    def best(some: list[float | None]) -> float | None:
        return max((s for s in some if s is not None), default=None)

    unchanged = len(scores) >= 31 and best(scores[:-10]) is not None and best(scores) == best(scores[:-10])
    assert stalled(scores) == unchanged


@pytest.mark.parametrize(
    ("score", "asked", "greater", "enough"),
    [(0.9, 0.9, True, True), (0.89, 0.9, True, False), (-0.3, 0.3, False, True), (-0.31, 0.3, False, False)],
)
def test_an_exit_score_is_the_metrics_own_value(score: float, asked: float, greater: bool, enough: bool) -> None:
    assert reached(score, asked, greater) is enough
