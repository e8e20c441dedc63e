"""hnswlib: the reference HNSW graph over float32."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from bench.adapters.base import Adapter, Parameters
from bench.adapters.sweeps import beam
from bench.shape import Shape

SPACES = {"euclidean": "l2", "angular": "cosine", "dot": "ip"}


class Hnswlib(Adapter):
    """M = 16, the setting most of its users have."""

    name: ClassVar[str] = "hnswlib"
    package: ClassVar[str] = "hnswlib"
    module: ClassVar[str] = "hnswlib"
    metrics: ClassVar[frozenset[str]] = frozenset(SPACES)

    def builds(self, shape: Shape) -> list[Parameters]:
        return [{"M": 16, "ef_construction": 200}]

    def searches(self, build: Parameters, shape: Shape, k: int) -> list[Parameters]:
        return [{"ef": ef} for ef in beam(shape, k)]

    def build(self, base: Any, metric: str, parameters: Parameters, threads: int, path: Path) -> None:
        index = self.load().Index(space=SPACES[metric], dim=base.shape[1])
        index.init_index(len(base), M=parameters["M"], ef_construction=parameters["ef_construction"])
        index.add_items(base, num_threads=threads)
        index.save_index(str(path / "index.hnsw"))

    def open(self, path: Path, metric: str, dim: int, count: int) -> HnswlibSearcher:
        index = self.load().Index(space=SPACES[metric], dim=dim)
        index.load_index(str(path / "index.hnsw"), max_elements=count)
        return HnswlibSearcher(index)


class HnswlibSearcher:
    """A loaded graph."""

    def __init__(self, index: Any) -> None:
        self._index = index

    def set(self, search: Parameters, k: int) -> None:
        self._index.set_ef(max(search["ef"], k))

    def one(self, query: Any, k: int) -> Any:
        return self._index.knn_query(query, k, num_threads=1)[0][0]

    def batch(self, queries: Any, k: int, threads: int) -> Any:
        return self._index.knn_query(queries, k, num_threads=threads)[0]
