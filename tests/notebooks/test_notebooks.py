"""The shipped notebooks run from top to bottom, as a reader runs them."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

pytestmark = [pytest.mark.notebook, pytest.mark.timeout(600)]


def _outputs(cell: nbformat.NotebookNode) -> str:
    return "\n".join(o.get("text") or o.get("data", {}).get("text/plain", "") for o in cell.outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebook_runs(path: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code:
        stderr = [o.text for o in cell.outputs if o.output_type == "stream" and o.name == "stderr"]
        assert stderr == [], f"the cell {cell.id} writes to stderr"
    boards = [_outputs(cell) for cell in code if "leaderboard" in cell.metadata.get("tags", [])]
    assert boards, "no cell is tagged as a leaderboard"
    for board in boards:
        assert "· Completed" in board
        assert re.search(r"^  1 ", board, re.MULTILINE), "nothing is ranked"
