"""Voyager: Spotify's successor of Annoy, an HNSW graph made from hnswlib."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from bench.adapters.base import Adapter, Parameters
from bench.adapters.sweeps import beam
from bench.shape import Shape

SPACES = {"euclidean": "Euclidean", "angular": "Cosine", "dot": "InnerProduct"}


class Voyager(Adapter):
    """The parameters of hnswlib, over float32."""

    name: ClassVar[str] = "voyager"
    package: ClassVar[str] = "voyager"
    module: ClassVar[str] = "voyager"
    metrics: ClassVar[frozenset[str]] = frozenset(SPACES)

    def builds(self, shape: Shape) -> list[Parameters]:
        return [{"type": "Float32", "M": 16, "ef_construction": 200}]

    def searches(self, build: Parameters, shape: Shape, k: int) -> list[Parameters]:
        return [{"ef": ef} for ef in beam(shape, k)]

    def build(self, base: Any, metric: str, parameters: Parameters, threads: int, path: Path) -> None:
        voyager = self.load()
        index = voyager.Index(
            getattr(voyager.Space, SPACES[metric]),
            num_dimensions=base.shape[1],
            M=parameters["M"],
            ef_construction=parameters["ef_construction"],
            max_elements=len(base),
            storage_data_type=getattr(voyager.StorageDataType, parameters["type"]),
        )
        index.add_items(base, num_threads=threads)
        index.save(str(path / "index.voy"))

    def open(self, path: Path, metric: str, dim: int, count: int) -> VoyagerSearcher:
        return VoyagerSearcher(self.load().Index.load(str(path / "index.voy")))


class VoyagerSearcher:
    """A loaded graph."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self._ef = 0

    def set(self, search: Parameters, k: int) -> None:
        self._ef = max(search["ef"], k)

    def one(self, query: Any, k: int) -> Any:
        return self._index.query(query, k, num_threads=1, query_ef=self._ef)[0]

    def batch(self, queries: Any, k: int, threads: int) -> Any:
        return self._index.query(queries, k, num_threads=threads, query_ef=self._ef)[0]
