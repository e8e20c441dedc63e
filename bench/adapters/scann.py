"""ScaNN: cells of anisotropic 4-bit codes, the best measured exactly; SOAR where it applies."""

from __future__ import annotations

from math import sqrt
from pathlib import Path
from typing import Any, ClassVar

from bench.adapters.base import Adapter, Parameters
from bench.adapters.sweeps import measured
from bench.adapters.vectors import normalised
from bench.shape import Shape

# Trained on a quarter of a million vectors the cells of sift-photos-1m take 48 seconds instead of 115, and from .96 on recall and
# speed are the same.
MOST_TRAINING = 250_000


class Scann(Adapter):
    """Tree, asymmetric hashing of two values a code, reordering by float vectors."""

    name: ClassVar[str] = "scann"
    package: ClassVar[str] = "scann"
    module: ClassVar[str] = "scann"
    metrics: ClassVar[frozenset[str]] = frozenset({"euclidean", "angular", "dot"})

    def builds(self, shape: Shape) -> list[Parameters]:
        leaves = max(1, round(2 * sqrt(shape.count)))
        plain: Parameters = {"leaves": leaves, "soar": False}
        if shape.metric == "euclidean":  # SOAR is for inner products
            return [plain]
        soar: Parameters = {"leaves": leaves, "soar": True}
        return [soar] if shape.metric == "dot" else [plain, soar]

    def searches(self, build: Parameters, shape: Shape, k: int) -> list[Parameters]:
        steps = [(4, 30), (8, 40), (16, 50), (30, 60), (50, 80), (80, 120), (120, 160), (200, 240), (320, 400)]
        return [{"leaves": leaves, "reorder": reorder} for leaves, reorder in measured(steps, k, build["leaves"])]

    def build(self, base: Any, metric: str, parameters: Parameters, threads: int, path: Path) -> None:
        scann = self.load()
        rows = normalised(base) if metric == "angular" else base
        distance = "squared_l2" if metric == "euclidean" else "dot_product"
        anisotropic = {} if metric == "euclidean" else {"anisotropic_quantization_threshold": 0.2}
        spilled = {"soar_lambda": 1.5, "overretrieve_factor": 2.0} if parameters["soar"] else {}
        index = (
            scann.scann_ops_pybind.builder(rows, 10, distance)
            .set_n_training_threads(threads)
            .tree(parameters["leaves"], 10, training_sample_size=min(len(rows), MOST_TRAINING), **spilled)
            .score_ah(2, training_sample_size=min(len(rows), 100_000), **anisotropic)
            .reorder(100)
            .build()
        )
        index.serialize(str(path), relative_path=True)

    def open(self, path: Path, metric: str, dim: int, count: int) -> ScannSearcher:
        return ScannSearcher(self.load().scann_ops_pybind.load_searcher(str(path)))


class ScannSearcher:
    """A loaded index."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self._leaves = 0
        self._reorder = 0

    def set(self, search: Parameters, k: int) -> None:
        self._leaves = search["leaves"]
        self._reorder = max(search["reorder"], k)

    def one(self, query: Any, k: int) -> Any:
        return self._index.search(query, k, self._reorder, self._leaves)[0]

    def batch(self, queries: Any, k: int, threads: int) -> Any:
        if threads == 1:
            return self._index.search_batched(queries, k, self._reorder, self._leaves)[0]
        self._index.set_num_threads(threads)
        return self._index.search_batched_parallel(queries, k, self._reorder, self._leaves)[0]
