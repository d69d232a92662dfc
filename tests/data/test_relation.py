"""How well one column alone tells the target."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl_jupyter.data.relation import relation_to_target

RANDOM = np.random.default_rng(0)
NOISE = RANDOM.normal(size=3000)


@pytest.mark.parametrize(
    ("column", "least", "most"),
    [
        (pd.Series(NOISE * 3 + 1), 0.98, 1.0),
        (pd.Series(-np.exp(NOISE)), 0.98, 1.0),  # any order-keeping change of it
        (pd.Series(NOISE + RANDOM.normal(size=3000)), 0.3, 0.7),
        (pd.Series(RANDOM.normal(size=3000)), 0.0, 0.02),
        (pd.Series(pd.Categorical(RANDOM.integers(0, 2000, 3000).astype(str))), 0.0, 0.02),  # many levels, no meaning
        (pd.Series([np.nan] * 3000), 0.0, 0.0),
        (pd.Series(np.where(NOISE > 1, np.nan, 1.0)), 0.25, 0.6),  # that a value is missing tells something
    ],
)
def test_relation_to_values(column: pd.Series, least: float, most: float) -> None:
    found = relation_to_target(column, NOISE, n_classes=None)
    assert found is not None
    assert least <= found <= most


def test_relation_to_classes() -> None:
    codes = np.digitize(NOISE, [-1, 1])
    names = pd.Series(pd.Categorical(np.array(["low", "middle", "high"])[codes]))
    assert relation_to_target(names, codes, n_classes=3) > 0.99
    assert relation_to_target(names, (codes > 1).astype(int), n_classes=2) > 0.99
    assert relation_to_target(pd.Series(RANDOM.normal(size=3000)), codes, n_classes=3) < 0.1


def test_relation_to_many_classes_looks_at_the_largest(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    large = np.arange(5000) % 10 < 5
    codes = np.where(large, 900 + np.arange(5000) % 5, random.integers(0, 900, 5000))
    column = pd.Series(np.where(large, codes, random.normal(900, 20, 5000)))
    every = relation_to_target(column, codes, n_classes=905)
    looked_at: list[float] = []
    monkeypatch.setattr("automl_jupyter.data.relation._auc", lambda _, is_class: looked_at.append(is_class.sum()) or 1)
    assert relation_to_target(column, codes, n_classes=905) == 1.0
    assert len(looked_at) == 50
    assert looked_at[:5] == [500] * 5
    assert every is not None
    assert every > 0.5


def test_relation_of_dates_and_texts() -> None:
    days = pd.Series(np.datetime64("2020-01-01", "ns") + (NOISE * 1e6).astype("timedelta64[s]"))
    assert relation_to_target(days, NOISE, n_classes=None) > 0.98
    assert relation_to_target(pd.Series(["some words"] * 3000), NOISE, n_classes=None) is None


def test_one_target_value_is_told_by_nothing() -> None:
    assert relation_to_target(pd.Series(NOISE), np.ones(3000), n_classes=None) == 0.0
    assert relation_to_target(pd.Series(NOISE), np.zeros(3000, dtype=int), n_classes=2) == 0.0


def test_a_rare_value_is_told_from_a_frequent_one() -> None:
    rare = np.arange(5000) % 70 == 0  # fewer than one in 64
    y = rare.astype(int)
    for column in (y.astype(np.float32), np.where(rare, 1.0 + np.arange(5000), 0.0)):
        found = relation_to_target(pd.Series(column), y, n_classes=2)
        assert found is not None
        assert found > 0.99
