"""What a job learns from: the table, the columns' types, and the reasons for all that was done to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from automl_jupyter.data.guardrails import Finding
    from automl_jupyter.data.origins import TimeSettings
    from automl_jupyter.data.panel import PanelIndex


class ColumnType(StrEnum):
    """How a column is read; the names are those of Azure Machine Learning, with ours added."""

    NUMERIC = "Numeric"
    CATEGORICAL = "Categorical"
    CATEGORICAL_HASH = "CategoricalHash"
    BOOLEAN = "Boolean"
    DATETIME = "DateTime"
    TEXT = "Text"
    IGNORE = "Ignore"


@dataclass(frozen=True)
class Note:
    """One thing that was found in the data or done to it, with its reason.

    Parameters
    ----------
    topic : str
        What it is about (``"missing targets"``, ``"dropped columns"``).
    what : str
        What was found or done, as a sentence.
    why : str
        The reason, as a sentence.
    level : {"info", "warning"}, default "info"
        Whether the reader has to look at it.
    """

    topic: str
    what: str
    why: str
    level: str = "info"


@dataclass(frozen=True)
class Column:
    """One feature column as it was found in the training rows.

    Parameters
    ----------
    name : str
        The column's name.
    type : ColumnType
        How it is read.
    reason : str
        Why it is read so, or why it was dropped.
    n_missing : int
        How many training rows have no value.
    n_unique : int
        How many distinct values there are; counted on a sample when the reason says so.
    dropped : bool, default False
        True when no feature is made of it.

    Examples
    --------
    >>> Column.from_dict({"name": "age", "type": "Numeric", "reason": "", "n_missing": 0, "n_unique": 9}).type
    <ColumnType.NUMERIC: 'Numeric'>
    """

    name: str
    type: ColumnType
    reason: str
    n_missing: int
    n_unique: int
    dropped: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the column as plain JSON values."""
        return {**asdict(self), "type": str(self.type)}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Column:
        """Return the column that `to_dict` wrote; unknown keys are left out."""
        known = {f.name for f in fields(cls)}
        values = {k: v for k, v in value.items() if k in known}
        return cls(**{**values, "type": ColumnType(values["type"])})


@dataclass(frozen=True, eq=False)
class TestTable:
    """Rows that only report: they are never trained on and choose nothing.

    Parameters
    ----------
    X : pandas.DataFrame
        Raw feature columns.
    y : numpy.ndarray
        Class codes (int32) or values (float64), as in the training table.
    weight : numpy.ndarray, optional
        A weight a row.
    index : PanelIndex, optional
        Of a forecast: which row is which series at which instant.
    rows : numpy.ndarray, optional
        The rows' numbers in the table they came from; None where they are all of it, in order.
    """

    __test__ = False  # pytest takes the name for a test otherwise

    X: pd.DataFrame
    y: np.ndarray
    weight: np.ndarray | None = None
    index: PanelIndex | None = None
    rows: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class TimeTable:
    """What there is to know about the rows of a forecast besides their columns.

    Parameters
    ----------
    index : PanelIndex
        Which row is which series at which instant.
    settings : TimeSettings
        The forecasting settings, settled.
    n_validation : numpy.ndarray, optional
        Periods at the end of each series that are validation data of the user's own.
    findings : tuple of Finding
        What the checks of the series found.
    n_made : numpy.ndarray, optional
        Periods at the begin of each series that were made up, since it was short.
    """

    index: PanelIndex
    settings: TimeSettings
    n_validation: np.ndarray | None
    findings: tuple[Finding, ...]
    n_made: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class TrainingTable:
    """The rows a job trains and validates on.

    Parameters
    ----------
    X : pandas.DataFrame
        Raw feature columns in the user's dtypes: the rows of training_data, then those of validation_data.
    y : numpy.ndarray
        int32 class codes (classification) or float64 values (regression).
    classes : numpy.ndarray, optional
        The class labels, sorted, in their own dtype; the codes index into it. None for regression.
    weight : numpy.ndarray, optional
        A weight a row, float64.
    groups : numpy.ndarray, optional
        A group code a row, int64; rows of one group never stand on both sides of a split.
    times : numpy.ndarray, optional
        Nanoseconds since 1970 UTC, int64.
    custom_folds : numpy.ndarray, optional
        (n_rows, n_folds) booleans, True where the row trains.
    n_training : int
        How many of the first rows come from training_data.
    test : TestTable, optional
        The rows set aside for the report at the end.
    target : str
        The name of the target column.
    notes : tuple of Note
        All that was done to the rows, in sentences.
    fingerprint : str
        SHA-256 over the content; the same for the same data in every process.
    time : TimeTable, optional
        Of a forecast. Its rows are series on a grid, one after another; `y` is NaN where nothing was observed.
    """

    X: pd.DataFrame
    y: np.ndarray
    classes: np.ndarray | None
    weight: np.ndarray | None
    groups: np.ndarray | None
    times: np.ndarray | None
    custom_folds: np.ndarray | None
    n_training: int
    test: TestTable | None
    target: str
    notes: tuple[Note, ...]
    fingerprint: str
    time: TimeTable | None = None

    @property
    def n_rows(self) -> int:
        """How many rows there are, validation rows included, test rows not."""
        return len(self.y)
