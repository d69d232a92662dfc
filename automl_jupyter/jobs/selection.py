"""Choose weights over trials on their validation predictions, and score what comes out."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automl_jupyter._core.text import duration
from automl_jupyter.search.adjust import Adjustment, choose_adjustment, sharpen
from automl_jupyter.store.history import History
from automl_jupyter.store.trial import mean_metrics
from automl_jupyter.trials import artifacts
from automl_jupyter.trials.guard import Interrupted, StopSignal, run_guarded
from automl_jupyter.trials.held_out import Predictions, write_array
from automl_jupyter.trials.plan import Plan
from automl_jupyter.trials.records import stack_predictions_file

if TYPE_CHECKING:
    from automl_jupyter.metrics.base import Metric, MetricContext

#: where a stack ensemble's second level lies in the job's folder
STACK_FILE = "ensembles/stack.skops"
#: forecasters that share half of an ensemble's weight equally
STEADY = 4
#: most trials a selection looks at, the best by the primary metric: weak ones are taken for fitting the noise
MOST_CANDIDATES = 25
#: rows times members times the square of classes from which on no second level is fitted: it takes gigabytes and far
#: too long, and of so many classes it has more weights than there are rows to learn them from
MOST_STACK_WORK = 1_000_000_000


@dataclass(frozen=True)
class Stack:
    """A second level on members' predictions, and how good it is on rows it was not fitted on.

    Parameters
    ----------
    model : StackModel
        Fitted on every row that was held out.
    members : tuple of int
        Trials, in the order it takes their predictions.
    held_out : ndarray
        What second levels fitted without them predicted for the rows of the folds, one fold after the other.
    metrics, fold_metrics
        What that is scored by.
    """

    model: Any
    members: tuple[int, ...]
    held_out: np.ndarray
    metrics: Mapping[str, float | None]
    fold_metrics: tuple[Mapping[str, float | None], ...]

    def save(self, folder: Path) -> None:
        """Write the second level, and what it predicted for rows held out, to a job's folder."""
        artifacts.save(folder / STACK_FILE, self.model)
        dtype = np.float32 if self.held_out.ndim == 2 else np.float64  # as trials keep theirs
        write_array(folder / stack_predictions_file(STACK_FILE), self.held_out.astype(dtype))


@dataclass(frozen=True)
class Selection:
    """What a selection found."""

    members: tuple[tuple[int, float], ...]
    metrics: Mapping[str, float | None]
    fold_metrics: tuple[Mapping[str, float | None], ...]
    seconds: float
    stack: Stack | None = None
    stack_error: str = ""
    adjustment: Adjustment = field(default_factory=Adjustment)


class _OfAllFolds(Sequence[np.ndarray]):
    """What trials predicted for the rows of all folds, one fold after the other, put together when it is asked for.

    At once those of 25 trials are hundreds of megabytes where rows or classes are many, and most rows are not looked
    at.
    """

    def __init__(self, predictions: Predictions, numbers: Sequence[int], folds: Sequence[int]) -> None:
        self._predictions, self._numbers, self._folds = predictions, numbers, folds

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, at: Any) -> Any:
        return np.concatenate([self._predictions.get(self._numbers[at], fold) for fold in self._folds])


def select(
    plan: Plan,
    history: History,
    predictions: Predictions,
    metric: Metric,
    context: MetricContext,
    numbers: Sequence[int],
    *,
    n_folds: int,
    stack_limit_s: float | None,
    adjust: bool = False,
    stop_key: str = "stack",
) -> Selection:
    """Choose weights over `numbers` by greedy selection and score the weighted average.

    Parameters
    ----------
    n_folds : int
        How many folds to judge by, from the first on; each of `numbers` has them.
    stack_limit_s : float, optional
        Seconds that a second level on the members' predictions may take; 0 for none, None for as long as it needs.
    adjust : bool, default False
        Whether to look for a temperature or a threshold that makes the average better.
    stop_key : str
        What the second level's fit is asked to stop by.

    Returns
    -------
    Selection
        Weights that sum to 1, and every metric per fold and averaged.
    """
    from automl_jupyter.search.ensemble import select_weights

    started = time.monotonic()
    folds = list(range(n_folds))
    # The baseline may be the best single model, but where only the order counts it would be a weight without effect.
    tried = [n for n in numbers if history.trials[n].learner != "Dummy"] or list(numbers)
    best = sorted(tried, key=lambda n: -_score(history, n, n_folds))[:MOST_CANDIDATES]
    truths = [predictions.truth(f) for f in folds]
    y = np.concatenate([t for t, _ in truths])
    weight = None if truths[0][1] is None else np.concatenate([w for _, w in truths if w is not None])
    stacked = _OfAllFolds(predictions, best, folds)
    n_steady = STEADY if plan.forecast else 0
    chosen = select_weights(stacked, y, weight, metric, predictions.context(context, folds), n_steady=n_steady)
    members = [(best[i], float(w)) for i, w in enumerate(chosen.weights) if w > 0]
    members.sort(key=lambda m: -m[1])
    blended = [_blend([(predictions.get(n, f), w) for n, w in members]) for f in folds]
    adjustment = Adjustment()
    if adjust and plan.task == "classification":
        adjustment = choose_adjustment(np.concatenate(blended), y, weight, metric, context)
        blended = [sharpen(p, adjustment.temperature) for p in blended]
    by_fold = [
        all_metrics(plan, p, truth, metric, predictions.context(context, [f]), threshold=adjustment.threshold)
        for f, p, truth in zip(folds, blended, truths, strict=True)
    ]
    stack: Stack | None = None
    stack_error = ""
    work = len(y) * len(members) * (plan.n_classes or 1) ** 2
    if stack_limit_s != 0 and len(members) > 1 and work > MOST_STACK_WORK:
        stack_error = "it would take too long on so many rows and classes"
    elif stack_limit_s != 0 and len(members) > 1:
        signal = StopSignal(stop_key, stack_limit_s)
        try:
            stack = run_guarded(
                lambda: _stack(plan, history, predictions, metric, context, [n for n, _ in members], folds, truths),
                signal,
                grace_s=0.0,
            )
        except Interrupted:
            within = f"it was not fitted within {duration(stack_limit_s or 0)}"
            stack_error = "the job was stopped" if signal.was_asked else within
        except Exception as error:  # noqa: BLE001 a second level that cannot be fitted is left out, and said so
            stack_error = f"{type(error).__name__}: {error}"
    return Selection(
        tuple(members),
        mean_metrics(dict(enumerate(by_fold)), history.scored),
        tuple(by_fold),
        time.monotonic() - started,
        stack,
        stack_error,
        adjustment,
    )


def score_fold(
    predictions: Predictions, metric: Metric, context: MetricContext, number: int, fold: int
) -> float | None:
    """Return the primary metric of one fold: for metrics that only this process knows, such as a user's function.

    Raises
    ------
    FunctionError
        When a user's function raises, or gives something else than a number.
    """
    y, weight = predictions.truth(fold)
    held_out = predictions.get(number, fold)
    return metric.value(y, held_out, weight, predictions.context(context, [fold]), strict=True)


def _score(history: History, number: int, n_folds: int) -> float:
    score = history.score(history.trials[number].metrics(n_folds))
    return float("-inf") if score is None else score


def _blend(parts: list[tuple[np.ndarray, float]]) -> np.ndarray:
    return np.asarray(sum(np.asarray(p, dtype=np.float64) * w for p, w in parts))


def all_metrics(
    plan: Plan,
    predicted: np.ndarray,
    truth: tuple[np.ndarray, np.ndarray | None],
    metric: Metric,
    context: MetricContext,
    *,
    threshold: float | None = None,
) -> dict[str, float | None]:
    """Return every metric of the task, the primary one included wherever it comes from."""
    from automl_jupyter.metrics.registry import evaluate_metrics

    y, weight = truth
    found = evaluate_metrics(plan.task, y, predicted, weight, context, [metric], threshold=threshold)
    return {key: None if value is None else float(value) for key, value in found.items()}


def _stack(
    plan: Plan,
    history: History,
    predictions: Predictions,
    metric: Metric,
    context: MetricContext,
    members: list[int],
    folds: list[int],
    truths: list[tuple[np.ndarray, np.ndarray | None]],
) -> Stack:
    """Fit the second level; its scores come from rows it was not fitted on."""
    from automl_jupyter.search.stack import fit_stack

    y = np.concatenate([t for t, _ in truths])
    weight = None if truths[0][1] is None else np.concatenate([w for _, w in truths if w is not None])
    fold_of_row = np.concatenate([np.full(len(t), f) for f, (t, _) in zip(folds, truths, strict=True)])
    row_numbers = np.concatenate([np.asarray(predictions.table.folds[f][1]) for f in folds])
    model, held_out = fit_stack(
        [np.concatenate([predictions.get(n, f) for f in folds]) for n in members],
        y,
        weight,
        task=plan.task,
        meta_learner=plan.stack_meta_learner,
        settings=plan.stack_settings,
        fold_of_row=fold_of_row,
        row_numbers=row_numbers,
        random_state=plan.random_state,
    )
    by_fold = [
        all_metrics(plan, held_out[fold_of_row == f], truths[i], metric, predictions.context(context, [f]))
        for i, f in enumerate(folds)
    ]
    metrics = mean_metrics(dict(enumerate(by_fold)), history.scored)
    return Stack(model, tuple(members), held_out, metrics, tuple(by_fold))
