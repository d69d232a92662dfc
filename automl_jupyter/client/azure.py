"""The names that code written for Azure Machine Learning's Python SDK v2 imports.

Change its import lines to ``from automl_jupyter.client.azure import …`` and the rest runs as it is, on this machine.
"""

from __future__ import annotations

from automl_jupyter.client import automl
from automl_jupyter.client.workspace import MLClient
from automl_jupyter.spec.inputs import Input, JobInput

__all__ = ["AssetTypes", "DefaultAzureCredential", "Input", "JobInput", "MLClient", "automl"]


class AssetTypes:
    """What `Input.type` may be."""

    MLTABLE = "mltable"
    URI_FILE = "uri_file"
    URI_FOLDER = "uri_folder"


class DefaultAzureCredential:
    """Stands where a credential is handed over; jobs on this machine need none.

    Examples
    --------
    >>> MLClient.from_config(DefaultAzureCredential()).jobs is not None
    True
    """

    def __init__(self, **options: object) -> None:
        self.options = options
