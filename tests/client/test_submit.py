"""From a spec to a finished job, in this process: what was asked is what was done."""

from __future__ import annotations

import errno
import gc
import json
import shutil
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from automl_jupyter import automl
from automl_jupyter.client import submit
from automl_jupyter.client.submit import experiment_of_folder, resolve_compute, resume
from automl_jupyter.data.cache import open_cache
from automl_jupyter.errors import ComputeError, DataError, JobFailedError, SpecError, StoreError
from automl_jupyter.jobs.executor import InlineExecutor
from automl_jupyter.store.folder import JobFolder, check_name
from automl_jupyter.testing.quick import run_job
from automl_jupyter.trials.records import FoldTask

KNN_TOO = {
    "allowed_training_algorithms": ["KNN", "LogisticRegression"],
    "enable_vote_ensemble": False,
    "enable_stack_ensemble": False,
}
STATE_COLUMNS = ["number", "model", "state", "folds"]


def _folds(job: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the row numbers of a job's folds as its workers read them."""
    return open_cache(Path(json.loads((job.path / "data.json").read_text())["cache"])).folds


def _scores(job: Any) -> pd.DataFrame:
    """Return the leaderboard without what was measured with a clock."""
    return job.leaderboard().drop(columns=["fit_s", "predict_s"])


# --- what comes out ---------------------------------------------------------------------------------------------


def test_a_job_runs_to_its_end_and_says_what_it_did(binary_job: Any) -> None:
    assert binary_job.status == "Completed"
    assert binary_job.history.limit == "max_trials"
    assert [t.state for t in binary_job.trials] == ["complete"] * 4, "three trials and the baseline"
    assert binary_job.trials[0].learner == "Dummy"
    assert {p.name for p in binary_job.path.iterdir()} >= {
        "job.yaml",
        "plan.json",
        "data.json",
        "environment.json",
        "events.jsonl",
        "model",
    }
    assert binary_job.plan["random_state"] == 7


def test_a_trial_beats_the_baseline(binary_job: Any, multiclass_job: Any, regression_job: Any) -> None:
    for job in (binary_job, multiclass_job, regression_job):
        trials = job.leaderboard().dropna(subset="number").set_index("model")
        assert trials.loc["Baseline", "rank"] == trials["rank"].max()
        assert job.best.learner != "Dummy"


@pytest.mark.parametrize(
    ("labels", "dtype"),
    [
        (("no", "yes"), "O"),
        ((False, True), "b"),
        ((3, 7), "i"),
        ((0.5, 1.5), "f"),
    ],
)
def test_predictions_have_the_labels_own_type(
    labels: tuple[Any, Any], dtype: str, tables: SimpleNamespace, jobs: SimpleNamespace
) -> None:
    table = tables.of("label")
    table["label"] = [labels[v == "yes"] for v in table["label"]]
    job = jobs.run(data=table, limits={"max_trials": 1})
    predicted = job.model.predict(table)
    assert job.model.classes_.tolist() == list(labels)
    assert job.model.classes_.dtype.kind == predicted.dtype.kind == dtype
    assert np.mean(table["label"].to_numpy() == predicted) > 0.8


@pytest.mark.parametrize("dtype", ["category", "string", "Int64", "boolean"])
def test_labels_of_pandas_own_types(dtype: str, tables: SimpleNamespace, jobs: SimpleNamespace) -> None:
    table = tables.of("label")
    codes = (table["label"] == "yes").astype({"Int64": int, "boolean": bool}.get(dtype, str))
    table["label"] = codes.astype(dtype)
    job = jobs.run(data=table, limits={"max_trials": 1})
    assert set(job.model.predict(table)) == set(codes)


# --- what it is scored with: scikit-learn is the oracle ---------------------------------------------------------

CLASS_METRICS: dict[str, Callable[[Any, Any, Any], float]] = {
    "accuracy": lambda y, label, proba: sk.accuracy_score(y, label),
    "log_loss": lambda y, label, proba: sk.log_loss(y, proba),
    "AUC_weighted": lambda y, label, proba: sk.roc_auc_score(y, proba, multi_class="ovr", average="weighted"),
    "balanced_accuracy": lambda y, label, proba: sk.balanced_accuracy_score(y, label),
    "matthews_corrcoef": lambda y, label, proba: sk.matthews_corrcoef(y, label),
    "f1_macro": lambda y, label, proba: sk.f1_score(y, label, average="macro"),
    "cohen_kappa": lambda y, label, proba: sk.cohen_kappa_score(y, label),
}


@pytest.mark.parametrize("name", ["accuracy", "log_loss", "AUC_weighted", "balanced_accuracy", "f1_macro"])
def test_the_primary_metric_is_the_models_on_the_validation_data(
    name: str, tables: SimpleNamespace, jobs: SimpleNamespace
) -> None:
    """With validation data of the user's own nothing is fitted again, so the model can be asked for the score."""
    held_out = tables.of("kind", seed=1)
    job = jobs.run("kind", primary_metric=name, validation_data=held_out)
    model = job.model
    expected = CLASS_METRICS[name](held_out["kind"], model.predict(held_out), model.predict_proba(held_out))
    assert model.label == job.best.label
    assert job.best.metrics()[job.history.metric] == pytest.approx(expected, abs=1e-6)
    value = job.leaderboard().iloc[0][job.history.metric]
    others = job.leaderboard()[job.history.metric]
    assert value == (others.min() if name == "log_loss" else others.max())


@pytest.mark.parametrize(
    ("name", "oracle", "best"),
    [
        ("r2_score", sk.r2_score, max),
        ("neg_mean_absolute_error", sk.mean_absolute_error, min),
        ("root_mean_squared_error", sk.root_mean_squared_error, min),
        ("neg_max_error", sk.max_error, min),
        ("spearman_correlation", lambda y, p: pd.Series(np.asarray(y)).corr(pd.Series(p), method="spearman"), max),
    ],
)
def test_the_primary_metric_of_a_regression(
    name: str,
    oracle: Callable[[Any, Any], float],
    best: Callable[[Any], float],
    tables: SimpleNamespace,
    jobs: SimpleNamespace,
) -> None:
    held_out = tables.of("value", seed=1)
    job = jobs.run("value", task="regression", primary_metric=name, validation_data=held_out)
    board = job.leaderboard()
    expected = oracle(held_out["value"], job.model.predict(held_out))
    assert board.iloc[0][job.history.metric] == pytest.approx(expected, abs=1e-6)
    assert board.iloc[0][job.history.metric] == best(board[job.history.metric].dropna())


def test_a_function_of_the_users_own_ranks_and_sees_the_labels(tables: SimpleNamespace, jobs: SimpleNamespace) -> None:
    seen: set[Any] = set()

    def share_of_right_yes(y_true: Any, y_pred: Any) -> float:
        seen.update(y_true, y_pred)
        return float(np.mean(np.asarray(y_pred)[np.asarray(y_true) == "yes"] == "yes"))

    held_out = tables.of("label", seed=1)
    job = jobs.run(primary_metric=share_of_right_yes, validation_data=held_out)
    assert seen == {"yes", "no"}
    assert job.history.metric == "share_of_right_yes"
    expected = share_of_right_yes(held_out["label"], job.model.predict(held_out))
    assert job.leaderboard().iloc[0]["share_of_right_yes"] == pytest.approx(expected)


@pytest.mark.parametrize(("target", "task"), [("label", "classification"), ("value", "regression")])
def test_a_function_that_raises_fails_the_job_with_its_name_and_message(
    target: str, task: str, jobs: SimpleNamespace
) -> None:
    def broken(y_true: Any, y_pred: Any) -> float:
        raise ZeroDivisionError("my own metric divides by nothing")

    job = submit(jobs.spec(target, task=task, primary_metric=broken), compute="inline")
    said = "The function broken, the primary metric, raised ZeroDivisionError: my own metric divides by nothing"
    with pytest.raises(JobFailedError, match=f"The job {job.name} failed: {said}"):
        job.wait(60)
    assert 'raise ZeroDivisionError("my own metric' in job.error["tail"], "where it stands in the function is kept"


def test_a_fold_whose_rows_all_weigh_nothing_is_left_out(tables: SimpleNamespace, jobs: SimpleNamespace) -> None:
    data = tables.of("label")
    third = np.arange(len(data)) % 3
    data = data.assign(w=np.where(third == 1, 0.0, 1.0), **{f"cut{k}": (third != k).astype(int) for k in range(3)})
    job = jobs.run(data=data, weight_column_name="w", cv_split_column_names=["cut0", "cut1", "cut2"])
    for trial in job.trials:
        folds = [trial.folds[k].metrics["accuracy"] for k in range(3)]
        assert (trial.state, folds[1]) == ("complete", None)
        assert trial.metrics()["accuracy"] == pytest.approx(np.mean([folds[0], folds[2]]))


def test_row_weights_count_in_fits_and_scores(tables: SimpleNamespace, jobs: SimpleNamespace) -> None:
    held_out = tables.of("label", seed=1).assign(w=np.linspace(0.1, 5, 90))
    train = tables.of("label").assign(w=np.where(tables.of("label")["label"] == "yes", 100.0, 0.01))
    job = jobs.run(data=train, validation_data=held_out, weight_column_name="w")
    right = job.model.predict(held_out.drop(columns="w"))
    expected = sk.accuracy_score(held_out["label"], right, sample_weight=held_out["w"])
    assert job.best.metrics()["accuracy"] == pytest.approx(expected)
    assert "w" not in job.model.feature_names_in_
    linear = next(t for t in job.trials if t.learner == "LogisticRegression")
    even = jobs.run(data=train.assign(w=1.0), validation_data=held_out, weight_column_name="w")
    assert linear.metrics()["recall_score_macro"] != even.trials[linear.number].metrics()["recall_score_macro"]


def test_the_scale_of_row_weights_changes_nothing(tables: SimpleNamespace, jobs: SimpleNamespace) -> None:
    """Shares that sum to 1, numbers of rows, or thousands: learners take weights as numbers of rows."""
    w = 1.0 + np.arange(90) % 4
    plain, *scaled = (
        jobs.run(data=tables.of("label").assign(w=w * scale), weight_column_name="w", limits={"max_trials": 4})
        for scale in (1.0, 1 / w.sum(), 1024.0)
    )
    for job in scaled:
        pd.testing.assert_frame_equal(_scores(job), _scores(plain), rtol=1e-6)


def test_the_positive_label_is_the_one_asked_for(tables: SimpleNamespace, jobs: SimpleNamespace) -> None:
    held_out = tables.of("label", seed=1)
    job = jobs.run(primary_metric="f1", positive_label="no", validation_data=held_out)
    expected = sk.f1_score(held_out["label"], job.model.predict(held_out), pos_label="no")
    assert job.leaderboard().iloc[0][job.history.metric] == pytest.approx(expected)
    with pytest.raises(SpecError, match=r"positive_label: 'nope' is not a class of 'label'. Did you mean 'no'\?"):
        jobs.run(positive_label="nope")


def test_the_test_rows_only_report(tables: SimpleNamespace, jobs: SimpleNamespace) -> None:
    test = tables.of("label", seed=5)
    job = jobs.run(test_data=test)
    expected = sk.accuracy_score(test["label"], job.model.predict(test))
    assert job.history.test_metrics["accuracy"] == pytest.approx(expected)
    assert job.history.test_metrics["AUC_weighted"] == pytest.approx(
        sk.roc_auc_score(test["label"] == "yes", job.model.predict_proba(test)[:, 1])
    )
    assert job.test_metrics == job.history.test_metrics
    plain = jobs.run()
    assert plain.history.test_metrics is None
    assert plain.test_metrics == {}
    assert not (plain.path / "test").exists()
    pd.testing.assert_frame_equal(_scores(job), _scores(plain))


def test_a_share_for_the_test_is_cut_before_the_folds(jobs: SimpleNamespace) -> None:
    job = jobs.run(test_data_size=0.2)
    assert job.plan["n_rows"] == 72
    assert all(len(train) + len(valid) == 72 for train, valid in _folds(job))
    assert set(job.history.test_metrics) >= {"accuracy", "log_loss"}


def test_what_was_predicted_of_the_test_rows_is_kept(tables: SimpleNamespace, jobs: SimpleNamespace) -> None:
    test = tables.of("label", seed=5)
    test.loc[3, "label"] = None
    job = jobs.run(test_data=test)
    found = pd.read_csv(job.path / "test" / "predictions.csv")
    assert list(found.columns) == ["row", "given", "predicted", "probability_of_no", "probability_of_yes"]
    kept = test.drop(index=3)
    assert found["row"].tolist() == kept.index.tolist()
    assert found["given"].tolist() == kept["label"].tolist()
    assert found["predicted"].tolist() == job.model.predict(kept).tolist()
    np.testing.assert_allclose(found[["probability_of_no", "probability_of_yes"]], job.model.predict_proba(kept))
    assert (found["given"] == found["predicted"]).mean() == pytest.approx(job.test_metrics["accuracy"])


def test_test_rows_that_were_cut_are_told_by_their_place(tables: SimpleNamespace, jobs: SimpleNamespace) -> None:
    data = tables.of("value")
    data.loc[[0, 5], "value"] = np.nan
    job = jobs.run("value", task="regression", data=data, test_data_size=0.2)
    found = pd.read_csv(job.path / "test" / "predictions.csv")
    assert list(found.columns) == ["row", "given", "predicted"]
    assert len(found) == 18
    np.testing.assert_array_equal(found["given"], data.loc[found["row"], "value"])
    np.testing.assert_allclose(found["predicted"], job.model.predict(data.loc[found["row"]]), rtol=1e-5)


# --- how rows are held back -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "kind", "valid"),
    [
        ({"n_cross_validations": 3}, "kfold", [30, 30, 30]),
        ({"validation_data_size": 0.2}, "holdout", [18]),
        ({"validation_data_size": 0.2, "n_cross_validations": 2}, "monte_carlo", [18, 18]),
    ],
)
def test_validation_as_asked(asked: dict[str, Any], kind: str, valid: list[int], jobs: SimpleNamespace) -> None:
    job = jobs.run(limits={"max_trials": 1}, **asked)
    assert job.plan["validation"]["kind"] == kind
    assert [len(v) for _, v in _folds(job)] == valid
    assert [f.n_valid for _, f in sorted(job.trials[1].folds.items())] == valid


def test_validation_data_of_the_users_own_train_nothing(tables: SimpleNamespace, jobs: SimpleNamespace) -> None:
    job = jobs.run(validation_data=tables.of("label", n=40, seed=3))
    assert (job.trials[1].folds[0].n_train, job.trials[1].folds[0].n_valid) == (90, 40)
    assert all(t.refit_s is None for t in job.trials)
    assert job.history.model.final


def test_folds_from_columns(tables: SimpleNamespace, jobs: SimpleNamespace) -> None:
    first = np.arange(90) % 3 > 0
    table = tables.of("label").assign(cv1=first.astype(int), cv2=(np.arange(90) % 2).astype(int))
    job = jobs.run(data=table, cv_split_column_names=["cv1", "cv2"])
    assert [len(v) for _, v in _folds(job)] == [30, 45]
    assert _folds(job)[0][0].tolist() == np.flatnonzero(first).tolist()
    assert list(job.model.feature_names_in_) == ["size", "age", "colour"]


def test_groups_stay_together(tables: SimpleNamespace, jobs: SimpleNamespace) -> None:
    groups = np.arange(90) // 9
    job = jobs.run(data=tables.of("label").assign(patient=groups), group_column_name="patient", n_cross_validations=3)
    assert len(_folds(job)) == 3
    for train, valid in _folds(job):
        assert not set(groups[train]) & set(groups[valid])
    assert "patient" not in job.model.feature_names_in_


def test_validation_rows_are_later_than_those_trained_on(tables: SimpleNamespace, jobs: SimpleNamespace) -> None:
    days = np.random.default_rng(4).permutation(90)
    table = tables.of("value").assign(day=pd.Timestamp("2024-01-01") + pd.to_timedelta(days, unit="D"))
    job = jobs.run("value", task="regression", data=table, time_column_name="day", n_cross_validations=3)
    assert len(_folds(job)) == 3
    for train, valid in _folds(job):
        assert days[train].max() < days[valid].min()


# --- which trials and which model -------------------------------------------------------------------------------


def test_only_allowed_learners_are_tried(jobs: SimpleNamespace) -> None:
    job = jobs.run(training={"allowed_training_algorithms": ["decision_tree", "KNN"], "enable_stack_ensemble": False})
    assert {t.learner for t in job.trials} == {"Dummy", "DecisionTree", "KNN"}


def test_blocked_learners_are_not_tried(jobs: SimpleNamespace) -> None:
    from automl_jupyter.learners import available

    rest = {info.key for info in available("classification")} - {"Dummy"}
    blocked = sorted(rest - {"DecisionTree", "KNN"})
    job = jobs.run(training={"blocked_training_algorithms": blocked, "enable_stack_ensemble": False})
    assert {t.learner for t in job.trials} == {"Dummy", "DecisionTree", "KNN"}
    # Which of the two is said depends on whether every learner there is has its package.
    with pytest.raises(SpecError, match=r"leave no learner that can be tried|blocks every training algorithm"):
        jobs.run(training={"blocked_training_algorithms": sorted(rest)})


def test_ensembles_are_built_unless_turned_off(binary_job: Any, multiclass_job: Any) -> None:
    assert {"VotingEnsemble", "StackEnsemble"} >= set(binary_job.history.ensembles)
    assert binary_job.history.ensembles
    shown = set(multiclass_job.leaderboard()["model"])
    assert not {"VotingEnsemble", "StackEnsemble"} & shown
    assert multiclass_job.history.model.trial is not None


def test_fast_inference_gives_a_single_model(jobs: SimpleNamespace) -> None:
    training = {"allowed_training_algorithms": ["LogisticRegression", "DecisionTree"]}
    job = jobs.run(inference="fast", training=training, limits={"max_trials": 4})
    assert len(job.model.members) == 1
    assert "StackEnsemble" not in job.history.ensembles


def test_the_exit_score_ends_the_job(jobs: SimpleNamespace) -> None:
    job = jobs.run(limits={"max_trials": 30, "exit_score": 0.7})
    assert job.history.limit == "exit_score"
    assert job.best.metrics()["accuracy"] >= 0.7
    assert len(job.trials) < 10


def test_the_same_seed_gives_the_same_leaderboard(jobs: SimpleNamespace) -> None:
    first, second = jobs.run(limits={"max_trials": 6}), jobs.run(limits={"max_trials": 6})
    pd.testing.assert_frame_equal(_scores(first), _scores(second), check_exact=True)
    other = jobs.run(limits={"max_trials": 6}, random_state=8)
    assert not _scores(first).equals(_scores(other))


def test_a_learner_that_fails_never_fails_the_job(knn_is: Callable[..., None], jobs: SimpleNamespace) -> None:
    def fail(data: Any) -> None:
        raise RuntimeError("a broken \x1b[31mlearner")

    knn_is(fail)
    job = jobs.run(training=KNN_TOO, limits={"max_trials": 4})
    failed = [t for t in job.trials if t.learner == "KNN"]
    assert failed
    assert {t.state for t in failed} == {"failed"}
    assert failed[0].error["type"] == "RuntimeError"
    assert "fail(data)" in failed[0].error["tail"] or "before(data)" in failed[0].error["tail"]
    rows = [r for r in job.snapshot()["rows"] if r["learner"] == "KNN"]
    assert rows[0]["error"]["message"] == "a broken learner", "control characters never reach a view"
    assert job.model.predict(job_rows()).shape == (3,)


def job_rows() -> list[dict[str, Any]]:
    return [{"size": s, "age": 30, "colour": "red"} for s in (-2.0, 0.0, 2.0)]


def test_a_job_whose_every_trial_fails_says_why(knn_is: Callable[..., None], jobs: SimpleNamespace) -> None:
    def fail(data: Any) -> None:
        raise RuntimeError("nothing works today")

    knn_is(fail)
    job = jobs.run(training={**KNN_TOO, "allowed_training_algorithms": ["KNN"]}, limits={"max_trials": 2})
    assert [t.state for t in job.trials if t.learner == "KNN"] == ["failed"] * len(job.trials[1:])
    assert job.status == "Completed", "the baseline is a model, too"
    assert job.model.members == [("Baseline", 1.0)]


def test_values_that_are_not_finite_fail_the_trial(
    knn_is: Callable[..., None], jobs: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sklearn.dummy import DummyRegressor

    knn_is(lambda data: None)
    monkeypatch.setattr(DummyRegressor, "predict", lambda self, X: np.full(len(X), np.inf))
    job = jobs.run("value", task="regression", training={**KNN_TOO, "allowed_training_algorithms": ["KNN", "SGD"]})
    knn = next(t for t in job.trials if t.learner == "KNN")
    assert knn.state == "failed"
    assert "not finite" in knn.error["message"]


# --- what cannot be done is said at once ------------------------------------------------------------------------


def _left_behind(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "automl_jobs").glob("*/*"))


def test_a_wrong_target_is_said_with_the_nearest_name_and_leaves_nothing(
    jobs: SimpleNamespace, tables: SimpleNamespace, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"'labell'.*'label'"):
        submit(jobs.spec("labell", data=tables.of("label")), compute="inline")
    assert _left_behind(tmp_path) == []


def test_a_wrong_variable_is_said_with_the_nearest_name(
    jobs: SimpleNamespace, tables: SimpleNamespace, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"'trian'.*'train'"):
        submit(jobs.spec(data="trian"), compute="inline", namespace={"train": tables.of("label")})
    assert _left_behind(tmp_path) == []
    job = submit(jobs.spec(data="train"), compute="inline", namespace={"train": tables.of("label")}).wait(60)
    assert job.status == "Completed"


@pytest.mark.parametrize("factory", ["text_classification", "image_classification"])
def test_a_task_that_is_not_built_is_refused_by_name(factory: str, tables: SimpleNamespace, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"training_data": tables.of("label"), "target_column_name": "label"}
    if factory == "image_classification":
        settings["training_data"] = str(tmp_path)
    if factory == "text_classification":
        settings["validation_data"] = settings["training_data"]
    spec = getattr(automl, factory)(**settings)
    with pytest.raises(
        SpecError, match=r"cannot be trained by this version\. It trains classification, regression and forecasting"
    ):
        submit(spec, compute="inline")
    assert _left_behind(tmp_path) == []


def test_a_name_that_is_taken_is_refused(jobs: SimpleNamespace) -> None:
    assert jobs.run(name="mine", limits={"max_trials": 1}).name == "mine"
    with pytest.raises(StoreError, match="a job 'mine' exists already"):
        jobs.run(name="mine")
    with pytest.raises(StoreError, match="a job 'mine' exists already"):
        jobs.run(name="mine", experiment_name="another")


def test_a_job_starts_in_a_folder_of_any_name(
    jobs: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = {"_scratch": "scratch", "__": "Default", f"{'a' * 59}.b": "a" * 59, "my data": "my-data", "v1.2": "v1.2"}
    named["aux"] = "Default"  # a name of Windows' own
    for name, experiment in named.items():
        (tmp_path / name).mkdir()
        with monkeypatch.context() as patch:
            patch.chdir(tmp_path / name)
            assert check_name(experiment_of_folder(), "experiment_name") == experiment
    with monkeypatch.context() as patch:
        patch.chdir(tmp_path / "_scratch")
        assert jobs.run(limits={"max_trials": 1}).experiment_name == "scratch"


def test_jobs_of_one_name_never_take_each_others_fits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A cluster that two workspaces share knows a fit by its key alone."""
    keys: list[list[str]] = []

    class Noted(InlineExecutor):
        def submit(self, task: FoldTask) -> None:
            keys[-1].append(task.key)
            super().submit(task)

    monkeypatch.setattr("automl_jupyter.jobs.executor.InlineExecutor", Noted)
    for workspace in ("a", "b"):
        keys.append([])
        assert run_job(name="same", workspace=tmp_path / workspace, limits={"max_trials": 1}).status == "Completed"
    assert keys[0]
    assert not set(keys[0]) & set(keys[1])


def test_where_fits_run_is_looked_up() -> None:
    cluster = SimpleNamespace(scheduler_address="tcp://host:8786")
    assert resolve_compute(None, {}) == "local"
    assert resolve_compute("azureml:cpu-cluster", {}) == "local"
    assert resolve_compute("tcp://host:8786", {}) == "tcp://host:8786"
    assert resolve_compute("mine", {"mine": cluster}) is cluster
    assert resolve_compute("cpu-cluster", {}) == "local", "the name of a cloud cluster means this machine"
    with pytest.raises(SpecError, match="compute: 'mine' is a list in the notebook, not a Dask client or cluster"):
        resolve_compute("mine", {"mine": []})


def test_a_default_stands_where_nothing_is_said_or_a_name_is_not_here() -> None:
    cluster = SimpleNamespace(scheduler_address="tcp://host:8786")
    for unsaid in (None, "", "cpu-cluster"):
        assert resolve_compute(unsaid, {}, "inline") == "inline"
        assert resolve_compute(unsaid, {"mine": cluster}, "mine") is cluster
        assert resolve_compute(unsaid, {}, "no-such-cluster") == "local"
    for said in ("local", "inline", "tcp://host:1"):
        assert resolve_compute(said, {}, "tcp://host:8786") == said
    assert resolve_compute("mine", {"mine": cluster}, "inline") is cluster


# --- going on ---------------------------------------------------------------------------------------------------


def test_a_complete_job_has_nothing_to_go_on_with(binary_job: Any) -> None:
    with pytest.raises(StoreError, match="is complete; there is nothing to go on with"):
        resume(binary_job.name, workspace=binary_job.path.parent.parent)
    with pytest.raises(StoreError, match=f"There is no job '{binary_job.name}x'.*Did you mean '{binary_job.name}'"):
        resume(f"{binary_job.name}x", workspace=binary_job.path.parent.parent)


def test_a_stopped_job_goes_on_and_chooses_again(
    knn_is: Callable[..., None], jobs: SimpleNamespace, tables: SimpleNamespace, tmp_path: Path
) -> None:
    """The first run is stopped before its first useful trial; the second one does the rest and finds a model."""
    fits: list[int] = []

    def stop(data: Any) -> None:
        fits.append(len(data.y))
        if len(fits) == 1:
            _ask(tmp_path, "cancel")

    knn_is(stop)
    training = {**KNN_TOO, "allowed_training_algorithms": ["KNN", "DecisionTree"]}
    spec = jobs.spec(data="train", training=training, limits={"max_trials": 4})
    first = submit(spec, compute="inline", namespace={"train": tables.of("label")}).wait(60)
    assert first.status == "Canceled"
    assert {t.learner for t in first.trials} == {"Dummy", "KNN"}
    assert first.history.model.final
    ended = {t.number: t.folds for t in first.trials if t.state == "complete"}
    second = resume(first.name, compute="inline", namespace={"train": tables.of("label")}).wait(60)
    assert second.status == "Completed"
    assert len([t for t in second.trials if t.origin != "baseline"]) == 4
    assert [(t.state, len(t.folds)) for t in second.trials] == [("complete", 2)] * 5, "the one that was stopped, too"
    assert {n: second.history.trials[n].folds for n in ended} == ended, "what was complete stays as it was"
    assert second.best.learner == "DecisionTree"
    assert second.model.members == [(second.best.label, 1.0)]
    assert second.history.model.final


def _ask(tmp_path: Path, request: str) -> None:
    """Ask something of the only job there is."""
    (path,) = (tmp_path / "automl_jobs").glob("*/*")
    JobFolder(path).request(request)


def test_a_job_goes_on_when_the_cached_table_is_gone(
    knn_is: Callable[..., None],
    jobs: SimpleNamespace,
    tables: SimpleNamespace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stop(data: Any) -> None:
        _ask(tmp_path, "cancel")

    def no_answer(compute: object) -> None:
        raise ComputeError("no answer")

    def full_disk(*given: Any, **how: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    knn_is(stop)
    table = tables.of("label", seed=11)
    spec = jobs.spec(data="train", training=KNN_TOO, limits={"max_trials": 4})
    first = submit(spec, compute="inline", namespace={"train": table}).wait(60)
    knn_is(lambda data: None)
    cache = Path(json.loads((first.path / "data.json").read_text())["cache"])
    shutil.rmtree(cache)
    with pytest.raises(StoreError, match="not those the job began with"):
        resume(first.name, compute="inline", namespace={"train": table.assign(size=table["size"] + 1)}).wait(60)
    with monkeypatch.context() as patch:
        patch.setattr("automl_jupyter.jobs.controller.make_executor", no_answer)
        with pytest.raises(ComputeError, match="no answer"):
            resume(first.name, compute="tcp://127.0.0.1:9", namespace={"train": table})
        patch.setattr("automl_jupyter.jobs.prepare.reopen", full_disk)
        with pytest.raises(StoreError, match=f"The job {first.name} could not go on: .*No space left on device"):
            resume(first.name, compute="inline", namespace={"train": table})
    left = JobFolder(first.path).history()
    assert (left.status, left.reason, left.model) == ("Canceled", first.history.reason, first.history.model)
    shutil.rmtree(cache, ignore_errors=True)
    again = resume(first.name, compute="inline", namespace={"train": table}).wait(60)
    assert again.status == "Completed"


def test_a_job_on_a_table_in_memory_goes_on_when_the_table_is_given_again(
    knn_is: Callable[..., None], jobs: SimpleNamespace, tables: SimpleNamespace, tmp_path: Path
) -> None:
    knn_is(lambda data: _ask(tmp_path, "cancel"))
    table = tables.of("label", seed=12)
    spec = jobs.spec(data=table, training=KNN_TOO, limits={"max_trials": 4})
    first = submit(spec, compute="inline").wait(60)
    knn_is(lambda data: None)
    shutil.rmtree(Path(json.loads((first.path / "data.json").read_text())["cache"]))
    told = r"training_data: is a table in memory, which a job does not keep\..*namespace=\{'training_data': table\}"
    with pytest.raises(DataError, match=told):
        resume(first.name, compute="inline", namespace={"other": table})
    again = resume(first.name, compute="inline", namespace={"training_data": table}).wait(60)
    assert again.status == "Completed"


def test_a_script_that_starts_a_job_at_its_top_level_is_told_how(tmp_path: Path) -> None:
    """Each worker process reads the script again, and would start workers of its own, and so on."""
    script = tmp_path / "script.py"
    script.write_text(
        "from automl_jupyter.client import submit\n"
        "from automl_jupyter.errors import AutoMLError\n"
        "from automl_jupyter.testing.quick import make_spec\n"
        "try:\n"
        f"    submit(make_spec(), workspace={str(tmp_path)!r}, compute='local').wait()\n"
        "except AutoMLError as error:\n"
        "    print(type(error).__name__, error)\n"
        "    raise SystemExit(3)\n"
    )
    run = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode == 3
    told = run.stdout.splitlines()[-1]
    assert told.startswith("ComputeError Line 5 of script.py starts a job whenever the script is read")
    assert 'if __name__ == "__main__":' in told
    assert not list(tmp_path.rglob("job.yaml")), "refused before anything began"


def test_a_name_whose_folder_was_removed_is_used_again(jobs: SimpleNamespace) -> None:
    first = jobs.run(name="again")
    shutil.rmtree(first.path)
    second = jobs.run(name="again")
    assert (second.path, second.status) == (first.path, "Completed")
    assert (second.path / "model" / "manifest.json").exists()


def test_a_job_ranked_by_a_function_goes_on_where_the_function_is_there_again(
    knn_is: Callable[..., None], jobs: SimpleNamespace, tmp_path: Path
) -> None:
    def share(y_true: Any, y_pred: Any) -> float:
        return float(np.mean(np.asarray(y_true) == np.asarray(y_pred)))

    knn_is(lambda data: _ask(tmp_path, "cancel"))
    spec = jobs.spec(primary_metric=share, training=KNN_TOO, limits={"max_trials": 4})
    first = submit(spec, compute="inline").wait(60)
    assert first.status == "Canceled"
    knn_is(lambda data: None)
    for names in ({}, {"share": 3}):
        with pytest.raises(SpecError, match="primary_metric: is the function share, which a job does not keep"):
            resume(first.name, compute="inline", namespace=names)
    again = resume(first.name, compute="inline", namespace={"share": share}).wait(60)
    assert again.status == "Completed"
    assert all(trial.metrics()["share"] is not None for trial in again.trials)


def test_a_job_is_what_was_asked_when_it_was_submitted(jobs: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its spec may be changed for the next one while its data are still read."""
    from automl_jupyter.jobs import prepare

    go_on, decide = threading.Event(), prepare.decide

    def late(job: Any, **how: Any) -> Any:
        go_on.wait(60)
        return decide(job, **how)

    monkeypatch.setattr("automl_jupyter.jobs.prepare.decide", late)
    spec = jobs.spec(limits={"max_trials": 1})
    job = submit(spec, compute="inline")
    spec.set_limits(max_trials=2)
    spec.limits.max_trials = 3
    go_on.set()
    assert job.wait(60).plan["limits"]["max_trials"] == 1


@pytest.mark.parametrize("by_name", [True, False])
def test_a_table_may_get_other_columns_while_it_is_read(
    by_name: bool, jobs: SimpleNamespace, tables: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cell has returned, and the next one works on the same table."""
    from automl_jupyter.jobs import prepare

    go_on, decide = threading.Event(), prepare.decide

    def late(job: Any, **how: Any) -> Any:
        go_on.wait(60)
        return decide(job, **how)

    monkeypatch.setattr("automl_jupyter.jobs.prepare.decide", late)
    table = tables.of("label")
    spec = jobs.spec(data="train" if by_name else table)
    job = submit(spec, compute="inline", namespace={"train": table})
    table["leak"] = table["label"] == "yes"
    del table["age"]
    go_on.set()
    assert job.wait(60).status == "Completed"
    assert {c["name"] for c in job.plan["columns"]} == {"size", "age", "colour"}


def test_a_job_lets_go_of_the_notebooks_variables_once_its_data_are_read(
    jobs: SimpleNamespace, tables: SimpleNamespace
) -> None:
    class Large:
        pass

    large = Large()
    gone = weakref.ref(large)
    names = {"train": tables.of("label"), "large": large}
    job = submit(jobs.spec(data="train"), compute="inline", namespace=names).wait(60)
    del large, names
    gc.collect()
    assert (job.status, gone()) == ("Completed", None)


def test_a_job_that_could_not_be_written_down_does_not_take_its_name(
    jobs: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for where, what in (
        (sys.modules["automl_jupyter.client.submit"], "write_text"),
        (sys.modules["automl_jupyter._core.jsonl"].Writer, "append"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(where, what, full)
            with pytest.raises(StoreError, match="cannot be written to: No space left on device"):
                submit(jobs.spec(name="mine"), compute="inline")
        assert _left_behind(tmp_path) == []
    assert jobs.run(name="mine").status == "Completed"
