"""All within a radius: brute force where it is asked to be exact, complete up to the recall elsewhere."""

from __future__ import annotations

import nearfile
import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

few = settings(max_examples=60, deadline=None)
SMALL = st.integers(-8, 8).map(float)


@st.composite
def data(draw: st.DrawFn):
    """A metric, vectors of whole numbers, and queries."""
    metric = draw(st.sampled_from(reference.METRICS))
    n, dim = draw(st.integers(1, 40)), draw(st.integers(1, 12))
    elements = st.sampled_from([0.0, 1.0]) if metric == "hamming" else SMALL
    rows = draw(st_numpy.arrays("f4", (n + 3, dim), elements=elements))
    return metric, rows[:n], rows[n:]


def brute_force(index: nearfile.Index, query: np.ndarray, radius: float):
    """What a search for all items says is within, which has tests of its own."""
    ids, distances = index.search(query, k=max(len(index), 1), exact=True)
    inside = distances >= np.float32(radius) if index.metric == "dot" else distances <= np.float32(radius)
    return ids[inside], distances[inside]


def same(found, expected) -> bool:
    return found[0].tolist() == expected[0].tolist() and found[1].tolist() == expected[1].tolist()


@few
@given(data(), st.sampled_from(reference.STRUCTURES), st.sampled_from(["exact", "half", "none"]), st.data())
def test_it_is_brute_force_with_its_ties_and_its_boundary(each, structure, keep, draw) -> None:
    metric, vectors, queries = each
    kept = {"keep": keep} if structure == "graph" else {}
    index = nearfile.build(vectors, metric=metric, structure=structure, n_trees=2, **kept)
    distances = index.search(queries[0], k=len(vectors), exact=True)[1]
    radius = draw.draw(st.sampled_from([*distances.tolist(), 0.0, float("inf"), float(np.median(distances))]))
    radius = radius if metric == "dot" else max(radius, 0.0)
    expected = [brute_force(index, query, radius) for query in queries]
    for exact in (True, False):  # so few items are looked at one by one
        assert same(index.search_radius(queries[0], radius, exact=exact), expected[0])
        ids, found, offsets = index.search_radius(queries, radius, exact=exact)
        assert offsets.dtype == np.int64
        assert offsets[0] == 0
        for i, answer in enumerate(expected):
            part = slice(offsets[i], offsets[i + 1])
            assert same((ids[part], found[part]), answer)
        assert offsets[-1] == len(ids) == len(found)


@pytest.mark.parametrize("keep", ["exact", "half", "none"])
def test_walks_find_the_recall_that_is_asked_for(metric, keep) -> None:
    vectors = clustered(metric, 6000, 16)
    index = nearfile.build(vectors[:-200], metric=metric, keep=keep, n_trees=4)
    queries = vectors[-200:]
    names, distances = index.search(queries, k=len(index), exact=True)
    for rank, recall in [(3, 0.95), (40, 0.5), (40, 0.95), (300, 0.95)]:
        radius = float(np.median(distances[:, rank]))
        within = distances >= np.float32(radius) if metric == "dot" else distances <= np.float32(radius)
        ids, found, offsets = index.search_radius(queries, radius, recall=recall)
        shares = []
        for i in range(len(queries)):
            part = slice(offsets[i], offsets[i + 1])
            expected = names[i, within[i]]
            assert set(ids[part].tolist()) <= set(expected.tolist())
            assert len(set(ids[part].tolist())) == len(ids[part])
            further = np.diff(found[part])
            assert (further <= 0).all() if metric == "dot" else (further >= 0).all()
            if len(expected):
                shares.append(len(ids[part]) / len(expected))
        assert np.mean(shares) >= recall - 0.01, (rank, np.mean(shares))


def clustered(metric: str, n: int, dim: int) -> np.ndarray:
    """Shuffled vectors around a few centers, so that a radius holds few of one query and many of another."""
    random = np.random.default_rng(3)
    if metric == "hamming":
        dim *= 4
        centers = random.integers(0, 2, (40, dim))
        flips = random.random((n, dim)) < 0.15
        return (centers[random.integers(0, 40, n)] ^ flips).astype(np.float32)
    spread = random.uniform(0.2, 1.0, 40)
    cluster = random.integers(0, 40, n)
    centers = random.standard_normal((40, dim))
    return (centers[cluster] + spread[cluster, None] * random.standard_normal((n, dim))).astype(np.float32)


def test_a_query_is_answered_alike_alone_and_in_a_batch_on_any_number_of_threads() -> None:
    vectors = clustered("euclidean", 5000, 16)
    index = nearfile.build(vectors, metric="euclidean", n_trees=4)
    queries = vectors[:300] + 0.01
    radius = float(np.median(index.search(queries, k=50)[1][:, -1]))
    one = index.search_radius(queries, radius, threads=1)
    four = index.search_radius(queries, radius, threads=4)
    assert all((a == b).all() for a, b in zip(one, four))
    for i in (0, 17, 299):
        alone = index.search_radius(queries[i], radius)
        assert same(alone, (one[0][one[2][i] : one[2][i + 1]], one[1][one[2][i] : one[2][i + 1]]))


def test_duplicates_and_a_radius_that_holds_all() -> None:
    random = np.random.default_rng(0)
    vectors = random.standard_normal((4000, 8)).astype(np.float32)
    vectors[1000:3000] = vectors[0]
    index = nearfile.build(vectors, metric="euclidean", n_trees=4)
    ids, distances = index.search_radius(vectors[0], 0)
    assert ids.tolist() == [0, *range(1000, 3000)]
    assert not distances.any()
    for radius in (float("inf"), 1e300, 1e30):
        assert same(index.search_radius(vectors[5], radius), index.search(vectors[5], k=4000, exact=True))
    assert len(index.search_radius(vectors[5] + 100, 0.5)[0]) == 0
    assert same(index.search_radius(vectors[5], float("inf"), max_results=7), index.search(vectors[5], 7, recall=0.95))


def test_max_results_gives_the_nearest(structure) -> None:
    vectors = clustered("euclidean", 3000, 8)
    index = nearfile.build(vectors, metric="euclidean", structure=structure, n_trees=4)
    queries = vectors[:20]
    for exact in (True, False):
        for most in (1, 5, 200, 5000):
            ids, distances, offsets = index.search_radius(queries, 2.0, max_results=most, exact=exact)
            assert (np.diff(offsets) <= most).all()
            for i, query in enumerate(queries):
                expected = tuple(part[:most] for part in brute_force(index, query, 2.0))
                part = slice(offsets[i], offsets[i + 1])
                if exact:
                    assert same((ids[part], distances[part]), expected)
                assert len(ids[part]) <= len(expected[0])


def test_a_forest_looks_at_more_where_it_finds_much() -> None:
    vectors = clustered("euclidean", 20000, 8)
    index = nearfile.build(vectors, metric="euclidean", structure="forest", n_trees=10)
    query = vectors[0]
    radius = float(index.search(query, k=1500, exact=True)[1][-1])
    few_candidates = index.search_radius(query, radius, search_k=40)
    assert len(few_candidates[0]) > 40
    found = index.search_radius(query, radius)
    assert (
        set(few_candidates[0].tolist()) <= set(found[0].tolist()) <= set(brute_force(index, query, radius)[0].tolist())
    )
    assert len(found[0]) >= 0.9 * 1500
    assert same(index.search_radius(query, radius, search_k=20000), brute_force(index, query, radius))


def test_inner_products_of_either_sign() -> None:
    vectors = np.random.default_rng(1).standard_normal((3000, 12)).astype(np.float32)
    index = nearfile.build(vectors, metric="dot", n_trees=4)
    for radius in (6.0, 0.0, -3.0, float("-inf")):
        assert same(index.search_radius(vectors[0], radius, exact=True), brute_force(index, vectors[0], radius))
    assert len(index.search_radius(vectors[0], float("-inf"))[0]) == 3000
    assert len(index.search_radius(vectors[0], float("inf"))[0]) == 0


def test_names_items_and_empty_batches() -> None:
    index = nearfile.build(np.eye(3), metric="euclidean", ids=["x", "y", "z"])
    ids, distances, offsets = index.search_radius([nearfile.Item("y"), [5, 5, 5]], 1.5)
    assert ids.tolist() == ["y", "x", "z"]
    assert ids.dtype == object
    assert distances.tolist() == pytest.approx([0, 2**0.5, 2**0.5])
    assert offsets.tolist() == [0, 3, 3]
    ids, distances, offsets = index.search_radius(np.empty((0, 3), np.float32), 1.5)
    assert (ids.shape, distances.shape, offsets.tolist()) == ((0,), (0,), [0])
    ids, distances = index.search_radius([9, 9, 9], 0.5)
    assert (ids.shape, ids.dtype, distances.shape) == ((0,), object, (0,))


def test_an_empty_index_has_nothing_within() -> None:
    index = nearfile.Builder(2, "euclidean").build()
    assert [len(part) for part in index.search_radius([1.0, 2.0], 5)] == [0, 0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"radius": -0.5}, "radius: expected at least 0"),
        ({"radius": float("nan")}, "radius: expected a number, got nan"),
        ({"radius": 1, "recall": 0}, "recall: expected a number above 0"),
        ({"radius": 1, "search_k": 5}, "search_k: expected a search of a forest"),
        ({"radius": 1, "max_results": 0}, "max_results: expected a whole number from 1"),
        ({"radius": 1, "threads": 0}, "threads: expected"),
        ({"radius": 1, "query": [1.0]}, "got shape (1,)"),
        ({"radius": 1, "query": [[1.0, float("nan"), 0]]}, "must be finite"),
    ],
)
def test_what_cannot_be_is_refused(options, words) -> None:
    index = nearfile.build(np.eye(3), metric="euclidean")
    with pytest.raises(nearfile.InvalidArgumentError) as caught:
        index.search_radius(**{"query": [1.0, 0, 0], **options})
    assert words in str(caught.value)


def test_radius_is_a_number() -> None:
    index = nearfile.build(np.eye(3), metric="euclidean")
    for radius in (True, "1", None, [1.0]):
        with pytest.raises(TypeError, match="radius: expected a number"):
            index.search_radius([1.0, 0, 0], radius)


def test_a_forest_takes_no_recall() -> None:
    index = nearfile.build(np.eye(3), structure="forest")
    with pytest.raises(nearfile.InvalidArgumentError, match="recall: expected a search of a graph"):
        index.search_radius([1.0, 0, 0], 1, recall=0.9)


@pytest.mark.parametrize("structure", reference.STRUCTURES)
@pytest.mark.parametrize("share", [0.6, 0.02, 0.0])
def test_what_is_within_a_radius_is_allowed_and_not_excluded(structure: str, share: float) -> None:
    rng = np.random.default_rng(4)
    vectors = rng.normal(size=(3000, 12)).astype("f4")
    index = nearfile.build(vectors, metric="euclidean", structure=structure)
    masks = rng.random((20, 3000)) < share
    excluded = [5, 6, 99_999]
    allowed = masks & ~np.isin(np.arange(3000), excluded)
    ids, distances, offsets = index.search_radius(vectors[:20], 3.0, filter=masks, exclude=excluded, exact=True)
    for query, (start, end) in enumerate(zip(offsets, offsets[1:])):
        far = np.linalg.norm(vectors.astype("f8") - vectors[query], axis=1)
        within = np.flatnonzero(allowed[query] & (far <= 3.0))
        assert sorted(ids[start:end].tolist()) == within.tolist()
        assert np.all(np.diff(distances[start:end]) >= 0)
    few, _ = index.search_radius(vectors[0], 3.0, filter=masks[0], max_results=4)
    assert len(few) == min(4, np.count_nonzero(masks[0] & (np.linalg.norm(vectors - vectors[0], axis=1) <= 3.0)))
    assert masks[0][few].all()


def test_a_batch_in_blocks_has_the_filters_and_exclusions_of_its_own_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(300, 4)).astype("f4")
    index = nearfile.build(vectors, metric="euclidean")
    masks = rng.random((30, 300)) < 0.5
    excluded = [[query, 7] if query % 3 else [] for query in range(30)]
    whole = index.search_radius(vectors[:30], 1.5, filter=masks, exclude=excluded)
    monkeypatch.setattr(nearfile.radius, "QUERIES_A_BLOCK", 7)
    for found, expected in zip(index.search_radius(vectors[:30], 1.5, filter=masks, exclude=excluded), whole):
        assert found.tolist() == expected.tolist()
    ids, _, offsets = whole
    for query, (start, end) in enumerate(zip(offsets, offsets[1:])):
        near = np.linalg.norm(vectors - vectors[query], axis=1) <= 1.5
        near[excluded[query]] = False
        assert sorted(ids[start:end].tolist()) == np.flatnonzero(near & masks[query]).tolist()
