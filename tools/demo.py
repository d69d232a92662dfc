"""Run the quickstart notebook as a reader would, print its leaderboard and keep it as HTML."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "notebooks" / "quickstart.ipynb"


def run_notebook(path: Path, out: Path) -> tuple[nbformat.NotebookNode, CellExecutionError | None]:
    """Execute the notebook at `path` in the folder `out`; return it with the error that ended it, if any."""
    out.mkdir(parents=True, exist_ok=True)
    os.environ["AUTOML_JOBS"] = str(out / "automl_jobs")
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": str(out)}},
        extra_arguments=["--log-level=ERROR"],  # the kernel's own remarks on its sockets are no news here
    )
    try:
        client.execute()
    except CellExecutionError as error:
        return notebook, error
    return notebook, None


def tagged_text(notebook: nbformat.NotebookNode, tag: str) -> str:
    """Return the text that the cells tagged `tag` put out."""
    texts = []
    for cell in notebook.cells:
        if tag in cell.metadata.get("tags", []):
            texts += [o.get("text") or o.get("data", {}).get("text/plain", "") for o in cell.get("outputs", [])]
    return "\n\n".join(texts)


def main() -> int:
    """Run the demo."""
    out = ROOT / "out"
    click.echo(f"Running {NOTEBOOK.relative_to(ROOT)}: about a minute.")
    notebook, error = run_notebook(NOTEBOOK, out)
    html, _ = HTMLExporter().from_notebook_node(notebook)
    page = out / f"{NOTEBOOK.stem}.html"
    page.write_text(html, encoding="utf-8")
    click.echo(tagged_text(notebook, "leaderboard"))
    click.echo(f"The executed notebook: {page.relative_to(ROOT)}")
    if error is not None:
        click.echo(f"It stopped at an error: {error.ename}: {error.evalue}", err=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
