"""The leaderboard as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    """
    import pandas as pd

    from automl_jupyter.metrics.registry import resolve_metric

    name = history.metric
    if sort_by is not None and sort_by != history.metric:
        name = resolve_metric(sort_by, history.task).key
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
