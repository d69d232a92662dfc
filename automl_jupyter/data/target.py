"""The column to predict: rows without it, its classes, its values."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from automl_jupyter._core.text import listing, plain, plural
from automl_jupyter.data.convert import raw_numbers
from automl_jupyter.data.dataset import Note
from automl_jupyter.data.kinds import UnreadableValueError, holds_instants, kind_of, text_of
from automl_jupyter.data.quantities import find_quantity
from automl_jupyter.data.vocabulary import as_value, distinct_values, is_value, told_apart
from automl_jupyter.errors import Problem

#: skewness from which on a target's logarithm is worth learning
_LONG_TAIL = 0.5
#: most classes that are told apart: of more there are hardly rows enough, and each row's probabilities fill the memory
MOST_CLASSES = 1000
#: largest target: sums of squares of larger ones overflow
LARGEST_TARGET = 1e140
#: what to do with a target of dates
DATES_AS_NUMBERS = "Predict a number, such as the days from a date that is known before."
#: more classes than this, of numbers with fractions, is a regression by mistake
_MOST_FRACTIONS = 100


@dataclass
class Target:
    """The target of one input's rows.

    Parameters
    ----------
    values : numpy.ndarray
        float64 values (regression), or int32 codes (classification): of `labels` first, of the classes at the end.
    labels : list
        The distinct labels, for classification.
    kept : numpy.ndarray, optional
        Which of the rows given have a target; None when all have.
    """

    values: np.ndarray
    labels: list[Any]
    kept: np.ndarray | None = None

    def take(self, rows: np.ndarray) -> Target:
        """Return the target of some rows."""
        return Target(self.values[rows], self.labels)


def read_target(
    series: pd.Series, regression: bool, where: str, problems: list[Problem], notes: list[Note]
) -> Target | None:
    """Read the target of one input; rows without one are left out with a note.

    Parameters
    ----------
    series : pandas.Series
        The target column.
    regression : bool
        Whether values are predicted, not classes.
    where : str
        The input's field.
    problems, notes : list
        What is wrong, and what was done, is added here.

    Returns
    -------
    Target or None
        None when it cannot be used.
    """
    name = plain(series.name, most=80)
    if regression and holds_instants(series):
        message = f"The column {name!r} in {where} holds dates, which regression does not predict."
        problems.append(Problem("target_column_name", f"{message} {DATES_AS_NUMBERS}"))
        return None
    try:
        target, n_infinite = _read_values(series) if regression else (_read_labels(series), 0)
    except UnreadableValueError as error:
        message = f"The column {name!r} in {where} has the value {error.shown}, which is not a number."
        problems.append(Problem("target_column_name", f"{message} {_remedy(series)}"))
        return None
    n_left = len(series) if target.kept is None else int(target.kept.sum())
    n_missing = len(series) - n_left - n_infinite
    if n_missing:
        what = f"{plural(n_missing, 'row')} of {where} were dropped."
        notes.append(Note("missing targets", what, f"They have no value in {name!r}."))
    if n_infinite:
        what = f"{plural(n_infinite, 'row')} of {where} were dropped."
        notes.append(Note("infinite targets", what, f"The value in {name!r} is infinite.", "warning"))
    if n_left == 0 and len(series):
        problems.append(Problem("target_column_name", f"The column {name!r} in {where} has no value in any row."))
        return None
    if regression and n_left and np.abs(target.values).max() > LARGEST_TARGET:
        message = f"The column {name!r} in {where} has values beyond {LARGEST_TARGET:.0e}, whose squares overflow."
        problems.append(Problem("target_column_name", f"{message} Divide it, or predict its logarithm."))
        return None
    if regression and where == "training_data" and n_left and target.values.min() == target.values.max():
        message = f"The column {name!r} has the value {text_of(float(target.values[0]))} in every row."
        problems.append(Problem("target_column_name", f"{message} There is nothing to predict."))
    return target


def _remedy(series: pd.Series) -> str:
    """Return what to do with a target that is no number: it may be an amount that is written as a text."""
    texts = [text_of(v) for v in distinct_values(told_apart(series))[1]]
    quantity = find_quantity(texts)
    if quantity is None:
        return "Use classification to predict labels."
    read = {text: quantity.number(text) for text in texts}
    some = next(text for text, number in read.items() if not np.isnan(number))
    return f"Make numbers of such texts: {plain(some, most=40)!r} is {text_of(read[some])}."


def _read_values(series: pd.Series) -> tuple[Target, int]:
    values = raw_numbers(series).astype(np.float64)
    finite = np.isfinite(values)
    n_infinite = int(np.isinf(values).sum())
    return Target(values[finite], [], None if finite.all() else finite), n_infinite


def _read_labels(series: pd.Series) -> Target:
    codes, labels = distinct_values(series)
    if pd.api.types.is_object_dtype(series.dtype) and len(labels) < 3:
        labels = [bool(v) if isinstance(v, bool | np.bool_) else v for v in labels]
    kept = codes >= 0
    if kind_of(series) == "number":
        finite = np.asarray([bool(np.isfinite(float(v))) for v in labels] or [True])
        kept &= finite[codes]
    return Target(codes[kept].astype(np.int32), labels, None if kept.all() else kept)


def find_classes(target: Target, problems: list[Problem], notes: list[Note]) -> np.ndarray | None:
    """Return the sorted class labels of the training rows in their own dtype, or None with a problem."""
    used = np.unique(target.values)
    labels = [target.labels[c] for c in used]
    n_rows = len(target.values)
    where = "target_column_name"
    classes = _sorted_labels(labels, notes)
    if len(classes) < 2:  # labels of one text are one class
        found = f"only the class {plain(labels[0], most=60)!r}" if labels else "no class"
        problems.append(Problem(where, f"There is {found} in the training rows. Two are needed at least."))
        return None
    if len(classes) == n_rows and n_rows > 2:
        message = f"Every one of the {plural(n_rows, 'row')} has a class of its own: there is nothing to learn."
        problems.append(Problem(where, f"{message} Use regression to predict a number."))
        return None
    if len(classes) > MOST_CLASSES:
        message = (
            f"The target has {len(classes):,} classes in {plural(n_rows, 'row')}; at most {MOST_CLASSES:,} are told"
        )
        problems.append(
            Problem(where, f"{message} apart. Merge rare classes into one, or use regression to predict a number.")
        )
        return None
    if classes.dtype.kind == "f" and len(classes) > _MOST_FRACTIONS:
        message = (
            f"The target has {len(classes):,} distinct numbers with fractions. Use regression to predict a number."
        )
        problems.append(Problem(where, message))
        return None
    counts: Counter[str] = Counter()
    for label, count in zip(labels, np.bincount(target.values, minlength=len(target.labels))[used], strict=True):
        counts[text_of(label)] += int(count)
    rare = [plain(text, most=40) for text, count in counts.items() if count == 1]
    if rare:
        what = (
            f"{'A class has' if len(rare) == 1 else 'Classes have'} one row only: {listing(rare, last='and', most=10)}."
        )
        notes.append(
            Note("rare classes", what, "A fold that validates on such a row cannot have learnt its class.", "warning")
        )
    return classes


def _sorted_labels(labels: list[Any], notes: list[Note]) -> np.ndarray:
    if all(isinstance(v, bool | np.bool_) for v in labels):
        return np.asarray(sorted(bool(v) for v in labels))
    numeric = [v for v in labels if _is_number(v)]
    if len(numeric) == len(labels):
        whole_numbers = [int(v) for v in labels if isinstance(v, int | np.integer)]
        if any(not -(2**63) <= v < 2**63 for v in whole_numbers):
            what = "The class labels are read as texts: there are whole numbers beyond those of 64 bits among them."
            notes.append(Note("class labels", what, "Such numbers are not told apart as numbers."))
            return _sorted_texts(labels)
        if len(whole_numbers) == len(labels):
            return np.asarray(sorted(whole_numbers))
        values = np.asarray(sorted(float(v) for v in labels))
        whole = bool((values == np.floor(values)).all() and np.abs(values).max() < 2**53)
        return values.astype(np.int64) if whole else values
    if not all(isinstance(v, str) for v in labels):
        kinds = sorted({type(v).__name__ for v in labels})
        what = f"The class labels are read as texts: they are of the kinds {listing(kinds, last='and')}."
        notes.append(Note("class labels", what, "Labels of one kind can be compared."))
    return _sorted_texts(labels)


def _sorted_texts(labels: list[Any]) -> np.ndarray:
    return np.asarray(sorted({text_of(v) for v in labels}), dtype=object)


def _is_number(value: Any) -> bool:
    # numpy counts durations among its integers
    return isinstance(value, int | float | np.number) and not isinstance(value, bool | np.timedelta64)


def assign_codes(target: Target, classes: np.ndarray, where: str, problems: list[Problem]) -> None:
    """Replace the codes of a target by codes of the classes; labels that training does not know are a problem."""
    used = set(np.unique(target.values).tolist())
    index = {text_of(c): code for code, c in enumerate(classes.tolist())}
    of_values = dict(index)  # with what a table without the labels that are words makes of the others
    for text, code in index.items():
        of_values.setdefault(as_value(text), code)
    found = [(of_values if is_value(v) else index).get(text_of(v), -1) for v in target.labels]
    codes = np.asarray(found, dtype=np.int32)
    unknown = [plain(text_of(v), most=40) for k, v in enumerate(target.labels) if k in used and codes[k] < 0]
    if unknown:
        names = listing(unknown, last="and", most=10)
        message = f"The target has classes that training_data does not have: {names}."
        problems.append(Problem(where, f"{message} Drop these rows, or add such rows to training_data."))
        return
    target.values = codes[target.values]


def is_log_better(y: np.ndarray) -> bool:
    """Return whether a target has a long upper tail, no negative value, and logarithms that are more symmetric.

    A skewness above 0.5 counts as long: "moderately skewed" in Bulmer, Principles of Statistics (1979).

    Examples
    --------
    >>> is_log_better(np.array([1.0, 10.0, 100.0])), is_log_better(np.array([1.0, 2.0, 3.0]))
    (True, False)
    """
    if len(y) < 3 or y.min() < 0 or y.min() == y.max():
        return False
    logs = np.log(y if y.min() > 0 else y + 1)
    return _skew(y) > _LONG_TAIL and abs(_skew(logs)) < _skew(y)


def _skew(values: np.ndarray) -> float:
    centred = values - values.mean()
    deviation = float(np.sqrt(np.mean(centred**2)))
    # Divided first: the cubes of great targets are no numbers any more, those of small ones are 0.
    return float(np.mean((centred / deviation) ** 3)) if deviation > 0 else 0.0
