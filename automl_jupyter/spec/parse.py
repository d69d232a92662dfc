"""From a cell, a file, a mapping or the options of a magic line to a checked job."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from os import PathLike
from pathlib import Path
from typing import Any

from automl_jupyter._core.text import suggest
from automl_jupyter.errors import Problem, SpecError
from automl_jupyter.spec.base import Settings, allowed_text, nullable, sections, under
from automl_jupyter.spec.job import AutoMLJob
from automl_jupyter.spec.jobs import JOB_CLASSES, job_class
from automl_jupyter.spec.kinds import shown
from automl_jupyter.spec.options import OPTIONS, option_key
from automl_jupyter.spec.yaml_core import load, scalar

_OPTION_TYPES = {option.key: option.type for option in OPTIONS}
#: Fields where the text of an option stays text, however it looks.
_TEXT_MARKS = ("text", "a path or a URL", "the name of a column", "a class label")
_NULLS = ("null", "Null", "NULL")


def parse_cell(body: str, options: Mapping[str, Any] | None = None) -> AutoMLJob:
    """Return the job that a cell and its magic line ask for.

    Parameters
    ----------
    body : str
        YAML; may be empty.
    options : mapping, optional
        Values that win over the body, by dotted field (``limits.timeout_minutes``), by the name of an option
        (``timeout``) or by flag (``--timeout``). Text is read as YAML reads a value, unless the field is text
        itself; ``null`` unsets that, too, where it may be unset.

    Returns
    -------
    AutoMLJob

    Raises
    ------
    SpecError
        With every problem and its line.

    Examples
    --------
    >>> job = parse_cell("task: regression\\ntarget_column_name: y", {"data": "df", "timeout": "5"})
    >>> job.training_data.name, job.limits.timeout_minutes
    ('df', 5.0)
    """
    value, lines, problems = load(body)
    if value is None:
        value = {}
    if not isinstance(value, dict):
        raise SpecError(
            [
                Problem(
                    "",
                    f"the cell says {shown(value)}; write settings, one to a line, such as 'task: classification'.",
                )
            ]
        )
    return _job(value, lines, options or {}, problems)


def parse_yaml(text: str) -> AutoMLJob:
    """Return the job that a YAML text asks for.

    Raises
    ------
    SpecError
        With every problem and its line.

    Examples
    --------
    >>> parse_yaml("{task: classification, training_data: df, target_column_name: y}").task
    'classification'
    """
    return parse_cell(text)


def parse_file(path: str | PathLike[str]) -> AutoMLJob:
    """Return the job of a YAML file, one written for Azure Machine Learning's command line too.

    Raises
    ------
    SpecError
        With every problem and its line, or when the file cannot be read.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not UTF-8 text"
        raise SpecError(f"The file {shown(str(path))} cannot be read: {reason}.") from None
    return parse_cell(text)


def parse_mapping(fields: Mapping[str, Any]) -> AutoMLJob:
    """Return the job that a mapping asks for, as :meth:`AutoMLJob.to_dict` gives it.

    Raises
    ------
    SpecError
        With every problem.

    Examples
    --------
    >>> job = parse_mapping({"task": "regression", "training_data": "df", "target_column_name": "y"})
    >>> parse_mapping(job.to_dict()) == job
    True
    """
    return _job(dict(fields), {}, {}, [])


def _job(
    fields: dict[str, Any], lines: Mapping[str, int], options: Mapping[str, Any], problems: list[Problem]
) -> AutoMLJob:
    fields = dict(fields)
    fields.pop("$schema", None)
    kind = fields.pop("type", "automl")
    if kind != "automl":
        problems.append(Problem("type", f"{shown(kind)} is not allowed; an AutoML job has type 'automl'."))
    wanted = {option_key(str(key)): value for key, value in options.items() if value is not None}
    task = wanted.pop("task", None) or fields.pop("task", None)
    fields.pop("task", None)
    try:
        found = job_class(task)
    except SpecError as error:
        problems += error.problems
        near = suggest(task, JOB_CLASSES) if isinstance(task, str) else None
        if near is None:
            problems += _without_task(fields)
        else:  # what is meant is plain enough to look at the rest as well
            _override(fields, wanted, JOB_CLASSES[near])
            problems += JOB_CLASSES[near].attempt(fields)[1]
        raise SpecError(_in_order([_with_line(p, lines) for p in problems])) from None
    overridden = _override(fields, wanted, found)
    job, faults = found.attempt(fields)
    problems = [
        p if any(p.where == o or p.where.startswith(f"{o}.") for o in overridden) else _with_line(p, lines)
        for p in (*problems, *faults)
    ]
    if problems:
        raise SpecError(_in_order(problems))
    return job


def _in_order(problems: Iterable[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda p: (p.line is None, p.line or 0))


def _without_task(fields: Mapping[str, Any]) -> Iterable[Problem]:
    """Yield the keys that no task knows, so that they are told together with the missing task."""
    classes = JOB_CLASSES.values()
    known = {n for c in classes for n in (*c.model_fields, *c.renamed, *c.synonyms)}
    for key in fields:
        if key not in known:
            yield Problem(str(key), "is not a setting of any task.")


def _override(fields: dict[str, Any], wanted: Mapping[str, Any], kind: type[AutoMLJob]) -> list[str]:
    """Put options in the place of what `fields` says, under whatever name it says it; return what they set."""
    found = []
    for key, value in wanted.items():
        *parents, last = key.split(".")
        target, path = fields, []
        inner: type[Settings] = kind
        for parent in parents:
            section = _meaning(inner, parent)
            here = next((k for k in target if _meaning(inner, k) == section), section)
            present = target.get(here)
            if isinstance(present, str) and last == "type" and _OPTION_TYPES.get(section) == "table":
                present = {"name" if present.isidentifier() else "path": present}  # the short form of a table
            target[here] = dict(present) if isinstance(present, Mapping) else {}
            target = target[here]
            path.append(section)
            inner = sections(inner).get(section, inner)
        field = _meaning(inner, last)
        for other in [k for k in target if k != last and _meaning(inner, k) == field]:
            del target[other]
        found.append(".".join((*path, field)))
        target[last] = _option_value(found[-1], value, inner)
    return found


def _meaning(settings: type[Settings], key: str) -> str:
    """Return the field that a name stands for, which may be a former one or a second spelling."""
    return {**settings.renamed, **settings.synonyms}.get(key, key)


def _option_value(where: str, value: Any, settings: type[Settings]) -> Any:
    if not isinstance(value, str):
        return list(value) if isinstance(value, tuple) else value
    name = where.rpartition(".")[2]
    is_known = name in settings.model_fields
    kind = _OPTION_TYPES.get(where) or ("text" if is_known and _is_text(settings, name) else None)
    is_word = kind in ("text", "table")
    if value in _NULLS and (not is_word or (is_known and nullable(settings, name))):
        return None
    if (value[:1] == "{" and kind != "text") or (value[:1] == "[" and not is_word):
        return _flow(where, value)
    if is_word:
        return value
    if kind == "texts":
        return [part.strip() for part in value.split(",") if part.strip()]
    return scalar(value)


def _flow(where: str, text: str) -> Any:
    """Return the list or the mapping that the value of an option writes."""
    try:
        value, _, problems = load(text)
    except SpecError as error:
        problems = list(error.problems)
    if problems:
        raise SpecError([under(where, Problem(p.where, p.message)) for p in problems])  # its line is none of the cell's
    return value


def _is_text(settings: type[Settings], name: str) -> bool:
    return allowed_text(settings, name) in _TEXT_MARKS


def _with_line(problem: Problem, lines: Mapping[str, int]) -> Problem:
    if problem.line is not None or not problem.where:
        return problem
    parts = problem.where.split(".")
    while parts:
        for where in _spellings(parts):
            if where in lines:
                return Problem(problem.where, problem.message, lines[where])
        parts = parts[:-1]
    return problem


def _spellings(parts: list[str]) -> Iterable[str]:
    """Yield a dotted field, then the other names under which it and its sections may have been written."""
    yield ".".join(parts)
    for kind in JOB_CLASSES.values():
        settings: type[Settings] | None = kind
        names: list[list[str]] = []
        for part in parts:
            others: list[str] = []
            if settings is not None:
                others = [o for o, name in {**settings.renamed, **settings.synonyms}.items() if name == part]
                settings = sections(settings).get(part)
            names.append([part, *others])
        yield from map(".".join, product(*names))
