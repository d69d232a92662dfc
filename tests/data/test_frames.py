"""Tables one under the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl_jupyter.data.frames import as_frame, stack_rows


def _wide(words: str, n_columns: int = 30) -> pd.DataFrame:
    return pd.DataFrame({f"c{i}": pd.Categorical(np.roll(list(words), i)) for i in range(n_columns)})


@pytest.mark.parametrize("plain", [False, True], ids=["categories", "texts"])
def test_tables_are_copied_once_and_left_as_they_are(plain: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy a column takes minutes where a table has thousands of them."""
    first, later = _wide("abcd"), _wide("bcde")
    later = later.astype(object) if plain else later
    tables, before = [first, later], [first.copy(), later.copy()]
    copied = []
    copy = pd.DataFrame.copy

    def counted(self: pd.DataFrame, *args: Any, **more: Any) -> pd.DataFrame:
        copied.append(len(self.columns))
        return copy(self, *args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(pd.DataFrame, "copy", counted)
        stacked = stack_rows(tables)
    assert len(copied) < len(first.columns)
    assert all(a.equals(b) and a.dtypes.equals(b.dtypes) for a, b in zip(tables, before, strict=True))
    for name in first.columns:
        assert stacked[name].cat.categories.tolist() == list("abcde")
        assert stacked[name].tolist() == [*first[name], *later[name]]


def test_columns_of_one_name_are_stacked_in_their_order() -> None:
    first = pd.DataFrame({"a": pd.Categorical(["x"]), "b": pd.Categorical(["y"])}).set_axis(["a", "a"], axis=1)
    later = pd.DataFrame([["z", "w"]], columns=["a", "a"])
    assert stack_rows([first, later]).to_numpy().tolist() == [["x", "y"], ["z", "w"]]


def test_columns_that_are_fine_are_not_cut_out(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame(np.zeros((1, 50)), columns=[f"c{i}" for i in range(50)])

    def refuse(self: pd.DataFrame) -> Any:
        raise AssertionError("a column was cut out")

    with monkeypatch.context() as patch:
        patch.setattr(pd.DataFrame, "iloc", property(refuse))
        assert as_frame(frame) is frame
