"""Features of two columns and target means: what is found, what is never seen, what comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl_jupyter.data.dataset import Column, ColumnType
from automl_jupyter.featurization.interactions import Interactions
from automl_jupyter.featurization.recipes import make_featurizer
from automl_jupyter.featurization.targets import held_out_means
from automl_jupyter.trials import artifacts

RNG = np.random.default_rng(0)
N = 2000


def column(name: str, kind: str) -> Column:
    return Column(name, ColumnType(kind), "", 0, 0)


def table(**columns: np.ndarray) -> tuple[pd.DataFrame, list[Column]]:
    frame, kinds = pd.DataFrame(columns), []
    for name in frame:
        text = not pd.api.types.is_numeric_dtype(frame[name])
        kinds.append(column(name, "Categorical" if text else "Numeric"))
        if text:
            frame[name] = pd.Categorical(frame[name])
    return frame, kinds


def names_of(featurizer) -> list[str]:
    return featurizer.get_feature_names_out().tolist()


NUMBERS = {name: RNG.normal(size=N) for name in "abc"}


@pytest.mark.parametrize(
    ("operation", "y"),
    [
        ("×", NUMBERS["a"] * NUMBERS["b"]),
        ("÷", np.clip(NUMBERS["a"] / NUMBERS["b"], -5, 5)),
        ("-", np.abs(NUMBERS["a"] - NUMBERS["b"])),
        ("+", np.abs(NUMBERS["a"] + NUMBERS["b"])),
    ],
)
def test_the_operation_that_made_the_target_is_found(operation: str, y: np.ndarray) -> None:
    frame, columns = table(**NUMBERS)
    featurizer = make_featurizer("arithmetic", columns)
    featurizer.fit_transform(frame, y)
    assert names_of(featurizer)[:3] == ["a", "b", "c"]
    assert f"a {operation} b" in names_of(featurizer)[3:6]


def test_rows_to_come_get_the_same_arithmetic() -> None:
    frame, columns = table(**NUMBERS)
    featurizer = make_featurizer("arithmetic", columns)
    trained = featurizer.fit_transform(frame, NUMBERS["a"] * NUMBERS["b"])
    np.testing.assert_array_equal(trained, featurizer.transform(frame))
    at = names_of(featurizer).index("a × b")
    found = featurizer.transform(pd.DataFrame({"a": [2.0, np.nan], "b": [3.0, 1.0], "c": [0.0, 0.0]}))
    np.testing.assert_array_equal(found[:, at], np.float32([6, np.nan]))


def test_nothing_is_divided_by_nought() -> None:
    frame, columns = table(a=NUMBERS["a"], b=np.where(NUMBERS["b"] > 1, 0.0, NUMBERS["b"]))
    featurizer = make_featurizer("arithmetic", columns)
    features = featurizer.fit_transform(frame, np.clip(NUMBERS["a"] / NUMBERS["b"], -5, 5))
    at = names_of(featurizer).index("a ÷ b")
    assert np.isnan(features[frame["b"] == 0, at]).all()
    assert np.isfinite(features[frame["b"] != 0, at]).all()


def test_a_pair_of_categories_that_decides_is_found() -> None:
    left, right = RNG.integers(0, 8, N), RNG.integers(0, 8, N)
    y = RNG.normal(size=(8, 8))[left, right]
    frame, columns = table(p=left.astype(str), q=right.astype(str))
    featurizer = make_featurizer("enriched", columns)
    features = featurizer.fit_transform(frame, y)
    assert "target by p and q" in names_of(featurizer)
    at = names_of(featurizer).index("target by p and q")
    assert np.corrcoef(features[:, at], y)[0, 1] > 0.9


@pytest.mark.parametrize("kind", ["values", "classes"])
def test_no_row_sees_its_own_target(kind: str) -> None:
    """A category with three rows a level says nothing of a random target; its plain means would say half of it."""
    y = RNG.normal(size=N) if kind == "values" else RNG.integers(0, 2, N)
    frame, columns = table(id=RNG.permutation(np.arange(N) // 4).astype(str), n=NUMBERS["a"])
    featurizer = make_featurizer("enriched", columns)
    trained = featurizer.fit_transform(frame, y)
    at = [j for j, name in enumerate(names_of(featurizer)) if name == "target by id"]
    assert at
    assert abs(np.corrcoef(trained[:, at[0]], y)[0, 1]) < 0.15
    assert np.corrcoef(featurizer.transform(frame)[:, at[0]], y)[0, 1] > 0.4


def test_the_mean_of_a_level_is_drawn_towards_that_of_all() -> None:
    level = np.repeat(["few", "many", "rest"], [10, 990, 1000])
    y = np.where(level == "few", 8.0, np.where(level == "many", 2.0, 0.0))
    frame, columns = table(p=level, n=NUMBERS["a"])
    featurizer = make_featurizer("enriched", columns)
    featurizer.fit_transform(frame, y)
    at = names_of(featurizer).index("target by p")
    z = (y - y.mean()) / y.std()
    found = featurizer.transform(frame)[:, at]
    np.testing.assert_allclose(found[0], 10 * z[0] / 20, rtol=1e-5)
    np.testing.assert_allclose(found[500], 990 * z[500] / 1000, rtol=1e-5)
    unseen = frame.iloc[:1].assign(p=pd.Categorical(["new"]))
    assert featurizer.transform(unseen)[0, at] == pytest.approx(0, abs=1e-6)


def test_many_classes_have_no_target_means_and_few_one_each() -> None:
    level = RNG.integers(0, 12, N)
    frame, columns = table(p=level.astype(str), n=NUMBERS["a"])
    three = make_featurizer("enriched", columns)
    three.fit_transform(frame, level % 3)
    assert sorted(n for n in names_of(three) if "target" in n) == [f"target of class {k} by p" for k in range(3)]
    twelve = make_featurizer("enriched", columns)
    twelve.fit_transform(frame, level)
    assert not [n for n in names_of(twelve) if "target" in n]


def test_numbers_with_few_values_count_as_categories() -> None:
    level = RNG.integers(0, 9, N)
    y = RNG.permutation(9)[level] + 0.1 * RNG.normal(size=N)
    frame, columns = table(n=level.astype(float), m=NUMBERS["a"])
    featurizer = make_featurizer("enriched", columns)
    featurizer.fit_transform(frame, y)
    assert "target by n" in names_of(featurizer)
    assert "target by m" not in names_of(featurizer)


@pytest.mark.parametrize("y", [np.zeros(N), np.zeros(N, dtype=np.int32)])
def test_a_constant_target_adds_nothing(y: np.ndarray) -> None:
    frame, columns = table(**NUMBERS)
    assert make_featurizer("enriched", columns).fit_transform(frame, y).shape == (N, 3)


def test_what_was_chosen_comes_back_from_its_file(tmp_path: Path) -> None:
    frame, columns = table(p=RNG.integers(0, 9, N).astype(str), q=RNG.integers(0, 9, N).astype(str), **NUMBERS)
    y = NUMBERS["a"] * NUMBERS["b"] + RNG.normal(size=9)[frame["p"].cat.codes]
    featurizer = make_featurizer("enriched", columns)
    featurizer.fit_transform(frame, y)
    artifacts.save(tmp_path / "f.skops", featurizer)
    back = artifacts.load(tmp_path / "f.skops")
    np.testing.assert_array_equal(back.transform(frame), featurizer.transform(frame))
    assert names_of(back) == names_of(featurizer)


def test_groups_that_differ_without_noise_have_one_mean_each() -> None:
    """Trees would find in which part of the rows each of five means was left out."""
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 4, 4000)
    clear = np.isin(groups, [1, 2]).astype(float)
    noisy = (rng.uniform(size=4000) < 0.3 + 0.1 * groups).astype(float)
    for target, n_values in ((clear, 1), (noisy, 5)):
        values = held_out_means(groups, target, 4, float(target.mean()))
        assert [len(np.unique(values[groups == g])) for g in range(4)] == [n_values] * 4


def test_candidates_are_judged_beside_what_words_say_of_other_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model of words knows its own training rows: beside that, nothing else seems to be of any use."""
    looked_at: list[np.ndarray] = []
    fit = Interactions.fit

    def look(self: Interactions, X: pd.DataFrame, y: np.ndarray, base: np.ndarray) -> list[np.ndarray]:
        looked_at.append(base.copy())
        return fit(self, X, y, base)

    monkeypatch.setattr(Interactions, "fit", look)
    rng = np.random.default_rng(0)
    words = np.array([f"word{k}" for k in range(300)])
    frame = pd.DataFrame({"a": rng.normal(size=400), "t": [" ".join(rng.choice(words, 6)) for _ in range(400)]})
    y = rng.normal(size=400)
    featurizer = make_featurizer("enriched", [column("a", "Numeric"), column("t", "Text")])
    featurizer.fit_transform(frame, y)
    at = names_of(featurizer).index("target by words of t")
    assert np.corrcoef(looked_at[0][:, at], y)[0, 1] < 0.3


def test_rows_looked_at_may_all_be_of_one_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("automl_jupyter.featurization.interactions._SCREEN_ROWS", 500)
    y = np.zeros(N, dtype=np.int32)
    y[np.random.default_rng(0).permutation(N)[-3:]] = 1  # rows that are not looked at
    frame, columns = table(**NUMBERS)
    assert make_featurizer("arithmetic", columns).fit_transform(frame, y).shape == (N, 3)


def test_features_of_training_rows_are_made_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    fit = Interactions.fit

    def look(self: Interactions, *given: Any) -> Any:
        made.append(fit(self, *given))
        return made[-1]

    monkeypatch.setattr(Interactions, "fit", look)
    frame, columns = table(**NUMBERS)
    featurizer = make_featurizer("arithmetic", columns)
    trained = featurizer.fit_transform(frame, NUMBERS["a"] * NUMBERS["b"])
    assert iter(made[0]) is made[0], "an iterator, not a list of arrays"
    np.testing.assert_array_equal(trained, featurizer.transform(frame))
