"""Trees of LightGBM that come from anywhere: those that it wrote itself are read, no other ones."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from automl_jupyter.errors import StoreError
from automl_jupyter.learners.light_gbm_model import LightGBMClassifier, LightGBMRegressor
from automl_jupyter.learners.light_gbm_text import check_text

RNG = np.random.default_rng(0)
X = np.column_stack([RNG.normal(size=(400, 3)), RNG.integers(0, 40, 400)])
y = (X[:, 0] + X[:, 3] % 3).round().astype(int) % 3


def text(n_rounds: int = 4, n_rows: int = 400, n_classes: int = 3, **params: Any) -> bytes:
    import lightgbm

    asked = {"verbosity": -1, "num_leaves": 5, "objective": "multiclass", "num_class": n_classes, **params}
    if n_classes < 3:
        asked = {**asked, "objective": "binary", "num_class": 1}
    data = lightgbm.Dataset(X[:n_rows], y[:n_rows] % n_classes, categorical_feature=[3], free_raw_data=False)
    booster = lightgbm.Booster(asked, data)
    for _ in range(n_rounds):
        booster.update()
    return str(booster.model_to_string()).encode()


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"n_classes": 2},
        {"n_classes": 2, "num_leaves": 2},
        {"n_classes": 2, "min_data_in_leaf": 300},
        {"n_classes": 2, "n_rounds": 0},
        {"boosting": "dart"},
        {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5},
        {"extra_trees": True, "max_cat_to_onehot": 100},
    ],
    ids=str,
)
def test_what_lightgbm_wrote_is_read(asked: dict[str, Any]) -> None:
    check_text(text(**asked))


def test_a_model_is_looked_at_when_it_is_read() -> None:
    for model in (LightGBMClassifier({"num_iterations": 5}), LightGBMRegressor({"num_iterations": 5})):
        model.fit(X, y)
        model._booster = None
        before = model.predict(X[:5])
        model._booster, model.model_bytes_ = None, _in_a_ring(model.model_bytes_)
        assert len(before) == 5
        with pytest.raises(StoreError, match="does not make trees"):
            model.predict(X[:5])


def _in_a_ring(content: bytes) -> bytes:
    """Return trees of the same sizes whose first split leads to itself."""
    return re.sub(rb"(left_child=)(-?\d+)", lambda m: m[1] + b"0" * len(m[2]), content, count=1)


def _with(pattern: bytes, by: bytes) -> bytes:
    """Return a model with another value at the first place that fits, of the same length, so that sizes stay right."""
    content = text()
    found = re.search(pattern, content)
    assert found is not None
    assert len(found[1]) == len(by), "or it is refused for its size"
    return content[: found.start(1)] + by + content[found.end(1) :]


@pytest.mark.parametrize(
    ("pattern", "by"),
    [
        (rb"split_feature=(\d)", b"9"),
        (rb"split_feature=(\d)", b"_"),
        (rb"left_child=(\d)", b"0"),
        (rb"right_child=(\d)", b"9"),
        (rb"cat_boundaries=0 (\d)", b"9"),
        (rb"num_cat=(\d)", b"0"),
        (rb"(is_linear=0)", b"is_linear=1"),
        (rb"\nshrinkage(=)", b"_"),
        (rb"(num_leaves)=5", b"num_bloods"),
        (rb"num_class=(3)", b"9"),
        (rb"max_feature_idx=(\d)", b"1"),
        (rb"tree_sizes=(\d)", b"9"),
        (rb"tree_sizes=\d+( )", b"0"),
        (rb"leaf_value=\S+( )", b"0"),
        (rb"leaf_count=\d+( )", b"\r"),
        (rb"(internal_value)", b"split_feature="[:14]),
    ],
)
def test_trees_that_lead_astray_are_refused(pattern: bytes, by: bytes) -> None:
    with pytest.raises(StoreError, match="does not make trees"):
        check_text(_with(pattern, by))


@pytest.mark.parametrize("content", [b"", b"tree\n", b"tree\nTree=0\n\n", b"\xff" * 100])
def test_what_is_no_model_is_refused(content: bytes) -> None:
    with pytest.raises(StoreError, match="does not make trees"):
        check_text(content)


@pytest.mark.parametrize(
    "said",
    [
        b"max_feature_idx=9_9",
        b"max_feature_idx=4294967299",
        b"max_feature_idx=99\nmax_feature_idx",
        b"max_feature_idx=99\n=max_feature_idx=3",
    ],
)
def test_a_size_that_lightgbm_would_read_otherwise_is_refused(said: bytes) -> None:
    content = text()
    assert content.count(b"\nmax_feature_idx=3\n") == 1
    with pytest.raises(StoreError, match="does not make trees"):
        check_text(content.replace(b"\nmax_feature_idx=3\n", b"\n" + said + b"\n"))


def test_sizes_of_trees_that_are_not_there_are_refused() -> None:
    content = text(n_classes=2, n_rounds=0)
    assert content.count(b"\ntree_sizes=\n") == 1
    with pytest.raises(StoreError, match="does not make trees"):
        check_text(content.replace(b"\ntree_sizes=\n", b"\ntree_sizes=0 99999999 9\nnot_tree_sizes=\n"))
