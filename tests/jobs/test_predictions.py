"""What a spreadsheet makes of predicted rows: texts, never formulas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from automl_jupyter.jobs.predictions import class_rows, write_rows

BAD = ['=HYPERLINK("http://x","y")', "+1+1", "-2+3", "@SUM(A1)", "\tx", "a,b", "\udc80", "-3.5"]


def test_labels_are_quoted_and_none_is_a_formula(tmp_path: Path) -> None:
    classes = np.asarray(BAD, dtype=object)
    codes = np.arange(len(BAD))
    proba = np.eye(len(BAD))
    write_rows(tmp_path / "test" / "rows.csv", class_rows(None, codes, proba, None, classes))
    found = pd.read_csv(tmp_path / "test" / "rows.csv", dtype=str)
    assert found["row"].tolist() == [str(k) for k in codes]
    assert found["given"].tolist() == [f"'{t}" for t in BAD[:5]] + ["a,b", "?", "-3.5"]
    assert found["predicted"].tolist() == found["given"].tolist()
    assert "probability_of_=HYPERLINK" in found.columns[3]
    first = (tmp_path / "test" / "rows.csv").read_text().splitlines()[1]
    assert first.startswith("""0,"'=HYPERLINK(""http://x"",""y"")",""")


@pytest.mark.parametrize(("threshold", "predicted"), [(None, ["True", "False"]), (0.9, ["False", "False"])])
def test_a_threshold_says_what_is_predicted(threshold: float | None, predicted: list[str]) -> None:
    proba = np.array([[0.2, 0.8], [0.6, 0.4]])
    rows = class_rows(np.array([4, 9]), np.array([1, 1]), proba, threshold, np.array([False, True]))
    assert rows["row"].tolist() == [4, 9]
    assert rows["given"].tolist() == ["True", "True"]
    assert rows["predicted"].tolist() == predicted
    assert rows["probability_of_True"].tolist() == [0.8, 0.4]
