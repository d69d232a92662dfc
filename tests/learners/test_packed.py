"""Forests as arrays: the same predictions come back, and nodes that make no trees are refused."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression

from automl_jupyter.errors import StoreError
from automl_jupyter.learners.forest.packed import PackedTrees, pack, unpack
from automl_jupyter.trials import artifacts

FORESTS = [
    RandomForestClassifier(7, random_state=0),
    ExtraTreesClassifier(7, random_state=0),
    GradientBoostingClassifier(n_estimators=5, random_state=0),
    RandomForestRegressor(7, random_state=0),
    ExtraTreesRegressor(7, random_state=0),
    GradientBoostingRegressor(n_estimators=5, random_state=0),
]


def fitted(forest: Any) -> tuple[Any, np.ndarray]:
    X, y = load_iris(return_X_y=True) if hasattr(forest, "predict_proba") else load_diabetes(return_X_y=True)
    X = X.copy()
    X[::9, 0] = np.nan if "GradientBoosting" not in type(forest).__name__ else 0
    return forest.fit(X, y), X


@pytest.mark.parametrize("forest", FORESTS, ids=lambda f: type(f).__name__)
def test_a_forest_comes_back_from_its_file_and_predicts_the_same(forest: Any, tmp_path: Path) -> None:
    model, X = fitted(forest)
    artifacts.save(tmp_path / "forest.skops", model)
    again = artifacts.load(tmp_path / "forest.skops")
    assert type(again) is type(model)
    assert len(model.estimators_) == len(again.estimators_), "the model that was written keeps its trees"
    ask = "predict_proba" if hasattr(model, "predict_proba") else "predict"
    np.testing.assert_array_equal(getattr(again, ask)(X), getattr(model, ask)(X))
    np.testing.assert_array_equal(again.feature_importances_, model.feature_importances_)


@pytest.mark.parametrize("value", [LogisticRegression(), RandomForestClassifier(), None, {"a": 1}])
def test_what_has_no_trees_is_left_alone(value: Any) -> None:
    assert pack(value) is value
    assert unpack(value) is value


def test_of_many_classes_a_forest_writes_those_a_node_has(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(900, 3)), np.arange(900) % 300
    model = RandomForestClassifier(3, random_state=0).fit(X, y)
    artifacts.save(tmp_path / "forest.skops", model)
    n_nodes = sum(t.tree_.node_count for t in model.estimators_)
    assert (tmp_path / "forest.skops").stat().st_size < 300 * 8 * n_nodes / 5
    again = artifacts.load(tmp_path / "forest.skops")
    for one, other in zip(again.estimators_, model.estimators_, strict=True):
        np.testing.assert_array_equal(one.tree_.value, other.tree_.value)


def damage(packed: PackedTrees, what: str) -> PackedTrees:
    nodes = packed.nodes.copy()
    inner = np.flatnonzero(nodes["left_child"] != -1)[0]
    if what in ("left_child", "right_child"):
        nodes[what][inner] = 10_000
    elif what == "a loop":
        nodes["left_child"][inner] = 0
    elif what == "feature":
        nodes["feature"][inner] = 99
    elif what == "a narrow forest":
        forest = copy.copy(packed.forest)
        forest.n_features_in_ = 1
        return replace(packed, forest=forest)
    elif what == "short":
        nodes = nodes[:-1]
    elif what == "counts":
        return replace(packed, counts=packed.counts * 2)
    elif what == "classes":
        return replace(packed, classes=packed.classes + np.uint8(3))
    elif what == "no classes":
        return replace(packed, classes=None)
    elif what == "present":
        return replace(packed, present=packed.present + np.uint8(1))
    elif what == "too many classes":
        tree = copy.copy(packed.tree)
        tree.n_classes_ = 10**9
        return replace(packed, tree=tree)
    else:
        return replace(packed, shape=(3,))
    return replace(packed, nodes=nodes)


@pytest.mark.parametrize(
    "what",
    [
        "left_child",
        "right_child",
        "a loop",
        "feature",
        "a narrow forest",
        "short",
        "counts",
        "shape",
        "classes",
        "no classes",
        "present",
        "too many classes",
    ],
)
def test_nodes_that_make_no_trees_are_refused(what: str) -> None:
    model, _ = fitted(RandomForestClassifier(7, random_state=0))
    with pytest.raises(StoreError, match="do not make trees"):
        unpack(damage(pack(model), what))
