"""Optional packages: which extra brings them, and a sentence when one is missing."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from types import ModuleType

from automl_jupyter.errors import MissingExtraError

#: module -> the extra of this package that installs it
EXTRAS = {
    "xgboost": "boosters",
    "catboost": "boosters",
    "hierarchicalforecast": "forecast",
    "prophet": "forecast",
    "statsforecast": "forecast",
    "torch": "deep",
}


def has_module(module: str) -> bool:
    """Return whether `module` is installed, without importing it."""
    return find_spec(module) is not None


def require(module: str, why: str) -> ModuleType:
    """Import an optional module, or raise with the extra that installs it.

    Parameters
    ----------
    module : str
        The module to import.
    why : str
        What needs it, as the subject of the sentence (``"The learner XGBoostClassifier"``).
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        extra = EXTRAS.get(module)
        install = f"automl-jupyter[{extra}]" if extra else module
        raise MissingExtraError(f'{why} needs {module}. Install it with: pip install "{install}"') from None
