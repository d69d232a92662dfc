"""Waiting for a job: show it as it goes, stop cleanly at the first interrupt, at once at the second."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from automl_jupyter.cli import exits
from automl_jupyter.store.history import NOT_RESPONDING

if TYPE_CHECKING:
    from automl_jupyter.cli.live import View
    from automl_jupyter.client.job import Job

#: seconds between looks at the job when it reports nothing
_LOOK_S = 0.25

#: the terminal shows and ``--json`` prints every row, not only the view's first screens
_ALL_ROWS = 1_000_000

STOPPING = "Stopping: no new trials; the best model of what is finished is built. Press Ctrl-C again to end at once."
KILLED = "Ended at once. Finished trials are kept; `automl-jupyter resume {name}` goes on from them."


def take_snapshot(job: Job) -> dict[str, Any]:
    """Return the view model of a job with every row of its leaderboard."""
    from automl_jupyter.results.snapshot import snapshot

    return snapshot(job.history, rows=_ALL_ROWS, attended=job.status != NOT_RESPONDING, error=job.error)


class Interrupts:
    """Counts SIGINT and SIGTERM while it is entered, and calls `kill` at the second.

    The handler only counts; what is done about it happens in the waiting loop, where no lock can be held.

    Parameters
    ----------
    kill : callable
        Called without arguments at the second signal, inside the handler.
    """

    def __init__(self, kill: Callable[[], None]) -> None:
        self.n_seen = 0
        self._kill = kill
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():  # elsewhere Python allows no handler
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._count)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _count(self, number: int, frame: FrameType | None) -> None:
        self.n_seen += 1
        if self.n_seen > 1:
            self._kill()


def follow(job: Job, view: View, *, kill: Callable[[], None] | None = None) -> dict[str, Any]:
    """Show `job` in `view` until it is over or nobody runs it, and return its last snapshot.

    The first interrupt asks the job to stop and waits on: every finished trial is kept and the best model is
    built. The second ends this process at once, and with it the workers it started.

    Parameters
    ----------
    job : Job
        A submitted job.
    view : View
        What shows it.
    kill : callable, optional
        What the second interrupt does; default ends the process with exit code 3.
    """
    wake = threading.Event()
    unsubscribe = job.subscribe(lambda _history: wake.set())
    passed_on = False
    try:
        with Interrupts(kill or (lambda: _end_process(job.name, view))) as interrupts:
            while not job.done:
                wake.clear()
                now = take_snapshot(job)
                view.show(now)
                if now["status"] == NOT_RESPONDING:
                    break
                wake.wait(_LOOK_S)
                if interrupts.n_seen and not passed_on:
                    passed_on = True
                    view.say(STOPPING)
                    job.cancel()
            last = take_snapshot(job)
            view.finish(last)
    finally:
        view.close()
        unsubscribe()
    return last


def _end_process(name: str, view: View) -> None:
    view.close()  # a hidden cursor would outlive the process
    sys.stderr.write(f"\n{KILLED.format(name=name)}\n")
    sys.stderr.flush()
    os._exit(exits.CANCELED)  # threads of the job and of Dask would keep an ordinary exit waiting
