"""What a page may ask of a job, and what it is answered."""

from __future__ import annotations

import base64
import json
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl_jupyter.client.desk import act, answer
from automl_jupyter.client.updates import shown_snapshot
from automl_jupyter.notebook.widget import LiveWidget
from automl_jupyter.results.model_page import model_code
from automl_jupyter.spec import parse_cell
from automl_jupyter.testing.quick import run_job, table_for


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory, session_home: Path) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(session_home / "cache"))
        training = {"allowed_training_algorithms": ["LogisticRegression", "DecisionTree"]}
        return run_job(workspace=tmp_path_factory.mktemp("desk"), training=training, limits={"max_trials": 4})


class Asked:
    """A job that remembers what was asked."""

    name = "bank"

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.asked.append((name, *arguments))


def test_each_button_puts_its_request() -> None:
    job = Asked()
    for content in (
        {"type": "cancel"},
        {"type": "pause"},
        {"type": "unpause"},
        {"type": "extend", "minutes": 5},
        {"type": "skip", "model": 3},
        {"type": "block", "learner": "LightGBM"},
        {"type": "of another version"},
        {},
    ):
        assert act(job, content) == ""
    assert job.asked == [
        ("cancel",), ("pause",), ("unpause",), ("extend", 5.0), ("skip", 3), ("block", "LightGBM"),
    ]  # fmt: skip


@pytest.mark.parametrize("minutes", [0, -1, None, "5", True, 1e9])
def test_minutes_that_are_none_are_refused(minutes: Any) -> None:
    job = Asked()
    assert act(job, {"type": "extend", "minutes": minutes}).endswith("is no number above 0 and at most 10,000.")
    assert job.asked == []


def test_what_a_job_refuses_is_said(job: Any) -> None:
    assert "no learner of this job" in act(job, {"type": "block", "learner": "<b>"})
    assert "no trial 99" in act(job, {"type": "skip", "model": 99})


def test_every_model_of_the_leaderboard_has_a_page(job: Any) -> None:
    for row in shown_snapshot(job)["rows"]:
        model = row["label"] if row["number"] is None else row["number"]
        page = json.loads(json.dumps(answer(job, {"what": "model", "model": model}), allow_nan=False))
        assert "error" not in page, page
        assert page["metrics"][0]["name"] == job.history.metric
        assert page["metrics"][0]["value"] == pytest.approx(np.mean(page["metrics"][0]["folds"]))
        assert {"roc", "importance", "partial_dependence"} <= {c["name"] for c in page["charts"]}
        assert page["columns"] == ["size", "age", "colour"]
        assert "<script" not in page["diagram"]
        space: dict[str, Any] = {"rows": table_for("label")}
        exec(page["code"], space)
        assert len(space["model"].predict(space["rows"])) == 90


def test_the_cell_of_a_job_asks_for_the_same_job(job: Any) -> None:
    first, _, body = answer(job, {"what": "cell"})["cell"].partition("\n")
    assert first == "%%automl job"
    assert parse_cell(body, {}) == job.spec


def test_charts_come_as_pictures(job: Any) -> None:
    ensemble = next(iter(job.history.ensembles))
    for model, chart, more in (
        (1, "roc", {}),
        (ensemble, "learning_curve", {"dark": True}),
        (ensemble, "partial_dependence", {"column": 2}),
    ):
        found = answer(job, {"what": "chart", "model": model, "chart": chart, **more})
        assert base64.b64decode(found["png"]).startswith(b"\x89PNG"), found
        assert found["says"].endswith(".")


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"what": "model"},
        {"what": "model", "model": 99},
        {"what": "model", "model": "<script>"},
        {"what": "model", "model": [1]},
        {"what": "chart", "model": 1, "chart": "__class__"},
        {"what": "chart", "model": 1, "chart": "residuals"},
        {"what": "chart", "model": 1, "chart": "explanation"},
        {"what": "chart", "model": 1, "chart": "partial_dependence"},
        {"what": "chart", "model": 1, "chart": "partial_dependence", "column": 77},
    ],
)
def test_questions_without_an_answer_say_so(job: Any, question: Any) -> None:
    found = answer(job, question)
    assert list(found) == ["error"]
    assert "Traceback" not in found["error"]
    assert "<" not in found["error"] or "'<script>'" in found["error"]


def test_a_page_is_sent_what_changed_and_a_new_one_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, Any]] = []
    states: list[Any] = []
    widget = LiveWidget({"seq": 1, "rows": [], "status": "Running"}, act=lambda _: "", answer=lambda _: {})
    monkeypatch.setattr(widget, "send", sent.append)
    monkeypatch.setattr(widget, "send_state", states.append)
    widget.replace({"seq": 1, "rows": [], "status": "Running"})
    widget.replace({"seq": 2, "rows": [{"number": 0, "label": "a"}], "status": "Running"})
    assert sent == [
        {"type": "delta", "from": 1, "set": {"seq": 2}, "grow": {}, "rows": [{"number": 0, "label": "a"}], "gone": []}
    ]
    assert states == []
    assert widget.get_state("snapshot")["snapshot"]["rows"] == [{"number": 0, "label": "a"}]
    widget._handle_custom_msg({"type": "whole"}, [])
    assert sent[-1]["snapshot"]["seq"] == 2


def test_questions_are_answered_beside_the_kernels_own_work(monkeypatch: pytest.MonkeyPatch) -> None:
    told = threading.Event()
    sent: list[Any] = []
    widget = LiveWidget({"seq": 1}, act=lambda _: "no", answer=lambda q: {"by": threading.current_thread().name})
    monkeypatch.setattr(widget, "send", lambda content: (sent.append(content), told.set()))
    widget._handle_custom_msg({"type": "ask", "id": "x", "what": "model", "model": 1}, [])
    assert told.wait(10)
    assert sent == [{"type": "answer", "id": "x", "answer": {"by": "automl-page"}}]
    widget._handle_custom_msg({"type": "extend", "minutes": -1}, [])
    assert sent[-1] == {"type": "refused", "message": "no"}


def test_a_model_that_is_not_the_best_is_taken_too(job: Any) -> None:
    rows = table_for("label", seed=9).drop(columns="label")
    trial = job.trials[1]
    model = job.get_model(trial.number)
    assert model.members == [(trial.label, 1.0)]
    assert model.predict_proba(rows).shape == (90, 2)
    pd.testing.assert_series_equal(pd.Series(job.get_model().predict(rows)), pd.Series(job.model.predict(rows)))


def test_a_label_of_several_lines_stays_one_remark_in_the_code(job: Any) -> None:
    history = job.history
    trials = {**history.trials, 1: replace(history.trials[1], label="a\nimport os")}
    told = SimpleNamespace(history=replace(history, trials=trials), task=job.task, path=job.path, name=job.name)
    first, second, *_ = model_code(told, 1).split("\n")
    assert first.startswith("# a import os")
    assert second == "from automl_jupyter import MLClient"


@pytest.mark.parametrize(("name", "variable"), [("bank-2", "bank"), ("my.job", "job")])
def test_the_cell_of_a_named_job_can_be_run_beside_it(tmp_path: Path, name: str, variable: str) -> None:
    named = run_job(workspace=tmp_path, name=name, limits={"max_trials": 1})
    first, _, body = answer(named, {"what": "cell"})["cell"].partition("\n")
    assert first == f"%%automl {variable}"
    assert parse_cell(body, {}).name is None
