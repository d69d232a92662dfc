"""``job.guardrails()``: what the checks found, for a job that ran and one that is opened again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from automl_jupyter.client.workspace import MLClient
from automl_jupyter.notebook.dry_run import make_dry_plan, plan_text
from automl_jupyter.results.guardrails import Guardrails
from automl_jupyter.testing.quick import make_spec, make_table, run_job


def test_a_job_says_what_its_checks_found(tmp_path: Path) -> None:
    data = make_table(200)[["size", "age", "label"]]
    data["answer"] = np.where(data["label"] == "yes", "1", "0")
    bad = "<img src=x onerror=alert(1)>"
    job = run_job(data=data.rename(columns={"answer": bad}), workspace=tmp_path)
    found = job.guardrails().to_frame().set_index("name")
    assert found.index[0] == "Target leakage"
    assert found.loc["Target leakage", "status"] == "Alerted"
    assert found.loc["Target leakage", "columns"] == [bad]
    assert set(found["status"]) <= {"Alerted", "Done", "Passed"}
    shown = job._repr_mimebundle_()
    assert "Target leakage" in shown["text/html"]
    assert "<img" not in shown["text/html"]
    again = MLClient(tmp_path).jobs.get(job.name)
    pd.testing.assert_frame_equal(again.guardrails().to_frame(), job.guardrails().to_frame())
    assert again.guardrails()[0]["key"] == "target_leakage"
    assert [f["status"] for f in again.guardrails()[1:]] == job.guardrails().to_frame()["status"].tolist()[1:]


def test_findings_read_well_and_are_escaped() -> None:
    bad = "<img src=x onerror=alert(1)>\x1b[31m"
    one = {"key": "k", "name": "Drift", "status": "Alerted", "columns": [bad], "rows": []}
    shown = Guardrails([{**one, "explanation": f"{bad} has other values.", "remedy": "Look."}])._repr_mimebundle_()
    assert shown["text/plain"].startswith("! Drift (Alerted): <img")
    assert "\x1b" not in shown["text/plain"]
    assert "<img" not in shown["text/html"]
    assert "What to do" in shown["text/html"]
    assert repr(Guardrails([])) == "The data of this job were not checked."


def test_a_dry_run_warns_before_anything_is_trained() -> None:
    data = make_table(200)[["size", "label"]].assign(answer=lambda t: t["label"] == "yes")
    text = plan_text(make_dry_plan(make_spec(data=data), {}))
    assert "Warning: Target leakage: 'answer' alone tells the target" in text
