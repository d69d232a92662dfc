"""AutoML that lives in the notebook.

``%load_ext automl_jupyter`` gives the ``%%automl`` cell; ``automl`` holds the factories and ``MLClient`` runs their
jobs. Everything heavy is imported when a job needs it.

Examples
--------
>>> from automl_jupyter import automl
>>> job = automl.classification(training_data="train.csv", target_column_name="y")
>>> job.task
'classification'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from automl_jupyter._core.registered import look_up_in

__version__ = "0.1.0"

if TYPE_CHECKING:
    from automl_jupyter.client import automl as automl
    from automl_jupyter.client.job import Job as Job
    from automl_jupyter.client.workspace import MLClient as MLClient
    from automl_jupyter.notebook.extension import load_ipython_extension as load_ipython_extension
    from automl_jupyter.notebook.extension import unload_ipython_extension as unload_ipython_extension
    from automl_jupyter.results.model import load_model as load_model
    from automl_jupyter.spec.inputs import Input as Input

_LAZY = {
    "automl": ("automl_jupyter.client.automl", None),
    "Job": ("automl_jupyter.client.job", "Job"),
    "MLClient": ("automl_jupyter.client.workspace", "MLClient"),
    "Input": ("automl_jupyter.spec.inputs", "Input"),
    "load_model": ("automl_jupyter.results.model", "load_model"),
    "load_ipython_extension": ("automl_jupyter.notebook.extension", "load_ipython_extension"),
    "unload_ipython_extension": ("automl_jupyter.notebook.extension", "unload_ipython_extension"),
}

look_up_in("learner", "automl_jupyter.learners", "learner_names")
look_up_in("metric", "automl_jupyter.metrics.registry", "metric_keys")

__all__ = ["Input", "Job", "MLClient", "automl", "load_model"]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Return where JupyterLab finds the extension during development."""
    return [{"src": "labextension", "dest": "automl-jupyter"}]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _LAZY[name]
    loaded = import_module(module)
    value = loaded if attribute is None else getattr(loaded, attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_LAZY])
