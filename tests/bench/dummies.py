"""Libraries that do what a test needs, run by the processes of the harness as "dummies:Class"."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from bench.adapters.base import Adapter, Parameters
from bench.shape import Shape


class Exact(Adapter):
    """Compares a query with the first ``rows`` vectors: recall rises with it, and is 1 at the end."""

    name: ClassVar[str] = "exact"
    package: ClassVar[str] = "numpy"
    module: ClassVar[str] = "numpy"
    metrics: ClassVar[frozenset[str]] = frozenset({"euclidean"})

    def builds(self, shape: Shape) -> list[Parameters]:
        return [{"copies": 1}]

    def searches(self, build: Parameters, shape: Shape, k: int) -> list[Parameters]:
        return [{"rows": shape.count // 4}, {"rows": shape.count // 2}, {"rows": shape.count}]

    def build(self, base: Any, metric: str, parameters: Parameters, threads: int, path: Path) -> None:
        print("words that are no results")
        np.save(path / "vectors.npy", base)

    def open(self, path: Path, metric: str, dim: int, count: int) -> Linear:
        return Linear(np.load(path / "vectors.npy"))


class Linear:
    """Brute force."""

    def __init__(self, base: Any) -> None:
        self.base = base
        self.rows = len(base)

    def set(self, search: Parameters, k: int) -> None:
        self.rows = search["rows"]

    def one(self, query: Any, k: int) -> Any:
        return np.argsort(np.linalg.norm(self.base[: self.rows] - query, axis=1))[:k]

    def batch(self, queries: Any, k: int, threads: int) -> Any:
        return [self.one(query, k) for query in queries]


class Unsaving(Exact):
    """Keeps its index in memory."""

    name = "unsaving"
    saves = False

    def build(self, base: Any, metric: str, parameters: Parameters, threads: int, path: Path) -> None:
        self.kept = Linear(base)

    def open(self, path: Path, metric: str, dim: int, count: int) -> Linear:
        return self.kept


class Absent(Exact):
    """Is not installed."""

    name = "absent"
    module = "a_module_that_is_nowhere"


class Crashing(Exact):
    """Dies when a third of its sweep is done."""

    name = "crashing"

    def open(self, path: Path, metric: str, dim: int, count: int) -> Linear:
        class Fatal(Linear):
            def one(self, query: Any, k: int) -> Any:
                if self.rows == count // 2:
                    print("the last words", flush=True)
                    os.abort()
                return super().one(query, k)

        return Fatal(np.load(path / "vectors.npy"))


class Slow(Exact):
    """Takes forever to build."""

    name = "slow"

    def build(self, base: Any, metric: str, parameters: Parameters, threads: int, path: Path) -> None:
        time.sleep(600)


class Waiting(Exact):
    """Stops before the last setting of its sweep until a file is there, and so can be killed at a known place."""

    name = "waiting"

    def open(self, path: Path, metric: str, dim: int, count: int) -> Linear:
        class Patient(Linear):
            def set(self, search: Parameters, k: int) -> None:
                # The warm-up comes to the last setting from the first one.
                while self.rows == count // 2 and not Path(os.environ["BENCH_GO"]).exists():
                    time.sleep(0.01)
                super().set(search, k)

        return Patient(np.load(path / "vectors.npy"))
