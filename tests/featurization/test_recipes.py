"""Tests of recipes."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer

from automl_jupyter.errors import AutoMLError
from automl_jupyter.featurization.recipes import FOR_TREES, RECIPES, make_featurizer
from automl_jupyter.featurization.steps import STEPS
from automl_jupyter.featurization.texts import Words
from automl_jupyter.testing.learner_checks import toy_table


def column(name, kind, dropped=False):
    return SimpleNamespace(name=name, type=kind, dropped=dropped)


def dense(features):
    return features.toarray() if hasattr(features, "toarray") else features


def categories(values, vocabulary):
    return pd.DataFrame({"c": pd.Categorical(values, categories=vocabulary)})


def test_unknown_recipe_names_the_nearest():
    with pytest.raises(AutoMLError, match=r"recipe 'trees'\. Did you mean 'tree'"):
        make_featurizer("trees", [])


def test_unknown_option_names_the_nearest():
    with pytest.raises(AutoMLError, match="Did you mean 'n_topics'"):
        make_featurizer("tree", [], options={"n_topic": 3})


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_is_finite_named_and_the_same_row_by_row(recipe):
    frame, columns, _ = toy_table(150)
    featurizer = clone(make_featurizer(recipe, columns)).fit(frame.iloc[:100])
    features = dense(featurizer.transform(frame))
    assert features.dtype == np.float32
    assert features.shape == (150, len(featurizer.get_feature_names_out()))
    if recipe not in FOR_TREES:
        assert np.isfinite(features).all()
    if recipe == "counts":
        assert features.min() >= 0
    alone = np.vstack([dense(featurizer.transform(frame.iloc[[r]])) for r in (0, 60, 149)])
    np.testing.assert_allclose(alone, features[[0, 60, 149]], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("recipe", RECIPES)
def test_one_row_is_enough_and_no_columns_too(recipe):
    frame, columns, _ = toy_table(1)
    assert len(dense(make_featurizer(recipe, columns).fit(frame).transform(frame))) == 1
    empty = pd.DataFrame(index=range(4))
    assert make_featurizer(recipe, []).fit(empty).transform(empty).shape == (4, 1)


@pytest.mark.parametrize("recipe", RECIPES)
def test_columns_that_are_all_missing_in_a_fold(recipe):
    frame = pd.DataFrame(
        {
            "n": np.full(6, np.nan, np.float32),
            "c": pd.Categorical.from_codes([-1] * 6, ["a"]),
            "d": np.full(6, "NaT", "datetime64[ns]"),
            "t": [""] * 6,
        }
    )
    columns = [
        column("n", "Numeric"),
        column("c", "Categorical"),
        column("d", "DateTime"),
        column("t", "Text"),
    ]
    features = dense(make_featurizer(recipe, columns).fit(frame).transform(frame))
    assert recipe in FOR_TREES or np.isfinite(features).all()


def without_values(frame, position):
    """Return the frame with every value of one column missing."""
    values = frame.iloc[:, position]
    if isinstance(values.dtype, pd.CategoricalDtype):
        empty = pd.Series(pd.Categorical.from_codes([-1] * len(frame), dtype=values.dtype))
    elif values.dtype.kind == "M":
        empty = pd.Series(np.full(len(frame), "NaT", values.dtype))
    else:
        empty = pd.Series(np.full(len(frame), np.nan, values.dtype) if values.dtype.kind == "f" else [""] * len(frame))
    columns = [empty if p == position else frame.iloc[:, p] for p in range(frame.shape[1])]
    return pd.concat(columns, axis=1).set_axis(frame.columns, axis=1)


@pytest.mark.parametrize("recipe", [*RECIPES, *(f"linear+{step}" for step in STEPS)])
@pytest.mark.parametrize("target", ["class", "value"])
def test_a_column_may_have_no_value_in_training_or_none_later(recipe, target):
    frame, columns, signal = toy_table(90)
    y = (signal > np.median(signal)).astype(np.int32) if target == "class" else signal
    for position in range(frame.shape[1]):
        empty = without_values(frame, position)
        for train, later in ((frame, empty), (empty, frame), (empty, empty)):
            featurizer = make_featurizer(recipe, columns)
            fitted = dense(featurizer.fit_transform(train, y))
            features = dense(featurizer.transform(later))
            assert features.shape == fitted.shape == (90, len(featurizer.get_feature_names_out()))
            if recipe not in FOR_TREES:
                assert np.isfinite(features).all()
                assert np.isfinite(fitted).all()


def test_dropped_columns_are_not_expected():
    columns = [column("id", "Ignore", dropped=True), column("n", "Numeric")]
    frame = pd.DataFrame({"n": np.float32([1, 2, np.nan])})
    features = make_featurizer("tree", columns).fit(frame).transform(frame)
    np.testing.assert_array_equal(features, np.float32([[1], [2], [np.nan]]))
    with pytest.raises(ValueError, match="made for 1 columns, the frame has 2"):
        make_featurizer("tree", columns).fit(frame.assign(id=1))


def test_tree_codes_are_by_frequency_with_missing_and_unseen_nan():
    train = categories(["b", "b", "a", None, "b", "a"], ["a", "b", "never"])
    featurizer = make_featurizer("tree", [column("c", "Categorical")]).fit(train)
    assert featurizer.categorical_features_ == [0]
    # Another frame numbers the same levels differently: levels are matched by their text.
    other = categories(["a", "b", "never", None], ["never", "b", "a"])
    np.testing.assert_array_equal(featurizer.transform(other)[:, 0], [1, 0, np.nan, np.nan])


def test_categories_with_many_levels_get_frequencies_and_stop_being_categorical():
    vocabulary = [f"v{k}" for k in range(1200)]
    train = categories(vocabulary * 2, vocabulary)
    featurizer = make_featurizer("tree", [column("c", "Categorical")]).fit(train)
    assert featurizer.categorical_features_ == []
    assert list(featurizer.get_feature_names_out()) == ["c", "c__frequency"]
    np.testing.assert_allclose(featurizer.transform(train)[:, 1], 1 / 1200, rtol=1e-6)


def test_one_hot_rare_missing_and_unseen():
    values = ["a"] * 10 + ["b"] * 6 + ["rare"] + [None] * 3
    train = categories(values, ["a", "b", "rare", "unseen"])
    featurizer = make_featurizer("linear", [column("c", "Categorical")]).fit(train)
    assert list(featurizer.get_feature_names_out()) == ["c=a", "c=b", "c__rare", "c__missing"]
    rows = categories(["a", "b", "rare", "unseen", None], ["a", "b", "rare", "unseen"])
    np.testing.assert_array_equal(
        dense(featurizer.transform(rows)),
        [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
    )


def test_wide_one_hot_stays_sparse():
    vocabulary = [f"v{k}" for k in range(300)]
    train = categories(vocabulary * 5, vocabulary)
    features = make_featurizer("linear", [column("c", "Categorical")]).fit(train).transform(train)
    assert features.format == "csr"
    assert features.nnz == 1500


def test_scaling_formula_and_indicator():
    values = np.array([0.0, 1, 2, 3, 4, np.nan, 1e30])
    frame = pd.DataFrame({"n": values})
    featurizer = make_featurizer("dense", [column("n", "Numeric")]).fit(frame)
    low, middle, high = np.percentile(values[~np.isnan(values)], [25, 50, 75])
    z = np.nan_to_num((values - middle) / (high - low))
    expected = z / np.sqrt(1 + (z / 3) ** 2)
    features = featurizer.transform(frame)
    np.testing.assert_allclose(features[:-1, 0], expected[:-1], rtol=1e-5)
    assert features[-1, 0] == pytest.approx(3, abs=1e-3)
    np.testing.assert_array_equal(features[:, 1], [0, 0, 0, 0, 0, 1, 0])
    assert list(featurizer.get_feature_names_out()) == ["n", "n__missing"]


def test_numbers_far_from_zero_keep_their_differences():
    values = 1.7e9 + np.arange(50.0)
    frame = pd.DataFrame({"n": values})
    features = make_featurizer("tree", [column("n", "Numeric")]).fit(frame).transform(frame)
    np.testing.assert_array_equal(np.diff(features[:, 0]), np.ones(49))


def test_numbers_too_large_for_single_precision_stay_finite():
    frame = pd.DataFrame({"n": np.array([1e300, -1e300, 0.0, 1.0])})
    for recipe in ("tree", "linear", "dense"):
        features = make_featurizer(recipe, [column("n", "Numeric")]).fit(frame).transform(frame)
        assert np.isfinite(features).all()


def test_date_parts_that_vary_and_elapsed_seconds():
    dates = pd.to_datetime(["2024-01-31 10:00", "2024-12-01 10:00", None]).astype("datetime64[ns]")
    frame = pd.DataFrame({"d": dates})
    featurizer = make_featurizer("tree", [column("d", "DateTime")]).fit(frame)
    names = list(featurizer.get_feature_names_out())
    parts = ["month", "day", "dayofweek", "dayofyear", "weekofyear", "quarter", "elapsed_s"]
    assert names == [f"d__{part}" for part in parts]
    np.testing.assert_allclose(
        featurizer.transform(frame),
        [[1, 31, 2, 31, 5, 1, 0], [12, 1, 6, 336, 48, 4, 305 * 86400], [np.nan] * 7],
    )


def test_elapsed_seconds_of_instants_centuries_apart():
    days = np.array(["1900-01-01", "2000-01-01", "2261-12-31", "NaT"], dtype="datetime64[ns]")
    columns = [column("d", "DateTime")]
    featurizer = make_featurizer("tree", columns).fit(pd.DataFrame({"d": days}))
    elapsed = featurizer.transform(pd.DataFrame({"d": days}))[:, -1]
    assert featurizer.get_feature_names_out()[-1] == "d__elapsed_s"
    np.testing.assert_allclose(elapsed, [0, 36_524 * 86_400, 132_217 * 86_400, np.nan], rtol=1e-6)
    late = make_featurizer("tree", columns).fit(pd.DataFrame({"d": days[2:]}))
    np.testing.assert_allclose(late.transform(pd.DataFrame({"d": days[:1]}))[:, -1], [-132_217 * 86_400], rtol=1e-6)


def test_weeks_are_those_of_iso_8601():
    days = pd.date_range("1959-12-20", "2041-01-10", freq="3D").to_series(index=None).reset_index(drop=True)
    days = days.astype("datetime64[ns]")
    days.iloc[5] = pd.NaT
    featurizer = make_featurizer("tree", [column("d", "DateTime")]).fit(pd.DataFrame({"d": days}))
    at = featurizer.get_feature_names_out().tolist().index("d__weekofyear")
    expected = days.dt.isocalendar().week.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    np.testing.assert_array_equal(featurizer.transform(pd.DataFrame({"d": days}))[:, at], expected)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("ab é", max_size=14), min_size=2, max_size=12))
def test_words_are_scikit_learns_tf_idf(texts):
    frame = pd.DataFrame({"t": pd.Series(texts, dtype=object)})
    words = Words(0, 1, 10_000).fit(frame)
    oracle = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\w+", sublinear_tf=True)
    if not any(text.split() for text in texts):
        assert words.width == 0
        return
    expected = oracle.fit_transform(texts).toarray()
    names = [f.name for f in words.describe(["t"])]
    order = [list(oracle.get_feature_names_out()).index(n.removeprefix("t=")) for n in names]
    np.testing.assert_allclose(words.sparse(frame).toarray(), expected[:, order], rtol=1e-5, atol=1e-6)


def test_words_keep_the_most_common_and_pairs_of_words_that_are_no_feature():
    frame = pd.DataFrame({"t": ["a b", "a b", "a c", "c d"]})
    words = Words(0, 1, 3).fit(frame)
    assert [f.name for f in words.describe(["t"])] == ["t=a", "t=b", "t=c"]
    assert words.sparse(frame).shape == (4, 3)


def test_names_are_not_looked_at():
    frame, columns, _ = toy_table(80)
    featurizer = make_featurizer("tree", columns).fit(frame)
    renamed = frame.set_axis(range(6), axis=1)
    np.testing.assert_array_equal(featurizer.transform(renamed), featurizer.transform(frame))
    assert "colour=é" in featurizer.get_feature_names_out()


def test_words_are_learnt_from_a_sample_and_made_some_rows_at_a_time(monkeypatch):
    from automl_jupyter.featurization import texts

    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"t": [" ".join(rng.choice(list("abcdefgh"), 6)) for _ in range(60)]})
    fitted = {r: make_featurizer(r, [column("t", "Text")]).fit(frame) for r in ("tree", "linear", "counts")}
    whole = {r: dense(f.transform(frame)) for r, f in fitted.items()}
    split, sizes = Words.split, []
    monkeypatch.setattr(Words, "split", lambda self, X: sizes.append(len(X)) or split(self, X))
    monkeypatch.setattr(texts, "_BLOCK", 7)
    for recipe, featurizer in fitted.items():
        np.testing.assert_array_equal(dense(featurizer.transform(frame)), whole[recipe])
    assert max(sizes) == 7
    sizes.clear()
    monkeypatch.setattr(texts, "_SAMPLE", 20)
    Words(0, 1, 100).fit(frame)
    assert sizes == [20]


def test_levels_are_read_at_once(monkeypatch):
    from automl_jupyter.featurization.categories import Levels

    frame = categories([f"v{i % 100}" for i in range(300)], [f"v{i}" for i in range(100)])
    asked, get = [], pd.Index.__getitem__
    with monkeypatch.context() as patch:
        patch.setattr(pd.Index, "__getitem__", lambda self, key: asked.append(key) or get(self, key))
        levels = Levels(0).fit(frame)
    assert len(asked) < 20
    assert levels.levels == [f"v{i}" for i in range(100)]


@pytest.mark.parametrize("start", [0.0, 5.0])
@pytest.mark.parametrize("unit", [1.0, 1e-9, 1e-12])
def test_trees_see_differences_of_any_unit(start, unit):
    from sklearn.tree import DecisionTreeRegressor

    frame = pd.DataFrame({"n": start + np.arange(100) * unit})
    features = make_featurizer("tree", [column("n", "Numeric")]).fit(frame).transform(frame)
    tree = DecisionTreeRegressor(max_depth=1).fit(features, np.arange(100) >= 50)
    np.testing.assert_array_equal(tree.predict(features), np.arange(100) >= 50)


def test_numbers_beside_a_value_that_most_rows_have_keep_their_differences():
    rates = np.linspace(0.1, 0.9, 20)
    frame = pd.DataFrame({"n": np.concatenate([rates, np.full(100, 9_999_999.0)])})
    features = make_featurizer("tree", [column("n", "Numeric")]).fit(frame).transform(frame)
    assert len(np.unique(features[:20, 0])) == 20
