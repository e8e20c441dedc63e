"""AnnoyIndex over a graph: what is built when, and what n_trees and search_k mean there."""

from __future__ import annotations

import copy
import pathlib
import pickle

import nearfile
import numpy as np
import pytest
import reference
from nearfile import AnnoyIndex
from nearfile.annoy import engine, readers

COUNT = 1500
GRAPHS = sorted(readers.METRICS)


def index_of(metric: str, n_trees: int = 10, holes: bool = False, **options: str) -> AnnoyIndex:
    index = AnnoyIndex(16, metric)
    index.add_items(np.arange(COUNT) * 2 + 1 if holes else None, reference.vectors_for(metric, COUNT, 16))
    assert index.build(n_trees, **options) is True
    return index


def kind(index: AnnoyIndex) -> str:
    return index._reader.core.structure


def found(index: AnnoyIndex, queries: np.ndarray, **options: int) -> float:
    """The recall of the ten nearest, equal distances counted as found."""
    exact = index.get_nns_by_vectors(queries, 10, -2, include_distances=True)[1][:, -1]
    sign = -1 if "dot" in repr(index) else 1
    near = index.get_nns_by_vectors(queries, 10, include_distances=True, **options)[1]
    return float(np.mean(sign * near <= (sign * exact)[:, None] + 1e-6))


@pytest.mark.parametrize(
    ("metric", "dim", "count", "expected"),
    [
        *((metric, 8, 1025, "graph") for metric in GRAPHS),
        ("euclidean", 8, 1024, "forest"),
        ("euclidean", 7, 1025, "forest"),
        ("euclidean", 7, 0, "forest"),
    ],
)
def test_a_graph_is_built_where_it_helps(metric: str, dim: int, count: int, expected: str) -> None:
    index = AnnoyIndex(dim, metric)
    index.add_items(None, reference.vectors_for(metric, count, dim) if count else np.empty((0, dim)))
    index.build(2)
    assert kind(index) == expected


@pytest.mark.parametrize("structure", ["graph", "forest"])
def test_either_can_be_asked_for(structure: str) -> None:
    for metric, dim in (("euclidean", 8), ("dot", 8), ("euclidean", 2)):
        index = AnnoyIndex(dim, metric)
        index.add_items(None, reference.vectors_for(metric, 30, dim))
        index.build(2, structure=structure)
        assert kind(index) == structure
        assert len(index.get_nns_by_item(0, 5)) == 5


def test_another_structure_is_refused_and_the_items_stay() -> None:
    index = AnnoyIndex(2, "euclidean")
    index.add_item(0, [1, 1])
    with pytest.raises(ValueError, match="structure: expected one of 'graph', 'forest', got 'tree'"):
        index.build(2, structure="tree")
    with pytest.raises(TypeError, match="structure"):
        index.build(2, structure=3)
    index.add_item(1, [2, 2])
    assert index.build(2) is True


@pytest.mark.parametrize("metric", GRAPHS)
def test_the_default_finds_most_and_more_finds_more(metric: str) -> None:
    index = index_of(metric)
    queries = reference.vectors_for(metric, 100, 16, seed=1)
    recalls = [found(index, queries, search_k=s) for s in (1, 100, 400, 1000, COUNT - 1, COUNT, 10**12, -1, -2)]
    assert recalls[0] > 0.85
    assert recalls[1] > 0.9
    assert recalls[:7] == sorted(recalls[:7])
    assert recalls[5:7] == [1, 1]
    assert recalls[7] == recalls[1]
    assert recalls[8] == 1


@pytest.mark.parametrize("metric", ["euclidean", "hamming"])
@pytest.mark.parametrize("n_trees", [1, 10])
def test_trees_are_asked_for_a_leaf_of_annoys_more_and_of_bits_for_twice(metric: str, n_trees: int) -> None:
    index = index_of(metric, n_trees, structure="forest")
    core = index._reader.core
    each = 2 if metric == "hamming" else 1
    for query in reference.vectors_for(metric, 30, 16, seed=1):
        for search_k in (1, 100, (COUNT - 17) // each):
            ids, _ = core.search(query, 10, 0, 0.0, search_k * each + 16, False)
            assert index.get_nns_by_vector(query, 10, search_k) == ids.tolist()
        exact, _ = core.search(query, 10, 0, 0.0, 0, True)
        for search_k in ((COUNT - 16) // each, COUNT, -2):
            assert index.get_nns_by_vector(query, 10, search_k) == exact.tolist()


def test_search_k_asks_for_no_less_where_it_is_larger() -> None:
    for count in (1025, 10**6, 2**31 - 1):
        for k in (1, 10, 1000):
            asked = [engine.walk(k, s, count) for s in sorted({1, 10, 1000, count // 3, count - 2, count - 1})]
            efforts, recalls = zip(*asked)
            assert list(efforts) == sorted(efforts)
            assert list(recalls) == sorted(recalls)
            assert all(1 <= effort < 2**31 for effort in efforts)
            assert all(0.95 <= recall <= 1 for recall in recalls)


@pytest.mark.parametrize("n_trees", [1, 3, 100, -1])
def test_n_trees_is_what_was_asked_for(n_trees: int, tmp_path: pathlib.Path) -> None:
    index = index_of("angular", n_trees)
    expected = 6 if n_trees == -1 else n_trees
    assert index.get_n_trees() == expected
    index.save(tmp_path / "a")
    other = AnnoyIndex(16, "angular")
    other.load(tmp_path / "a")
    assert other.get_n_trees() == expected
    info = nearfile.open(tmp_path / "a").info()
    assert (info["n_trees"], info["n_trees_asked"]) == (min(expected, 16), expected)
    assert other.get_nns_by_item(3, 5) == other.get_nns_by_item(3, 5, 5 * expected)


@pytest.mark.parametrize("metric", GRAPHS)
@pytest.mark.parametrize("holes", [False, True])
def test_every_state_of_a_graph(metric: str, holes: bool, tmp_path: pathlib.Path) -> None:
    def answers(index: AnnoyIndex) -> object:
        numbers = range(0, index.get_n_items(), 301)
        return (
            [index.get_nns_by_item(i, 5, include_distances=True) for i in numbers],
            [index.get_item_vector(i) for i in numbers],
            [index.get_distance(i, 7) for i in numbers],
        )

    index = index_of(metric, holes=holes)
    assert kind(index) == "graph"
    expected = answers(index)
    for other in (copy.copy(index), pickle.loads(pickle.dumps(index))):
        assert answers(other) == expected
    index.save(tmp_path / "a")
    assert answers(index) == answers(pickle.loads(pickle.dumps(index))) == expected
    disk = AnnoyIndex(16, metric)
    disk.on_disk_build(tmp_path / "disk")
    ids = np.arange(COUNT) * 2 + 1 if holes else None
    disk.add_items(ids, reference.vectors_for(metric, COUNT, 16))
    disk.build(10, n_jobs=3)
    assert (tmp_path / "disk").read_bytes() == (tmp_path / "a").read_bytes()
    disk.unbuild()
    disk.add_item(0, [1] * 16)
    assert disk.get_item_vector(7) == index.get_item_vector(7)
    disk.build(10, structure="forest")
    assert kind(disk) == "forest"
    (nearest,) = disk.get_nns_by_vector([1] * 16, 1, 2 * COUNT, include_distances=True)[1]
    assert nearest >= 16 if metric == "dot" else nearest == 0


def test_the_order_of_adding_does_not_matter_to_a_graph() -> None:
    vectors = reference.vectors_for("euclidean", COUNT, 16)
    index = AnnoyIndex(16, "euclidean")
    for i in np.random.default_rng(1).permutation(COUNT):
        index.add_item(i, vectors[i])
    index.build(10)
    assert index._reader.core.contents() == index_of("euclidean")._reader.core.contents()
