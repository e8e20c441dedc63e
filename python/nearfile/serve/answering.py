"""From a request to the bytes of its answer: single searches where they come in, all else on a few threads."""

from __future__ import annotations

import asyncio
import functools
import time
from array import array
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

from nearfile.results import lists
from nearfile.serve.board import Row
from nearfile.serve.limits import Limits
from nearfile.serve.live import Live, Snapshot
from nearfile.serve.refusals import busy
from nearfile.serve.requests import Found, Search

Floats = NDArray[np.float32]

_encoder = msgspec.json.Encoder()


class Answering:
    """Threading: its methods are called on the event loop."""

    def __init__(self, live: Live, limits: Limits, row: Row, threads: int) -> None:
        self.live, self._limits, self._row, self._threads = live, limits, row, threads
        self.executor = ThreadPoolExecutor(threads, thread_name_prefix="nearfile")
        self._waiting = 0

    async def search(self, asked: Search, vectors: Floats | None = None) -> bytes:
        """The answer as JSON; ``vectors`` of shape (dim,) or (q, dim) came in another way."""
        now = self.live.now
        n_vectors = None if vectors is None else 1 if vectors.ndim == 1 else len(vectors)
        queries = now.bounds.check(asked, n_vectors)
        most = min(self._limits.k, max(1, self._limits.answers // queries))
        k = asked.k if asked.k is not None else min(most, 10) if asked.radius is None else most
        scans = now.scans(asked, k)
        now.bounds.check_work(queries, k, asked, scans)
        self._row.add("queries", queries)
        is_batch = asked.vectors is not None or asked.ids is not None or (vectors is not None and vectors.ndim == 2)
        if not is_batch and not scans and now.is_light(asked, k):
            steps = {"recall": asked.recall, "effort": asked.effort, "search_k": asked.search_k}
            ids, distances = now.index.search(query_of(now, asked, vectors), k, **steps)  # type: ignore[arg-type]
            return _encoder.encode({"ids": ids.tolist(), "distances": distances.tolist()})
        return await self._on_a_thread(functools.partial(answer, now, asked, k, vectors))

    async def _on_a_thread(self, work: Callable[[], bytes]) -> bytes:
        limits = self._limits
        if self._waiting >= limits.waiting:
            raise busy(f"expected fewer than {limits.waiting} batches, filters and scans at once, got one more")
        deadline = time.monotonic() + limits.wait_seconds

        def run() -> bytes:
            if time.monotonic() > deadline:
                raise busy(f"expected a free thread within {limits.wait_seconds:g} s, got none")
            return work()

        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self.executor, run)
        finally:
            self._waiting -= 1


def query_of(now: Snapshot, asked: Search, vectors: Floats | None) -> NDArray[Any]:
    """The query, or the batch."""
    if vectors is not None:
        return vectors
    if asked.vector is not None:
        return floats(asked.vector)
    if asked.id is not None:
        return now.index.vector(asked.id)
    if asked.ids is not None:
        return now.index.vectors(asked.ids)
    rows = np.empty((len(asked.vectors or []), now.dim), np.float32)
    for row, each in zip(rows, asked.vectors or []):
        row[:] = floats(each)
    return rows


def floats(values: list[float]) -> Floats:
    """What float32 does not hold becomes infinite, which the search refuses."""
    return np.frombuffer(array("f", values), np.float32)


def answer(now: Snapshot, asked: Search, k: int, vectors: Floats | None) -> bytes:
    """Of whatever was asked."""
    query = query_of(now, asked, vectors)
    options: dict[str, Any] = {"recall": asked.recall, "exact": asked.exact, "search_k": asked.search_k, "threads": 1}
    options["exclude"] = asked.exclude
    options["filter"] = None if asked.filter is None else now.filter(asked.filter)
    if asked.radius is not None:
        ids, distances = lists(now.index.search_radius(query, asked.radius, max_results=k, **options))
    else:
        ids, distances = lists(now.index.search(query, k, effort=asked.effort, **options))
    answered = Found(ids, distances)
    if asked.attributes:
        columns = now.columns if asked.attributes is True else asked.attributes
        answered.attributes = of_lists(ids, lambda some: attributes(now, some, columns))
        if asked.id is not None:
            answered.query_attributes = attributes(now, [asked.id], columns)[0]
        elif asked.ids is not None:
            answered.query_attributes = attributes(now, asked.ids, columns)
    return _encoder.encode(answered)


def of_lists(ids: list[Any], rows_of: Callable[[list[Any]], list[Any]]) -> list[Any]:
    """What ``rows_of`` makes of ids, in the lists that these stand in; asked once."""
    if not ids or not isinstance(ids[0], list):
        return rows_of(ids)
    rows = iter(rows_of([id_ for some in ids for id_ in some]))
    return [[next(rows) for _ in some] for some in ids]


def attributes(now: Snapshot, ids: list[Any], columns: Iterable[str]) -> list[dict[str, Any]]:
    """A dict for each id; what is missing is None, and moments are text."""
    found = now.index.attributes(ids)
    values = {name: plain(found[name]) for name in columns}
    return [{name: column[at] for name, column in values.items()} for at in range(len(ids))]


def plain(column: NDArray[Any]) -> list[Any]:
    """As JSON takes it: moments as ISO 8601 has them, in UTC."""
    if column.dtype.kind != "M":
        return list(column.tolist())
    return [None if np.isnat(each) else f"{each}Z" for each in column]
