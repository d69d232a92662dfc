"""From a job file, overrides and options to a checked job."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from automl_jupyter._core.text import plural
from automl_jupyter.errors import SpecError
from automl_jupyter.spec.job import AutoMLJob
from automl_jupyter.spec.options import OPTIONS, option_key
from automl_jupyter.spec.parse import parse_cell

#: what an option of the specification is called among a command's arguments
_PREFIX = "spec_"

_TABLES = ("training_data", "validation_data", "test_data")


def spec_options() -> list[click.Option]:
    """Return an option of click for each option of the specification; their values stay text."""
    return [
        click.Option(
            [option.flag, f"{_PREFIX}{option.name}"],
            metavar=option.metavar,
            help=option.help,
            is_flag=option.type == "flag" or None,
        )
        for option in OPTIONS
    ]


def read_job(job_file: Path, overrides: Iterable[str], options: Mapping[str, Any]) -> AutoMLJob:
    """Return the checked job of a file.

    Parameters
    ----------
    job_file : Path
        YAML; relative paths of tables in it are relative to its folder.
    overrides : iterable of str
        ``key=value`` with dotted keys; they win over the file.
    options : mapping
        Values of :func:`spec_options`, None where not given; they win over `overrides`.

    Raises
    ------
    SpecError
        With every problem and its line.
    click.UsageError
        When an override is not ``key=value``.
    """
    wanted = dict(_split(text) for text in overrides)
    for option in OPTIONS:
        if (value := options.get(f"{_PREFIX}{option.name}")) is not None:
            wanted[option.key] = value
    try:
        text = job_file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SpecError(f"The file {job_file} is not UTF-8 text.") from None
    job = parse_cell(text, wanted)
    given = {option_key(key) for key in wanted}  # these are relative to where they are typed
    _anchor(job, job_file.parent, [name for name in _TABLES if not given & {name, f"{name}.path", f"{name}.name"}])
    job.check()
    return job


def check_data(job: AutoMLJob) -> str:
    """Read the data of a job, plan it, and return their size in words; raise where `run` would refuse them."""
    from automl_jupyter.jobs.prepare import decide
    from automl_jupyter.tasks import check_trainable

    table = decide(check_trainable(job), namespace=None, base=Path(), n_slots=1).table
    n_rows, n_columns = table.X.shape
    return f" of {table.target}, {plural(n_rows, 'row')}, {plural(n_columns, 'column')}"


def _split(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise click.UsageError(f"{text!r} is not KEY=VALUE; write for example limits.timeout_minutes=10.")
    return key.strip(), value


def _anchor(job: AutoMLJob, folder: Path, names: Iterable[str]) -> None:
    """Let relative paths begin at the job file's folder, where that is not the working directory."""
    if folder.resolve() == Path.cwd():
        return
    for name in names:
        table = getattr(job, name, None)
        if table is None:
            continue
        if table.path is not None:
            if "://" not in table.path and not os.path.isabs(os.path.expanduser(table.path)):
                table.path = str(folder.resolve() / table.path)
        elif table.name is not None and os.path.exists(folder / table.name):
            # a word alone may be a variable of a notebook or a file; a terminal has no variables
            table.path, table.name = str(folder.resolve() / table.name), None
