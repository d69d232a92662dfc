"""Waiting in a cell: Interrupt stops the job cleanly, and the cell then ends as usual.

A second Interrupt, while the job is stopping, leaves the cell without waiting for the end; the job goes on
stopping by itself.
"""

from __future__ import annotations

import asyncio
import threading

from automl_jupyter.notebook.live import JobLike, Watch, is_still

#: seconds between two looks at the job
_EVERY_S = 0.1


def wait_blocking(job: JobLike, watch: Watch | None) -> None:
    """Wait in a cell that blocks, where Interrupt arrives as KeyboardInterrupt.

    Raises
    ------
    JobFailedError
        When the job ended as Failed.
    """
    pause, interrupted = threading.Event(), False
    while not is_still(job):
        try:
            pause.wait(_EVERY_S)
        except KeyboardInterrupt:
            if interrupted:
                return
            interrupted = True
            job.cancel()
    _end(job, watch)


async def wait_awaiting(job: JobLike, watch: Watch | None) -> None:
    """Wait in a cell that awaits, where Interrupt arrives as CancelledError and the page's buttons work.

    Raises
    ------
    JobFailedError
        When the job ended as Failed.
    """
    interrupted = False
    while not is_still(job):
        try:
            await asyncio.sleep(_EVERY_S)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()  # the request was heard: the cell goes on to its ordinary end
            if interrupted:
                return
            interrupted = True
            job.cancel()
    _end(job, watch)


def _end(job: JobLike, watch: Watch | None) -> None:
    if watch is not None:
        watch.finish()
    job.wait()  # it is over: this only raises what it failed with
