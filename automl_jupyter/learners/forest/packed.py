"""Forests as a handful of arrays: hundreds of trees, one object each, take seconds to write and to read again."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl_jupyter.learners.forest.nodes import are_trees, check_stages, check_trees, refuse
from automl_jupyter.learners.log_target import LogTarget

#: up to so many classes are written for every node, of more those that are present in it
MOST_DENSE_CLASSES = 2
#: bytes that the values of all nodes and classes may come to: more than any forest that was fitted here
MOST_DENSE_BYTES = 8e9


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
    values : ndarray of shape (n_nodes, n_outputs, n_classes), or (n_present,)
        What each node predicts; of several classes those that are present in it, most nodes being deep and pure.
    counts, depths : ndarray of shape (n_trees,)
        Nodes and depth of each tree.
    shape : tuple of int
        How the forest holds its trees: ``(n,)`` for a list, ``(n, k)`` for an array.
    present : ndarray of shape (n_nodes,), optional
        How many classes there are in each node, where `values` has these alone.
    classes : ndarray of shape (n_present,), optional
        Which they are.
    """

    forest: Any
    tree: Any
    nodes: np.ndarray
    values: np.ndarray
    counts: np.ndarray
    depths: np.ndarray
    shape: tuple[int, ...]
    present: np.ndarray | None = None
    classes: np.ndarray | None = None


def pack(estimator: Any) -> Any:
    """Return a fitted forest as `PackedTrees`, inside a `LogTarget` too; anything else as it is."""
    if isinstance(estimator, LogTarget):
        return _with_inner(estimator, pack(estimator.estimator))
    trees = getattr(estimator, "estimators_", None)
    if trees is None or not len(trees) or not hasattr(np.ravel(np.asarray(trees, dtype=object))[0], "tree_"):
        return estimator
    flat = list(np.ravel(np.asarray(trees, dtype=object)))
    states = [t.tree_.__getstate__() for t in flat]
    values, present, classes = _packed_values([s["values"] for s in states])
    return PackedTrees(
        _without(estimator, "estimators_", "estimator_"),
        _without(flat[0], "tree_"),
        np.concatenate([s["nodes"] for s in states]),
        values,
        np.asarray([s["node_count"] for s in states]),
        np.asarray([s["max_depth"] for s in states]),
        trees.shape if isinstance(trees, np.ndarray) else (len(flat),),
        present,
        classes,
    )


def _packed_values(of_trees: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """Return `PackedTrees.values`, `present` and `classes`."""
    _, n_outputs, n_classes = of_trees[0].shape
    if n_outputs > 1 or n_classes <= MOST_DENSE_CLASSES:
        return np.concatenate(of_trees), None, None
    values, present, classes = zip(*(_nonzero(one[:, 0]) for one in of_trees), strict=True)
    return np.concatenate(values), np.concatenate(present), np.concatenate(classes)


def _nonzero(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the values other than nought, how many there are in each row, and the columns they are in."""
    rows, columns = np.nonzero(values)
    small = np.min_scalar_type(values.shape[1])
    present = np.bincount(rows, minlength=len(values))
    return values[rows, columns], present.astype(small), columns.astype(small)


def unpack(value: Any) -> Any:
    """Return the forest `pack` made, or any other value as it is.

    Trees that were not packed are looked at, too: single ones, those of forecasters, and forests of earlier versions.

    Raises
    ------
    StoreError
        When the nodes do not make trees: what walks them does not look where it steps.
    """
    if isinstance(value, LogTarget):
        return _with_inner(value, unpack(value.estimator))
    if not isinstance(value, PackedTrees):
        check_trees(value)
        return value
    from sklearn.tree._tree import Tree

    _check(value)
    check_trees([value.forest, value.tree])
    n_classes = np.atleast_1d(np.asarray(getattr(value.tree, "n_classes_", 1), dtype=np.intp))
    nodes = np.split(value.nodes, np.cumsum(value.counts)[:-1])
    values = _values_of_trees(value, int(n_classes[0]))
    trees = []
    for own, predicted, depth in zip(nodes, values, value.depths, strict=True):
        tree = Tree(int(value.tree.n_features_in_), n_classes, int(value.tree.n_outputs_))
        tree.__setstate__({"max_depth": int(depth), "node_count": len(own), "nodes": own, "values": predicted})
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
    check_stages(forest)
    return forest


def _values_of_trees(packed: PackedTrees, n_classes: int) -> Iterator[np.ndarray]:
    """Give what the nodes of each tree predict, for all classes."""
    ends = np.cumsum(packed.counts)
    if packed.present is None or packed.classes is None:
        yield from np.split(packed.values, ends[:-1])
        return
    firsts = np.concatenate([[0], np.cumsum(packed.present, dtype=np.intp)])
    for start, end in zip(ends - packed.counts, ends, strict=True):
        values = np.zeros((end - start, 1, n_classes))
        rows = np.repeat(np.arange(end - start), packed.present[start:end])
        here = slice(firsts[start], firsts[end])
        values[rows, 0, packed.classes[here]] = packed.values[here]
        yield values


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
    """Refuse steps out of a tree or beyond the features, and nodes without a value."""
    of_nodes = packed.values if packed.present is None else packed.present
    # The forest checks the width of the rows it is given, its trees do not check again.
    width = min(packed.forest.n_features_in_, packed.tree.n_features_in_)
    if not (
        len(packed.counts) == len(packed.depths) == int(np.prod(packed.shape))
        and len(packed.nodes) == len(of_nodes)
        and min(packed.tree.n_outputs_, np.min(getattr(packed.tree, "n_classes_", 1))) > 0
        and (packed.present is None or _has_its_classes(packed))
        and are_trees(packed.nodes, packed.counts, packed.depths, width)
    ):
        raise refuse()


def _has_its_classes(packed: PackedTrees) -> bool:
    """Return whether what is written of each node's classes fits, into memory too."""
    n_classes, classes, present = packed.tree.n_classes_, packed.classes, packed.present
    return (
        classes is not None
        and present is not None
        and present.dtype.kind == classes.dtype.kind == "u"
        and np.ndim(n_classes) == 0
        and len(packed.nodes) * int(n_classes) * 8 <= MOST_DENSE_BYTES
        and int(present.sum(dtype=np.int64)) == len(classes) == len(packed.values)
        and bool((classes < n_classes).all())
    )
