"""Which rows train and which validate."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl_jupyter.data.split import Validation, cut_holdout, make_folds, resolve_validation
from automl_jupyter.errors import DataError


def job(**values: Any) -> Any:
    return SimpleNamespace(**{"n_cross_validations": None, "validation_data_size": None, **values})


def table(n: int = 100, **values: Any) -> Any:
    y = values.pop("y", np.arange(n) % 2)
    defaults = {
        "y": np.asarray(y), "classes": np.array(["no", "yes"]), "groups": None, "times": None, "custom_folds": None,
        "n_rows": len(y), "n_training": len(y), "time": None,
    }  # fmt: skip
    return SimpleNamespace(**{**defaults, **values})


def folds(t: Any, j: Any = None, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    return make_folds(resolve_validation(j or job(), t), t, random_state=seed)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40_000) | st.sampled_from([999, 1_000, 20_000, 20_001]))
def test_number_of_rows_decides(n: int) -> None:
    found = resolve_validation(job(), table(n))
    expected = ("holdout", 1) if n > 20_000 else ("kfold", 3) if n >= 1_000 else ("kfold", min(10, max(2, n // 3)))
    assert (found.kind, found.n_folds) == expected
    assert found.size == (0.1 if n > 20_000 else None)
    assert found.reason


@pytest.mark.parametrize(("n", "expected"), [(29, 9), (30, 10), (999, 10), (1_000, 3), (20_000, 3), (20_001, 1)])
def test_boundary_rows(n: int, expected: int) -> None:
    assert resolve_validation(job(), table(n)).n_folds == expected


@pytest.mark.parametrize(
    ("asked", "values", "kind", "n_folds"),
    [
        ({"n_cross_validations": 4}, {}, "kfold", 4),
        ({"n_cross_validations": "auto"}, {}, "kfold", 10),
        ({"validation_data_size": 0.25}, {}, "holdout", 1),
        ({"validation_data_size": 0.25, "n_cross_validations": 7}, {}, "monte_carlo", 7),
        ({}, {"groups": np.arange(100) // 5}, "group_kfold", 10),
        ({}, {"groups": np.arange(100) // 25}, "group_kfold", 4),
        ({}, {"times": np.arange(100)}, "time", 5),
        ({"n_cross_validations": 8}, {"times": np.arange(100)}, "time", 8),
        ({"validation_data_size": 0.25, "n_cross_validations": 7}, {"times": np.arange(100)}, "time", 7),
        ({}, {"n_training": 80}, "validation_data", 1),
        ({}, {"custom_folds": np.arange(200).reshape(100, 2) % 3 > 0}, "custom", 2),
    ],
)
def test_what_is_asked_wins(asked: dict[str, Any], values: dict[str, Any], kind: str, n_folds: int) -> None:
    found = resolve_validation(job(**asked), table(100, **values))
    assert (found.kind, found.n_folds) == (kind, n_folds)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "are only 6 rows"),
        ({"groups": np.arange(6) // 2}, "are only 3 groups"),
        ({"times": np.arange(6) // 3}, "is only 1 step in time"),
    ],
)
def test_more_folds_than_there_can_be_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=f"7 folds were asked for, but there {message}\\."):
        resolve_validation(job(n_cross_validations=7), table(6, **values))


def test_two_times_make_one_fold() -> None:
    reason = resolve_validation(job(), table(100, times=np.arange(100) // 50)).reason
    assert "There is only 1 step in time to make folds of." in reason


def test_a_fold_of_a_small_table_has_several_rows() -> None:
    small = table(10)
    assert "no value on one row" in resolve_validation(job(), small).reason
    assert min(len(valid) for _, valid in folds(small)) == 3
    assert resolve_validation(job(n_cross_validations=10), small).n_folds == 10


def test_one_group_cannot_be_split() -> None:
    for asked in (job(), job(n_cross_validations=3)):
        with pytest.raises(DataError, match=r"^group_column_name: All rows are of one group: none can be held out"):
            resolve_validation(asked, table(50, groups=np.zeros(50)))
    with pytest.raises(DataError, match=r"too few rows to validate on \(1 row\)"):
        resolve_validation(job(), table(1, groups=np.zeros(1)))
    with pytest.raises(DataError, match="All rows are of one group"):
        folds(table(50, groups=np.zeros(50)), job(validation_data_size=0.2))


class_sizes = st.lists(st.integers(1, 40), min_size=2, max_size=8)


@settings(max_examples=80, deadline=None)
@given(class_sizes, st.integers(2, 10), st.integers(0, 5))
def test_class_folds_cover_every_row_and_keep_every_class(sizes: list[int], k: int, seed: int) -> None:
    y = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    k = min(k, len(y))
    t = table(y=y)
    found = make_folds(Validation("kfold", k, None, True, ""), t, random_state=seed)
    assert sorted(np.concatenate([v for _, v in found]).tolist()) == list(range(len(y)))
    lengths = [len(v) for _, v in found]
    assert max(lengths) - min(lengths) <= 1
    for train, valid in found:
        assert sorted([*train.tolist(), *valid.tolist()]) == list(range(len(y)))
        held = np.bincount(y[valid], minlength=len(sizes))
        for code, size in enumerate(sizes):
            assert abs(held[code] - size / k) < 1
            assert size < 2 or code in y[train]


@settings(max_examples=80, deadline=None)
@given(class_sizes, st.floats(0.01, 0.9), st.integers(0, 5))
def test_class_holdout_gives_every_class_its_share(sizes: list[int], size: float, seed: int) -> None:
    y = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    kept, aside = cut_holdout(len(y), size, random=np.random.default_rng(seed), codes=y)
    assert sorted([*kept.tolist(), *aside.tolist()]) == list(range(len(y)))
    assert len(kept) >= 1
    assert len(aside) >= 1
    if max(sizes) > 1:
        assert set(y[kept]) == set(range(len(sizes)))
        room = len(y) - len(sizes)
        assert len(aside) == min(max(round(len(y) * size), 1), len(y) - 1, room)


@pytest.mark.parametrize("rare", [2, 3, 6])
def test_a_rare_class_is_judged(rare: int) -> None:
    y = np.array([0] * 12_000 + [1] * 8_000 + [2] * rare)
    kept, aside = cut_holdout(len(y), 0.1, random=np.random.default_rng(0), codes=y)
    assert len(aside) == round(0.1 * len(y))
    assert (y[aside] == 2).any()
    assert (y[kept] == 2).any()


@pytest.mark.parametrize("seed", range(10))
def test_groups_held_out_hold_every_class(seed: int) -> None:
    """One label a group, and four groups of fifty with the rarer one."""
    groups = np.repeat(np.arange(50), 400)
    y = (groups % 50 < 4).astype(np.int64)
    kept, aside = cut_holdout(len(y), 0.1, random=np.random.default_rng(seed), codes=y, groups=groups)
    assert not np.intersect1d(groups[kept], groups[aside]).size
    assert len(aside) == 2000
    assert set(y[aside]) == {0, 1}


def test_a_huge_group_is_not_held_out_whole() -> None:
    groups = np.r_[np.zeros(15_000, dtype=np.int64), np.repeat(np.arange(1, 51), 100)]
    for seed in range(20):
        kept, aside = cut_holdout(len(groups), 0.1, random=np.random.default_rng(seed), groups=groups)
        assert 1_800 <= len(aside) <= 2_200
        assert 0 in groups[kept]


def test_sizes_are_those_of_the_reference() -> None:
    kept, aside = cut_holdout(1000, 0.1, random=np.random.default_rng(0), codes=np.arange(1000) % 2)
    assert (len(kept), len(aside)) == (900, 100)
    kept, aside = cut_holdout(900, 0.1, random=np.random.default_rng(0))
    assert (len(kept), len(aside)) == (810, 90)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=3, max_size=30), st.integers(2, 6), st.booleans(), st.integers(0, 3))
def test_groups_stay_whole_and_no_fold_is_empty(sizes: list[int], k: int, classes: bool, seed: int) -> None:
    random = np.random.default_rng(seed)
    groups = random.permutation(np.repeat(np.arange(len(sizes)), sizes))
    t = table(y=random.integers(0, 3, len(groups)), groups=groups, classes=np.arange(3) if classes else None)
    k = min(k, len(sizes))
    found = make_folds(Validation("group_kfold", k, None, classes, ""), t, random_state=seed)
    assert sorted(np.concatenate([v for _, v in found]).tolist()) == list(range(len(groups)))
    for train, valid in found:
        assert len(valid) > 0
        assert not set(groups[train]) & set(groups[valid])
    ((train, valid),) = make_folds(Validation("holdout", 1, 0.2, False, ""), t, random_state=seed)
    assert not set(groups[train]) & set(groups[valid])
    assert min(len(train), len(valid)) > 0


def test_group_folds_keep_the_shares_of_classes() -> None:
    groups = np.repeat(np.arange(60), 10)
    y = np.repeat((np.arange(60) % 6 == 0).astype(int), 10)
    shares = [y[v].mean() for _, v in folds(table(y=y, groups=groups), job(n_cross_validations=5))]
    assert shares == pytest.approx([1 / 6] * 5)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=8, max_size=80), st.integers(1, 6))
def test_time_folds_validate_on_later_rows(instants: list[int], k: int) -> None:
    times = np.asarray(instants)
    k = min(k, len(set(instants)) - 1)
    if k < 1:
        return
    found = make_folds(
        Validation("time", k, None, False, ""), table(y=np.zeros(len(times)), times=times), random_state=0
    )
    assert len(found) == k
    seen: set[int] = set()
    for train, valid in found:
        assert len(valid) > 0
        assert times[train].max() < times[valid].min()
        assert seen <= set(train.tolist())
        seen = set(train.tolist()) | set(valid.tolist())
    assert seen == set(range(len(times)))


def test_time_holdout_is_the_last_block() -> None:
    times = np.random.default_rng(0).permutation(100)
    ((train, valid),) = folds(table(100, times=times), job(validation_data_size=0.1))
    assert sorted(times[valid]) == list(range(90, 100))
    assert len(train) == 90


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 6), st.integers(1, 4), st.integers(0, 5))
def test_groups_never_stand_on_both_sides_of_a_cut_in_time(length: int, k: int, seed: int) -> None:
    times = np.arange(60)
    groups = (times + np.random.default_rng(seed).integers(0, length, 60)) // length
    t = table(60, times=times, groups=groups)
    for asked in (job(n_cross_validations=k + 1), job(validation_data_size=0.2)):
        for train, valid in folds(t, asked):
            assert not set(groups[train]) & set(groups[valid])
            assert times[train].max() < times[valid].min()
            assert set(np.flatnonzero(times < times[valid].min())) - set(train) <= set(
                np.flatnonzero(np.isin(groups, groups[valid]))
            )
        assert "Rows whose group validates are left out" in resolve_validation(asked, t).reason


@pytest.mark.parametrize("asked", [{"n_cross_validations": 3}, {"validation_data_size": 0.2}])
def test_groups_of_all_times_leave_nothing_to_train_on(asked: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=r"No row is left to train on: every group .* Keep group_column_name or time"):
        folds(table(60, times=np.arange(60), groups=np.arange(60) % 4), job(**asked))


def test_one_instant_cannot_be_split() -> None:
    for asked in (job(), job(n_cross_validations=3)):
        with pytest.raises(DataError, match=r"^time_column_name: All rows are at one instant: none can be held out"):
            resolve_validation(asked, table(60, times=np.zeros(60)))
    with pytest.raises(DataError, match="too few different times"):
        folds(table(30, times=np.zeros(30)), job(validation_data_size=0.2))


def test_monte_carlo_splits_differ() -> None:
    found = folds(table(100), job(validation_data_size=0.2, n_cross_validations=5))
    assert {len(v) for _, v in found} == {20}
    assert len({tuple(v) for _, v in found}) == 5
    assert all(np.bincount([i % 2 for i in v]).tolist() == [10, 10] for _, v in found)


def test_regression_folds_span_the_values() -> None:
    y = np.sort(np.random.default_rng(0).normal(size=90))
    for _, valid in folds(table(y=y, classes=None), job(n_cross_validations=3)):
        assert len(valid) == 30
        assert np.histogram(y[valid], bins=np.quantile(y, [0, 1 / 3, 2 / 3, 1]))[0].tolist() == [10, 10, 10]


def test_given_folds_are_used_as_they_are() -> None:
    custom = np.array([[True, False], [True, True], [False, True]])
    found = folds(table(3, custom_folds=custom))
    assert [(t.tolist(), v.tolist()) for t, v in found] == [([0, 1], [2]), ([1, 2], [0])]
    ((train, valid),) = folds(table(10, n_training=7))
    assert (train.tolist(), valid.tolist()) == ([0, 1, 2, 3, 4, 5, 6], [7, 8, 9])


def test_same_seed_same_folds() -> None:
    def key(seed: int) -> list[list[int]]:
        return [v.tolist() for _, v in folds(table(200), seed=seed)]

    assert key(3) == key(3)
    assert key(3) != key(4)
