"""The folder of a job, readable by a person: where each thing lies, and who may write."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import uuid
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from automl_jupyter._core.clock import now_at
from automl_jupyter._core.files import read_json, write_json
from automl_jupyter._core.folder_names import FOLDER_NAME, is_folder_name
from automl_jupyter._core.jsonl import Reader
from automl_jupyter.errors import StoreError
from automl_jupyter.store.events import Event, from_record
from automl_jupyter.store.history import History, replay

#: request -> the number it cannot do without
_NUMBERS: dict[str, tuple[str, Callable[[Any], float]]] = {"extend": ("minutes", float), "skip": ("number", int)}

#: keeps requests of one millisecond in order
_request_numbers = count()


def default_workspace() -> Path:
    """Return where jobs are kept: the ``AUTOML_JOBS`` folder, or ``automl_jobs`` in the current one."""
    return workspace_folder(os.environ.get("AUTOML_JOBS") or "automl_jobs")


def workspace_folder(given: Path | str | None = None) -> Path:
    """Return the folder that a workspace is given as, `default_workspace` where it is not; ``~`` is the user's home.

    Raises
    ------
    StoreError
        When it begins with the home of somebody who is not known.
    """
    if given is None:
        return default_workspace()
    try:
        return Path(given).expanduser()
    except RuntimeError:
        message = (
            f"The workspace {str(given)!r} begins with a home folder that is not known here; write its whole path."
        )
        raise StoreError(message) from None


def check_name(name: str, field: str) -> str:
    """Return a name fit for a folder, or raise."""
    if not is_folder_name(name):
        raise StoreError(f"{field}: {name!r} cannot name a folder. Use {FOLDER_NAME}.")
    return name


class JobFolder:
    """The files of one job.

    Parameters
    ----------
    path : Path
        ``<workspace>/<experiment>/<job>``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def spec_file(self) -> Path:
        """What was asked."""
        return self.path / "job.yaml"

    @property
    def plan_file(self) -> Path:
        """What was decided, with reasons."""
        return self.path / "plan.json"

    @property
    def data_file(self) -> Path:
        """What the columns are, and where the cached table lies; no rows."""
        return self.path / "data.json"

    @property
    def environment_file(self) -> Path:
        """Versions of what ran."""
        return self.path / "environment.json"

    @property
    def events_file(self) -> Path:
        """What happened."""
        return self.path / "events.jsonl"

    @property
    def control_folder(self) -> Path:
        """Requests to the running job, one file each."""
        return self.path / "control"

    @property
    def model_folder(self) -> Path:
        """The final model."""
        return self.path / "model"

    @property
    def predictions_file(self) -> Path:
        """What the final model says of the test rows, where there are any."""
        return self.path / "test" / "predictions.csv"

    @property
    def lock_file(self) -> Path:
        """Held by the one writer."""
        return self.path / "lock"

    def request(self, request: str, **arguments: Any) -> None:
        """Ask something of the running job: the only thing anyone but the controller writes here.

        Raises
        ------
        StoreError
            When the request cannot be written.
        """
        name = f"{now_at().replace(':', '')}-{next(_request_numbers):06}-{uuid.uuid4().hex[:6]}.json"
        try:
            write_json(self.control_folder / name, {"request": request, "arguments": arguments})
        except OSError as error:
            why = error.strerror or str(error)
            raise StoreError(f"{request!r} cannot be asked of the job {self.path.name}: {why}.") from None

    def request_files(self) -> list[Path]:
        """Return the files of the requests that wait, oldest first."""
        return sorted(self.control_folder.glob("*.json")) if self.control_folder.is_dir() else []

    def take_requests(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the requests that came, oldest first, and remove them."""
        found = []
        for path in self.request_files():
            # What is not a request is removed all the same, so that it is not read for ever.
            request = None
            with contextlib.suppress(ValueError, KeyError, TypeError, OverflowError, RecursionError, OSError):
                request = _read_request(path)
            with contextlib.suppress(OSError):  # what cannot be removed would be asked for ever: it is not taken
                path.unlink(missing_ok=True)
                if request is not None:
                    found.append(request)
        return found

    def read_events(self) -> Iterator[Event]:
        """Yield the events of the log; lines that are damaged or unknown are skipped."""
        for record in Reader(self.events_file).read():
            event = from_record(record) if isinstance(record, dict) else None
            if event is not None:
                yield event

    def history(self) -> History:
        """Return the fold of the log.

        Raises
        ------
        StoreError
            When the folder holds no log of a job.
        """
        try:
            history = replay(self.read_events())
        # values no event of this version has
        except (ArithmeticError, AttributeError, OSError, TypeError, ValueError) as error:
            why = f"{self.events_file.name} is damaged ({error})"
            raise StoreError(f"{self.path} holds no readable job: {why}.") from None
        if not history.name:
            raise StoreError(f"{self.path} holds no readable job: {self.events_file.name} is missing or damaged.")
        return history


def _read_request(path: Path) -> tuple[str, dict[str, Any]]:
    record = read_json(path)
    request, arguments = str(record["request"]), dict(record.get("arguments") or {})
    if request in _NUMBERS:
        name, number = _NUMBERS[request]
        arguments[name] = number(arguments[name])
    json.dumps(arguments, allow_nan=False)  # what the log cannot hold is no request
    return request, arguments


def new_folder(workspace: Path, experiment: str, name: str | None) -> JobFolder:
    """Make the folder of a new job.

    Parameters
    ----------
    workspace : Path
        Where jobs are kept.
    experiment : str
        Groups jobs.
    name : str, optional
        Unique in the workspace; made up when not given.

    Raises
    ------
    StoreError
        When the name is taken or cannot name a folder.
    """
    check_name(experiment, "experiment_name")
    if name is not None:
        check_name(name, "name")
        taken = find_folder(workspace, name)
        if taken is not None:
            raise StoreError(f"name: a job {name!r} exists already in {taken.path.parent}. Choose another name.")
    else:
        stamp = now_at()[:19].replace("-", "").replace(":", "")
        name = f"{stamp}-{uuid.uuid4().hex[:8]}"
    path = workspace.absolute() / experiment / name
    try:
        path.mkdir(parents=True)
    except OSError as error:
        raise StoreError(f"The job's folder {path} cannot be made: {error.strerror}.") from None
    try:
        for part in ("control", "trials", "features"):
            (path / part).mkdir()
    except OSError as error:
        shutil.rmtree(path, ignore_errors=True)  # or its name would be taken
        raise StoreError(f"The job's folder {path} cannot be made: {error.strerror}.") from None
    return JobFolder(path)


def find_folder(workspace: Path, name: str) -> JobFolder | None:
    """Return the folder of the job called `name`, in whichever experiment, or None."""
    check_name(name, "name")
    for path in workspace.absolute().glob(f"*/{name}"):
        if os.path.isfile(path / "events.jsonl"):
            return JobFolder(path)
    return None


def list_folders(workspace: Path) -> list[JobFolder]:
    """Return every job of a workspace, newest first."""
    logs = workspace.absolute().glob("*/*/events.jsonl")
    return [JobFolder(log.parent) for log in sorted(logs, key=lambda p: p.parent.stat().st_mtime, reverse=True)]


def owner() -> dict[str, Any]:
    """Return who this process is, for the lock."""
    return {"pid": os.getpid(), "host": socket.gethostname(), "at": now_at()}
