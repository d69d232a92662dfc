"""Shows a job while it runs, and leaves its last state behind.

A :class:`Watch` subscribes to the job and hands each snapshot to a surface: the widget in a notebook somebody
looks at, plain HTML in a kernel nobody looks at, text in a terminal. When the job is over the surface shows the
end, and nothing of the watch is left running: it owns no thread of its own.
"""

from __future__ import annotations

import contextvars
import logging
import threading
from collections.abc import Callable, Mapping
from functools import partial
from html import escape
from typing import Any, Protocol

from automl_jupyter._core.clock import monotonic_s
from automl_jupyter.client.updates import shown_snapshot
from automl_jupyter.notebook.html import make_bundle
from automl_jupyter.notebook.place import Place
from automl_jupyter.notebook.text import TextSurface
from automl_jupyter.results.render import render_html, render_text
from automl_jupyter.results.words import line_of
from automl_jupyter.store.history import NOT_RESPONDING

_log = logging.getLogger(__name__)

#: seconds between two states of the plain HTML, which a viewer redraws as a whole
STATIC_EVERY_S = 2.0


class JobLike(Protocol):
    """What a watch needs of a job."""

    @property
    def name(self) -> str: ...
    @property
    def done(self) -> bool: ...
    @property
    def status(self) -> str: ...
    def snapshot(self) -> dict[str, Any]: ...
    def subscribe(self, listener: Callable[[Any], None], /) -> Callable[[], None]: ...
    def cancel(self) -> object: ...
    def wait(self, timeout: float | None = None) -> object: ...


class Surface(Protocol):
    """Something a snapshot can be shown on."""

    def open(self, snapshot: Mapping[str, Any]) -> None: ...
    def push(self, snapshot: Mapping[str, Any]) -> None: ...
    def close(self, snapshot: Mapping[str, Any]) -> None: ...


def is_still(job: JobLike) -> bool:
    """Return whether nothing more will happen: the job is over, or no process runs it."""
    return job.done or job.status == NOT_RESPONDING


class LiveSurface:
    """The widget; replaced by plain HTML at the end, so that a saved notebook shows the last state.

    For as long as there is a kernel the widget stands in for that HTML on the page.

    Parameters
    ----------
    job : JobLike
        The job whose buttons and models the page asks for.
    """

    def __init__(self, job: JobLike) -> None:
        self._job = job
        self._handle: Any = None
        self._widget: Any = None

    def open(self, snapshot: Mapping[str, Any]) -> None:
        """Display the widget, with HTML and text beside it for viewers without widgets."""
        from automl_jupyter.client.desk import act, answer
        from automl_jupyter.notebook.widget import LiveWidget

        self._widget = LiveWidget(snapshot, act=partial(act, self._job), answer=partial(answer, self._job))
        data, _ = self._widget._repr_mimebundle_()
        beside = {"text/html": render_html(snapshot), "text/plain": render_text(snapshot)}
        if not snapshot.get("over"):
            # What a notebook shows that was saved, or reloaded, before the job was over: JupyterLab forgets on
            # reload which output belongs to which display, and the end can then be shown by the widget only.
            now = f"This was the state when the cell ran; %automl show {line_of(self._job.name)} shows it now."
            beside["text/html"] += f"<p>{escape(now)}</p>"
            beside["text/plain"] += f"\n{now}"
        self._handle = _display({**data, **beside})

    def push(self, snapshot: Mapping[str, Any]) -> None:
        """Replace the widget's snapshot."""
        self._widget.replace(snapshot)

    def close(self, snapshot: Mapping[str, Any]) -> None:
        """Show the end in the widget, then put plain HTML in its place.

        The widget's model stays: it stands in for the HTML, and a page that was reloading at this moment finds it.
        """
        self._widget.replace(snapshot)
        bundle = make_bundle(snapshot, stand=self._widget.stand, pictures=_pictures_of(self._job))
        self._handle.update(bundle, raw=True)


class StaticSurface:
    """Plain HTML, redrawn every two seconds.

    Parameters
    ----------
    job : JobLike
        The job whose charts are shown at the end.
    """

    def __init__(self, job: JobLike) -> None:
        self._job = job
        self._handle: Any = None
        self._shown_s = 0.0

    def open(self, snapshot: Mapping[str, Any]) -> None:
        """Display the state now."""
        self._shown_s = monotonic_s()
        self._handle = _display(make_bundle(snapshot))

    def push(self, snapshot: Mapping[str, Any]) -> None:
        """Redraw, unless that was done a moment ago."""
        if monotonic_s() - self._shown_s >= STATIC_EVERY_S:
            self._shown_s = monotonic_s()
            self._handle.update(make_bundle(snapshot), raw=True)

    def close(self, snapshot: Mapping[str, Any]) -> None:
        """Draw the end."""
        self._handle.update(make_bundle(snapshot, pictures=_pictures_of(self._job)), raw=True)


def _pictures_of(job: Any) -> list[tuple[bytes, str]]:
    """Return the charts that stay in the notebook; without them the rest still stays."""
    from automl_jupyter.results.model_page import kept_pictures

    try:
        return kept_pictures(job)
    except Exception:  # noqa: BLE001 a table that is gone, a metric that cannot be drawn
        _log.info("The charts of job %r could not be drawn.", job.name, exc_info=True)
        return []


def _display(bundle: Mapping[str, Any]) -> Any:
    from IPython.display import display

    return display(dict(bundle), raw=True, display_id=True)  # type: ignore[no-untyped-call]


def make_surface(job: JobLike, place: Place, *, waits: bool = False) -> Surface:
    """Return the surface that suits a place.

    Parameters
    ----------
    job : JobLike
        The job to show.
    place : Place
        Who looks at it.
    waits : bool, default False
        Whether the cell waits: a terminal that has gone on to its next prompt is told only the beginning and the end.
    """
    if place is Place.NOTEBOOK:
        return LiveSurface(job)
    return StaticSurface(job) if place is Place.HEADLESS else TextSurface(brief=not waits)


class Watch:
    """Keeps a surface showing a job until the job is over.

    Parameters
    ----------
    job : JobLike
        The job to show.
    surface : Surface
        Where to show it.

    Notes
    -----
    Snapshots arrive on the job's own thread. Each is shown in a copy of the context of the cell that started
    the watch, which is how the kernel knows the output belongs to that cell.
    """

    def __init__(self, job: JobLike, surface: Surface) -> None:
        self._job, self._surface = job, surface
        self._context = contextvars.copy_context()
        self._lock = threading.RLock()
        self._unsubscribe: Callable[[], None] | None = None
        self.closed = False

    def start(self) -> Watch:
        """Show the job now and keep on showing it; return the watch."""
        with self._lock:
            self._surface.open(shown_snapshot(self._job))
        self._unsubscribe = self._job.subscribe(self._on_history)
        if is_still(self._job):
            self.finish()
        if self.closed:  # the job ended while it was being subscribed to
            self._release()
        return self

    def finish(self) -> None:
        """Show the last state, once, and let go of the job. Safe to call again and from any thread."""
        self._context.copy().run(self._show, last=True)

    def _on_history(self, _history: object) -> None:
        if not self.closed:
            self._context.copy().run(self._show, last=False)

    def _show(self, *, last: bool) -> None:
        with self._lock:
            if self.closed:
                return
            try:
                snapshot = shown_snapshot(self._job)
                last = last or bool(snapshot.get("over")) or snapshot.get("status") == NOT_RESPONDING
                (self._surface.close if last else self._surface.push)(snapshot)
            except Exception:  # noqa: BLE001 a page that is gone must not end the job that is shown on it
                _log.warning("The live view of job %r stopped; the job goes on.", self._job.name, exc_info=True)
                last = True
            self.closed = last
        if last:
            self._release()

    def _release(self) -> None:
        with self._lock:
            unsubscribe, self._unsubscribe = self._unsubscribe, None
        if unsubscribe is not None:
            unsubscribe()
