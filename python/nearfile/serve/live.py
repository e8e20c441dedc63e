"""The index as it is served: a snapshot that a request keeps to, and what takes up another one put in its place."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import time
from typing import Any, cast

import numpy as np

import nearfile
from nearfile.index import signature
from nearfile.serve.board import Row
from nearfile.serve.limits import Limits
from nearfile.serve.requests import Bounds, Search

log = logging.getLogger("nearfile.serve")

# What is told of an index: all that says nothing of the machine that it lies on.
_TOLD = (
    "metric",
    "dim",
    "count",
    "value_type",
    "id_kind",
    "structure",
    "profile",
    "keep",
    "degree",
    "n_trees",
    "file_bytes",
    "calibration",
    "walk_recall",
    "format_version",
    "library_version",
    "generation",
    "log_rows",
    "columns",
)

# Bytes of compiled filters that are kept for expressions that come again.
_FILTER_BYTES = 32 << 20

# What is answered where it came in: so little work that to hand it to a thread would cost more.
_LIGHT_K, _LIGHT_EFFORT = 100, 500


class Snapshot:
    """An index that does not change, and what is asked of it again and again."""

    def __init__(self, index: nearfile.Index, path: str | None, limits: Limits) -> None:
        self.index, self.path = index, path
        self.info = {name: value for name, value in index.info().items() if name in _TOLD}
        self.count, self.dim = len(index), index.dim
        self.columns = list(index.columns)
        self.are_strings = index._strings
        self.is_graph = index._structure == "graph"
        self.is_collection = isinstance(index._core, nearfile._core.Index) is False
        self.bytes = int(self.info["file_bytes"])
        self.generation = int(self.info.get("generation") or changed(path))
        self.info["generation"] = self.generation
        self.bounds = Bounds(limits, self.dim, self.count, self.columns)
        self.walk_recall = cast("dict[int, float]", self.info.get("walk_recall") or {})
        most = max(4, _FILTER_BYTES // max(1, self.count // 8))
        self.filter = functools.lru_cache(maxsize=min(most, 1024))(index.filter)

    @functools.cached_property
    def examples(self) -> list[Any]:
        """A few ids, for whoever does not know any."""
        if not self.count:
            return []
        first = self.index._live_rows()[:1] if self.is_collection else np.zeros(1, np.int64)
        vector = self.index._core.vectors(first)[0]
        return cast("list[Any]", self.index.search(self.index._as_added(vector), k=5)[0].tolist())

    def scans(self, asked: Search, k: int) -> bool:
        """Whether a search may look at every item."""
        if asked.exact:
            return True
        if not self.is_graph or asked.recall is None:
            return False
        known = [self.walk_recall[each] for each in sorted(self.walk_recall) if each >= k]
        most = known[0] if known else self.walk_recall.get(max(self.walk_recall, default=0), 0.99)
        return asked.recall > most

    def is_light(self, asked: Search, k: int) -> bool:
        """Whether one query is answered in some tens of microseconds."""
        return (
            self.is_graph
            and not self.is_collection
            and asked.filter is None
            and asked.exclude is None
            and asked.radius is None
            and not asked.attributes
            and k <= _LIGHT_K
            and (asked.effort or 0) <= _LIGHT_EFFORT
        )


def changed(path: str | None) -> int:
    """When a file was last changed, in milliseconds since 1970; 0 where that is not known."""
    try:
        return 0 if path is None else os.stat(path).st_mtime_ns // 1_000_000
    except OSError:
        return 0


class Live:
    """The newest snapshot. Requests read :attr:`now` once and keep to it; :meth:`watch` replaces it."""

    def __init__(self, index: nearfile.Index, limits: Limits, row: Row) -> None:
        self._index, self._limits, self._row = index, limits, row
        self._failed: tuple[object, str] | None = None
        self.now = Snapshot(pinned(index), index.path, limits)
        self._tell()

    async def watch(self, seconds: float) -> None:
        """Look every so many seconds whether there is another one, and take it up; until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(seconds)
            began = time.perf_counter()
            try:
                found = await loop.run_in_executor(None, self._look)
            except Exception as error:  # noqa: BLE001 (whatever it is, the one before is served on)
                self._fail(error)
                continue
            if self._failed is not None:
                log.info("what lies in the place of the index is what is served again")
            self._failed, self._row["stale"] = None, 0
            if found is not None:
                self.now = found
                self._row.add("reloads")
                milliseconds = 1e3 * (time.perf_counter() - began)
                log.info(
                    "took up another index: %d items, %d bytes, in %.1f ms", found.count, found.bytes, milliseconds
                )
            self._tell()

    def _look(self) -> Snapshot | None:
        self._index.refresh()
        index = pinned(self._index)
        if index._core is self.now.index._core:
            return None
        return Snapshot(index, self._index.path, self._limits)

    def _fail(self, error: Exception) -> None:
        path = self._index.path
        found = (signature(path) if path else None, str(error))
        if found != self._failed:
            self._failed, self._row["stale"] = found, 1
            self._row.add("reload_errors")
            log.error("what lies in the place of the index cannot be taken up, the one before is served: %s", error)

    def _tell(self) -> None:
        row, now = self._row, self.now
        row["generation"], row["count"], row["bytes"] = now.generation, now.count, now.bytes


def pinned(index: nearfile.Index) -> nearfile.Index:
    """The index as it is now, which a refresh does not change."""
    return index._now() if isinstance(index, nearfile.CollectionIndex) else index._pinned()
