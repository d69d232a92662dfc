"""What to try once the opening is over: a learner by what it gains for its time, its settings by what they showed."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from automl_jupyter.learners.base import NO_SCALER, SCALER
from automl_jupyter.search.opening import Candidate, SearchContext
from automl_jupyter.search.recording import RecordingTrial

#: ``space(learner, trial) -> params``: draws a learner's settings from an optuna trial.
Space = Callable[[str, Any], dict[str, Any]]

#: seconds a trial costs besides its fits
_OVERHEAD_S = 0.3
#: share of the trials that goes to the best learner whatever the others promise
_LEADER_SHARE = 0.5
#: times a configuration that was tried already is drawn again
_REDRAWS = 8
#: most observations of a learner that its next settings are drawn by
_MOST_SHOWN = 200


@dataclass(frozen=True)
class Observation:
    """What became of a trial.

    Parameters
    ----------
    number : int
        The trial.
    learner : str
        Its learner.
    params : Mapping
        Its settings.
    score : float, optional
        Greater is better; None when it has none.
    fit_s : float
        Seconds of its fits.
    state : str
        As in the trial's record.
    """

    number: int
    learner: str
    params: Mapping[str, Any]
    score: float | None
    fit_s: float = 0.0
    state: str = "complete"


class Sampler:
    """Proposes configurations. It keeps nothing: the same number and observations give the same proposal.

    The learner is drawn by the estimated cost of its next improvement, as in FLAML (Wang et al., 2021): the time
    since its last improvement, or the time it would need to catch up with the leader. Its settings come from
    optuna's tree-structured Parzen estimator over all its trials so far. Without a time limit every trial counts as
    equally dear, so that proposals do not depend on how fast the machine was.

    Parameters
    ----------
    context : SearchContext
        The problem and the learners in play.
    seed : int
        Seeds every draw.
    space : callable, optional
        Draws settings; by default from the learners' own spaces.

    Examples
    --------
    >>> context = SearchContext("regression", 1000, 5, allowed=("KNN",))
    >>> space = lambda learner, trial: {"n_neighbors": trial.suggest_int("n_neighbors", 1, 50)}
    >>> sampler = Sampler(context, 0, space)
    >>> sampler.ask(7, []) == sampler.ask(7, [])
    True
    """

    def __init__(self, context: SearchContext, seed: int, space: Space | None = None) -> None:
        self._context, self._seed = context, seed
        self._space = space or learner_space(context)

    def ask(
        self,
        number: int,
        history: Sequence[Observation],
        *,
        blocked: Collection[str] = (),
        is_affordable: Callable[[str, Mapping[str, Any]], bool] = lambda learner, params: True,
    ) -> Candidate:
        """Return the configuration to try as trial `number`.

        Parameters
        ----------
        number : int
            Of the new trial; part of the seed.
        history : sequence of Observation
            In any order. Those numbered at or after `number` are not looked at.
        blocked : collection of str, optional
            Learners taken out of play since the search began.
        is_affordable : callable, optional
            ``is_affordable(learner, params)``: whether there is time for it. Of a learner whose first draws are not, or
            were tried before, nothing is taken; the last draw of all is where that leaves none.

        Raises
        ------
        ValueError
            When no learner is in play.
        """
        learners = [key for key in self._context.allowed if key != "Dummy" and key not in blocked]
        if not learners:
            raise ValueError("The search has no learner to draw from.")
        seen = sorted((o for o in history if o.number < number), key=lambda o: o.number)
        rng = np.random.default_rng([self._seed, number])
        candidate = None
        while learners:
            learner = self._draw_learner(learners, seen, rng)
            own = [o for o in seen if o.learner == learner]
            tried = [dict(o.params) for o in own]
            for params in islice(self._draws(learner, own, int(rng.integers(2**31))), _REDRAWS):
                candidate = Candidate(learner, params, _label(learner, params), "search")
                if params not in tried and is_affordable(learner, params):
                    return candidate
            learners.remove(learner)  # its space is used up, or too dear
        assert candidate is not None
        return candidate

    def _draw_learner(self, learners: Sequence[str], seen: Sequence[Observation], rng: np.random.Generator) -> str:
        costs = improvement_costs(learners, seen, timed=self._context.timeout_s is not None)
        chance = np.array([1 / costs[key] for key in learners])
        chance *= (1 - _LEADER_SHARE) / chance.sum()
        leader = _leader(learners, seen)
        chance[learners.index(leader) if leader else slice(None)] += (
            _LEADER_SHARE if leader else _LEADER_SHARE / len(learners)
        )
        return learners[int(rng.choice(len(learners), p=chance / chance.sum()))]

    def _draws(self, learner: str, own: Sequence[Observation], seed: int) -> Iterator[dict[str, Any]]:
        """Yield settings to try, as many as are asked for."""
        import optuna

        with _silent():
            study = optuna.create_study(
                direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=3)
            )
            scores = [o.score for o in own if o.score is not None]
            for observation in _telling(own):
                # A failure without a score counts as the worst seen, so that its surroundings are avoided.
                score = observation.score
                if score is None and observation.state in ("failed", "timed_out") and scores:
                    score = min(scores)
                if score is None or not np.isfinite(score):
                    continue
                record = RecordingTrial(observation.params)
                self._space(learner, record)
                study.add_trial(
                    optuna.trial.create_trial(params=record.params, distributions=record.distributions, value=score)
                )
        while True:
            with _silent():
                params = self._space(learner, study.ask())
            yield params


def _telling(own: Sequence[Observation]) -> list[Observation]:
    """Return the observations a proposal is made of: all, or the best and the latest of very many, in order.

    The study is built anew for each proposal, beside which workers wait.
    """
    if len(own) <= _MOST_SHOWN:
        return list(own)
    by_score = sorted(own, key=lambda o: (-math.inf if o.score is None else o.score, o.number), reverse=True)
    kept = {o.number for o in [*by_score[: _MOST_SHOWN // 2], *own[-_MOST_SHOWN // 2 :]]}
    return [o for o in own if o.number in kept]


def _label(learner: str, params: Mapping[str, Any]) -> str:
    scaler = params.get(SCALER, NO_SCALER)
    return learner if scaler == NO_SCALER else f"{scaler}, {learner}"


def learner_space(context: SearchContext) -> Space:
    """Return the learners' own search spaces."""

    def space(learner: str, trial: Any) -> dict[str, Any]:
        from automl_jupyter.learners import learners
        from automl_jupyter.learners.base import suggest_params
        from automl_jupyter.learners.info import SpaceContext

        size = SpaceContext(
            context.n_rows,
            context.n_features,
            context.n_classes,
            context.task,
            log_target=context.log_target,
            without_features=context.without_features,
        )
        return suggest_params(learners.get(learner), trial, size)

    return space


def improvement_costs(learners: Sequence[str], seen: Sequence[Observation], *, timed: bool) -> dict[str, float]:
    """Return the estimated cost of each learner's next improvement.

    Parameters
    ----------
    learners : sequence of str
        Those in play.
    seen : sequence of Observation
        In order of number.
    timed : bool
        Whether cost is time; otherwise every trial costs 1.

    Examples
    --------
    >>> seen = [Observation(0, "A", {}, 0.9), Observation(1, "B", {}, 0.5), Observation(2, "A", {}, 0.95)]
    >>> costs = improvement_costs(["A", "B"], seen, timed=False)
    >>> costs["A"] < costs["B"]
    True
    """
    paths = {key: _path([o for o in seen if o.learner == key], timed) for key in learners}
    best = max((p.best for p in paths.values()), default=-np.inf)
    speeds = [p.speed for p in paths.values() if p.speed > 0]
    fastest = max(speeds, default=0.0)
    tried = [p.stall for p in paths.values() if p.spent > 0]
    costs = {}
    for key, path in paths.items():
        if path.spent == 0:
            costs[key] = float(np.median(tried)) if tried else 1.0
            continue
        cost, gap = path.stall, best - path.best
        if gap > 0 and fastest > 0:
            catch_up = 2 * gap / (path.speed or fastest)
            cost = max(cost, float(min(catch_up, 1e9)))
        costs[key] = max(cost, 1e-9)
    return costs


@dataclass(frozen=True)
class _Path:
    """How a learner's best score came about."""

    best: float
    spent: float
    stall: float
    speed: float


def _path(own: Sequence[Observation], timed: bool) -> _Path:
    spent, last, before, best, first = 0.0, 0.0, 0.0, -np.inf, None
    for observation in own:
        spent += max(observation.fit_s, 0.0) + _OVERHEAD_S if timed else 1.0
        if observation.score is not None and observation.score > best:
            best = observation.score
            first = best if first is None else first
            before, last = last, spent
    gained = 0.0 if first is None else best - first
    return _Path(best, spent, max(spent - last, last - before), gained / spent if spent else 0.0)


def _leader(learners: Sequence[str], seen: Sequence[Observation]) -> str | None:
    scored = [(o.score, -o.number, o.learner) for o in seen if o.score is not None and o.learner in learners]
    return max(scored)[2] if scored else None


@contextmanager
def _silent() -> Iterator[None]:
    """Keep optuna's messages out of the notebook, and leave its settings as they were."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(before)
