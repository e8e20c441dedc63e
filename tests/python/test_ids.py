"""Ids: row numbers, whole numbers and text, on the way in and on the way out."""

from __future__ import annotations

import nearfile
import numpy as np
import pytest

VECTORS = np.eye(5, dtype=np.float32)

STRINGS = ["zero", "", "drei vier", "ñandú 🦤", "nul\0inside"]
NUMBERS = [7, -1, 0, 2**63 - 1, -(2**63)]


def test_row_numbers_are_the_default() -> None:
    index = nearfile.build(VECTORS)
    assert index.ids.tolist() == [0, 1, 2, 3, 4]
    assert index.ids.dtype == np.int64
    assert index.info()["id_kind"] == "row"
    assert 4 in index
    assert 5 not in index
    assert -1 not in index


@pytest.mark.parametrize(
    "ids",
    [NUMBERS, tuple(NUMBERS), np.array(NUMBERS), np.array([9, 9, *NUMBERS])[2:], [np.int64(each) for each in NUMBERS]],
)
def test_whole_numbers_are_ids(ids: object) -> None:
    index = nearfile.build(VECTORS, metric="euclidean", ids=ids)
    assert index.info()["id_kind"] == "int64"
    assert index.ids.tolist() == NUMBERS
    assert index.ids.dtype == np.int64
    for row, number in enumerate(NUMBERS):
        assert number in index
        assert np.array(number) in index
        assert index.vector(number)[row] == 1
        found, _ = index.neighbors(number, k=1)
        assert found.dtype == np.int64
        assert found.tolist() == [number]
    assert index.vectors(NUMBERS[::-1]).tolist() == VECTORS[::-1].tolist()
    assert index.vectors(np.array(NUMBERS[:2])).tolist() == VECTORS[:2].tolist()


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u4", "u8", ">i4"])
def test_ids_are_of_any_integer_dtype(dtype: str) -> None:
    assert nearfile.build(VECTORS, ids=np.array([5, 4, 3, 2, 100], dtype)).ids.tolist() == [5, 4, 3, 2, 100]


def string_arrays() -> list:
    kinds = [STRINGS, tuple(STRINGS), iter(STRINGS), np.array(STRINGS, object), [np.str_(each) for each in STRINGS]]
    if hasattr(np, "dtypes") and hasattr(np.dtypes, "StringDType"):
        kinds.append(np.array(STRINGS, np.dtypes.StringDType()))
    return kinds


@pytest.mark.parametrize("ids", string_arrays(), ids=lambda ids: type(ids).__name__)
def test_text_is_an_id(ids: object) -> None:
    index = nearfile.build(VECTORS, metric="euclidean", ids=ids)
    assert index.info()["id_kind"] == "string"
    assert index.ids.tolist() == STRINGS
    assert index.ids.dtype == object
    for row, text in enumerate(STRINGS):
        assert text in index
        assert index.vector(text)[row] == 1
        found, distances = index.neighbors(text, k=1)
        assert found.dtype == object
        assert type(found[0]) is str
        assert found.tolist() == [text]
        assert distances.tolist() == [0]
    found, _ = index.search(VECTORS, k=2)
    assert found.shape == (5, 2)
    assert found[:, 0].tolist() == STRINGS
    assert index.distance("zero", "") == pytest.approx(np.sqrt(2))
    assert index.vectors(STRINGS).tolist() == VECTORS.tolist()


def test_an_array_of_str_is_ids() -> None:
    names = np.array(["a", "bb", "ccc", "d", "e"])
    assert nearfile.build(VECTORS, ids=names).ids.tolist() == names.tolist()


@pytest.mark.usefixtures("small_blocks")
def test_ids_follow_their_vectors_through_blocks() -> None:
    vectors = np.arange(80, dtype=np.float64).reshape(10, 8)
    for ids in (np.arange(10) * 3, [f"item {row}" for row in range(10)]):
        index = nearfile.build(vectors, ids=ids, metric="euclidean")
        for row, id_ in enumerate(list(ids)):
            assert (index.vector(id_) == vectors[row]).all()


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([1, 2, 3], "one for each of 5 vectors, got 3"),
        (["a"] * 6, "one for each of 5 vectors, got 6"),
        ([], "one for each of 5 vectors, got 0"),
        ([1.0, 2.0, 3.0, 4.0, 5.0], "whole numbers or str.*1.0"),
        (np.arange(5.0), "whole numbers or str.*0.0"),
        ([True, False, True, False, True], "whole numbers or str.*True"),
        (np.ones(5, bool), "whole numbers or str.*True"),
        ([1, 2, "3", 4, 5], "whole numbers or str.*'3'"),
        (["1", 2, "3", "4", "5"], r"expected str.* got 2 \(int\) at 1"),
        ([b"a", b"b", b"c", b"d", b"e"], "whole numbers or str.*b'a'"),
        (np.array([b"a"] * 5), "whole numbers or str.*b'a'"),
        ("abcde", "got one str"),
        (b"abcde", "got one bytes"),
        (7, "whole numbers or str"),
        ([None] * 5, "whole numbers or str.*None"),
        ([[1], [2], [3], [4], [5]], "whole numbers or str"),
        (np.zeros((5, 1), int), r"expected shape \(5,\), got shape \(5, 1\)"),
        ([0, 1, 2, 3, 2**63], "int64 can hold"),
        ([0, 1, 2, 3, -(2**63) - 1], "int64 can hold"),
        (np.array([0, 1, 2, 3, 2**63], np.uint64), "int64 can hold, got 9223372036854775808"),
        (["a", "b", "c", "d", "\ud800"], r"UTF-8 can hold, got '\\ud800' at 4"),
        ([1, 2, 3, 2, 5], "2 .*rows 1 and 3"),
        (["a", "b", "c", "b", "e"], "'b' .*rows 1 and 3"),
    ],
)
def test_what_is_no_id_is_refused(ids: object, message: str) -> None:
    with pytest.raises(nearfile.InvalidArgumentError, match=message):
        nearfile.build(VECTORS, ids=ids)


@pytest.mark.parametrize(("first", "second"), [([1], ["a"]), (["a"], [1]), (None, [1]), ([1], None), (["a"], None)])
def test_all_batches_are_named_in_the_same_way(first: list | None, second: list | None) -> None:
    builder = nearfile.Builder(5)
    builder.add(VECTORS[:1], first)
    with pytest.raises(nearfile.InvalidArgumentError, match="same way"):
        builder.add(VECTORS[1:2], second)
    assert len(builder.build()) == 1


def test_an_id_that_came_in_another_batch_is_refused() -> None:
    builder = nearfile.Builder(5)
    builder.add(VECTORS[:2], ["a", "b"])
    builder.add(VECTORS[2:3], ["a"])
    with pytest.raises(nearfile.InvalidArgumentError, match=r"'a' .*rows 0 and 2"):
        builder.build()


INDEXES = {
    "row": nearfile.build(VECTORS),
    "int64": nearfile.build(VECTORS, ids=NUMBERS),
    "string": nearfile.build(VECTORS, ids=STRINGS),
}
UNKNOWN = [5, -2, 2**31, 2**32, 2**64, -(2**70), "five", "zer", "\ud800", b"zero", 1.0, None, True, (1,), [0]]


@pytest.mark.parametrize("kind", INDEXES)
@pytest.mark.parametrize("unknown", UNKNOWN, ids=repr)
def test_an_unknown_id_is_not_found(kind: str, unknown: object) -> None:
    index = INDEXES[kind]
    assert unknown not in index
    shown = {"row": "row numbers", "int64": "whole numbers", "string": "str"}[kind]
    calls = [index.vector, lambda id_: index.distance(id_, index.ids[0])]
    if not isinstance(unknown, (list, tuple)):  # which are several ids
        calls.append(index.neighbors)
    for call in calls:
        with pytest.raises(nearfile.NotFoundError) as caught:
            call(unknown)
        assert f"which are {shown}, got {unknown!r} ({type(unknown).__name__})" in str(caught.value)
        assert isinstance(caught.value, KeyError)
    with pytest.raises(nearfile.NotFoundError, match="id: expected"):
        index.vectors([index.ids[0], unknown])


def test_an_id_of_another_kind_is_not_found() -> None:
    assert "7" not in INDEXES["int64"]
    assert 0 not in INDEXES["string"]
    assert "0" not in INDEXES["row"]
