from __future__ import annotations

import pandas as pd
import pytest

from automl_jupyter.errors import DataError, SpecError, StoreError
from automl_jupyter.notebook.binding import check_free

BODY = "task: classification\ntraining_data: bank_df\ntarget_column_name: y\n"


@pytest.fixture
def table(shell):
    shell.user_ns["bank_df"] = pd.DataFrame({"age": range(20), "y": [0, 1] * 10})
    return shell.user_ns["bank_df"]


def test_a_cell_returns_with_the_job_bound_and_shown(notebook, table, submitted, published):
    assert notebook.run_cell_magic("automl", "bank --metric accuracy", BODY) is None
    assert notebook.user_ns["bank"].name == "bank"
    assert (submitted[0].task, submitted[0].primary_metric) == ("classification", "accuracy")
    assert not notebook.user_ns["bank"].done
    assert len(published) == 1


def test_a_cell_without_a_name_binds_job(notebook, table, submitted, published):
    notebook.run_cell_magic("automl", "", BODY)
    assert notebook.user_ns["job"].name == "job"


def test_an_option_wins_over_the_body(notebook, table, submitted, published):
    notebook.run_cell_magic("automl", "--target age", BODY)
    assert submitted[0].target_column_name == "age"


def test_quiet_shows_nothing(notebook, table, submitted, published, capsys):
    notebook.run_cell_magic("automl", "bank --quiet", BODY)
    assert notebook.user_ns["bank"].listeners == []
    assert published == []
    assert capsys.readouterr().out == ""


def test_running_the_cell_again_makes_another_job_and_takes_the_name_over(
    notebook, table, submitted, published, tmp_path
):
    folder = tmp_path / "automl_jobs" / "any" / "bank"
    folder.mkdir(parents=True)
    (folder / "events.jsonl").touch()
    notebook.user_ns["bank"] = None
    notebook.run_cell_magic("automl", "bank", BODY)
    assert submitted[0].name == "bank-2"
    assert notebook.user_ns["bank"].name == "bank-2"


def test_a_name_in_the_body_is_left_alone(notebook, table, submitted, published):
    notebook.run_cell_magic("automl", "bank", BODY + "name: my-own\n")
    assert submitted[0].name == "my-own"
    assert notebook.user_ns["bank"].name == "my-own"


def test_a_job_never_takes_the_place_of_a_table(notebook, table, submitted):
    with pytest.raises(SpecError, match=r"'bank_df' is a DataFrame in this notebook.*'bank_df_job'"):
        notebook.run_cell_magic("automl", "bank_df", BODY)
    assert notebook.user_ns["bank_df"] is table
    assert submitted == []


def test_a_job_takes_the_place_of_a_job(make_job):
    check_free({"bank": make_job()}, "bank")


@pytest.mark.parametrize(
    ("line", "body", "sentence"),
    [
        ("bank --metrik accuracy", BODY, "--metrik: is not an option. Did you mean '--metric'?"),
        ("bank", "task: clasification\n", "'classification'"),
        ("bank", BODY + "primary_metrc: accuracy\n", "primary_metrc.*'primary_metric'"),
        ("bank", "a: [1\n", "line"),
    ],
)
def test_a_mistake_prints_sentences_and_binds_nothing(notebook, table, submitted, capsys, line, body, sentence):
    result = notebook.run_cell(f"%%automl {line}\n{body}")
    assert isinstance(result.error_in_exec, SpecError)
    printed = capsys.readouterr()
    shown = printed.out + printed.err
    assert shown.startswith("SpecError: ")
    assert "Traceback" not in shown
    assert "bank" not in notebook.user_ns
    assert submitted == []
    with pytest.raises(SpecError, match=sentence):
        raise result.error_in_exec


def test_braces_and_dollars_of_the_first_line_are_not_python(notebook, table, submitted, published):
    notebook.user_ns["x"] = "boom"
    notebook.run_cell_magic("automl", "bank --target '{x} $x'", BODY)
    assert submitted[0].target_column_name == "{x} $x"


def test_a_dry_run_shows_the_plan_and_starts_nothing(notebook, table, submitted, published, capsys):
    notebook.run_cell("%%automl bank --dry-run --trials 3\n" + BODY)
    shown = capsys.readouterr().out
    assert shown.startswith("Nothing was started.")
    assert "20 rows, 1 feature column of 1, 2 classes" in shown
    assert "at most 3 trials" in shown
    assert "Reasons" in shown
    assert submitted == []
    assert "bank" not in notebook.user_ns


def test_a_dry_run_finds_the_same_mistakes(notebook, table, submitted):
    with pytest.raises(DataError, match="There is no column 'z'"):
        notebook.run_cell_magic("automl", "--dry-run --target z", BODY)


def test_a_cell_in_a_terminal_waits_and_an_option_undoes_that(shell, table, monkeypatch, make_job):
    waited = []
    monkeypatch.setattr("automl_jupyter.notebook.waiting.wait_blocking", lambda job, watch: waited.append(job.name))
    monkeypatch.setattr(
        "automl_jupyter.client.workspace.JobOperations.create_or_update",
        lambda self, job, *, namespace=None: make_job(job.name),
    )
    shell.run_cell_magic("automl", "a", BODY)
    shell.run_cell_magic("automl", "b --no-wait", BODY)
    shell.run_cell_magic("automl", "c --wait --quiet", BODY)
    assert waited == ["a", "c"]


def page_of(shell, magic):
    return shell.object_inspect(magic)["docstring"]


def test_the_help_pages_list_every_option_and_examples(shell):
    page = page_of(shell, "%%automl")
    assert "--timeout MINUTES" in page
    assert "limits.timeout_minutes" in page
    assert "%%automl bank" in page
    assert "resume NAME" in page_of(shell, "%automl")


def test_a_mistake_has_its_line_in_the_cell(notebook, table, submitted):
    with pytest.raises(SpecError, match=r"^line 5, primary_metrc: ") as caught:
        notebook.run_cell_magic("automl", "bank", BODY + "primary_metrc: accuracy\n")
    assert [p.line for p in caught.value.problems] == [5]
    with pytest.raises(SpecError, match=r"^line 2, task: "):
        notebook.run_cell_magic(
            "automl", "bank", "task: clasification\ntraining_data: bank_df\ntarget_column_name: y\n"
        )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("bank_df --dry-run", "'bank_df' is a DataFrame"),
        ("--dry-run --compute mine", "'mine' is a list in the notebook"),
    ],
)
def test_a_dry_run_is_refused_where_the_cell_would_be(notebook, table, submitted, line, sentence):
    notebook.user_ns["mine"] = []
    with pytest.raises(SpecError, match=sentence):
        notebook.run_cell_magic("automl", line, BODY)


def test_a_name_that_another_kernel_takes_meanwhile_is_left_to_it(
    notebook, table, published, monkeypatch, make_job, tmp_path
):
    asked = []

    def create(self, job, *, namespace=None):
        asked.append(job.name)
        if job.name == "bank":
            (tmp_path / "automl_jobs" / "any" / "bank").mkdir(parents=True)
            raise StoreError("The job's folder bank cannot be made: File exists.")
        return make_job(job.name)

    monkeypatch.setattr("automl_jupyter.client.workspace.JobOperations.create_or_update", create)
    notebook.run_cell_magic("automl", "bank", BODY)
    assert asked == ["bank", "bank-2"]
    assert notebook.user_ns["bank"].name == "bank-2"


@pytest.mark.parametrize("name", ["\u00b5", "\uff4a\uff4f\uff42", "cafe\u0301"])
def test_a_name_is_bound_as_python_spells_it(notebook, table, submitted, published, name):
    notebook.run_cell_magic("automl", name, BODY)
    assert notebook.run_cell(f"found = {name}").error_in_exec is None
    assert notebook.user_ns["found"].listeners
    with pytest.raises(SpecError, match="a word of Python itself"):
        notebook.run_cell_magic("automl", "\uff49\uff46", BODY)
