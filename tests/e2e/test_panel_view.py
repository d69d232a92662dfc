"""The panel in a browser: what is typed goes to the kernel, what comes back is shown, and nothing loses the focus."""

from __future__ import annotations

import pandas as pd
import pytest

from automl_jupyter import automl
from automl_jupyter.spec import make_job

pytestmark = pytest.mark.browser

EVIL = "<img src=x onerror='window.pwned = 1'><script>window.pwned = 1</script>"


def a_panel():
    rows = pd.DataFrame({"size": [1.5, 2.0, None] * 20, EVIL: ["a", "b", "c"] * 20, "y": ["no", "no", "yes"] * 20})
    return automl.panel("rows", "y", namespace={"rows": rows})


def test_fields_answer_as_one_types(make_view):
    form = a_panel()
    view = make_view().show(form.snapshot(), script="panel")
    minutes = view.page.get_by_label("Minutes for the whole job")
    minutes.type("abc")
    view.page.wait_for_function("() => window.model.sent.length > 0")
    assert view.page.evaluate("() => window.model.sent") == [
        {"type": "set", "key": "limits.timeout_minutes", "value": "abc"}
    ]
    form.set("limits.timeout_minutes", "abc")
    view.put(form.snapshot())
    assert "'abc' is not allowed" in view.page.get_by_role("alert").filter(has_text="abc").inner_text()
    assert minutes.get_attribute("aria-invalid") == "true"
    assert minutes.evaluate("(node) => node === document.activeElement"), "the focus stays"
    form.set("limits.timeout_minutes", "5")
    view.put(form.snapshot())
    assert minutes.input_value() == "abc", "what is being typed is left alone"
    minutes.blur()
    view.put(form.snapshot())
    assert minutes.input_value() == "5"
    assert "timeout_minutes: 5" in view.page.locator(".amlj-preview code").inner_text()


def test_a_section_comes_and_goes_with_its_task(make_view):
    form = a_panel()
    view = make_view().show(form.snapshot(), script="panel")
    ahead = view.page.get_by_label("Periods ahead")
    assert not ahead.is_visible()
    form.set("task", "forecasting")
    view.put(form.snapshot())
    assert ahead.is_visible()
    assert view.page.get_by_label("Time", exact=True).locator("option").count() > 1
    form.set("task", "classification")
    view.put(form.snapshot())
    assert not ahead.is_visible()


def test_types_are_asked_for_when_they_are_opened_and_chosen_there(make_view):
    form = a_panel()
    view = make_view().show(form.snapshot(), script="panel")
    view.page.get_by_text("Column types").click()
    view.page.wait_for_function("() => window.model.sent.some((m) => m.type === 'types')")
    form.profile()
    view.put(form.snapshot())
    view.page.get_by_label("Type of size").select_option("Categorical")
    assert view.page.evaluate("() => window.model.sent.at(-1)") == {
        "type": "set_type",
        "index": 0,
        "value": "Categorical",
    }
    form.set_type("size", "Categorical")
    view.put(form.snapshot())
    assert "{size: Categorical}" in view.page.locator(".amlj-preview code").inner_text()


def test_types_that_do_not_fit_are_shown_and_can_be_taken_away(make_view):
    form = a_panel()
    asked = {"gone": "Numeric", EVIL: "DateTime", "y": "Text"}
    form.fill(make_job(**{**form.spec.to_dict(), "featurization": {"column_name_and_types": asked}}))
    view = make_view().show(form.snapshot(), script="panel")
    view.page.get_by_text("Column types").click()
    gone = view.page.get_by_label("Type of gone")
    assert gone.input_value() == "Numeric"
    assert "There is no column 'gone'" in view.page.locator("tr", has=gone).inner_text()
    assert view.page.get_by_label("Type of y").input_value() == "Text"
    for name, index in (("gone", 3), ("y", 2)):
        view.page.get_by_label(f"Type of {name}").select_option("")
        assert view.page.evaluate("() => window.model.sent.at(-1)") == {"type": "set_type", "index": index, "value": ""}
        form.set_type(name, None)
    view.put(form.snapshot())
    assert gone.count() == view.page.get_by_label("Type of y").count() == 0


def test_data_are_read_when_they_are_chosen_and_not_while_a_path_is_typed(make_view):
    view = make_view().show(automl.panel(namespace={"rows": pd.DataFrame({"a": [1]})}).snapshot(), script="panel")
    data = view.page.get_by_label("Training data")
    data.type("/da")
    view.page.wait_for_timeout(500)
    assert view.page.evaluate("() => window.model.sent") == []
    data.press("Enter")
    assert view.page.evaluate("() => window.model.sent.at(-1).value") == "/da"
    data.fill("rows")
    view.page.wait_for_function("() => window.model.sent.at(-1).value === 'rows'")


def test_algorithms_are_ticked(make_view):
    view = make_view().show(a_panel().snapshot(), script="panel")
    view.page.get_by_text("Algorithms", exact=True).click()
    view.page.locator(".amlj-names-box summary:visible").first.click()
    view.page.get_by_role("group", name="Only these").get_by_label("LightGBM", exact=True).check()
    assert view.page.evaluate("() => window.model.sent.at(-1)") == {
        "type": "set",
        "key": "training.allowed_training_algorithms",
        "value": ["LightGBM"],
    }


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [480, 1000])
def test_names_do_nothing_and_nothing_is_cut_off(make_view, width, dark):
    form = a_panel()
    form.set("target_column_name", EVIL)
    form.profile()
    view = make_view(width).show(form.snapshot(), script="panel", dark=dark)
    for summary in view.page.locator("summary").all():
        if summary.is_visible():
            summary.click()
    assert view.page.evaluate("() => window.pwned") is None
    assert view.page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")


def test_everything_has_a_name_and_is_reached_by_keyboard(make_view):
    view = make_view().show(a_panel().snapshot(), script="panel", within="jp-Cell")
    unnamed = view.page.evaluate(
        """() => [...document.querySelectorAll("input, select, button")]
          .filter((e) => !e.labels?.length && !e.getAttribute("aria-label") && !e.textContent)
          .map((e) => e.outerHTML)"""
    )
    assert unnamed == []
    reached = set()
    for _ in range(40):
        view.page.keyboard.press("Tab")
        reached.add(view.page.evaluate("() => document.activeElement.id || document.activeElement.className"))
    assert "amlj-main-button" in reached
    view.page.get_by_role("button", name="Insert cell").click()
    view.page.get_by_text("This page lets no cell be inserted").wait_for()


def test_where_there_are_no_cells_none_can_be_inserted(make_view):
    view = make_view().show(a_panel().snapshot(), script="panel")
    copy, insert = (view.page.get_by_role("button", name=name) for name in ("Copy", "Insert cell"))
    copy.wait_for()
    insert.wait_for(state="hidden")


def test_a_cell_can_be_inserted_where_the_view_is_drawn_before_it_is_put_into_one(make_view):
    view = make_view().show(a_panel().snapshot(), script="panel")
    view.page.evaluate(
        """async () => {
          window.cleanup();
          const cell = document.createElement("div");
          cell.className = "jp-Cell";
          window.cleanup = window.module.render({ model: window.model, el: cell });
          for (let i = 0; i < 3; i += 1) await new Promise((done) => requestAnimationFrame(done));
          document.body.append(cell);
        }"""
    )
    view.page.get_by_role("button", name="Insert cell").wait_for()


def test_a_type_that_is_refused_goes_back_however_often_it_is_chosen(make_view):
    form = a_panel()
    form.profile()
    view = make_view().show(form.snapshot(), script="panel")
    view.page.get_by_text("Column types").click()
    choice = view.page.get_by_label("Type of size")
    for _ in range(2):
        choice.select_option("Boolean")
        form.set_type("size", "Boolean")
        view.put(form.snapshot())
        assert view.page.get_by_role("alert").filter(has_text="size").is_visible()
        assert choice.input_value() == ""


def test_what_was_chosen_and_is_offered_no_more_can_be_taken_away(make_view):
    form = a_panel()
    form.set("training.allowed_training_algorithms", ["LogisticRegression", "LightGBM"])
    form.set("task", "regression")
    view = make_view().show(form.snapshot(), script="panel")
    view.page.get_by_text("Algorithms", exact=True).click()
    summary = view.page.locator(".amlj-names-box summary:visible").first
    assert summary.text_content() == "Only these: LogisticRegression, LightGBM"
    summary.click()
    view.page.get_by_role("group", name="Only these").get_by_label("LogisticRegression", exact=True).uncheck()
    assert view.page.evaluate("() => window.model.sent.at(-1).value") == ["LightGBM"]
