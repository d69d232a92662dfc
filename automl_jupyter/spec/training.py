"""Which learners are tried and which ensembles are built."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from automl_jupyter.spec.algorithms import algorithm_names, match_algorithm
from automl_jupyter.spec.base import Section
from automl_jupyter.spec.kinds import Allowed, Flag, Fraction, Minutes, PlainMap, as_texts, one_of, pick

META_LEARNERS = (
    "LogisticRegression",
    "LogisticRegressionCV",
    "LightGBMClassifier",
    "ElasticNet",
    "ElasticNetCV",
    "LightGBMRegressor",
    "LinearRegression",
)


def _learners(*tasks: str) -> Callable[[object], list[str]]:
    def check(value: object) -> list[str]:
        given = as_texts(value)
        names = given if isinstance(given, list) else []
        if len(tasks) == 1:
            found = [match_algorithm(n, tasks[0]) for n in names]
        else:
            every = dict.fromkeys(name for task in tasks for name in algorithm_names(task))
            found = [pick(n, every, "a training algorithm") for n in names]
        return list(dict.fromkeys(found))

    return check


class StackEnsembleSettings(Section):
    """How the stack ensemble's second stage is trained.

    Examples
    --------
    >>> StackEnsembleSettings(stack_meta_learner_type="ElasticNetCV").stack_meta_learner_type
    'ElasticNetCV'
    """

    synonyms: ClassVar[dict[str, str]] = {"stack_meta_learner_k_wargs": "stack_meta_learner_kwargs"}

    stack_meta_learner_type: Annotated[
        Literal[
            "LogisticRegression",
            "LogisticRegressionCV",
            "LightGBMClassifier",
            "ElasticNet",
            "ElasticNetCV",
            "LightGBMRegressor",
            "LinearRegression",
        ]
        | None,
        BeforeValidator(one_of(*META_LEARNERS, none=True)),
        Allowed("the name of a meta learner"),
    ] = Field(
        None,
        description="The second-stage learner. Unset: LogisticRegression for classification, ElasticNet otherwise.",
    )
    stack_meta_learner_train_percentage: Fraction = Field(
        0.2, description="Kept for compatibility, not used: the meta learner is fitted on all held-out rows."
    )
    stack_meta_learner_kwargs: PlainMap | None = Field(
        None, description="Keyword arguments of the meta learner's constructor."
    )

    @property
    def stack_meta_learner_k_wargs(self) -> dict[str, object] | None:
        """The same as `stack_meta_learner_kwargs`, in the spelling of Azure Machine Learning's client."""
        return self.stack_meta_learner_kwargs


_TABULAR = ("classification", "regression", "forecasting")
_LIST = Allowed("a list of training algorithms")
_ALLOWED = (
    "Only these learners are tried. Unset or empty: all that are installed, but for those whose time grows too fast for"
    " so many rows or classes."
)
_ALLOWED_FORECASTERS = (
    "Only these learners are tried. Unset or empty: all that are installed, but for GaussianProcess, GradientBoosting,"
    " OnlineGradientDescentRegressor, SGD, LassoLars and Prophet, which are tried where they are named, and"
    " TCNForecaster, which is tried where it is named or enable_dnn_training is set."
)


class TrainingSettings(Section):
    """Training settings of a tabular job.

    Examples
    --------
    >>> TrainingSettings(allowed_training_algorithms=["light_gbm"]).allowed_training_algorithms
    ['LightGBM']
    """

    renamed: ClassVar[dict[str, str]] = {
        "allowed_models": "allowed_training_algorithms",
        "allowed_algorithms": "allowed_training_algorithms",
        "blocked_models": "blocked_training_algorithms",
        "blocked_algorithms": "blocked_training_algorithms",
    }
    synonyms: ClassVar[dict[str, str]] = {"ensemble_model_download_timeout": "ensemble_model_download_timeout_minutes"}

    allowed_training_algorithms: Annotated[list[str], BeforeValidator(_learners(*_TABULAR)), _LIST] | None = Field(
        None, description=_ALLOWED
    )
    blocked_training_algorithms: Annotated[list[str], BeforeValidator(_learners(*_TABULAR)), _LIST] | None = Field(
        None, description="These learners are not tried."
    )
    enable_vote_ensemble: Flag | None = Field(
        None, description="Whether a weighted vote of the best trials is built. Unset: true."
    )
    enable_stack_ensemble: Flag | None = Field(
        None,
        description="Whether a stack of the best trials is built. Unset: true, but false for forecasting.",
    )
    stack_ensemble_settings: StackEnsembleSettings | None = Field(
        None, description="How the stack ensemble's second stage is trained."
    )
    enable_model_explainability: Flag | None = Field(
        None,
        description="Kept for compatibility, not used: explanations are made when they are asked for, as by"
        " job.plot.importance() and job.plot.shap().",
    )
    enable_onnx_compatible_models: Flag | None = Field(
        None,
        description="Whether only models that can be exported to ONNX are tried. Unset: false. Not in forecasting.",
    )
    enable_dnn_training: Flag | None = Field(
        None,
        description="Whether deep networks are tried as forecasters, where allowed_training_algorithms does not name"
        " others. Unset: false. Not used in other tasks.",
    )
    ensemble_model_download_timeout_minutes: Minutes | None = Field(
        None, description="Kept for compatibility, not used: the members of an ensemble are at hand."
    )
    training_mode: Annotated[
        Literal["auto", "distributed", "non_distributed"] | None,
        BeforeValidator(one_of("auto", "distributed", "non_distributed")),
        Allowed("'auto', 'distributed' or 'non_distributed'"),
    ] = Field(None, description="Kept for compatibility, not used: a fit is not spread over workers.")

    @property
    def ensemble_model_download_timeout(self) -> float | None:
        """The same as `ensemble_model_download_timeout_minutes`, as the Python client spells it."""
        return self.ensemble_model_download_timeout_minutes


class ClassificationTrainingSettings(TrainingSettings):
    """Training settings of a classification job."""

    allowed_training_algorithms: Annotated[list[str], BeforeValidator(_learners("classification")), _LIST] | None = (
        Field(None, description=_ALLOWED)
    )
    blocked_training_algorithms: Annotated[list[str], BeforeValidator(_learners("classification")), _LIST] | None = (
        Field(None, description="These learners are not tried.")
    )


class RegressionTrainingSettings(TrainingSettings):
    """Training settings of a regression job."""

    allowed_training_algorithms: Annotated[list[str], BeforeValidator(_learners("regression")), _LIST] | None = Field(
        None, description=_ALLOWED
    )
    blocked_training_algorithms: Annotated[list[str], BeforeValidator(_learners("regression")), _LIST] | None = Field(
        None, description="These learners are not tried."
    )


class ForecastingTrainingSettings(TrainingSettings):
    """Training settings of a forecasting job."""

    allowed_training_algorithms: Annotated[list[str], BeforeValidator(_learners("forecasting")), _LIST] | None = Field(
        None, description=_ALLOWED_FORECASTERS
    )
    blocked_training_algorithms: Annotated[list[str], BeforeValidator(_learners("forecasting")), _LIST] | None = Field(
        None, description="These learners are not tried."
    )
