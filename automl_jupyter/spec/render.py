"""From a job back to text: YAML, a notebook cell, Python."""

from __future__ import annotations

import keyword
import pprint
from collections.abc import Mapping
from typing import Any

from automl_jupyter.spec.base import Settings, allowed_text
from automl_jupyter.spec.inputs import Input
from automl_jupyter.spec.job import AutoMLJob
from automl_jupyter.spec.yaml_core import dump


def brief(settings: Settings) -> dict[str, Any]:
    """Return the fields of a job or section that differ from their defaults, as values JSON can hold."""
    found: dict[str, Any] = {}
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        default = field.get_default(call_default_factory=True)
        if isinstance(value, Input):
            found[name] = value.short()
        elif value == default:
            continue
        elif isinstance(value, Settings):
            found[name] = _values(value)
        elif isinstance(value, float) and _reads_as_whole(settings, name, value):
            found[name] = int(value)  # 60 minutes, not 60.0
        else:
            found[name] = _values(value)
    return found


def _reads_as_whole(settings: Settings, name: str, value: float) -> bool:
    is_number = allowed_text(type(settings), name).startswith("a number")
    return is_number and value.is_integer() and 0 < abs(value) < 1e15


def _values(value: Any) -> Any:
    if isinstance(value, Input):
        return value.short()
    if isinstance(value, Settings):
        kind = {"type": getattr(value, "type")} if "type" in type(value).model_fields else {}  # noqa: B009
        return {**kind, **brief(value)}
    if isinstance(value, Mapping):
        return {k: _values(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_values(v) for v in value]
    return value


def render_yaml(job: AutoMLJob) -> str:
    """Return a job as YAML: the task first, then only what differs from the defaults.

    Examples
    --------
    >>> from automl_jupyter.spec.jobs import make_job
    >>> print(render_yaml(make_job("regression", training_data="df", target_column_name="y")), end="")
    task: regression
    training_data: df
    target_column_name: y
    """
    return dump({"task": job.task, **{k: v for k, v in brief(job).items() if k != "task"}})


def render_cell(job: AutoMLJob, name: str = "job") -> str:
    """Return a job as a notebook cell that leaves its handle in the variable `name`.

    Examples
    --------
    >>> from automl_jupyter.spec.jobs import make_job
    >>> render_cell(make_job("regression", training_data="df", target_column_name="y"), "run").splitlines()[0]
    '%%automl run'
    """
    return f"%%automl {name}\n{render_yaml(job)}"


def render_python(job: AutoMLJob) -> str:
    """Return a job as a call of its factory, runnable in a notebook.

    Examples
    --------
    >>> from automl_jupyter.spec.jobs import make_job
    >>> print(render_python(make_job("regression", training_data="df", target_column_name="y")))
    from automl_jupyter import automl
    <BLANKLINE>
    job = automl.regression(
        training_data=df,
        target_column_name='y',
    )
    """
    lines = ["from automl_jupyter import automl", "", f"job = automl.{job.task}("]
    for name, value in brief(job).items():
        if name != "task":
            lines.append(f"    {name}={_python(getattr(job, name), value)},")
    return "\n".join([*lines, ")"])


def _python(value: Any, short: Any) -> str:
    variable = value.name if isinstance(value, Input) else None
    if variable and short == variable and not keyword.iskeyword(variable):
        return str(variable)
    text = pprint.pformat(short, width=90, sort_dicts=False)
    return text.replace("\n", "\n        ")
