"""How views learn of a job: the newest history, at most a few times a second."""

from __future__ import annotations

import contextvars
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from automl_jupyter._core.jsonl import Reader
from automl_jupyter.store.events import from_record
from automl_jupyter.store.folder import JobFolder
from automl_jupyter.store.history import History, apply
from automl_jupyter.store.lock import is_running

Listener = Callable[[History], None]

#: least seconds between two calls of a listener
INTERVAL_S = 0.25

_log = logging.getLogger("automl_jupyter")


class Feed:
    """Holds a job's newest history and tells listeners of it from a thread of its own.

    Listeners get the newest history, not every one: a burst of events is one call.
    """

    def __init__(self, history: History | None = None) -> None:
        self._history = history or History()
        self._changed = threading.Condition()
        self._listeners: dict[int, Listener] = {}
        self._thread: threading.Thread | None = None
        self._ids = 0

    @property
    def history(self) -> History:
        """The newest history."""
        return self._history

    def look(self) -> bool:
        """Bring the history up to date now; return whether there was anything new. Here it always is."""
        return False

    def publish(self, history: History) -> None:
        """Replace the history."""
        with self._changed:
            self._history = history
            self._changed.notify_all()

    def publish_again(self) -> None:
        """Tell that nothing more comes; a job without an end is told of once more, for only its status is another."""
        with self._changed:
            if not self._history.is_over:
                self._history = replace(self._history)
            self._changed.notify_all()

    def wait_for(self, condition: Callable[[History], bool], timeout_s: float | None = None) -> bool:
        """Wait until `condition` holds for the history; return whether it does."""
        with self._changed:
            return self._changed.wait_for(lambda: condition(self._history), timeout_s)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with the newest history on every change, and return what ends that."""
        context = contextvars.copy_context()

        def tell(history: History) -> None:
            # In the subscriber's context: what a listener prints or displays belongs to the subscriber's cell.
            context.copy().run(listener, history)

        with self._changed:
            self._ids += 1
            number = self._ids
            self._listeners[number] = tell
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._tell, name="automl-feed", daemon=True)
                self._thread.start()
            self._changed.notify_all()

        def unsubscribe() -> None:
            with self._changed:
                self._listeners.pop(number, None)
                self._changed.notify_all()

        return unsubscribe

    def _tell(self) -> None:
        told: dict[int, History] = {}
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: not self._listeners or any(told.get(n) is not self._history for n in self._listeners)
                )
                if not self._listeners:
                    self._thread = None
                    return
                history, listeners = self._history, dict(self._listeners)
            for number, listener in listeners.items():
                if told.get(number) is history:
                    continue
                told[number] = history
                try:
                    listener(history)
                except Exception:  # noqa: BLE001 a view that breaks must not take the job's other views with it
                    _log.exception("A listener of job %s failed", history.name)
                    with self._changed:
                        self._listeners.pop(number, None)
            if history.is_over:
                with self._changed:
                    for number in listeners:
                        if told.get(number) is self._history:
                            self._listeners.pop(number, None)
                continue
            threading.Event().wait(INTERVAL_S)


class LogFeed(Feed):
    """Follows a job that another process runs, or that nobody does, by reading its log."""

    def __init__(self, folder: JobFolder, history: History) -> None:
        super().__init__(history)
        self._folder = folder
        self._reader = Reader(Path(folder.events_file))
        self._reading = threading.Lock()
        self._skipped = history.n_events
        self._history = self._next()
        self._following: threading.Thread | None = None

    def look(self) -> bool:
        """Read what was added to the log since the last look; return whether there was anything."""
        with self._reading:
            history = self._next()
            changed = history is not self._history
            if changed:
                self.publish(history)
        return changed

    def is_replaced(self) -> bool:
        """Return whether the log is another one now: the job was removed, and its name used again."""
        return self._reader.is_replaced()

    def _next(self) -> History:
        history = self._history
        for record in self._reader.read():
            event = from_record(record) if isinstance(record, dict) else None
            if event is None:
                continue
            if self._skipped > 0:
                self._skipped -= 1
                continue
            history = apply(history, event)
        return history

    def wait_for(self, condition: Callable[[History], bool], timeout_s: float | None = None) -> bool:
        """Wait until `condition` holds; also returns when nobody runs the job any more."""
        self._follow()
        return super().wait_for(lambda h: condition(h) or not self._is_followed, timeout_s) and condition(self._history)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with the newest history on every change, and return what ends that."""
        self._follow()
        return super().subscribe(listener)

    @property
    def _is_followed(self) -> bool:
        return self._following is not None and self._following.is_alive()

    def _follow(self) -> None:
        if self._is_followed or self._history.is_over or not is_running(self._folder):
            return
        self._following = threading.Thread(target=self._read_on, name="automl-log", daemon=True)
        self._following.start()

    def _read_on(self) -> None:
        while not self._history.is_over:
            alive = is_running(self._folder)
            self.look()
            if not alive:
                break
            threading.Event().wait(INTERVAL_S)
        self.publish_again()
