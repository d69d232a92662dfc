"""What the server knows: workspaces, their jobs, and what each job says."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from automl_jupyter.client.job import Job
from automl_jupyter.client.listing import Listing
from automl_jupyter.client.updates import shown_snapshot
from automl_jupyter.errors import StoreError
from automl_jupyter.jobs.feed import LogFeed
from automl_jupyter.results.words import reason_words
from automl_jupyter.store.folder import JobFolder, find_folder
from automl_jupyter.store.history import History
from automl_jupyter.store.known import known_workspaces, workspace_key

#: jobs whose logs are kept in memory
_MOST_OPEN = 16


class Opened:
    """A job that pages look at: its handle, brought up to date by `look`.

    Parameters
    ----------
    folder : JobFolder
        The job.
    proxy : str, default ""
        Where the server passes on to other ports; empty where it does not.

    Raises
    ------
    StoreError
        When its log is damaged.
    """

    def __init__(self, folder: JobFolder, proxy: str = "") -> None:
        self._proxy = proxy
        try:
            self._feed = LogFeed(folder, History())
        except (ArithmeticError, AttributeError, OSError, TypeError, ValueError) as error:
            raise StoreError(f"{folder.path} holds no readable job: {error}.") from None
        if not self._feed.history.name:
            raise StoreError(f"{folder.path} holds no readable job: {folder.events_file.name} is damaged.")
        self.job = Job(folder, self._feed)
        #: answers draw, and pictures share matplotlib's parameters
        self.answering = threading.Lock()

    def look(self) -> None:
        """Read what is new in the log."""
        self._feed.look()

    def is_replaced(self) -> bool:
        """Return whether another job lies there now: this one was removed, and its name used again."""
        return self._feed.is_replaced()

    def shown(self) -> dict[str, Any]:
        """Return the job's snapshot as a page shows it."""
        snapshot = shown_snapshot(self.job)
        return {**snapshot, "dashboard": proxied(snapshot["dashboard"], self._proxy)}


def proxied(address: str, proxy: str) -> str:
    """Return where a page reaches a port of this machine: through the server, where it passes on.

    Examples
    --------
    >>> proxied("http://127.0.0.1:8787/status", "/user/ann/proxy/")
    '/user/ann/proxy/8787/status'
    """
    parts = urlsplit(address)
    local = proxy and parts.hostname in ("127.0.0.1", "localhost") and parts.port
    return f"{proxy}{parts.port}{parts.path}" if local else address


class Jobs:
    """The jobs of some workspaces, and of all others that jobs of this user were started in.

    Its methods read files; they are called on threads.

    Parameters
    ----------
    workspaces : sequence of Path
        Folders that are shown whether or not a job was started there; they need not exist.
    proxy : str, default ""
        Where the server passes on to other ports; empty where it does not.
    """

    def __init__(self, workspaces: Sequence[Path], proxy: str = "") -> None:
        self._proxy = proxy
        self._given = list(workspaces)
        self._listings: dict[str, Listing] = {}
        self._opened: OrderedDict[Path, Opened] = OrderedDict()
        self._lock = threading.Lock()

    def workspaces(self) -> dict[str, Path]:
        """Return the folders of jobs, by key."""
        paths = [*self._given, *known_workspaces()]
        return {workspace_key(path): path.resolve() for path in paths if os.path.isdir(path)}

    def list(self) -> list[dict[str, Any]]:
        """Return the summaries of all jobs, the newest first, each with its workspace's key."""
        return sorted(self._summaries(), key=lambda s: (s["created_at"] or "", s["name"]), reverse=True)

    def _summaries(self) -> Iterator[dict[str, Any]]:
        with self._lock:  # listings remember what they saw
            for key, path in self.workspaces().items():
                listing = self._listings.setdefault(key, Listing(path))
                for summary in listing.look():
                    told = summary.model_dump()
                    yield {"workspace": key, **told, "reason": reason_words(told)}

    def folder(self, workspace: str, name: str) -> JobFolder:
        """Return the folder of a job.

        Raises
        ------
        KeyError
            When there is none.
        """
        path = self.workspaces().get(workspace)
        try:
            found = find_folder(path, name) if path else None
        except StoreError:  # a name that cannot be one
            found = None
        if found is None:
            raise KeyError(name)
        return found

    def open(self, workspace: str, name: str) -> Opened:
        """Return a job, up to date.

        Raises
        ------
        KeyError
            When there is none.
        StoreError
            When its log is damaged.
        """
        folder = self.folder(workspace, name)
        with self._lock:
            opened = self._opened.get(folder.path)
        if opened is not None and opened.is_replaced():
            with self._lock:
                if self._opened.get(folder.path) is opened:
                    del self._opened[folder.path]
            opened = None
        if opened is None:
            opened = Opened(folder, self._proxy)
        opened.look()
        with self._lock:
            opened = self._opened.setdefault(folder.path, opened)
            self._opened.move_to_end(folder.path)
            while len(self._opened) > _MOST_OPEN:
                self._opened.popitem(last=False)
        return opened
