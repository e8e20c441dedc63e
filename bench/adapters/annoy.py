"""Annoy: a forest of random hyperplanes in a file that is mapped."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from bench.adapters.base import Adapter, Parameters
from bench.shape import Shape


class Annoy(Adapter):
    """What nearfile means to replace."""

    name: ClassVar[str] = "annoy"
    package: ClassVar[str] = "annoy"
    module: ClassVar[str] = "annoy"
    metrics: ClassVar[frozenset[str]] = frozenset({"euclidean", "angular", "dot"})

    def builds(self, shape: Shape) -> list[Parameters]:
        # The index holds the vectors once and every tree's nodes: long vectors pay for twice the trees.
        return [{"trees": 100 if shape.dim > 256 else 50}]

    def searches(self, build: Parameters, shape: Shape, k: int) -> list[Parameters]:
        return [{"search_k": search_k} for search_k in (500, 1000, 2000, 4000, 8000, 16000, 32000, 50000)]

    def build(self, base: Any, metric: str, parameters: Parameters, threads: int, path: Path) -> None:
        index = self.load().AnnoyIndex(base.shape[1], metric)
        for row, vector in enumerate(base):
            index.add_item(row, vector.tolist())
        index.build(parameters["trees"], n_jobs=threads)
        index.save(str(path / "index.ann"))

    def open(self, path: Path, metric: str, dim: int, count: int) -> AnnoySearcher:
        index = self.load().AnnoyIndex(dim, metric)
        index.load(str(path / "index.ann"))
        return AnnoySearcher(index)


class AnnoySearcher:
    """A mapped file."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self._search_k = -1

    def set(self, search: Parameters, k: int) -> None:
        self._search_k = search["search_k"]

    def one(self, query: Any, k: int) -> Any:
        # A list, because Annoy takes a vector apart value by value and an array makes an object of each.
        return self._index.get_nns_by_vector(query.tolist(), k, self._search_k)

    def batch(self, queries: Any, k: int, threads: int) -> Any:
        # Annoy has no batches, but lets go of the GIL while it searches.
        found = np.full((len(queries), k), -1, np.int64)
        with ThreadPoolExecutor(threads) as pool:
            for row, ids in enumerate(pool.map(lambda query: self.one(query, k), queries)):
                found[row, : len(ids)] = ids
        return found
