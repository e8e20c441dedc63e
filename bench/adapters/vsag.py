"""VSAG: HGraph, a graph walked over 8-bit codes, the best measured exactly."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from bench import pages
from bench.adapters.base import Adapter, Parameters
from bench.adapters.sweeps import beam
from bench.shape import Shape

METRICS = {"euclidean": "l2", "angular": "cosine", "dot": "ip"}


class Vsag(Adapter):
    """What its guide advises for speed: codes of one scale for all values, reordering by float vectors."""

    name: ClassVar[str] = "vsag"
    package: ClassVar[str] = "pyvsag"
    module: ClassVar[str] = "pyvsag"
    metrics: ClassVar[frozenset[str]] = frozenset(METRICS)

    def load(self) -> Any:
        """Import it, and keep it from printing."""
        pyvsag = super().load()
        pyvsag.set_logger_off()
        return pyvsag

    def builds(self, shape: Shape) -> list[Parameters]:
        return [{"code": "sq8_uniform", "degree": 32, "ef_construction": 300}]

    def searches(self, build: Parameters, shape: Shape, k: int) -> list[Parameters]:
        return [{"ef": ef} for ef in beam(shape, k)]

    def build(self, base: Any, metric: str, parameters: Parameters, threads: int, path: Path) -> None:
        facts = json.dumps(_facts(metric, base.shape[1], len(base), parameters, threads))
        index = self.load().Index("hgraph", facts)
        index.build(base, np.arange(len(base)), len(base), base.shape[1])
        index.save(str(path / "index.vsag"))
        # Its parts are written in blocks of 128 MB, zeros behind what they hold: these are no bytes of the index.
        pages.dig_holes(path / "index.vsag")
        (path / "facts.json").write_text(facts, encoding="utf-8")

    def open(self, path: Path, metric: str, dim: int, count: int) -> VsagSearcher:
        # An index can only be loaded into one that was made with the same parameters.
        index = self.load().Index("hgraph", (path / "facts.json").read_text(encoding="utf-8"))
        index.load(str(path / "index.vsag"))
        return VsagSearcher(index)


class VsagSearcher:
    """A loaded graph."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self._search = ""

    def set(self, search: Parameters, k: int) -> None:
        self._search = json.dumps({"hgraph": {"ef_search": max(search["ef"], k)}})

    def one(self, query: Any, k: int) -> Any:
        return self._index.knn_search(query, k, self._search)[0]

    def batch(self, queries: Any, k: int, threads: int) -> Any:
        # It has no batches.
        found = np.full((len(queries), k), -1, np.int64)
        with ThreadPoolExecutor(threads) as pool:
            for row, ids in enumerate(pool.map(lambda query: self.one(query, k), queries)):
                found[row, : len(ids)] = ids
        return found


def _facts(metric: str, dim: int, count: int, parameters: Parameters, threads: int) -> Parameters:
    return {
        "dtype": "float32",
        "metric_type": METRICS[metric],
        "dim": dim,
        "index_param": {
            "base_quantization_type": parameters["code"],
            "use_reorder": True,
            "precise_quantization_type": "fp32",
            "max_degree": parameters["degree"],
            "ef_construction": parameters["ef_construction"],
            "hgraph_init_capacity": count,
            "build_thread_count": threads,
        },
    }
