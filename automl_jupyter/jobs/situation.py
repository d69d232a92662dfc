"""What a decision looks at beside the log: the moment, the workers, and which trials the best model stands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from automl_jupyter.learners import learners
from automl_jupyter.learners.base import FEATURES, LOG_TARGET, PLAIN
from automl_jupyter.store.history import History

#: the name under which weights chosen on the race's folds alone are kept; they steer the race and are never ranked
RACE_ENSEMBLE = "Race"
#: times its predicted time that a fit which keeps nothing when it is stopped should have
CAUTION = 1.5
#: times the time at hand that a fit which keeps what it has may be predicted to take
HOPELESS = 2.0
#: share of the race's weights that must be complete for weights over complete trials to be used instead
COVERED_SHARE = 0.9
#: share of the best model's weight that speaks for features of several columns, or for the logarithm of the target
MOST_WEIGHT = 0.5
#: seconds after being asked to stop until a fit's worker is replaced
STOP_GRACE_S = 3.0


@dataclass(frozen=True)
class InFlight:
    """A fit that a worker has. `limit_s` is counted from `started_s`, in seconds of the job."""

    key: str
    number: int
    fold: int
    started_s: float
    limit_s: float | None
    asked_s: float | None = None


@dataclass(frozen=True)
class Situation:
    """What is not in the log: the moment, the workers, and what they are doing."""

    elapsed_s: float
    n_slots: int
    in_flight: Mapping[str, InFlight] = field(default_factory=dict)
    #: number of folds -> how many trials had them when weights were last chosen on that many folds, the latest last
    selected: Mapping[int, int] = field(default_factory=dict)
    selecting: bool = False
    #: how long the last selection took, and when it ended
    selection_s: float = 0.0
    selected_s: float = 0.0
    #: predicts the seconds of one fit of a learner with its settings on a number of rows
    predict_s: Callable[[str, Mapping[str, Any], int], float | None] = lambda learner, params, n_rows: None
    #: estimates the memory of such a fit, and what a worker has, in bytes
    needed_bytes: Callable[[str, Mapping[str, Any], int], float] = lambda learner, params, n_rows: 0.0
    worker_bytes: int | None = None
    #: whether no worker will ever come back: the Dask client was closed, or its scheduler lost
    workers_gone: bool = False
    #: whether a learner keeps what it has when asked to stop
    is_iterative: Callable[[str], bool] = lambda learner: False
    #: what was worked out at this moment, once for all that ask; another moment, made by `replace`, begins anew
    known: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)


def is_worth_beginning(predicted_s: float, limit_s: float, *, iterative: bool) -> bool:
    """Return whether a fit that may take `limit_s` seconds should come to something."""
    return predicted_s <= HOPELESS * limit_s if iterative else CAUTION * predicted_s <= limit_s


def is_paced(learner: str) -> bool:
    """Return whether a learner's fits come to their end in the time they are given, whatever they would take."""
    return learner in learners and learners.get(learner).paced


def is_spoilt(history: History, number: int, *, stopped_early: bool) -> bool:
    """Return whether a fold that ended with the search is worse than none.

    One that was cut in the middle of a schedule is, where its trial has others.
    """
    trial = history.trials[number]
    over = history.status != "Running"
    return stopped_early and over and bool(trial.folds) and is_paced(trial.learner)


def race_weights(history: History) -> dict[int, float]:
    """Return the weights chosen on the race's folds."""
    race = history.ensembles.get(RACE_ENSEMBLE)
    return dict(race.members) if race else {}


def race_decides(history: History) -> bool:
    """Return whether the ensemble chosen on the race's folds says more than one of the few complete trials would."""
    weights = race_weights(history)
    return sum(w for n, w in weights.items() if history.trials[n].is_complete) < COVERED_SHARE


def members(history: History) -> dict[int, float]:
    """Return the trials the best model so far stands on, with their weights."""
    if history.model is not None:
        return {int(p["trial"]): float(p["weight"]) for p in history.model.parts}
    return race_weights(history)


def carried(history: History) -> dict[str, Any]:
    """Return which features of several columns carry most of the best model's weight, and whether the log target does.

    What holds for the data holds for other configurations, too.
    """
    weights = {n: w for n, w in members(history).items() if n in history.trials}
    found = {}
    for name in (FEATURES, LOG_TARGET):
        shares: dict[Any, float] = {}
        for number, weight in weights.items():
            value = history.trials[number].params.get(name)
            shares[value] = shares.get(value, 0.0) + weight
        value = max(shares, key=lambda v: shares[v], default=None)
        if value not in (None, False, PLAIN) and shares[value] > MOST_WEIGHT * sum(weights.values()):
            found[name] = value
    return found
