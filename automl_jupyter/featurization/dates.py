"""Features of instants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from automl_jupyter.featurization.feature import Feature
from automl_jupyter.featurization.numbers import BinnedNumbers, Scaler

#: The parts of an instant, in the order of their features.
PARTS = ("year", "month", "day", "dayofweek", "dayofyear", "weekofyear", "quarter", "hour", "minute", "second")
#: Parts that come round again, and how often: on a straight line December and January are far apart.
PERIODS = {"month": 12, "dayofweek": 7, "hour": 24}


class DateParts:
    """Calendar parts that vary in the training rows, and seconds since the earliest of them.

    Parameters
    ----------
    positions : list of int
        Date columns.
    scaled : bool
        Whether the learner needs scales alike and nothing missing; parts that come round again then also give
        sine and cosine.
    """

    def __init__(self, positions: list[int], scaled: bool) -> None:
        self.positions = positions
        self.scaled = scaled

    def fit(self, X: Any) -> DateParts:
        """Learn which parts vary, and the earliest instants."""
        self.starts: list[int] = []
        self.parts: list[list[str]] = []
        for p in self.positions:
            instants = _instants(X, p)
            present = instants[~np.isnat(instants)]
            self.starts.append(int(present.min().astype(np.int64)) if len(present) else 0)
            found = _calendar(present, PARTS)
            self.parts.append([n for n in PARTS if len(present) and np.ptp(found[n]) > 0])
        self.scaler = Scaler().fit(self._values(X)) if self.scaled else None
        return self

    @property
    def width(self) -> int:
        """Number of features."""
        return self.scaler.width if self.scaler is not None else len(self._names())

    def _values(self, X: Any) -> list[np.ndarray]:
        values: list[np.ndarray] = []
        for p, start, parts in zip(self.positions, self.starts, self.parts, strict=True):
            instants = _instants(X, p)
            found = _calendar(instants, parts)
            values += [found[n] for n in parts]
            if self.scaled:
                for n in parts:
                    if n in PERIODS:
                        angle = found[n] * (2 * np.pi / PERIODS[n])
                        values += [np.sin(angle), np.cos(angle)]
            values.append(_seconds_since(start, instants))
        return values

    def fill(self, X: Any, out: np.ndarray) -> None:
        """Write the features."""
        values = self._values(X)
        if self.scaler is not None:
            self.scaler.fill(values, out)
        else:
            for j, column in enumerate(values):
                out[:, j] = column

    def _names(self) -> list[tuple[int, str]]:
        names: list[tuple[int, str]] = []
        for p, parts in zip(self.positions, self.parts, strict=True):
            names += [(p, n) for n in parts]
            if self.scaled:
                names += [(p, f"{n}_{f}") for n in parts if n in PERIODS for f in ("sin", "cos")]
            names.append((p, "elapsed_s"))
        return names

    def describe(self, columns: Sequence[str]) -> list[Feature]:
        """Return the features (``column__month``, ``column__month_missing``)."""
        found = [Feature(f"{columns[p]}__{part}", (p,), "DateTime") for p, part in self._names()]
        missing = [found[j] for j in (self.scaler.missing if self.scaler is not None else ())]
        return found + [Feature(f"{f.name}_missing", f.positions, "ImputationMarker") for f in missing]


def _instants(X: Any, position: int) -> np.ndarray:
    return np.asarray(X.iloc[:, position].to_numpy(), dtype="datetime64[ns]")


def _seconds_since(start: int, instants: np.ndarray) -> np.ndarray:
    """Return the seconds from `start` (nanoseconds since 1970) to instants, NaN where there is none.

    Two instants can be 584 years apart, and signed nanoseconds end at 292: they are counted without a sign.
    """
    ticks = instants.astype(np.int64)
    apart = ticks.view(np.uint64) - np.int64(start).view(np.uint64)
    seconds = np.where(ticks >= start, apart, -apart).astype(np.float64) / 1e9
    return np.where(np.isnat(instants), np.nan, np.where(ticks >= start, seconds, -seconds))


def _calendar(instants: np.ndarray, parts: Sequence[str]) -> dict[str, np.ndarray]:
    """Return calendar parts as floats, NaN where there is no instant."""
    import pandas as pd

    index = pd.DatetimeIndex(instants)

    def part(name: str) -> np.ndarray:
        if name == "weekofyear":
            return _iso_week(instants)
        return np.asarray(getattr(index, name.replace("dayof", "day_of_")), dtype=np.float64)

    return {n: part(n) for n in parts}


def _iso_week(instants: np.ndarray) -> np.ndarray:
    """Return ISO 8601 weeks, NaN where there is no instant: as pandas has them, ten times faster.

    A week belongs to the year its Thursday is in.
    """
    days = instants.astype("datetime64[D]")
    weekday = (days.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
    thursday = days + (3 - weekday)
    week = (thursday - thursday.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.int64) // 7 + 1
    return np.where(np.isnat(instants), np.nan, week.astype(np.float64))


class BinnedDates:
    """Calendar parts and elapsed time as one-hot bins, for naive Bayes.

    Parameters
    ----------
    positions : list of int
        Date columns.
    n_bins : int
        Bins of a part.
    """

    def __init__(self, positions: list[int], n_bins: int) -> None:
        self.positions = positions
        self.n_bins = n_bins
        self.parts = DateParts(positions, False)

    def fit(self, X: Any) -> BinnedDates:
        """Learn parts and bins."""
        self.parts.fit(X)
        self.bins = BinnedNumbers(list(range(self.parts.width)), self.n_bins).fit(self._frame(X))
        return self

    def _frame(self, X: Any) -> Any:
        import pandas as pd

        out = np.empty((len(X), self.parts.width))
        self.parts.fill(X, out)
        return pd.DataFrame(out)

    @property
    def width(self) -> int:
        """Number of features."""
        return self.bins.width

    def sparse(self, X: Any) -> Any:
        """Return the features."""
        return self.bins.sparse(self._frame(X))

    def describe(self, columns: Sequence[str]) -> list[Feature]:
        """Return the features (``column__month<=3``)."""
        parts = self.parts.describe(columns)
        found = self.bins.describe([part.name for part in parts])
        return [f._replace(positions=parts[f.positions[0]].positions) for f in found]
