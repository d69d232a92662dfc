"""A fit under guard: it can be asked to stop, it has a time limit, and it leaves the process as it found it."""

from __future__ import annotations

import ctypes
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

#: how long past its limit a fit that was asked to stop may go on before it is interrupted, in seconds
GRACE_S = 1.0
#: seconds between two looks at a fit
LOOK_S = 0.1
#: how many of the latest keys that were asked to stop are kept; a worker that has their tasks hears of them at once
MOST_ASKED = 1000

_asked_to_stop: dict[str, None] = {}
_asking = threading.Lock()


def request_stop(keys: list[str]) -> None:
    """Ask running tasks of this process to stop; called on the worker by the controller."""
    global _asked_to_stop
    with _asking:
        before = [key for key in _asked_to_stop if key not in keys]
        _asked_to_stop = dict.fromkeys([*before, *keys][-MOST_ASKED:])


class StopSignal:
    """Tells a fit whether to stop: its time is up, or somebody asked.

    Parameters
    ----------
    key : str
        The task's key.
    time_limit_s : float, optional
        Seconds from now.

    Examples
    --------
    >>> signal = StopSignal("t1", None); signal()
    False
    >>> request_stop(["t1"]); signal()
    True
    """

    def __init__(self, key: str, time_limit_s: float | None) -> None:
        self.key = key
        self.deadline = None if time_limit_s is None else time.monotonic() + time_limit_s

    @property
    def was_asked(self) -> bool:
        """Whether somebody asked."""
        return self.key in _asked_to_stop

    @property
    def is_late(self) -> bool:
        """Whether the time is up."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    @property
    def left_s(self) -> float | None:
        """Seconds until the time is up; None where there is no limit."""
        return None if self.deadline is None else self.deadline - time.monotonic()

    def __call__(self) -> bool:
        return self.was_asked or self.is_late

    def sooner(self, share: float) -> StopSignal:
        """Return a signal whose time is up after a share of what is left."""
        left = self.left_s
        return StopSignal(self.key, None if left is None else share * left)


class Interrupted(BaseException):
    """Raised inside a fit that did not stop by itself."""


def run_guarded(fit: Callable[[], T], signal: StopSignal, *, grace_s: float = GRACE_S) -> T:
    """Run `fit` in this thread; interrupt it when it goes on for `grace_s` after it was told to stop.

    The interruption is an asynchronous exception, repeated until it arrives, because one alone may land in a callback
    that swallows it. It waits for the end of an import: inside one it could leave a half-imported module behind, or
    the lock of all imports taken, in a process that may be a notebook's kernel. It reaches Python code only; a fit that
    stays in C code longer is ended by replacing the worker.

    Raises
    ------
    Interrupted
        When the fit had to be interrupted.
    """
    ident = threading.get_ident()
    thread = ctypes.c_ulong(ident)
    lock, finished, is_over = threading.Lock(), threading.Event(), [False]

    def watch() -> None:
        told_at: float | None = None
        while not finished.wait(LOOK_S):
            if told_at is None:
                told_at = time.monotonic() if signal() else None
            elif time.monotonic() - told_at > grace_s:
                with lock:
                    if is_over[0]:
                        return
                    if is_importing(ident):
                        continue
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(Interrupted))

    watcher = threading.Thread(target=watch, name="automl-guard", daemon=True)
    try:
        watcher.start()
        return fit()
    finally:
        is_over[0] = True  # not a call: nothing can strike before it, and after it the watcher sets no more
        try:
            with lock:
                # An exception set but not yet raised would surface in whatever this thread runs next.
                ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, None)
        except Interrupted:
            pass  # it was on its way when the fit ended
        finished.set()
        watcher.join()


def is_importing(ident: int) -> bool:
    """Return whether a thread is anywhere inside an import."""
    frame = sys._current_frames().get(ident)
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


@contextmanager
def quiet() -> Iterator[None]:
    """Keep a library's warnings out of the worker's output; what matters is in the trial's result."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def describe_error(error: BaseException) -> Mapping[str, str]:
    """Return an exception as text for the leaderboard: its type, message and the last lines of its traceback."""
    tail = "".join(traceback.format_exception(error))[-4000:]
    return {"type": type(error).__name__, "message": str(error)[:2000] or type(error).__name__, "tail": tail}


def peak_memory_bytes() -> int:
    """Return the most memory this process has used so far, in bytes; 0 where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows has no such module
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
