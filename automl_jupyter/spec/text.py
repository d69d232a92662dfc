"""Text jobs: classification, multi-label classification, named entities."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from automl_jupyter.errors import Problem
from automl_jupyter.spec.base import Section
from automl_jupyter.spec.deep import DeepJob
from automl_jupyter.spec.featurization import NlpFeaturizationSettings
from automl_jupyter.spec.job import passed
from automl_jupyter.spec.kinds import Allowed, ColumnName, Count, Share, Text, one_of
from automl_jupyter.spec.limits import NlpLimitSettings
from automl_jupyter.spec.metric_names import metric_check

SCHEDULERS = ("linear", "cosine", "cosine_with_restarts", "polynomial", "constant", "constant_with_warmup")


class NlpFixedParameters(Section):
    """Training parameters of a text job; an unset one gets the network's default.

    Examples
    --------
    >>> NlpFixedParameters(number_of_epochs=3).number_of_epochs
    3
    """

    model_name: Text | None = Field(None, description="The network to fine-tune, such as bert-base-cased.")
    number_of_epochs: Count | None = Field(None, description="Passes over the training rows.")
    training_batch_size: Count | None = Field(None, description="Texts in one training step.")
    validation_batch_size: Count | None = Field(None, description="Texts in one validation step.")
    gradient_accumulation_steps: Count | None = Field(
        None, description="Steps whose gradients are added up before the weights change."
    )
    learning_rate: Share | None = Field(None, description="The first learning rate.")
    learning_rate_scheduler: Annotated[
        Literal["linear", "cosine", "cosine_with_restarts", "polynomial", "constant", "constant_with_warmup"] | None,
        BeforeValidator(one_of(*SCHEDULERS, none=True)),
        Allowed("the name of a learning-rate schedule"),
    ] = Field(None, description="How the learning rate changes.")
    warmup_ratio: Share | None = Field(None, description="Share of the steps in which the learning rate rises.")
    weight_decay: Share | None = Field(None, description="Weight decay.")


class TextJob(DeepJob):
    """What the three text jobs share."""

    parameters_class: ClassVar[type[Section]] = NlpFixedParameters
    discrete: ClassVar[tuple[str, ...]] = (
        "model_name",
        "number_of_epochs",
        "training_batch_size",
        "validation_batch_size",
        "gradient_accumulation_steps",
        "learning_rate_scheduler",
    )
    needed: ClassVar[tuple[str, ...]] = ("training_data", "target_column_name", "validation_data")

    limits: NlpLimitSettings = Field(
        default_factory=NlpLimitSettings.model_construct, description="When the job stops."
    )
    featurization: NlpFeaturizationSettings = Field(
        default_factory=NlpFeaturizationSettings.model_construct, description="The language of the texts."
    )
    training_parameters: NlpFixedParameters = Field(
        default_factory=NlpFixedParameters.model_construct, description="Training parameters of every trial."
    )

    def conflicts(self) -> list[Problem]:
        """Return the contradictions between what has been set so far."""
        found = super().conflicts()
        total, trial = self.limits.timeout_minutes, self.limits.trial_timeout_minutes
        if total is not None and trial is not None and trial > total:
            message = f"{trial:g} is more than limits.timeout_minutes ({total:g})."
            found.append(Problem("limits.trial_timeout_minutes", message))
        return found

    def set_data(
        self,
        *,
        training_data: Any = None,
        target_column_name: str | None = None,
        validation_data: Any = None,
        **unknown: Any,
    ) -> None:
        """Set the tables and the target; what is not passed stays.

        Raises
        ------
        SpecError
            With every problem of the values and between them.
        """
        self.change(passed(locals()))

    def set_limits(
        self,
        *,
        max_trials: int | None = None,
        max_concurrent_trials: int | None = None,
        max_nodes: int | None = None,
        timeout_minutes: float | None = None,
        trial_timeout_minutes: float | None = None,
        **unknown: Any,
    ) -> None:
        """Set when the job stops; what is not passed stays. See :class:`NlpLimitSettings`.

        Raises
        ------
        SpecError
            With every problem of the values and between them.
        """
        self._set("limits", passed(locals()))

    def set_featurization(self, *, dataset_language: str | None = None, **unknown: Any) -> None:
        """Set the language of the texts.

        Raises
        ------
        SpecError
            When the language is not an ISO 639-3 code, or another keyword is given.
        """
        self._set("featurization", passed(locals()))


_METRIC = Allowed("the name of a metric")


class TextClassificationJob(TextJob):
    """A job that gives a text one label.

    Examples
    --------
    >>> job = TextClassificationJob(
    ...     training_data="a.csv", target_column_name="y", validation_data="b.csv"
    ... )
    >>> job.problems()
    []
    """

    task: Literal["text_classification"] = Field("text_classification", description="The kind of problem.")
    primary_metric: Annotated[str, BeforeValidator(metric_check("text_classification")), _METRIC] | None = Field(
        None, description="The metric that ranks the trials. Unset: accuracy."
    )


class TextClassificationMultilabelJob(TextJob):
    """A job that gives a text any number of labels.

    Examples
    --------
    >>> job = TextClassificationMultilabelJob(
    ...     training_data="a.csv", target_column_name="y", validation_data="b.csv"
    ... )
    >>> job.problems()
    []
    """

    task: Literal["text_classification_multilabel"] = Field(
        "text_classification_multilabel", description="The kind of problem."
    )
    primary_metric: Annotated[str, BeforeValidator(metric_check("text_classification_multilabel")), _METRIC] | None = (
        Field(None, description="The metric that ranks the trials. Unset: accuracy.")
    )


class TextNerJob(TextJob):
    """A job that finds named entities in a text.

    Examples
    --------
    >>> TextNerJob(training_data="a.csv", validation_data="b.csv").problems()
    []
    """

    needed: ClassVar[tuple[str, ...]] = ("training_data", "validation_data")

    task: Literal["text_ner"] = Field("text_ner", description="The kind of problem.")
    primary_metric: Annotated[str, BeforeValidator(metric_check("text_ner")), _METRIC] | None = Field(
        None, description="The metric that ranks the trials. Unset: accuracy."
    )
    target_column_name: ColumnName | None = Field(  # type: ignore[assignment]  # the labels are in the files
        None, description="Not used: the labels are in the files."
    )
