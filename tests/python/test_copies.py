"""Copies, pickles and the end of an index."""

from __future__ import annotations

import copy
import pathlib
import pickle

import nearfile
import numpy as np
import pytest


def same(one: nearfile.Index, other: nearfile.Index) -> bool:
    query = np.ones(6, np.float32)
    return all(a.tolist() == b.tolist() for a, b in zip(one.search(query), other.search(query)))


@pytest.fixture
def vectors() -> np.ndarray:
    return np.random.default_rng(0).random((40, 6), np.float32)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_index_of_a_file_is_pickled_as_its_path(vectors: np.ndarray, tmp_path: pathlib.Path, protocol: int) -> None:
    index = nearfile.build(vectors, tmp_path / "items.near")
    pickled = pickle.dumps(index, protocol)
    assert len(pickled) < 500
    again = pickle.loads(pickled)
    assert again.path == index.path
    assert same(again, index)


def test_the_pickle_of_a_file_that_went_says_so(vectors: np.ndarray, tmp_path: pathlib.Path) -> None:
    pickled = pickle.dumps(nearfile.build(vectors, tmp_path / "items.near"))
    (tmp_path / "items.near").unlink()
    with pytest.raises(FileNotFoundError, match=r"items\.near"):
        pickle.loads(pickled)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_index_in_memory_is_pickled_as_its_bytes(vectors: np.ndarray, protocol: int) -> None:
    index = nearfile.build(vectors, ids=[f"item {row}" for row in range(40)])
    again = pickle.loads(pickle.dumps(index, protocol))
    again.verify()
    assert again.path is None
    assert again.info() == index.info()
    assert same(again, index)
    assert pickle.dumps(again) == pickle.dumps(index)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
@pytest.mark.parametrize("path", [None, "items.near"])
def test_a_copy_is_closed_by_itself(
    vectors: np.ndarray, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, copied, path: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    index = nearfile.build(vectors, path)
    other = copied(index)
    third = copied(index)
    assert same(other, index)
    index.close()
    assert same(other, third)
    assert other.path == index.path


@pytest.mark.parametrize("path", [None, "items.near"])
def test_a_closed_index_refuses_everything_but_to_be_closed(
    vectors: np.ndarray, tmp_path: pathlib.Path, path: str | None
) -> None:
    index = nearfile.build(vectors, path and tmp_path / path)
    index.close()
    index.close()
    uses = [
        lambda: len(index),
        lambda: index.dim,
        lambda: index.metric,
        lambda: index.ids,
        lambda: 0 in index,
        lambda: "a" in index,
        index.info,
        index.verify,
        lambda: index.search(np.ones(6, np.float32)),
        lambda: index.search(np.ones(6)),
        lambda: index.search(np.ones((2, 6))),
        lambda: index.neighbors(0),
        lambda: index.vector(0),
        lambda: index.vectors([0]),
        lambda: index.distance(0, 1),
        lambda: index.save(tmp_path / "copy.near"),
        lambda: pickle.dumps(index),
        lambda: copy.copy(index),
        lambda: copy.deepcopy(index),
    ]
    for use in uses:
        with pytest.raises(nearfile.ClosedError, match="closed: open it again"):
            use()
    assert not (tmp_path / "copy.near").exists()
    assert "closed" in repr(index)
    assert isinstance(nearfile.ClosedError("x"), ValueError)


def test_a_context_manager_closes(vectors: np.ndarray) -> None:
    with nearfile.build(vectors) as index:
        assert len(index) == 40
    with pytest.raises(nearfile.ClosedError):
        len(index)


def test_repr_says_what_it_is(vectors: np.ndarray, structure: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "items.near"
    facts = f"metric='angular', structure={structure!r}"
    index = nearfile.build(vectors, structure=structure)
    assert repr(index) == f"<nearfile.Index of 40 vectors, dim=6, {facts}, in memory>"
    assert repr(nearfile.build(vectors, path, structure=structure)).endswith(f"{facts}, at {str(path)!r}>")
    assert repr(nearfile.Builder(3, structure=structure)) == f"nearfile.Builder(dim=3, {facts}, count=0)"


def test_an_index_outlives_what_it_was_made_of(vectors: np.ndarray, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "items.near"
    builder = nearfile.Builder(6, path=path)
    builder.add(vectors)
    index = builder.build()
    del builder
    path.unlink()
    index.verify()
    assert len(index.search(vectors[0])[0]) == 10
