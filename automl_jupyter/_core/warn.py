"""Warnings that name the line of whoever called the package, however deep inside it they come up."""

from __future__ import annotations

import sys
import warnings
from typing import cast


def warn_caller(message: str, kind: type[Warning] = UserWarning) -> None:
    """Warn at the caller's own line: the first one outside this package."""
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None and _is_ours(cast(str, frame.f_globals.get("__name__", ""))):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, kind, stacklevel=level)


def _is_ours(module: str) -> bool:
    return module.split(".")[0] in ("automl_jupyter", "pydantic")
