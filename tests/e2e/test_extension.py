"""JupyterLab's extension: jobs beside the notebook, their pages, and cells the editor understands."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from automl_jupyter.testing.jupyter import Lab
from automl_jupyter.testing.users import CONFIG

ASSETS = Path(__file__).resolve().parents[2] / "automl_jupyter" / "labextension" / "static" / "style.js"

pytestmark = pytest.mark.skipif(
    not ASSETS.exists() and not os.environ.get("CI"), reason="JupyterLab's extension is not built: make web"
)

SETUP = """\
import pandas as pd
from sklearn.datasets import make_classification
X, y = make_classification(600, 6, random_state=0)
table = pd.DataFrame(X, columns=[f"column {i}" for i in range(6)]).assign(answer=y)
%load_ext automl_jupyter"""
CELL = """\
%%automl {name} --trials 400 --timeout 10
task: classification
training_data: table
target_column_name: answer
training:
  allowed_training_algorithms: [LogisticRegression, DecisionTree]"""


@pytest.fixture
def started(open_notebook: Any) -> Any:
    """Return what opens a notebook with a job under way and the side panel shown."""

    def start(name: str) -> Any:
        notebook = open_notebook(f"{name}.ipynb", [SETUP, CELL.format(name=name)])
        notebook.run(0)
        notebook.run(1)
        notebook.page.evaluate("() => window.jupyterapp.shell.activateById('automl-jobs')")
        return notebook

    return start


def row(page: Any, name: str) -> Any:
    return page.locator(".amlj-side-job", has_text=name)


def open_page(page: Any, name: str) -> Any:
    row(page, name).click()
    view = page.locator(f".amlj-page section.amlj:has(.amlj-title:text-is('{name}'))")
    view.wait_for()
    return view


def test_a_job_moves_in_the_panel_and_on_its_page_and_is_stopped_there(started: Any) -> None:
    notebook = started("seen")
    page = notebook.page
    assert row(page, "seen").get_attribute("data-status", timeout=20_000)
    view = open_page(page, "seen")
    view.locator("tbody tr[data-state='complete']").nth(2).wait_for(timeout=60_000)
    page.locator(".amlj-status", has_text="1 running").wait_for()
    page.evaluate("() => window.jupyterapp.commands.execute('application:activate-previous-tab')")
    view.wait_for(state="hidden")
    row(page, "seen").click()  # a page that was behind another goes on where the job is
    complete = view.locator("tbody tr[data-state='complete']")
    complete.nth(complete.count() + 1).wait_for(timeout=60_000)
    view.get_by_role("button", name="Stop").click()
    view.locator(".amlj-pill", has_text="Stopped").wait_for(timeout=60_000)
    page.locator(".amlj-side-job[data-status='Canceled']", has_text="seen").wait_for(timeout=20_000)
    page.get_by_text("seen: stopped. Best").wait_for(timeout=20_000)

    before = view.inner_text()
    notebook.command("notebook:shutdown-kernel")  # the page asks the server, not the kernel
    row(page, "seen").click()  # the command has shown the notebook
    view.locator("tbody .amlj-toggle").first.click()
    view.get_by_role("tab", name="Metrics").click()
    assert view.locator(".amlj-plain").count()
    view.locator("tbody .amlj-toggle").first.click()
    assert view.inner_text() == before


def test_a_page_in_another_tab_moves_stops_the_job_and_is_there_after_a_reload(
    started: Any, lab: Any, browser: Any
) -> None:
    notebook = started("kept")
    assert row(notebook.page, "kept").get_attribute("data-status", timeout=20_000)
    jobs = notebook.page.evaluate("() => fetch('/automl-jupyter/api/jobs').then((answer) => answer.json())")
    job = next(j for j in jobs["jobs"] if j["name"] == "kept")
    other = browser.new_page()
    try:
        other.goto(
            f"http://127.0.0.1:{lab.port}/lab/workspaces/other?token={lab.token}"
            f"&automl-job={job['workspace']}/{job['name']}"
        )
        view = other.locator(".amlj-page section.amlj:has(.amlj-title:text-is('kept'))")
        view.locator("tbody tr[data-state='complete']").nth(1).wait_for(timeout=60_000)
        view.get_by_role("button", name="Stop").click()
        for page in (view, notebook.cell(1)):
            page.locator(".amlj-pill", has_text="Stopped").filter(visible=True).wait_for(timeout=60_000)
        other.wait_for_function(  # the layout is saved with a delay
            "() => fetch('/lab/api/workspaces/other').then((a) => a.text()).then((t) => t.includes('automl-job:'))"
        )
        other.goto(f"http://127.0.0.1:{lab.port}/lab/workspaces/other")
        other.locator(".amlj-page .amlj-title", has_text="kept").wait_for(timeout=60_000)
    finally:
        other.close()


def test_on_another_server_one_user_may_stop_a_job_and_the_other_only_look(
    started: Any, lab: Any, browser: Any, tmp_path: Path
) -> None:
    notebook = started("shared")
    job = notebook.cell(1)
    second = Lab(tmp_path, workspace=lab.workspace, config=CONFIG)
    contexts = [browser.new_context(extra_http_headers={"Authorization": f"token {user}"}) for user in ("bob", "ann")]
    try:
        second.wait_until_up()
        views = []
        for context in contexts:
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{second.port}/lab")
            page.wait_for_function("() => window.jupyterapp", timeout=60_000)
            page.evaluate("() => window.jupyterapp.restored")
            page.evaluate("() => window.jupyterapp.shell.activateById('automl-jobs')")
            views.append(open_page(page, "shared"))
            views[-1].get_by_role("button", name="Stop").click()
            if context is contexts[0]:
                views[-1].get_by_role("alert").filter(visible=True).wait_for()
                assert views[-1].get_by_role("button", name="Stop", exact=True).is_visible()
        for view in (*views, job):
            view.locator(".amlj-pill", has_text="Stopped").filter(visible=True).wait_for(timeout=60_000)
    finally:
        for context in contexts:
            context.close()
        second.stop()


def test_a_job_that_is_not_there_says_what_to_do(open_notebook: Any) -> None:
    page = open_notebook("gone.ipynb", ["1"]).page
    page.evaluate(
        "() => window.jupyterapp.commands.execute('automl:open-job', {workspace: '0123456789ab', name: 'nobody'})"
    )
    page.locator(".amlj-page", has_text="There is no job 'nobody' here. It may have been moved").wait_for()


def test_a_cell_is_yaml_and_its_mistakes_are_underlined(open_notebook: Any) -> None:
    wrong = "%%automl\ntask: clasification\ntraining_data: table"
    notebook = open_notebook("wrong.ipynb", [wrong, "x = 1"])
    page = notebook.page
    notebook.cell(0).locator(".cm-lintRange-error", has_text="task").wait_for(timeout=20_000)
    kinds = page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.content.widgets.map((cell) => cell.model.mimeType)"
    )
    assert kinds == ["text/x-yaml", "text/x-ipython"]
    assert notebook.cell(1).locator(".cm-lintRange-error").count() == 0
    notebook.cell(0).locator(".cm-lintRange-error", has_text="task").hover()
    page.locator(".cm-tooltip-lint", has_text="Did you mean 'classification'").wait_for()
    page.locator(".amlj-help", has_text="The kind of problem.").wait_for()


def test_tab_completes_fields_without_the_kernel_and_columns_with_it(open_notebook: Any) -> None:
    notebook = open_notebook("tab.ipynb", ["%%automl\ntask: classification\n", SETUP])
    page = notebook.page

    def offered(text: str) -> str:
        notebook.cell(0).locator(".cm-line").last.click()
        page.keyboard.type(text)
        page.keyboard.press("Tab")
        page.locator(".jp-Completer-item").first.wait_for()
        found = page.locator(".jp-Completer").inner_text()
        page.keyboard.press("Enter")
        return str(found)

    assert "training_data" in offered("training_")  # the extension is not loaded in the kernel yet
    notebook.run(1)
    page.keyboard.press("Escape")
    notebook.cell(0).locator(".cm-line").last.click()
    page.keyboard.type("table\n")
    assert "column 3" in offered("target_column_name: col")
    source = page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets[0].model.sharedModel.source")
    assert source.splitlines()[2] == "training_data: table"


def test_a_file_opens_in_the_panel_of_a_new_notebook(open_notebook: Any, lab: Any) -> None:
    (lab.notebooks / "rows <b>.csv").write_text("size,answer\n" + "\n".join(f"{i},{i % 2}" for i in range(60)))
    page = open_notebook("files.ipynb", ["1"]).page
    page.evaluate("() => window.jupyterapp.commands.execute('filebrowser:go-to-path', {path: ''})")
    page.evaluate("() => window.jupyterapp.shell.activateById('filebrowser')")
    page.locator(".jp-DirListing-item", has_text="rows <b>.csv").click(button="right")
    page.get_by_text("AutoML with This File…").click()
    page.locator(".jp-Notebook section.amlj").wait_for(timeout=90_000)
    cells = page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.content.widgets.map((c) => c.model.sharedModel.source)"
    )
    assert json.dumps("rows <b>.csv") in cells[1]
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:shutdown-kernel')")
