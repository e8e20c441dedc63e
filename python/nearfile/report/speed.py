"""Recall against speed, and how long single searches take."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearfile import inputs, items
from nearfile.errors import InvalidArgumentError
from nearfile.report.facts import Point, Speed
from nearfile.report.subject import Subject

#: Of given queries as many are asked, chosen at random.
QUERIES = 500

# Efforts of a graph, and candidates of a forest, as multiples of k.
GRAPH_FACTORS = (0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
FOREST_FACTORS = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)

# A setting is timed so long; where single searches take longer than that in all, fewer are timed, but no fewer than these.
POINT_SECONDS = 0.25
LEAST_TIMED = 20
# The default's latencies are a picture of their own.
DEFAULT_SECONDS = 1.0
MOST_TIMED = 20_000
# No further settings are tried after so long.
SWEEP_SECONDS = 20.0


class Judge:
    """Queries, and which of their answers are true: the k nearest, or of items as queries the k nearest others."""

    def __init__(self, subject: Subject, queries: object, k: int) -> None:
        self.index = subject.index
        self.given = queries is not None
        self.exclude: list[list[Any]] | None = None
        if self.given:
            array = items.queries(self.index, queries)
            rows = array[None] if array.ndim == 1 else array
            if len(rows) == 0:
                raise InvalidArgumentError(f"queries: expected some, got shape {rows.shape}: leave them out")
            chosen = subject.rng.choice(len(rows), min(QUERIES, len(rows)), replace=False)
            self.queries: NDArray[np.float32] = inputs.floats(rows[np.sort(chosen)])
            self.k = min(k, len(self.index))
        else:
            # Of an item the answers are the others; it is left out where recall is counted, not where time is.
            self.queries = subject.vectors[:QUERIES]
            self.exclude = [[each] for each in subject.ids[: len(self.queries)]]
            self.k = min(k, len(self.index) - 1)
        self.true = self._true(subject) if self.k else np.empty((0, 0), np.float32)

    def recall(self, **setting: Any) -> tuple[float, float]:
        """The share of the nearest that a setting finds, of items equally far each, and its standard error."""
        found = self._search(**setting)
        last = self.true[:, -1:]
        right = (found >= last if self.index.metric == "dot" else found <= last).mean(axis=1)
        return float(right.mean()), float(right.std() / np.sqrt(len(right)))

    def _true(self, subject: Subject) -> NDArray[np.float32]:
        """The distances of the k nearest, without an item that asks: it is searched for too, and taken out."""
        ids, far = self.index.search(self.queries, self.k + (not self.given), exact=True)
        if self.given:
            return far
        own = ids == np.array(subject.ids[: len(ids)], ids.dtype)[:, None]
        own[~own.any(axis=1), -1] = True  # of products, and of equal vectors, others may be nearer
        others: NDArray[np.float32] = far[~own].reshape(len(far), self.k)
        return others

    def _search(self, **setting: Any) -> NDArray[np.float32]:
        _, found = self.index.search(self.queries, self.k, exclude=self.exclude, **setting)
        return found

    def point(self, value: int | None, seconds: float, **setting: Any) -> Point:
        """Recall of a setting, then latencies."""
        recall, error = self.recall(**setting)  # which brings the file's pages into memory too
        latencies: list[float] = []
        start = clock = time.perf_counter()
        while len(latencies) < MOST_TIMED and (clock - start < seconds or len(latencies) < LEAST_TIMED):
            query = self.queries[len(latencies) % len(self.queries)]
            self.index.search(query, self.k, threads=1, **setting)
            now = time.perf_counter()
            latencies.append(now - clock)
            clock = now
        taken = np.array(latencies)
        whole = len(taken) // len(self.queries) * len(self.queries)
        passes = taken[:whole].reshape(-1, len(self.queries)) if whole else taken[None]
        return Point(value, recall, error, taken, float(1 / passes.mean(axis=1).min()))


def measure_speed(subject: Subject, queries: object = None, k: int = 10) -> Speed | None:
    """Measure recall and latencies for rising settings, until all is found; None where there is nothing to find."""
    if len(subject.index) == 0:
        return None
    judge = Judge(subject, queries, k)
    if not judge.k:
        return None
    graph = subject.index._structure == "graph"
    option = "effort" if graph else "search_k"
    exact = judge.point(None, POINT_SECONDS, exact=True)
    default = judge.point(None, DEFAULT_SECONDS)
    points: list[Point] = []
    end = time.monotonic() + SWEEP_SECONDS
    for value in settings(judge.k, len(subject.index), GRAPH_FACTORS if graph else FOREST_FACTORS):
        points.append(judge.point(value, POINT_SECONDS, **{option: value}))
        if points[-1].recall >= 0.9999 or time.monotonic() > end:
            break
    return Speed(judge.k, option, points, default, exact, len(judge.queries), judge.given, share_unlike(subject, judge))


def settings(k: int, n: int, factors: tuple[float, ...]) -> list[int]:
    """Rising, from 1 to as many as there are items."""
    return sorted({max(1, min(int(k * factor), n)) for factor in factors})


def share_unlike(subject: Subject, judge: Judge) -> float | None:
    """The share of given queries that are farther from all items than 99 in 100 of the calibration's were."""
    calibrated = subject.index.info().get("calibrated_nearest")
    if not judge.given or not calibrated or subject.index.metric == "dot":
        return None
    return float((judge.true[:, 0] > calibrated[99]).mean())
