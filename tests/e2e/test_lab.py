"""A person's way through a notebook: JupyterLab in a browser, the real kernel, the real jobs."""

from __future__ import annotations

import json
import re
from pathlib import Path

QUICKSTART = Path(__file__).resolve().parents[2] / "notebooks" / "quickstart.ipynb"
SETUP = """\
import os, time
from sklearn.datasets import make_classification
import pandas as pd
X, y = make_classification(3000, 12, n_informative=6, random_state=0)
table = pd.DataFrame(X, columns=[f"column {i}" for i in range(12)]).assign(answer=y)
%load_ext automl_jupyter
print("ready")"""
CELL = """\
%%automl {name} --trials 400 --timeout 10 {options}
task: classification
training_data: table
target_column_name: answer
training:
  allowed_training_algorithms: [LightGBM, RandomForest]"""


def wait_for_complete(view, n, timeout_s=120):
    """Wait until the live view counts at least `n` complete trials, and return how many it counts."""
    caption = view.locator("caption")
    caption.wait_for(timeout=timeout_s * 1000)
    handle = caption.element_handle()
    view.page.wait_for_function(
        "([e, n]) => Number(/(\\d+) complete/.exec(e.textContent)?.[1] ?? 0) >= n",
        arg=[handle, n],
        timeout=timeout_s * 1000,
    )
    return int(re.search(r"(\d+) complete", caption.text_content())[1])


def quickstart_cells():
    """Return the quickstart's code cells up to its first job, which gets time enough to be stopped."""
    content = json.loads(QUICKSTART.read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "code"]
    at = next(i for i, source in enumerate(cells) if source.startswith("%%automl job"))
    assert "timeout_minutes: 0.5" in cells[at]
    return [*cells[:at], cells[at].replace("timeout_minutes: 0.5", "timeout_minutes: 10")]


def test_the_quickstart_runs_beside_other_work_and_is_stopped_from_its_view(open_notebook, tmp_path):
    go = tmp_path / "go"
    quickstart = quickstart_cells()
    at = len(quickstart) - 1  # the cell that shows the job
    notebook = open_notebook(
        "beside.ipynb",
        [
            *quickstart,
            f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.05)\nprint('other work is done')",
            "job.wait()\nprint(job.status, len(job.model.predict(test)) == len(test), len(job.leaderboard()) > 1)",
            "%%automl job2 --targt answer\ntask: classification",
            "%automl show job",
        ],
    )
    for earlier in range(at):
        notebook.run(earlier)
    notebook.run(at)
    view = notebook.cell(at).locator("section.amlj")
    view.wait_for()
    assert view.locator(".amlj-title").inner_text() == "job"

    notebook.start(at + 1)  # another cell works while rows arrive
    first = wait_for_complete(view, 1)
    later = wait_for_complete(view, first + 1)
    assert notebook.is_running(at + 1)
    go.touch()
    notebook.wait_for_cell(at + 1)
    assert "other work is done" in notebook.text(at + 1)

    notebook.command("docmanager:save")
    notebook.page.reload()
    notebook.wait_until_ready()
    view = notebook.cell(at).locator("section.amlj")
    view.wait_for()
    kept = wait_for_complete(view, later + 1)

    view.get_by_role("button", name="Stop").click()
    assert view.locator(".amlj-stop").inner_text() == "Stopping…"
    assert re.match(r"Canceled True True", notebook.run(at + 2, timeout_s=180))
    view = notebook.cell(at).locator("section.amlj[data-over]")
    view.wait_for()
    assert "Stopped" in view.locator(".amlj-pill").inner_text()
    assert wait_for_complete(view, kept) >= kept

    said = notebook.run(at + 3)
    assert "--targt: is not an option. Did you mean '--target'?" in said
    assert "Traceback" not in json.dumps(notebook.outputs(at + 3)[0].get("traceback", []))
    assert "Stopped" in notebook.run(at + 4)
    assert "Stopped" in notebook.cell(at + 4).locator("section.amlj").inner_text()
    assert notebook.hosts <= {"127.0.0.1", ""}


def test_a_waiting_cell_is_interrupted_and_another_is_stopped_by_its_button(open_notebook):
    notebook = open_notebook(
        "waits.ipynb",
        [
            SETUP,
            CELL.format(name="first", options="--wait"),
            "print(first.status, any(t.state == 'complete' for t in first.trials))",
            CELL.format(name="second", options="--wait"),
            "print(second.status, second.model.predict(table)[:3])",
        ],
    )
    assert "ready" in notebook.run(0)
    notebook.start(1)
    view = notebook.cell(1).locator("section.amlj")
    wait_for_complete(view, 1)
    assert notebook.is_running(1)
    notebook.command("notebook:interrupt-kernel")
    notebook.wait_for_cell(1, timeout_s=120)
    saved = notebook.outputs(1)
    assert [sorted(output["data"]) for output in saved] == [
        ["application/vnd.automl-jupyter+json", "text/html", "text/plain"]
    ]
    assert len(json.dumps(saved)) < 200_000
    report = notebook.cell(1).locator(".amlj-static")
    report.wait_for(state="attached")
    assert "Stopped" in report.text_content()
    stands_in = notebook.cell(1).locator("section.amlj[data-over]")
    stands_in.wait_for()
    assert not report.is_visible()
    stands_in.locator(".amlj-toggle").first.click()
    assert "of" in stands_in.locator("figcaption", has_text="Confusion matrix").inner_text(timeout=60_000)
    stands_in.get_by_role("tab", name="Code").click()
    stands_in.get_by_role("button", name="Insert below").click()
    notebook.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.content.model.cells.get(2)"
        ".sharedModel.source.includes('get_model')"
    )
    notebook.command("notebook:delete-cell")
    assert notebook.run(2).split() == ["Canceled", "True"]

    notebook.start(3)
    view = notebook.cell(3).locator("section.amlj")
    wait_for_complete(view, 1)
    view.get_by_role("button", name="Stop").click()
    notebook.wait_for_cell(3, timeout_s=120)
    assert [output["output_type"] for output in notebook.outputs(3)] == ["display_data"]
    assert notebook.run(4).startswith("Canceled [")
    assert notebook.hosts <= {"127.0.0.1", ""}


def test_a_form_writes_the_cell_that_runs_the_job_that_is_stopped(open_notebook):
    notebook = open_notebook("panel.ipynb", [SETUP, "%automl panel table --target answer", "print('after')"])
    assert "ready" in notebook.run(0)
    notebook.run(1)
    form = notebook.cell(1).locator("section.amlj-panel-view")
    form.wait_for()
    form.get_by_label("Most trials").fill("300")
    form.locator("summary", has_text="Run").click()
    form.get_by_label("Variable of the cell").fill("clicked")
    form.locator(".amlj-preview code", has_text="%%automl clicked").wait_for()
    form.locator(".amlj-preview code", has_text="max_trials: 300").wait_for()
    form.get_by_role("button", name="Insert cell").click()
    notebook.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.content.model.cells.get(2)"
        ".sharedModel.source.startsWith('%%automl clicked\\ntask: classification')"
    )
    notebook.run(2)
    view = notebook.cell(2).locator("section.amlj")
    view.wait_for()
    view.get_by_role("button", name="Pause").click()
    view.locator(".amlj-names", has_text="paused").wait_for()
    view.get_by_role("button", name="Resume").click()
    wait_for_complete(view, 2)
    view.get_by_role("button", name="Stop").click()
    notebook.cell(2).locator("section.amlj[data-over]").wait_for(timeout=120_000)
    assert notebook.hosts <= {"127.0.0.1", ""}


def test_two_views_of_a_job_are_in_step_and_it_is_opened_after_a_restart(open_notebook):
    notebook = open_notebook(
        "twice.ipynb",
        [
            SETUP,
            CELL.format(name="twins", options=""),
            "%automl show twins",
            "%load_ext automl_jupyter",
            "%automl open twins again\nprint(again.status, len(again.leaderboard()) > 1)",
            "again.plot.confusion_matrix();",
        ],
    )
    notebook.page.evaluate(
        """() => {
          window.asked = [];
          const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
          kernel.anyMessage.connect((_, { msg, direction }) => {
            const data = direction === "send" && msg.content.data;
            if (data?.method === "custom") window.asked.push(data.content.type);
          });
        }"""
    )
    assert "ready" in notebook.run(0)
    notebook.run(1)
    notebook.run(2)
    first, second = (notebook.cell(i).locator("section.amlj") for i in (1, 2))
    wait_for_complete(second, 2)
    second.get_by_role("button", name="Pause").click()
    for view in (first, second):
        view.get_by_role("button", name="Resume").wait_for()
        view.locator(".amlj-names", has_text="paused").wait_for()
    counts = "() => [...document.querySelectorAll('section.amlj caption')].map((c) => c.textContent)"
    notebook.page.wait_for_function(f"() => {{ const c = ({counts})(); return c.length === 2 && c[0] === c[1]; }}")
    first.get_by_role("button", name="Resume").click()
    for view in (first, second):
        view.get_by_role("button", name="Pause").wait_for()
    assert notebook.page.evaluate("() => window.asked") == ["pause", "unpause"], "all views hear of each change once"

    notebook.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    notebook.wait_until_ready()
    notebook.run(3)
    notebook.run(4)
    opened = notebook.cell(4).locator("section.amlj")
    opened.wait_for()
    assert opened.locator(".amlj-title").inner_text() == "twins"
    assert wait_for_complete(opened, 2) >= 2
    assert notebook.text(4).endswith("True\n")
    notebook.run(5)
    assert any("image/png" in output.get("data", {}) for output in notebook.outputs(5)), notebook.outputs(5)


def press_until(notebook, key, condition, most=80):
    """Press a key until what has the focus fulfils a condition in JavaScript."""
    for _ in range(most):
        if notebook.page.evaluate(f"() => {{ const e = document.activeElement; return Boolean({condition}); }}"):
            return
        notebook.page.keyboard.press(key)
    raise AssertionError(f"{most} times {key} and not there: {condition}")


def test_a_job_runs_by_keyboard_alone_in_the_dark_and_its_end_stays(open_notebook):
    notebook = open_notebook("keys.ipynb", [SETUP, CELL.format(name="keys", options=""), "keys.wait()\nprint('over')"])
    page = notebook.page
    page.evaluate("() => window.jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })")
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")
    press_until(notebook, "Tab", "e.closest('.jp-Notebook')")
    page.keyboard.press("Shift+Enter")
    notebook.wait_for_cell(0)
    page.keyboard.press("Shift+Enter")
    view = notebook.cell(1).locator("section.amlj")
    view.wait_for()
    wait_for_complete(view, 1)

    press_until(notebook, "Shift+Tab", "e.closest('section.amlj')")
    press_until(notebook, "Shift+Tab", "e.textContent === 'Pause'")
    page.keyboard.press("Enter")
    view.locator(".amlj-names", has_text="paused").wait_for()
    assert page.evaluate("() => document.activeElement.textContent") == "Resume"
    page.keyboard.press("Space")
    press_until(notebook, "Tab", "e.matches('.amlj-toggle')")
    page.keyboard.press("Enter")
    view.locator(".amlj-detail").wait_for()
    page.keyboard.press("Enter")
    press_until(notebook, "Shift+Tab", "e.textContent === 'Stop'")
    page.keyboard.press("Enter")
    notebook.cell(1).locator("section.amlj[data-over]").wait_for(timeout=120_000)
    background, text = view.evaluate("(e) => [getComputedStyle(e).backgroundColor, getComputedStyle(e).color]")
    assert sum(map(int, re.findall(r"\d+", background)[:3])) < 200 < 500 < sum(map(int, re.findall(r"\d+", text)[:3]))

    notebook.run(2)
    page.wait_for_function(
        "() => JSON.stringify(window.jupyterapp.shell.currentWidget.content.model.cells.get(1)"
        ".sharedModel.toJSON().outputs).includes('vnd.automl-jupyter+json')"
    )
    notebook.command("docmanager:save")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    page.reload()
    notebook.wait_until_ready()
    report = notebook.cell(1).locator(".amlj-static")
    report.wait_for()
    assert "Stopped" in report.inner_text()
    assert report.locator("tbody tr").count() > 1
    assert report.locator("img").count() > 0
