"""What a model goes by, and where it errs: importance, Shapley values, partial dependence, slices of the rows."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from automl_jupyter import MLClient, automl
from automl_jupyter.client import submit
from automl_jupyter.errors import AutoMLError
from automl_jupyter.metrics.base import MetricContext
from automl_jupyter.metrics.registry import get_metric
from automl_jupyter.results.charts.dependence import draw_partial_dependence
from automl_jupyter.results.charts.explained import Explained, Judged
from automl_jupyter.results.charts.importance import importance_table
from automl_jupyter.results.charts.slices import _slices, draw_slices, slices_table
from automl_jupyter.testing.quick import run_job, table_for


def test_slices_count_rows_by_their_weights() -> None:
    X = pd.DataFrame({"shop": pd.Categorical(["one"] * 40 + ["two"] * 40)})
    y, weight = np.arange(80.0), np.where(np.arange(80) % 4 == 0, 5.0, 1.0)

    def table(weight: np.ndarray | None) -> pd.DataFrame:
        judged = [Judged(lambda X: np.zeros(len(X)), X, y, weight)]
        explained: Any = SimpleNamespace(judged=lambda: judged, task="regression", column=lambda name: 0)
        return slices_table(explained, "shop").set_index("slice")

    plain, equal, uneven = table(None), table(np.full(80, 2.0)), table(weight)
    pd.testing.assert_frame_equal(plain, equal)
    assert uneven.loc["two", "error"] == pytest.approx(np.average(y[40:], weights=weight[40:]))
    assert uneven["overall"].iloc[0] == pytest.approx(np.average(y, weights=weight))
    assert uneven["excess"].sum() == pytest.approx(0)
    reach = plain["high"] - plain["error"]
    assert reach["one"] == pytest.approx(1.959964 * y[:40].std(ddof=1) / np.sqrt(40))
    assert ((uneven["high"] - uneven["error"]) > reach).all()


def test_importance_finds_the_column_that_matters(label_job: Any, value_job: Any, tmp_path: Path) -> None:
    five_folds = run_job(workspace=tmp_path, n_cross_validations=5, limits={"max_trials": 1})
    for job in (label_job, value_job, five_folds):
        found = job.plot.importance.to_frame()
        assert found["column"].tolist()[0] == "size", "size decides"
        assert set(found["column"]) == {"size", "age", "colour"}
        assert (found["low"] <= found["importance"]).all()
    assert found["low"][0] > 0, "which two folds could not say for sure"
    with pytest.raises(AutoMLError, match="n_repeats"):
        label_job.plot.importance(n_repeats=1)


def explained_by(x: list[list[int]], y: list[list[int]], metric: str, **more: Any) -> Explained:
    """Return a model that says of a row what its only column holds, and parts of rows to judge it by."""

    def predict(X: pd.DataFrame) -> np.ndarray:
        sure = X["x"].to_numpy() / 10
        return np.column_stack([1 - sure, sure])

    parts = [
        Judged(predict, pd.DataFrame({"x": np.array(values)}), np.array(codes))
        for values, codes in zip(x, y, strict=True)
    ]
    return Explained(
        task="classification",
        predict=predict,
        X=parts[0].X,
        judged=lambda: parts,
        encode=lambda row: parts[0].X,
        metric=get_metric(metric, "classification"),
        context=MetricContext(n_classes=2),
        classes=["no", "yes"],
        **more,
    )


def test_a_fold_without_a_class_is_left_out_of_the_importance() -> None:
    without, both = ([1, 2, 3, 4], [0, 0, 0, 0]), ([1, 2, 8, 9], [0, 0, 1, 1])
    found = importance_table(explained_by([without[0], both[0]], [without[1], both[1]], "AUC_macro"))
    assert np.isfinite(found["importance"]).all()
    assert found["importance"][0] > 0
    with pytest.raises(AutoMLError, match=r"AUC_macro has no value .* a class has none among them.*data="):
        importance_table(explained_by([without[0]], [without[1]], "AUC_macro"))


def test_an_importance_of_values_without_a_score_says_nothing_of_classes() -> None:
    one = pd.DataFrame({"x": [1.0]})
    parts = [Judged(lambda X: X["x"].to_numpy(), one, np.array([1.0]))]
    explained = SimpleNamespace(
        X=one, judged=lambda: parts, metric=get_metric("r2_score", "regression"), context=MetricContext(),
        task="regression", threshold=None, random_state=0,
    )  # fmt: skip
    with pytest.raises(AutoMLError, match=r"r2_score has no value on the rows that it is measured on\. Give more rows"):
        importance_table(explained)


def test_the_interval_of_the_importance_is_that_of_the_folds() -> None:
    sure, unsure = ([1, 2, 8, 9], [0, 0, 1, 1]), ([1, 9, 8, 2], [0, 0, 1, 1])
    parts = [sure, sure, unsure]
    found = explained_by([x for x, _ in parts], [y for _, y in parts], "AUC_macro")
    few, many = (importance_table(found, n_repeats=n).iloc[0] for n in (20, 100))
    assert many["high"] - many["low"] == pytest.approx(few["high"] - few["low"], rel=0.3), (
        "however often it is shuffled"
    )
    alone = [importance_table(explained_by([sure[0]], [sure[1]], "AUC_macro"), n_repeats=n).iloc[0] for n in (20, 100)]
    assert alone[1]["high"] - alone[1]["low"] < 0.7 * (alone[0]["high"] - alone[0]["low"])


def test_a_rare_class_is_in_the_sample_of_every_fold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("automl_jupyter.results.charts.sources.JUDGED_ROWS", 40)
    table = table_for("label", n=400)
    table["label"] = np.where(table["size"].rank() > 396, "rare", table["label"])
    job = run_job(data=table, workspace=tmp_path, limits={"max_trials": 1})
    for parts in (job._charts.explained(None, None).judged(), job.model.plot._source.explained(None, table).judged()):
        assert all({0, 1, 2} == set(part.y.tolist()) for part in parts)
        assert sum(len(part.y) for part in parts) == 40


def test_slices_and_importance_cut_where_the_model_cuts() -> None:
    low = explained_by([[1, 1, 3, 3]], [[0, 0, 1, 1]], "accuracy", threshold=0.2)
    assert slices_table(low, "x", least_rows=1)["error"].tolist() == [0, 0]
    assert slices_table(replace(low, threshold=None), "x", least_rows=1)["error"].tolist() == [0, 1]
    assert importance_table(low)["importance"][0] > 0
    assert importance_table(replace(low, threshold=None))["importance"][0] == 0


def test_the_interval_of_a_slice_of_classes_is_that_of_a_share() -> None:
    right, wrong = (explained_by([[1] * n], [[y] * n], "accuracy") for n, y in ((30, 0), (20, 1)))
    for found, error in ((right, 0.0), (wrong, 1.0)):
        row = slices_table(found, "x").iloc[0]
        assert row["error"] == error
        assert 0 <= row["low"] < row["high"] <= 1


def test_one_row_has_nothing_to_be_explained_by(value_job: Any) -> None:
    row = table_for("value").head(1)
    with pytest.raises(AutoMLError, match="data: Give two rows or more"):
        value_job.plot.shap(data=row)
    with pytest.raises(AutoMLError, match="data: Give two rows or more"):
        value_job.plot.explanation(0, data=row)


@pytest.mark.slow
def test_shapley_values_add_up_to_the_prediction(label_job: Any, value_job: Any, iris_job: Any) -> None:
    row = table_for("label", seed=9).drop(columns="label").head(1)
    steps = label_job.plot.explanation.to_frame(row)
    assert steps["total"].iloc[-1] == pytest.approx(label_job.model.predict_proba(row)[0, 1])
    assert steps["total"].iloc[0] + steps["shap"].sum() == pytest.approx(steps["total"].iloc[-1])
    assert steps["column"].tolist()[1] == "size"
    steps = value_job.plot.explanation.to_frame(row.iloc[0])
    assert steps.equals(value_job.plot.explanation.to_frame(row.iloc[0].to_dict()))
    assert steps["total"].iloc[-1] == pytest.approx(value_job.model.predict(row)[0])
    found = value_job.plot.shap.to_frame(n_rows=10)
    sizes = found.groupby("column")["shap"].apply(lambda s: s.abs().mean())
    assert sizes.idxmax() == "size"
    assert set(iris_job.plot.shap.to_frame(n_rows=5)["label"]) == {"set<b>osa", "$versi_color$", "_virginica"}
    with pytest.raises(AutoMLError, match="one row is explained at a time"):
        label_job.plot.explanation(table_for("label"))
    with pytest.raises(AutoMLError, match="there is no row 9999"):
        label_job.plot.explanation(9999)


def test_partial_dependence_averages_over_the_rows(value_job: Any) -> None:
    found = value_job.plot.partial_dependence.to_frame("size")
    assert found["value"].is_monotonic_increasing
    X = value_job._charts.explained(None, None).X.head(200)
    changed = X.assign(size=found["value"].iloc[3].astype(X["size"].dtype))
    assert found["mean"].iloc[3] == pytest.approx(value_job.model.blend_.predict(changed).mean())
    levels = value_job.plot.partial_dependence.to_frame("colour")
    assert set(levels["value"]) == set(X["colour"].cat.categories)
    with pytest.raises(AutoMLError, match=r"uses no column 'sise'.*'size'"):
        value_job.plot.partial_dependence("sise")


def test_columns_named_by_numbers_are_found() -> None:
    found = explained_by([[1, 2, 8, 9]], [[0, 0, 1, 1]], "AUC_macro")
    object.__setattr__(found, "X", found.X.set_axis(["7"], axis=1))
    assert found.column(7) == 0
    _, ax = plt.subplots()
    row = {"label": "yes", "value": 1.0, "mean": 0.4, "p10": 0.3, "p90": 0.5}
    assert "on 7:" in draw_partial_dependence(ax, pd.DataFrame([row]), found, 7)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "first"),
    [
        (pd.date_range("2021-01-01", periods=60, freq="5min"), "2021-01-01 00:00 – 2021-01-01 00:59"),
        (pd.date_range("2021-01-01", periods=61, freq="10D"), "2021-01-01 – 2021-05-01"),
        (pd.date_range("2021-01-01", periods=60, freq="s"), "2021-01-01 00:00:00 – 2021-01-01 00:00:11"),
        (-122.42 + np.arange(60) * 1e-5, "-122.42 – -122.4199"),
        (np.arange(60.0), "0 – 11.8"),
    ],
)
@pytest.mark.parametrize("unit", ["ns", "us"])
def test_slices_have_names_of_their_own(values: Any, first: str, unit: str) -> None:
    column = pd.Series(values)
    if column.dtype != np.float64:
        column = column.astype(f"datetime64[{unit}]")
    names = [name for name, _ in _slices(column)]
    assert names[0] == first
    assert len(set(names)) == len(names) == 5
    assert all(low != high for low, high in (name.split(" – ") for name in names))


def test_slices_find_where_the_errors_are(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=600), "shop": rng.choice(["one", "two", "three"], 600)})
    noisy = frame["shop"] == "two"
    frame["y"] = (frame["x"] > 0) ^ (noisy & (rng.uniform(size=600) < 0.4))
    spec = automl.classification(
        training_data=frame, target_column_name="y", n_cross_validations=3, limits={"max_trials": 1}, random_state=0
    )
    spec.set_training(allowed_training_algorithms=["LogisticRegression"])
    job = submit(spec, workspace=tmp_path, compute="inline").wait()
    worst = job.plot.slices.to_frame().iloc[0]
    assert (worst["column"], worst["slice"]) == ("shop", "two")
    assert worst["low"] > worst["overall"]
    by_shop = job.plot.slices.to_frame("shop")
    assert set(by_shop["slice"]) == {"one", "two", "three"}
    assert by_shop["n"].sum() == 600
    assert (by_shop["excess"].sum()) == pytest.approx(0, abs=1e-9)


def test_explanations_follow_the_model_while_a_job_runs(value_job: Any, tmp_path: Path) -> None:
    shutil.copytree(value_job.path, tmp_path / "experiment" / value_job.name)
    log = tmp_path / "experiment" / value_job.name / "events.jsonl"
    events = log.read_text().splitlines(keepends=True)
    stages = [json.loads(line).get("stage") for line in events]
    log.write_text("".join(events[: stages.index("final")]))
    job = MLClient(tmp_path).jobs.get(value_job.name)
    before = job.plot.partial_dependence.to_frame("size")
    job._feed.publish(value_job.history)
    after = job.plot.partial_dependence.to_frame("size")
    assert not after.equals(before)
    assert after.equals(value_job.plot.partial_dependence.to_frame("size"))


def test_a_row_of_those_given_is_explained_by_its_place(value_job: Any) -> None:
    rows = table_for("value", 40, seed=9)
    predicted = value_job.model.predict(rows)
    for at in (0, 7, 31):
        steps = value_job.plot.explanation.to_frame(at, data=rows)
        assert steps["total"].iloc[-1] == pytest.approx(predicted[at])
    with pytest.raises(AutoMLError, match="there is no row 40; there are rows 0 to 39"):
        value_job.plot.explanation(40, data=rows)


def test_a_column_called_0_has_the_slices_of_one_column() -> None:
    rows = {"column": ["0", "0"], "slice": ["one", "two"], "n": [20, 20], "error": [0.1, 0.4], "low": [0.0, 0.3]}
    rows |= {"high": [0.2, 0.5], "overall": [0.25, 0.25], "excess": [-0.3, 0.3]}
    explained: Any = SimpleNamespace(task="classification")
    _, ax = plt.subplots()
    draw_slices(ax, pd.DataFrame(rows), explained, 0)  # type: ignore[arg-type]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["two", "one"]


def test_an_explanation_leaves_numpys_shared_random_state_as_it_was(value_job: Any) -> None:
    np.random.seed(3)
    before = str(np.random.get_state(legacy=False))
    value_job.plot.explanation.to_frame(0)
    assert str(np.random.get_state(legacy=False)) == before


def test_a_category_that_is_not_known_is_not_called_missing() -> None:
    assert _slices(pd.Series(pd.Categorical(["a", "b", None])))[-1][0] == "missing or unknown"
    assert _slices(pd.Series([1.0, np.nan]))[-1][0] == "missing"
