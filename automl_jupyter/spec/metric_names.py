"""The metrics a user may name as the primary one, per task; their definitions are in the metrics room.

Those that plug-ins registered are taken, too; they are looked up only where a name is none of these.
"""

from __future__ import annotations

from collections.abc import Callable

from automl_jupyter._core.registered import registered_names
from automl_jupyter._core.text import listing
from automl_jupyter.spec.kinds import RefusedError, match_name, nearest, shown

_AVERAGES = ("macro", "micro", "weighted", "binary")

#: Azure Machine Learning's five come first: they are what most people look for.
CLASSIFICATION = (
    "AUC_weighted",
    "accuracy",
    "norm_macro_recall",
    "average_precision_score_weighted",
    "precision_score_weighted",
    "AUC_macro",
    "AUC_micro",
    "AUC_binary",
    "average_precision_score_macro",
    "average_precision_score_micro",
    "average_precision_score_binary",
    "balanced_accuracy",
    *(f"f1_score_{average}" for average in _AVERAGES),
    "log_loss",
    "matthews_correlation",
    "precision_score_macro",
    "precision_score_micro",
    "precision_score_binary",
    *(f"recall_score_{average}" for average in _AVERAGES),
    "weighted_accuracy",
)
REGRESSION = (
    "normalized_root_mean_squared_error",
    "r2_score",
    "normalized_mean_absolute_error",
    "spearman_correlation",
    "root_mean_squared_error",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "root_mean_squared_log_error",
    "normalized_root_mean_squared_log_error",
    "median_absolute_error",
    "normalized_median_absolute_error",
    "explained_variance",
)
FORECASTING = (*REGRESSION, "mean_absolute_scaled_error", "symmetric_mean_absolute_percentage_error")
DETECTION = ("mean_average_precision",)

#: scikit-learn's scorer names, which are taken where a metric of our own is not meant
SCORERS_CLASSIFICATION = (
    "accuracy",
    "average_precision",
    "balanced_accuracy",
    "d2_brier_score",
    "d2_log_loss_score",
    "f1",
    "f1_macro",
    "f1_micro",
    "f1_samples",
    "f1_weighted",
    "jaccard",
    "jaccard_macro",
    "jaccard_micro",
    "jaccard_samples",
    "jaccard_weighted",
    "matthews_corrcoef",
    "neg_brier_score",
    "neg_log_loss",
    "neg_negative_likelihood_ratio",
    "positive_likelihood_ratio",
    "precision",
    "precision_macro",
    "precision_micro",
    "precision_samples",
    "precision_weighted",
    "recall",
    "recall_macro",
    "recall_micro",
    "recall_samples",
    "recall_weighted",
    "roc_auc",
    "roc_auc_ovo",
    "roc_auc_ovo_weighted",
    "roc_auc_ovr",
    "roc_auc_ovr_weighted",
    "top_k_accuracy",
)
SCORERS_REGRESSION = (
    "d2_absolute_error_score",
    "explained_variance",
    "neg_max_error",
    "neg_mean_absolute_error",
    "neg_mean_absolute_percentage_error",
    "neg_mean_gamma_deviance",
    "neg_mean_poisson_deviance",
    "neg_mean_squared_error",
    "neg_mean_squared_log_error",
    "neg_median_absolute_error",
    "neg_root_mean_squared_error",
    "neg_root_mean_squared_log_error",
    "r2",
)

_NAMES: dict[str, tuple[str, ...]] = {
    "classification": CLASSIFICATION,
    "regression": REGRESSION,
    "forecasting": FORECASTING,
    "image_classification": CLASSIFICATION,
    "image_classification_multilabel": ("IOU", *CLASSIFICATION),
    "image_object_detection": DETECTION,
    "image_instance_segmentation": DETECTION,
    "text_classification": CLASSIFICATION,
    "text_classification_multilabel": ("accuracy",),
    "text_ner": ("accuracy",),
}
_SCORERS: dict[str, tuple[str, ...]] = {
    "classification": SCORERS_CLASSIFICATION,
    "text_classification": SCORERS_CLASSIFICATION,
    "image_classification": SCORERS_CLASSIFICATION,
    "regression": SCORERS_REGRESSION,
    "forecasting": SCORERS_REGRESSION,
}


def metric_names(task: str) -> tuple[str, ...]:
    """Return the names a primary metric of a task may have, ours before scikit-learn's scorers.

    Examples
    --------
    >>> metric_names("text_ner")
    ('accuracy',)
    """
    return tuple(dict.fromkeys((*_NAMES.get(task, ()), *_SCORERS.get(task, ()))))


def match_metric(name: object, task: str) -> str:
    """Return a metric's name as it is spelled, or raise with the nearest one.

    Parameters
    ----------
    name : object
        What the user wrote: ``AUC_weighted``, ``AUCWeighted`` and ``auc_weighted`` are the same.
    task : str
        The task.

    Returns
    -------
    str

    Raises
    ------
    RefusedError
        When no metric of the task has that name.

    Examples
    --------
    >>> match_metric("auc_weighted", "classification")
    'AUC_weighted'
    """
    found = match_name(name, metric_names(task))
    if found is not None:
        return found
    if isinstance(name, str) and name.startswith("callable:"):
        return name
    here = tuple(dict.fromkeys((*_NAMES.get(task, ()), *registered_names("metric", task))))
    found = match_name(name, here)
    if found is not None:
        return found
    if isinstance(name, str):
        hint = nearest(name, here) or nearest(name, metric_names(task))
    else:
        hint = ""
    others = [t for t in _NAMES if t != task and match_name(name, _every_name(t)) is not None]
    elsewhere = f" It is a metric of {listing(others, last='and')}." if others else ""
    scorers = ", or a scikit-learn scorer name" if task in _SCORERS else ""
    known = f"{listing(here, last='and')}{scorers}"
    raise RefusedError(f"{shown(name)} is not a metric of {task}.{elsewhere}{hint} Known: {known}.")


def _every_name(task: str) -> tuple[str, ...]:
    return (*metric_names(task), *registered_names("metric", task))


def metric_check(task: str) -> Callable[[object], str]:
    """Return the check of a task's ``primary_metric``."""
    return lambda value: match_metric(value, task)
