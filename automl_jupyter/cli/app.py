"""The commands of ``automl-jupyter``.

Nothing is imported here but click: each command imports what it needs, so that ``--help`` is quick.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from automl_jupyter import __version__
from automl_jupyter.cli import exits

if TYPE_CHECKING:
    from automl_jupyter.client.job import Job
    from automl_jupyter.client.workspace import MLClient
    from automl_jupyter.spec.job import AutoMLJob

_EPILOG = "\b\nExit codes:\n" + "\n".join(f"  {code}  {what}" for code, what in exits.MEANINGS.items())

_JOB_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

_workspace = click.option(
    "--workspace",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where jobs are kept [default: $AUTOML_JOBS, else ./automl_jobs].",
)
_quiet = click.option("-q", "--quiet", is_flag=True, help="Show no progress; errors still go to stderr.")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout; progress goes to stderr.")


class _JobFileCommand(click.Command):
    """A command on a job file, with the options of :data:`automl_jupyter.spec.options.OPTIONS`.

    They are looked up when the command is run or its help is shown, not when the module is imported.
    """

    _spec_options: list[click.Option] | None = None

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's own parameters and those of the specification."""
        from automl_jupyter.cli.job_file import spec_options

        if self._spec_options is None:
            self._spec_options = spec_options()
        own = super().get_params(ctx)
        return [*own[:-1], *self._spec_options, own[-1]]  # --help stays last


@click.group(cls=exits.Door, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="automl-jupyter")
def main() -> None:
    """AutoML from the terminal: the same jobs, folders and models as the %%automl cell.

    A job file is the body of a %%automl cell, or an Azure Machine Learning job file as it is, as long as its
    task is classification, regression or forecasting and its data lies in files that can be read from here.
    """


@main.command(cls=_JobFileCommand, epilog=_EPILOG)
@click.argument("job_file", type=_JOB_FILE, metavar="JOB.YML")
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@_workspace
@_quiet
@_json
def run(
    job_file: Path,
    overrides: tuple[str, ...],
    workspace: Path | None,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Run the job of a file, and wait until it is over.

    KEY=VALUE overrides a field of the file, dotted: limits.timeout_minutes=10. Options do the same for the
    common ones. Ctrl-C stops the job and keeps the best model of what is finished; a second Ctrl-C ends it at
    once.
    """
    from automl_jupyter.cli.job_file import read_job

    job = _submit(read_job(job_file, overrides, options), workspace)
    _see_through(job, quiet=quiet, as_json=as_json)


@main.command(cls=_JobFileCommand, epilog=_EPILOG)
@click.argument("job_file", type=_JOB_FILE, metavar="JOB.YML")
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--no-data", is_flag=True, help="Check the file only; read no data.")
@_quiet
def validate(job_file: Path, overrides: tuple[str, ...], no_data: bool, quiet: bool, **options: Any) -> None:
    """Check a job file and its data.

    The data are read and the job is planned, as `run` would begin; nothing is trained or written.
    """
    from automl_jupyter.cli.job_file import check_data, read_job
    from automl_jupyter.tasks import get_task

    spec = read_job(job_file, overrides, options)
    get_task(spec.task)  # refuses what this version cannot train
    found = "" if no_data else check_data(spec)
    if not quiet:
        click.echo(f"{job_file} is valid: {spec.task}{found}.")


@main.command()
def schema() -> None:
    """Print the JSON Schema of job files."""
    from automl_jupyter.spec.schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2))


@main.command("jobs")
@_workspace
@_json
def list_jobs(workspace: Path | None, as_json: bool) -> None:
    """List the jobs of the workspace."""
    from automl_jupyter.cli.listing import job_record, job_table

    client = _client(workspace)
    records = [job_record(summary, client.path) for summary in client.jobs.summaries()]
    if as_json:
        click.echo(json.dumps(records, indent=2))
    elif not records:
        click.echo("There are no jobs here.", err=True)
    else:
        from automl_jupyter.cli.board import make_console

        make_console(sys.stdout).print(job_table(records))


@main.command()
@click.argument("name")
@_workspace
@_json
def show(name: str, workspace: Path | None, as_json: bool) -> None:
    """Show the leaderboard of a job, running or over."""
    from automl_jupyter.cli.board import write
    from automl_jupyter.cli.follow import take_snapshot

    snapshot = take_snapshot(_client(workspace).jobs.get(name))
    if as_json:
        click.echo(_dump(snapshot))
    else:
        write(snapshot, sys.stdout)


main.add_command(show, "open")


@main.command()
@click.argument("name")
@_workspace
def cancel(name: str, workspace: Path | None) -> None:
    """Ask a job to stop.

    Every finished trial is kept, and the best model of them is built.
    """
    from automl_jupyter.store.history import NOT_RESPONDING

    jobs = _client(workspace).jobs
    job = jobs.get(name)
    if job.done:
        click.echo(f"{job.name} is over: {job.status}.")
    elif job.status == NOT_RESPONDING:
        click.echo(f"{job.name} is run by no process; `automl-jupyter resume {job.name}` would go on with it.")
    else:
        jobs.begin_cancel(name)
        click.echo(f"{job.name} was asked to stop.")


@main.command(epilog=_EPILOG)
@click.argument("name")
@_workspace
@_quiet
@_json
def resume(name: str, workspace: Path | None, quiet: bool, as_json: bool) -> None:
    """Go on with a job that was cut off.

    Finished trials are not run again. Waits until the job is over, as `run` does.
    """
    _see_through(_client(workspace).jobs.resume(name), quiet=quiet, as_json=as_json)


def _submit(spec: AutoMLJob, workspace: Path | None) -> Job:
    from automl_jupyter.client import submit

    return submit(spec, workspace=workspace)


def _client(workspace: Path | None) -> MLClient:
    from automl_jupyter.client.workspace import MLClient

    return MLClient(workspace)


def _see_through(job: Job, *, quiet: bool, as_json: bool) -> None:
    """Follow a job to its end, say how it ended, and end with the exit code that tells it too."""
    from automl_jupyter.cli.board import best_line
    from automl_jupyter.cli.follow import follow
    from automl_jupyter.cli.live import choose_view

    stream = sys.stderr if as_json else sys.stdout
    last = follow(job, choose_view(stream, quiet=quiet))
    code = exits.exit_code_for(last)
    if as_json:
        click.echo(_dump(last))
    if code == exits.FAILED:
        job.wait(timeout=0)  # raises what ended the job, so that bad data are told from a failure
        raise exits.CommandError(f"The job {job.name} has not ended, but no process runs it any more.", code)
    if not quiet:
        best = best_line(last)
        why = str(last.get("reason") or "").rstrip(".")
        reason = f" ({why})" if why else ""
        click.echo(
            f"{last.get('status')}{reason}. {f'Best: {best}. ' if best else ''}Folder: {job.path}",
            file=stream,
        )
    raise click.exceptions.Exit(code)


def _dump(snapshot: dict[str, Any]) -> str:
    return json.dumps(snapshot, indent=2, default=str)
