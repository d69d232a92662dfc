"""The leaderboard as a table."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING

from automl_jupyter._core.text import listing
from automl_jupyter.errors import AutoMLError
from automl_jupyter.results.snapshot import leaderboard_rows
from automl_jupyter.store.history import History

if TYPE_CHECKING:
    import pandas as pd


def leaderboard_frame(history: History, sort_by: str | None = None) -> pd.DataFrame:
    """Return one row a trial and ensemble, best first, with every metric of the task.

    Parameters
    ----------
    history : History
        The fold of the job's events.
    sort_by : str, optional
        Rank by this metric instead of the primary one.

    Returns
    -------
    DataFrame
        Columns ``rank``, ``number``, ``model``, ``learner``, ``state``, ``folds``, the metric it is ranked by,
        ``spread`` (standard deviation over the folds), ``tied`` (whether it cannot be told apart from the first at
        95 %; missing with one fold), ``fit_s``, ``predict_s``, ``size_bytes``, then all metrics.

    Raises
    ------
    UnknownNameError
        When no metric is called `sort_by`.
    AutoMLError
        When no trial was scored by it.
    """
    import pandas as pd

    from automl_jupyter.metrics.registry import resolve_metric

    name = history.metric
    if sort_by is not None and sort_by != history.metric:
        name = resolve_metric(sort_by, history.task).key
        check_measured(name, [history], "sort_by")
    records = []
    for row in leaderboard_rows(history, name):
        if row["number"] is not None:
            metrics = history.trials[row["number"]].metrics()
        else:
            metrics = dict(history.ensembles[row["label"]].metrics)
        records.append(
            {
                "rank": row["rank"],
                "number": row["number"],
                "model": row["label"],
                "learner": row["learner"],
                "state": row["state"],
                "folds": f"{row['folds_done']}/{row['n_folds']}",
                name: row["value"],
                "spread": row["spread"],
                "tied": row["tied"],
                "fit_s": row["fit_s"],
                "predict_s": row["predict_s"],
                "size_bytes": row["size_bytes"],
                **{k: v for k, v in metrics.items() if k != name},
            }
        )
    frame = pd.DataFrame.from_records(records)
    if not frame.empty:
        for column in ("rank", "number"):
            frame[column] = frame[column].astype("Int64")
        frame["tied"] = frame["tied"].astype("boolean")
        measured = [c for c in frame.columns[list(frame.columns).index("folds") + 1 :] if c != "tied"]
        frame[measured] = frame[measured].astype("float64")
    return frame


def check_measured(metric: str, histories: Iterable[History], where: str) -> None:
    """Refuse a metric that no trial was scored by, such as one of scikit-learn's that is not the job's own.

    Raises
    ------
    AutoMLError
        With the metrics there are, the nearest first. Nothing is refused before there is a score.
    """
    trials = [t for history in histories for t in history.trials.values()]
    measured = {name for trial in trials for name, value in trial.metrics().items() if value is not None}
    if measured and metric not in measured:
        known = get_close_matches(metric, sorted(measured), n=len(measured), cutoff=0)
        raise AutoMLError(
            f"{where}: No trial was scored by {metric}. They were scored by {listing(known, last='and')}."
        )
