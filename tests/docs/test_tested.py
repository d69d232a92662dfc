"""What the documentation says to be tested names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.findall(r"\| `(\S+\.py)::(\w+)` \|", (ROOT / "docs" / "tested.md").read_text(encoding="utf-8"))
FORECASTS = (ROOT / "docs" / "forecasting.md").read_text(encoding="utf-8")


def test_there_is_a_table() -> None:
    assert len(NAMED) > 30


def test_those_of_forecasts_exist() -> None:
    tests = (ROOT / "tests" / "client" / "test_forecasting.py").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", FORECASTS))
    assert len(named) > 5
    assert [name for name in named if f"\ndef {name}(" not in tests] == []
    assert [path for path in re.findall(r"`(tests/\S+\.py)`", FORECASTS) if not (ROOT / path).is_file()] == []


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_the_test_exists(file: str, name: str) -> None:
    assert f"\ndef {name}(" in (ROOT / "tests" / file).read_text(encoding="utf-8")
