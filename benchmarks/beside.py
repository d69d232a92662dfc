"""Write what several systems came to on the same tables as Markdown: `beside.py > BESIDE.md`.

`beside.jsonl` has a line a run, as a harness wrote it: one system on one table, in an environment of its own, scored
on rows that it did not see. `--add FILE` takes the lines of a harness in; the last one of a system, table and time
counts.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "beside.jsonl"

#: what is kept of a harness's line
FIELDS = (
    "peer",
    "version",
    "dataset",
    "metric",
    "rows_train",
    "rows_test",
    "budget",
    "when",
    "score_test",
    "error",
    "fit_seconds_wall",
    "peak_rss_mb",
    "predict_rows_per_second",
)

OURS = "ours"
NAMES = {
    OURS: "automl-jupyter",
    "ag_best_v150": "AutoGluon best_v150",
    "ag_best": "AutoGluon best",
    "ag_medium": "AutoGluon medium",
    "lightautoml": "LightAutoML",
    "flaml": "FLAML",
    "mljar_compete": "MLJAR Compete",
    "h2o": "H2O",
}
METRICS = {"roc_auc": "ROC AUC", "log_loss": "log loss", "rmse": "RMSE"}

#: errors that differ by less than this share of the other's count as equal
_TIE = 1e-3

#: what is said of each system: its median, then its worst
_FIGURES: tuple[tuple[str, str, Callable[[list[float]], float]], ...] = (
    ("seconds to a model: median, most", "fit_seconds_wall", max),
    ("peak memory in MB: median, most", "peak_rss_mb", max),
    ("predicted rows a second: median, least", "predict_rows_per_second", min),
)
#: on how many tables ours is ahead by so much
_COMPARED: tuple[tuple[str, str, Callable[[float, float], bool]], ...] = (
    ("tables on which ours takes no more memory", "peak_rss_mb", lambda ours, theirs: ours <= theirs),
    (
        "tables on which ours predicts at least three times as fast",
        "predict_rows_per_second",
        lambda ours, theirs: ours >= 3 * theirs,
    ),
)

Row = Mapping[str, Any]
#: a system and its seconds
Key = tuple[str, int]
#: by table, then by system and seconds
Runs = dict[str, dict[Key, Row]]


def collect(rows: Iterable[Row]) -> Runs:
    """Return the last run of each system and time on each table."""
    found: Runs = {}
    for row in rows:
        found.setdefault(row["dataset"], {})[row["peer"], row["budget"]] = row
    return found


def loss(row: Row) -> float:
    """Return the error: 1 - ROC AUC, log loss or RMSE; endless for a run that failed."""
    if "score_test" not in row:
        return float("inf")
    return float(1 - row["score_test"] if row["metric"] == "roc_auc" else row["score_test"])


def outcome(ours: float, theirs: float) -> int:
    """Return which of won, tied and lost it is: 0, 1 or 2. Who fails has lost, both of them tie."""
    if ours == theirs or abs(ours - theirs) <= _TIE * theirs < float("inf"):
        return 1
    return 0 if ours < theirs else 2


def mean_ranks(tables: Iterable[Mapping[Key, float]]) -> dict[Key, float]:
    """Return each system's mean rank over tables of errors; equal errors share their rank."""
    ranks: dict[Key, list[float]] = {}
    for errors in tables:
        ordered = sorted(errors.values())
        for system, value in errors.items():
            places = [place for place, other in enumerate(ordered, start=1) if other == value]
            ranks.setdefault(system, []).append(statistics.mean(places))
    return {system: statistics.mean(values) for system, values in ranks.items()}


def make_report(runs: Runs, seconds: int = 60, early: int = 15) -> str:
    """Return what the runs come to, and each table's scores; of tables that every system was run on."""
    same_time = sorted({key for row in runs.values() for key in row if key[1] == seconds}, key=_place)
    columns = [(OURS, early), *same_time]
    full = {table: row for table, row in sorted(runs.items()) if set(columns) <= set(row)}
    if not full:
        return "No table has runs of all systems yet.\n"
    days = sorted({run["when"][:10] for row in full.values() for run in row.values()})
    some = next(iter(full.values()))
    versions = ", ".join(f"{_name(key)} {some[key].get('version', '')}" for key in same_time if key[0] != OURS)
    return "\n".join(
        [
            "# Beside other systems, table by table",
            "",
            f"Tables: {len(full)}. Measured {' to '.join(dict.fromkeys((days[0], days[-1])))}. {versions}.",
            "",
            *_summary(full, columns, seconds),
            "",
            *_scores(full, columns, seconds),
            "",
        ]
    )


def _summary(full: Runs, columns: Sequence[Key], seconds: int) -> list[str]:
    rivals = [key for key in columns if key[0] != OURS]
    ranks = mean_ranks({key: loss(row[key]) for key in columns if key[1] == seconds} for row in full.values())
    lines = _head(["", *map(_title, columns)])

    def add(what: str, cells: Mapping[Key, str]) -> None:
        lines.append(_line([what, *(cells.get(key, "") for key in columns)]))

    add(f"mean rank of those with {seconds} s", {key: f"{rank:.2f}" for key, rank in ranks.items()})
    for mine in ((OURS, seconds), (OURS, columns[0][1])):
        cells = {}
        for key in rivals:
            outcomes = [outcome(loss(row[mine]), loss(row[key])) for row in full.values()]
            won, tied, lost = (outcomes.count(which) for which in range(3))
            cells[key] = f"{won}, {tied}, {lost} ({(won + tied) / len(full):.0%})"
        add(f"our {mine[1]} s won, tied, lost (not lost)", cells)
    for what, field, extreme in _FIGURES:
        values = {key: [run[field] for run in _runs(full, key) if field in run] for key in columns}
        add(what, {key: f"{_number(statistics.median(v))}, {_number(extreme(v))}" for key, v in values.items() if v})
    for what, field, better in _COMPARED:
        cells = {}
        for key in rivals:
            pairs = [(row[OURS, seconds], row[key]) for row in full.values()]
            found = [better(ours[field], theirs[field]) for ours, theirs in pairs if field in ours and field in theirs]
            cells[key] = f"{sum(found)} of {len(found)}"
        add(what, cells)
    add("failed", {key: str(sum("score_test" not in run for run in _runs(full, key))) for key in columns})
    return lines


def _scores(full: Runs, columns: Sequence[Key], seconds: int) -> list[str]:
    lines = _head(["table", "rows", "test rows", "metric", *map(_title, columns)])
    for table, row in full.items():
        some = row[columns[0]]
        best = min(loss(row[key]) for key in columns if key[1] == seconds)
        cells = [_score(row[key], bold=key[1] == seconds and outcome(loss(row[key]), best) < 2) for key in columns]
        lines.append(
            _line([table, f"{some['rows_train']:,}", f"{some['rows_test']:,}", METRICS[some["metric"]], *cells])
        )
    return lines


def _runs(full: Runs, key: Key) -> list[Row]:
    return [row[key] for row in full.values()]


def _name(key: Key) -> str:
    return NAMES.get(key[0], key[0])


def _title(key: Key) -> str:
    return f"{_name(key)}, {key[1]} s"


def _place(key: Key) -> tuple[int, str]:
    names = list(NAMES)
    return (names.index(key[0]) if key[0] in names else len(names), key[0])


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _head(cells: Sequence[str]) -> list[str]:
    return [_line(cells), _line(["---"] * len(cells))]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _score(row: Row, *, bold: bool) -> str:
    if "score_test" not in row:
        return "failed"
    value = row["score_test"]
    text = f"{value:,.0f}" if value >= 10_000 else f"{value:.4f}" if row["metric"] != "rmse" else f"{value:.5g}"
    return f"**{text}**" if bold else text


def read(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def main() -> int:
    """Take in what is to be added, and write the report to stdout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--add", type=Path, help="a harness's lines to take into beside.jsonl first")
    options = parser.parse_args()
    rows = read(RESULTS) if RESULTS.exists() else []
    if options.add:
        rows += [{field: row[field] for field in FIELDS if row.get(field) is not None} for row in read(options.add)]
        last = {(row["dataset"], row["peer"], row["budget"]): row for row in rows}
        RESULTS.write_text("".join(json.dumps(row) + "\n" for row in last.values()), encoding="utf-8")
    sys.stdout.write(make_report(collect(rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
