"""Reading a job file for the terminal."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from automl_jupyter.cli.job_file import check_data, read_job, spec_options
from automl_jupyter.errors import DataError, SpecError
from automl_jupyter.spec.options import OPTIONS

_AZURE = """\
$schema: https://azuremlschemas.azureedge.net/latest/autoMLJob.schema.json
type: automl
experiment_name: birds
description: An example in the shape of Azure's own.
compute: azureml:cpu-cluster
task: classification
log_verbosity: debug
primary_metric: accuracy
target_column_name: y
training_data:
  path: ./training-mltable-folder
  type: mltable
limits:
  timeout_minutes: 180
  max_trials: 40
  enable_early_termination: true
featurization:
  mode: auto
training:
  enable_stack_ensemble: false
"""


def _write(folder: Path, text: str) -> Path:
    path = folder / "job.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_azure_file_is_read_as_it_is(tmp_path: Path) -> None:
    job = read_job(_write(tmp_path, _AZURE), [], {})
    assert (job.task, job.primary_metric, job.limits.max_trials) == ("classification", "accuracy", 40)
    assert job.training.enable_stack_ensemble is False


def test_options_win_over_overrides_and_both_over_the_file(tmp_path: Path) -> None:
    path = _write(tmp_path, _AZURE)
    overrides = [
        "limits.max_trials=7",
        "limits.timeout_minutes=8",
        "training.blocked_training_algorithms=[KNN]",
    ]
    job = read_job(path, overrides, {"spec_timeout": "2.5", "spec_target": None})
    assert job.limits.max_trials == 7
    assert job.limits.timeout_minutes == 2.5
    assert job.training.blocked_training_algorithms == ["KNN"]
    assert job.target_column_name == "y"


def test_relative_paths_begin_at_the_file(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    text = "{task: regression, target_column_name: y, training_data: train, validation_data: data/v.csv}"
    job = read_job(_write(tmp_path, text), [], {})
    assert job.training_data.path == str(tmp_path / "train")
    assert job.training_data.name is None
    assert job.validation_data.path == str(tmp_path / "data" / "v.csv")


def test_paths_of_an_option_begin_where_the_user_is(tmp_path: Path) -> None:
    text = "{task: regression, target_column_name: y, training_data: train.csv}"
    job = read_job(_write(tmp_path, text), [], {"spec_data": "other.csv"})
    assert job.training_data.path == "other.csv"


@pytest.mark.parametrize("key", ["training_data", "data", "training_data.path"])
def test_a_table_given_on_the_command_line_is_relative_to_where_it_is_given(tmp_path: Path, key: str) -> None:
    path = _write(tmp_path, "{task: regression, target_column_name: y, training_data: t.csv, test_data: {path: e.csv}}")
    job = read_job(path, [f"{key}=new.csv", "test_data.type=uri_file"], {})
    assert job.training_data.path == "new.csv"
    found = job.to_dict()["test_data"]
    assert (found["path"], found["type"]) == (str(tmp_path / "e.csv"), "uri_file")


@pytest.mark.parametrize("path", ["https://example.org/train.csv", "s3://bucket/train.csv", "/data/train.csv"])
def test_urls_and_absolute_paths_stay(tmp_path: Path, path: str) -> None:
    text = f"{{task: regression, target_column_name: y, training_data: '{path}'}}"
    assert read_job(_write(tmp_path, text), [], {}).training_data.path == path


@pytest.mark.parametrize("name", ["~nobody-of-that-name/train.csv", "n" * 300 + ".csv", "n" * 300])
def test_a_path_that_cannot_be_looked_up_is_left_to_be_refused_with_its_data(tmp_path: Path, name: str) -> None:
    text = f"{{task: regression, target_column_name: y, training_data: '{name}'}}"
    job = read_job(_write(tmp_path, text), [], {})
    with pytest.raises(DataError, match=r"^training_data: .*(There is no|cannot be read)"):
        check_data(job)


def test_the_job_is_the_same_from_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _write(tmp_path, "{task: regression, target_column_name: y, training_data: ./train.csv}")
    with monkeypatch.context() as context:
        context.chdir(tmp_path)
        assert read_job(Path(path.name), [], {}).training_data.path == "./train.csv"


@pytest.mark.parametrize("text", ["limits.max_trials", "=3", "  =3"])
def test_an_override_without_key_or_value_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(click.UsageError, match="is not KEY=VALUE"):
        read_job(_write(tmp_path, _AZURE), [text], {})


def test_every_problem_is_told_with_its_line(tmp_path: Path) -> None:
    bad = _AZURE.replace("max_trials: 40", "max_trials: -3").replace("accuracy", "acuracy")
    with pytest.raises(SpecError, match="acuracy") as caught:
        read_job(_write(tmp_path, bad), [], {})
    assert {(p.where, p.line) for p in caught.value.problems} == {
        ("primary_metric", 8),
        ("limits.max_trials", 15),
    }


def test_cloud_data_is_refused_in_a_sentence(tmp_path: Path) -> None:
    cloud = _AZURE.replace("./training-mltable-folder", "azureml:birds:1")
    with pytest.raises(SpecError, match="Azure Machine Learning cloud"):
        read_job(_write(tmp_path, cloud), [], {})


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "job.yml").write_bytes(b"\xff\xfe\x00task")
    with pytest.raises(SpecError, match="is not UTF-8 text"):
        read_job(tmp_path / "job.yml", [], {})


def test_there_is_an_option_for_each_of_the_specification() -> None:
    assert [option.opts for option in spec_options()] == [[option.flag] for option in OPTIONS]
