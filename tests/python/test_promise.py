"""A recall that is asked for is given, on data that graphs do badly on: by a walk, or by looking at every item."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import nearfile
import numpy as np
import pytest

N, Q = 6000, 300
Random = np.random.Generator


def far_row(random: Random) -> np.ndarray:
    rows = random.standard_normal((N + Q, 32))
    rows[17] = 1e5
    return rows


def wide_column(random: Random) -> np.ndarray:
    rows = random.standard_normal((N + Q, 32))
    rows[:, 5] *= 1e4
    return rows


def small(random: Random) -> np.ndarray:
    return random.standard_normal((N + Q, 32)) * 1e-5


def underflowing(random: Random) -> np.ndarray:
    return random.standard_normal((N + Q, 32)) * 1e-22


def lengths_over_decades(random: Random) -> np.ndarray:
    return random.standard_normal((N + Q, 32)) * random.lognormal(0, 3, (N + Q, 1))


def zero_rows(random: Random) -> np.ndarray:
    rows = random.standard_normal((N + Q, 32))
    rows[: N // 4] = 0
    return rows


def duplicates(random: Random) -> np.ndarray:
    rows = random.standard_normal((N + Q, 32))
    rows[: N // 2] = rows[0]
    return rows


def tight_clusters(random: Random) -> np.ndarray:
    centres = random.standard_normal((60, 32))
    return centres[random.integers(60, size=N + Q)] + 1e-4 * random.standard_normal((N + Q, 32))


def grid(random: Random) -> np.ndarray:
    items = np.stack(np.meshgrid(*[np.arange(19)] * 3), -1).reshape(-1, 3)[:N].astype(float)
    return np.concatenate([items, random.uniform(2, 14, (Q, 3))])


def fingerprints(random: Random) -> np.ndarray:
    return (random.random((N + Q, 256)) < 0.03).astype(float)


CASES: list[tuple[Callable[[Random], np.ndarray], str]] = [
    (far_row, "euclidean"),
    (far_row, "manhattan"),
    (wide_column, "cosine"),
    (wide_column, "manhattan"),
    (small, "euclidean"),
    (underflowing, "euclidean"),
    (lengths_over_decades, "euclidean"),
    (lengths_over_decades, "manhattan"),
    (zero_rows, "angular"),
    (zero_rows, "cosine"),
    (duplicates, "euclidean"),
    (tight_clusters, "cosine"),
    (grid, "euclidean"),
    (grid, "manhattan"),
    (fingerprints, "hamming"),
]


def distances(queries: np.ndarray, items: np.ndarray, metric: str) -> np.ndarray:
    """By the definition, in double precision."""
    x, y = queries.astype(np.float64), items.astype(np.float64)
    if metric in ("manhattan", "hamming"):
        return np.stack([np.abs(y - each).sum(1) for each in x])
    if metric in ("angular", "cosine"):
        lengths = [np.linalg.norm(each, axis=1, keepdims=True) for each in (x, y)]
        x, y = (each / np.where(length > 0, length, 1) for each, length in zip((x, y), lengths))
        apart = np.stack([((y - each) ** 2).sum(1) for each in x])
        apart[(lengths[0] == 0)[:, 0]] = 2
        apart[:, (lengths[1] == 0)[:, 0]] = 2
        return np.sqrt(apart)
    return np.stack([np.sqrt(((y - each) ** 2).sum(1)) for each in x])


@pytest.mark.parametrize(("make", "metric"), CASES, ids=[f"{make.__name__}-{metric}" for make, metric in CASES])
def test_a_recall_that_is_asked_for_is_given(make: Callable[[Random], np.ndarray], metric: str) -> None:
    random = np.random.default_rng(1)
    rows = make(random).astype(np.float32)
    if make is not grid:
        random.shuffle(rows)
    items, queries = rows[:-Q], rows[-Q:]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", nearfile.ScanWarning)
        index = nearfile.build(items, metric=metric, progress=False)
    apart = distances(queries, items, metric)
    tenth = np.partition(apart, 9, axis=1)[:, 9:10] * (1 + 2e-5)
    for recall in (0.95, 0.99, 1.0):
        ids = index.search(queries, 10, recall=recall)[0]
        found = (np.take_along_axis(apart, ids, 1) <= tenth).mean()
        assert found >= recall - 0.02, f"asked for {recall}, found {found:.3f}"


def test_a_recall_of_one_is_exact() -> None:
    random = np.random.default_rng(2)
    index = nearfile.build(random.standard_normal((N, 24)), metric="euclidean", progress=False)
    queries = random.standard_normal((50, 24))
    for options in ({"recall": 1.0}, {"recall": 1}):
        asked, exact = index.search(queries, **options), index.search(queries, exact=True)
        assert np.array_equal(asked[0], exact[0])
        assert np.array_equal(asked[1], exact[1])


def test_a_build_says_once_that_walks_do_not_pay_and_info_goes_on_saying_it() -> None:
    items = fingerprints(np.random.default_rng(3))
    with pytest.warns(nearfile.ScanWarning, match="look at all 6,300 items") as caught:
        index = nearfile.build(items, metric="hamming", progress=False)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert 0 < index.info()["walk_recall"][10] < 0.95
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        index.search(items[:5])


def test_usual_data_walks_and_nothing_is_said() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        index = nearfile.build(np.random.default_rng(4).standard_normal((N, 16)), metric="euclidean", progress=False)
    assert index.info()["walk_recall"][10] == 1.0


def test_batches_that_look_at_every_item_answer_like_single_queries() -> None:
    random = np.random.default_rng(5)
    for metric in ("euclidean", "angular", "cosine", "dot", "manhattan", "hamming"):
        items = random.standard_normal((500, 20)) > 0 if metric == "hamming" else random.standard_normal((500, 20))
        index = nearfile.build(items, metric=metric, progress=False)
        ids, apart = index.search(items[:37], 7, exact=True)
        for row in range(37):
            one = index.search(items[row], 7, exact=True)
            assert np.array_equal(one[0], ids[row])
            assert np.array_equal(one[1], apart[row])
