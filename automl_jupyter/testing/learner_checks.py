"""What every learner must do, ours and a plug-in's; one call runs it all."""

from __future__ import annotations

import importlib
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from automl_jupyter.learners.info import LearnerInfo


def check_learner(info: LearnerInfo, task: str) -> None:
    """Check that a learner keeps its promises on small tables of a task.

    It fits through its own recipe a table with numbers, categories, dates and text, all with missing values;
    with and without weights; with two classes and with five, one of which only validation rows have. It must
    predict finite values or probabilities that sum to 1, a row alone as among others, the same with the same
    seed; honour the stop signal where it says it is iterative and a fixed number of rounds in a refit; draw
    parameters it accepts; come back from a pickle and from skops the same; and leave the environment, the
    working directory, the warning filters, numpy's random state and the threads as it found them.

    A learner of single series forecasts short and long ones, with and without a season, constant ones and ones
    with values of 0 and less; the forecast must be finite, of the shape asked for, the same whichever series are
    beside it, move and stretch with the series, and keep a level that never changes. A learner of sequences forecasts
    those it has seen and others, the same with the same seed and after skops, and honours the stop signal.

    Parameters
    ----------
    info : LearnerInfo
        The learner.
    task : str
        One of ``info.tasks``.

    Raises
    ------
    AssertionError
        Naming the promise broken.

    Examples
    --------
    >>> from automl_jupyter.learners import learners
    >>> check_learner(learners.get("Dummy"), "regression")
    """
    if info.requires is not None:
        importlib.import_module(info.requires)  # what importing it does to the process is not the learner's doing
    if info.recipe == "series":
        with _left_as_found(info.key):
            _check_forecasts(info)
        return
    if info.recipe == "sequence":
        import skops.io  # noqa: F401 it sets variables of the environment when it is imported

        with _left_as_found(info.key):
            _check_sequences(info)
        return
    for n_classes in (2, 5) if task == "classification" else (None,):
        case = _Case(info, task, n_classes)
        with _left_as_found(info.key):
            _check_predictions(case)
            _check_seed(case)
            _check_stop(case)
            _check_space(case)
            _check_persistence(case)


class _Case:
    """One toy table through the learner's recipe."""

    def __init__(self, info: LearnerInfo, task: str, n_classes: int | None, n_rows: int = 240) -> None:
        from automl_jupyter.featurization.recipes import make_featurizer

        self.info, self.task, self.n_classes = info, task, n_classes
        frame, columns, signal = toy_table(n_rows)
        if n_classes is None:
            self.y = signal * 1000 + 5e4
        else:
            edges = np.quantile(signal, np.arange(1, n_classes) / n_classes)
            self.y = np.searchsorted(edges, signal).astype(np.int32)
        train = np.arange(n_rows) < 180
        if n_classes == 5:
            train &= self.y != 3  # a class the fold has never seen
        self.train, self.valid = np.flatnonzero(train), np.arange(180, n_rows)
        self.featurizer = make_featurizer(info.recipe, columns).fit(frame.iloc[self.train])
        self.X = self.featurizer.transform(frame)
        self.frame = frame

    def fit(self, *, weighted: bool = False, params: dict[str, Any] | None = None, **data: Any) -> Any:
        """Return a fitted estimator and its report."""
        from automl_jupyter.learners.base import FitData, fit_learner, make_learner

        estimator = make_learner(self.info, self.task, params or {}, random_state=7, n_jobs=1, n_classes=self.n_classes)
        weight = np.linspace(0.5, 2, len(self.train)) if weighted else None
        report = fit_learner(
            self.info,
            estimator,
            FitData(
                self.X[self.train],
                self.y[self.train],
                weight,
                categorical=list(self.featurizer.categorical_features_),
                **data,
            ),
        )
        return estimator, report

    def judged(self) -> dict[str, Any]:
        """Return the validation rows a fit may look at; with five classes they hold one the fit never saw."""
        return {"X_valid": self.X[self.valid], "y_valid": self.y[self.valid]}

    def predict(self, estimator: Any, rows: Any = slice(None)) -> np.ndarray:
        """Return predictions of rows of the table."""
        from automl_jupyter.learners.base import predict

        return predict(estimator, self.task, self.X[rows], self.n_classes)


def _check_predictions(case: _Case) -> None:
    name = case.info.key
    for weighted in (False, True):
        estimator, _ = case.fit(weighted=weighted, **case.judged())
        found = case.predict(estimator)
        assert np.isfinite(found).all(), f"{name} predicts values that are not finite."
        if case.n_classes is None:
            assert found.shape == (len(case.frame),), f"{name} predicts the shape {found.shape}."
        else:
            assert found.shape == (len(case.frame), case.n_classes), f"{name} predicts the shape {found.shape}."
            assert np.allclose(found.sum(axis=1), 1, atol=1e-5), f"{name}: probabilities do not sum to 1."
            assert found.min() >= 0, f"{name} predicts negative probabilities."
        rows = [0, 17, 200]
        alone = np.concatenate([case.predict(estimator, [r]) for r in rows])
        scale = 1.0 if case.n_classes else float(np.std(case.y))
        assert np.allclose(alone, found[rows], rtol=1e-5, atol=1e-5 * scale), (
            f"{name} predicts a row alone differently than among others."
        )


def _check_seed(case: _Case) -> None:
    one, two = (case.predict(case.fit(**case.judged())[0]) for _ in range(2))
    assert np.array_equal(one, two), f"{case.info.key} gives two models for one seed."


def _check_stop(case: _Case) -> None:
    """A stopped fit still has a model; a refit trains the rounds it is told."""
    if not case.info.iterative:
        return
    name, asked = case.info.key, []

    def stop() -> bool:
        asked.append(True)
        return True

    estimator, report = case.fit(**case.judged(), should_stop=stop)
    assert asked, f"{name} says it is iterative and never asked the stop signal."
    assert report.stopped_early, f"{name} was told to stop and does not say so."
    assert len(asked) <= 3, f"{name} went on after it was told to stop."
    assert np.isfinite(case.predict(estimator)).all(), f"{name} has no usable model once stopped."
    if report.iterations is not None:
        _, refit = case.fit(**case.judged(), refit_iterations=3)
        assert refit.iterations is not None, f"{name} does not say how many rounds a refit trained."
        assert refit.iterations <= 3, f"{name} trained {refit.iterations} rounds where 3 were asked for."
        assert not refit.stopped_early, f"{name} says a refit nobody stopped was stopped."


def _check_space(case: _Case) -> None:
    """Both ends and the middle of the space fit."""
    from automl_jupyter.learners.base import suggest_params
    from automl_jupyter.learners.info import SpaceContext

    context = SpaceContext(len(case.train), case.frame.shape[1], case.n_classes, case.task)
    for at in (0.0, 0.5, 1.0):
        params = suggest_params(case.info, EndsOfSpace(at), context)
        estimator, _ = case.fit(params=params, refit_iterations=5)
        assert np.isfinite(case.predict(estimator)).all(), f"{case.info.key} fails with {params}."


def _check_persistence(case: _Case) -> None:
    import pickle

    import skops.io

    from automl_jupyter.featurization.recipes import TRUSTED_TYPES

    estimator, _ = case.fit(**case.judged())
    expected = case.predict(estimator)
    again = pickle.loads(pickle.dumps(estimator))
    assert np.array_equal(case.predict(again), expected), f"{case.info.key} comes back from a pickle another."
    data = skops.io.dumps([case.featurizer, estimator])
    unknown = set(skops.io.get_untrusted_types(data=data)) - set(case.info.trusted_types) - set(TRUSTED_TYPES)
    assert not unknown, f"{case.info.key} does not list these as trusted_types: {sorted(unknown)}."
    featurizer, again = skops.io.loads(data, trusted=[*case.info.trusted_types, *TRUSTED_TYPES])
    from automl_jupyter.learners.base import predict

    found = predict(again, case.task, featurizer.transform(case.frame), case.n_classes)
    assert np.allclose(found, expected, rtol=1e-6), f"{case.info.key} comes back from skops another."


class EndsOfSpace:
    """Stands in for an optuna trial: every parameter at one share of its range.

    Parameters
    ----------
    at : float
        0 for the lower ends and first choices, 1 for the upper ends and last choices.

    Examples
    --------
    >>> EndsOfSpace(0.5).suggest_float("C", 0.01, 100, log=True)
    1.0
    """

    def __init__(self, at: float) -> None:
        self.at = at

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False, step: Any = None) -> float:
        """Return the value at the share, on a logarithmic scale where asked."""
        if log:
            return float(round(np.exp(np.log(low) + self.at * (np.log(high) - np.log(low))), 12))
        return low + self.at * (high - low)

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False, step: int = 1) -> int:
        """Return the whole number at the share."""
        return round(self.suggest_float(name, low, high, log=log))

    def suggest_categorical(self, name: str, choices: Any) -> Any:
        """Return the choice at the share."""
        return choices[round(self.at * (len(choices) - 1))]


def toy_table(n_rows: int) -> tuple[pd.DataFrame, list[Any], np.ndarray]:
    """Return a canonical table of every column type, its columns, and the signal hidden in it.

    Parameters
    ----------
    n_rows : int
        Rows.

    Returns
    -------
    tuple
        The canonical frame, its columns (with ``name``, ``type`` and ``dropped``) and one value a row.
    """
    rng = np.random.default_rng(5)
    number, colour = rng.normal(size=n_rows), rng.integers(0, 4, n_rows)
    signal = number + 0.7 * colour + rng.normal(scale=0.2, size=n_rows)
    holed = number.astype(np.float32)
    holed[rng.random(n_rows) < 0.1] = np.nan
    days = rng.integers(0, 900, n_rows).astype("timedelta64[D]")
    dates = (np.datetime64("2021-03-01", "ns") + days).astype("datetime64[ns]")
    dates[rng.random(n_rows) < 0.1] = np.datetime64("NaT")
    colours = np.where(rng.random(n_rows) < 0.1, -1, colour)
    words = np.array(["red", "green", "blue", "pale", "dark", "new", "old"])
    text = [" ".join(rng.choice(words, 4)) if rng.random() > 0.1 else "" for _ in range(n_rows)]
    frame = pd.DataFrame(
        {
            0: holed,
            1: 1.7e9 + 100 * number,
            2: pd.Categorical.from_codes(colours.astype(np.int8), pd.Index(["a", "b", "c", "d"])),
            3: dates,
            4: text,
            5: np.where(rng.random(n_rows) < 0.1, np.nan, rng.integers(0, 2, n_rows)).astype(np.float32),
        }
    )
    frame.columns = pd.Index(["x", "x", "colour=é", "when", "", "flag"])
    types = ["Numeric", "Numeric", "Categorical", "DateTime", "Text", "Boolean"]
    columns = [SimpleNamespace(name=n, type=t, dropped=False) for n, t in zip(frame.columns, types, strict=True)]
    return frame, columns, signal


def _check_forecasts(info: LearnerInfo) -> None:
    from automl_jupyter.learners.base import make_learner, suggest_params
    from automl_jupyter.learners.info import SpaceContext
    from automl_jupyter.learners.series.base import Past

    def forecast(values: np.ndarray, season: int, horizon: int = 5, params: Any = None) -> np.ndarray:
        own = {k: v for k, v in (params or {}).items() if k != "log"}  # what is around the learner sees to it
        learner = make_learner(info, "forecasting", own, random_state=0, n_jobs=1)
        ends = pd.DatetimeIndex([pd.Timestamp("2024-05-01")] * len(values))
        past = Past(np.asarray(values, dtype=float), season, (season,), ends=ends, frequency="D")
        return np.asarray(learner.forecast(past, horizon))

    name, rng = info.key, np.random.default_rng(5)
    for length, season in ((1, 1), (2, 1), (5, 4), (8, 4), (40, 1), (60, 12), (200, 7)):
        at = np.arange(length)
        values = 50 + 0.3 * at + 8 * np.sin(2 * np.pi * at / max(season, 2)) + rng.normal(0, 2, (6, length))
        values[1] -= 55  # crosses 0
        values[2] = 3.0
        found = forecast(values, season)
        assert found.shape == (6, 5), f"{name} forecasts the shape {found.shape} of 6 series and 5 periods."
        assert np.isfinite(found).all(), f"{name} forecasts values that are not finite after {length} periods."
        assert np.allclose(found[2], 3.0, atol=1e-6), f"{name} leaves a level that never changed."
        alone = np.concatenate([forecast(row[None], season) for row in values])
        assert np.allclose(alone, found, rtol=1e-6, atol=1e-6), f"{name} forecasts a series alone differently."
        assert np.allclose(forecast(1000 * values, season), 1000 * found, rtol=1e-3, atol=1), (
            f"{name} forecasts a series in another unit differently."
        )
        assert np.allclose(forecast(values, season, 3), found[:, :3]), f"{name}: a shorter forecast differs."
    for where in (0.0, 0.5, 1.0):
        params = suggest_params(info, EndsOfSpace(where), SpaceContext(200, 1, None, "forecasting"))
        assert np.isfinite(forecast(values, 7, params=params)).all(), f"{name} fails with {params}."


def _check_sequences(info: LearnerInfo) -> None:
    import skops.io

    from automl_jupyter.learners.base import make_learner, suggest_params
    from automl_jupyter.learners.info import SpaceContext
    from automl_jupyter.learners.sequence.base import Sequences

    name, horizon = info.key, 4
    rng = np.random.default_rng(5)
    lengths = (80, 80, 60, 30, 12)
    values = [50 * (k + 1) + 8 * np.sin(np.arange(n) / 3) + rng.normal(0, 1, n) for k, n in enumerate(lengths)]
    values[1][:] = 3.0
    series = Sequences(values, [rng.normal(size=(n, 2)) for n in lengths], list("abcde"))
    others = Sequences(values[:2], series.features[:2], ["x", "y"])
    ahead = [rng.normal(size=(horizon, 2)) for _ in lengths]

    def fit(stop: Any = lambda: False, **params: Any) -> Any:
        learner = make_learner(info, "forecasting", {"n_epochs": 3, **params}, random_state=7, n_jobs=1)
        return learner.fit(series, horizon, stop)

    fitted = fit()
    expected = fitted.forecast(series, ahead)
    assert expected.shape == (5, horizon), f"{name} forecasts the shape {expected.shape} of 5 series and 4 periods."
    assert np.isfinite(expected).all(), f"{name} forecasts values that are not finite."
    sooner = fitted.forecast(series, [a[:2] for a in ahead])
    assert np.allclose(sooner, expected[:, :2], rtol=1e-4), f"{name}: a shorter forecast differs."
    assert np.isfinite(fitted.forecast(others, ahead[:2])).all(), f"{name} cannot forecast series it has not seen."
    assert np.allclose(fit().forecast(series, ahead), expected, rtol=1e-4), f"{name} differs with the same seed."
    stopped = fit(lambda: True)
    assert stopped.stopped_early_, f"{name} does not say that it was stopped."
    assert np.isfinite(stopped.forecast(series, ahead)).all(), f"{name} keeps nothing when it is stopped."
    data = skops.io.dumps(fitted)
    again = skops.io.loads(data, trusted=skops.io.get_untrusted_types(data=data))
    assert np.allclose(again.forecast(series, ahead), expected, rtol=1e-5), f"{name} comes back from skops another."
    for where in (0.0, 0.5, 1.0):
        params = suggest_params(info, EndsOfSpace(where), SpaceContext(200, 1, None, "forecasting"))
        assert np.isfinite(fit(**params).forecast(series, ahead)).all(), f"{name} fails with {params}."


@contextmanager
def _left_as_found(name: str) -> Iterator[None]:
    """Fail when the body changes the process, or warns."""
    environment, folder = dict(os.environ), os.getcwd()
    files = sorted(os.listdir(folder))
    state, filters = np.random.get_state(legacy=False), list(warnings.filters)
    threads = threading.active_count()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        inside = list(warnings.filters)
        yield
        assert list(warnings.filters) == inside, f"{name} changes the warning filters."
    assert list(warnings.filters) == filters
    assert dict(os.environ) == environment, f"{name} changes the environment."
    assert os.getcwd() == folder, f"{name} changes the working directory."
    assert sorted(os.listdir(folder)) == files, f"{name} leaves files behind."
    assert str(np.random.get_state(legacy=False)) == str(state), f"{name} draws from numpy's shared random state."
    assert threading.active_count() <= threads, f"{name} leaves threads behind."
