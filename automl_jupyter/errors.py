"""What can go wrong, in sentences.

Every mistake a user can make ends as an :class:`AutoMLError`. IPython asks an exception for
``_render_traceback_`` before it prints a traceback, so in a notebook these print their sentences only,
while ``except`` still sees the true class.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

#: what helps where worker processes read a script again that starts a job at its top level
SCRIPT_ADVICE = 'In a script, start jobs inside `if __name__ == "__main__":`, or use compute="inline".'


@dataclass(frozen=True)
class Problem:
    """One thing wrong with what was asked.

    Parameters
    ----------
    where : str
        The field, dotted (``limits.timeout_minutes``), or the column, file or row concerned.
    message : str
        What came, what is allowed and the nearest match, as a sentence.
    line : int, optional
        The line of the cell or file, counted from 1.
    """

    where: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        place = f"line {self.line}, " if self.line is not None else ""
        return f"{place}{self.where}: {self.message}" if self.where else f"{place}{self.message}"


class AutoMLError(Exception):
    """Root of every error this package raises for a user's mistake or a job's failure."""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


class SpecError(AutoMLError, ValueError):
    """What was asked cannot be done; ``problems`` lists every reason at once.

    Examples
    --------
    >>> error = SpecError([Problem("task", "is missing.")])
    >>> error.problems[0].where
    'task'
    """

    def __init__(self, problems: Iterable[Problem] | str) -> None:
        self.problems = (Problem("", problems),) if isinstance(problems, str) else tuple(problems)
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        if len(self.problems) == 1:
            return str(self.problems[0])
        lines = "\n".join(f"  - {p}" for p in self.problems)
        return f"{len(self.problems)} problems in what was asked:\n{lines}"


class DataError(AutoMLError, ValueError):
    """The data cannot be read, or cannot be learnt from; ``problems`` lists every reason at once."""

    def __init__(self, problems: Iterable[Problem] | str) -> None:
        self.problems = (Problem("", problems),) if isinstance(problems, str) else tuple(problems)
        if len(self.problems) == 1:
            super().__init__(str(self.problems[0]))
        else:
            lines = "\n".join(f"  - {p}" for p in self.problems)
            super().__init__(f"{len(self.problems)} problems with the data:\n{lines}")


class ModelInputError(AutoMLError, ValueError):
    """Rows given to a fitted model do not fit what it was trained on."""


class MissingExtraError(AutoMLError, ImportError):
    """Something needs a package that is not installed; the message names the extra to install."""


class NoModelError(AutoMLError):
    """There is no usable model: the job ended, or was stopped, before one trial was complete."""


class JobFailedError(AutoMLError):
    """The job ended with status Failed; the message says why."""


class StoreError(AutoMLError):
    """A job's folder is missing, damaged, or in use by another process."""


class ComputeError(AutoMLError):
    """The Dask cluster cannot be started or reached."""
