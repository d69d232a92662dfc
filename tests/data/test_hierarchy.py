"""Sums of series, and the shares of what is summed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl_jupyter.data.hierarchy import Hierarchy
from automl_jupyter.data.series import read_panel
from automl_jupyter.data.series_rows import Report, SeriesRoles
from automl_jupyter.errors import DataError


def table() -> pd.DataFrame:
    """Return four days of three shops in two regions; one opens on the second day."""
    days = pd.date_range("2024-01-01", periods=4)
    rows = [("n", "a", d, v) for d, v in zip(days, [1, 1, 3, 1], strict=True)]
    rows += [("n", "b", d, v) for d, v in zip(days[1:], [3, 1, 3], strict=True)]
    rows += [("s", "c", d, v) for d, v in zip(days, [10, 20, 30, 40], strict=True)]
    return pd.DataFrame(rows, columns=["region", "shop", "day", "sold"])


def tree_of(data: pd.DataFrame) -> Hierarchy:
    panel = read_panel(data, SeriesRoles("day", ("region", "shop"), "sold", "D"), "training_data", Report())
    assert panel is not None
    return Hierarchy(panel, "sold")


def test_levels_are_the_sums_of_what_is_below() -> None:
    tree = tree_of(table())
    assert tree.nodes(0) == [("(all)", "(all)")]
    assert tree.nodes(1) == [("n", "(all)"), ("s", "(all)")]
    assert tree.nodes(2) == [("n", "a"), ("n", "b"), ("s", "c")]
    assert tree.level(0)["sold"].tolist() == [11, 24, 34, 44]
    assert tree.level(1).query("region == 'n'")["sold"].tolist() == [1, 4, 4, 4]
    bottom = tree.level(2)
    assert len(bottom) == 11, "a shop has no value before it opens"
    assert np.array_equal(tree.sums(1), [[1, 1, 0], [0, 0, 1]])


def test_shares_are_means_of_shares_or_shares_of_means() -> None:
    tree = tree_of(table())
    means = tree.shares(1, "average_historical_proportions")
    assert means == pytest.approx([(1 + 1 / 4 + 3 / 4 + 1 / 4) / 4, (0 + 3 / 4 + 1 / 4 + 3 / 4) / 4, 1])
    assert tree.shares(1, "proportions_of_historical_average") == pytest.approx([6 / 13, 7 / 13, 1])


def test_a_gap_of_one_is_a_gap_of_the_sum() -> None:
    data = table()
    holed = data[~((data["shop"] == "a") & (data["day"] == "2024-01-03"))]
    tree = tree_of(holed)
    assert tree.level(1).query("region == 'n'")["sold"].tolist() == [1, 4, 4]
    assert tree.level(1).query("region == 's'")["sold"].tolist() == [10, 20, 30, 40], "and of no other"
    assert len(tree.level(2)) == 10


def test_series_that_end_early_are_named() -> None:
    data = table()
    cut = data[~((data["shop"] == "b") & (data["day"] > "2024-01-02"))]
    with pytest.raises(DataError, match=r"1 series end.* before 2024-01-04.*n/b"):
        tree_of(cut)


def test_a_gap_says_nothing_of_shares() -> None:
    data = table()
    tree = tree_of(data[~((data["shop"] == "a") & (data["day"] == "2024-01-03"))])
    means = tree.shares(1, "average_historical_proportions")
    assert means == pytest.approx([(1 + 1 / 4 + 1 / 4) / 3, (0 + 3 / 4 + 3 / 4) / 3, 1])
    assert tree.shares(1, "proportions_of_historical_average") == pytest.approx([3 / 9, 6 / 9, 1])


def test_the_bottom_takes_no_square_of_its_series(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = tree_of(table())

    def refuse(self: Hierarchy, at: int) -> np.ndarray:
        raise AssertionError("a square")

    monkeypatch.setattr(Hierarchy, "sums", refuse)
    bottom = tree.level(2)
    assert bottom.query("shop == 'b'")["sold"].tolist() == [3, 1, 3]
    assert len(bottom) == 11
