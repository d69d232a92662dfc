"""From what was asked to the rows a job learns from."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from automl_jupyter import automl
from automl_jupyter.data.dataset import TrainingTable
from automl_jupyter.data.load import fingerprint, load_frame, load_training_table
from automl_jupyter.data.schema import TableSchema
from automl_jupyter.data.split import make_folds, resolve_validation
from automl_jupyter.errors import DataError
from automl_jupyter.jobs.prepare import find_schema
from automl_jupyter.spec.inputs import Input


def job(data: Any = None, **values: Any) -> Any:
    defaults = {
        "task": "classification", "training_data": data, "target_column_name": "y", "validation_data": None,
        "validation_data_size": None, "n_cross_validations": None, "cv_split_column_names": None, "test_data": None,
        "test_data_size": None, "weight_column_name": None, "group_column_name": None, "time_column_name": None,
        "featurization": SimpleNamespace(column_name_and_types=None), "random_state": None,
    }  # fmt: skip
    return SimpleNamespace(**{**defaults, **values})


def rows(n: int = 20, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"a": np.arange(n) * 0.5, "b": ["u", "v"] * (n // 2), "y": ["no", "yes"] * (n // 2), **columns})


def load(data: Any, **values: Any) -> TrainingTable:
    return load_training_table(job(data, **values))


FRAME = pd.DataFrame({"n": [1, 2, 3], "x": [1.5, None, 2.5], "s": ["ä", "b,c", None]})


def with_one_missing(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the values as objects with None for each kind of missing: which one a file gives differs by pandas."""
    return frame.astype(object).where(frame.notna(), None)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("t.csv", lambda f, p: f.to_csv(p, index=False)),
        ("t.csv.gz", lambda f, p: f.to_csv(p, index=False)),
        ("t.txt", lambda f, p: f.to_csv(p, index=False, sep=";")),
        ("t.tsv", lambda f, p: f.to_csv(p, index=False, sep="\t")),
        ("bom.csv", lambda f, p: f.to_csv(p, index=False, encoding="utf-8-sig")),
        ("t.jsonl", lambda f, p: f.to_json(p, orient="records", lines=True)),
        ("t.json", lambda f, p: f.to_json(p, orient="records")),
        ("t.parquet", lambda f, p: f.to_parquet(p)),
        ("t.feather", lambda f, p: f.to_feather(p)),
    ],
)
def test_every_kind_of_file_is_read(tmp_path: Path, name: str, write: Any) -> None:
    write(FRAME, tmp_path / name)
    for read in (
        load_frame(name, base=tmp_path),
        load_frame(f"file://{tmp_path}/{name}"),
        load_frame(Input(path=str(tmp_path / name))),
    ):
        pd.testing.assert_frame_equal(with_one_missing(read), with_one_missing(FRAME))


@pytest.mark.parametrize("ends", [1, 2])
@pytest.mark.parametrize(("name", "sep"), [("t.csv", ","), ("t.txt", ";"), ("t.tsv", "\t")])
def test_rows_that_end_in_a_delimiter_are_not_shifted(tmp_path: Path, name: str, sep: str, ends: int) -> None:
    rows = [["a", "b", "y"], ["0", "2", "1"], ["1", "3", ""]]
    text = "\n".join(sep.join(row) + sep * ends * (k > 0) for k, row in enumerate(rows))
    (tmp_path / name).write_text(text)
    read = load_frame(name, base=tmp_path)
    assert list(read.columns) == ["a", "b", "y"]
    assert read.fillna(-1).to_numpy().tolist() == [[0, 2, 1], [1, 3, -1]]


def test_names_of_rows_without_a_header_are_no_column(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,y\nrow 1,1,2\nrow 2,3,\n")
    read = load_frame("t.csv", base=tmp_path)
    assert read["a"].tolist() == [1, 3]
    assert read["y"].iloc[0] == 2


def test_addresses_are_read_by_fsspec() -> None:
    import fsspec

    with fsspec.open("memory://bucket/t.csv", "wb") as file:
        file.write(b"a,b\n1,2\n")
    assert load_frame("memory://bucket/t.csv").to_dict("list") == {"a": [1], "b": [2]}
    with pytest.raises(DataError, match=r"There is no file 'memory://bucket/u\.csv'"):
        load_frame("memory://bucket/u.csv")
    with pytest.raises(DataError, match="cannot be read: Protocol not known: nowhere"):
        load_frame("nowhere://bucket/u.csv")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("~nobody-of-that-name/x.csv", "There is no file '.*~nobody-of-that-name/x.csv'"),
        ("n" * 300 + ".csv", "'.*' cannot be read: .*[Nn]ame too long"),
        ("folder/" + "n" * 300, "'.*' is not a table this package reads"),
    ],
)
def test_paths_that_cannot_be_looked_up_are_refused_in_a_sentence(tmp_path: Path, path: str, message: str) -> None:
    for source in (path, Input(path=path)):
        with pytest.raises(DataError, match=f"training_data: {message}"):
            load_frame(source, namespace={}, base=tmp_path, field="training_data")
    with pytest.raises(DataError, match=f"There is no variable and no file '{path[:20]}"):
        load_frame(Input(name=path), namespace={}, base=tmp_path)


def test_folder_of_tables_is_one_table(tmp_path: Path) -> None:
    FRAME.to_parquet(tmp_path / "part-1.parquet")
    FRAME.to_parquet(tmp_path / "part-2.parquet")
    (tmp_path / "_SUCCESS").touch()
    assert load_frame(str(tmp_path))["n"].tolist() == [1, 2, 3, 1, 2, 3]
    FRAME.to_csv(tmp_path / "x.csv")
    with pytest.raises(DataError, match=r"mixes files that end in \.csv and \.parquet"):
        load_frame(str(tmp_path))


def test_names_of_folders_are_columns(tmp_path: Path) -> None:
    places = {
        "year=2023/region=north%2Fwest": [1], "year=2024/region=__HIVE_DEFAULT_PARTITION__": [2],
        "year=2024/region=south/more": [3],
    }  # fmt: skip
    for place, n in places.items():
        (tmp_path / place).mkdir(parents=True)
        pd.DataFrame({"n": n}).to_parquet(tmp_path / place / "part.parquet")
    read = with_one_missing(load_frame(str(tmp_path)))
    assert read.to_dict("list") == {
        "n": [1, 2, 3],
        "year": [2023, 2024, 2024],
        "region": ["north/west", None, "south"],
    }
    pd.DataFrame({"n": [4], "region": ["own"]}).to_parquet(tmp_path / "rest.parquet")
    (tmp_path / "year=01").mkdir()
    pd.DataFrame({"n": [5]}).to_parquet(tmp_path / "year=01" / "a.parquet")
    read = with_one_missing(load_frame(str(tmp_path)))
    assert sorted(read["n"]) == [1, 2, 3, 4, 5]
    assert dict(zip(read["n"], read["year"], strict=True)) == {1: "2023", 2: "2024", 3: "2024", 4: None, 5: "01"}
    assert dict(zip(read["n"], read["region"], strict=True))[4] == "own"


def test_categories_of_a_folder_of_tables_stay_in_order(tmp_path: Path) -> None:
    for k, words in enumerate((["S", "M"], ["M", "L"])):
        pd.DataFrame({"size": pd.Categorical(words, categories=words), "n": [1, 2]}).to_parquet(
            tmp_path / f"{k}.parquet"
        )
    pd.DataFrame({"n": [3]}).to_parquet(tmp_path / "2.parquet")
    size = load_frame(str(tmp_path))["size"]
    assert size.cat.categories.tolist() == ["S", "M", "L"]
    assert size.astype(object).fillna("?").tolist() == ["S", "M", "M", "L", "?"]


def test_folders_of_tools_are_no_part_of_a_table(tmp_path: Path) -> None:
    for place in ("", ".ipynb_checkpoints", "_temporary", "year=2024", "_region=north"):
        (tmp_path / place).mkdir(exist_ok=True)
        FRAME.to_parquet(tmp_path / place / "train.parquet")
    assert load_frame(str(tmp_path))["n"].tolist() == [1, 2, 3] * 3


def zip_file(path: Path, names: list[str]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "" if name.endswith("/") else FRAME.to_csv(index=False))


@pytest.mark.parametrize("names", [["a.csv"], ["a"], ["d/", "d/a.csv", "d/read.me", "__MACOSX/d/._a.csv"]])
def test_the_one_table_of_an_archive_is_read(tmp_path: Path, names: list[str]) -> None:
    zip_file(tmp_path / "t.csv.zip", names)
    assert load_frame("t.csv.zip", base=tmp_path)["n"].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["b.csv", "a.csv"], r"there are 2 tables in it: a\.csv and b\.csv\. Unpack it and name one"),
        (["d/"], "there is no table in it"),
    ],
)
def test_an_archive_of_more_or_fewer_tables_is_refused(tmp_path: Path, names: list[str], message: str) -> None:
    zip_file(tmp_path / "t.csv.zip", names)
    with pytest.raises(DataError, match=rf"data: .*t\.csv\.zip' cannot be read: {message}"):
        load_frame("t.csv.zip", base=tmp_path)


def test_mltable_folder_and_file_are_read(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    (tmp_path / "MLTable").write_text("paths:\n - file: t.csv\ntransformations:\n - read_delimited: {}\n - take: 2\n")
    assert len(load_frame(Input(type="mltable", path=str(tmp_path)))) == 2
    assert len(load_frame(str(tmp_path / "MLTable"))) == 2


@pytest.mark.parametrize(
    "build",
    [
        lambda f: f, pl.from_pandas, pa.Table.from_pandas, lambda f: pl.from_pandas(f).lazy(),
        lambda f: pa.RecordBatch.from_pandas(f), lambda f: {c: f[c].tolist() for c in f},
        lambda f: f.to_dict("records"),
    ],
)  # fmt: skip
def test_tables_in_memory_are_read(build: Any) -> None:
    value = build(FRAME[["n", "s"]])
    pd.testing.assert_frame_equal(load_frame("t", namespace={"t": value}), FRAME[["n", "s"]], check_dtype=False)
    pd.testing.assert_frame_equal(load_frame(value), FRAME[["n", "s"]], check_dtype=False)


def test_dask_tables_are_read() -> None:
    import dask
    import dask.dataframe as dd

    with dask.config.set(scheduler="synchronous"):
        assert load_frame(dd.from_pandas(FRAME, npartitions=2))["n"].tolist() == [1, 2, 3]


@pytest.fixture
def copy_on_write() -> Iterator[None]:
    """Copy on write, as pandas 3 always does and pandas 2 when asked to."""
    if int(pd.__version__.split(".", 1)[0]) >= 3:
        yield
    else:
        with pd.option_context("mode.copy_on_write", True):
            yield


@pytest.mark.usefixtures("copy_on_write")
def test_pandas_table_is_not_copied() -> None:
    assert load_frame("t", namespace={"t": FRAME}) is FRAME
    frame = rows()
    assert np.shares_memory(load(frame).X["a"].to_numpy(), frame["a"].to_numpy())


def test_what_is_written_into_a_table_later_does_not_reach_the_job() -> None:
    frame = rows()
    table = load(frame)
    frame.loc[0, "a"] = 99.0
    frame.loc[0, "b"] = "w"
    assert table.X.loc[0].tolist() == [0.0, "u"]


def test_columns_called_like_fields_do_no_harm() -> None:
    frame = pd.DataFrame({"name": ["a", "b"], "path": [1, 2], "frame": [3, 4]})
    assert load_frame(frame) is frame


def test_variable_wins_over_file_and_file_is_found_without_one(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    (tmp_path / "t").mkdir()
    FRAME.to_csv(tmp_path / "t" / "a.csv", index=False)
    assert len(load_frame(Input.of("t"), namespace={"t": FRAME.head(1)}, base=tmp_path)) == 1
    assert len(load_frame(Input.of("t"), namespace={}, base=tmp_path)) == 3
    assert len(load_frame(Input.of("p"), namespace={"p": "t.csv"}, base=tmp_path)) == 3


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (Input.of("trian"), "There is no variable and no file 'trian'. Did you mean 'train'"),
        (Input.of("zzz"), "Tables in the notebook: train"),
        (Input.of("number"), "A builtins.int is not a table"),
        ("t.xlsx", "t.xlsx' is not a table this package reads. Known: .csv"),
        ("nothing.csv", "There is no file .*nothing.csv"),
        ("azureml://datastores/x", "is in an Azure Machine Learning workspace"),
        (3.5, "A builtins.float is not a table"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path: Path, source: Any, message: str) -> None:
    (tmp_path / "t.xlsx").touch()
    with pytest.raises(DataError, match=message):
        load_frame(source, namespace={"train": FRAME, "number": 3}, base=tmp_path, field="training_data")


def test_a_table_of_a_job_that_was_read_again_is_looked_up_by_its_field() -> None:
    source, frame = Input(type="frame"), pd.DataFrame({"a": [1]})
    for variables in (None, {}, {"a": frame}):
        with pytest.raises(DataError, match=r"^test_data: is a table in memory, which a job does not keep") as told:
            load_frame(source, namespace=variables, field="test_data")
        assert "a variable called test_data" in str(told.value)
    assert load_frame(source, namespace={"test_data": frame}, field="test_data").shape == (1, 1)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("latin.csv", "a,b\nä,1\n".encode("latin-1"), "is not UTF-8 text"),
        ("empty.csv", b"", "cannot be read"),
        ("bad.parquet", b"nothing", "cannot be read"),
        ("bad.jsonl", b"{]\n", "cannot be read"),
        ("bad.csv.gz", b"nothing", "cannot be read"),
        ("bad.csv.zip", b"nothing", "cannot be read"),
        ("bad.csv.xz", b"nothing", "cannot be read"),
        ("torn.csv.gz", gzip.compress(b"a,b\n" * 99, mtime=0)[:10] + b"\xff" * 9, "cannot be read"),
        ("torn.csv.gz", gzip.compress(b"a,b\n" * 99, mtime=0)[:-9], "cannot be read"),
        ("torn.csv.xz", lzma.compress(b"a,b\n" * 99)[:-40] + b"\xff" * 40, "cannot be read"),
        ("torn.csv.bz2", bz2.compress(b"a,b\n" * 99)[:-9], "cannot be read"),
    ],
)
def test_damaged_files_are_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=f"data: .*{name}.*{message}"):
        load_frame(name, base=tmp_path)


def test_near_file_is_offered(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "train.csv")
    with pytest.raises(DataError, match=r"Did you mean 'train\.csv'"):
        load_frame("trian.csv", base=tmp_path)


def test_classes_keep_their_type_and_order() -> None:
    for labels, expected in [
        (["b", "a"], ["a", "b"]),
        ([10, 9], [9, 10]),
        ([True, False], [False, True]),
        ([1.0, 0.0], [0, 1]),
        ([1.5, 0.5], [0.5, 1.5]),
        ([1, "a"], ["1", "a"]),
    ]:
        data = rows(y=pd.Series(labels * 10, dtype=object))
        table = load(data)
        assert table.classes is not None
        assert table.classes.tolist() == expected
        assert table.y.dtype == np.int32
        assert [str(table.classes[c]) for c in table.y[:2]] == [str(v).removesuffix(".0") for v in labels]


def test_rows_without_target_are_dropped_with_a_note() -> None:
    frame = rows()
    frame.loc[[0, 5], "y"] = None
    table = load(frame)
    assert (table.n_rows, table.n_training) == (18, 18)
    assert table.X["a"].tolist() == [v for i, v in enumerate(frame["a"]) if i not in (0, 5)]
    assert table.X.index.equals(pd.RangeIndex(18))
    assert [n.what for n in table.notes] == ["2 rows of training_data were dropped."]


def test_regression_reads_numbers_and_drops_infinite_ones() -> None:
    table = load(rows(y=["1.5", "2", "?", "inf"] * 5), task="regression")
    assert table.classes is None
    assert table.y.dtype == np.float64
    assert table.y.tolist() == [1.5, 2.0] * 5
    assert [n.topic for n in table.notes] == ["missing targets", "infinite targets"]
    assert ["5 rows" in n.what for n in table.notes] == [True, True]


@pytest.mark.parametrize(
    ("data", "values", "message"),
    [
        (rows(), {"target_column_name": "Z"}, "target_column_name: There is no column 'Z'. Columns: a, b and y"),
        (rows().rename(columns={"y": "outcome"}), {"target_column_name": "outcom"}, "Did you mean 'outcome'"),
        (rows(), {"target_column_name": None}, "target_column_name: is missing"),
        (rows(0), {}, "training_data: The table has no rows"),
        (rows(y="no"), {}, "only the class 'no'"),
        (rows(y=None), {}, "'y' in training_data has no value in any row"),
        (rows(y=np.arange(20)), {}, "20 rows has a class of its own"),
        (rows(), {"task": "regression"}, "has the value 'no', which is not a number"),
        (rows(y=pd.date_range("2024-01-01", periods=20)), {"task": "regression"},
         "'y' in training_data holds dates, which regression does not predict. Predict a number, such as the days"),
        (rows(y=pd.Series(pd.date_range("2024-01-01", periods=20).date)), {"task": "regression"}, "holds dates"),
        (rows(y=1.0), {"task": "regression"}, "has the value 1 in every row"),
        (rows()[["y"]], {}, "no column to learn from besides the target"),
        (rows(w=-1), {"weight_column_name": "w"}, "weight_column_name: .*20 rows whose weight is missing, negative"),
        (rows(w=0), {"weight_column_name": "w"}, "zero in every row"),
        (rows(w="x"), {"weight_column_name": "w"}, "the value 'x', which is not a number"),
        (rows(t=None), {"time_column_name": "t"}, "time_column_name: .*no value in 20 rows"),
        (rows(t="soon"), {"time_column_name": "t"}, "the value 'soon', which is not a date"),
        (rows(f=1), {"cv_split_column_names": ["f"]}, "'f' is 1 in every row"),
        (rows(f=[0, 2] * 10), {"cv_split_column_names": ["f"]}, "the value 2; it has to be 1 for rows that train"),
        (None, {}, "training_data: is missing"),
        (rows(), {"validation_data": rows().drop(columns="a")}, "Columns of training_data are missing: a"),
        (rows(), {"validation_data": rows(y="maybe")}, "validation_data: .*does not have: maybe"),
        (rows(), {"test_data": rows(y=["no", "maybe"] * 10)}, "test_data: .*does not have: maybe"),
    ],
)  # fmt: skip
def test_problems_are_said_in_a_sentence(data: Any, values: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        load(data, **values)


def test_all_problems_come_at_once() -> None:
    types = SimpleNamespace(column_name_and_types={"aa": "Numeric", "b": "Wrong"})
    with pytest.raises(DataError, match="5 problems") as caught:
        load(rows(), target_column_name="z", weight_column_name="w", group_column_name="g", featurization=types)
    assert [p.where for p in caught.value.problems] == [
        "target_column_name",
        "weight_column_name",
        "group_column_name",
        "featurization.column_name_and_types",
        "featurization.column_name_and_types",
    ]


@pytest.mark.parametrize("kind", ["Categorical", "Boolean", "Numeric", "Text"])
def test_a_type_that_suits_what_a_column_is_used_as_is_taken(kind: str) -> None:
    data = rows(w=1.0, g=np.arange(20) // 4, f=[0, 1] * 10)
    types = {"y": kind, "w": "Numeric", "g": kind, "f": "Ignore", "b": "Categorical"}
    spec = automl.classification(
        training_data=data,
        target_column_name="y",
        weight_column_name="w",
        group_column_name="g",
        cv_split_column_names=["f"],
        featurization={"column_name_and_types": types},
    )
    table = load_training_table(spec)
    schema = find_schema(spec, table)
    assert [(c.name, str(c.type)) for c in schema.columns] == [("a", "Numeric"), ("b", "Categorical")]


@pytest.mark.parametrize("task", ["classification", "regression", "forecasting"])
def test_a_type_that_does_not_suit_says_what_the_column_is_used_as(task: str) -> None:
    data = rows(w=1.0, t=pd.date_range("2024-01-01", periods=20)).assign(y=np.arange(20) % 2)
    types = {"y": "DateTime", "w": "Categorical"}
    settings: dict[str, Any] = {}
    if task == "forecasting":
        types["t"] = "Numeric"
        settings = {"forecasting_settings": {"time_column_name": "t"}}
    spec = getattr(automl, task)(
        training_data=data,
        target_column_name="y",
        weight_column_name="w",
        featurization={"column_name_and_types": types},
        **settings,
    )
    with pytest.raises(DataError, match="column_name_and_types: 'y' is the column to predict") as caught:
        load_training_table(spec)
    assert len(caught.value.problems) == len(types)
    assert "'w' is the column of row weights and cannot be Categorical; use Numeric, or leave it out." in str(
        caught.value
    )
    assert ("'t' is the column of instants and cannot be Numeric; use DateTime" in str(caught.value)) == (
        len(types) == 3
    )


def test_names_cannot_carry_control_characters_into_messages() -> None:
    with pytest.raises(DataError, match="Columns: red") as caught:
        load(pd.DataFrame({"\x1b[31mred": [1, 2]}))
    assert "\x1b" not in str(caught.value)


def test_role_columns_are_no_features() -> None:
    frame = rows(w=np.arange(20), g=["g1", None] * 10, f=[0, 1] * 10, t=pd.date_range("2024-01-01", periods=20))
    table = load(
        frame, weight_column_name="w", group_column_name="g", cv_split_column_names=["f"], time_column_name="t"
    )
    assert table.X.columns.tolist() == ["a", "b", "t"]
    assert table.weight is not None
    assert table.weight.tolist() == (np.arange(20) / 10).tolist(), "1 on average over those above nought"
    assert table.groups is not None
    assert len(set(table.groups)) == 11  # rows without a group are groups of their own
    assert table.custom_folds is not None
    assert table.custom_folds[:, 0].tolist() == [False, True] * 10
    assert table.times is not None
    assert pd.Timestamp(table.times[1]) == pd.Timestamp("2024-01-02")


def test_validation_rows_follow_training_rows() -> None:
    validation = rows(10, extra=1)[["b", "y", "a", "extra"]]
    table = load(rows(), validation_data=validation)
    assert (table.n_training, table.n_rows, len(table.X)) == (20, 30, 30)
    assert table.X.columns.tolist() == ["a", "b"]
    assert table.X["a"].tolist()[20:] == validation["a"].tolist()
    assert any("left out: extra" in n.what for n in table.notes)
    assert resolve_validation(job(), table).kind == "validation_data"


def _graded(n: int, seed: int, **columns: Any) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    grade = pd.Categorical(random.choice(["low", "mid", "top"], n), categories=["low", "mid", "top"], ordered=True)
    return rows(n, grade=grade, **columns)


@pytest.mark.parametrize("missing", [None, np.nan])
def test_validation_rows_leave_categories_what_they_are_in_training(missing: Any) -> None:
    floor = np.arange(40) % 9
    days = pd.Categorical(pd.to_datetime(["2024-05-01", "2024-01-01"] * 20))
    data = _graded(40, 0, floor=pd.Categorical(floor), day=days, code=pd.Categorical([f"k{i}" for i in range(40)]))
    grades = pd.Categorical(["mid", "odd", "mid", "low"] * 2)
    later = rows(8, grade=grades, floor=[3, 11] * 4, day=pd.to_datetime(["2024-05-01"] * 8), code=missing)
    for validation in (later, later.assign(floor=pd.Categorical(later["floor"])), later.astype({"floor": str})):
        table = load(data, validation_data=validation)
        schema = TableSchema.infer(table.X.iloc[: table.n_training])
        assert schema == TableSchema.infer(load(data).X)
        encoded = schema.encode(table.X)
        assert encoded["grade"].cat.categories.tolist() == ["low", "mid", "top"]
        assert encoded["grade"].iloc[40:44].astype(object).fillna("?").tolist() == ["mid", "?", "mid", "low"]
        assert encoded["floor"].cat.categories.tolist() == [str(k) for k in range(9)]
        assert encoded["floor"].iloc[40:42].astype(object).fillna("?").tolist() == ["3", "?"]
        assert encoded["day"].iloc[40:].tolist() == [str(pd.Timestamp("2024-05-01"))] * 8
        assert encoded["code"].isna().tolist() == [False] * 40 + [True] * 8


def test_validation_rows_of_a_forecast_leave_categories_what_they_are() -> None:
    days = pd.date_range("2024-01-01", periods=60)
    data = pd.DataFrame({"t": days, "y": np.arange(60.0), "week": pd.Categorical(days.day_of_week)})
    asked = automl.forecasting(
        training_data=data.iloc[:50],
        validation_data=data.iloc[50:].astype({"week": object}),
        target_column_name="y",
        forecasting_settings={"time_column_name": "t", "forecast_horizon": 5},
    )
    table = load_training_table(asked)
    assert isinstance(table.X["week"].dtype, pd.CategoricalDtype)
    assert table.X["week"].tolist() == data["week"].tolist()


def test_test_rows_are_cut_before_validation() -> None:
    frame = rows(1000)
    asked = job(frame, test_data_size=0.1, validation_data_size=0.1, random_state=7)
    table = load_training_table(asked)
    assert table.test is not None
    assert (len(table.test.X), table.n_rows) == (100, 900)
    assert np.bincount(table.test.y).tolist() == [50, 50]
    assert not set(table.test.X["a"]) & set(table.X["a"])
    ((train, valid),) = make_folds(resolve_validation(asked, table), table, random_state=0)
    assert (len(train), len(valid)) == (810, 90)
    again = load_training_table(asked)
    assert again.test is not None
    assert again.test.X.equals(table.test.X)


def test_test_data_is_coded_like_training_rows() -> None:
    table = load(rows(w=1), test_data=rows(4), weight_column_name="w")
    assert table.test is not None
    assert table.test.y.tolist() == [0, 1, 0, 1]
    assert table.test.weight is None


def test_test_rows_keep_groups_whole() -> None:
    table = load(rows(100, g=np.arange(100) // 10), test_data_size=0.2, group_column_name="g")
    assert table.test is not None
    assert table.groups is not None
    assert len(set(table.groups)) == 8
    assert len(table.test.X) == 20


def test_test_rows_in_time_keep_groups_whole() -> None:
    frame = rows(t=pd.date_range("2024-01-01", periods=20), g=(np.arange(20) + 1) // 4)
    table = load(frame, test_data_size=0.2, group_column_name="g", time_column_name="t")
    assert table.test is not None
    assert table.test.X["a"].tolist() == [8.0, 8.5, 9.0, 9.5]
    assert table.X["a"].tolist() == [0.5 * k for k in range(15)]  # row 15 is of the group of row 16
    assert "1 earlier row is left out." in [n.what for n in table.notes]


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_test_rows_that_leave_nothing_to_tell_apart_are_refused(task: str) -> None:
    frame = pd.DataFrame({"a": range(8), "y": [0] * 6 + [1] * 2, "t": pd.date_range("2024-01-01", periods=8)})
    with pytest.raises(DataError, match=r"the share 0\.25 is set aside for the test\. Make it smaller"):
        load(frame, task=task, test_data_size=0.25, time_column_name="t")


def test_fingerprint_is_the_same_in_every_process() -> None:
    code = (
        "import pandas as pd\nfrom automl_jupyter.data.load import fingerprint\n"
        "print(fingerprint(pd.DataFrame({'a': [1, 2], 'b': ['x', None], 'c': [[1], {'a': 2}]})))"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert there == fingerprint(pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": [[1], {"a": 2}]}))


def test_fingerprint_changes_with_what_is_learnt_from() -> None:
    frame = rows(w=np.arange(20))
    prints = {
        load(frame).fingerprint,
        load(frame.rename(columns={"a": "A"})).fingerprint,
        load(frame.assign(a=frame["a"] + 1)).fingerprint,
        load(frame.iloc[::-1]).fingerprint,
        load(frame, weight_column_name="w").fingerprint,
        load(frame.assign(y=frame["y"].replace({"no": "nope"}))).fingerprint,
    }
    assert len(prints) == 6
    assert load(frame.copy()).fingerprint == load(frame).fingerprint


def test_real_tables_load(shared_data: Path) -> None:
    for path in sorted((shared_data / "tabular").glob("[a-c]*.parquet")):
        frame, about = pd.read_parquet(path), json.loads(path.with_suffix(".json").read_text())
        task = "regression" if about["task"] == "regression" else "classification"
        table = load(frame, target_column_name=about["target"], task=task)
        out = TableSchema.infer(table.X).encode(table.X)
        assert len(out) == table.n_rows == len(table.y)


def test_jobs_of_the_public_schema_load() -> None:
    from automl_jupyter.spec.tabular import ClassificationJob, RegressionJob

    asked = ClassificationJob(training_data=rows(), target_column_name="y", group_column_name="b", random_state=3)
    table = load_training_table(asked)
    assert table.groups is not None
    assert resolve_validation(asked, table).kind == "group_kfold"
    other = RegressionJob(training_data="t", target_column_name="a", n_cross_validations=4)
    table = load_training_table(other, namespace={"t": rows()})
    assert table.X.columns.tolist() == ["b", "y"]
    assert [len(v) for _, v in make_folds(resolve_validation(other, table), table, random_state=0)] == [5] * 4


def test_a_folder_of_everything_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("automl_jupyter.data.files._MOST_FILES", 5)
    for k in range(6):
        (tmp_path / f"{k}.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="more than 5 files"):
        load_frame(str(tmp_path))


@pytest.mark.parametrize(("name", "sep"), [("t.csv.zst", b","), ("t.tsv.zst", b"\t")])
def test_every_frame_of_a_zstandard_file_is_read(tmp_path: Path, name: str, sep: bytes) -> None:
    parts = [part.replace(b",", sep) for part in (b"n,s\n1,a\n", b"2,b\n3,c\n")]
    (tmp_path / name).write_bytes(b"".join(pa.compress(part, codec="zstd", asbytes=True) for part in parts))
    assert load_frame(name, base=tmp_path)["n"].tolist() == [1, 2, 3]


def test_errors_of_a_storage_service_are_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoCredentialsError(Exception):
        pass

    def refuse(*args: Any, **how: Any) -> None:
        raise NoCredentialsError("Unable to locate credentials")

    monkeypatch.setattr("fsspec.core.url_to_fs", refuse)
    message = r"^training_data: 's3://b/t\.csv' cannot be read: Unable to locate credentials\.$"
    with pytest.raises(DataError, match=message):
        load_frame("s3://b/t.csv", field="training_data")


def test_what_an_address_tells_the_server_is_no_part_of_its_ending() -> None:
    import fsspec

    address = "memory://bucket/signed.csv?sv=2024-01-01&sig=a.b"
    with fsspec.open(address, "wb") as file:
        file.write(b"a,b\n1,2\n")
    assert load_frame(address).to_dict("list") == {"a": [1], "b": [2]}


def test_validation_rows_may_write_dates_with_the_day_first() -> None:
    later = rows(10, day=["03/04/2024", "25/12/2024"] * 5)
    table = load(rows(day=pd.date_range("2024-01-01", periods=20)), validation_data=later)
    day = TableSchema.infer(table.X.iloc[:20]).encode(table.X)["day"]
    assert day.iloc[20:22].tolist() == [pd.Timestamp("2024-04-03"), pd.Timestamp("2024-12-25")]


def test_commas_in_names_do_not_part_the_columns(tmp_path: Path) -> None:
    text = "Datum;Verbrauch, kWh;Temp, °C\n2024-01-01;12;3\n2024-01-02;14;1\n"
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    read = load_frame("t.csv", base=tmp_path)
    assert read.columns.tolist() == ["Datum", "Verbrauch, kWh", "Temp, °C"]
    assert read["Verbrauch, kWh"].tolist() == [12, 14]


@pytest.mark.parametrize("address", ["memory://bucket/get?file=t.csv", "memory://bucket/run#1.csv"])
def test_a_name_behind_a_question_mark_counts_where_the_path_has_no_ending(address: str) -> None:
    import fsspec

    with fsspec.open(address, "wb") as file:
        file.write(b"a,b\n1,2\n")
    assert load_frame(address).to_dict("list") == {"a": [1], "b": [2]}


@pytest.mark.parametrize(
    ("labels", "later", "codes"),
    [(["TRUE", "FALSE", "UNKNOWN"], [True, False], [1, 0]), (["1.0", "2.5", "x"], [1.0, 2.5], [0, 1])],
)
def test_labels_that_are_values_where_no_word_is_beside_them_are_the_same_classes(
    labels: list[str], later: list[Any], codes: list[int]
) -> None:
    table = load(rows(30, y=labels * 10), validation_data=rows(10, y=later * 5))
    assert table.y[30:].tolist() == codes * 5


def test_no_wrong_place_is_named_in_a_large_file_of_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes(b"a,b\n" + b"x,1\n" * 50_000 + "ä,1\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"is not UTF-8 text\. Save it") as told:
        load_frame("latin.csv", base=tmp_path)
    assert "byte" not in str(told.value)
