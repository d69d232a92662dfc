"""One fold of a trial on a worker: whatever happens in it is its result."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss

from automl_jupyter.data.cache import open_cache, write_cache
from automl_jupyter.data.schema import TableSchema
from automl_jupyter.learners import LearnerInfo, learners
from automl_jupyter.learners.base import default_fit
from automl_jupyter.search.adjust import smooth
from automl_jupyter.testing.quick import make_table
from automl_jupyter.trials import artifacts, evaluate
from automl_jupyter.trials.guard import request_stop
from automl_jupyter.trials.records import REFIT, FoldTask, estimator_file, featurizer_file, predictions_file

FOLDS = [(np.arange(0, 60), np.arange(60, 90)), (np.arange(30, 90), np.arange(0, 30))]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Return a cached table of two classes, the rows with weights."""
    return write_table(tmp_path / "table")


def write_table(folder: Path, seed: int = 0, folds: Any = FOLDS) -> Path:
    table = make_table(90, seed)
    X = table[["size", "age", "colour"]]
    schema = TableSchema.infer(X)
    meta = {
        "task": "classification",
        "n_training": 90,
        "n_classes": 2,
        "classes": {"kind": "str", "values": ["no", "yes"]},
        "positive": 1,
        "y_range": None,
        "columns": [{**asdict(c), "type": str(c.type)} for c in schema.columns],
    }
    y = (table["label"] == "yes").to_numpy().astype(np.int32)
    write_cache(folder, X=schema.encode(X), y=y, weight=np.linspace(0.5, 2, 90), folds=folds, meta=meta)
    return folder


@pytest.fixture
def task(cache: Path, tmp_path: Path) -> Iterator[FoldTask]:
    """Return a fit that succeeds, with its output in a folder."""
    evaluate.forget()
    yield FoldTask(
        key="job-1-0",
        cache=str(cache),
        number=1,
        learner="LogisticRegression",
        params={"C": 1.0},
        recipe="linear",
        fold=0,
        task="classification",
        seed=0,
        output=str(tmp_path / "job"),
    )
    evaluate.forget()


@pytest.fixture
def knn_fits(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Return what makes the learner KNN the baseline, whose fit calls a function first."""

    def replace_knn(before: Callable[[], Any]) -> None:
        from automl_jupyter.learners import dummy

        module = types.ModuleType("a_learner_of_the_tests")

        def fit(estimator: Any, data: Any) -> Any:
            before()
            return default_fit(estimator, data)

        module.__dict__.update(make=dummy.make, fit=fit)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        info = LearnerInfo("KNN", ("classification",), "none", module.__name__)
        monkeypatch.setitem(learners._records, "knn", info)

    return replace_knn


def test_a_fold_is_fitted_scored_and_kept(task: FoldTask, tmp_path: Path) -> None:
    outcome = evaluate.evaluate(task)
    assert (outcome.state, outcome.error) == ("complete", None)
    assert (outcome.n_train, outcome.n_valid) == (60, 30)
    assert outcome.predictions is not None
    truth = (make_table(90)["label"] == "yes").to_numpy()[60:].astype(int)
    weight = np.linspace(0.5, 2, 90)[60:]
    right = outcome.predictions.argmax(axis=1)
    assert outcome.metrics["accuracy"] == pytest.approx(accuracy_score(truth, right, sample_weight=weight))
    assert outcome.metrics["log_loss"] == pytest.approx(
        log_loss(truth, outcome.predictions, sample_weight=weight), rel=1e-4
    )
    folder = tmp_path / "job"
    np.testing.assert_array_equal(np.load(folder / predictions_file(1, 0)), outcome.predictions)
    assert outcome.size_bytes == artifacts.size_of((folder / estimator_file(1, 0)).read_bytes())
    assert outcome.files == {}
    featurizer = artifacts.load(folder / featurizer_file("linear", 0))
    estimator = artifacts.load(folder / estimator_file(1, 0))
    X = TableSchema.infer(make_table(90)[["size", "age", "colour"]]).encode(make_table(90)[["size", "age", "colour"]])
    again = smooth(estimator.predict_proba(featurizer.transform(X.iloc[60:])), 60)
    np.testing.assert_allclose(again, outcome.predictions, atol=1e-6)


@pytest.mark.parametrize("learner", ["LogisticRegression", "GradientBoosting", "LinearSVM", "LightGBM"])
def test_a_fold_of_one_class_predicts_that_class(task: FoldTask, tmp_path: Path, learner: str) -> None:
    y = (make_table(90)["label"] == "yes").to_numpy()
    one = np.flatnonzero(y)[:30]
    write_table(tmp_path / "late", folds=[(one, np.setdiff1d(np.arange(90), one))])
    recipe = learners.get(learner).recipe
    asked = replace(task, cache=str(tmp_path / "late"), learner=learner, params={}, recipe=recipe)
    outcome = evaluate.evaluate(asked)
    assert (outcome.state, outcome.error) == ("complete", None)
    assert outcome.predictions is not None
    assert outcome.predictions.shape == (60, 2)
    assert (outcome.predictions[:, 1] > 0.9).all()
    assert artifacts.load(tmp_path / "job" / estimator_file(1, 0)).classes_.tolist() == [1]
    refit = evaluate.evaluate(replace(asked, fold=REFIT))
    assert (refit.state, refit.n_train) == ("complete", 90)
    assert type(artifacts.load(tmp_path / "job" / estimator_file(1, REFIT))).__name__ != "DummyClassifier"


def test_without_a_folder_everything_is_sent_back(task: FoldTask, tmp_path: Path) -> None:
    """The featurizer as long as it has not arrived: the outcome that it was sent with may have been lost."""
    first = evaluate.evaluate(replace(task, output=None))
    assert set(first.files) == {estimator_file(1, 0), featurizer_file("linear", 0)}
    assert not (tmp_path / "job").exists()
    again = evaluate.evaluate(replace(task, output=None))
    assert set(again.files) == set(first.files), "the first was lost"
    second = evaluate.evaluate(replace(task, output=None, number=2, send_features=False))
    assert set(second.files) == {estimator_file(2, 0)}, "the featurizer is there already"


def test_a_refit_sees_every_training_row(task: FoldTask, tmp_path: Path) -> None:
    outcome = evaluate.evaluate(replace(task, fold=REFIT))
    assert (outcome.state, outcome.n_train, outcome.n_valid) == ("complete", 90, 0)
    assert outcome.metrics == {}
    assert outcome.predictions is None
    assert (tmp_path / "job" / "trials" / "0001" / "refit.skops").exists()


@pytest.mark.parametrize("error", [ValueError("no luck"), KeyError("k"), MemoryError("full"), RecursionError("deep")])
def test_a_learner_that_raises_gives_a_failed_fold(
    error: Exception, task: FoldTask, knn_fits: Callable[..., None]
) -> None:
    def fail() -> None:
        raise error

    knn_fits(fail)
    outcome = evaluate.evaluate(replace(task, learner="KNN", params={}, recipe="none"))
    assert outcome.state == "failed"
    assert outcome.error is not None
    assert outcome.error["type"] == type(error).__name__
    assert "in fail" in outcome.error["tail"]
    assert evaluate.evaluate(task).state == "complete", "the worker goes on"


def test_what_is_not_there_gives_a_failed_fold(task: FoldTask, tmp_path: Path) -> None:
    for changed, words in (
        (replace(task, cache=str(tmp_path / "nowhere")), "cannot be read"),
        (replace(task, learner="NoSuchLearner"), "There is no learner 'NoSuchLearner'"),
        (replace(task, recipe="no such recipe"), "no such recipe"),
        (replace(task, params={"C": "a lot"}), "C"),
        (replace(task, fold=17), "range"),
    ):
        outcome = evaluate.evaluate(changed)
        assert outcome.state == "failed"
        assert outcome.error is not None
        assert words in outcome.error["message"]


def test_a_fit_past_its_limit_is_timed_out(task: FoldTask, knn_fits: Callable[..., None]) -> None:
    def stand() -> None:
        while True:
            pass

    knn_fits(stand)
    outcome = evaluate.evaluate(replace(task, learner="KNN", params={}, recipe="none", time_limit_s=0.01))
    assert outcome.state == "timed_out"
    assert outcome.error == {"type": "TimeLimit", "message": "did not finish within 0.01 s", "tail": ""}


def test_a_fit_that_was_asked_to_stop_is_cancelled(task: FoldTask, knn_fits: Callable[..., None]) -> None:
    def stand() -> None:
        request_stop(["stopped"])
        while True:
            pass

    knn_fits(stand)
    outcome = evaluate.evaluate(replace(task, key="stopped", learner="KNN", params={}, recipe="none"))
    assert outcome.state == "cancelled"
    assert outcome.error is not None
    assert outcome.error["message"] == "stopped on request"


def test_an_iterative_fit_keeps_what_it_has(task: FoldTask) -> None:
    learner = {"learner": "LightGBM", "recipe": "tree", "params": {"num_iterations": 100_000, "learning_rate": 1e-6}}
    outcome = evaluate.evaluate(replace(task, time_limit_s=0.3, **learner))
    assert outcome.state == "complete"
    assert outcome.stopped_early
    assert outcome.iterations is not None
    assert outcome.iterations < 100_000


def test_the_same_task_gives_the_same_bytes(task: FoldTask) -> None:
    tree = replace(task, learner="RandomForest", recipe="tree", params={})
    first = evaluate.evaluate(tree)
    evaluate.forget()
    second = evaluate.evaluate(tree)
    np.testing.assert_array_equal(first.predictions, second.predictions)
    assert first.metrics == second.metrics


@pytest.mark.parametrize("most", ["_MOST_BYTES", "_MOST_FOLDS"])
def test_the_folds_a_worker_keeps_are_bounded(task: FoldTask, monkeypatch: pytest.MonkeyPatch, most: str) -> None:
    evaluate.evaluate(task)
    (fold,) = evaluate._folds.values()
    monkeypatch.setattr(evaluate, most, 3 if most == "_MOST_FOLDS" else 4 * fold.n_bytes)
    for recipe in ("linear", "tree", "dense", "none", "counts"):
        for fold in (0, 1):
            outcome = evaluate.evaluate(replace(task, learner="Dummy", params={}, recipe=recipe, fold=fold))
            assert outcome.state == "complete"
            kept = len(evaluate._folds) if most == "_MOST_FOLDS" else sum(f.n_bytes for f in evaluate._folds.values())
            assert kept <= getattr(evaluate, most)
    assert len(evaluate._tables) == 1


def test_a_kept_fold_is_used_again(task: FoldTask, monkeypatch: pytest.MonkeyPatch) -> None:
    from automl_jupyter.featurization import recipes

    made: list[str] = []
    original = recipes.make_featurizer
    monkeypatch.setattr(
        recipes,
        "make_featurizer",
        lambda recipe, columns, **kw: (made.append(recipe), original(recipe, columns, **kw))[1],
    )
    for number in range(4):
        assert evaluate.evaluate(replace(task, number=number)).state == "complete"
    assert made == ["linear"]


def test_another_table_lets_go_of_the_last(task: FoldTask, tmp_path: Path) -> None:
    evaluate.evaluate(task)
    other = write_table(tmp_path / "other", seed=1)
    assert evaluate.evaluate(replace(task, cache=str(other))).state == "complete"
    assert list(evaluate._tables) == [str(other)]
    assert {key[0] for key in evaluate._folds} == {str(other)}


def test_the_process_is_left_as_it_was(task: FoldTask, tmp_path: Path) -> None:
    import threading
    import warnings

    state, filters = np.random.get_state()[1].copy(), list(warnings.filters)
    threads = {t.name for t in threading.enumerate()}
    evaluate.evaluate(replace(task, learner="RandomForest", recipe="tree", params={}))
    assert (np.random.get_state()[1] == state).all()
    assert list(warnings.filters) == filters
    assert {t.name for t in threading.enumerate()} <= threads
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_table_that_was_sent_lies_where_no_other_user_is_in_the_way(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from automl_jupyter.jobs.dask import _make_table_plugin

    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "automl-jupyter").write_text("another user's")  # nothing can be made in it
    monkeypatch.setattr("tempfile.tempdir", str(shared))
    _make_table_plugin(cache).setup(None)
    try:
        assert len(evaluate._open_table(f"{evaluate.WORKER_TABLES}{cache.name}").folds) == 2
    finally:
        evaluate.forget()


def test_a_fit_here_and_now_has_the_score_that_the_trial_has(task: FoldTask, cache: Path) -> None:
    recipe = learners.get("KNN").recipe
    nearest = replace(task, learner="KNN", params={"n_neighbors": 1}, recipe=recipe)
    outcome = evaluate.evaluate(nearest)
    found = evaluate.score_rows(open_cache(cache), "classification", nearest, *FOLDS[0])
    assert found["log_loss"] == pytest.approx(outcome.metrics["log_loss"])


def test_a_fit_here_and_now_is_told_what_counts(task: FoldTask, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from automl_jupyter.learners import base

    hints, fit = [], base.fit_learner

    def watched(info: Any, estimator: Any, data: Any) -> Any:
        hints.append(data.metric_hint)
        return fit(info, estimator, data)

    monkeypatch.setattr(base, "fit_learner", watched)
    evaluate.score_rows(open_cache(cache), "classification", task, *FOLDS[0], metric_hint="mae")
    assert hints == ["mae"]


def test_a_class_that_weighs_nothing_leaves_a_fold_of_one_class() -> None:
    frame = make_table(90)[["size", "age"]]
    schema = TableSchema.infer(frame)
    columns = [{**asdict(c), "type": str(c.type)} for c in schema.columns]
    y = np.arange(90) % 2

    def learner(weight: np.ndarray) -> str:
        table: Any = types.SimpleNamespace(X=schema.encode(frame), y=y, weight=weight, meta={"columns": columns})
        fold = evaluate._make_fold("tree", table, *FOLDS[0])
        return evaluate._learner("GradientBoosting", {}, "classification", fold.y_train)[0].key

    assert learner(np.where(y == 0, 2.0, 0.0)) == "Dummy"
    assert learner(np.zeros(90)) == "GradientBoosting"


def test_rows_that_weigh_nothing_shape_no_feature() -> None:
    frame = make_table(90)[["size", "age", "colour"]]
    schema = TableSchema.infer(frame)
    columns = [{**asdict(c), "type": str(c.type)} for c in schema.columns]
    weight = np.where(np.arange(90) < 30, 0.0, 1.0)

    def features(rows: Any) -> np.ndarray:
        table: Any = types.SimpleNamespace(
            X=schema.encode(rows), y=np.arange(90.0), weight=weight, meta={"columns": columns}
        )
        fold = evaluate._make_fold("linear", table, *FOLDS[0])
        assert len(fold.y_train) == 30
        return np.asarray(fold.X_valid)

    far = frame.assign(size=frame["size"].where(np.arange(90) >= 30, 1e6))
    np.testing.assert_array_equal(features(frame), features(far))


def test_the_rows_of_a_refit_are_not_copied(cache: Path) -> None:
    X = open_cache(cache).X
    found = evaluate._taken(X, np.arange(90))
    assert np.shares_memory(X["size"].to_numpy(), found["size"].to_numpy())
    assert evaluate._taken(X, np.array([2, 0])).index.tolist() == [2, 0]


def test_training_rows_are_gone_before_those_that_validate_are_taken(
    task: FoldTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    import weakref

    from automl_jupyter.featurization import recipes

    seen: list[Any] = []

    class Watching:
        def fit_transform(self, X: Any, y: Any) -> np.ndarray:
            seen.append(weakref.ref(X))
            return np.zeros((len(X), 1), dtype=np.float32)

        def transform(self, X: Any) -> np.ndarray:
            seen.append(seen[0]() is None)
            return np.zeros((len(X), 1), dtype=np.float32)

    monkeypatch.setattr(recipes, "make_featurizer", lambda *given, **how: Watching())
    table = open_cache(Path(task.cache))
    evaluate._make_fold("tree", table, np.arange(30, 90), np.arange(30))
    assert seen[1] is True


def test_the_columns_of_sparse_features_count(task: FoldTask) -> None:
    assert evaluate.evaluate(replace(task, learner="Dummy", params={}, recipe="counts")).state == "complete"
    (fold,) = evaluate._folds.values()
    assert fold.n_bytes == sum(X.data.nbytes + X.indices.nbytes for X in (fold.X_train, fold.X_valid))
