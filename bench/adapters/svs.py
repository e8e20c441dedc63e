"""Intel's Scalable Vector Search: a Vamana graph over float32."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from bench.adapters.base import Adapter, Parameters
from bench.adapters.sweeps import beam
from bench.shape import Shape

DISTANCES = {"euclidean": "L2", "angular": "Cosine", "dot": "MIP"}


class Svs(Adapter):
    """Its defaults for the graph."""

    name: ClassVar[str] = "svs"
    package: ClassVar[str] = "scalable-vs"
    module: ClassVar[str] = "svs"
    metrics: ClassVar[frozenset[str]] = frozenset(DISTANCES)

    def builds(self, shape: Shape) -> list[Parameters]:
        return [{"degree": 32, "window": 200}]

    def searches(self, build: Parameters, shape: Shape, k: int) -> list[Parameters]:
        return [{"window": window} for window in beam(shape, k)]

    def build(self, base: Any, metric: str, parameters: Parameters, threads: int, path: Path) -> None:
        svs = self.load()
        graph = svs.VamanaBuildParameters(graph_max_degree=parameters["degree"], window_size=parameters["window"])
        index = svs.Vamana.build(graph, base, getattr(svs, DISTANCES[metric]), num_threads=threads)
        index.save(*(str(path / part) for part in ("config", "graph", "data")))

    def open(self, path: Path, metric: str, dim: int, count: int) -> SvsSearcher:
        svs = self.load()
        index = svs.Vamana(
            str(path / "config"),
            svs.GraphLoader(str(path / "graph")),
            svs.VectorDataLoader(str(path / "data"), svs.float32, dims=dim),
            getattr(svs, DISTANCES[metric]),
            num_threads=1,
        )
        return SvsSearcher(index)


class SvsSearcher:
    """A loaded graph."""

    def __init__(self, index: Any) -> None:
        self._index = index

    def set(self, search: Parameters, k: int) -> None:
        self._index.search_window_size = max(search["window"], k)

    def one(self, query: Any, k: int) -> Any:
        return self._index.search(query, k)[0][0]

    def batch(self, queries: Any, k: int, threads: int) -> Any:
        self._index.num_threads = threads
        try:
            return self._index.search(queries, k)[0]
        finally:
            self._index.num_threads = 1
