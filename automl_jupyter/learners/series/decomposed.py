"""Several seasons at once: each is taken out, the rest is forecast, and all are put together again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from automl_jupyter.learners.series.base import MOST_PERIODS, Past, repeat_profile, season_profile, settled, tail

#: rounds in which each season is estimated on what the others leave
_ROUNDS = 2


class DecomposedForecaster:
    """Another forecaster on what several seasons leave, after the idea of MSTL.

    The seasons are those of the calendar with at least two repetitions in the series. Each is the mean of its phases
    around a moving trend, estimated in turn on what the others leave.

    Parameters
    ----------
    rest : forecaster
        Forecasts what is left.
    """

    def __init__(self, rest: Any) -> None:
        self.rest = rest

    def forecast(self, past: Past, horizon: int) -> np.ndarray:
        """Return the next `horizon` values, shape (n_series, horizon)."""
        values = tail(past.values, 4 * MOST_PERIODS)
        length = values.shape[1]
        seasons = sorted({s for s in (past.season, *past.seasons) if s > 1 and length >= 2 * s + 1})
        profiles = {s: np.zeros((len(values), s)) for s in seasons}
        for _ in range(_ROUNDS if len(seasons) > 1 else 1):
            for season in seasons:
                others = sum(repeat_profile(p, 0, length) for s, p in profiles.items() if s != season)
                profiles[season] = season_profile(values - others, season)
        inside = np.asarray(sum((repeat_profile(p, 0, length) for p in profiles.values()), np.zeros(values.shape)))
        ahead = [repeat_profile(p, length, horizon) for p in profiles.values()]
        rest = self.rest.forecast(replace(past, values=values - inside, season=1, seasons=()), horizon)
        return settled(np.asarray(sum(ahead, rest)), past)
