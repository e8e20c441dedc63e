"""nearfile itself, as its users call it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from bench.adapters.base import Adapter, Parameters
from bench.adapters.sweeps import USUAL_K
from bench.shape import Shape

# One line is one more build of every data set.
BUILDS: list[Parameters] = [
    {"structure": "graph", "profile": "balanced", "keep": "exact"},
    {"structure": "graph", "profile": "fast", "keep": "exact"},
    {"structure": "graph", "profile": "compact", "keep": "exact"},
    {"structure": "graph", "profile": "compact", "keep": "none"},
    {"structure": "graph", "profile": "balanced", "keep": "none"},
    {"structure": "forest"},
]
EFFORTS = (1, 3, 6, 10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320, 480)
# Of k, for answers of more than ten.
SHARES_OF_K = (0.1, 0.2, 0.35, 0.5, 0.7, 1, 1.4, 2, 2.8, 4, 5.6, 8)
SEARCH_K = (100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600)


class Nearfile(Adapter):
    """Every default but what is being measured."""

    name: ClassVar[str] = "nearfile"
    package: ClassVar[str] = "nearfile"
    module: ClassVar[str] = "nearfile"
    metrics: ClassVar[frozenset[str]] = frozenset({"euclidean", "angular", "dot"})

    def builds(self, shape: Shape) -> list[Parameters]:
        return BUILDS

    def searches(self, build: Parameters, shape: Shape, k: int) -> list[Parameters]:
        if build["structure"] == "graph":
            efforts = EFFORTS if k <= USUAL_K else [round(k * share) for share in SHARES_OF_K]
            return [{"effort": effort} for effort in efforts]
        return [{"search_k": search_k} for search_k in SEARCH_K]

    def build(self, base: Any, metric: str, parameters: Parameters, threads: int, path: Path) -> None:
        self.load().build(
            base, path / "index.near", metric=metric, threads=threads, progress=False, **parameters
        ).close()

    def open(self, path: Path, metric: str, dim: int, count: int) -> NearfileSearcher:
        return NearfileSearcher(self.load().open(path / "index.near"))


class NearfileSearcher:
    """A mapped file."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self._search: Parameters = {}

    def set(self, search: Parameters, k: int) -> None:
        self._search = search

    def one(self, query: Any, k: int) -> Any:
        return self._index.search(query, k, **self._search)[0]

    def batch(self, queries: Any, k: int, threads: int) -> Any:
        return self._index.search(queries, k, **self._search, threads=threads)[0]
