"""The cell and the commands on real jobs, fitted in this process."""

from __future__ import annotations

from importlib import import_module

import pandas as pd
import pytest

from automl_jupyter.errors import DataError, StoreError

BODY = """\
task: classification
training_data: table
target_column_name: y
training:
  allowed_training_algorithms: [LogisticRegression]
  enable_vote_ensemble: false
  enable_stack_ensemble: false
"""


@pytest.fixture
def table(shell):
    shell.user_ns["table"] = pd.DataFrame(
        {"a": range(60), "b": [i % 5 for i in range(60)], "y": [i % 5 > 2 for i in range(60)]}
    )
    return shell.user_ns["table"]


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    # by import_module: the package offers a function of the module's name
    submitting = import_module("automl_jupyter.client.submit")
    monkeypatch.setattr(submitting, "resolve_compute", lambda compute, names, default: "inline")


def run(shell, line, body=BODY):
    shell.run_cell_magic("automl", f"{line} --trials 1 --folds 2", body)


def test_a_cell_trains_and_leaves_a_model(shell, table, capsys):
    run(shell, "bank")
    bank = shell.user_ns["bank"]
    assert (bank.name, bank.status) == ("bank", "Completed")
    assert len(bank.model.predict(table)) == 60
    shown = capsys.readouterr().out
    assert "bank · classification · Completed" in shown
    assert "The number of trials was reached." in shown


def test_a_cell_run_twice_makes_two_jobs_that_another_notebook_finds(shell, table, published):
    run(shell, "bank --quiet")
    run(shell, "bank --quiet")
    assert shell.user_ns["bank"].name == "bank-2"
    shell.run_line_magic("automl", "jobs")
    assert [line.split()[0] for line in published[-1]["data"]["text/plain"].splitlines()[1:]] == ["bank-2", "bank"]
    del shell.user_ns["bank"]
    shell.run_line_magic("automl", "open bank")
    assert shell.user_ns["bank"].name == "bank-2"
    assert len(shell.user_ns["bank"].model.predict(table)) == 60


def test_a_mistake_in_the_data_is_told_in_the_cell_and_leaves_nothing(shell, table):
    with pytest.raises(DataError, match="There is no column 'z'"):
        run(shell, "bank --target z")
    assert "bank" not in shell.user_ns
    from automl_jupyter.notebook.commands import job_names

    assert job_names() == []


def test_there_is_nothing_to_resume_of_a_complete_job(shell, table):
    run(shell, "bank --quiet")
    with pytest.raises(StoreError, match="there is nothing to go on with"):
        shell.run_line_magic("automl", "resume bank")


def test_a_live_view_shows_the_end_in_its_place(notebook, table, published):
    run(notebook, "bank --wait")
    assert published[0]["transient"] == published[-1]["transient"]
    assert "Completed" in published[-1]["data"]["text/plain"]
    assert "LogisticRegression" in published[-1]["data"]["text/html"]
