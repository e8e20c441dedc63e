"""Searches among what is allowed: always complete, nothing else, and near, whatever is allowed and however many."""

from __future__ import annotations

import functools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import nearfile
import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

N = 2200  # so many that graphs are walked
BUILDS: dict[str, dict[str, Any]] = {
    "balanced": {},
    "fast": {"profile": "fast"},
    "compact": {"profile": "compact"},
    "half": {"keep": "half"},
    "none": {"keep": "none"},
    "forest": {"structure": "forest", "n_trees": 10},
}
# Of which distances are exact in float32, so that ties are ties.
SMALL = st.integers(-8, 8).map(float)


def rows_for(metric: str, n: int, seed: int) -> np.ndarray:
    return reference.vectors_for(metric, n, 64 if metric == "hamming" else 12, seed)


@functools.cache
def index_of(metric: str, build: str) -> nearfile.Index:
    return nearfile.build(rows_for(metric, N, 1), metric=metric, seed=1, **BUILDS[build])


@functools.cache
def expected_distances(metric: str, build: str) -> tuple[np.ndarray, np.ndarray]:
    """Some queries, and how far every item is from them as it is kept: shape (q, n)."""
    queries = rows_for(metric, 8, 2)
    kept = index_of(metric, build).vectors(range(N))
    return queries, np.array([reference.distances(metric, query, kept) for query in queries])


def masks(metric: str) -> dict[str, np.ndarray]:
    """Of all selectivities, and some that have much to do with where items are."""
    random = np.random.default_rng(3)
    chosen = {f"{n} at random": np.isin(np.arange(N), random.permutation(N)[:n]) for n in (0, 1, 7, 22, 220, 1100, N)}
    vectors, query = rows_for(metric, N, 1), rows_for(metric, 8, 2)[0]
    far = reference.distances(metric, query, vectors) * (-1 if metric == "dot" else 1)
    nearest = far.argsort(kind="stable")
    chosen["near the first query"] = np.isin(np.arange(N), nearest[:300])
    chosen["far from the first query"] = np.isin(np.arange(N), nearest[-300:])
    chosen["in sequence"] = (np.arange(N) > 500) & (np.arange(N) < 800)
    return chosen


def in_order(metric: str, distances: np.ndarray) -> bool:
    further = np.diff(distances)
    return bool((further <= 0).all() if metric == "dot" else (further >= 0).all())


@pytest.mark.parametrize("build", BUILDS)
def test_answers_are_complete_allowed_in_order_and_near(metric: str, build: str) -> None:
    index = index_of(metric, build)
    queries, far = expected_distances(metric, build)
    tolerance = 2e-3 if metric == "angular" else 1e-4
    shares = []
    for name, mask in masks(metric).items():
        allowed = index.filter(mask)
        assert len(allowed) == mask.sum(), name
        for k in (1, 10, 300):
            ids, distances = index.search(queries, k, filter=allowed)
            exact_ids, exact = index.search(queries, k, filter=allowed, exact=True)
            assert ids.shape == distances.shape == exact_ids.shape == (len(queries), min(k, len(allowed))), name
            for q in range(len(queries)):
                assert len(set(ids[q].tolist())) == len(set(exact_ids[q].tolist())) == ids.shape[1], name
                assert mask[ids[q]].all(), name
                assert mask[exact_ids[q]].all(), name
                assert in_order(metric, distances[q]), name
                nearest = np.sort(far[q][mask] * (-1 if metric == "dot" else 1))[: ids.shape[1]]
                nearest = -nearest if metric == "dot" else nearest
                np.testing.assert_allclose(exact[q], nearest, rtol=1e-4, atol=tolerance, err_msg=name)
                np.testing.assert_allclose(far[q][exact_ids[q]], nearest, rtol=1e-4, atol=tolerance, err_msg=name)
                np.testing.assert_allclose(far[q][ids[q]], distances[q], rtol=1e-4, atol=tolerance, err_msg=name)
            if len(allowed):
                as_near = distances >= exact[:, -1:] if metric == "dot" else distances <= exact[:, -1:]
                shares.append(as_near.mean())
    assert np.mean(shares) >= 0.95, np.round(shares, 2)
    assert np.min(shares) >= 0.75, np.round(shares, 2)


@st.composite
def few_items(draw: st.DrawFn):
    """A metric, vectors of whole numbers, three queries, and a mask and rows to exclude for each of these."""
    metric = draw(st.sampled_from(reference.METRICS))
    n, dim = draw(st.integers(1, 80)), draw(st.integers(1, 8))
    elements = st.sampled_from([0.0, 1.0]) if metric == "hamming" else SMALL
    rows = draw(st_numpy.arrays("f4", (n + 3, dim), elements=elements))
    allowed = draw(st_numpy.arrays(bool, (3, n)))
    excluded = draw(st.lists(st.lists(st.integers(-2, n + 2), max_size=6), min_size=3, max_size=3))
    return metric, rows[:n], rows[n:], allowed, excluded


@settings(max_examples=80, deadline=None)
@given(few_items(), st.sampled_from(["graph", "forest"]), st.integers(1, 90), st.booleans())
def test_of_few_items_they_are_the_nearest_that_are_allowed_with_their_ties(each, structure, k, exact) -> None:
    metric, vectors, queries, masks, excluded = each
    index = nearfile.build(vectors, metric=metric, structure=structure, n_trees=2)
    all_ids, all_distances = index.search(queries, len(vectors), exact=True)  # which has tests of its own
    ids, distances = index.search(queries, k, filter=masks, exclude=excluded, exact=exact)
    for q in range(len(queries)):
        wanted = masks[q][all_ids[q]] & ~np.isin(all_ids[q], excluded[q])
        expected, expected_far = all_ids[q][wanted][:k], all_distances[q][wanted][:k]
        m = len(expected)
        assert ids[q, :m].tolist() == expected.tolist()
        assert distances[q, :m].tolist() == expected_far.tolist()
        assert (ids[q, m:] == -1).all()
        assert np.isnan(distances[q, m:]).all()
        one = index.search(queries[q], k, filter=masks[q], exclude=excluded[q], exact=exact)
        assert one[0].tolist() == expected.tolist()
        assert one[1].tolist() == expected_far.tolist()
    assert ids.shape[1] == max((~np.isnan(distances)).sum(axis=1).max(), 0)


def same(found: Any, expected: Any) -> bool:
    return all(
        a.shape == b.shape and np.array_equal(a, b, equal_nan=b.dtype.kind == "f") for a, b in zip(found, expected)
    )


@pytest.mark.parametrize("build", ["balanced", "none", "forest"])
@pytest.mark.parametrize("k", [1, 10, 500])
def test_batches_are_one_by_one_on_any_number_of_threads(build: str, k: int) -> None:
    index = index_of("euclidean", build)
    queries = rows_for("euclidean", 70, 4)
    chosen = list(masks("euclidean").values())
    each = [chosen[q % len(chosen)] for q in range(len(queries))]
    compiled = [index.filter(mask) for mask in chosen]
    excluded = [list(range(q, N, 9)) for q in range(len(queries))]
    one = [index.search(query, k, filter=each[q], exclude=excluded[q]) for q, query in enumerate(queries)]
    for filters in (np.array(each), each, tuple(each), [compiled[q % len(chosen)] for q in range(len(queries))]):
        for threads in (1, 3):
            ids, distances = index.search(queries, k, filter=filters, exclude=excluded, threads=threads)
            assert ids.shape[1] == max(len(found[0]) for found in one)
            for q, (own, own_distances) in enumerate(one):
                assert ids[q, : len(own)].tolist() == own.tolist()
                assert distances[q, : len(own)].tolist() == own_distances.tolist()
                assert (ids[q, len(own) :] == -1).all()
                assert np.isnan(distances[q, len(own) :]).all()
    some = [each if q % 2 else [] for q, each in enumerate(excluded)]
    ids, _ = index.search(queries, k, exclude=some)
    for q, query in enumerate(queries):
        own = index.search(query, k, exclude=some[q])[0].tolist()
        assert ids[q, : len(own)].tolist() == own
    half = compiled[5]
    together = index.search(queries, k, filter=half)
    for q, query in enumerate(queries):
        assert same(index.search(query, k, filter=half), (together[0][q], together[1][q]))


@pytest.mark.usefixtures("small_blocks")
def test_batches_that_go_in_blocks_have_each_its_own_filter_and_exclusions() -> None:
    vectors = reference.vectors_for("euclidean", 60, 8)
    index = nearfile.build(vectors, metric="euclidean")
    queries = reference.vectors_for("euclidean", 7, 8, seed=1)
    masks = np.zeros((7, 60), bool)
    for q in range(7):
        masks[q, : 5 * q] = True  # so that the first blocks have fewer answers than the last
    for order in (slice(None), slice(None, None, -1)):
        excluded = [[q, q + 30] for q in range(7)][order]
        ids, distances = index.search(queries, 20, filter=masks[order], exclude=excluded)
        assert ids.shape == (7, 20)
        for q in range(7):
            own = index.search(queries[q], 20, filter=masks[order][q], exclude=excluded[q])
            assert ids[q, : len(own[0])].tolist() == own[0].tolist()
            assert np.isnan(distances[q]).sum() == 20 - len(own[0])


@pytest.mark.parametrize("build", BUILDS)
def test_what_is_excluded_is_no_answer_and_all_else_is(build: str) -> None:
    index = index_of("angular", build)
    queries, _ = expected_distances("angular", build)
    plain, far = index.search(queries, 20, exact=True)
    for exclude in (plain[0, :10], set(plain[0, :10].tolist()), [*plain[0, :10], *plain[0, :10], N + 5, -1]):
        ids, _ = index.search(queries[0], 10, exclude=exclude, exact=True)
        assert ids.tolist() == plain[0, 10:20].tolist()
        assert not set(index.search(queries, 10, exclude=exclude)[0].ravel().tolist()) & set(plain[0, :10].tolist())
    ids, distances = index.search(queries, 10, exclude=list(plain[:, :10]), exact=True)
    assert ids.tolist() == plain[:, 10:].tolist()
    assert distances.tolist() == far[:, 10:].tolist()
    assert index.search(queries[0], 10, exclude=range(N))[0].shape == (0,)
    assert index.search(queries, 10, exclude=range(3, N))[0].shape == (len(queries), 3)
    assert index.search(queries, 10, exclude=[])[0].tolist() == index.search(queries, 10)[0].tolist()
    # Of one query all are excluded, of another none.
    ids, distances = index.search(queries[:2], 4, exclude=[range(N), []])
    assert ids[0].tolist() == [-1] * 4
    assert np.isnan(distances[0]).all()
    assert (ids[1] >= 0).all()
    mask = masks("angular")["220 at random"]
    ids, _ = index.search(queries[0], N, filter=mask, exclude=plain[0])
    assert set(ids.tolist()) == set(np.flatnonzero(mask).tolist()) - set(plain[0].tolist())


def test_neighbors_and_items_take_filters_too() -> None:
    index = index_of("euclidean", "balanced")
    mask = masks("euclidean")["220 at random"]
    for id in (3, [3, 4, 2100]):
        vector = index.vector(id) if isinstance(id, int) else index.vectors(id)
        expected = index.search(vector, 7, filter=mask, exclude=[5])
        assert same(index.neighbors(id, 7, filter=mask, exclude=[5]), expected)
    assert index.neighbors(9, 1)[0].tolist() == [9]
    assert 9 not in index.neighbors(9, 10, exclude=[9])[0]
    assert index.neighbors([9, 10], 2, exclude=[[9], [10]])[0].tolist() == [
        [row for row in index.neighbors(each, 3)[0].tolist() if row != each] for each in (9, 10)
    ]
    assert same(index.search(nearfile.Item(3), 5, filter=mask), index.search(index.vector(3), 5, filter=mask))


@pytest.mark.parametrize("options", [{"effort": 1}, {"effort": 40}, {"recall": 0.5}, {"recall": 1.0}])
def test_graphs_are_complete_at_any_effort(options: dict[str, Any]) -> None:
    index = index_of("cosine", "balanced")
    queries, _ = expected_distances("cosine", "balanced")
    for name, mask in masks("cosine").items():
        for k in (1, 40, N):
            ids, _ = index.search(queries, k, filter=mask, exclude=[7], **options)
            m = int(mask.sum() - mask[7])
            assert ids.shape == (len(queries), min(k, m)), name
            assert all(len(set(row)) == len(row) for row in ids.tolist())
            assert mask[ids].all()
            assert not (ids == 7).any()
        exact = index.search(queries, 5, filter=mask, exact=True)
        assert same(index.search(queries, 5, filter=mask, effort=N), exact)


@pytest.mark.parametrize("search_k", [1, 100, 10**9])
def test_forests_are_complete_at_any_budget(search_k: int) -> None:
    index = index_of("cosine", "forest")
    queries, _ = expected_distances("cosine", "forest")
    for name, mask in masks("cosine").items():
        for k in (1, 40, N):
            ids, _ = index.search(queries, k, filter=mask, exclude=[7], search_k=search_k)
            assert ids.shape == (len(queries), min(k, int(mask.sum() - mask[7]))), name
            assert all(len(set(row)) == len(row) for row in ids.tolist())
            assert mask[ids].all()
        if search_k >= N:
            exact = index.search(queries, 5, filter=mask, exact=True)
            assert same(index.search(queries, 5, filter=mask, search_k=search_k), exact)


def test_vectors_that_are_all_alike_and_filters_over_them() -> None:
    vectors = np.ones((1500, 6), np.float32)
    for build in BUILDS.values():
        index = nearfile.build(vectors, metric="euclidean", **build)
        mask = np.arange(1500) % 3 == 1
        ids, distances = index.search(vectors[0], 12, filter=mask, exact=True)
        assert ids.tolist() == np.flatnonzero(mask)[:12].tolist()
        assert distances.tolist() == [0.0] * 12
        found = index.search(vectors[0], 501, filter=mask)[0].tolist()
        assert sorted(found) == np.flatnonzero(mask)[:501].tolist()


@pytest.mark.parametrize("build", ["balanced", "compact", "forest"])
def test_many_threads_share_one_filter(build: str) -> None:
    index = index_of("euclidean", build)
    queries = rows_for("euclidean", 60, 4)
    few, half = (index.filter(masks("euclidean")[name]) for name in ("22 at random", "1100 at random"))
    filters = (few, half, ~few)
    expected = [index.search(queries, 8, filter=each, exclude=[1, 2]) for each in filters]

    def search(turn: int) -> bool:
        each = filters[turn % 3]
        if turn % 2:
            return same(index.search(queries, 8, filter=each, exclude=[1, 2], threads=2), expected[turn % 3])
        one = [index.search(query, 8, filter=each, exclude=[1, 2])[0].tolist() for query in queries]
        return one == expected[turn % 3][0].tolist()

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(search, range(18)))


def test_an_index_without_items_and_batches_without_queries(structure: str) -> None:
    empty = nearfile.build(np.empty((0, 3), np.float32), structure=structure)
    assert len(empty.filter([])) == len(~empty.filter([])) == len(empty.filter(np.zeros(0, bool))) == 0
    assert empty.search([1.0, 2.0, 3.0], filter=[])[0].shape == (0,)
    assert empty.search(np.ones((2, 3)), filter=[], exclude=[4])[0].shape == (2, 0)
    index = nearfile.build(np.eye(3), structure=structure)
    assert index.search(np.empty((0, 3)), 2, filter=[0, 1])[0].shape == (0, 2)
    assert index.search(np.empty((0, 3)), 2, exclude=[0])[0].shape == (0, 0)
