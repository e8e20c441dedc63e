"""Libraries that filter, or do not, run by the processes of the harness as "filter_dummies:Class"."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import dummies
import numpy as np

from bench.adapters.base import Adapter
from bench.filters.library import Library
from bench.filters.workload import Workload


class Filtering(Library):
    """Brute force among what is allowed of the first rows."""

    adapter: ClassVar[type[Adapter]] = dummies.Exact

    def open(self, path: Path, shape: Any, workload: Workload) -> FilteringSearcher:
        return FilteringSearcher(np.load(path / "vectors.npy"), workload)


class FilteringSearcher:
    """Brute force."""

    def __init__(self, base: Any, workload: Workload) -> None:
        self.base = base
        self.workload = workload
        self.rows = len(base)

    def set(self, search: Any, k: int) -> None:
        self.rows = search["rows"]

    def allow(self, parts: Any) -> Any:
        return self.workload.mask(parts)

    def one(self, query: Any, k: int, allowed: Any) -> Any:
        rows = np.arange(self.rows) if allowed is None else np.flatnonzero(allowed[: self.rows])
        return rows[np.argsort(np.linalg.norm(self.base[rows] - query, axis=1))[:k]]


class Careless(Filtering):
    """Does not look at filters."""

    def name(self) -> str:
        return "careless"

    def open(self, path: Path, shape: Any, workload: Workload) -> FilteringSearcher:
        class Blind(FilteringSearcher):
            def allow(self, parts: Any) -> Any:
                return None

        return Blind(np.load(path / "vectors.npy"), workload)


class Failing(Filtering):
    """Cannot be built."""

    def name(self) -> str:
        return "failing"

    def build(self, *_: Any) -> None:
        raise ValueError("not of such data")
