"""Periods in which the target of a series was not observed, and what they become where a job says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from automl_jupyter._core.text import plural
from automl_jupyter.data.dataset import Note
from automl_jupyter.data.panel import MOST_NAMED, PanelIndex, name_some

if TYPE_CHECKING:
    from automl_jupyter.spec.tabular import ForecastingJob

#: the value before
CARRIED = "ffill"


def target_fill(job: ForecastingJob) -> float | str | None:
    """Return what the job's imputer makes of gaps in the target: a number, `CARRIED`, or None where it does not say."""
    found: float | str | None = None
    for entry in (job.featurization.transformer_params or {}).get("imputer", []):
        if job.target_column_name in (entry.fields or ()):
            carried = entry.parameters.get("strategy") == CARRIED
            found = CARRIED if carried else float(entry.parameters["fill_value"])
    return found


def fill_target(y: np.ndarray, index: PanelIndex, fill: float | str | None) -> np.ndarray:
    """Return the target with its gaps filled as asked, or as it is.

    Parameters
    ----------
    y : ndarray
        The target, NaN where it was not observed.
    index : PanelIndex
        Which row is what.
    fill : float, str or None
        What `target_fill` returned.
    """
    if fill is None or not np.isnan(y).any():
        return y
    if fill == CARRIED:
        return pd.Series(y).groupby(index.series).ffill().to_numpy(dtype=np.float64)
    return np.where(np.isnan(y), float(fill), y)


def gap_notes(y: np.ndarray, index: PanelIndex, fill: float | str | None) -> list[Note]:
    """Return a note of how many periods have no value, and what they take."""
    missing = np.isnan(y)
    if not missing.any():
        return []
    gaps = np.unique(index.series[missing])
    named = name_some([index.name_of(int(s)) for s in gaps[:MOST_NAMED]], of=len(gaps))
    n_missing = plural(int(missing.sum()), "value")
    what = f"{n_missing} of {plural(len(y), 'period')} are missing, in {len(gaps)} series: {named}."
    if fill is None:
        why = "Periods without a value take the one of a season before, or the last one."
    else:
        becomes = "the value before" if fill == CARRIED else f"{fill:g}"
        why = f"They become {becomes}, as transformer_params asks, and are judged by like others."
    return [Note("time series", what, why)]
