"""The names that code written for Azure Machine Learning's Python SDK v2 imports.

Change its import lines to ``from automl_jupyter.client.azure import …``, those of ``azure.ai.ml.automl`` and
``azure.ai.ml.sweep`` too, and what makes, starts and follows a job of classification, regression or forecasting runs as
it is, on this machine. What else the cloud has, such as registering and deploying models, is not here.
"""

from __future__ import annotations

from typing import Any

from automl_jupyter.client import automl
from automl_jupyter.client.workspace import MLClient
from automl_jupyter.spec.inputs import Input, JobInput

__all__ = [
    "AssetTypes",
    "DefaultAzureCredential",
    "Input",
    "InputOutputModes",
    "JobInput",
    "JobResourceConfiguration",
    "MLClient",
    "Output",
    "QueueSettings",
    "ResourceConfiguration",
    "TabularTrainingMode",
    "automl",
]


def __getattr__(name: str) -> Any:
    if name in automl.__all__:
        return getattr(automl, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class AssetTypes:
    """What `Input.type` may be, and what an output may be."""

    MLTABLE = "mltable"
    URI_FILE = "uri_file"
    URI_FOLDER = "uri_folder"
    CUSTOM_MODEL = "custom_model"
    MLFLOW_MODEL = "mlflow_model"


class InputOutputModes:
    """How the cloud hands over a table; kept with an input, not used."""

    MOUNT = "mount"
    DOWNLOAD = "download"
    UPLOAD = "upload"
    RO_MOUNT = "ro_mount"
    RW_MOUNT = "rw_mount"
    EVAL_MOUNT = "eval_mount"
    EVAL_DOWNLOAD = "eval_download"
    DIRECT = "direct"


class TabularTrainingMode:
    """What `training_mode` may be."""

    AUTO = "auto"
    DISTRIBUTED = "distributed"
    NON_DISTRIBUTED = "non_distributed"


class ResourceConfiguration:
    """Machines of the cloud, as in ``job.resources = ResourceConfiguration(instance_count=4)``; kept, not used.

    Examples
    --------
    >>> automl.regression(
    ...     training_data="df", target_column_name="y", resources=ResourceConfiguration(instance_count=4)
    ... ).resources
    {'instance_count': 4}
    """

    def __init__(
        self, *, instance_count: int | None = None, instance_type: str | None = None, **options: object
    ) -> None:
        self.instance_count, self.instance_type = instance_count, instance_type
        self.__dict__.update(options)


class JobResourceConfiguration(ResourceConfiguration):
    """The same under the name it has for jobs."""


class QueueSettings:
    """A queue of the cloud; kept with the job, not used."""

    def __init__(self, *, job_tier: str | None = None, **options: object) -> None:
        self.job_tier = job_tier
        self.__dict__.update(options)


class Output:
    """A named output of a job, such as ``outputs={"best_model": Output(type="mlflow_model")}``.

    The job keeps what was asked and does nothing with it: its model is ``job.model``, and in its folder.

    Examples
    --------
    >>> spec = automl.regression(training_data="df", target_column_name="y", outputs={"best": Output("mlflow_model")})
    >>> spec.outputs
    {'best': {'type': 'mlflow_model'}}
    """

    def __init__(self, type: str = "uri_folder", path: str | None = None, **options: object) -> None:
        self.type, self.path = type, path
        self.__dict__.update(options)


class DefaultAzureCredential:
    """Stands where a credential is handed over; jobs on this machine need none.

    Examples
    --------
    >>> MLClient.from_config(DefaultAzureCredential()).jobs is not None
    True
    """

    def __init__(self, **options: object) -> None:
        self.options = options
