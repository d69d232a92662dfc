"""What the final model says of the test rows, as a file that a spreadsheet opens."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd

from automl_jupyter._core.files import write_bytes
from automl_jupyter.data.kinds import text_of
from automl_jupyter.metrics.registry import move_threshold
from automl_jupyter.spec.kinds import is_number
from automl_jupyter.trials.rolling import Rolled

#: what a spreadsheet takes for the beginning of a formula
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def class_rows(
    rows: np.ndarray | None, codes: np.ndarray, proba: np.ndarray, threshold: float | None, classes: np.ndarray
) -> pd.DataFrame:
    """Return a row a test row: its number, its class, the predicted one, and the probability of each.

    Parameters
    ----------
    rows : ndarray or None
        The rows' numbers in the table they came from; None where they are all of it.
    codes : ndarray of int
        Their classes.
    proba : ndarray of shape (n, C)
        What was predicted.
    threshold : float or None
        From which probability on the second of two classes is predicted.
    classes : ndarray
        The labels.
    """
    labels = np.asarray([text_of(c) for c in classes.tolist()], dtype=object)
    predicted = labels[move_threshold(proba, threshold).argmax(axis=1)]
    shares = {f"probability_of_{label}": proba[:, code] for code, label in enumerate(labels)}
    return pd.DataFrame({"row": _numbers(rows, codes), "given": labels[codes], "predicted": predicted, **shares})


def value_rows(rows: np.ndarray | None, y: np.ndarray, predicted: np.ndarray) -> pd.DataFrame:
    """Return a row a test row: its number, its value and the predicted one."""
    return pd.DataFrame({"row": _numbers(rows, y), "given": np.asarray(y), "predicted": predicted})


def forecast_rows(rolled: Rolled) -> pd.DataFrame:
    """Return a row a series and period: its ids and time, its value, missing where there was none, and the forecast."""
    found = rolled.index.frame(rolled.series, rolled.position)
    return found.assign(actual=rolled.actual, forecast=rolled.forecast)


def write_rows(path: Path, rows: pd.DataFrame) -> None:
    """Write rows as CSV in one step. Texts are quoted; one that a spreadsheet would run is led by an apostrophe."""
    safe = {_inert(name): _without_formulas(rows[name]) for name in rows.columns}
    text = pd.DataFrame(safe).to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    write_bytes(path, text.encode(errors="replace"))


def _numbers(rows: np.ndarray | None, y: np.ndarray) -> np.ndarray:
    return np.arange(len(y)) if rows is None else np.asarray(rows)


def _without_formulas(column: pd.Series) -> pd.Series:
    return column if column.dtype.kind in "fiubM" else column.astype(object).map(_inert)


def _inert(value: object) -> object:
    runs = isinstance(value, str) and value.startswith(_FORMULA) and not is_number(value)
    return f"'{value}" if runs else value
