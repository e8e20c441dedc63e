"""Every item's nearest: itself first, the others as searches find them, in the form that other libraries take."""

from __future__ import annotations

import sys

import nearfile
import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from test_radius import clustered

few = settings(max_examples=30, deadline=None)
SMALL = st.integers(-8, 8).map(float)


def others(index: nearfile.Index, row: int, k: int):
    """Rows and distances of an item's k nearest others, by brute force; ids are rows."""
    ids, distances = index.search(index.vector(row), k=len(index), exact=True)
    keep = ids != row
    return ids[keep][:k], distances[keep][:k]


@st.composite
def data(draw: st.DrawFn):
    metric = draw(st.sampled_from(reference.METRICS))
    shape = draw(st.integers(1, 40)), draw(st.integers(1, 12))
    elements = st.sampled_from([0.0, 1.0]) if metric == "hamming" else SMALL
    return metric, draw(st_numpy.arrays("f4", shape, elements=elements))


@few
@given(data(), st.sampled_from(reference.STRUCTURES), st.integers(1, 50), st.booleans())
def test_it_is_brute_force_of_few_items(each, structure, k, exact) -> None:
    metric, vectors = each
    index = nearfile.build(vectors, metric=metric, structure=structure, n_trees=2)
    graph = index.knn_graph(k, exact=exact)
    n = len(vectors)
    assert graph.rows.shape == graph.distances.shape == (n, min(k, n))
    assert (graph.rows.dtype, graph.distances.dtype) == (np.int32, np.float32)
    for row in range(n):
        expected, distances = others(index, row, min(k, n) - 1)
        assert graph.rows[row].tolist() == [row, *expected.tolist()]
        assert graph.distances[row, 1:].tolist() == distances.tolist()
    if metric == "dot":
        np.testing.assert_allclose(graph.distances[:, 0], (vectors**2).sum(axis=1), rtol=1e-6)
    else:
        assert not graph.distances[:, 0].any()


@pytest.mark.parametrize("keep", ["exact", "none"])
def test_recall_is_what_was_asked_for(metric, keep) -> None:
    index = nearfile.build(clustered(metric, 5000, 16), metric=metric, keep=keep, n_trees=4)
    for recall in (0.8, 0.97):
        check_recall(index, index.knn_graph(12, recall=recall), recall)


def test_recall_of_forests_is_what_was_asked_for() -> None:
    index = nearfile.build(clustered("euclidean", 5000, 16), metric="euclidean", structure="forest", n_trees=10)
    check_recall(index, index.knn_graph(12, recall=0.9), 0.9)


def check_recall(index: nearfile.Index, graph: nearfile.NeighborGraph, recall: float) -> None:
    n, k = graph.rows.shape
    assert (graph.rows[:, 0] == np.arange(n)).all()
    assert all(len(set(row)) == k for row in graph.rows.tolist())
    further = np.diff(graph.distances[:, 1:])
    assert (further <= 0).all() if index.metric == "dot" else (further >= 0).all()
    sample = range(0, n, 7)
    names, distances = index.search(index.vectors(sample), k=k, exact=True)
    found = 0
    for row, ids, nearest in zip(sample, names, distances):
        farthest = nearest[ids != row][k - 2]
        within = graph.distances[row, 1:] >= farthest if index.metric == "dot" else graph.distances[row, 1:] <= farthest
        found += int(within.sum())
    assert found / (len(sample) * (k - 1)) >= recall - 0.01


def test_an_item_is_first_among_its_duplicates() -> None:
    random = np.random.default_rng(0)
    vectors = random.standard_normal((3000, 8)).astype(np.float32)
    vectors[500:1500] = vectors[0]
    vectors[2000:2400] = 0
    for metric in ("cosine", "euclidean", "dot"):
        graph = nearfile.build(vectors, metric=metric, n_trees=4).knn_graph(8)
        assert (graph.rows[:, 0] == np.arange(3000)).all()
        assert all(len(set(row)) == 8 for row in graph.rows.tolist())
        if metric == "euclidean":
            assert not graph.distances[500:1500].any()


def test_items_whose_neighbours_lead_nowhere_else_get_all_that_were_asked_for() -> None:
    # Clusters smaller than k, far apart: the way from an item need not lead out of its own.
    random = np.random.default_rng(0)
    centers = 1000 * random.standard_normal((500, 8))
    vectors = (np.repeat(centers, 6, axis=0) + random.standard_normal((3000, 8))).astype(np.float32)
    index = nearfile.build(vectors, metric="euclidean", n_trees=4)
    check_recall(index, index.knn_graph(15, recall=0.95), 0.95)


def test_any_number_of_threads_gives_the_same() -> None:
    index = nearfile.build(clustered("cosine", 4000, 16), metric="cosine", n_trees=4)
    one, three = index.knn_graph(10, threads=1), index.knn_graph(10, threads=3)
    assert (one.rows == three.rows).all()
    assert (one.distances == three.distances).all()


def test_rows_are_numbers_in_the_order_of_adding_and_ids_are_names() -> None:
    vectors = [[0.0], [1.0], [3.0]]
    named = nearfile.build(vectors, metric="euclidean", ids=["a", "b", "c"]).knn_graph(2)
    assert named.rows.tolist() == [[0, 1], [1, 0], [2, 1]]
    assert named.ids.tolist() == [["a", "b"], ["b", "a"], ["c", "b"]]
    numbered = nearfile.build(vectors, metric="euclidean", ids=[70, 60, 50]).knn_graph(2)
    assert numbered.rows.tolist() == [[0, 1], [1, 0], [2, 1]]
    assert numbered.ids.tolist() == [[70, 60], [60, 70], [50, 60]]
    assert repr(named) == "<nearfile.NeighborGraph of 3 items, k=2>"


def test_scipy_has_own_rows_first_with_zeros_that_are_stored() -> None:
    vectors = clustered("euclidean", 300, 8)
    graph = nearfile.build(vectors, metric="euclidean").knn_graph(6)
    matrix = graph.to_scipy()
    assert type(matrix).__name__ == "csr_matrix"
    assert matrix.shape == (300, 300)
    assert matrix.nnz == 300 * 6
    assert matrix.indices.reshape(300, 6).tolist() == graph.rows.tolist()
    data = matrix.data.reshape(300, 6)
    assert not data[:, 0].any()
    assert (np.diff(data) >= 0).all()  # as sklearn's own check of precomputed graphs wants
    for row in (0, 299):
        for other, distance in zip(graph.rows[row], graph.distances[row]):
            assert matrix[row, other] == distance


def test_without_scipy_it_says_what_to_install(monkeypatch) -> None:
    graph = nearfile.build(np.eye(3), metric="euclidean").knn_graph(2)
    monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    with pytest.raises(ImportError, match="pip install scipy"):
        graph.to_scipy()


def test_inner_products_are_no_distances() -> None:
    graph = nearfile.build(np.eye(3), metric="dot").knn_graph(2)
    with pytest.raises(nearfile.InvalidArgumentError, match="metric of distances, got dot"):
        graph.to_scipy()


def test_an_empty_index_has_an_empty_graph() -> None:
    graph = nearfile.Builder(2, "euclidean").build().knn_graph()
    assert graph.rows.shape == (0, 0)
    assert graph.to_scipy().shape == (0, 0)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"k": 0}, nearfile.InvalidArgumentError),
        ({"k": 2.5}, TypeError),
        ({"recall": 1.5}, nearfile.InvalidArgumentError),
        ({"recall": "all"}, TypeError),
        ({"threads": -1}, nearfile.InvalidArgumentError),
    ],
)
def test_what_cannot_be_is_refused(options, error) -> None:
    with pytest.raises(error):
        nearfile.build(np.eye(3)).knn_graph(**options)


def test_a_closed_index_has_none() -> None:
    index = nearfile.build(np.eye(3))
    index.close()
    with pytest.raises(nearfile.ClosedError):
        index.knn_graph()


def test_it_can_be_interrupted(run_python) -> None:
    out = run_python(
        """
        import _thread, threading, time
        import nearfile, numpy
        vectors = numpy.random.default_rng(0).standard_normal((200_000, 16)).astype(numpy.float32)
        index = nearfile.build(vectors, metric="euclidean", structure="forest", n_trees=1)
        threading.Timer(0.5, _thread.interrupt_main).start()
        start = time.perf_counter()
        try:
            index.knn_graph(50, exact=True)
        except KeyboardInterrupt:
            print("interrupted", time.perf_counter() - start < 60)
        """
    )
    assert out == "interrupted True\n"
