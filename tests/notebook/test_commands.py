from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from automl_jupyter.errors import SpecError, StoreError
from automl_jupyter.store.summary import JobSummary


@pytest.fixture
def workspace(monkeypatch, make_job):
    """Three jobs of a workspace, by name, and what was asked of it."""
    jobs = {name: make_job(name, created_at="2026-11-23T12:30:00.000Z") for name in ("bank", "bank-2", "houses")}
    jobs["houses"].end()

    class Jobs:
        resumed: list = []

        def summaries(self):
            seen = [job.snapshot() for job in jobs.values()]
            keys = ("name", "task", "status", "created_at")
            return [JobSummary(**{k: s[k] for k in keys}, experiment="birds", display_name=s["name"]) for s in seen]

        def get(self, name):
            if name not in jobs:
                raise StoreError(f"There is no job {name!r}.")
            return jobs[name]

        def resume(self, name, *, namespace=None):
            self.resumed.append(name)
            return self.get(name)

    class Client:
        jobs = Jobs()

    monkeypatch.setattr("automl_jupyter.client.workspace.MLClient", Client)
    monkeypatch.setattr("automl_jupyter.notebook.commands.job_names", lambda: list(jobs))
    Jobs.resumed = []
    return jobs


def test_alone_it_shows_a_short_help(shell, capsys):
    shell.run_line_magic("automl", "")
    shown = capsys.readouterr().out
    assert len(shown.splitlines()) < 10
    assert "%automl open NAME" in shown


def test_help_shows_both_pages(shell, capsys):
    shell.run_line_magic("automl", "help")
    shown = capsys.readouterr().out
    assert "resume NAME" in shown
    assert "--timeout MINUTES" in shown


def test_jobs_lists_the_workspace_as_a_table(shell, workspace, published):
    shell.run_line_magic("automl", "jobs")
    data = published[0]["data"]
    assert [line.split()[0] for line in data["text/plain"].splitlines()] == ["Name", "bank", "bank-2", "houses"]
    assert "2026-11-23 12:30 UTC" in data["text/plain"]
    assert data["text/html"].count("<tr>") == 4


def test_an_empty_workspace_says_so(shell, capsys):
    shell.run_line_magic("automl", "jobs")
    assert "There are no jobs in this workspace yet" in capsys.readouterr().out


def test_open_binds_the_newest_run_and_shows_it(shell, workspace, capsys):
    shell.run_line_magic("automl", "open bank")
    assert shell.user_ns["bank"] is workspace["bank-2"]
    assert "bank-2: Running" in capsys.readouterr().out


def test_open_takes_a_run_and_another_variable(shell, workspace):
    shell.run_line_magic("automl", "open bank-1 first")
    assert shell.user_ns["first"] is workspace["bank"]


def test_open_does_not_take_the_place_of_something_else(shell, workspace):
    shell.user_ns["houses"] = [1, 2]
    with pytest.raises(SpecError, match="'houses' is a list in this notebook"):
        shell.run_line_magic("automl", "open houses")
    assert shell.user_ns["houses"] == [1, 2]


def test_show_does_not_bind(shell, workspace, capsys):
    shell.run_line_magic("automl", "show houses")
    assert "houses · classification · Completed" in capsys.readouterr().out
    assert "houses" not in shell.user_ns


def test_cancel_asks_the_job_and_says_so(shell, workspace, capsys):
    shell.run_line_magic("automl", "cancel bank")
    assert (workspace["bank-2"].cancelled, workspace["bank"].cancelled) == (1, 0)
    assert "'bank-2' was asked to stop" in capsys.readouterr().out


def test_cancel_of_a_job_that_is_over_asks_nothing(shell, workspace, capsys):
    shell.run_line_magic("automl", "cancel houses")
    assert workspace["houses"].cancelled == 0
    assert "'houses' is over already (Completed)" in capsys.readouterr().out


def test_cancel_of_a_job_that_nobody_runs_says_how_to_go_on(shell, workspace, capsys):
    workspace["houses"].tell(status="NotResponding", over=False)
    shell.run_line_magic("automl", "cancel houses")
    assert workspace["houses"].cancelled == 0
    assert "No process runs this job any more; %automl resume houses goes on with it." in capsys.readouterr().out


def test_a_variable_wins_over_the_workspace(shell, workspace, make_job):
    shell.user_ns["houses"] = mine = make_job("mine")
    shell.run_line_magic("automl", "cancel houses")
    assert mine.cancelled == 1


def test_resume_goes_on_with_the_newest_run_and_binds_it(shell, workspace):
    shell.run_line_magic("automl", "resume bank")
    assert shell.user_ns["bank"] is workspace["bank-2"]


@pytest.mark.parametrize(
    ("line", "error", "sentence"),
    [
        ("opne bank", SpecError, "there is no command 'opne'. Did you mean 'open'?"),
        ("open", SpecError, "%automl open: takes NAME .VARIABLE., but none came"),
        ("jobs all", SpecError, "%automl jobs: takes nothing after it, but 1 came"),
        ("open bank a b", SpecError, "but 3 came"),
        ("open bank 1x", SpecError, "'1x' cannot name a variable"),
        ("open nothing", StoreError, "There is no job 'nothing'"),
        ('open "bank', SpecError, "a quote is not closed"),
    ],
)
def test_a_mistake_is_a_sentence(shell, workspace, line, error, sentence):
    with pytest.raises(error, match=sentence):
        shell.run_line_magic("automl", line)


def test_names_in_the_table_are_escaped(shell, workspace, published):
    workspace["bank"].tell(name="<script>alert(1)</script>\x1b[31m")
    shell.run_line_magic("automl", "jobs")
    assert "<script" not in published[0]["data"]["text/html"]
    assert "\x1b" not in published[0]["data"]["text/plain"]


@pytest.mark.parametrize("line", ["profile rows --target y", "profile rows --target=y", "profile --target y rows"])
def test_profile_shows_a_table_and_takes_its_name(shell, capsys, line):
    shell.user_ns["rows"] = pd.DataFrame({"size": [1.0, 2.0, 4.0] * 10, "y": ["no", "no", "yes"] * 10})
    shell.run_line_magic("automl", line)
    assert "profile.set_type(" in capsys.readouterr().out
    assert shell.user_ns["profile"].task == "classification"


def test_profile_leaves_another_variable_of_its_name_alone(shell, capsys):
    shell.user_ns |= {"rows": pd.DataFrame({"a": [1, 2, 3]}), "profile": 7}
    shell.run_line_magic("automl", "profile rows")
    assert shell.user_ns["profile"] == 7
    assert "profile.set_type(" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("profile", r"takes TABLE .--target COLUMN., but none came"),
        ("profile rows --target", "needs a value: --target COLUMN"),
        ("profile rows --goal y", "takes TABLE"),
    ],
)
def test_profile_says_what_it_takes(shell, line, says):
    from automl_jupyter.notebook.commands import run_command

    with pytest.raises(SpecError, match=says):
        run_command(shell, line.removeprefix("%automl "))


def test_resume_goes_on_in_the_workspace_of_the_handle(shell, monkeypatch, make_job, tmp_path):
    mine = make_job("mine")
    mine.path = tmp_path / "elsewhere" / "birds" / "mine"
    asked = []

    class Client:
        def __init__(self, path=None):
            asked.append(path)
            self.jobs = SimpleNamespace(resume=lambda name, *, namespace=None: mine)

    monkeypatch.setattr("automl_jupyter.client.workspace.MLClient", Client)
    shell.user_ns["mine"] = mine
    shell.run_line_magic("automl", "resume mine")
    assert asked == [tmp_path / "elsewhere"]
