"""From what was asked to the rows a job learns from."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from automl_jupyter._core.text import did_you_mean, listing, plain, plural
from automl_jupyter.data.dataset import Note, TestTable, TimeTable, TrainingTable
from automl_jupyter.data.files import is_url, read_file, read_folder
from automl_jupyter.data.frames import as_frame, is_table, stack_rows
from automl_jupyter.data.instants import find_instants
from automl_jupyter.data.kinds import UnreadableValueError, holds_instants, kind_of, to_texts
from automl_jupyter.data.mltable import MLTABLE_FILE, read_mltable
from automl_jupyter.data.roles import Roles, feature_types, read_roles
from automl_jupyter.data.schema import resolve_types
from automl_jupyter.data.split import cut_holdout
from automl_jupyter.data.target import Target, assign_codes, find_classes, read_target
from automl_jupyter.errors import DataError, Problem

if TYPE_CHECKING:
    from automl_jupyter.spec.inputs import Input
    from automl_jupyter.spec.job import AutoMLJob

_SHARED = ("target_column_name", "weight_column_name")
_NEEDED = {
    "training_data": (*_SHARED, "group_column_name", "time_column_name", "cv_split_column_names"),
    "validation_data": _SHARED,
    "test_data": ("target_column_name",),
}


def load_frame(
    source: Input | Any, *, namespace: Mapping[str, Any] | None = None, base: Path = Path(), field: str = "data"
) -> pd.DataFrame:
    """Return the table behind an input.

    Parameters
    ----------
    source : Input or object
        An input with a table, a notebook variable's name or a path; or a table itself; or a path as text.
    namespace : mapping, optional
        The notebook's variables; a name is looked up here first and taken for a path after that. A table that was in
        memory when the job began, which is not kept with it, is looked up by `field`.
    base : Path, default "."
        The folder relative paths start from.
    field : str, default "data"
        The field of the job it was given for; errors start with it.

    Returns
    -------
    pandas.DataFrame
        With text column names; a pandas table in memory is not copied.

    Raises
    ------
    DataError
        When there is no such variable or file, or it is not a table.

    Examples
    --------
    >>> load_frame("rows", namespace={"rows": {"a": [1, 2]}}).shape
    (2, 1)
    """
    if is_table(source) or isinstance(source, Mapping | list | pd.Series):
        return as_frame(source, field=field)  # before anything is asked of it: a column may be called "name"
    if isinstance(source, str | Path):
        name, path = str(source), str(source)
    else:
        frame = getattr(source, "frame", None)
        if frame is not None:
            return as_frame(frame, field=field)
        name, path = getattr(source, "name", None) or "", getattr(source, "path", None) or ""
        if not name and not path:
            if getattr(source, "type", None) != "frame":
                return as_frame(source, field=field)
            if field not in (namespace or {}):
                raise DataError([Problem(field, _not_kept(field))])
            name = field
    variables = namespace or {}
    if name and name in variables:
        value = variables[name]
        if isinstance(value, str | Path) and str(value) != name:
            return _from_path(str(value), base, field)
        return as_frame(value, field=field)
    if not path and name:
        if not os.path.exists(base / name):
            raise DataError([Problem(field, _no_variable(name, variables, namespace is not None))])
        path = name
    return _from_path(path, base, field)


def _not_kept(field: str) -> str:
    return (
        "is a table in memory, which a job does not keep. Give the same rows again: in a notebook by a variable called"
        f" {field}, in Python by namespace={{{field!r}: table}}."
    )


def _no_variable(name: str, variables: Mapping[str, Any], asked_notebook: bool) -> str:
    tables = [n for n, v in variables.items() if isinstance(n, str) and not n.startswith("_") and is_table(v)]
    where = "There is no variable and no file" if asked_notebook else "There is no file"
    known = f" Tables in the notebook: {listing(tables, last='and', most=10)}." if tables else ""
    return f"{where} {plain(name)!r}.{did_you_mean(name, tables) or known}"


def _from_path(path: str, base: Path, field: str) -> pd.DataFrame:
    if path.startswith("azureml:"):
        message = (
            f"{plain(path)!r} is in an Azure Machine Learning workspace. Download it and give the path of the copy."
        )
        raise DataError([Problem(field, message)])
    if path.startswith("file://"):
        path = path.removeprefix("file://")
    if is_url(path):
        return as_frame(read_file(path, field=field), field=field)
    # As os.path looks: where that is not possible there is nothing, and opening it says why.
    place = base / os.path.expanduser(path)
    if place.name == MLTABLE_FILE and os.path.isfile(place):
        place = place.parent
    if os.path.isdir(place):
        read = read_mltable if os.path.isfile(place / MLTABLE_FILE) else read_folder
        return as_frame(read(place, field=field), field=field)
    return as_frame(read_file(str(place), field=field), field=field)


@dataclass
class _Part:
    """The rows of one input while they are being checked."""

    where: str
    frame: pd.DataFrame
    roles: Roles = field(default_factory=Roles)
    target: Target | None = None
    #: which rows of the input these are; None for all
    rows: np.ndarray | None = None


def load_training_table(
    job: AutoMLJob, *, namespace: Mapping[str, Any] | None = None, base: Path = Path()
) -> TrainingTable:
    """Read, check and arrange everything a job learns from.

    Parameters
    ----------
    job : AutoMLJob
        What was asked.
    namespace : mapping, optional
        The notebook's variables.
    base : Path, default "."
        The folder relative paths start from.

    Returns
    -------
    TrainingTable

    Raises
    ------
    DataError
        With every problem found: missing inputs and columns, too few classes, a target that is no number, rows
        without weight, labels that training does not know.
    """
    problems: list[Problem] = []
    notes: list[Note] = []
    parts = _read_parts(job, namespace, base, problems)
    training = parts.get("training_data")
    if training is None:
        raise DataError(problems)
    if job.task == "forecasting":
        return _load_series(job, parts, problems)
    _check_columns(job, parts, problems)
    if problems:
        raise DataError(problems)
    for part in parts.values():
        part.target = read_target(part.frame[job.target_column_name], _is_regression(job), part.where, problems, notes)
        if part.target is not None:
            _keep_rows(part, part.target.kept)
            part.roles = read_roles(job, part.frame, part.where, problems, notes)
    classes = _settle_classes(job, parts, problems, notes)
    if problems:
        raise DataError(problems)
    for part in parts.values():
        part.frame = part.frame.drop(columns=[c for c in _not_features(job) if c in part.frame.columns])
    _check_features(training, problems)
    if problems:
        raise DataError(problems)
    _cut_test(job, parts, classes, notes)
    return _assemble(job, parts, classes, notes)


def _load_series(job: AutoMLJob, parts: Mapping[str, _Part], problems: list[Problem]) -> TrainingTable:
    """Arrange the rows of a forecasting job as series."""
    from automl_jupyter.data.forecast import check_series_columns, read_series, series_roles
    from automl_jupyter.data.gaps import fill_target
    from automl_jupyter.data.series import read_panel
    from automl_jupyter.data.series_rows import Report
    from automl_jupyter.spec.tabular import ForecastingJob

    assert isinstance(job, ForecastingJob)
    frames = {name: part.frame for name, part in parts.items()}
    problems += check_series_columns(job, frames)
    if problems:
        raise DataError(problems)
    for name, frame in frames.items():
        observed = frame[frame[job.target_column_name].notna()]
        if len(observed):
            read_roles(job, observed, name, problems, [])
    if problems:
        raise DataError(problems)
    panel, settings, n_validation, report = read_series(job, frames["training_data"], frames.get("validation_data"))
    columns = [str(c) for c in panel.X.columns]
    types, unsuitable = feature_types(job, columns)
    problems += [*unsuitable, *resolve_types(types, columns)[1]]
    held = None
    if "test_data" in frames and not problems:
        of_test, roles = Report(), series_roles(job)
        roles = replace(roles, frequency=panel.index.frequency, like=panel.index)
        found = read_panel(frames["test_data"], roles, "test_data", of_test)
        problems += of_test.problems
        report.notes += [_of_test(note) for note in of_test.notes if note.level == "warning"]
        if found is not None:
            y = fill_target(found.y, found.index, settings.target_fill)
            held = TestTable(found.X, y, found.weight, found.index)
    if problems:
        raise DataError(problems)
    n_train = panel.index.n_rows - (0 if n_validation is None else int(n_validation.sum()))
    return TrainingTable(
        X=panel.X,
        y=panel.y,
        classes=None,
        weight=panel.weight,
        groups=None,
        times=None,
        custom_folds=None,
        n_training=n_train,
        test=held,
        target=str(job.target_column_name),
        notes=tuple(report.notes),
        fingerprint=fingerprint(panel.X, panel.y, panel.weight, panel.index.starts, panel.index.offsets),
        time=TimeTable(panel.index, settings, n_validation, tuple(report.findings), panel.n_made),
    )


def _of_test(note: Note) -> Note:
    what = note.what if "test_data" in note.what else f"In test_data: {note.what}"
    return replace(note, topic="test data", what=what)


def _is_regression(job: AutoMLJob) -> bool:
    return str(job.task) == "regression"


def _read_parts(
    job: AutoMLJob, namespace: Mapping[str, Any] | None, base: Path, problems: list[Problem]
) -> dict[str, _Part]:
    parts: dict[str, _Part] = {}
    for name in ("training_data", "validation_data", "test_data"):
        source = getattr(job, name, None)
        if source is None:
            if name == "training_data":
                problems.append(Problem(name, "is missing. Give a table, its name in the notebook, or a path."))
            continue
        try:
            frame = load_frame(source, namespace=namespace, base=base, field=name)
        except DataError as error:
            problems.extend(error.problems)
            continue
        if len(frame) == 0:
            problems.append(Problem(name, "The table has no rows."))
        numbered = pd.RangeIndex(len(frame))
        if not frame.index.equals(numbered):  # the rows' labels are not data
            frame = frame.set_axis(numbered, axis=0)
        parts[name] = _Part(name, frame)
    return parts


def _role_columns(job: AutoMLJob) -> dict[str, list[str]]:
    """Return the columns the job names by the field that names them."""
    named = {
        "target_column_name": job.target_column_name,
        "weight_column_name": getattr(job, "weight_column_name", None),
        "group_column_name": getattr(job, "group_column_name", None),
        "time_column_name": getattr(job, "time_column_name", None),
    }
    columns = {key: [str(value)] for key, value in named.items() if value}
    columns["cv_split_column_names"] = [str(c) for c in getattr(job, "cv_split_column_names", None) or ()]
    return columns


def _not_features(job: AutoMLJob) -> list[str]:
    """Return the columns no feature is made of. The time column stays: its month or hour may matter."""
    return [c for key, names in _role_columns(job).items() if key != "time_column_name" for c in names]


def _check_columns(job: AutoMLJob, parts: Mapping[str, _Part], problems: list[Problem]) -> None:
    roles = _role_columns(job)
    if "target_column_name" not in roles:
        problems.append(Problem("target_column_name", "is missing. Name the column to predict."))
    for part in parts.values():
        names = [str(c) for c in part.frame.columns]
        for key, wanted in roles.items():
            optional = key not in _NEEDED[part.where]
            for column in wanted:
                if column not in names and not optional:
                    here = "" if part.where == "training_data" else f" in {part.where}"
                    hint = did_you_mean(column, names) or f" Columns: {_shown(names)}."
                    problems.append(Problem(key, f"There is no column {plain(column, most=80)!r}{here}.{hint}"))
    training = parts["training_data"]
    not_features = set(_not_features(job))
    features = [str(c) for c in training.frame.columns if c not in not_features]
    for part in parts.values():
        there = set(part.frame.columns)
        lacking = [c for c in features if c not in there]
        if lacking:
            problems.append(Problem(part.where, f"Columns of training_data are missing: {_shown(lacking)}."))
    types, unsuitable = feature_types(job)
    problems += [*unsuitable, *resolve_types(types, [str(c) for c in training.frame.columns])[1]]


def _shown(names: list[str]) -> str:
    return listing([plain(n, most=60) for n in names], last="and", most=10)


def _keep_rows(part: _Part, kept: np.ndarray | None) -> None:
    if kept is not None:
        part.rows = np.flatnonzero(kept)
        part.frame = part.frame.loc[kept].set_axis(pd.RangeIndex(int(kept.sum())), axis=0)


def _check_features(training: _Part, problems: list[Problem]) -> None:
    if training.frame.shape[1] == 0:
        problems.append(Problem("training_data", "There is no column to learn from besides the target."))


def _settle_classes(
    job: AutoMLJob, parts: Mapping[str, _Part], problems: list[Problem], notes: list[Note]
) -> np.ndarray | None:
    """Find the classes in the training rows and give every part its codes."""
    training = parts["training_data"].target
    if _is_regression(job) or training is None:
        return None
    classes = find_classes(training, problems, notes)
    for part in parts.values():
        if part.target is not None and classes is not None:
            assign_codes(part.target, classes, part.where, problems)
    return classes


def _cut_test(job: AutoMLJob, parts: dict[str, _Part], classes: np.ndarray | None, notes: list[Note]) -> None:
    """Set the test rows aside before anything else is split, so that nothing is ever chosen by them."""
    size = getattr(job, "test_data_size", None)
    training = parts["training_data"]
    if not size or "test_data" in parts or training.target is None:
        return
    roles, y = training.roles, training.target.values
    random = np.random.default_rng([getattr(job, "random_state", None) or 0, 1])
    codes = y if classes is not None else None
    kept, aside = cut_holdout(len(y), float(size), random=random, codes=codes, groups=roles.groups, times=roles.times)
    if len(np.unique(y[kept])) < 2:  # groups and instants are cut whole, whatever they hold
        what = "class" if classes is not None else "value of the target"
        message = f"One {what} only is left in the training rows when the share {size} is set aside for the test."
        raise DataError([Problem("test_data_size", f"{message} Make it smaller, or give test_data.")])
    rows = aside if training.rows is None else training.rows[aside]
    target = training.target.take(aside)
    parts["test_data"] = _Part("test_data", training.frame.iloc[aside], roles.take(aside), target, rows)
    training.frame = training.frame.iloc[kept].set_axis(pd.RangeIndex(len(kept)), axis=0)
    training.roles, training.target = roles.take(kept), training.target.take(kept)
    what = f"{plural(len(aside), 'row')} of {plural(len(y), 'row')} were set aside to test the final model."
    notes.append(Note("test data", what, f"test_data_size is {size}; the test rows are cut before validation."))
    if lost := len(y) - len(kept) - len(aside):
        left = f"{plural(lost, 'earlier row')} {'is' if lost == 1 else 'are'} left out."
        notes.append(Note("test data", left, "Other rows of the same groups test the model."))


def _assemble(
    job: AutoMLJob, parts: Mapping[str, _Part], classes: np.ndarray | None, notes: list[Note]
) -> TrainingTable:
    training, validation, test = (parts.get(n) for n in ("training_data", "validation_data", "test_data"))
    assert training is not None
    assert training.target is not None
    X, y, roles = training.frame, training.target.values, training.roles
    n_training = len(y)
    if validation is not None and validation.target is not None:
        X = stack_rows([X, _with_dates(validation.frame[list(X.columns)], X)])
        y = np.concatenate([y, validation.target.values])
        roles = roles.join(validation.roles)
        if validation.frame.shape[1] > X.shape[1]:
            known = set(X.columns)
            extra = [str(c) for c in validation.frame.columns if c not in known]
            notes.append(
                Note("validation data", f"Columns are left out: {_shown(extra)}.", "training_data lacks them.")
            )
    held = None
    if test is not None and test.target is not None:
        rows = test.frame[list(X.columns)].set_axis(pd.RangeIndex(len(test.frame)), axis=0)
        held = TestTable(rows, test.target.values, test.roles.weight, rows=test.rows)
    return TrainingTable(
        X=X,
        y=y,
        classes=classes,
        weight=roles.weight,
        groups=roles.groups,
        times=roles.times,
        custom_folds=roles.custom_folds,
        n_training=n_training,
        test=held,
        target=str(job.target_column_name),
        notes=tuple(notes),
        fingerprint=fingerprint(X, y, roles.weight, roles.groups, roles.times, roles.custom_folds, classes),
    )


def _with_dates(frame: pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
    """Return later rows with dates where these are texts and the first rows hold dates.

    All texts of a column say together whether their day comes first; between dates each would be read by itself.
    """
    found: dict[str, Any] = {}
    for name in frame.columns:
        if kind_of(frame[name]) == "text" and holds_instants(like[name]) and not holds_instants(frame[name]):
            with suppress(UnreadableValueError):  # said when the rows are encoded
                found[name] = find_instants(frame[name])
    return frame.assign(**found) if found else frame


def fingerprint(X: pd.DataFrame, *arrays: np.ndarray | None) -> str:
    """Return the SHA-256 of a table's names, dtypes and values; the same in every process.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": [1, 2]})
    >>> fingerprint(frame) == fingerprint(frame.copy()), fingerprint(frame) == fingerprint(frame + 1)
    (True, False)
    """
    digest = hashlib.sha256(str(len(X)).encode())
    for position, name in enumerate(X.columns):
        series = X.iloc[:, position]
        digest.update(f"\0{name!r}\0{series.dtype}".encode("utf-8", "replace"))
        try:
            hashed = pd.util.hash_pandas_object(series, index=False).to_numpy()
        except (TypeError, ValueError, OverflowError, IndexError):
            # Lists, mappings, halves of surrogate pairs, 10**400; in pandas 2 an Arrow dictionary of nothing.
            texts = pd.Series(["\0" if t is None else t for t in to_texts(series)], dtype=object)
            hashed = pd.util.hash_pandas_object(texts, index=False).to_numpy()
        digest.update(np.ascontiguousarray(hashed).data)
    for values in arrays:
        digest.update(b"\1")
        if values is None:
            continue
        plain_values = (
            values
            if values.dtype != object
            else np.asarray([str(v).encode("utf-8", "replace") for v in values], dtype="S")
        )
        digest.update(np.ascontiguousarray(plain_values).tobytes())
    return digest.hexdigest()
