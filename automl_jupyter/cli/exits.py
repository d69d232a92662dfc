"""How a command ends: the exit codes, and errors as one block of sentences on stderr."""

from __future__ import annotations

import errno
import io
import sys
from collections.abc import Mapping
from typing import IO, Any

import click

from automl_jupyter._core.registry import UnknownNameError
from automl_jupyter._core.text import plain
from automl_jupyter.errors import AutoMLError, DataError, MissingExtraError, SpecError, StoreError

COMPLETED = 0
FAILED = 1
REFUSED = 2
CANCELED = 3

#: what each code means, for ``--help`` and the documentation
MEANINGS = {
    COMPLETED: "done; a job that was run is Completed",
    FAILED: "the job failed, or the machine could not run it",
    REFUSED: "nothing was run: bad usage, job file, data or job name",
    CANCELED: "the job was cancelled or interrupted; what was finished is kept",
}

#: what the user can mend by asking differently
_REFUSALS = (SpecError, DataError, MissingExtraError, StoreError, UnknownNameError)

_STATUS_CODES = {"Completed": COMPLETED, "Canceled": CANCELED}


class CommandError(click.ClickException):
    """An error shown as sentences on stderr, without a traceback.

    Parameters
    ----------
    message : str
        The sentences.
    exit_code : int
        One of `FAILED`, `REFUSED` and `CANCELED`.
    """

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click reads it from the instance as well

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the sentences to `file`, by default stderr."""
        click.echo(f"Error: {plain(self.message, most=20_000)}", file=file, err=file is None)


class Door(click.Group):
    """A group of commands whose errors end as sentences and an exit code that says what kind they were."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command named in `ctx`."""
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # a pipe's encoding may lack our marks, as on Windows
        try:
            return super().invoke(ctx)
        except AutoMLError as error:
            raise CommandError(str(error), exit_code_of(error)) from error
        except KeyboardInterrupt as error:
            raise CommandError("Interrupted.", CANCELED) from error
        except OSError as error:
            if error.errno == errno.EPIPE:  # the reader of our output has gone; click ends quietly
                raise
            place = f"{error.filename}: " if error.filename else ""
            raise CommandError(f"{place}{error.strerror or error}", FAILED) from error


def exit_code_of(error: AutoMLError) -> int:
    """Return the exit code for an error: 2 when asking differently mends it, else 1.

    Examples
    --------
    >>> exit_code_of(SpecError("task is missing."))
    2
    """
    return REFUSED if isinstance(error, _REFUSALS) else FAILED


def exit_code_for(snapshot: Mapping[str, Any]) -> int:
    """Return the exit code for a job that is over, from its snapshot.

    Examples
    --------
    >>> exit_code_for({"status": "Completed"}), exit_code_for({"status": "Canceled"})
    (0, 3)
    """
    return _STATUS_CODES.get(str(snapshot.get("status")), FAILED)
