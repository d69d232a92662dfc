"""Jobs side by side: scores with paired differences, settings that differ, charts over each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from automl_jupyter._core.files import read_json
from automl_jupyter._core.text import did_you_mean, listing, number, plain
from automl_jupyter.client.job import Job
from automl_jupyter.errors import AutoMLError, NoModelError
from automl_jupyter.results.leaderboard import check_measured
from automl_jupyter.results.render import static_style
from automl_jupyter.results.words import line_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: charts that can lie over each other: their x and y columns, and how a curve is called
_OVER: Mapping[str, tuple[str, str, str]] = {
    "roc": ("fpr", "tpr", "AUC {auc:.3f}"),
    "precision_recall": ("recall", "precision", "AP {average_precision:.3f}"),
    "cumulative_gains": ("share", "gain", ""),
    "lift": ("share", "lift", ""),
    "calibration": ("predicted", "observed", ""),
    "predicted_vs_true": ("true", "predicted", ""),
    "progress": ("elapsed_s", "", ""),
}


def compare(*jobs: Job | str, metric: str | None = None) -> Comparison:
    """Lay jobs beside each other.

    Parameters
    ----------
    *jobs : Job or str
        Two or more jobs of one task, or their names in the workspace; the first is what the others are compared with.
    metric : str, optional
        The metric to compare by; by default the primary metric of the first job.

    Returns
    -------
    Comparison

    Raises
    ------
    AutoMLError
        When there are fewer than two jobs, they are of different tasks, or none was scored by the metric.
    NoModelError
        When a job has no model yet.
    StoreError
        When there is no job of a name.

    Examples
    --------
    >>> import tempfile
    >>> from automl_jupyter.testing.quick import run_job
    >>> folder = tempfile.mkdtemp()
    >>> first = run_job(workspace=folder, name="first")
    >>> second = run_job(workspace=folder, name="second", limits={"max_trials": 1})
    >>> compare(first, second).settings["setting"].tolist()
    ['limits.max_trials']
    """
    found = [_job(job) for job in jobs]
    if len(found) < 2:
        raise AutoMLError("compare: give two jobs or more.")
    tasks = list(dict.fromkeys(job.task for job in found))
    if len(tasks) > 1:
        raise AutoMLError(f"compare: the jobs are of different tasks ({listing(tasks, last='and')}).")
    return Comparison(found, metric)


def _job(job: Job | str) -> Job:
    if isinstance(job, Job):
        return job
    if isinstance(job, str):
        from automl_jupyter.client.workspace import MLClient

        return MLClient().jobs.get(job)
    raise AutoMLError(f"compare: a {type(job).__name__} is neither a job nor the name of one.")


class Comparison:
    """Jobs beside each other.

    Parameters
    ----------
    jobs : sequence of Job
        Two or more of one task.
    metric : str, optional
        What they are compared by.
    """

    def __init__(self, jobs: Sequence[Job], metric: str | None = None) -> None:
        from automl_jupyter.metrics.registry import resolve_metric

        self.jobs = tuple(jobs)
        first = self.jobs[0].history
        if metric is None or metric == first.metric:
            self.metric, self.greater_is_better = first.metric, first.greater_is_better
        else:
            resolved = resolve_metric(metric, first.task)
            self.metric, self.greater_is_better = resolved.key, resolved.greater_is_better
            check_measured(self.metric, [job.history for job in self.jobs], "metric")
        for job in self.jobs:
            if job.history.model is None:
                raise NoModelError(f"The job {plain(job.name)} is {job.status} and has no model to compare.")

    @property
    def names(self) -> list[str]:
        """What the jobs are called here: their names, numbered where two are alike."""
        names = [job.display_name for job in self.jobs]
        return [n if names.count(n) == 1 else f"{n} ({i + 1})" for i, n in enumerate(names)]

    def to_frame(self) -> pd.DataFrame:
        """Return a row a job.

        Returns
        -------
        DataFrame
            Index ``job``; columns ``model``, the metric (mean over the folds), ``spread``, ``difference`` from the
            first job (positive where this one is better), its 95 % interval ``low`` to ``high`` (paired over folds, as
            Nadeau and Bengio correct it; missing where folds or positive class are others), ``better`` (``yes``,
            ``no``, ``not sure`` or missing), ``trials``, ``elapsed_s`` and ``folds`` (whether they are those of the
            first job).
        """
        import statistics

        import pandas as pd

        from automl_jupyter.results.snapshot import share_of_test
        from automl_jupyter.results.ties import paired_difference

        folds = [self._fold_values(job) for job in self.jobs]
        data = [read_json(job.path / "data.json") for job in self.jobs]
        sign = 1.0 if self.greater_is_better else -1.0
        rows = []
        for job, by_fold, about in zip(self.jobs, folds, data, strict=True):
            same = _have_same_folds(about, data[0]) and by_fold.keys() == folds[0].keys()
            first = job is self.jobs[0]
            alike = same and not first and about.get("positive") == data[0].get("positive")
            pairs = list(by_fold.values()), list(folds[0].values())
            paired = paired_difference(*pairs, share_of_test(job.history)) if alike else None
            found = [v for v in by_fold.values() if v is not None]
            mean, reach = (None, None) if paired is None else (sign * paired[0], paired[1])
            better = None
            if mean is not None and reach is not None:
                better = "not sure" if abs(mean) <= reach else "yes" if mean > 0 else "no"
            model = job.history.model
            rows.append(
                {
                    "model": "" if model is None else model.label,
                    self.metric: statistics.fmean(found) if found else None,
                    "spread": statistics.stdev(found) if len(found) > 1 else None,
                    "difference": mean,
                    "low": None if mean is None or reach is None else mean - reach,
                    "high": None if mean is None or reach is None else mean + reach,
                    "better": better,
                    "trials": sum(not t.is_open for t in job.history.trials.values()),
                    "elapsed_s": round(job.history.elapsed_s, 1),
                    "folds": "first" if first else "same" if same else "others",
                }
            )
        table = pd.DataFrame(rows, index=pd.Index(self.names, name="job"))
        return table.astype(dict.fromkeys((self.metric, "spread", "difference", "low", "high"), "float64"))

    @property
    def settings(self) -> pd.DataFrame:
        """The settings in which the jobs differ: a row a ``setting``, a column a job, empty where it is the default."""
        import pandas as pd

        from automl_jupyter.spec.render import brief

        flat = [_flat(brief(job.spec)) for job in self.jobs]
        keys = [k for k in dict.fromkeys(k for f in flat for k in f) if k not in ("name", "display_name", "type")]
        differ = [k for k in keys if len({repr(f.get(k)) for f in flat}) > 1]
        columns = {name: [f.get(k, "") for k in differ] for name, f in zip(self.names, flat, strict=True)}
        return pd.DataFrame({"setting": differ, **columns})

    def plot(self, chart: str = "progress", *, ax: Axes | None = None) -> Axes:
        """Draw a chart of every job's best model over each other.

        Parameters
        ----------
        chart : str, default "progress"
            ``roc``, ``precision_recall``, ``cumulative_gains``, ``lift``, ``calibration``, ``predicted_vs_true`` or
            ``progress``, as far as the task has it. Of several classes the macro average is drawn, or the first. The
            progress of a job that ranked by another metric is that of its complete trials, without ensembles.
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure.
        """
        from automl_jupyter.results.charts.axes import SIZE, begin, check_axes, finish, legend, words
        from automl_jupyter.results.charts.chart import KINDS

        check_axes(ax)
        table = self.chart_frame(chart)
        x, y, called = _OVER[chart]
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots(figsize=SIZE, layout="constrained")
        begin(ax)
        for name in self.names:
            points = table[table["job"] == name]
            more = f", {called.format(**points.iloc[0])}" if called and len(points) else ""
            drawstyle = "steps-post" if chart == "progress" else "default"
            ax.plot(points[x], points[y or self.metric], drawstyle=drawstyle, linewidth=2, label=words(name) + more)
        ax.set(title=KINDS[chart].title, xlabel=x.replace("_s", ", seconds"), ylabel=(y or self.metric))
        legend(ax, loc="best")
        finish(ax)
        return ax

    def chart_frame(self, chart: str) -> pd.DataFrame:
        """Return the data behind `plot`: those of the jobs' charts, with a column ``job``."""
        import pandas as pd

        from automl_jupyter.results.charts.chart import chart_names
        from automl_jupyter.results.charts.progress import progress_by

        known = [n for n in _OVER if n in chart_names(self.jobs[0].task)]
        if chart not in known:
            near = did_you_mean(chart, known)
            raise AutoMLError(f"{chart!r} is no chart that lies over another.{near} Charts: {listing(known)}.")
        pieces: list[pd.DataFrame] = []
        label: str | None = None
        for name, job in zip(self.names, self.jobs, strict=True):
            if chart == "progress" and job.history.metric != self.metric:
                table = progress_by(job.history, self.metric, greater_is_better=self.greater_is_better)
            else:
                asked = {} if label is None or not _has_class(job, label) else {"label": label}
                table = getattr(job.plot, chart).to_frame(**asked)
            if "curve" in table and (table["curve"] == "average").any():
                table = table[(table["curve"] == "average") & (table["label"] == "macro")]  # a class may be called so
            elif "label" in table:
                label = str(table["label"].iloc[0])  # of two classes, each job may call the other one positive
                table = table[table["label"] == label]
            pieces.append(table.assign(job=name))
        return pd.concat(pieces, ignore_index=True)

    def _fold_values(self, job: Job) -> dict[int, float | None]:
        """Return the metric of a job's best model on each fold that it was judged on; None where it has no value."""
        model = job.history.model
        assert model is not None
        numbers: Sequence[int] = range(len(model.fold_metrics))
        trial = None if model.trial is None else job.history.trials.get(model.trial)
        if trial is not None and len(trial.folds) == len(numbers):  # those of a trial that was stopped may have gaps
            numbers = sorted(trial.folds)
        return {n: metrics.get(self.metric) for n, metrics in zip(numbers, model.fold_metrics, strict=True)}

    def __repr__(self) -> str:
        lines = [f"By {self.metric}, {'higher' if self.greater_is_better else 'lower'} is better"]
        for name, row in self.to_frame().iterrows():
            lines.append(f"  {line_of(name)}: {_score(row, self.metric)} by {line_of(row['model'])}{_difference(row)}")
        lines += [
            f"  {line_of(r.iloc[0])}: {' | '.join(line_of(v) or '–' for v in r.iloc[1:])}"
            for _, r in self.settings.iterrows()
        ]
        return "\n".join(lines)

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        scores = [
            (
                line_of(name),
                line_of(r["model"]),
                _score(r, self.metric),
                _difference(r).removeprefix(", "),
                str(r["trials"]),
            )
            for name, r in self.to_frame().iterrows()
        ]
        settings = self.settings
        differing = [tuple(line_of(v, 120) for v in row) for row in settings.itertuples(index=False)]
        html = (
            f'<div class="amlj-static" role="group" aria-label="Comparison of jobs"><style>{static_style()}</style>'
            + _table(f"Scores: {self.metric}", ("Job", "Model", "Score", "Against the first", "Trials"), scores)
            + (_table("Settings that differ", tuple(settings.columns), differing) if differing else "")
            + "</div>"
        )
        return {"text/plain": repr(self), "text/html": html}


def _has_class(job: Job, label: str) -> bool:
    """Return whether a job has a class of that label."""
    from automl_jupyter.data.labels import decode_labels

    classes = read_json(job.path / "data.json")["classes"]
    return classes is not None and label in map(str, decode_labels(classes))


def _have_same_folds(about: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two jobs were judged on the same folds of the same rows, by what is known of their data."""
    key = "folds" if "folds" in about and "folds" in other else "cache"  # jobs of earlier versions have no digest
    return about.get(key) == other.get(key)


def _flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{before}{key}"
        if isinstance(value, Mapping):
            found |= _flat(value, f"{name}.")
        else:
            found[name] = value
    return found


def _score(row: Any, metric: str) -> str:
    if row[metric] != row[metric]:
        return "–"
    spread = format(row["spread"], ".2g")
    return number(float(row[metric])) + ("" if spread == "nan" else f" ± {number(float(spread))}")


def _difference(row: Any) -> str:
    """Return how a row stands against the first, in words."""
    if row["folds"] == "first":
        return ""
    if row["folds"] == "others":
        return ", other folds: not compared"
    if row["better"] is None or row["difference"] != row["difference"]:
        one = row["spread"] != row["spread"]
        return ", one fold: no interval" if one else ", another positive class: not compared"
    words = {"yes": "better", "no": "worse", "not sure": "cannot be told apart"}[row["better"]]
    low, high = number(float(f"{row['low']:.2g}")), number(float(f"{row['high']:.2g}"))
    return f", {words}: {row['difference'] + 0.0:+.2g} ({low} to {high})"


def _table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(line_of(h, 120))}</th>' for h in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in rows)
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
