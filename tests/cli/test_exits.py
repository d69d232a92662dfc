"""Errors end as sentences on stderr and an exit code that says what kind they were."""

from __future__ import annotations

import errno
import io
import sys

import click
import pytest
from click.testing import CliRunner

from automl_jupyter._core.registry import UnknownNameError
from automl_jupyter.cli import exits
from automl_jupyter.errors import (
    ComputeError,
    DataError,
    JobFailedError,
    MissingExtraError,
    NoModelError,
    Problem,
    SpecError,
    StoreError,
)


def _run_raising(error: BaseException) -> click.testing.Result:
    @click.group(cls=exits.Door)
    def door() -> None:
        """A door."""

    @door.command()
    def go() -> None:
        raise error

    return CliRunner().invoke(door, ["go"])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SpecError("task is missing."), 2),
        (DataError("There is no column y."), 2),
        (MissingExtraError("Install it."), 2),
        (StoreError("There is no job x."), 2),
        (UnknownNameError("There is no learner x."), 2),
        (ComputeError("No scheduler answers."), 1),
        (JobFailedError("It failed."), 1),
        (NoModelError("There is no model."), 1),
        (KeyboardInterrupt(), 3),
        (PermissionError(errno.EACCES, "Permission denied", "jobs"), 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_has_its_code_and_no_traceback(error: BaseException, code: int) -> None:
    result = _run_raising(error)
    assert result.exit_code == code
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert "Traceback" not in result.stderr


def test_all_problems_are_told_at_once() -> None:
    problems = [
        Problem("task", "is missing.", line=1),
        Problem("limits.max_trials", "is 0; 1 or more is allowed."),
    ]
    result = _run_raising(SpecError(problems))
    assert "line 1, task: is missing." in result.stderr
    assert "limits.max_trials: is 0; 1 or more is allowed." in result.stderr


def test_a_message_cannot_steer_the_terminal() -> None:
    result = _run_raising(DataError("the column '\x1b[2Jx\x07' is empty."))
    assert result.stderr == "Error: the column 'x' is empty.\n"


def test_a_mistake_of_ours_is_not_hidden() -> None:
    result = _run_raising(ZeroDivisionError("division by zero"))
    assert isinstance(result.exception, ZeroDivisionError)


def test_a_reader_that_went_away_is_no_error_of_ours() -> None:
    result = _run_raising(BrokenPipeError(errno.EPIPE, "Broken pipe"))
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("status", "code"), [("Completed", 0), ("Failed", 1), ("Canceled", 3), ("Running", 1), (None, 1)]
)
def test_the_status_decides_the_code(status: str | None, code: int) -> None:
    assert exits.exit_code_for({"status": status}) == code


def test_a_pipe_whose_encoding_lacks_our_marks_gets_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, where a file that output goes to is of the system's code page."""
    written = io.BytesIO()
    pipe = io.TextIOWrapper(written, encoding="cp1252", newline="\n")

    @click.group(cls=exits.Door)
    def door() -> None:
        """A door."""

    @door.command()
    def say() -> None:
        click.echo("✓ complete", file=sys.stdout)

    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", pipe)
        door.main(["say"], standalone_mode=False)
    assert written.getvalue() == b"? complete\n"
