"""Class weights: tried before the search, kept where they help."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl_jupyter import automl
from automl_jupyter.data.load import load_training_table
from automl_jupyter.data.schema import TableSchema
from automl_jupyter.jobs.balance import balanced_weights, try_class_weights
from automl_jupyter.jobs.prepare import decide, with_guardrails
from automl_jupyter.metrics.base import MetricContext
from automl_jupyter.metrics.registry import get_metric
from automl_jupyter.testing.quick import run_job
from automl_jupyter.trials.evaluate import _training_weight


def rare_classes(n: int = 1500) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    X = draw.normal(size=(n, 3))
    level = np.digitize(X[:, 0] + 0.5 * draw.normal(size=n), [-1.5, 1.0, 1.8])
    return pd.DataFrame(X, columns=["a", "b", "c"]).assign(y=np.array(["low", "usual", "high", "top"])[level])


def tried(data: pd.DataFrame, metric: str, **more: Any) -> Any:
    table = load_training_table(automl.classification(training_data=data, target_column_name="y", **more))
    schema = TableSchema.infer(table.X)
    rows = np.random.default_rng(1).permutation(table.n_rows)
    folds = [(np.setdiff1d(rows, part), part) for part in np.array_split(rows, 3)]
    context = MetricContext(n_classes=len(table.classes))
    return try_class_weights(table, schema, folds, get_metric(metric, "classification"), context)


def test_weights_are_scikit_learns() -> None:
    from sklearn.utils.class_weight import compute_class_weight

    y = np.array([0] * 7 + [1] * 2 + [2])
    expected = compute_class_weight("balanced", classes=np.arange(3), y=y)
    np.testing.assert_allclose(balanced_weights(y, 3), expected)


@pytest.mark.parametrize(("metric", "helps"), [("balanced_accuracy", True), ("accuracy", False)])
def test_they_are_kept_only_where_they_help(metric: str, helps: bool) -> None:
    trial = tried(rare_classes(), metric)
    assert trial.helps is helps
    assert (trial.with_weights > trial.without) is helps


def test_rows_keep_their_own_weight() -> None:
    data = rare_classes().assign(w=1.0)
    with_ones, plain = tried(data, "accuracy", weight_column_name="w"), tried(data.drop(columns="w"), "accuracy")
    assert (with_ones.without, with_ones.with_weights) == (plain.without, plain.with_weights)
    weighed = _training_weight(np.array([1.0, 2.0, 3.0]), np.array([2, 0]), np.array([1, 0]), [0.5, 10.0])
    assert weighed is not None
    assert weighed.tolist() == [30.0, 0.5]
    assert _training_weight(None, np.array([0]), np.array([0]), []) is None


def test_too_few_rows_or_too_many_classes_are_not_tried() -> None:
    assert tried(rare_classes(60), "accuracy") is None
    many = pd.DataFrame({"a": np.arange(900.0) % 7, "y": [f"class {k % 30}" for k in range(900)]})
    assert tried(many, "accuracy") is None


def test_a_job_uses_them_says_so_and_goes_on_with_them(tmp_path: Path) -> None:
    data = rare_classes()
    job = run_job("y", data=data, primary_metric="balanced_accuracy", workspace=tmp_path)
    (found,) = [g for g in job.guardrails() if g["key"] == "class_balance"]
    assert found["status"] == "Done"
    assert "Class weights are used: balanced_accuracy" in found["explanation"]
    weighted = job.model.evaluate(data).loc["balanced_accuracy", "value"]
    plain = run_job("y", data=data, primary_metric="accuracy", workspace=tmp_path)
    assert weighted > plain.model.evaluate(data).loc["balanced_accuracy", "value"]


@pytest.mark.parametrize("metric", ["AUC_weighted", "log_loss"])
def test_they_are_not_tried_where_probabilities_count(tmp_path: Path, metric: str) -> None:
    job = run_job("y", data=rare_classes(), primary_metric=metric, workspace=tmp_path)
    (found,) = [g for g in job.guardrails() if g["key"] == "class_balance"]
    assert found["status"] == "Alerted"
    assert f"Class weights are not tried, as {metric} looks at probabilities" in found["explanation"]


def test_a_function_of_the_users_own_is_given_labels_here_too(tmp_path: Path) -> None:
    seen: set[Any] = set()

    def share_of_right_tops(y_true: Any, y_pred: Any) -> float:
        seen.update(y_true, y_pred)
        return float(np.mean(y_pred[y_true == "top"] == "top"))

    job = automl.classification(
        training_data=rare_classes(), target_column_name="y", primary_metric=share_of_right_tops, n_cross_validations=3
    )
    plan = with_guardrails(decide(job, namespace=None, base=tmp_path, n_slots=1), job)
    assert seen == {"low", "usual", "high", "top"}
    assert plan.class_weights, "they help to find what is rare"
