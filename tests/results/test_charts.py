"""Charts: tables that agree with scikit-learn, drawings of them, and what is refused."""

from __future__ import annotations

import inspect
import json
import re
import shutil
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from sklearn.datasets import load_iris
from sklearn.metrics import accuracy_score, average_precision_score, confusion_matrix, r2_score, roc_auc_score

from automl_jupyter import MLClient, automl
from automl_jupyter._core.files import read_json
from automl_jupyter.client import submit
from automl_jupyter.errors import AutoMLError, ModelInputError, NoModelError
from automl_jupyter.metrics.registry import get_metric
from automl_jupyter.results.charts.chart import KINDS, chart_names
from automl_jupyter.results.charts.classification import _mean_curve
from automl_jupyter.results.charts.dependence import draw_partial_dependence
from automl_jupyter.results.charts.importance import draw_importance
from automl_jupyter.results.charts.progress import Learning, learning_table
from automl_jupyter.results.charts.scored import Scored
from automl_jupyter.results.charts.slices import draw_slices
from automl_jupyter.results.charts.sources import JobSource
from automl_jupyter.results.model_page import kept_pictures, model_page
from automl_jupyter.testing.quick import run_job, table_for
from automl_jupyter.testing.simulation import ScriptedFit, Simulation, make_plan

ARGUMENTS: dict[str, tuple[Any, ...]] = {"explanation": (0,), "partial_dependence": ("size",)}


def pooled(job: Any) -> Scored:
    found: Scored = job._charts.scored(None, None)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("which", ["label_job", "value_job"])
def test_every_chart_has_a_table_a_drawing_and_a_sentence(which: str, request: pytest.FixtureRequest) -> None:
    job = request.getfixturevalue(which)
    for name in chart_names(job.task):
        chart, args = getattr(job.plot, name), ARGUMENTS.get(name, ())
        table = chart.to_frame(*args)
        assert isinstance(table, pd.DataFrame)
        assert len(table), name
        ax = chart(*args)
        assert isinstance(ax, Axes)
        assert ax.get_title(loc="left"), name
        _, given = plt.subplots()
        assert chart(*args, ax=given) is given
        picture, says = chart.render(*args, dark=True)
        assert picture.startswith(b"<?xml"), name
        assert says.endswith("."), name
        assert "to_frame" in inspect.getdoc(chart)
        plt.close("all")


def test_plots_say_what_there_is(label_job: Any, value_job: Any) -> None:
    assert "roc" in dir(label_job.plot)
    assert "residuals" in dir(value_job.plot)
    assert "partial_dependence(column)" in repr(label_job.plot)
    assert "by_fold" in str(inspect.signature(label_job.plot.roc))
    with pytest.raises(AttributeError, match="Did you mean 'roc'"):
        _ = label_job.plot.rok
    with pytest.raises(AutoMLError, match=r"roc is a chart for classification, not for regression.*residuals"):
        value_job.plot.roc()
    with pytest.raises(AutoMLError, match=r"by_fold"):
        label_job.plot.roc(by_folds=True)
    with pytest.raises(AutoMLError, match="missing a required argument"):
        label_job.plot.partial_dependence()


def test_curves_have_the_areas_scikit_learn_says(iris_job: Any, label_job: Any) -> None:
    rows = pooled(iris_job)
    table = iris_job.plot.roc.to_frame()
    areas = table.groupby(["curve", "label"])["auc"].first()
    for code, label in enumerate(rows.labels):
        assert areas["class", label] == pytest.approx(roc_auc_score(rows.codes == code, rows.predicted[:, code]))
    assert areas["average", "macro"] == pytest.approx(roc_auc_score(rows.codes, rows.predicted, multi_class="ovr"))
    onehot = np.eye(3)[rows.codes]
    assert areas["average", "micro"] == pytest.approx(roc_auc_score(onehot, rows.predicted, average="micro"))
    table = iris_job.plot.precision_recall.to_frame()
    areas = table.groupby(["curve", "label"])["average_precision"].first()
    for code, label in enumerate(rows.labels):
        hit = rows.codes == code
        assert areas["class", label] == pytest.approx(average_precision_score(hit, rows.predicted[:, code]))
    one = label_job.plot.roc.to_frame(by_fold=True)
    assert set(one["label"]) == {"yes"}, "of two classes, the positive one"
    assert one["fold"].nunique() == one["fold"].dropna().nunique() >= 2
    assert set(label_job.plot.roc.to_frame(label="no")["label"]) == {"no"}
    with pytest.raises(AutoMLError, match=r"There is no class 'yess'.*'yes'"):
        label_job.plot.roc(label="yess")


def test_the_confusion_matrix_counts_what_the_model_predicts(iris_job: Any) -> None:
    rows = pooled(iris_job)
    counts = iris_job.plot.confusion_matrix.to_frame()
    assert counts.to_numpy().tolist() == confusion_matrix(rows.codes, rows.predicted.argmax(axis=1)).tolist()
    assert counts.index.tolist() == counts.columns.tolist() == rows.labels
    assert np.allclose(iris_job.plot.confusion_matrix.to_frame(normalize="true").sum(axis=1), 1)
    with pytest.raises(AutoMLError, match="'row' is none of"):
        iris_job.plot.confusion_matrix(normalize="row")


def test_the_threshold_moves_the_confusion_matrix() -> None:
    proba = np.array([[0.7, 0.3], [0.9, 0.1], [0.2, 0.8]])
    rows = Scored("classification", np.array([1, 0, 1]), proba, np.zeros(3, int), classes=["no", "yes"], threshold=0.25)
    assert KINDS["confusion_matrix"].table(rows).to_numpy().tolist() == [[1, 0], [0, 2]]


def test_gains_and_lift_are_those_of_the_definition() -> None:
    score = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0])
    y = np.array([1, 1, 0, 1, 0, 0, 0, 0, 0, 1])
    rows = Scored("classification", y, np.stack([1 - score, score], 1), np.zeros(10, int), classes=["a", "b"])
    table = KINDS["lift"].table(rows).set_index("share")
    at = {round(s, 2): (g, v) for s, g, v in zip(table.index, table["gain"], table["lift"], strict=True)}
    assert at[0.1] == pytest.approx((0.25, 2.5))
    assert at[0.2] == pytest.approx((0.5, 2.5))
    assert at[0.4] == pytest.approx((0.75, 1.875))
    assert at[1.0] == pytest.approx((1.0, 1.0))
    tied = Scored("classification", y, np.full((10, 2), 0.5), np.zeros(10, int), classes=["a", "b"])
    assert np.allclose(KINDS["lift"].table(tied)["gain"], np.linspace(0, 1, 101)), "scores that say nothing"


def test_calibration_compares_shares(label_job: Any) -> None:
    rng = np.random.default_rng(0)
    p = rng.uniform(size=20_000)
    y = (rng.uniform(size=20_000) < p).astype(int)
    rows = Scored("classification", y, np.stack([1 - p, p], 1), np.zeros(len(y), int), classes=["a", "b"])
    for strategy in ("quantile", "uniform"):
        table = KINDS["calibration"].table(rows, strategy=strategy)
        assert len(table) == 10
        assert table["n"].sum() == 20_000
        assert (abs(table["predicted"] - table["observed"]) < 0.03).all()
        assert ((table["low"] < table["observed"]) & (table["observed"] < table["high"])).all()
    for wrong in ({"n_bins": 1}, {"n_bins": "ten"}, {"strategy": "kmeans"}):
        with pytest.raises(AutoMLError, match=next(iter(wrong))):
            label_job.plot.calibration(**wrong)


def test_regression_tables_say_where_the_rows_are(value_job: Any) -> None:
    rows = pooled(value_job)
    bins = value_job.plot.predicted_vs_true.to_frame(n_bins=5)
    assert bins["n"].sum() == len(rows.y)
    assert bins["true"].is_monotonic_increasing
    assert np.average(bins["predicted"], weights=bins["n"]) == pytest.approx(rows.predicted.mean())
    found = value_job.plot.residuals.to_frame(n_bins=10)
    assert found["n"].sum() == len(rows.y)
    assert found["low"].iloc[0] == pytest.approx((rows.predicted - rows.y).min())
    assert f"{r2_score(rows.y, rows.predicted):.3f}" in value_job.plot.predicted_vs_true.render()[1]


def test_charts_count_rows_by_their_weights() -> None:
    rng = np.random.default_rng(0)
    n, times = 200, rng.integers(1, 4, 200)
    y = rng.normal(size=n).round(2)
    predicted = (y + rng.normal(size=n)).round(2)
    about = {"task": "regression", "y": y, "predicted": predicted, "fold": np.zeros(n, int)}
    rows = Scored(**about, weight=times.astype(float))
    repeated = Scored(**{k: np.repeat(v, times) if k != "task" else v for k, v in about.items()})
    _, ax = plt.subplots()
    for name, says in (("predicted_vs_true", "R² [^ ]+ over"), ("residuals", "mean [^ ]+ half")):
        drawn = [KINDS[name].draw(ax, KINDS[name].table(r), r) for r in (rows, repeated)]
        one, other = (re.findall(says, text) for text in drawn)
        assert one == other
        assert "weight" in drawn[0]
    assert KINDS["residuals"].table(rows)["n"].sum() == times.sum()
    p = rng.uniform(size=n)
    labels = {"y": (p > 0.5).astype(int), "predicted": np.stack([1 - p, p], 1), "fold": np.zeros(n, int)}
    of_classes = {"task": "classification", "classes": ["a", "b"], **labels}
    plain, equal, uneven = (Scored(**of_classes, weight=w) for w in (None, np.full(n, 3.0), times.astype(float)))
    width = [(t["high"] - t["low"]).mean() for t in (KINDS["calibration"].table(r) for r in (plain, equal, uneven))]
    assert width[0] == pytest.approx(width[1])
    assert width[2] > width[0]
    confusion = KINDS["confusion_matrix"]
    assert "counted by their weights" in confusion.draw(ax, confusion.table(uneven), uneven)


def test_charts_of_other_rows_and_of_other_models(label_job: Any, value_job: Any) -> None:
    table = table_for("label", seed=9)
    counts = label_job.plot.confusion_matrix.to_frame(data=table)
    predicted = label_job.model.predict(table)
    assert np.trace(counts.to_numpy()) / counts.to_numpy().sum() == accuracy_score(table["label"], predicted)
    again = label_job.model.plot.confusion_matrix.to_frame(table)
    pd.testing.assert_frame_equal(again, counts)
    trial = label_job.trials[1]
    of_trial = label_job.plot.confusion_matrix.to_frame(model=trial.number)
    assert np.trace(of_trial.to_numpy()) / of_trial.to_numpy().sum() == pytest.approx(
        np.average(trial.values("accuracy"), weights=[f.n_valid for f in trial.folds.values()])
    )
    pd.testing.assert_frame_equal(label_job.plot.confusion_matrix.to_frame(model=trial.label), of_trial)
    assert len(label_job.plot.roc.to_frame(model=trial.number, data=table))
    ensemble = next(iter(label_job.history.ensembles))
    assert len(label_job.plot.roc.to_frame(model=ensemble))
    with pytest.raises(AutoMLError, match="No model 'DecisionTre'"):
        label_job.plot.roc(model="DecisionTre")
    with pytest.raises(AutoMLError, match="give rows with their target"):
        label_job.model.plot.roc()
    with pytest.raises(ModelInputError, match="There is no column 'label'"):
        label_job.plot.roc(data=table.drop(columns="label"))
    with pytest.raises(AutoMLError, match="the job does"):
        label_job.model.plot.progress()
    assert len(value_job.model.plot.residuals.to_frame(table_for("value", seed=9)))


def test_the_mean_of_perfect_precision_recall_curves_is_perfect() -> None:
    y = np.arange(30) % 3
    scored = Scored(
        task="classification", classes=["a", "b", "c"], y=y, predicted=0.9 * np.eye(3)[y] + 0.1 / 3, fold=y * 0
    )
    curves = KINDS["precision_recall"].table(scored)
    for name in ("macro", "weighted"):
        assert (curves.loc[curves["label"] == name, "precision"] == 1).all()


def test_the_mean_of_two_equal_precision_recall_curves_is_theirs() -> None:
    y, score = np.array([0, 1, 0, 1, 1, 0]), np.array([0.1, 0.4, 0.5, 0.7, 0.9, 0.95])
    one = KINDS["precision_recall"].table(
        Scored(
            task="classification",
            classes=["a", "b"],
            y=y,
            predicted=np.stack([1 - score, score], 1),
            fold=y * 0,
            positive=1,
        )
    )
    arrays = {name: one[name].to_numpy() for name in ("recall", "precision", "average_precision")}
    mean = _mean_curve([arrays, arrays], None, "recall", "precision", "average_precision")
    assert mean["average_precision"] == pytest.approx(average_precision_score(y, score))
    for recall, precision in zip(mean["recall"], mean["precision"], strict=True):
        beyond = one.loc[one["recall"] >= recall]
        assert precision == beyond["precision"][beyond["recall"] == beyond["recall"].min()].max()


def test_what_was_given_may_be_a_number_of_numpy(value_job: Any) -> None:
    assert len(value_job.plot.residuals.to_frame(n_bins=np.int64(5))) == 5
    with pytest.raises(AutoMLError, match="n_bins: True is no whole number from 2 to 200"):
        value_job.plot.residuals.to_frame(n_bins=True)


def test_a_constant_target_has_no_r2(value_job: Any) -> None:
    _, said = value_job.plot.predicted_vs_true.render(data=table_for("value").head(1))
    assert "R² – over 1 rows" in said


@pytest.mark.parametrize(
    ("draw", "row"),
    [
        (draw_slices, {"column": "shop", "slice": "two", "error": 0.4, "overall": 0.1, "excess": 0.3}),
        (draw_importance, {"column": "shop", "importance": 0.4}),
        (
            draw_partial_dependence,
            {"column": "shop", "value": "two", "label": "yes", "mean": 0.4, "p10": 0.3, "p90": 0.5},
        ),
    ],
)
def test_a_table_of_one_row_is_drawn_with_its_interval(draw: Any, row: dict[str, Any]) -> None:
    explained = SimpleNamespace(task="classification", metric=get_metric("accuracy", "classification"))
    _, ax = plt.subplots()
    args = ("shop",) if draw is draw_partial_dependence else ()
    says = draw(ax, pd.DataFrame([{**row, "low": 0.3, "high": 0.5}]), explained, *args)
    assert says.endswith(".")
    (interval,) = (c for c in ax.collections if isinstance(c, LineCollection))
    assert np.ptp(interval.get_segments()[0], axis=0).max() == pytest.approx(0.2)
    plt.close("all")


def test_a_mean_outside_the_band_is_drawn() -> None:
    explained = SimpleNamespace(task="classification")
    row = {"column": "shop", "value": "two", "label": "yes", "mean": 0.04, "p10": 0.0, "p90": 0.01}
    _, ax = plt.subplots()
    assert draw_partial_dependence(ax, pd.DataFrame([row]), explained, "shop").endswith(".")


def test_a_learning_curve_ends_at_the_known_score(label_job: Any) -> None:
    curve = label_job.plot.learning_curve.to_frame(model=1, n_sizes=2)
    trial, metric = label_job.trials[1], label_job.history.metric
    largest = curve[curve["n_rows"] == curve["n_rows"].max()]
    assert largest[metric].tolist() == pytest.approx(trial.values(metric)[: len(largest)])
    assert curve["n_rows"].nunique() == 2
    smallest = curve["n_rows"].min()
    assert smallest == pytest.approx(curve["n_rows"].max() / 2, abs=1)


@pytest.mark.slow
def test_labels_are_drawn_as_they_stand(iris_job: Any) -> None:
    svg = iris_job.plot.roc.render()[0].decode()
    assert "<b>" not in svg
    texts = {t.get_text().split(",")[0] for t in iris_job.plot.roc().get_legend().get_texts()}
    assert {"set<b>osa", r"\$versi_color\$", " _virginica"} <= texts
    for name in chart_names("classification"):
        args = {"explanation": (0,), "partial_dependence": ("petal width (cm)",)}.get(name, ())
        assert getattr(iris_job.plot, name).render(*args, format="png")[0].startswith(b"\x89PNG"), name


def test_of_the_pictures_that_are_kept_only_what_cannot_be_drawn_is_left_out(tmp_path: Path) -> None:
    rows = table_for("label", 120)
    one_class = rows[rows["label"] == "yes"].head(20)
    job = run_job("label", data=rows, validation_data=one_class, primary_metric="accuracy", workspace=tmp_path)
    (picture,) = kept_pictures(job)
    assert picture[1].startswith("Confusion matrix")


def test_pictures_are_made_without_pyplot_and_in_threads(label_job: Any) -> None:
    made: list[bytes] = []
    threads = [threading.Thread(target=lambda: made.append(label_job.plot.roc.render()[0])) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 3
    assert plt.get_fignums() == []


def test_of_equal_labels_the_best_ranked_is_meant(label_job: Any, tmp_path: Path) -> None:
    shutil.copytree(label_job.path, tmp_path / "experiment" / label_job.name)
    log = tmp_path / "experiment" / label_job.name / "events.jsonl"
    events = [json.loads(line) for line in log.read_text().splitlines()]
    for event in events:
        if event["kind"] == "trial_queued":
            event["label"] = "alike"
    log.write_text("".join(json.dumps(event) + "\n" for event in events))
    job = MLClient(tmp_path).jobs.get(label_job.name)
    best = job.best
    assert best is not None
    assert best.number != 0, "the first is the baseline"
    assert [p["trial"] for p in job._charts.choose("alike").parts] == [best.number]
    assert [p["trial"] for p in job._charts.choose(0).parts] == [0]
    shown = {m["name"]: m["value"] for m in model_page(job, "alike")["metrics"]}
    assert shown == best.metrics()


def test_the_best_model_is_the_same_by_every_name(value_job: Any) -> None:
    """It is one trial, fitted again on all rows; what its folds' fits say on average is another model."""
    job, best = MLClient(value_job.path.parent.parent).jobs.get(value_job.name), value_job.best
    rows = table_for("value")
    assert job.history.model.trial == best.number
    for model in (best.number, best.label):
        assert np.array_equal(job.get_model(model).predict(rows), job.model.predict(rows))


def test_a_job_of_another_day_has_its_charts(label_job: Any) -> None:
    again = MLClient(label_job.path.parent.parent).jobs.get(label_job.name)
    pd.testing.assert_frame_equal(again.plot.roc.to_frame(), label_job.plot.roc.to_frame())


def test_what_is_gone_is_said(iris_job: Any, tmp_path: Path) -> None:
    shutil.copytree(iris_job.path, tmp_path / "experiment" / iris_job.name)
    job = MLClient(tmp_path).jobs.get(iris_job.name)
    data = read_json(job.path / "data.json")
    (job.path / "data.json").write_text(
        (job.path / "data.json").read_text().replace(data["cache"], str(tmp_path / "no"))
    )
    with pytest.raises(AutoMLError, match=r"cached table of the job .* is gone.*data="):
        job.plot.roc()
    frame = load_iris(as_frame=True).frame
    frame["target"] = np.array(["set<b>osa", "$versi_color$", "_virginica"])[frame["target"]]
    assert len(job.plot.roc.to_frame(frame)), "other rows need no table"


def test_a_job_without_a_model_says_so(tmp_path: Path) -> None:
    frame = load_iris(as_frame=True).frame
    spec = automl.classification(training_data=frame, target_column_name="target", limits={"max_trials": 1})
    job = submit(spec, workspace=tmp_path, compute="inline").wait()
    object.__setattr__(job._feed.history, "model", None)  # as before the first trial has ended
    with pytest.raises(NoModelError, match="has no model yet"):
        job.plot.roc()


def test_a_model_whose_folds_are_fitted_again_has_no_charts_meanwhile() -> None:
    """As where a job was stopped in its first fit and goes on."""
    script = lambda number, fold: ScriptedFit(10.0)  # noqa: E731
    stopped = Simulation(make_plan(max_trials=2), script, n_slots=1, requests={5.0: ("cancel", {})}).run()
    source = JobSource(SimpleNamespace(name="job", status="Running", history=stopped.history))  # type: ignore[arg-type]
    assert source.choose(None).n_folds == 1
    again = JobSource(SimpleNamespace(name="job", status="Running", history=stopped.resume().history))  # type: ignore[arg-type]
    with pytest.raises(NoModelError, match=r"^The first fold of the best model of the job job is being fitted again"):
        again.choose(None)


def test_each_size_of_a_learning_curve_is_one_share_of_every_fold() -> None:
    folds = [(np.arange(n), np.arange(n, n + 300)) for n in (300, 600, 900)]  # windows that expand in time
    learning = Learning("one", "accuracy", folds, [0.7, 0.8, 0.9], lambda train, _: len(train) / 1000)
    curve = learning_table(learning)
    assert curve["n_rows"].unique().tolist() == [75, 150, 300, 600]
    assert curve.groupby("n_rows")["fold"].apply(list).tolist() == [[0, 1, 2]] * 4


def test_no_two_classes_are_drawn_alike_and_those_left_out_are_counted() -> None:
    from automl_jupyter.results.charts.axes import begin

    proba = np.random.default_rng(0).dirichlet(np.ones(8), 80)
    rows = Scored("classification", np.arange(80) % 8, proba, np.zeros(80, int), classes=list("abcdefgh"))
    for name in ("cumulative_gains", "lift", "calibration"):
        _, ax = plt.subplots()
        begin(ax)
        KINDS[name].draw(ax, KINDS[name].table(rows), rows)
        colours = [line.get_color() for line in ax.lines if line.get_linestyle() == "-"]
        assert len(colours) == len(set(colours)) == 7
        assert "the first 7 of 8 classes" in ax.get_title()


def test_exact_predictions_are_off_by_nought_at_most() -> None:
    y = np.arange(10.0)
    rows = Scored("regression", y, y.copy(), np.zeros(10, int))
    _, ax = plt.subplots()
    says = KINDS["residuals"].draw(ax, KINDS["residuals"].table(rows), rows)
    assert says == "Residuals: mean 0, half of the rows are off by 0 at most."


def test_a_chart_drawn_over_another_has_its_own_title(label_job: Any) -> None:
    _, ax = plt.subplots()
    label_job.plot.roc(ax=ax)
    label_job.plot.lift(ax=ax)
    assert ax.get_title(loc="left") == "Lift"


def test_one_class_takes_one_curve(iris_job: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import sklearn.metrics

    made, roc_curve = [], sklearn.metrics.roc_curve
    monkeypatch.setattr(sklearn.metrics, "roc_curve", lambda *a, **k: made.append(1) or roc_curve(*a, **k))
    label = pooled(iris_job).labels[0]
    assert set(iris_job.plot.roc.to_frame(label=label)["label"]) == {label}
    assert len(made) == 1


def test_a_model_is_asked_for_by_its_label_or_its_number(label_job: Any) -> None:
    board = label_job.leaderboard()
    for wrong in (pd.NA, board.iloc[0], True, float("nan"), [0]):
        with pytest.raises(AutoMLError, match=r"model: a .* is neither a label nor the number of a trial"):
            label_job.get_model(wrong)
        with pytest.raises(AutoMLError, match=r"member: a .* is neither a label nor the number of a trial"):
            label_job.model.get_engineered_features(wrong)
    number = board["number"].dropna().iloc[0]
    assert label_job.get_model(float(number)).label == label_job.get_model(number).label


def test_what_nothing_can_be_drawn_on_is_refused(label_job: Any) -> None:
    figure, axes = plt.subplots(1, 2)
    for wrong in (axes, figure, "left", True):
        with pytest.raises(AutoMLError, match=r"ax: a .* is no axes of matplotlib"):
            label_job.plot.roc(ax=wrong)
    assert label_job.plot.roc(ax=axes[0]) is axes[0]


def test_the_page_of_progress_says_that_it_takes_axes() -> None:
    from automl_jupyter.results.charts.chart import _page, _signature

    assert "ax" in _signature(KINDS["progress"]).parameters
    assert "`progress` takes `ax` alone" in _page(KINDS["progress"])
