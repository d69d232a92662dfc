"""MLTable folders."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fsspec
import pandas as pd
import pytest

from automl_jupyter.data.mltable import read_mltable
from automl_jupyter.data.mltable_filter import filter_rows
from automl_jupyter.errors import DataError, MissingExtraError

ROWS = """id,size,colour,when,ok
1,1.5,red,2024-01-31,yes
2,,blue,2024-02-01,no
3,40,red,2024-03-01,yes
4,50,,2024-04-01,no
"""


def table(folder: Path, steps: str = "", paths: str = "- file: t.csv", **files: str | bytes) -> pd.DataFrame:
    for name, content in {"t.csv": ROWS, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (folder / "MLTable").write_text(
        f"$schema: x\ntype: mltable\npaths:\n{paths}\ntransformations:\n{steps or '- read_delimited'}\n"
    )
    return read_mltable(folder)


def step(folder: Path, text: str) -> pd.DataFrame:
    return table(folder, f"- read_delimited:\n    delimiter: ','\n{text}")


def test_plain_file(tmp_path: Path) -> None:
    frame = table(tmp_path)
    assert frame.shape == (4, 5)
    assert frame["size"].isna().tolist() == [False, True, False, False]


def test_options_indented_no_further_than_the_reader(tmp_path: Path) -> None:
    frame = table(
        tmp_path,
        "- read_delimited:\n  delimiter: ';'\n  encoding: latin1\n",
        **{"t.csv": "a;b\nä;2\n".encode("latin-1")},
    )
    assert frame.to_dict("list") == {"a": ["ä"], "b": [2]}


def test_without_transformations_the_ending_decides(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(ROWS)
    (tmp_path / "MLTable").write_text("paths: [{file: t.csv}]")
    assert read_mltable(tmp_path).shape == (4, 5)
    (tmp_path / "t.dat").write_text(ROWS)
    (tmp_path / "MLTable").write_text("paths: [{file: t.dat}]")
    with pytest.raises(DataError, match=r"says no way to read .*t\.dat"):
        read_mltable(tmp_path)


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ("- file: d/a.csv\n- file: d/b.csv", [1, 2]),
        ("- folder: d", [1, 2, 3]),
        ("- pattern: d/[ab].csv", [1, 2]),
        ("- pattern: d/?.csv", [1, 2]),
        ("- pattern: d/**/*.csv", [1, 2, 3]),
    ],
)
def test_files_folders_and_patterns(tmp_path: Path, paths: str, expected: list[int]) -> None:
    files = {"d/a.csv": "x\n1\n", "d/b.csv": "x\n2\n", "d/sub/c.csv": "x\n3\n", "d/.hidden": "x\n9\n"}
    assert table(tmp_path, "- read_delimited", paths, **files)["x"].tolist() == expected


def test_folders_of_tools_are_left_out(tmp_path: Path) -> None:
    files = {
        "d/a.csv": "x\n1\n", "d/year=2024/b.csv": "x\n2\n", "d/.ipynb_checkpoints/a-checkpoint.csv": "x\n9\n",
        "d/_delta_log/c.csv": "x\n9\n",
    }  # fmt: skip
    assert table(tmp_path, "- read_delimited", "- folder: d", **files)["x"].tolist() == [1, 2]
    for name, content in files.items():
        with fsspec.open(f"memory://tools/{name}", "w") as file:
            file.write(content)
    frame = table(tmp_path, "- read_delimited", "- folder: memory://tools/d")
    assert frame["x"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("from_first_file", {"x": ["1", "p", "2"], "y": ["a", "q", "b"]}),
        ("no_header", {"Column1": ["x", "1", "p", "2"], "Column2": ["y", "a", "q", "b"]}),
        ("all_files_different_headers", {"x": ["1", None], "y": ["a", None], "p": [None, "2"], "q": [None, "b"]}),
    ],
)
def test_headers(tmp_path: Path, header: str, expected: dict[str, list[Any]]) -> None:
    files = {"a.csv": "x,y\n1,a\n", "b.csv": "p,q\n2,b\n"}
    steps = f"- read_delimited:\n    header: {header}\n    infer_column_types: false"
    frame = table(tmp_path, steps, "- pattern: '[ab].csv'", **files).astype(object)
    assert frame.where(frame.notna(), None).to_dict("list") == expected


def test_files_of_different_width_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"b\.csv' has 1 column, the first file has 2"):
        table(tmp_path, "- read_delimited", "- pattern: '[ab].csv'", **{"a.csv": "x,y\n1,2\n", "b.csv": "x\n1\n"})


def test_files_of_other_columns_are_refused_where_headers_are_to_be_the_same(tmp_path: Path) -> None:
    files = {"a.csv": "a,b,c\n1,2,3\n", "b.csv": "a,d,b\n4,6,5\n"}
    message = r"b\.csv' has the column 'd', the first file has 'c' instead\. Use header: all_files_different_headers"
    with pytest.raises(DataError, match=message):
        table(tmp_path, "- read_delimited", "- pattern: '[ab].csv'", **files)
    first = "- read_delimited:\n    header: from_first_file"
    assert [str(v) for v in table(tmp_path, first, "- pattern: '[ab].csv'", **files)["c"]] == ["3", "b", "5"]


@pytest.mark.parametrize(
    ("encoding", "codec"),
    [
        ("utf8", "utf-8"), ("iso88591", "latin-1"), ("latin1", "latin-1"), ("utf16", "utf-16"), ("utf32", "utf-32"),
        ("utf8bom", "utf-8-sig"), ("windows1252", "cp1252"),
    ],
)  # fmt: skip
def test_encodings(tmp_path: Path, encoding: str, codec: str) -> None:
    frame = table(
        tmp_path, f"- read_delimited:\n    encoding: {encoding}", **{"t.csv": "wörd\n'ä \"b\"'\n".encode(codec)}
    )
    assert frame.columns.tolist() == ["wörd"]
    assert frame.iloc[0, 0].startswith("'ä ")


def test_empty_fields_and_column_types(tmp_path: Path) -> None:
    content = "a,b\n,1\nx,02\n"
    plain = table(tmp_path, **{"t.csv": content})
    assert plain["a"].isna().tolist() == [True, False]
    assert plain["b"].tolist() == [1, 2]
    kept = table(
        tmp_path, "- read_delimited:\n    empty_as_string: true\n    infer_column_types: false", **{"t.csv": content}
    )
    assert kept.to_dict("list") == {"a": ["", "x"], "b": ["1", "02"]}


def test_lines_inside_quotes(tmp_path: Path) -> None:
    content = 'a,b\n"one\nline",2\n'
    assert table(tmp_path, "- read_delimited:\n    support_multi_line: true", **{"t.csv": content})["a"].tolist() == [
        "one\nline"
    ]
    assert len(table(tmp_path, **{"t.csv": content})) == 2


def test_a_quote_within_a_field_is_a_character(tmp_path: Path) -> None:
    content = 'item,ok\n12" monitor,yes\n"3"" pipe",no\n5" x 7","yes"\nlast,"no\n'
    frame = table(tmp_path, **{"t.csv": content})
    assert frame["ok"].tolist() == ["yes", "no", "yes", "no"]
    assert frame["item"].tolist() == ['12" monitor', '3" pipe', '5" x 7"', "last"]


@pytest.mark.parametrize("mark", ["\u2028", "\x85", "\x0c", "\x1e"])
def test_only_line_feeds_end_a_line(tmp_path: Path, mark: str) -> None:
    frame = table(tmp_path, **{"t.csv": f'a,b\r\n"one{mark}two",1\r\n"open,2\r\nthree,3\r\n'})
    assert frame["a"].tolist() == [f"one{mark}two", "open,2", "three"]


def test_the_same_columns_in_another_order_are_put_in_order(tmp_path: Path) -> None:
    files = {"a.csv": "x,y\n1,2\n", "b.csv": "y,x\n20,10\n"}
    frame = table(tmp_path, "- read_delimited", "- pattern: '[ab].csv'", **files)
    assert frame.to_dict("list") == {"x": [1, 10], "y": [2, 20]}
    steps = "- read_delimited:\n    header: from_first_file\n    infer_column_types: false"
    rows = table(tmp_path, steps, "- pattern: '[ab].csv'", **files)
    assert rows["x"].tolist() == ["1", "y", "20"]


def test_delimiters(tmp_path: Path) -> None:
    assert table(tmp_path, "- read_delimited:\n    delimiter: '\\t'", **{"t.csv": "a\tb\n1\t2\n"})["b"].tolist() == [2]
    assert table(tmp_path, "- read_delimited:\n    delimiter: '||'", **{"t.csv": "a||b\n1||2\n"})["b"].tolist() == [2]


@pytest.mark.parametrize("infer", ["true", "false"])
@pytest.mark.parametrize("empty", ["true", "false"])
def test_rows_that_end_in_a_delimiter_are_not_shifted(tmp_path: Path, infer: str, empty: str) -> None:
    options = f"    infer_column_types: {infer}\n    empty_as_string: {empty}\n"
    frame = table(
        tmp_path,
        f"- read_delimited:\n    delimiter: ','\n    encoding: utf8\n{options}",
        **{"t.csv": "a,b,y\n01,2,u,\n03,4,v,\n"},
    )
    kind = int if infer == "true" else str
    assert frame.to_dict("list") == {"a": [kind("01"), kind("03")], "b": [kind("2"), kind("4")], "y": ["u", "v"]}


def test_path_column(tmp_path: Path) -> None:
    frame = table(tmp_path, "- read_delimited:\n    include_path_column: true")
    assert frame.columns[0] == "Path"
    assert frame["Path"].str.endswith("t.csv").all()


@pytest.mark.parametrize("steps", ["- read_delimited", ""])
def test_a_column_called_as_that_of_paths_stays(tmp_path: Path, steps: str) -> None:
    frame = table(tmp_path, steps or "- take: 2", **{"t.csv": "Path,x\nnorth,1\nsouth,2\n"})
    assert frame.to_dict("list") == {"Path": ["north", "south"], "x": [1, 2]}


@pytest.mark.parametrize(
    "steps",
    [
        "- read_delimited:\n    include_path_column: true",
        "- read_delimited\n- extract_columns_from_partition_format: '/{name}.csv'",
    ],
)
def test_a_column_of_paths_replaces_no_other(tmp_path: Path, steps: str) -> None:
    with pytest.raises(DataError, match=r"t\.csv' has a column 'Path', which is to hold the path of the file"):
        table(tmp_path, steps, **{"t.csv": "Path,x\nnorth,1\n"})


def test_parts_of_paths_are_read_while_the_paths_are_there(tmp_path: Path) -> None:
    extract = "- extract_columns_from_partition_format: '/{name}.csv'"
    assert step(tmp_path, f"{extract}\n- keep_columns: name")["name"].tolist() == ["t"] * 4
    with pytest.raises(DataError, match=r"partition_format: An earlier step left the path of the file out"):
        step(tmp_path, f"- keep_columns: id\n{extract}")


def test_parquet_and_json_lines(tmp_path: Path) -> None:
    pd.DataFrame({"x": [1, 2]}).to_parquet(tmp_path / "t.parquet")
    assert table(tmp_path, "- read_parquet", "- file: t.parquet")["x"].tolist() == [1, 2]
    lines = '{"x": 1, "when": "2024-01-01"}\nbroken\n\n{"x": 2}\n[1]\n'
    steps = "- read_json_lines:\n    invalid_lines: drop"
    frame = table(tmp_path, steps, "- file: t.jsonl", **{"t.jsonl": lines})
    assert frame["x"].tolist() == [1, 2]
    assert frame["when"][0] == "2024-01-01"
    with pytest.raises(DataError, match="line 2 is not a JSON object"):
        table(tmp_path, "- read_json_lines", "- file: t.jsonl")


def test_delta_lake_reads_the_version_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "deltalake", None)
    with pytest.raises(MissingExtraError, match="read_delta_lake needs deltalake"):
        table(tmp_path, "- read_delta_lake", "- folder: ./")
    calls: list[Any] = []

    class DeltaTable:
        def __init__(self, path: str, version: int | None) -> None:
            calls.append(("open", Path(path).name, version))

        def load_as_version(self, instant: str) -> None:
            calls.append(("at", instant))

        def to_pandas(self) -> pd.DataFrame:
            return pd.DataFrame({"x": [1]})

    monkeypatch.setitem(sys.modules, "deltalake", SimpleNamespace(DeltaTable=DeltaTable))
    assert table(tmp_path, "- read_delta_lake:\n    version_as_of: 3", "- folder: d")["x"].tolist() == [1]
    table(tmp_path, "- read_delta_lake:\n    timestamp_as_of: 2024-01-31T00:00:00Z", "- folder: d")
    assert calls == [("open", "d", 3), ("open", "d", None), ("at", "2024-01-31T00:00:00Z")]
    with pytest.raises(DataError, match="both timestamp_as_of and version_as_of"):
        table(tmp_path, "- read_delta_lake: {version_as_of: 1, timestamp_as_of: x}", "- folder: d")


def test_columns_are_kept_and_dropped(tmp_path: Path) -> None:
    assert step(tmp_path, "- keep_columns: [colour, id]").columns.tolist() == ["colour", "id"]
    assert step(tmp_path, "- keep_columns: id").columns.tolist() == ["id"]
    assert step(tmp_path, "- drop_columns: [id, ok]").columns.tolist() == ["size", "colour", "when"]


def test_rows_are_skipped_and_taken_in_order(tmp_path: Path) -> None:
    assert step(tmp_path, "- skip: 1\n- take: 2")["id"].tolist() == [2, 3]
    assert step(tmp_path, "- take: 2\n- skip: 1")["id"].tolist() == [2]
    assert step(tmp_path, "- take: 0")["id"].tolist() == []


def test_random_sample_is_repeatable(tmp_path: Path) -> None:
    content = "x\n" + "\n".join(str(i) for i in range(2000)) + "\n"

    def sample(seed: int) -> list[int]:
        steps = f"- read_delimited\n- take_random_sample:\n    probability: 0.25\n    seed: {seed}"
        found: list[int] = table(tmp_path, steps, **{"t.csv": content})["x"].tolist()
        return found

    assert sample(7) == sample(7) == sorted(sample(7))
    assert sample(7) != sample(8)
    assert 400 < len(sample(7)) < 600


TYPES = """
- read_delimited
- convert_column_types:
    - {columns: [id], column_type: string}
    - {columns: size, column_type: int}
    - columns: when
      column_type:
        datetime:
          formats: ['%d.%m.%Y', '%Y-%m-%d']
    - columns: ok
      column_type:
        boolean:
          true_values: ['yes']
          false_values: ['no']
    - {columns: colour, column_type: stream_info}
"""


def test_column_types(tmp_path: Path) -> None:
    content = ROWS.replace("1.5", "15").replace("2024-02-01", "01.02.2024")
    frame = table(tmp_path, TYPES, **{"t.csv": content})
    assert frame["id"].tolist() == ["1", "2", "3", "4"]
    assert frame["size"].dtype == "Int64"
    assert frame["when"].dt.month.tolist() == [1, 2, 3, 4]
    assert frame["ok"].tolist() == [True, False, True, False]
    assert frame["ok"].dtype == bool
    assert frame["colour"][0] == "red"


def test_large_whole_numbers_are_read_to_the_last_digit(tmp_path: Path) -> None:
    steps = "- read_delimited:\n    infer_column_types: false\n- convert_column_types: [{columns: n, column_type: int}]"
    for texts, numbers in (
        (["9007199254740993", "-9223372036854775808", "1e3"], [9007199254740993, -(2**63), 1000]),
        (["9007199254740993", "n/a", "2"], [9007199254740993, None, 2]),
    ):
        found = table(tmp_path, steps, **{"t.csv": "n\n" + "\n".join(texts)})["n"]
        assert found.dtype == ("Int64" if None in numbers else "int64")
        assert [None if pd.isna(v) else v for v in found] == numbers
    for text in ("9223372036854775808", "1e300"):
        with pytest.raises(DataError, match=f"has '{text}', which is not a whole number of 64 bits"):
            table(tmp_path, steps, **{"t.csv": f"n\n{text}\n3\n"})


def test_booleans_that_match_neither_list(tmp_path: Path) -> None:
    def convert(more: str) -> list[Any]:
        kind = f"{{boolean: {{true_values: red, false_values: green{more}}}}}"
        frame = step(tmp_path, f"- convert_column_types:\n    - columns: colour\n      column_type: {kind}")
        return [None if pd.isna(v) else v for v in frame["colour"]]

    assert convert(", mismatch_as: 'false'") == [True, False, True, None]
    with pytest.raises(DataError, match="'colour' has 'blue', which is not true or false"):
        convert("")


def test_partition_format(tmp_path: Path) -> None:
    files = {"data/2024/05/north.csv": "x\n1\n", "data/2023/11/south.csv": "x\n2\n"}
    steps = "- read_delimited\n- extract_columns_from_partition_format: '/{month:yyyy/MM}/{region}.csv'"
    frame = table(tmp_path, steps, "- folder: data", **files)
    assert frame.columns.tolist() == ["x", "month", "region"]
    assert frame["region"].tolist() == ["south", "north"]
    assert frame["month"].tolist() == [pd.Timestamp("2023-11-01"), pd.Timestamp("2024-05-01")]
    with pytest.raises(DataError, match="does not fit"):
        table(tmp_path, steps.replace("region}.csv", "region}.tsv"), "- folder: data")


def test_filter_step(tmp_path: Path) -> None:
    assert step(tmp_path, '- filter: \'col("size") > 32 and col("colour") == "red"\'')["id"].tolist() == [3]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('col("x") > 2', [3, 4]),
        ('col("x") >= 2 and not col("s") == "b"', [3]),
        ('(col("x") == 1) | (col("s") == "b")', [1, 2, 4]),
        ('~(col("x") == 1) & (col("y") < 3.5)', [2]),
        ('1 < col("x") <= 3', [2, 3]),
        ('col("x") < col("y")', [1, 2]),
        ('col("y") == None', [3]),
        ('col("y") is not None', [1, 2, 4]),
        ('col("y") != 9', [1, 2, 4]),
        ('col("s") in ["a", "c"]', [1]),
        ('col("s") not in ("a", None)', [2, 4]),
        ('col("b")', [1, 4]),
        ('col("b") == true or col("x") == -1', [1, 4]),
        ('col("d") >= datetime(2024, 3, 1)', [3, 4]),
        ('col("d") < "2024-02-01"', [1]),
        ('col("c") == "v"', [2, 4]),
        ('col("c") > "u"', [2, 4]),
    ],
)
def test_filter_expressions(expression: str, expected: list[int]) -> None:
    frame = pd.DataFrame(
        {
            "x": [1, 2, 3, 4],
            "y": [2.0, 3.0, None, 4.0],
            "s": ["a", "b", None, "b"],
            "b": [True, False, False, True],
            "d": pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"]),
            "c": pd.Categorical(["u", "v", None, "v"]),
        }
    )
    assert frame.loc[filter_rows(frame, expression), "x"].tolist() == expected


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("__import__('os').system('x')", "is not a condition|is not true or false|is not allowed"),
        ("col('x').values", "is not a condition"),
        ("col('x') > (lambda: 1)()", "is not a"),
        ("col('x') == [i for i in (1,)]", "is not a column or a value"),
        ("col('x') > 2 ** 9 ** 9", "is not a column or a value"),
        ("col('x') == f'{1}'", "is not a column or a value"),
        ("col(name) == 1", "is not allowed"),
        ("open('x') == 1", "is not allowed"),
        ("(col('x') if True else 1) == 1", "is not a column or a value"),
        ("col('xx') > 1", "names no column"),
        ("1 < 2", "compared without a column"),
        ("col('x')", "is not true or false by itself"),
        ("col('x') > 'a'", "value of another kind"),
        ("col('x') > None", "can only be == None"),
        ("col('d') > 'soon'", "compared with something that is not a date"),
        ("datetime(2024, 1, 'a') == col('d')", "write datetime"),
        ("col('d') > datetime(99999999999999999999, 1, 1)", "write datetime"),
        ("col('d') > datetime(2024, 13, 1)", "write datetime"),
        ("col('x') >", "cannot be read"),
        ("(" * 5000, "cannot be read"),
        ("x" * 20000, "is longer than 10,000 characters"),
        ("x := 1", "cannot be read"),
    ],
)  # fmt: skip
def test_filter_reads_nothing_else(expression: str, message: str) -> None:
    frame = pd.DataFrame({"x": [1], "d": pd.to_datetime(["2024-01-01"])})
    with pytest.raises(DataError, match=f"MLTable: filter: The expression .*({message}).*Allowed: col"):
        filter_rows(frame, expression)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ("- read_delimitd", "no transformation 'read_delimitd'. Did you mean 'read_delimited'"),
        ("- read_delimited: {delimeter: ';'}", "no option 'delimeter'. Did you mean 'delimiter'"),
        ("- read_delimited: {encoding: klingon}", "encoding is 'klingon'; allowed: utf8"),
        ("- read_delimited: {header: maybe}", "header is 'maybe'; allowed: all_files_same_headers"),
        ("- read_delimited: {empty_as_string: 3}", "allowed: true or false"),
        ("- read_delimited: {delimiter: ''}", "it has to be a character"),
        ("- read_delimited: 3", "are not options"),
        ("- read_delimited\n- read_parquet", "not by read_delimited and read_parquet"),
        ("- read_delimited\n- keep_columns: [idd]", "no column 'idd'. Did you mean 'id'"),
        ("- read_delimited\n- drop_columns: 3.5", "is not a column or a list"),
        ("- read_delimited\n- take: many", "'many' is not a number of rows"),
        ("- read_delimited\n- skip: -1", "'-1' is not a number of rows"),
        ("- read_delimited\n- take_random_sample: {probability: 2}", "a number from 0 to 1"),
        ("- read_delimited\n- take_random_sample: {probabilty: 0.5}", "Did you mean 'probability'"),
        ("- read_delimited\n- take_random_sample: {probability: 0.5, seed: -1}", "seed is '-1'"),
        ("- read_delimited\n- filter: 3", "'3' is not an expression"),
        ("- read_delimited\n- convert_column_types: {id: int}", "has to be a list"),
        ("- read_delimited\n- convert_column_types: [{columns: id}]", "'columns' and 'column_type'"),
        ("- read_delimited\n- convert_column_types: [{columns: id, column_type: integr}]",
         "'integr' is not a column type"),
        ("- read_delimited\n- convert_column_types: [{columns: size, column_type: int}]",
         "1.5, which is not a whole number"),
        ("- read_delimited\n- convert_column_types: [{columns: colour, column_type: float}]",
         "'red', which is not a number"),
        ("- read_delimited\n- convert_column_types: [{columns: colour, column_type: datetime}]",
         "'red', which is not a date"),
        ("- read_delimited\n- convert_column_types: [{columns: ok, column_type: {boolean: {true: 1}}}]", "no option"),
        ("- read_delimited\n- extract_columns_from_partition_format: plain", "is not a pattern"),
        ("- {a: 1, b: 2}", "is not one transformation"),
        ("- [1]", "is not one transformation"),
    ],
)  # fmt: skip
def test_mistakes_are_named(tmp_path: Path, steps: str, message: str) -> None:
    with pytest.raises(DataError, match=f"MLTable.*{message}"):
        table(tmp_path, steps)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("paths: [{file: absent.csv}]", "The file 'absent.csv' matches no file"),
        ("paths: [{files: t.csv}]", "no kind of path 'files'. Allowed: file, folder or pattern"),
        ("paths: [t.csv]", "'t.csv' is not {file"),
        ("paths: []", "paths: has to be a list"),
        ("path: [{file: t.csv}]", "unknown key 'path'. Did you mean 'paths'"),
        ("type: table\npaths: [{file: t.csv}]", "has the type 'table'"),
        ("paths: [{file: 'azureml://datastores/x/t.csv'}]", "is in the Azure cloud"),
        ("paths: [{file: 'wasbs://x@y/t.csv'}]", "is in the Azure cloud"),
        ("paths: [{file: t.csv}]\ntransformations: read_delimited", "transformations: has to be a list"),
        ("- 1", "has to be a mapping"),
        ("paths: [", "is not valid YAML"),
        ("a: &a [1]\npaths: *a", "YAML aliases"),
        ("paths: !!python/object/apply:os.getcwd []", "is not valid YAML"),
        ("paths: 0b_", "is not valid YAML"),
        ('paths: "\\UFFFFFFFF"', "is not valid YAML"),
        ("paths: !!timestamp x", "is not valid YAML"),
        ("paths: !!bool maybe", "is not valid YAML"),
        pytest.param("paths: " + "[" * 3000 + "]" * 3000, "nested too deeply", id="deep"),
    ],
)
def test_wrong_files_are_named(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "t.csv").write_text(ROWS)
    (tmp_path / "MLTable").write_text(content)
    with pytest.raises(DataError, match=f"training_data: .*MLTable.*{message}"):
        read_mltable(tmp_path, field="training_data")


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ("- pattern: memory://some-bucket/x*.csv", r"The pattern 'memory://some-bucket/x\*\.csv' matches no file"),
        ("- pattern: nowhere://bucket/x*.csv", "cannot be read: Protocol not known: nowhere"),
    ],
)
def test_addresses_without_a_file_are_named(tmp_path: Path, paths: str, message: str) -> None:
    with fsspec.open("memory://some-bucket/b.csv", "w") as file:
        file.write("x\n1\n")
    with pytest.raises(DataError, match=f"MLTable, paths: .*{message}"):
        table(tmp_path, "- read_delimited", paths)


def test_what_delta_lake_refuses_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class DeltaError(Exception):
        pass

    def refuse(path: str, version: int | None) -> None:
        raise DeltaError("Not a Delta table: no log files")

    monkeypatch.setitem(sys.modules, "deltalake", SimpleNamespace(DeltaTable=refuse))
    with pytest.raises(DataError, match="cannot be read: Not a Delta table: no log files"):
        table(tmp_path, "- read_delta_lake", "- folder: d")


def test_times_alone_are_of_the_day_that_is_given(tmp_path: Path) -> None:
    kind = "{datetime: {formats: ['%H:%M', '%Y-%m-%d %H:%M'], date_constant: 2024-01-31}}"
    steps = f"- read_delimited\n- convert_column_types:\n    - columns: at\n      column_type: {kind}"
    found = table(tmp_path, steps, **{"t.csv": "at,x\n08:30,1\n2023-05-01 09:00,2\n"})["at"]
    assert found.tolist() == [pd.Timestamp("2024-01-31 08:30"), pd.Timestamp("2023-05-01 09:00")]
    with pytest.raises(DataError, match="has 'soon', which is not a date for date_constant"):
        table(tmp_path, steps.replace("2024-01-31", "soon"), **{"t.csv": "at,x\n08:30,1\n"})


def test_a_path_without_a_date_is_named(tmp_path: Path) -> None:
    steps = "- read_delimited\n- extract_columns_from_partition_format: '/{month:yyyy/MM}/{region}.csv'"
    with pytest.raises(DataError, match=r"2024/13/north\.csv' has no date where .* has 'month'"):
        table(tmp_path, steps, "- folder: data", **{"data/2024/13/north.csv": "x\n1\n"})


def test_a_pattern_begins_below_its_folder_whatever_that_is_called(tmp_path: Path) -> None:
    files = {"d/a.csv": "x\n1\n", "d/b.csv": "x\n2\n"}
    frame = table(tmp_path / "sales [2024]", "- read_delimited", "- pattern: ./d/*.csv", **files)
    assert frame["x"].tolist() == [1, 2]
