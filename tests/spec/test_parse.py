"""Cells, files, mappings and options become the same job, and mistakes come back all at once with their lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from automl_jupyter.errors import SpecError
from automl_jupyter.spec import make_job, parse_cell, parse_file, parse_mapping, parse_yaml, render_yaml
from automl_jupyter.spec.yaml_core import load

EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.yaml"))
BASE = "task: classification\ntraining_data: df\ntarget_column_name: y\n"


def test_all_ten_tasks_have_an_example() -> None:
    assert len({parse_file(p).task for p in EXAMPLES}) == 10


def test_words_that_older_yaml_misreads_stay_words() -> None:
    job = parse_file(Path(__file__).parent / "examples" / "classification.yaml")
    data = job.to_dict()
    assert data["target_column_name"] == "no"
    assert data["positive_label"] == "yes"
    assert data["weight_column_name"] == "1:30"
    assert data["featurization"]["column_name_and_types"] == {"plan": "Categorical", "2024": "Numeric"}
    assert data["featurization"]["blocked_transformers"] == ["LabelEncoder", "WoETargetEncoder"]
    assert data["training"]["allowed_training_algorithms"] == ["LightGBM", "LogisticRegression"]
    assert data["tags"] == {"owner": "me", "version": "2"}


def test_an_azure_job_file_is_read_as_it_is() -> None:
    job = parse_file(Path(__file__).parent / "examples" / "forecasting.yaml")
    data = job.to_dict()
    assert data["compute"] == "azureml:my-cluster"
    assert "my-cluster" in job.notes[0]
    assert data["forecasting"]["seasonality"] is None
    assert data["forecasting"]["short_series_handling_config"] is None
    assert data["training"]["blocked_training_algorithms"] == ["Prophet", "AutoArima"]


def test_how_the_cloud_hands_over_an_input_is_kept_and_changes_nothing() -> None:
    body = "task: regression\ntarget_column_name: y\ntraining_data: {type: mltable, path: ./train, mode: eval_mount}\n"
    job = parse_cell(body + "test_data: {path: ./test, mode: download, datastore: azureml:blobs}\n")
    assert (job.training_data.path, job.training_data.mode) == ("./train", "eval_mount")
    assert parse_yaml(render_yaml(job)).to_dict() == job.to_dict()
    assert job.test_data.short() == {"path": "./test", "mode": "download", "datastore": "azureml:blobs"}
    with pytest.raises(SpecError, match=r"training_data\.mode: \[1\] is not allowed; use text"):
        parse_cell(body.replace("eval_mount", "[1]"))


def test_every_problem_is_told_at_once_with_its_line() -> None:
    body = (
        "task: classification\n"
        "training_data: df\n"
        "primary_metric: AUC_weigthed\n"
        "limits:\n"
        "  timeout_minutes: -5\n"
        "  max_trails: 3\n"
        "  max_trials: 2\n"
        "  max_trials: 4\n"
        "validation_data_size: 1.5\n"
        "validation_data: other\n"
        "n_cross_validations: 3\n"
        "timeout_minutes: 5\n"
    )
    with pytest.raises(SpecError, match="8 problems") as caught:
        parse_cell(body)
    told = {(p.where, p.line) for p in caught.value.problems}
    assert told == {
        ("primary_metric", 3),
        ("limits.timeout_minutes", 5),
        ("limits.max_trails", 6),
        ("limits.max_trials", 8),
        ("validation_data_size", 9),
        ("validation_data", 10),
        ("timeout_minutes", 12),
        ("target_column_name", None),
    }
    text = str(caught.value)
    assert "'AUC_weigthed' is not a metric of classification. Did you mean 'AUC_weighted'?" in text
    assert "Did you mean 'max_trials'?" in text
    assert "it belongs to limits: limits.timeout_minutes" in text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "task: is missing; use classification"),
        ("just words", "the cell says 'just words'"),
        ("- a\n- b", "the cell says"),
        ("task: [1", "line 1, this is not YAML"),
        ("task: clasification", "Did you mean 'classification'"),
        ("a: &a !!python/object:os.system x", "task: is missing"),
        (BASE + "tags: !!python/object/apply:os.system [ls]", "line 4, tags: the tag .* is not allowed"),
        (BASE + "tags: {[1]: 2}", "is not text; put it in quotes"),
        (BASE + "type: command", "has type 'automl'"),
        (BASE + "test_data: azureml:sales:1", "cannot be read from here"),
        (BASE + "test_data: {path: azureml://x/y}", "cannot be read from here"),
        (BASE + "test_data: {pth: x}", "test_data.pth: is not a setting here. Did you mean 'path'"),
        (BASE + "limits: 5", "limits: 5 is not a group of settings"),
        (BASE + "limits: {max_trials: true}", "true is not allowed; use a whole number of 1 or more"),
        (BASE + "limits: {timeout_minutes: '5'}", "'5' is not allowed; use a number of minutes above 0"),
        (BASE + "limits: {exit_score: .inf}", "inf is not allowed; use a number"),
        (BASE + "compute: tpc://host:1", "Did you mean 'tcp'"),
        (BASE + "name: ../up", "beginning with a letter or digit"),
        (BASE + "random_state: -1", "from 0 to 4294967295"),
        (BASE + 'description: "\\UFFFFFFFF"', "this is not YAML"),
        (BASE + 'description: "\\U00110000"', "this is not YAML"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(body: str, words: str) -> None:
    with pytest.raises(SpecError, match=words) as caught:
        parse_cell(body)
    assert "pydantic" not in str(caught.value)
    assert "Input should be" not in str(caught.value)


def test_aliases_that_grow_are_bounded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    with pytest.raises(SpecError, match="too large or nested too deeply"):
        parse_yaml("\n".join(lines))


def test_an_alias_to_itself_is_refused() -> None:
    with pytest.raises(SpecError, match="too large or nested too deeply"):
        parse_yaml("a: &a [*a]")


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(SpecError, match="nested too deeply"):
        parse_yaml("a: " + "[" * 5000)


def test_options_win_over_the_body_under_every_spelling() -> None:
    body = BASE + "limits: {timeout_minutes: 60, max_trials: 9}\n"
    jobs = [
        parse_cell(body, {"timeout": "5", "target": "12"}),
        parse_cell(body, {"--timeout": 5, "--target": "12"}),
        parse_cell(body, {"limits.timeout_minutes": "5", "target_column_name": "12"}),
    ]
    assert {j.digest() for j in jobs} == {jobs[0].digest()}
    data = jobs[0].to_dict()
    assert (data["limits"]["timeout_minutes"], data["limits"]["max_trials"]) == (5.0, 9)
    assert data["target_column_name"] == "12"


def test_an_option_replaces_a_wrong_value_and_loses_its_line() -> None:
    with pytest.raises(SpecError, match=r"^limits\.timeout_minutes: -1 is not allowed") as caught:
        parse_cell(BASE + "limits: {timeout_minutes: oops}", {"timeout": "-1"})
    assert caught.value.problems[0].line is None


@pytest.mark.parametrize("section", ["forecasting", "forecasting_settings"])
@pytest.mark.parametrize("option", ["horizon", "forecasting.forecast_horizon", "forecasting_settings.forecast_horizon"])
def test_an_option_goes_into_its_section_under_whatever_name_it_has(section: str, option: str) -> None:
    body = f"task: forecasting\ntraining_data: df\ntarget_column_name: y\n{section}:\n  time_column_name: date\n"
    for said in ("", "  forecast_horizon: 7\n", "  forecast_horizon: oops\n"):
        forecasting = parse_cell(body + said, {option: "14"}).to_dict()["forecasting"]
        assert (forecasting["time_column_name"], forecasting["forecast_horizon"]) == ("date", 14)
    with pytest.raises(SpecError, match=r"^forecasting\.forecast_horizon: -1 is not allowed") as caught:
        parse_cell(body + "  forecast_horizon: 7\n", {option: "-1"})
    assert caught.value.problems[0].line is None


def test_an_option_wins_over_a_former_name_and_under_one() -> None:
    assert parse_cell(BASE + "limits: {timeout: 60}", {"timeout": "5"}).to_dict()["limits"]["timeout_minutes"] == 5
    with pytest.warns(DeprecationWarning, match="timeout is now called"):
        job = parse_cell(BASE + "limits: {timeout_minutes: 60}", {"limits.timeout": "5"})
    assert job.to_dict()["limits"]["timeout_minutes"] == 5


def test_an_option_may_give_a_list() -> None:
    job = parse_cell(BASE, {"allow": "light_gbm, knn", "training.blocked_training_algorithms": "[svm]"})
    training = job.to_dict()["training"]
    assert training["allowed_training_algorithms"] == ["LightGBM", "KNN"]
    assert training["blocked_training_algorithms"] == ["SVM"]


@pytest.mark.parametrize("cleared", ["null", "[]"])
@pytest.mark.parametrize("key", ["training.blocked_training_algorithms", "block"])
def test_an_option_may_clear_a_list(key: str, cleared: str) -> None:
    job = parse_cell(BASE + "training: {blocked_training_algorithms: [KNN]}", {key: cleared})
    assert not job.to_dict()["training"]["blocked_training_algorithms"]


@pytest.mark.parametrize("key", ["weight_column_name", "weight", "positive_label", "experiment_name", "test_data"])
def test_null_clears_what_may_be_unset(key: str) -> None:
    body = BASE + "weight_column_name: w\npositive_label: 1\nexperiment_name: e\ntest_data: t.csv\n"
    assert parse_cell(body, {key: "null"}).to_dict()[{"weight": "weight_column_name"}.get(key, key)] is None
    assert parse_cell(BASE, {"target": "null"}).target_column_name == "null", "it must be given, so it is a column"


@pytest.mark.parametrize("key", ["training_data", "data", "validation_data", "test-data"])
def test_an_option_may_give_a_table_with_its_type(key: str) -> None:
    job = parse_cell(BASE, {key: "{path: ./x, type: mltable}"})
    found = getattr(job, {"data": "training_data", "test-data": "test_data"}.get(key, key))
    assert (found.path, found.type) == ("./x", "mltable")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"data": "{path: x"}, "^training_data: this is not YAML"),
        ({"tags": "{a: 1, a: 2}"}, "^tags.a: is given twice"),
        ({"limits": "{max_trials: !!python/object 3}"}, "^limits.max_trials: the tag .* is not allowed"),
    ],
)
def test_an_option_that_is_no_yaml_is_told_by_its_field(options: dict[str, str], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        parse_cell(BASE, options)


@pytest.mark.parametrize(("said", "field"), [("./x", "path"), ("df", "name"), ("{path: ./x}", "path")])
def test_an_option_may_give_the_type_of_a_table_alone(said: str, field: str) -> None:
    body = f"task: regression\ntarget_column_name: y\ntraining_data: {said}\n"
    found = parse_cell(body, {"training_data.type": "uri_file"}).training_data
    assert (found.type, getattr(found, field)) == ("uri_file", said.strip("{}").removeprefix("path: "))
    other = parse_cell(body, {"training_data.path": "other.csv"}).training_data
    assert (other.path, other.name) == ("other.csv", None), "and another path stands for the whole table"


def test_texts_of_options_stay_as_they_are() -> None:
    job = parse_cell(
        BASE, {"target": "[kg]", "positive_label": "1", "description": "{draft} 1", "training_data": "[1].csv"}
    ).to_dict()
    assert (job["target_column_name"], job["positive_label"], job["description"]) == ("[kg]", "1", "{draft} 1")
    assert job["training_data"]["path"] == "[1].csv"


def test_former_names_work_and_say_so_once() -> None:
    with pytest.warns(DeprecationWarning, match="is now called") as caught:
        job = parse_yaml(BASE + "limits: {timeout: 5}\ntraining: {blocked_models: [knn]}\nn_cross_validation: 3\n")
    assert sorted(str(w.message).split(" ")[0] for w in caught) == ["blocked_models", "n_cross_validation", "timeout"]
    assert all(w.filename == __file__ for w in caught)
    assert job.to_dict()["limits"]["timeout_minutes"] == 5


def test_a_former_name_with_a_wrong_value_has_its_line() -> None:
    with pytest.warns(DeprecationWarning, match="timeout"), pytest.raises(SpecError, match="line 5") as caught:
        parse_yaml(BASE + "limits:\n  timeout: 0\n")
    assert caught.value.problems[0].where == "limits.timeout_minutes"


def test_one_setting_under_two_names_is_refused() -> None:
    with pytest.warns(DeprecationWarning, match="timeout"), pytest.raises(SpecError, match="is given twice"):
        parse_yaml(BASE + "limits: {timeout: 5, timeout_minutes: 6}")


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(SpecError, match=r"nowhere\.yml' cannot be read: No such file"):
        parse_file("nowhere.yml")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_file_cell_mapping_and_keywords_agree(path: Path) -> None:
    job = parse_file(path)
    data = job.to_dict()
    assert parse_cell(path.read_text()).digest() == job.digest()
    assert parse_mapping(data).digest() == job.digest()
    fields = {k: v for k, v in data.items() if k != "task"}
    assert make_job(data["task"], **fields).digest() == job.digest()


def test_what_is_said_of_many_columns_is_read_back() -> None:
    found, _, problems = load(f"fields: [{', '.join(['c'] * 25_000)}]")
    assert (len(found["fields"]), problems) == (25_000, [])


def test_mistakes_in_a_section_under_its_second_name_have_their_own_lines() -> None:
    body = "task: forecasting\ntraining_data: df\ntarget_column_name: y\nforecasting_settings:\n"
    body += "  time_column_name: day\n  forecast_horizon: oops\n  use_stl: bogus\n"
    with pytest.raises(SpecError) as caught:
        parse_cell(body)
    assert {(p.where, p.line) for p in caught.value.problems} == {
        ("forecasting.forecast_horizon", 6),
        ("forecasting.use_stl", 7),
    }
