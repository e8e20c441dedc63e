"""A single file that is replaced while it is open."""

from __future__ import annotations

import pathlib
from concurrent.futures import ThreadPoolExecutor

import nearfile
import numpy as np
import pytest
import reference


def test_a_file_is_refreshed_when_it_was_replaced(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "items.near"
    nearfile.build(np.eye(2), path)
    index = nearfile.open(path)
    assert not index.refresh()
    nearfile.build(np.eye(2)[::-1], path)
    assert index.vector(0).tolist() == [1, 0]
    assert index.refresh()
    assert index.vector(0).tolist() == [0, 1]
    assert not index.refresh()
    nearfile.build(np.eye(2)[::-1], path)  # the same again
    assert not index.refresh()


def test_what_cannot_be_refreshed_changes_nothing(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "items.near"
    index = nearfile.build(np.eye(2), path)
    for wrong in (
        lambda: nearfile.build(np.eye(3), path),
        lambda: nearfile.build(np.eye(2), path, metric="dot"),
        lambda: nearfile.build(np.eye(2), path, ids=["a", "b"]),
        lambda: nearfile.build(np.eye(2), path, structure="forest"),
    ):
        wrong()
        with pytest.raises(nearfile.InvalidArgumentError, match="open it by itself"):
            index.refresh()
        assert index.search([1, 0], 1)[0].tolist() == [0]
    path.write_bytes(b"damaged")
    with pytest.raises(nearfile.BadFileError):
        index.refresh()
    path.unlink()
    with pytest.raises(nearfile.MissingFileError):
        index.refresh()
    assert len(index) == 2
    index.close()
    with pytest.raises(nearfile.ClosedError):
        index.refresh()
    memory = nearfile.build(np.eye(2))
    assert not memory.refresh()
    memory.close()
    with pytest.raises(nearfile.ClosedError):
        memory.refresh()


def test_threads_search_while_it_is_replaced_and_refreshed(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "items.near"
    vectors = reference.vectors_for("euclidean", 400, 8)
    turned = vectors[::-1].copy()
    index = nearfile.build(vectors, path, metric="euclidean", progress=False)
    done = []

    def search(_: int) -> int:
        searched = 0
        while not done:
            row = searched % 400
            vector = index.vector(row)
            assert vector.tolist() in (vectors[row].tolist(), turned[row].tolist())
            # Of one file: the item itself is nearest.
            ids, far = index.neighbors([row, 399 - row], 1)
            assert ids.tolist() == [[row], [399 - row]]
            assert far.max() == 0
            assert index.search([nearfile.Item(row)], 1, filter=[row])[0].tolist() == [[row]]
            searched += 1
        return searched

    def replace() -> None:
        for turn in range(30):
            nearfile.build(vectors if turn % 2 else turned, path, metric="euclidean", progress=False, threads=1)
            assert index.refresh()
        done.append(True)

    with ThreadPoolExecutor(4) as pool:
        others = [pool.submit(search, turn) for turn in range(3)]
        try:
            pool.submit(replace).result(timeout=120)
        finally:
            done.append(True)
        assert all(other.result(timeout=60) > 0 for other in others)
