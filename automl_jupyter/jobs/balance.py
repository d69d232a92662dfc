"""Whether rare classes should weigh more: tried on a sample before the search, and kept only where it helps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from automl_jupyter.data.dataset import TrainingTable
    from automl_jupyter.data.schema import TableSchema
    from automl_jupyter.metrics.base import Metric, MetricContext

#: most rows of a fold that are fitted, and most that are scored
SAMPLE_ROWS = 3_000
#: most folds it is tried on
MOST_FOLDS = 3
#: fewer rows of a class on either side say nothing
FEWEST_OF_A_CLASS = 5
#: more classes take too long for what it is
MOST_CLASSES = 20
#: the share of resamples in which weights have to help
SURE = 0.95
_ROUNDS, _RESAMPLES = 60, 60


@dataclass(frozen=True)
class Trial:
    """What came of the trial.

    Parameters
    ----------
    weights : tuple of float
        A weight a class: inversely to its rows, 1 on average over the rows.
    without, with_weights : float
        The metric's value without and with them.
    helps : bool
        Whether they help, beyond chance.
    """

    weights: tuple[float, ...]
    without: float
    with_weights: float
    helps: bool


def balanced_weights(y: np.ndarray, n_classes: int) -> np.ndarray:
    """Return a weight a class, inversely to its number of rows, 1 on average over the rows.

    The formula is scikit-learn's ``class_weight="balanced"``: ``n_rows / (n_classes * n_rows_of_class)``.

    Examples
    --------
    >>> balanced_weights(np.array([0, 0, 0, 1]), 2).round(2).tolist()
    [0.67, 2.0]
    """
    counts = np.bincount(y, minlength=n_classes)
    return len(y) / (np.count_nonzero(counts) * np.maximum(counts, 1))


def try_class_weights(
    table: TrainingTable,
    schema: TableSchema,
    folds: Sequence[tuple[np.ndarray, np.ndarray]],
    metric: Metric,
    context: MetricContext,
    *,
    random_state: int = 0,
) -> Trial | None:
    """Fit a small LightGBM with and without class weights on samples of some folds, and compare.

    What is done to finished predictions anyway (another threshold) is done to both, so that weights have to help
    beyond that.

    Parameters
    ----------
    table, schema : TrainingTable, TableSchema
        The data of a classification.
    folds : sequence of (ndarray, ndarray)
        Rows to fit and rows to score.
    metric, context : Metric, MetricContext
        The primary metric, one of the predicted class.
    random_state : int, default 0
        Draws the samples.

    Returns
    -------
    Trial or None
        None where there are too many classes, too few rows of one, or no value of the metric.
    """
    n_classes = context.n_classes
    if n_classes is None or n_classes > MOST_CLASSES:
        return None
    draw = np.random.default_rng(random_state)
    samples = [tuple(np.sort(draw.permutation(rows)[:SAMPLE_ROWS]) for rows in fold) for fold in folds[:MOST_FOLDS]]
    scored = np.concatenate([rows for _, rows in samples])
    for rows in (scored, *(fitted for fitted, _ in samples)):
        if np.bincount(table.y[rows], minlength=n_classes).min() < FEWEST_OF_A_CLASS:
            return None
    by_class = balanced_weights(np.asarray(table.y[: table.n_training]), n_classes)
    pairs = [_fitted(table, schema, fitted, rows, by_class) for fitted, rows in samples]
    truth, weight = np.asarray(table.y[scored]), None if table.weight is None else table.weight[scored]
    found = [_adjusted(np.concatenate(parts), truth, weight, metric, context) for parts in zip(*pairs, strict=True)]

    def value(k: int, rows: np.ndarray) -> float:
        got = metric.value(truth[rows], found[k][rows], None if weight is None else weight[rows], context)
        return float("nan") if got is None else got

    gains = []
    for _ in range(_RESAMPLES):
        rows = draw.integers(0, len(truth), len(truth))
        gains.append(metric.score(value(1, rows)) - metric.score(value(0, rows)))
    helps = float(np.mean(np.asarray(gains) > 0)) >= SURE
    without, with_weights = (value(k, np.arange(len(truth))) for k in (0, 1))
    if not np.isfinite([without, with_weights]).all():
        return None
    return Trial(tuple(float(w) for w in by_class), without, with_weights, helps)


def _fitted(
    table: TrainingTable, schema: TableSchema, fitted: np.ndarray, scored: np.ndarray, by_class: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the probabilities of the rows to score, without and with class weights."""
    from automl_jupyter.featurization.recipes import make_featurizer
    from automl_jupyter.learners import learners
    from automl_jupyter.learners.base import FitData, fit_learner, make_learner, predict

    y, weight, n_classes = np.asarray(table.y[fitted]), table.weight, len(by_class)
    featurizer = make_featurizer("tree", schema.columns)
    X = featurizer.fit_transform(schema.encode(table.X.iloc[fitted], where="training_data"), y)
    X_scored = featurizer.transform(schema.encode(table.X.iloc[scored], where="training_data"))
    own = np.ones(len(y)) if weight is None else np.asarray(weight[fitted])
    info = learners.get("LightGBM")
    found = []
    for rows_weigh in (own, own * by_class[y]):
        settings = {"num_iterations": _ROUNDS}
        estimator = make_learner(info, "classification", settings, random_state=0, n_jobs=1, n_classes=n_classes)
        categorical = list(getattr(featurizer, "categorical_features_", []))
        fit_learner(info, estimator, FitData(X=X, y=y, weight=rows_weigh, categorical=categorical))
        found.append(predict(estimator, "classification", X_scored, n_classes))
    return found[0], found[1]


def _adjusted(
    proba: np.ndarray, truth: np.ndarray, weight: np.ndarray | None, metric: Metric, context: MetricContext
) -> np.ndarray:
    from automl_jupyter.metrics.registry import move_threshold
    from automl_jupyter.search.adjust import choose_adjustment

    return move_threshold(proba, choose_adjustment(proba, truth, weight, metric, context).threshold)
