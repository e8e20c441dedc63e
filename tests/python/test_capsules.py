"""Vectors and ids of libraries that nobody here has heard of, which give themselves out by Arrow's capsules."""

from __future__ import annotations

import gc
from typing import Any, Callable

import nearfile
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from arrow_structs import Maker
from nearfile import InvalidArgumentError, inputs

ROWS = np.arange(1, 13, dtype=np.float32).reshape(3, 4)


class Stream:
    """What has a stream and nothing else."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.values.__arrow_c_stream__(requested_schema)


class Alone:
    """What has an array and nothing else."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        return self.values.__arrow_c_array__(requested_schema)


def lists_of(kind: str, values: pa.DataType) -> pa.DataType:
    made = {
        "fixed": lambda of: pa.list_(of, 4),
        "list": pa.list_,
        "large": pa.large_list,
        "view": pa.list_view,
        "large view": pa.large_list_view,
    }
    return made[kind](values)


NUMBERS = {str(each): each for each in (pa.float32(), pa.float64(), pa.int8(), pa.uint8(), pa.int16(), pa.uint16())}
NUMBERS |= {str(each): each for each in (pa.int32(), pa.uint32(), pa.int64(), pa.uint64(), pa.float16())}
DTYPES = {"float": "float32", "double": "float64", "halffloat": "float16"}


@pytest.mark.parametrize("kind", ["fixed", "list", "large", "view", "large view"])
@pytest.mark.parametrize("values", NUMBERS.values(), ids=NUMBERS)
def test_lists_of_numbers_are_rows_wherever_they_lie(kind: str, values: pa.DataType) -> None:
    rows: Any = ROWS.astype(np.float16) if pa.types.is_float16(values) else ROWS
    column = pa.array(
        [list(row) if pa.types.is_float16(values) else row.tolist() for row in rows], lists_of(kind, values)
    )
    table = pa.table({"anything": column})
    whole = (Alone(column), Stream(pa.chunked_array([column[:1], column[1:], column[:0]])), Stream(table))
    for given in (*whole, Stream(pa.chunked_array([column])), Alone(pa.record_batch({"x": column}))):
        array = inputs.vectors(given, 4)
        assert array.dtype == DTYPES.get(str(values), str(values))
        assert array.tolist() == ROWS.tolist()
    for part in (Alone(column[1:]), Alone(pa.record_batch({"x": column})[1:]), Stream(table[1:])):
        assert inputs.vectors(part, 4).tolist() == ROWS[1:].tolist()


def test_they_build_and_ask() -> None:
    column = pa.FixedSizeListArray.from_arrays(pa.array(ROWS.ravel()), 4)
    names = Stream(pa.chunked_array([["x"], ["y", "z"]]))
    index = nearfile.build(Stream(pa.table({"v": column})), metric="euclidean", ids=names, queries=Alone(column))
    assert index.search(Stream(pa.chunked_array([column])), k=1).ids.tolist() == [["x"], ["y"], ["z"]]
    assert index.search(Alone(pa.array(ROWS[1])), k=1).ids.tolist() == ["y"]
    assert index.search(ROWS[1], k=3, filter=Stream(pa.chunked_array([["z", "x"]]))).ids.tolist() == ["x", "z"]
    assert index.search(ROWS[1], k=3, filter=Alone(pa.array([True, False, True]))).ids.tolist() == ["x", "z"]
    assert index.vectors(Stream(pa.table({"id": ["z", "x"]}))).tolist() == ROWS[[2, 0]].tolist()
    assert index.neighbors(pl.DataFrame({"id": ["z"]})["id"], k=1).ids.tolist() == [["z"]]
    annoy = nearfile.AnnoyIndex(4, "euclidean")
    annoy.add_items(None, Stream(pa.table({"v": column})))
    assert annoy.get_n_items() == 3
    builder = nearfile.Builder(4)
    builder.add(Stream(pa.chunked_array([], column.type)))
    assert len(builder) == 0


def test_a_relation_of_duckdb_is_taken() -> None:
    duckdb = pytest.importorskip("duckdb")
    items = pl.DataFrame({"sku": ["x", "y", "z"], "v": ROWS})
    assert items.height == 3
    index = nearfile.build(
        duckdb.sql("select v from items"), ids=duckdb.sql("select sku from items"), metric="euclidean"
    )
    assert index.vectors(["x", "y", "z"]).tolist() == ROWS.tolist()
    numbers = duckdb.sql("select range::float as a, range * 2 as b from range(5)")
    assert nearfile.build(numbers, metric="euclidean").vector(3).tolist() == [3.0, 6.0]


def test_views_in_any_order_are_put_in_theirs() -> None:
    flat = pa.array(ROWS.ravel())
    for make, width in ((pa.ListViewArray, pa.int32()), (pa.LargeListViewArray, pa.int64())):
        views = make.from_arrays(pa.array([8, 0, 8, 4], width), pa.array([4] * 4, width), flat)
        assert inputs.vectors(Alone(views), 4).tolist() == ROWS[[2, 0, 2, 1]].tolist()


def test_one_array_is_read_where_it_is_and_stays() -> None:
    column = pa.FixedSizeListArray.from_arrays(pa.array(np.arange(4000, dtype=np.float32)), 4)
    place = column.flatten().buffers()[1].address
    array = inputs.vectors(Alone(column), 4)
    assert inputs.is_ready(array)
    assert not array.flags.writeable
    assert array.ctypes.data == place
    again = inputs.vectors(Stream(pa.chunked_array([column])), 4)
    assert again.ctypes.data == place
    del column
    gc.collect()
    assert array[-1].tolist() == again[-1].tolist() == [3996.0, 3997.0, 3998.0, 3999.0]


def test_bools_are_numbers_and_masks() -> None:
    bits = pa.array([[True, False, True], [False, False, True]])
    assert inputs.vectors(Alone(bits), 3).tolist() == [[True, False, True], [False, False, True]]
    index = nearfile.build(Alone(bits), metric="hamming")
    assert index.vector(0).tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("values", "ids"),
    [
        (pa.array([5, -3, 9]), [5, -3, 9]),
        (pa.array([5, 3, 9], pa.uint8()), [5, 3, 9]),
        (pa.array(["x", "ü", ""]), ["x", "ü", ""]),
        (pa.array(["x", "y", "z"], pa.large_string()), ["x", "y", "z"]),
        (
            pa.array(["x", "y", "a string that is longer than twelve"], pa.string_view()),
            ["x", "y", "a string that is longer than twelve"],
        ),
        (pa.array(["x", "y", "z"]).dictionary_encode(), ["x", "y", "z"]),
    ],
)
def test_ids_are_numbers_or_text(values: Any, ids: list[Any]) -> None:
    for given in (Alone(values), Stream(pa.chunked_array([values[:1], values[1:]])), Stream(pa.table({"id": values}))):
        assert list(inputs.ids(given, 3)) == ids  # type: ignore[arg-type]
        assert nearfile.build(ROWS, ids=given).ids.tolist() == ids


REFUSED: dict[str, tuple[Any, str]] = {
    "a missing row": (pa.array([[1.0], None]), "got none at row 1: drop such rows"),
    "a missing row, fixed": (pa.array([[1.0], None], pa.list_(pa.float32(), 1)), "got none at row 1"),
    "a missing value": (pa.array([[1.0, 2.0], [3.0, None]]), "got none at row 1"),
    "ragged": (pa.array([[1.0], [2.0, 3.0]]), "1 values in row 0 and 2 in row 1: leave such rows out"),
    "text in lists": (pa.array([["a"]]), r"got the Arrow type string \('u'\)"),
    "lists of lists": (pa.array([[[1.0]]]), "got the Arrow type list"),
    "records": (pa.array([{"a": {"b": 1}}]), "got the Arrow type struct"),
    "dates": (pa.array([0], pa.date32()), "got the Arrow type date"),
    "decimals": (pa.array([[1]], pa.list_(pa.decimal128(5))), "got the Arrow type decimal"),
    "bytes": (pa.array([b"x"]), "got the Arrow type binary"),
    "text": (pa.array(["a"]), "vectors are numbers"),
    "nothing": (pa.nulls(3), "got the Arrow type null"),
    "missing text": (pa.array(["a", None]), "got none at row 1"),
    "numbers of a dictionary": (pa.array([1.0, 2.0]).dictionary_encode(), "got the Arrow type float64"),
}


@pytest.mark.parametrize(("values", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_vectors_is_refused_by_name(values: Any, message: str) -> None:
    for given in (Alone(values), Stream(pa.chunked_array([values])), Stream(pa.table({"x": values}))):
        with pytest.raises(InvalidArgumentError, match=f"^vectors: .*{message}"):
            nearfile.build(given)


def test_rows_of_other_lengths_in_another_chunk_are_refused() -> None:
    chunks = pa.chunked_array([pa.array([[1.0, 2.0]]), pa.array([[1.0]])])
    with pytest.raises(InvalidArgumentError, match=r"vectors: .* 2 values in row 0 and 1 in row 1"):
        nearfile.build(Stream(chunks))


def test_a_table_of_more_than_numbers_is_refused() -> None:
    lists = pa.array(ROWS.tolist())
    with pytest.raises(InvalidArgumentError, match="lists in the column 'v': give that column alone"):
        nearfile.build(Stream(pa.table({"a": [1, 2, 3], "v": lists})))
    with pytest.raises(InvalidArgumentError, match="in the column 'name': leave that column out"):
        nearfile.build(Stream(pa.table({"name": ["a", "b", "c"], "x": [1.0, 2.0, 3.0]})))
    with pytest.raises(InvalidArgumentError, match=r"expected dim from 1|expected a whole number from 1"):
        nearfile.build(Stream(pa.table({})))


def floats(count: int) -> bytes:
    return np.arange(count, dtype=np.float32).tobytes()


def ints(*values: int) -> bytes:
    return np.array(values, np.int32).tobytes()


def longs(*values: int) -> bytes:
    return np.array(values, np.int64).tobytes()


Made = Callable[[Maker], tuple[Any, Any]]

HOSTILE: dict[str, Made] = {
    "no type": lambda m: (m.schema(None), m.array(1, [None, floats(1)])),
    "no buffers": lambda m: (m.schema("f"), m.array(1, [])),
    "no values": lambda m: (m.schema("f"), m.array(1, [None, None])),
    "a negative length": lambda m: (m.schema("f"), m.array(-1, [None, floats(1)])),
    "an endless length": lambda m: (m.schema("f"), m.array(1 << 62, [None, floats(1)])),
    "a negative offset": lambda m: (m.schema("f"), m.array(1, [None, floats(1)], offset=-1)),
    "lists of nothing": lambda m: (m.schema("+l"), m.array(1, [None, ints(0, 1)])),
    "lists without children": lambda m: (m.schema("+l", children=[m.schema("f")]), m.array(1, [None, ints(0, 1)])),
    "a child that is not there": lambda m: (
        m.schema("+l", n_children=1),
        m.array(1, [None, ints(0, 1)], [m.array(1, [None, floats(1)])]),
    ),
    "lists beyond": lambda m: (
        m.schema("+l", children=[m.schema("f")]),
        m.array(1, [None, ints(0, 9)], [m.array(3, [None, floats(3)])]),
    ),
    "lists from before": lambda m: (
        m.schema("+l", children=[m.schema("f")]),
        m.array(1, [None, ints(-2, 1)], [m.array(3, [None, floats(3)])]),
    ),
    "lists that go back": lambda m: (
        m.schema("+l", children=[m.schema("f")]),
        m.array(2, [None, ints(3, 0, 3)], [m.array(3, [None, floats(3)])]),
    ),
    "large lists beyond": lambda m: (
        m.schema("+L", children=[m.schema("f")]),
        m.array(1, [None, longs(0, 1 << 62)], [m.array(3, [None, floats(3)])]),
    ),
    "large lists all over": lambda m: (
        m.schema("+L", children=[m.schema("f")]),
        m.array(1, [None, longs(-(1 << 63), (1 << 63) - 1)], [m.array(3, [None, floats(3)])]),
    ),
    "views beyond": lambda m: (
        m.schema("+vL", children=[m.schema("f")]),
        m.array(1, [None, longs((1 << 63) - 1), longs(2)], [m.array(3, [None, floats(3)])]),
    ),
    "views of negative size": lambda m: (
        m.schema("+vl", children=[m.schema("f")]),
        m.array(1, [None, ints(1), ints(-1)], [m.array(3, [None, floats(3)])]),
    ),
    "fixed lists beyond": lambda m: (
        m.schema("+w:4", children=[m.schema("f")]),
        m.array(1, [None], [m.array(3, [None, floats(3)])]),
    ),
    "fixed lists of endless size": lambda m: (
        m.schema("+w:2147483647", children=[m.schema("f")]),
        m.array(1 << 39, [None], [m.array(3, [None, floats(3)])], offset=1 << 39),
    ),
    "fixed lists of no size": lambda m: (
        m.schema("+w:x", children=[m.schema("f")]),
        m.array(1, [None], [m.array(3, [None, floats(3)])]),
    ),
    "a table whose columns are not there": lambda m: (m.schema("+s", n_children=2), m.array(1, [None])),
    "a table without its columns": lambda m: (m.schema("+s", children=[m.schema("f")]), m.array(1, [None])),
    "a table with short columns": lambda m: (
        m.schema("+s", children=[m.schema("f")]),
        m.array(3, [None], [m.array(2, [None, floats(2)])]),
    ),
    "a table with missing rows": lambda m: (
        m.schema("+s", children=[m.schema("f")]),
        m.array(2, [b"\x01"], [m.array(2, [None, floats(2)])]),
    ),
    "a negative number of columns": lambda m: (m.schema("+s", n_children=-1), m.array(1, [None])),
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_arrays_that_are_not_whole_are_refused_and_let_go_of_once(make: Made) -> None:
    for stream in (False, True):
        maker = Maker()
        schema, array = make(maker)
        given = maker.stream(schema, [array]) if stream else maker.column(schema, array)
        with pytest.raises(InvalidArgumentError, match="vectors"):
            inputs.vectors(given, None)
        gc.collect()
        assert maker.released in ((2, 3) if stream else (2,))  # a stream by itself, and the array where it got that far


def test_whole_arrays_are_let_go_of_once_when_nobody_needs_them() -> None:
    maker = Maker()
    lists = maker.array(2, [None], [maker.array(4, [None, floats(4)])])
    array = inputs.vectors(maker.column(maker.schema("+w:2", children=[maker.schema("f")]), lists), 2)
    assert array.tolist() == [[0.0, 1.0], [2.0, 3.0]]
    assert maker.released == 1
    del array
    assert maker.released == 2


def test_streams_that_fail_say_why_and_capsules_are_used_once() -> None:
    maker = Maker()
    with pytest.raises(InvalidArgumentError, match=r"vectors: .* error 5 from it: disk on fire"):
        inputs.vectors(maker.stream(maker.schema("f"), [], b"disk on fire"), None)
    assert maker.released == 2
    capsule = Stream(pa.table({"x": [1.0]})).__arrow_c_stream__()

    class Again:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return capsule

    assert inputs.numeric("x", Again()).tolist() == [1.0]
    with pytest.raises(InvalidArgumentError, match="got one that was used already"):
        inputs.numeric("x", Again())


@pytest.mark.parametrize("error", [TypeError, ValueError, NotImplementedError])
def test_what_its_library_does_not_export_is_refused_in_its_words(error: type[Exception]) -> None:
    class Refuses:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            raise error("not today")

    with pytest.raises(InvalidArgumentError, match=r"got a .*Refuses: not today"):
        nearfile.build(Refuses())


def test_a_tensor_of_a_device_is_told_how_to_leave_it() -> None:
    class OnDevice:
        def __dlpack__(self, **options: Any) -> Any:
            raise BufferError("CUDA memory")

        def __dlpack_device__(self) -> tuple[int, int]:
            return (2, 0)

    class Cpu(OnDevice):
        def cpu(self) -> None: ...

    class Get(OnDevice):
        def get(self) -> None: ...

    for kind, advice in (
        (Cpu, r"CUDA memory: give its cpu\(\)$"),
        (Get, r"give its get\(\)$"),
        (OnDevice, "NumPy array first$"),
    ):
        with pytest.raises(InvalidArgumentError, match=advice):
            nearfile.build(kind())
