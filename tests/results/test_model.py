"""The fitted model: raw rows in, and a scikit-learn estimator to everything that takes one."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import permutation_importance
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import cross_val_score
from sklearn.utils.validation import check_is_fitted

import automl_jupyter
from automl_jupyter._core.threads import limit_threads
from automl_jupyter.errors import AutoMLError, ModelInputError, StoreError
from automl_jupyter.results.model import load_model
from automl_jupyter.testing.quick import run_job, table_for
from automl_jupyter.trials import blend
from automl_jupyter.trials.saved import read_manifest

ROWS = table_for("label", seed=9).drop(columns="label")


def test_a_classifier_is_one_to_scikit_learn(label_job: Any) -> None:
    model = label_job.model
    assert is_classifier(model)
    assert not is_regressor(model)
    check_is_fitted(model)
    assert model.classes_.tolist() == ["no", "yes"]
    assert list(model.feature_names_in_) == ["size", "age", "colour"]
    assert model.n_features_in_ == 3
    proba = model.predict_proba(ROWS)
    assert proba.shape == (90, 2)
    assert np.allclose(proba.sum(axis=1), 1)
    assert (proba >= 0).all()
    assert (model.predict(ROWS) == model.classes_[proba.argmax(axis=1)]).all()
    table = table_for("label", seed=9)
    assert model.score(ROWS, table["label"]) == accuracy_score(table["label"], model.predict(ROWS))


def test_a_regressor_is_one_to_scikit_learn(value_job: Any) -> None:
    model, table = value_job.model, table_for("value", seed=9)
    assert is_regressor(model)
    assert not is_classifier(model)
    assert not hasattr(model, "predict_proba")
    assert model.predict(ROWS).shape == (90,)
    assert model.score(ROWS, table["value"]) == pytest.approx(r2_score(table["value"], model.predict(ROWS)))
    assert model.score(ROWS, table["value"]) > 0.5


def test_permutation_importance_finds_the_column_that_matters(label_job: Any, value_job: Any) -> None:
    for job, target in ((label_job, "label"), (value_job, "value")):
        table = table_for(target, seed=9)
        found = permutation_importance(job.model, ROWS, table[target], n_repeats=3, random_state=0)
        assert found.importances_mean.argmax() == 0, "size decides"


def test_a_model_is_not_fitted_again(label_job: Any) -> None:
    with pytest.raises(AutoMLError, match="This model is fitted"):
        label_job.model.fit(ROWS, None)


def test_scikit_learn_says_so_too_and_takes_it_frozen(label_job: Any) -> None:
    model, table = label_job.model, table_for("label", seed=9)
    assert clone(model) is model
    with pytest.raises(AutoMLError, match=r"fitted.*FrozenEstimator\(model\)"):
        VotingClassifier([("model", model)]).fit(ROWS, table["label"])
    calibrated = CalibratedClassifierCV(FrozenEstimator(model)).fit(ROWS, table["label"])
    assert calibrated.predict_proba(ROWS).shape == (90, 2)
    assert calibrated.score(ROWS, table["label"]) > 0.7
    voting = VotingClassifier([("model", FrozenEstimator(model))], voting="soft").fit(ROWS, table["label"])
    np.testing.assert_allclose(voting.predict_proba(ROWS), model.predict_proba(ROWS))
    frozen = cross_val_score(FrozenEstimator(model), ROWS, table["label"], cv=3)
    assert frozen.mean() == pytest.approx(model.score(ROWS, table["label"]))


@pytest.mark.parametrize(
    "as_given",
    [
        pl.from_pandas,
        lambda f: pa.Table.from_pandas(f, preserve_index=False),
        lambda f: f.to_dict("records"),
        lambda f: f.to_dict("list"),
        lambda f: f[["colour", "size", "age"]],
        lambda f: f.set_index(np.arange(90)[::-1] * 7),
        lambda f: f.astype({"age": "float64", "colour": "category"}),
        lambda f: f.convert_dtypes(),
        lambda f: f.astype(object),
    ],
    ids=["polars", "arrow", "records", "columns", "another order", "an index", "categories", "nullable", "objects"],
)
def test_the_same_rows_in_any_form_get_the_same_answer(as_given: Any, label_job: Any) -> None:
    expected = label_job.model.predict_proba(ROWS)
    np.testing.assert_array_equal(label_job.model.predict_proba(as_given(ROWS)), expected)


def test_a_row_alone_gets_the_answer_it_gets_among_others(label_job: Any) -> None:
    among = label_job.model.predict_proba(ROWS)
    alone = np.vstack([label_job.model.predict_proba(ROWS.iloc[[i]]) for i in range(5)])
    np.testing.assert_allclose(alone, among[:5], rtol=1e-5)


def test_missing_columns_are_named(label_job: Any) -> None:
    with pytest.raises(ModelInputError, match="columns are missing: age and colour"):
        label_job.model.predict(ROWS[["size"]])
    with pytest.raises(ModelInputError, match=r"a column is missing: colour\. Is 'colour' called 'color'\?"):
        label_job.model.predict(ROWS.rename(columns={"colour": "color"}))


def test_the_package_loads_a_model_that_was_saved(label_job: Any, tmp_path: Path) -> None:
    model = automl_jupyter.load_model(label_job.model.save(tmp_path / "copy"))
    assert (model.predict(ROWS) == label_job.model.predict(ROWS)).all()


def test_an_unknown_column_is_said_once(label_job: Any, tmp_path: Path) -> None:
    model = load_model(label_job.model.save(tmp_path / "copy"))
    with pytest.warns(UserWarning, match="left out: surprise"):
        predicted = model.predict(ROWS.assign(surprise=1))
    with warnings.catch_warnings(record=True) as again:
        warnings.simplefilter("always")
        assert (model.predict(ROWS.assign(surprise=1)) == predicted).all()
        model.predict(ROWS.assign(label="yes"))
    assert again == []


def test_unseen_and_missing_values_are_answered(label_job: Any) -> None:
    rows = ROWS.head(3).assign(colour=["ultraviolet", None, "red"], size=[np.nan, np.inf, 0.1])
    assert np.isfinite(label_job.model.predict_proba(rows)).all()
    with pytest.raises(ModelInputError, match=r"'size'.*'many'"):
        label_job.model.predict(ROWS.head(1).astype({"size": object}).assign(size="many"))


def test_changed_types_are_converted_or_refused_by_name(label_job: Any) -> None:
    expected = label_job.model.predict_proba(ROWS)
    as_texts = ROWS.assign(age=ROWS["age"].astype(str), size=[f" {v!r} " for v in ROWS["size"].tolist()])
    np.testing.assert_array_equal(label_job.model.predict_proba(as_texts), expected)
    as_bytes = ROWS.assign(colour=[c.encode() for c in ROWS["colour"]])
    np.testing.assert_array_equal(label_job.model.predict_proba(as_bytes), expected)
    spoilt = ROWS.head(2).astype(object).assign(age=["old", "12"], size=[1j, 2.0])
    with pytest.raises(ModelInputError, match=r"(?s)column 'size': the value 1j .*column 'age': the value 'old'"):
        label_job.model.predict(spoilt)


def test_a_job_of_one_row_and_of_none(label_job: Any) -> None:
    assert label_job.model.predict(ROWS.head(1)).shape == (1,)
    assert label_job.model.predict_proba(ROWS.head(0)).shape == (0, 2)


# --- saved ------------------------------------------------------------------------------------------------------


def test_a_saved_model_stands_on_its_own(tmp_path: Path) -> None:
    """The job's folder and the cache are deleted; the copy answers the same."""
    job = run_job("kind", workspace=tmp_path / "jobs", limits={"max_trials": 3})
    rows = table_for("kind", seed=2).drop(columns="kind")
    expected = job.model.predict_proba(rows)
    saved = job.model.save(tmp_path / "model")
    shutil.rmtree(tmp_path / "jobs")
    model = load_model(saved)
    np.testing.assert_array_equal(model.predict_proba(rows), expected)
    assert model.label == job.model.label
    assert model.members == job.model.members


def test_the_model_folder_of_a_job_loads(label_job: Any, tmp_path: Path) -> None:
    copy = shutil.copytree(label_job.path / "model", tmp_path / "elsewhere")
    np.testing.assert_array_equal(load_model(copy).predict_proba(ROWS), label_job.model.predict_proba(ROWS))
    packages = read_manifest(copy)["packages"]
    assert {"scikit-learn", "numpy", "skops"} <= set(packages)


def test_saving_replaces_a_model_and_nothing_else(label_job: Any, tmp_path: Path) -> None:
    label_job.model.save(tmp_path / "model")
    label_job.model.save(tmp_path / "model")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me")
    with pytest.raises(StoreError, match="holds other files"):
        label_job.model.save(tmp_path / "mine")
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["letter.txt"]


def test_a_model_survives_saving_a_loaded_one(label_job: Any, tmp_path: Path) -> None:
    first = load_model(label_job.model.save(tmp_path / "first"))
    second = load_model(first.save(tmp_path / "second"))
    shutil.rmtree(tmp_path / "first")
    np.testing.assert_array_equal(second.predict_proba(ROWS), label_job.model.predict_proba(ROWS))


def test_its_text_is_escaped(label_job: Any) -> None:
    model = label_job.model
    model.manifest["label"], before = "<img src=x>", model.manifest["label"]
    try:
        assert "<img" not in model._repr_mimebundle_()["text/html"]
    finally:
        model.manifest["label"] = before
    assert type(model).__name__ in repr(model)
    assert sum(weight for _, weight in model.members) == pytest.approx(1) or model.blend_.stack is not None


def test_strange_column_names_and_labels_survive(tmp_path: Path) -> None:
    strange = "naïve <b>column</b> \N{SNOWMAN} [0], 'x'"
    table = table_for("label").rename(columns={"size": strange})
    table["label"] = table["label"].map({"yes": "<script>ja</script>", "no": "ñó \n"})
    job = run_job(data=table, workspace=tmp_path, training={"allowed_training_algorithms": ["LightGBM", "SGD"]})
    model = load_model(job.model.save(tmp_path / "copy"))
    assert set(model.predict(table.drop(columns="label"))) <= {"<script>ja</script>", "ñó \n"}
    assert strange in model.feature_names_in_
    assert "<script>" not in job._repr_mimebundle_()["text/html"]


def test_a_model_that_is_sure_leaves_a_little_to_what_it_has_not_seen(tmp_path: Path) -> None:
    table = pd.DataFrame({"x": np.arange(120.0), "label": np.where(np.arange(120) < 60, "low", "high")})
    job = run_job(data=table, workspace=tmp_path, training={"allowed_training_algorithms": ["DecisionTree"]})
    for model in (job.model, load_model(job.model.save(tmp_path / "copy"))):
        assert model.predict_proba(pd.DataFrame({"x": [-5.0]})).max() == pytest.approx(1 - 0.01 / 120.01 / 2, abs=1e-9)
    folder = tmp_path / "copy"
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["n_training"]  # as earlier versions wrote it
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert load_model(folder).predict_proba(pd.DataFrame({"x": [-5.0]})).max() == 1


def test_an_ensemble_predicts_what_its_members_say(label_job: Any) -> None:
    """The weighted mean of the members' own answers, with each member loaded as a model of its own."""
    from automl_jupyter.results.model import make_model

    manifest = json.loads((label_job.path / "model" / "manifest.json").read_text())
    complete = [t for t in label_job.trials if t.is_complete]
    parts = [
        {"trial": t.number, "weight": w, "label": t.label, "recipe": t.recipe, "folds": [0, 1]}
        for t, w in zip(complete, (0.25, 0.75), strict=False)
    ]
    expected = np.zeros((90, 2))
    for part in parts:
        alone = make_model({**manifest, "parts": [{**part, "weight": 1.0}], "stack": None}, label_job.path)
        expected += part["weight"] * alone.predict_proba(ROWS)
    together = make_model({**manifest, "parts": parts, "stack": None}, label_job.path)
    np.testing.assert_allclose(together.predict_proba(ROWS), expected, rtol=1e-6)
    assert [w for _, w in together.members] == [0.75, 0.25]


def test_products_of_matrices_keep_to_one_thread_but_for_a_row_alone(
    label_job: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(blend, "limit_threads", lambda *how: (asked.append(how), limit_threads(*how))[1])
    label_job.model.predict(ROWS[:1])
    assert asked == []
    label_job.model.predict(ROWS)
    assert asked == [(1, "blas")]


def test_a_refit_has_as_much_say_as_all_the_folds() -> None:
    from automl_jupyter.trials.blend import shares
    from automl_jupyter.trials.records import REFIT

    assert shares([REFIT, 0, 1]) == (0.5, 0.25, 0.25)
    assert shares([REFIT]) == (1.0,)
    assert shares([0, 1]) == (0.5, 0.5)


def test_what_cannot_be_saved_is_said_in_a_sentence(label_job: Any, tmp_path: Path) -> None:
    (tmp_path / "model.zip").write_text("mine")
    with pytest.raises(StoreError, match=r"model\.zip is a file"):
        label_job.model.save(tmp_path / "model.zip")
    assert (tmp_path / "model.zip").read_text() == "mine"
    copy = load_model(label_job.model.save(tmp_path / "copy"))
    shutil.rmtree(tmp_path / "copy")
    with pytest.raises(StoreError, match=r"A part of this model is gone from .*copy"):
        copy.save(tmp_path / "again")
    with pytest.raises(AutoMLError, match="path: a NoneType names no folder"):
        label_job.model.save(None)


@pytest.mark.parametrize(("name", "file"), [("site", "manifest.json"), ("model", "letter.txt")])
def test_saving_leaves_what_is_no_model_alone(name: str, file: str, label_job: Any, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / file).write_text('{"name": "my web app"}')
    with pytest.raises(StoreError, match="holds other files"):
        label_job.model.save(tmp_path / name)
    assert [p.name for p in (tmp_path / name).iterdir()] == [file]
    assert (tmp_path / name / file).read_text() == '{"name": "my web app"}'


def test_very_many_rows_are_predicted_some_at_a_time(label_job: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, predict, sizes = label_job.model.predict_proba(ROWS), blend.Blend._predict, []

    def look(self: Any, X: Any) -> Any:
        sizes.append(len(X))
        return predict(self, X)

    monkeypatch.setattr(blend, "_MOST_CELLS", 1)
    monkeypatch.setattr(blend, "_FEWEST_ROWS", 40)
    monkeypatch.setattr(blend.Blend, "_predict", look)
    np.testing.assert_allclose(label_job.model.predict_proba(ROWS), whole, rtol=1e-5)
    assert sizes == [40, 40, 10]
