from __future__ import annotations

import asyncio

import pytest

from automl_jupyter.errors import JobFailedError
from automl_jupyter.notebook import waiting
from automl_jupyter.notebook.waiting import wait_awaiting, wait_blocking


class Pause:
    """Stands for the pause between two looks at the job: plays one step of the story at each."""

    def __init__(self, *steps):
        self.steps = list(steps)

    def wait(self, _seconds):
        step = self.steps.pop(0)
        if isinstance(step, type):
            raise step
        step()


def play(monkeypatch, *steps):
    monkeypatch.setattr(waiting.threading, "Event", lambda: Pause(*steps))


def test_a_blocking_cell_waits_to_the_end(monkeypatch, make_job):
    job = make_job()
    play(monkeypatch, lambda: job.tell(), job.end)
    wait_blocking(job, None)
    assert (job.done, job.cancelled) == (True, 0)


def test_interrupt_asks_the_job_to_stop_and_waits_for_its_end(monkeypatch, make_job):
    job = make_job()
    play(monkeypatch, KeyboardInterrupt, lambda: job.end("Canceled"))
    wait_blocking(job, None)
    assert (job.status, job.cancelled) == ("Canceled", 1)


def test_a_second_interrupt_leaves_the_cell_and_asks_nothing_more(monkeypatch, make_job):
    job = make_job()
    play(monkeypatch, KeyboardInterrupt, KeyboardInterrupt)
    wait_blocking(job, None)
    assert (job.done, job.cancelled) == (False, 1)


def test_a_job_that_nobody_runs_any_more_is_not_waited_for(make_job):
    wait_blocking(make_job(status="NotResponding"), None)


def test_a_failed_job_raises_what_it_failed_with(make_job):
    job = make_job()
    job.failure = JobFailedError("The job bank failed: no memory")
    job.end("Failed")
    with pytest.raises(JobFailedError, match="no memory"):
        wait_blocking(job, None)


def run_interrupted(job, times):
    async def cell():
        task = asyncio.ensure_future(wait_awaiting(job, None))
        for _ in range(times):
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            task.cancel()
        await task
        return task.cancelling()

    return asyncio.run(cell())


def test_interrupting_an_awaiting_cell_stops_the_job_and_the_cell_ends_as_usual(make_job):
    job = make_job()
    job.on_cancel = lambda: job.end("Canceled")
    assert run_interrupted(job, 1) == 0
    assert (job.status, job.cancelled) == ("Canceled", 1)


def test_a_second_interrupt_leaves_an_awaiting_cell(make_job):
    job = make_job()
    assert run_interrupted(job, 2) == 0
    assert (job.done, job.cancelled) == (False, 1)


def test_an_awaiting_cell_shows_the_end_before_it_ends(make_job):
    job, shown = make_job(), []

    class Watch:
        def finish(self):
            shown.append(job.status)

    job.end()
    asyncio.run(wait_awaiting(job, Watch()))
    assert shown == ["Completed"]
