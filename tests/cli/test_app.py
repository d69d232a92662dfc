"""The commands of `automl-jupyter`, with a scripted job in place of an engine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from automl_jupyter.cli import app, exits
from automl_jupyter.errors import DataError, JobFailedError, Problem

_JOB = "{task: classification, training_data: train.csv, target_column_name: y}"

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `automl-jupyter` with arguments; JOB stands for a valid job file."""
    job_file = tmp_path / "job.yml"
    job_file.write_text(_JOB, encoding="utf-8")

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(app.main, [str(job_file) if a == "JOB" else a for a in arguments])

    return call


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch, fakes: SimpleNamespace) -> SimpleNamespace:
    """Let `run` submit to a list, and get the job in `job`."""
    seen = SimpleNamespace(specs=[], workspaces=[], job=fakes.Job(fakes.snapshot("Completed")))

    def submit(spec: Any, workspace: Path | None) -> Any:
        seen.specs.append(spec)
        seen.workspaces.append(workspace)
        return seen.job

    monkeypatch.setattr(app, "_submit", submit)
    return seen


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put fake jobs into the workspace."""

    def fill(client: Any) -> None:
        monkeypatch.setattr(app, "_client", lambda folder: client)

    return fill


def test_help_tells_the_exit_codes(run: Run) -> None:
    for arguments in (["--help"], ["run", "--help"]):
        text = run(*arguments).stdout
        for code, meaning in exits.MEANINGS.items():
            assert f"  {code}  {meaning}" in text


def test_help_of_run_shows_the_options_of_the_specification(run: Run) -> None:
    text = run("run", "--help").stdout
    assert "--timeout MINUTES" in text
    assert "Minutes the whole job may take." in text


def test_run_ends_with_the_status_and_the_best(run: Run, submitted: Any, fakes: SimpleNamespace) -> None:
    rows = [fakes.row(1, "LightGBM", 0.91, rank=1)]
    submitted.job = fakes.Job(fakes.snapshot(), fakes.snapshot("Completed", rows=rows, reason="The time was used up."))
    result = run("run", "JOB", "--timeout", "2", "limits.max_trials=9", "--workspace", "w")
    assert result.exit_code == 0
    assert result.stdout.endswith(
        "Completed (The time was used up). Best: LightGBM, AUC_weighted 0.9100. Folder: automl_jobs/birds/calm_owl\n"
    )
    assert "#1 LightGBM" in result.stdout
    assert (submitted.specs[0].limits.timeout_minutes, submitted.specs[0].limits.max_trials) == (2, 9)
    assert submitted.workspaces == [Path("w")]


def test_run_quiet_says_nothing(run: Run, submitted: Any) -> None:
    assert run("run", "JOB", "--quiet").output == ""


def test_run_json_is_json_alone(run: Run, submitted: Any, fakes: SimpleNamespace) -> None:
    last = fakes.snapshot("Completed", rows=[fakes.row(1, "LightGBM", 0.91)])
    submitted.job = fakes.Job(fakes.snapshot(), last)
    result = run("run", "JOB", "--json")
    assert json.loads(result.stdout) == last
    assert "#1 LightGBM" in result.stderr


def test_a_failed_job_is_one_sentence_and_code_1(run: Run, submitted: Any, fakes: SimpleNamespace) -> None:
    submitted.job = fakes.Job(fakes.snapshot("Failed"))
    submitted.job.error = JobFailedError("The job calm_owl failed: every trial failed.")
    result = run("run", "JOB", "-q")
    assert result.exit_code == 1
    assert result.output == "Error: The job calm_owl failed: every trial failed.\n"


def test_a_job_that_failed_for_its_data_is_code_2(run: Run, submitted: Any, fakes: SimpleNamespace) -> None:
    submitted.job = fakes.Job(fakes.snapshot(), fakes.snapshot("Failed"))
    submitted.job.error = DataError("There is no column 'y'.")
    result = run("run", "JOB", "-q")
    assert result.exit_code == 2
    assert result.output == "Error: There is no column 'y'.\n"


def test_a_job_that_nobody_runs_is_not_waited_for(run: Run, submitted: Any, fakes: SimpleNamespace) -> None:
    submitted.job = fakes.Job(fakes.snapshot(), fakes.snapshot("NotResponding"))
    result = run("run", "JOB", "-q")
    assert result.exit_code == 1
    assert "no process runs it any more" in result.stderr


def test_a_failed_job_prints_its_json_too(run: Run, submitted: Any, fakes: SimpleNamespace) -> None:
    submitted.job = fakes.Job(fakes.snapshot("Failed"))
    submitted.job.error = JobFailedError("It failed.")
    result = run("run", "JOB", "-q", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["status"] == "Failed"


def test_a_cancelled_job_is_code_3(run: Run, submitted: Any, fakes: SimpleNamespace) -> None:
    submitted.job = fakes.Job(fakes.snapshot("Canceled", reason="stopped by the user"))
    result = run("run", "JOB")
    assert result.exit_code == 3
    assert "Canceled (stopped by the user)." in result.stdout


def test_data_that_cannot_be_learnt_from_is_code_2(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(spec: Any, workspace: Path | None) -> Any:
        raise DataError(
            [Problem("target_column_name", "There is no column 'y'."), Problem("test_data", "has no rows.")]
        )

    monkeypatch.setattr(app, "_submit", refuse)
    result = run("run", "JOB")
    assert result.exit_code == 2
    assert "There is no column 'y'." in result.stderr
    assert "has no rows." in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "missing.yml"], "does not exist"),
        (["run", "JOB", "limits.max_trials"], "is not KEY=VALUE"),
        (["run", "JOB", "limits.max_trails=3"], "max_trials"),
        (["run", "JOB", "--task", "clasification"], "classification"),
        (["run", "JOB", "--nonsense"], "--nonsense"),
        (["nonsense"], "nonsense"),
    ],
)
def test_bad_usage_is_code_2_and_names_the_fault(run: Run, submitted: Any, arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert submitted.specs == []


def test_validate_reads_the_data(run: Run, tmp_path: Path) -> None:
    rows = "".join(f"{n},{n % 2}\n" for n in range(40))
    (tmp_path / "train.csv").write_text("x,y\n" + rows, encoding="utf-8")
    result = run("validate", "JOB")
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith("job.yml is valid: classification of y, 40 rows, 1 column.\n")


def test_validate_tells_what_is_wrong_with_the_data(run: Run, tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("x,yy\n1,2\n3,4\n", encoding="utf-8")
    result = run("validate", "JOB")
    assert result.exit_code == 2
    assert "'yy'" in result.stderr


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["positive_label=yess"], "'yess' is not a class of 'y'. Did you mean 'yes'?"),
        (["featurization.column_name_and_types={zip: Numeric}"], "the value 'abc' is not a number"),
        (["featurization.mode=off"], "With mode 'off', columns must be numbers already; 'zip' is not."),
        (["group_column_name=site"], "All rows are of one group: none can be held out"),
        (["group_column_name=site", "validation_data_size=0.2"], "All rows are of one group"),
        (["n_cross_validations=50"], "50 folds were asked for, but there are only 40 rows"),
    ],
)
def test_validate_plans_the_job_as_run_does(run: Run, tmp_path: Path, asked: list[str], said: str) -> None:
    lines = [f"{n},{'abc' if n == 7 else n % 5},a,{'yes' if n % 2 else 'no'}" for n in range(40)]
    (tmp_path / "train.csv").write_text("\n".join(["x,zip,site,y", *lines]), encoding="utf-8")
    assert run("validate", "JOB").exit_code == 0
    result = run("validate", "JOB", *asked)
    assert result.exit_code == 2, result.output
    assert said in result.stderr


def test_validate_can_leave_the_data_alone(run: Run) -> None:
    assert run("validate", "JOB", "--no-data").stdout.endswith("job.yml is valid: classification.\n")


def test_validate_refuses_what_cannot_be_trained(run: Run) -> None:
    result = run("validate", "JOB", "--task", "text_ner", "--validation-data", "valid.txt", "--no-data")
    assert result.exit_code == 2
    assert "text_ner" in result.stderr


def test_schema_is_the_schema(run: Run) -> None:
    from automl_jupyter.spec.schema import json_schema

    assert json.loads(run("schema").stdout) == json_schema()


def test_jobs_are_listed(run: Run, workspace: Callable[..., None], fakes: SimpleNamespace) -> None:
    rows = [fakes.row(1, "LightGBM", 0.91)]
    workspace(
        fakes.Client(fakes.Job(fakes.snapshot("Completed", rows=rows)), fakes.Job(fakes.snapshot(name="red_fox")))
    )
    lines = run("jobs").stdout.splitlines()
    assert lines[1].split()[:6] == ["calm_owl", "birds", "classification", "Completed", "LightGBM", "0.9100"]
    assert lines[2].split()[:4] == ["red_fox", "birds", "classification", "Running"]
    records = json.loads(run("jobs", "--json").stdout)
    assert [(r["name"], r["value"]) for r in records] == [("calm_owl", 0.91), ("red_fox", None)]


def test_no_jobs_is_no_error(run: Run, workspace: Callable[..., None], fakes: SimpleNamespace) -> None:
    workspace(fakes.Client())
    assert (run("jobs").exit_code, run("jobs").stdout) == (0, "")
    assert json.loads(run("jobs", "--json").stdout) == []


@pytest.mark.parametrize("command", ["show", "open"])
def test_show_draws_the_leaderboard(
    run: Run, workspace: Callable[..., None], fakes: SimpleNamespace, command: str
) -> None:
    last = fakes.snapshot("Completed", rows=[fakes.row(1, "LightGBM", 0.91, rank=1)])
    workspace(fakes.Client(fakes.Job(last)))
    assert "LightGBM" in run(command, "calm_owl").stdout
    assert json.loads(run(command, "calm_owl", "--json").stdout) == last


@pytest.mark.parametrize("command", ["show", "cancel", "resume"])
def test_an_unknown_job_is_code_2(
    run: Run, workspace: Callable[..., None], fakes: SimpleNamespace, command: str
) -> None:
    workspace(fakes.Client())
    result = run(command, "grey_cat")
    assert result.exit_code == 2
    assert "There is no job 'grey_cat' here." in result.stderr


def test_cancel_asks_a_running_job(run: Run, workspace: Callable[..., None], fakes: SimpleNamespace) -> None:
    job = fakes.Job(fakes.snapshot())
    workspace(fakes.Client(job))
    assert run("cancel", "calm_owl").stdout == "calm_owl was asked to stop.\n"
    assert job.n_cancelled == 1


def test_cancel_leaves_a_job_that_is_over(run: Run, workspace: Callable[..., None], fakes: SimpleNamespace) -> None:
    job = fakes.Job(fakes.snapshot("Completed"))
    workspace(fakes.Client(job))
    assert run("cancel", "calm_owl").stdout == "calm_owl is over: Completed.\n"
    assert job.n_cancelled == 0


def test_cancel_says_that_nobody_runs_a_job(run: Run, workspace: Callable[..., None], fakes: SimpleNamespace) -> None:
    job = fakes.Job(fakes.snapshot("NotResponding"))
    workspace(fakes.Client(job))
    assert "is run by no process" in run("cancel", "calm_owl").stdout
    assert job.n_cancelled == 0


def test_resume_goes_on_and_waits(run: Run, workspace: Callable[..., None], fakes: SimpleNamespace) -> None:
    job = fakes.Job(fakes.snapshot(), fakes.snapshot("Completed"))
    workspace(fakes.Client(job))
    result = run("resume", "calm_owl")
    assert result.exit_code == 0
    assert job.n_resumed == 1
    assert "Completed." in result.stdout


def test_the_module_is_the_command() -> None:
    command = [sys.executable, "-m", "automl_jupyter", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("automl-jupyter, version ")
