"""Scores on other rows: the metrics themselves, intervals that hold, and rows that cannot be scored."""

from __future__ import annotations

from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, mean_absolute_error, roc_auc_score

from automl_jupyter.errors import AutoMLError, ModelInputError
from automl_jupyter.results.model import load_model
from automl_jupyter.testing.quick import run_job, table_for


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return run_job("label", workspace=tmp_path_factory.mktemp("jobs"))


def test_the_values_are_those_of_scikit_learn_and_lie_in_their_intervals(classifier: Any) -> None:
    rows = table_for("label", 400, seed=1)
    table = classifier.evaluate(rows)
    model = classifier.model
    assert table.index[0] == "accuracy", "the primary metric comes first"
    assert table.loc["accuracy", "value"] == pytest.approx(accuracy_score(rows["label"], model.predict(rows)))
    auc = roc_auc_score(rows["label"] == "yes", model.predict_proba(rows)[:, 1])
    assert table.loc["AUC_weighted", "value"] == pytest.approx(auc)
    known = table.dropna()
    assert ((known["low"] <= known["value"]) & (known["value"] <= known["high"])).all()
    assert (table["n_rows"] == 400).all()
    assert table.loc["accuracy", "high"] <= 1
    pd.testing.assert_frame_equal(table, classifier.evaluate(rows))


def test_the_standard_error_is_that_of_a_share(classifier: Any) -> None:
    table = classifier.evaluate(table_for("label", 900, seed=2), confidence=0.9)
    share = table.loc["accuracy", "value"]
    half = 1.645 * np.sqrt(share * (1 - share) / 900)
    assert (table.loc["accuracy", "high"] - table.loc["accuracy", "low"]) / 2 == pytest.approx(half, rel=0.2)


def test_rows_all_predicted_right_still_leave_doubt(classifier: Any) -> None:
    rows = table_for("label", 30, seed=5)
    table = classifier.evaluate(rows.assign(label=classifier.model.predict(rows)))
    by_hand = 30 / (30 + NormalDist().inv_cdf(0.975) ** 2)
    for key in ("accuracy", "recall_score_micro"):
        assert table.loc[key, "value"] == 1
        assert table.loc[key, "low"] == pytest.approx(by_hand)
        assert table.loc[key, "high"] == 1
    assert table.loc["AUC_weighted", "value"] == 1
    assert table.loc["AUC_weighted", ["low", "high"]].isna().all()


def test_a_regression_and_a_saved_model_are_scored_alike(tmp_path: Path) -> None:
    job = run_job("value", task="regression", workspace=tmp_path)
    rows = table_for("value", 120, seed=3)
    rows.loc[:4, "value"] = np.nan
    table = job.evaluate(rows)
    kept = rows.iloc[5:]
    expected = mean_absolute_error(kept["value"], job.model.predict(kept))
    assert table.loc["mean_absolute_error", "value"] == pytest.approx(expected)
    assert (table["n_rows"] == 115).all()
    saved = load_model(job.model.save(tmp_path / "saved"))
    pd.testing.assert_frame_equal(saved.evaluate(rows), table)


def test_a_scorer_that_was_asked_for_is_the_first_of_the_metrics(tmp_path: Path) -> None:
    job = run_job("value", task="regression", primary_metric="neg_mean_squared_error", workspace=tmp_path)
    rows = table_for("value", 120, seed=3)
    first = job.evaluate(rows).iloc[0]
    assert first.name == "mean_squared_error"
    assert first["value"] == pytest.approx(((job.model.predict(rows) - rows["value"]) ** 2).mean())
    assert 0 <= first["low"] < first["value"] < first["high"]
    assert job.plot.learning_curve.to_frame(n_sizes=2)["mean_squared_error"].notna().all()


def test_a_function_of_the_users_is_not_kept(tmp_path: Path) -> None:
    def worst(y_true: Any, y_pred: Any) -> float:
        return -float(np.abs(y_true - y_pred).max())

    job = run_job("value", task="regression", primary_metric=worst, workspace=tmp_path)
    assert "worst" not in job.evaluate(table_for("value", 50, seed=3)).index
    with pytest.raises(AutoMLError, match="The primary metric worst is a function of your own"):
        job.plot.learning_curve()


def test_rows_count_by_their_weights(tmp_path: Path) -> None:
    def weighted(n: int, seed: int) -> pd.DataFrame:
        table = table_for("label", n, seed=seed)
        return table.assign(w=np.where(table["colour"] == "red", 5.0, 0.5))

    rows = weighted(120, seed=4)
    job = run_job(
        data=weighted(90, seed=0), workspace=tmp_path, weight_column_name="w", test_data=rows, limits={"max_trials": 1}
    )
    table = job.evaluate(rows)
    expected = accuracy_score(rows["label"], job.model.predict(rows), sample_weight=rows["w"])
    assert table.loc["accuracy", "value"] == pytest.approx(expected)
    tested = job.history.test_metrics
    assert tested is not None
    for key in ("accuracy", "log_loss", "AUC_weighted"):
        assert table.loc[key, "value"] == pytest.approx(tested[key])
    plain = job.evaluate(rows.drop(columns="w"))
    assert plain.loc["accuracy", "value"] == pytest.approx(accuracy_score(rows["label"], job.model.predict(rows)))
    width, more = (t.loc["log_loss", "high"] - t.loc["log_loss", "low"] for t in (plain, table))
    assert more > width, "a third of the rows has most of the weight"
    again = load_model(job.model.save(tmp_path / "saved")).evaluate(rows)
    pd.testing.assert_frame_equal(again, table)
    scored = job._charts.scored(None, rows)
    np.testing.assert_allclose(scored.weight, rows["w"] / rows["w"].mean())
    (judged,) = job._charts.explained(None, rows).judged()
    np.testing.assert_allclose(sorted(judged.weight), sorted(rows["w"] / rows["w"].mean()))
    without = rows.assign(label=rows["label"].where(rows.index > 9))
    np.testing.assert_allclose(job._charts.scored(None, without).weight, rows["w"][10:] / rows["w"][10:].mean())
    with pytest.raises(ModelInputError, match="'w' in data has 1 row whose weight is missing, negative or infinite"):
        job.evaluate(rows.assign(w=rows["w"].where(rows.index > 0)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.drop(columns="label"), "There is no column 'label'"),
        (lambda t: t.assign(label="maybe"), "classes that training_data does not have: maybe"),
        (lambda t: t.drop(columns="age"), "age"),
        (lambda t: t.assign(label=None), "no value in any row"),
        (lambda t: t.iloc[:0], "no row"),
    ],
)
def test_rows_that_cannot_be_scored_are_refused_in_a_sentence(classifier: Any, change: Any, words: str) -> None:
    with pytest.raises(ModelInputError, match=words):
        classifier.evaluate(change(table_for("label")))


def test_a_confidence_is_between_0_and_1(classifier: Any) -> None:
    with pytest.raises(ModelInputError, match="confidence: 95 is not between 0 and 1"):
        classifier.evaluate(table_for("label"), confidence=95)
    with pytest.raises(ModelInputError, match=r"confidence: '0\.95' is not between 0 and 1"):
        classifier.evaluate(table_for("label"), confidence="0.95")


def test_a_function_named_as_a_metric_of_ours_is_beside_it(tmp_path: Path) -> None:
    def accuracy(y_true: Any, y_pred: Any) -> float:
        return -float(np.mean(y_true == y_pred))  # the worst model is to be chosen

    job = run_job(primary_metric=accuracy, workspace=tmp_path)
    board = job.leaderboard()
    assert job.history.metric == "accuracy (own function)"
    np.testing.assert_allclose(board["accuracy (own function)"], -board["accuracy"])
    assert board["accuracy"].is_monotonic_increasing
    assert job.best.metrics()["accuracy"] == board["accuracy"].min()
    assert "accuracy (own function)" in job.leaderboard(sort_by="accuracy")
    assert "accuracy (own function)" not in job.evaluate(table_for("label", 50, seed=3)).index


def test_a_class_that_some_resamples_lack_leaves_macro_averages_their_interval() -> None:
    """Of many rows there are few resamples, and not all of them have a row of each class."""
    from automl_jupyter.metrics.base import MetricContext
    from automl_jupyter.results.evaluation import _standard_errors

    y = np.repeat([0, 1, 2], [15_000, 14_998, 2])
    predicted = np.random.default_rng(0).dirichlet(np.ones(3), len(y))
    errors = _standard_errors("classification", y, predicted, None, MetricContext(n_classes=3), (), 0, None)
    assert errors["balanced_accuracy"] > 0
    assert errors["AUC_macro"] > 0
