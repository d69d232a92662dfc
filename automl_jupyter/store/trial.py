"""What is known of a trial and its folds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

#: errors of refits that nothing is wrong with but their time, so that they may be fitted when a job goes on
CUT_SHORT = frozenset({"Stopped", "TimeLimit"})


@dataclass(frozen=True)
class FoldRecord:
    """One fitted fold of a trial."""

    fold: int
    metrics: Mapping[str, float | None]
    fit_s: float
    predict_s: float
    n_train: int
    n_valid: int
    size_bytes: int
    iterations: int | None
    stopped_early: bool
    rounds: int | None = None
    features_s: float = 0.0
    #: whether it has less than it would, since the job was stopped
    cut_short: bool = False


@dataclass(frozen=True)
class TrialRecord:
    """A trial as far as it has come. `state`: queued, running, complete, pruned, failed, cancelled, timed_out."""

    number: int
    learner: str
    params: Mapping[str, Any]
    recipe: str
    origin: str
    label: str
    n_folds: int
    state: str = "queued"
    folds: Mapping[int, FoldRecord] = field(default_factory=dict)
    #: fold -> seconds of the job at which it was begun
    running: Mapping[int, float] = field(default_factory=dict)
    reason: str = ""
    error: Mapping[str, str] | None = None
    refit_s: float | None = None
    refit_bytes: int = 0
    refit_error: Mapping[str, str] | None = None
    #: refits with other seeds: those that are there, all that ended, and those that had too little time
    replicas: tuple[int, ...] = ()
    replicas_ended: tuple[int, ...] = ()
    replicas_cut_short: tuple[int, ...] = ()
    #: whether it ended because the job was stopped
    stopped: bool = False
    #: fold -> how often it was begun before without an end (its worker or the controller died)
    lost: Mapping[int, int] = field(default_factory=dict)
    queued_s: float = 0.0
    ended_s: float | None = None
    #: metric -> the folds on which some trial of the job has a value
    scored: Mapping[str, Set[int]] = field(default_factory=dict, repr=False)

    @property
    def is_complete(self) -> bool:
        """Whether every fold is there, so that the score compares with other complete ones."""
        return len(self.folds) == self.n_folds

    @cached_property
    def n_first(self) -> int:
        """How many folds are there from the first on, without a gap."""
        return next((n for n in range(self.n_folds) if n not in self.folds), self.n_folds)

    @cached_property
    def features_s_of_row(self) -> float:
        """Seconds that the features of one training row took, on the fold where they took longest."""
        return max((f.features_s / max(f.n_train, 1) for f in self.folds.values()), default=0.0)

    @property
    def fit_s(self) -> float:
        """Seconds spent fitting folds."""
        return sum(f.fit_s for f in self.folds.values())

    @property
    def is_open(self) -> bool:
        """Whether it may still run."""
        return self.state in ("queued", "running")

    def metrics(self, n_folds: int | None = None) -> Mapping[str, float | None]:
        """Return each metric's mean over the first folds, or all that are there; None where `mean_metrics` has none."""
        if n_folds not in self._means:
            folds = {n: f.metrics for n, f in sorted(self.folds.items()) if n_folds is None or n < n_folds}
            self._means[n_folds] = mean_metrics(folds, self.scored)
        return self._means[n_folds]

    @cached_property
    def _means(self) -> dict[int | None, Mapping[str, float | None]]:
        """What `metrics` has worked out: every decision asks every trial."""
        return {}

    @cached_property
    def rows(self) -> dict[str, Mapping[str, Any]]:
        """What views have made of this record, by metric."""
        return {}

    def values(self, metric: str) -> list[float]:
        """Return one metric's value on each fold that has one, in order of folds."""
        found = (f.metrics.get(metric) for _, f in sorted(self.folds.items()))
        return [v for v in found if v is not None]

    def reopened(self, folds: Sequence[int] | None) -> TrialRecord:
        """Return it with refits that may be fitted once more, and open again with some of its folds, if any."""
        cut = self.refit_error is not None and self.refit_error.get("type") in CUT_SHORT
        trial = replace(
            self,
            refit_error=None if cut else self.refit_error,
            replicas_ended=tuple(fold for fold in self.replicas_ended if fold not in self.replicas_cut_short),
            replicas_cut_short=(),
            stopped=False,
        )
        if folds is None:
            return trial
        kept = {n: fold for n, fold in trial.folds.items() if n in folds}
        return replace(trial, state="queued", folds=kept, running={}, lost={}, reason="", error=None, ended_s=None)


def mean_metrics(
    folds: Mapping[int, Mapping[str, float | None]], scored: Mapping[str, Set[int]] | None = None
) -> dict[str, float | None]:
    """Return the mean of each metric over folds.

    Parameters
    ----------
    folds : mapping
        Each fold's metrics. Folds without a value are left out, such as those that lack a class.
    scored : mapping, optional
        The folds on which others have a value, by metric. Without one there a metric has no mean: it would be better
        for leaving out what went wrong.
    """
    means: dict[str, float | None] = {}
    for name in dict.fromkeys(k for f in folds.values() for k in f):
        values = [v for f in folds.values() if (v := f.get(name)) is not None]
        could = (scored or {}).get(name, frozenset())
        broken = any(n in could and f.get(name) is None for n, f in folds.items())
        means[name] = math.fsum(values) / len(values) if values and not broken else None
    return means
