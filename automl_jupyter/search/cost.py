"""How long a fit will take, learnt from those that were timed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist, median
from typing import Any

from automl_jupyter._core.text import fold_name
from automl_jupyter.learners.base import FEATURES, PLAIN
from automl_jupyter.learners.gaussian.gaussian_process import (
    KERNEL_ROWS,
    LEAST_FOR_MORE,
    MORE_ROWS,
    MORE_STEPS,
    MOST_STEPS,
)
from automl_jupyter.learners.light_gbm import MOST_ROUNDS
from automl_jupyter.search.opening import Candidate, SearchContext
from automl_jupyter.search.sizes import leaves_of_tree, most_rounds, number_in

#: spread of log seconds about the prediction before anything of a learner was timed, and as a prior afterwards
_STRANGE, _USUAL = 1.0, 0.5
#: seconds that any fit takes
_START_S = 0.01


@dataclass(frozen=True)
class Timing:
    """A fit that was timed."""

    learner: str
    params: Mapping[str, Any]
    n_rows: int
    fit_s: float


class CostModel:
    """Predicts seconds: a formula of rows, features, classes and settings, times what each learner was seen to need.

    The formula has each learner's known growth (a boosting round is linear in rows and costs one tree a class; a
    kernel machine is quadratic); what is learnt is a factor for this machine and one for each learner on these data.

    Parameters
    ----------
    context : SearchContext
        Features, classes and task.

    Examples
    --------
    >>> model = CostModel(SearchContext("regression", 10_000, 10))
    >>> candidate = Candidate("ElasticNet", {})
    >>> before = model.predict_s(candidate, 10_000)
    >>> for _ in range(5): model.observe("ElasticNet", {}, 10_000, 100.0)
    >>> before < 10 < 80 < model.predict_s(candidate, 10_000) < 300
    True
    """

    def __init__(self, context: SearchContext) -> None:
        self._context = context
        self._residuals: dict[str, list[float]] = {}
        #: what they come to, until another fit has ended: every decision asks dozens of times
        self._machine: float | None = None
        self._learnt: dict[str, tuple[float, float]] = {}

    def observe(self, learner: str, params: Mapping[str, Any], n_rows: int, fit_s: float) -> None:
        """Learn from a fit on `n_rows` rows that took `fit_s` seconds; times of nought or less say nothing."""
        if fit_s > 0 and n_rows > 0:
            expected = nominal_s(learner, params, n_rows, self._context)
            self._residuals.setdefault(learner, []).append(math.log((fit_s + _START_S) / expected))
            self._machine, self._learnt = None, {}

    def observe_all(self, timings: list[Timing]) -> None:
        """Learn from several fits."""
        for timing in timings:
            self.observe(timing.learner, timing.params, timing.n_rows, timing.fit_s)

    def predict_s(self, candidate: Candidate, n_rows: int, *, quantile: float = 0.8) -> float:
        """Return the seconds that a fit on `n_rows` rows will stay below with probability `quantile`.

        Parameters
        ----------
        candidate : Candidate
            What is to be fitted.
        n_rows : int
            On how many rows.
        quantile : float, default 0.8
            0.5 for the middle.
        """
        if candidate.learner not in self._learnt:
            self._learnt[candidate.learner] = self._factor_and_spread(candidate.learner)
        factor, spread = self._learnt[candidate.learner]
        margin = NormalDist().inv_cdf(quantile) * spread
        expected = nominal_s(candidate.learner, candidate.params, n_rows, self._context)
        return expected * math.exp(factor + margin)

    def _factor_and_spread(self, learner: str) -> tuple[float, float]:
        """Return how far the logarithm of a learner's seconds lies off the formula, and how far about that."""
        if self._machine is None:
            # Each learner speaks once, or one whose rounds are many on these data would make all others look dear.
            self._machine = median([sum(rs) / len(rs) for rs in self._residuals.values()] or [0.0])
        own = self._residuals.get(learner, [])
        # One imagined timing at the machine's factor: a single real one is believed by half.
        factor = (self._machine + sum(own)) / (1 + len(own))
        if not own:
            return factor, _STRANGE
        around = sum((r - factor) ** 2 for r in own)
        return factor, math.sqrt((2 * _USUAL**2 + around) / (2 + len(own)))


def nominal_s(learner: str, params: Mapping[str, Any], n_rows: int, context: SearchContext) -> float:
    """Return the seconds a fit takes on an ordinary core, before anything was timed.

    Columns count as often as there are features of them: a text becomes many.

    Examples
    --------
    >>> context = SearchContext("regression", 1000, 10)
    >>> nominal_s("LightGBM", {}, 2000, context) < nominal_s("LightGBM", {}, 200_000, context)
    True
    """
    rows, features = max(n_rows, 1), max(context.n_features, 1)
    classes = context.n_classes or 1
    key = fold_name(learner)
    if context.task == "forecasting":
        if key in _SINGLE_SERIES:
            if key in ("autoarima", "arimax"):  # they look at a part of long series
                rows = min(rows, 1000 * int(context.forecast.get("n_series", 1)))
            return _START_S + _SINGLE_SERIES[key] * rows
        if key == "tcnforecaster":
            return _START_S + _network_s(params, rows, int(context.forecast.get("horizon", 1)))
        features += _LAG_FEATURES
        if params.get("strategy") == "direct":
            rows = min(max(rows, min(rows * int(context.forecast.get("horizon", 1)), 20_000)), 200_000)
    if key in _LINEAR:
        # Categories and text become many sparse columns.
        width = features + 4 * context.n_categorical + 200 * context.n_text
        return _START_S + _LINEAR[key] * 1e-8 * rows * width * max(classes - 1, 1)
    features += context.n_made(params) - context.n_features
    if key in _TREES:
        trees = float(params.get("n_estimators", 100))
        if key == "decisiontree":
            trees = 1.0
        drawn = _share(params.get("max_features"), features, context.task) * features
        trees *= 0.5 if params.get("min_samples_leaf", 1) >= 5 else 1.0
        return _START_S + _TREES[key] * 1e-8 * trees * rows * math.log2(rows + 2) * max(drawn, 1)
    if key == "svm":
        return _START_S + 3e-9 * rows**2 * (features + 10)
    if key == "knn":
        return _START_S + 2e-10 * rows**2 * (features + 5)
    if key == "gaussianprocess":
        inputs = features + 4 * context.n_categorical
        return _START_S + 3e-11 * rows**3 + _kernel_s(rows, inputs)
    if key == "neuralnetwork":
        epochs, hidden = float(params.get("n_epochs", 64)), float(params.get("width", 128))
        steps = min(epochs * rows / 256, float(params.get("most_steps", 4000))) + epochs
        inputs = features + 4 * context.n_categorical
        waved = max(features - context.n_categorical, 0)
        waved = waved if waved <= 100 else 0  # of more numbers than this it makes no waves
        return _START_S + steps * (9e-4 + 4e-5 * waved + 6e-8 * hidden**2 + 1e-6 * inputs)
    if key == "gradientboosting":
        trees = float(params.get("n_estimators", 200)) * (classes if classes > 2 else 1)
        return _START_S + 6e-9 * trees * rows * features * float(params.get("max_depth", 4))
    if key.startswith("catboost"):
        rounds = min(float(params.get("iterations", math.inf)), 40 / float(params.get("learning_rate", 0.06)))
        categories = max(context.n_categorical - context.n_binary, 0)
        combined = categories * float(params.get("max_ctr_complexity", 4)) * math.sqrt(rows / 1000)
        # Each border of each number is looked at in each round, however few rows there are.
        borders = max(features - context.n_categorical, 0) * min(float(params.get("border_count", 254)), rows)
        tree = 2e-4 + 6e-7 * borders + 1.5e-8 * rows * features
        tree += (1e-4 if "one_hot_max_size" in params else 2e-4) * combined
        return _START_S + rounds * tree * max(0.65 * classes if classes > 2 else 1, 1)
    return _boosting_s(key, params, rows, features, classes)


#: seconds a period of a series
_SINGLE_SERIES = {
    "naive": 1e-7,
    "seasonalnaive": 1e-7,
    "average": 1e-7,
    "seasonalaverage": 1e-7,
    "theta": 3e-6,
    "exponentialsmoothing": 3e-5,
    "autoarima": 1e-3,
    "arimax": 1.5e-3,
    "prophet": 2e-3,
    "autoets": 1e-3,
    "autotheta": 1e-3,
    "autoces": 1e-3,
    "mstl": 1e-3,
}
#: about how many features the lags and the calendar are
_LAG_FEATURES = 30
#: cost of one pass, relative
_LINEAR = {
    "dummy": 0.01,
    "logisticregression": 30.0,
    "linearsvm": 60.0,
    "averagedperceptronclassifier": 40.0,
    "sgd": 20.0,
    "elasticnet": 30.0,
    "lassolars": 20.0,
    "fastlinearregressor": 10.0,
    "onlinegradientdescentregressor": 20.0,
    "multinomialnaivebayes": 2.0,
    "bernoullinaivebayes": 2.0,
}
#: cost of one row at one split, relative
_TREES = {"randomforest": 2.0, "extremerandomtrees": 1.0, "decisiontree": 4.0}
_BOOSTERS = {
    "lightgbm": 1.0,
    "xgboostclassifier": 1.6,
    "xgboostregressor": 1.6,
}


def _kernel_s(rows: int, inputs: int) -> float:
    """Return the seconds in which a process chooses its kernel: looks at some rows, a few more than steps."""

    def looks_s(n: int, rows: int) -> float:
        return 1.3 * n * (1.3e-11 * rows**3 + (3.6e-8 + 2.2e-10 * inputs) * rows**2)

    first_s = looks_s(MOST_STEPS, min(rows, KERNEL_ROWS))
    return first_s + (looks_s(MORE_STEPS, min(rows, MORE_ROWS)) if rows > LEAST_FOR_MORE else 0.0)


def _network_s(params: Mapping[str, Any], rows: int, horizon: int) -> float:
    """Return the seconds a convolutional network over series is trained: about half of its epochs, by steps."""
    depth, cells = float(params.get("depth", 4)), float(params.get("n_cells", 1))
    length = 4 * cells * (2**depth - 1) + 1 + horizon
    steps = math.ceil(min(rows, 8192) / 128)
    step = 1e-5 * length * cells * depth * float(params.get("n_channels", 32))
    return 0.5 * float(params.get("n_epochs", 100)) * steps * step


#: times as many rounds that are worth it with random trees, and with features of several columns
_RANDOM_ROUNDS, _RICH_ROUNDS = 2.5, 0.6


def _boosting_s(key: str, params: Mapping[str, Any], rows: int, features: int, classes: int) -> float:
    rate = max(number_in(params, "learning_rate", 0.05), 1e-3)
    leaves = leaves_of_tree(params, depth=5)
    # Early stopping ends after about this many rounds; more rows carry more of them, and so do weaker trees.
    rounds = 80 / rate * math.pow(rows / 5000, 0.2) * math.pow(leaves, -0.45)
    rounds *= _RANDOM_ROUNDS if params.get("extra_trees") else 1.0
    rounds *= _RICH_ROUNDS if params.get(FEATURES, PLAIN) != PLAIN else 1.0
    rounds = max(number_in(params, "n_rounds", rounds), 0.0)
    most = most_rounds(params, MOST_ROUNDS)
    share = number_in(params, "feature_fraction", number_in(params, "colsample_bytree", 1.0))
    used = features * min(max(share, 0.0), 1.0)
    tree = (6.5e-9 * rows * math.log2(leaves + 1) + 5.5e-7 * leaves) * math.sqrt(used) + 9e-5
    cost = _BOOSTERS.get(key) or _registered_cost(key)
    return _START_S + cost * min(rounds, most) * (classes if classes > 2 else 1) * tree


def _registered_cost(key: str) -> float:
    from automl_jupyter.learners import learners

    return float(learners.get(key).cost) if key in learners else 1.0


def _share(max_features: object, features: int, task: str) -> float:
    if isinstance(max_features, float):
        return max_features
    if max_features is None and task == "regression":
        return 1.0
    return 1 / math.sqrt(features)
