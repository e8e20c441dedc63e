"""What may be asked with, and what is refused before anything is searched."""

from __future__ import annotations

import array
import fractions

import nearfile
import numpy as np
import pytest
import reference


@pytest.fixture(scope="module", params=reference.STRUCTURES)
def index(request: pytest.FixtureRequest) -> nearfile.Index:
    return nearfile.build(np.arange(40).reshape(10, 4), metric="euclidean", structure=request.param)


def budget(index: nearfile.Index) -> str:
    return reference.BUDGETS[index.info()["structure"]]


EXPECTED = [3, 2, 4]


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "g", "i1", "u1", "i4", "i8", "u8", ">f4", ">i2"])
def test_any_real_dtype_is_a_query(index: nearfile.Index, dtype: str) -> None:
    query = np.array([12, 13, 14, 15]).astype(dtype)
    assert index.search(query, k=3)[0].tolist() == EXPECTED
    assert index.search(query[None], k=3)[0].tolist() == [EXPECTED]


@pytest.mark.parametrize(
    "query",
    [
        [12, 13, 14, 15],
        (12.0, 13.0, 14.0, 15.0),
        range(12, 16),
        array.array("f", [12, 13, 14, 15]),
        memoryview(array.array("d", [12, 13, 14, 15])),
        np.array([12, 13, 14, 15], np.float32).view(np.recarray),
        np.arange(12, 16, 0.5, np.float32)[::2],
        np.arange(15, 11, -1, np.float32)[::-1],
        np.frombuffer(b"x" + np.arange(12, 16, dtype=np.float32).tobytes(), np.uint8)[1:].view(np.float32),
    ],
    ids=["list", "tuple", "range", "array", "memoryview", "subclass", "strided", "reversed", "unaligned"],
)
def test_any_sequence_or_layout_is_a_query(index: nearfile.Index, query: object) -> None:
    assert index.search(query, k=3)[0].tolist() == EXPECTED


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_batch_has_any_layout(index: nearfile.Index, order: str) -> None:
    queries = np.asarray(np.arange(40).reshape(10, 4), np.float32, order=order)
    assert index.search(queries, k=1)[0].ravel().tolist() == list(range(10))
    assert index.search(queries[::-2], k=1)[0].ravel().tolist() == [9, 7, 5, 3, 1]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (np.zeros(3, np.float32), "4.*3"),
        (np.zeros(5), "4.*5"),
        (np.zeros((2, 3), np.float32), "4.*3"),
        (np.zeros((4, 2), np.float32), "4.*2"),
        (np.float32(1), r"shape \(4,\) or \(q, 4\), got shape \(\)"),
        (np.zeros((1, 1, 4), np.float32), r"got shape \(1, 1, 4\)"),
        ([], r"got shape \(0,\)"),
        (np.zeros(4, complex), "dtype complex128"),
        (np.array(["a", "b", "c", "d"]), "dtype <U1"),
        ("abcd", "dtype <U4"),
        (None, "dtype object"),
        ([None] * 4, "dtype object"),
        ([fractions.Fraction(1, 2)] * 4, "dtype object"),
        ([[1, 2, 3, 4], [1, 2]], "rows of equal length"),
        (np.zeros(4, "M8[s]"), "dtype datetime64"),
        (np.ma.masked_equal([1.0, 2.0, 3.0, 4.0], 3.0), "masked"),
        ([1, 2, 3, float("nan")], "finite"),
        (np.array([1, np.inf, 3, 4], np.float32), "finite"),
        (np.array([1, 1e300, 3, 4]), "finite"),
        (np.array([[1, 2, 3, 4], [1, 2, np.nan, 4]], np.float32), "value 2 of query 1"),
    ],
)
def test_what_is_no_query_is_refused(index: nearfile.Index, query: object, message: str) -> None:
    with pytest.raises(nearfile.InvalidArgumentError, match=message):
        index.search(query)


@pytest.mark.parametrize("k", [0, -1, -(2**70)])
def test_k_below_one_is_refused(index: nearfile.Index, k: int) -> None:
    with pytest.raises(nearfile.InvalidArgumentError, match=rf"k: expected .* got {k}"):
        index.search(np.zeros(4), k=k)


@pytest.mark.parametrize("name", ["k", "budget", "threads"])
@pytest.mark.parametrize("value", [1.0, "3", [1], True, np.True_, np.float32(2)])
def test_counts_are_whole_numbers(index: nearfile.Index, name: str, value: object) -> None:
    name = budget(index) if name == "budget" else name
    with pytest.raises(TypeError, match=f"{name}: expected a whole number"):
        index.search(np.zeros(4), **{name: value})
    with pytest.raises(TypeError, match=f"{name}: expected a whole number"):
        index.neighbors(0, **{name: value})


@pytest.mark.parametrize("name", ["budget", "threads"])
@pytest.mark.parametrize("value", [0, -1])
@pytest.mark.parametrize("shape", [(4,), (2, 4)])
def test_counts_are_at_least_one(index: nearfile.Index, name: str, value: int, shape: tuple[int, ...]) -> None:
    name = budget(index) if name == "budget" else name
    with pytest.raises(nearfile.InvalidArgumentError, match=f"{name}: expected .* got {value}"):
        index.search(np.zeros(shape, np.float32), **{name: value})


def test_counts_may_be_numpys(index: nearfile.Index) -> None:
    found, _ = index.search(np.zeros(4), k=np.int16(3), threads=np.int8(1), **{budget(index): np.uint64(9)})
    assert len(found) == 3
    assert len(index.search(np.zeros(4), k=3, **{budget(index): 2**63})[0]) == 3


def test_a_hamming_query_is_zeros_and_ones() -> None:
    index = nearfile.build(np.eye(8, dtype=bool), metric="hamming")
    for dtype in (bool, np.uint8, np.float32, np.float64):
        assert index.search(np.eye(8)[2].astype(dtype), k=1)[0].tolist() == [2]
    for bad in (2, 0.5, -1):
        for query in (np.full(8, bad, np.float32), np.full((3, 8), bad, np.float64)):
            with pytest.raises(nearfile.InvalidArgumentError, match=r"zeros and ones.* value 0 of query 0"):
                index.search(query)
