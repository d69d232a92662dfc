"""From what was asked of a forecasting job to the series it learns from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from automl_jupyter._core.text import did_you_mean, listing, plain
from automl_jupyter.data.dataset import Note
from automl_jupyter.data.frames import stack_rows
from automl_jupyter.data.gaps import fill_target, gap_notes, target_fill
from automl_jupyter.data.origins import TimeSettings, origin_problem, settle_time
from automl_jupyter.data.panel import MOST_NAMED, PanelIndex, name_some
from automl_jupyter.data.series import Panel, read_panel
from automl_jupyter.data.series_rows import Report, SeriesRoles, read_like
from automl_jupyter.data.zones import stated_offsets
from automl_jupyter.errors import DataError, Problem

if TYPE_CHECKING:
    from automl_jupyter.spec.tabular import ForecastingJob


#: columns that tables of forecasts have beside the series' ids and the time
_OF_FORECASTS = ("forecast", "low", "high", "origin", "step", "actual")


def series_roles(job: ForecastingJob) -> SeriesRoles:
    """Return which columns of a job's tables are what."""
    asked = job.forecasting
    return SeriesRoles(
        time_column=str(asked.time_column_name),
        id_columns=tuple(str(c) for c in asked.time_series_id_column_names or ()),
        target=str(job.target_column_name),
        frequency=asked.frequency,
        aggregate=asked.target_aggregate_function,
        weight=job.weight_column_name,
    )


def check_series_columns(job: ForecastingJob, frames: Mapping[str, pd.DataFrame]) -> list[Problem]:
    """Return which of the columns a job names are missing from its tables, or cannot have their name."""
    asked = job.forecasting
    named: dict[str, list[str | None]] = {
        "target_column_name": [job.target_column_name],
        "forecasting.time_column_name": [asked.time_column_name],
        "forecasting.time_series_id_column_names": [*(asked.time_series_id_column_names or [])],
        "weight_column_name": [job.weight_column_name],
    }
    problems = _taken_names(job)
    for where, frame in frames.items():
        names = [str(c) for c in frame.columns]
        for field, columns in named.items():
            if field == "weight_column_name" and where == "test_data":
                continue
            for column in columns:
                if column is not None and column not in names:
                    here = "" if where == "training_data" else f" in {where}"
                    shown = listing([plain(n, most=60) for n in names], last="and", most=10)
                    hint = did_you_mean(column, names) or f" Columns: {shown}."
                    problems.append(Problem(field, f"There is no column {plain(column, most=80)!r}{here}.{hint}"))
    return problems


def _taken_names(job: ForecastingJob) -> list[Problem]:
    asked = job.forecasting
    named: dict[str, list[str | None]] = {
        "forecasting.time_column_name": [asked.time_column_name],
        "forecasting.time_series_id_column_names": [*(asked.time_series_id_column_names or [])],
    }
    message = "has the name of a column that forecasts add to the time and the series' ids. Rename it."
    return [
        Problem(field, f"The column {name!r} {message}")
        for field, names in named.items()
        for name in names
        if name in _OF_FORECASTS
    ]


def read_series(
    job: ForecastingJob, training: pd.DataFrame, validation: pd.DataFrame | None
) -> tuple[Panel, TimeSettings, np.ndarray | None, Report]:
    """Arrange the training rows, and validation rows after them, as series, and settle the forecasting settings.

    Returns
    -------
    panel : Panel
        Training and validation periods together.
    settings : TimeSettings
    n_validation : ndarray of int, shape (n_series,), or None
        How many periods at the end of each series are validation data.
    report : Report

    Raises
    ------
    DataError
        With every problem found.
    """
    report, roles, alone, layout = Report(), series_roles(job), training, None
    if validation is not None:
        names = [c for c in training.columns if c in set(validation.columns)]
        lost = [plain(c, most=60) for c in training.columns if c not in set(names)]
        if lost:
            what = f"Not used: {listing(lost, last='and', most=10)}."
            report.notes.append(Note("validation data", what, "validation_data does not have them.", "warning"))
        alone, validation, layout = _with_like_times(training, validation, roles)
        training = stack_rows([alone[names], validation[names]])
    panel = read_panel(training, roles, "training_data", report)
    if panel is None or report.problems:
        raise DataError(report.problems)
    if layout is not None:
        panel = replace(panel, index=replace(panel.index, layout=layout))
    n_validation, last = None, {}
    if validation is not None:
        roles = replace(roles, frequency=panel.index.frequency, like=panel.index)
        before = read_panel(alone, roles, "training_data", Report())
        last = _ends(before.index) if before is not None else {}
        n_validation = _after(panel.index, last)
        if not n_validation.any():
            message = "No row lies after the training data of its series. Give later rows, or leave it out."
            raise DataError([Problem("validation_data", message)])
    fill = target_fill(job)
    report.notes += gap_notes(panel.y, panel.index, fill)
    panel = Panel(panel.index, panel.X, fill_target(panel.y, panel.index, fill), panel.weight)
    panel, settings = settle_time(job, panel, report, n_validation=n_validation)
    if report.problems:
        raise DataError(report.problems)
    if n_validation is not None:
        n_validation = _after(panel.index, last)
        if (is_judged := n_validation > 0).any():
            trained = (panel.index.lengths - n_validation)[is_judged]
            settings = replace(settings, shortest=max(int(trained.min()), 1))
        report.notes += _new_series(panel.index, last)
        if (beyond := int(n_validation.max())) > settings.horizon:
            what = f"Candidates are judged on the first {settings.horizon} of {beyond} validation periods."
            report.notes.append(Note("validation data", what, "That is the horizon."))
    if (problem := origin_problem(panel, settings, n_validation)) is not None:
        raise DataError([problem])
    return panel, settings, n_validation, report


def _with_like_times(
    training: pd.DataFrame, validation: pd.DataFrame, roles: SeriesRoles
) -> tuple[pd.DataFrame, pd.DataFrame, str | None]:
    """Return both tables with times of one kind, and how training wrote them where they had to be read for that.

    A zone, or the unit of numbers, would be lost where columns of two kinds are put together.
    """
    name, tables = roles.time_column, (training, validation)
    columns = [table[name] for table in tables]
    if columns[0].dtype == columns[1].dtype and all(stated_offsets(c) is None for c in columns):
        return training, validation, None
    report = Report()
    panel = read_panel(training, roles, "training_data", report)
    if panel is None:
        raise DataError(report.problems)
    report, like, found = Report(), replace(roles, like=panel.index), []
    for where, table in zip(("training_data", "validation_data"), tables, strict=True):
        times = read_like(table, like, where, report)
        if times is None:
            raise DataError(report.problems)
        found.append(table.assign(**{name: times}))
    return found[0], found[1], panel.index.layout


def _new_series(index: PanelIndex, last: Mapping[tuple[str, ...], pd.Timestamp]) -> list[Note]:
    """Return a note of the series that only the validation data have."""
    new = [s for s, key in enumerate(index.keys) if key not in last]
    if not new:
        return []
    named = name_some([index.name_of(s) for s in new[:MOST_NAMED]], of=len(new))
    what = f"{len(new)} series {'is' if len(new) == 1 else 'are'} in validation_data alone: {named}."
    return [Note("validation data", what, "Nothing comes before them: they are learnt from, and judge no candidate.")]


def _ends(index: PanelIndex) -> dict[tuple[str, ...], pd.Timestamp]:
    return dict(zip(index.keys, index.times(index.starts + index.lengths - 1), strict=True))


def _after(index: PanelIndex, last: Mapping[tuple[str, ...], pd.Timestamp]) -> np.ndarray:
    """Return how many periods of each series lie after the training data's; none of a series they do not have."""
    grid = index.grid(int((index.starts + index.lengths).max()))
    found = np.zeros(index.n_series, dtype=np.int64)
    for s, key in enumerate(index.keys):
        end = last.get(key)
        if end is not None:
            at = int(grid.searchsorted(end, side="right"))
            found[s] = int(np.clip(index.starts[s] + index.lengths[s] - at, 0, index.lengths[s]))
    return found
