"""The opening: very different configurations, the most useful for their time first.

The order is by what a configuration adds to an ensemble of those before it, per second. LightGBM's settings
follow AutoGluon's learned portfolio (Apache-2.0) with greater learning rates, which lose little and cost
half; its plain ones follow the meta-tuned defaults of pytabkit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from automl_jupyter._core.text import fold_name
from automl_jupyter.learners.base import FEATURES, LOG_TARGET, PLAIN, extra_features
from automl_jupyter.search.portfolio import portfolio, variants

#: most configurations in an opening, besides the baseline
MOST = 33
#: features that a text becomes for all but linear models, and that are made of several columns
_TOPICS, _OF_SEVERAL = 30, 40
#: fewest that are wanted of a short list of allowed learners
ENOUGH = 8


@dataclass(frozen=True)
class SearchContext:
    """What the search needs to know of a job.

    Parameters
    ----------
    task : str
        ``classification`` or ``regression``.
    n_rows, n_features : int
        Training rows and feature columns.
    n_categorical, n_text : int
        How many of the columns hold categories and text.
    n_binary : int
        How many of those with categories have two levels at most: there is nothing to combine in them.
    n_classes : int, optional
        None for regression.
    allowed : tuple of str
        Keys of the learners in play.
    metric : str
        Key of the primary metric.
    random_state : int
        The job's seed.
    n_folds : int
        Fits of a complete trial.
    timeout_s : float, optional
        The job's time; None where it has no limit, which also makes the search independent of measured times.
    n_workers : int
        Fits that run at once.
    log_target : bool
        Whether learning the target's logarithm is worth trying.
    without_features : tuple of str
        Recipes with features of several columns that the settings rule out.
    forecast : Mapping
        Of a forecast: horizon, seasons, number of series and whether all values are positive.
    """

    task: str
    n_rows: int
    n_features: int
    n_categorical: int = 0
    n_text: int = 0
    n_binary: int = 0
    n_classes: int | None = None
    allowed: tuple[str, ...] = ()
    metric: str = ""
    random_state: int = 0
    n_folds: int = 1
    timeout_s: float | None = None
    n_workers: int = 1
    log_target: bool = False
    without_features: tuple[str, ...] = ()
    forecast: Mapping[str, Any] = field(default_factory=dict)

    def n_made(self, params: Mapping[str, Any]) -> int:
        """Return about how many features trees are given: a text becomes many, and some are made of several columns."""
        several = _OF_SEVERAL if params.get(FEATURES, PLAIN) != PLAIN else 0
        return max(self.n_features - self.n_text, 0) + _TOPICS * self.n_text + several


@dataclass(frozen=True)
class Candidate:
    """A configuration to try.

    Parameters
    ----------
    learner : str
        The learner's key.
    params : Mapping
        Its hyper-parameters, in its library's own names.
    label : str
        What people read in the leaderboard.
    origin : str
        ``baseline``, ``opening`` or ``search``.
    """

    learner: str
    params: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    origin: str = "opening"


def opening_list(context: SearchContext) -> list[Candidate]:
    """Return the configurations a search begins with, in order.

    The baseline (``Dummy``, of forecasts ``SeasonalNaive``) comes first. What follows depends on the size of the
    problem and keeps to the allowed learners; when few are allowed, each comes in several configurations. Never empty,
    never the same twice.

    Examples
    --------
    >>> context = SearchContext("regression", 5000, 10, allowed=("LightGBM", "ElasticNet"))
    >>> [c.learner for c in opening_list(context)][:3]
    ['Dummy', 'ElasticNet', 'LightGBM']
    """
    allowed = {fold_name(key): key for key in context.allowed if fold_name(key) != "dummy"}
    found = [Candidate("Dummy", {}, "Baseline", "baseline")]
    if context.task == "forecasting":
        found = [Candidate("SeasonalNaive", {}, "Baseline: SeasonalNaive", "baseline")]
    for key, label, params in portfolio(context):
        if fold_name(key) in allowed:
            _add(found, allowed[fold_name(key)], label, params, context)
    present = {fold_name(c.learner) for c in found}
    for folded, key in allowed.items():  # learners the portfolio leaves out still get their turn, at the end
        if folded not in present:
            label, params = next(iter(variants(key, context)), (key, {}))
            _add(found, key, label, params, context)
    # One round gives every learner its next configuration, so a short list grows evenly.
    rest = {key: variants(key, context) for key in allowed.values()}
    for turn in range(max((len(v) for v in rest.values()), default=0)):
        if len(found) > ENOUGH:
            break
        for key, options in rest.items():
            if turn < len(options):
                _add(found, key, *options[turn], context)
    return found[: MOST + 1]


def carry_on(candidate: Candidate, carried: Mapping[str, Any]) -> Candidate:
    """Return a configuration with what others showed to pay: features of several columns, the target's logarithm.

    Examples
    --------
    >>> carry_on(Candidate("LightGBM", {"num_leaves": 3}, "LightGBM · additive"), {"features": "enriched"}).label
    'LightGBM · additive, enriched features'
    >>> carry_on(Candidate("ElasticNet", {}, "ElasticNet"), {"features": "enriched"}).params
    {}
    """
    from automl_jupyter.learners import learners

    params, label = dict(candidate.params), candidate.label
    if FEATURES in carried and FEATURES not in params and learners.get(candidate.learner).recipe == PLAIN:
        params[FEATURES] = carried[FEATURES]
        label += f", {carried[FEATURES]} features"
    if LOG_TARGET in carried and LOG_TARGET not in params:
        params[LOG_TARGET] = carried[LOG_TARGET]
        label += ", log target"
    return replace(candidate, params=params, label=label)


def _add(found: list[Candidate], key: str, label: str, params: Mapping[str, Any], context: SearchContext) -> None:
    if FEATURES in params and params[FEATURES] not in extra_features(context.n_features, context.without_features):
        return
    if not any(c.learner == key and c.params == params for c in found):
        found.append(Candidate(key, dict(params), label))
