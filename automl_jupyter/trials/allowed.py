"""Which learners a job may try, and why others are not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from automl_jupyter._core.text import listing, plural
from automl_jupyter.errors import Problem, SpecError
from automl_jupyter.trials.notes import add_note

if TYPE_CHECKING:
    from automl_jupyter.learners import LearnerInfo
    from automl_jupyter.spec.tabular import TabularJob

#: what gains too little for its time as a forecaster, and is tried on request
_SLOW_FORECASTERS = (
    "GaussianProcess", "GradientBoosting", "OnlineGradientDescentRegressor", "SGD", "LassoLars", "Prophet",
    "TCNForecaster",
)  # fmt: skip
#: what is tried, besides, where deep learning is asked for
_DEEP_FORECASTER = "TCNForecaster"


def choose_learners(
    job: TabularJob, n_rows: int, n_classes: int, notes: list[dict[str, str]], *, has_gaps: bool = False
) -> tuple[str, ...]:
    """Return the keys of the learners that are tried, in the order asked for.

    Parameters
    ----------
    job : AutoMLJob
        What was asked.
    n_rows, n_classes : int
        Of the table; no classes in regression.
    notes : list of dict
        Takes what is left out, and why.
    has_gaps : bool, default False
        Whether learners get columns with missing values as they are.

    Raises
    ------
    SpecError
        When none is left.
    """
    from automl_jupyter.learners import available, learners

    said: list[dict[str, str]] = []
    named = job.training.allowed_training_algorithms or []
    asked = [learners.get(name).key for name in named if name in learners]
    blocked = {learners.get(name).key for name in job.training.blocked_training_algorithms or [] if name in learners}
    installed = {info.key: info for info in available(job.task) if info.key != "Dummy"}
    there = _fitting(job, installed, said, has_gaps=has_gaps)
    waiting: list[str] = []
    if job.task == "forecasting":
        if _adds_deep(job, asked, blocked, said):
            asked.append(_DEEP_FORECASTER)
        waiting = [k for k in _SLOW_FORECASTERS if k in installed and k not in (*asked, *blocked)]
        if waiting and not named:
            verb = "is" if len(waiting) == 1 else "are"
            what = f"{listing(waiting, last='and')} {verb} tried only where allowed_training_algorithms names them"
            add_note(said, "learners", what, "as forecasters they gain too little for their time")
    _note_missing(named, asked, installed, said)
    keys = [
        key
        for key in (asked if named else there)
        if key in there
        and key not in blocked
        and key not in waiting
        and (key in asked or not _grows_too_fast(there[key], n_rows, n_classes, said))
    ]
    notes += said
    if not keys:
        raise _none_left(job.task, list(installed), [k for k in there if k not in blocked], said)
    return tuple(keys)


def _fitting(
    job: TabularJob, installed: Mapping[str, LearnerInfo], said: list[dict[str, str]], *, has_gaps: bool
) -> dict[str, LearnerInfo]:
    """Return the learners that are up to what the settings want of models and leave of the columns."""
    there = dict(installed)
    if job.training.enable_onnx_compatible_models:
        there = {key: info for key, info in there.items() if info.onnx}
        what = "Only learners that can be converted to ONNX are tried, and no stack ensemble is built"
        add_note(said, "learners", what, "enable_onnx_compatible_models is set")
    if has_gaps:
        there = {key: info for key, info in there.items() if info.recipe == "tree"}
        why = "columns have missing values, which mode 'off' leaves as they are"
        add_note(said, "learners", "Only learners that take missing values are tried", why)
    return there


def _adds_deep(job: TabularJob, asked: list[str], blocked: set[str], said: list[dict[str, str]]) -> bool:
    """Return whether the deep forecaster is tried besides the others; lists of names win over the switch."""
    if not job.training.enable_dnn_training:
        return False
    why = ""
    if _DEEP_FORECASTER in blocked:
        why = f"blocked_training_algorithms names {_DEEP_FORECASTER}"
    elif job.training.allowed_training_algorithms and _DEEP_FORECASTER not in asked:
        why = f"allowed_training_algorithms does not name {_DEEP_FORECASTER}"
    if why:
        add_note(said, "learners", "training.enable_dnn_training changes nothing", why, level="warning")
    return not why and not job.training.allowed_training_algorithms


def _note_missing(
    named: list[str], asked: list[str], installed: Mapping[str, LearnerInfo], said: list[dict[str, str]]
) -> None:
    """Say which of the learners asked for there are not."""
    from automl_jupyter.learners import learners

    unknown = [name for name in named if name not in learners]
    missing = [f"{key} (needs {learners.get(key).requires})" for key in asked if key not in installed]
    for names, why in ((unknown, "this version has no such learner"), (missing, "the package is not installed")):
        if names:
            add_note(said, "learners", f"{listing(names, last='and')} cannot be tried", why, level="warning")


def _grows_too_fast(info: LearnerInfo, n_rows: int, n_classes: int, said: list[dict[str, str]]) -> bool:
    """Return whether a learner takes too long for so many rows or classes to be tried unasked, and say so."""
    of = ""
    if info.max_rows is not None and n_rows > info.max_rows:
        of = f"{plural(n_rows, 'row')} (tried up to {info.max_rows:,})"
    elif info.max_classes is not None and n_classes > info.max_classes:
        of = f"{n_classes:,} classes (tried up to {info.max_classes})"
    if of:
        add_note(said, "learners", f"{info.key} is not tried", f"its time grows too fast for {of}")
    return bool(of)


def _none_left(task: str, installed: list[str], fitting: list[str], said: list[dict[str, str]]) -> SpecError:
    """Return the error of settings that leave no learner, with what led to it and what there would be."""
    causes = " ".join(f"{note['what']}: {note['why']}." for note in said)
    message = "allowed_training_algorithms and blocked_training_algorithms leave no learner that can be tried."
    if causes:
        message = f"The settings leave no learner that can be tried. {causes}"
    message += f" Installed for {task}: {listing(installed, last='and')}."
    if fitting and len(fitting) < len(installed):
        message += f" Of these, {listing(fitting, last='and')} could be tried."
    return SpecError([Problem("training", message)])
