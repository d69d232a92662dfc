"""Classification, regression and forecasting on tables."""

from __future__ import annotations

from automl_jupyter.tasks.base import Task

CLASSIFICATION = Task(
    key="classification",
    title="Classification",
    default_metric="accuracy",
    is_classification=True,
    meta_learners=("LogisticRegression", "LogisticRegressionCV", "LightGBMClassifier"),
)

REGRESSION = Task(
    key="regression",
    title="Regression",
    default_metric="normalized_root_mean_squared_error",
    is_classification=False,
    meta_learners=("ElasticNet", "ElasticNetCV", "LightGBMRegressor", "LinearRegression"),
)

FORECASTING = Task(
    key="forecasting",
    title="Forecasting",
    default_metric="normalized_root_mean_squared_error",
    is_classification=False,
    meta_learners=("ElasticNet", "ElasticNetCV", "LightGBMRegressor", "LinearRegression"),
)
