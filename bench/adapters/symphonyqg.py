"""SymphonyQG of the RaBitQ library: a graph whose nodes hold 1-bit codes of their neighbours."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from bench.adapters.base import Adapter, Parameters
from bench.adapters.sweeps import beam
from bench.adapters.vectors import Queries, normalised, padded
from bench.shape import Shape

# Its rotation knows no fewer dimensions.
LEAST_DIM = 64


class SymphonyQG(Adapter):
    """Degree 32, construction width 200."""

    name: ClassVar[str] = "symphonyqg"
    package: ClassVar[str] = "rabitqlib"
    module: ClassVar[str] = "rabitqlib"
    metrics: ClassVar[frozenset[str]] = frozenset({"euclidean", "angular", "dot"})

    def builds(self, shape: Shape) -> list[Parameters]:
        # 0 keeps floats, which find more. Where a float vector is many cache lines, 8 bits are smaller and no slower to .95.
        return [{"degree": 32, "ef": 200, "bits": bits} for bits in ((8, 0) if shape.dim > 256 else (0,))]

    def searches(self, build: Parameters, shape: Shape, k: int) -> list[Parameters]:
        return [{"ef": ef} for ef in beam(shape, k)]

    def build(self, base: Any, metric: str, parameters: Parameters, threads: int, path: Path) -> None:
        rows = padded(normalised(base) if metric == "angular" else base, max(base.shape[1], LEAST_DIM))
        kind = "ip" if metric == "dot" else "l2"
        index = self.load().SymqgIndex(rows.shape[1], parameters["degree"], kind, parameters["bits"])
        index.build(rows, parameters["ef"], threads)
        index.save(str(path / "index.symqg"))

    def open(self, path: Path, metric: str, dim: int, count: int) -> SymphonyQGSearcher:
        index = self.load().SymqgIndex.load(str(path / "index.symqg"))
        return SymphonyQGSearcher(index, Queries(dim, max(dim, LEAST_DIM), unit=metric == "angular"))


class SymphonyQGSearcher:
    """A loaded graph."""

    def __init__(self, index: Any, queries: Queries) -> None:
        self._index = index
        self._queries = queries
        self._ef = 0

    def set(self, search: Parameters, k: int) -> None:
        self._ef = max(search["ef"], k)

    def one(self, query: Any, k: int) -> Any:
        return self._index.search(self._queries.one(query), k, self._ef, 1)[0][0]

    def batch(self, queries: Any, k: int, threads: int) -> Any:
        return self._index.search(self._queries.batch(queries), k, self._ef, threads)[0]
