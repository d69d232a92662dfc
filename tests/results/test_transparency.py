"""What a fitted model says it does to the data, and that it is what it does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl_jupyter.errors import AutoMLError, ModelInputError
from automl_jupyter.results.model import load_model
from automl_jupyter.testing.quick import make_table, run_job

#: the columns of Azure Machine Learning's summary, and the reason
HEADS = [
    "RawFeatureName", "TypeDetected", "Dropped", "EngineeredFeatureCount", "Transformations", "Reason",
]  # fmt: skip
ROW = {"size": 1.5, "age": 7, "colour": "blue", "day": "2024-03-05", "note": "good thing", "only": "same"}


def make_rows() -> pd.DataFrame:
    table = make_table(120)
    days = pd.Series(pd.date_range("2024-01-01", periods=120)).sample(frac=1, random_state=1).dt.strftime("%Y-%m-%d")
    words = np.random.default_rng(1).choice(["good", "bad", "cheap", "dear"], (120, 3))
    return table[["size", "age", "colour", "label"]].assign(
        day=days.to_numpy(), note=[" ".join(w) for w in words], only="same"
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    training = {"allowed_training_algorithms": ["LogisticRegression", "DecisionTree"], "enable_stack_ensemble": False}
    featurization = {"column_name_and_types": {"note": "Text"}}
    job = run_job(
        data=make_rows(),
        workspace=tmp_path_factory.mktemp("seen"),
        training=training,
        featurization=featurization,
        limits={"max_trials": 4},
    )
    assert job.status == "Completed"
    return job.model


def test_the_summary_has_a_row_a_raw_column(model: Any) -> None:
    summary = model.get_featurization_summary()
    assert list(summary.columns) == HEADS
    assert list(summary["RawFeatureName"]) == list(model.feature_names_in_)
    by_name = summary.set_index("RawFeatureName")
    assert by_name.loc["only", "Dropped"] == "Yes"
    assert "every row has the value 'same'" in by_name.loc["only", "Reason"]
    assert by_name.loc["only", "EngineeredFeatureCount"] == 0
    assert by_name["TypeDetected"].to_dict() == {
        "size": "Numeric",
        "age": "Numeric",
        "colour": "Categorical",
        "day": "DateTime",
        "note": "Text",
        "only": "Categorical",
    }
    assert (by_name["Dropped"] == "No").sum() == 5
    assert (by_name.loc[by_name["Dropped"] == "No", "EngineeredFeatureCount"] > 0).all()


def test_engineered_names_are_the_columns_the_learner_gets(model: Any) -> None:
    for part in model.blend_.parts:
        names = model.get_engineered_feature_names(part.label)
        estimator = part.estimators[0]
        assert len(names) == getattr(estimator, "n_features_in_", len(names))
        features = model.get_engineered_features(part.label)
        assert list(features["Feature"]) == names
        counts = model.get_featurization_summary(part.label).set_index("RawFeatureName")["EngineeredFeatureCount"]
        for name, count in counts.items():
            assert sum(name in raw for raw in features["RawFeatureNames"]) == count


def test_importances_map_back_to_raw_columns(model: Any) -> None:
    features = model.get_engineered_features()
    importance = pd.Series(1.0, index=features.index)
    raw = importance.groupby(features["RawFeatureNames"].str[0]).sum()
    assert set(raw.index) == {"size", "age", "colour", "day", "note"}


def test_a_row_explained_is_the_row_the_learner_sees(model: Any) -> None:
    found = model.explain_features(ROW)
    assert list(found.columns) == ["RawFeatureName", "Value", "ReadAs", "Feature", "FeatureValue", "Transformer"]
    part = max(model.blend_.parts, key=lambda p: p.weight)
    encoded = model.schema_.encode([ROW])
    sees = model.blend_.featurizers[part.featurizers[0]].transform(encoded)
    sees = np.asarray(sees.toarray() if hasattr(sees, "toarray") else sees).ravel()
    expected = dict(zip(model.get_engineered_feature_names(), sees.tolist(), strict=True))
    shown = found[found["Feature"] != ""]
    for name, value in zip(shown["Feature"], shown["FeatureValue"], strict=True):
        assert expected.pop(name) == pytest.approx(value, nan_ok=True)
    assert set(expected.values()) <= {0.0}  # only other categories and words are left out
    of_only = found[found["RawFeatureName"] == "only"].iloc[0]
    assert (of_only["Value"], of_only["Feature"]) == ("same", "")
    assert of_only["Transformer"].startswith("dropped:")
    assert set(found.loc[found["RawFeatureName"] == "day", "ReadAs"]) == {pd.Timestamp("2024-03-05")}


@pytest.mark.parametrize("shape", ["mapping", "series", "frame"])
def test_a_row_comes_in_any_shape(model: Any, shape: str) -> None:
    row = {"mapping": ROW, "series": pd.Series(ROW), "frame": pd.DataFrame([ROW], index=[41])}[shape]
    pd.testing.assert_frame_equal(model.explain_features(row), model.explain_features(ROW))


def test_what_cannot_be_explained_is_refused_in_a_sentence(model: Any) -> None:
    with pytest.raises(ModelInputError, match=r"One row is explained at a time; 2 rows came\. Take one: X\.iloc"):
        model.explain_features(pd.DataFrame([ROW, ROW]))
    with pytest.raises(ModelInputError, match="a column is missing: size"):
        model.explain_features({k: v for k, v in ROW.items() if k != "size"})
    with pytest.raises(ModelInputError, match="the value 'abc' is not a number"):
        model.explain_features({**ROW, "size": "abc"})
    with pytest.raises(AutoMLError, match="The model has no member 'nobody'"):
        model.get_featurization_summary("nobody")


def test_the_diagram_opens_from_columns_to_members(model: Any) -> None:
    html = model._repr_mimebundle_()["text/html"]
    for words in ("6 raw columns", "1 dropped", "Features “", model.label):
        assert words in html
    for part in model.blend_.parts:
        assert part.label in html
    assert len(html) < 40_000


def test_names_are_escaped_wherever_they_are_shown(tmp_path: Path) -> None:
    bad = "<img src=x onerror=alert(1)>"
    data = make_table(80)[["size", "label"]].assign(**{bad: np.arange(80) % 7, "const": 1})
    model = run_job(data=data, workspace=tmp_path).model
    assert "<img" not in model._repr_html_()
    assert bad in set(model.get_featurization_summary()["RawFeatureName"])


def test_a_saved_model_still_knows(model: Any, tmp_path: Path) -> None:
    again = load_model(model.save(tmp_path / "saved"))
    pd.testing.assert_frame_equal(again.get_featurization_summary(), model.get_featurization_summary())
    pd.testing.assert_frame_equal(again.explain_features(ROW), model.explain_features(ROW))


def test_a_trial_with_a_scaler_says_so() -> None:
    """A scaler changes every feature; after a reducer each component is made of every column."""
    from types import SimpleNamespace

    from automl_jupyter.data.schema import TableSchema
    from automl_jupyter.featurization.recipes import make_featurizer
    from automl_jupyter.results.transparency import engineered_features, featurization_summary

    rows = make_rows().drop(columns="label")
    schema = TableSchema.infer(rows)
    for recipe, of_all in (("linear+MaxAbsScaler", False), ("linear+PCA", True)):
        featurizer = make_featurizer(recipe, schema.columns).fit(schema.encode(rows), np.arange(120) % 2)
        part = SimpleNamespace(trial=3, label="SGD", weight=1.0, featurizers=("f",))
        blend: Any = SimpleNamespace(parts=(part,), featurizers={"f": featurizer})
        summary = featurization_summary(blend, schema)
        kept = summary[summary["Dropped"] == "No"]
        assert {names[-1] for names in kept["Transformations"]} == {recipe.split("+")[1]}
        made_of_all = {len(raw) == len(kept) for raw in engineered_features(blend, schema)["RawFeatureNames"]}
        assert made_of_all == {of_all}
