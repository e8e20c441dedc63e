"""Faiss: cells of 4-bit product quantiser codes, scanned in registers, the best measured exactly."""

from __future__ import annotations

from math import log2, sqrt
from pathlib import Path
from typing import Any, ClassVar

from bench.adapters.base import Adapter, Parameters
from bench.adapters.sweeps import USUAL_K
from bench.adapters.vectors import Queries, normalised, padded
from bench.shape import Shape

# Faiss warns of clusters trained on fewer vectors than this.
LEAST_A_CELL = 39


class FaissIvf(Adapter):
    """``IVF,PQ x4fs,RFlat`` of the index factory."""

    name: ClassVar[str] = "faiss-ivf"
    package: ClassVar[str] = "faiss-cpu"
    module: ClassVar[str] = "faiss"
    metrics: ClassVar[frozenset[str]] = frozenset({"euclidean", "angular", "dot"})

    def builds(self, shape: Shape) -> list[Parameters]:
        # Four times the square root of n, as Faiss advises: 1024 for 60,000 vectors, 4096 for a million.
        cells = min(4 * sqrt(shape.count), shape.count / LEAST_A_CELL)
        return [{"cells": 2 ** max(0, round(log2(cells))), "values_a_code": 2}]

    def searches(self, build: Parameters, shape: Shape, k: int) -> list[Parameters]:
        steps = [(4, 5), (8, 5), (16, 5), (16, 10), (32, 10), (32, 20), (64, 20), (128, 40), (256, 80)]
        # Times k are measured exactly; of many answers the last ones are nearer to what follows, so fewer times are enough.
        share = sqrt(USUAL_K / max(k, USUAL_K))
        return [
            {"probes": min(probes, build["cells"]), "refine": max(2, round(refine * share))} for probes, refine in steps
        ]

    def build(self, base: Any, metric: str, parameters: Parameters, threads: int, path: Path) -> None:
        faiss = self.load()
        faiss.omp_set_num_threads(threads)
        codes = -(-base.shape[1] // parameters["values_a_code"])
        wide = codes * parameters["values_a_code"]
        kind = faiss.METRIC_L2 if metric == "euclidean" else faiss.METRIC_INNER_PRODUCT
        rows = padded(normalised(base) if metric == "angular" else base, wide)
        index = faiss.index_factory(wide, f"IVF{parameters['cells']},PQ{codes}x4fs,RFlat", kind)
        index.train(rows)
        index.add(rows)
        faiss.write_index(index, str(path / "index.faiss"))

    def open(self, path: Path, metric: str, dim: int, count: int) -> FaissIvfSearcher:
        faiss = self.load()
        return FaissIvfSearcher(faiss, faiss.read_index(str(path / "index.faiss")), dim)


class FaissIvfSearcher:
    """A loaded index."""

    def __init__(self, faiss: Any, index: Any, dim: int) -> None:
        self._faiss = faiss
        # Kept as it was read: another name for it from downcast_index would not keep it alive, and searching it then
        # ends the interpreter. The cells inside belong to it.
        self._index = index
        self._cells = faiss.downcast_index(index.base_index)
        self._queries = Queries(dim, index.d, unit=False)
        faiss.omp_set_num_threads(1)

    def set(self, search: Parameters, k: int) -> None:
        self._cells.nprobe = search["probes"]
        self._index.k_factor = search["refine"]

    def one(self, query: Any, k: int) -> Any:
        return self._index.search(self._queries.one(query), k)[1][0]

    def batch(self, queries: Any, k: int, threads: int) -> Any:
        self._faiss.omp_set_num_threads(threads)
        try:
            return self._index.search(self._queries.batch(queries), k)[1]
        finally:
            self._faiss.omp_set_num_threads(1)
