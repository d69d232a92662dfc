"""The configurations a search for forecasts opens with: single series first, which take no time, then pooled lags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from automl_jupyter.search.opening import SearchContext


@dataclass(frozen=True)
class Forecaster:
    """A configuration: the learner, what people call it, its settings."""

    learner: str
    label: str
    params: Mapping[str, Any]


def _boosted(strategy: str, difference: str, **more: Any) -> Forecaster:
    said = {"none": "", "last": ", differences", "seasonal": ", seasonal differences", "mean": ", local mean"}[
        difference
    ]
    extra = {"log": ", log", "objective": ", absolute error", "lag_set": ", short lags"}
    words = "".join(word for name, word in extra.items() if name in more)
    params = {"strategy": strategy, "difference": difference, "n_rounds": 200, **more}
    return Forecaster("LightGBM", f"LightGBM · {strategy}{said}{words}", params)


def _linear(learner: str, difference: str, **more: Any) -> Forecaster:
    said = {"none": "", "last": " · differences", "seasonal": " · seasonal differences", "mean": " · local mean"}[
        difference
    ]
    words = ", log" if "log" in more else ""
    return Forecaster(
        learner,
        f"{learner}{said}{words}",
        {"strategy": "recursive", "difference": difference, "lag_set": "long", **more},
    )


def forecasters(context: SearchContext, *, every: bool = False) -> list[Forecaster]:
    """Return the configurations in order of expected gain per second.

    Parameters
    ----------
    context : SearchContext
        The problem.
    every : bool, default False
        Whether those that hardly ever help are listed, too.
    """
    about = context.forecast
    seasonal = int(about.get("season", 1)) > 1
    positive = bool(about.get("positive"))
    several = len(about.get("seasons", ())) > 1
    log = {"log": True}
    usual = "seasonal" if seasonal else "last"
    found = [
        Forecaster("Theta", "Theta", {}),
        Forecaster("ExponentialSmoothing", "ExponentialSmoothing", {}),
        _boosted("direct", "mean"),
        _linear("FastLinearRegressor", "last"),
        _boosted("recursive", usual),
        _boosted("direct", usual),
        Forecaster("AutoArima", "AutoArima", {}),
        Forecaster("Arimax", "Arimax", {}) if about.get("n_known") else None,
        Forecaster("Naive", "Naive", {}),
        Forecaster("SeasonalAverage", "SeasonalAverage · 3 seasons", {"n_seasons": 3}) if seasonal else None,
        _boosted("direct", "none"),
        _boosted("recursive", "last") if seasonal else None,
        _linear("FastLinearRegressor", usual, **log) if positive else _linear("FastLinearRegressor", "none"),
        _boosted("direct", "mean", **log) if positive else None,
        _boosted("direct", "last", objective="regression_l1"),
        Forecaster("ExponentialSmoothing", "ExponentialSmoothing · log", log) if positive else None,
        Forecaster("Theta", "Theta · several seasons", {"decomposed": True}) if several else None,
        Forecaster("ExponentialSmoothing", "ExponentialSmoothing · several seasons", {"decomposed": True})
        if several
        else None,
        _boosted("recursive", "none"),
        _boosted("recursive", "mean"),
        _boosted("direct", usual, learning_rate=0.03, num_leaves=63, feature_fraction=0.5, n_rounds=400),
        Forecaster(
            "ExtremeRandomTrees",
            "ExtremeRandomTrees · direct, local mean",
            {"strategy": "direct", "difference": "mean", "n_estimators": 100, "min_samples_leaf": 5},
        ),
        _boosted("direct", "mean", num_leaves=8, n_rounds=300, lag_set="short"),
        Forecaster("AutoArima", "AutoArima · log", log) if positive else None,
        Forecaster("AutoArima", "AutoArima · several seasons", {"decomposed": True}) if seasonal else None,
        Forecaster("Naive", "Naive · drift", {"drift": True}),
        Forecaster("Average", "Average", {}),
        Forecaster("SeasonalAverage", "SeasonalAverage", {}) if seasonal else None,
        _boosted("recursive", usual, **log) if positive else None,
        _linear("FastLinearRegressor", "mean"),
        Forecaster("Theta", "Theta · log", log) if positive else None,
        _linear("ElasticNet", usual),
        Forecaster("TCNForecaster", "TCNForecaster", {}),
        *(Forecaster(key, key, {}) for key in ("AutoCES", "MSTL", "AutoETS", "AutoTheta")),
    ]
    more = [
        Forecaster(
            "RandomForest",
            "RandomForest · direct, local mean",
            {"strategy": "direct", "difference": "mean", "n_estimators": 100, "min_samples_leaf": 5},
        ),
        Forecaster("KNN", "KNN · direct, local mean", {"strategy": "direct", "difference": "mean", "n_neighbors": 15}),
        Forecaster("DecisionTree", "DecisionTree · direct, local mean", {"strategy": "direct", "difference": "mean"}),
        *(
            Forecaster(key, f"{key} · direct, local mean", {"strategy": "direct", "difference": "mean"})
            for key in ("XGBoostRegressor", "CatBoostRegressor", "NeuralNetwork", "GradientBoosting", "GaussianProcess")
        ),
        *(_linear(key, usual) for key in ("LassoLars", "SGD", "OnlineGradientDescentRegressor")),
        Forecaster("SeasonalNaive", "SeasonalNaive", {}),
        Forecaster("Arimax", "Arimax", {}),
        *(
            Forecaster("TCNForecaster", f"TCNForecaster · {words}", params)
            for words, params in (
                ("wide", {"n_channels": 64, "dropout": 0.25}),
                ("far back", {"depth": 6}),
                ("two stacks", {"n_cells": 2}),
            )
        ),
        Forecaster("Prophet", "Prophet", {}),
        Forecaster("Prophet", "Prophet · multiplicative", {"seasonality_mode": "multiplicative"}),
    ]
    return [c for c in (*found, *(more if every else ())) if c is not None]
