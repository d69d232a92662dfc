"""The live widget: snapshots to the page as what changed, requests and questions back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import anywidget
import traitlets

from automl_jupyter._core.files import read_json
from automl_jupyter.client.updates import make_delta

_STATIC = Path(__file__).parent / "static"
#: the parts of each view's script, in the order they are joined
PARTS: Mapping[str, tuple[str, ...]] = {
    view: tuple(parts) for view, parts in read_json(_STATIC / "parts" / "order.json").items()
}


@cache
def script_of(view: str) -> str:
    """Return a view's script as one module; a widget cannot import from files beside it."""
    return "\n".join((_STATIC / "parts" / f"{part}.js").read_text(encoding="utf-8") for part in PARTS[view])


class LiveWidget(anywidget.AnyWidget):
    """Shows a job, hands on what is asked of it, and answers questions about its models.

    The trait `snapshot` is always whole, so that a page that is opened or reloaded begins with it; pages that are open
    are sent only what changed.

    Parameters
    ----------
    snapshot : mapping
        What ``results.snapshot`` returns, made presentable.
    act : callable
        ``act(request)`` is given what a button asks (``{"type": "cancel"}``), on whichever thread the kernel serves the
        page from; it may only put a request. Returns why it was refused, or an empty text.
    answer : callable
        ``answer(question)`` returns the answer as JSON; called on a thread of its own, since pictures take a while.

    Examples
    --------
    >>> widget = LiveWidget({"name": "bank", "seq": 1}, act=lambda request: "", answer=lambda question: {})
    >>> widget.replace({"name": "bank", "seq": 2})
    >>> widget.snapshot["seq"]
    2
    """

    _css = _STATIC / "live.css"
    snapshot = traitlets.Dict().tag(sync=True)
    #: names the place in plain HTML that the widget stands in for
    stand = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        snapshot: Mapping[str, Any],
        *,
        act: Callable[[Mapping[str, Any]], str],
        answer: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    ) -> None:
        self._open = False
        super().__init__(snapshot=dict(snapshot), stand=uuid4().hex[:12], _esm=script_of("live"))
        self._open = True
        self._act, self._answer = act, answer
        self._answering = threading.Lock()
        self.on_msg(self._on_request)

    def replace(self, snapshot: Mapping[str, Any]) -> None:
        """Show a newer snapshot; one with a smaller ``seq`` than the shown one is dropped."""
        if snapshot.get("seq", 0) < self.snapshot.get("seq", 0):
            return
        delta = make_delta(self.snapshot, snapshot)
        self.snapshot = dict(snapshot)
        if delta["set"] or delta["grow"] or delta["rows"] or delta["gone"]:
            self.send({"type": "delta", **delta})

    def _should_send_property(self, key: str, value: Any) -> bool:
        # What changed has been sent as such.
        return not (self._open and key == "snapshot") and super()._should_send_property(key, value)

    def _on_request(self, _widget: object, content: object, _buffers: object) -> None:
        if not isinstance(content, Mapping):
            return
        if content.get("type") == "ask":
            thread = threading.Thread(target=self._reply, args=(dict(content),), name="automl-page", daemon=True)
            thread.start()
        elif content.get("type") == "whole":  # a page that missed an update
            self.send({"type": "whole", "snapshot": self.snapshot})
        elif refused := self._act(content):
            self.send({"type": "refused", "message": refused})

    def _reply(self, question: Mapping[str, Any]) -> None:
        with self._answering:  # one at a time: pictures share matplotlib's parameters
            answer = self._answer(question)
        self.send({"type": "answer", "id": question.get("id"), "answer": dict(answer)})
