"""The rows of series as they came: series, instants and target are read, and what cannot be is refused by name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from automl_jupyter._core.text import listing, plain, plural
from automl_jupyter.data.convert import raw_numbers
from automl_jupyter.data.dataset import Note
from automl_jupyter.data.guardrails import Finding
from automl_jupyter.data.instants import clocks_as_written, read_times, shown_as
from automl_jupyter.data.kinds import UnreadableValueError, holds_instants
from automl_jupyter.data.panel import PanelIndex, id_keys
from automl_jupyter.data.target import DATES_AS_NUMBERS
from automl_jupyter.data.vocabulary import distinct_texts
from automl_jupyter.data.zones import UnknownZoneError
from automl_jupyter.errors import Problem

#: rows named in a message
MOST_ROWS = 5


@dataclass(frozen=True)
class SeriesRoles:
    """Which columns say what a row is, and how rows become periods; `like` are the training series of a later table."""

    time_column: str
    id_columns: tuple[str, ...]
    target: str
    frequency: str | None = None
    aggregate: str | None = None
    weight: str | None = None
    like: PanelIndex | None = None


@dataclass
class Report:
    """What was found while reading, for whoever asked."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def done(self, key: str, name: str, explanation: str, *, passed: str) -> None:
        """Add what a check did, or that there was nothing to do."""
        self.findings.append(Finding(key, name, "Done" if explanation else "Passed", explanation or passed))


@dataclass
class Rows:
    """Rows while they are being arranged: sorted by series and instant."""

    times: np.ndarray
    codes: np.ndarray
    ids: pd.DataFrame
    y: np.ndarray
    X: pd.DataFrame
    at: np.ndarray
    zone: str | None
    layout: str | None
    moved: bool = False
    #: what clocks show, where texts state several offsets from UTC
    clocks: np.ndarray | None = None
    #: whether the times are what the clocks of a zone show
    local: bool = False

    def take(self, rows: np.ndarray) -> Rows:
        X = self.X.iloc[rows].set_axis(pd.RangeIndex(len(rows)), axis=0)
        times, codes, y, at = (values[rows] for values in (self.times, self.codes, self.y, self.at))
        clocks = None if self.clocks is None else self.clocks[rows]
        return replace(self, times=times, codes=codes, y=y, X=X, at=at, clocks=clocks)

    def by_series(self) -> list[np.ndarray]:
        cuts = np.flatnonzero(np.diff(self.codes)) + 1
        return [np.unique(t) for t in np.split(self.times, cuts)] if len(self.times) else []

    def stamps(self) -> pd.DatetimeIndex:
        return pd.DatetimeIndex(self.times.view("datetime64[ns]"))


def read_rows(frame: pd.DataFrame, roles: SeriesRoles, where: str, report: Report) -> Rows | None:
    ids, codes = _read_ids(frame, roles, report)
    times, zone, layout = _read_times(frame[roles.time_column], roles.like, where, report, codes)
    y = _read_target(frame[roles.target], where, report) if roles.target in frame.columns else None
    if times is None or codes is None or (y is None and roles.target in frame.columns):
        return None
    if y is None:
        y = np.full(len(frame), np.nan)
    order = np.lexsort((times, codes))
    if (np.diff(order) < 0).any() and (np.diff(times[np.argsort(codes, kind="stable")]) < 0)[
        np.diff(np.sort(codes, kind="stable")) == 0
    ].any():
        report.notes.append(Note("time series", "Rows were put in order of time.", "They came in another order."))
    X = frame.drop(columns=[c for c in (roles.time_column, roles.target) if c in frame.columns])
    instants = times.view("datetime64[ns]")
    clocks = None if roles.like is not None else clocks_as_written(frame[roles.time_column], instants)
    rows = Rows(times, codes, ids, y, X, np.arange(len(frame)), zone, layout, clocks=clocks)
    return rows.take(order)


def read_like(frame: pd.DataFrame, roles: SeriesRoles, where: str, report: Report) -> pd.DatetimeIndex | None:
    """Return the times of a table in the form that the training series, `roles.like`, are shown in."""
    codes = _read_ids(frame, roles, report)[1]
    times, zone, _ = _read_times(frame[roles.time_column], roles.like, where, report, codes)
    if times is None or roles.like is None:
        return None
    return shown_as(times.view("datetime64[ns]"), zone, roles.like)


def _read_times(
    series: pd.Series, like: PanelIndex | None, where: str, report: Report, codes: np.ndarray | None = None
) -> tuple[np.ndarray | None, str | None, str | None]:
    """Return what `read_times` does, the instants in nanoseconds; None, with the problem added, where it cannot."""
    name, field = plain(series.name, most=80), "forecasting.time_column_name"
    try:
        instants, zone, layout = read_times(series, like, codes)
    except UnreadableValueError as error:
        what = f"has the value {error.shown}{_at(series, error)}, which is not a date or time."
        report.problems.append(Problem(field, f"The column {name!r} in {where} {what} {error.hint}".rstrip()))
        return None, None, None
    except UnknownZoneError as error:
        what = f"is in the time zone {plain(repr(error.zone), most=60)}, which has no name that pandas reads."
        hint = "Convert it to a named zone, such as 'Europe/Berlin' or 'UTC', with .dt.tz_convert."
        report.problems.append(Problem(field, f"The column {name!r} in {where} {what} {hint}"))
        return None, None, None
    missing = np.flatnonzero(np.isnat(instants))
    if len(missing):
        message = f"The column {name!r} in {where} has no value in {plural(len(missing), 'row')} ({_rows(missing)})."
        report.problems.append(Problem(field, f"{message} Fill or drop them."))
        return None, None, None
    return instants.astype(np.int64), zone, layout


def _read_ids(frame: pd.DataFrame, roles: SeriesRoles, report: Report) -> tuple[pd.DataFrame, np.ndarray | None]:
    if not roles.id_columns:
        return pd.DataFrame(index=pd.RangeIndex(1)), np.zeros(len(frame), dtype=np.intp)
    keys = []
    for name in roles.id_columns:
        of_rows = distinct_texts(frame[name])[0]
        missing = np.flatnonzero(of_rows < 0)
        if len(missing):
            message = f"The column {plain(name, most=80)!r} has no value in {plural(len(missing), 'row')}"
            report.problems.append(
                Problem("forecasting.time_series_id_column_names", f"{message} ({_rows(missing)}). Fill or drop them.")
            )
        keys.append(of_rows)
    if report.problems:
        return pd.DataFrame(), None
    codes = keys[0] if len(keys) == 1 else pd.MultiIndex.from_arrays(keys).factorize()[0]
    codes = np.asarray(codes, dtype=np.intp)
    first = np.unique(codes, return_index=True)[1]
    ids = frame[list(roles.id_columns)].iloc[first].reset_index(drop=True)
    order = _in_order(id_keys(ids))  # not that of the rows: what is learnt from is drawn by place
    number = np.empty_like(order)
    number[order] = np.arange(len(order))
    return ids.iloc[order].reset_index(drop=True), number[codes]


def _in_order(keys: Sequence[tuple[str, ...]]) -> np.ndarray:
    """Return the order of series by their ids, numbers within texts by their size."""
    parts = [
        [[(len(p), p) if i % 2 else p for i, p in enumerate(re.split(r"(\d+)", text))] for text in key] for key in keys
    ]
    return np.array(sorted(range(len(keys)), key=parts.__getitem__), dtype=np.intp)


def _read_target(series: pd.Series, where: str, report: Report) -> np.ndarray | None:
    name = plain(series.name, most=80)
    if holds_instants(series):
        message = f"The column {name!r} in {where} holds dates, which are not forecast. {DATES_AS_NUMBERS}"
        report.problems.append(Problem("target_column_name", message))
        return None
    try:
        y = raw_numbers(series).astype(np.float64)
    except UnreadableValueError as error:
        message = (
            f"The column {name!r} in {where} has the value {error.shown}{_at(series, error)}, which is not a number."
        )
        report.problems.append(Problem("target_column_name", message))
        return None
    n_infinite = int(np.isinf(y).sum())
    if n_infinite:
        what = f"{plural(n_infinite, 'value')} of {name!r} in {where} are taken as missing."
        report.notes.append(Note("infinite targets", what, "They are infinite.", "warning"))
        y = np.where(np.isinf(y), np.nan, y)
    if not np.isfinite(y).any():
        report.problems.append(
            Problem("target_column_name", f"The column {name!r} in {where} has no value in any row.")
        )
        return None
    return y


def _at(series: pd.Series, error: UnreadableValueError) -> str:
    rows = [i for i, value in enumerate(series.tolist()) if value is error.example or str(value) == str(error.example)]
    return f" ({_rows(np.asarray(rows))})" if rows else ""


def _rows(rows: np.ndarray) -> str:
    return f"row {listing([str(r) for r in rows[:MOST_ROWS]], last='and')}"
