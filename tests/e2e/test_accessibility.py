"""axe-core finds nothing serious in any view, light or dark."""

from __future__ import annotations

import importlib.util
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest

from automl_jupyter import automl
from automl_jupyter.results.render import render_html

pytestmark = pytest.mark.browser


def _beside(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


shown = _beside("test_live_view")
a_snapshot, answer = shown.a_snapshot, shown.answer

NOTES = [{"level": "warning", "message": "a note"}]
CHECKS = [{"name": "Split", "status": "Alerted", "explanation": "What was found.", "remedy": "What to do."}]


def violations(view):
    """Return what axe-core finds of serious or critical impact, as rule and elements."""
    view.page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = view.page.evaluate("() => axe.run(document.getElementById('cell'), { iframes: false })")
    assert found["passes"], "nothing was looked at"
    return [
        (v["id"], [n["html"][:200] for n in v["nodes"]])
        for v in found["violations"]
        if v["impact"] in ("serious", "critical")
    ]


def running(**more):
    doing = [{"number": 1, "label": "model 1", "fold": 0, "n_folds": 3, "started_s": 27.0}]
    plan = {"validation": "3-fold", "notes": [], "guardrails": CHECKS}
    log = [{"at_s": 2.0, "level": level, "text": f"{level} event"} for level in ("info", "best", "warning")]
    return a_snapshot((0, 0.7), (1, None), doing=doing, notes=NOTES, plan=plan, log=log, left_s=60.0, **more)


@pytest.mark.parametrize("dark", [False, True])
def test_the_live_view(make_view, dark):
    view = make_view().show(running(), dark=dark)
    for summary in view.page.locator("summary").all():
        summary.click()
    view.page.get_by_role("button", name="model 1").click()
    assert violations(view) == []
    view.page.get_by_role("button", name="model 0").click()
    answer(view, **{**shown.PAGE, "diagram": "<p>steps</p>"})
    answer(view, png=shown.DOT, says="The curve.")
    for tab in ("Charts", "Metrics", "Pipeline", "Code"):
        view.page.get_by_role("tab", name=tab).click()
        assert violations(view) == [], tab
    view.put(running(seq=2, status="Failed", over=True, error={"type": "Error", "message": "why"}))
    assert violations(view) == []


@pytest.mark.parametrize("dark", [False, True])
def test_the_panel(make_view, dark):
    rows = pd.DataFrame({"size": [1.5, 2.0, None] * 20, "y": ["no", "no", "yes"] * 20})
    form = automl.panel("rows", "y", namespace={"rows": rows})
    form.set("limits.timeout_minutes", "abc")
    form.profile()
    view = make_view().show(form.snapshot(), script="panel", dark=dark, within="jp-Cell")
    for summary in view.page.locator("summary").all():
        if summary.is_visible() and summary.evaluate("(node) => !node.parentElement.open"):
            summary.click()
    assert violations(view) == []
    form.set("task", "forecasting")
    view.put(form.snapshot())
    assert violations(view) == []


@pytest.mark.parametrize("dark", [False, True])
def test_the_profile(make_view, dark):
    rows = pd.DataFrame({"size": [1.5, 2.0, None] * 20, "y": ["no", "no", "yes"] * 20})
    view = make_view().show(automl.profile(rows, "y").snapshot(), script="profile", dark=dark)
    assert violations(view) == []


@pytest.mark.parametrize("dark", [False, True])
def test_what_a_saved_notebook_shows(make_view, dark):
    html = render_html(running(), pictures=[(b"", "A curve.")])
    view = make_view().show({}, html=html, dark=dark)
    for summary in view.page.locator("summary").all():
        summary.click()
    view.errors.clear()  # the picture is none
    assert violations(view) == []


def test_what_is_wrong_is_found(make_view):
    view = make_view().show({}, html='<img src="data:,"><p style="color: #bbb; background: #fff">pale</p>')
    view.errors.clear()
    assert {rule for rule, _ in violations(view)} == {"image-alt", "color-contrast"}
