"""Where charts get their data: a job's held-out rows, or a model and rows with their target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from automl_jupyter._core.files import read_json
from automl_jupyter._core.text import did_you_mean, listing, plain
from automl_jupyter.data.cache import CachedTable, open_cache
from automl_jupyter.data.labels import decode_labels
from automl_jupyter.errors import AutoMLError, NoModelError, StoreError
from automl_jupyter.metrics.base import MetricContext
from automl_jupyter.results.charts.explained import Explained, Judged, sample_rows
from automl_jupyter.results.charts.scored import Scored
from automl_jupyter.results.evaluation import TargetRows, primary_metric, read_target_rows
from automl_jupyter.results.numbers import label_or_number
from automl_jupyter.results.snapshot import trial_of
from automl_jupyter.trials.blend import Blend, load_blend
from automl_jupyter.trials.held_out import HeldOut, Predictions, held_out

if TYPE_CHECKING:
    import pandas as pd

    from automl_jupyter.metrics.base import Metric
    from automl_jupyter.results.charts.forecasts import Forecasts
    from automl_jupyter.results.charts.progress import Learning
    from automl_jupyter.results.model import ClassificationModel, RegressionModel
    from automl_jupyter.store.history import History, ModelRecord
    from automl_jupyter.store.trial import TrialRecord

#: rows of the sample that explanations are made with, and held-out rows that importance is measured on
SAMPLE_ROWS, JUDGED_ROWS = 1_000, 2_000


@dataclass(frozen=True)
class Choice:
    """A model of the leaderboard: the whole blend, an ensemble, or one trial."""

    label: str
    parts: Sequence[Mapping[str, Any]]
    n_folds: int
    temperature: float = 1.0
    threshold: float | None = None
    best: bool = False
    #: file of the second level that the members' predictions go to
    stack: str | None = None


class JobLike(Protocol):
    """What charts need of a job."""

    @property
    def name(self) -> str: ...
    @property
    def path(self) -> Path: ...
    @property
    def task(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def history(self) -> History: ...
    @property
    def model(self) -> ClassificationModel | RegressionModel: ...


class JobSource:
    """The rows that a job's folds held out, and its table.

    Parameters
    ----------
    job : JobLike
        The job.
    """

    def __init__(self, job: JobLike) -> None:
        self._job = job
        self._explained: dict[Any, Explained] = {}

    @property
    def task(self) -> str:
        """The job's task."""
        return self._job.task

    def history(self) -> History:
        """Everything the job's events say."""
        return self._job.history

    @cached_property
    def _data(self) -> dict[str, Any]:
        found: dict[str, Any] = read_json(self._job.path / "data.json")
        return found

    @cached_property
    def _table(self) -> CachedTable:
        try:
            return open_cache(Path(self._data["cache"]))
        except (FileNotFoundError, StoreError):
            raise AutoMLError(
                f"The cached table of the job {plain(self._job.name)} is gone, and its rows with it."
                " Give rows with their target as data=…, or run the job again."
            ) from None

    def forecast_errors(self, model: object = None) -> dict[str, Any]:
        """Return how far off a model's forecasts were after the origins it was judged from."""
        return self._errors_of(self.choose(model))

    def _errors_of(self, choice: Choice) -> dict[str, Any]:
        from automl_jupyter.trials.intervals import forecast_errors

        judged = {number: trial.folds for number, trial in self.history().trials.items()}
        return forecast_errors(choice.parts, self._predictions, judged, stack=choice.stack)

    def cells(self, rows: np.ndarray) -> pd.DataFrame:
        """Return the id columns and the time column of a forecasting job's rows."""
        from automl_jupyter.trials.history import open_history

        index = open_history(self._table).index
        return index.frame(np.searchsorted(index.offsets, rows, side="right") - 1, index.positions[rows])

    @cached_property
    def _predictions(self) -> Predictions:
        return Predictions(self._job.path, self._table)

    def choose(self, model: object) -> Choice:
        """Return the model meant by a label or a number; the best when None; of equal labels the best ranked.

        Raises
        ------
        NoModelError
            When there is no model yet.
        AutoMLError
            When there is none such, with the nearest.
        """
        history = self.history()
        record = history.model
        model = None if model is None else label_or_number(model, "model")
        trial = None if model is None else trial_of(history, model)
        if model is None and record is None:
            raise NoModelError(f"The job {plain(self._job.name)} is {self._job.status} and has no model yet.")
        if record is not None and (model is None or _is_of(record, model, trial)):
            folds = min(history.trials[int(p["trial"])].n_first for p in record.parts)
            if not folds:
                raise NoModelError(
                    f"The first fold of the best model of the job {plain(self._job.name)} is being fitted again, since"
                    " Stop had cut it short. Look again when the fit has ended."
                )
            return Choice(
                record.label, record.parts, folds, record.temperature, record.threshold, best=True, stack=record.stack
            )
        if trial is not None:
            return Choice(trial.label, [_part(trial, 1.0)], trial.n_first)
        for ensemble in history.ensembles.values():
            members = [(history.trials[n], w) for n, w in ensemble.members if n in history.trials]
            if model == ensemble.name and members:
                if ensemble.name == "StackEnsemble" and ensemble.stack is None:
                    raise AutoMLError(
                        f"The job {plain(self._job.name)} was run by an earlier version, which kept the second level of"
                        " its StackEnsemble only where that was the best model. Run the job again, or take another"
                        " model."
                    )
                folds = min(t.n_first for t, _ in members)
                parts = [_part(t, w) for t, w in members]
                temperature, threshold = ensemble.temperature, ensemble.threshold
                return Choice(ensemble.name, parts, folds, temperature, threshold, stack=ensemble.stack)
        labels = [t.label for t in history.trials.values() if t.n_first] + list(history.ensembles)
        near = did_you_mean(model, labels)
        known = listing(list(dict.fromkeys(labels)), last="and", most=12)
        raise AutoMLError(f"No model {model!r} has predicted held-out rows.{near} Models: {known}.")

    def held_out(self, model: object = None) -> HeldOut:
        """Return what a model said of rows it was not fitted on."""
        choice = self.choose(model)
        stacked = None if choice.stack is None else self._stacked(choice.stack)
        folds = range(choice.n_folds)
        try:
            return held_out(choice.parts, self._predictions, folds, temperature=choice.temperature, stacked=stacked)
        except FileNotFoundError:
            raise AutoMLError(
                f"The predictions of the job {plain(self._job.name)} are gone. Run the job again."
            ) from None

    def _stacked(self, stack: str) -> np.ndarray:
        """Return what a second level said of the rows that the folds held out."""
        try:
            return self._predictions.of_stack(stack)
        except FileNotFoundError:
            raise AutoMLError(
                f"What the StackEnsemble of the job {plain(self._job.name)} said of held-out rows is not there; earlier"
                " versions did not keep it. Give rows with their target as data=…, or run the job again."
            ) from None

    def scored(self, model: object, data: object) -> Scored:
        """Return the held-out rows, or `data`, with what a model predicts for them."""
        choice, about = self.choose(model), self._about
        if data is not None:
            return self._of_model(choice).scored(None, data)
        found = self.held_out(model)
        table = self._table
        return Scored(
            y=found.y,
            predicted=found.predicted,
            fold=found.fold,
            weight=found.weight,
            threshold=choice.threshold,
            title=choice.label,
            columns=lambda: table.X.iloc[found.rows],
            **about,
        )

    @property
    def _about(self) -> dict[str, Any]:
        return _about(self._data)

    def explained(self, model: object, data: object) -> Explained:
        """Return a model with a sample of the job's rows, or with `data`."""
        choice = self.choose(model)
        if data is not None:
            return self._of_model(choice).explained(None, data)
        key = repr(choice)  # while a job runs, a label may stand for one model after another
        if key not in self._explained:
            self._explained.clear()  # one at a time: each holds a model
            self._explained[key] = self._explain(choice)
        return self._explained[key]

    def _explain(self, choice: Choice) -> Explained:
        table, n = self._table, int(self._table.meta["n_training"])
        rows = np.random.default_rng(0).permutation(n)[:SAMPLE_ROWS]
        return Explained(
            predict=self._of_model(choice).blend.predict,
            X=table.X.iloc[rows].reset_index(drop=True),
            judged=lambda: self._judged(choice),
            encode=lambda row: self._schema.encode(row, roles=self._data["roles"]),
            metric=_metric(self.history().metric, self.task),
            context=MetricContext.of(self._data),
            threshold=choice.threshold,
            title=choice.label,
            **self._about,
        )

    def forecasts(self, model: object, data: object) -> Forecasts:
        """Return the job's series with what a model said of their past, or of `data`, and says of what comes."""
        from automl_jupyter.trials.history import open_history
        from automl_jupyter.trials.intervals import places_of

        choice = self.choose(model)
        source = self._of_model(choice)
        if data is not None:
            return source.forecasts(None, data)
        found = self.held_out(model)
        index = open_history(self._table).index  # a model keeps only the last periods of each series
        series, step = places_of(found, self._table)
        order = np.lexsort((found.rows, found.fold))
        return source.shown(
            {
                "series": series[order],
                "when": index.shown_times(index.positions[found.rows[order]]),
                "step": step[order],
                "forecast": found.predicted[order],
                "actual": found.y[order],
            }
        )

    def learning(self, model: object) -> Learning:
        """Return a trial that can be fitted again: the one asked for, or the best model's heaviest member."""
        from automl_jupyter.results.charts.progress import Learning
        from automl_jupyter.trials.evaluate import score_rows

        choice, history, table = self.choose(model), self.history(), self._table
        metric = primary_metric(history.metric, self.task)
        if metric is None:
            raise AutoMLError(
                f"The primary metric {plain(history.metric)} is a function of your own, of which a job keeps the name"
                " alone: fits of fewer rows cannot be scored by it. Draw job.plot.progress(), or use a named metric."
            )
        trial = history.trials[int(max(choice.parts, key=lambda p: float(p["weight"]))["trial"])]
        known = [trial.folds[f].metrics.get(history.metric) for f in range(trial.n_first)]
        folds = [(np.asarray(train), np.asarray(valid)) for train, valid in table.folds[: trial.n_first]]

        def score(train: np.ndarray, valid: np.ndarray) -> float | None:
            hint = metric.fit_hint  # as the job's own fits are told
            return score_rows(table, self.task, trial, train, valid, (metric,), metric_hint=hint).get(metric.key)

        return Learning(trial.label, history.metric, folds, [float("nan") if k is None else k for k in known], score)

    @cached_property
    def _schema(self) -> Any:
        from automl_jupyter.data.schema import TableSchema

        return TableSchema.from_json(self._data["schema"])

    def _judged(self, choice: Choice) -> list[Judged]:
        """Return a sample of each fold's held-out rows with the models of that fold.

        The second level of a stack is one for all folds: the few weights it has say next to nothing of a single row.
        """
        judged, table = [], self._table
        for fold in range(choice.n_folds):
            rows = np.asarray(table.folds[fold][1])
            most, rng = max(1, JUDGED_ROWS // choice.n_folds), np.random.default_rng(fold)
            rows = rows[sample_rows(table.y[rows], most, rng, by_class=self.task == "classification")]
            blend = self._blend([{**p, "folds": [fold]} for p in choice.parts], choice.temperature, choice.stack)
            judged.append(
                Judged(
                    blend.predict,
                    table.X.iloc[rows].reset_index(drop=True),
                    np.asarray(table.y[rows]),
                    None if table.weight is None else np.asarray(table.weight[rows]),
                )
            )
        return judged

    def _blend(self, parts: Sequence[Mapping[str, Any]], temperature: float, stack: str | None) -> Blend:
        try:
            data = self._data
            return load_blend(
                self._job.path,
                data["task"],
                data["n_classes"],
                parts,
                stack,
                temperature=temperature,
                n_training=data["n_training"],
            )
        except (FileNotFoundError, StoreError):
            raise AutoMLError(
                f"The fitted folds of the job {plain(self._job.name)} are gone. Give rows with their target as data=…"
            ) from None

    def get_model(self, model: object) -> ClassificationModel | RegressionModel:
        """Return a model, fitted: the best as it is, others as the average of their folds' fits."""
        return self._of_model(self.choose(model)).model

    def _of_model(self, choice: Choice) -> ModelSource:
        if choice.best:
            return ModelSource(self._job.model)
        from automl_jupyter.results.model import make_model
        from automl_jupyter.trials.saved import make_manifest

        manifest = make_manifest(
            label=choice.label,
            data=self._data,
            parts=choice.parts,
            stack=choice.stack,
            metric=self.history().metric,
            packages={},
            temperature=choice.temperature,
            threshold=choice.threshold,
            errors=self._errors_of(choice) if self.task == "forecasting" else None,
        )
        return ModelSource(make_model(manifest, self._job.path))


class ModelSource:
    """A fitted model, and rows with their target.

    Parameters
    ----------
    model : ClassificationModel or RegressionModel
        The model.
    """

    def __init__(self, model: ClassificationModel | RegressionModel) -> None:
        self.model = model
        self.blend = model.blend_

    @property
    def task(self) -> str:
        """The model's task."""
        return str(self.model.manifest["task"])

    def history(self) -> History:
        """Refuse: a model does not know how it was found."""
        raise AutoMLError("A model does not know how it was found; the job does: job.plot.progress().")

    def learning(self, model: object) -> Learning:
        """Refuse: a model has no rows to learn from again."""
        raise AutoMLError("A model has no rows to learn from again; the job has: job.plot.learning_curve().")

    def scored(self, model: object, data: object) -> Scored:
        """Return rows with their target and what the model predicts for them."""
        if self.task == "forecasting":
            judged = self.forecasts(model, data).judged.dropna(subset=["actual"])
            y, ahead = judged["actual"].to_numpy(), judged["forecast"].to_numpy()
            fold = np.zeros(len(y), dtype=np.intp)
            return Scored(y=y, predicted=ahead, fold=fold, title=self.model.label, **_about(self.model.manifest))
        rows, X = self._read(model, data)
        return Scored(
            y=rows.y,
            predicted=self.blend.predict(X),
            fold=np.zeros(len(rows.y), dtype=np.intp),
            weight=rows.weight,
            threshold=self.model.manifest.get("threshold"),
            title=self.model.label,
            columns=lambda: X,
            **_about(self.model.manifest),
        )

    def explained(self, model: object, data: object) -> Explained:
        """Return the model with a sample of rows to explain it by."""
        rows, X = self._read(model, data)
        manifest = self.model.manifest
        at = np.random.default_rng(0).permutation(len(X))
        sample = X.iloc[at[:SAMPLE_ROWS]].reset_index(drop=True)
        held = sample_rows(rows.y, JUDGED_ROWS, np.random.default_rng(0), by_class=self.task == "classification")
        weight = None if rows.weight is None else rows.weight[held]
        judged = Judged(self.blend.predict, X.iloc[held].reset_index(drop=True), rows.y[held], weight)
        return Explained(
            predict=self.blend.predict,
            X=sample,
            judged=lambda: [judged],
            encode=lambda row: self.model.schema_.encode(row, roles=manifest["roles"]),
            metric=_metric(manifest["metric"], self.task),
            context=MetricContext.of(manifest),
            threshold=manifest.get("threshold"),
            title=self.model.label,
            given=X,
            places=at[:SAMPLE_ROWS],
            **_about(manifest),
        )

    def forecasts(self, model: object, data: object) -> Forecasts:
        """Return the series of `data` as the model forecasts them, the origin moving on a horizon at a time."""
        if model is not None or data is None:
            raise AutoMLError("data: give rows with their target, model.plot.…(data=rows); this is one model already.")
        rolled = self.model.rolling_forecast(data, step=self.model.horizon)
        index = self.model.index
        series = self.model.series_of(rolled)
        if (series < 0).any():
            raise AutoMLError("data: the charts show series of the training data; others can be forecast as context=…")
        columns = {name: rolled[name].to_numpy() for name in ("step", "forecast", "actual")}
        return self.shown({"series": series, "when": rolled[index.time_column], **columns})

    def shown(self, judged: Mapping[str, Any]) -> Forecasts:
        """Return the model's series with forecasts of what is known."""
        import pandas as pd

        from automl_jupyter.results.charts.forecasts import Forecasts

        model, index = self.model, self.model.index
        whole: dict[float, pd.DataFrame] = {}

        def past(series: int) -> tuple[Any, np.ndarray]:
            rows = np.arange(index.offsets[series], index.offsets[series + 1])
            return index.shown_times(index.positions[rows]), model.history_.y[rows]

        def ahead(series: int, level: float) -> pd.DataFrame:
            if model.columns_known_ahead:
                return pd.DataFrame()
            if level not in whole:
                whole[level] = model.interval(level).rename(columns={index.time_column: "when"})
            rows = slice(series * model.horizon, (series + 1) * model.horizon)
            return whole[level].iloc[rows][["when", "forecast", "low", "high"]]

        return Forecasts(
            names=tuple(model.series_names),
            past=past,
            judged=pd.DataFrame(judged),
            ahead=ahead,
            scales=model.scales,
            horizon=model.horizon,
            target=str(model.manifest["target"]),
        )

    def _read(self, model: object, data: object) -> tuple[TargetRows, pd.DataFrame]:
        if model is not None:
            raise AutoMLError("model: this is one model already; the charts of a job take another of its models.")
        if data is None:
            raise AutoMLError("data: give rows with their target, model.plot.…(data=rows); a model holds no rows.")
        rows = read_target_rows(self.model, data)
        return rows, self.model.schema_.encode(rows.rows, roles=self.model.manifest["roles"])


def _about(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a manifest, or a job's data file, says of the question."""
    classes = manifest["classes"]
    return {
        "task": manifest["task"],
        "classes": None if classes is None else list(decode_labels(classes)),
        "positive": manifest.get("positive"),
        "target": str(manifest["target"]),
    }


def _metric(name: str, task: str) -> Metric:
    """Return a job's metric; of a function of the user's only its name is known, and a common metric stands for it."""
    from automl_jupyter.metrics.registry import get_metric

    common = "log_loss" if task == "classification" else "root_mean_squared_error"
    return primary_metric(name, task) or get_metric(common, task)


def _is_of(record: ModelRecord, model: object, trial: TrialRecord | None) -> bool:
    """Return whether a label or a number, and the trial it means if any, stand for the best model."""
    if record.trial is None:
        return model == record.label
    return trial is not None and trial.number == record.trial


def _part(trial: Any, weight: float) -> dict[str, Any]:
    folds = list(range(trial.n_first))
    return {"trial": trial.number, "weight": weight, "label": trial.label, "recipe": trial.recipe, "folds": folds}
