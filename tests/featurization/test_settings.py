"""What the settings ask of the transformers, and what comes out of each by its name."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.feature_extraction.text import TfidfVectorizer

from automl_jupyter.data.dataset import Column, ColumnType
from automl_jupyter.errors import Problem
from automl_jupyter.featurization.recipes import FOR_TREES, RECIPES, make_featurizer
from automl_jupyter.featurization.steps import STEPS
from automl_jupyter.featurization.transformers import (
    TRANSFORMERS,
    FeatureSettings,
    recipes_ruled_out,
    resolve_settings,
)
from automl_jupyter.learners.base import SCALERS
from automl_jupyter.spec.featurization import BLOCKED_TRANSFORMERS, TabularFeaturizationSettings
from automl_jupyter.trials import artifacts

RNG = np.random.default_rng(0)
N = 400
COLOURS = np.array(["red", "green", "blue", "grey"])
WORDS = np.array(["good", "bad", "cheap", "dear", "late", "early"])


def make_table() -> tuple[pd.DataFrame, list[Column], np.ndarray]:
    """Return canonical rows with every type of column, and classes that depend on all of them."""
    numbers = RNG.normal(size=N)
    colour = RNG.integers(0, 4, N)
    word = RNG.integers(0, 6, N)
    frame = pd.DataFrame(
        {
            "size": np.where(RNG.random(N) < 0.2, np.nan, numbers).astype(np.float32),
            "width": RNG.normal(size=N).astype(np.float32),
            "colour": pd.Categorical(np.where(RNG.random(N) < 0.1, None, COLOURS[colour])),
            "shop": pd.Categorical(RNG.integers(0, 60, N).astype(str)),
            "day": np.datetime64("2024-01-01", "ns") + RNG.integers(0, 400, N).astype("timedelta64[D]"),
            "text": pd.Series([f"{WORDS[w]} thing number {k % 7}" for k, w in enumerate(word)], dtype=object),
        }
    )
    kinds = ("Numeric", "Numeric", "Categorical", "Categorical", "DateTime", "Text")
    columns = [Column(n, ColumnType(k), "", int(frame[n].isna().sum()), 5) for n, k in zip(frame, kinds, strict=True)]
    y = ((numbers > 0) | (colour == 0) & (word < 2)).astype(np.int64)
    return frame, columns, y


FRAME, COLUMNS, Y = make_table()


def settings_of(**asked: Any) -> FeatureSettings:
    """Return the settings that a section of a job stands for; it has to fit the table."""
    problems: list[Problem] = []
    found = resolve_settings(TabularFeaturizationSettings(**asked), COLUMNS, problems)
    assert problems == []
    return found


def problems_of(**asked: Any) -> str:
    problems: list[Problem] = []
    resolve_settings(TabularFeaturizationSettings(**asked), COLUMNS, problems)
    return " | ".join(map(str, problems))


def fitted(recipe: str, y: Any = Y, **asked: Any) -> tuple[Any, Any]:
    """Return a fitted featurizer and the features of its training rows."""
    featurizer = make_featurizer(recipe, COLUMNS, settings=settings_of(**asked).to_dict())
    return featurizer, featurizer.fit_transform(FRAME, y)


def used(recipe: str, y: Any = Y, column: str = "", **asked: Any) -> set[str]:
    """Return the transformers that make features, of one column when it is named."""
    at = [c.name for c in COLUMNS].index(column) if column else None
    found = fitted(recipe, y, **asked)[0].describe()
    return {f.transformer for f in found if at is None or at in f.positions}


# --- what is used where nothing is asked ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        ("tree", {"Numeric", "LabelEncoder", "FrequencyEncoder", "DateTime", "WordEmbedding", "StringStatistics"}),
        ("linear", {"MedianImputer", "ImputationMarker", "OneHotEncoder", "DateTime", "TfIdf"}),
        ("counts", {"Discretizer", "ImputationMarker", "OneHotEncoder", "CountVectorizer"}),
    ],
)
def test_transformers_of_the_recipes(recipe: str, expected: set[str]) -> None:
    assert used(recipe) == expected


def test_the_enriched_recipe_learns_from_the_target() -> None:
    assert {"Arithmetic", "CatTargetEncoder", "TextTargetEncoder"} <= used("enriched")
    assert "ClusterDistance" in used("clusters")


def test_every_feature_names_a_known_transformer_and_its_columns() -> None:
    for recipe in RECIPES:
        featurizer, features = fitted(recipe)
        found = featurizer.describe()
        assert len(found) == features.shape[1]
        assert [f.name for f in found] == featurizer.get_feature_names_out().tolist()
        for feature in found:
            assert feature.transformer in TRANSFORMERS
            assert all(0 <= p < len(COLUMNS) for p in feature.positions)
            assert bool(feature.positions) is (recipe != "none")


# --- blocked transformers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("blocked", BLOCKED_TRANSFORMERS)
def test_a_blocked_transformer_makes_no_feature_and_no_column_is_lost(recipe: str, blocked: str) -> None:
    featurizer, features = fitted(recipe, blocked_transformers=[blocked])
    assert blocked not in {f.transformer for f in featurizer.describe()}
    lost = set(range(len(COLUMNS))) - {p for f in featurizer.describe() for p in f.positions}
    assert recipe == "none" or not lost
    assert features.shape == featurizer.transform(FRAME).shape


@pytest.mark.parametrize("recipe", RECIPES)
def test_with_everything_blocked_there_are_still_features(recipe: str) -> None:
    _, features = fitted(recipe, blocked_transformers=list(BLOCKED_TRANSFORMERS))
    assert len(dense(features)) == N
    assert recipe in FOR_TREES or np.isfinite(dense(features)).all()


@pytest.mark.parametrize(
    ("column", "order"),
    [
        ("colour", ["OneHotEncoder", "HashOneHotEncoder", "CatTargetEncoder", "WoETargetEncoder"]),
        ("text", ["TfIdf", "CountVectorizer", "TextTargetEncoder", "NaiveBayes"]),
    ],
)
def test_the_next_in_line_takes_the_place_of_a_blocked_one(column: str, order: list[str]) -> None:
    for k, expected in enumerate(order):
        blocked = order[:k]
        featurizer, _ = fitted("linear", blocked_transformers=blocked)
        at = [c.name for c in COLUMNS].index(column)
        found = {f.transformer for f in featurizer.describe() if at in f.positions}
        assert expected in found
        assert not found & set(blocked)
    last = used("linear", column=column, blocked_transformers=order)
    assert last == ({"FrequencyEncoder"} if column == "colour" else {"StringStatistics"})


def test_weights_of_evidence_are_the_log_odds_of_the_target_means() -> None:
    blocked = ["OneHotEncoder", "HashOneHotEncoder"]
    means, _ = fitted("linear", blocked_transformers=blocked)
    evidence, _ = fitted("linear", blocked_transformers=[*blocked, "CatTargetEncoder"])
    at = [f.transformer for f in means.describe()].index("CatTargetEncoder")
    share = dense(means.transform(FRAME))[:, at].astype(np.float64)
    expected = np.log(share / (1 - share)) - np.log(Y.mean() / (1 - Y.mean()))
    np.testing.assert_allclose(dense(evidence.transform(FRAME))[:, at], expected, rtol=1e-3, atol=1e-4)


def test_values_have_no_weight_of_evidence() -> None:
    blocked = ["OneHotEncoder", "HashOneHotEncoder", "CatTargetEncoder"]
    assert used("linear", RNG.normal(size=N), "colour", blocked_transformers=blocked) == {"FrequencyEncoder"}


@pytest.mark.parametrize("y", [Y, Y + (np.arange(N) % 3 == 0), RNG.normal(size=N)], ids=["two", "three", "values"])
@pytest.mark.parametrize("blocked", [[], ["TextTargetEncoder", "CatTargetEncoder"]], ids=["first", "second"])
def test_features_of_the_target_hold_none_of_a_rows_own(y: np.ndarray, blocked: list[str]) -> None:
    """A target of pure chance is told by its features no better than chance, of the rows they were learnt from."""
    chance = np.random.default_rng(3).permutation(y)
    everything = ["OneHotEncoder", "HashOneHotEncoder", "TfIdf", "CountVectorizer", *blocked]
    featurizer, features = fitted("linear", chance, blocked_transformers=everything)
    kinds = ("CatTargetEncoder", "WoETargetEncoder", "TextTargetEncoder", "NaiveBayes")
    at = [j for j, f in enumerate(featurizer.describe()) if f.transformer in kinds]
    if not at:
        assert blocked
        assert y.dtype.kind == "f"
    for j in at:
        code = (
            int(featurizer.describe()[j].name.split("class ")[1][0]) if "class " in featurizer.describe()[j].name else 1
        )
        truth = chance if y.dtype.kind == "f" else chance == code
        assert np.corrcoef(dense(features)[:, j], truth)[0, 1] < 0.2


# --- parameters -----------------------------------------------------------------------------------------------------


def imputer(strategy: str, *fields: str, **more: Any) -> dict[str, Any]:
    return {"imputer": [{"fields": list(fields) or None, "parameters": {"strategy": strategy, **more}}]}


@pytest.mark.parametrize("recipe", ["tree", "linear"])
@pytest.mark.parametrize(
    ("strategy", "more", "expected"),
    [
        ("mean", {}, np.nanmean(FRAME["size"])),
        ("median", {}, np.nanmedian(FRAME["size"])),
        ("constant", {"fill_value": -7}, -7.0),
    ],
)
def test_an_imputer_fills_numbers_and_marks_them(recipe: str, strategy: str, more: Any, expected: float) -> None:
    featurizer, _ = fitted(recipe, transformer_params=imputer(strategy, "size", **more))
    filled = featurizer.imputation_.apply(FRAME)["size"].to_numpy()
    gaps = FRAME["size"].isna().to_numpy()
    np.testing.assert_allclose(filled[gaps], expected, rtol=1e-5)
    np.testing.assert_array_equal(filled[~gaps], FRAME["size"].to_numpy()[~gaps])
    at = featurizer.get_feature_names_out().tolist().index("size__missing")
    np.testing.assert_array_equal(dense(featurizer.transform(FRAME))[:, at], gaps)
    assert featurizer.before(0) == ["Imputer"]
    assert FRAME["size"].isna().any()  # the rows given are left alone


def test_the_most_frequent_fills_categories_and_a_constant_is_a_level_of_its_own() -> None:
    featurizer, _ = fitted("linear", transformer_params=imputer("most_frequent", "colour"))
    gaps = FRAME["colour"].isna()
    assert set(featurizer.imputation_.apply(FRAME)["colour"][gaps]) == {FRAME["colour"].mode()[0]}
    featurizer, _ = fitted("linear", transformer_params=imputer("constant", "colour", fill_value="none"))
    assert "colour=none" in featurizer.get_feature_names_out()


def test_parameters_without_fields_hold_for_all_and_those_with_fields_win() -> None:
    asked = {
        "imputer": [
            {"fields": ["size"], "parameters": {"strategy": "median"}},
            {"parameters": {"strategy": "most_frequent"}},
        ]
    }
    found = settings_of(transformer_params=asked).imputers
    assert found["size"] == {"strategy": "median"}
    assert {found[n]["strategy"] for n in ("width", "colour", "shop")} == {"most_frequent"}
    assert set(found) == {"size", "width", "colour", "shop"}


@pytest.mark.parametrize("recipe", ["tree", "linear", "dense", "counts"])
def test_hashed_categories_are_at_most_two_to_the_number_of_bits(recipe: str) -> None:
    asked = {"hash_one_hot_encoder": [{"fields": ["shop"], "parameters": {"number_of_bits": 3}}]}
    featurizer, _ = fitted(recipe, transformer_params=asked)
    groups = featurizer.hashing_.apply(FRAME)["shop"]
    assert len(groups.cat.categories) <= 8
    assert groups.groupby(FRAME["shop"], observed=True).nunique().max() == 1  # a category is in one group
    assert featurizer.before(3) == ["HashOneHotEncoder"]
    assert sum(3 in f.positions for f in featurizer.describe()) <= 9
    other = FRAME["shop"].cat.reorder_categories(FRAME["shop"].cat.categories[::-1])
    np.testing.assert_array_equal(
        dense(featurizer.transform(FRAME.assign(shop=other))), dense(featurizer.transform(FRAME))
    )


def test_a_column_of_hashed_categories_is_hashed_without_parameters() -> None:
    columns = [c if c.name != "shop" else Column("shop", ColumnType.CATEGORICAL_HASH, "", 0, 60) for c in COLUMNS]
    settings = resolve_settings(TabularFeaturizationSettings(), columns, [])
    assert settings.hash_bits == {"shop": None}
    featurizer = make_featurizer("linear", columns, settings=settings.to_dict())
    featurizer.fit(FRAME)
    assert len(featurizer.hashing_.apply(FRAME)["shop"].cat.categories) <= 64


def test_tf_idf_is_scikit_learns_with_the_parameters_asked_for() -> None:
    parameters = {"ngram_range": [1, 1], "analyzer": "char_wb", "max_features": 20}
    asked = {"tf_idf": [{"parameters": parameters}]}
    featurizer, features = fitted("linear", transformer_params=asked)
    at = [j for j, f in enumerate(featurizer.describe()) if f.transformer == "TfIdf"]
    oracle = TfidfVectorizer(ngram_range=(1, 1), analyzer="char_wb", max_features=20)
    np.testing.assert_allclose(
        dense(features)[:, at], oracle.fit_transform(FRAME["text"]).toarray(), rtol=1e-4, atol=1e-5
    )
    assert "WordEmbedding" in used("tree", transformer_params=asked)


def test_characters_stand_for_words_in_languages_without_spaces() -> None:
    frame = pd.DataFrame({"t": ["我喜欢这个", "我不喜欢", "好 good"] * 5})
    columns = [Column("t", ColumnType.TEXT, "", 0, 3)]
    for language, expected in (("zho", {"t=喜 欢", "t=我", "t=good"}), (None, {"t=我喜欢这个", "t=good"})):
        asked = TabularFeaturizationSettings(dataset_language=language)
        settings = resolve_settings(asked, columns, [])
        featurizer = make_featurizer("linear", columns, settings=settings.to_dict(), options={"min_frequency": 1})
        assert expected <= set(featurizer.fit(frame).get_feature_names_out())


# --- what does not fit ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (imputer("mean", "sise"), r"There is no feature column 'sise'\. Did you mean 'size'\?"),
        (
            imputer("mean", "colour"),
            "Strategy 'mean' needs numbers; the column 'colour', which is Categorical, has none",
        ),
        (imputer("constant", "size", fill_value="x"), "fill_value 'x' is no number"),
        (imputer("mean", "day"), "Imputer is for Numeric, Boolean, Categorical or CategoricalHash columns"),
        ({"tf_idf": [{"fields": ["colour"], "parameters": {"max_df": 0.5}}]}, "TfIdf is for Text columns"),
        ({"tf_idf": [{"parameters": {"max_df": "x"}}]}, "scikit-learn's TfidfVectorizer refuses this"),
        ({"tf_idf": [{"parameters": {"token_pattern": "("}}]}, "scikit-learn's TfidfVectorizer refuses this"),
        ({"hash_one_hot_encoder": [{"fields": ["size"], "parameters": {"number_of_bits": 3}}]}, "HashOneHotEncoder is"),
    ],
)
def test_parameters_that_do_not_fit_are_refused_by_column(asked: Any, says: str) -> None:
    found = problems_of(transformer_params=asked)
    assert pd.Series([found]).str.contains(says)[0], found
    assert found.startswith("featurization.transformer_params.")


def test_mode_off_refuses_parameters_of_transformers() -> None:
    assert "cannot be used with mode 'off'" in problems_of(mode="off", transformer_params=imputer("mean"))


def test_trees_take_hashed_categories_where_codes_and_one_hot_are_blocked() -> None:
    asked = ["LabelEncoder", "OneHotEncoder"]
    assert used("tree", column="colour", blocked_transformers=asked) == {"HashOneHotEncoder", "ImputationMarker"}


def test_a_constant_beyond_single_precision_is_the_largest_number() -> None:
    featurizer, features = fitted("tree", transformer_params=imputer("constant", "size", fill_value=1e300))
    at = featurizer.get_feature_names_out().tolist().index("size")
    assert np.isfinite(features[:, at]).all()


def test_parameters_without_fields_pass_over_columns_they_do_not_suit() -> None:
    assert problems_of(transformer_params=imputer("mean")) == ""
    assert set(settings_of(transformer_params=imputer("mean")).imputers) == {"size", "width"}


def test_settings_survive_json() -> None:
    asked = settings_of(blocked_transformers=["TfIdf"], transformer_params=imputer("mean"), dataset_language="jpn")
    assert FeatureSettings.from_dict(asked.to_dict()) == asked


@pytest.mark.parametrize(
    ("asked", "types", "classes", "expected"),
    [
        ({}, "nn", True, ()),
        ({}, "nc", True, ("arithmetic", "clusters")),
        ({"mode": "off"}, "nn", True, ("arithmetic", "enriched", "clusters")),
        ({"blocked_transformers": ["CatTargetEncoder"]}, "nn", True, ()),
        ({"blocked_transformers": ["CatTargetEncoder"]}, "nn", False, ("enriched",)),
        ({"blocked_transformers": ["CatTargetEncoder"]}, "nnt", False, ()),
        ({"blocked_transformers": ["CatTargetEncoder", "WoETargetEncoder"]}, "nn", True, ("enriched",)),
    ],
)
def test_recipes_that_nothing_is_left_of(asked: Any, types: str, classes: bool, expected: Any) -> None:
    kinds = {"n": ColumnType.NUMERIC, "c": ColumnType.CATEGORICAL, "t": ColumnType.TEXT}
    found = recipes_ruled_out(settings_of(**asked), [kinds[t] for t in types], classification=classes)
    assert found == expected


# --- scalers and reducers -------------------------------------------------------------------------------------------


def test_what_a_trial_may_draw_is_what_there_is() -> None:
    assert set(SCALERS) == set(STEPS)


@pytest.mark.parametrize(("recipe", "step"), list(itertools.product(["linear", "dense"], STEPS)))
def test_steps_are_finite_named_and_the_same_row_by_row(recipe: str, step: str) -> None:
    featurizer, features = fitted(f"{recipe}+{step}")
    found = dense(featurizer.transform(FRAME))
    np.testing.assert_allclose(found, dense(features), rtol=1e-3, atol=1e-4)
    assert np.isfinite(found).all()
    assert found.shape[1] == len(featurizer.get_feature_names_out())
    assert found.dtype == np.float32
    np.testing.assert_allclose(dense(featurizer.transform(FRAME.iloc[[7]])), found[[7]], rtol=1e-3, atol=1e-4)


def test_a_sparse_matrix_is_never_made_dense() -> None:
    levels = np.char.add("v", np.arange(2000).astype(str))
    frame = pd.DataFrame({"c": pd.Categorical(np.tile(levels, 6), categories=levels)})
    columns = [Column("c", ColumnType.CATEGORICAL, "", 0, 2000)]
    for recipe in ("linear", "counts", "linear+StandardScaler", "linear+MinMaxScaler", "linear+SparseNormalizer"):
        featurizer = make_featurizer(recipe, columns, options={"max_levels": 2000})
        assert sparse.issparse(featurizer.fit_transform(frame, np.arange(len(frame)) % 2))
    reduced = make_featurizer("linear+PCA", columns, options={"max_levels": 2000}).fit_transform(frame)
    assert reduced.shape[1] <= 100


# --- on disk --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", ["enriched", "clusters", "linear+PCA", "linear+SparseNormalizer"])
@pytest.mark.parametrize("blocked", [[], list(BLOCKED_TRANSFORMERS)[:6]], ids=["all", "some"])
def test_a_saved_featurizer_gives_the_same(recipe: str, blocked: list[str], tmp_path: Any) -> None:
    asked = {**imputer("most_frequent"), "tf_idf": [{"parameters": {"max_features": 9}}]}
    featurizer, _ = fitted(recipe, blocked_transformers=blocked, transformer_params=asked)
    artifacts.save(tmp_path / "featurizer.skops", featurizer)
    again = artifacts.load(tmp_path / "featurizer.skops")
    np.testing.assert_array_equal(dense(again.transform(FRAME)), dense(featurizer.transform(FRAME)))
    assert again.describe() == featurizer.describe()


def dense(features: Any) -> np.ndarray:
    return features.toarray() if sparse.issparse(features) else features


def test_every_language_that_is_cut_into_characters_is_on_the_page() -> None:
    from pathlib import Path

    from automl_jupyter.featurization.transformers import _WITHOUT_SPACES

    page = (Path(__file__).resolve().parents[2] / "docs" / "featurization.md").read_text(encoding="utf-8")
    assert [code for code in sorted(_WITHOUT_SPACES) if f"`{code}`" not in page] == []


@pytest.mark.parametrize("recipe", ["tree", "linear", "counts", "linear+StandardScaler", "linear+PCA"])
def test_features_are_plain_whatever_a_notebook_asks_of_all_transformers(recipe: str) -> None:
    featurizer, features = fitted(recipe)
    expected = featurizer.transform(FRAME)
    with config_context(transform_output="pandas"):
        found = featurizer.transform(FRAME)
        again = fitted(recipe)[1]
    assert type(again) is type(features)
    assert type(found) is type(expected)
    np.testing.assert_array_equal(dense(found), dense(expected))
