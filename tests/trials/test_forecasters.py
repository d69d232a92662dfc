"""Which past values a pooled model looks at."""

from __future__ import annotations

from typing import Any

import pytest

from automl_jupyter.trials.forecasters import lag_set

ABOUT: dict[str, Any] = {"season": 7, "seasons": [7, 365], "shortest": 100}


@pytest.mark.parametrize("name", ["usual", "short", "long"])
def test_lags_that_were_asked_for_are_all_there_are(name: str) -> None:
    found = lag_set(name, {**ABOUT, "target_lags": [1, 7], "target_windows": [5]})
    assert (found["lags"], found["windows"], found["seasons"], found["extremes"]) == ([1, 7], [5], [], True)
    found = lag_set(name, {**ABOUT, "target_lags": [], "target_windows": []})
    assert (found["lags"], found["windows"], found["seasons"], found["extremes"]) == ([], [], [], False)
    for other in ({"target_lags": []}, {"target_windows": []}):
        found = lag_set(name, {**ABOUT, "target_lags": None, "target_windows": None, **other})
        assert (found["lags"], found["windows"], found["seasons"]) == ([], [], [])


def test_sets_differ_where_nothing_was_asked_for() -> None:
    asked = {**ABOUT, "target_lags": None, "target_windows": None}
    assert [len(lag_set(name, asked)["lags"]) for name in ("short", "usual", "long")] == [3, 8, 28]
    assert lag_set("usual", asked)["windows"] == [4, 7, 14]
