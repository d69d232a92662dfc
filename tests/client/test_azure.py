"""Code written for Azure Machine Learning's Python SDK v2 runs with only its import lines changed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from automl_jupyter.client.azure import AssetTypes, DefaultAzureCredential, JobInput, MLClient, Output, automl
from automl_jupyter.errors import SpecError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An MLTable folder with one CSV file."""
    rows = pd.DataFrame({"age": range(60), "job": ["admin", "nurse", "cook"] * 20, "y": ["no", "yes"] * 30})
    rows.to_csv(tmp_path / "bank.csv", index=False)
    (tmp_path / "MLTable").write_text(
        "paths:\n  - file: ./bank.csv\ntransformations:\n  - read_delimited:\n      delimiter: ','\n"
        "      encoding: ascii\n"
    )
    return tmp_path


def test_a_classification_job_from_credentials_to_the_page(folder: Path) -> None:
    ml_client = MLClient.from_config(DefaultAzureCredential())
    ml_client = MLClient(DefaultAzureCredential(), "subscription", "group", "workspace")
    ml_client.jobs._compute = "inline"
    classification_job = automl.classification(
        compute="cpu-cluster",
        experiment_name="my-exp",
        training_data=JobInput(type=AssetTypes.MLTABLE, path=str(folder)),
        target_column_name="y",
        primary_metric="accuracy",
        n_cross_validations=5,
        enable_model_explainability=True,
        tags={"my_custom_tag": "My custom value"},
    )
    with pytest.warns(DeprecationWarning, match="timeout_minutes"):
        classification_job.set_limits(timeout=600, trial_timeout=20, max_trials=2, enable_early_termination=True)
    with pytest.warns(DeprecationWarning, match="blocked_training_algorithms"):
        classification_job.set_training(blocked_models=["LogisticRegression"], enable_onnx_compatible_models=True)
    returned_job = ml_client.jobs.create_or_update(classification_job)
    assert returned_job.services["Studio"].endpoint.startswith("file://")
    returned_job.wait()
    assert returned_job.status == "Completed"
    assert returned_job.experiment_name == "my-exp"
    assert "LogisticRegression" not in set(returned_job.leaderboard()["learner"])
    assert set(returned_job.leaderboard()["folds"]) == {"5/5"}
    assert f"{returned_job.name}" in f"Created job: {returned_job}"


def test_custom_featurization_is_taken_as_it_stands(folder: Path) -> None:
    regression_job = automl.regression(
        training_data=JobInput(type=AssetTypes.MLTABLE, path=str(folder)), target_column_name="age"
    )
    params = {
        "imputer": [
            automl.ColumnTransformer(fields=["job"], parameters={"strategy": "most_frequent"}),
        ]
    }
    regression_job.set_featurization(
        mode="custom",
        transformer_params=params,
        blocked_transformers=["LabelEncoding"],
        column_name_and_types={"job": "Categorical"},
    )
    regression_job.set_limits(max_trials=2)
    ml_client = MLClient(DefaultAzureCredential(), "subscription", "group", "workspace")
    ml_client.jobs._compute = "inline"
    returned_job = ml_client.jobs.create_or_update(regression_job).wait()
    assert returned_job.status == "Completed"
    assert returned_job.spec.featurization.blocked_transformers == ["LabelEncoder"]
    said = {note["what"] for note in returned_job.plan["notes"] if note["topic"] == "featurization"}
    assert said == {"LabelEncoder is not used", "Missing values of 'job' are imputed: most_frequent"}


def test_the_client_takes_what_the_clouds_takes(tmp_path: Path) -> None:
    here = MLClient().path
    cloud = {"subscription_id": "s", "resource_group_name": "g", "workspace_name": "w"}
    config = tmp_path / "config.json"
    config.write_text("{}")
    for ml_client in (
        MLClient(credential=DefaultAzureCredential(), **cloud),
        MLClient(DefaultAzureCredential(), "s", "g", None, "registry"),
        MLClient(DefaultAzureCredential(), registry_name="r", cloud="AzureCloud", show_progress=False),
        MLClient.from_config(credential=DefaultAzureCredential(), file_name="config.json", enable_telemetry=False),
        MLClient.from_config(DefaultAzureCredential(), path=config),
        MLClient.from_config(DefaultAzureCredential(), path=tmp_path / "nowhere" / "config.json"),
    ):
        assert ml_client.path == here
    assert MLClient.from_config(path=tmp_path).path == tmp_path
    assert MLClient.from_config(path=tmp_path, compute="inline").jobs._compute == "inline"


def test_a_keyword_that_no_client_has_is_refused() -> None:
    with pytest.raises(SpecError, match=r"workspace: is not an argument of MLClient\. Its own are path, the folder"):
        MLClient(workspace="jobs")
    with pytest.raises(SpecError, match=r"computer: is not an argument of MLClient\. Did you mean 'compute'\?"):
        MLClient.from_config(DefaultAzureCredential(), computer="inline")


def test_an_output_is_kept_with_the_job(folder: Path) -> None:
    spec = automl.regression(
        training_data=JobInput(type=AssetTypes.MLTABLE, path=str(folder)),
        target_column_name="age",
        outputs={"best_model": Output(type=AssetTypes.MLFLOW_MODEL, mode="rw_mount")},
    )
    assert spec.outputs == {"best_model": {"type": "mlflow_model", "mode": "rw_mount"}}


def test_what_azures_modules_hold_is_imported_from_one() -> None:
    from automl_jupyter.client.azure import BanditPolicy, Choice, ColumnTransformer, ForecastingSettings, regression

    assert (ColumnTransformer, regression) == (automl.ColumnTransformer, automl.regression)
    assert (BanditPolicy, Choice) == (automl.BanditPolicy, automl.Choice)
    assert ForecastingSettings is automl.ForecastingSettings
    with pytest.raises(ImportError, match="no_such_name"):
        from automl_jupyter.client.azure import no_such_name  # noqa: F401


def test_what_a_submission_says_takes_the_place_of_what_the_job_says(folder: Path) -> None:
    spec = automl.regression(
        training_data=JobInput(type=AssetTypes.MLTABLE, path=str(folder)),
        target_column_name="age",
        limits={"max_trials": 1},
    )
    ml_client = MLClient(DefaultAzureCredential(), "subscription", "group", "workspace")
    ml_client.jobs._compute = "inline"
    said = {"experiment_name": "univariate", "description": "d", "tags": {"a": "b"}, "compute": "cpu-cluster"}
    job = ml_client.jobs.create_or_update(spec, skip_validation=True, **said).wait()
    assert {name: getattr(job.spec, name) for name in said} == said
    assert not any(getattr(spec, name) for name in said)
    assert job.studio_url == job.services["Studio"].endpoint
    with pytest.raises(SpecError, match="experiment_name"):
        ml_client.create_or_update(spec, experiment_name="a/b")


def test_what_notebooks_say_of_the_cloud_is_imported_and_kept(folder: Path) -> None:
    from automl_jupyter.client.azure import (
        InputOutputModes,
        JobResourceConfiguration,
        QueueSettings,
        ResourceConfiguration,
        TabularTrainingMode,
    )

    spec = automl.regression(
        training_data=JobInput(type=AssetTypes.MLTABLE, path=str(folder), mode=InputOutputModes.DIRECT),
        target_column_name="age",
        resources=ResourceConfiguration(instance_count=4),
    )
    assert (spec.training_data.mode, spec.resources) == ("direct", {"instance_count": 4})
    spec.resources = JobResourceConfiguration(instance_type="Standard_E4s_v3", instance_count=6)
    spec.queue_settings = QueueSettings(job_tier="standard")
    spec.set_training(training_mode=TabularTrainingMode.DISTRIBUTED)
    assert spec.resources == {"instance_count": 6, "instance_type": "Standard_E4s_v3"}
    assert (spec.queue_settings, spec.training.training_mode) == ({"job_tier": "standard"}, "distributed")
