"""Forests as a handful of arrays: hundreds of trees, one object each, take seconds to write and to read again."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl_jupyter.errors import StoreError
from automl_jupyter.learners.log_target import LogTarget


@dataclass
class PackedTrees:
    """A fitted scikit-learn forest, or gradient boosting, with the nodes of all its trees laid end to end.

    Parameters
    ----------
    forest : estimator
        Without its trees.
    tree : estimator
        The first tree without its nodes: all others are like it.
    nodes : ndarray of shape (n_nodes,)
        scikit-learn's own node records.
    values : ndarray of shape (n_nodes, n_outputs, n_classes)
        What each node predicts.
    counts, depths : ndarray of shape (n_trees,)
        Nodes and depth of each tree.
    shape : tuple of int
        How the forest holds its trees: ``(n,)`` for a list, ``(n, k)`` for an array.
    """

    forest: Any
    tree: Any
    nodes: np.ndarray
    values: np.ndarray
    counts: np.ndarray
    depths: np.ndarray
    shape: tuple[int, ...]


def pack(estimator: Any) -> Any:
    """Return a fitted forest as `PackedTrees`, inside a `LogTarget` too; anything else as it is."""
    if isinstance(estimator, LogTarget):
        return _with_inner(estimator, pack(estimator.estimator))
    trees = getattr(estimator, "estimators_", None)
    if trees is None or not len(trees) or not hasattr(np.ravel(np.asarray(trees, dtype=object))[0], "tree_"):
        return estimator
    flat = list(np.ravel(np.asarray(trees, dtype=object)))
    states = [t.tree_.__getstate__() for t in flat]
    return PackedTrees(
        _without(estimator, "estimators_", "estimator_"),
        _without(flat[0], "tree_"),
        np.concatenate([s["nodes"] for s in states]),
        np.concatenate([s["values"] for s in states]),
        np.asarray([s["node_count"] for s in states]),
        np.asarray([s["max_depth"] for s in states]),
        trees.shape if isinstance(trees, np.ndarray) else (len(flat),),
    )


def unpack(value: Any) -> Any:
    """Return the forest `pack` made, or any other value as it is.

    Raises
    ------
    StoreError
        When the nodes do not make trees: what walks them does not look where it steps.
    """
    if isinstance(value, LogTarget):
        return _with_inner(value, unpack(value.estimator))
    if not isinstance(value, PackedTrees):
        return value
    from sklearn.tree._tree import Tree

    _check(value)
    n_classes = np.atleast_1d(np.asarray(getattr(value.tree, "n_classes_", 1), dtype=np.intp))
    ends = np.cumsum(value.counts)
    trees = []
    for start, end, depth in zip(ends - value.counts, ends, value.depths, strict=True):
        tree = Tree(int(value.tree.n_features_in_), n_classes, int(value.tree.n_outputs_))
        state = {"max_depth": int(depth), "node_count": int(end - start)}
        tree.__setstate__(state | {"nodes": value.nodes[start:end], "values": value.values[start:end]})
        one = copy.copy(value.tree)
        one.tree_ = tree
        trees.append(one)
    forest = value.forest
    if len(value.shape) == 1:
        forest.estimators_ = trees
    else:
        forest.estimators_ = np.empty(len(trees), dtype=object)
        forest.estimators_[:] = trees
        forest.estimators_ = forest.estimators_.reshape(value.shape)
    return forest


def _with_inner(outer: LogTarget, inner: Any) -> LogTarget:
    same = copy.copy(outer)
    same.estimator = inner
    return same


def _without(estimator: Any, *names: str) -> Any:
    bare = copy.copy(estimator)
    for name in names:
        bare.__dict__.pop(name, None)
    return bare


def _check(packed: PackedTrees) -> None:
    """Refuse steps out of a tree or beyond the features."""
    nodes, counts = packed.nodes, packed.counts
    whole = (
        len(counts) == len(packed.depths) == int(np.prod(packed.shape))
        and bool((counts > 0).all())
        and int(counts.sum()) == len(nodes) == len(packed.values)
    )
    if whole:
        most = np.repeat(counts, counts)
        inner = nodes["left_child"] != -1
        here = np.arange(len(nodes)) - np.repeat(np.cumsum(counts) - counts, counts)
        for child in (nodes["left_child"][inner], nodes["right_child"][inner]):
            whole = whole and bool(((child > here[inner]) & (child < most[inner])).all())
        feature = nodes["feature"][inner]
        # The forest checks the width of the rows it is given, its trees do not check again.
        width = min(packed.forest.n_features_in_, packed.tree.n_features_in_)
        whole = whole and bool(((feature >= 0) & (feature < width)).all())
    if not whole:
        raise StoreError("The nodes of a stored forest do not make trees; it was not loaded.")
