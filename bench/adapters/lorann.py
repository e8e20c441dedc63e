"""LoRANN: clusters, each with a low-rank map from a query to the scores of its members."""

from __future__ import annotations

from math import log2, sqrt
from pathlib import Path
from typing import Any, ClassVar

from bench.adapters.base import Adapter, Parameters
from bench.adapters.sweeps import measured
from bench.adapters.vectors import Queries, normalised, padded
from bench.shape import Shape

# The library refuses shorter vectors.
LEAST_DIM = 64


class Lorann(Adapter):
    """8-bit maps of rank 32, as the library's guide advises."""

    name: ClassVar[str] = "lorann"
    package: ClassVar[str] = "lorann"
    module: ClassVar[str] = "lorann"
    metrics: ClassVar[frozenset[str]] = frozenset({"euclidean", "angular", "dot"})

    def builds(self, shape: Shape) -> list[Parameters]:
        # The guide says about sqrt(n). Twice as many are better in few dimensions; past half a million vectors their
        # clustering alone takes minutes.
        clusters = 2 ** round(log2(sqrt(shape.count)))
        return [
            {
                "clusters": clusters * times,
                # Vectors of many values are first projected to fewer; 0 keeps all.
                "global_dim": 256 if shape.dim > 1000 else 128 if shape.dim >= 200 else 0,
                "rank": 32,
                "bits": 8,
                # Past half a million vectors the guide says fewer, to build in less time.
                "train_size": 5 if shape.count < 500_000 else 3,
            }
            for times in ((1, 2) if shape.count < 500_000 and shape.dim < 200 else (1,))
        ]

    def searches(self, build: Parameters, shape: Shape, k: int) -> list[Parameters]:
        steps = [(2, 25), (4, 50), (8, 100), (16, 100), (32, 200), (64, 200), (64, 400), (128, 400), (256, 800)]
        return [{"clusters": clusters, "rerank": rerank} for clusters, rerank in measured(steps, k, build["clusters"])]

    def build(self, base: Any, metric: str, parameters: Parameters, threads: int, path: Path) -> None:
        lorann = self.load()
        rows = padded(normalised(base) if metric == "angular" else base, max(base.shape[1], LEAST_DIM))
        index = lorann.LorannIndex(
            rows,
            n_clusters=parameters["clusters"],
            global_dim=parameters["global_dim"] or None,
            quantization_bits=parameters["bits"],
            rank=parameters["rank"],
            train_size=parameters["train_size"],
            distance=lorann.L2 if metric == "euclidean" else lorann.IP,
        )
        index.build(n_threads=threads)
        index.save(str(path / "index.lorann"))

    def open(self, path: Path, metric: str, dim: int, count: int) -> LorannSearcher:
        index = self.load().LorannIndex.load(str(path / "index.lorann"))
        return LorannSearcher(index, Queries(dim, max(dim, LEAST_DIM), unit=False))


class LorannSearcher:
    """A loaded index."""

    def __init__(self, index: Any, queries: Queries) -> None:
        self._index = index
        self._queries = queries
        self._clusters = 0
        self._rerank = 0

    def set(self, search: Parameters, k: int) -> None:
        self._clusters = search["clusters"]
        self._rerank = max(search["rerank"], k)

    def one(self, query: Any, k: int) -> Any:
        row = self._queries.one(query)[0]
        return self._index.search(row, k, self._clusters, self._rerank, n_threads=1)

    def batch(self, queries: Any, k: int, threads: int) -> Any:
        rows = self._queries.batch(queries)
        return self._index.search(rows, k, self._clusters, self._rerank, n_threads=threads)
