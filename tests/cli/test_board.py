"""The leaderboard in a terminal."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from automl_jupyter.cli import board
from automl_jupyter.cli.listing import job_table


def _drawn(snapshot: dict[str, Any], **more: Any) -> str:
    stream = io.StringIO()
    Console(file=stream, width=120, markup=False, highlight=False).print(board.render(snapshot, **more))
    return stream.getvalue()


def test_every_row_is_there_in_order(fakes: SimpleNamespace) -> None:
    rows = [fakes.row(3, "VotingEnsemble", 0.95, rank=1), fakes.row(1, "LightGBM", 0.91, rank=2)]
    lines = _drawn(fakes.snapshot(rows=rows)).splitlines()
    assert lines[0].startswith("calm_owl · classification · Running · 12 s · 2 workers")
    assert lines[1].startswith("Best: VotingEnsemble, AUC_weighted 0.9500")
    assert "Trials 2 of 9" in lines[2]
    table = [line.split() for line in lines[-2:]]
    assert [cells[:4] for cells in table] == [
        ["1", "VotingEnsemble", "3", "0.9500"],
        ["2", "LightGBM", "1", "0.9100"],
    ]


def test_a_score_says_on_which_folds_it_stands_where_that_is_not_all(fakes: SimpleNamespace) -> None:
    best = {"label": "VotingEnsemble", "text": "0.9500", "folds": "1 of 5 folds"}
    assert "Best: VotingEnsemble, AUC_weighted 0.9500 on 1 of 5 folds\n" in _drawn(fakes.snapshot(best=best))


def test_so_does_the_list_of_jobs() -> None:
    stream = io.StringIO()
    records = [{"name": "bank", "best": "VotingEnsemble", "text": "0.95", "folds": "1 of 5 folds"}]
    Console(file=stream, width=160).print(job_table([*records, {**records[0], "folds": None}]))
    first, second = stream.getvalue().splitlines()[1:]
    assert "VotingEnsemble 0.95 on 1 of 5 folds" in first
    assert "VotingEnsemble 0.95" in second
    assert "folds" not in second


def test_rows_beyond_the_window_are_counted(fakes: SimpleNamespace) -> None:
    rows = [fakes.row(n, "LightGBM", 0.9 - n / 100, rank=n) for n in range(1, 6)]
    text = _drawn(fakes.snapshot(rows=rows), rows=2)
    assert text.count("LightGBM") == 3  # two rows and the best
    assert "… and 3 more rows" in text


def test_a_failed_row_says_why(fakes: SimpleNamespace) -> None:
    error = {"type": "MemoryError", "message": "no memory for 3 GB", "tail": ""}
    text = _drawn(fakes.snapshot(rows=[fakes.row(1, "KNN", None, state="failed", error=error)]))
    assert "✕ failed: no memory for 3 GB" in text


def test_names_are_neither_markup_nor_control_codes(fakes: SimpleNamespace) -> None:
    row = fakes.row(1, "[red]Light\x1b[31mGBM[/red]", 0.9, rank=1)
    text = _drawn(fakes.snapshot(rows=[row], display_name="\x1b]0;title\x07[bold]x"))
    assert "[red]LightGBM[/red]" in text
    assert "\x1b" not in text
    assert "\x07" not in text


def test_warnings_and_test_metrics_are_shown(fakes: SimpleNamespace) -> None:
    notes = [
        {"level": "info", "message": "quiet", "at": ""},
        {"level": "warning", "message": "loud", "at": ""},
    ]
    text = _drawn(fakes.snapshot("Completed", notes=notes, test_metrics={"accuracy": 0.75}))
    assert "! loud" in text
    assert "quiet" not in text
    assert "On the test data: accuracy 0.75" in text


def test_an_empty_snapshot_can_be_drawn() -> None:
    assert _drawn({"name": "x", "status": "NotStarted"}).startswith("x · Not started")


def test_a_model_without_a_score_is_listed_without_one() -> None:
    stream = io.StringIO()
    record = {"name": "bank", "experiment": "birds", "task": "classification", "status": "Completed"}
    Console(file=stream, width=160).print(job_table([{**record, "best": "LightGBM", "text": None}]))
    assert "LightGBM –" in stream.getvalue()
    assert "None" not in stream.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_the_list_of_jobs_has_whole_names_on_one_line_each(width: int) -> None:
    record = {
        "name": "20261201T003438-1a2b3c4d", "experiment": "churn-project", "task": "classification",
        "status": "Completed", "best": "VotingEnsemble", "text": "0.9123", "metric": "AUC_weighted",
        "elapsed_s": 603.0, "created_at": "2026-12-01T00:34:38.000Z",
    }  # fmt: skip
    stream = io.StringIO()
    Console(file=stream, width=width).print(job_table([record]))
    _, line = stream.getvalue().splitlines()
    assert line.split()[0] == record["name"]
