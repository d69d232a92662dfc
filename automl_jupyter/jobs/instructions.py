"""What the state machine wants done, in the imperative."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Instruction:
    """One thing for the controller to do."""


@dataclass(frozen=True)
class QueueTrial(Instruction):
    """Put a configuration in line; without a learner the sampler is asked for one that fits into time and memory."""

    number: int
    learner: str = ""
    params: Mapping[str, Any] | None = None
    label: str = ""
    origin: str = "search"
    #: seconds and bytes that a fit of it may take; None where nothing is said of them
    fit_s: float | None = None
    most_bytes: float | None = None


@dataclass(frozen=True)
class SubmitFold(Instruction):
    """Give one fold of a trial (or its refit) to a worker."""

    number: int
    fold: int
    time_limit_s: float | None


@dataclass(frozen=True)
class StopTasks(Instruction):
    """Ask running fits to stop and keep what they have."""

    keys: tuple[str, ...]


@dataclass(frozen=True)
class KillTasks(Instruction):
    """Replace the workers of fits that did not stop."""

    keys: tuple[str, ...]
    state: str
    reason: str


@dataclass(frozen=True)
class EndTrial(Instruction):
    """Say that a trial will not run further."""

    number: int
    state: str
    reason: str = ""


@dataclass(frozen=True)
class SelectEnsemble(Instruction):
    """Choose weights over trials on the validation predictions of the first `n_folds` folds; publish the best model."""

    numbers: tuple[int, ...]
    n_folds: int
    final: bool = False
    #: seconds that a stack over the members may take; None for as long as it needs
    stack_limit_s: float | None = None


@dataclass(frozen=True)
class ReachLimit(Instruction):
    """Say which limit ended the search, and begin to finish."""

    limit: str
    detail: str = ""


@dataclass(frozen=True)
class PublishFinal(Instruction):
    """Make the chosen model the final one, of refits where there are."""


@dataclass(frozen=True)
class EndJob(Instruction):
    """End the job."""

    status: str
    reason: str = ""
