"""What the workload asks of a library that can filter."""

from __future__ import annotations

import importlib
import inspect
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Protocol

from bench.adapters import class_named
from bench.adapters.base import Adapter, Parameters
from bench.datasets import Prepared
from bench.filters.workload import Parts, Workload
from bench.shape import Shape


class Searcher(Protocol):
    """An open index. Answers are row numbers, as anything that ``numpy.asarray`` takes; -1 where nothing was found."""

    def set(self, search: Parameters, k: int) -> None:
        """Use these search parameters from now on, for answers of ``k``."""

    def allow(self, parts: Parts) -> Any:
        """What the library takes for a filter by all of these masks, made once, and not timed; never asked for none."""

    def one(self, query: Any, k: int, allowed: Any) -> Any:
        """The k nearest allowed of one float32 vector of shape (dim,), on one thread; ``None`` allows all."""


class Library(ABC):
    """One library. Its adapter loads it, names it, and builds where a filter needs nothing of the index."""

    adapter: ClassVar[type[Adapter]]

    def name(self) -> str:
        """As results say it."""
        return self.adapter.name

    def parameters(self, shape: Shape) -> Parameters:
        """Of the one index that is measured."""
        return self.adapter().builds(shape)[0]

    def searches(self, shape: Shape, k: int) -> list[Parameters]:
        """The sweep of search parameters, from cheap to dear."""
        return self.adapter().searches(self.parameters(shape), shape, k)

    def build(self, data: Prepared, workload: Workload, threads: int, path: Path) -> None:  # noqa: ARG002
        """Build into the empty folder ``path``; masks that must lie in the index are there to be put into it."""
        parameters = self.parameters(data.shape)
        self.adapter().build(data.base(), data.shape.metric, parameters, threads, path)

    @abstractmethod
    def open(self, path: Path, shape: Shape, workload: Workload) -> Searcher:
        """Open what ``build`` wrote."""


#: Who is asked about, and has no filter to be asked for.
WITHOUT = {"usearch": "its Python package has no predicate; only its C++ and Rust ones do"}
HOMES = ("bench.filters.libraries", "bench.filters.qdrant")


def registry() -> dict[str, type[Library]]:
    """Every library by its name, nearfile first."""
    kinds = [
        kind
        for home in HOMES
        for _, kind in inspect.getmembers(importlib.import_module(home), inspect.isclass)
        if issubclass(kind, Library) and not inspect.isabstract(kind) and kind.__module__ == home
    ]
    named = {kind().name(): kind for kind in kinds}
    return dict(sorted(named.items(), key=lambda each: (each[0] != "nearfile", each[0])))


def library(name: str) -> Library:
    """The library called ``name``, or that of your own at "package.module:Class".

    Raises:
        ValueError: There is none.
    """
    made: Library = class_named(name, Library, registry)()
    return made
