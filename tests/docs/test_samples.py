"""The cells and job files that the documentation shows can be run as they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from automl_jupyter.spec import parse_cell

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = [
    pytest.param(block, id=f"{page.name}-{number}")
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    for number, block in enumerate(re.findall(r"^```\w*\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S))
    if re.match(r"%%automl |task: ", block)
]


def test_there_are_samples() -> None:
    assert len(SAMPLES) > 3


@pytest.mark.parametrize("block", SAMPLES)
def test_a_sample_is_a_job(block: str) -> None:
    body = re.sub(r"^%%automl .*\n", "", block)
    assert parse_cell(body).problems() == []


LINES = [
    pytest.param(line, id=f"{page.name}: {line}")
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    for block in re.findall(r"^```\w*\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S)
    for line in block.splitlines()
    if line.startswith("%automl ")
]


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_a_command(line: str) -> None:
    """IPython gives a magic all of its line: what follows a # is no comment there."""
    from automl_jupyter.client.cell import split_line
    from automl_jupyter.notebook.commands import _check_count

    command, *arguments = split_line(line.removeprefix("%automl "))
    _check_count(command, arguments)
