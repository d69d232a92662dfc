"""What columns are found to be, and how rows become canonical."""

from __future__ import annotations

import datetime as dt
import warnings
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl_jupyter.data.dataset import Column, ColumnType
from automl_jupyter.data.kinds import text_of
from automl_jupyter.data.schema import TableSchema
from automl_jupyter.errors import DataError, ModelInputError

N = 60


def column(values: Any, types: dict[str, str] | None = None, name: str = "x") -> Column:
    frame = pd.DataFrame({name: values})
    frame["other"] = np.linspace(0.5, 1.7, len(frame))
    return TableSchema.infer(frame, types=types).columns[0]


def encoded(values: Any, types: dict[str, str] | None = None) -> pd.Series:
    frame = pd.DataFrame({"x": values})
    return TableSchema.infer(frame, types=types).encode(frame)["x"]


def cycle(*values: Any, n: int = N) -> list[Any]:
    return [values[i % len(values)] for i in range(n)]


def arrow(values: list[Any], kind: Any) -> Any:
    return pd.array(values, dtype=pd.ArrowDtype(kind))


KINDS: dict[str, tuple[Any, str]] = {
    "floats": (np.linspace(0, 1, N), "Numeric"),
    "few whole numbers stay numbers": (cycle(1, 2, 3), "Numeric"),
    "UUIDs that come again": ([f"{i // 2:08x}-0000-4000-8000-000000000000" for i in range(N)], "Categorical"),
    "nullable whole numbers": (pd.array(cycle(1, 2, None), dtype="Int64"), "Numeric"),
    "Arrow numbers": (arrow(cycle(1.5, 2.5, None), pa.float64()), "Numeric"),
    "Arrow decimals": (arrow(cycle(Decimal("1.5"), None, Decimal("2")), pa.decimal128(9, 2)), "Numeric"),
    "decimals": (cycle(Decimal("1.5"), Decimal("2.25"), None), "Numeric"),
    "texts that are numbers": (cycle("1", "2.5", None, "-3e2"), "Numeric"),
    "numbers with a sign for missing": (cycle("1", "2.5", "?"), "Numeric"),
    "durations": (pd.to_timedelta(cycle(1, 2, 3), unit="h"), "Numeric"),
    "codes with leading zeros": (cycle("01067", "80331", "20095"), "Categorical"),
    "numbers and a word": (cycle("1", "2", "many"), "Categorical"),
    "booleans": (cycle(True, False), "Boolean"),
    "booleans with gaps": (cycle(True, False, None), "Boolean"),
    "nullable booleans": (pd.array(cycle(True, False, None), dtype="boolean"), "Boolean"),
    "categories": (pd.Categorical(cycle("a", "b", None)), "Categorical"),
    "texts": (cycle("a", "b", "c"), "Categorical"),
    "bytes": (cycle(b"a", b"b"), "Categorical"),
    "Arrow strings": (arrow(cycle("a", "b", None), pa.string()), "Categorical"),
    "numbers and texts mixed": (cycle(1, "a", 2.5), "Categorical"),
    "intervals": (pd.cut(np.arange(N), 4), "Categorical"),
    "dates": (pd.date_range("2024-01-31", periods=N), "DateTime"),
    "dates with a zone": (pd.date_range("2024-01-31", periods=N, tz="Europe/Berlin"), "DateTime"),
    "date objects": (cycle(dt.date(2024, 1, 1), dt.date(2024, 2, 1), None), "DateTime"),
    "Arrow dates": (arrow(cycle(dt.date(2024, 1, 1), dt.date(2024, 2, 1)), pa.date32()), "DateTime"),
    "periods": (pd.period_range("2024-01", periods=N, freq="M"), "DateTime"),
    "period objects": (pd.Series(cycle(pd.Period("2024-01"), pd.Period("2024-02"), None), dtype=object), "DateTime"),
    "ISO texts": (cycle("2024-01-31", "2023-12-01", None), "DateTime"),
    "ISO texts with zones": (cycle("2024-01-31T10:00:00+02:00", "2023-12-01T09:30:00Z"), "DateTime"),
    "day first": (cycle("31/01/2024", "01/12/2023"), "DateTime"),
    "month names": (cycle("5 Jan 2024", "31 Dec 2023"), "DateTime"),
    "times of day": (cycle("12:30", "08:15", None), "Numeric"),
    "amounts of money": (cycle("$1,200", "$7.50", None), "Numeric"),
    "sentences": ([f"the quick fox no {i} jumps" for i in range(N)], "Text"),
    "few long labels": (cycle("some college no degree", "bachelor of the arts"), "Categorical"),
    "lists": ([[i, i + 1] for i in range(N)], "Text"),
    "mappings": ([{"a": i} for i in range(N)], "Text"),
}  # fmt: skip


@pytest.mark.parametrize("what", KINDS)
def test_type_is_found(what: str) -> None:
    values, kind = KINDS[what]
    found = column(values)
    assert (found.type, found.dropped) == (kind, False), found.reason
    assert found.reason
    plain = ["" if isinstance(v, list | dict) else None if isinstance(v, str) and v == "?" else v for v in values]
    assert found.n_missing == sum(bool(pd.isna(v)) for v in plain)


DROPPED: dict[str, tuple[str, Any, str]] = {
    "constant": ("x", ["a"] * N, "every row has the value"),
    "constant number": ("x", [3] * N, "every row has the value 3"),
    "constant date": ("x", [pd.Timestamp("2024-01-01")] * N, "same date"),
    "all missing": ("x", [None] * N, "missing"),
    "row counter": ("x", np.arange(1, N + 1), "counts the rows"),
    "row id by name": ("customer_id", np.random.default_rng(0).permutation(N) + 5000, "row id"),
    "distinct texts": ("x", [f"k{i}" for i in range(N)], "own value"),
    "hashes": ("x", [f"{i % (N - 3):032x}" for i in range(N)], "ids"),
    "UUIDs": ("x", [f"{i:08x}-0000-4000-8000-{i:012x}" for i in range(N)], "its values are ids"),
}


@pytest.mark.parametrize("what", DROPPED)
def test_columns_that_say_nothing_are_dropped_with_a_reason(what: str) -> None:
    name, values, reason = DROPPED[what]
    found = column(values, name=name)
    assert found.dropped
    assert reason in found.reason


KEPT: dict[str, tuple[str, Any]] = {
    "constant with gaps": ("x", cycle("a", None)),
    "distinct floats": ("id", np.linspace(0.5, 9.25, N)),
    "distinct whole numbers under another name": ("amount", np.arange(N) * 7 + 13),
    "years": ("year", np.arange(1960, 1960 + N)),
    "repeated ids": ("user_id", np.arange(N) // 2),
}


@pytest.mark.parametrize("what", KEPT)
def test_columns_that_may_say_something_are_kept(what: str) -> None:
    name, values = KEPT[what]
    assert not column(values, name=name).dropped


def test_only_feature_is_never_taken_for_an_id() -> None:
    schema = TableSchema.infer(pd.DataFrame({"x": np.arange(100)}))
    assert [c.name for c in schema.kept] == ["x"]


@pytest.mark.parametrize(
    ("spelled", "values", "dtype"),
    [
        ("categorical", cycle(1, 2, 10), "category"),
        ("Categorical_Hash", cycle(1.0, 2.0, None), "category"),
        ("numeric", [str(i) for i in range(N)], "float32"),
        ("DATETIME", cycle(20240131, 20231201), "datetime64[ns]"),
        ("date_time", cycle(1_700_000_000, 1_600_000_000), "datetime64[ns]"),
        ("boolean", cycle("yes", "no"), "float32"),
    ],
)
def test_type_asked_for_wins(spelled: str, values: Any, dtype: str) -> None:
    assert encoded(values, {"x": spelled}).dtype == dtype


def test_whole_number_categories_are_the_same_with_and_without_gaps() -> None:
    frame = pd.DataFrame({"x": cycle(1, 2, 10)})
    schema = TableSchema.infer(frame, types={"x": "Categorical"})
    assert list(schema.encode(frame)["x"].cat.categories) == ["1", "2", "10"]
    assert schema.encode({"x": [1.0, None, "10", 7]})["x"].cat.codes.tolist() == [0, -1, 2, -1]


def test_dates_asked_for_are_read_by_what_the_numbers_count() -> None:
    assert encoded(cycle(20240131, 20231201), {"x": "DateTime"})[0] == pd.Timestamp("2024-01-31")
    assert encoded(cycle(1990, 2001), {"x": "DateTime"})[1] == pd.Timestamp("2001-01-01")
    assert encoded(cycle(86_400, 0), {"x": "DateTime"})[0] == pd.Timestamp("1970-01-02")


@pytest.mark.parametrize("dtype", ["int64", "Int64", object])
@pytest.mark.parametrize("values", [(86_400, 0), (1990, 2001), (20240131, 20231201)])
def test_dates_among_categories_count_what_the_numbers_count(values: tuple[int, int], dtype: Any) -> None:
    numbers = pd.Series(cycle(*values), dtype=dtype)
    schema = TableSchema.infer(pd.DataFrame({"x": numbers.astype("category")}), types={"x": "DateTime"})
    as_numbers = TableSchema.infer(pd.DataFrame({"x": numbers}), types={"x": "DateTime"})
    assert schema.encode({"x": numbers[:1]}).equals(as_numbers.encode({"x": numbers[:1]}))
    assert schema.encode({"x": numbers}).equals(as_numbers.encode({"x": numbers.astype("category")}))


def test_huge_whole_numbers_are_categories() -> None:
    frame = pd.DataFrame({"x": pd.Series(cycle(10**400, 2), dtype=object)})
    categories = TableSchema.infer(frame, types={"x": "Categorical"}).encode(frame)["x"].cat.categories
    assert set(categories) == {"2", str(10**400)}


def test_unknown_columns_and_types_are_reported_together() -> None:
    frame = pd.DataFrame({"size": [1, 2, 3], "colour": ["a", "b", "a"]})
    with pytest.raises(
        DataError, match=r"(?s)no column 'sise'.*Did you mean 'size'.*'numerical' is not a column type.*'Numeric'"
    ):
        TableSchema.infer(frame, types={"sise": "Numeric", "colour": "numerical"})


def test_values_that_are_not_of_the_type_asked_for_are_named() -> None:
    with pytest.raises(DataError, match="column 'x': the value 'b' is not a number"):
        encoded(cycle("1", "b"), {"x": "Numeric"})


def test_complex_numbers_are_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"column 'x': the value .*1j.* is not a real number"):
        column(cycle(1j, 2j))


def test_nothing_left_is_an_error() -> None:
    with pytest.raises(DataError, match="No column is left to learn from"):
        TableSchema.infer(pd.DataFrame({"a": ["x"] * 30, "b": [None] * 30}))


def test_duplicate_names_are_refused() -> None:
    with pytest.raises(DataError, match="more than once: 'a'"):
        TableSchema.infer(pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]))


def test_names_that_are_no_texts_work() -> None:
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 2)), columns=[0, 1])
    schema = TableSchema.infer(frame)
    assert schema.feature_names == ["0", "1"]
    assert schema.encode(frame).columns.tolist() == ["0", "1"]
    assert schema.encode(frame.to_numpy()).equals(schema.encode(frame))
    levels = frame.set_axis(pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")]), axis=1)
    assert TableSchema.infer(levels).feature_names == ["a_x", "a_y"]


def test_infinite_values_are_missing_and_noted() -> None:
    frame = pd.DataFrame({"x": [1.0, np.inf, -np.inf, 4.0], "y": [1e300, 1e-300, 2.0, 3.0]})
    schema = TableSchema.infer(frame)
    out = schema.encode(frame)
    assert out["x"].tolist()[::3] == [1.0, 4.0]
    assert out["x"].isna().sum() == 2
    assert out["y"].tolist() == frame["y"].tolist()
    assert any("'x' has 2 infinite values" in n.what for n in schema.notes)


def test_numbers_beyond_training_do_not_overflow() -> None:
    schema = TableSchema.infer(pd.DataFrame({"x": [1.0, 2.0, 4.0]}))
    out = schema.encode({"x": [1e300, -1e300, 10**400]})["x"]
    assert out.dtype == np.float32
    assert out[0] == np.finfo(np.float32).max
    assert out[1] == np.finfo(np.float32).min
    assert np.isnan(out[2])


def test_far_dates_are_drawn_in() -> None:
    out = encoded(cycle("2024-01-31", "2023-12-01", "9999-12-31"))
    assert out[0] == pd.Timestamp("2024-01-31")
    assert out[2].year == 2261


def test_numbers_beyond_all_dates_are_drawn_in() -> None:
    schema = TableSchema.infer(pd.DataFrame({"x": cycle(1.7e9, 1.6e9)}), types={"x": "DateTime"})
    out = schema.encode(pd.DataFrame({"x": [1.7e9, -1e303, 1e303]}))["x"]
    assert out.dt.year.tolist() == [2023, 1678, 2261]


@pytest.mark.parametrize(
    ("near", "also_near", "far", "year"),
    [
        ("31.01.2024", "01.12.2023", "31.12.9999", 2261), ("2024-01-31", "2023-12-01", "0001-01-01", 1678),
        ("2024-01-31T10:00:00Z", "2023-12-01T10:00:00Z", "9999-12-31T23:00:00-05:00", 2261),
        (dt.date(2024, 1, 31), dt.date(2023, 12, 1), dt.date(9999, 12, 31), 2261),
        (dt.datetime(2024, 1, 31), dt.datetime(2023, 12, 1), dt.datetime(9999, 12, 31, 23), 2261),
        (dt.datetime(2024, 1, 31, tzinfo=dt.UTC), dt.datetime(2023, 12, 1, tzinfo=dt.UTC),
         dt.datetime(1, 1, 1, tzinfo=dt.UTC), 1678),
    ],
)  # fmt: skip
def test_far_dates_of_every_kind_are_drawn_in(near: Any, also_near: Any, far: Any, year: int) -> None:
    out = encoded(pd.Series(cycle(near, also_near, far), dtype=object))
    assert (out[0].year, out[1].year, out[2].year) == (2024, 2023, year)


def test_far_arrow_instants_are_drawn_in() -> None:
    seconds = pd.Series(["2024-01-31", "9999-12-31", None]).astype("datetime64[s]")
    out = encoded(seconds.astype(pd.ArrowDtype(pa.timestamp("s"))))
    assert (out[0].year, out[1].year, out[2]) == (2024, 2261, pd.NaT)


def test_dates_with_zones_are_utc() -> None:
    out = encoded(
        pd.to_datetime(cycle("2024-01-31T10:00:00+02:00", "2023-12-01T09:30:00+02:00"), utc=True).tz_convert(
            "Asia/Tokyo"
        )
    )
    assert out[0] == pd.Timestamp("2024-01-31 08:00")


def test_day_first_is_told_from_month_first() -> None:
    assert encoded(cycle("31/01/2024", "01/12/2023"))[1] == pd.Timestamp("2023-12-01")
    assert encoded(cycle("01/31/2024", "12/01/2023"))[1] == pd.Timestamp("2023-12-01")


def test_some_unreadable_dates_are_missing_in_training_and_later() -> None:
    values = cycle(*(f"2024-01-{d:02d}" for d in range(1, 31)), n=90)
    values[7] = "unknown"
    frame = pd.DataFrame({"x": values})
    schema = TableSchema.infer(frame)
    assert schema.columns[0].n_missing == 1
    assert "1 value could not be read" in schema.columns[0].reason
    assert schema.encode({"x": ["whenever", "2025-01-01"]})["x"].isna().tolist() == [True, False]


def test_many_categories_keep_those_seen_twice() -> None:
    values = [f"v{i}" for i in range(10_500)] + [f"v{i}" for i in range(300)]
    frame = pd.DataFrame({"x": values})
    schema = TableSchema.infer(frame)
    out = schema.encode(frame)["x"]
    assert len(out.cat.categories) == 300
    assert out.isna().sum() == 10_200
    assert "10,200 values seen once" in schema.columns[0].reason
    assert "seen once" not in TableSchema.infer(pd.DataFrame({"x": values[:10_500] * 2})).columns[0].reason


def test_unseen_and_missing_categories_are_missing() -> None:
    schema = TableSchema.infer(pd.DataFrame({"x": cycle("a", "b")}))
    assert schema.encode({"x": ["b", "zzz", None, np.nan]})["x"].cat.codes.tolist() == [1, -1, -1, -1]


def test_durations_are_one_category_whatever_holds_them() -> None:
    spans = pd.Series([None, dt.timedelta(0), dt.timedelta(days=1)] * 10, dtype=object)
    schema = TableSchema.infer(pd.DataFrame({"a": spans}), types={"a": "Categorical"})
    forms = [spans, pd.to_timedelta(spans), spans.astype("category"), pd.to_timedelta(spans).astype("timedelta64[s]")]
    codes = [schema.encode(pd.DataFrame({"a": form}))["a"].cat.codes.tolist() for form in forms]
    assert codes == [codes[0]] * 4
    assert codes[0][:3] == [-1, 0, 1]


@pytest.mark.parametrize("as_object", [pd.Timestamp, pd.Timestamp.date, lambda moment: moment.to_period("M")])
def test_moments_are_the_same_numbers_whatever_holds_them(as_object: Any) -> None:
    moments = pd.Series(pd.to_datetime(cycle("2024-01-01", "2024-02-01", None, "2024-04-01")))
    objects = pd.Series([None if pd.isna(moment) else as_object(moment) for moment in moments], dtype=object)
    schema = TableSchema.infer(pd.DataFrame({"x": moments}), types={"x": "Numeric"})
    expected = schema.encode(pd.DataFrame({"x": moments}))
    pd.testing.assert_frame_equal(schema.encode(pd.DataFrame({"x": objects})), expected)


def test_large_whole_numbers_are_one_category_whatever_holds_them() -> None:
    ids = pd.Series(cycle(None, 10**15, 2**62), dtype="Int64")  # a list of records makes floats of them
    schema = TableSchema.infer(pd.DataFrame({"x": ids}), types={"x": "Categorical"})
    for form in (
        ids,
        ids.astype("float64"),
        ids.astype(object),
        ids.astype("Float64"),
        ids.astype("float").astype(complex),
    ):
        assert schema.encode(pd.DataFrame({"x": form}))["x"].cat.codes.tolist()[:3] == [-1, 0, 1]


def test_halves_of_characters_are_categories_whatever_holds_them() -> None:
    values = cycle("\ud800", "a", None, n=90)
    schema = TableSchema.infer(pd.DataFrame({"x": pd.Series(values, dtype=object)}))
    strings = pd.Series(values, dtype=pd.StringDtype("python"))
    assert schema.encode(pd.DataFrame({"x": strings}))["x"].cat.codes.tolist()[:3] == [0, 1, -1]


def test_a_number_among_dates_is_refused_by_name() -> None:
    values = pd.Series(["2024-01-31", "2024-02-29", "2024-03-31", *cycle("2024-01-31")], dtype=object)
    schema = TableSchema.infer(pd.DataFrame({"x": values}), types={"x": "DateTime"})
    with pytest.raises(ModelInputError, match="'x'"):
        schema.encode(pd.DataFrame({"x": pd.Series(["2024-01-31", 0.0], dtype=object)}))


def test_numbers_of_days_are_the_same_dates_whatever_holds_them() -> None:
    days = pd.Series(cycle(20240131.0, 20240229.0, 20240331.0))
    schema = TableSchema.infer(pd.DataFrame({"x": days}), types={"x": "DateTime"})
    for form in (days, days.astype(object), days.map(Decimal), days.astype("Int64"), days.astype(int).astype(str)):
        out = schema.encode(pd.DataFrame({"x": form}))["x"]
        assert out.dt.strftime("%Y-%m-%d").tolist()[:3] == ["2024-01-31", "2024-02-29", "2024-03-31"]


def test_order_of_categories_is_the_users() -> None:
    values = pd.Categorical(cycle("low", "high", "mid"), categories=["low", "mid", "high", "never"], ordered=True)
    assert list(encoded(values).cat.categories) == ["low", "mid", "high"]


def test_one_row_reads_as_many_do() -> None:
    frame = pd.DataFrame(
        {
            "n": np.arange(200) / 3,
            "c": pd.Categorical(cycle("a", "b", None, n=200)),
            "s": cycle("x", "y", None, n=200),
            "b": cycle(True, False, n=200),
            "d": pd.date_range("2024-01-01", periods=200),
            "t": [f"word number {i} of many" if i % 7 else None for i in range(200)],
        }
    )
    schema = TableSchema.infer(frame)
    whole = schema.encode(frame)
    rows = pd.concat([schema.encode(frame.iloc[i : i + 1]) for i in range(200)], ignore_index=True)
    pd.testing.assert_frame_equal(whole, rows)


@pytest.mark.parametrize(
    "build", [pl.from_pandas, pa.Table.from_pandas, lambda f: f.to_dict("list"), lambda f: f.to_dict("records")]
)
def test_every_kind_of_table_reads_the_same(build: Any) -> None:
    frame = pd.DataFrame(
        {"n": cycle(1.5, 2.5, 3.5), "s": cycle("x", "y", "z"), "d": pd.date_range("2024-01-01", periods=N)}
    )
    schema = TableSchema.infer(frame)
    pd.testing.assert_frame_equal(schema.encode(build(frame)), schema.encode(frame))


def test_missing_columns_are_listed() -> None:
    schema = TableSchema.infer(pd.DataFrame({"size": [1.5, 2, 3], "colour": list("aba"), "gone": [None] * 3}))
    with pytest.raises(
        ModelInputError, match=r"In the test rows, columns are missing: size and colour\. Is 'size' called 'Size'"
    ):
        schema.encode(pd.DataFrame({"Size": [1]}), where="the test rows")


def test_dropped_columns_need_not_be_given() -> None:
    schema = TableSchema.infer(pd.DataFrame({"size": [1.5, 2, 3], "gone": [None] * 3}))
    assert schema.feature_names == ["size", "gone"]
    assert schema.encode({"size": [1]}).columns.tolist() == ["size"]


def test_unknown_columns_are_left_out_with_one_warning() -> None:
    schema = TableSchema.infer(pd.DataFrame({"size": [1.5, 2, 3]}))
    rows = pd.DataFrame({"size": [1], "new": [2]})
    with pytest.warns(UserWarning, match="left out: new"):
        assert schema.encode(rows).columns.tolist() == ["size"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        schema.encode(rows)


def test_unreadable_values_are_reported_together() -> None:
    schema = TableSchema.infer(pd.DataFrame({"a": [1.5, 2, 3], "d": pd.date_range("2024-01-01", periods=3)}))
    with pytest.raises(
        ModelInputError,
        match=r"(?s)column 'a': the value 'x\\x1b\[31m' is not a number.*column 'd': the value 'soon' is not a date",
    ):
        schema.encode({"a": ["x\x1b[31m"], "d": ["soon"]})


def test_wrong_width_of_an_array_is_named() -> None:
    schema = TableSchema.infer(pd.DataFrame({"a": [1.5, 2, 3]}))
    with pytest.raises(ModelInputError, match="there are 2 columns; the model was trained on 1: a"):
        schema.encode(np.zeros((1, 2)))


def test_json_gives_an_equal_schema() -> None:
    frame = pd.DataFrame({name.replace(" ", "_"): list(values) for name, (values, _) in KINDS.items()})
    schema = TableSchema.infer(frame)
    again = TableSchema.from_json(schema.to_json())
    assert again == schema
    assert again.columns == schema.columns
    assert again.notes == schema.notes
    pd.testing.assert_frame_equal(again.encode(frame), schema.encode(frame))


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", '{"format": 99, "columns": []}', '{"format": 1, "columns": [1], "codings": {}, "notes": []}'],
)
def test_damaged_schema_is_refused(text: str) -> None:
    with pytest.raises(ModelInputError, match="schema"):
        TableSchema.from_json(text)


def test_no_rows_encode_to_no_rows() -> None:
    frame = pd.DataFrame({"n": cycle(1.5, 2.5), "s": cycle("x", "y"), "d": pd.date_range("2024-01-01", periods=N)})
    schema = TableSchema.infer(frame)
    assert schema.encode(frame.iloc[:0]).dtypes.tolist() == schema.encode(frame).dtypes.tolist()


def test_training_rows_are_not_changed() -> None:
    frame = pd.DataFrame({"n": cycle(1.5, np.inf), "s": cycle("x", None)})
    before = frame.copy(deep=True)
    TableSchema.infer(frame).encode(frame)
    pd.testing.assert_frame_equal(frame, before)


cells = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.binary(max_size=3), st.dates(),
    st.datetimes(), st.decimals(allow_nan=False), st.lists(st.integers(), max_size=2),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(cells, min_size=2, max_size=30))
def test_any_objects_become_canonical_or_one_clear_error(values: list[Any]) -> None:
    frame = pd.DataFrame({"x": pd.Series(values, dtype=object), "n": np.arange(len(values)) * 0.3})
    try:
        schema = TableSchema.infer(frame)
    except DataError:
        with pytest.raises(DataError, match="'x'"):
            TableSchema.infer(frame)
        return
    out = schema.encode(frame)
    assert len(out) == len(values)
    assert out.columns.tolist() == [c.name for c in schema.kept]
    assert TableSchema.from_json(schema.to_json()) == schema
    found = schema.columns[0]
    if found.type is ColumnType.NUMERIC and not found.dropped:
        assert np.isfinite(out["x"].dropna()).all()


def test_texts_of_a_column_that_had_dates_are_read_in_one_way() -> None:
    schema = TableSchema.infer(pd.DataFrame({"x": pd.date_range("2024-01-01", periods=N)}))
    for dtype in (object, "category"):
        texts = pd.Series(["31/01/2024", "05/03/2024", None], dtype=dtype)
        assert schema.encode(pd.DataFrame({"x": texts}))["x"].dt.month.tolist()[:2] == [1, 3]


@pytest.mark.parametrize("n", [1, 50])  # few rows are looked up one by one
def test_numbers_and_truths_are_the_categories_that_another_word_had_made_texts(n: int) -> None:
    words = {"grade": cycle("1.0", "2.50", "unknown"), "paid": cycle("true", "false", "unknown")}
    schema = TableSchema.infer(pd.DataFrame(words))
    out = schema.encode(pd.DataFrame({"grade": [1.0, 2.5, 7.0] * n, "paid": [True, False, True] * n}))
    assert out["grade"].cat.codes.tolist() == [0, 1, -1] * n
    assert out["paid"].cat.codes.tolist() == [1, 0, 1] * n
    texts = schema.encode(pd.DataFrame({"grade": ["1"] * n, "paid": ["TRUE"] * n}))
    assert set(texts["grade"].cat.codes) == set(texts["paid"].cat.codes) == {-1}


def test_equal_sets_are_one_text_in_whatever_order_they_print() -> None:
    assert text_of({0, 8}) == text_of({8, 0}) == text_of(frozenset([8, 0])) == "{0, 8}"
    assert text_of({"v", "u", "w"}) == "{'u', 'v', 'w'}"


def test_categories_that_no_row_has_are_not_read() -> None:
    schema = TableSchema.infer(pd.DataFrame({"x": [1.5, 2.5, 4.0]}))
    rows = pd.DataFrame({"x": pd.Categorical(["1.5", None, "unknown"])})
    np.testing.assert_array_equal(schema.encode(rows[:2])["x"], [1.5, np.nan])
    with pytest.raises(ModelInputError, match="'unknown' is not a number"):
        schema.encode(rows)


def test_decimals_are_one_category_however_many_digits_they_show() -> None:
    values = cycle(Decimal("1.0"), Decimal("1.00"), Decimal("2.5"))
    schema = TableSchema.infer(pd.DataFrame({"x": values}), types={"x": "Categorical"})
    for form in (values, values * 2, [float(v) for v in values]):  # up to 64 rows are looked up one by one
        assert schema.encode(pd.DataFrame({"x": form}))["x"].cat.codes.tolist()[:3] == [0, 0, 1]


@pytest.mark.parametrize("n", [1, 50])
def test_a_number_is_its_category_whatever_stands_beside_it(n: int) -> None:
    words = {"grade": cycle("1.0", "2.50", "unknown"), "paid": cycle("true", "false", "unknown")}
    schema = TableSchema.infer(pd.DataFrame(words))
    wanted = schema.encode(pd.DataFrame({name: values[:3] * n for name, values in words.items()}))
    rows = pd.DataFrame({"grade": [1.0, 2.5, "unknown"] * n, "paid": [True, False, "unknown"] * n})
    found = schema.encode(rows)
    assert found["grade"].cat.codes.tolist() == wanted["grade"].cat.codes.tolist()
    assert found["paid"].cat.codes.tolist() == wanted["paid"].cat.codes.tolist()


@pytest.mark.parametrize("written", ["2024-01-{:02d} ", "{:02d}/01/2024  ", " {:02d}.01.2024"])
def test_blanks_around_dates_do_not_count(written: str) -> None:
    frame = pd.DataFrame({"x": [written.format(day) for day in range(1, 32)] * 2})
    schema = TableSchema.infer(frame)
    assert (schema.columns[0].type, schema.columns[0].n_missing) == ("DateTime", 0)
    assert schema.encode(frame)["x"].dt.day.tolist() == list(range(1, 32)) * 2
    clean = TableSchema.infer(pd.DataFrame({"x": frame["x"].str.strip()}))
    assert clean.encode(frame)["x"].equals(schema.encode(frame)["x"])


@pytest.mark.parametrize("kind", [dt.datetime, dt.date])
def test_a_sign_for_missing_among_date_objects_makes_no_text_of_them(kind: Any) -> None:
    days = [kind(2024, 1 + i // 28, 1 + i % 28) for i in range(N - 1)]
    values = pd.Series([*days, "-"], dtype=object)
    found = column(values)
    assert (found.type, found.n_missing) == ("DateTime", 1)
    assert "'-', taken as missing" in found.reason
    out = encoded(values)
    assert (out[0], out[N - 1]) == (pd.Timestamp("2024-01-01"), pd.NaT)
