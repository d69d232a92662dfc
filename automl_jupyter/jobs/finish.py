"""The end of a job: what the final model is built of, and its score on the test rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl_jupyter._core.files import read_json
from automl_jupyter.jobs.prepare import Prepared, load_test
from automl_jupyter.jobs.reserve import keeps_folds
from automl_jupyter.jobs.selection import all_metrics
from automl_jupyter.store.folder import JobFolder
from automl_jupyter.store.history import History, ModelRecord
from automl_jupyter.trials.blend import load_blend
from automl_jupyter.trials.plan import Plan
from automl_jupyter.trials.records import REFIT
from automl_jupyter.trials.saved import make_manifest, save_model_folder

if TYPE_CHECKING:
    from automl_jupyter.metrics.base import MetricContext


def final_parts(plan: Plan, history: History, model: ModelRecord) -> list[dict[str, Any]]:
    """Return the model's parts with their refits: in place of the folds, beside them where a refit may be far off."""

    def folds(part: Mapping[str, Any]) -> list[int]:
        trial = history.trials[int(part["trial"])]
        if trial.refit_s is None:
            return list(part["folds"])
        return [REFIT, *trial.replicas, *(part["folds"] if keeps_folds(plan, trial) else [])]

    return [{**part, "folds": folds(part)} for part in model.parts]


def save_final(folder: JobFolder, prepared: Prepared, history: History, packages: Mapping[str, str]) -> None:
    """Write the final model as a folder that stands on its own."""
    model = history.model
    assert model is not None
    manifest = make_manifest(
        label=model.label,
        data=read_json(folder.data_file),
        parts=model.parts,
        stack=model.stack,
        metric=prepared.metric.key,
        packages=packages,
        temperature=model.temperature,
        threshold=model.threshold,
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
    """Return the final model's metrics on the test rows and how many there are; nothing where there are none."""
    test = load_test(prepared.cache)
    if test is None:
        return {}, 0
    blend = load_blend(folder, plan.task, plan.n_classes, parts, model.stack, temperature=model.temperature)
    truth, predicted = (test.y, test.weight), blend.predict(test.X)
    return all_metrics(plan, predicted, truth, prepared.metric, context, threshold=model.threshold), len(test.y)
