"""Several indexes as one, as the core's binding gives it: equal to one index of what is live, whatever is deleted."""

from __future__ import annotations

import pickle
from typing import Any

import nearfile
import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from nearfile import _core

KINDS = ("row", "int64", "string")
Names = Any  # of rows an array of int64, of strings a list


def named(kind: str, n: int, seed: int) -> Names:
    """Ids in no order; of rows they go on from part to part."""
    if kind == "row":
        return np.arange(n)
    numbers = np.random.default_rng(seed).permutation(n) * 3 - n
    return numbers if kind == "int64" else np.array([f"n{number}" for number in numbers], object)


def parts_of(
    metric: str, kind: str, vectors: np.ndarray, ends: list[int], live: np.ndarray
) -> tuple[_core.Segments, nearfile.Index]:
    """The rows up to each end in an index of their own, and all that are live in one."""
    names = named(kind, len(vectors), 4)
    indexes, filters, first_ids = [], [], []
    for start, end in zip([0, *ends], ends):
        ids = None if kind == "row" else list(names[start:end])
        structure: dict[str, Any] = {"structure": "forest", "n_trees": 1} if end - start < 500 else {}
        core = nearfile.build(vectors[start:end], metric=metric, ids=ids, **structure)._core
        part = live[start:end]
        indexes.append(core)
        filters.append(None if part.all() else core.filter_of_mask(part.astype(np.uint8)))
        first_ids.append(start if kind == "row" else 0)
    one = nearfile.build(vectors[live], metric=metric, ids=list(names[live]))
    return _core.Segments(indexes, filters, first_ids), one


def batch(
    segments: _core.Segments,
    queries: np.ndarray,
    k: int,
    exact: bool,
    filters: list[_core.SegmentsFilter] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    width = min([k, segments.size, *(len(each) for each in filters or [])])
    ids, distances = np.empty((len(queries), width), np.int64), np.empty((len(queries), width), np.float32)
    none = np.empty(0, np.int64)
    if filters is None:
        segments.search_batch(queries, k, 0, 0.0, 0, exact, 2, ids, distances)
    else:
        segments.search_admitted(queries, k, 0, 0.0, 0, exact, 2, filters, none, none, ids, distances)
    if segments.id_kind != "string":
        return ids, distances
    return np.array(segments.names(ids.reshape(-1, 1)), object).reshape(ids.shape), distances


@pytest.mark.parametrize("kind", KINDS)
def test_exact_answers_are_those_of_one_index(metric: str, kind: str) -> None:
    vectors, queries = reference.vectors_for(metric, 1800, 12, 1), reference.vectors_for(metric, 9, 12, 2)
    live = np.random.default_rng(3).random(1800) > 0.2
    live[1600:] = True
    segments, one = parts_of(metric, kind, vectors, [1100, 1600, 1600, 1800], live)
    assert segments.size == len(one) == live.sum()
    assert segments.n_rows == 1800
    assert list(segments.ids()) == list(one.ids)
    for k in (1, 10, 3000):
        expected_ids, expected = one.search(queries, k, exact=True)
        ids, distances = batch(segments, queries, k, exact=True)
        np.testing.assert_array_equal(distances, expected)
        assert ids.tolist() == expected_ids.tolist()
        single = segments.search(queries[0], k, 0, 0.0, 0, True)
        assert single is not None
        assert list(single[0]) == expected_ids[0].tolist()
        np.testing.assert_array_equal(single[1], expected[0])
    radius = float(one.search(queries[0], 40, exact=True)[1][-1])
    found = segments.search_radius(queries, radius, 0.0, 0, True, 0, 2, [])
    wanted = one.search_radius(queries, radius, exact=True)
    assert list(found[0]) == list(wanted[0])
    np.testing.assert_array_equal(found[1], wanted[1])
    np.testing.assert_array_equal(found[2], wanted[2])


@settings(max_examples=30, deadline=None)
@given(data=st.data(), kind=st.sampled_from(KINDS))
def test_any_cut_and_any_deletions_are_one_index_to_exact_searches(data: st.DataObject, kind: str) -> None:
    n = data.draw(st.integers(1, 60))
    ends = [*sorted(data.draw(st.lists(st.integers(0, n), max_size=5))), n]
    live = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    # Small whole numbers: many ties.
    vectors = np.random.default_rng(data.draw(st.integers(0, 99))).integers(-2, 3, (n, 3)).astype(np.float32)
    metric = data.draw(st.sampled_from(["euclidean", "dot", "manhattan"]))
    if not live.any():
        live[0] = True
    segments, one = parts_of(metric, kind, vectors, ends, live)
    k = data.draw(st.integers(1, 70))
    query = vectors[:1] + 1
    ids, distances = batch(segments, query, k, exact=True)
    expected_ids, expected = one.search(query, k, exact=True)
    np.testing.assert_array_equal(distances, expected)
    if kind != "string":  # of strings ties are in the order of adding, which is that of rows here too
        assert ids.tolist() == expected_ids.tolist()
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=len(one), max_size=len(one))), bool)
    filter = segments.filter_of_mask(allowed.astype(np.uint8))
    assert len(filter) == allowed.sum()
    _, distances = batch(segments, query, k, exact=True, filters=[filter])
    np.testing.assert_array_equal(distances, one.search(query, k, exact=True, filter=allowed)[1])


def test_walks_find_as_much_as_those_of_one_index() -> None:
    vectors, queries = reference.vectors_for("euclidean", 9000, 16, 1), reference.vectors_for("euclidean", 100, 16, 2)
    live = np.random.default_rng(3).random(9000) > 0.05
    segments, one = parts_of("euclidean", "row", vectors, [6000, 7500, 8700, 9000], live)
    truth = one.search(queries, 10, exact=True)[0]
    for ids in (batch(segments, queries, 10, exact=False)[0], np.array([_single(segments, each) for each in queries])):
        assert live[ids].all()
        recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(ids.tolist(), truth.tolist())])
        assert recall > 0.93


def _single(segments: _core.Segments, query: np.ndarray) -> np.ndarray:
    found = segments.search(query, 10, 0, 0.95, 0, False)
    assert found is not None
    return np.asarray(found[0])


def test_ids_rows_places_and_vectors_belong_together() -> None:
    vectors = reference.vectors_for("euclidean", 700, 5, 1)
    live = np.arange(700) % 7 != 3
    for kind in KINDS:
        segments, one = parts_of("euclidean", kind, vectors, [600, 650, 700], live)
        names = named(kind, 700, 4)
        rows = segments.live_rows()
        np.testing.assert_array_equal(rows, np.flatnonzero(live))
        for row in range(0, 700, 3):
            id = names[row] if kind == "string" else int(names[row])
            assert segments.find(id) == (row if live[row] else None)
        np.testing.assert_array_equal(segments.vectors(rows), vectors[live])
        np.testing.assert_array_equal(segments.vector(649), vectors[649])
        parts, at = segments.places_of(np.array([0, 599, 600, 699]))
        assert parts.tolist() == [0, 0, 1, 2]
        assert at.tolist() == [0, 599, 0, 49]
        if kind == "string":
            known = segments.known_rows_of_names([*names, "nobody"])
        else:
            known = segments.known_rows(np.append(names, 10**12).astype(np.int64))
        np.testing.assert_array_equal(known, rows)
        assert len(one) == len(rows)


def test_filters_are_pickled_and_belong_to_what_is_live() -> None:
    vectors = reference.vectors_for("euclidean", 300, 5, 1)
    live = np.arange(300) != 8
    segments, _ = parts_of("euclidean", "row", vectors, [200, 300], live)
    filter = segments.filter_of_rows(np.array([1, 8, 250]))
    assert len(filter) == 2
    again = pickle.loads(pickle.dumps(filter))
    assert segments.rows_in(again).tolist() == [1, 250]
    assert len(again | ~filter) == segments.size
    other, _ = parts_of("euclidean", "row", vectors, [200, 300], np.ones(300, bool))
    with pytest.raises(nearfile.InvalidArgumentError, match="other items were live"):
        other.search(vectors[0], 3, 0, 0.0, 0, False, filter)


def test_without_segments_there_is_nothing() -> None:
    segments = _core.Segments([], [], [])
    assert (segments.size, segments.dim, segments.id_kind) == (0, 0, "row")
    found = segments.search(np.zeros(3, np.float32), 5, 0, 0.0, 0, False)
    assert found is not None
    assert len(found[0]) == len(found[1]) == 0
    _, _, offsets = segments.search_radius(np.zeros((2, 3), np.float32), 1.0, 0.0, 0, False, 0, 1, [])
    assert offsets.tolist() == [0, 0, 0]
    assert segments.search([0.0, 1.0], 5, 0, 0.0, 0, False) is None


def test_what_cannot_be_is_refused() -> None:
    core = nearfile.build(np.eye(3))._core
    with pytest.raises(nearfile.InvalidArgumentError, match="expected a filter or None"):
        _core.Segments([core], [], [0])
    with pytest.raises(nearfile.InvalidArgumentError, match="dimension"):
        _core.Segments([core, nearfile.build(np.eye(4))._core], [None, None], [0, 3])
    segments = _core.Segments([core], [None], [5])
    assert segments.ids().tolist() == [5, 6, 7]
    with pytest.raises(nearfile.NotFoundError, match="row 3"):
        segments.vector(3)
    with pytest.raises(nearfile.NotFoundError):
        segments.vectors(np.array([-1]))
