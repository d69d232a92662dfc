"""Jobs on worker processes: the same answer on any number of them, and a worker that is stuck is replaced."""

from __future__ import annotations

import operator
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl_jupyter import MLClient
from automl_jupyter.client import submit
from automl_jupyter.jobs import cluster as embedded
from automl_jupyter.jobs import dask as dask_executor
from automl_jupyter.testing.quick import make_spec, run_job, table_for
from automl_jupyter.trials.records import FoldOutcome, FoldTask

pytestmark = pytest.mark.cluster

LIMIT_S = 120
TRAINING = {"allowed_training_algorithms": ["LightGBM", "LogisticRegression", "DecisionTree", "KNN"]}

#: what each worker runs so that it knows the learner KNN as one that stays in C code for minutes
STUCK = """
import sys, types
from automl_jupyter.learners import LearnerInfo, dummy, learners
module = types.ModuleType("a_stuck_learner")
def fit(estimator, data):
    sum(range(10**12))
module.make = lambda task, params, **circumstances: dummy.make(task, {}, **circumstances)
module.space, module.fit = dummy.space, fit
sys.modules["a_stuck_learner"] = module
learners._records["knn"] = LearnerInfo("KNN", ("classification", "regression"), "none", "a_stuck_learner")
"""


def board(job: Any) -> pd.DataFrame:
    """Return a leaderboard without what was measured with a clock."""
    return job.leaderboard().drop(columns=["fit_s", "predict_s"])


def reproducible(compute: Any, workspace: Path, **fields: Any) -> Any:
    """Run twelve trials of a fixed seed without a time limit."""
    settings = {"limits": {"max_trials": 12}, "training": TRAINING, "random_state": 7, **fields}
    job = run_job("kind", compute=compute, workspace=workspace, **settings)
    assert job.status == "Completed"
    return job


@pytest.fixture(scope="module")
def on_two(cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a job of twelve trials that ran on two workers."""
    return reproducible(cluster, tmp_path_factory.mktemp("two"))


@pytest.mark.parametrize("n_fits", [1, 2, 5, 9, 17, 30])
def test_a_job_ended_at_any_moment_leaves_its_best_model(n_fits: int, cluster: Any, tmp_path: Path) -> None:
    """The first fits are the baseline's, then come linear models and boosting: the end falls into each of them."""
    spec = make_spec("kind", limits={"timeout_minutes": 5}, training={}, n_cross_validations=3, random_state=n_fits)
    job = submit(spec, workspace=tmp_path, compute=cluster)
    job._feed.wait_for(lambda h: sum(len(t.folds) for t in h.trials.values()) >= n_fits, timeout_s=LIMIT_S)
    job.cancel()
    job.wait()
    assert job.status == "Canceled"
    proba = job.model.predict_proba(table_for("kind"))
    assert np.isfinite(proba).all()
    chosen = job.history.model
    assert chosen is not None
    scores = [job.history.score(t.metrics()) or -1 for t in job.trials if t.is_complete]
    assert scores or n_fits < 9, "the baseline is complete by then"
    if scores:
        assert job.history.score(chosen.metrics) >= max(scores) - 1e-9


@pytest.mark.parametrize("seconds", [1.0, 2.5, 5.0])
def test_a_job_of_few_seconds_ends_in_time_with_a_model(seconds: float, cluster: Any, tmp_path: Path) -> None:
    spec = make_spec("value", task="regression", limits={"timeout_minutes": seconds / 60}, training={})
    job = submit(spec, workspace=tmp_path, compute=cluster).wait()
    assert job.status == "Completed"
    assert job.history.limit == "timeout_minutes"
    assert np.isfinite(job.model.predict(table_for("value"))).all()


def test_two_workers_are_used(cluster: Any, on_two: Any) -> None:
    assert on_two.history.n_workers == 2
    assert on_two.history.compute == "Client"
    assert len(on_two.trials) == 13


def test_the_leaderboard_is_the_same_on_one_worker(cluster: Any, on_two: Any, one_worker: Any, tmp_path: Path) -> None:
    alone = reproducible(one_worker, tmp_path)
    assert alone.history.n_workers == 1
    pd.testing.assert_frame_equal(board(alone), board(on_two), check_exact=True)
    rows = table_for("kind").drop(columns="kind")
    assert (alone.model.predict_proba(rows) == on_two.model.predict_proba(rows)).all()


def test_the_leaderboard_is_the_same_in_this_process(cluster: Any, on_two: Any, tmp_path: Path) -> None:
    pd.testing.assert_frame_equal(board(reproducible("inline", tmp_path)), board(on_two), check_exact=True)


def test_the_leaderboard_is_the_same_when_workers_see_no_files(
    cluster: Any, on_two: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table is sent, fitted parts come back; test rows stay here."""
    monkeypatch.setattr(dask_executor, "_sees", operator.eq)  # of the two paths asked about: False on every worker
    test = table_for("kind", seed=3)
    far = reproducible(cluster, tmp_path, test_data=test)
    pd.testing.assert_frame_equal(board(far), board(on_two), check_exact=True)
    rows = test.drop(columns="kind")
    assert (far.model.predict_proba(rows) == on_two.model.predict_proba(rows)).all()
    right = (far.model.predict(rows) == test["kind"]).mean()
    assert far.history.test_metrics["accuracy"] == pytest.approx(right)
    again = MLClient(tmp_path).jobs.get(far.name)  # what was predicted of held-out rows is in the job's folder
    pd.testing.assert_frame_equal(again.plot.roc.to_frame(), on_two.plot.roc.to_frame())
    eventually(lambda: not any("table" in n for n in _plugins(cluster)), "the table is taken back")


def _plugins(cluster: Any) -> list[str]:
    found = cluster.run(lambda dask_worker: list(dask_worker.plugins))
    return [name for names in found.values() for name in names]


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait for what comes a moment after a job's end."""
    until = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < until, what
        threading.Event().wait(0.05)


@pytest.mark.parametrize(("cores", "slots", "threads"), [(1, 2, 1), (2, 1, 2), (-1, 1, 1)])
def test_the_cores_of_a_trial_are_taken_from_the_fits_at_once(
    cores: int, slots: int, threads: int, cluster: Any
) -> None:
    executor = dask_executor.DaskExecutor(cluster)
    executor.limit(None, cores)
    assert (executor.n_slots(), executor.threads_per_fit()) == (slots, threads)


def test_a_fit_of_the_embedded_cluster_may_take_every_core() -> None:
    try:
        executor = dask_executor.DaskExecutor()
        n_workers = executor.n_slots()
        executor.limit(None, -1)
        assert (executor.n_slots(), executor.threads_per_fit()) == (1, n_workers)
    finally:
        embedded.close_local()


def test_a_job_whose_client_is_closed_keeps_what_is_complete(one_worker: Any, tmp_path: Path) -> None:
    """As by leaving `with Client(...)` while the job runs."""
    from distributed import Client

    client = Client(one_worker.scheduler.address, set_as_default=False)
    spec = make_spec("kind", limits={"max_trials": 60}, training=TRAINING)
    job = submit(spec, workspace=tmp_path, compute=client)
    eventually(lambda: sum(t.is_complete for t in job.trials) > 2, "trials end")
    client.close()
    assert job.wait(LIMIT_S).status == "Completed"
    assert job.history.limit == "workers"
    assert [t.reason for t in job.trials if t.state == "failed"] == []
    rows = table_for("kind").drop(columns="kind")
    assert len(job.model.predict(rows)) == len(rows)


def test_a_cluster_that_adapts_is_given_work_before_it_has_workers(tmp_path: Path) -> None:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=0, threads_per_worker=1, dashboard_address="127.0.0.1:0", local_directory=str(tmp_path / "adaptive")
    ) as local:
        local.adapt(minimum=0, maximum=1, interval="100ms", wait_count=50)
        job = run_job(compute=local, workspace=tmp_path, limits={"max_trials": 1})
        assert [t.state for t in job.trials] == ["complete"] * 2
        clients = local.scheduler.clients
        eventually(lambda: not any(name.startswith("Client") for name in clients), "the job's own client is closed")


def test_a_fit_stuck_in_c_code_is_ended_with_its_worker(cluster: Any, tmp_path: Path) -> None:
    cluster.run(exec, STUCK, {})
    job = run_job(
        compute=cluster,
        workspace=tmp_path,
        training={"allowed_training_algorithms": ["LogisticRegression", "KNN"], "enable_stack_ensemble": False},
        limits={"max_trials": 3, "trial_timeout_minutes": 1 / 60},
    )
    assert job.status == "Completed"
    knn = next(t for t in job.trials if t.learner == "KNN")
    assert knn.state == "timed_out"
    assert "its worker was replaced" in knn.reason
    cluster.wait_for_workers(2, timeout=LIMIT_S)
    again = run_job(compute=cluster, workspace=tmp_path)
    assert [t.state for t in again.trials] == ["complete"] * 3
    assert again.history.n_workers == 2


def test_a_fit_in_line_is_ended_without_the_one_of_another_job_before_it(
    one_worker: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import Client

    begun, over = tmp_path / "begun", tmp_path / "over"

    def wait_until_over(task: FoldTask) -> FoldOutcome:
        begun.touch()
        while not over.exists():
            time.sleep(0.02)
        return FoldOutcome(task.key, task.number, task.fold, "complete")

    def task(key: str) -> FoldTask:
        return FoldTask(key, "", 0, "Dummy", {}, "none", 0, "classification", 0)

    monkeypatch.setattr(dask_executor, "evaluate", wait_until_over)
    with Client(one_worker.scheduler.address, set_as_default=False) as another:
        first, second = dask_executor.DaskExecutor(one_worker), dask_executor.DaskExecutor(another)
        first.submit(task("the first job's"))
        eventually(begun.exists, "it begins")
        second.submit(task("the second job's"))
        eventually(lambda: any("the second job's" in of for of in another.processing().values()), "it is in line")
        both = ("the first job's", "the second job's")
        assert (first.waiting(both), second.waiting(both[1:])) == ({"the second job's"}, {"the second job's"})
        second.kill(("the second job's",))
        over.touch()
        assert [(o.key, o.state) for o in first.poll(LIMIT_S)] == [("the first job's", "complete")]
        assert second.poll(0.0) == []


def test_two_jobs_share_the_embedded_cluster(tmp_path: Path) -> None:
    """Both are begun before either ends; the second does not wait for the first."""
    try:
        specs = [make_spec(target, name=target, limits={"max_trials": 6}) for target in ("label", "kind")]
        jobs = [submit(spec, workspace=tmp_path, compute="local") for spec in specs]
        for job in jobs:
            assert job.wait(LIMIT_S).status == "Completed"
            assert {t.state for t in job.trials} == {"complete"}
        first, second = (job.history for job in jobs)
        assert second.created_at < first.ended_at
        for job, target in zip(jobs, ("label", "kind"), strict=True):
            alone = run_job(target, workspace=tmp_path, limits={"max_trials": 6})
            pd.testing.assert_frame_equal(board(job), board(alone), check_exact=True)
    finally:
        embedded.close_local()


def test_two_jobs_on_the_same_table_far_away_both_get_their_parts(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker keeps a featurized fold for both; each job's folder still gets the featurizer."""
    monkeypatch.setattr(dask_executor, "_sees", operator.eq)
    specs = [make_spec(name=name, limits={"max_trials": 4}) for name in ("first", "second")]
    jobs = [submit(spec, workspace=tmp_path, compute=cluster) for spec in specs]
    rows = table_for("label").drop(columns="label")
    predicted = []
    for job in jobs:
        assert job.wait(LIMIT_S).status == "Completed"
        kept = {p.name for p in (job.path / "features").iterdir()}
        assert {f"fold{k}-{recipe}.skops" for k in (0, 1) for recipe in ("linear", "tree")} <= kept
        predicted.append(job.model.predict_proba(rows))
    assert (predicted[0] == predicted[1]).all()


def test_nobody_watches_the_workers_of_the_embedded_cluster_nor_those_that_replace_them() -> None:
    try:
        client = embedded.local_client()
        for _ in range(2):
            watched = client.run(lambda dask_worker: "profile" in dask_worker.periodic_callbacks)
            assert watched
            assert not any(watched.values())
            client.restart_workers(list(watched)[:1], timeout=60)
    finally:
        embedded.close_local()
