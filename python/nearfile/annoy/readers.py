"""What an AnnoyIndex searches: an index of nearfile, or a file that Annoy wrote, behind one set of methods."""

from __future__ import annotations

import math
from typing import Union

import numpy as np
from numpy.typing import NDArray

from nearfile import _core, arguments
from nearfile.annoy import engine
from nearfile.errors import BadFileError

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]
Found = tuple[Ids, Floats]
Answer = Union[list[int], tuple[list[int], list[float]]]  # without distances, or with them

#: What Annoy's metrics are, and no others.
METRICS = ("angular", "euclidean", "manhattan", "hamming", "dot")

MAGIC = b"NEARFILE"
MAX_ID = (1 << 31) - 1
ROWS_A_BLOCK = 4096


def feed(builder: _core.Builder, source: _core.Items | _core.AnnoyFile, length: int) -> None:
    """Add the items of a source whose blocks go up to ``length``; with ids where some are left out."""
    dense = source.count == source.n_items
    for first in range(0, length, ROWS_A_BLOCK):
        ids, rows = source.block(first, ROWS_A_BLOCK)
        if dense:
            builder.add(rows)
        elif len(ids):
            builder.add_int64(rows, ids)


def nothing(with_distances: bool) -> Answer:
    """No results."""
    return ([], []) if with_distances else []


class NearfileReader:
    """An index of nearfile with ids from 0 to 2**31 - 1."""

    __slots__ = ("bits", "core", "count", "dim", "graph", "n_items", "n_trees")

    def __init__(self, core: _core.Index, n_trees: int) -> None:
        self.core = core
        self.bits = core.metric == "hamming"
        self.count = core.size
        self.dim = core.dim
        self.graph = core.structure == "graph"
        self.n_trees = n_trees
        ids = _core.id_range(core)
        self.n_items = 0 if ids is None else ids[1] + 1

    def options(self, n: int, search_k: int) -> engine.Options | None:
        """What the core is asked for, None where nothing is."""
        return engine.options(n, search_k, self.dim, self.count, self.n_trees, self.graph, self.bits)

    def nearest(self, values: object, n: int, search_k: int, with_distances: bool) -> Answer:
        """The nearest of one query."""
        options = self.options(n, search_k)
        if options is None:
            _core.row(values, self.dim, self.bits)  # raises
            return nothing(with_distances)
        return self.core.nearest(values, *options, with_distances)

    def nearest_of(self, id: int, n: int, search_k: int, with_distances: bool) -> Answer:
        """The nearest of the vector of an id, zeros where there is none."""
        options = self.options(n, search_k)
        if options is None:
            return nothing(with_distances)
        return self.core.nearest_of(id, *options, with_distances)

    def search_many(self, rows: Floats, n: int, search_k: int, threads: int) -> Found:
        """The nearest of each of a batch."""
        options = self.options(n, search_k)
        if options is None:
            return np.empty((len(rows), 0), np.int64), np.empty((len(rows), 0), np.float32)
        ids = np.empty((len(rows), options[0]), np.int64)
        distances = np.empty(ids.shape, np.float32)
        self.core.search_batch(rows, *options, threads, ids, distances)
        return ids, distances

    def save(self, path: bytes) -> None:
        """Write the file's bytes under another path."""
        self.core.save(path)

    def vector(self, id: int) -> Floats:
        """The vector of an id, zeros where there is none."""
        row = self.core.find(id)
        return np.zeros(self.dim, np.float32) if row is None else self.core.vector(row)

    def distance(self, a: int, b: int) -> float | None:
        """The distance of two items, None where one is a hole."""
        row_a, row_b = self.core.find(a), self.core.find(b)
        return None if row_a is None or row_b is None else self.core.distance(row_a, row_b)


class AnnoyReader:
    """A file that Annoy wrote, answered by Annoy's rules."""

    __slots__ = ("dim", "file", "n_items", "n_trees")

    def __init__(self, file: _core.AnnoyFile, dim: int) -> None:
        self.file = file
        self.dim = dim
        self.n_items = file.n_items
        self.n_trees = file.annoy_n_trees

    def nearest(self, values: object, n: int, search_k: int, with_distances: bool) -> Answer:
        """The nearest of one query."""
        return self.file.nearest(values, n, search_k, with_distances)

    def nearest_of(self, id: int, n: int, search_k: int, with_distances: bool) -> Answer:
        """The nearest of the vector of an id, zeros where there is none."""
        return self.file.nearest_of(id, n, search_k, with_distances)

    def search_many(self, rows: Floats, n: int, search_k: int, threads: int) -> Found:
        """The nearest of each of a batch, with ids of -1 and distances of NaN after the last that was found."""
        del threads
        found = [self.file.search(row.reshape(1, -1), n, search_k) for row in rows]
        width = max((len(ids) for ids, _ in found), default=0)
        ids = np.full((len(rows), width), -1, np.int64)
        distances = np.full((len(rows), width), np.nan, np.float32)
        for row, (its_ids, its_distances) in enumerate(found):
            ids[row, : len(its_ids)] = its_ids
            distances[row, : len(its_ids)] = its_distances
        return ids, distances

    def save(self, path: bytes) -> None:
        """Write the file's bytes under another path."""
        self.file.save(path)

    def vector(self, id: int) -> Floats:
        """The vector of an id, zeros where there is none."""
        return self.file.vector(id)

    def distance(self, a: int, b: int) -> float | None:
        """The distance of two items."""
        return self.file.distance(a, b)


Reader = Union[NearfileReader, AnnoyReader]


def distance(metric: str, a: Floats, b: Floats) -> float:
    """The distance of two vectors by its definition."""
    x, y = a.astype(np.float64), b.astype(np.float64)
    if metric == "angular":
        lengths = float(np.sqrt((x @ x) * (y @ y)))
        cosine = float(x @ y) / lengths if lengths > 0 else 0.0
        return math.sqrt(2 - 2 * min(1.0, max(-1.0, cosine)))
    if metric == "dot":
        return float(x @ y)
    if metric == "euclidean":
        return float(np.sqrt(((x - y) ** 2).sum()))
    return float(np.abs(x - y).sum())


def open_nearfile(path: str, dim: int, metric: str, prefault: bool) -> NearfileReader:
    """Map an index of nearfile that an AnnoyIndex of this dim and metric can be."""
    core = _core.Index.open(arguments.path_bytes(path), "all" if prefault else "none", False)
    return checked(core, dim, metric, path)


def checked(core: _core.Index, dim: int, metric: str, path: str | None) -> NearfileReader:
    """The reader of an index, which must be of this dim and metric and have ids that Annoy could have."""
    where = path or "index"

    def refuse(expected: str, got: object, advice: str) -> BadFileError:
        return BadFileError(None, f"{where}: expected {expected}, got {got}: {advice}", path)

    if core.dim != dim:
        raise refuse(f"vectors of {dim} dimensions", core.dim, f"use AnnoyIndex({core.dim}, {core.metric!r})")
    if core.metric != metric:
        raise refuse(f"the metric {metric}", core.metric, "use the one it was made with, or nearfile.open")
    if core.id_kind == "string":
        raise refuse("ids that are numbers", "str", "use nearfile.open")
    ids = _core.id_range(core)
    if ids is not None and not 0 <= ids[0] <= ids[1] <= MAX_ID:
        raise refuse("ids from 0 to 2147483647", f"{ids[0]} to {ids[1]}", "use nearfile.open")
    n_trees = core.info()["n_trees_asked"]  # what the default of search_k is made of
    assert isinstance(n_trees, int)
    return NearfileReader(core, n_trees)


def open_annoy(path: str, dim: int, metric: str, prefault: bool) -> AnnoyReader:
    """Map a file that Annoy wrote and check all of it."""
    return AnnoyReader(_core.AnnoyFile.open(arguments.path_bytes(path), dim, metric, prefault), dim)
