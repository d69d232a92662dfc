"""What image and text jobs share: training parameters, search spaces, sweeps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from automl_jupyter._core.text import listing
from automl_jupyter.errors import Problem, SpecError
from automl_jupyter.spec.base import Section
from automl_jupyter.spec.job import AutoMLJob, passed
from automl_jupyter.spec.kinds import nearest
from automl_jupyter.spec.limits import ImageLimitSettings
from automl_jupyter.spec.sweep import Choice, Spaces, SweepSettings, as_spaces


class DeepJob(AutoMLJob):
    """What image and text jobs share."""

    #: the class whose fields may be searched
    parameters_class: ClassVar[type[Section]] = Section
    #: parameters that can only be chosen from a list
    discrete: ClassVar[tuple[str, ...]] = ()

    limits: ImageLimitSettings = Field(
        default_factory=ImageLimitSettings.model_construct, description="When the job stops."
    )
    sweep: SweepSettings | None = Field(None, description="How the search space is sampled.")
    search_space: Spaces | None = Field(
        None, description="Sets of hyperparameters to search, each on its own, usually one per model."
    )

    def _assign(self, name: str, value: Any) -> list[Problem]:
        problems = super()._assign(name, value)
        if name == "search_space" and not problems and self.search_space is not None:
            problems = [*self._space_problems()]
            if problems:
                self._put("search_space", None)
        return problems

    def _space_problems(self) -> Iterator[Problem]:
        names = list(self.parameters_class.model_fields)
        for position, space in enumerate(self.search_space or []):
            for name, distribution in space.items():
                where = f"search_space.{position}.{name}"
                if name not in names:
                    known = listing(names, last="and", most=60)
                    yield Problem(
                        where,
                        f"is not a hyperparameter of {self.task}.{nearest(name, names)} Known: {known}.",
                    )
                elif name in self.discrete and not isinstance(distribution, Choice):
                    yield Problem(where, f"can only be chosen from a list; use choice, not {distribution.type}.")

    def conflicts(self) -> list[Problem]:
        """Return the contradictions between what has been set so far."""
        return [*super().conflicts(), *self._limit_conflicts(), *self._sweep_conflicts()]

    def _limit_conflicts(self) -> Iterator[Problem]:
        most, at_once = self.limits.max_trials, self.limits.max_concurrent_trials
        if most is not None and at_once is not None and at_once > most:
            yield Problem("limits.max_concurrent_trials", f"{at_once} is more than limits.max_trials ({most}).")

    def _sweep_conflicts(self) -> Iterator[Problem]:
        algorithm = self.sweep.sampling_algorithm if self.sweep is not None else None
        spaces = self.search_space or []
        allowed = {"grid": ("choice",), "bayesian": ("choice", "uniform", "quniform")}.get(algorithm or "", ())
        if algorithm == "bayesian" and len(spaces) > 1:
            yield Problem(
                "search_space",
                f"has {len(spaces)} parts; bayesian sampling searches one. Use random or grid.",
            )
        for position, space in enumerate(spaces if allowed else []):
            for name, distribution in space.items():
                if distribution.type not in allowed:
                    yield Problem(
                        f"search_space.{position}.{name}",
                        f"{distribution.type} cannot be sampled by {algorithm}; use {listing(allowed)}.",
                    )

    def gaps(self) -> list[Problem]:
        """Return what is still missing before the job can run."""
        found = super().gaps()
        if self.search_space and self.sweep is None:
            found.append(Problem("sweep", "is missing; a search_space needs sweep.sampling_algorithm."))
        return found

    def set_training_parameters(self, **parameters: Any) -> None:
        """Set training parameters; what is not passed stays.

        Parameters
        ----------
        **parameters
            The fields of the task's training parameters, such as ``model_name`` and ``learning_rate``.

        Raises
        ------
        SpecError
            With every problem of the values and between them.
        """
        self._set("training_parameters", passed(parameters))

    def set_sweep(
        self, *, sampling_algorithm: str | None = None, early_termination: Any = None, **unknown: Any
    ) -> None:
        """Set how the search space is sampled; what is not passed stays.

        Raises
        ------
        SpecError
            With every problem of the values and between them.
        """
        self._set("sweep", passed(locals()))

    def extend_search_space(self, value: Any) -> None:
        """Add one part, or several, to the search space.

        Parameters
        ----------
        value : SearchSpace, dict or list of either
            Hyperparameters to distributions, lists of values or single values.

        Raises
        ------
        SpecError
            With every problem of the values and between them.
        """
        try:
            added = as_spaces(value)
        except SpecError as error:
            found = (Problem(f"search_space.{p.where}", p.message) for p in error.problems)
            raise SpecError(found) from None
        except ValueError as error:
            raise SpecError([Problem("search_space", str(error))]) from None
        self.change({"search_space": [*(self.search_space or []), *added]})
