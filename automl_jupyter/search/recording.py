"""Old settings seen through a search space, so that a sampler can learn from trials it did not propose."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard


class RecordingTrial:
    """Stands in for an optuna trial: answers with known settings and records the ranges it was asked about.

    Numbers outside a range are moved to its end. A setting that is not known, or not among the choices, is answered
    with one from the middle and left out of the record.

    Parameters
    ----------
    known : Mapping
        The settings that were used.

    Examples
    --------
    >>> trial = RecordingTrial({"depth": 99})
    >>> trial.suggest_int("depth", 1, 8), trial.suggest_float("rate", 0.0, 1.0), trial.params
    (8, 0.5, {'depth': 8})
    """

    def __init__(self, known: Mapping[str, Any]) -> None:
        self._known = known
        self.params: dict[str, Any] = {}
        self.distributions: dict[str, Any] = {}

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """Answer for a float."""
        from optuna.distributions import FloatDistribution

        value = self._known.get(name)
        if not _is_number(value):
            return math.sqrt(low * high) if log else (low + high) / 2
        value = min(max(float(value), low), high)
        if step is not None:
            value = min(low + round((value - low) / step) * step, high)
        self._record(name, value, FloatDistribution(low, high, step=step, log=log))
        return value

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """Answer for an integer."""
        from optuna.distributions import IntDistribution

        value = self._known.get(name)
        if not _is_number(value):
            return low + (high - low) // 2 // step * step
        value = min(max(round(value), low), high)
        value = low + (value - low) // step * step
        self._record(name, value, IntDistribution(low, high, step=step, log=log))
        return int(value)

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """Answer for a choice."""
        from optuna.distributions import CategoricalDistribution

        if name not in self._known or self._known[name] not in choices:
            return choices[0]
        self._record(name, self._known[name], CategoricalDistribution(list(choices)))
        return self._known[name]

    def _record(self, name: str, value: Any, distribution: Any) -> None:
        self.params[name] = value
        self.distributions[name] = distribution


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
