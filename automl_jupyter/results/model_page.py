"""What there is to know of one model of a job: its metrics, its members, its diagram, its charts, code for it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from automl_jupyter._core.text import plain
from automl_jupyter.errors import AutoMLError
from automl_jupyter.results.snapshot import trial_of
from automl_jupyter.results.words import line_of

if TYPE_CHECKING:
    from automl_jupyter.results.charts.chart import Chart, Plots
    from automl_jupyter.results.model import ClassificationModel, RegressionModel
    from automl_jupyter.store.history import History

#: charts that a model's page does not offer: of the whole job, or of a row
_NOT_OFFERED = frozenset({"progress", "explanation"})
#: charts of one column, or one series
_OF_ONE = frozenset({"partial_dependence", "forecast"})
#: series to choose from, at most
_MOST_SERIES = 500


class JobLike(Protocol):
    """What a model's page needs of a job."""

    @property
    def name(self) -> str: ...
    @property
    def path(self) -> Path: ...
    @property
    def task(self) -> str: ...
    @property
    def history(self) -> History: ...
    @property
    def plot(self) -> Plots: ...
    def get_model(self, model: str | int | None = None) -> ClassificationModel | RegressionModel: ...


def model_page(job: JobLike, model: str | int) -> dict[str, Any]:
    """Return the page of a model as JSON.

    Parameters
    ----------
    job : JobLike
        The job.
    model : str or int
        A trial's number, or the label of a trial or ensemble.

    Returns
    -------
    dict
        ``metrics`` (name, mean, and the value on each fold), ``members`` (label, weight; None in a stack, whose second
        level has its own), ``charts`` (name, title), ``pick`` and ``columns`` (what charts of one are of, and those
        there are), ``code`` and ``diagram`` (HTML whose names are escaped).

    Raises
    ------
    AutoMLError
        When there is no such model, or it has no complete fold.
    """
    from automl_jupyter.results.charts.chart import KINDS, chart_names

    history = job.history
    charts = [
        {"name": n, "title": KINDS[n].title, "picks": n in _OF_ONE}
        for n in chart_names(job.task)
        if n not in _NOT_OFFERED
    ]
    fitted = job.get_model(model)
    stacked = fitted.blend_.stack is not None
    return {
        "metrics": _metrics(history, model),
        "members": [
            {"label": plain(label), "weight": None if stacked else round(weight, 4)} for label, weight in fitted.members
        ],
        "charts": charts,
        "pick": "Series" if job.task == "forecasting" else "Column",
        "columns": [plain(name) for name in _ones(fitted)],
        "code": model_code(job, model),
        "diagram": fitted._repr_html_(),
    }


def _ones(model: Any) -> list[Any]:
    """Return what a chart of one column, or one series, can be of."""
    series = getattr(model, "series_names", None)
    return [c.name for c in model.schema_.kept] if series is None else series[:_MOST_SERIES]


def _metrics(history: History, model: str | int) -> list[dict[str, Any]]:
    if isinstance(model, int) or model not in history.ensembles:
        trial = trial_of(history, model)
        assert trial is not None  # it was loaded
        folds: list[Mapping[str, float | None]] = [f.metrics for _, f in sorted(trial.folds.items())]
        means = trial.metrics()
    else:
        ensemble = history.ensembles[model]
        folds, means = list(ensemble.fold_metrics), ensemble.metrics
    names = sorted(means, key=lambda n: (n != history.metric, n))
    return [{"name": n, "value": means[n], "folds": [f.get(n) for f in folds]} for n in names]


def model_code(job: JobLike, model: str | int) -> str:
    """Return a cell's worth of Python that takes the model and uses it.

    Parameters
    ----------
    job : JobLike
        The job.
    model : str or int
        A trial's number, or an ensemble's name.
    """
    history = job.history
    best = history.model
    is_best = best is not None and (best.trial == model or (best.trial is None and best.label == model))
    label = history.trials[model].label if isinstance(model, int) else model
    asked = "" if is_best else repr(model)
    what = f"# {line_of(label, 60)}{', the best model' if is_best else ''} of the job {line_of(job.name, 60)}"
    workspace = str(job.path.parent.parent)
    return "\n".join(
        [
            what,
            "from automl_jupyter import MLClient",
            "",
            f"job = MLClient({workspace!r}).jobs.get({job.name!r})",
            f"model = job.get_model({asked})",
            _USE.get(job.task, "model.predict(rows)  # rows: a table with the columns of the training data"),
        ]
    )


_USE = {"forecasting": "model.interval(0.8)  # what comes next; X_future=…: rows with what is known ahead"}
#: charts that a saved notebook keeps
_KEPT: Mapping[str, tuple[str, ...]] = {
    "classification": ("roc", "confusion_matrix"),
    "regression": ("predicted_vs_true", "residuals"),
    "forecasting": ("forecast", "error_by_step"),
}


def kept_pictures(job: JobLike) -> list[tuple[bytes, str]]:
    """Return small pictures of the best model's first charts, each with what it shows; none without a model.

    A chart that cannot be drawn is left out, such as a ROC curve where all rows are of one class.
    """
    if job.history.model is None:
        return []
    pictures = []
    for name in _KEPT[job.task]:
        chart: Chart = getattr(job.plot, name)
        with suppress(AutoMLError):
            pictures.append(chart.render(format="png", dpi=65))
    return pictures


def chart_picture(
    job: JobLike, model: str | int, name: str, *, dark: bool, column: int | None = None
) -> tuple[bytes, str]:
    """Return a chart of a model as PNG, and what it shows as a sentence.

    Parameters
    ----------
    job, model
        As for `model_page`.
    name : str
        A chart of the page.
    dark : bool
        Whether it will stand on a dark background.
    column : int, optional
        For charts of one column: its position among the page's.

    Raises
    ------
    AutoMLError
        When there is no such chart, or it cannot be drawn.
    """
    from automl_jupyter.results.charts.chart import chart_names

    if name not in chart_names(job.task) or name in _NOT_OFFERED:
        raise AutoMLError(f"There is no chart {plain(name, most=40)!r} of a model.")
    args: tuple[object, ...] = ()
    if name in _OF_ONE:
        names = _ones(job.get_model(model))
        if column is None or not 0 <= column < len(names):
            raise AutoMLError(f"The chart {name} is of one column or series; choose one.")
        args = (names[column],)
    chart: Chart = getattr(job.plot, name)
    return chart.render(*args, format="png", dark=dark, model=model)
