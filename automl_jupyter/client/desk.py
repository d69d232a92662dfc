"""What a page may ask of a job: requests that change what it does, and questions about its models."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Mapping
from typing import Any

from automl_jupyter.client.cell import cell_of_run
from automl_jupyter.errors import AutoMLError
from automl_jupyter.results.model_page import chart_picture, model_page
from automl_jupyter.results.words import presentable
from automl_jupyter.spec.render import render_cell

#: a page may ask for one week at once; more is rather a slip of the hand
_MOST_MINUTES = 10_000

_log = logging.getLogger(__name__)


def _model_of(content: Mapping[str, Any]) -> str | int:
    model = content.get("model")
    if isinstance(model, bool) or not isinstance(model, str | int):
        raise AutoMLError("Which model is meant was not said.")
    return model


def _minutes(content: Mapping[str, Any]) -> float:
    minutes = content.get("minutes")
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 0 < minutes <= _MOST_MINUTES:
        raise AutoMLError(f"Minutes: {minutes!r} is no number above 0 and at most {_MOST_MINUTES:,}.")
    return float(minutes)


#: what a button asks -> what is done; a request is put, nothing waits
_ACTS: Mapping[str, Callable[[Any, Mapping[str, Any]], object]] = {
    "cancel": lambda job, _: job.cancel(),
    "pause": lambda job, _: job.pause(),
    "unpause": lambda job, _: job.unpause(),
    "extend": lambda job, content: job.extend(_minutes(content)),
    "skip": lambda job, content: job.skip(_model_of(content)),
    "block": lambda job, content: job.block(str(content.get("learner"))),
}
#: what can be asked of a job that runs
REQUESTS = tuple(_ACTS)


def act(job: Any, content: Mapping[str, Any]) -> str:
    """Do what a button asks; return why it was refused, or an empty text.

    Parameters
    ----------
    job : Job
        The job.
    content : mapping
        ``type`` names the request; unknown ones are ignored, since a page may be of another version.
    """
    wanted = _ACTS.get(str(content.get("type")))
    if wanted is None:
        return ""
    try:
        wanted(job, content)
    except AutoMLError as refused:
        return str(refused)
    return ""


def _cell_of(job: Any) -> str:
    """Return the cell that asks for the same again: the job's own name is taken, and becomes the variable's."""
    spec = job.spec
    variable = cell_of_run(spec.name)
    spec.name = None
    return render_cell(spec, variable)


def answer(job: Any, question: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a page asked: a model's page, one chart as a picture, or the job's cell. Never raises.

    Returns
    -------
    dict
        JSON; ``error`` says why there is no answer.
    """
    try:
        if question.get("what") == "cell":
            return {"cell": _cell_of(job)}
        model = _model_of(question)
        if question.get("what") == "model":
            page = model_page(job, model)
            return {**presentable(page), "code": page["code"], "diagram": page["diagram"]}
        column = question.get("column")
        picture, says = chart_picture(
            job,
            model,
            str(question.get("chart")),
            dark=bool(question.get("dark")),
            column=column if isinstance(column, int) else None,
        )
        return {"png": base64.b64encode(picture).decode("ascii"), "says": presentable(says)}
    except AutoMLError as error:
        return {"error": presentable(str(error))}
    except Exception as error:  # noqa: BLE001 a page must hear of it, and the job goes on
        _log.warning("A question about job %r failed.", job.name, exc_info=True)
        return {"error": presentable(f"{type(error).__name__}: {error}")}
