from __future__ import annotations

import pandas as pd
import pytest
import yaml

from automl_jupyter.notebook.completer import complete
from automl_jupyter.spec.options import OPTIONS
from automl_jupyter.spec.parse import parse_cell

COLUMNS = ["age", "Job Title", "y", "true", "a: b", 'quote"s', "#hash", "naïve", "control\x1b[31m", 7]
NAMES = {
    "bank_df": pd.DataFrame([[0] * len(COLUMNS)], columns=COLUMNS),
    "houses": pd.DataFrame({"price": [1.0]}),
    "_hidden": pd.DataFrame(),
    "number": 3,
}


def offered(text, namespace=NAMES):
    """What Tab offers at the mark `|`."""
    before, _, after = text.partition("|")
    lines = before.split("\n")
    found = complete(before + after, len(lines) - 1, len(lines[-1]), namespace)
    return None if found is None else found.texts


def test_options_complete_on_the_first_line_and_used_ones_are_left_out():
    flags = {o.flag for o in OPTIONS} | {"--wait", "--no-wait", "--quiet", "--dry-run"}
    assert set(offered("%%automl bank |")) == flags
    assert set(offered("%%automl bank --tim|")) == {"--timeout", "--time-column"}
    assert "--timeout" not in offered("%%automl bank --timeout 3 --ti|")


def test_a_name_in_an_open_quote_completes_past_its_blank():
    assert offered("%%automl b --data bank_df --target 'Job Ti|") == ("'Job Title'",)
    assert offered('%%automl b --data bank_df --target "Job |') == ("'Job Title'",)


@pytest.mark.parametrize("cell", ["%%automl b --data |", "%%automl b --data=|", "%%automl b\ntraining_data: |"])
def test_tables_of_the_notebook_complete(cell):
    assert offered(cell) == ("bank_df", "houses")


@pytest.mark.parametrize(
    "cell",
    [
        "%%automl b --data houses --target |",
        "%%automl b --data=houses --target pr|",
        "%%automl b --target |\ntraining_data: houses",
        "%%automl b\ntraining_data: houses  # the table\ntarget_column_name: |",
        "%%automl b\ntarget_column_name: p|\ntraining_data: 'houses'",
        "%%automl b\ntraining_data: houses\ncv_split_column_names: [|",
        "%%automl b\ntraining_data: houses\ncv_split_column_names:\n  - |",
    ],
)
def test_columns_of_the_named_table_complete(cell):
    assert offered(cell) == ("price",)


def test_every_offered_column_reads_back_as_itself_in_yaml():
    texts = offered("%%automl b\ntraining_data: bank_df\ntarget_column_name: |")
    read = [yaml.safe_load(f"target_column_name: {text}")["target_column_name"] for text in texts]
    assert read == [c for c in COLUMNS if isinstance(c, str) and c.isprintable()]


def test_every_offered_column_reads_back_as_itself_on_the_first_line():
    from automl_jupyter.client.cell import parse_cell_arguments

    texts = offered("%%automl b --data bank_df --target |")
    read = [parse_cell_arguments(f"--target {text}").options["target_column_name"] for text in texts]
    assert read == [c for c in COLUMNS if isinstance(c, str) and c.isprintable()]


def test_a_column_that_is_quoted_completes_after_its_quote_too():
    assert offered('%%automl b\ntraining_data: bank_df\ntarget_column_name: "a|') == ("age", '"a: b"')


def test_fields_complete_and_written_ones_are_left_out():
    texts = offered("%%automl b\ntask: classification\nt|")
    assert "training_data: " in texts
    assert "target_column_name: " in texts
    assert "task: " not in texts


def test_fields_of_a_section_complete_by_their_indentation():
    cell = "%%automl b\ntask: classification\nlimits:\n  max_trials: 3\n  |\ntarget_column_name: y"
    assert "timeout_minutes: " in offered(cell)
    assert "training_data: " not in offered(cell)


def test_fields_of_another_task_are_not_offered():
    assert "forecasting: " in offered("%%automl b\ntask: forecasting\nf|")
    assert "forecasting: " not in offered("%%automl b\ntask: regression\nf|")


@pytest.mark.parametrize("cell", ["%%automl b\ntask: |", "%%automl b --task |"])
def test_tasks_complete_and_each_is_one(cell):
    tasks = offered(cell)
    assert len(tasks) == 10
    assert "classification" in tasks


def test_metrics_of_the_task_complete_and_each_is_accepted():
    cell = "%%automl b\ntask: regression\nprimary_metric: |"
    assert "r2_score" in offered(cell)
    assert "AUC_weighted" not in offered(cell)
    for metric in offered(cell):
        body = f"task: regression\ntraining_data: d\ntarget_column_name: y\nprimary_metric: {metric}"
        assert parse_cell(body).primary_metric == metric


def test_learners_of_the_task_complete_in_a_list():
    for written in ("allowed_training_algorithms: [KNN, |", "allowed_training_algorithms:\n    - |"):
        texts = offered(f"%%automl b\ntask: classification\ntraining:\n  {written}")
        assert "LightGBM" in texts
        assert "ElasticNet" not in texts


def test_truth_values_complete():
    assert offered("%%automl b\ntask: classification\ntraining:\n  enable_stack_ensemble: |") == ("true", "false")


@pytest.mark.parametrize("text", ["x = 1|", "%%automlx |", "%%time\n%%automl |", "automl |", "print('%automl |"])
def test_other_cells_are_left_to_others(text):
    assert offered(text) is None


def test_commands_and_names_of_jobs_complete_on_the_line(make_job, monkeypatch):
    monkeypatch.setattr("automl_jupyter.notebook.commands.job_names", lambda: ["bank", "bank-2"])
    assert offered("%automl |")[:3] == ("jobs", "profile", "open")
    assert offered("x = 3\n%automl re|") == ("resume",)
    assert offered("%automl open b|", {"best": make_job(), "b": 3}) == ("best", "bank", "bank-2")
    assert offered("%automl jobs |") == ()
    assert offered("%automl open bank |") == ()


def test_ipython_offers_what_the_matcher_found(shell):
    shell.user_ns.update(NAMES)
    cell = "%%automl b\ntraining_data: houses\ntarget_column_name: pr"
    from IPython.core.completer import provisionalcompleter

    with provisionalcompleter():
        found = list(shell.Completer.completions(cell, len(cell)))
    assert [(c.text, cell[c.start : c.end]) for c in found] == [("price", "pr")]
    line = "%%automl b --tim"
    with provisionalcompleter():
        found = list(shell.Completer.completions(line, len(line)))
    assert {(c.text, line[c.start : c.end]) for c in found} == {("--timeout", "--tim"), ("--time-column", "--tim")}


def test_a_table_that_answers_oddly_does_no_harm():
    class Odd:
        def __getattr__(self, name):
            raise RuntimeError(name)

    assert offered("%%automl b\ntraining_data: |", {"odd": Odd(), "d": NAMES["houses"]}) == ("d",)
    assert offered("%%automl b\ntraining_data: odd\ntarget_column_name: |", {"odd": Odd()}) == ()


@pytest.mark.parametrize(
    ("lines", "texts"),
    [
        ("forecasting:\n  features_unknown_at_forecast_time: [|", ("price",)),
        ("featurization:\n  transformer_params:\n    imputer:\n      - fields: [|", ("price",)),
        ("featurization:\n  column_name_and_types:\n    p|", ("price: ",)),
        ("featurization:\n  column_name_and_types:\n    price: C|", ("Categorical", "CategoricalHash")),
    ],
)
def test_columns_and_their_types_complete_in_every_setting_that_takes_them(lines, texts):
    assert offered(f"%%automl b\ntask: forecasting\ntraining_data: houses\n{lines}") == texts
