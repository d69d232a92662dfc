"""What is answered at each address.

All of it behind the server's own authentication, cross-site protection and `Authorizer`: reading needs the action
``read``, requests to a job ``write``, both on the resource ``automl_jobs``.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeVar
from urllib.parse import quote

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler, authenticated

from automl_jupyter._core.text import listing, plain
from automl_jupyter.client.assist import complete_cell, explain
from automl_jupyter.client.desk import REQUESTS, act, answer
from automl_jupyter.errors import StoreError
from automl_jupyter.server.jobs import Jobs, Opened
from automl_jupyter.server.stream import EventStream, follow_job, follow_jobs

#: bytes of a request's body, at most: a question or a cell is far smaller
MOST_BYTES = 256 * 1024
#: bytes of a file that are sent at a time
_CHUNK = 1 << 20

T = TypeVar("T")


class JobsHandler(APIHandler):
    """What all addresses share."""

    auth_resource = "automl_jobs"
    _track_activity = False  # an open panel must not keep an idle server from being culled

    async def prepare(self) -> None:  # type: ignore[override] # as the class it extends does
        """Refuse bodies that are too large."""
        if len(self.request.body) > MOST_BYTES:
            raise HTTPError(413, f"A request may have {MOST_BYTES:,} bytes; this one has {len(self.request.body):,}.")
        await super().prepare()

    @property
    def jobs(self) -> Jobs:
        """What the server knows of jobs."""
        found: Jobs = self.settings["automl_jupyter_jobs"]
        return found

    async def on_thread(self, call: Callable[..., T], *arguments: Any) -> T:
        """Return what a call that reads files returns; an unknown job is a 404, a damaged one a 422."""
        try:
            return await asyncio.to_thread(call, *arguments)
        except KeyError as error:
            raise HTTPError(404, f"There is no job {plain(error.args[0], most=100)!r} here. {_GONE}") from None
        except StoreError as error:
            raise HTTPError(422, f"{error} {_DAMAGED}") from None

    def body_of(self) -> Mapping[str, Any]:
        """Return the request's body, a JSON object."""
        try:
            found = json.loads(self.request.body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise HTTPError(400, "The body of the request is no JSON object.")
        return found

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Send why, as it was said: tornado doubles percent signs for its log, and Jupyter sends them so."""
        error = (kwargs.get("exc_info") or (None, None))[1]
        if isinstance(error, HTTPError) and error.log_message and not error.args:
            self.set_header("Content-Type", "application/json")
            self.finish(json.dumps({"message": error.log_message.replace("%%", "%"), "reason": error.reason}))
        else:
            super().write_error(status_code, **kwargs)

    def send(self, value: Any, status: int = 200) -> None:
        """Send JSON."""
        self.set_status(status)
        self.set_header("Cache-Control", "no-store")
        self.finish(json.dumps(value, allow_nan=False))


_GONE = "It may have been moved or deleted; the list of jobs says which there are."
_DAMAGED = "Its folder may still hold models; start a new job, or put the log back from a copy."


class ListHandler(JobsHandler):
    """All jobs."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Send the summaries of all jobs and the folders they lie in."""
        jobs = await self.on_thread(self.jobs.list)
        self.send({"workspaces": {k: str(p) for k, p in self.jobs.workspaces().items()}, "jobs": jobs})


class JobHandler(JobsHandler):
    """One job."""

    @authenticated
    @authorized
    async def get(self, workspace: str, name: str) -> None:
        """Send a job's snapshot."""
        self.send(await self.on_thread(_snapshot, self.jobs, workspace, name))


def _snapshot(jobs: Jobs, workspace: str, name: str) -> dict[str, Any]:
    opened = jobs.open(workspace, name)
    try:
        shown = opened.shown()
        json.dumps(shown, allow_nan=False)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise StoreError(f"{opened.job.path} is damaged: its log holds values that none has ({error}).") from None
    return shown


class RequestsHandler(JobsHandler):
    """What is asked of a job that runs."""

    @authenticated
    @authorized
    async def post(self, workspace: str, name: str) -> None:
        """Put a request; whoever runs the job takes it up."""
        content = self.body_of()
        if (wanted := content.get("type")) not in REQUESTS:
            known = listing([repr(name) for name in REQUESTS])
            raise HTTPError(400, f"'type': {plain(wanted, most=60)!r} is no request; use {known}.")
        opened = await self.on_thread(self.jobs.open, workspace, name)
        refused = "The job is over." if opened.job.done else await asyncio.to_thread(act, opened.job, content)
        if refused:
            raise HTTPError(409, refused)
        self.send({}, 202)


class AnswersHandler(JobsHandler):
    """What is asked about a job's models."""

    @authenticated
    @authorized(action="read")  # type: ignore[untyped-decorator]
    async def post(self, workspace: str, name: str) -> None:
        """Send a model's page or a chart."""
        question = self.body_of()
        opened = await self.on_thread(self.jobs.open, workspace, name)
        self.send(await asyncio.to_thread(_answer, opened, question))


def _answer(opened: Opened, question: Mapping[str, Any]) -> dict[str, Any]:
    with opened.answering:
        return answer(opened.job, question)


class FilesHandler(JobsHandler):
    """The files of a job's folder."""

    @authenticated
    @authorized
    async def get(self, workspace: str, name: str) -> None:
        """Send which files there are."""
        folder = await self.on_thread(self.jobs.folder, workspace, name)
        self.send({"files": await asyncio.to_thread(_files, folder.path)})


def _files(folder: Path) -> list[dict[str, Any]]:
    return [
        {"path": path.relative_to(folder).as_posix(), "size_bytes": path.stat().st_size}
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    ]


class FileHandler(JobsHandler):
    """One file of a job's folder."""

    @authenticated
    @authorized
    async def get(self, workspace: str, name: str, path: str) -> None:
        """Send a file, to be kept and not to be shown: what lies in a job's folder is not trusted."""
        folder = (await self.on_thread(self.jobs.folder, workspace, name)).path.resolve()
        file = _inside(folder, path)
        if file is None:
            raise HTTPError(404, "There is no such file in the job's folder.")
        self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{quote(file.name, safe='')}")
        self.set_header("Content-Security-Policy", "sandbox; default-src 'none'")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Content-Type", "application/octet-stream")
        with open(file, "rb") as stream:
            size = os.fstat(stream.fileno()).st_size  # the log of a job that runs grows meanwhile
            self.set_header("Content-Length", str(size))
            if await send_bytes(self, stream, size):
                self.finish(set_content_type="application/octet-stream")


async def send_bytes(handler: RequestHandler, stream: BinaryIO, size: int) -> bool:
    """Send so many bytes of a file, piece by piece; False when whoever asked has gone."""
    while chunk := await asyncio.to_thread(stream.read, min(_CHUNK, size)):
        size -= len(chunk)
        handler.write(chunk)
        try:
            await handler.flush()
        except StreamClosedError:
            return False
    return True


def _inside(folder: Path, path: str) -> Path | None:
    """Return the file of that name in a folder, and nothing that lies elsewhere, however it is named or linked."""
    try:
        file = (folder / path).resolve()
        return file if file.is_relative_to(folder) and file.is_file() else None
    except (OSError, ValueError):  # a name too long, a null byte
        return None


class JobsStreamHandler(EventStream, JobsHandler):
    """All jobs, and what changes."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Send the list, then what is new in it, for as long as somebody reads."""
        await self.stream(follow_jobs(self.jobs))


class JobStreamHandler(EventStream, JobsHandler):
    """One job, and what changes."""

    @authenticated
    @authorized
    async def get(self, workspace: str, name: str) -> None:
        """Send a job's snapshot, then what is new in it, for as long as somebody reads."""
        opened = await self.on_thread(self.jobs.open, workspace, name)
        await self.stream(follow_job(opened))


class CheckHandler(JobsHandler):
    """What a job would be refused for."""

    @authenticated
    @authorized(action="read")  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Send the problems of a cell's text."""
        from automl_jupyter.server.check import check_cell

        text, _, _ = _place_in(self.body_of())
        self.send({"problems": await asyncio.to_thread(check_cell, text)})


class CompleteHandler(JobsHandler):
    """What may be written in a cell."""

    @authenticated
    @authorized(action="read")  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Send the texts that fit at a place of a cell; tables and columns only the kernel knows."""
        found = await asyncio.to_thread(complete_cell, *_place_in(self.body_of()), {})
        self.send(found._asdict() if found else {"fragment": "", "texts": []})


class ExplainHandler(JobsHandler):
    """What is written in a cell."""

    @authenticated
    @authorized(action="read")  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Send what the field at a place of a cell means."""
        found = await asyncio.to_thread(explain, *_place_in(self.body_of()))
        self.send({"explanation": found._asdict() if found else None})


def _place_in(body: Mapping[str, Any]) -> tuple[str, int, int]:
    text, row, column = body.get("text"), body.get("row", 0), body.get("column", 0)
    if not isinstance(text, str):
        raise HTTPError(400, "The body has no 'text'.")
    if not all(isinstance(number, int) and number >= 0 for number in (row, column)):
        raise HTTPError(400, "'row' and 'column' are whole numbers, counted from 0.")
    return text, row, column


class SchemaHandler(JobsHandler):
    """The schema of what is asked of a job."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Send the JSON Schema of jobs."""
        from automl_jupyter.spec.schema import json_schema

        self.send(await asyncio.to_thread(json_schema))


class OpenAPIHandler(JobsHandler):
    """The description of these addresses."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Send an OpenAPI description."""
        from automl_jupyter.server.openapi import openapi

        self.send(openapi(self.base_url))


_JOB = r"jobs/([0-9a-f]{12})/([^/]+)"
#: address -> who answers
ROUTES: list[tuple[str, type[JobsHandler]]] = [
    ("jobs", ListHandler),
    ("jobs/stream", JobsStreamHandler),
    (_JOB, JobHandler),
    (f"{_JOB}/stream", JobStreamHandler),
    (f"{_JOB}/requests", RequestsHandler),
    (f"{_JOB}/answers", AnswersHandler),
    (f"{_JOB}/files", FilesHandler),
    (f"{_JOB}/files/(.+)", FileHandler),
    ("check", CheckHandler),
    ("complete", CompleteHandler),
    ("explain", ExplainHandler),
    ("schema", SchemaHandler),
    (r"openapi\.json", OpenAPIHandler),
]
