"""What a forecasting job has to know about time, settled; and the origins that its candidates are judged from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from automl_jupyter._core.text import did_you_mean, listing, plain, plural
from automl_jupyter.data.dataset import Note
from automl_jupyter.data.frequency import natural_seasons
from automl_jupyter.data.gaps import target_fill
from automl_jupyter.data.guardrails import Finding
from automl_jupyter.data.kinds import kind_of
from automl_jupyter.data.panel import MOST_NAMED, PanelIndex, name_some
from automl_jupyter.data.series import Panel, made_of
from automl_jupyter.data.series_rows import Report
from automl_jupyter.data.split import Fold, Validation
from automl_jupyter.errors import Problem

if TYPE_CHECKING:
    from automl_jupyter.spec.job import AutoMLJob
    from automl_jupyter.spec.tabular import ForecastingJob

#: windows when nothing is asked: of few series each says little
MOST_WINDOWS, FEW_SERIES, SOME_SERIES = (5, 3, 2), 20, 100
#: longest horizon that "auto" chooses, and the share of the shortest series it may take
AUTO_HORIZON, AUTO_SHARE = 24, 5
#: units of time that steps of a week and less are counted in: how far back "auto" looks for lags
_UNITS = (
    pd.Timedelta(1, "s"), pd.Timedelta(1, "min"), pd.Timedelta(1, "h"), pd.Timedelta(1, "D"), pd.Timedelta(7, "D"),
)  # fmt: skip
#: most periods of a unit: what partial autocorrelations take grows with the fourth power of how far back they look
_MOST_OF_UNIT = 60
#: the same of others: how many make the next coarser unit of the calendar
_COARSER = {
    "B": 5, "W": 4, "MS": 12, "ME": 12, "BMS": 12, "BME": 12, "QS": 4, "QE": 4, "BQS": 4, "BQE": 4,
}  # fmt: skip
#: where there is no coarser one
_NO_COARSER = 6


@dataclass(frozen=True)
class TimeSettings:
    """The forecasting settings with every ``auto`` replaced.

    Parameters
    ----------
    horizon : int
        Periods ahead.
    season : int
        Periods of a season; 1 for none.
    seasons : tuple of int
        All periods after which the calendar repeats.
    n_windows, step : int
        How many origins candidates are judged from, and periods between two.
    shortest : int
        Periods the shortest series that is judged trains on.
    target_lags, target_windows : tuple of int or None
        What was asked for, empty where ``auto`` found none; both None leaves them to the search.
    feature_lags : bool
        Whether past values of numeric columns are features.
    unknown : tuple of str
        Columns that are not known ahead.
    country : str or None
        Whose holidays are features.
    stl : str or None
        Which components of a decomposition are features.
    aggregate : str or None
        How target values within one period are combined.
    target_fill : float, str or None
        What gaps of the target become: a number or the value before (``ffill``); None where nothing is asked for.
    """

    horizon: int
    season: int
    seasons: tuple[int, ...]
    n_windows: int
    step: int
    shortest: int
    target_lags: tuple[int, ...] | None = None
    target_windows: tuple[int, ...] | None = None
    feature_lags: bool = False
    unknown: tuple[str, ...] = ()
    country: str | None = None
    stl: str | None = None
    aggregate: str | None = None
    target_fill: float | str | None = None

    @property
    def reach(self) -> int:
        """How many periods back the lags and windows asked for look."""
        return max([0, *(self.target_lags or ()), *(self.target_windows or ())])

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain JSON values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> TimeSettings:
        """Return the settings that `to_dict` wrote."""
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in value.items()}
        return cls(**values)


def settle_time(
    job: ForecastingJob, panel: Panel, report: Report, *, n_validation: np.ndarray | None = None
) -> tuple[Panel, TimeSettings]:
    """Replace every ``auto`` of the forecasting settings, and treat the series that are too short for them.

    Parameters
    ----------
    job : ForecastingJob
        What was asked.
    panel : Panel
        The training series.
    report : Report
        What was decided, and what is wrong.
    n_validation : ndarray of int, shape (n_series,), optional
        Periods of validation data of the user's own; None where origins lie in the training data.

    Returns
    -------
    panel : Panel
        Without the series that were dropped, with those that were padded.
    settings : TimeSettings
    """
    asked = job.forecasting
    index = panel.index
    seasons = natural_seasons(index.frequency)
    season = _season(asked.seasonality, seasons, index, report)
    if asked.seasonality in (None, 1):
        seasons = ()
    if asked.use_stl is not None and season < 2:
        report.notes.append(
            Note("time series", "use_stl makes no feature of a season.", "There is no season.", "warning")
        )
    horizon = _horizon(asked.forecast_horizon, season, index, report)
    lags, windows = _lags(job, panel, season, report)
    reach = max([0, *(lags or ()), *(windows or ())])
    unknown = _unknown(job, panel, report)
    country = asked.country_or_region_for_holidays
    if country is not None and (wrong := _country_problem(country)):
        report.problems.append(Problem("forecasting.country_or_region_for_holidays", wrong))
    settings = TimeSettings(
        horizon=horizon,
        season=season,
        seasons=seasons,
        n_windows=1,
        step=horizon,
        shortest=int(index.lengths.min()),
        target_lags=lags,
        target_windows=windows,
        feature_lags=asked.feature_lags == "auto",
        unknown=unknown,
        country=country,
        stl=asked.use_stl,
        aggregate=asked.target_aggregate_function,
        target_fill=target_fill(job),
    )
    if n_validation is not None:
        least = reach + 2
        panel = _without_short(job, panel, least, report, f"{least} periods to train on", n_validation)
        return panel, replace(settings, shortest=int(panel.index.lengths.min()))
    n_windows, step = _windows(job, panel.index, horizon, reach, report)
    least = horizon * 2 + (n_windows - 1) * step + reach + 1
    why = f"{least} periods: twice the horizon of {horizon}, {plural(n_windows, 'origin')} {step} apart"
    panel = _without_short(job, panel, least, report, why + (f", and lags of {reach}" if reach else ""))
    lengths = panel.index.lengths
    shortest = int(max(lengths.min() - horizon - (n_windows - 1) * step, 1))
    return panel, replace(settings, n_windows=n_windows, step=step, shortest=shortest)


def _country_problem(country: str) -> str:
    """Return why the holidays of a country cannot be looked up; empty where they can."""
    import holidays

    known = sorted(holidays.list_supported_countries())
    if country in known:
        return ""
    return f"The holidays of {country!r} are not known.{did_you_mean(country, known)} Give a two-letter ISO 3166 code."


def _season(asked: int | str | None, seasons: Sequence[int], index: PanelIndex, report: Report) -> int:
    if asked is None:
        return 1
    if asked != "auto":
        return int(asked)
    found = seasons[0] if seasons else 1
    name = index.frequency
    why = f"the frequency is {name}" if found > 1 else f"the frequency {name} has no usual season"
    report.notes.append(
        Note("time series", f"A season has {plural(found, 'period')}." if found > 1 else "There is no season.", why)
    )
    return found


def _horizon(asked: int | str, season: int, index: PanelIndex, report: Report) -> int:
    if asked != "auto":
        return int(asked)
    most = max(int(np.median(index.lengths)) // AUTO_SHARE, 1)
    found = min(max(season if season > 1 else 12, 1), AUTO_HORIZON, most)
    report.notes.append(
        Note(
            "time series",
            f"forecast_horizon is {found}.",
            f"auto: a season, or 12 periods without one; at most {AUTO_HORIZON}, and a fifth of a usual series.",
        )
    )
    return found


def _unknown(job: ForecastingJob, panel: Panel, report: Report) -> tuple[str, ...]:
    names = job.forecasting.features_unknown_at_forecast_time
    known = [str(c) for c in panel.X.columns]
    found: list[str] = []
    for name in names or ():
        parts = made_of(name, known, job.forecasting.target_aggregate_function)
        if not parts:
            where = "forecasting.features_unknown_at_forecast_time"
            hint = (
                did_you_mean(name, known)
                or f" Columns: {listing([plain(c, most=60) for c in known], last='and', most=10)}."
            )
            report.problems.append(Problem(where, f"There is no column {plain(name, most=80)!r}.{hint}"))
        found += parts
    return tuple(dict.fromkeys(found))


def _lags(
    job: ForecastingJob, panel: Panel, season: int, report: Report
) -> tuple[tuple[int, ...] | None, tuple[int, ...] | None]:
    asked_lags, asked_window = job.forecasting.target_lags, job.forecasting.target_rolling_window_size
    lags = tuple(asked_lags) if isinstance(asked_lags, list) else None
    windows: tuple[int, ...] | None = (int(asked_window),) if isinstance(asked_window, int) else None
    if asked_lags != "auto" and asked_window != "auto":
        return lags, windows
    lag, window, why = automatic_lags(panel, season)
    unknown = "chosen by the search" if lags is None and windows is None else "none"  # where auto cannot tell
    if asked_lags == "auto":
        lags = None if lag is None else tuple(range(1, lag + 1))
        what = unknown if lag is None else f"1 to {lag}" if lag else "none"
        report.notes.append(Note("time series", f"Lags of the target: {what}.", why))
    if asked_window == "auto":
        windows = None if window is None else (window,) if window > 1 else ()
        what = unknown if window is None else str(window) if window > 1 else "none"
        report.notes.append(Note("time series", f"Rolling window of the target: {what}.", why))
    return lags, windows


def automatic_lags(panel: Panel, season: int) -> tuple[int | None, int | None, str]:
    """Return the lag and the window that partial autocorrelations call for, and why; None where they cannot tell.

    The rule of Azure Machine Learning: look back twice as far as the next coarser unit of the calendar; take the season
    out; a lag is significant beyond 1.96 / sqrt(longest lag). All significant: no look-back. Otherwise the lag is the
    last one before the first that is not, the window the last significant one. Of several series the longest ten are
    looked at, and the middle of what they say is taken.
    """
    from statsmodels.tsa.stattools import pacf

    index = panel.index
    most = 2 * _periods_to_coarser(index.frequency)
    found = []
    for s in np.argsort(-index.lengths, kind="stable")[:10]:
        y = pd.Series(panel.y[index.offsets[s] : index.offsets[s + 1]]).ffill().to_numpy()
        if len(y) < 2 * most + 2 or np.std(y) == 0:
            continue
        if season > 1 and len(y) >= 2 * season + 1:
            from statsmodels.tsa.seasonal import STL

            y = y - STL(y, period=season, robust=False).fit().seasonal
        significant = np.abs(pacf(y, nlags=most)[1:]) > 1.96 / np.sqrt(most)
        if significant.all():
            found.append((0, 0))
            continue
        lag = int(np.argmin(significant))
        window = int(np.flatnonzero(significant).max(initial=-1)) + 1
        found.append((lag, window))
    if not found:
        return None, None, f"auto: the series are shorter than the {2 * most + 2} periods it takes to tell."
    lag, window = (int(np.median([f[i] for f in found])) for i in (0, 1))
    return (
        lag,
        window,
        f"auto: by the partial autocorrelations up to {most} periods back of {plural(len(found), 'series', 'series')}.",
    )


def _periods_to_coarser(frequency: str) -> int:
    """Return how many periods the next coarser unit of the calendar has: of 15 minutes four, of days seven."""
    offset = pd.tseries.frequencies.to_offset(frequency)
    is_days = isinstance(offset, pd.offsets.Day)
    if is_days or isinstance(offset, pd.offsets.Tick):
        step = pd.Timedelta(offset.n, unit="D") if is_days else pd.Timedelta(offset.nanos, unit="ns")
        return next((min(int(unit // step), _MOST_OF_UNIT) for unit in _UNITS if unit >= 2 * step), _NO_COARSER)
    count = _COARSER.get(offset.rule_code.split("-")[0], 0) // offset.n
    return count if count > 1 else _NO_COARSER


def _windows(job: ForecastingJob, index: PanelIndex, horizon: int, reach: int, report: Report) -> tuple[int, int]:
    """Return how many origins there are, and the periods between two."""
    asked, asked_step = job.n_cross_validations, job.forecasting.cv_step_size
    few = 0 if index.n_series < FEW_SERIES else 1 if index.n_series < SOME_SERIES else 2
    n = int(asked) if isinstance(asked, int) else MOST_WINDOWS[few]
    step = int(asked_step) if isinstance(asked_step, int) else horizon
    if isinstance(asked, int) and isinstance(asked_step, int):
        return n, step
    usual = int(np.median(index.lengths))
    spare = usual - 2 * horizon - reach - 1
    if isinstance(asked, int):
        while step > 1 and (n - 1) * step > spare:
            step -= 1
        return n, step
    while n > 1 and (n - 1) * step > spare:
        n -= 1
    if n == 1 and step > 1 and spare >= 2 and not isinstance(asked_step, int):
        step = max(spare // 2, 1)
        n = min(3, spare // step + 1)
    return n, step


def _without_short(
    job: ForecastingJob, panel: Panel, least: int, report: Report, needed: str, held_back: np.ndarray | int = 0
) -> Panel:
    """Pad or drop the series with fewer than `least` periods, those that are held back at their ends not counted."""
    index = panel.index
    lengths = index.lengths - held_back
    short = np.flatnonzero(lengths < least)
    key, name = "short_series", "Short series handling"
    if not len(short):
        report.findings.append(Finding(key, name, "Passed", f"Every series has the needed {needed}."))
        return panel
    all_short = len(short) == index.n_series
    named = name_some([f"{index.name_of(int(s))} ({lengths[s]})" for s in short[:MOST_NAMED]], of=len(short))
    asked = job.forecasting.short_series_handling_config
    are = "is" if len(short) == 1 else "are"
    what = f"{len(short)} of {index.n_series} series {are} shorter than {needed}: {named}"
    if asked is None:
        report.findings.append(Finding(key, name, "Alerted", f"{what}.", remedy="Short series are left as they are."))
        return panel
    if asked == "pad" or (asked == "auto" and all_short):
        report.findings.append(
            Finding(key, name, "Done", f"{what}. Short series were padded in front with noise around their median.")
        )
        report.notes.append(Note("short series", f"{what}.", "Short series were padded in front.", "warning"))
        return _padded(panel, lengths, least, job.random_state or 0)
    if all_short:
        message = f"Every series is shorter than {needed}: {named}. Ask for a shorter horizon or fewer folds"
        report.problems.append(Problem("forecasting.short_series_handling_config", f"{message}, or pad them."))
        return panel
    report.findings.append(Finding(key, name, "Done", f"{what}. Nothing is learnt from short series."))
    report.notes.append(
        Note(
            "short series",
            f"{what}.",
            "Short series were dropped; the model forecasts them as series it does not know.",
            "warning",
        )
    )
    return _kept(panel, np.flatnonzero(lengths >= least))


def _kept(panel: Panel, series: np.ndarray) -> Panel:
    index = panel.index
    rows = np.flatnonzero(np.isin(index.series, series))
    offsets = np.concatenate([[0], np.cumsum(index.lengths[series])])
    ids = index.ids.iloc[series].reset_index(drop=True)
    fewer = replace(index, ids=ids, starts=index.starts[series], offsets=offsets)
    weight = None if panel.weight is None else panel.weight[rows]
    return Panel(fewer, panel.X.iloc[rows].reset_index(drop=True), panel.y[rows], weight)


def _padded(panel: Panel, lengths: np.ndarray, least: int, random_state: int) -> Panel:
    """Put periods before the series of which fewer are learnt from: numbers 0, the rest missing; the target noise."""
    index, rng = panel.index, np.random.default_rng([random_state, 2])
    more = np.maximum(least - lengths, 0)
    offsets = np.concatenate([[0], np.cumsum(index.lengths + more)])
    first = int((index.starts - more).min())
    moved = pd.date_range(end=index.first, periods=1 - min(first, 0), freq=index.frequency)[0]
    grown = replace(index, starts=index.starts - more - min(first, 0), offsets=offsets, first=moved)
    at = offsets[:-1][index.series] + more[index.series] + index.within
    y, weight = np.full(grown.n_rows, np.nan), None
    y[at] = panel.y
    for s in np.flatnonzero(more):
        known = panel.y[index.offsets[s] : index.offsets[s] + lengths[s]]
        known = known[np.isfinite(known)]
        middle, spread = float(np.median(known)), float(np.std(known)) or abs(float(np.median(known))) * 0.01 or 1.0
        noise = middle + 0.1 * spread * rng.standard_normal(more[s])
        y[offsets[s] : offsets[s] + more[s]] = np.maximum(noise, 0) if middle >= 0 else noise
    source = np.full(grown.n_rows, -1)
    source[at] = np.arange(index.n_rows)
    columns = {}
    for name in panel.X.columns:
        if name in index.id_columns:
            columns[name] = grown.ids[name].take(grown.series).reset_index(drop=True)
            continue
        column = panel.X[name].reindex(source).reset_index(drop=True)
        if kind_of(panel.X[name]) == "number":
            column = column.mask(source < 0, 0)
        columns[name] = column
    if panel.weight is not None:
        weight = np.zeros(grown.n_rows)
        weight[at] = panel.weight
    return Panel(grown, pd.DataFrame(columns, index=pd.RangeIndex(grown.n_rows)), y, weight, more)


def origin_validation(job: AutoMLJob, settings: TimeSettings, n_validation: np.ndarray | None) -> Validation:
    """Return how candidates are judged: from origins in the past, each on the horizon after it."""
    if n_validation is not None:
        return Validation("validation_data", 1, None, False, "Validation data was given.")
    n, step = settings.n_windows, settings.step
    given = isinstance(getattr(job, "n_cross_validations", None), int)
    asked = "n_cross_validations was given." if given else "By the number of series and their lengths."
    what = (
        f"Candidates are judged on the {plural(settings.horizon, 'period')} after {plural(n, 'origin')}, {step} apart."
    )
    return Validation("rolling_origin", n, None, False, f"{what if n > 1 else what.split(',')[0] + '.'} {asked}")


def origin_problem(panel: Panel, settings: TimeSettings, n_validation: np.ndarray | None = None) -> Problem | None:
    """Return why there is no origin that candidates could be judged from; None where there is one."""
    index = panel.index
    if make_origins(index, panel.y, settings, n_validation, panel.weight, panel.n_made):
        return None
    if make_origins(index, panel.y, settings, n_validation, n_made=panel.n_made):
        message = "is 0 in all rows before, or in all rows after, each origin that candidates could be judged from."
        return Problem("weight_column_name", f"The weight {message} Give later rows, or rows before them, a weight.")
    if n_validation is not None:
        message = (
            "No row lies after the training data of a series that can be judged. Give later rows, or leave it out."
        )
        return Problem("validation_data", message)
    longest = int(index.lengths.max())
    message = f"No series is longer than the horizon of {settings.horizon}; the longest has {longest}"
    return Problem(
        "forecasting.short_series_handling_config", f"{message}. Ask for a shorter horizon, or pad the series."
    )


def make_origins(
    index: PanelIndex,
    y: np.ndarray,
    settings: TimeSettings,
    n_validation: np.ndarray | None = None,
    weight: np.ndarray | None = None,
    n_made: np.ndarray | None = None,
) -> list[Fold]:
    """Return the rows before and after each origin, the earliest origin first.

    A series' origins are counted back from its own end; one that would leave it without a past is passed over, and so
    is one before which, or after which, no row weighs anything.

    Parameters
    ----------
    index : PanelIndex
        The series.
    y : ndarray, shape (n_rows,)
        The target; rows without one judge nothing.
    settings : TimeSettings
        Horizon, number of origins and step.
    n_validation : ndarray of int, shape (n_series,), optional
        Periods at each series' end that are validation data: there is one origin before them.
    weight : ndarray, shape (n_rows,), optional
        What each row weighs; those of 0 judge nothing.
    n_made : ndarray of int, shape (n_series,), optional
        Periods at each series' begin that were made up: they judge nothing.
    """
    counts = np.isfinite(y) if weight is None else np.isfinite(y) & (weight > 0)
    folds: list[Fold] = []
    lengths, within, series = index.lengths, index.within, index.series
    judged = counts if n_made is None else counts & (within >= n_made[series])
    for k in reversed(range(settings.n_windows)):
        back = settings.horizon + k * settings.step if n_validation is None else n_validation
        trained = lengths - back
        usable = trained >= 1
        trained = np.where(usable, trained, 0)
        train = np.flatnonzero(within < trained[series])
        ahead = within - trained[series]
        valid = np.flatnonzero(usable[series] & (ahead >= 0) & (ahead < settings.horizon) & judged)
        if len(valid) and counts[train].any():
            folds.append((train.astype(np.int32), valid.astype(np.int32)))
    return folds
