"""Whether the trees and neighbours of a stored model can be walked: what walks them does not look where it steps."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np

from automl_jupyter.errors import StoreError

#: what holds no other objects, or none that came with a stored model
_PLAIN = (str, bytes, int, float, complex, type(None), type, ModuleType, np.generic)
#: rows that a forest is asked for what its trees add to
_PROBED = 2


def refuse() -> StoreError:
    """Return the error to raise."""
    return StoreError("The nodes of a stored forest do not make trees; it was not loaded.")


def are_trees(nodes: np.ndarray, counts: np.ndarray, depths: np.ndarray, width: int) -> bool:
    """Return whether nodes make trees that stay among their own nodes and the features.

    Parameters
    ----------
    nodes : ndarray of shape (n_nodes,)
        scikit-learn's own node records, tree after tree.
    counts, depths : ndarray of int, shape (n_trees,)
        Nodes of each tree, and levels below its root.
    width : int
        Features of the rows that the trees are asked about.
    """
    if not (counts > 0).all() or int(counts.sum()) != len(nodes):
        return False
    first = np.repeat(np.cumsum(counts) - counts, counts)
    inner = np.flatnonzero(nodes["left_child"] != -1)
    here, most = inner - first[inner], np.repeat(counts, counts)[inner]
    children = [nodes[side][inner] for side in ("left_child", "right_child")]
    feature = nodes["feature"][inner]
    if not all(((c > here) & (c < most)).all() for c in children) or not ((feature >= 0) & (feature < width)).all():
        return False
    times = np.bincount(np.concatenate([c + first[inner] for c in children]), minlength=len(nodes))
    each_once = int(times.sum()) == len(nodes) - len(counts) and int(times.max()) <= 1
    return each_once and bool((_levels(nodes, counts) <= depths).all())


def _levels(nodes: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return how many levels each tree has below its root."""
    first, tree = np.cumsum(counts) - counts, np.arange(len(counts))
    at, found = first, np.zeros(len(counts), dtype=np.intp)
    while True:
        inner = nodes["left_child"][at] != -1
        at, tree = at[inner], tree[inner]
        if not len(at):
            return found
        found[tree] += 1  # by one, however many nodes of a tree are on the level
        at = np.concatenate([first[tree] + nodes[side][at] for side in ("left_child", "right_child")])
        tree = np.concatenate([tree, tree])


def check_trees(value: Any) -> None:
    """Refuse what was loaded if a tree anywhere in it could be walked out of.

    Raises
    ------
    StoreError
        When the nodes of a tree do not make one, or nothing looks at how wide the rows are that it is asked about.
    """
    from sklearn.neighbors._ball_tree import BallTree64
    from sklearn.neighbors._base import KNeighborsMixin
    from sklearn.neighbors._kd_tree import KDTree64
    from sklearn.tree._tree import Tree

    seen: set[int] = set()
    todo = [value]
    while todo:
        one = todo.pop()
        if isinstance(one, _PLAIN) or id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, Tree):  # it was not come by as the tree of an estimator, which looks at the rows
            raise refuse()
        if isinstance(one, KDTree64 | BallTree64):
            _check_places(one, 2 if isinstance(one, KDTree64) else 1)
        elif isinstance(one, KNeighborsMixin) and hasattr(one, "_fit_X"):
            _check_neighbors(one)
        if own := _trees([one]):
            _check_nodes(own, _width(one))
        held = getattr(one, "__dict__", {}).get("estimators_")
        if trees := _trees(held.ravel().tolist() if isinstance(held, np.ndarray) else held):
            # The ensemble checks the width of the rows it is given, by itself or by its first tree; its trees do not.
            _check_nodes(trees, min(_width(one), _width(trees[0])))
            check_stages(one)
        todo += [part for part in _parts(one) if not (own and part is one.tree_)]


def _astray() -> StoreError:
    return StoreError("The neighbours of a stored model lie where there are none; it was not loaded.")


def _check_places(tree: Any, n_bounds: int) -> None:
    """Refuse a tree of neighbours that would look at rows, nodes or bounds beyond those it has."""
    data, rows, nodes, bounds = (np.asarray(part) for part in tree.get_arrays())
    metric = tree.__getstate__()[11]
    weights = len(metric.__getstate__()[1]) if "Minkowski" in type(metric).__name__ else 0
    inner = np.flatnonzero(nodes["is_leaf"] == 0)
    if not (
        data.size
        and len(nodes)
        and bounds.shape == (n_bounds, len(nodes), data.shape[1])
        and ((rows >= 0) & (rows < len(data))).all()
        and ((nodes["idx_start"] >= 0) & (nodes["idx_end"] <= len(rows))).all()
        and (2 * inner + 2 < len(nodes)).all()
        and weights in (0, data.shape[1])
    ):
        raise _astray()


def _check_neighbors(estimator: Any) -> None:
    """Refuse neighbours of other rows, or of other classes, than there are."""
    shape, y = np.shape(estimator._fit_X), getattr(estimator, "_y", None)
    classes = getattr(estimator, "classes_", None)
    if len(shape) != 2 or shape[1] != _width(estimator) or not (getattr(estimator, "n_neighbors", None) or 0) > 0:
        raise _astray()
    if y is not None and len(y) != shape[0]:
        raise _astray()
    if classes is not None and not (y is not None and ((y >= 0) & (y < len(classes))).all()):
        raise _astray()


def _trees(held: Any) -> list[Any]:
    """Return those of some estimators that have nodes."""
    from sklearn.tree._tree import Tree

    return [e for e in held if isinstance(getattr(e, "tree_", None), Tree)] if isinstance(held, list) else []


def _width(estimator: Any) -> Any:
    """Return how wide rows are that an estimator takes; 0 where it would not look."""
    return getattr(estimator, "n_features_in_", 0)


def _check_nodes(trees: Sequence[Any], width: int) -> None:
    states = [one.tree_.__getstate__() for one in trees]
    nodes = np.concatenate([s["nodes"] for s in states])
    counts, depths = (np.asarray([s[name] for s in states]) for name in ("node_count", "max_depth"))
    if not all(s["values"].size for s in states) or not are_trees(nodes, counts, depths, width):
        raise refuse()


def check_stages(forest: Any) -> None:
    """Refuse boosted trees that would add to other columns than there are: each has one of its own.

    Raises
    ------
    StoreError
        When they would.
    """
    from sklearn.dummy import DummyClassifier, DummyRegressor
    from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

    if not isinstance(forest, GradientBoostingClassifier | GradientBoostingRegressor):
        return
    begins, simple = forest.init_, (DummyClassifier, DummyRegressor, str)  # what it may be asked for without a risk
    if not isinstance(begins, simple) or np.ndim(forest.estimators_) != 2:
        raise refuse()
    found = forest._raw_predict_init(np.zeros((_PROBED, forest.n_features_in_), dtype=np.float32))
    if found.shape != (_PROBED, np.shape(forest.estimators_)[1]):
        raise refuse()


def _parts(one: Any) -> list[Any]:
    """Return the objects that another one holds, of those a stored model may be made of."""
    found = list(getattr(one, "__dict__", {}).values())
    match one:
        case dict():
            found += [*one, *one.values()]
        case list() | tuple() | set() | frozenset():
            found += one
        case np.ndarray():
            found += np.asarray(one).ravel().tolist() if one.dtype.hasobject else []
    return found
