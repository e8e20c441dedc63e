"""What the harness asks of a library: one adapter a library, in a file of its own."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Protocol

from bench.shape import Shape

Parameters = dict[str, Any]  # JSON: numbers, strings, booleans


class Searcher(Protocol):
    """An open index. Answers are row numbers of the base vectors, as anything that ``numpy.asarray`` takes."""

    def set(self, search: Parameters, k: int) -> None:
        """Use these search parameters from now on, for answers of ``k``."""

    def one(self, query: Any, k: int) -> Any:
        """The k nearest of one float32 vector of shape (dim,), on one thread. Fewer where fewer were found."""

    def batch(self, queries: Any, k: int, threads: int) -> Any:
        """The k nearest of every row of ``queries``: shape (q, k), -1 where fewer were found."""


class Adapter(ABC):
    """One library, or one index type of it.

    An adapter's file imports its library only inside of methods, so that a peer that is not installed can be named.
    """

    name: ClassVar[str]  # as results and reports say it: "faiss-hnsw"
    package: ClassVar[str]  # the distribution on PyPI: "faiss-cpu"
    module: ClassVar[str]  # what is imported: "faiss"
    metrics: ClassVar[frozenset[str]]  # of "euclidean", "angular" and "dot"
    saves: ClassVar[bool] = True  # False: cannot write to disk, so every query process builds its own

    def load(self) -> Any:
        """Import the library. What this raises is reported as the reason why the peer is missing."""
        return importlib.import_module(self.module)

    def version(self) -> str:
        """What tells one state of the library from another.

        The version alone where it came from an index of packages; one that was installed from a folder may be any state of
        it, so there a digest of its files follows.
        """
        installed = importlib.metadata.distribution(self.package)
        if installed.read_text("direct_url.json") is None:
            return installed.version
        files = installed.read_text("RECORD") or ""  # every file with its checksum
        return f"{installed.version}+{hashlib.blake2b(files.encode(), digest_size=4).hexdigest()}"

    @abstractmethod
    def builds(self, shape: Shape) -> list[Parameters]:
        """The sets of build parameters that are worth measuring on such data."""

    @abstractmethod
    def searches(self, build: Parameters, shape: Shape, k: int) -> list[Parameters]:
        """The sweep of search parameters for such an index and answers of ``k``, from cheap to dear."""

    @abstractmethod
    def build(self, base: Any, metric: str, parameters: Parameters, threads: int, path: Path) -> None:
        """Build an index of ``base`` and write all that serving it needs into the folder ``path``.

        Args:
            base: Shape (n, dim), float32, C-contiguous, not to be changed; as the data set has them, not normalised.
            metric: One of ``metrics``.
            parameters: One of ``builds``.
            threads: How many threads may work.
            path: An empty folder. Where ``saves`` is False nothing is written and the adapter keeps the index.
        """

    @abstractmethod
    def open(self, path: Path, metric: str, dim: int, count: int) -> Searcher:
        """Open what ``build`` wrote, as a process that serves queries would.

        Where ``saves`` is False, the same adapter object has built the index in this process.
        """
