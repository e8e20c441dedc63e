"""Glass: an HNSW graph walked over 4-bit codes, the best measured exactly."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from bench.adapters.base import Adapter, Parameters
from bench.adapters.sweeps import beam
from bench.adapters.vectors import Queries, normalised
from bench.shape import Shape


class Glass(Adapter):
    """HNSW + SQ4U. Its files hold the graph only, so the vectors are kept beside it and coded again at every open."""

    name: ClassVar[str] = "glass"
    package: ClassVar[str] = "pyglass-portable"
    module: ClassVar[str] = "glass"
    metrics: ClassVar[frozenset[str]] = frozenset({"euclidean", "angular", "dot"})

    def builds(self, shape: Shape) -> list[Parameters]:
        return [{"R": 32, "L": 200}]

    def searches(self, build: Parameters, shape: Shape, k: int) -> list[Parameters]:
        return [{"ef": ef} for ef in beam(shape, k)]

    def build(self, base: Any, metric: str, parameters: Parameters, threads: int, path: Path) -> None:
        glass = self.load()
        glass.set_num_threads(threads)
        rows = normalised(base) if metric == "angular" else base
        # Built on floats: a code that this build of the library lacks ends the interpreter, and codes make worse graphs.
        index = glass.Index("HNSW", _kind(metric), "FP32", parameters["R"], parameters["L"])
        index.build(rows).save(str(path / "graph.glass"))
        np.save(path / "vectors.npy", rows)

    def open(self, path: Path, metric: str, dim: int, count: int) -> GlassSearcher:
        glass = self.load()
        glass.set_num_threads(1)
        # Four bits find less than half of the best inner products even among 3,000 random vectors; eight do.
        code = "SQ8U" if metric == "dot" else "SQ4U"
        rows = np.load(path / "vectors.npy")
        index = glass.Searcher(glass.Graph(str(path / "graph.glass")), rows, _kind(metric), code, "FP32")
        # Tries out how far ahead to fetch; its guide calls it before the first search.
        index.optimize(1)
        return GlassSearcher(index, Queries(dim, dim, unit=metric == "angular"))


class GlassSearcher:
    """A loaded graph with codes made from the vectors."""

    def __init__(self, index: Any, queries: Queries) -> None:
        self._index = index
        self._queries = queries

    def set(self, search: Parameters, k: int) -> None:
        self._index.set_ef(max(search["ef"], k))

    def one(self, query: Any, k: int) -> Any:
        return self._index.search(self._queries.one(query)[0], k)[0]

    def batch(self, queries: Any, k: int, threads: int) -> Any:
        return self._index.batch_search(self._queries.batch(queries), k, threads)[0]


def _kind(metric: str) -> str:
    return "IP" if metric == "dot" else "L2"
