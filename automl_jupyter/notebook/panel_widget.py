"""The panel as a widget: fields that answer as one types, and the cell they stand for."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from automl_jupyter.errors import AutoMLError
from automl_jupyter.notebook.widget import script_of

if TYPE_CHECKING:
    from automl_jupyter.client.panel import Panel


class PanelWidget(anywidget.AnyWidget):
    """Shows a panel and fills in what is typed.

    Parameters
    ----------
    panel : Panel
        Changed in place.

    Examples
    --------
    >>> from automl_jupyter import automl
    >>> widget = PanelWidget(automl.panel(namespace={}))
    >>> widget.hear({"type": "set", "key": "limits.max_trials", "value": "0"})
    >>> widget.snapshot["sections"][2]["fields"][1]["error"] != ""
    True
    """

    _css = Path(__file__).parent / "static" / "live.css"
    snapshot = traitlets.Dict().tag(sync=True)

    def __init__(self, panel: Panel) -> None:
        super().__init__(snapshot=panel.snapshot(), _esm=script_of("panel"))
        self._panel = panel
        self._busy = threading.Lock()
        self.on_msg(self._on_request)

    def hear(self, content: Mapping[str, Any]) -> None:
        """Do what the page asks; what a page of another version asks is left alone."""
        kind, value = content.get("type"), content.get("value")
        with self._busy:
            try:
                if kind == "set" and isinstance(value, str | list):
                    self._panel.set(str(content.get("key")), value)
                elif kind == "set_type" and isinstance(value, str) and isinstance(content.get("index"), int):
                    names = self._panel.type_names
                    if 0 <= content["index"] < len(names):
                        self._panel.set_type(names[content["index"]], value or None)
                elif kind == "types":
                    self._panel.profile()
            except AutoMLError:
                pass  # a field there is not, data that are gone: the form says so itself
            finally:
                self.snapshot = self._panel.snapshot()

    def _on_request(self, _widget: object, content: object, _buffers: object) -> None:
        if isinstance(content, Mapping):
            # Beside the kernel's own work: reading a file and looking at its columns take a while.
            threading.Thread(target=self.hear, args=(dict(content),), name="automl-panel", daemon=True).start()


def display_panel(panel: Panel) -> None:
    """Display the widget, with the cell as text beside it for viewers without widgets and for the saved notebook."""
    from IPython.display import display

    shown: dict[str, Any] = panel._repr_mimebundle_()
    widget = PanelWidget(panel)._repr_mimebundle_()
    display({**(widget[0] if widget else {}), **shown}, raw=True)  # type: ignore[no-untyped-call]
