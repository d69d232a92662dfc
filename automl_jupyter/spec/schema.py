"""The JSON Schema of a job, from which forms, completion, editors and the manual are made."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from automl_jupyter.spec.algorithms import algorithm_names
from automl_jupyter.spec.base import Settings
from automl_jupyter.spec.jobs import JOB_CLASSES, JobSpec
from automl_jupyter.spec.metric_names import metric_names


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the ten tasks: descriptions, bounds, names and defaults.

    Examples
    --------
    >>> sorted(json_schema()["discriminator"]["mapping"])[0]
    'classification'
    """
    return _with_names(TypeAdapter(JobSpec).json_schema())


def _with_names(schema: dict[str, Any]) -> dict[str, Any]:
    definitions = schema["$defs"]
    for task, kind in JOB_CLASSES.items():
        job = definitions[kind.__name__]
        for name in kind.needed:
            job["properties"][name].pop("default", None)
        job["required"] = ["task", *kind.needed]
        _enumerate(job["properties"]["primary_metric"], metric_names(task))
        training = definitions.get(f"{task.title()}TrainingSettings")
        if training is not None:
            for name in ("allowed_training_algorithms", "blocked_training_algorithms"):
                for branch in training["properties"][name]["anyOf"]:
                    if branch.get("type") == "array":
                        branch["items"]["enum"] = list(algorithm_names(task))
    table = definitions["Input"]
    definitions["Input"] = {
        "anyOf": [{"type": "string"}, {k: v for k, v in table.items() if k not in ("title", "description")}],
        "title": "Input",
        "description": "The name of a notebook variable, a path or URL, or a mapping of type and path or name.",
    }
    _add_spellings(definitions)
    return schema


def _add_spellings(definitions: dict[str, Any]) -> None:
    """Let the schema take what the parser takes besides: one value in place of a list, and further names of fields."""
    for kind in _kinds(Settings):
        properties = definitions.get(kind.__name__, {}).get("properties", {})
        for field in properties.values():
            _add_single(field)
        for former, name in {**kind.renamed, **kind.synonyms}.items():
            if name in properties:
                same = {k: v for k, v in properties[name].items() if k not in ("default", "title", "description")}
                properties[former] = {**same, "description": f"Another name of {name}.", "deprecated": True}
    for kind in JOB_CLASSES.values():  # what every job file of Azure Machine Learning begins with
        definitions[kind.__name__]["properties"] |= {
            "$schema": {"type": "string", "description": "Where an editor finds a schema of the file; not used."},
            "type": {"const": "automl", "description": "The kind of job."},
        }


def _kinds(kind: type[Settings]) -> Iterator[type[Settings]]:
    yield kind
    for inner in kind.__subclasses__():
        yield from _kinds(inner)


def _add_single(field: dict[str, Any]) -> None:
    for branch in list(field.get("anyOf", ())):
        items = branch.get("items", {})
        if branch.get("type") == "array" and items.get("type") in ("string", "integer"):
            field["anyOf"].insert(field["anyOf"].index(branch) + 1, dict(items))


def _enumerate(field: dict[str, Any], names: tuple[str, ...]) -> None:
    for branch in field.get("anyOf", [field]):
        if branch.get("type") == "string":
            branch["examples"] = list(names)


@cache
def job_schema(task: str) -> dict[str, Any]:
    """Return the JSON Schema of one task's job, with its definitions."""
    whole = json_schema()
    return {**whole["$defs"][JOB_CLASSES[task].__name__], "$defs": whole["$defs"]}
