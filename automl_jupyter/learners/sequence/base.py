"""What learners of sequences take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Sequences:
    """Many series, each with what is known of its periods.

    Parameters
    ----------
    values : list of ndarray of shape (n_periods,)
        Their values without holes.
    features : list of ndarray of shape (n_periods, n_features)
        What is known of each period, of the calendar and other columns.
    names : list of str
        What each is called; a learner may remember a series by it.
    """

    values: list[np.ndarray]
    features: list[np.ndarray]
    names: list[str]
