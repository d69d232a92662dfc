"""The profile's widget: what the page asks for is done, or refused in a sentence."""

from __future__ import annotations

import pandas as pd
import pytest

from automl_jupyter import automl
from automl_jupyter.notebook.profile_widget import ProfileWidget


@pytest.fixture
def profile():
    return automl.profile(pd.DataFrame({"a": [1.5, 2, 3] * 10, "y": ["no", "no", "yes"] * 10}), "y")


def test_a_choice_changes_the_profile_and_the_view(profile):
    widget = ProfileWidget(profile)
    widget._on_request(widget, {"type": "set_type", "index": 0, "value": "Categorical"}, [])
    assert profile.column_name_and_types == {"a": "Categorical"}
    assert widget.snapshot["columns"][0]["type"] == "Categorical"
    assert "column_name_and_types: {a: Categorical}" in widget.snapshot["cell"]
    widget._on_request(widget, {"type": "set_type", "index": 0, "value": ""}, [])
    assert profile.column_name_and_types == {}


def test_what_does_not_fit_is_refused_in_a_sentence_that_does_not_stay(profile):
    widget = ProfileWidget(profile)
    widget.choose(0, "Boolean")
    assert "is not true or false" in widget.snapshot["error"]
    assert profile.column_name_and_types == {}
    widget.choose(0, "Ignore")
    assert widget.snapshot["error"] == ""
    widget.choose(1, "Numeric")
    assert "is the target" in widget.snapshot["error"]


@pytest.mark.parametrize(
    "content",
    [None, "x", {}, {"type": "cancel"}, {"type": "set_type"}]
    + [{"type": "set_type", "index": i, "value": v} for i, v in ((7, "Text"), (-1, "Text"), ("0", "Text"), (0, None))],
)
def test_what_is_no_request_changes_nothing(profile, content):
    widget = ProfileWidget(profile)
    before = widget.snapshot
    widget._on_request(widget, content, [])
    assert widget.snapshot == before


def test_a_notebook_gets_the_widget_and_others_the_page(shell, published, monkeypatch):
    from automl_jupyter.notebook import commands
    from automl_jupyter.notebook.place import Place

    shell.user_ns["rows"] = pd.DataFrame({"a": [1, 2, 3] * 10})
    for place in (Place.NOTEBOOK, Place.HEADLESS):
        monkeypatch.setattr(commands, "place_of", lambda _shell, place=place: place)
        shell.run_line_magic("automl", "profile rows")
    live, still = (set(p["data"]) for p in published)
    assert still == {"text/html", "text/plain"}
    assert live == still | {"application/vnd.jupyter.widget-view+json"}


def test_what_is_refused_again_is_told_again(profile):
    widget = ProfileWidget(profile)
    widget.choose(0, "Boolean")
    before = widget.snapshot
    widget.choose(0, "Boolean")
    assert widget.snapshot["error"] == before["error"]
    assert widget.snapshot != before, "so the page hears of it, and its choice goes back"
