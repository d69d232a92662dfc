"""What a forecaster is given, read as its training series were: later observations, and what is known ahead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from automl_jupyter._core.text import did_you_mean, listing, plain, plural
from automl_jupyter._core.warn import warn_caller
from automl_jupyter.data.frames import as_frame
from automl_jupyter.data.gaps import fill_target
from automl_jupyter.data.instants import read_times
from automl_jupyter.data.kinds import UnreadableValueError
from automl_jupyter.data.panel import PanelIndex, id_keys, is_calendar
from automl_jupyter.data.schema import TableSchema
from automl_jupyter.data.series import MOST_INSTANTS, read_panel
from automl_jupyter.data.series_rows import Report, SeriesRoles
from automl_jupyter.data.zones import in_local_time
from automl_jupyter.errors import AutoMLError, ModelInputError
from automl_jupyter.trials.forecast_blend import ForecastBlend
from automl_jupyter.trials.history import History

#: cells named in a message
_MOST_NAMED = 5


class SeriesReader:
    """Reads rows for a forecaster, and refuses by name what it cannot be asked about.

    Parameters
    ----------
    manifest : mapping
        What the model is made of.
    schema : TableSchema
        How its columns are encoded.
    settings : mapping
        What was settled of the forecast: the horizon, the season, how gaps are filled.
    index : PanelIndex
        The training series.
    blend : ForecastBlend
        What predicts: it says which columns it needs.
    """

    def __init__(
        self,
        manifest: Mapping[str, Any],
        schema: TableSchema,
        settings: Mapping[str, Any],
        index: PanelIndex,
        blend: ForecastBlend,
    ) -> None:
        self.index = index
        self.horizon = int(settings["horizon"])
        self.known_ahead = [c for c in blend.needs_columns if c not in index.id_columns]
        self._schema, self._settings = schema, settings
        self._target, self._roles_kept = str(manifest["target"]), manifest["roles"]

    def checked_horizon(self, horizon: int | None, index: PanelIndex) -> int:
        """Return how many periods to forecast: those asked for, or as many as it was trained for."""
        if horizon is None:
            return self.horizon
        if isinstance(horizon, bool) or not isinstance(horizon, int | np.integer) or horizon < 1:
            raise AutoMLError(
                f"horizon: {horizon!r} is no whole number of 1 or more; it counts the periods to forecast."
            )
        if horizon * index.n_series > self.most_cells(index):
            many = f"{plural(int(horizon), 'period')} of {plural(index.n_series, 'series', 'series')}"
            raise AutoMLError(f"horizon: {many} are too many to forecast; at most {self.most_cells(index):,} are.")
        return int(horizon)

    def most_cells(self, index: PanelIndex) -> int:
        """Return how many periods of all series fit into memory; those it was trained for are forecast anyway."""
        return max(MOST_INSTANTS, index.n_series * self.horizon)

    def too_far(self, frame: pd.DataFrame, row: int, n: int, where: str) -> ModelInputError:
        """Return the error of a row so far ahead that there would be `n` periods."""
        time = plain(str(frame[self.index.time_column].iloc[row]), most=60)
        reaches = f"{where} reaches to {time} ({name_rows([row])})"
        message = f"with the frequency {self.index.frequency}, there would be {n:,} periods, which are too many"
        return ModelInputError(f"{reaches}: {message}. Remove rows whose time is wrong.")

    def read(self, data: object, where: str, needed: Sequence[str] = ()) -> History:
        """Read rows with their target as series, and refuse where one of the `needed` columns is missing."""
        frame = as_frame(data, field=where)
        roles = self._roles()
        self._check_columns(frame, [roles.time_column, *roles.id_columns, roles.target], where)
        report = Report()
        panel = read_panel(frame, roles, where, report)
        if panel is None:
            raise ModelInputError(" ".join(str(p) for p in report.problems))
        for note in report.notes:
            if note.level == "warning":
                warn_caller(f"In {where}: {note.what} {note.why}")
        self._check_columns(panel.X, needed, where)
        X = self._encoded(panel.X, where)
        y = fill_target(panel.y, panel.index, self._settings.get("target_fill"))
        return History(panel.index, y, X, int(self._settings["season"]), given=np.isfinite(panel.y))

    def _roles(self) -> SeriesRoles:
        index = self.index
        return SeriesRoles(
            index.time_column,
            index.id_columns,
            self._target,
            index.frequency,
            self._settings["aggregate"],
            like=index,
        )

    def future(
        self, history: History, horizon: int, given: pd.DataFrame | None, *, may_lack: bool = False
    ) -> pd.DataFrame:
        """Return the columns of the periods to forecast, encoded, and refuse where what is known ahead is missing."""
        index, ids = history.index, list(history.index.id_columns)
        kept = [c.name for c in self._schema.kept]
        series = np.repeat(np.arange(index.n_series), horizon)
        raw = pd.DataFrame(index=pd.RangeIndex(len(series)))
        for name in kept:
            raw[name] = index.ids[name].to_numpy()[series] if name in ids else None
        needed = self.known_ahead
        if given is None:
            if needed and not may_lack:
                named = listing([plain(c, most=60) for c in needed], last="and", most=10)
                raise ModelInputError(
                    f"The model uses {named} of the periods to forecast. Give them as X_future, or train with"
                    " features_unknown_at_forecast_time naming those that are not known ahead."
                )
            return history.carry_on(self._encoded(raw, "X_future"), self._settings["unknown"])
        where = "X" if may_lack else "X_future"
        self._check_columns(given, needed, where)
        at_series, positions = self.locate(given, index, where)
        steps = positions - (index.starts + index.lengths)[at_series]
        inside = np.flatnonzero((steps >= 0) & (steps < horizon))
        source = np.full(len(series), -1)
        source[at_series[inside] * horizon + steps[inside]] = inside
        lost = np.flatnonzero(source < 0)
        if len(lost) and needed and not may_lack:
            some = lost[:_MOST_NAMED]
            ends = index.starts + index.lengths
            cells = index.frame(series[some], ends[series[some]] + some % horizon)
            missing = ["/".join(str(v) for v in row) for row in cells.itertuples(index=False)]
            more = " …" if len(lost) > _MOST_NAMED else ""
            raise ModelInputError(
                f"X_future has no row for {plural(len(lost), 'period')}: {listing(missing, last='and')}{more}."
                f" The model uses {listing(needed, last='and', most=10)} of each."
            )
        for name in kept:
            if name in given.columns and name not in ids:
                raw[name] = given[name].reset_index(drop=True).reindex(source).to_numpy()
        return history.carry_on(self._encoded(raw, where), self._settings["unknown"])

    def steps_given(self, history: History, future: pd.DataFrame) -> int:
        """Return how many periods ahead of its series the last row lies."""
        index = history.index
        series, positions = self.locate(future, index, "X_future")
        steps = positions - (index.starts + index.lengths)[series] + 1
        horizon = max(int(steps.max(initial=1)), 1)
        if horizon * index.n_series > self.most_cells(index):
            raise self.too_far(future, int(steps.argmax()), horizon * index.n_series, "X_future")
        return horizon

    def of_series_in(self, future: pd.DataFrame, history: History) -> pd.DataFrame:
        """Return the rows of what is known ahead without those of training series that are not forecast."""
        self._check_columns(future, self.index.id_columns, "X_future")
        known, wanted = self.index.numbers, history.index.numbers
        keys = id_keys(future[list(self.index.id_columns)])
        kept = np.array([key in wanted or key not in known for key in keys], dtype=bool)
        return future if kept.all() else future[kept].reset_index(drop=True)

    def locate(self, frame: pd.DataFrame, index: PanelIndex, where: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the series and the position on the grid of each row."""
        self._check_columns(frame, [index.time_column, *index.id_columns], where)
        if not len(frame):
            return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
        keys = id_keys(frame[list(index.id_columns)])
        series = np.array([index.numbers.get(key, -1) for key in keys], dtype=np.intp)
        if (series < 0).any():
            at = np.flatnonzero(series < 0)
            names = list(dict.fromkeys("/".join(keys[i]) for i in at))
            named = listing([plain(n, most=60) for n in names], last="and", most=_MOST_NAMED)
            message = f"Series that there is no past of: {named} ({name_rows(at)})."
            raise ModelInputError(f"{message} Give their past as context to forecast.")
        times = self._times(frame[index.time_column], index, series)
        known = int((index.starts + index.lengths).max())
        reach = 0
        if not is_calendar(index.frequency):  # of days and longer steps there are always few
            reach = (times.max() - index.first).value // int(pd.tseries.frequencies.to_offset(index.frequency).nanos)
        if reach > max(MOST_INSTANTS, known + self.horizon):
            raise self.too_far(frame, int(times.argmax()), int(reach), where)
        last = max(index.times(np.array([known - 1])).max(), times.max())
        grid = pd.date_range(index.first, last, freq=index.frequency)
        positions = grid.get_indexer(times)
        before = times < index.first
        if ((positions < 0) & ~before).any():
            at = np.flatnonzero((positions < 0) & ~before)
            named = listing([str(times[i]) for i in at[:_MOST_NAMED]], last="and")
            message = f"{plural(len(at), 'row')} ({name_rows(at)}) do not lie on the grid of the training data"
            raise ModelInputError(f"{message}, whose frequency is {index.frequency}: {named}.")
        return series, positions

    def _times(self, column: pd.Series, index: PanelIndex, codes: np.ndarray) -> pd.DatetimeIndex:
        try:
            instants, zone, _ = read_times(column, index, codes)
        except UnreadableValueError as error:
            raise ModelInputError(f"The value {error.shown} of {plain(column.name)!r} is not a date or time.") from None
        times = pd.DatetimeIndex(instants)
        if times.isna().any():
            raise ModelInputError(
                f"The column {plain(column.name)!r} has no value in {name_rows(np.flatnonzero(times.isna()))}."
            )
        if is_calendar(index.frequency):
            times = in_local_time(times, zone)
        return index.settled(times)

    def known_series(self, ids: pd.DataFrame) -> np.ndarray:
        """Return the number of each row's training series; -1 of others."""
        numbers = self.index.numbers
        return np.array([numbers.get(key, -1) for key in id_keys(ids)], dtype=np.intp)

    def _encoded(self, X: pd.DataFrame, where: str) -> pd.DataFrame:
        kept = [c.name for c in self._schema.kept]
        if not kept:
            return pd.DataFrame(index=pd.RangeIndex(len(X)))
        lacking = [c for c in kept if c not in X.columns]
        filled = X.assign(**dict.fromkeys(lacking)) if lacking else X
        roles = [c for c in filled.columns if c not in self._schema.feature_names]
        return self._schema.encode(filled, where=where, roles=[*roles, *self._roles_kept])

    def _check_columns(self, frame: pd.DataFrame, needed: Sequence[str], where: str) -> None:
        names = [str(c) for c in frame.columns]
        for column in needed:
            if column not in names:
                raise ModelInputError(
                    f"{where}: there is no column {plain(column, most=80)!r}.{did_you_mean(column, names)}"
                )


def name_rows(rows: Sequence[int] | np.ndarray) -> str:
    """Return the first of the rows, for a message."""
    return f"row {listing([str(r) for r in rows[:_MOST_NAMED]], last='and')}"
