"""Exact neighbours in float64, for every metric and for values that differ by many powers of ten.

``bench.truth`` judges the data sets of benchmarks, and looks for candidates in float32. Where one row is a million times as
long as the others its bounds hold nothing back any more; here each row has a bound of its own, in float64.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from bench.awkward.kind import Array
from bench.truth import LEAST_TIE, TIE, unit

QUERY_BLOCK = 64
BLOCK = 65_536  # values; so many differences stay in the cache
DIRECTIONS = ("angular", "cosine")  # of these the order alone is looked at, and it is one and the same


class Exact:
    """Items, ready to be compared with queries."""

    def __init__(self, items: Array, queries: Array, metric: str, k: int) -> None:
        """Find the distance of the k-th nearest item of every query."""
        # Of zeros and ones the two are the same, and products are quicker than differences.
        bits = metric == "manhattan" and all(np.isin(values, (0, 1)).all() for values in (items, queries))
        self.metric = "hamming" if bits else metric
        self.k = min(k, len(items))
        self.rows, self.queries = (_ready(values, metric) for values in (items, queries))
        self.squares, self.query_squares = (
            np.einsum("ij,ij->i", values, values) for values in (self.rows, self.queries)
        )
        self.lengths, self.query_lengths = np.sqrt(self.squares), np.sqrt(self.query_squares)
        self.limits = self._limits()

    def recall(self, answers: Iterable[Any]) -> tuple[float, float]:
        """The share of the k nearest that is found, and its standard error over queries.

        By distance: what is as near as the k-th counts, each row once.

        Args:
            answers: Row numbers for each query, k or fewer.
        """
        found = np.zeros(len(self.queries))
        for number, (answer, limit) in enumerate(zip(answers, self.limits)):
            rows = np.unique(np.asarray(answer, np.int64)[: self.k])
            found[number] = np.count_nonzero(self._distances(rows, number) <= limit) / self.k
        return float(found.mean()), float(found.std() / math.sqrt(len(found)))

    def _limits(self) -> Array:
        """The distance up to which an answer counts, of each query."""
        blocks = range(0, len(self.queries), QUERY_BLOCK)
        kth = np.concatenate([self._kth(np.arange(len(self.queries))[start : start + QUERY_BLOCK]) for start in blocks])
        limits: Array = kth + TIE * np.abs(kth) + self._least_tie()
        return limits

    def _least_tie(self) -> Array:
        """What rounding leaves of a distance of nothing, of each query."""
        if self.metric == "dot":
            least: Array = self._bound() * self.query_lengths * self.lengths.max()
            return least
        return np.full(len(self.queries), LEAST_TIE if self.metric in DIRECTIONS else 0.0)

    def _bound(self) -> float:
        """Of the rounding of an inner product in float64, as a part of the lengths."""
        return float(self.rows.shape[1] + 8) * 2.0**-52

    def _kth(self, numbers: Array) -> Array:
        if self.metric == "manhattan":
            return np.array([self._smallest(self._distances(np.arange(len(self.rows)), number)) for number in numbers])
        products = self.queries[numbers] @ self.rows.T
        if self.metric == "dot":
            return np.partition(-products, self.k - 1, axis=1)[:, self.k - 1]
        squares = self.query_squares[numbers][:, None] + self.squares - 2 * products
        if self.metric == "hamming":  # whole numbers, so these are exact
            return np.partition(squares, self.k - 1, axis=1)[:, self.k - 1]
        if self.metric in DIRECTIONS:
            squares[:, self.lengths == 0] = squares[self.query_lengths[numbers] == 0] = 2  # as in _measured
        return np.array([self._kth_of_squares(row, number) for row, number in zip(squares, numbers)])

    def _kth_of_squares(self, squares: Array, number: int) -> float:
        """Measure all that rounding may have kept from being among the nearest."""
        rounding = self._bound() * np.square(self.lengths + self.query_lengths[number])
        reached = self._smallest(squares + rounding)
        return self._smallest(self._distances(np.flatnonzero(squares - rounding <= reached), number))

    def _smallest(self, values: Array) -> float:
        return float(np.partition(values, self.k - 1)[self.k - 1])

    def _distances(self, rows: Array, number: int) -> Array:
        """Distances of a query to some rows; of directions, those of vectors of length 1."""
        size = max(1, BLOCK // self.rows.shape[1])
        starts = range(0, max(1, len(rows)), size)
        return np.concatenate([self._measured(rows[start : start + size], number) for start in starts])

    def _measured(self, rows: Array, number: int) -> Array:
        query = self.queries[number]
        if self.metric == "dot":
            products: Array = self.rows[rows] @ query
            return -products
        differences = self.rows[rows] - query
        if self.metric in ("manhattan", "hamming"):
            sums: Array = np.abs(differences, out=differences).sum(axis=1)
            return sums
        found: Array = np.sqrt(np.einsum("ij,ij->i", differences, differences))
        if self.metric in DIRECTIONS:
            # What has no direction is at a right angle to everything.
            found[(self.lengths[rows] == 0) | (self.query_lengths[number] == 0)] = math.sqrt(2)
        return found


def _ready(values: Array, metric: str) -> Array:
    wide = values.astype(np.float64)
    return unit(wide) if metric in DIRECTIONS else wide
