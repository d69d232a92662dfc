"""``MLClient``: the jobs of a workspace, under the names Azure Machine Learning's client gives them."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl_jupyter.client.job import Job
from automl_jupyter.client.submit import open_folder, refuse_other, resume, submit
from automl_jupyter.errors import Problem, SpecError, StoreError
from automl_jupyter.jobs.feed import LogFeed
from automl_jupyter.spec.kinds import nearest
from automl_jupyter.store.folder import JobFolder, list_folders, workspace_folder
from automl_jupyter.store.history import History

if TYPE_CHECKING:
    from automl_jupyter.spec import AutoMLJob
    from automl_jupyter.store.summary import JobSummary

#: handles of jobs that were begun in this process, by folder, so that every door hands out the same one
_running: dict[Path, Job] = {}

#: further keywords of Azure Machine Learning's client
_AZURE_KEYWORDS = ("base_url", "cloud", "enable_telemetry", "logging_enable", "show_progress", "user_agent")


class MLClient:
    """The jobs of a workspace.

    Parameters
    ----------
    path : str or Path, optional
        Where jobs are kept; ``automl_jobs`` in the current folder, or ``AUTOML_JOBS``, when not given. Anything else,
        such as the credential that Azure Machine Learning's client takes first, is not needed and ignored.
    subscription_id, resource_group_name, workspace_name, registry_name : str, optional
        Taken and ignored, so that code written for Azure Machine Learning's client runs as it is.
    credential : object, optional
        Likewise.
    compute : object, optional
        Where fits run when a job does not say, or says a name that is not known here, such as a cloud cluster's: an
        address, a Dask client or cluster, ``"local"`` or ``"inline"``.
    **ignored
        What else Azure Machine Learning's client takes: ``cloud``, ``show_progress``, ``enable_telemetry`` and so on.

    Raises
    ------
    SpecError
        For any other keyword.

    Examples
    --------
    >>> import tempfile
    >>> MLClient(tempfile.mkdtemp()).jobs.list()
    []
    """

    def __init__(
        self,
        path: str | Path | object | None = None,
        subscription_id: str | None = None,
        resource_group_name: str | None = None,
        workspace_name: str | None = None,
        registry_name: str | None = None,
        *,
        credential: object | None = None,
        compute: object | None = None,
        **ignored: object,
    ) -> None:
        _refuse_unknown(ignored)
        self.path = workspace_folder(path if isinstance(path, str | Path) else None)
        self.jobs = JobOperations(self.path, compute)

    @classmethod
    def from_config(
        cls,
        credential: object | None = None,
        path: str | Path | None = None,
        file_name: str | None = None,
        *,
        compute: object | None = None,
        **ignored: object,
    ) -> MLClient:
        """Return the client of the workspace in the current folder, or in the folder `path`.

        No credential is needed, and no file that says where a workspace in the cloud is; both are taken and ignored.
        """
        _refuse_unknown(ignored)
        folder = workspace_folder(path)
        is_config = folder.is_file() or folder.suffix == ".json"  # also one that was left in the cloud
        return cls(None if is_config else path, compute=compute)

    def create_or_update(self, job: AutoMLJob, **said: Any) -> Job:
        """Start a job: the same as ``jobs.create_or_update``."""
        return self.jobs.create_or_update(job, **said)

    def __repr__(self) -> str:
        return f"MLClient({str(self.path)!r})"


class JobOperations:
    """What can be done with the jobs of a workspace."""

    def __init__(self, path: Path, compute: object | None = None) -> None:
        self._path, self._compute = path, compute

    def create_or_update(
        self,
        job: AutoMLJob,
        *,
        description: str | None = None,
        compute: str | None = None,
        tags: Mapping[str, str] | None = None,
        experiment_name: str | None = None,
        skip_validation: bool = False,
        namespace: Mapping[str, Any] | None = None,
    ) -> Job:
        """Start a job and return its handle at once.

        Parameters
        ----------
        job : AutoMLJob
            What is asked: what a factory of `automl` returned.
        description, compute, tags, experiment_name : optional
            Take the place of what the job says of them, as in Azure Machine Learning's client; `job` stays as it is.
        skip_validation : bool, default False
            Kept for compatibility, not used: what is asked is always checked.
        namespace : mapping, optional
            Where names of tables are looked up.

        Raises
        ------
        SpecError, DataError
            With every problem found.
        """
        said = {"description": description, "compute": compute, "tags": tags, "experiment_name": experiment_name}
        given = {name: value for name, value in said.items() if value is not None}
        if given:
            refuse_other(job)
            job = job.copied()
            job.change(given)
        return _remember(submit(job, namespace=namespace, workspace=self._path, default_compute=self._compute))

    def get(self, name: str) -> Job:
        """Return the handle of a job.

        Raises
        ------
        StoreError
            When there is none of that name, or its folder is damaged.
        """
        return _handle(open_folder(name, self._path))

    def list(self) -> list[Job]:
        """Return the handles of every job, newest first; a damaged folder is left out."""
        found = []
        for folder in list_folders(self._path):
            with suppress(StoreError):  # damaged: it harms no other
                found.append(_handle(folder))
        return found

    def summaries(self) -> builtins.list[JobSummary]:
        """Return every job in short, newest first, without reading the logs of those that are over.

        A damaged one is among them, with the status ``Damaged``.
        """
        from automl_jupyter.client.listing import Listing

        return Listing(self._path).look()

    def stream(self, name: str, show: Callable[[str], None] = print) -> Job:
        """Follow a job until it is over, a line for each trial that ends.

        Raises
        ------
        JobFailedError
            When the job failed.
        """
        from automl_jupyter._core.text import duration

        job = self.get(name)
        told: set[int] = set()

        def tell(history: History) -> None:
            for trial in history.trials.values():
                if trial.is_open or trial.number in told:
                    continue
                told.add(trial.number)
                value = trial.metrics().get(history.metric)
                score = f"{history.metric} {value:.5g}" if value is not None else trial.reason or trial.state
                when, number = duration(history.elapsed_s), trial.number
                show(f"{when:>12}  {number:>4}  {trial.label:<28}  {trial.state:<10}  {score}")

        tell(job.history)
        stop = job.subscribe(tell)
        try:
            job.wait()
            tell(job.history)
        finally:
            stop()
        return job

    def begin_cancel(self, name: str) -> Job:
        """Ask a job to stop, and return its handle at once."""
        job = self.get(name)
        job.cancel()
        return job

    def resume(self, name: str, *, namespace: Mapping[str, Any] | None = None) -> Job:
        """Go on with a job whose process died or that was stopped.

        Where the cached table is gone it is read again: `namespace` holds the variable of that name, or, of a table
        that Python gave in memory, ``training_data``.
        """
        return _remember(resume(name, namespace=namespace, workspace=self._path, default_compute=self._compute))


def _refuse_unknown(keywords: Iterable[str]) -> None:
    """Refuse what neither this client nor Azure Machine Learning's takes: a slip must not be ignored."""
    ours = ("path", "compute")
    problems = [
        Problem(
            name,
            f"is not an argument of MLClient.{nearest(name, ours)} Its own are path, the folder in which jobs"
            " are kept, and compute, where they run.",
        )
        for name in keywords
        if name not in _AZURE_KEYWORDS
    ]
    if problems:
        raise SpecError(problems)


def _handle(folder: JobFolder) -> Job:
    known = _running.get(folder.path)
    if known is not None and known.runs_here:
        return known
    history = folder.history()
    if known is not None and known.history.n_events == history.n_events:
        return known  # no other process went on with it
    return Job(folder, LogFeed(folder, history))


def _remember(job: Job) -> Job:
    for path, other in list(_running.items()):
        if other.done:
            del _running[path]
    _running[job.path] = job
    return job
