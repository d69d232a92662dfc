"""What a cell would be refused for, with the lines of its problems."""

from __future__ import annotations

import pytest

from automl_jupyter.server.check import check_cell

CELL = "%%automl --timeout 5\ntask: clasification\ntraining_data: df\n"


@pytest.mark.parametrize("before", ["", "\n", "\n  \n\t\n"])
def test_blank_lines_before_a_cell_are_left_out_and_counted(before: str) -> None:
    problems = check_cell(before + CELL)
    n_blank = before.count("\n")
    assert [(p["where"], p["line"]) for p in problems if p["where"] == "task"] == [("task", 2 + n_blank)]
    (option,) = check_cell(f"{before}%%automl --tmeout 5\n")
    assert option["line"] == 1 + n_blank


@pytest.mark.parametrize("text", ["", "\n\n", "print(1)", "\nprint(1)\n%%automl\n", "%%automlx\n"])
def test_cells_of_another_kind_have_no_problems(text: str) -> None:
    assert check_cell(text) == []
