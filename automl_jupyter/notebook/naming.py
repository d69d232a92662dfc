"""What a cell's job is called in the workspace: the cell's name, then ``name-2``, ``name-3`` … when it is run again.

A cell is run many times, and every run is a job of its own. ``%automl open bank`` means the newest of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from automl_jupyter._core.folder_names import RUN_NUMBER, is_folder_name

#: the longest name of a cell that leaves room for the number of a run
_LONGEST = 80


def next_name(variable: str, taken: Iterable[str]) -> str | None:
    """Return a free name for the next job of a cell.

    Parameters
    ----------
    variable : str
        The cell's name.
    taken : iterable of str
        The names of the jobs in the workspace.

    Returns
    -------
    str or None
        None when the variable's name cannot name a folder; the workspace then makes a name up.

    Examples
    --------
    >>> next_name("bank", []), next_name("bank", ["bank", "bank-2"])
    ('bank', 'bank-3')
    """
    if not is_folder_name(variable) or len(variable) > _LONGEST:
        return None
    runs = [run for name in taken if (run := run_of(variable, name)) is not None]
    return variable if not runs else f"{variable}-{max(runs) + 1}"


def run_of(variable: str, name: str) -> int | None:
    """Return which run of a cell a job's name says it is, or None when it is no run of that cell.

    Examples
    --------
    >>> run_of("bank", "bank"), run_of("bank", "bank-3"), run_of("bank", "banking")
    (1, 3, None)
    """
    if name == variable:
        return 1
    match = re.fullmatch(re.escape(variable) + RUN_NUMBER, name)
    return int(match[1]) if match else None


def newest_run(asked: str, names: Iterable[str]) -> str:
    """Return the job that a name means: its newest run, or itself.

    Parameters
    ----------
    asked : str
        What was typed: ``bank``, or ``bank-2`` for one run; ``bank-1`` is the first.
    names : iterable of str
        The names of the jobs in the workspace.

    Examples
    --------
    >>> newest_run("bank", ["bank", "bank-2"]), newest_run("bank-1", ["bank", "bank-2"])
    ('bank-2', 'bank')
    """
    names = list(names)
    first = re.fullmatch(r"(.+)-1", asked)
    if first and asked not in names and first[1] in names:
        return first[1]
    runs = {run: name for name in names if (run := run_of(asked, name)) is not None}
    return runs[max(runs)] if runs else asked


def variable_of(name: str) -> str:
    """Return a variable's name made from a job's, without the number of its run.

    Examples
    --------
    >>> variable_of("bank-2"), variable_of("20261123T1200-ab12")
    ('bank', 'job_20261123T1200_ab12')
    """
    run = re.fullmatch(rf"([A-Za-z]\w*){RUN_NUMBER}", name)
    variable = re.sub(r"\W", "_", run[1] if run else name)
    return variable if variable.isidentifier() else f"job_{variable}"
