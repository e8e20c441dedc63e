"""Planes that cut vectors into segments, the router that knows where neighbours lie, and collections that ask by it."""

from __future__ import annotations

import json
import os
import pathlib
from typing import Any

import nearfile
import numpy as np
import pytest
from nearfile.clusters import publishing
from nearfile.routing.asking import Asking
from nearfile.routing.planes import Planes
from nearfile.routing.router import Router


def grouped(n: int, dim: int = 12, seed: int = 3) -> np.ndarray:
    random = np.random.default_rng(seed)
    centers = random.normal(size=(20, dim)) * 3
    return (centers[random.integers(20, size=n)] + random.normal(size=(n, dim))).astype(np.float32)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8, 13])
@pytest.mark.parametrize("metric", ["euclidean", "cosine", "dot"])
def test_segments_are_of_nearly_equal_size(n: int, metric: str) -> None:
    vectors = grouped(4000)
    planes = Planes.fit(vectors[:1000], n, metric)
    assert len(planes) == n
    sizes = np.bincount(planes.assign(vectors), minlength=n)
    assert len(sizes) == n
    assert sizes.min() > 0.6 * 4000 / n
    assert sizes.max() < 1.5 * 4000 / n


def test_a_vector_goes_where_it_goes_whatever_order_sums_are_in() -> None:
    vectors = grouped(3000)
    planes = Planes.fit(vectors[:1000], 8, "cosine")
    expected = planes.assign(vectors)
    # Dimensions in another order: the sums of a machine that adds otherwise.
    order = np.random.default_rng(0).permutation(12)
    saved = planes.to_dict()
    other = Planes.of_dict(saved)
    other._normals = np.ascontiguousarray(other._normals[:, order])
    other._center = other._center[order]
    assert other.assign(np.ascontiguousarray(vectors[:, order])).tolist() == expected.tolist()
    assert [planes.assign(each[None])[0] for each in vectors[:50]] == expected[:50].tolist()
    assert Planes.of_dict(json.loads(json.dumps(saved))).assign(vectors).tolist() == expected.tolist()
    assert planes.assign(vectors * np.float32(8)).tolist() == expected.tolist()


def test_vectors_that_are_all_alike_are_cut_too() -> None:
    alike = np.ones((200, 4), np.float32)
    planes = Planes.fit(alike, 4, "euclidean")
    assert len(set(planes.assign(alike).tolist())) == 1
    for values in (np.zeros((200, 4), np.float32), np.full((200, 4), 3e38, np.float32)):
        assert ((planes.assign(values) >= 0) & (planes.assign(values) < 4)).all()
    assert Planes.fit(np.zeros((200, 4)), 4, "cosine").assign(np.zeros((3, 4))).tolist() == [0, 0, 0]


def test_too_small_a_sample_is_refused() -> None:
    with pytest.raises(nearfile.InvalidArgumentError, match="from 1 to 3, a sixteenth of the sample, got 4"):
        Planes.fit(grouped(60), 4, "euclidean")
    with pytest.raises(nearfile.InvalidArgumentError, match=r"expected shape \(n, 12\)"):
        Planes.fit(grouped(60), 2, "euclidean").assign(np.zeros((2, 5)))


@pytest.fixture(scope="module")
def cut() -> tuple[np.ndarray, Planes, Router, np.ndarray]:
    """Vectors, planes, a router counted on half of them, and the segments of the ten nearest of each."""
    vectors = grouped(4000)
    planes = Planes.fit(vectors[:1000], 6, "euclidean")
    nearest = nearfile.build(vectors, metric="euclidean").search(vectors, 11, exact=True)[0][:, 1:]
    segments = planes.assign(vectors)[nearest]
    return vectors, planes, Router.fit(planes, vectors[::2], {10: segments[::2]}), segments


def test_shares_are_what_is_found(cut: tuple[np.ndarray, Planes, Router, np.ndarray]) -> None:
    vectors, _, router, segments = cut
    shares = router.shares(vectors[1::2], 10)
    np.testing.assert_allclose(shares.sum(1), 1, atol=1e-5)
    found = np.stack([(segments[1::2] == each).mean(1) for each in range(6)], 1)
    for low, high in ((0, 0.01), (0.01, 0.1), (0.1, 0.4), (0.4, 0.8), (0.8, 1.01)):
        of_these = (shares >= low) & (shares < high)
        assert of_these.sum() > 50
        assert abs(shares[of_these].mean() - found[of_these].mean()) < 0.05
    again = Router.of_dict(json.loads(json.dumps(router.to_dict())))
    np.testing.assert_allclose(again.shares(vectors[:50], 3), router.shares(vectors[:50], 100), atol=1e-3)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("curves",), {}),
        (("curves", "10"), [[0.5]]),
        (("curves", "10"), [[float("nan")] * 49] * 3),
        (("planes", "normals"), "AAAA"),
        (("planes", "normals"), "?"),
        (("planes", "segments"), 0),
        (("planes", "spread"), [0.0] * 5),
        (("planes", "scale"), float("inf")),
        (("planes", "offsets"), None),
        (("planes",), 3),
        (("cells",), {"a.near": 6}),
        (("cells",), ["a.near"]),
    ],
)
def test_a_router_that_is_none_is_refused(
    cut: tuple[np.ndarray, Planes, Router, np.ndarray], place: tuple[str, ...], value: Any
) -> None:
    saved = json.loads(json.dumps({**cut[2].to_dict(), "cells": {"a.near": 0}}))
    Asking.of_dict(saved, [])
    within = saved
    for name in place[:-1]:
        within = within[name]
    within[place[-1]] = value
    with pytest.raises(nearfile.InvalidArgumentError, match="expected"):
        Asking.of_dict(saved, [])


@pytest.fixture
def collection(cut: tuple[np.ndarray, Planes, Router, np.ndarray], tmp_path: pathlib.Path) -> pathlib.Path:
    vectors, planes, _, _ = cut
    assigned = planes.assign(vectors)
    written = []
    for segment in range(6):
        rows = np.flatnonzero(assigned == segment)
        path = tmp_path / f"{segment}.near"
        nearfile.build(vectors[rows], path, metric="euclidean", ids=rows)
        size = os.path.getsize(path)
        written.append({"part": segment, "file": path.name, "rows": len(rows), "bytes": size, "fingerprint": ""})
    router = publishing.calibrated(str(tmp_path), written, planes, vectors[:1000])
    files = [tmp_path / each["file"] for each in written]
    nearfile.Collection.of(tmp_path / "items", files, router=router).close()
    return tmp_path / "items"


def hits(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found.tolist(), expected.tolist())]))


def test_few_segments_are_asked_and_answers_have_the_recall(
    cut: tuple[np.ndarray, Planes, Router, np.ndarray], collection: pathlib.Path
) -> None:
    vectors = cut[0]
    index = nearfile.open(collection)
    exact = index.search(vectors, 10, exact=True)[0]
    assert exact.tolist() == nearfile.build(vectors, metric="euclidean").search(vectors, 10, exact=True)[0].tolist()
    for recall in (0.8, 0.95):
        shares = index._now().joined._asking.shares(vectors, 10, recall)
        assert (shares > 0).sum(1).mean() < 3.5
        assert hits(index.search(vectors, 10, recall=recall)[0], exact) >= recall - 0.01
    one = index.search(vectors[7], 10, recall=0.95)
    batch = index.search(vectors[:20], 10, recall=0.95)
    assert one[0].tolist() == batch[0][7].tolist()
    assert index.search(vectors[7].tolist(), 3)[0].tolist() == index.search(vectors[7], 3)[0].tolist()


def test_there_are_k_answers_however_few_segments_are_asked(
    cut: tuple[np.ndarray, Planes, Router, np.ndarray], collection: pathlib.Path
) -> None:
    index = nearfile.open(collection)
    for k in (700, 3999, 4000, 9000):
        ids, distances = index.search(cut[0][:9], k)
        assert ids.shape == (9, min(k, 4000))
        assert not np.isnan(distances).any()
        assert all(len(set(each)) == min(k, 4000) for each in ids.tolist())
    # What a filter allows may lie where a query has no neighbours.
    far = int(index.search(-cut[0][:1] * 5, 1)[0][0, 0])
    assert index.search(cut[0][:3], 5, filter=[far])[0].tolist() == [[far]] * 3


def test_what_is_added_later_is_found_and_merging_ends_the_router(
    cut: tuple[np.ndarray, Planes, Router, np.ndarray], collection: pathlib.Path
) -> None:
    vectors = cut[0]
    with nearfile.Collection(collection) as items:
        items.add(vectors[:30] + 50, ids=np.arange(30))
        items.add(vectors[30:60] + np.float32(0.01), ids=np.arange(5000, 5030))
        items.flush()
        assert items.search(vectors[:30] + 50, 1)[0][:, 0].tolist() == list(range(30))
        assert items.search(vectors[30:60] + np.float32(0.01), 1)[0][:, 0].tolist() == list(range(5000, 5030))
        items.delete(np.arange(60, 90))
        assert not set(range(60, 90)) & set(items.search(vectors[60:90], 5)[0].ravel().tolist())
        assert items._now().state.manifest.router is not None
        items.compact()
        assert items._now().state.manifest.router is None
        exact = items.search(vectors, 10, exact=True)[0]
        assert hits(items.search(vectors, 10)[0], exact) > 0.95


def test_a_router_for_other_files_is_refused(
    cut: tuple[np.ndarray, Planes, Router, np.ndarray], tmp_path: pathlib.Path
) -> None:
    vectors = cut[0]
    nearfile.build(vectors, tmp_path / "a.near", metric="euclidean")
    for router in ({**cut[2].to_dict(), "cells": [0, 1]}, cut[2].to_dict(), 3):
        with pytest.raises(nearfile.InvalidArgumentError, match="router: expected a cell for each of 1 files"):
            nearfile.Collection.of(tmp_path / "items", [tmp_path / "a.near"], router=router)


def test_shares_that_do_not_fit_are_refused(cut: tuple[np.ndarray, Planes, Router, np.ndarray]) -> None:
    index = nearfile.build(cut[0][:100], metric="euclidean")
    segments = nearfile._core.Segments([index._core], [None], [0])
    query = cut[0][0]
    ids, distances = np.empty((1, 3), np.int64), np.empty((1, 3), np.float32)
    for shares in (np.ones((1, 2), np.float32), np.ones((2, 1), np.float32)):
        with pytest.raises(
            nearfile.InvalidArgumentError, match="shares must be one for each segment and query, 1; got 2"
        ):
            segments.search(query, 3, 0, 0.0, 0, False, None, shares)
        with pytest.raises(nearfile.InvalidArgumentError, match="shares"):
            segments.search_batch(query[None], 3, 0, 0.0, 0, False, 1, ids, distances, shares)
    for value in (np.nan, -1, 0, 7, np.inf):
        found = segments.search(query, 3, 0, 0.0, 0, False, None, np.full((1, 1), value, np.float32))
        assert found is not None
        assert found[0].tolist() == index.search(query, 3)[0].tolist()
