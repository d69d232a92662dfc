"""Instants as text."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timezone
from types import SimpleNamespace

import pytest

from automl_jupyter._core import clock


@pytest.mark.parametrize(
    ("microsecond", "text"),
    [(678_999, "2024-01-02T03:04:05.678Z"), (0, "2024-01-02T03:04:05.000Z")],
)
def test_an_instant_is_utc_to_the_millisecond_and_always_as_long(
    microsecond: int, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def now(zone: timezone) -> datetime:
        return datetime(2024, 1, 2, 3, 4, 5, microsecond, tzinfo=zone)

    monkeypatch.setattr(clock, "datetime", SimpleNamespace(now=now))
    assert clock.now_at() == text


def test_the_instant_is_read_back_as_one() -> None:
    assert datetime.fromisoformat(clock.now_at()).tzinfo == UTC


def test_durations_are_of_the_clock_that_never_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 12.5)
    assert clock.monotonic_s() == 12.5
