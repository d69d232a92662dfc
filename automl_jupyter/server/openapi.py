"""The addresses as an OpenAPI description."""

from __future__ import annotations

from typing import Any

from automl_jupyter import __version__
from automl_jupyter.client.desk import REQUESTS
from automl_jupyter.store.summary import JobSummary

_JOB = "/jobs/{workspace}/{name}"
_OF_JOB = [
    {"name": "workspace", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[0-9a-f]{12}$"}},
    {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}},
]
_MODEL = {"description": "A trial's number, or a label of the leaderboard.", "type": ["string", "integer"]}
_REQUEST = {
    "type": "object",
    "required": ["type"],
    "properties": {
        "type": {"enum": list(REQUESTS)},
        "minutes": {"type": "number", "exclusiveMinimum": 0, "description": "For `extend`."},
        "model": {"description": "For `skip`: the trial's number.", "type": "integer"},
        "learner": {"description": "For `block`.", "type": "string"},
    },
}
_REFUSED = {"400": "There is no such request.", "409": "Refused."}
_QUESTION = {
    "type": "object",
    "required": ["what"],
    "properties": {
        "what": {"enum": ["model", "chart", "cell"], "description": "`cell`: what was asked of the job."},
        "model": _MODEL,
        "chart": {"type": "string", "description": "For `chart`: a name from the model's page."},
        "column": {"type": "integer", "description": "For charts of one column: its place in the page's list."},
        "dark": {"type": "boolean"},
    },
}
_TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
_PLACE = {
    "type": "object",
    "required": ["text"],
    "properties": {
        "text": {"type": "string", "description": "The whole cell."},
        "row": {"type": "integer", "minimum": 0, "default": 0},
        "column": {"type": "integer", "minimum": 0, "default": 0},
    },
}
_PROBLEM = {
    "type": "object",
    "properties": {"line": {"type": "integer"}, "where": {"type": "string"}, "message": {"type": "string"}},
}


def openapi(base_url: str) -> dict[str, Any]:
    """Return the description, for a server at `base_url`.

    Examples
    --------
    >>> sorted(openapi("/")["paths"])[0]
    '/check'
    """
    summary = JobSummary.model_json_schema()
    return {
        "openapi": "3.1.0",
        "info": {"title": "automl-jupyter", "version": __version__},
        "servers": [{"url": f"{base_url}automl-jupyter/api"}],
        "security": [{"token": []}],
        "paths": {
            "/jobs": {"get": _reads("All jobs, the newest first.", {"$ref": "#/components/schemas/Jobs"})},
            "/jobs/stream": {"get": _streams("Events `jobs` (all), then `changes` (`jobs` and `gone`).")},
            _JOB: {"get": _reads("A job's snapshot.", {"type": "object"}, of_job=True)},
            f"{_JOB}/stream": {
                "get": _streams("Events `snapshot`, then `delta`; `over` when nothing more will come.", of_job=True)
            },
            f"{_JOB}/requests": {"post": _posts("Ask something of a job.", _REQUEST, "202", _REFUSED)},
            f"{_JOB}/answers": {
                "post": _posts("Ask about a model: its page, or a chart as PNG.", _QUESTION, "200", {})
            },
            f"{_JOB}/files": {"get": _reads("The files of a job.", {"type": "object"}, of_job=True)},
            f"{_JOB}/files/{{path}}": {"get": _reads("One file of a job, as an attachment.", {}, of_job=True)},
            "/check": {"post": _posts("The problems of a cell's text.", _TEXT, "200", {}, of_job=False)},
            "/complete": {"post": _posts("What may be written at a place of a cell.", _PLACE, "200", {}, of_job=False)},
            "/explain": {"post": _posts("What the field at a place of a cell means.", _PLACE, "200", {}, of_job=False)},
            "/schema": {"get": _reads("The JSON Schema of jobs.", {"type": "object"})},
            "/openapi.json": {"get": _reads("This description.", {"type": "object"})},
        },
        "components": {
            "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "Authorization"}},
            "schemas": {
                "JobSummary": summary,
                "Problem": _PROBLEM,
                "Jobs": {
                    "type": "object",
                    "properties": {
                        "workspaces": {"type": "object", "additionalProperties": {"type": "string"}},
                        "jobs": {"type": "array", "items": {"$ref": "#/components/schemas/JobSummary"}},
                    },
                },
            },
        },
    }


def _reads(says: str, schema: dict[str, Any], *, of_job: bool = False) -> dict[str, Any]:
    found = {"200": {"description": says, "content": {"application/json": {"schema": schema}}}}
    return {"summary": says, "parameters": _OF_JOB if of_job else [], "responses": found}


def _streams(says: str, *, of_job: bool = False) -> dict[str, Any]:
    found = {"200": {"description": says, "content": {"text/event-stream": {}}}}
    return {"summary": says, "parameters": _OF_JOB if of_job else [], "responses": found}


def _posts(
    says: str, body: dict[str, Any], status: str, other: dict[str, str], *, of_job: bool = True
) -> dict[str, Any]:
    responses = {code: {"description": text} for code, text in {status: says, **other}.items()}
    content = {"required": True, "content": {"application/json": {"schema": body}}}
    return {"summary": says, "parameters": _OF_JOB if of_job else [], "requestBody": content, "responses": responses}
