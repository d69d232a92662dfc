"""Search spaces, samplers and early-termination policies of image and text jobs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from automl_jupyter._core.text import listing, plural
from automl_jupyter.errors import Problem, SpecError
from automl_jupyter.spec.base import Section, Settings
from automl_jupyter.spec.kinds import (
    MISSING,
    Allowed,
    Count,
    CountOrZero,
    Number,
    RefusedError,
    as_number,
    as_whole,
    match_name,
    nearest,
    one_of,
    shown,
)

Scalar = str | int | float | bool
Positive = Annotated[float, Field(gt=0), BeforeValidator(as_number), Allowed("a number above 0")]


def _choices(value: object) -> list[object]:
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise ValueError
    values = list(value)
    if not values or not all(isinstance(v, Scalar) for v in values):
        raise ValueError
    return values


def _positional(kind: type[Settings], args: tuple[object, ...], given: dict[str, Any]) -> dict[str, Any]:
    names = [n for n in kind.model_fields if n != "type"]
    if len(args) > len(names):
        message = f"is the last of {plural(len(names), 'value')} that {kind.__name__} takes; {len(args)} came."
        raise SpecError([Problem(names[-1], message)])
    twice = [Problem(n, "is given twice.") for n in names[: len(args)] if n in given]
    if twice:
        raise SpecError(twice)
    return {**dict(zip(names, args, strict=False)), **given}


class Distribution(Settings):
    """A distribution from which a hyperparameter is drawn."""

    def __init__(self, *args: object, **data: Any) -> None:
        super().__init__(**_positional(type(self), args, data))

    def missing(self, data: Mapping[str, Any] = {}) -> list[Problem]:
        """Return what is missing, and bounds in the wrong order."""
        problems = super().missing(data)
        low, high = getattr(self, "min_value", None), getattr(self, "max_value", None)
        if low is not None and high is not None and low >= high:
            problems.append(Problem("max_value", f"{high:g} must be above min_value ({low:g})."))
        return problems


class Choice(Distribution):
    """One of the values given.

    Examples
    --------
    >>> Choice(["a", "b"]).values
    ['a', 'b']
    """

    required: ClassVar[tuple[str, ...]] = ("values",)
    type: Literal["choice"] = Field("choice", description="The kind of distribution.")
    values: Annotated[list[Scalar], BeforeValidator(_choices), Allowed("a list of texts or numbers")] = Field(
        default=MISSING, description="The values to choose from."
    )


class Randint(Distribution):
    """A whole number from 0 to below `upper`."""

    required: ClassVar[tuple[str, ...]] = ("upper",)
    type: Literal["randint"] = Field("randint", description="The kind of distribution.")
    upper: Count = Field(default=MISSING, description="The whole numbers from 0 to below this are drawn.")


class _Bounded(Distribution):
    required: ClassVar[tuple[str, ...]] = ("min_value", "max_value")
    min_value: Number = Field(default=MISSING, description="The least value; its logarithm for the log forms.")
    max_value: Number = Field(default=MISSING, description="The greatest value; its logarithm for the log forms.")


class _Bell(Distribution):
    required: ClassVar[tuple[str, ...]] = ("mu", "sigma")
    mu: Number = Field(default=MISSING, description="The mean; of the logarithm for the log forms.")
    sigma: Positive = Field(default=MISSING, description="The standard deviation; of the logarithm for the log forms.")


class _QBounded(_Bounded):
    required: ClassVar[tuple[str, ...]] = ("min_value", "max_value", "q")
    q: Positive = Field(default=MISSING, description="Values are rounded to multiples of this.")


class _QBell(_Bell):
    required: ClassVar[tuple[str, ...]] = ("mu", "sigma", "q")
    q: Positive = Field(default=MISSING, description="Values are rounded to multiples of this.")


class Uniform(_Bounded):
    """A number between two bounds.

    Examples
    --------
    >>> Uniform(0.1, 0.5).max_value
    0.5
    """

    type: Literal["uniform"] = Field("uniform", description="The kind of distribution.")


class QUniform(_QBounded):
    """A number between two bounds, rounded to multiples of `q`."""

    type: Literal["quniform"] = Field("quniform", description="The kind of distribution.")


class LogUniform(_Bounded):
    """exp of a number between two bounds, which are logarithms."""

    type: Literal["loguniform"] = Field("loguniform", description="The kind of distribution.")


class QLogUniform(_QBounded):
    """exp of a number between two bounds, which are logarithms, rounded to multiples of `q`."""

    type: Literal["qloguniform"] = Field("qloguniform", description="The kind of distribution.")


class Normal(_Bell):
    """A normally distributed number."""

    type: Literal["normal"] = Field("normal", description="The kind of distribution.")


class QNormal(_QBell):
    """A normally distributed number, rounded to multiples of `q`."""

    type: Literal["qnormal"] = Field("qnormal", description="The kind of distribution.")


class LogNormal(_Bell):
    """exp of a normally distributed number."""

    type: Literal["lognormal"] = Field("lognormal", description="The kind of distribution.")


class QLogNormal(_QBell):
    """exp of a normally distributed number, rounded to multiples of `q`."""

    type: Literal["qlognormal"] = Field("qlognormal", description="The kind of distribution.")


DISTRIBUTIONS: Mapping[str, type[Distribution]] = {
    str(kind.model_fields["type"].default): kind
    for kind in (
        Choice, Randint, Uniform, QUniform, LogUniform, QLogUniform, Normal, QNormal, LogNormal, QLogNormal,
    )
}  # fmt: skip


def as_distribution(value: object) -> object:
    """Return the distribution that a value stands for: an object, a mapping with ``type``, or one value.

    The string form of Azure Machine Learning, ``uniform(0.001, 0.01)``, is read too.
    """
    if isinstance(value, Distribution):
        return value
    if isinstance(value, Mapping):
        given = {str(k): v for k, v in value.items()}
        kind = match_name(given.pop("type", None), DISTRIBUTIONS)
        if kind is None:
            came = value.get("type")
            hint = nearest(came, DISTRIBUTIONS) if isinstance(came, str) else ""
            raise RefusedError(f"{shown(came)} is not a distribution; use {listing(DISTRIBUTIONS)}.{hint}")
        return DISTRIBUTIONS[kind](**given)
    text = value if isinstance(value, str) and len(value) < 2000 else ""
    called = re.fullmatch(r"\s*(\w+)\((.*)\)\s*", text, re.DOTALL)
    kind = match_name(called.group(1), DISTRIBUTIONS) if called else None
    if called and kind:
        try:
            arguments = ast.literal_eval(f"({called.group(2)},)") if called.group(2).strip() else ()
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            raise RefusedError(f"{shown(value)} cannot be read; write it as uniform(0.001, 0.01).") from None
        return Choice(values=list(arguments)) if kind == "choice" else DISTRIBUTIONS[kind](*arguments)
    if isinstance(value, list | tuple):
        return Choice(values=list(value))
    if isinstance(value, Scalar):
        return Choice(values=[value])
    raise ValueError


AnyDistribution = Annotated[
    Choice | Randint | Uniform | QUniform | LogUniform | QLogUniform | Normal | QNormal | LogNormal | QLogNormal,
    Field(discriminator="type"),
]


class SearchSpace:
    """One set of hyperparameters to search, usually for one model.

    Parameters
    ----------
    **parameters
        Each a distribution, a list of values, or one fixed value.

    Examples
    --------
    >>> SearchSpace(model_name="resnet50", learning_rate=Uniform(0.001, 0.01)).parameters["model_name"].values
    ['resnet50']
    """

    def __init__(self, **parameters: Any) -> None:
        self.parameters = space_of(parameters)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.parameters.items())})"


def space_of(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters as distributions, or raise with every problem."""
    found, problems = {}, []
    for name, value in parameters.items():
        if value is None:
            continue
        try:
            found[str(name)] = as_distribution(value)
        except SpecError as error:
            problems += [Problem(f"{name}.{p.where}", p.message) for p in error.problems]
        except RefusedError as error:
            problems.append(Problem(str(name), str(error)))
        except ValueError:
            problems.append(
                Problem(
                    str(name),
                    f"{shown(value)} is not allowed; use a distribution, a list of values or one value.",
                )
            )
    if problems:
        raise SpecError(problems)
    return found


def as_spaces(value: object) -> list[dict[str, Any]]:
    """Return a search space, a mapping, or a list of either as a list of mappings."""
    if isinstance(value, Mapping | SearchSpace):
        value = [value]
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise RefusedError(
            f"{shown(value)} is not a search space; use a list of mappings of hyperparameters to values."
        )
    found, problems = [], []
    for position, entry in enumerate(value):
        if isinstance(entry, SearchSpace):
            entry = entry.parameters
        if not isinstance(entry, Mapping):
            problems.append(Problem(str(position), f"{shown(entry)} is not a mapping of hyperparameters to values."))
            continue
        try:
            found.append(space_of(entry))
        except SpecError as error:
            problems += [Problem(f"{position}.{p.where}", p.message) for p in error.problems]
    if problems:
        raise SpecError(problems)
    return found


Spaces = Annotated[
    list[dict[str, AnyDistribution]],
    BeforeValidator(as_spaces),
    Allowed("a list of mappings of hyperparameters to distributions"),
]


class Policy(Settings):
    """When a trial of a sweep is stopped early."""

    evaluation_interval: CountOrZero = Field(
        1, description="The policy is applied every so many reports of the metric."
    )
    delay_evaluation: CountOrZero = Field(0, description="Reports of the metric before the policy first applies.")


class BanditPolicy(Policy):
    """Stops a trial that falls behind the best one by a share or an amount.

    Examples
    --------
    >>> BanditPolicy(slack_factor=0.2, evaluation_interval=2).slack_factor
    0.2
    """

    type: Literal["bandit"] = Field("bandit", description="The kind of policy.")
    slack_factor: Annotated[float, Field(ge=0), BeforeValidator(as_number), Allowed("a number of 0 or more")] = Field(
        0.0, description="A trial is stopped when its metric is below best / (1 + slack_factor)."
    )
    slack_amount: Annotated[float, Field(ge=0), BeforeValidator(as_number), Allowed("a number of 0 or more")] = Field(
        0.0, description="A trial is stopped when its metric is below best - slack_amount."
    )

    def missing(self, data: Mapping[str, Any] = {}) -> list[Problem]:
        """Return a problem when both forms of slack are given."""
        if self.slack_factor and self.slack_amount:
            return [Problem("slack_factor", "is given and so is slack_amount; keep one of the two.")]
        return []


class MedianStoppingPolicy(Policy):
    """Stops a trial whose best value is worse than the median of the others' running averages."""

    type: Literal["median_stopping"] = Field("median_stopping", description="The kind of policy.")


class TruncationSelectionPolicy(Policy):
    """Stops the worst share of trials at each interval."""

    required: ClassVar[tuple[str, ...]] = ("truncation_percentage",)
    type: Literal["truncation_selection"] = Field("truncation_selection", description="The kind of policy.")
    truncation_percentage: Annotated[
        int, Field(ge=1, le=99), BeforeValidator(as_whole), Allowed("a whole number from 1 to 99")
    ] = Field(default=MISSING, description="The share of trials stopped at each interval, in percent.")


POLICIES: Mapping[str, type[Policy]] = {
    str(kind.model_fields["type"].default): kind
    for kind in (BanditPolicy, MedianStoppingPolicy, TruncationSelectionPolicy)
}


def as_policy(value: object) -> object:
    """Return the policy that an object, a mapping with ``type`` or a bare name stands for."""
    if value is None or isinstance(value, Policy):
        return value
    given = dict(value) if isinstance(value, Mapping) else {"type": value}
    came = given.pop("type", None)
    kind = match_name(came, POLICIES)
    if kind is None:
        hint = nearest(came, POLICIES) if isinstance(came, str) else ""
        raise RefusedError(f"{shown(came)} is not an early-termination policy; use {listing(POLICIES)}.{hint}")
    return POLICIES[kind](**given)


SAMPLERS = ("random", "grid", "bayesian")


class SweepSettings(Section):
    """How hyperparameters are drawn from the search space.

    Examples
    --------
    >>> SweepSettings(sampling_algorithm="Random").sampling_algorithm
    'random'
    """

    required: ClassVar[tuple[str, ...]] = ("sampling_algorithm",)

    sampling_algorithm: Annotated[
        Literal["random", "grid", "bayesian"],
        BeforeValidator(one_of(*SAMPLERS)),
        Allowed("'random', 'grid' or 'bayesian'"),
    ] = Field(default=MISSING, description="How the next hyperparameters are drawn.")
    early_termination: Annotated[
        Annotated[BanditPolicy | MedianStoppingPolicy | TruncationSelectionPolicy, Field(discriminator="type")] | None,
        BeforeValidator(as_policy),
        Allowed("an early-termination policy"),
    ] = Field(None, description="When a trial is stopped early. Unset: never.")


ImageSweepSettings = SweepSettings
NlpSweepSettings = SweepSettings
