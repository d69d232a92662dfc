"""Forests as arrays: the same predictions come back, and nodes that make no trees are refused."""

from __future__ import annotations

import copy
from collections.abc import Callable
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
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.tree._tree import Tree
from skops.io import dumps

from automl_jupyter.errors import StoreError
from automl_jupyter.learners.forest.packed import PackedTrees, pack, unpack
from automl_jupyter.learners.log_target import LogTarget
from automl_jupyter.trials import artifacts
from automl_jupyter.trials.forecasters import PooledForecaster

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
    elif what == "depths":
        return replace(packed, depths=packed.depths - 1)
    elif what == "two parents":
        nodes["right_child"][inner] = nodes["left_child"][inner]
    elif what == "no outputs":
        tree = copy.copy(packed.tree)
        tree.n_outputs_ = 0
        return replace(packed, tree=tree)
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
        "depths",
        "two parents",
        "no outputs",
    ],
)
def test_nodes_that_make_no_trees_are_refused(what: str) -> None:
    model, _ = fitted(RandomForestClassifier(7, random_state=0))
    with pytest.raises(StoreError, match="do not make trees"):
        unpack(damage(pack(model), what))


@pytest.mark.parametrize("forest", [FORESTS[2], FORESTS[5]], ids=lambda f: type(f).__name__)
@pytest.mark.parametrize("width", ["as it was", "as wide"])
@pytest.mark.parametrize("packs", [True, False])
def test_trees_beside_what_they_add_to_are_refused(forest: Any, width: str, packs: bool, tmp_path: Path) -> None:
    """Each tree of a round adds to a column of its own, whether there is one or not."""
    model, _ = fitted(copy.deepcopy(forest))
    n_trees = model.estimators_.size
    model.estimators_ = model.estimators_.reshape(1, n_trees)
    if width == "as wide":
        model.n_trees_per_iteration_ = n_trees
    (tmp_path / "forest.skops").write_bytes(artifacts.dump(model) if packs else dumps(model))
    with pytest.raises(StoreError, match="do not make trees"):
        artifacts.load(tmp_path / "forest.skops")


def test_what_a_boosted_forest_begins_with_may_be_nothing(tmp_path: Path) -> None:
    model, X = fitted(GradientBoostingClassifier(n_estimators=2, init="zero", random_state=0))
    artifacts.save(tmp_path / "forest.skops", model)
    np.testing.assert_array_equal(artifacts.load(tmp_path / "forest.skops").predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize("forest", [*FORESTS, DecisionTreeRegressor(), DecisionTreeClassifier()], ids=repr)
@pytest.mark.parametrize("where", ["alone", "inside"])
def test_trees_that_are_written_one_by_one_come_back(forest: Any, where: str, tmp_path: Path) -> None:
    """As forecasters hold them, and as forests were written before they were packed."""
    model, X = fitted(copy.deepcopy(forest))
    (tmp_path / "part.skops").write_bytes(dumps(model if where == "alone" else {"a": [model, model]}))
    again = artifacts.load(tmp_path / "part.skops")
    np.testing.assert_array_equal((again if where == "alone" else again["a"][0]).predict(X), model.predict(X))


def tampered(model: Any, what: str) -> Any:
    """Return a fitted tree with another node record, depth, or width."""
    state = model.tree_.__getstate__()
    nodes = state["nodes"].copy()
    inner = np.flatnonzero(nodes["left_child"] != -1)[-1]
    if what in ("left_child", "feature"):
        nodes[what][inner] = 10**8
    elif what == "empty":
        nodes, state["values"], state["node_count"] = nodes[:0], state["values"][:0], 0
    elif what == "depth":
        state["max_depth"] = 0
    elif what == "width":
        model.n_features_in_ = 1
    elif what == "no width":
        del model.n_features_in_
    tree = Tree(model.tree_.n_features, model.tree_.n_classes, model.tree_.n_outputs)
    tree.__setstate__({**state, "nodes": nodes})
    model.tree_ = tree
    return model


def in_forecaster(tree: Any) -> PooledForecaster:
    """Return something that forecasts by a tree, as far as a file is concerned."""
    forecaster = PooledForecaster.__new__(PooledForecaster)
    forecaster.estimator_ = tree
    return forecaster


TAMPERED = ["left_child", "feature", "empty", "depth", "width", "no width"]
HIDDEN: dict[str, Callable[[Any], Any]] = {
    "alone": lambda tree: tree,
    "in a logarithm": LogTarget,
    "in a forecaster": in_forecaster,
    "in lists": lambda tree: {"a": [(tree,)]},
    "in an array": lambda tree: np.array([tree, None], dtype=object),
}


@pytest.mark.parametrize("what", TAMPERED)
@pytest.mark.parametrize("where", HIDDEN)
def test_a_tampered_tree_is_refused_wherever_it_is(what: str, where: str, tmp_path: Path) -> None:
    model, _ = fitted(DecisionTreeRegressor(max_depth=3))
    (tmp_path / "part.skops").write_bytes(dumps(HIDDEN[where](tampered(model, what))))
    with pytest.raises(StoreError, match="do not make trees"):
        artifacts.load(tmp_path / "part.skops")


@pytest.mark.parametrize("what", TAMPERED)
@pytest.mark.parametrize("forest", [FORESTS[3], FORESTS[5]], ids=lambda f: type(f).__name__)
def test_so_is_one_in_a_forest_that_was_not_packed(forest: Any, what: str, tmp_path: Path) -> None:
    model, _ = fitted(copy.deepcopy(forest))
    tampered(np.ravel(model.estimators_)[-1], what)
    (tmp_path / "part.skops").write_bytes(dumps({"a": model}))
    with pytest.raises(StoreError, match="do not make trees"):
        artifacts.load(tmp_path / "part.skops")


def test_a_forest_narrower_than_its_trees_is_refused(tmp_path: Path) -> None:
    model, _ = fitted(RandomForestRegressor(3, random_state=0))
    model.n_features_in_ = 1
    (tmp_path / "part.skops").write_bytes(dumps([model]))
    with pytest.raises(StoreError, match="do not make trees"):
        artifacts.load(tmp_path / "part.skops")


@pytest.mark.parametrize(
    "kind", [lambda tree: tree, lambda tree: [tree], lambda tree: FunctionTransformer(tree.predict)]
)
def test_a_tree_without_an_estimator_that_looks_at_the_rows_is_refused(
    kind: Callable[[Any], Any], tmp_path: Path
) -> None:
    model, _ = fitted(DecisionTreeRegressor(max_depth=3))
    (tmp_path / "part.skops").write_bytes(dumps(kind(model.tree_)))
    with pytest.raises(StoreError, match=r"do not make trees|which is no part of a fitted model"):
        artifacts.load(tmp_path / "part.skops")


@pytest.mark.parametrize("algorithm", ["kd_tree", "ball_tree"])
@pytest.mark.parametrize("what", ["nothing", "rows", "nodes", "leaves", "bounds", "classes", "neighbours"])
def test_neighbours_beyond_the_rows_are_refused(algorithm: str, what: str, tmp_path: Path) -> None:
    X, y = load_iris(return_X_y=True)
    model = KNeighborsClassifier(3, algorithm=algorithm, leaf_size=10).fit(X, y)
    said = model.predict_proba(X)
    state = list(model._tree.__getstate__())
    state[1:4] = [part.copy() for part in state[1:4]]
    if what == "rows":
        state[1][0] = 10**8
    elif what == "nodes":
        state[2]["idx_end"][-1] = 10**8
    elif what == "leaves":
        state[2]["is_leaf"][-1] = 0
    elif what == "bounds":
        state[3] = state[3][:, :1].copy()
    elif what == "classes":
        model._y = model._y + 5
    elif what == "neighbours":
        model.n_neighbors = 0
    tree = type(model._tree).__new__(type(model._tree))
    tree.__setstate__(tuple(state))
    model._tree = tree
    (tmp_path / "part.skops").write_bytes(dumps({"a": [model]}))
    if what == "nothing":
        np.testing.assert_array_equal(artifacts.load(tmp_path / "part.skops")["a"][0].predict_proba(X), said)
        return
    with pytest.raises(StoreError, match="lie where there are none"):
        artifacts.load(tmp_path / "part.skops")
