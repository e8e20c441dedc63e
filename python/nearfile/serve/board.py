"""Counters that all workers write and each can read: one row of 64-bit numbers a worker, in memory that they share.

A worker that is killed leaves its row, and the one that takes its place goes on with it, so that sums never fall. Rows
have one writer each, and a number of 64 bits is read whole or not at all: there is no lock.
"""

from __future__ import annotations

import bisect
import mmap
from collections.abc import Iterator

ENDPOINTS = ("search", "neighbors", "info", "health", "metrics", "page", "other")
STATUSES = (200, 400, 404, 405, 408, 413, 414, 415, 431, 500, 503, 0)  # 0 is all others

#: Upper ends of the buckets of latencies, in nanoseconds.
BUCKETS = tuple(
    round(1e9 * seconds)
    for seconds in (1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
)

#: What else a worker counts or tells: ``connections`` is -1 where there is no worker.
NAMES = (
    "connections",
    "requests",
    "queries",
    "reloads",
    "reload_errors",
    "stale",
    "generation",
    "count",
    "bytes",
    "starts",
    "ready",
)

_AT = {name: place for place, name in enumerate(NAMES)}
_STATUS_AT = {status: place for place, status in enumerate(STATUSES)}
_COUNTS = len(NAMES)
_TIMES = _COUNTS + len(ENDPOINTS) * len(STATUSES)
_TIMES_EACH = len(BUCKETS) + 2  # all beyond, and the sum
WIDTH = _TIMES + len(ENDPOINTS) * _TIMES_EACH


class Row:
    """What one worker counts."""

    def __init__(self, cells: memoryview) -> None:
        self._cells = cells

    def __getitem__(self, name: str) -> int:
        return int(self._cells[_AT[name]])

    def __setitem__(self, name: str, value: int) -> None:
        self._cells[_AT[name]] = value

    def add(self, name: str, by: int = 1) -> None:
        """Count ``by`` more."""
        self._cells[_AT[name]] += by

    def answered(self, endpoint: int, status: int, nanoseconds: int) -> None:
        """Count an answer; ``endpoint`` is its place among :data:`ENDPOINTS`."""
        cells = self._cells
        cells[_COUNTS + endpoint * len(STATUSES) + _STATUS_AT.get(status, len(STATUSES) - 1)] += 1
        start = _TIMES + endpoint * _TIMES_EACH
        cells[start + bisect.bisect_left(BUCKETS, nanoseconds)] += 1
        cells[start + _TIMES_EACH - 1] += nanoseconds

    def answers(self) -> Iterator[tuple[str, int, int]]:
        """Endpoint, status, and how many answers there were."""
        for at, endpoint in enumerate(ENDPOINTS):
            for place, status in enumerate(STATUSES):
                yield endpoint, status, int(self._cells[_COUNTS + at * len(STATUSES) + place])

    def times(self, endpoint: str) -> list[int]:
        """Answers in each bucket and beyond, and the sum of nanoseconds."""
        start = _TIMES + ENDPOINTS.index(endpoint) * _TIMES_EACH
        return self._cells[start : start + _TIMES_EACH].tolist()


class Board:
    """The rows of all workers; ``file`` is that of the parent, which workers are given, and none for one alone.

    >>> board = Board(2)
    >>> board[1].add("queries", 3)
    >>> board.sum("queries")
    3
    """

    def __init__(self, workers: int, file: int | None = None) -> None:
        self.workers = workers
        self._memory = mmap.mmap(-1 if file is None else file, max(8 * WIDTH * workers, mmap.PAGESIZE))
        cells = memoryview(self._memory).cast("q")
        self.rows = [Row(cells[WIDTH * at : WIDTH * (at + 1)]) for at in range(workers)]

    def __getitem__(self, worker: int) -> Row:
        return self.rows[worker]

    def sum(self, name: str) -> int:
        """Of all workers."""
        return sum(row[name] for row in self.rows)

    @staticmethod
    def bytes(workers: int) -> int:
        """How long the file is to be."""
        return max(8 * WIDTH * workers, mmap.PAGESIZE)
