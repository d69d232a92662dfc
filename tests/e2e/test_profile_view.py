"""The profile in a browser: types are chosen there, and nothing a table holds does anything."""

from __future__ import annotations

import pandas as pd
import pytest

from automl_jupyter import automl

pytestmark = pytest.mark.browser

EVIL = "<img src=x onerror='window.pwned = 1'><script>window.pwned = 1</script>"


def a_profile():
    rows = pd.DataFrame({"size": [1.5, 2.0, None] * 20, "code": [1, 2, 3] * 20, EVIL: [EVIL, "b", "c"] * 20})
    return automl.profile(rows.assign(y=["no", "no", "yes"] * 20), "y")


def test_a_type_is_chosen_and_comes_back(make_view):
    profile = a_profile()
    view = make_view(1100).show(profile.snapshot(), script="profile")
    choice = view.page.get_by_label("Type of code")
    assert choice.locator("option").first.inner_text() == "Numeric (found)"
    choice.focus()
    choice.select_option("Categorical")
    assert view.page.evaluate("() => window.model.sent") == [{"type": "set_type", "index": 1, "value": "Categorical"}]
    view.page.evaluate("() => { window.before = document.querySelectorAll('tbody tr')[0].firstChild; }")
    view.put(profile.set_type("code", "Categorical").snapshot())
    assert choice.input_value() == "Categorical"
    assert choice.evaluate("(node) => node === document.activeElement"), "the focus stays"
    assert view.page.evaluate("() => window.before.isConnected"), "other rows are left alone"
    view.page.get_by_text("The cell it stands for").click()
    assert "column_name_and_types: {code: Categorical}" in view.page.locator("pre").inner_text()
    choice.select_option("")
    assert view.page.evaluate("() => window.model.sent.at(-1).value") == ""


def test_what_is_refused_is_said_and_the_choice_goes_back(make_view):
    profile = a_profile()
    view = make_view().show(profile.snapshot(), script="profile")
    choice = view.page.get_by_label("Type of size")
    choice.select_option("Boolean")
    view.put(profile.snapshot("The column 'size' has the value 1.5, which is not true or false."))
    assert view.page.get_by_role("alert").inner_text().startswith("The column 'size'")
    assert choice.input_value() == ""


def test_the_cell_is_copied_or_marked(make_view):
    view = make_view().show(a_profile().snapshot(), script="profile")
    view.page.get_by_text("The cell it stands for").click()
    view.page.get_by_role("button", name="Copy").click()
    assert view.page.get_by_role("button", name="Marked").is_visible()  # a page without an address has no clipboard
    assert "%%automl" in view.page.evaluate("() => window.getSelection().toString()")


@pytest.mark.parametrize("dark", [False, True])
def test_names_are_shown_and_do_nothing(make_view, dark):
    view = make_view(700).show(a_profile().snapshot(), script="profile", dark=dark)
    assert view.page.locator("#cell img, #cell script").count() == 0
    assert view.page.evaluate("() => window.pwned") is None
    assert EVIL[:20] in view.page.locator("tbody").inner_text()
    assert view.page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")


def test_it_is_used_by_keyboard_alone(make_view):
    view = make_view(1100).show(a_profile().snapshot(), script="profile")
    reached = []
    for _ in range(5):
        view.page.keyboard.press("Tab")
        reached.append(view.page.evaluate("() => document.activeElement.className || document.activeElement.tagName"))
        assert view.page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert reached == ["amlp-scroll", "SELECT", "SELECT", "SELECT", "SUMMARY"]
