"""Classification, regression and forecasting jobs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from automl_jupyter.errors import Problem
from automl_jupyter.spec.base import UNSET, deprecated
from automl_jupyter.spec.featurization import TabularFeaturizationSettings
from automl_jupyter.spec.forecast import ForecastingSettings
from automl_jupyter.spec.inputs import TableInput
from automl_jupyter.spec.job import AutoMLJob, passed
from automl_jupyter.spec.kinds import (
    Allowed,
    ColumnName,
    ColumnNames,
    Fraction,
    as_text,
    auto_or_whole,
    one_of,
)
from automl_jupyter.spec.limits import TabularLimitSettings
from automl_jupyter.spec.metric_names import metric_check
from automl_jupyter.spec.rules import forecasting_conflicts, tabular_conflicts
from automl_jupyter.spec.training import (
    ClassificationTrainingSettings,
    ForecastingTrainingSettings,
    RegressionTrainingSettings,
    TrainingSettings,
)


def _folds(value: object) -> object:
    found = None if value is None else auto_or_whole(2)(value)
    return None if found == "auto" else found  # as where nothing is set, so that it agrees with validation_data


def _label(value: object) -> object:
    if type(value).__module__ == "numpy" and hasattr(value, "item"):
        value = value.item()  # what Python has for a scalar of numpy's
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError
    return value if isinstance(value, bool | int | float) else as_text(value)


_METRIC = Allowed("the name of a metric")
_FOLDS = "How many folds of cross-validation choose between trials."


class TabularJob(AutoMLJob):
    """What classification, regression and forecasting jobs share."""

    n_cross_validations: (
        Annotated[
            Annotated[int, Field(ge=2)] | Literal["auto"],
            BeforeValidator(auto_or_whole(2)),
            Allowed("'auto' or a whole number of 2 or more"),
        ]
        | None
    ) = Field(
        None,
        description=f"{_FOLDS} Unset or auto: five origins with fewer than 20 series, three with fewer than 100, else"
        " two; fewer where series are short.",
    )
    validation_data_size: Fraction | None = Field(
        None,
        description="Share of the training rows held out to choose between trials. Together with"
        " n_cross_validations: that many random splits. Not in forecasting.",
    )
    cv_split_column_names: ColumnNames | None = Field(
        None,
        description="One column per fold: 1 marks a training row, 0 a validation row. Not in forecasting.",
    )
    weight_column_name: ColumnName | None = Field(None, description="The column of row weights.")
    test_data: TableInput | None = Field(None, description="A table the recommended model is tested on at the end.")
    test_data_size: Fraction | None = Field(
        None,
        description="Share of the rows cut off for the final test, before the validation cut. Not in forecasting.",
    )
    limits: TabularLimitSettings = Field(
        default_factory=TabularLimitSettings.model_construct, description="When the job stops."
    )
    featurization: TabularFeaturizationSettings = Field(
        default_factory=TabularFeaturizationSettings.model_construct,
        description="How columns become features.",
    )
    training: TrainingSettings = Field(
        default_factory=TrainingSettings.model_construct, description="Which learners are tried."
    )
    inference: Annotated[
        Literal["best", "fast"], BeforeValidator(one_of("best", "fast")), Allowed("'best' or 'fast'")
    ] = Field("best", description="best: the most accurate model; fast: one that also predicts quickly.")

    def conflicts(self) -> list[Problem]:
        """Return the contradictions between what has been set so far."""
        return [*super().conflicts(), *tabular_conflicts(self)]

    def further_columns(self) -> dict[str, list[str | None]]:
        """Return the columns with a role of this task only, by role."""
        return {}

    def set_data(
        self,
        *,
        training_data: Any = None,
        target_column_name: str | None = None,
        weight_column_name: str | None = None,
        validation_data: Any = None,
        validation_data_size: float | None = None,
        n_cross_validations: int | str | None = None,
        cv_split_column_names: list[str] | None = None,
        test_data: Any = None,
        test_data_size: float | None = None,
        **unknown: Any,
    ) -> None:
        """Set the tables, the target and how trials are validated; what is not passed stays.

        Raises
        ------
        SpecError
            With every problem of the values and between them.
        """
        self.change(passed(locals()))

    def set_limits(
        self,
        *,
        enable_early_termination: bool | None = None,
        exit_score: float | None = None,
        max_concurrent_trials: int | None = None,
        max_cores_per_trial: int | None = None,
        max_nodes: int | None = None,
        max_trials: int | None = None,
        timeout_minutes: float | None = None,
        trial_timeout_minutes: float | None = None,
        **unknown: Any,
    ) -> None:
        """Set when the job stops; what is not passed stays. See :class:`TabularLimitSettings`.

        Raises
        ------
        SpecError
            With every problem of the values and between them.
        """
        self._set("limits", passed(locals()))

    def set_training(
        self,
        *,
        enable_onnx_compatible_models: bool | None = None,
        enable_dnn_training: bool | None = None,
        enable_model_explainability: bool | None = None,
        enable_stack_ensemble: bool | None = None,
        enable_vote_ensemble: bool | None = None,
        stack_ensemble_settings: Any = None,
        ensemble_model_download_timeout: float | None = None,
        allowed_training_algorithms: list[str] | None = None,
        blocked_training_algorithms: list[str] | None = None,
        training_mode: str | None = None,
        **unknown: Any,
    ) -> None:
        """Set which learners are tried; what is not passed stays. An empty list clears an earlier one.

        Raises
        ------
        SpecError
            With every problem of the values and between them.
        """
        self._set("training", passed(locals()))

    def set_featurization(
        self,
        *,
        mode: str | None = None,
        blocked_transformers: list[str] | None = None,
        column_name_and_types: Mapping[str, str] | None = None,
        transformer_params: Mapping[str, Any] | None = None,
        dataset_language: str | None = None,
        enable_dnn_featurization: bool | None = None,
        **unknown: Any,
    ) -> None:
        """Set how columns become features; what is not passed stays.

        Parameters
        ----------
        mode : {"auto", "custom", "off"}, optional
            Whether columns are transformed.
        blocked_transformers : list of str, optional
            Transformers not to use.
        column_name_and_types : dict, optional
            Column to type.
        transformer_params : dict, optional
            ``imputer``, ``tf_idf`` or ``hash_one_hot_encoder`` to a list of :class:`ColumnTransformer`.
        dataset_language : str, optional
            ISO 639-3 code of the text columns.
        enable_dnn_featurization : bool, optional
            Deep text features.
        **unknown
            Former names; anything else is refused with the nearest name.

        Raises
        ------
        SpecError
            With every problem of the values and between them.
        """
        self._set("featurization", passed(locals()))


class RowsJob(TabularJob):
    """What classification and regression share: rows in no order, unless a column gives one."""

    n_cross_validations: Annotated[
        Annotated[int, Field(ge=2)] | Literal["auto"] | None,
        BeforeValidator(_folds),
        Allowed("'auto' or a whole number of 2 or more"),
    ] = Field(
        None,
        description=f"{_FOLDS} Unset or auto: ten with fewer than 1,000 rows, three up to 20,000; of more, a tenth"
        " of the rows is held out once. Rows in time order have at most five, and fewer than 30 rows fewer.",
    )
    group_column_name: ColumnName | None = Field(
        None, description="Rows with one value of this column never stand on both sides of a split."
    )
    time_column_name: ColumnName | None = Field(
        None, description="Validation rows are later than training rows by this column."
    )

    def further_columns(self) -> dict[str, list[str | None]]:
        """Return the columns with a role of this task only, by role."""
        return {"group_column_name": [self.group_column_name], "time_column_name": [self.time_column_name]}


class ClassificationJob(RowsJob):
    """A job that predicts a class.

    Examples
    --------
    >>> job = ClassificationJob(training_data="df", target_column_name="y", primary_metric="auc_weighted")
    >>> job.primary_metric
    'AUC_weighted'
    """

    task: Literal["classification"] = Field("classification", description="The kind of problem.")
    primary_metric: Annotated[str, BeforeValidator(metric_check("classification")), _METRIC] | None = Field(
        None, description="The metric that ranks the trials. Unset: accuracy."
    )
    positive_label: Annotated[str | int | float | bool, BeforeValidator(_label), Allowed("a class label")] | None = (
        Field(
            None,
            description="The class that binary metrics treat as positive. Unset: of two classes the later one in sorted"
            " order (1 of 0 and 1, yes of no and yes), of more classes none.",
        )
    )
    training: ClassificationTrainingSettings = Field(
        default_factory=ClassificationTrainingSettings.model_construct,
        description="Which learners are tried.",
    )


class RegressionJob(RowsJob):
    """A job that predicts a number.

    Examples
    --------
    >>> RegressionJob(training_data="train.csv", target_column_name="y").task
    'regression'
    """

    task: Literal["regression"] = Field("regression", description="The kind of problem.")
    primary_metric: Annotated[str, BeforeValidator(metric_check("regression")), _METRIC] | None = Field(
        None, description="The metric that ranks the trials. Unset: normalized_root_mean_squared_error."
    )
    training: RegressionTrainingSettings = Field(
        default_factory=RegressionTrainingSettings.model_construct, description="Which learners are tried."
    )


class ForecastingJob(TabularJob):
    """A job that predicts the next values of time series.

    Examples
    --------
    >>> job = ForecastingJob(training_data="sales.csv", target_column_name="units")
    >>> job.set_forecast_settings(time_column_name="day", forecast_horizon=28)
    >>> job.problems()
    []
    """

    synonyms: ClassVar[dict[str, str]] = {"forecasting_settings": "forecasting"}

    task: Literal["forecasting"] = Field("forecasting", description="The kind of problem.")
    primary_metric: Annotated[str, BeforeValidator(metric_check("forecasting")), _METRIC] | None = Field(
        None, description="The metric that ranks the trials. Unset: normalized_root_mean_squared_error."
    )
    training: ForecastingTrainingSettings = Field(
        default_factory=ForecastingTrainingSettings.model_construct, description="Which learners are tried."
    )
    forecasting: ForecastingSettings = Field(
        default_factory=ForecastingSettings.model_construct,
        description="The time column, the series, the horizon.",
    )

    @property
    def forecasting_settings(self) -> ForecastingSettings:
        """The same as `forecasting`, as Azure Machine Learning's Python client spells it."""
        return self.forecasting

    def conflicts(self) -> list[Problem]:
        """Return the contradictions between what has been set so far."""
        return [*super().conflicts(), *forecasting_conflicts(self)]

    def gaps(self) -> list[Problem]:
        """Return what is still missing before the job can run."""
        found = super().gaps()
        if self.forecasting.time_column_name is None:
            message = "is missing; a forecast needs the column that says when a row was observed."
            found.append(Problem("forecasting.time_column_name", message))
        return found

    def further_columns(self) -> dict[str, list[str | None]]:
        """Return the columns with a role of this task only, by role."""
        return {
            "forecasting.time_column_name": [self.forecasting.time_column_name],
            "forecasting.time_series_id_column_names": [*(self.forecasting.time_series_id_column_names or [])],
        }

    def set_forecast_settings(
        self,
        *,
        time_column_name: str | None = None,
        forecast_horizon: int | str | None = None,
        time_series_id_column_names: str | list[str] | None = None,
        target_lags: int | str | list[int] | None = None,
        feature_lags: str | None = None,
        target_rolling_window_size: int | str | None = None,
        country_or_region_for_holidays: str | None = None,
        use_stl: str | None = None,
        seasonality: int | str | None = UNSET,
        short_series_handling_config: str | None = UNSET,
        frequency: str | None = None,
        target_aggregate_function: str | None = None,
        cv_step_size: int | str | None = None,
        features_unknown_at_forecast_time: str | list[str] | None = None,
        **unknown: Any,
    ) -> None:
        """Set the forecasting settings; what is not passed stays. See :class:`ForecastingSettings`.

        `seasonality` and `short_series_handling_config` have a meaning for None: no season, and series
        left as
        they are.

        Raises
        ------
        SpecError
            With every problem of the values and between them.
        """
        self._set(
            "forecasting",
            passed(locals(), meaning_of_none=("seasonality", "short_series_handling_config")),
        )

    def set_forecasting_settings(self, **settings: Any) -> None:
        """Call :meth:`set_forecast_settings` under the name that some documentation uses."""
        deprecated("set_forecasting_settings", "set_forecast_settings")
        self.set_forecast_settings(**settings)
