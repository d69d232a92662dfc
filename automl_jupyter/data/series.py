"""From rows in any order to time series on a grid: what is repaired is noted, what cannot be is refused by name."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from automl_jupyter._core.text import listing, plain, plural
from automl_jupyter.data.convert import to_numbers
from automl_jupyter.data.dataset import Note
from automl_jupyter.data.frequency import infer_frequency, parse_frequency
from automl_jupyter.data.guardrails import Finding
from automl_jupyter.data.instants import at_usual_hour, find_grid, find_instants, find_periods
from automl_jupyter.data.kinds import kind_of, to_texts
from automl_jupyter.data.panel import MOST_NAMED, PanelIndex, is_calendar, name_some, series_name, shown
from automl_jupyter.data.series_rows import MOST_ROWS, Report, Rows, SeriesRoles, read_rows
from automl_jupyter.data.zones import in_local_time
from automl_jupyter.errors import Problem

#: share of rows off the grid that are left out; with more the data are refused
OFF_GRID = 0.1
#: what the numbers of a column within one period become, each a column of its own with this ending
AGGREGATES = ("sum", "mean", "min", "max")
#: instants of a grid that is still made where fewer rows lie on it
MOST_INSTANTS = 50_000_000


def made_of(name: str, columns: Collection[str], aggregate: str | None) -> list[str]:
    """Return the columns that a column of the rows has become: its own, or several where rows become periods.

    Examples
    --------
    >>> made_of("price", ["price_sum", "price_mean", "sky"], "sum"), made_of("sky", ["price_sum", "sky"], "sum")
    (['price_sum', 'price_mean'], ['sky'])
    """
    ways = AGGREGATES if aggregate is not None else ()
    return [c for c in (name, *(f"{name}_{how}" for how in ways)) if c in columns]


@dataclass(frozen=True, eq=False)
class Panel:
    """Series on a grid.

    Parameters
    ----------
    index : PanelIndex
        Which row is what.
    X : DataFrame
        The other columns, id columns included, missing where a row was put in.
    y : ndarray
        The target, NaN where it was not observed.
    weight : ndarray, optional
        A weight a row.
    n_made : ndarray of int, shape (n_series,), optional
        How many periods were made up at the begin of each series, since it was short.
    """

    index: PanelIndex
    X: pd.DataFrame
    y: np.ndarray
    weight: np.ndarray | None = None
    n_made: np.ndarray | None = None


def read_panel(frame: pd.DataFrame, roles: SeriesRoles, where: str, report: Report) -> Panel | None:
    """Arrange rows as series on a grid.

    Parameters
    ----------
    frame : DataFrame
        The rows, in any order.
    roles : SeriesRoles
        What the columns are.
    where : str
        The input's field; messages name it.
    report : Report
        What is wrong and what was done is added to it.

    Returns
    -------
    Panel or None
        None when something is wrong.
    """
    rows = read_rows(frame, roles, where, report)
    if rows is None or report.problems:
        return None
    frequency = _frequency(rows, roles, report)
    if frequency is None or _reaches_too_far(rows, frequency, roles, where, report):
        return None
    if is_calendar(frequency):
        rows = _in_local_time(rows)
    elif rows.clocks is not None:
        what = f"The column {plain(roles.time_column, most=80)!r} states several offsets from it."
        report.notes.append(Note("time series", "Instants are shown in UTC.", what))
    if roles.aggregate is not None:
        rows = _aggregated(rows, frequency, roles, report)
    else:
        report.findings.append(
            Finding("aggregation", "Time series aggregation", "Passed", "No aggregation was asked for.")
        )
    rows = _on_grid(rows, frequency, roles, where, report)
    rows = None if rows is None else _distinct(rows, roles, where, report)
    return None if rows is None else _regular(rows, frequency, roles, report)


def _frequency(rows: Rows, roles: SeriesRoles, report: Report) -> str | None:
    where = "forecasting.frequency"
    if roles.frequency is not None:
        found = parse_frequency(roles.frequency)
        if found is None:
            message = (
                f"{roles.frequency!r} is no frequency. Give a pandas offset alias such as 'D', 'h', 'W-MON' or 'MS'."
            )
            report.problems.append(Problem(where, message))
        return found
    local = _in_local_time(rows) if rows.zone is not None else rows
    times = rows.by_series()
    distinct = {t.tobytes(): t for t in times if len(t) > 3}.values()  # most series of a panel have the same instants
    names = {infer_frequency([t]) for t in distinct} - {None}
    found = infer_frequency(times) or infer_frequency(local.by_series())
    if found is not None and rows.zone is not None:  # midnight on Sunday may be Saturday in UTC
        as_local = infer_frequency(local.by_series())
        found = as_local if as_local is not None and is_calendar(as_local) else found
    if found is None:
        message = "is missing, and the steps between rows are too different to infer it. Name it, such as 'D' or 'h'."
        report.problems.append(Problem(where, message))
        return None
    if len(names) > 1 and not _are_one(times, found):
        examples: dict[str | None, int] = {}
        for code, t in zip(np.unique(rows.codes), times, strict=True):
            examples.setdefault(infer_frequency([t]), code)
        shown = [f"{series_name(rows.ids.iloc[c])!r} has {f}" for f, c in examples.items() if f is not None]
        message = f"Series have different frequencies: {listing(shown, last='and', most=MOST_ROWS)}."
        what = "Run a job for each, or give the coarsest as frequency with a target_aggregate_function."
        report.problems.append(Problem(where, f"{message} {what}"))
        return None
    return found


def _are_one(times: Sequence[np.ndarray], frequency: str) -> bool:
    """Return whether nearly all series keep the frequency, whatever their own few rows seem to say."""
    long_ones = [t for t in times if len(t) > 3]
    steps = [np.median(np.diff(t)) for t in long_ones]
    middle = float(np.median(steps))
    return all(0.67 * middle < s < 1.5 * middle for s in steps)


def _reaches_too_far(rows: Rows, frequency: str, roles: SeriesRoles, where: str, report: Report) -> bool:
    """Add the problem where the grid would not fit into memory; of days and longer steps there are always few."""
    if is_calendar(frequency):
        return False
    low, high = int(rows.times.min()), int(rows.times.max())
    ends = shown(pd.DatetimeIndex(np.array([low, high], dtype="datetime64[ns]")), rows.zone, frequency)
    if roles.like is not None:
        low, high = min(low, roles.like.first.value), max(high, roles.like.first.value)
    n = (high - low) // int(pd.tseries.frequencies.to_offset(frequency).nanos) + 1
    if n <= max(MOST_INSTANTS, len(rows.times)):
        return False
    message = f"The rows of {where} reach from {ends[0]} to {ends[1]}: with the frequency {frequency}"
    hint = "Remove rows whose time is wrong" + (", or give a coarser frequency." if roles.like is None else ".")
    field = "forecasting.frequency" if roles.like is None else where
    report.problems.append(Problem(field, f"{message}, the series would have {n:,} periods. {hint}"))
    return True


def _in_local_time(rows: Rows) -> Rows:
    if rows.clocks is not None:
        return replace(rows, times=rows.clocks.astype(np.int64), zone=None, clocks=None, local=True)
    times = in_local_time(rows.stamps(), rows.zone).as_unit("ns").asi8
    return replace(rows, times=times, local=rows.zone is not None)


def _aggregated(rows: Rows, frequency: str, roles: SeriesRoles, report: Report) -> Rows:
    times = find_periods(rows.stamps(), frequency, roles.like, rows.zone)
    groups, first = np.unique(np.stack([rows.codes, times]), axis=1, return_index=True)
    key = np.zeros(len(times), dtype=np.intp)
    key[first] = 1
    key = np.cumsum(key) - 1  # rows are in order of series and time, and so are periods
    y = pd.Series(rows.y).groupby(key).agg("sum" if roles.aggregate == "sum" else roles.aggregate)
    if roles.aggregate == "sum":
        y = y.where(pd.Series(rows.y).groupby(key).count() > 0)
    columns: dict[str, pd.Series] = {}
    for name in rows.X.columns:
        column = rows.X[name]
        if name in roles.id_columns:
            columns[name] = column.iloc[first].reset_index(drop=True)
        elif name == roles.weight:
            columns[name] = pd.Series(to_numbers(column).astype(float)).groupby(key).mean()
        elif kind_of(column) == "number":
            values = pd.Series(to_numbers(column).astype(float)).groupby(key)
            sums = values.sum(min_count=1)  # of nothing but missing values there is none
            columns |= {f"{name}_{how}": sums if how == "sum" else values.agg(how) for how in AGGREGATES}
        elif kind_of(column) == "instant":
            values = pd.Series(find_instants(column)).groupby(key)
            columns |= {f"{name}_{how}": values.agg(how) for how in ("min", "max")}
        else:
            columns[name] = column.groupby(key).agg(_most_frequent)
    n = int(key[-1]) + 1
    what = f"{plural(len(times), 'row')} became {plural(n, 'period')} of {frequency}: the target's {roles.aggregate}."
    report.done("aggregation", "Time series aggregation", what, passed="")
    report.notes.append(Note("time series", what, "target_aggregate_function asks for it."))
    X = pd.DataFrame({k: v.reset_index(drop=True) for k, v in columns.items()}, index=pd.RangeIndex(n))
    codes, at = groups[0].astype(np.intp), rows.at[first]
    return replace(rows, times=groups[1], codes=codes, y=y.to_numpy(float), X=X, at=at)


def _most_frequent(values: pd.Series) -> object:
    counts = values.dropna().astype(object).value_counts()  # of categories, those that are not there are counted too
    return counts.index[0] if len(counts) else None


def _within_days(rows: Rows, report: Report) -> Rows:
    """Move the days that clocks of a zone show to their usual hour: where it is another zone's it changes with them."""
    stamps = rows.stamps()
    found = at_usual_hour(stamps, rows.codes)
    n = int((found != stamps).sum())
    if n == 0:
        return rows
    what = f"{plural(n, 'row was', 'rows were')} moved within the day to the hour at which the others begin."
    report.notes.append(Note("time series", what, "Clocks are put forward and back."))
    # without a zone later tables are moved as these rows were, or not at all
    return replace(rows, times=found.as_unit("ns").asi8, moved=rows.zone is None)


def _on_grid(rows: Rows, frequency: str, roles: SeriesRoles, where: str, report: Report) -> Rows | None:
    """Leave out rows between the grid's instants, or move all of them to it where that puts no two together."""
    if roles.like is not None:
        rows = replace(rows, times=roles.like.settled(rows.stamps()).as_unit("ns").asi8, moved=roles.like.moved)
    elif rows.local:
        rows = _within_days(rows, report)
    stamps = rows.stamps()
    off = ~np.isin(rows.times, _grid_of(rows, frequency, roles.like).asi8)
    n_off, share = int(off.sum()), float(off.mean())
    key, name = "frequency", "Frequency detection"
    asked = "was given" if roles.frequency is not None else "was inferred"
    asked = asked if roles.like is None else "is that of the training data"
    if n_off == 0:
        report.findings.append(Finding(key, name, "Passed", f"The frequency {frequency} {asked}; every row keeps it."))
        return rows
    # Half of the steps may be of two weeks by chance: rows that mostly lie beside such a grid are of another.
    unlike = roles.frequency is None and share > 0.5 and re.match(r"\d+(D|W-\w+)$", frequency) is not None
    if share >= OFF_GRID and is_calendar(frequency) and not unlike:
        labels = find_periods(stamps, frequency, roles.like)
        if not ((np.diff(labels) == 0) & (np.diff(rows.codes) == 0)).any():
            what = f"The rows were moved to the instants of the frequency {frequency}."
            report.findings.append(Finding(key, name, "Done", what))
            report.notes.append(Note("time series", what, f"{share:.0%} lie between them, never two in one period."))
            return replace(rows, times=labels, moved=True)
    some = [f"{series_name(rows.ids.iloc[rows.codes[i]])} at {stamps[i]}" for i in np.flatnonzero(off)[:MOST_ROWS]]
    if share >= OFF_GRID and roles.like is not None:
        message = f"{plural(n_off, 'row')} ({share:.0%}) lie between the instants of the training data, whose"
        report.problems.append(Problem(where, f"{message} frequency is {frequency}: {listing(some, last='and')}."))
        return None
    if share >= OFF_GRID:
        message = (
            f"The frequency {frequency} {asked}, but {plural(n_off, 'row')} ({share:.0%}) lie between its instants:"
            f" {listing(some, last='and')}. Give the frequency of the data, or frequency with a"
            " target_aggregate_function."
        )
        report.problems.append(Problem("forecasting.frequency", message))
        return None
    were = "was" if n_off == 1 else "were"
    what = f"{plural(n_off, 'row')} between the instants of the frequency {frequency} {were} left out"
    report.findings.append(
        Finding(key, name, "Done", f"{what}: {listing(some, last='and')}.", rows=tuple(map(int, rows.at[off][:20])))
    )
    why = f"The frequency {asked}; they are {share:.1%} of the rows."
    report.notes.append(Note("time series", f"{what}.", why, "info" if roles.like is None else "warning"))
    lost = np.setdiff1d(rows.codes, rows.codes[~off])
    if len(lost):
        named = name_some([series_name(rows.ids.iloc[c]) for c in lost[:MOST_NAMED]], of=len(lost))
        what = f"{plural(len(lost), 'series was', 'series were')} left out: {named}."
        report.notes.append(Note("time series", what, "All of their rows lie between the instants.", "warning"))
    return rows.take(np.flatnonzero(~off))


def _grid_of(rows: Rows, frequency: str, like: PanelIndex | None) -> pd.DatetimeIndex:
    """Return the grid with the most rows on it, or that of the training series."""
    stamps = rows.stamps()
    return find_grid(stamps, frequency) if like is None else like.around(stamps).as_unit("ns")


def _distinct(rows: Rows, roles: SeriesRoles, where: str, report: Report) -> Rows | None:
    """Make one row of those that repeat a series' instant with the same target; refuse others by name."""
    again = np.zeros(len(rows.times), dtype=bool)
    again[1:] = (np.diff(rows.times) == 0) & (np.diff(rows.codes) == 0)
    key, name = "series_ids", "Time series ID detection"
    if not again.any():
        report.findings.append(Finding(key, name, "Passed", "No series has two rows at one instant."))
        return rows
    group = np.cumsum(~again) - 1
    first = np.flatnonzero(~again)
    known = pd.Series(rows.y).groupby(group)
    same = (known.max() - known.min()).fillna(0).to_numpy() == 0
    if not same.all():
        at = first[np.flatnonzero(~same)[:MOST_ROWS]]
        stamps = rows.stamps()
        shown = [f"{series_name(rows.ids.iloc[rows.codes[i]])} at {stamps[i]}" for i in at]
        have = "has" if (~same).sum() == 1 else "have"
        many = plural(int((~same).sum()), "instant")
        message = f"{many} in {where} {have} several rows: {listing(shown, last='and')}."
        columns = _telling_apart(rows, roles)
        hint = (
            f"Name the columns that tell their series apart; with {plain(columns[0], most=80)!r} no instant repeats."
            if columns
            else "Name the columns that tell their series apart, or give frequency and target_aggregate_function."
        )
        report.problems.append(Problem("forecasting.time_series_id_column_names", f"{message} {hint}"))
        return None
    y = known.max().to_numpy()
    what = f"{plural(int(again.sum()), 'row')} that repeat a series' instant with the same target were left out."
    report.findings.append(Finding(key, name, "Done", what, rows=tuple(map(int, rows.at[again][:20]))))
    report.notes.append(Note("time series", what, "A series has one value at an instant.", "warning"))
    kept = rows.take(first)
    kept.y = y
    return kept


def _telling_apart(rows: Rows, roles: SeriesRoles) -> list[str]:
    """Return a column that, with those named, leaves no two rows at one instant."""
    for name in rows.X.columns:
        if name in roles.id_columns or kind_of(rows.X[name]) not in ("text", "category", "number", "boolean"):
            continue
        keys = pd.DataFrame({"s": rows.codes, "t": rows.times, "c": to_texts(rows.X[name])})
        if not keys.duplicated().any() and keys["c"].nunique() <= len(keys) / 3:
            return [str(name)]
    return []


def _regular(rows: Rows, frequency: str, roles: SeriesRoles, report: Report) -> Panel | None:
    """Put in what is missing between a series' first and last observed value."""
    observed = np.isfinite(rows.y)
    grid = _grid_of(rows, frequency, roles.like)
    positions = grid.get_indexer(rows.stamps())
    counts = np.bincount(rows.codes[observed], minlength=len(rows.ids))
    empty = np.flatnonzero((counts == 0) & (np.bincount(rows.codes, minlength=len(rows.ids)) > 0))
    if len(empty):
        named = name_some([series_name(rows.ids.iloc[c]) for c in empty[:MOST_NAMED]], of=len(empty))
        what = f"{len(empty)} series have no value of the target and were left out: {named}."
        report.notes.append(Note("time series", what, "There is nothing to learn from them.", "warning"))
    big = np.iinfo(np.int64).max
    low, high = np.full(len(rows.ids), big), np.full(len(rows.ids), -1)
    np.minimum.at(low, rows.codes[observed], positions[observed])
    np.maximum.at(high, rows.codes[observed], positions[observed])
    inside = (counts[rows.codes] > 0) & (positions >= low[rows.codes]) & (positions <= high[rows.codes])
    if n_outside := int(((counts[rows.codes] > 0) & ~inside).sum()):
        what = f"Rows before the first or after the last value of their series were left out: {n_outside:,}."
        why = f"They have no value in {plain(roles.target, most=80)!r}."
        report.notes.append(Note("missing targets", what, why))
    there = np.flatnonzero(counts > 0)
    number = np.full(len(rows.ids), -1)
    number[there] = np.arange(len(there))
    lengths = high[there] - low[there] + 1
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    n_rows, n_given = int(offsets[-1]), int(inside.sum())
    if n_rows > max(20 * n_given, 10_000_000):
        message = f"With the frequency {frequency}, {n_given:,} rows would become {n_rows:,}. Give a coarser frequency."
        report.problems.append(Problem("forecasting.frequency", message))
        return None
    codes = number[rows.codes[inside]]
    at = offsets[codes] + positions[inside] - low[rows.codes[inside]]
    y = np.full(n_rows, np.nan)
    y[at] = rows.y[inside]
    source = np.full(n_rows, -1)
    source[at] = np.flatnonzero(inside)
    ids = rows.ids.iloc[there].reset_index(drop=True)
    index = PanelIndex(
        roles.time_column, roles.id_columns, frequency, rows.zone, grid[0], ids, low[there].astype(np.int64), offsets,
        rows.layout, moved=rows.moved,
    )  # fmt: skip
    weight = None
    if roles.weight is not None and roles.weight in rows.X.columns:
        weight = np.full(n_rows, np.nan)
        weight[at] = to_numbers(rows.X[roles.weight]).astype(np.float64)[inside]  # missing only where the target is
        weight /= weight[weight > 0].mean() if (weight > 0).any() else 1.0  # as numbers of rows, which learners take
        weight = np.where(np.isnan(weight), 1.0, weight)  # gaps of the target that are filled are rows like others
    X = _filled(rows.X.drop(columns=[c for c in (roles.weight,) if c in rows.X.columns]), source, index)
    return Panel(index, X, y, weight)


def _filled(X: pd.DataFrame, source: np.ndarray, index: PanelIndex) -> pd.DataFrame:
    """Return a row a period: those that were put in are missing, but for the series' ids."""
    found = {}
    for name in X.columns:
        if name in index.id_columns:
            found[name] = index.ids[name].take(index.series).reset_index(drop=True)
        elif (source >= 0).all():
            found[name] = X[name].iloc[source].reset_index(drop=True)
        else:
            found[name] = X[name].reindex(np.where(source >= 0, source, -1)).reset_index(drop=True)
    return pd.DataFrame(found, index=pd.RangeIndex(len(source)))
