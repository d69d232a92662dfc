"""Where the workers come from: one embedded cluster a process, or a cluster the user has.

The embedded one has worker processes with one thread each, as many as there are cores, and is shared by the jobs of
this process. Heavy libraries are imported on the workers before the first fit, so that no time limit ever strikes in
the middle of an import and leaves a half-imported module behind.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import signal
import sys
import threading
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from automl_jupyter.errors import SCRIPT_ADVICE, ComputeError
from automl_jupyter.trials.evaluate import preload

if TYPE_CHECKING:
    from distributed import Client

#: least memory worth giving a worker of the embedded cluster, in bytes
_LEAST_WORKER_BYTES = 700_000_000
#: share of the memory there is that the embedded cluster's workers may take together
_MEMORY_SHARE = 0.8

_lock = threading.Lock()
_embedded: tuple[Any, Client] | None = None


def local_client() -> Client:
    """Return the client of the embedded cluster, which is started on first use.

    Raises
    ------
    ComputeError
        When the worker processes cannot be started.
    """
    global _embedded
    with _lock:
        if _embedded is not None and _embedded[1].status == "running":
            return _embedded[1]
        _embedded = _start()
        return _embedded[1]


def close_local() -> None:
    """End the embedded cluster; the next job starts a new one."""
    global _embedded
    with _lock:
        if _embedded is None:
            return
        cluster, client = _embedded
        _embedded = None
    with contextlib.suppress(Exception):  # the processes may be gone already, at the end of the interpreter
        client.close(timeout=5)
        cluster.close(timeout=5)


def size_local(cores: int, memory_bytes: int) -> tuple[int, int]:
    """Return the number of workers and the memory of each for a machine or container.

    Examples
    --------
    >>> size_local(2, 8_000_000_000)
    (2, 3200000000)
    >>> size_local(4, 2_000_000_000)
    (2, 800000000)
    """
    usable = int(memory_bytes * _MEMORY_SHARE)
    n_workers = max(1, min(cores, usable // _LEAST_WORKER_BYTES))
    return n_workers, usable // n_workers


def connect(compute: object) -> Client:
    """Return a client of what the user named: an address, a client, or a cluster object.

    Raises
    ------
    ComputeError
        When nothing answers there.
    """
    from distributed import Client

    if isinstance(compute, Client):
        return compute
    if isinstance(compute, str) and compute == "local":
        return local_client()
    try:
        client = Client(compute, timeout="10s", set_as_default=False)
    except Exception as error:  # noqa: BLE001 comms, TLS and cluster plug-ins raise what they like
        raise ComputeError(
            f"compute: no Dask scheduler answers at {compute!r} ({type(error).__name__}: {error})."
        ) from None
    return client


def dashboard_of(client: Client) -> str:
    """Return the address of a cluster's dashboard; empty without Bokeh, which draws it."""
    return str(client.dashboard_link or "") if find_spec("bokeh") else ""


def _start() -> tuple[Any, Client]:
    import dask
    from dask.system import CPU_COUNT
    from distributed import Client, LocalCluster
    from distributed.system import MEMORY_LIMIT

    n_workers, memory = size_local(CPU_COUNT, MEMORY_LIMIT)
    # Worker processes are told how the main module was started; IPython's %reset deletes the name that says so.
    vars(sys.modules["__main__"]).setdefault("__spec__", None)
    # Dask looks a hundred times a second at what runs, for a page of its dashboard, and keeps what it saw: tens of
    # megabytes a worker in a long job.
    unwatched = {"distributed.worker.profile.enabled": False}
    settings = {
        **unwatched,
        # A task that takes its worker down must not take down the next one too.
        "distributed.scheduler.allowed-failures": 0,
        "distributed.scheduler.work-stealing": False,
    }
    try:
        with dask.config.set(settings):
            cluster = LocalCluster(
                n_workers=n_workers,
                threads_per_worker=1,
                processes=True,
                memory_limit=memory,
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
                host="127.0.0.1",
                config=unwatched,  # of the workers that replace others, too
            )
            client = Client(cluster, set_as_default=False)
    except Exception as error:
        advice = f" {SCRIPT_ADVICE}" if hasattr(sys.modules["__main__"], "__file__") else ""
        message = f"The local workers could not be started ({type(error).__name__}: {error}).{advice}"
        raise ComputeError(message) from error
    atexit.register(close_local)
    return cluster, client


def make_warm_up() -> Any:
    """Return the plugin that readies each worker, those that are started later too."""
    from distributed import WorkerPlugin

    class WarmUp(WorkerPlugin):
        name = "automl-jupyter-warm-up"

        def setup(self, worker: Any) -> None:
            warm_up(worker.local_directory)

    return WarmUp()


def warm_up(folder: str) -> None:
    """Ready this worker process: no part in the kernel's interrupts, no output in its cells, imports done."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.environ.get("DASK_WORKER_NAME") or multiprocessing_child():
        log = os.open(os.path.join(folder, "worker.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
    preload()


def multiprocessing_child() -> bool:
    """Return whether this process was started by another Python process."""
    import multiprocessing

    return multiprocessing.parent_process() is not None
