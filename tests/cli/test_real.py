"""The command itself, on real jobs in processes of their own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

COMMAND = [sys.executable, "-m", "automl_jupyter"]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def job_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a job on real data; the job's own processes find the package from any folder."""
    from sklearn.datasets import load_breast_cancer

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    cancer = load_breast_cancer(as_frame=True)
    cancer.data.assign(diagnosis=cancer.target).to_csv(tmp_path / "train.csv", index=False)
    path = tmp_path / "job.yml"
    path.write_text(
        "{type: automl, task: classification, compute: azureml:cluster, target_column_name: diagnosis,"
        " training_data: {path: ./train.csv, type: uri_file}, n_cross_validations: 3, limits: {max_trials: 3}}",
        encoding="utf-8",
    )
    return path


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False)


def _only_job() -> dict[str, Any]:
    records = json.loads(_run("jobs", "--json").stdout)
    assert len(records) == 1
    return dict(records[0])


def test_a_job_runs_to_its_end(job_file: Path) -> None:
    done = _run("run", str(job_file), "--json")
    assert done.returncode == 0, done.stderr
    last = json.loads(done.stdout)
    assert last["status"] == "Completed"
    assert {limit["name"]: limit["used"] for limit in last["limits"]}["max_trials"] == 3
    assert "Traceback" not in done.stderr
    shown = _run("show", last["name"])
    assert shown.stdout.splitlines()[0] == f"{last['name']} · classification · Completed"


def test_one_interrupt_keeps_what_is_finished(job_file: Path) -> None:
    command = [*COMMAND, "run", str(job_file), "limits.max_trials=500", "training.enable_stack_ensemble=false"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "complete" in line:
                break
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate()
    assert process.returncode == 3, errors
    assert "Stopping:" in rest
    assert "Traceback" not in errors
    assert _only_job()["status"] == "Canceled"
    last = json.loads(_run("show", _only_job()["name"], "--json").stdout)
    assert last["model"]["final"]
    assert last["counts"]["complete"] >= 1


def test_two_interrupts_end_it_and_resume_goes_on(job_file: Path) -> None:
    command = [*COMMAND, "run", str(job_file), "limits.max_trials=8", "limits.enable_early_termination=false"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "complete" in line:
                break
        process.send_signal(signal.SIGINT)
        for line in process.stdout:
            if "Stopping:" in line:
                break
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert process.returncode == 3, errors
    record = _only_job()
    done = _run("resume", record["name"], "--json")
    assert done.returncode in (0, 3), done.stderr
    assert json.loads(done.stdout)["over"]
