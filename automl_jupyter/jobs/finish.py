"""The end of a job: what the final model is built of, and its score on the test rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automl_jupyter._core.files import read_json
from automl_jupyter.data.labels import decode_labels
from automl_jupyter.jobs.predictions import class_rows, forecast_rows, value_rows, write_rows
from automl_jupyter.jobs.prepare import Prepared, load_test
from automl_jupyter.jobs.reserve import is_of_single_series, keeps_folds
from automl_jupyter.jobs.selection import all_metrics
from automl_jupyter.store.folder import JobFolder
from automl_jupyter.store.history import History, ModelRecord
from automl_jupyter.trials.blend import load_blend
from automl_jupyter.trials.held_out import Predictions
from automl_jupyter.trials.intervals import forecast_errors
from automl_jupyter.trials.plan import Plan
from automl_jupyter.trials.records import REFIT
from automl_jupyter.trials.saved import make_manifest, save_model_folder

if TYPE_CHECKING:
    from automl_jupyter.data.cache import CachedTable
    from automl_jupyter.metrics.base import MetricContext


def final_parts(plan: Plan, history: History, model: ModelRecord) -> list[dict[str, Any]]:
    """Return the model's parts with their refits: in place of the folds, beside them where a refit may be far off."""

    def folds(part: Mapping[str, Any]) -> list[int]:
        trial = history.trials[int(part["trial"])]
        if trial.refit_s is None:
            # Those of single series learn nothing from a fold: they are all the same.
            return list(part["folds"])[: 1 if is_of_single_series(trial) else None]
        return [REFIT, *sorted(trial.replicas, reverse=True), *(part["folds"] if keeps_folds(plan, trial) else [])]

    return [{**part, "folds": folds(part)} for part in model.parts]


def save_final(
    folder: JobFolder,
    prepared: Prepared,
    history: History,
    packages: Mapping[str, str],
    predictions: Predictions,
) -> None:
    """Write the final model as a folder that stands on its own."""
    model = history.model
    assert model is not None
    errors = None
    if prepared.plan.forecast:
        judged = {number: trial.folds for number, trial in history.trials.items()}
        errors = forecast_errors(model.parts, predictions, judged, stack=model.stack)
    manifest = make_manifest(
        label=model.label,
        data=read_json(folder.data_file),
        parts=model.parts,
        stack=model.stack,
        metric=prepared.metric.key,
        packages=packages,
        temperature=model.temperature,
        threshold=model.threshold,
        errors=errors,
    )
    save_model_folder(folder.path, folder.model_folder, manifest)


def score_test(
    plan: Plan,
    folder: Path,
    prepared: Prepared,
    parts: Sequence[Mapping[str, Any]],
    model: ModelRecord,
    context: MetricContext,
) -> tuple[dict[str, float | None], int]:
    """Return the final model's metrics on the test rows and how many there are; nothing where there are none.

    What it predicts of them is written into the job's folder.
    """
    test = load_test(prepared.cache)
    if test is None:
        return {}, 0
    if plan.forecast:
        return _score_forecast(folder, prepared, parts, model, test)
    blend = load_blend(
        folder,
        plan.task,
        plan.n_classes,
        parts,
        model.stack,
        temperature=model.temperature,
        n_training=plan.n_training,
    )
    truth, predicted = (test.y, test.weight), blend.predict(test.X)
    rows = test.arrays.get("rows")
    if plan.n_classes is None:
        found = value_rows(rows, test.y, predicted)
    else:
        found = class_rows(rows, test.y, predicted, model.threshold, decode_labels(test.meta["classes"]))
    write_rows(JobFolder(folder).predictions_file, found)
    return all_metrics(plan, predicted, truth, prepared.metric, context, threshold=model.threshold), len(test.y)


def _score_forecast(
    folder: Path, prepared: Prepared, parts: Sequence[Mapping[str, Any]], model: ModelRecord, test: CachedTable
) -> tuple[dict[str, float | None], int]:
    """Forecast the test rows, a horizon at a time, each time from all that came before."""
    from automl_jupyter.metrics.base import MetricContext, SeriesRows
    from automl_jupyter.metrics.registry import evaluate_metrics
    from automl_jupyter.trials.forecast_blend import load_forecast_blend
    from automl_jupyter.trials.history import open_history
    from automl_jupyter.trials.rolling import roll

    blend = load_forecast_blend(folder, parts, model.stack)
    settings = prepared.plan.forecast
    rolled = roll(
        blend, open_history(prepared.table), open_history(test), int(settings["horizon"]),
        int(settings["horizon"]), settings["unknown"],
    )  # fmt: skip
    write_rows(JobFolder(folder).predictions_file, forecast_rows(rolled))
    known = np.isfinite(rolled.actual) & (rolled.trained >= 0)
    if not known.any():
        return {}, 0
    series = SeriesRows(
        rolled.trained[known], np.asarray(prepared.table.arrays["ranges"]), np.asarray(prepared.table.arrays["scales"])
    )
    context = MetricContext(series=series, y_range=tuple(prepared.table.meta["y_range"]))
    extra = (prepared.metric,)
    found = evaluate_metrics("forecasting", rolled.actual[known], rolled.forecast[known], None, context, extra)
    return found, int(known.sum())
