"""Who runs fits: the protocol every executor keeps, and the one that runs them in this thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from automl_jupyter._core.clock import monotonic_s
from automl_jupyter.jobs.situation import STOP_GRACE_S
from automl_jupyter.trials.evaluate import evaluate
from automl_jupyter.trials.guard import request_stop
from automl_jupyter.trials.records import FoldOutcome, FoldTask

#: types of errors that are no fault of a fit: its worker died, or the way to it
CUT_OFF = "CommClosedError"
LOST = ("KilledWorker", "FutureCancelledError", "CancelledError", CUT_OFF)


class Executor(Protocol):
    """Runs `FoldTask` s and hands back a `FoldOutcome` for each, exactly once."""

    compute: str
    dashboard: str

    def limit(self, max_concurrent: int | None, cores_per_trial: int) -> None:
        """Set the most fits at once, and the threads each may use (-1 for all cores)."""

    def prepare(self, cache: Path, job_folder: Path) -> tuple[str, str | None]:
        """Bring the table to the workers; return its folder there, and the job's folder if they can write to it."""

    def n_slots(self) -> int:
        """Return how many tasks can run at once now; 0 while workers restart."""

    def is_gone(self) -> bool:
        """Return whether no worker will ever come back."""

    def threads_per_fit(self) -> int:
        """Return how many threads a fit may use."""

    def worker_bytes(self) -> int | None:
        """Return the memory of the worker that has least, None where it has no limit."""

    def submit(self, task: FoldTask) -> None:
        """Start a task as soon as a worker is free."""

    def poll(self, timeout_s: float) -> list[FoldOutcome]:
        """Return the outcomes that have come, waiting up to `timeout_s` for the first."""

    def stop(self, keys: tuple[str, ...]) -> None:
        """Ask running tasks to stop and keep what they have."""

    def waiting(self, keys: tuple[str, ...]) -> frozenset[str]:
        """Return those of the tasks that stand in line, behind another job's perhaps, and were not begun."""

    def kill(self, keys: tuple[str, ...]) -> None:
        """End tasks by replacing their workers; their outcomes never come."""

    def close(self) -> None:
        """Let go of the workers."""


def release(executor: Executor, keys: Iterable[str], *, grace_s: float = STOP_GRACE_S) -> None:
    """Close an executor whose job is over; a fit that still runs would keep the next job's waiting.

    Parameters
    ----------
    executor : Executor
        The executor.
    keys : iterable of str
        Tasks that have no outcome yet.
    grace_s : float, default 3.0
        Seconds they get to stop, until their workers are replaced.
    """
    running = set(keys)
    if running:
        executor.stop(tuple(running))
        until = monotonic_s() + grace_s
        while running and (left_s := until - monotonic_s()) > 0:
            running -= {outcome.key for outcome in executor.poll(left_s)}
        if running:
            executor.kill(tuple(running))
    executor.close()


def make_executor(compute: object) -> Executor:
    """Return the executor of what the user named: ``"local"``, ``"inline"``, an address, a client or a cluster."""
    if compute == "inline":
        return InlineExecutor()
    from automl_jupyter.jobs.dask import DaskExecutor

    return DaskExecutor(compute)


def expected_slots(compute: object) -> int:
    """Return how many fits are likely to run at once: what is planned with before there are workers."""
    if compute != "local":
        return 1
    from dask.system import CPU_COUNT

    return int(CPU_COUNT)


class InlineExecutor:
    """Runs each task in the calling thread when polled: for tests, debugging and places without processes.

    Examples
    --------
    >>> InlineExecutor().n_slots()
    1
    """

    compute = "inline"
    dashboard = ""

    def __init__(self) -> None:
        self._waiting: deque[FoldTask] = deque()
        self._cores = 1

    def limit(self, max_concurrent: int | None, cores_per_trial: int) -> None:
        """Set the threads of a fit: there is one fit at a time."""
        self._cores = cores_per_trial

    def prepare(self, cache: Path, job_folder: Path) -> tuple[str, str | None]:
        """Return the folders as they are: there is one machine."""
        return str(cache), str(job_folder)

    def n_slots(self) -> int:
        """Return 1."""
        return 1

    def is_gone(self) -> bool:
        """Return False: this thread is there as long as its job."""
        return False

    def threads_per_fit(self) -> int:
        """Return the threads asked for, or one for each core."""
        from dask.system import CPU_COUNT

        return int(CPU_COUNT) if self._cores == -1 else max(self._cores, 1)

    def worker_bytes(self) -> int | None:
        """Return the memory this process may take, in bytes."""
        from distributed.system import MEMORY_LIMIT

        return int(MEMORY_LIMIT)

    def submit(self, task: FoldTask) -> None:
        """Keep the task until the next poll."""
        self._waiting.append(task)

    def poll(self, timeout_s: float) -> list[FoldOutcome]:
        """Run the oldest task."""
        return [evaluate(self._waiting.popleft())] if self._waiting else []

    def stop(self, keys: tuple[str, ...]) -> None:
        """Ask tasks to stop."""
        request_stop(list(keys))

    def waiting(self, keys: tuple[str, ...]) -> frozenset[str]:
        """Return the tasks that the next polls will run."""
        return frozenset(t.key for t in self._waiting if t.key in keys)

    def kill(self, keys: tuple[str, ...]) -> None:
        """Forget tasks that have not begun."""
        self._waiting = deque(t for t in self._waiting if t.key not in keys)

    def close(self) -> None:
        """Nothing to let go of."""
