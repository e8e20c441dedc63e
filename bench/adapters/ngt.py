"""NGT: a graph whose edges out of and into each vertex are chosen for search (ONNG), over float32."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from bench.adapters.base import Adapter, Parameters
from bench.shape import Shape

DISTANCES = {"euclidean": "L2", "angular": "Normalized Cosine", "dot": "Inner Product"}


class Ngt(Adapter):
    """The parameters of its authors in ann-benchmarks.

    Its quantised graph (NGT-QG) is built by a command that the package on PyPI does not hold, so it is not this.
    """

    name: ClassVar[str] = "ngt-onng"
    package: ClassVar[str] = "ngt"
    module: ClassVar[str] = "ngtpy"
    metrics: ClassVar[frozenset[str]] = frozenset(DISTANCES)

    def builds(self, shape: Shape) -> list[Parameters]:
        return [{"edges": 100, "outgoing": 10, "incoming": 120}]

    def searches(self, build: Parameters, shape: Shape, k: int) -> list[Parameters]:
        # How much farther than the k-th best a vertex may be and is still walked to.
        return [
            {"epsilon": epsilon} for epsilon in (-0.1, -0.02, 0.0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.6)
        ]

    def build(self, base: Any, metric: str, parameters: Parameters, threads: int, path: Path) -> None:
        ngt = self.load()
        first = str(path / "anng")
        ngt.create(first, base.shape[1], distance_type=DISTANCES[metric], edge_size_for_creation=parameters["edges"])
        index = ngt.Index(first, log_disabled=True)
        index.batch_insert(base, build=False)
        index.build_index(threads)
        index.save()
        index.close()
        optimizer = ngt.Optimizer(
            num_of_outgoings=parameters["outgoing"], num_of_incomings=parameters["incoming"], log_disabled=True
        )
        # Without searches that are timed: what they choose depends on what else the machine does.
        optimizer.set_processing_modes(
            search_parameter_optimization=False, prefetch_parameter_optimization=False, accuracy_table_generation=False
        )
        optimizer.execute(first, str(path / "onng"))
        shutil.rmtree(first)

    def open(self, path: Path, metric: str, dim: int, count: int) -> NgtSearcher:
        return NgtSearcher(self.load().Index(str(path / "onng"), read_only=True, log_disabled=True))


class NgtSearcher:
    """A loaded graph."""

    def __init__(self, index: Any) -> None:
        self._index = index

    def set(self, search: Parameters, k: int) -> None:
        # -2: the number of edges that is followed grows with epsilon.
        self._index.set(epsilon=search["epsilon"], edge_size=-2)

    def one(self, query: Any, k: int) -> Any:
        return self._index.search(query, k, with_distance=False)

    def batch(self, queries: Any, k: int, threads: int) -> Any:
        found = np.full((len(queries), k), -1, np.int64)
        with ThreadPoolExecutor(threads) as pool:
            for row, ids in enumerate(pool.map(lambda query: self.one(query, k), queries)):
                found[row, : len(ids)] = ids
        return found
