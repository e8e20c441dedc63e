"""A batch shares work among its queries, and its answers are those of one query after the other, bit for bit."""

from __future__ import annotations

import nearfile
import numpy as np
import pytest
import reference
from hypothesis import example, given, settings
from hypothesis import strategies as st

KINDS = ("gauss", "bytes", "half", "duplicates")


def sample(kind: str, metric: str, n: int, dim: int, seed: int) -> np.ndarray:
    """Vectors with a mean that is not zero; of duplicates a seventh are zeros."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n, dim)) + 1
    if metric == "hamming":
        vectors = vectors > 1
    elif kind == "bytes":
        vectors = np.clip(vectors * 30 + 90, 0, 255).round()
    elif kind == "half":
        vectors = vectors.astype("f2")
    if kind == "duplicates":
        vectors = vectors[rng.integers(0, max(1, n // 10), n)]
        vectors[::7] = 0
    return vectors.astype("f4")


def same_as_one_by_one(index: nearfile.Index, queries: np.ndarray, k: int = 10, **options: object) -> None:
    one_by_one = [index.search(query, k=k, **options) for query in queries]
    for threads in (1, 2, 5):
        ids, distances = index.search(queries, k=k, threads=threads, **options)
        assert ids.tolist() == [found.tolist() for found, _ in one_by_one]
        assert distances.tobytes() == b"".join(each.tobytes() for _, each in one_by_one)


@pytest.mark.parametrize("structure", reference.STRUCTURES)
@pytest.mark.parametrize("metric", reference.METRICS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_of_any_size_is_its_queries_one_by_one(kind: str, metric: str, structure: str) -> None:
    vectors = sample(kind, metric, 1300, 37, seed=1)
    queries = np.concatenate([vectors[5:20], sample(kind, metric, 80, 37, seed=2)])
    index = nearfile.build(vectors, metric=metric, structure=structure, n_trees=2)
    for n in (2, 9, 40, len(queries)):
        same_as_one_by_one(index, queries[:n], exact=True)
        same_as_one_by_one(index, queries[:n], **{reference.BUDGETS[structure]: 30})


@pytest.mark.parametrize("keep", ["half", "none"])
@pytest.mark.parametrize("metric", ["euclidean", "cosine", "dot"])
def test_exact_batches_measure_what_is_kept(metric: str, keep: str) -> None:
    vectors = sample("gauss", metric, 1300, 70, seed=3)
    index = nearfile.build(vectors, metric=metric, keep=keep)
    same_as_one_by_one(index, sample("gauss", metric, 60, 70, seed=4), exact=True)


def test_an_exact_batch_finds_as_many_as_there_are_and_more_than_a_block_holds() -> None:
    vectors = sample("gauss", "euclidean", 3000, 9, seed=5)
    index = nearfile.build(vectors, metric="euclidean", structure="forest", n_trees=2)
    for k in (1, 300, 5000):
        same_as_one_by_one(index, vectors[:40] + 1, k=k, exact=True)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["euclidean", "angular", "cosine", "dot", "manhattan"]),
    st.sampled_from(reference.STRUCTURES),
    st.integers(-24, 18),
    st.integers(0, 6),
    st.integers(0, 2**32),
)
@example("euclidean", "forest", -20, 1, 0)  # squares that single precision has few bits of
@example("dot", "forest", -21, 0, 0)  # products of codes that it has none of
def test_an_exact_batch_rules_out_nothing_wrongly_at_any_scale(metric, structure, scale, decades, seed) -> None:
    rng = np.random.default_rng(seed)
    dim, n = int(rng.integers(1, 40)), int(rng.integers(200, 700))
    lengths = 10.0 ** (scale + rng.uniform(-decades, decades, size=(n, 1)))
    vectors = (rng.normal(size=(n, dim)) * np.minimum(lengths, 3e17)).astype("f4")
    vectors[rng.integers(0, n, 50)] = vectors[rng.integers(0, n, 50)]  # ties
    queries = vectors[rng.integers(0, n, 40)] * np.float32(rng.choice([1.0, 1.0000001, 0.5]))
    index = nearfile.build(vectors, metric=metric, structure=structure, n_trees=2)
    same_as_one_by_one(index, queries, exact=True)


def test_more_items_at_one_distance_than_a_scan_remembers_are_told_apart_by_id() -> None:
    n = 40_000
    ids = np.random.default_rng(6).permutation(n)
    index = nearfile.build(np.ones((n, 2), "f4"), ids=ids, metric="manhattan", structure="forest", n_trees=1)
    for queries in (np.zeros(2, "f4"), np.zeros((20, 2), "f4")):
        found = index.search(queries, k=10, exact=True)[0]
        assert (found == np.arange(10)).all()


def test_drift_is_counted_among_the_first_queries_of_a_batch_not_among_the_first_in_order() -> None:
    vectors = sample("gauss", "euclidean", 3000, 8, seed=7)
    index = nearfile.build(vectors, metric="euclidean")
    near = vectors[:400] + np.float32(0.01)
    far = near + np.float32(40)
    index.search(np.concatenate([near, far]), effort=20, threads=1)
    counts = index._core.query_drift()
    assert counts is not None
    assert counts[0] < 32
