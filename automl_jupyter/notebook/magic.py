"""The ``%%automl`` cell and the ``%automl`` line."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import Any

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand

from automl_jupyter.errors import SpecError, StoreError
from automl_jupyter.notebook.live import JobLike, Watch

#: names of a cell's job that other kernels may take at the same moment
_MOST_TAKEN = 4


@dataclass(frozen=True)
class Started:
    """A job that a cell started, the watch that shows it, and whether the cell waits for it."""

    job: JobLike
    watch: Watch | None
    waits: bool


def start_cell(shell: Any, line: str, body: str) -> Started | None:
    """Start what an ``%%automl`` cell asks for, show it and bind it.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell whose variables are the data and where the job is bound.
    line : str
        The first line, without ``%%automl``.
    body : str
        The rest of the cell: YAML.

    Returns
    -------
    Started or None
        None after ``--dry-run``, which starts nothing.

    Raises
    ------
    SpecError, DataError
        With every mistake at once, before anything is started or bound.
    """
    from automl_jupyter.client.cell import parse_cell_arguments
    from automl_jupyter.notebook.binding import bind, check_free
    from automl_jupyter.notebook.dry_run import make_dry_plan, plan_text
    from automl_jupyter.notebook.live import make_surface
    from automl_jupyter.notebook.place import place_of
    from automl_jupyter.notebook.views import watch_job
    from automl_jupyter.spec.parse import parse_cell

    asked = parse_cell_arguments(line)
    try:
        spec = parse_cell(body, asked.options)
    except SpecError as error:  # whose lines are the body's: the cell has one more before it
        raise SpecError(p if p.line is None else replace(p, line=p.line + 1) for p in error.problems) from None
    check_free(shell.user_ns, asked.name)
    if asked.dry_run:
        sys.stdout.write(plan_text(make_dry_plan(spec, shell.user_ns)) + "\n")
        return None
    job = _create(spec, asked.name, shell.user_ns)
    bind(shell, asked.name, job)
    place = place_of(shell)
    waits = place.waits if asked.wait is None else asked.wait
    watch = None if asked.quiet else watch_job(job, make_surface(job, place, waits=waits))
    return Started(job, watch, waits)


def _create(spec: Any, variable: str, namespace: Any) -> Any:
    """Start a job; without a name of its own under the next free one, which another kernel may take first."""
    from automl_jupyter.client.workspace import MLClient
    from automl_jupyter.notebook.commands import job_names
    from automl_jupyter.notebook.naming import next_name
    from automl_jupyter.store.folder import default_workspace

    jobs = MLClient().jobs
    if spec.name is not None:
        return jobs.create_or_update(spec, namespace=namespace)
    taken = job_names()
    for _ in range(_MOST_TAKEN):
        spec.name = name = next_name(variable, taken)
        try:
            return jobs.create_or_update(spec, namespace=namespace)
        except StoreError:
            if name is None or not any(default_workspace().absolute().glob(f"*/{name}")):
                raise
            taken.append(name)
    spec.name = next_name(variable, taken)
    return jobs.create_or_update(spec, namespace=namespace)


async def run_awaiting(line: str, body: str) -> None:
    """Run an ``%%automl`` cell that awaits its job: what the input transformer turns a waiting cell into."""
    from IPython import get_ipython

    from automl_jupyter.notebook.waiting import wait_awaiting

    started = start_cell(get_ipython(), line, body)
    if started is not None and started.waits:
        await wait_awaiting(started.job, started.watch)


def _page_of(kind: str) -> Any:
    def getdoc() -> str:
        from automl_jupyter.notebook import usage

        return usage.cell_usage() if kind == "cell" else usage.line_usage()

    return getdoc


@magics_class
class AutoMLMagics(Magics):
    """Both magics; their pages are made from the option table when they are asked for."""

    @no_var_expand
    @cell_magic("automl")  # type: ignore[arg-type]  # IPython types its decorators for functions only
    def automl_cell(self, line: str, cell: str) -> None:
        """Train models on a table and keep the best; ``%%automl?`` shows the whole page."""
        from automl_jupyter.notebook.waiting import wait_blocking

        started = start_cell(self.shell, line, cell)
        if started is not None and started.waits:
            wait_blocking(started.job, started.watch)

    @no_var_expand
    @line_magic("automl")  # type: ignore[arg-type]
    def automl_line(self, line: str) -> None:
        """Look after the jobs of this workspace; ``%automl?`` shows the whole page."""
        from automl_jupyter.notebook.commands import run_command

        run_command(self.shell, line)

    # IPython asks an object for `getdoc` before it reads the docstring.
    automl_cell.getdoc = _page_of("cell")
    automl_line.getdoc = _page_of("line")
