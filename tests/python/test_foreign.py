"""What people keep vectors and ids in: masked arrays, tables, columns of lists, Arrow, tensors. Taken, or refused by name."""

from __future__ import annotations

import collections
import sys
import types
from typing import Any, Callable

import fakes
import ml_dtypes
import nearfile
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse
from nearfile import inputs
from numpy.lib.recfunctions import structured_to_unstructured

ROWS = np.arange(1, 13, dtype=np.float32).reshape(3, 4)
FIXED = pa.FixedSizeListArray.from_arrays(pa.array(ROWS.ravel()), 4)
TABLE = pd.DataFrame(ROWS, columns=list("abcd"))
LISTS = pd.DataFrame({"name": ["x", "y", "z"], "vector": ROWS.tolist()})
# Labels in another order than the places.
SORTED = TABLE.iloc[::-1]

TAKEN: dict[str, Any] = {
    "masked, nothing masked": np.ma.array(ROWS),
    "masked, an empty mask": np.ma.array(ROWS, mask=np.zeros((3, 4), bool)),
    "list of masked": list(np.ma.array(ROWS)),
    "matrix": np.asmatrix(ROWS),
    "deque": collections.deque(ROWS.tolist()),
    "memoryview": memoryview(ROWS),
    "pandas": TABLE,
    "pandas float64": TABLE.astype(np.float64),
    "pandas of mixed dtypes": TABLE.astype({"a": "int64", "b": "float16"}),
    "pandas nullable": TABLE.astype({"a": "Int64", "b": "Float32", "c": "Float64"}),
    "pandas of arrow": TABLE.astype("float32[pyarrow]"),
    "pandas sparse": TABLE.astype(pd.SparseDtype(np.float32, 0)),
    "pandas series of lists": LISTS["vector"],
    "pandas series of arrays": pd.Series(list(ROWS), index=[9, 1, 5]),
    "pandas series of arrow lists": pd.Series(ROWS.tolist(), dtype=pd.ArrowDtype(pa.list_(pa.float32()))),
    "objects that are arrays": LISTS["vector"].to_numpy(),
    "list of series": [row for _, row in TABLE[list("abcd")].iterrows()],
    "arrow": FIXED,
    "arrow, a slice": pa.concat_arrays([FIXED, FIXED])[2:5].take(pa.array([1, 2, 0])),
    "arrow chunks": pa.chunked_array([FIXED[:1], FIXED[1:]]),
    "arrow, a column": pa.table({"vector": FIXED})["vector"],
    "arrow lists": pa.array(ROWS.tolist()),
    "arrow large lists of halves": pa.LargeListArray.from_arrays(
        pa.array([0, 4, 8, 12], pa.int64()), pa.array(ROWS.ravel().astype(np.float16))
    ),
    "arrow list chunks": pa.chunked_array([pa.array(ROWS[:2].tolist()), pa.array(ROWS[2:].tolist())]),
    "arrow tensors": pa.FixedShapeTensorArray.from_numpy_ndarray(ROWS),
    "arrow table": pa.table({name: ROWS[:, column] for column, name in enumerate("abcd")}),
    "arrow batch": pa.record_batch({name: ROWS[:, column] for column, name in enumerate("abcd")}),
    "tensor": fakes.Tensor(ROWS),
    "tensor, bfloat16": fakes.Tensor(fakes.bfloat16(ROWS), dtype="torch.bfloat16"),
    "tensor, bfloat16, transposed": fakes.Tensor(fakes.bfloat16(ROWS.T.copy()).T, dtype="torch.bfloat16"),
    "list of tensors": [fakes.Tensor(row) for row in ROWS],
    "dlpack alone": fakes.OnlyDlpack(ROWS),
}


@pytest.fixture(autouse=True)
def torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(int16="torch.int16"))


def test_the_rows_are_halves_of_float32() -> None:
    assert (fakes.bfloat16(ROWS).astype(np.uint32) << 16).view(np.float32).tolist() == ROWS.tolist()


@pytest.mark.parametrize("values", TAKEN.values(), ids=TAKEN)
def test_what_holds_rows_is_taken_everywhere(values: Any) -> None:
    index = nearfile.build(values, metric="euclidean", queries=values)
    assert index.vectors(range(3)).tolist() == ROWS.tolist()
    found, distances = index.search(values, k=1)
    assert found.tolist() == [[0], [1], [2]]
    assert distances.tolist() == [[0.0]] * 3
    builder = nearfile.Builder(4, "euclidean")
    builder.add(values, ids=["a", "b", "c"])
    assert builder.build().vector("b").tolist() == ROWS[1].tolist()
    annoy = nearfile.AnnoyIndex(4, "euclidean")
    annoy.add_items(None, values)
    annoy.build(2)
    assert annoy.get_nns_by_vectors(values, 1).tolist() == [[0], [1], [2]]


ONE: dict[str, Callable[[Any], Any]] = {
    "masked": np.ma.array,
    "masked float64": lambda row: np.ma.array(row.astype(np.float64)),
    "series with labels from behind": lambda row: pd.Series(row, index=[3, 2, 1, 0]),
    "series with other labels": lambda row: pd.Series(row, index=list("wxyz")),
    "series of a table that was sorted": lambda row: pd.Series(row[::-1]).iloc[::-1],
    "nullable series": lambda row: pd.Series(row, dtype="Float64"),
    "arrow": pa.array,
    "arrow chunks": lambda row: pa.chunked_array([row[:1], row[1:]]),
    "arrow list": lambda row: pa.array([row.tolist()])[0],
    "tensor": fakes.Tensor,
    "tensor, bfloat16": lambda row: fakes.Tensor(fakes.bfloat16(row), dtype="torch.bfloat16"),
    "dlpack alone": fakes.OnlyDlpack,
    "mapped": lambda row: row.view(np.memmap),
}


@pytest.mark.parametrize("make", ONE.values(), ids=ONE)
def test_one_vector_is_read_by_position(make: Callable[[Any], Any]) -> None:
    index = nearfile.build(ROWS, metric="euclidean")
    found, distances = index.search(make(ROWS[1]), k=1)
    assert (found.tolist(), distances.tolist()) == ([1], [0.0])
    annoy = nearfile.AnnoyIndex(4, "euclidean")
    for row in range(3):
        annoy.add_item(row, make(ROWS[row]))
        assert annoy.get_item_vector(row) == ROWS[row].tolist()
    annoy.build(2)
    assert annoy.get_nns_by_vector(make(ROWS[1]), 1, include_distances=True) == ([1], [0.0])


@pytest.mark.parametrize("dtype", ["bfloat16", "float8_e4m3fn", "float8_e5m2", "int4"])
def test_dtypes_that_packages_have_registered_are_taken_exactly(dtype: str) -> None:
    values = np.array([[1, -2, 0.5, 3], [4, -5, 6, 7]]).astype(getattr(ml_dtypes, dtype))
    exact = values.astype(np.float32)
    index = nearfile.build(values, metric="euclidean")
    assert index.vectors([0, 1]).tolist() == exact.tolist()
    assert index.search(values[1], k=1)[1].tolist() == [0.0]
    assert index.search(values[:, ::-1], k=2, exact=True)[0].shape == (2, 2)
    annoy = nearfile.AnnoyIndex(4, "euclidean")
    annoy.add_item(0, values[0])
    annoy.add_items(None, values[1:])
    assert [annoy.get_item_vector(row) for row in (0, 1)] == exact.tolist()


@pytest.mark.usefixtures("small_blocks")
def test_bfloat16_without_a_dtype_is_converted_in_blocks() -> None:
    rows = np.arange(80, dtype=np.float32).reshape(10, 8)
    tensor = fakes.Tensor(fakes.bfloat16(rows), dtype="torch.bfloat16")
    assert nearfile.build(tensor, metric="euclidean").vectors(range(10)).tolist() == rows.tolist()
    annoy = nearfile.AnnoyIndex(8, "hamming")
    bits = (rows % 2).astype(np.float32)
    annoy.add_items(None, fakes.Tensor(fakes.bfloat16(bits), dtype="torch.bfloat16"))
    assert annoy.get_item_vector(1) == bits[1].tolist()


def test_arrow_is_read_where_it_is() -> None:
    flat = np.asarray(FIXED.flatten())
    for values in (FIXED, FIXED[1:], pa.chunked_array([FIXED]), pa.FixedShapeTensorArray.from_numpy_ndarray(ROWS)):
        array = inputs.vectors(values, 4)
        assert inputs.is_ready(array)
        assert np.shares_memory(array, ROWS if len(array) == 3 and not np.shares_memory(array, flat) else flat)
    lists = pa.array(ROWS.tolist(), pa.list_(pa.float32()))
    assert np.shares_memory(inputs.vectors(lists, 4), np.asarray(lists.flatten()))


def test_no_rows_of_arrow_are_no_vectors() -> None:
    builder = nearfile.Builder(4)
    for empty in (FIXED[:0], pa.chunked_array([], FIXED.type)):
        builder.add(empty)
    assert len(builder) == 0


MASKED = np.ma.array(ROWS, mask=[[False, False, False, True]] + [[False] * 4] * 2)

REFUSED: dict[str, tuple[Any, str]] = {
    "masked": (MASKED, r"masked array with 1 masked: drop these rows, or give its filled\(\)"),
    "masked int": (np.ma.array(ROWS.astype(int), mask=MASKED.mask), "masked array with 1 masked"),
    "list of masked": (list(MASKED), r"vectors\[0\]: .* masked array with 1 masked"),
    "csr": (scipy.sparse.csr_matrix(ROWS), r"got a scipy\.csr_matrix, .* give its toarray\(\)"),
    "coo array": (scipy.sparse.coo_array(ROWS), r"got a scipy\.coo_array, .* give its toarray\(\)"),
    "list of sparse rows": ([scipy.sparse.csr_matrix(ROWS)[0]], r"vectors\[0\]: .* give its toarray\(\)"),
    "set": ({1.0, 2.0}, "values in order, got a set: make it a list first"),
    "frozenset": (frozenset([1.0]), "got a frozenset: make it a list first"),
    "dict": ({"x": [1.0]}, r"got a dict: give list\(it.values\(\)\)"),
    "keys": ({1.0: 2}.keys(), "got a dict_keys: make it a list"),
    "values": ({"x": [1.0]}.values(), "got a dict_values: make it a list"),
    "items": ({1.0: 2}.items(), "got a dict_items: make it a list"),
    "list of sets": ([{1.0, 2.0}, {3.0, 4.0}], r"vectors\[0\]: .* got a set"),
    "generator": ((row for row in ROWS), r"got a generator: give list\(\) of it"),
    "map": (map(list, ROWS), r"got a map: give list\(\) of it"),
    "list of generators": ([map(float, row) for row in ROWS], r"vectors\[0\]: .* give list\(\) of it"),
    "table with lists": (LISTS[["vector"]], r"got lists in the column 'vector': .* table\['vector'\]"),
    "table with text": (TABLE.assign(name="x"), "in the column 'name': leave that column out"),
    "table with dates": (TABLE.assign(day=pd.Timestamp(0)), "in the column 'day': leave that column out"),
    "nullable": (TABLE.astype("Float32").mask(TABLE == 2), r"pandas.DataFrame with 1 missing: .* fillna\(\)"),
    "series of lists, one missing": (pd.Series([[1.0], None]), r"got None for row 1: leave such rows out"),
    "arrow, a missing row": (pa.array([[1.0], None], pa.list_(pa.float32(), 1)), r"1 missing: .* fill_null\(\)"),
    "arrow, a missing value": (pa.array([[1.0, None]], pa.list_(pa.float32(), 2)), r"1 missing: .* fill_null\(\)"),
    "arrow, ragged": (pa.array([[1.0], [2.0, 3.0]]), "1 values in row 0 and 2 in row 1: leave such rows out"),
    "arrow table, a missing value": (pa.table({"a": [1.0, None]}), r"1 missing: .* fill_null\(\)"),
    "arrow table with lists": (pa.table({"v": FIXED}), r"got lists in the column 'v': give that column alone"),
    "arrow text": (pa.array(["a"]), "vectors are numbers"),
    "arrow records": (pa.array([{"a": 1}]), "got a dict"),
    "an arrow type": (pa.float32(), "got a pyarrow.DataType"),
    "gradients": (
        fakes.Tensor(ROWS, requires_grad=True),
        r"Tensor: Can't call .* requires grad.*: give its detach\(\)$",
    ),
    "on a device": (fakes.Tensor(ROWS, device="cuda"), r"torch.Tensor: can't convert cuda:0 .*: give its cpu\(\)$"),
    "both": (fakes.Tensor(ROWS, device="cuda", requires_grad=True), r"requires grad.*: give its detach\(\)\.cpu\(\)$"),
    "no values": (fakes.Tensor(ROWS, device="meta"), "it has no values yet"),
    "float8": (fakes.Tensor(ROWS, dtype="torch.float8"), r"unsupported ScalarType .*: give its float\(\)$"),
    "sparse tensor": (fakes.Tensor(ROWS, layout="torch.sparse_coo"), r"give its to_dense\(\)"),
    "list of gradients": ([fakes.Tensor(row, requires_grad=True) for row in ROWS], r"vectors\[0\]: .* detach\(\)"),
    "dlpack of a device": (
        fakes.Elsewhere(ROWS),
        r"got a fakes.Elsewhere: this memory cannot be exported .*: make it a NumPy array first",
    ),
    "structured": (np.zeros(2, [("a", "f4")]), r"structured_to_unstructured\(x\)"),
    "void": (np.zeros((2, 4), "V4"), r"x\.view\(dtype\)"),
    "complex": (ROWS.astype(complex), r"dtype complex128: give its real part.*numpy\.concatenate"),
    "dates": (np.array([["2020-01-01"]], "M8[D]"), r"such as days, x\.astype"),
    "times": (np.zeros((2, 4), "m8[s]"), r"such as seconds, x / numpy\.timedelta64"),
    "text": (["hello", "world"], "vectors are numbers: have a model make them of the text"),
    "numbers as text": ([["1", "2"]], r"make numbers of it, numpy\.asarray\(values, numpy\.float32\)"),
    "text among numbers": ([[1.0, "x"]], "vectors are numbers"),
    "bytes": ([b"ab"], "vectors are numbers"),
    "objects that are numbers": (ROWS.astype(object), r"numpy\.asarray\(values, numpy\.float32\)"),
    "a gap": ([*ROWS.tolist(), [1.0, None, 2.0, 3.0]], r"with None at \[3, 1\]: leave such rows out"),
    "a gap of pandas": (np.array([[pd.NA, 1.0]], object), r"with <NA> at \[0, 0\]: leave such rows out"),
    "a missing row": ([*ROWS.tolist(), None], "got None for row 3: leave such rows out"),
    "ragged": ([*ROWS.tolist(), [1.0]], "4 values in row 0 and 1 in row 3: leave such rows out"),
    "deeply ragged": ([[[1, 2], [3]], [[1], [2]]], "rows of equal length, got a list"),
    "no array": (object(), "from a object: give a NumPy array"),
}


@pytest.mark.parametrize(("values", "message"), REFUSED.values(), ids=REFUSED)
def test_what_holds_no_rows_is_refused_by_name(values: Any, message: str) -> None:
    builder = nearfile.Builder(4)
    with pytest.raises(nearfile.InvalidArgumentError, match=message):
        builder.add(values)
    assert len(builder) == 0
    index = nearfile.build(ROWS)
    annoy = nearfile.AnnoyIndex(4, "euclidean")
    for name, call in (
        ("vectors", lambda: nearfile.build(values)),
        ("query", lambda: index.search(values)),
        ("queries", lambda: nearfile.build(ROWS, queries=values)),
        ("array", lambda: annoy.add_items(None, values)),
    ):
        if hasattr(values, "__next__"):
            continue  # is at its end
        with pytest.raises(nearfile.InvalidArgumentError, match=message.replace(r"vectors\[", rf"{name}\[")) as caught:
            call()
        assert str(caught.value).startswith(name)
    assert annoy.get_n_items() == 0


def test_what_is_advised_can_be_done() -> None:
    numbers = np.asarray([["1", "2"]])
    complex_ = ROWS + 1j * ROWS
    structured = np.array([(1, 2), (3, 4)], [("a", "f4"), ("b", "f4")])
    for values in (
        scipy.sparse.csr_matrix(ROWS).toarray(),
        MASKED.filled(0),
        LISTS["vector"],
        TABLE.astype("Float32").mask(TABLE == 2).fillna(0),
        np.asarray(numbers, np.float32),
        np.asarray(ROWS.astype(object), np.float32),
        np.concatenate([complex_.real, complex_.imag], axis=-1),
        structured_to_unstructured(structured),
        np.array([["2020-01-01"]], "M8[D]").astype("datetime64[D]").astype(np.float32),
        np.ones((2, 4), "m8[s]") / np.timedelta64(1, "s"),
        np.zeros((2, 4), "V4").view(np.float32),
        list({"x": [1.0], "y": [2.0]}.values()),
    ):
        assert len(nearfile.build(values, metric="euclidean")) == len(values)


REFUSED_ONE: dict[str, tuple[Any, str]] = {
    "masked": (MASKED[0], "masked array with 1 masked"),
    "masked float64": (MASKED[0].astype(np.float64), "masked array with 1 masked"),
    "nullable": (pd.Series([1, None, 2, 3], dtype="Int64"), "pandas.Series with 1 missing"),
    "arrow": (pa.array([1, None, 2, 3]), "1 missing"),
    "gradients": (fakes.Tensor(ROWS[0], requires_grad=True), r"detach\(\)"),
    "sparse": (scipy.sparse.csr_matrix(ROWS)[0], r"toarray\(\)"),
    "set": ({1.0, 2.0, 3.0, 4.0}, "got a set"),
    "generator": ((value for value in ROWS[0]), "got a generator"),
}


@pytest.mark.parametrize(("values", "message"), REFUSED_ONE.values(), ids=REFUSED_ONE)
def test_one_vector_is_refused_by_name_too(values: Any, message: str) -> None:
    index = nearfile.build(ROWS, metric="euclidean")
    with pytest.raises(nearfile.InvalidArgumentError, match=f"query: .*{message}"):
        index.search(values)
    annoy = nearfile.AnnoyIndex(4, "euclidean")
    for call in (lambda: annoy.add_item(0, values), lambda: annoy.get_nns_by_vector(values, 1)):
        with pytest.raises(nearfile.InvalidArgumentError, match=f"vector: .*{message}"):
            call()
    assert annoy.get_n_items() == 0


IDS: dict[str, tuple[Any, list[Any]]] = {
    "masked": (np.ma.array([5, 3, 9]), [5, 3, 9]),
    "series": (pd.Series([5, 3, 9], index=[2, 1, 0]), [5, 3, 9]),
    "nullable series": (pd.Series([5, 3, 9], dtype="Int64"), [5, 3, 9]),
    "series of str": (LISTS["name"], ["x", "y", "z"]),
    "category": (LISTS["name"].astype("category"), ["x", "y", "z"]),
    "pandas index": (TABLE.index, [0, 1, 2]),
    "arrow": (pa.array([5, 3, 9]), [5, 3, 9]),
    "arrow str": (pa.chunked_array([["x"], ["y", "z"]]), ["x", "y", "z"]),
    "tensor": (fakes.Tensor(np.array([5, 3, 9])), [5, 3, 9]),
    "range": (range(5, 8), [5, 6, 7]),
}


@pytest.mark.parametrize(("ids", "names"), IDS.values(), ids=IDS)
def test_ids_of_other_libraries_are_taken(ids: Any, names: list[Any]) -> None:
    index = nearfile.build(ROWS, ids=ids)
    assert index.ids.tolist() == names
    assert index.vectors(ids).tolist() == ROWS.tolist()


REFUSED_IDS: dict[str, tuple[Any, str]] = {
    "set": ({"x", "y", "z"}, "values in order, got a set: make it a list first"),
    "frozenset": (frozenset([1, 2, 3]), "got a frozenset"),
    "dict": (dict.fromkeys("xyz"), r"got a dict: .* list\(it\) where these are ids"),
    "keys": (dict.fromkeys("xyz").keys(), "got a dict_keys"),
    "values": (dict.fromkeys("xyz", 1).values(), "got a dict_values"),
    "masked": (np.ma.array([1, 2, 3], mask=[0, 1, 0]), "masked array with 1 masked"),
    "nullable": (pd.Series([1, None, 3], dtype="Int64"), r"1 missing: .* fillna\(\)"),
    "arrow": (pa.array([1, None, 3]), r"1 missing: .* fill_null\(\)"),
    "on a device": (fakes.Tensor(np.array([1, 2, 3]), device="cuda"), r"give its cpu\(\)"),
}


@pytest.mark.parametrize(("ids", "message"), REFUSED_IDS.values(), ids=REFUSED_IDS)
def test_ids_without_an_order_or_with_gaps_are_refused_by_name(ids: Any, message: str) -> None:
    index = nearfile.build(ROWS)
    annoy = nearfile.AnnoyIndex(4, "euclidean")
    for call in (
        lambda: nearfile.build(ROWS, ids=ids),
        lambda: nearfile.Builder(4).add(ROWS, ids),
        lambda: index.vectors(ids),
        lambda: annoy.add_items(ids, ROWS),
    ):
        with pytest.raises(nearfile.InvalidArgumentError, match=f"ids: .*{message}"):
            call()


def test_vectors_of_one_str_are_not_those_of_its_letters() -> None:
    index = nearfile.build(ROWS, ids=["x", "y", "z"])
    with pytest.raises(nearfile.InvalidArgumentError, match="ids: expected several, got one str"):
        index.vectors("xyz")


@pytest.mark.parametrize(
    ("ids", "advice"),
    [
        ([1.0, 2.0, 3.0], "make all of them int"),
        ([b"x", b"y", b"z"], r"decode\(\) them"),
        ([(1,)] * 3, "all of them str"),
    ],
)
def test_what_is_no_id_comes_with_what_to_do(ids: Any, advice: str) -> None:
    with pytest.raises(nearfile.InvalidArgumentError, match=advice):
        nearfile.build(ROWS, ids=ids)
