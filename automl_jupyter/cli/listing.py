"""The jobs of a workspace, as records and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl_jupyter._core.text import duration, plain
from automl_jupyter.results.words import on_folds

if TYPE_CHECKING:
    from rich.table import Table

    from automl_jupyter.store.summary import JobSummary


def job_record(summary: JobSummary, workspace: Path) -> dict[str, Any]:
    """Return what the list says about one job, as JSON-able values."""
    return {**summary.model_dump(), "path": str(workspace / summary.experiment / summary.name)}


def job_table(records: Sequence[Mapping[str, Any]]) -> Table:
    """Return job records as a rich table."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Job", "Experiment", "Task", "Status", "Best", "Metric", "Time", "Created"):
        # The others give way where there is no room: a whole name is what `show` and `cancel` take.
        table.add_column(name, no_wrap=name == "Job", overflow="ellipsis")
    for record in records:
        best = f"{record['best']} {record.get('text') or '–'}{on_folds(record)}" if record.get("best") else "–"
        created = str(record.get("created_at") or "")[:16].replace("T", " ")
        cells = (
            record.get("name"),
            record.get("experiment"),
            record.get("task"),
            record.get("status"),
            best,
            record.get("metric") or "",
            duration(float(record.get("elapsed_s") or 0.0)),
            created,
        )
        table.add_row(*(Text(plain(cell, most=100), no_wrap=True, overflow="ellipsis") for cell in cells))
    return table
