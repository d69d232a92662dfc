"""A kernel nobody looks at: what nbclient, nbconvert and papermill run."""

from __future__ import annotations

import nbclient
import nbformat
import pytest

from automl_jupyter.notebook.html import MIME

pytestmark = pytest.mark.notebook

SETUP = """\
import pandas as pd
table = pd.DataFrame({"a": range(80), "b": [i % 7 for i in range(80)], "y": [int(i % 7 > 3) for i in range(80)]})
%load_ext automl_jupyter"""
CELL = """\
%%automl bank --trials 2 {options}
task: classification
training_data: table
target_column_name: y
n_cross_validations: 2"""


def execute(*cells, allow_errors=False):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3", allow_errors=allow_errors)
    client.execute()
    return [cell.outputs for cell in notebook.cells], notebook


def test_a_cell_waits_by_itself_and_leaves_the_end_in_the_notebook():
    outputs, notebook = execute(SETUP, CELL.format(options=""), "print(bank.status, len(bank.model.predict(table)))")
    assert [sorted(output.data) for output in outputs[1]] == [[MIME, "text/html", "text/plain"]]
    assert "Completed" in outputs[1][0].data["text/plain"]
    assert outputs[2][0].text == "Completed 80\n"
    assert "widgets" not in notebook.metadata


def test_a_cell_that_should_not_wait_does_not_and_mistakes_are_sentences():
    outputs, _ = execute(
        SETUP,
        CELL.format(options="--no-wait --quiet"),
        "bank.wait(); print(bank.status)",
        CELL.format(options="--metric acuracy"),
        allow_errors=True,
    )
    assert outputs[1] == []
    assert outputs[2][0].text == "Completed\n"
    error = outputs[3][0]
    assert (error.output_type, error.ename) == ("error", "SpecError")
    assert "'accuracy'" in error.evalue
    assert all("Traceback" not in line and "File " not in line for line in error.traceback)
