"""The live widget: one snapshot to the page, one request back. Imported when the first view is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets

_STATIC = Path(__file__).parent / "static"


class LiveWidget(anywidget.AnyWidget):
    """Shows a job's snapshot and hands a click on Stop to `on_cancel`.

    Parameters
    ----------
    snapshot : mapping
        What ``results.snapshot`` returns, made presentable.
    on_cancel : callable
        Called without arguments when Stop is pressed, on whichever thread the kernel serves the page from. It
        may only put a request.

    Examples
    --------
    >>> LiveWidget({"name": "bank", "seq": 1}, on_cancel=lambda: None).snapshot["name"]
    'bank'
    """

    _esm = _STATIC / "live.js"
    _css = _STATIC / "live.css"
    snapshot = traitlets.Dict().tag(sync=True)

    def __init__(self, snapshot: Mapping[str, Any], *, on_cancel: Callable[[], object]) -> None:
        super().__init__(snapshot=dict(snapshot))
        self._on_cancel = on_cancel
        self.on_msg(self._on_request)

    def _on_request(self, _widget: object, content: object, _buffers: object) -> None:
        if isinstance(content, Mapping) and content.get("type") == "cancel":
            self._on_cancel()

    def replace(self, snapshot: Mapping[str, Any]) -> None:
        """Show a newer snapshot; one with a smaller ``seq`` than the shown one is dropped."""
        if snapshot.get("seq", 0) >= self.snapshot.get("seq", 0):
            self.snapshot = dict(snapshot)
