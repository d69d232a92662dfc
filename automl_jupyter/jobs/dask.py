"""The executor over Dask: one task a fit, data sent once, results back through a queue."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from automl_jupyter._core.clock import monotonic_s
from automl_jupyter.errors import ComputeError
from automl_jupyter.jobs.cluster import connect, dashboard_of, make_warm_up
from automl_jupyter.jobs.executor import CUT_OFF
from automl_jupyter.trials.evaluate import WORKER_TABLES, evaluate, forget
from automl_jupyter.trials.guard import request_stop
from automl_jupyter.trials.records import FoldOutcome, FoldTask

if TYPE_CHECKING:
    from distributed import Client

#: seconds a worker gets to come back after it was replaced
_RESTART_S = 30
#: seconds until a worker that could not be reached is asked again
_AGAIN_S = 0.5

#: seconds that the scheduler gets to say which workers there are
_ANSWER_S = 10
#: seconds that a worker gets to say what it runs
_SOON_S = 0.5

T = TypeVar("T")


class DaskExecutor:
    """Runs fits on a Dask cluster.

    Parameters
    ----------
    compute : object, default "local"
        ``"local"`` for the embedded cluster, an address, a Client or a cluster object.
    """

    def __init__(self, compute: object = "local") -> None:
        self.compute = compute if isinstance(compute, str) else type(compute).__name__
        self._max_concurrent: int | None = None
        self._cores = 1
        self._client: Client = connect(compute)
        self.dashboard = dashboard_of(self._client)
        self._is_embedded = isinstance(compute, str) and compute == "local"
        self._owns_client = self._client is not compute and not self._is_embedded
        self._outcomes: queue.SimpleQueue[FoldOutcome] = queue.SimpleQueue()
        self._futures: dict[str, Any] = {}
        self._plugin: str | None = None
        self._make_ready()

    def _make_ready(self) -> None:
        """Ready the workers there are, and let the scheduler ready those that come later.

        Raises
        ------
        ComputeError
            When they cannot be reached, or lack this package.
        """
        plugin = make_warm_up()
        try:
            self._insist(lambda: self._client.register_plugin(plugin))
        except Exception as error:
            # The scheduler keeps it all the same, and no later worker that cannot read it would start.
            with contextlib.suppress(Exception):
                self._client.unregister_worker_plugin(plugin.name)
            if self._owns_client:
                with contextlib.suppress(Exception):
                    self._client.close(timeout=5)
            if isinstance(error, ComputeError):
                raise
            message = f"The workers of {self.compute} cannot be made ready ({error})."
            raise ComputeError(f"{message} They need automl-jupyter, in the version that is here.") from error

    def limit(self, max_concurrent: int | None, cores_per_trial: int) -> None:
        """Set the most fits at once, and the threads each may use.

        A thread takes the place of a worker, so that no core is counted twice.
        """
        self._max_concurrent, self._cores = max_concurrent, cores_per_trial

    def prepare(self, cache: Path, job_folder: Path) -> tuple[str, str | None]:
        """Bring the table to every worker once.

        Workers that see this machine's files map the cached table into memory; to others it is sent with a plugin, so
        that workers which join later get it too.
        """
        probe = job_folder / "control" / ".probe"
        probe.touch()
        seen = self._insist(lambda: self._client.run(_sees, str(probe), str(cache)))
        probe.unlink()
        if seen and all(seen.values()):
            return str(cache), str(job_folder)
        plugin = _make_table_plugin(cache)
        self._insist(lambda: self._client.register_plugin(plugin))
        self._plugin = plugin.name
        return f"{WORKER_TABLES}{cache.name}", None

    def n_slots(self) -> int:
        """Return how many tasks can run at once; one where a cluster adapts to tasks that wait, and none does."""
        threads = sum(self._threads()) or int(self._is_adaptive())
        if self._cores != 1:
            threads = min(threads, 1) if self._cores == -1 else max(threads // self._cores, min(threads, 1))
        return threads if self._max_concurrent is None else min(threads, self._max_concurrent)

    def is_gone(self) -> bool:
        """Return whether the client was closed: by its owner, or by itself once its scheduler was lost for long."""
        return bool(self._client.status == "closed")

    def threads_per_fit(self) -> int:
        """Return how many threads a fit may use: those asked for, or all of its machine's.

        The workers of the embedded cluster have one thread each, and a fit takes the place of all of them.
        """
        if self._cores != -1:
            return max(self._cores, 1)
        threads = self._threads()
        return max(sum(threads) if self._is_embedded else min(threads, default=1), 1)

    def worker_bytes(self) -> int | None:
        """Return the memory of the worker that has least, None where it has no limit."""
        limits: list[int] = []
        with self._while_reachable():
            workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
            limits = [int(w["memory_limit"]) for w in workers if w["memory_limit"]]
        return min(limits, default=None)

    def _is_adaptive(self) -> bool:
        cluster = getattr(self._client, "cluster", None)
        return getattr(cluster, "_adaptive", None) is not None and self._client.status == "running"

    def _threads(self) -> list[int]:
        scheduler: Any = self._client.scheduler  # None once the client is closed
        with self._while_reachable():  # as `Client.nthreads`, which waits for ever where the client is closed meanwhile
            found = self._client.sync(scheduler.ncores, callback_timeout=_ANSWER_S)
            return [int(n) for n in found.values()]
        return []

    def _begun(self, keys: Iterable[str]) -> dict[str, set[str]]:
        """Return those of the tasks that each worker has begun, by what it says.

        The scheduler knows only what it has assigned to each. A worker that does not answer is held up by a task.
        """
        scheduler: Any = self._client.scheduler
        assigned: dict[str, set[str]] = {}
        with self._while_reachable():
            found = self._client.sync(scheduler.processing, workers=None, callback_timeout=_ANSWER_S)
            assigned = {worker: own for worker, tasks in found.items() if (own := set(tasks) & set(keys))}
        begun = dict(assigned)

        def ask(worker: str) -> None:
            with contextlib.suppress(Exception):  # it is on its way out
                begun[worker] = assigned[worker] & self._client.run(_running, workers=[worker])[worker]

        asking = [threading.Thread(target=ask, args=(w,), name="automl-ask", daemon=True) for w in assigned]
        for thread in asking:
            thread.start()
        until = monotonic_s() + _SOON_S
        for thread in asking:
            thread.join(max(until - monotonic_s(), 0.0))
        return dict(begun)

    @contextlib.contextmanager
    def _while_reachable(self) -> Iterator[None]:
        """Pass over what the client raises while its scheduler, or it itself, is on its way out or back."""
        try:
            yield
        except (KeyError, OSError, RuntimeError):
            pass
        except (AttributeError, NameError):  # of what is None, or was never set, once the client's loop has ended
            if self._client.status == "running":
                raise

    def submit(self, task: FoldTask) -> None:
        """Give a task to the cluster."""
        try:
            future = self._client.submit(evaluate, task, key=task.key, pure=False, retries=0)
        except Exception as error:
            if self._client.status == "running":
                raise
            self._outcomes.put(self._lost(task, error))
            return
        self._futures[task.key] = future
        future.add_done_callback(lambda f: self._done(task, f))

    def poll(self, timeout_s: float) -> list[FoldOutcome]:
        """Return the outcomes that have come."""
        found: list[FoldOutcome] = []
        with contextlib.suppress(queue.Empty):
            found.append(self._outcomes.get(timeout=timeout_s))
            while True:
                found.append(self._outcomes.get_nowait())
        return found

    def stop(self, keys: tuple[str, ...]) -> None:
        """Set the flag that running fits look at; in a thread of its own, since a busy worker answers late."""
        threading.Thread(target=self._run, args=(request_stop, list(keys)), name="automl-stop", daemon=True).start()

    def waiting(self, keys: tuple[str, ...]) -> frozenset[str]:
        """Return those of the tasks that stand in line; none where there is no worker to stand in line for."""
        return frozenset(keys).difference(*self._begun(keys).values()) if sum(self._threads()) else frozenset()

    def kill(self, keys: tuple[str, ...]) -> None:
        """Replace the workers that run these tasks; in a thread of its own, since a restart takes seconds.

        Those that stand in line are only taken out of it: the worker may be fitting for another job.
        """
        if self.is_gone():
            self._futures.clear()
            return
        busy = {worker for worker, tasks in self._begun(keys).items() if tasks}
        for key in keys:
            future = self._futures.pop(key, None)
            if future is not None:
                with self._while_reachable():
                    future.cancel(force=True)  # first, or the task is scheduled again on the new worker
        if busy:
            threading.Thread(target=self._restart, args=(sorted(busy),), name="automl-restart", daemon=True).start()

    def close(self) -> None:
        """Drop what is left of the job on the workers; close the client if it is this executor's own."""
        if self.is_gone():
            self._futures.clear()
            return
        with contextlib.suppress(Exception):  # the cluster may be gone already; there is nothing left to do then
            self._client.cancel(list(self._futures.values()))
            self._client.run(forget)
            if self._plugin is not None:
                self._client.unregister_worker_plugin(self._plugin)
            if self._owns_client:
                self._client.close(timeout=5)
        self._futures.clear()

    def _insist(self, ask: Callable[[], T]) -> T:
        """Ask every worker; again where one was just being replaced, by an earlier job perhaps."""
        until = monotonic_s() + _RESTART_S
        while True:
            try:
                return ask()
            except OSError as error:
                if monotonic_s() > until or self._client.status != "running":
                    raise ComputeError(f"The workers cannot be reached ({type(error).__name__}: {error}).") from error
            threading.Event().wait(_AGAIN_S)

    def _run(self, function: Callable[..., object], *arguments: object) -> None:
        with contextlib.suppress(Exception):  # a worker on its way out has nothing to stop
            self._client.run(function, *arguments)

    def _done(self, task: FoldTask, future: Any) -> None:
        if self._futures.pop(task.key, None) is None:
            return  # killed: the controller has already said what became of it
        try:
            outcome = future.result()
        except Exception as error:  # noqa: BLE001 a worker that died, a connection that broke: the trial's result
            outcome = self._lost(task, error)
        self._outcomes.put(outcome)

    def _lost(self, task: FoldTask, error: BaseException) -> FoldOutcome:
        """Return the outcome of a task whose worker died, or that no worker could be given."""
        # While a client is closed its errors are of any type, and none is the fit's.
        kind = type(error).__name__ if self._client.status == "running" else CUT_OFF
        found = {"type": kind, "message": _worker_died(error), "tail": ""}
        return FoldOutcome(task.key, task.number, task.fold, "failed", error=found)

    def _restart(self, addresses: list[str]) -> None:
        with contextlib.suppress(Exception):  # workers without a nanny cannot be restarted; the fit runs on to its end
            self._client.restart_workers(addresses, timeout=_RESTART_S, raise_for_error=False)


def _worker_died(error: BaseException) -> str:
    if type(error).__name__ == "KilledWorker":
        return "The worker process died during this fit, most often because it ran out of memory."
    return f"{type(error).__name__}: {error}"


def _running(dask_worker: Any) -> set[str]:
    return set(dask_worker.active_keys)


def _sees(probe: str, cache: str) -> bool:
    """Return whether this worker may write where the probe lies and read the table: it may be another user's."""
    may_write = os.path.exists(probe) and os.access(os.path.dirname(probe), os.W_OK)
    return may_write and os.access(cache, os.R_OK | os.X_OK)


def _make_table_plugin(cache: Path) -> Any:
    from distributed import WorkerPlugin

    from automl_jupyter.data.cache import pack_cache

    class TablePlugin(WorkerPlugin):
        def __init__(self) -> None:
            # One for each job: the first that ends takes back its own only.
            self.name = f"automl-jupyter-table-{cache.name}-{uuid.uuid4().hex[:8]}"
            self.folder, self.content = cache.name, pack_cache(cache)

        def setup(self, worker: Any) -> None:
            from automl_jupyter.data.cache import is_whole, remove_old_caches, touch_cache, unpack_cache
            from automl_jupyter.trials.evaluate import worker_tables

            tables = worker_tables()
            folder = tables / self.folder
            touch_cache(folder)  # before the look, so that nobody removes what it finds
            remove_old_caches(tables)
            if not is_whole(folder):
                unpack_cache(self.content, folder)

    return TablePlugin()
