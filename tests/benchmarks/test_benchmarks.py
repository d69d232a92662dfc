"""The benchmark's own arithmetic: splits, scores, verdicts."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"bench_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # a dataclass looks itself up there
    spec.loader.exec_module(module)
    return module


tables, report, systems, fetch, beside = (
    _load(name) for name in ("tables", "report", "systems", "fetch_tables", "beside")
)


def test_a_table_is_split_once_and_for_all(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": range(100), "y": [0.0, 1.0] * 49 + [None, None]})
    frame.to_parquet(tmp_path / "t.parquet")
    (tmp_path / "t.json").write_text('{"name": "t", "task": "binary", "target": "y"}')
    meta = tables.find_tables(tmp_path)["t"]
    train, test = tables.split_table(meta, 0)
    assert sorted([*train["x"], *test["x"]]) == list(range(98))
    assert len(test) == 30
    assert test["y"].value_counts().to_dict() == {"0.0": 15, "1.0": 15}
    assert list(tables.split_table(meta, 0)[1]["x"]) == list(test["x"])
    assert list(tables.split_table(meta, 1)[1]["x"]) != list(test["x"])


def test_fetched_tables_have_known_targets_of_classes_that_are_large_enough() -> None:
    frame = pd.DataFrame(
        {"id": range(32), "x": pd.Categorical(["u", "v"] * 16), "y": ["a"] * 15 + ["b"] * 12 + ["c"] * 5}
    )
    frame.loc[[0, 20], "y"] = None
    left, task = fetch.prepare(fetch.Source("R", "t", "y", True, ("id",)), frame)
    assert task == "binary"
    assert left["y"].value_counts().to_dict() == {"a": 14, "b": 11}
    assert list(left.columns) == ["x", "y"]
    assert list(left.index) == list(range(25))
    rows, task = fetch.prepare(fetch.Source("R", "t", "id", False), frame)
    assert (task, len(rows)) == ("regression", 32)


def test_tables_to_fetch_are_named_once_and_always_in_the_same_order() -> None:
    names = [s.name for s in fetch.sources()]
    assert len(set(names)) == len(names)
    assert names == [s.name for s in fetch.sources()]
    assert names != sorted(names)


def test_scores_do_not_depend_on_the_order_of_classes() -> None:
    truth = pd.Series(["a", "b", "b", "a"])
    proba = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3], [0.2, 0.8]])
    for order in ([0, 1], [1, 0]):
        classes = np.array(["a", "b"])[order]
        # pairs (b, a) with b ranked above a: 2nd over 1st, 3rd over 1st; neither over the 4th
        assert tables.score("binary", truth, proba[:, order], classes) == pytest.approx(2 / 4)
        assert tables.score("multiclass", truth, proba[:, order], classes) == pytest.approx(
            -np.log([0.9, 0.6, 0.3, 0.2]).mean()
        )


def test_rmse() -> None:
    assert tables.score("regression", pd.Series([1.0, 2.0]), np.array([1.0, 4.0]), np.array([])) == pytest.approx(
        2**0.5
    )


@pytest.mark.parametrize(
    ("metric", "ours", "plain", "said"),
    [
        ("roc_auc", 0.91, 0.90, "better"),
        ("roc_auc", 0.90, 0.91, "worse"),
        ("log_loss", 0.30, 0.40, "better"),
        ("rmse", 5.0, 4.0, "worse"),
        ("rmse", 4.00001, 4.0, "equal"),
        ("rmse", None, 4.0, "worse"),
        ("rmse", 4.0, None, "better"),
    ],
)
def test_verdicts(metric: str, ours: float | None, plain: float | None, said: str) -> None:
    def row(score: float | None) -> dict[str, object]:
        return {"metric": metric} if score is None else {"metric": metric, "score": score}

    assert report.verdict(row(ours), row(plain)) == said


def test_the_report_counts_only_pairs_and_takes_the_last_run() -> None:
    base = {"fold": 0, "minutes": 1.0, "n_train": 70, "metric": "roc_auc", "fit_s": 2.0, "peak_mb": 300}
    rows = [
        {**base, "system": "lightgbm", "table": "t", "score": 0.9},
        {**base, "system": "automl_jupyter", "table": "t", "error": "it failed"},
        {**base, "system": "automl_jupyter", "table": "t", "score": 0.95, "first_row_s": 3.0, "model": "LightGBM"},
        {**base, "system": "lightgbm", "table": "alone", "score": 0.9},
    ]
    text = report.make_report(rows)
    assert "1 comparisons: 1 better, 0 equal, 0 worse. First row after 3.0 s (median)" in text
    assert "| t | 0 | 1.0 | 70 | roc_auc | 0.9 | 0.95 | better |" in text
    assert "alone" not in text


def test_text_columns_become_categories_fixed_on_the_training_rows() -> None:
    train = pd.DataFrame({'a"[]': ["x", "y", None], "n": [1, 2, 3]})
    test = pd.DataFrame({'a"[]': ["z", "y"], "n": [1, 2]})
    columns = systems.Columns(train)
    assert columns.encode(train)["f0"].cat.codes.tolist() == [0, 1, -1]
    assert columns.encode(test)["f0"].cat.codes.tolist() == [-1, 1]
    assert columns.encode(test)["f1"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        (0.90, 1.0, 0),
        (1.0009, 1.0, 1),
        (1.0011, 1.0, 2),
        (0.0, 0.0, 1),
        (float("inf"), 1.0, 2),
        (1.0, float("inf"), 0),
        (float("inf"), float("inf"), 1),
    ],
)
def test_within_a_thousandth_of_the_others_error_is_a_tie(ours: float, theirs: float, said: int) -> None:
    assert beside.outcome(ours, theirs) == said


def test_equal_errors_share_their_rank() -> None:
    assert beside.mean_ranks([{"a": 1.0, "b": 1.0, "c": 2.0}, {"a": 3.0, "b": 2.0, "c": 1.0}]) == {
        "a": 2.25,
        "b": 1.75,
        "c": 2.0,
    }


def test_systems_are_compared_on_the_tables_that_all_of_them_were_run_on() -> None:
    def run(peer: str, table: str, budget: int, score: float | None, **more: object) -> dict[str, object]:
        row = {"peer": peer, "version": "1.2", "dataset": table, "metric": "roc_auc", "budget": budget, **more}
        row |= {"rows_train": 1400, "rows_test": 600, "when": "2026-11-30 08:00:00"}
        return row | ({"error": "it failed"} if score is None else {"score_test": score})

    rows = [
        run("ours", "t", 15, 0.90, peak_rss_mb=500),
        run("ours", "t", 60, 0.10, peak_rss_mb=500),
        run("ours", "t", 60, 0.95, peak_rss_mb=800, predict_rows_per_second=900.0),
        run("h2o", "t", 60, 0.90, peak_rss_mb=900, predict_rows_per_second=300.0),
        run("new", "t", 60, None),
        run("ours", "alone", 60, 0.9),
    ]
    text = beside.make_report(beside.collect(rows))
    assert "Tables: 1. Measured 2026-11-30. H2O 1.2, new 1.2." in text
    assert "| t | 1,400 | 600 | ROC AUC | 0.9000 | **0.9500** | 0.9000 | failed |" in text
    assert "| mean rank of those with 60 s |  | 1.00 | 2.00 | 3.00 |" in text
    assert "| our 60 s won, tied, lost (not lost) |  |  | 1, 0, 0 (100%) | 1, 0, 0 (100%) |" in text
    assert "| our 15 s won, tied, lost (not lost) |  |  | 0, 1, 0 (100%) | 1, 0, 0 (100%) |" in text
    assert "| peak memory in MB: median, most | 500, 500 | 800, 800 | 900, 900 |  |" in text
    assert "| tables on which ours takes no more memory |  |  | 1 of 1 | 0 of 0 |" in text
    assert "| tables on which ours predicts at least three times as fast |  |  | 1 of 1 | 0 of 0 |" in text
    assert "| failed | 0 | 0 | 0 | 1 |" in text
    assert "alone" not in text


def test_a_run_killed_without_a_word_is_told_and_the_others_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "one.py"
    script.write_text('import os, sys\nif "bad" in sys.argv:\n    os._exit(9)\nprint(\'{"table": "good"}\')\n')
    assert _load("apart").show_rows(str(script), ["bad", "good"], 1.0) == [{"table": "good"}]
    assert "| bad | failed: exit code 9 |" in capsys.readouterr().out
