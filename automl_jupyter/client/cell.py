"""The first line of an ``%%automl`` cell: a name, and options from the same table as the terminal's."""

from __future__ import annotations

import keyword
import os
import re
import shlex
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from automl_jupyter._core.folder_names import RUN_NUMBER
from automl_jupyter._core.text import did_you_mean, listing, plain
from automl_jupyter.errors import Problem, SpecError
from automl_jupyter.spec.options import OPTIONS, Option

#: what a job is called when the cell gives no name
DEFAULT_NAME = "job"
#: what takes its meaning from the next character; on Windows it stands between the parts of a path
_ESCAPE = "" if os.name == "nt" else "\\"

#: options of the cell itself, which say nothing of the job: flag -> help
CELL_FLAGS = {
    "--wait": "Stay in the cell until the job is over; Interrupt stops the job and keeps its finished trials.",
    "--no-wait": "Return at once, also where a cell would wait by itself.",
    "--quiet": "Show nothing; the name is bound all the same.",
    "--dry-run": "Show what would be done, and why, without starting anything.",
}


@dataclass(frozen=True)
class CellArguments:
    """What the first line of a cell says.

    Parameters
    ----------
    name : str, default "job"
        The variable the job is bound to, and the job's name.
    options : mapping
        Dotted spec key -> text as it was written.
    wait : bool, optional
        Whether to wait in the cell; None leaves it to the place.
    quiet, dry_run : bool, default False
        See :data:`CELL_FLAGS`.
    """

    name: str = DEFAULT_NAME
    options: Mapping[str, Any] = field(default_factory=dict)
    wait: bool | None = None
    quiet: bool = False
    dry_run: bool = False


def split_line(line: str) -> list[str]:
    """Return the words of a line, quotes undone.

    Raises
    ------
    SpecError
        When a quote is not closed.

    Examples
    --------
    >>> split_line('bank --target "my column"')
    ['bank', '--target', 'my column']
    """
    words = shlex.shlex(line, posix=True)
    words.whitespace_split, words.commenters, words.escape = True, "", _ESCAPE
    try:
        return list(words)
    except ValueError:
        raise SpecError([Problem("%%automl", f"a quote is not closed in: {plain(line)}")]) from None


def parse_cell_arguments(line: str) -> CellArguments:
    """Return what the first line of an ``%%automl`` cell says.

    Parameters
    ----------
    line : str
        Everything after ``%%automl``.

    Raises
    ------
    SpecError
        With every mistake on the line at once.

    Examples
    --------
    >>> parsed = parse_cell_arguments("bank --target y --wait")
    >>> parsed.name, dict(parsed.options), parsed.wait
    ('bank', {'target_column_name': 'y'}, True)
    """
    reader = _LineReader(split_line(line))
    reader.read()
    if reader.problems:
        raise SpecError(reader.problems)
    flags = reader.flags
    wait = None if not flags & {"--wait", "--no-wait"} else "--wait" in flags
    return CellArguments(reader.name or DEFAULT_NAME, reader.options, wait, "--quiet" in flags, "--dry-run" in flags)


def spelled(name: str) -> str:
    """Return a variable's name as Python spells it, which folds letters of one meaning into one.

    Examples
    --------
    >>> spelled("\\u00b5") == "\\u03bc"
    True
    """
    return unicodedata.normalize("NFKC", name)


def name_problem(name: str) -> str:
    """Return what is wrong with a name for a variable, as a sentence, or an empty text."""
    if not name.isidentifier():
        return f"{plain(name)!r} cannot name a variable; use letters, digits and underscores, not a digit first."
    if keyword.iskeyword(name):
        return f"{name!r} is a word of Python itself and cannot name a variable."
    return ""


def cell_of_run(name: str | None) -> str:
    """Return the name of the cell that a job is a run of; `DEFAULT_NAME` where it is no cell's.

    Examples
    --------
    >>> cell_of_run("bank-2"), cell_of_run("my.job"), cell_of_run(None)
    ('bank', 'job', 'job')
    """
    found = re.sub(rf"{RUN_NUMBER}\Z", "", name or "")
    return DEFAULT_NAME if name_problem(found) else found


class _LineReader:
    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._by_flag = {o.flag: o for o in OPTIONS}
        self.name = ""
        self.options: dict[str, Any] = {}
        self.flags: set[str] = set()
        self.problems: list[Problem] = []

    def read(self) -> None:
        while self._words:
            word = self._words.pop(0)
            if word.startswith("-") and len(word) > 1:
                self._read_option(*word.partition("="))
            elif self.name:
                self._problem(word, f"there is already a name, {self.name!r}; options start with two dashes.")
            elif problem := name_problem(spelled(word)):
                self._problem("name", problem)
            else:
                self.name = spelled(word)
        if {"--wait", "--no-wait"} <= self.flags:
            self._problem("--wait", "and --no-wait exclude each other; give one of them.")

    def _read_option(self, flag: str, equals: str, value: str) -> None:
        if flag in CELL_FLAGS:
            self.flags.add(flag)
            if equals:
                self._problem(flag, f"takes no value, but {plain(value)!r} came.")
            return
        option = self._by_flag.get(flag)
        if option is None:
            known = [*self._by_flag, *CELL_FLAGS]
            self._problem(
                plain(flag, most=60), f"is not an option.{did_you_mean(flag, known)} Known: {listing(known)}."
            )
            if self._words and not self._words[0].startswith("-") and not equals:
                self._words.pop(0)  # most likely the value of the option that is not one
            return
        if not equals:
            if not self._words or (self._words[0].startswith("--") and len(self._words[0]) > 2):
                self._problem(flag, f"needs a value: {flag} {option.metavar}. {option.help}")
                return
            value = self._words.pop(0)
        self._set(option, value)

    def _set(self, option: Option, value: str) -> None:
        if option.key in self.options:
            self._problem(option.flag, "is given twice.")
        self.options[option.key] = value

    def _problem(self, where: str, message: str) -> None:
        self.problems.append(Problem(where, message))
