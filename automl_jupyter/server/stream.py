"""Server-sent events: a page is told what is new, and nothing while nothing is.

A page that reconnects begins with the whole again, so nothing is lost by a proxy that cuts a connection.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from jupyter_server.base.handlers import APIHandler
from tornado.iostream import StreamClosedError

from automl_jupyter.client.updates import make_delta
from automl_jupyter.server.jobs import Jobs, Opened

#: seconds between looks at the log of a job that runs, and at those of a workspace
JOB_EVERY_S, JOBS_EVERY_S = 0.3, 1.5
#: seconds after which a line without meaning is sent, so that no proxy takes the connection for dead
_BEAT_S = 45.0


class EventStream(APIHandler):
    """Sends what an iterator yields as server-sent events, until it ends or nobody reads any more."""

    def on_connection_close(self) -> None:
        """Stop: nobody reads any more."""
        super().on_connection_close()
        task: asyncio.Task[None] | None = getattr(self, "_streaming", None)
        if task is not None:
            task.cancel()

    async def stream(self, events: AsyncIterator[tuple[str, Any] | None]) -> None:
        """Send events; None is a moment in which nothing was new."""
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Accel-Buffering", "no")  # proxies hand on each line
        self._streaming = asyncio.ensure_future(self._send(events))
        try:
            await self._streaming
        except (asyncio.CancelledError, StreamClosedError):
            return
        self.finish(set_content_type="text/event-stream")

    async def _send(self, events: AsyncIterator[tuple[str, Any] | None]) -> None:
        loop = asyncio.get_running_loop()
        sent = loop.time()
        async for event in events:
            if event is not None:
                self.write(f"event: {event[0]}\ndata: {json.dumps(event[1], allow_nan=False)}\n\n")
            elif loop.time() - sent >= _BEAT_S:
                self.write(": still here\n\n")
            else:
                continue
            await self.flush()
            sent = loop.time()


async def follow_job(opened: Opened) -> AsyncIterator[tuple[str, Any] | None]:
    """Yield a job's snapshot, then what changes; the end is an event of its own.

    Where another job takes its place there is no such event: the page connects again, and is shown that one.
    """
    shown = await asyncio.to_thread(opened.shown)
    yield "snapshot", shown
    while not shown.get("over"):
        await asyncio.sleep(JOB_EVERY_S)
        if await asyncio.to_thread(opened.is_replaced):
            return
        now = await asyncio.to_thread(_look, opened, shown)
        if now is None:
            yield None
            continue
        delta = make_delta(shown, now)
        shown = now
        yield "delta", delta
    yield "over", {}


def _look(opened: Opened, shown: dict[str, Any]) -> dict[str, Any] | None:
    """Return the snapshot now, or None where it is the one that is shown."""
    opened.look()
    if opened.job.history.n_events == shown["seq"] and opened.job.status == shown["status"]:
        return None
    return opened.shown()


async def follow_jobs(jobs: Jobs) -> AsyncIterator[tuple[str, Any] | None]:
    """Yield the list of jobs, then those that are new or changed and those that are gone."""
    before: dict[tuple[str, str], dict[str, Any]] = {}
    first = True
    while True:
        listed = await asyncio.to_thread(jobs.list)
        now = {(job["workspace"], job["name"]): job for job in listed}
        changed = [job for key, job in now.items() if before.get(key) != job]
        gone = [list(key) for key in before if key not in now]
        if first:
            yield "jobs", {"jobs": listed}
        elif changed or gone:
            yield "changes", {"jobs": changed, "gone": gone}
        else:
            yield None
        before, first = now, False
        await asyncio.sleep(JOBS_EVERY_S)
