"""The profile as a widget: a choice of type a column, and the cell that results."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from automl_jupyter.errors import AutoMLError

if TYPE_CHECKING:
    from automl_jupyter.client.profile import Profile

_STATIC = Path(__file__).parent / "static"


class ProfileWidget(anywidget.AnyWidget):
    """Shows a profile and changes the type of a column where one is chosen.

    Parameters
    ----------
    profile : Profile
        Changed in place.

    Examples
    --------
    >>> from automl_jupyter import automl
    >>> profile = automl.profile({"size": [1, 2, 4] * 10, "y": ["no", "no", "yes"] * 10}, "y")
    >>> widget = ProfileWidget(profile)
    >>> widget.choose(0, "Categorical")
    >>> profile.column_name_and_types, widget.snapshot["columns"][0]["type"]
    ({'size': 'Categorical'}, 'Categorical')
    """

    _esm = _STATIC / "profile.js"
    _css = Path(__file__).parent.parent / "results" / "profile.css"
    snapshot = traitlets.Dict().tag(sync=True)

    def __init__(self, profile: Profile) -> None:
        super().__init__(snapshot=profile.snapshot())
        self._profile, self._asked = profile, 0
        self.on_msg(self._on_request)

    def choose(self, index: int, type: str | None) -> None:
        """Read a column as another type; None goes back to what was found. What is refused is said in the view.

        Parameters
        ----------
        index : int
            The column's position in the table.
        type : str or None
            A column type.
        """
        error = ""
        try:
            self._profile.set_type(self._profile.table.columns[index].name, type)
        except AutoMLError as refused:
            error = str(refused)
        self._asked += 1  # what is refused again is told again, or the page would go on showing it as chosen
        snapshot = self._profile.snapshot(error)
        self.snapshot = {**snapshot, "seq": snapshot["seq"] + self._asked}

    def _on_request(self, _widget: object, content: object, _buffers: object) -> None:
        if not isinstance(content, Mapping) or content.get("type") != "set_type":
            return
        index, value = content.get("index"), content.get("value")
        if isinstance(index, int) and isinstance(value, str) and 0 <= index < len(self._profile.table.columns):
            self.choose(index, value or None)


def display_profile(profile: Profile) -> None:
    """Display the widget, with HTML and text beside it for viewers without widgets and for the saved notebook."""
    from IPython.display import display

    shown: dict[str, Any] = profile._repr_mimebundle_()
    widget = ProfileWidget(profile)._repr_mimebundle_()
    display({**(widget[0] if widget else {}), **shown}, raw=True)  # type: ignore[no-untyped-call]
