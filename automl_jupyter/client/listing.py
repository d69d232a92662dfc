"""The jobs of a workspace in a list that is cheap to look at again and again."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from automl_jupyter.jobs.feed import LogFeed
from automl_jupyter.store.folder import JobFolder
from automl_jupyter.store.history import FINAL_STATUSES, NOT_RESPONDING, History
from automl_jupyter.store.lock import is_running
from automl_jupyter.store.summary import DAMAGED, JobSummary, damaged, read_summary, summarise

#: what reading a log may end in whose values no event of this version has
_FOREIGN = (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError, ArithmeticError)


@dataclass
class _Seen:
    """What was last seen of a job's log, and what follows it while the job is not over."""

    log: tuple[int, int]
    summary: JobSummary
    feed: LogFeed | None = field(default=None, repr=False)


class Listing:
    """The jobs of a workspace.

    A job that is over is known by the summary it left, or is read once; of one that runs only what was added to its log
    is read. A damaged one is listed as such and harms no other.

    Parameters
    ----------
    workspace : Path
        The folder of jobs.

    Examples
    --------
    >>> import tempfile
    >>> Listing(Path(tempfile.mkdtemp())).look()
    []
    """

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace.absolute()
        self._seen: dict[Path, _Seen] = {}

    def look(self) -> list[JobSummary]:
        """Return the summaries of all jobs as they are now, the newest first."""
        logs = self._logs()
        for gone in self._seen.keys() - logs.keys():
            del self._seen[gone]
        found = [self._summary(path, log) for path, log in logs.items()]
        return sorted(found, key=lambda s: (s.created_at or "", s.name), reverse=True)

    def _logs(self) -> dict[Path, tuple[int, int]]:
        """Return each job's folder with its log's size and time of change."""
        found = {}
        for experiment in _folders(self.workspace):
            for job in _folders(experiment):
                if (log := _log_of(JobFolder(job))) is not None:
                    found[job] = log
        return found

    def _summary(self, path: Path, log: tuple[int, int]) -> JobSummary:
        folder = JobFolder(path)
        summary = self._told(folder, log)
        if _is_settled(summary) or is_running(folder):
            return summary
        now = _log_of(folder)  # a job that ended since its log was looked at is not one that nobody runs
        if now is not None and _is_settled(summary := self._told(folder, now)):
            return summary
        return summary.model_copy(update={"status": NOT_RESPONDING})

    def _told(self, folder: JobFolder, log: tuple[int, int]) -> JobSummary:
        """Return the summary of a log of that size and time, which is read where it is new."""
        seen = self._seen.get(folder.path)
        if seen is None or seen.log != log:
            try:
                seen = self._read(folder, log, seen)
            except _FOREIGN as error:
                seen = _Seen(log, damaged(folder, f"{folder.events_file.name} is damaged ({error})."))
            self._seen[folder.path] = seen
        return seen.summary

    def _read(self, folder: JobFolder, log: tuple[int, int], seen: _Seen | None) -> _Seen:
        if seen is None and (kept := read_summary(folder, log[0])) is not None:
            return _Seen(log, kept)
        feed = seen.feed if seen is not None else None
        if feed is None or feed.is_replaced():
            feed = LogFeed(folder, History())
        feed.look()
        if not feed.history.name:
            return _Seen(log, damaged(folder, f"{folder.events_file.name} holds no events of a job."))
        # A folder that was moved or copied is found by what it is called now.
        named = {"name": folder.path.name, "experiment": folder.path.parent.name}
        if not feed.history.display_name:
            named["display_name"] = folder.path.name
        summary = summarise(feed.history).model_copy(update=named)
        return _Seen(log, summary, None if feed.history.is_over else feed)


def _log_of(folder: JobFolder) -> tuple[int, int] | None:
    """Return the size and time of change of a job's log; None where there is none."""
    try:
        seen = os.stat(folder.events_file)
    except OSError:
        return None
    return seen.st_size, seen.st_mtime_ns


def _is_settled(summary: JobSummary) -> bool:
    return summary.status in FINAL_STATUSES or summary.status == DAMAGED


def _folders(path: Path) -> list[Path]:
    try:
        with os.scandir(path) as entries:
            return [Path(e.path) for e in entries if e.is_dir() and not e.name.startswith(".")]
    except OSError:
        return []
