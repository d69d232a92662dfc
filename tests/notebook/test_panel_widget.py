"""The panel's widget and its line: what the page asks is done, and what it cannot ask is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from automl_jupyter import automl
from automl_jupyter.notebook.panel_widget import PanelWidget
from automl_jupyter.testing.quick import table_for


@pytest.fixture
def widget() -> PanelWidget:
    return PanelWidget(automl.panel("rows", "label", namespace={"rows": table_for("label")}))


def test_what_is_typed_changes_the_form_and_the_view(widget: PanelWidget) -> None:
    widget.hear({"type": "set", "key": "limits.max_trials", "value": "7"})
    assert "max_trials: 7" in widget.snapshot["cell"]
    widget.hear({"type": "types"})
    assert [c["name"] for c in widget.snapshot["types"]["columns"]] == ["size", "age", "colour", "label"]
    widget.hear({"type": "set_type", "index": 1, "value": "Categorical"})
    assert "{age: Categorical}" in widget.snapshot["cell"]


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"type": "set"},
        {"type": "set", "key": "no.such", "value": "1"},
        {"type": "set", "key": "task", "value": 3},
        {"type": "set_type", "index": 99, "value": "Text"},
        {"type": "set_type", "index": "0", "value": "Text"},
        {"type": "other"},
    ],
)
def test_what_makes_no_sense_is_left_alone(widget: PanelWidget, content: Any) -> None:
    before = widget.snapshot["cell"]
    widget.hear(content)
    assert widget.snapshot["cell"] == before


def test_the_page_hears_of_the_form_whatever_happens(widget: PanelWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: object) -> None:
        raise MemoryError

    monkeypatch.setattr("automl_jupyter.client.panel.Panel._look", fail)
    with pytest.raises(MemoryError):
        widget.hear({"type": "set", "key": "target_column_name", "value": "size"})
    assert "target_column_name: size" in widget.snapshot["cell"]


def test_types_of_a_table_that_is_gone_are_not_shown() -> None:
    widget = PanelWidget(automl.panel("nothing", namespace={}))
    widget.hear({"type": "types"})
    assert widget.snapshot["types"] is None


def test_the_widget_loads_nothing_from_elsewhere(widget: PanelWidget) -> None:
    code = f"{widget._esm}{widget._css}".replace("http://www.w3.org/2000/svg", "")
    assert "http" not in code
    assert "import " not in code
    assert "innerHTML" not in code
