"""USearch: an HNSW graph over half-precision vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from bench.adapters.base import Adapter, Parameters
from bench.adapters.sweeps import beam
from bench.shape import Shape

METRICS = {"euclidean": "l2sq", "angular": "cos", "dot": "ip"}


class Usearch(Adapter):
    """Its defaults for the graph, and vectors of half the size."""

    name: ClassVar[str] = "usearch"
    package: ClassVar[str] = "usearch"
    module: ClassVar[str] = "usearch.index"
    metrics: ClassVar[frozenset[str]] = frozenset(METRICS)

    def builds(self, shape: Shape) -> list[Parameters]:
        return [{"type": "f16", "connectivity": 16, "expansion_add": 128}]

    def searches(self, build: Parameters, shape: Shape, k: int) -> list[Parameters]:
        return [{"expansion": width} for width in beam(shape, k)]

    def build(self, base: Any, metric: str, parameters: Parameters, threads: int, path: Path) -> None:
        index = self.load().Index(
            ndim=base.shape[1],
            metric=METRICS[metric],
            dtype=parameters["type"],
            connectivity=parameters["connectivity"],
            expansion_add=parameters["expansion_add"],
        )
        index.add(np.arange(len(base)), base, threads=threads)
        index.save(str(path / "index.usearch"))

    def open(self, path: Path, metric: str, dim: int, count: int) -> UsearchSearcher:
        return UsearchSearcher(self.load().Index.restore(str(path / "index.usearch"), view=True))


class UsearchSearcher:
    """A mapped file."""

    def __init__(self, index: Any) -> None:
        self._index = index

    def set(self, search: Parameters, k: int) -> None:
        self._index.expansion_search = search["expansion"]

    def one(self, query: Any, k: int) -> Any:
        return self._index.search(query, k, threads=1).keys

    def batch(self, queries: Any, k: int, threads: int) -> Any:
        found = self._index.search(queries, k, threads=threads)
        # Places past the last match hold whatever was there.
        return np.where(np.arange(k) < found.counts[:, None], found.keys.astype(np.int64), -1)
