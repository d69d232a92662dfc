"""The searching half of a controller: what to propose, what a fit will cost, how long a refit should boost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from automl_jupyter.jobs.situation import is_worth_beginning
from automl_jupyter.learners import learners
from automl_jupyter.learners.base import recipe_of
from automl_jupyter.store.history import History
from automl_jupyter.store.trial import FoldRecord, TrialRecord
from automl_jupyter.trials.plan import Plan
from automl_jupyter.trials.records import SERIES

if TYPE_CHECKING:
    from automl_jupyter.search.opening import Candidate
    from automl_jupyter.search.sampler import Observation


class Search:
    """Proposes trials and predicts what they cost, from what the finished ones showed.

    Parameters
    ----------
    plan : Plan
        What was decided at the start.
    """

    def __init__(self, plan: Plan) -> None:
        from automl_jupyter.search.cost import CostModel
        from automl_jupyter.search.sampler import Sampler

        self._plan = plan
        context = plan.search_context()
        self._sampler = Sampler(context, plan.random_state)
        self._costs = CostModel(context)

    def propose(
        self, number: int, history: History, fit_s: float | None = None, most_bytes: float | None = None
    ) -> Candidate:
        """Return the configuration to try as trial `number`, if possible one for `fit_s` seconds and `most_bytes`.

        Without a time limit only trials well before `number` are looked at, in order, so that the proposal does not
        depend on how many workers there are.
        """
        from automl_jupyter.jobs.state import SAMPLER_LAG

        in_order = self._plan.limits.timeout_s is None
        seen = [
            self._observation(t, history)
            for n, t in sorted(history.trials.items())
            if t.origin != "baseline" and (t.folds or not t.is_open) and not (in_order and n >= number - SAMPLER_LAG)
        ]

        def is_affordable(learner: str, params: Mapping[str, Any]) -> bool:
            if most_bytes is not None and self.needed_bytes(learner, params, self._plan.n_training) > most_bytes:
                return False
            predicted = self.predict_s(learner, params, self._plan.fold_rows) or 0.0
            return fit_s is None or is_worth_beginning(predicted, fit_s, iterative=self.is_iterative(learner))

        return self._sampler.ask(number, seen, blocked=history.blocked, is_affordable=is_affordable)

    def observe(self, trial: TrialRecord) -> None:
        """Learn the cost of the fit that ended last."""
        if trial.folds:
            self._observe(trial, list(trial.folds.values())[-1])

    def recall(self, history: History) -> None:
        """Learn the cost of all fits that ended, when a job goes on."""
        for trial in history.trials.values():
            for fold in trial.folds.values():
                self._observe(trial, fold)

    def _observe(self, trial: TrialRecord, fold: FoldRecord) -> None:
        """Learn the cost of a fit; one that was cut short or hurried would have cost more."""
        hurried = max(fold.iterations / fold.rounds, 1.0) if fold.iterations and fold.rounds else 1.0
        seconds = fold.fit_s * hurried + fold.predict_s
        if fold.stopped_early:
            seconds = max(seconds, self.predict_s(trial.learner, trial.params, fold.n_train) or 0.0)
        self._costs.observe(trial.learner, trial.params, fold.n_train, seconds)

    def predict_s(self, learner: str, params: Mapping[str, Any], n_rows: int) -> float | None:
        """Return the seconds a fit on `n_rows` rows should take, as likely more as less."""
        from automl_jupyter.search.opening import Candidate

        return self._costs.predict_s(Candidate(learner, params), n_rows, quantile=0.5)

    def needed_bytes(self, learner: str, params: Mapping[str, Any], n_rows: int) -> float:
        """Return about how much memory a fit on `n_rows` rows takes, in bytes."""
        from automl_jupyter.search.memory import needed_bytes

        return needed_bytes(learner, params, n_rows, self._plan.search_context())

    @staticmethod
    def is_iterative(learner: str) -> bool:
        """Return whether a learner keeps what it has when it is asked to stop."""
        return learners.get(learner).iterative

    def recipe(self, learner: str, params: Mapping[str, Any]) -> str:
        """Return how a configuration wants its features; a forecaster makes its own."""
        return SERIES if self._plan.task == "forecasting" else recipe_of(learners.get(learner), params)

    def refit_iterations(self, trial: TrialRecord) -> int | None:
        """Return how many rounds a refit on every row should boost: the folds' mean, a little more for more rows."""
        from automl_jupyter.jobs.reserve import REFIT_GROWTH

        counts = [f.iterations for f in trial.folds.values() if f.iterations]
        if not counts:
            return None
        return max(1, math.ceil(sum(counts) / len(counts) * REFIT_GROWTH))

    def _observation(self, trial: TrialRecord, history: History) -> Observation:
        from automl_jupyter.search.sampler import Observation

        race_folds = self._plan.race_folds
        metrics = trial.metrics(race_folds) if trial.n_first >= race_folds else {}
        return Observation(
            trial.number, trial.learner, dict(trial.params), history.score(metrics), trial.fit_s, trial.state
        )
