"""The ``%automl`` commands: the jobs of the workspace, from any notebook."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from automl_jupyter._core.text import did_you_mean, listing, plain
from automl_jupyter.client.cell import name_problem, spelled, split_line
from automl_jupyter.client.updates import shown_snapshot
from automl_jupyter.errors import Problem, SpecError
from automl_jupyter.notebook.binding import bind, check_free, is_handle
from automl_jupyter.notebook.live import make_surface
from automl_jupyter.notebook.naming import newest_run, variable_of
from automl_jupyter.notebook.place import Place, place_of
from automl_jupyter.notebook.usage import COMMANDS, cell_usage, line_usage, short_usage
from automl_jupyter.notebook.views import watch_job
from automl_jupyter.results.words import line_of, status_words
from automl_jupyter.store.history import NOT_RESPONDING


def run_command(shell: Any, line: str) -> None:
    """Run one ``%automl`` line.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell whose names are looked up and bound.
    line : str
        Everything after ``%automl``.

    Raises
    ------
    SpecError
        When the command is unknown or its arguments do not fit.
    StoreError
        When there is no such job.
    """
    words = split_line(line)
    if not words:
        sys.stdout.write(short_usage() + "\n")
        return
    command, arguments = words[0].lstrip("-").lower(), words[1:]
    if command not in COMMANDS:
        raise SpecError([Problem("%automl", _unknown(command))])
    _check_count(command, arguments)
    _RUN[command](shell, arguments)


def _unknown(command: str) -> str:
    hint = did_you_mean(command, COMMANDS)
    return f"there is no command {plain(command, most=60)!r}.{hint} Known: {listing(COMMANDS, last='and')}."


def _check_count(command: str, arguments: Sequence[str]) -> None:
    wanted = re.findall(r"\[[^]]*\]|\S+", COMMANDS[command][0])
    arguments = [a for a in arguments if a != "--target"] if "--target" in COMMANDS[command][0] else arguments
    least = sum(not w.startswith("[") for w in wanted)
    if least <= len(arguments) <= len(wanted):
        return
    came = f"{len(arguments)} came" if arguments else "none came"
    needs = f"takes {COMMANDS[command][0]}" if wanted else "takes nothing after it"
    raise SpecError([Problem(f"%automl {command}", f"{needs}, but {came}.")])


def find_job(shell: Any, name: str) -> Any:
    """Return the job a name means: a variable of the notebook first, then a job of the workspace.

    Raises
    ------
    StoreError
        When there is neither.
    """
    value = shell.user_ns.get(spelled(name))
    if is_handle(value):
        return value
    return _workspace().jobs.get(newest_run(name, job_names()))


def job_names() -> list[str]:
    """Return the names of the jobs in the workspace."""
    from automl_jupyter.store.folder import default_workspace, list_folders

    return [folder.path.name for folder in list_folders(default_workspace())]


def _workspace(job_folder: Path | None = None) -> Any:
    """Return the client of the notebook's workspace, or of the one that a job lies in."""
    from automl_jupyter.client.workspace import MLClient

    return MLClient() if job_folder is None else MLClient(job_folder.parent.parent)


def _jobs(_shell: Any, _arguments: Sequence[str]) -> None:
    summaries = [summary.model_dump() for summary in _workspace().jobs.summaries()]
    heads = ("Name", "Experiment", "Task", "Status", "Best", "Created")
    rows = [_job_cells(summary) for summary in summaries]
    if not rows:
        sys.stdout.write("There are no jobs in this workspace yet. Start one with an %%automl cell.\n")
        return
    widths = [max(len(r[i]) for r in (heads, *rows)) for i in range(len(heads))]
    text = "\n".join("  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in (heads, *rows))
    _display_table(heads, rows, text)


def _job_cells(summary: Mapping[str, Any]) -> tuple[str, ...]:
    score = f"{line_of(summary['metric'], 40)} {line_of(summary['text'], 24)}" if summary["text"] else ""
    created = str(summary["created_at"] or "")[:16].replace("T", " ")
    names = (line_of(summary[key] or "", 60) for key in ("name", "experiment", "task"))
    return (*names, status_words(summary), score, f"{created} UTC" if created else "")


def _display_table(heads: Sequence[str], rows: Sequence[Sequence[str]], text: str) -> None:
    from IPython.display import display

    head = "".join(f'<th scope="col" style="text-align:left">{escape(h)}</th>' for h in heads)
    body = "".join(
        "<tr>" + "".join(f'<td style="text-align:left">{escape(c)}</td>' for c in row) + "</tr>" for row in rows
    )
    html = f"<table><caption>Jobs</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    display({"text/html": html, "text/plain": text}, raw=True)  # type: ignore[no-untyped-call]


def _open(shell: Any, arguments: Sequence[str]) -> None:
    variable = _variable(shell, arguments)
    job = find_job(shell, arguments[0])
    bind(shell, variable, job)
    _show_job(shell, job)


def _resume(shell: Any, arguments: Sequence[str]) -> None:
    variable = _variable(shell, arguments)
    found = find_job(shell, arguments[0])
    job = _workspace(getattr(found, "path", None)).jobs.resume(found.name, namespace=shell.user_ns)
    bind(shell, variable, job)
    _show_job(shell, job)


def _cancel(shell: Any, arguments: Sequence[str]) -> None:
    job = find_job(shell, arguments[0])
    if job.done:
        sys.stdout.write(f"Job {plain(job.name)!r} is over already ({status_words(shown_snapshot(job))}).\n")
        return
    if job.status == NOT_RESPONDING:
        sys.stdout.write(f"{shown_snapshot(job)['reason']}\n")
        return
    job.cancel()
    sys.stdout.write(f"Job {plain(job.name)!r} was asked to stop; every finished trial is kept.\n")


def _show(shell: Any, arguments: Sequence[str]) -> None:
    _show_job(shell, find_job(shell, arguments[0]))


def _profile(shell: Any, arguments: Sequence[str]) -> None:
    """Show the profile of a table, and bind it to ``profile`` where that name is free or holds an earlier one."""
    from IPython.display import display

    from automl_jupyter.client.profile import Profile, profile

    words, target = _with_target("profile", arguments)
    if not words:
        raise SpecError([Problem("%automl profile", f"takes {COMMANDS['profile'][0]}, but no table came.")])
    found = profile(words[0], target, namespace=shell.user_ns)
    if isinstance(shell.user_ns.get("profile"), Profile | None):
        shell.user_ns["profile"] = found
        sys.stdout.write(
            "This is `profile`: profile.set_type(column, type) changes a type, profile.to_cell() the cell.\n"
        )
    if place_of(shell) is Place.NOTEBOOK:
        from automl_jupyter.notebook.profile_widget import display_profile

        display_profile(found)
    else:
        display(found)  # type: ignore[no-untyped-call]


def _panel(shell: Any, arguments: Sequence[str]) -> None:
    """Show a job as a form: of a table of the notebook, of a job, of a file, or an empty one."""
    from automl_jupyter.client.job import Job
    from automl_jupyter.client.panel import panel
    from automl_jupyter.spec.inputs import is_table

    words, target = _with_target("panel", arguments)
    data: Any = words[0] if words else None
    if data is not None and not is_table(shell.user_ns.get(data)):
        value = shell.user_ns.get(data)
        newest = newest_run(data, job_names())
        if isinstance(value, Job):
            data = value
        elif newest in job_names():
            data = _workspace().jobs.get(newest)
    show_panel(shell, panel(data, target, namespace=shell.user_ns))


def show_panel(shell: Any, form: Any) -> None:
    """Display a panel as a form where somebody looks at it, else as the cell it stands for."""
    if place_of(shell) is Place.NOTEBOOK:
        from automl_jupyter.notebook.panel_widget import display_panel

        display_panel(form)
    else:
        sys.stdout.write(f"{form!r}\n")


def _with_target(command: str, arguments: Sequence[str]) -> tuple[list[str], str | None]:
    """Return the words of a line that takes one table and ``--target COLUMN``, and the column."""
    words = [part for a in arguments for part in (a.split("=", 1) if a.startswith("--target=") else (a,))]
    target = None
    if "--target" in words:
        at = words.index("--target")
        if at + 1 == len(words):
            raise SpecError([Problem("--target", "needs a value: --target COLUMN, the column to predict.")])
        target = words.pop(at + 1)
        words.pop(at)
    if len(words) > 1 or any(w.startswith("--") for w in words):
        usage = COMMANDS[command][0]
        raise SpecError([Problem(f"%automl {command}", f"takes {usage}, but {plain(' '.join(arguments))!r} came.")])
    return words, target


def _help(_shell: Any, _arguments: Sequence[str]) -> None:
    sys.stdout.write(f"{line_usage()}\n\n{cell_usage()}")


def _show_job(shell: Any, job: Any) -> None:
    watch_job(job, make_surface(job, place_of(shell)))


def _variable(shell: Any, arguments: Sequence[str]) -> str:
    """The variable asked for, or the job's name made into one; it must be free."""
    variable = spelled(arguments[1] if len(arguments) > 1 else variable_of(arguments[0]))
    if problem := name_problem(variable):
        raise SpecError([Problem("VARIABLE", problem)])
    check_free(shell.user_ns, variable)
    return variable


_RUN: dict[str, Callable[[Any, Sequence[str]], None]] = {
    "jobs": _jobs,
    "profile": _profile,
    "panel": _panel,
    "open": _open,
    "show": _show,
    "resume": _resume,
    "cancel": _cancel,
    "help": _help,
}
