"""The settings reference is current, and made of what the schema says."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from automl_jupyter.metrics.base import Metric
from automl_jupyter.metrics.registry import metrics
from automl_jupyter.spec.schema import json_schema
from automl_jupyter.tasks import tasks

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(DOCS / "make_settings.py"))


def test_the_page_is_current(script: dict[str, Any]) -> None:
    page = (DOCS / "settings.md").read_text(encoding="utf-8")
    assert page == script["make_page"](json_schema(), tasks.keys(), metrics), "run `make docs`"


def test_a_field_becomes_a_row(script: dict[str, Any]) -> None:
    target = {"type": "string", "description": "What to predict, a|b."}
    limits = {"$ref": "#/$defs/Limits"}
    learning = {"task": {"const": "learning"}, "target": target, "limits": limits}
    guessing = {"task": {"const": "guessing"}, "target": target, "luck": {"type": "boolean", "default": True}}
    schema = {
        "discriminator": {
            "mapping": {"learning": "#/$defs/Job", "guessing": "#/$defs/Guess", "cloud": "#/$defs/Other"}
        },
        "$defs": {
            "Job": {"description": "Learns.\n\nMore.", "required": ["target"], "properties": learning},
            "Guess": {"required": ["target"], "properties": guessing},
            "Other": {"properties": {"rain": {"$ref": "#/$defs/Rain"}}},
            "Rain": {"properties": {"drops": {"type": "integer"}}},
            "Limits": {
                "properties": {
                    "minutes": {
                        "anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "null"}],
                        "default": 5,
                    },
                    "mode": {"enum": ["a", "b"], "default": None},
                    "names": {"type": "array", "items": {"type": "string"}},
                    "one": {"anyOf": [{"type": "array", "items": {"enum": ["c"]}}, {"enum": ["c"]}, {"type": "null"}]},
                    "kinds": {"type": "object", "additionalProperties": {"type": "string", "enum": ["d"]}},
                    "plain": {"type": "object", "additionalProperties": True},
                    "former": {"type": "string", "deprecated": True},
                }
            },
        },
    }
    error = Metric("error", ("guessing", "cloud"), False, "value", lambda *_: 0.0, "Error", 0.0, float("inf"))
    drops = Metric("drops", ("cloud",), True, "label", lambda *_: 0.0, "Drops", 1.0, 0.0)
    page = script["make_page"](schema, ["learning", "guessing"], [error, drops])
    every, learns, guesses, group, ranked = page.split("\n## ")[1:]
    assert every.splitlines()[-1] == "| `target` | string | *required* | What to predict, a\\|b. |"
    assert learns.splitlines()[2] == "Learns."
    assert "| `limits` | [Limits](#limits) |  |  |" in learns.splitlines()
    assert guesses.splitlines()[-1] == "| `luck` | boolean | `true` |  |"
    assert group.splitlines()[-6:] == [
        "| `minutes` | number > 0 | `5` |  |",
        '| `mode` | `"a"`, `"b"` |  |  |',
        "| `names` | list of string |  |  |",
        '| `one` | one or a list of `"c"` |  |  |',
        '| `kinds` | object of `"d"` |  |  |',
        "| `plain` | object |  |  |",
    ]
    assert ranked.splitlines()[-1] == "| `error` | Error | guessing | predicted values | 0 | ∞ |"
    assert "drops" not in page
