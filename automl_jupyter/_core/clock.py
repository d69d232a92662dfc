"""Time, in one place: instants in UTC, durations from a clock that never goes back."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now_at() -> str:
    """Return the instant as ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def monotonic_s() -> float:
    """Return seconds of a clock that never goes back."""
    return time.monotonic()
