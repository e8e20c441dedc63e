"""Builds that begin with candidates from elsewhere, or with the neighbours of an earlier index."""

from __future__ import annotations

import pathlib

import nearfile
import numpy as np
import pytest
import reference
from nearfile.cli.app import app
from typer.testing import CliRunner

COUNT = 3000
OLD = 2800
DIM = 16


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    return reference.vectors_for("euclidean", COUNT, DIM)


@pytest.fixture(scope="module")
def queries() -> np.ndarray:
    return reference.vectors_for("euclidean", 100, DIM, seed=5)


@pytest.fixture(scope="module")
def nearest(vectors: np.ndarray) -> np.ndarray:
    return np.argsort(((vectors[:, None, :] - vectors[None]) ** 2).sum(-1), axis=1, kind="stable")[:, :33]


def build(vectors: np.ndarray, **options) -> nearfile.Index:
    return nearfile.build(vectors, metric="euclidean", progress=False, **options)


def recall(index: nearfile.Index, queries: np.ndarray) -> float:
    exact = index.search(queries, exact=True)[0]
    found = index.search(queries, effort=25)[0]
    return float(np.mean([len(set(a) & set(b)) / 10 for a, b in zip(exact, found)]))


def same(a: nearfile.Index, b: nearfile.Index) -> bool:
    return bool(a._core.contents() == b._core.contents())


def test_candidates_make_as_good_a_graph_without_trees(
    vectors: np.ndarray, queries: np.ndarray, nearest: np.ndarray
) -> None:
    stages: set[str] = set()
    index = nearfile.build(
        vectors, metric="euclidean", candidates=nearest, progress=lambda stage, *_: stages.add(stage)
    )
    assert "leaves" not in stages
    assert "candidates" in stages
    assert recall(index, queries) > recall(build(vectors), queries) - 0.02


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint32", ">i8"])
def test_candidates_of_any_whole_numbers_and_layout_are_the_same(
    vectors: np.ndarray, nearest: np.ndarray, dtype: str
) -> None:
    expected = build(vectors, candidates=nearest)
    assert same(build(vectors, candidates=np.asfortranarray(nearest.astype(dtype))), expected)


def test_candidates_may_have_holes_and_whole_rows_of_them(
    vectors: np.ndarray, queries: np.ndarray, nearest: np.ndarray
) -> None:
    holes = nearest.copy()
    holes[::10] = -1
    holes[1::10, 3:] = -1
    assert recall(build(vectors, candidates=holes), queries) > recall(build(vectors), queries) - 0.02
    assert same(build(vectors, candidates=np.full((COUNT, 4), -1)), build(vectors))


def test_candidates_are_row_numbers_whatever_the_ids(vectors: np.ndarray, nearest: np.ndarray) -> None:
    plain = build(vectors, candidates=nearest)
    for ids in (np.arange(COUNT) * 7 + 3, [f"item {row}" for row in range(COUNT)]):
        named = build(vectors, ids=ids, candidates=nearest)
        for query in vectors[:5]:
            found = named.search(query, effort=12)[0]
            assert [ids[row] for row in plain.search(query, effort=12)[0]] == found.tolist()


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("old_values", ["exact", "half", "none", "bytes"])
def test_like_takes_neighbors_by_id_from_any_kept_values(queries: np.ndarray, as_text: bool, old_values: str) -> None:
    # Whole numbers: an earlier index of them alone keeps bytes, one with a fraction among its vectors floats.
    vectors = np.round(np.abs(reference.vectors_for("euclidean", COUNT, DIM)) * 60).clip(0, 255)
    vectors[-1] += 0.5
    order = np.random.default_rng(3).permutation(OLD)
    ids = np.arange(COUNT) * 5 - 100
    names = [f"no. {id}" for id in ids] if as_text else ids
    options = {} if old_values in ("exact", "bytes") else {"keep": old_values}
    old_vectors = vectors[order] if old_values == "bytes" else vectors[order] + np.float32(0.25)
    old = build(old_vectors, ids=[names[row] for row in order], **options)
    assert (old.info()["value_type"] == "uint8") == (old_values == "bytes")
    asked = np.abs(queries) * 60
    today = slice(150, COUNT)
    index = build(vectors[today], ids=names[today], like=old)
    fresh = build(vectors[today], ids=names[today])
    assert not same(index, fresh)  # what was there was taken
    assert recall(index, asked) > recall(fresh, asked) - 0.02


def test_like_may_be_the_path_that_is_written(vectors: np.ndarray, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "items.near"
    build(vectors[:OLD], path=path)
    expected = build(vectors, like=nearfile.open(path))
    for given in (path, str(path)):
        build(vectors[:OLD], path=path)
        assert same(build(vectors, path=path, like=given), expected)
    builder = nearfile.Builder(DIM, "euclidean", progress=False)
    builder.add(vectors)
    build(vectors[:OLD], path=path)
    assert same(builder.build(like=path), expected)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_like_and_candidates_together_are_the_same_on_any_number_of_threads(
    vectors: np.ndarray, nearest: np.ndarray, threads: int
) -> None:
    old = build(vectors[:OLD])
    given = {"like": old, "candidates": nearest[:, :12]}
    assert same(build(vectors, threads=threads, **given), build(vectors, **given))


def test_the_command_line_takes_like(vectors: np.ndarray, tmp_path: pathlib.Path) -> None:
    np.save(tmp_path / "vectors.npy", vectors)
    old = build(vectors[:OLD], path=tmp_path / "old.near")
    words = ["build", "vectors.npy", "new.near", "--metric", "euclidean", "--like", "old.near"]
    result = CliRunner().invoke(app, [str(tmp_path / each) if "." in each else each for each in words])
    assert result.exit_code == 0, result.output
    assert same(nearfile.open(tmp_path / "new.near"), build(vectors, like=old))


@pytest.mark.parametrize(
    ("candidates", "message"),
    [
        (np.zeros(COUNT, int), rf"candidates: expected shape \({COUNT}, c\).*got shape \({COUNT},\)"),
        (np.zeros((COUNT - 1, 5), int), rf"candidates: expected shape \({COUNT}, c\).*got shape \({COUNT - 1}, 5\)"),
        (np.zeros((COUNT, 0), int), rf"candidates: expected shape .*got shape \({COUNT}, 0\)"),
        (np.zeros((COUNT, 2), "float32"), "candidates: expected whole numbers .*got dtype float32.*row numbers"),
        (np.zeros((COUNT, 2), bool), "candidates: expected whole numbers .*got dtype bool"),
        (np.full((COUNT, 2), "a"), "candidates: expected whole numbers .*got dtype <U1"),
        (
            np.full((COUNT, 2), COUNT),
            rf"candidates: expected row numbers from 0 to {COUNT - 1}.*got {COUNT} for vector 0",
        ),
        (np.full((COUNT, 2), -2), "candidates: expected row numbers .*and -1 for none, got -2"),
        (np.full((COUNT, 2), 2**64 - 1, "uint64"), "candidates: expected row numbers .*got 18446744073709551615"),
    ],
)
def test_candidates_that_cannot_be_used_are_refused_and_no_file_is_written(
    vectors: np.ndarray, tmp_path: pathlib.Path, candidates: np.ndarray, message: str
) -> None:
    with pytest.raises(nearfile.InvalidArgumentError, match=message):
        build(vectors, path=tmp_path / "new.near", candidates=candidates)
    assert not list(tmp_path.iterdir())


def test_like_that_cannot_be_used_is_refused(vectors: np.ndarray, tmp_path: pathlib.Path) -> None:
    old = build(vectors[:100])
    refused = nearfile.InvalidArgumentError
    with pytest.raises(refused, match="like: expected an index of metric angular, got euclidean"):
        nearfile.build(vectors, like=old)
    with pytest.raises(refused, match="like: expected an index of dimension 8, got 16"):
        build(vectors[:, :8], like=old)
    with pytest.raises(refused, match="like: expected an index that is a graph, got a forest"):
        build(vectors, like=build(vectors[:100], structure="forest"))
    with pytest.raises(refused, match="like: expected an index whose ids are strings, got numbers"):
        build(vectors[:2], ids=["a", "b"], like=old)
    for name, value in (("like", old), ("candidates", np.zeros((COUNT, 2), int))):
        with pytest.raises(refused, match=f"{name}: expected structure='graph'.*leave {name} out"):
            build(vectors, structure="forest", **{name: value})
    with pytest.raises(nearfile.MissingFileError):
        build(vectors, like=tmp_path / "nothing.near")
    with pytest.raises(TypeError, match=r"like: expected a nearfile\.Index or the path of one, got 3"):
        build(vectors, like=3)
    old.close()
    with pytest.raises(nearfile.ClosedError):
        build(vectors, like=old)
