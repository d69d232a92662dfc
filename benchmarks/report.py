"""Write the results of vs_lightgbm.py as a Markdown table."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent.parent / "out" / "vs_lightgbm.jsonl"

#: scores that differ by less than this share count as equal
_TIE = 1e-4

Row = Mapping[str, Any]


def latest(rows: Iterable[Row]) -> dict[tuple[Any, ...], dict[str, Row]]:
    """Return, for each (table, fold, minutes), the last row of each system."""
    found: dict[tuple[Any, ...], dict[str, Row]] = {}
    for row in rows:
        found.setdefault((row["table"], row["fold"], row["minutes"]), {})[row["system"]] = row
    return found


def verdict(ours: Row, plain: Row) -> str:
    """Return ``better``, ``equal`` or ``worse``; an error on our side is worse."""
    if "score" not in ours:
        return "worse"
    if "score" not in plain:
        return "better"
    gain = ours["score"] - plain["score"] if ours["metric"] == "roc_auc" else plain["score"] - ours["score"]
    if abs(gain) <= _TIE * max(abs(plain["score"]), 1e-12):
        return "equal"
    return "better" if gain > 0 else "worse"


def make_report(rows: Iterable[Row]) -> str:
    """Return the table and a summary of it."""
    lines, verdicts, firsts = [], [], []
    for (table, fold, minutes), systems in sorted(latest(rows).items()):
        if set(systems) != {"automl_jupyter", "lightgbm"}:
            continue
        ours, plain = systems["automl_jupyter"], systems["lightgbm"]
        verdicts.append(verdict(ours, plain))
        if ours.get("first_row_s") is not None:
            firsts.append(ours["first_row_s"])
        lines.append(
            _line(
                [
                    table,
                    fold,
                    minutes,
                    ours["n_train"],
                    ours["metric"],
                    _number(plain, "score"),
                    _number(ours, "score"),
                    verdicts[-1],
                    _number(plain, "fit_s"),
                    _number(ours, "fit_s"),
                    _number(ours, "first_row_s"),
                    _number(plain, "peak_mb"),
                    _number(ours, "peak_mb"),
                    ours.get("model") or "",
                ]
            )
        )
    head = [
        "table",
        "split",
        "minutes",
        "rows",
        "metric",
        "LightGBM",
        "automl-jupyter",
        "verdict",
        "LightGBM s",
        "automl-jupyter s",
        "first row s",
        "LightGBM MB",
        "automl-jupyter MB",
        "model",
    ]
    counts = ", ".join(f"{verdicts.count(word)} {word}" for word in ("better", "equal", "worse"))
    summary = f"{len(verdicts)} comparisons: {counts}."
    if firsts:
        summary += f" First row after {statistics.median(firsts):.1f} s (median), {max(firsts):.1f} s (slowest)."
    return "\n".join(
        [
            "# One cell against a plain LightGBM",
            "",
            summary,
            "",
            _line(head),
            _line(["---"] * len(head)),
            *lines,
            "",
        ]
    )


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _number(row: Row, key: str) -> str:
    value = row.get(key)
    if value is None:
        return "failed" if key == "score" else "–"
    return f"{value:.5g}" if key == "score" else f"{value:.3g}"


def main() -> int:
    """Write the report to stdout or to a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--out", type=Path, help="write here instead of to stdout")
    asked = parser.parse_args()
    if not asked.results.exists():
        sys.exit(f"There are no results in {asked.results}: run vs_lightgbm.py first.")
    rows = [json.loads(line) for line in asked.results.read_text(encoding="utf-8").splitlines()]
    report = make_report(rows)
    if asked.out:
        asked.out.write_text(report, encoding="utf-8")
    else:
        print(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
