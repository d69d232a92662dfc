"""Checks of the data a job learns from: what was done to them, and what the user should look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from automl_jupyter._core.text import listing, plain, plural
from automl_jupyter.data.dataset import ColumnType
from automl_jupyter.data.infer import SAMPLE_ROWS as COUNTED_ROWS
from automl_jupyter.data.relation import SAMPLE_ROWS, relation_to_target

if TYPE_CHECKING:
    from automl_jupyter.data.dataset import Column, TrainingTable
    from automl_jupyter.data.schema import TableSchema
    from automl_jupyter.data.split import Validation

#: a class with at most this share of the largest one's rows is rare
RARE_CLASS = 0.2
#: how well one column tells the target from which on it is suspected to hold it
LEAK = 0.99
#: fewer rows say too little of leaks and drift
FEWEST_ROWS = 100
#: how well a date tells the target from which on random folds flatter
OVER_TIME = 0.2
#: how well a column's many groups of a few rows tell the target from which on folds have to keep them whole, and by how
#: much more than the same values in order
GROUPS_TELL, MORE_THAN_ORDER = 0.6, 0.3
#: fewest groups, and fewest of them for the rows there are
FEWEST_GROUPS, SHARE_OF_GROUPS = 20, 0.05
#: how well one column tells training from test rows from which on they differ
DRIFT = 0.25
#: a share of repeated rows on both sides of the folds that matters
REPEATED = 0.01
#: a share of earlier rows that cannot be trained on, as their groups validate, that matters
MUCH_LEFT_OUT = 0.5
#: distinct values, for the rows there are, from which on a column tells them apart
TELLING = 0.2
_MOST_NAMED = 20


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Parameters
    ----------
    key : str
        Names the check.
    name : str
        What people call it: Azure Machine Learning's name where it has one.
    status : {"Passed", "Done", "Alerted"}
        Nothing was found, something was done about it, or somebody has to look at it.
    explanation : str
        What was found, as a sentence.
    columns : tuple of str
        Columns concerned.
    rows : tuple of int
        Some of the training rows concerned, counted from 0 among those with a target.
    remedy : str
        What can be done; empty where nothing need be.
    """

    key: str
    name: str
    status: str
    explanation: str
    columns: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    remedy: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as plain JSON values."""
        return {**asdict(self), "columns": list(self.columns), "rows": list(self.rows)}


@dataclass(frozen=True)
class _Context:
    table: TrainingTable
    schema: TableSchema
    validation: Validation
    folds: Sequence[tuple[np.ndarray, np.ndarray]]
    chosen: bool

    @cached_property
    def relations(self) -> dict[str, float]:
        """How well each column alone tells the target, as far as that can be said."""
        return dict(_relations(self))

    @cached_property
    def rows(self) -> np.ndarray:
        """The training rows that are looked at, all of them or a sample."""
        return _some(len(self.y))

    @cached_property
    def encoded(self) -> pd.DataFrame:
        """These rows as features are made of them."""
        return self.schema.encode(self.table.X.iloc[self.rows], where="training_data")

    @property
    def y(self) -> np.ndarray:
        return self.table.y[: self.table.n_training]

    @property
    def n_classes(self) -> int | None:
        return None if self.table.classes is None else len(self.table.classes)


def run_guardrails(
    table: TrainingTable,
    schema: TableSchema,
    validation: Validation,
    folds: Sequence[tuple[np.ndarray, np.ndarray]],
    *,
    chosen: bool,
) -> tuple[Finding, ...]:
    """Check the data of a job.

    Parameters
    ----------
    table, schema, validation, folds
        The data, what their columns are, and how rows are held back.
    chosen : bool
        Whether the user chose how rows are held back.

    Returns
    -------
    tuple of Finding
        Alerted ones first; checks that do not apply to the job are left out.
    """
    context = _Context(table, schema, validation, folds, chosen)
    if table.time is not None:  # neighbours in time are alike: what holds of rows in no order says little of them
        found = [*table.time.findings, *(f for check in (_missing, _cardinality, _origins) for f in check(context))]
    else:
        found = [finding for check in _CHECKS for finding in check(context)]
    order = {"Alerted": 0, "Done": 1, "Passed": 2}
    return tuple(sorted(found, key=lambda f: order[f.status]))


def _names(columns: Sequence[str]) -> str:
    return listing([repr(plain(c, most=60)) for c in columns], last="and", most=10)


def _origins(context: _Context) -> Iterator[Finding]:
    status = "Passed" if context.chosen else "Done"
    yield Finding("cross_validation", "Cross validation", status, context.validation.reason)


def _missing(context: _Context) -> Iterator[Finding]:
    key, name = "missing_values", "Missing feature values imputation"
    gaps = [c for c in context.schema.kept if c.n_missing]
    if not gaps:
        yield Finding(key, name, "Passed", "No feature value is missing.")
        return
    total = sum(c.n_missing for c in gaps)
    are, they = ("is", "it is") if total == 1 else ("are", "they are")
    where = plural(len(gaps), "column")
    text = f"{plural(total, 'value')} in {where} {are} missing; {they} imputed, or kept by trees."
    yield Finding(key, name, "Done", text, tuple(c.name for c in gaps[:_MOST_NAMED]))


def _cardinality(context: _Context) -> Iterator[Finding]:
    key, name = "high_cardinality", "High cardinality feature detection"
    dropped = [c for c in context.schema.columns if c.dropped and c.type is not ColumnType.IGNORE]
    if not dropped:
        yield Finding(key, name, "Passed", "No column is an id, constant or empty.")
        return
    text = (
        f"{_names([c.name for c in dropped])} {'is' if len(dropped) == 1 else 'are'} not used: ids, constant or empty."
    )
    remedy = "Give a column a type in featurization.column_name_and_types to use it all the same."
    yield Finding(key, name, "Done", text, tuple(c.name for c in dropped[:_MOST_NAMED]), (), remedy)


def _split(context: _Context) -> Iterator[Finding]:
    key, name = "validation_split", "Validation split handling"
    status = "Passed" if context.chosen else "Done"
    lost = _left_out(context)
    if lost <= MUCH_LEFT_OUT:
        yield Finding(key, name, status, context.validation.reason)
        return
    text = f"{context.validation.reason} These are {lost:.0%} of the earlier rows."
    remedy = "Keep the one of group_column_name and time_column_name that rows to come differ by."
    yield Finding(key, name, "Alerted", text, remedy=remedy)


def _left_out(context: _Context) -> float:
    """Return the share of earlier rows, over all folds, that do not train because their group validates."""
    times = context.table.times
    if times is None or context.table.groups is None or context.validation.kind not in ("time", "holdout"):
        return 0.0
    n_earlier = sum(int((times < times[valid].min()).sum()) for _, valid in context.folds)
    return 1 - sum(len(train) for train, _ in context.folds) / max(n_earlier, 1)


def _test_split(context: _Context) -> Iterator[Finding]:
    if context.table.test is not None:
        n = len(context.table.test.y)
        does = "tests the final model and chooses" if n == 1 else "test the final model and choose"
        text = f"{plural(n, 'row')} {does} nothing."
        yield Finding("test_split", "Train-test data split", "Done", text)


def _balance(context: _Context) -> Iterator[Finding]:
    if context.n_classes is None:
        return
    key, name = "class_balance", "Class balancing detection"
    counts = np.bincount(context.y, minlength=context.n_classes)
    classes = context.table.classes
    assert classes is not None
    least, most = int(counts.argmin()), int(counts.argmax())
    if counts[least] == counts[most]:
        yield Finding(key, name, "Passed", f"All classes have {plural(int(counts[least]), 'row')}.")
        return
    share = counts[least] / max(counts[most], 1)
    few, many = (plain(str(classes[k]), most=40) for k in (least, most))
    rows = plural(int(counts[least]), "row")
    text = f"The smallest class, {few!r}, has {rows}; the largest, {many!r}, has {counts[most]:,}."
    if share > RARE_CLASS:
        yield Finding(key, name, "Passed", text)
        return
    remedy = (
        "Rank by a metric that minds rare classes (AUC_weighted, average_precision_score_weighted), not by accuracy."
    )
    yield Finding(key, name, "Alerted", text, remedy=remedy)


def _leakage(context: _Context) -> Iterator[Finding]:
    key, name = "target_leakage", "Target leakage"
    if len(context.y) < FEWEST_ROWS:
        return
    told = [(r, c) for c, r in context.relations.items() if r >= LEAK]
    if not told:
        yield Finding(key, name, "Passed", "No column alone tells the target.")
        return
    columns = [c for _, c in sorted(told, reverse=True)]
    text = f"{_names(columns)} alone {'tells' if len(columns) == 1 else 'tell'} the target almost perfectly."
    remedy = "Is it known when a prediction is made? If not, set its type to Ignore in column_name_and_types."
    yield Finding(key, name, "Alerted", text, tuple(columns[:_MOST_NAMED]), (), remedy)


def _relations(context: _Context) -> Iterator[tuple[str, float]]:
    y, n_classes = context.y, context.n_classes
    rows, encoded = context.rows, context.encoded
    for column in context.schema.kept:
        if column.type is not ColumnType.NUMERIC and len(rows) < len(y) and _may_be_groups(column, len(y)):
            found: float | None = _told_by_groups(context, column)
        else:
            found = relation_to_target(encoded[column.name], y[rows], n_classes=n_classes)
        if found is None:
            continue
        if n_classes is None and column.type is ColumnType.NUMERIC:
            # Groups of few rows cannot show a copy as what it is; the order can.
            values = encoded[column.name].to_numpy(dtype=np.float64)
            there = ~np.isnan(values)
            ranks = [pd.Series(v).rank().to_numpy() for v in (values[there], y[rows][there])]
            if there.mean() > 0.5 and all(np.ptp(r) > 0 for r in ranks):
                found = max(found, float(np.corrcoef(ranks[0], ranks[1])[0, 1]) ** 2)
        yield column.name, found


def _some(n: int) -> np.ndarray:
    if n <= SAMPLE_ROWS:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).choice(n, SAMPLE_ROWS, replace=False))


def _may_be_groups(column: Column, n: int) -> bool:
    """Return whether each value of a column is that of a few rows, as of one that says whose row it is."""
    if column.type not in (ColumnType.CATEGORICAL, ColumnType.CATEGORICAL_HASH, ColumnType.NUMERIC):
        return False
    counted = min(n, COUNTED_ROWS) if column.type is ColumnType.NUMERIC else n
    return max(FEWEST_GROUPS, SHARE_OF_GROUPS * counted) <= column.n_unique <= n / 2


def _told_by_groups(context: _Context, column: Column) -> float:
    """Return how well the values of a column tell the target, each taken for itself; 0 where they have many rows each.

    Of many rows those of some values are looked at: rows drawn one by one would leave their fellows behind.
    """
    n = len(context.y)
    values = context.schema.encode_column(column.name, context.table.X.iloc[:n])
    codes = values.cat.codes if isinstance(values.dtype, pd.CategoricalDtype) else pd.factorize(values)[0]
    of = np.asarray(codes, dtype=np.int64) + 1  # 0 where missing
    counts = np.bincount(of)
    if np.count_nonzero(counts[1:]) < SHARE_OF_GROUPS * n:
        return 0.0
    random, share = np.random.default_rng(0), SAMPLE_ROWS / n
    drawn = (random.random(len(counts)) < share)[of]
    large = (counts > SAMPLE_ROWS / FEWEST_GROUPS)[of]
    drawn = np.where(large, random.random(n) < share, drawn)
    as_groups = pd.Series(pd.Categorical(of[drawn]))
    return relation_to_target(as_groups, context.y[drawn], n_classes=context.n_classes) or 0.0


def _repeated(context: _Context) -> Iterator[Finding]:
    key, name = "repeated_rows", "Repeated rows across folds"
    table = context.table
    # Where no column tells rows apart, the same values come again by themselves.
    telling = [c for c in context.schema.kept if c.n_unique >= TELLING * table.n_training]
    if not telling or len(context.schema.kept) < 2 or not context.folds or table.n_rows > 20 * SAMPLE_ROWS:
        return
    # The schema is that of the training rows: what cannot be read is among the others.
    where = "validation_data" if table.n_training < table.n_rows else "training_data"
    encoded = context.schema.encode(table.X, where=where)
    hashed = pd.util.hash_pandas_object(encoded, index=False).to_numpy() ^ pd.util.hash_array(table.y)
    train, valid = context.folds[0]
    both = valid[np.isin(hashed[valid], hashed[train])]
    share = len(both) / max(len(valid), 1)
    if share <= REPEATED or len(both) < 3:
        yield Finding(key, name, "Passed", "Hardly any row that is scored is also trained on.")
        return
    text = f"{share:.0%} of the rows that are scored are trained on as well, with the same values in every column."
    remedy = (
        "Drop repeated rows (df.drop_duplicates()), or name the column they belong together by as group_column_name."
    )
    if context.validation.kind == "validation_data":
        remedy = "Judge by other rows: take the rows of validation_data out of training_data, or do not give any."
        both = train[np.isin(hashed[train], hashed[both])]
    yield Finding(key, name, "Alerted", text, (), tuple(int(r) for r in both[:_MOST_NAMED]), remedy)


def _shared_groups(context: _Context) -> Iterator[Finding]:
    """Look for columns that say whose row it is (a patient, a machine) while folds are drawn row by row."""
    n = len(context.y)
    if context.validation.kind not in ("kfold", "holdout", "monte_carlo") or n < FEWEST_ROWS:
        return
    candidates = [c for c in context.schema.kept if _may_be_groups(c, n)]
    if not candidates:
        return
    found = []
    for column in candidates:
        told = context.relations.get(column.name, 0.0)
        if column.type is ColumnType.NUMERIC:
            values = context.encoded[column.name].to_numpy()
            if not np.array_equal(values, np.round(values), equal_nan=True):
                continue
            in_order, told = told, _told_by_groups(context, column)
            if told < in_order + MORE_THAN_ORDER:
                continue
        if told >= GROUPS_TELL:
            found.append((told, column.name))
    key, name = "group_leakage", "Groups on both sides of the folds"
    if not found:
        yield Finding(key, name, "Passed", "No column says which few rows belong together.")
        return
    columns = [c for _, c in sorted(found, reverse=True)]
    text = f"Rows with the same {_names(columns[:1])} have the same target, and folds put some of them on both sides."
    remedy = f"If rows to come are of others, set group_column_name: {plain(columns[0], most=60)}."
    yield Finding(key, name, "Alerted", text, tuple(columns[:_MOST_NAMED]), (), remedy)


def _over_time(context: _Context) -> Iterator[Finding]:
    dates = [c.name for c in context.schema.kept if c.type is ColumnType.DATETIME]
    if not dates or context.validation.kind not in ("kfold", "holdout", "monte_carlo") or len(context.y) < FEWEST_ROWS:
        return
    key, name = "time_leakage", "Random folds on dated rows"
    late = max(dates, key=lambda c: context.relations[c])
    if context.relations[late] < OVER_TIME:
        yield Finding(key, name, "Passed", "The target hardly changes with the dates.", tuple(dates[:_MOST_NAMED]))
        return
    text = f"The target changes with {plain(late, most=60)!r}, and folds are drawn at random: days are known to both."
    remedy = f"Set time_column_name: {plain(late, most=60)} to be scored on rows that come later."
    yield Finding(key, name, "Alerted", text, (late,), (), remedy)


def _drift(context: _Context) -> Iterator[Finding]:
    test = context.table.test
    if test is None or min(len(test.y), len(context.y)) < FEWEST_ROWS:
        return
    key, name = "drift", "Drift between training and test rows"
    rows, others = context.rows, _some(len(test.y))
    encoded = [context.encoded, context.schema.encode(test.X.iloc[others], where="test_data")]
    side = np.repeat([0, 1], [len(rows), len(others)])
    drifted = []
    for column in context.schema.kept:
        if isinstance(encoded[0][column.name].dtype, pd.CategoricalDtype) and column.n_unique > len(rows) / 20:
            continue  # of many categories, some come in one part only by chance
        both = pd.concat([part[column.name] for part in encoded], ignore_index=True)
        found = relation_to_target(both, side, n_classes=2)
        if found is not None and found >= DRIFT:
            drifted.append(column.name)
    if not drifted:
        yield Finding(key, name, "Passed", "No column tells training from test rows.")
        return
    text = f"{_names(drifted)} {'has' if len(drifted) == 1 else 'have'} other values in the test rows than in training."
    remedy = "Scores on the training rows may not hold for such rows; train on rows like those to be predicted."
    yield Finding(key, name, "Alerted", text, tuple(drifted[:_MOST_NAMED]), (), remedy)


_CHECKS: tuple[Callable[[_Context], Iterator[Finding]], ...] = (
    _leakage,
    _repeated,
    _shared_groups,
    _over_time,
    _drift,
    _balance,
    _missing,
    _cardinality,
    _split,
    _test_split,
)
