"""turbovec: every vector scanned as codes of two or four bits a value, kept in registers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from bench.adapters.base import Adapter, Parameters
from bench.adapters.vectors import Queries, normalised, padded
from bench.shape import Shape

# Of its calibration: its guide says that around 1,024 random vectors are enough.
SAMPLE = 1024
# It takes no other numbers of dimensions.
MULTIPLE = 8


class Turbovec(Adapter):
    """Its codes alone, and with the best of them measured exactly by float vectors kept beside them.

    The library has no such second step and leaves it to its users; without it recall ends where four bits end. It knows
    inner products only.
    """

    name: ClassVar[str] = "turbovec"
    package: ClassVar[str] = "turbovec"
    module: ClassVar[str] = "turbovec"
    metrics: ClassVar[frozenset[str]] = frozenset({"angular", "dot"})

    def builds(self, shape: Shape) -> list[Parameters]:
        if shape.metric not in self.metrics:
            return []
        return [{"bits": 4, "keep": "codes"}, {"bits": 4, "keep": "vectors"}]

    def searches(self, build: Parameters, shape: Shape, k: int) -> list[Parameters]:
        if build["keep"] == "codes":
            return [{"rerank": 0}]
        # How many times k are measured exactly.
        return [{"rerank": times} for times in (1, 2, 4, 8, 16, 32)]

    def build(self, base: Any, metric: str, parameters: Parameters, threads: int, path: Path) -> None:
        rows = padded(normalised(base) if metric == "angular" else base, -(-base.shape[1] // MULTIPLE) * MULTIPLE)
        index = self.load().TurboQuantIndex(dim=rows.shape[1], bit_width=parameters["bits"])
        chosen = np.random.default_rng(0).choice(len(rows), min(SAMPLE, len(rows)), replace=False)
        index.calibrate(rows[chosen])
        index.add(rows)
        index.write(str(path / "index.tv"))
        if parameters["keep"] == "vectors":
            np.save(path / "vectors.npy", rows)

    def open(self, path: Path, metric: str, dim: int, count: int) -> TurbovecSearcher:
        index = self.load().TurboQuantIndex.load(str(path / "index.tv"))
        index.prepare()
        kept = path / "vectors.npy"
        rows = np.load(kept, mmap_mode="r") if kept.exists() else None
        return TurbovecSearcher(index, rows, Queries(dim, index.dim, unit=metric == "angular"))


class TurbovecSearcher:
    """Loaded codes, and perhaps mapped vectors."""

    def __init__(self, index: Any, rows: Any, queries: Queries) -> None:
        self._index = index
        self._rows = rows
        self._queries = queries
        self._times = 0

    def set(self, search: Parameters, k: int) -> None:
        self._times = search["rerank"]

    def one(self, query: Any, k: int) -> Any:
        row = self._queries.one(query)
        return self._best(row[0], self._index.search(row, k * max(self._times, 1))[1][0], k)

    def batch(self, queries: Any, k: int, threads: int) -> Any:
        # On as many threads as the environment gives it.
        rows = self._queries.batch(queries)
        found = self._index.search(rows, k * max(self._times, 1))[1]
        return np.stack([self._best(row, ids, k) for row, ids in zip(rows, found)])

    def _best(self, query: Any, ids: Any, k: int) -> Any:
        """The best k by the vectors, where there are vectors."""
        if self._times == 0 or self._rows is None:
            return ids
        scores = self._rows[ids] @ query
        return ids[np.argsort(-scores)[:k]]
