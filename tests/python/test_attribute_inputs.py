"""What attributes may come in, what is made of it, and what is refused."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from arrow_structs import Maker
from hypothesis import given, settings
from hypothesis import strategies as st
from nearfile import InvalidArgumentError
from nearfile.inputs import attributes

UTC = datetime.timezone.utc


def read(table: object, n: int) -> dict[str, tuple[str, list[Any]]]:
    """Each column's type, and its values with None where they are missing."""
    columns = attributes.columns(table, n)
    assert columns is not None
    found = {}
    for place in range(len(columns)):
        head, missing = columns.head(place), columns.missing(place)
        kind = str(head["type"])
        if kind == "timestamp":
            kind += f" {head['ticks_per_second']} {head['time_zone']}".rstrip()
        values = list(columns.values(place))
        assert head["rows"] == len(values) == n
        gone = missing or bytes(n)
        assert missing is None or (len(missing) == n and sum(missing) > 0)
        values = [None if gone[row] else value for row, value in enumerate(values)]
        if kind == "bool":
            values = [None if value is None else bool(value) for value in values]
        found[str(head["name"])] = (kind, values)
    return found


def column(values: object, n: int) -> tuple[str, list[Any]]:
    return read({"x": values}, n)["x"]


MOMENT = datetime.datetime(2026, 1, 31, 10, 0, 0, 5)
SECONDS = 1769853600


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1, None, -3], "int64", [1, None, -3]),
        ([True, None], "bool", [True, None]),
        ([1.5, 2, None], "float64", [1.5, 2.0, None]),
        (["a", None, "ü"], "string", ["a", None, "ü"]),
        ([["a", "b"], None, [], ("c",)], "strings", [["a", "b"], None, [], ["c"]]),
        ([None, None], "string", [None, None]),
        ([pd.NA, 1, pd.NaT], "int64", [None, 1, None]),
        ([MOMENT, None], "timestamp 1000000", [SECONDS * 10**6 + 5, None]),
        ([MOMENT.replace(tzinfo=UTC)], "timestamp 1000000 UTC", [SECONDS * 10**6 + 5]),
        ([datetime.date(2026, 1, 31), None], "timestamp 1", [SECONDS - 36000, None]),
        ([pd.Timestamp("2026-01-31 10:00:00.000000007")], "timestamp 1000000000", [SECONDS * 10**9 + 7]),
        ([np.datetime64("2026-01-31"), None], "timestamp 1", [SECONDS - 36000, None]),
        ([np.int8(3), 4], "int64", [3, 4]),
        ([np.str_("a")], "string", ["a"]),
        ([], "string", []),
        ((1, 2), "int64", [1, 2]),
        (np.array([1, 2], np.uint8), "int64", [1, 2]),
        (np.array([1, (1 << 63) - 1], np.uint64), "int64", [1, (1 << 63) - 1]),
        (np.array([1, 2], ">i4")[::-1], "int64", [2, 1]),
        (np.array([True, False]), "bool", [True, False]),
        (np.array([0.5], np.float16), "float64", [0.5]),
        (np.array([0.1], np.float32), "float64", [float(np.float32(0.1))]),
        (np.array([0.5], np.longdouble), "float64", [0.5]),
        (np.array(["a", "bc"]), "string", ["a", "bc"]),
        (np.array(["a", None], object), "string", ["a", None]),
        (np.array(["2026-01-31", "NaT"], "M8[D]"), "timestamp 1", [SECONDS - 36000, None]),
        (np.array(["2026-01-31T10:00"], "M8[ns]"), "timestamp 1000000000", [SECONDS * 10**9]),
        (np.array(["2026-01-31T10:00"], ">M8[ms]"), "timestamp 1000", [SECONDS * 10**3]),
        (np.ma.MaskedArray([1, 2], [False, True]), "int64", [1, None]),
        (np.ma.MaskedArray(np.array([1, 1 << 63], np.uint64), [False, True]), "int64", [1, None]),
        (np.ma.MaskedArray(["a", "b"], [True, False]), "string", [None, "b"]),
    ],
)
def test_lists_and_arrays_are_taken(values: object, kind: str, expected: list[Any]) -> None:
    assert column(values, len(expected)) == (kind, expected)


def test_nan_is_a_value_of_an_array_and_missing_in_pandas() -> None:
    kind, values = column(np.array([1.0, np.nan]), 2)
    assert kind == "float64"
    assert np.isnan(values[1])
    assert column([1.0, float("nan")], 2)[1][1] is not None
    assert column(pd.Series([1.0, np.nan]), 2)[1] == [1.0, None]


@pytest.mark.parametrize(
    ("series", "kind", "expected"),
    [
        (pd.Series(["a", None]), "string", ["a", None]),
        (pd.Series(["a", np.nan], dtype=object), "string", ["a", None]),
        (pd.Series(["a", None], dtype="string"), "string", ["a", None]),
        (pd.Series(["a", None, "a"], dtype="category"), "string", ["a", None, "a"]),
        (pd.Series([1, None], dtype="Int64"), "int64", [1, None]),
        (pd.Series([1, None], dtype="UInt8"), "int64", [1, None]),
        (pd.Series([0.5, None], dtype="Float32"), "float64", [0.5, None]),
        (pd.Series([True, None], dtype="boolean"), "bool", [True, None]),
        (pd.Series([True, False]), "bool", [True, False]),
        (pd.Series([["a"], None]), "strings", [["a"], None]),
        (pd.Series([1, None], dtype="int64[pyarrow]"), "int64", [1, None]),
        (pd.Series(["a", None], dtype=pd.ArrowDtype(pa.string())), "string", ["a", None]),
        (pd.Series([MOMENT, None], dtype="M8[us]"), "timestamp 1000000", [SECONDS * 10**6 + 5, None]),
        (
            pd.Series([MOMENT, None], dtype="M8[us]").dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin"),
            "timestamp 1000000 Europe/Berlin",
            [SECONDS * 10**6 + 5, None],
        ),
        (pd.Index([1, 2]), "int64", [1, 2]),
        (pd.Series([2, 1], index=[1, 0]), "int64", [2, 1]),
    ],
)
def test_columns_of_pandas_are_taken(series: Any, kind: str, expected: list[Any]) -> None:
    assert column(series, len(expected)) == (kind, expected)
    if isinstance(series, pd.Series):
        assert read(pd.DataFrame({"x": series}), len(expected)) == {"x": (kind, expected)}


ARROW = [
    (pa.array([1, None], pa.int8()), "int64", [1, None]),
    (pa.array([1, None], pa.uint16()), "int64", [1, None]),
    (pa.array([1, (1 << 63) - 1], pa.uint64()), "int64", [1, (1 << 63) - 1]),
    (pa.array([True, None, False]), "bool", [True, None, False]),
    (pa.array(np.array([0.5, -2.0, 6e-8, 65504, np.inf], np.float16)), "float64", [0.5, -2.0, float(np.float16(6e-8)), 65504.0, np.inf]),
    (pa.array([0.5, None], pa.float32()), "float64", [0.5, None]),
    (pa.array([0.1, None]), "float64", [0.1, None]),
    (pa.array(["a", None, "ü"]), "string", ["a", None, "ü"]),
    (pa.array(["a", None], pa.large_string()), "string", ["a", None]),
    (pa.array(["a", None, "longer than twelve bytes", ""], pa.string_view()), "string", ["a", None, "longer than twelve bytes", ""]),
    (pa.array(["a", None, "a"]).dictionary_encode(), "string", ["a", None, "a"]),
    (pa.array([7, None, 7]).dictionary_encode(), "int64", [7, None, 7]),
    (pa.array([MOMENT, None], pa.timestamp("us")), "timestamp 1000000", [SECONDS * 10**6 + 5, None]),
    (pa.array([0], pa.timestamp("ns", "Asia/Tokyo")), "timestamp 1000000000 Asia/Tokyo", [0]),
    (pa.array([datetime.date(2026, 1, 31)]), "timestamp 1", [SECONDS - 36000]),
    (pa.array([datetime.date(2026, 1, 31)], pa.date64()), "timestamp 1000", [(SECONDS - 36000) * 1000]),
    (pa.array([["a", "b"], None, []]), "strings", [["a", "b"], None, []]),
    (pa.array([["a"], None], pa.large_list(pa.large_string())), "strings", [["a"], None]),
    (pa.array([["a", "b"], None], pa.list_(pa.string(), 2)), "strings", [["a", "b"], None]),
    (pa.array([["a"], None, ["b", "c"]], pa.list_view(pa.string())), "strings", [["a"], None, ["b", "c"]]),
    (pa.array([["a"], None], pa.large_list_view(pa.string())), "strings", [["a"], None]),
    (pa.array([["a", "b"], None], pa.list_(pa.dictionary(pa.int32(), pa.string()))), "strings", [["a", "b"], None]),
    (pa.nulls(2), "string", [None, None]),
]  # fmt: skip


@pytest.mark.parametrize(("array", "kind", "expected"), ARROW)
def test_arrays_of_arrow_are_taken_whole_sliced_and_chunked(array: Any, kind: str, expected: list[Any]) -> None:
    n = len(expected)
    assert column(array, n) == (kind, expected)
    assert column(pa.chunked_array([array, array]), 2 * n) == (kind, expected * 2)
    assert read(pa.table({"x": array}), n) == {"x": (kind, expected)}
    assert read(pa.table({"x": array})[1:], n - 1) if n > 1 else True
    longer = pa.concat_arrays([array] * 9)
    for start in range(8 * n):
        assert column(longer[start : start + n], n) == (kind, (expected * 9)[start : start + n])
    batch = pa.record_batch({"x": longer})[3 : 3 + n]
    assert read(batch, n) == {"x": (kind, (expected * 9)[3 : 3 + n])}
    nested = pa.StructArray.from_arrays([longer], ["x"])[5 : 5 + n]
    assert read(nested, n) == {"x": (kind, (expected * 9)[5 : 5 + n])}


def test_tables_of_arrow_come_in_batches_and_streams() -> None:
    table = pa.table({"a": [1, 2, 3], "b": ["x", None, "z"]})
    expected = {"a": ("int64", [1, 2, 3]), "b": ("string", ["x", None, "z"])}
    assert read(table, 3) == expected
    assert read(table.to_reader(max_chunksize=1), 3) == expected
    assert read(table.to_batches(max_chunksize=2), 3) == expected
    with pytest.raises(InvalidArgumentError, match="same columns in every part"):
        read([table.to_batches()[0], pa.record_batch({"a": [1]})], 4)
    assert attributes.columns(pa.table({}), 0) is not None
    assert attributes.columns({}, 5) is not None
    assert attributes.columns(None, 5) is None


def test_tables_of_polars_are_taken() -> None:
    frame = pl.DataFrame(
        {
            "i": [1, None],
            "s": ["a", "longer than twelve bytes"],
            "c": pl.Series(["x", None], dtype=pl.Categorical),
            "l": [["p"], None],
            "d": [datetime.date(2026, 1, 31), None],
            "t": pl.Series([MOMENT, None]).dt.replace_time_zone("UTC"),
            "n": [None, None],
        }
    )
    expected = {
        "i": ("int64", [1, None]),
        "s": ("string", ["a", "longer than twelve bytes"]),
        "c": ("string", ["x", None]),
        "l": ("strings", [["p"], None]),
        "d": ("timestamp 1", [SECONDS - 36000, None]),
        "t": ("timestamp 1000000 UTC", [SECONDS * 10**6 + 5, None]),
        "n": ("string", [None, None]),
    }
    assert read(frame, 2) == expected
    assert read({name: frame[name] for name in frame.columns}, 2) == expected
    assert read(frame[1:], 1) == {name: (kind, values[1:]) for name, (kind, values) in expected.items()}
    with pytest.raises(InvalidArgumentError, match=r"got a polars.LazyFrame: give its collect\(\)"):
        read(frame.lazy(), 2)


SCALARS = {
    "int64": st.integers(-(1 << 63), (1 << 63) - 1),
    "float64": st.floats(allow_nan=False),
    "bool": st.booleans(),
    "string": st.text(max_size=20),
    "strings": st.lists(st.text(max_size=14), max_size=3),
}
COLUMNS = st.sampled_from(sorted(SCALARS)).flatmap(
    lambda kind: st.tuples(st.just(kind), st.lists(st.none() | SCALARS[kind], min_size=1, max_size=20))
)
TYPES = {
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "string": pa.string(),
    "strings": pa.list_(pa.string()),
}


@given(COLUMNS, st.integers(1, 7))
@settings(deadline=None)
def test_arrow_and_lists_and_polars_say_the_same(typed: tuple[str, list[Any]], chunk: int) -> None:
    kind, values = typed
    table = pa.table({"x": pa.array(values, TYPES[kind])})
    assert read(table.to_reader(max_chunksize=chunk), len(values)) == {"x": (kind, values)}
    assert read(pl.from_arrow(table), len(values)) == {"x": (kind, values)}
    if any(value is not None for value in values):
        assert column(values, len(values)) == (kind, values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, "a"], "column 'x': expected values of one kind, got 1 at row 0 and 'a' at row 1"),
        ([None, 1, True], "of one kind, got 1 at row 1 and True at row 2"),
        (["a", ["b"]], "of one kind"),
        ([1 << 63], "got 9223372036854775808 at row 0: make floats or str"),
        ([0.5, (1 << 53) + 1], "whole numbers that floats hold, since others are floats, got 9007199254740993 at row 1"),
        ([10**400, 0.5], "whole numbers that floats hold"),
        (np.array([0, 1 << 63], np.uint64), "got 9223372036854775808 at row 1"),
        (pa.array([0, 1 << 63], pa.uint64()), "column 'x': .* got 9223372036854775808 at row 1"),
        ([decimal.Decimal(1)], r"got Decimal\('1'\) \(Decimal\) at row 0: give float\(\)"),
        ([{"a"}], r"\(set\) at row 0: make lists of them, sorted"),
        ([["a", 1]], r"expected str in lists, got 1 \(int\) at row 0"),
        ([["a", None]], "expected str in lists, got None"),
        ([np.timedelta64(1, "s")], "timedelta64"),
        ([b"a"], r"\(bytes\) at row 0"),
        (["\ud800"], "expected str that UTF-8 can hold, got '.ud800' at row 0"),
        ([["\ud800"]], "expected str that UTF-8 can hold"),
        ([MOMENT, MOMENT.replace(tzinfo=UTC)], "all have a time zone, or none of them"),
        ([MOMENT, datetime.date(2026, 1, 31)], "of one kind"),
        (np.zeros((1, 2)), r"expected shape \(n,\), got shape \(1, 2\)"),
        (np.array([1j]), "got dtype complex128"),
        (np.array([b"a"]), r"got dtype \|S1: decode\(\) it"),
        (np.array([1], "m8[s]"), "timedelta64"),
        (np.array([1], "M8[ps]"), r"give it a unit such as datetime64\[us\]"),
        (np.array([10**12], "M8[Y]"), "seconds of 64 bits"),
        ("abc", r"one str: \[value\] \* n repeats it"),
        ({1, 2}, "in order"),
        (3, r"expected an array or a list, got 3 \(int\)"),
        (pd.Series(pd.period_range("2020", periods=1)), "got dtype period"),
        (pd.Series(pd.interval_range(0, 1)), "got dtype interval"),
        (pd.Series([1, "a"], dtype=object), "of one kind"),
        (pa.array([decimal.Decimal(1)]), r"got the Arrow type decimal \('d:1,0'\): cast it"),
        (pa.array([b"a"]), "Arrow type binary"),
        (pa.array([{"a": 1}]), "Arrow type struct"),
        (pa.array([datetime.timedelta(1)]), "Arrow type duration"),
        (pa.array([datetime.time(1)]), "Arrow type time of day"),
        (pa.array([[1]]), "expected strings in its lists, got the Arrow type int64"),
        (pa.array([[["a"]]]), "Arrow type list"),
        (pa.array([["a", None]]), "column 'x': expected a string in every place of a list, got a missing one at row 0"),
        (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64()))[0:1], "Arrow type map"),
        (pl.Series([pl.Series([1])]), "Arrow type int64"),
    ],
)  # fmt: skip
def test_columns_of_other_types_are_refused(values: object, message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        column(values, len(values) if hasattr(values, "__len__") else 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"x": [1, 2]}, "column 'x': expected a value for each of 3 vectors, got 2"),
        ({"x": pa.array([1, 2])}, "expected a row for each of 3 vectors, got 2"),
        (pa.table({"x": [1, 2]}), "expected a row for each of 3 vectors, got 2"),
        (pa.table({"x": [1, 2, 3, 4]}), "expected a row for each of 3 vectors, got more"),
        (pd.DataFrame({"x": [1, 2]}), "column 'x': expected a value for each of 3 vectors, got 2"),
        ({1: [1, 2, 3]}, r"names of columns as str, not empty and without zero bytes, got 1 \(int\)"),
        ({"": [1, 2, 3]}, "not empty"),
        ({"a\0b": [1, 2, 3]}, "without zero bytes"),
        (pd.DataFrame([[1]] * 3), r"names of columns as str, not empty and without zero bytes, got 0 \(int\)"),
        (pd.Series([1, 2, 3]), r"got a pandas.Series: give \{'name': it\}"),
        (pa.array([1, 2, 3]), r"expected a table, got one column: give it a name"),
        ([{"x": 1}] * 3, "got a list: give columns"),
        ([1, 2, 3], "expected an Arrow table, a DataFrame or a dict of columns, got a list"),
        ("x", "got a str"),
        (np.zeros(3), "got a numpy.ndarray"),
    ],
)  # fmt: skip
def test_tables_that_are_none_or_do_not_fit_are_refused(table: object, message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        attributes.columns(table, 3)


def test_a_reader_that_was_read_is_refused() -> None:
    table = pa.table({"x": [1, 2]})
    capsule = table.__arrow_c_stream__()

    class Once:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return capsule

    assert read(Once(), 2)
    with pytest.raises(InvalidArgumentError, match="used already"):
        read(Once(), 2)


def numbers(count: int) -> bytes:
    return np.arange(count, dtype=np.int64).tobytes()


HOSTILE = {
    "no format": lambda m: (m.schema(None), m.array(1, [None, numbers(1)])),
    "empty format": lambda m: (m.schema(""), m.array(1, [None, numbers(1)])),
    "no values": lambda m: (m.schema("l"), m.array(1, [None, None])),
    "no bits": lambda m: (m.schema("b"), m.array(1, [None, None])),
    "no buffers": lambda m: (m.schema("l"), m.array(1)),
    "too many buffers": lambda m: (m.schema("l"), m.array(1, [None, numbers(1), numbers(1)])),
    "buffers that are not there": lambda m: (m.schema("l"), m.array(1, n_buffers=2)),
    "negative length": lambda m: (m.schema("l"), m.array(-1, [None, numbers(1)])),
    "endless length": lambda m: (m.schema("l"), m.array(2**62, [None, numbers(1)])),
    "negative offset": lambda m: (m.schema("l"), m.array(1, [None, numbers(1)], offset=-1)),
    "endless offset": lambda m: (m.schema("l"), m.array(1, [None, numbers(1)], offset=2**62)),
    "children of numbers": lambda m: (m.schema("l"), m.array(1, [None, numbers(1)], n_children=1)),
    "descending offsets": lambda m: (m.schema("U"), m.array(1, [None, np.array([1, 0]).tobytes(), b"a"])),
    "negative offsets": lambda m: (m.schema("U"), m.array(1, [None, np.array([-5, 0]).tobytes(), b"a"])),
    "text without bytes": lambda m: (m.schema("U"), m.array(1, [None, np.array([0, 3]).tobytes(), None])),
    "view of no buffer": lambda m: (m.schema("vu"), m.array(1, [None, np.array([20, 0, 3, 0], "i4").tobytes(), np.array([], "i8").tobytes()])),
    "view before the buffers": lambda m: (m.schema("vu"), m.array(1, [None, np.array([20, 0, -1, 0], "i4").tobytes(), b"a" * 20, np.array([20]).tobytes()])),
    "view beyond its buffer": lambda m: (m.schema("vu"), m.array(1, [None, np.array([20, 0, 0, 1], "i4").tobytes(), b"a" * 20, np.array([20]).tobytes()])),
    "view of negative length": lambda m: (m.schema("vu"), m.array(1, [None, np.array([-1, 0, 0, 0], "i4").tobytes(), b"a" * 20, np.array([20]).tobytes()])),
    "views without lengths": lambda m: (m.schema("vu"), m.array(1, [None, np.array([20, 0, 0, 0], "i4").tobytes(), b"a" * 20, None])),
    "views without buffers": lambda m: (m.schema("vu"), m.array(1, [None])),
    "place beyond its dictionary": lambda m: (m.schema("i", dictionary=m.schema("l")), m.array(1, [None, np.array([5], "i4").tobytes()], dictionary=m.array(2, [None, numbers(2)]))),
    "place before its dictionary": lambda m: (m.schema("i", dictionary=m.schema("l")), m.array(1, [None, np.array([-1], "i4").tobytes()], dictionary=m.array(2, [None, numbers(2)]))),
    "places that are floats": lambda m: (m.schema("g", dictionary=m.schema("l")), m.array(1, [None, numbers(1)], dictionary=m.array(2, [None, numbers(2)]))),
    "no dictionary": lambda m: (m.schema("i", dictionary=m.schema("l")), m.array(1, [None, np.array([0], "i4").tobytes()])),
    "dictionary of dictionaries": lambda m: (m.schema("i", dictionary=m.schema("i", dictionary=m.schema("l"))), m.array(1, [None, numbers(1)])),
    "lists of nothing": lambda m: (m.schema("+L"), m.array(1, [None, numbers(2)])),
    "lists without elements": lambda m: (m.schema("+L", children=[m.schema("U", "item")]), m.array(1, [None, numbers(2)])),
    "list beyond its elements": lambda m: (m.schema("+L", children=[m.schema("U", "item")]), m.array(1, [None, np.array([0, 9]).tobytes()], [m.array(1, [None, numbers(2), b"a"])])),
    "view of a list that overflows": lambda m: (m.schema("+vL", children=[m.schema("U", "item")]), m.array(1, [None, np.array([2**63 - 1]).tobytes(), np.array([2**63 - 1]).tobytes()], [m.array(1, [None, numbers(2), b"a"])])),
    "fixed lists of no size": lambda m: (m.schema("+w:x", children=[m.schema("U", "item")]), m.array(1, [None], [m.array(1, [None, numbers(2), b"a"])])),
    "fixed lists beyond": lambda m: (m.schema("+w:2", children=[m.schema("U", "item")]), m.array(1, [None], [m.array(1, [None, numbers(2), b"a"])])),
    "fixed lists that overflow": lambda m: (m.schema("+w:2147483647", children=[m.schema("U", "item")]), m.array(1, [None], [m.array(1, [None, numbers(2), b"a"])], offset=2**40)),
    "timestamps of no unit": lambda m: (m.schema("tsx:"), m.array(1, [None, numbers(1)])),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_arrays_that_are_no_arrays_are_refused_and_let_go_of_once(name: str) -> None:
    maker = Maker()
    schema, array = HOSTILE[name](maker)
    with pytest.raises(InvalidArgumentError, match="column 'x'"):
        column(maker.column(schema, array), 1)
    assert maker.released == 2
    # The same in a table, which comes as a stream; the strings that it has are let go of with it.
    maker = Maker()
    schema, array = HOSTILE[name](maker)
    table = maker.stream(maker.schema("+s", children=[schema]), [maker.array(1, [None], [array])])
    with pytest.raises(InvalidArgumentError, match="column 'x'"):
        read(table, 1)
    assert maker.released in (2, 3)  # the stream, the schema, and the array where it got that far


def test_whole_arrays_made_by_hand_are_taken_and_let_go_of_once() -> None:
    maker = Maker()
    assert column(maker.column(maker.schema("l"), maker.array(2, [b"\x01", numbers(2)])), 2) == ("int64", [0, None])
    assert maker.released == 2
    assert column(maker.column(maker.schema("U"), maker.array(0, [None, None, None])), 0) == ("string", [])
    assert column(maker.column(maker.schema("U"), maker.array(1, [None, bytes(16), None])), 1) == ("string", [""])


def test_streams_that_fail_say_why_and_are_let_go_of_once() -> None:
    maker = Maker()
    with pytest.raises(InvalidArgumentError, match=r"got error 5 from it$"):
        read(maker.stream(None, []), 1)
    assert maker.released == 1
    maker = Maker()
    part = maker.array(1, [None], [maker.array(1, [None, numbers(1)])])
    with pytest.raises(InvalidArgumentError, match="got error 5 from it: disk on fire"):
        read(maker.stream(maker.schema("+s", children=[maker.schema("l")]), [part], b"disk on fire"), 1)
    assert maker.released == 3
    for schema, array, message in [
        (maker.schema("+s", n_children=3), maker.array(1, [None]), "at most 4096 columns, got 3"),
        (maker.schema("+s", n_children=-1), maker.array(1, [None]), "at most 4096 columns, got -1"),
        (maker.schema("+s", children=[maker.schema("l")]), maker.array(1, [None]), "0 columns where its schema has 1"),
        (
            maker.schema("+s", children=[maker.schema("l")]),
            maker.array(2, [None], [maker.array(1, [None, numbers(1)])]),
            "1 rows in a table of 2",
        ),
        (
            maker.schema("+s", children=[maker.schema("l")]),
            maker.array(2, [b"\x01"], [maker.array(2, [None, numbers(2)])]),
            "missing at row 1",
        ),
    ]:
        with pytest.raises(InvalidArgumentError, match=message):
            read(maker.stream(schema, [array]), 2)


@pytest.mark.parametrize("given", [None, 3, object()])
def test_what_is_no_capsule_is_refused(given: object) -> None:
    class Table:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return given

    with pytest.raises((TypeError, ValueError), match="apsule"):
        read(Table(), 1)


def test_an_error_of_the_library_that_exports_is_told() -> None:
    class Table:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            raise ImportError("install something first")

    with pytest.raises(InvalidArgumentError, match="exports to Arrow, got: install something first"):
        read(Table(), 1)
