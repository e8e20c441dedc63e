"""Attributes from a build to what an index gives back."""

from __future__ import annotations

import datetime
import gc
import pathlib
from typing import Any

import nearfile
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nearfile import InvalidArgumentError

MOMENT = datetime.datetime(2026, 1, 31, 10, 0, 0, 5)

TABLE = pa.table(
    {
        "sold": [True, None, False, True],
        "count": [1, -(1 << 63), None, (1 << 63) - 1],
        "price": [0.5, None, float("inf"), -0.0],
        "lang": ["de", "fr", None, "a string longer than twelve bytes, ü"],
        "tags": [["a", "b"], [], None, [""]],
        "seen": pa.array([MOMENT, None, MOMENT, MOMENT], pa.timestamp("us", "Europe/Berlin")),
        "day": pa.array([0, 1, None, -1], pa.timestamp("s")),
        "whole": [1, 2, 3, 4],
    }
)
ROWS = {**TABLE.to_pydict()}
VECTORS = np.eye(4, dtype=np.float32)


def index_of(table: Any = TABLE, **options: Any) -> nearfile.Index:
    return nearfile.build(np.eye(len(table), dtype=np.float32), attributes=table, **options)


@pytest.mark.parametrize("ids", [None, [40, 30, 20, 10], list("wxyz")])
def test_attributes_come_back_by_id_from_a_file(ids: Any, structure: str, tmp_path: pathlib.Path) -> None:
    index_of(path=tmp_path / "a.near", ids=ids, structure=structure)
    index = nearfile.open(tmp_path / "a.near", verify=True)
    names = range(4) if ids is None else ids
    assert index.columns == {
        "sold": "bool",
        "count": "int64",
        "price": "float64",
        "lang": "string",
        "tags": "strings",
        "seen": "timestamp",
        "day": "timestamp",
        "whole": "int64",
    }
    assert pa.table(index.attributes()).to_pydict() == ROWS
    wanted = [3, 0, 0, 2, 1]
    some = index.attributes([names[row] for row in wanted])
    assert pa.table(some).to_pydict() == {name: [values[row] for row in wanted] for name, values in ROWS.items()}
    assert len(some) == 5
    assert some.columns == list(ROWS)
    assert repr(some).startswith("<nearfile.Attributes of 5 rows: sold, count, ")
    with pytest.raises(nearfile.NotFoundError, match="99"):
        index.attributes([99])
    with pytest.raises(InvalidArgumentError, match="in order"):
        index.attributes({names[0]})


def test_what_arrow_is_given_is_whole() -> None:
    index = index_of()
    rows = index.attributes()
    del index
    table = pa.table(rows)
    table.validate(full=True)
    assert table.schema.field("seen").type == pa.timestamp("us", "Europe/Berlin")
    assert table.schema.field("day").type == pa.timestamp("s")
    assert table["count"].null_count == 1
    assert [field.nullable for field in table.schema] == [True] * 8
    reader = pa.RecordBatchReader.from_stream(rows)
    del rows
    gc.collect()
    assert reader.read_all().to_pydict() == ROWS  # whoever takes it keeps it
    assert table.to_pydict() == ROWS
    assert pl.DataFrame(index_of().attributes()).to_dict(as_series=False)["tags"] == ROWS["tags"]
    index_of().attributes().__arrow_c_stream__()  # let go of by its capsule


def test_a_column_that_outlives_its_table_stays() -> None:
    column = pa.table(index_of().attributes())["lang"]
    gc.collect()
    assert column.to_pylist() == ROWS["lang"]


def test_attributes_are_arrays_of_numpy() -> None:
    rows = index_of().attributes()
    found = rows.to_dict()
    assert found["whole"].dtype == np.int64
    assert type(found["whole"]) is np.ndarray
    assert found["sold"].dtype == np.bool_
    assert found["sold"].tolist() == [True, None, False, True]
    assert found["count"].tolist() == ROWS["count"]
    assert found["price"].tolist() == ROWS["price"]
    assert np.signbit(found["price"][3])
    assert found["lang"].tolist() == ROWS["lang"]
    assert found["tags"].tolist() == ROWS["tags"]
    assert found["day"].dtype == np.dtype("M8[s]")
    assert np.isnat(found["day"]).tolist() == [False, False, True, False]
    again = nearfile.build(VECTORS, attributes=found).attributes()
    assert {name: values.tolist() for name, values in again.to_dict().items()} == {
        name: values.tolist() for name, values in found.items()
    }
    with pytest.raises(KeyError):
        rows["no"]


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("ids", [None, list(range(100, 120)), [f"item {row}" for row in range(20)]])
def test_batches_of_any_size_give_the_same_file(ids: Any) -> None:
    table = pa.concat_tables([TABLE] * 5)
    vectors = np.random.default_rng(0).random((20, 8))
    whole = nearfile.build(vectors, ids=ids, attributes=table, seed=3)
    assert pa.table(whole.attributes()).to_pydict() == table.to_pydict()
    builder = nearfile.Builder(8, seed=3)
    for start, end in [(0, 7), (7, 7), (7, 8), (8, 20)]:
        names = None if ids is None else ids[start:end]
        builder.add(vectors[start:end], names, attributes=table[start:end])
    assert builder.build()._core.contents() == whole._core.contents()
    batches = nearfile.build(vectors, ids=ids, attributes=table.to_batches(max_chunksize=3), seed=3)
    assert batches._core.contents() == whole._core.contents()
    frames = nearfile.build(vectors, ids=ids, attributes=pl.from_arrow(table), seed=3)
    assert pa.table(frames.attributes()).to_pydict() == table.to_pydict()


def test_pandas_goes_in_and_comes_back() -> None:
    frame = pd.DataFrame({"n": [1.5, None], "s": ["a", None], "t": pd.to_datetime(["2026-01-31", None])})
    index = nearfile.build(np.eye(2), attributes=frame)
    assert pa.table(index.attributes()).to_pydict()["s"] == ["a", None]
    assert index.columns == {"n": "float64", "s": "string", "t": "timestamp"}
    assert index.info()["columns"][0]["missing"] == 1


def test_info_says_what_columns_there_are() -> None:
    index = index_of()
    columns = {column["name"]: column for column in index.info()["columns"]}
    assert columns["seen"] == {
        "name": "seen",
        "type": "timestamp",
        "ticks_per_second": 10**6,
        "time_zone": "Europe/Berlin",
        "missing": 1,
        "distinct": None,
    }
    assert columns["lang"]["distinct"] == 3
    assert columns["whole"]["ticks_per_second"] is None
    assert nearfile.build(VECTORS).info()["columns"] == []
    assert nearfile.build(VECTORS).columns == {}
    assert len(nearfile.build(VECTORS).attributes()) == 4
    assert pa.table(nearfile.build(VECTORS).attributes()).num_columns == 0


def test_an_index_of_nothing_has_columns_of_nothing() -> None:
    index = index_of()
    assert pa.table(index.attributes([])).to_pydict() == {name: [] for name in ROWS}
    assert index.attributes([])["lang"].tolist() == []


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"a": [1]}, "expected a value for each of 2 vectors, got 1"),
        ({"a": [1, 2], "b": [1, "x"]}, "of one kind"),
        (pa.table({"a": [1, 2], "b": [[1], [2]]}), "column 'b'"),
        (pa.table([[1, 2], [3, 4]], names=["a", "a"]), "'a'"),
        (pa.table([[1, 2]], names=[""]), "name"),
        ({"b": [1, 2]}, "'a' is not there"),
        ({"a": ["x", "y"]}, "'a' was int64, got string"),
        (None, "'a' is not there"),
    ],
)
@pytest.mark.usefixtures("small_blocks")
def test_after_an_error_nothing_was_added(attributes: object, message: str) -> None:
    builder = nearfile.Builder(8)
    builder.add(np.ones((1, 8)), attributes={"a": [7]})
    with pytest.raises(InvalidArgumentError, match=message):
        builder.add(np.ones((2, 8)), attributes=attributes)
    vectors = np.ones((20, 8))
    with pytest.raises(InvalidArgumentError, match="'a'"):
        builder.add(vectors, attributes={"a": ["x"] * 20})
    vectors[19, 0] = np.nan
    with pytest.raises(InvalidArgumentError, match="vector"):
        builder.add(vectors, attributes={"a": [1] * 20})
    assert len(builder) == 1
    assert builder.build().attributes()["a"].tolist() == [7]


VALUES = {
    "int64": st.integers(-(1 << 63), (1 << 63) - 1),
    "float64": st.floats(allow_nan=False),
    "bool": st.booleans(),
    "string": st.text(max_size=20),
    "strings": st.lists(st.text(max_size=14), max_size=3),
    "timestamp": st.datetimes(),
}
COLUMN = st.sampled_from(sorted(VALUES)).flatmap(
    lambda kind: st.tuples(st.just(kind), st.lists(st.none() | VALUES[kind], min_size=9, max_size=9))
)


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=5),
        COLUMN,
        max_size=4,
    )
)
@settings(max_examples=60, deadline=None)
def test_whatever_goes_in_comes_back(typed: dict[str, tuple[str, list[Any]]]) -> None:
    table = {name: values for name, (_, values) in typed.items()}
    vectors = np.random.default_rng(1).random((9, 3))
    index = nearfile.build(vectors, attributes=table, structure="forest")
    for name, (kind, values) in typed.items():
        assert index.columns[name] == (kind if any(value is not None for value in values) else "string")
    assert pa.table(index.attributes()).to_pydict() == table
    assert nearfile.open_buffer(index._core.contents(), verify=True).columns == index.columns


def test_the_core_alone_cannot_be_made_to_crash(run_python) -> None:
    run_python(
        """
        import numpy, nearfile
        from nearfile import _core
        i8 = lambda *values: numpy.array(values, numpy.int64)
        u1 = lambda *values: numpy.array(values, numpy.uint8)
        rows = numpy.eye(2, dtype=numpy.float32)
        index = nearfile.build(rows, attributes={"a": ["x", None]})._core

        def columns(method, *arguments):
            made = _core.Columns()
            getattr(made, method)(*arguments)
            return made

        def add(columns, start=0):
            _core.Builder(2, "angular").add(rows, columns, start)

        calls = [
            lambda: index.attributes(i8(2)),
            lambda: index.attributes(i8(-1)),
            lambda: index.attributes(i8(2**40)),
            lambda: _core.Columns().head(0),
            lambda: _core.Columns().values(0),
            lambda: _core.Columns().missing(-1),
            lambda: add(columns("add_integers", "a", "int64", 0, "", i8(1), None)),
            lambda: add(columns("add_integers", "a", "int64", 0, "", i8(1, 2), None), 1),
            lambda: add(columns("add_integers", "a", "int64", 0, "", i8(1, 2), None), 2**64 - 1),
            lambda: add(columns("add_integers", "a", "int64", 0, "", i8(1, 2), u1(1))),
            lambda: add(columns("add_integers", "a", "int64", 0, "", i8(1, 2, 3), u1(1)), 1),
            lambda: add(columns("add_integers", "a", "int64", 0, "", i8(1, 2), u1(7, 0))),
            lambda: add(columns("add_integers", "a", "bool", 0, "", i8(1, 2), None)),
            lambda: add(columns("add_integers", "a", "timestamp", 7, "", i8(1, 2), None)),
            lambda: add(columns("add_integers", "", "int64", 0, "", i8(1, 2), None)),
            lambda: add(columns("add_texts", "a", ["x"])),
            lambda: add(columns("add_texts", "a", ["x", 3])),
            lambda: add(columns("add_text_lists", "a", [["x"], 3])),
            lambda: add(columns("add_text_lists", "a", [["x"], [None]])),
            lambda: columns("add_arrow_stream", None, None, 1),
            lambda: columns("add_arrow_arrays", [None, None], None, 1),
            lambda: add(columns("add_arrow_arrays", [None], None, 2)),
        ]
        for number, call in enumerate(calls):
            try:
                call()
            except (nearfile.NearfileError, TypeError, ValueError, IndexError, RuntimeError):
                continue
            raise AssertionError(number)

        # What was given out stays what it was when more is added, and rows are those that were asked for.
        made = columns("add_texts", "a", ["x", "y"])
        stream = made.arrow_stream(2)
        made.add_texts("b", ["z", "z"])
        taken = _core.Columns()
        taken.add_arrow_stream(stream, None, 2)
        assert len(taken) == 1 and taken.values(0) == ["x", "y"]
        try:
            made.arrow_stream(9)
        except nearfile.InvalidArgumentError:
            pass
        else:
            raise AssertionError("rows that are not there")
        """
    )
