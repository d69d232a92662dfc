"""Any table at all: a model, or one clear error that names the column or the field. Nothing else."""

from __future__ import annotations

import datetime as dt
import enum
import fractions
import os
import pathlib
import re
import uuid
import warnings
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from automl_jupyter import automl
from automl_jupyter.client import submit
from automl_jupyter.data.cache import open_cache, write_cache
from automl_jupyter.data.frames import as_frame
from automl_jupyter.data.guardrails import run_guardrails
from automl_jupyter.data.load import load_training_table
from automl_jupyter.data.schema import TableSchema
from automl_jupyter.data.split import make_folds, resolve_validation
from automl_jupyter.errors import AutoMLError, DataError, ModelInputError, SpecError
from automl_jupyter.featurization.recipes import RECIPES, make_featurizer
from automl_jupyter.learners import learners
from automl_jupyter.learners.base import FitData, fit_learner, make_learner, predict
from automl_jupyter.trials.guard import quiet

#: the same examples each time, unless more are asked for: FUZZ_EXAMPLES=5000 draws others each time
_ASKED = os.environ.get("FUZZ_EXAMPLES")
fuzz = settings(
    max_examples=int(_ASKED or 500),
    derandomize=_ASKED is None,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
    phases=(Phase.generate, Phase.shrink),  # to explain failures is to trace every line, on which Python 3.11 has hung
)


class Colour(enum.Enum):
    RED = 1
    BLUE = "blue"


class Thing:
    """An object that says nothing but its address."""


# --- values -----------------------------------------------------------------------------------------------------

some_text = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=6),  # halves of surrogate pairs too
    st.sampled_from(
        ["", " ", "a", "B", "na", "NaN", "None", "?", "-", ".", "\x00", "\x1b[31mred", "🦊", "שלום", "x" * 500]
    ),
)
number_text = st.sampled_from(
    ["1", "2.5", "-3e2", "007", " 4 ", "1,5", "1_000", "1e999", "-inf", "nan", "0x1f", "١٢", "+7", "1e-320", "9" * 400]
)
date_text = st.sampled_from(
    ["2024-01-31", "2023-12-01T10:00:00Z", "2023-12-01 10:00:00.5+02:00", "31/01/2024", "01/31/2024", "5 Jan 2024",
     "0001-01-01", "9999-12-31", "2024-02-30", "2024", "2024-01", "31.12.99", "12:30", "Jan 5, 2024", "20240131",
     "2024-W05", "24-01-31", "-0001-01-01", "2024-01-31T24:00:00", "2024-13-01", "31.01.2024 10:00"]
)  # fmt: skip
amount_text = st.one_of(
    st.integers(-3000, 3000).map(lambda v: f"${v:,}"),
    st.sampled_from(
        ["$1,200", "3,5 km", "45 %", "12k", "1.5M", "2h 05m", "13:45", "5'11\"", "(7)", "€ 1.234", "1st", "8 kg", "8 g"]
    ),
)
truth_text = st.sampled_from(["yes", "no", "True", "FALSE", "t", "0", "1", "on", "maybe"])
sentence = st.lists(
    st.sampled_from(["the", "quick", "brown", "fox", "jumps", "no", "over", "lazy", "dogs", "犬", "собака"]),
    min_size=3,
    max_size=8,
)
floats = st.one_of(
    st.floats(), st.sampled_from([0.0, -0.0, 1e300, -1e300, 1e-300, 5e-324, np.inf, -np.inf, np.nan, 1.5])
)
big_ints = st.one_of(st.integers(), st.sampled_from([2**53 + 1, 2**63, 2**64, -(2**64), 10**400, -(10**30)]))
dates = st.one_of(st.dates(), st.sampled_from([dt.date(1, 1, 1), dt.date(9999, 12, 31), dt.date(2024, 2, 29)]))
times = st.one_of(
    st.datetimes(), st.sampled_from([dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999_999)])
)
aware = st.builds(lambda t, h: t.replace(tzinfo=dt.timezone(dt.timedelta(hours=h))), times, st.integers(-12, 12))
near = st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1))
spans = st.timedeltas(dt.timedelta(days=-90_000), dt.timedelta(days=90_000))
decimals = st.sampled_from(
    [Decimal("1.5"), Decimal("NaN"), Decimal("Infinity"), Decimal("1e400"), Decimal(0), Decimal("-7")]
)
odd = st.sampled_from(
    [
        dt.time(12, 30),
        uuid.UUID(int=5),
        Colour.RED,
        Colour.BLUE,
        pathlib.PurePosixPath("a/b"),
        fractions.Fraction(1, 3),
        np.float32(1.5),
        np.int8(3),
        np.datetime64("2024-01-01"),
        np.datetime64("NaT"),
        np.timedelta64(5, "s"),
        np.bool_(True),
        np.str_("s"),
        pd.Timestamp("2024-01-01", tz="Asia/Tokyo"),
        pd.Timedelta("1D"),
        pd.Period("2024-01"),
        pd.Interval(0, 1),
        range(3),
        len,
        int,
        Thing(),
        slice(1),
        object,
        Ellipsis,
        memoryview(b"m"),
        bytearray(b"b"),
    ]
)
leaves = st.one_of(st.integers(0, 3), some_text, st.none(), st.just(np.nan), st.just(1.5), st.just(np.float64(2)))
nested = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["a", "b", "\ud800"]), inner, max_size=2),
        st.tuples(inner, inner),
        st.sets(st.sampled_from(["u", "v", "w"])),
        st.lists(st.integers(0, 5), max_size=3).map(np.array),
    ),
    max_leaves=4,
)
missing = st.sampled_from([None, np.nan, pd.NA, pd.NaT])
anything = st.one_of(
    some_text, number_text, date_text, truth_text, floats, big_ints, st.booleans(), dates, times, aware, spans,
    decimals, odd, nested, st.binary(max_size=4), st.complex_numbers(allow_infinity=False), missing,
)  # fmt: skip
hashables = st.one_of(
    some_text,
    st.integers(-5, 5),
    st.sampled_from([0.5, 1e300]),
    dates,
    st.booleans(),
    st.tuples(st.integers(0, 2), some_text),
)


def objects(values: list[Any]) -> np.ndarray:
    array = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        array[i] = value
    return array


# --- columns ----------------------------------------------------------------------------------------------------

Build = Callable[[list[Any]], Any]


def as_dtype(dtype: Any) -> Build:
    return lambda values: pd.array(values, dtype=dtype)


def as_numpy(dtype: str) -> Build:
    return lambda values: np.array(values, dtype=dtype)


def as_arrow(kind: Any) -> Build:
    return lambda values: pd.array(values, dtype=pd.ArrowDtype(kind))


def instants(unit: str, zone: str | None = None) -> Build:
    def build(values: list[Any]) -> pd.Series:
        series = pd.Series(np.array(values, dtype=f"datetime64[{unit}]"))
        return series if zone is None else series.dt.tz_localize("UTC").dt.tz_convert(zone)

    return build


def categories(values: list[Any], *, ordered: bool = False, unused: Any = None) -> pd.Categorical:
    found: list[Any] = []
    for value in [*values, unused]:
        if value is not None and value == value and not any(value == f for f in found):
            found.append(value)
    index = pd.Index(objects(found), dtype=object, tupleize_cols=False)
    return pd.Categorical.from_codes(
        [next((k for k, f in enumerate(found) if value is not None and f == value), -1) for value in values],
        categories=index.infer_objects() if len(found) else index,
        ordered=ordered,
    )


def periods(values: list[Any]) -> pd.PeriodIndex:
    return pd.PeriodIndex([pd.NaT if x is None else pd.Period(x, "D") for x in values], freq="D")


def intervals(values: list[int]) -> Any:
    return pd.arrays.IntervalArray.from_tuples([(x, x + 1) for x in values], dtype="interval[int64, right]")


def dictionary(values: list[Any]) -> Any:
    return pd.arrays.ArrowExtensionArray(pa.chunked_array([pa.array(values, pa.string()).dictionary_encode()]))


def sparse(kind: type, fill: Any) -> Build:
    return lambda values: pd.arrays.SparseArray(np.array(values, dtype=kind), fill_value=fill)


#: kind -> the values of a column, whether None may be among them, and how they become a pandas column
PANDAS: dict[str, tuple[st.SearchStrategy[Any], bool, Build]] = {
    "float64": (floats, False, as_numpy("float64")),
    "plain floats": (st.floats(-10, 10, width=32), False, as_numpy("float64")),
    "float32": (st.floats(width=32), False, as_numpy("float32")),
    "float16": (st.floats(width=16), False, as_numpy("float16")),
    "int64": (st.integers(-(2**63), 2**63 - 1), False, as_numpy("int64")),
    "small ints": (st.integers(-3, 9), False, as_numpy("int8")),
    "uint64": (st.integers(0, 2**64 - 1), False, as_numpy("uint64")),
    "bool": (st.booleans(), False, as_numpy("bool")),
    "complex": (st.complex_numbers(allow_infinity=False), False, as_numpy("complex128")),
    "Int8": (st.integers(-128, 127), True, as_dtype("Int8")),
    "Int64": (st.integers(-(2**63), 2**63 - 1), True, as_dtype("Int64")),
    "UInt16": (st.integers(0, 9), True, as_dtype("UInt16")),
    "Float32": (st.floats(width=32), True, as_dtype("Float32")),
    "Float64": (floats, True, as_dtype("Float64")),
    "boolean": (st.booleans(), True, as_dtype("boolean")),
    "string": (st.text(max_size=4), True, as_dtype("string")),
    "python strings": (some_text, True, as_dtype(pd.StringDtype("python"))),
    "period": (near, True, periods),
    "interval": (st.integers(0, 4), False, intervals),
    "datetime64[ns]": (near, True, instants("ns")),
    "datetime64[us]": (times, True, instants("us")),
    "datetime64[s]": (times, True, instants("s")),
    "Europe/Berlin": (near, True, instants("us", "Europe/Berlin")),
    "timedelta": (spans, True, as_numpy("timedelta64[us]")),
    "sparse": (st.sampled_from([0.0, 1.5, np.nan]), False, sparse(float, np.nan)),
    "sparse ints": (st.integers(0, 2), False, sparse(int, 0)),
    "sparse bools": (st.booleans(), False, sparse(bool, False)),
    "categories": (hashables, True, categories),
    "ordered categories": (st.integers(0, 4), True, lambda v: categories(v, ordered=True, unused=99)),
    "text categories": (some_text, True, lambda v: categories(v, unused="never")),
    "date categories": (near, True, categories),
    "arrow int": (st.integers(-(2**31), 2**31 - 1), True, as_arrow(pa.int32())),
    "arrow float": (floats, True, as_arrow(pa.float64())),
    "arrow bool": (st.booleans(), True, as_arrow(pa.bool_())),
    "arrow string": (st.text(max_size=4), True, as_arrow(pa.string())),
    "arrow large string": (date_text, True, as_arrow(pa.large_string())),
    "arrow binary": (st.binary(max_size=3), True, as_arrow(pa.binary())),
    "arrow decimal": (st.decimals(-999, 999, places=2), True, as_arrow(pa.decimal128(9, 2))),
    "arrow dictionary": (st.text(max_size=3), True, dictionary),
    "arrow date": (dates, True, as_arrow(pa.date32())),
    "arrow time": (st.times(), True, as_arrow(pa.time64("us"))),
    "arrow instant": (times, True, as_arrow(pa.timestamp("us"))),
    "arrow zone": (near, True, as_arrow(pa.timestamp("ms", "Asia/Tokyo"))),
    "arrow duration": (spans, True, as_arrow(pa.duration("us"))),
    "arrow list": (st.lists(st.integers(0, 3), max_size=2), True, as_arrow(pa.list_(pa.int64()))),
    "arrow struct": (st.fixed_dictionaries({"a": st.integers(0, 3)}), True, as_arrow(pa.struct([("a", pa.int64())]))),
    "arrow null": (st.none(), True, as_arrow(pa.null())),
    "texts": (some_text, True, objects),
    "numbers in texts": (number_text, True, objects),
    "dates in texts": (date_text, True, objects),
    "amounts in texts": (amount_text, True, objects),
    "amounts of money": (st.integers(0, 9000).map(lambda v: f"${v:,}"), True, objects),
    "truths in texts": (truth_text, True, objects),
    "sentences": (sentence.map(" ".join), True, objects),
    "big ints": (big_ints, True, objects),
    "decimals": (decimals, True, objects),
    "dates": (dates, True, objects),
    "times": (times, True, objects),
    "times with zones": (aware, True, objects),
    "times with and without zones": (st.one_of(aware, times), True, objects),
    "spans": (st.one_of(spans, st.just(pd.Timedelta("1D"))), True, objects),
    "bytes": (st.binary(max_size=3), True, objects),
    "nested": (nested, True, objects),
    "odd": (odd, True, objects),
    "complex objects": (st.complex_numbers(allow_infinity=False), True, objects),
    "bools and numbers": (st.one_of(st.booleans(), floats), True, objects),
    "texts and numbers": (st.one_of(number_text, floats, some_text), True, objects),
    "anything": (anything, True, objects),
}
if int(pd.__version__.split(".", 1)[0]) >= 3:  # pandas 2 cannot even look at these
    PANDAS["arrow string view"] = (st.text(max_size=4), True, as_arrow(pa.string_view()))

POLARS: dict[str, tuple[st.SearchStrategy[Any], Any]] = {
    "Float64": (floats, pl.Float64),
    "Int8": (st.integers(-128, 127), pl.Int8),
    "UInt64": (st.integers(0, 2**64 - 1), pl.UInt64),
    "Boolean": (st.booleans(), pl.Boolean),
    "String": (st.text(max_size=4), pl.String),
    "Categorical": (st.text(max_size=4), pl.Categorical),
    "Enum": (st.sampled_from(["lo", "hi"]), pl.Enum(["lo", "mid", "hi"])),
    "Date": (dates, pl.Date),
    "Datetime": (times, pl.Datetime("us")),
    "Datetime with zone": (near, pl.Datetime("ms", "Europe/Berlin")),
    "Duration": (spans, pl.Duration("us")),
    "Time": (st.times(), pl.Time),
    "Decimal": (st.decimals(-999, 999, places=2), pl.Decimal(12, 2)),
    "Binary": (st.binary(max_size=3), pl.Binary),
    "List": (st.lists(st.integers(0, 3), max_size=2), pl.List(pl.Int64)),
    "Array": (st.lists(st.integers(0, 3), min_size=2, max_size=2), pl.Array(pl.Int64, 2)),
    "Struct": (
        st.fixed_dictionaries({"a": st.integers(0, 3), "b": st.text(max_size=2)}),
        pl.Struct({"a": pl.Int64, "b": pl.String}),
    ),
    "Null": (st.none(), pl.Null),
    "Object": (odd.filter(lambda v: not isinstance(v, enum.Enum)), pl.Object),
}

#: kinds a target is mostly of; any other kind may be one, too
TARGETS = ("bool", "small ints", "text categories", "plain floats", "float64", "texts", "Int8", "boolean", "string")

names = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=8),
    st.sampled_from(
        ["a", "id", "", " ", "🦊", "שם", "n" * 400, "<b>x</b>", "a\nb", "\x1b[31m", "__index__", "\ud800", "0"]
    ),
    st.integers(-2, 3),
    st.sampled_from([None, 1.5, True, ("a", 1), pd.Timestamp("2024-01-01"), b"x"]),
)


@st.composite
def columns(draw: Any, kinds: dict[str, Any], n_rows: int, kind: str | None = None) -> tuple[str, list[Any]]:
    """Draw a kind and its values: a few different ones, each in many rows, some of them missing."""
    kind = kind or draw(st.sampled_from(sorted(kinds)))
    values = kinds[kind][0]
    many = draw(st.integers(0, 3)) == 0
    pool = draw(st.lists(values, min_size=1, max_size=30 if many else 4))
    if draw(st.booleans()) and (kinds is POLARS or kinds[kind][1]):
        pool.append(draw(missing) if kinds is PANDAS and kinds[kind][2] is objects else None)
    pick = np.random.default_rng(draw(st.integers(0, 99)))
    return kind, [pool[i] for i in pick.integers(len(pool), size=n_rows)]


def pandas_table(drawn: list[tuple[str, list[Any]]], called: list[Any], n_rows: int) -> pd.DataFrame:
    made = []
    for kind, values in drawn:
        build = PANDAS[kind][2]
        plain = build is objects or not values
        made.append(pd.Series(objects(values), dtype=object) if plain else pd.Series(build(values)))
    table = pd.concat(made, axis=1) if made else pd.DataFrame(index=range(n_rows))
    table.columns = pd.Index(objects(called), dtype=object, tupleize_cols=False)
    return table


@st.composite
def cases(draw: Any) -> tuple[Any, dict[str, Any]]:
    """Draw a table and what is asked of it."""
    n_rows = draw(st.one_of(st.integers(0, 6), st.integers(7, 60), st.just(80)))
    n_columns = draw(st.integers(0, 6))
    asked: dict[str, Any] = {"task": draw(st.sampled_from(["classification", "regression"]))}
    target = str(draw(names)) if draw(st.integers(0, 9)) == 0 else "y"
    if draw(st.integers(0, 4)) == 0:
        drawn = [draw(columns(POLARS, n_rows)) for _ in range(n_columns + 1)]
        called: list[Any] = [f"c{k}" if k else "y" for k in range(n_columns + 1)]
        target = "y"
        table: Any = pl.DataFrame(
            [pl.Series(n, v, dtype=POLARS[k][1], strict=False) for n, (k, v) in zip(called, drawn, strict=True)]
        )
    else:
        kind = draw(st.one_of(st.sampled_from(TARGETS), st.none()))
        drawn = [draw(columns(PANDAS, n_rows, kind)), *(draw(columns(PANDAS, n_rows)) for _ in range(n_columns))]
        odd_names = draw(st.integers(0, 2)) == 0
        called = [target, *((draw(names) if odd_names else f"c{k}") for k in range(n_columns))]
        table = pandas_table(drawn, called, n_rows)
        if draw(st.integers(0, 15)) == 0 and n_columns:
            table.columns = pd.MultiIndex.from_tuples([("y", 0), *((f"🦊{k % 2}", k) for k in range(n_columns))])
            target = "y_0"
        if draw(st.integers(0, 7)) == 0 and n_rows:
            table.index = pd.Index(np.arange(n_rows)[::-1] // 2)
    asked["target_column_name"] = target
    others = [str(n) for n in called[1:] if not isinstance(table.columns, pd.MultiIndex)]
    for field in ("weight_column_name", "group_column_name", "time_column_name"):
        if others and draw(st.integers(0, 15)) == 0:
            asked[field] = draw(st.sampled_from(others))
    if others and draw(st.integers(0, 5)) == 0:
        kinds = st.sampled_from(["Numeric", "Categorical", "DateTime", "Text", "Boolean", "Ignore"])
        asked["types"] = {draw(st.sampled_from(others)): draw(kinds)}
    if draw(st.integers(0, 9)) == 0:
        asked["test_data_size"] = 0.25
    if draw(st.integers(0, 9)) == 0:
        asked["validation_data"] = table
    return table, asked


def spec_of(table: Any, asked: dict[str, Any]) -> Any:
    fields = {k: v for k, v in asked.items() if k not in {"task", "types"}}
    spec = getattr(automl, asked["task"])(training_data=table, random_state=0, **fields)
    if "types" in asked:
        spec.set_featurization(column_name_and_types=asked["types"])
    return spec


# --- the property -----------------------------------------------------------------------------------------------


def check_message(error: AutoMLError) -> None:
    """An error is in sentences, can be shown anywhere and says what it is about."""
    text = str(error)
    text.encode("utf-8")
    assert "Traceback" not in text
    assert not re.search(r"0x[0-9a-f]{6,}", text), text
    assert "\x1b" not in text
    assert len(text) < 4000
    if isinstance(error, DataError | SpecError):
        assert all(p.where for p in error.problems), text
    else:
        assert "column" in text.lower(), text


def same_rows_in_other_types(X: pd.DataFrame) -> dict[str, Any]:
    """The same rows in other forms; what they become has to be the same."""
    forms = {"again": X, "other order": X[X.columns[::-1]], "objects": X.astype(object), "head": X.head(3)}
    forms["records"] = X.to_dict("records") if len(X) else X
    return forms


def forms_that_may_be_refused(X: pd.DataFrame) -> list[Any]:
    makers: list[Callable[[], Any]] = [
        X.convert_dtypes,
        lambda: X.map(str),
        lambda: pl.from_pandas(X),
        lambda: pa.Table.from_pandas(X, preserve_index=False),
        lambda: X.apply(lambda s: s.astype("category")),
        lambda: pd.DataFrame(None, index=X.index, columns=X.columns, dtype=object),
        lambda: pd.DataFrame({c: X.iloc[:, -1 - k] for k, c in enumerate(X.columns)}),
    ]
    forms = []
    for make in makers:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                forms.append(make())
        except BaseException:  # noqa: BLE001 pandas, Polars and Arrow refuse some values; that is not ours to test
            continue
    return forms


def check_canonical(schema: TableSchema, rows: pd.DataFrame, n_rows: int) -> None:
    assert len(rows) == n_rows
    assert rows.columns.tolist() == [c.name for c in schema.kept]
    for position, column in enumerate(schema.kept):
        values = rows.iloc[:, position]
        if column.type in ("Numeric", "Boolean"):
            assert values.dtype in ("float32", "float64")
            assert not np.isinf(values.to_numpy()).any()
        elif column.type == "DateTime":
            assert values.dtype == "datetime64[ns]"
        elif column.type == "Text":
            assert all(isinstance(v, str) for v in values)
        else:
            assert isinstance(values.dtype, pd.CategoricalDtype)


def check_features(schema: TableSchema, rows: pd.DataFrame, y: np.ndarray) -> dict[str, Any]:
    made = {}
    for recipe in RECIPES:
        featurizer = make_featurizer(recipe, schema.columns)
        for X in (featurizer.fit_transform(rows, y), featurizer.transform(rows.head(1)), featurizer.transform(rows)):
            values = X.toarray() if hasattr(X, "toarray") else X
            assert values.dtype == np.float32
            assert not np.isinf(values).any(), recipe
            if recipe not in ("tree", "arithmetic", "enriched", "clusters"):
                assert not np.isnan(values).any(), recipe
            if recipe == "counts":
                assert (values >= 0).all()
        made[recipe] = X
    return made


def check_fit(features: dict[str, Any], y: np.ndarray, n_classes: int | None) -> None:
    task = "regression" if n_classes is None else "classification"
    linear = "ElasticNet" if n_classes is None else "LinearSVM"
    for name, recipe in (("DecisionTree", "tree"), (linear, "linear")):
        info = learners.get(name)
        estimator = make_learner(info, task, {}, random_state=0, n_jobs=1, n_classes=n_classes)
        with quiet():
            try:
                fit_learner(info, estimator, FitData(X=features[recipe], y=y))
                predicted = np.asarray(predict(estimator, task, features[recipe], n_classes))
            except AutoMLError:
                assert recipe == "linear"  # of such a target; a trial that failed, with a reason
                continue
        assert np.isfinite(predicted).all(), name
        assert len(predicted) == len(y)


@pytest.mark.slow
@fuzz
@given(cases())
def test_any_table_is_a_model_or_one_clear_error(tmp_path_factory: pytest.TempPathFactory, case: Any) -> None:
    table, asked = case
    try:
        spec = spec_of(table, asked)
        found = load_training_table(spec)
        schema = TableSchema.infer(found.X.iloc[: found.n_training], types=asked.get("types"))
        rows = schema.encode(found.X, where="training_data")
    except AutoMLError as error:
        check_message(error)
        return
    try:
        validation = resolve_validation(spec, found)
        folds = make_folds(validation, found, random_state=0)
        guardrails = run_guardrails(found, schema, validation, folds, chosen=False)
        assert all(g.status in ("Passed", "Done", "Alerted") and g.explanation for g in guardrails)
    except AutoMLError as error:
        check_message(error)
    check_canonical(schema, rows, found.n_rows)
    assert TableSchema.from_json(schema.to_json()) == schema
    folder = tmp_path_factory.getbasetemp() / "fuzz-cache"
    write_cache(folder, X=rows, y=found.y, weight=found.weight, folds=[], meta={})
    stored = open_cache(folder)
    pd.testing.assert_frame_equal(stored.X, rows)
    np.testing.assert_array_equal(stored.y, found.y)

    for how, form in same_rows_in_other_types(found.X).items():
        again = schema.encode(form)
        pd.testing.assert_frame_equal(again, rows.head(len(again)), obj=how)
    for form in forms_that_may_be_refused(found.X):
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", ".*columns the model does not know")  # Polars names what has no name
                check_canonical(schema, schema.encode(form), found.n_rows)
        except ModelInputError as error:
            check_message(error)

    check_fit(check_features(schema, rows, found.y), found.y, None if found.classes is None else len(found.classes))


@settings(fuzz, max_examples=100 if _ASKED is None else int(_ASKED) // 5)
@given(cases())
def test_any_table_has_a_profile_or_one_clear_error(case: Any) -> None:
    table, asked = case
    try:
        profile = automl.profile(table, asked["target_column_name"])
        for name, kind in asked.get("types", {}).items():
            profile.set_type(name, kind)
    except AutoMLError as error:
        check_message(error)
        return
    shown = profile.to_frame()
    assert len(shown) == as_frame(table).shape[1]
    for text in profile._repr_mimebundle_().values():
        assert isinstance(text, str)
        text.encode("utf-8")
        assert "\x1b" not in text


@settings(fuzz, max_examples=15 if _ASKED is None else int(_ASKED) // 30)
@given(cases())
def test_any_job_ends_with_a_model_or_one_clear_error(tmp_path_factory: pytest.TempPathFactory, case: Any) -> None:
    table, asked = case
    try:
        spec = spec_of(table, asked)
        spec.set_limits(max_trials=1)
        spec.set_training(
            allowed_training_algorithms=["DecisionTree"], enable_vote_ensemble=False, enable_stack_ensemble=False
        )
        job = submit(spec, compute="inline", workspace=tmp_path_factory.getbasetemp() / "fuzz-jobs").wait(60)
    except AutoMLError as error:
        check_message(error)
        return
    assert job.status == "Completed", job.error
    frame = as_frame(table)
    assert len(job.model.predict(frame)) == len(frame)
