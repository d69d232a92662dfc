"""What a plan says of its reasons: each note has a topic, what was decided and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from automl_jupyter._core.text import listing, plain

if TYPE_CHECKING:
    from automl_jupyter.data.dataset import Column
    from automl_jupyter.featurization.transformers import FeatureSettings
    from automl_jupyter.spec.tabular import TabularJob


#: fields of the job itself that only the cloud acts on
_OF_THE_CLOUD = ("outputs", "resources", "queue_settings", "identity", "environment_id", "environment_variables")


def add_note(notes: list[dict[str, str]], topic: str, what: str, why: str, level: str = "info") -> None:
    """Add a note to those of a plan; at level ``warning`` it is to be looked at."""
    notes.append({"topic": topic, "what": what, "why": why, "level": level})


def note_features(
    settings: FeatureSettings, job: TabularJob, kept: Sequence[Column], notes: list[dict[str, str]]
) -> None:
    """Say what the settings change in how features are made."""
    language = job.featurization.dataset_language
    if settings.as_they_are:
        add_note(notes, "featurization", "The columns are used as they are", "featurization.mode is 'off'")
    if settings.blocked:
        what = f"{listing(settings.blocked, last='and')} {'is' if len(settings.blocked) == 1 else 'are'} not used"
        add_note(notes, "featurization", what, "blocked_transformers names them; the next in line takes the place")
    for name, asked in settings.imputers.items():
        strategy = asked.get("strategy", "mean")
        what = f"Missing values of {plain(name, most=80)!r} are imputed: {strategy}"
        add_note(notes, "featurization", what, "transformer_params asks for it")
    if language not in (None, "eng") and any(str(c.type) == "Text" for c in kept):
        cut = "into characters and pairs of them" if settings.characters else "into words and pairs of them, as English"
        add_note(notes, "featurization", f"Texts are cut {cut}", f"dataset_language is {language!r}")


def note_unused(job: TabularJob, notes: list[dict[str, str]]) -> None:
    """Say which settings are understood but change nothing in this version."""
    featurization, training, stack = job.featurization, job.training, job.training.stack_ensemble_settings
    missed = {
        "featurization.enable_dnn_featurization": bool(featurization.enable_dnn_featurization),
        "training.enable_dnn_training": bool(training.enable_dnn_training) and job.task != "forecasting",
        "training.training_mode: distributed": training.training_mode == "distributed",
        "limits.max_nodes": (job.limits.max_nodes or 1) > 1,
    }
    kept = {
        "log_verbosity": job.log_verbosity is not None,
        **{name: bool(getattr(job, name)) for name in _OF_THE_CLOUD},
        "training.ensemble_model_download_timeout_minutes": (
            training.ensemble_model_download_timeout_minutes is not None
        ),
        "training.stack_ensemble_settings.stack_meta_learner_train_percentage": (
            stack is not None and "stack_meta_learner_train_percentage" in stack.given()
        ),
    }
    for name in (name for name, is_set in missed.items() if is_set):
        add_note(notes, "settings", f"{name} changes nothing", "this version does not act on it", level="warning")
    for name in (name for name, is_set in kept.items() if is_set):
        add_note(notes, "settings", f"{name} changes nothing", "it is kept for compatibility; nothing here needs it")
    if training.enable_model_explainability is not None:
        why = "explanations are made when they are asked for, as by job.plot.shap()"
        add_note(notes, "settings", "training.enable_model_explainability changes nothing", why)
    for name in ("group_column_name", "time_column_name"):
        if job.cv_split_column_names and getattr(job, name, None) is not None:
            what = f"{name} does not decide which rows validate"
            add_note(notes, "settings", what, "cv_split_column_names does", level="warning")
