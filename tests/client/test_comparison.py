"""Jobs side by side."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from automl_jupyter import automl
from automl_jupyter.client.comparison import Comparison
from automl_jupyter.client.workspace import MLClient
from automl_jupyter.errors import AutoMLError, StoreError
from automl_jupyter.testing.quick import run_job, table_for

EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory, session_home: Path) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("compared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(session_home / "cache"))
        kept = {"workspace": folder, "n_cross_validations": 4}
        tree = {
            "allowed_training_algorithms": ["DecisionTree"],
            "enable_vote_ensemble": False,
            "enable_stack_ensemble": False,
        }
        line = {
            "allowed_training_algorithms": ["LogisticRegression"],
            "enable_vote_ensemble": False,
            "enable_stack_ensemble": False,
        }
        return {
            "line": run_job(name="line", training=line, **kept),
            "tree": run_job(name="tree", display_name=EVIL, training=tree, **kept),
            "blocked": run_job(
                name="blocked", featurization={"blocked_transformers": ["CatTargetEncoder"]}, training=line, **kept
            ),
            "flipped": run_job(name="flipped", positive_label="no", training=tree, **kept),
            "other": run_job(name="other", data=table_for("label", n=120), training=line, **kept),
            "value": run_job("value", task="regression", name="value", workspace=folder),
        }


def test_differences_are_paired_over_the_same_folds(jobs: Any) -> None:
    table = automl.compare(jobs["line"], jobs["tree"], jobs["other"]).to_frame()
    assert table["folds"].tolist() == ["first", "same", "others"]
    metric = jobs["line"].history.metric
    first, second = (
        np.array(job.history.trials[job.history.model.trial].values(metric)) for job in (jobs["line"], jobs["tree"])
    )
    d = second - first
    row = table.loc[EVIL]
    assert row["difference"] == pytest.approx(d.mean())
    reach = t.ppf(0.975, 3) * np.sqrt((1 / 4 + 1 / 3) * d.var(ddof=1))
    assert row["high"] - row["difference"] == pytest.approx(reach, rel=0.1), "folds differ by a row"
    assert row["better"] == ("not sure" if abs(d.mean()) <= reach else "yes" if d.mean() > 0 else "no")
    assert np.isnan(table.loc["other", "difference"])


def test_jobs_that_make_other_features_have_the_same_folds(jobs: Any, tmp_path: Path) -> None:
    line, blocked = jobs["line"], jobs["blocked"]
    table = automl.compare(line, blocked).to_frame()
    assert table["folds"].tolist() == ["first", "same"]
    assert np.isfinite(table["difference"].iloc[1])
    old = []
    for job in (line, blocked):  # as an earlier version left them
        folder = tmp_path / "old" / job.name
        shutil.copytree(job.path, folder)
        data = json.loads((folder / "data.json").read_text())
        del data["folds"]
        (folder / "data.json").write_text(json.dumps(data))
        old.append(MLClient(tmp_path).jobs.get(job.name))
    assert automl.compare(*old).to_frame()["folds"].tolist() == ["first", "others"], "their tables differ"
    assert automl.compare(line, old[0]).to_frame()["folds"].tolist() == ["first", "same"], "their table is one"


def test_scores_of_another_positive_class_are_not_compared(jobs: Any) -> None:
    by = automl.compare(jobs["line"], jobs["flipped"])
    assert by.to_frame()["folds"].tolist() == ["first", "same"]
    assert np.isnan(by.to_frame()["difference"].iloc[1])
    assert ", another positive class: not compared" in repr(by)


def test_where_less_is_better_a_positive_difference_still_is(jobs: Any) -> None:
    by = automl.compare(jobs["line"], jobs["tree"], metric="log_loss")
    table = by.to_frame()
    assert table["log_loss"].iloc[1] > table["log_loss"].iloc[0], "a tree is sure and wrong"
    assert table["difference"].iloc[1] < 0
    assert "lower is better" in repr(by)
    same = repr(automl.compare(jobs["line"], jobs["blocked"], metric="log_loss"))
    assert "cannot be told apart: +0 (0 to 0)" in same


def test_a_model_that_was_judged_on_fewer_folds_is_compared_by_those(jobs: Any, tmp_path: Path) -> None:
    kept, metric = jobs["line"], jobs["line"].history.metric
    folder = tmp_path / "short" / "line"
    shutil.copytree(kept.path, folder)
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    for event in events:
        if event["kind"] == "model_selected":  # as it is where the job ended in its race
            event.update(label="VotingEnsemble", trial=None, fold_metrics=[{metric: 0.75}])
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    table = automl.compare(kept, MLClient(tmp_path).jobs.get("line")).to_frame()
    assert table["model"].tolist() == [kept.model.label, "VotingEnsemble"]
    assert table[metric].iloc[1] == 0.75
    assert table["folds"].tolist() == ["first", "others"]
    assert np.isnan(table["difference"].iloc[1])


def test_a_fold_without_a_value_is_left_out_of_the_pairs(jobs: Any, tmp_path: Path) -> None:
    """Each job lacks another fold: the values that are left are not those of the same folds."""
    kept, metric = jobs["line"], jobs["line"].history.metric
    for name, values in (("one", [0.5, 0.6, 0.8, None]), ("two", [None, 0.7, 0.9, 0.3])):
        folder = tmp_path / "gaps" / name
        shutil.copytree(kept.path, folder)
        events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
        for event in events:
            if event["kind"] == "model_selected":
                event.update(fold_metrics=[{metric: value} for value in values])
        (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    one, two = (MLClient(tmp_path).jobs.get(name) for name in ("one", "two"))
    table = automl.compare(one, two).to_frame()
    assert table["folds"].tolist() == ["first", "same"]
    assert table["difference"].iloc[1] == pytest.approx(0.1)
    assert table["better"].iloc[1] == "yes"


def test_settings_that_differ_are_listed(jobs: Any) -> None:
    settings = automl.compare(jobs["line"], jobs["tree"]).settings
    assert settings["setting"].tolist() == ["training.allowed_training_algorithms"]
    assert settings.iloc[0, 1:].tolist() == [["LogisticRegression"], ["DecisionTree"]]


@pytest.mark.parametrize("chart", ["roc", "precision_recall", "cumulative_gains", "lift", "calibration", "progress"])
def test_charts_lie_over_each_other(jobs: Any, chart: str) -> None:
    both = automl.compare(jobs["line"], jobs["tree"])
    ax = both.plot(chart)
    assert len([line for line in ax.lines if not line.get_label().startswith("_")]) == 2
    assert set(both.chart_frame(chart)["job"]) == {"line", EVIL}
    plt.close("all")


def test_progress_is_by_the_metric_that_is_compared(jobs: Any) -> None:
    by = automl.compare(jobs["line"], jobs["tree"], metric="log_loss")
    table = by.chart_frame("progress")
    assert by.plot("progress").get_ylabel() == "log_loss"
    for name, job in (("line", jobs["line"]), (EVIL, jobs["tree"])):
        values = table.loc[table["job"] == name, "log_loss"]
        assert values.is_monotonic_decreasing
        assert values.iloc[-1] == min(t.metrics()["log_loss"] for t in job.trials)
    plt.close("all")


def test_what_is_shown_is_escaped(jobs: Any) -> None:
    shown = automl.compare(jobs["line"], jobs["tree"], jobs["other"])._repr_mimebundle_()
    assert "<script" not in shown["text/html"]
    assert "other folds: not compared" in shown["text/plain"]
    assert "LogisticRegression" in shown["text/plain"]


def test_jobs_are_found_by_name(jobs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOML_JOBS", str(jobs["line"].path.parent.parent))
    assert automl.compare("line", jobs["tree"]).names == ["line", EVIL]
    assert automl.compare("line", "line").names == ["line (1)", "line (2)"]


def test_what_cannot_be_compared_is_refused(jobs: Any) -> None:
    with pytest.raises(AutoMLError, match="two jobs or more"):
        automl.compare(jobs["line"])
    with pytest.raises(AutoMLError, match="different tasks"):
        automl.compare(jobs["line"], jobs["value"])
    with pytest.raises(AutoMLError, match="neither a job nor the name"):
        automl.compare(jobs["line"], 3)  # type: ignore[arg-type]
    with pytest.raises(StoreError, match="nowhere"):
        automl.compare(jobs["line"], "nowhere")
    with pytest.raises(AutoMLError, match=r"metric: No trial was scored by jaccard\. They were scored by "):
        automl.compare(jobs["line"], jobs["tree"], metric="jaccard")
    with pytest.raises(AutoMLError, match="Did you mean 'roc'"):
        automl.compare(jobs["line"], jobs["tree"]).plot("rok")


@pytest.mark.parametrize("chart", ["roc", "precision_recall", "cumulative_gains", "lift", "calibration"])
def test_curves_over_each_other_are_those_of_one_class(jobs: Any, chart: str) -> None:
    found = automl.compare(jobs["line"], jobs["flipped"]).chart_frame(chart)
    assert set(found["job"]) == {"line", "flipped"}
    assert set(found["label"]) == {"yes"}


def test_a_class_called_macro_is_not_the_average() -> None:
    points = {"fpr": [0.0, 0.0], "tpr": [0.1, 0.2], "auc": [0.6, 0.7]}
    table = pd.DataFrame({"curve": ["class", "average"], "label": ["macro", "macro"], **points})
    job = SimpleNamespace(
        task="classification",
        display_name="one",
        history=SimpleNamespace(metric="accuracy"),
        plot=SimpleNamespace(roc=SimpleNamespace(to_frame=lambda **_: table)),
    )
    by = object.__new__(Comparison)
    by.jobs, by.metric = (job,), "accuracy"  # type: ignore[assignment]
    assert by.chart_frame("roc")["auc"].tolist() == [0.7]
