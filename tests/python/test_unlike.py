"""The warning that queries are unlike those of the calibration: when it is said, and when not."""

from __future__ import annotations

import pathlib
import threading
import warnings

import nearfile
import numpy as np
import pytest
from numpy.typing import NDArray

DIM = 24
METRICS = ("euclidean", "angular", "cosine", "dot", "manhattan")


def clustered(n: int, seed: int) -> NDArray[np.float32]:
    """Rows around 40 centers that do not depend on the seed, of positive values, in few directions."""
    shape = np.random.default_rng(7)
    centers, directions = shape.gamma(2.0, 20.0, (40, DIM)), shape.normal(0, 4.0, (6, DIM))
    rng = np.random.default_rng(seed)
    rows = centers[rng.integers(0, 40, n)] + rng.normal(size=(n, 6)) @ directions + rng.normal(size=(n, DIM))
    return rows.astype(np.float32)


QUERIES = clustered(600, seed=2)


def unlike(name: str) -> NDArray[np.float32]:
    rng = np.random.default_rng(3)
    if name == "noise":
        return rng.normal(0, QUERIES.std(), QUERIES.shape).astype(np.float32)
    if name == "permuted":
        return QUERIES[:, rng.permutation(DIM)]
    if name == "negative":
        return -QUERIES
    assert name == "scaled"
    return QUERIES / 50


@pytest.fixture(scope="module", params=METRICS)
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    path = tmp_path_factory.mktemp("unlike") / f"{request.param}.near"
    # Queries that were made up say nothing of users': inner products are watched where a sample of these was given.
    sample = clustered(600, seed=5) if request.param == "dot" else None
    nearfile.build(clustered(4000, seed=1), path, metric=request.param, structure="graph", queries=sample).close()
    return path


@pytest.fixture
def index(path: pathlib.Path) -> nearfile.Index:
    return nearfile.open(path)  # the counting starts anew


@pytest.mark.parametrize("k", [1, 10])
def test_nothing_is_said_of_queries_that_are_alike(index: nearfile.Index, k: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        index.search(QUERIES, k)
        for query in QUERIES:
            index.search(query, k)


def test_nothing_is_said_of_items(index: nearfile.Index) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        index.search(index.vectors(range(0, 4000, 5)))


@pytest.mark.parametrize("name", ["noise", "permuted", "negative", "scaled"])
def test_queries_that_are_unlike_are_told_once(index: nearfile.Index, name: str) -> None:
    queries = unlike(name)
    if name == "scaled" and index.metric in ("angular", "cosine", "dot"):
        pytest.skip("the length of a query makes no difference")
    if name == "permuted" and index.metric == "dot":
        pytest.skip("products of values above zero are large in any order")
    with pytest.warns(nearfile.UnlikeQueriesWarning, match="the first 256 have a nearest item farther") as told:
        index.search(queries)
    assert len(told) == 1
    assert told[0].filename == __file__
    assert "build with queries=" in str(told[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        index.search(queries)


def test_single_queries_count_as_batches_do(index: nearfile.Index) -> None:
    queries = unlike("noise")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for query in queries[:255]:
            index.search(query)
    with pytest.warns(nearfile.UnlikeQueriesWarning) as told:
        index.search(queries[255])
    assert told[0].filename == __file__


def test_few_queries_say_nothing(index: nearfile.Index) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        index.search(unlike("noise")[:200])


def test_many_threads_count_together(index: nearfile.Index) -> None:
    queries = unlike("noise")

    def search() -> None:
        for query in queries[:100]:
            index.search(query)

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        threads = [threading.Thread(target=search) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        index.search(queries[0])
    assert [each.category for each in told] == [nearfile.UnlikeQueriesWarning]


@pytest.mark.parametrize("first", ["exact", "empty", "all"])
def test_searches_that_do_not_walk_are_not_watched_and_end_no_watch(index: nearfile.Index, first: str) -> None:
    queries = unlike("noise")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if first == "exact":
            index.search(queries, exact=True)
            index.search(queries[0], exact=True)
        elif first == "empty":
            index.search(queries[:0])
        else:
            index.search(queries, effort=len(index))
    with pytest.warns(nearfile.UnlikeQueriesWarning, match="the first 256 have a nearest item farther"):
        index.search(queries)


def test_info_has_the_distances(index: nearfile.Index) -> None:
    nearest = index.info()["calibrated_nearest"]
    assert list(nearest) == [1, 25, 50, 75, 99]
    assert list(nearest.values()) == sorted(nearest.values())
    distances = index.search(QUERIES, 1)[1][:, 0]
    if index.metric == "dot":
        distances = -distances / np.linalg.norm(QUERIES, axis=1)
    assert nearest[25] < np.median(distances) < nearest[75]


def test_without_a_calibration_or_with_made_up_queries_nothing_is_said() -> None:
    small = nearfile.build(clustered(500, seed=1), metric="euclidean")
    forest = nearfile.build(clustered(3000, seed=1), metric="euclidean", structure="forest")
    products = nearfile.build(clustered(3000, seed=1), metric="dot", structure="graph")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for index in (small, forest, products):
            index.search(unlike("noise"))
            assert index.info()["calibrated_nearest"] == {}
            assert not index._watching
