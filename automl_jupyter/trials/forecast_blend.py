"""What chosen forecasters say together, with how far off they were from origins in the past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from automl_jupyter.trials import artifacts
from automl_jupyter.trials.blend import shares
from automl_jupyter.trials.guard import quiet
from automl_jupyter.trials.history import History
from automl_jupyter.trials.records import estimator_file


@dataclass(frozen=True)
class ForecastPart:
    """One trial's share: its weight, and a forecaster for each of its refits."""

    trial: int
    weight: float
    label: str
    forecasters: tuple[Any, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True)
class ForecastBlend:
    """The weighted average of forecasters, or what a second level makes of them."""

    parts: tuple[ForecastPart, ...]
    stack: Any = None

    @property
    def needs_columns(self) -> list[str]:
        """The columns whose values must be known ahead."""
        names = (n for part in self.parts for f in part.forecasters for n in f.needs_columns)
        return list(dict.fromkeys(names))

    @property
    def needs_past(self) -> list[str]:
        """The columns whose values before an origin are looked at."""
        names = (n for part in self.parts for f in part.forecasters for n in f.needs_past)
        return list(dict.fromkeys(names))

    def forecast(self, history: History, horizon: int, future: pd.DataFrame) -> np.ndarray:
        """Return the next `horizon` values of every series, shape (n_series, horizon)."""
        of_parts = []
        with quiet():
            for part in self.parts:
                found = [
                    f.forecast(history, horizon, future) * s for f, s in zip(part.forecasters, part.shares, strict=True)
                ]
                of_parts.append(np.asarray(sum(found)))
            if self.stack is not None:
                flat = self.stack.predict([p.ravel() for p in of_parts])
                return np.asarray(flat).reshape(of_parts[0].shape)
        return np.asarray(sum(p * part.weight for p, part in zip(of_parts, self.parts, strict=True)))


def load_forecast_blend(folder: Path, parts: Sequence[Mapping[str, Any]], stack: str | None) -> ForecastBlend:
    """Load the parts a `ModelSelected` event names.

    Raises
    ------
    StoreError
        When a part is missing or damaged.
    """
    total = sum(float(p["weight"]) for p in parts)
    fitted = tuple(
        ForecastPart(
            int(p["trial"]),
            float(p["weight"]) / total,
            str(p["label"]),
            tuple(artifacts.load(folder / estimator_file(int(p["trial"]), int(f))) for f in p["folds"]),
            shares([int(f) for f in p["folds"]]),
        )
        for p in parts
    )
    return ForecastBlend(fitted, artifacts.load(folder / stack) if stack else None)
