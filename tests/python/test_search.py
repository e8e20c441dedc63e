"""Searching: against brute force, for every metric, one query and many."""

from __future__ import annotations

import nearfile
import numpy as np
import pytest
import reference


@pytest.mark.parametrize("dim", [1, 3, 17, 64, 100])
def test_exact_search_is_brute_force(metric: str, structure: str, dim: int) -> None:
    vectors = reference.vectors_for(metric, 300, dim)
    index = nearfile.build(vectors, metric=metric, structure=structure, n_trees=2)
    for query in reference.vectors_for(metric, 10, dim, seed=1):
        reference.check(metric, index.search(query, k=7, exact=True), query, vectors, 7)


def test_search_of_as_many_candidates_as_items_is_exact(metric: str, structure: str) -> None:
    vectors = reference.vectors_for(metric, 3000, 20)
    index = nearfile.build(vectors, metric=metric, structure=structure, n_trees=4)
    for query in reference.vectors_for(metric, 10, 20, seed=1):
        all_of_them = index.search(query, **{reference.BUDGETS[structure]: 3000})
        exact = index.search(query, exact=True)
        assert all_of_them[0].tolist() == exact[0].tolist()
        assert all_of_them[1].tolist() == exact[1].tolist()


def test_default_search_finds_most_of_the_nearest(metric: str, structure: str) -> None:
    vectors = reference.vectors_for(metric, 20000, 24)
    index = nearfile.build(vectors, metric=metric, structure=structure)
    queries = reference.vectors_for(metric, 100, 24, seed=1)
    _, found = index.search(queries)
    _, exact = index.search(queries, exact=True)
    # By distance, since with hamming many items are as near as the tenth.
    worst = exact[:, -1:]
    as_near = found >= worst if metric == "dot" else found <= worst
    assert as_near.mean() > 0.8


@pytest.mark.parametrize(
    ("structure", "budgets"), [("forest", (100, 1000, 10000)), ("graph", (10, 30, 300))], ids=reference.BUDGETS.get
)
def test_more_candidates_find_more(structure: str, budgets: tuple[int, int, int]) -> None:
    vectors = reference.vectors_for("euclidean", 20000, 24)
    index = nearfile.build(vectors, metric="euclidean", structure=structure, n_trees=8)
    queries = reference.vectors_for("euclidean", 100, 24, seed=1)
    exact, _ = index.search(queries, exact=True)

    def recall(budget: int) -> float:
        found, _ = index.search(queries, **{reference.BUDGETS[structure]: budget})
        return float(np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found, exact)]))

    few, more, many = map(recall, budgets)
    assert few < more < many
    assert many > 0.95


@pytest.mark.parametrize("metric", ["angular", "cosine"])
@pytest.mark.parametrize("dim", [3, 48, 300])
def test_directions_are_never_more_than_two_apart(metric: str, structure: str, dim: int) -> None:
    some = reference.vectors_for(metric, 1200, dim)
    index = nearfile.build(np.r_[some, some * -2], metric=metric, structure=structure, n_trees=2)
    for exact in (True, False):
        _, distances = index.search(some[:60], k=2400, exact=exact)
        assert 1.99 < distances.max() <= 2
        assert distances.min() >= 0
    assert all(1.99 < index.distance(row, row + 1200) <= 2 for row in range(1200))


@pytest.mark.parametrize("metric", ["euclidean", "dot", "manhattan", "hamming"])
@pytest.mark.parametrize("exact", [True, False])
def test_ties_are_in_the_order_of_ids(metric: str, structure: str, exact: bool) -> None:
    random = np.random.default_rng(3)
    vectors = random.integers(0, 2, (200, 4)).astype(np.float32)  # at most 16 distinct ones
    ids = random.permutation(200) - 100
    index = nearfile.build(vectors, metric=metric, ids=ids, structure=structure)
    options = {"exact": True} if exact else {reference.BUDGETS[structure]: 200}
    for query in vectors[:20]:
        expected_ids, expected = reference.search(metric, query, vectors, 50, ids)
        found_ids, found = index.search(query, k=50, **options)
        assert found_ids.tolist() == expected_ids.tolist()
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_one_query_gives_one_dimension_and_a_batch_two(metric: str, structure: str) -> None:
    index = nearfile.build(reference.vectors_for(metric, 50, 8), metric=metric, structure=structure)
    queries = reference.vectors_for(metric, 6, 8, seed=1)
    for query, shape in ((queries[0], (5,)), (queries[:1], (1, 5)), (queries, (6, 5)), (queries[:0], (0, 5))):
        ids, distances = index.search(query, k=5)
        assert ids.shape == distances.shape == shape
        assert ids.dtype == np.int64
        assert distances.dtype == np.float32


def test_a_batch_is_its_queries_one_by_one(metric: str, structure: str) -> None:
    index = nearfile.build(reference.vectors_for(metric, 2000, 16), metric=metric, structure=structure)
    queries = reference.vectors_for(metric, 1500, 16, seed=1)  # more than one block
    ids, distances = index.search(queries, k=4)
    for row in (0, 1, 1023, 1024, 1499):
        one_ids, one_distances = index.search(queries[row], k=4)
        assert one_ids.tolist() == ids[row].tolist()
        assert one_distances.tolist() == distances[row].tolist()


def test_a_batch_is_the_same_on_any_number_of_threads(structure: str) -> None:
    index = nearfile.build(reference.vectors_for("cosine", 2000, 16), metric="cosine", structure=structure)
    queries = reference.vectors_for("cosine", 100, 16, seed=1)
    first = index.search(queries)
    for threads in (1, 2, 7):
        again = index.search(queries, threads=threads)
        assert (again[0] == first[0]).all()
        assert (again[1] == first[1]).all()


def test_k_beyond_the_items_gives_them_all(metric: str, structure: str) -> None:
    vectors = reference.vectors_for(metric, 5, 8)
    index = nearfile.build(vectors, metric=metric, structure=structure)
    for k in (5, 6, 1000, 2**31, 2**40):
        assert sorted(index.search(vectors[0], k=k)[0].tolist()) == [0, 1, 2, 3, 4]
        assert index.search(vectors, k=k)[0].shape == (5, 5)


def test_an_empty_index_answers_with_nothing(metric: str, structure: str) -> None:
    for ids in (None, [], np.empty(0, np.int64)):
        index = nearfile.build(np.empty((0, 8)), metric=metric, ids=ids, structure=structure)
        assert len(index) == 0
        for shape, expected in (((8,), (0,)), ((3, 8), (3, 0))):
            found, distances = index.search(np.ones(shape, np.float32))
            assert found.shape == distances.shape == expected
        assert index.ids.tolist() == []
        assert index.vectors([]).shape == (0, 8)
        assert 0 not in index


def test_a_zero_vector_is_at_a_right_angle_to_everything(structure: str) -> None:
    vectors = np.array([[0, 0], [1, 0]], np.float32)
    assert nearfile.build(vectors, metric="angular", structure=structure).distance(0, 1) == pytest.approx(np.sqrt(2))
    assert nearfile.build(vectors, metric="cosine", structure=structure).distance(0, 1) == 1


def test_neighbors_are_those_of_the_items_vector(metric: str, structure: str) -> None:
    vectors = reference.vectors_for(metric, 200, 32)
    index = nearfile.build(vectors, metric=metric, structure=structure)
    ids, distances = index.neighbors(17, k=5)
    expected_ids, expected = index.search(vectors[17], k=5)
    assert ids.tolist() == expected_ids.tolist()
    assert distances.tolist() == expected.tolist()
    if metric != "dot":
        assert ids[0] == 17
    exact, _ = index.neighbors(17, k=5, exact=True)
    assert index.neighbors(17, k=5, **{reference.BUDGETS[structure]: 200})[0].tolist() == exact.tolist()


def test_distance_is_that_of_the_metric(metric: str, structure: str) -> None:
    vectors = reference.vectors_for(metric, 30, 12)
    index = nearfile.build(vectors, metric=metric, structure=structure)
    expected = reference.distances(metric, vectors[4], vectors)
    for other in range(30):
        assert index.distance(4, other) == pytest.approx(expected[other], abs=2e-3)
        assert isinstance(index.distance(4, other), float)


def test_results_belong_to_the_caller() -> None:
    index = nearfile.build(np.eye(4), metric="euclidean")
    ids, distances = index.search(np.eye(4)[0])
    ids[:] = -1
    distances[:] = -1
    vector = index.vector(0)
    vector[:] = -1
    assert index.search(np.eye(4)[0])[0].tolist() == [0, 1, 2, 3]
    assert index.vector(0).tolist() == [1, 0, 0, 0]
