"""Exact neighbours beside the plainest way to find them, and recall as a user means it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench import datasets, truth

METRICS = ("euclidean", "angular", "dot")


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("scale", [1, 1e4])
def test_the_nearest_are_those_of_a_full_sort(random: np.random.Generator, metric: str, scale: float) -> None:
    base = (random.standard_normal((3000, 24)) * scale + 5 * scale).astype(np.float32)
    base[10:60] = base[5]  # more ties than there are spare candidates
    base[100] = 0
    queries = np.concatenate([base[:6], random.standard_normal((20, 24)), np.zeros((1, 24))]).astype(np.float32)
    ids, found = truth.nearest(base, queries, metric, 10)
    for query, row, row_distances in zip(queries, ids, found):
        plain = truth.distances(base, query, metric)
        assert row_distances == pytest.approx(np.sort(plain)[:10], rel=1e-9, abs=1e-9)
        assert truth.distances(base[row], query, metric) == pytest.approx(row_distances, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("metric", METRICS)
def test_blocks_of_vectors_change_nothing(
    random: np.random.Generator, metric: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, queries = (random.standard_normal((count, 16)).astype(np.float32) for count in (500, 20))
    whole = truth.nearest(base, queries, metric, 7)
    monkeypatch.setattr(truth, "BASE_BLOCK", 33)
    monkeypatch.setattr(truth, "QUERY_BLOCK", 3)
    for one, other in zip(whole, truth.nearest(base, queries, metric, 7)):
        assert np.array_equal(one, other)


def test_fewer_vectors_than_neighbours(random: np.random.Generator) -> None:
    base = random.standard_normal((4, 3)).astype(np.float32)
    ids, found = truth.nearest(base, base, "euclidean", 10)
    assert ids.shape == found.shape == (4, 4)
    assert truth.recall(ids, found[:, -1], base, base, "euclidean", 10) == 1


def test_recall_counts_ties_by_distance_and_every_row_once() -> None:
    base = np.array([[0], [1], [1], [1], [5], [6]], np.float32)
    queries = np.zeros((1, 1), np.float32)
    _, found = truth.nearest(base, queries, "euclidean", 2)

    def recall(*answer: int) -> float:
        return truth.recall([np.array(answer)], found[:, -1], base, queries, "euclidean", 2)

    assert recall(0, 1) == recall(0, 3) == recall(2, 3) == 1
    assert recall(0, 0) == recall(0, 4) == recall(0, -1) == recall(0) == 0.5
    assert recall(4, 5) == recall() == 0
    # No answer is worth more than the k that were asked for.
    assert recall(0, 1, 2, 3) == 1


def test_what_libraries_round_is_a_tie() -> None:
    base = np.array([[1.0], [1.0 + 5e-7], [1.0 + 1e-5]], np.float32)
    queries = np.zeros((1, 1), np.float32)
    kth = np.array([1.0])
    assert truth.recall([[1]], kth, base, queries, "euclidean", 1) == 1
    assert truth.recall([[2]], kth, base, queries, "euclidean", 1) == 0


def test_every_k_is_kept_from_one_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    np.save(tmp_path / "base.npy", random.random((40, 3)))
    np.save(tmp_path / "query.npy", random.random((5, 3)))
    data = datasets.prepare(f"{tmp_path}/base.npy,{tmp_path}/query.npy", tmp_path, metric="euclidean")
    plain = {k: truth.nearest(data.base(), data.queries()[:4], "euclidean", k)[1][:, -1] for k in (3, 10, 100)}
    asked = []
    nearest = truth.nearest
    monkeypatch.setattr(truth, "nearest", lambda *arguments: asked.append(arguments[3]) or nearest(*arguments))
    truth.prepare(data, 4, [3, 10, 100])
    for k, expected in plain.items():
        assert truth.kth_distances(data, 4, k) == pytest.approx(expected, rel=1e-12)
    assert asked == [100]


def test_larger_inner_products_are_nearer() -> None:
    base = np.array([[1], [-2], [3]], np.float32)
    ids, found = truth.nearest(base, np.ones((1, 1), np.float32), "dot", 3)
    assert ids.tolist() == [[2, 0, 1]]
    assert found.tolist() == [[-3, -1, 2]]


def test_unsigned_labels_that_mean_nothing_found_count_for_nothing() -> None:
    base = np.ones((3, 2), np.float32)
    answer = np.array([[0, 2**64 - 1]], np.uint64)
    assert truth.recall(answer, np.zeros(1), base, base[:1], "euclidean", 2) == 0.5


def test_rows_that_do_not_exist_are_an_error_of_the_adapter() -> None:
    base = np.ones((3, 2), np.float32)
    with pytest.raises(ValueError, match="expected row numbers below 3, got 3"):
        truth.recall([[3]], np.zeros(1), base, base[:1], "euclidean", 1)
