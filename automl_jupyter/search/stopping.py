"""When a search has done enough."""

from __future__ import annotations

from collections.abc import Sequence

#: trials that end before the search may stop by itself
LANDMARKS = 20
#: trials in a row that must leave the best score as it is
WINDOW = 10


def stalled(scores: Sequence[float | None], *, landmarks: int = LANDMARKS, window: int = WINDOW) -> bool:
    """Return whether the best score has not changed through the last trials.

    The rule of Azure Machine Learning's early termination: the first 20 trials are landmarks; from then on
    the last 10 are looked at, so a search stops after its 31st trial at the earliest.

    Parameters
    ----------
    scores : sequence of float or None
        Scores of the ended trials in order, greater is better; None for one without a score.
    landmarks : int, default 20
        Trials that are never followed by a stop.
    window : int, default 10
        Trials that must all have failed to improve on the best.

    Examples
    --------
    >>> stalled([0.9] * 30), stalled([0.9] * 31), stalled([0.9] * 30 + [0.91])
    (False, True, False)
    """
    if len(scores) <= landmarks + window:
        return False
    before = [s for s in scores[:-window] if s is not None]
    recent = [s for s in scores[-window:] if s is not None]
    # While nothing has a score there is no best that could have stood still.
    return bool(before) and max(recent, default=float("-inf")) <= max(before)


def reached(score: float, exit_score: float, greater_is_better: bool) -> bool:
    """Return whether a score is as good as asked.

    Parameters
    ----------
    score : float
        Turned so that greater is better.
    exit_score : float
        The metric's own value that is asked for.
    greater_is_better : bool
        The metric's direction.

    Examples
    --------
    >>> reached(0.91, 0.9, True), reached(-0.35, 0.3, False), reached(-0.25, 0.3, False)
    (True, False, True)
    """
    return score >= (exit_score if greater_is_better else -exit_score)
