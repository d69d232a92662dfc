"""How far off a forecast may be: from its errors after origins in the past, by split-conformal prediction.

Errors are measured by each series' usual change over a season, and grow with the steps ahead; what is left has one
distribution, whose quantiles make the intervals (Stankevičiūtė, Alaa and van der Schaar, "Conformal time-series
forecasting", 2021, take each step by itself, which needs more origins than there are).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from automl_jupyter.trials.held_out import HeldOut, Predictions, held_out

if TYPE_CHECKING:
    from automl_jupyter.data.cache import CachedTable

#: levels whose quantiles are kept
LEVELS = tuple(np.round(np.linspace(0, 1, 201), 3).tolist())
#: origins of a series that count as much as all series together when its errors are measured
_PRIOR_ORIGINS = 3
#: errors of one step that count as much as the curve through all steps
_PRIOR_ERRORS = 30
#: share of a blend's weight that must have been judged from an origin
_LEAST_SHARE = 0.5
#: independent errors from which on those above and below are told apart
_SIGNED = 60


def measure_errors(
    errors: np.ndarray, series: np.ndarray, step: np.ndarray, fold: np.ndarray, scales: np.ndarray, horizon: int
) -> dict[str, Any]:
    """Return what `quantile_offsets` needs, as plain JSON values.

    Parameters
    ----------
    errors : ndarray of shape (n,)
        What was true less what was forecast.
    series, step, fold : ndarray of int, shape (n,)
        Whose error it is, how many steps ahead, from 1, and after which origin.
    scales : ndarray of shape (n_series,)
        The usual change over a season of each series.
    horizon : int
        Steps ahead at most.
    """
    usual = np.median(scales[scales > 0]) if (scales > 0).any() else 1.0
    unit = np.where(scales > 0, scales, usual)[series]
    relative = np.abs(errors) / unit
    ratio, spread = _sizes(relative, series, step, len(scales), horizon)
    # The errors after an origin are measured by what the others say is usual: measured by themselves they would look
    # smaller than those to come, and the fewer origins there are, the more so.
    standard = errors / unit / ratio[series] / spread[step - 1]
    folds = np.unique(fold)
    for own in (fold == f for f in folds if len(folds) > 1):
        of_series, of_step = _sizes(relative[~own], series[~own], step[~own], len(scales), horizon)
        standard[own] = errors[own] / unit[own] / of_series[series[own]] / of_step[step[own] - 1]
    n_independent = len(np.unique(series * (int(fold.max(initial=0)) + 1) + fold))
    signed = n_independent >= _SIGNED
    size = np.abs(standard)
    values = np.quantile(standard if signed else size, LEVELS) if len(standard) else np.zeros(len(LEVELS))
    return {
        "spread": [float(v) for v in spread],
        "ratio": [float(v) for v in ratio],
        "signed": bool(signed),
        "quantiles": [float(v) for v in values],
        "n_independent": int(n_independent),
        "coverage": _coverage(standard, fold, signed),
    }


def _sizes(
    relative: np.ndarray, series: np.ndarray, step: np.ndarray, n_series: int, horizon: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return how large errors of each series are beside those of others, and how large at each step."""
    overall = relative.mean() if len(relative) else 1.0
    overall = overall if overall > 0 else 1.0
    count = np.bincount(series, minlength=n_series)
    own = np.bincount(series, relative, minlength=n_series) / np.maximum(count, 1)
    origins = count / horizon
    share = origins / (origins + _PRIOR_ORIGINS)
    ratio = np.exp(share * np.log(np.maximum(own, 1e-3 * overall) / overall)) if n_series > 1 else np.ones(1)
    return ratio, _by_step(relative / ratio[series], step, horizon)


def _by_step(relative: np.ndarray, step: np.ndarray, horizon: int) -> np.ndarray:
    """Return the mean size of errors at each step, drawn towards a curve that never falls."""
    count = np.bincount(step - 1, minlength=horizon)[:horizon]
    mean = np.bincount(step - 1, relative, minlength=horizon)[:horizon] / np.maximum(count, 1)
    there = (count > 0) & (mean > 0)
    if not there.any():
        return np.ones(horizon)
    at = np.log(np.arange(1, horizon + 1))
    x, y, w = at[there], np.log(mean[there]), count[there].astype(float)
    x0, y0 = np.average(x, weights=w), np.average(y, weights=w)
    variance = np.average((x - x0) ** 2, weights=w)
    slope = float(np.clip(np.average((x - x0) * (y - y0), weights=w) / variance, 0, 1)) if variance > 0 else 0.0
    curve = y0 + slope * (at - x0)
    share = count / (count + _PRIOR_ERRORS)
    found = np.where(there, share * np.log(np.maximum(mean, 1e-12)) + (1 - share) * curve, curve)
    return np.asarray(np.exp(found))


def _coverage(standard: np.ndarray, fold: np.ndarray, signed: bool) -> dict[str, float | None]:
    """Return the share of errors of each origin inside the intervals that the other origins give."""
    folds = np.unique(fold)
    if len(folds) < 2:
        return {"0.8": None, "0.95": None}
    found: dict[str, float | None] = {}
    for level in (0.8, 0.95):
        inside = []
        for f in folds:
            rest, own = standard[fold != f], standard[fold == f]
            if signed:
                low, high = np.quantile(rest, [(1 - level) / 2, (1 + level) / 2])
                inside.append((own >= low) & (own <= high))
            else:
                inside.append(np.abs(own) <= np.quantile(np.abs(rest), level))
        found[str(level)] = float(np.concatenate(inside).mean())
    return found


def quantile_offsets(measured: Mapping[str, Any], quantile: float, horizon: int) -> np.ndarray:
    """Return what to add to a forecast for a quantile, in units of a series' error, shape (horizon,).

    Parameters
    ----------
    measured : mapping
        As `measure_errors` gives it.
    quantile : float
        Between 0 and 1.
    horizon : int
        Steps ahead; beyond those measured, errors grow with the root of the steps.
    """
    known = np.asarray(measured["spread"])
    steps = np.arange(1, horizon + 1)
    spread = known[np.minimum(steps, len(known)) - 1] * np.sqrt(np.maximum(steps / len(known), 1))
    values = np.asarray(measured["quantiles"])
    if measured["signed"]:
        return np.asarray(spread * np.interp(quantile, LEVELS, values))
    size = np.interp(abs(2 * quantile - 1), LEVELS, values)
    return np.asarray(spread * size * np.sign(quantile - 0.5))


def forecast_errors(
    parts: Sequence[Mapping[str, Any]],
    predictions: Predictions,
    judged: Mapping[int, Collection[int]],
    *,
    stack: str | None = None,
) -> dict[str, Any]:
    """Return how far off a blend was after the origins it was judged from.

    Where time ran out, some members were judged from fewer origins than others. After an origin the blend is then that
    of the members there are, as long as they have half of the weight: one origin alone would say too little.

    Parameters
    ----------
    parts : sequence of mapping
        Each with ``trial`` and ``weight``.
    predictions : Predictions
        Where the trials' predictions are.
    judged : mapping
        The origins (folds) of each trial.
    stack : str, optional
        File of the second level on the parts, which were then judged from every origin.
    """
    table = predictions.table
    if stack is None:
        found = _of_each_origin(parts, predictions, judged)
    else:
        found = [held_out(parts, predictions, range(len(table.folds)), stacked=predictions.of_stack(stack))]
    errors = np.concatenate([h.y - h.predicted for h in found])
    places = [places_of(h, table) for h in found]
    series, step = (np.concatenate(several) for several in zip(*places, strict=True))
    fold = np.concatenate([h.fold for h in found])
    scales = np.asarray(table.arrays["scales"])
    return measure_errors(errors, series, step, fold, scales, int(table.meta["forecast"]["horizon"]))


def _of_each_origin(
    parts: Sequence[Mapping[str, Any]], predictions: Predictions, judged: Mapping[int, Collection[int]]
) -> list[HeldOut]:
    table = predictions.table
    members = [[p for p in parts if fold in judged[int(p["trial"])]] for fold in range(len(table.folds))]
    shares = [sum(float(p["weight"]) for p in there) for there in members]
    least = min(_LEAST_SHARE * sum(float(p["weight"]) for p in parts), max(shares))
    return [held_out(members[f], predictions, [f]) for f, share in enumerate(shares) if share >= least and members[f]]


def places_of(found: HeldOut, table: CachedTable) -> tuple[np.ndarray, np.ndarray]:
    """Return the series of each row held out, and how many periods after its origin it lies."""
    offsets = np.asarray(table.arrays["offsets"])
    series = np.searchsorted(offsets, found.rows, side="right") - 1
    step = np.empty(len(found.rows), dtype=np.intp)
    for fold in np.unique(found.fold):
        trained = np.bincount(
            np.searchsorted(offsets, np.asarray(table.folds[fold][0]), side="right") - 1, minlength=len(offsets) - 1
        )
        own = found.fold == fold
        step[own] = found.rows[own] - offsets[series[own]] - trained[series[own]] + 1
    return series, step
