"""A chart: a table and a drawing of it; and the charts of a job or a model by their names."""

from __future__ import annotations

import inspect
import io
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from automl_jupyter._core.text import did_you_mean, listing
from automl_jupyter.errors import AutoMLError
from automl_jupyter.results.charts import classification as c
from automl_jupyter.results.charts import dependence, forecasts, importance, progress, shapley, slices
from automl_jupyter.results.charts import regression as r
from automl_jupyter.results.charts.axes import SIZE, begin, check_axes, finish
from automl_jupyter.results.charts.explained import Explained
from automl_jupyter.results.charts.scored import Scored

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from automl_jupyter.results.charts.forecasts import Forecasts
    from automl_jupyter.results.charts.progress import Learning
    from automl_jupyter.store.history import History

BOTH, LABELS = ("classification", "regression"), ("classification",)
FORECASTS, VALUES, ALL = (
    ("forecasting",),
    ("regression", "forecasting"),
    ("classification", "regression", "forecasting"),
)


class Source(Protocol):
    """Where a chart's data come from: a job, or a model with rows."""

    @property
    def task(self) -> str: ...
    def scored(self, model: object, data: object) -> Scored: ...
    def explained(self, model: object, data: object) -> Explained: ...
    def forecasts(self, model: object, data: object) -> Forecasts: ...
    def history(self) -> History: ...
    def learning(self, model: object) -> Learning: ...


@dataclass(frozen=True)
class ChartKind:
    """One kind of chart.

    Parameters
    ----------
    name : str
        What it is called by.
    title : str
        What people read.
    tasks : tuple of str
        The tasks it is for.
    needs : {"scored", "explained", "forecasts", "learning", "history"}
        What its table is made of, the first argument of `table`.
    table : callable
        Returns the data; its docstring describes them, its other arguments are the chart's options.
    draw : callable
        ``draw(ax, table, source, **options)``; returns what the chart shows as a sentence.
    """

    name: str
    title: str
    tasks: tuple[str, ...]
    needs: str
    table: Callable[..., pd.DataFrame]
    draw: Callable[..., str]

    @property
    def options(self) -> dict[str, inspect.Parameter]:
        """The arguments that are the chart's own."""
        return dict(list(inspect.signature(self.table).parameters.items())[1:])

    @property
    def required(self) -> list[str]:
        """The options that have no default."""
        return [n for n, p in self.options.items() if p.default is p.empty]


KINDS: Mapping[str, ChartKind] = {
    kind.name: kind
    for kind in (
        ChartKind("confusion_matrix", "Confusion matrix", LABELS, "scored", c.confusion_table, c.draw_confusion),
        ChartKind("roc", "ROC", LABELS, "scored", c.roc_table, c.draw_roc),
        ChartKind(
            "precision_recall",
            "Precision–recall",
            LABELS,
            "scored",
            c.precision_recall_table,
            c.draw_precision_recall,
        ),
        ChartKind("cumulative_gains", "Cumulative gains", LABELS, "scored", c.gains_table, c.draw_gains),
        ChartKind("lift", "Lift", LABELS, "scored", c.gains_table, c.draw_lift),
        ChartKind("calibration", "Calibration", LABELS, "scored", c.calibration_table, c.draw_calibration),
        ChartKind("forecast", "Forecast", FORECASTS, "forecasts", forecasts.forecast_table, forecasts.draw_forecast),
        ChartKind(
            "error_by_step", "Error by horizon", FORECASTS, "forecasts", forecasts.by_step_table, forecasts.draw_by_step
        ),
        ChartKind(
            "error_by_series",
            "Error by series",
            FORECASTS,
            "forecasts",
            forecasts.by_series_table,
            forecasts.draw_by_series,
        ),
        ChartKind(
            "predicted_vs_true",
            "Predicted and true",
            VALUES,
            "scored",
            r.predicted_vs_true_table,
            r.draw_predicted_vs_true,
        ),
        ChartKind("residuals", "Residuals", VALUES, "scored", r.residuals_table, r.draw_residuals),
        ChartKind(
            "importance",
            "Importance",
            BOTH,
            "explained",
            importance.importance_table,
            importance.draw_importance,
        ),
        ChartKind("shap", "SHAP", BOTH, "explained", shapley.shap_table, shapley.draw_shap),
        ChartKind("explanation", "One row", BOTH, "explained", shapley.explanation_table, shapley.draw_explanation),
        ChartKind(
            "partial_dependence",
            "Partial dependence",
            BOTH,
            "explained",
            dependence.partial_dependence_table,
            dependence.draw_partial_dependence,
        ),
        ChartKind("slices", "Errors by slice", BOTH, "explained", slices.slices_table, slices.draw_slices),
        ChartKind(
            "learning_curve", "Learning curve", BOTH, "learning", progress.learning_table, progress.draw_learning
        ),
        ChartKind("progress", "Best score so far", ALL, "history", progress.progress_table, progress.draw_progress),
    )
}


class Chart:
    """One chart: call it to draw it, or take its table.

    Parameters
    ----------
    kind : ChartKind
        What is drawn.
    source : Source
        Where the data come from.

    Examples
    --------
    >>> import tempfile
    >>> from automl_jupyter.testing.quick import run_job
    >>> job = run_job(workspace=tempfile.mkdtemp())
    >>> job.plot.roc.to_frame().columns.tolist()
    ['curve', 'label', 'fold', 'fpr', 'tpr', 'threshold', 'auc']
    >>> ax = job.plot.roc()
    >>> ax.get_xlabel()
    'false positive rate'
    """

    def __init__(self, kind: ChartKind, source: Source) -> None:
        self.kind, self._source = kind, source
        self.__doc__ = _page(kind)
        self.__name__ = kind.name
        self.__signature__ = _signature(kind)

    def __call__(self, *args: Any, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the chart and return its axes; a new figure of pyplot's is made unless `ax` is given."""
        check_axes(ax)
        own, table = self._prepare(args, options)
        return self._draw(table, own, ax)

    def to_frame(self, *args: Any, **options: Any) -> pd.DataFrame:
        """Return the data behind the chart; the same arguments as for drawing it, without `ax`."""
        _, (table, _) = self._prepare(args, options)
        return table

    def render(
        self, *args: Any, format: str = "svg", dark: bool = False, dpi: int = 130, **options: Any
    ) -> tuple[bytes, str]:
        """Return the chart as a picture, without pyplot, and what it shows as a sentence.

        Parameters
        ----------
        format : {"svg", "png"}, default "svg"
            Kind of picture.
        dark : bool, default False
            Whether it will stand on a dark background.
        dpi : int, default 130
            Dots an inch of a PNG; charts are six inches wide.
        """
        from matplotlib.figure import Figure

        own, (table, source) = self._prepare(args, options)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing")
            figure = Figure(figsize=SIZE, layout="constrained")
            ax = figure.add_subplot()
            begin(ax)
            says = self.kind.draw(ax, table, source, **own)
            finish(ax, dark=dark)
            picture = io.BytesIO()
            metadata = {"Date": None} if format == "svg" else None
            figure.savefig(picture, format=format, dpi=dpi, transparent=dark, metadata=metadata)
        return picture.getvalue(), says

    def _draw(self, made: tuple[pd.DataFrame, Any], own: Mapping[str, Any], ax: Axes | None) -> Axes:
        table, source = made
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots(figsize=SIZE, layout="constrained")
        begin(ax)
        self.kind.draw(ax, table, source, **own)
        finish(ax)
        return ax

    def _prepare(
        self, args: tuple[Any, ...], options: dict[str, Any]
    ) -> tuple[dict[str, Any], tuple[pd.DataFrame, Any]]:
        """Return the chart's own options, and the table with what it was made of."""
        if self._source.task not in self.kind.tasks:
            raise AutoMLError(
                f"{self.kind.name} is a chart for {listing(self.kind.tasks, last='and')}, not for {self._source.task}."
                f" Here there are {listing(chart_names(self._source.task), last='and')}."
            )
        try:
            bound = _signature(self.kind, ax=False).bind(*args, **options).arguments
        except TypeError as error:
            allowed = list(_signature(self.kind).parameters)
            unknown = next((o for o in options if o not in allowed), "")
            hint = did_you_mean(unknown, allowed) if unknown else ""
            raise AutoMLError(f"{self.kind.name}: {error}.{hint} It takes {listing(allowed, last='and')}.") from None
        model, data = bound.pop("model", None), bound.pop("data", None)
        if self.kind.needs == "history":
            source: Any = self._source.history()
        elif self.kind.needs == "learning":
            source = self._source.learning(model)
        else:
            source = getattr(self._source, self.kind.needs)(model, data)
        return dict(bound), (self.kind.table(source, **bound), source)

    def __repr__(self) -> str:
        return f"<chart {self.kind.name}{_signature(self.kind)}>"


class Plots:
    """The charts of a job, or of a model.

    Each is drawn by calling it, and has its data in ``to_frame()``: ``job.plot.roc()``, ``job.plot.roc.to_frame()``.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    def __getattr__(self, name: str) -> Chart:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in KINDS:
            known = chart_names(self._source.task)
            raise AttributeError(f"There is no chart {name!r}.{did_you_mean(name, known)} Charts: {listing(known)}.")
        return Chart(KINDS[name], self._source)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *chart_names(self._source.task)]

    def __repr__(self) -> str:
        return "Charts: " + ", ".join(f"{n}({', '.join(KINDS[n].required)})" for n in chart_names(self._source.task))


def chart_names(task: str) -> list[str]:
    """Return the charts a task has."""
    return [name for name, kind in KINDS.items() if task in kind.tasks]


def _signature(kind: ChartKind, *, ax: bool = True) -> inspect.Signature:
    keyword, either = inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
    own = list(kind.options.values())
    shown = [p for p in own if p.kind is either]
    if kind.needs in ("scored", "explained", "forecasts"):
        shown.append(inspect.Parameter("data", either if not shown else keyword, default=None))
    shown += [p for p in own if p.kind is keyword]
    if kind.needs != "history":
        shown.append(inspect.Parameter("model", keyword, default=None))
    if ax:
        shown.append(inspect.Parameter("ax", keyword, default=None))
    return inspect.Signature(shown)


def _page(kind: ChartKind) -> str:
    """Return the page of a chart: that of its table, and the arguments all charts have."""
    shared = """
    Charts also take the following; `progress` takes `ax` alone:

    data : table with the target, optional
        Other rows; by default those that the folds held out, and a sample of the table for explanations. Not for a
        learning curve.
    model : str or int, optional
        A model of the leaderboard by its label, or a trial by its number; by default the best.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure. Not taken by `to_frame`.
    """
    return inspect.cleandoc(kind.table.__doc__ or "") + "\n\n" + inspect.cleandoc(shared)
