"""From a checked spec to a running job, in less than a second."""

from __future__ import annotations

import contextvars
import re
import shutil
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl_jupyter._core.clock import monotonic_s
from automl_jupyter._core.files import write_text
from automl_jupyter._core.folder_names import is_folder_name
from automl_jupyter.client.script import refuse_unguarded
from automl_jupyter.errors import AutoMLError, Problem, SpecError, StoreError
from automl_jupyter.store import events as ev
from automl_jupyter.store.folder import JobFolder, find_folder, new_folder, workspace_folder
from automl_jupyter.store.history import History
from automl_jupyter.store.known import remember_workspace

if TYPE_CHECKING:
    from automl_jupyter.client.job import Job
    from automl_jupyter.spec import AutoMLJob

#: seconds `submit` waits for the data to be read, so that what is wrong with them is said in the cell itself
LOOK_S = 0.6


def submit(
    spec: AutoMLJob,
    *,
    namespace: Mapping[str, Any] | None = None,
    workspace: Path | str | None = None,
    compute: object | None = None,
    default_compute: object | None = None,
    base: Path | str = ".",
) -> Job:
    """Start a job beside the caller and return its handle at once.

    Parameters
    ----------
    spec : AutoMLJob
        What is asked.
    namespace : mapping, optional
        Where names such as ``training_data: df`` and a named cluster are looked up: the notebook's variables.
    workspace : Path, optional
        Where jobs are kept; ``automl_jobs`` in the current folder, or ``AUTOML_JOBS``, when not given.
    compute : object, optional
        Where fits run, in place of the spec's: an address, a Dask client or cluster, ``"local"`` or ``"inline"``.
    default_compute : object, optional
        Where fits run when neither `compute` nor the spec says, or what they say is a name that is not known here.
    base : Path, default "."
        What relative paths of data are relative to.

    Returns
    -------
    Job
        The handle; the job runs in a thread of this process.

    Raises
    ------
    SpecError, DataError
        With every problem found; nothing is left behind then.
    """
    from automl_jupyter.client.job import Job
    from automl_jupyter.jobs.controller import Controller, Run
    from automl_jupyter.jobs.feed import Feed
    from automl_jupyter.jobs.prepare import prepare
    from automl_jupyter.spec import render_yaml
    from automl_jupyter.tasks import check_trainable

    started_s = monotonic_s()
    refuse_other(spec)
    spec.check()
    spec = check_trainable(spec).copied()  # what its caller changes from here on is of another job
    names = dict(namespace or {})
    _hold_tables(spec, names)
    where = resolve_compute(compute if compute is not None else spec.compute, names, default_compute)
    if where == "local":
        refuse_unguarded()
    experiment = spec.experiment_name or experiment_of_folder()
    folder = new_folder(workspace_folder(workspace), experiment, spec.name)
    remember_workspace(folder.path.parent.parent)
    try:
        write_text(folder.spec_file, render_yaml(spec))
    except OSError as refused:
        shutil.rmtree(folder.path, ignore_errors=True)  # or its name would be taken
        raise StoreError(f"The job's folder {folder.path} cannot be written to: {refused.strerror}.") from None
    created: list[ev.Event] = []
    if compute is None and _is_unknown(spec.compute, names):
        there = "on this machine" if where in ("local", "inline") else "where the client says"
        message = f"compute {spec.compute!r} is no Dask cluster here; the job runs {there}."
        created.append(ev.Noted(message=message, topic="compute"))
    birth = ev.JobCreated(
        name=folder.path.name,
        experiment_name=experiment,
        display_name=spec.display_name,
        task=spec.task,
        spec=spec.to_dict(),
    )
    feed = Feed(History())
    run = Run(
        folder,
        lambda n_slots: prepare(spec, folder, namespace=names, base=Path(base).absolute(), n_slots=n_slots),
        where,
        (birth, *created),
        started_s,
    )
    controller = Controller(run, feed)
    _start(controller)
    if controller.began.wait(LOOK_S) and (error := controller.error) is not None:
        if isinstance(error, AutoMLError):
            shutil.rmtree(folder.path, ignore_errors=True)
            raise error
        if isinstance(error, OSError) and not feed.history.name:  # no line in its log: nothing could go on with it
            shutil.rmtree(folder.path, ignore_errors=True)
            raise StoreError(f"The job's folder {folder.path} cannot be written to: {error.strerror}.") from error
    feed.wait_for(lambda h: bool(h.name), timeout_s=LOOK_S)
    return Job(folder, feed, controller)


def resume(
    name: str,
    *,
    namespace: Mapping[str, Any] | None = None,
    workspace: Path | str | None = None,
    compute: object | None = None,
    default_compute: object | None = None,
    base: Path | str = ".",
) -> Job:
    """Go on with a job whose process died or that was stopped, from what it has.

    Parameters
    ----------
    name : str
        The job.
    namespace, workspace, compute, default_compute, base
        As for `submit`; the namespace matters only when the cached data are gone, or a function of your own is the
        primary metric. A table that was in memory when the job began is looked up there by its field,
        ``training_data``, a function by its name.

    Raises
    ------
    StoreError
        When there is no such job, another process runs it, or its data are not there any more.
    SpecError
        When the function of your own that ranks its models is not there.
    """
    from automl_jupyter.client.job import Job
    from automl_jupyter.jobs.controller import Controller, Run
    from automl_jupyter.jobs.feed import Feed
    from automl_jupyter.jobs.prepare import prepare, reopen
    from automl_jupyter.spec import parse_file
    from automl_jupyter.tasks import check_trainable

    started_s = monotonic_s()
    folder = open_folder(name, workspace)
    spec = check_trainable(parse_file(folder.spec_file))
    history = folder.history()
    if history.status == "Completed":
        raise StoreError(f"The job {name} is complete; there is nothing to go on with. Start a new job with more time.")
    names = dict(namespace or {})
    where = resolve_compute(compute if compute is not None else spec.compute, names, default_compute)
    if where == "local":
        refuse_unguarded()

    def begin(n_slots: int) -> Any:
        if folder.plan_file.exists() and folder.data_file.exists():
            return reopen(spec, folder, namespace=names, base=Path(base).absolute())
        return prepare(spec, folder, namespace=names, base=Path(base).absolute(), n_slots=n_slots)

    feed = Feed(history)
    controller = Controller(Run(folder, begin, where, (), started_s), feed)
    _start(controller)
    while not controller.began.wait(LOOK_S):  # until then the job is what it was: ended, as a rule
        pass  # a wait without an end cannot be interrupted on every platform
    error = controller.error
    if isinstance(error, AutoMLError):
        raise error
    if error is not None and controller.is_as_it_was:
        why = (str(error) or type(error).__name__).rstrip(".")
        raise StoreError(f"The job {name} could not go on: {why}. When that is put right, resume it again.") from error
    return Job(folder, feed, controller)


def refuse_other(spec: object) -> None:
    """Refuse what does not ask for a job.

    Raises
    ------
    SpecError
        When it is anything but a job of `automl`'s.
    """
    from automl_jupyter.spec import AutoMLJob

    if not isinstance(spec, AutoMLJob):
        raise SpecError(
            f"A {type(spec).__name__} does not ask for a job. Give what automl.classification(…), automl.regression(…)"
            " or automl.forecasting(…) returned."
        )


def open_folder(name: str, workspace: Path | str | None) -> JobFolder:
    """Return the folder of a job, or raise with the nearest name."""
    from automl_jupyter._core.text import did_you_mean
    from automl_jupyter.store.folder import list_folders

    if not isinstance(name, str):
        raise StoreError(f"name: a {type(name).__name__} is not the name of a job, which is a text: job.name.")
    root = workspace_folder(workspace)
    folder = find_folder(root, name)
    if folder is None:
        known = [f.path.name for f in list_folders(root)]
        raise StoreError(f"There is no job {name!r} in {root}.{did_you_mean(name, known)}")
    return folder


def resolve_compute(compute: object | None, namespace: Mapping[str, Any], default: object | None = None) -> object:
    """Return where fits run: a name is looked up in the notebook.

    What `default` says stands where nothing is said, and for a name that is not known here, a cloud cluster's; without
    it that is local.

    Raises
    ------
    SpecError
        When the name is that of something else.
    """
    if compute is None or compute == "" or _is_unknown(compute, namespace):
        return "local" if default is None else resolve_compute(default, namespace)
    if not isinstance(compute, str):
        return compute
    if _is_place(compute):
        return compute
    named = namespace[compute]
    if hasattr(named, "scheduler_address") or hasattr(named, "scheduler_info"):
        return named
    raise SpecError(
        [Problem("compute", f"{compute!r} is a {type(named).__name__} in the notebook, not a Dask client or cluster.")]
    )


def _is_place(compute: str) -> bool:
    """Return whether a text says by itself where fits run; others are names."""
    return compute in ("local", "inline") or "://" in compute


def _is_unknown(compute: object, namespace: Mapping[str, Any]) -> bool:
    """Return whether `compute` is a name that nothing has here."""
    return isinstance(compute, str) and not _is_place(compute) and namespace.get(compute) is None


def experiment_of_folder() -> str:
    """Return the current folder's name, as the client of Azure Machine Learning does, made fit for a folder."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", Path.cwd().name)[:60].strip("-._")
    return name if is_folder_name(name) else "Default"


def _hold_tables(spec: AutoMLJob, names: dict[str, Any]) -> None:
    """Put shallow copies in place of a job's pandas tables: the next cell may change columns while they are read."""
    pandas = sys.modules.get("pandas")  # where nothing has imported it there is no such table
    if pandas is None:
        return
    from automl_jupyter.spec.inputs import Input

    for given in spec.__dict__.values():
        if not isinstance(given, Input):
            continue
        if isinstance(given.frame, pandas.DataFrame):
            given._frame = given.frame.copy(deep=False)
        elif given.name and isinstance(names.get(given.name), pandas.DataFrame):
            names[given.name] = names[given.name].copy(deep=False)


def _start(controller: Any) -> None:
    # In the caller's context, so that whatever is shown from the thread belongs to the caller's cell.
    run = contextvars.copy_context().run
    threading.Thread(target=run, args=(controller.main,), name="automl-controller", daemon=True).start()
