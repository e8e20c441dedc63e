"""Faiss: its HNSW graph over float32."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from bench.adapters.base import Adapter, Parameters
from bench.adapters.sweeps import beam
from bench.adapters.vectors import normalised
from bench.shape import Shape


class FaissHnsw(Adapter):
    """The parameters of hnswlib, so that the two can be compared."""

    name: ClassVar[str] = "faiss-hnsw"
    package: ClassVar[str] = "faiss-cpu"
    module: ClassVar[str] = "faiss"
    metrics: ClassVar[frozenset[str]] = frozenset({"euclidean", "angular", "dot"})

    def builds(self, shape: Shape) -> list[Parameters]:
        return [{"M": 16, "ef_construction": 200}]

    def searches(self, build: Parameters, shape: Shape, k: int) -> list[Parameters]:
        return [{"ef": ef} for ef in beam(shape, k)]

    def build(self, base: Any, metric: str, parameters: Parameters, threads: int, path: Path) -> None:
        faiss = self.load()
        faiss.omp_set_num_threads(threads)
        kind = faiss.METRIC_L2 if metric == "euclidean" else faiss.METRIC_INNER_PRODUCT
        index = faiss.IndexHNSWFlat(base.shape[1], parameters["M"], kind)
        index.hnsw.efConstruction = parameters["ef_construction"]
        index.add(normalised(base) if metric == "angular" else base)
        faiss.write_index(index, str(path / "index.faiss"))

    def open(self, path: Path, metric: str, dim: int, count: int) -> FaissHnswSearcher:
        faiss = self.load()
        return FaissHnswSearcher(faiss, faiss.read_index(str(path / "index.faiss")))


class FaissHnswSearcher:
    """A loaded graph."""

    def __init__(self, faiss: Any, index: Any) -> None:
        self._faiss = faiss
        self._index = index
        faiss.omp_set_num_threads(1)

    def set(self, search: Parameters, k: int) -> None:
        self._index.hnsw.efSearch = search["ef"]

    def one(self, query: Any, k: int) -> Any:
        return self._index.search(query.reshape(1, -1), k)[1][0]

    def batch(self, queries: Any, k: int, threads: int) -> Any:
        self._faiss.omp_set_num_threads(threads)
        try:
            return self._index.search(queries, k)[1]
        finally:
            self._faiss.omp_set_num_threads(1)
