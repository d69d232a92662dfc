"""How much memory a fit will need: a look ahead, so that no worker dies of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl_jupyter._core.text import fold_name
from automl_jupyter.search.opening import SearchContext
from automl_jupyter.search.sizes import leaves_of_tree, most_rounds

#: bytes of a fit besides its data: libraries, buffers
_FIXED = 50_000_000
#: sparse columns that a text becomes, and columns that a category becomes one-hot and in short
_WORDS, _LEVELS, _FEW_LEVELS = 2000, 20, 6


def needed_bytes(learner: str, params: Mapping[str, Any], n_rows: int, context: SearchContext) -> float:
    """Return about how many bytes a fit takes at its peak, its features included.

    Boosted trees follow the estimate of AutoGluon (five times the features, histograms of twenty bytes a bin and leaf,
    a hundred bytes a leaf of the finished trees); the others count the arrays they are known to hold.

    Parameters
    ----------
    learner : str
        The learner's key.
    params : Mapping
        Its settings.
    n_rows : int
        Training rows.
    context : SearchContext
        Columns and classes.

    Examples
    --------
    >>> small, large = (SearchContext("regression", n, 50) for n in (1000, 1_000_000))
    >>> needed_bytes("LightGBM", {}, 1000, small) < 0.1e9 < 0.5e9 < needed_bytes("LightGBM", {}, 1_000_000, large)
    True
    """
    rows, classes = float(max(n_rows, 1)), float(max(context.n_classes or 1, 1))
    key = fold_name(learner)
    numbers = max(context.n_features - context.n_text, 0)
    of_scores = 3 * 8 * rows * classes
    if key in _SPARSE:
        stored = numbers + 50 * context.n_text
        width = numbers + _LEVELS * context.n_categorical + _WORDS * context.n_text
        return _FIXED + 3 * 12 * rows * min(stored, width) + of_scores + 12 * 8 * width * classes
    if key in _DENSE:
        width = context.n_made(params) + _FEW_LEVELS * context.n_categorical
        features = 4 * rows * width
        own = {
            "gaussianprocess": 2 * 8 * rows**2,
            "svm": 200e6 + 8 * rows * width,
            "knn": 8 * rows * width,
        }.get(key, 8 * rows * width)
        return _FIXED + 3 * features + own + of_scores
    width = context.n_made(params)
    features = 4 * rows * width
    if key in ("randomforest", "extremerandomtrees", "decisiontree"):
        trees = 1.0 if key == "decisiontree" else float(params.get("n_estimators", 100))
        leaves = min(rows / max(float(params.get("min_samples_leaf", 1)), 1), 15_000)
        return _FIXED + 3 * features + min(trees * 2 * leaves * (64 + 8 * classes), 1e9) + of_scores
    leaves = leaves_of_tree(params, depth=6)
    rounds = most_rounds(params, 1000)
    histograms = 1.2 * 20 * 255 * width * leaves
    return _FIXED + 5 * features + histograms + 100 * leaves * min(rounds, 5000) * _trees(classes) + of_scores


def _trees(classes: float) -> float:
    return classes if classes > 2 else 1.0


_SPARSE = {
    "logisticregression",
    "linearsvm",
    "averagedperceptronclassifier",
    "sgd",
    "elasticnet",
    "fastlinearregressor",
    "onlinegradientdescentregressor",
    "multinomialnaivebayes",
    "bernoullinaivebayes",
}
_DENSE = {"gaussianprocess", "svm", "knn", "neuralnetwork", "gradientboosting", "lassolars"}
