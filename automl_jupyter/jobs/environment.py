"""What a job ran with."""

from __future__ import annotations

import contextlib
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

_PACKAGES = (
    "automl-jupyter", "numpy", "pandas", "scikit-learn", "lightgbm", "xgboost", "catboost", "optuna", "skops",
    "distributed",
)  # fmt: skip


def environment() -> dict[str, Any]:
    """Return the versions of Python, the system and the packages that matter, and the number of cores."""
    packages = {}
    for name in _PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            packages[name] = version(name)
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "packages": packages,
    }
