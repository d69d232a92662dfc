"""The pages that ``%%automl?``, ``%automl?`` and ``%automl help`` show."""

from __future__ import annotations

from textwrap import fill

from automl_jupyter.client.cell import CELL_FLAGS
from automl_jupyter.spec.options import OPTIONS

#: command of the line magic -> (what follows it, what it does)
COMMANDS = {
    "jobs": ("", "List the jobs of this workspace."),
    "profile": (
        "TABLE [--target COLUMN]",
        "Show what a table looks like before training: types and why, gaps, distributions, the relation to the target.",
    ),
    "open": (
        "NAME [VARIABLE]",
        "Show a job of this workspace and bind it to a variable, by default its name.",
    ),
    "panel": (
        "[DATA] [--target COLUMN]",
        "Fill in a job as a form, which writes the %%automl cell; of a table, a file, or a job of this workspace.",
    ),
    "show": ("NAME", "Show a job again, here."),
    "resume": ("NAME [VARIABLE]", "Go on with a job that was interrupted; finished trials are not repeated."),
    "cancel": ("NAME", "Stop a job; every finished trial is kept."),
    "help": ("", "Show this page and the page of the %%automl cell."),
}

_CELL = """\
%%automl [NAME] [OPTIONS]
YAML

Train models on a table and keep the best. The cell returns at once and shows the job while it runs; NAME
becomes the job's handle in the notebook ('job' when left out). The body is YAML with the fields of a job; an
option on the first line says the same thing shorter, and wins.

Examples
--------
    %%automl bank
    task: classification
    training_data: bank_df          # a DataFrame of this notebook, or a file
    target_column_name: y

    %%automl bank --metric AUC_weighted --timeout 5 --wait
    task: classification
    training_data: data/bank.csv
    target_column_name: y

    %%automl prices --dry-run
    task: regression
    training_data: houses
    target_column_name: price
    limits:
      max_trials: 50

Afterwards: bank.leaderboard(), bank.model.predict(table), bank.cancel(). Tab completes options, fields,
values and the columns of the table.
"""

_LINE = """\
%automl COMMAND [NAME]

Look after the jobs of this workspace. Jobs are started by an %%automl cell: see %%automl?

Examples
--------
    %automl panel bank_df --target y
    %automl jobs
    %automl open bank
    %automl resume bank
"""


def _entries(pairs: list[tuple[str, str]]) -> str:
    lines = []
    for name, text in pairs:
        lines += [f"    {name}", fill(text, 100, initial_indent=" " * 8, subsequent_indent=" " * 8)]
    return "\n".join(lines)


def cell_usage() -> str:
    """Return the page of the ``%%automl`` cell.

    Examples
    --------
    >>> "--target" in cell_usage()
    True
    """
    job = [(f"{o.flag} {o.metavar}", f"{o.help} ({o.key})") for o in OPTIONS]
    cell = list(CELL_FLAGS.items())
    return f"{_CELL}\nOptions of the cell\n-------------------\n{_entries(cell)}\n\n" + (
        f"Options of the job\n------------------\n{_entries(job)}\n"
    )


def line_usage() -> str:
    """Return the page of the ``%automl`` commands.

    Examples
    --------
    >>> "resume NAME" in line_usage()
    True
    """
    pairs = [(f"{name} {after}".strip(), text) for name, (after, text) in COMMANDS.items()]
    return f"{_LINE}\nCommands\n--------\n{_entries(pairs)}\n"


def short_usage() -> str:
    """Return the few lines that ``%automl`` alone shows."""
    width = max(len(f"{name} {after}") for name, (after, _) in COMMANDS.items())
    lines = [f"  %automl {f'{name} {after}':<{width}}  {text}" for name, (after, text) in COMMANDS.items()]
    return "\n".join(["Start a job with an %%automl cell; %%automl? shows how. Then:", *lines])
