"""Make the pictures of the documentation anew: the views in JupyterLab, and every chart, from jobs run for them.

Run with ``.venv/bin/python tools/pictures.py``; it needs Chromium and takes about four minutes.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
DATA = """\
from sklearn.datasets import load_breast_cancer
X, y = load_breast_cancer(return_X_y=True, as_frame=True)
train = X.assign(diagnosis=y.map({0: "malignant", 1: "benign"}))
%load_ext automl_jupyter
"""
CELL = """\
%%automl job --timeout 2 --trials 60
task: classification
training_data: train
target_column_name: diagnosis
primary_metric: AUC_weighted"""
#: (chart, arguments) of each task
CHARTS: dict[str, list[tuple[str, tuple[Any, ...]]]] = {
    "classification": [
        *((name, ()) for name in ("roc", "precision_recall", "cumulative_gains", "lift", "calibration")),
        *((name, ()) for name in ("confusion_matrix", "importance", "shap", "slices", "learning_curve", "progress")),
        ("explanation", (0,)),
        ("partial_dependence", ("worst area",)),
    ],
    "regression": [("predicted_vs_true", ()), ("residuals", ())],
}


def picture_views(folder: Path) -> None:
    """Take pictures of the panel and the live view, light and dark, while a job runs."""
    from playwright.sync_api import sync_playwright

    from automl_jupyter.testing.jupyter import Lab, Notebook

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as root, sync_playwright() as playwright:
        server = Lab(Path(root))
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            server.wait_until_up()
            server.write_notebook("pictures.ipynb", [DATA, "%automl panel train --target diagnosis", CELL])
            page = browser.new_page(viewport={"width": 1280, "height": 1700})
            notebook = Notebook(server, page, "pictures.ipynb").open()
            _picture_notebook(notebook, page, folder)
            notebook.command("notebook:shutdown-kernel")
        finally:
            browser.close()
            server.stop()


def _picture_notebook(notebook: Any, page: Any, folder: Path) -> None:
    def take(view: Any, name: str, chart: str = "") -> None:
        """Take one picture by day and one by night; the chart is asked for in the colours of the page."""
        for theme, suffix in (("Dark", "-dark"), ("Light", "")):
            page.evaluate(
                "(t) => window.jupyterapp.commands.execute('apputils:change-theme', { theme: `JupyterLab ${t}` })",
                theme,
            )
            if chart:
                view.get_by_role("button", name=chart, exact=True).click()
            page.wait_for_timeout(2500)
            view.scroll_into_view_if_needed()
            view.screenshot(path=folder / f"{name}{suffix}.png")

    notebook.command("application:toggle-left-area")
    notebook.run(0)
    notebook.run(1)
    panel = notebook.cell(1).locator("section.amlj")
    panel.wait_for()
    page.wait_for_timeout(2000)
    take(panel, "panel")
    notebook.run(2)
    live = notebook.cell(2).locator("section.amlj")
    live.wait_for()
    page.wait_for_timeout(30_000)
    live.locator("summary", has_text="Log").click()
    take(live, "live-view")
    live.locator("summary", has_text="Log").click()
    live.locator(".amlj-toggle").first.click()
    live.locator(".amlj-figure img").wait_for(timeout=60_000)
    take(live, "model-page", chart="ROC")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.evaluate("() => window.jupyterapp.shell.activateById('automl-jobs')")
    page.locator(".amlj-side-job").first.click()
    page.locator(".amlj-page section.amlj").wait_for()
    take(page.locator("#jp-main-content-panel"), "job-page")
    page.set_viewport_size({"width": 1280, "height": 1700})
    page.evaluate("() => window.jupyterapp.commands.execute('application:activate-previous-tab')")
    live.get_by_role("button", name="Stop").click()
    notebook.cell(2).locator("section.amlj[data-over]").wait_for(timeout=120_000)


def picture_charts(folder: Path) -> None:
    """Draw every chart."""
    from sklearn.datasets import load_breast_cancer, load_diabetes

    from automl_jupyter import automl
    from automl_jupyter.client import submit

    cancer, y = load_breast_cancer(return_X_y=True, as_frame=True)
    tables = {
        "classification": cancer.assign(diagnosis=y.map({0: "malignant", 1: "benign"})),
        "regression": load_diabetes(as_frame=True, scaled=False).frame,
    }
    with tempfile.TemporaryDirectory() as root:
        for task, table in tables.items():
            spec = getattr(automl, task)(training_data=table, target_column_name=str(table.columns[-1]))
            spec.set_limits(timeout_minutes=0.5)
            job = submit(spec, workspace=Path(root) / task).wait()
            for name, given in CHARTS[task]:
                arguments = [table.iloc[[a]] if name == "explanation" else a for a in given]
                for suffix in ("", "-dark"):
                    chart = getattr(job.plot, name)
                    picture, says = chart.render(*arguments, format="png", dpi=90, dark=bool(suffix))
                    (folder / f"{name}{suffix}.png").write_bytes(picture)
                click.echo(f"{name}: {says}")


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    picture_views(PICTURES)
    picture_charts(PICTURES)
