"""Waiting for a job, and stopping it."""

from __future__ import annotations

import io
import signal
from types import SimpleNamespace

import pytest

from automl_jupyter.cli.follow import STOPPING, follow
from automl_jupyter.cli.live import PlainView


def _interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


def test_the_last_snapshot_is_shown_and_returned(fakes: SimpleNamespace) -> None:
    stream = io.StringIO()
    end = fakes.snapshot("Completed", rows=[fakes.row(1, "LightGBM", 0.91)])
    job = fakes.Job(fakes.snapshot("Preparing"), fakes.snapshot(), end)
    assert follow(job, PlainView(stream)) == end
    assert [word in stream.getvalue() for word in ("Preparing", "Running", "Completed")] == [True] * 3
    assert job.n_cancelled == 0
    assert job.n_listening == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_interrupt_stops_cleanly(fakes: SimpleNamespace, number: signal.Signals) -> None:
    stream = io.StringIO()
    job = fakes.Job(
        fakes.snapshot(), fakes.snapshot(), fakes.snapshot(), fakes.snapshot("Canceled"),
        at={1: lambda: signal.raise_signal(number)},
    )  # fmt: skip
    before = signal.getsignal(signal.SIGINT)
    assert follow(job, PlainView(stream), kill=lambda: pytest.fail("killed"))["status"] == "Canceled"
    assert job.n_cancelled == 1
    assert stream.getvalue().count(STOPPING) == 1
    assert signal.getsignal(signal.SIGINT) is before


def test_the_second_interrupt_kills(fakes: SimpleNamespace) -> None:
    killed: list[int] = []
    job = fakes.Job(fakes.snapshot(), fakes.snapshot(), fakes.snapshot("Canceled"), at={1: _interrupt, 2: _interrupt})
    follow(job, PlainView(io.StringIO()), kill=lambda: killed.append(job.n_looks))
    assert killed == [2]


def test_what_goes_wrong_leaves_no_listener_and_no_handler(fakes: SimpleNamespace) -> None:
    class Broken(fakes.Job):  # type: ignore[misc, valid-type]
        @property
        def done(self) -> bool:
            raise OSError("the disk is gone")

    job, before = Broken(fakes.snapshot()), signal.getsignal(signal.SIGINT)
    with pytest.raises(OSError, match="the disk is gone"):
        follow(job, PlainView(io.StringIO()))
    assert job.n_listening == 0
    assert signal.getsignal(signal.SIGINT) is before
