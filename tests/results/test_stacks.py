"""A stack ensemble, best or not: everything shown of it goes through its second level."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl_jupyter import MLClient
from automl_jupyter._core.files import read_json
from automl_jupyter.client.job import Job
from automl_jupyter.errors import AutoMLError
from automl_jupyter.metrics.base import MetricContext
from automl_jupyter.metrics.registry import evaluate_metrics
from automl_jupyter.results.model import load_model, make_model
from automl_jupyter.results.model_page import model_page
from automl_jupyter.search.adjust import Adjustment
from automl_jupyter.testing.quick import QUICK_LEARNERS, run_job, table_for
from automl_jupyter.trials import artifacts
from automl_jupyter.trials.saved import make_manifest

TASKS = {"label": "classification", "kind": "classification", "value": "regression"}


def rows_for(target: str, *, seed: int) -> pd.DataFrame:
    """Return rows of which a line and a tree each know a part."""
    if target != "value":
        return table_for(target, seed=seed)
    table = table_for(target, n=200, seed=seed)
    return table.assign(value=table["value"] + 6 * (table["age"] > 30))


@pytest.fixture(scope="module", params=[(t, b) for t in TASKS for b in (True, False)], ids=lambda p: f"{p[0]}-{p[1]}")
def job(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Job:
    """Return a finished job whose stack is the best model, or is not."""
    target, is_best = request.param
    task = TASKS[target]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("automl_jupyter.jobs.choice.beats", lambda *scores: is_best)
        patch.setattr("automl_jupyter.jobs.selection.choose_adjustment", lambda *rows: Adjustment(temperature=1.5))
        return run_job(
            target,
            task=task,
            data=rows_for(target, seed=0),
            primary_metric="r2_score" if task == "regression" else "log_loss",
            workspace=tmp_path_factory.mktemp("stacks"),
            limits={"max_trials": 5},
            training={"allowed_training_algorithms": list(QUICK_LEARNERS[task])},
        )


def predicted(job: Job, model: Any, rows: pd.DataFrame) -> np.ndarray:
    found: np.ndarray = model.predict(rows) if job.task == "regression" else model.predict_proba(rows)
    return found


def alone(job: Job, part: Any) -> Any:
    """Return a member of a model as a model of its own."""
    return make_model(
        make_manifest(
            label=part.label,
            data=read_json(job.path / "data.json"),
            parts=[{**p, "weight": 1.0} for p in job._charts.choose("StackEnsemble").parts if p["trial"] == part.trial],
            stack=None,
            metric=job.history.metric,
            packages={},
        ),
        job.path,
    )


def test_a_stack_predicts_what_its_second_level_makes_of_its_members(job: Job) -> None:
    stack = job.get_model("StackEnsemble")
    record = job.history.ensembles["StackEnsemble"]
    assert record.stack is not None
    second = artifacts.load(job.path / record.stack)
    rows = rows_for(str(job.spec.to_dict()["target_column_name"]), seed=9)
    members = [alone(job, part) for part in stack.blend_.parts]
    assert len(members) > 1
    expected = second.predict([predicted(job, m, rows) for m in members])
    np.testing.assert_allclose(predicted(job, stack, rows), expected, rtol=1e-6, atol=1e-6)
    assert (job.model.label == "StackEnsemble") == (job.history.model is not None and bool(job.history.model.stack))


@pytest.mark.parametrize("name", ["StackEnsemble", "VotingEnsemble"])
def test_what_is_shown_of_held_out_rows_has_the_score_of_the_leaderboard(name: str, job: Job) -> None:
    scored = job._charts.scored(name, None)
    folds = [scored.of_fold(f) for f in range(scored.n_folds)]
    context = MetricContext(n_classes=None if scored.classes is None else len(scored.classes))
    record = job.history.ensembles[name]
    assert scored.threshold == record.threshold
    for fold, metrics in zip(folds, record.fold_metrics, strict=True):
        found = evaluate_metrics(job.task, fold.y, fold.predicted, fold.weight, context)
        key = "log_loss" if job.task == "classification" else "root_mean_squared_error"
        assert found[key] == pytest.approx(metrics[key], rel=1e-4)


def test_a_stack_is_explained(job: Job) -> None:
    first = job.plot.importance.to_frame(model="StackEnsemble", n_repeats=2)["column"][0]
    assert first == ("age" if job.task == "regression" else "size")
    slices = job.plot.slices.to_frame("colour", model="StackEnsemble")
    assert slices["overall"].iloc[0] < (1 if job.task == "regression" else 0.5)
    page = job.get_model("StackEnsemble")._repr_html_()
    assert "go to the second level" in page
    assert "× 1.00" not in page + repr(job.get_model("StackEnsemble"))
    assert {m["weight"] for m in model_page(job, "StackEnsemble")["members"]} == {None}
    assert sum(m["weight"] for m in model_page(job, "VotingEnsemble")["members"]) == pytest.approx(1, abs=1e-3)


def test_a_saved_stack_stands_on_its_own(job: Job, tmp_path: Path) -> None:
    rows = rows_for(str(job.spec.to_dict()["target_column_name"]), seed=9)
    stack = job.get_model("StackEnsemble")
    saved = load_model(stack.save(tmp_path / "saved"))
    np.testing.assert_array_equal(predicted(job, saved, rows), predicted(job, stack, rows))


def test_weights_without_a_second_level_are_shares(job: Job) -> None:
    trials = [t for t in job.trials if t.is_complete][:2]
    parts = [{"trial": t.number, "weight": 1.0, "label": "", "recipe": t.recipe, "folds": [0]} for t in trials]
    manifest = read_json(job.path / "model" / "manifest.json")
    both = make_model({**manifest, "parts": parts, "stack": None, "temperature": 1.0}, job.path)
    assert [w for _, w in both.members] == [0.5, 0.5]


def test_an_earlier_job_says_that_its_stack_was_not_kept(job: Job, tmp_path: Path) -> None:
    shutil.copytree(job.path, tmp_path / "experiment" / job.name)
    earlier = MLClient(tmp_path).jobs.get(job.name)
    log = earlier.path / "events.jsonl"
    events = [json.loads(line) for line in log.read_text().splitlines()]
    for event in events:
        if event["kind"] == "ensemble_selected":
            del event["stack"]
    log.write_text("".join(json.dumps(event) + "\n" for event in events))
    (earlier.path / "ensembles" / "stack-predictions.npy").unlink()
    earlier = MLClient(tmp_path).jobs.get(job.name)
    if job.model.label == "StackEnsemble":
        assert earlier.get_model("StackEnsemble").blend_.stack is not None
        with pytest.raises(AutoMLError, match=r"said of held-out rows is not there.*data="):
            earlier._charts.scored("StackEnsemble", None)
    else:
        with pytest.raises(AutoMLError, match=r"earlier version.*Run the job again"):
            earlier.get_model("StackEnsemble")
