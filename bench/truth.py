"""The exact nearest neighbours, and the recall of answers: NumPy alone, no library that is measured here.

Candidates come from blocked float32 matrix products; their distances are computed again in float64. Where rounding could
have kept a neighbour from being a candidate, the query is compared with every vector in float64.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets import Prepared

Array = NDArray[Any]

SPARE = 22  # candidates beyond k and its half
QUERY_BLOCK = 256
BASE_BLOCK = 65_536
# What is no farther than the k-th by this share is a tie: libraries compute in float32. The least is for distances of 0.
TIE = 1e-6
LEAST_TIE = 1e-12


def prepare(data: Prepared, count: int, ks: Sequence[int]) -> None:
    """Find the distance of the k-th nearest of each of the first ``count`` queries, for every k, and keep it by the data.

    Where there are fewer than k vectors, that of the last one.
    """
    missing = [k for k in ks if not path(data, count, k).exists()]
    if missing:
        _, found = nearest(data.base(), data.queries()[:count], data.shape.metric, max(missing))
        for k in missing:
            _save(path(data, count, k), found[:, min(k, found.shape[1]) - 1])


def kth_distances(data: Prepared, count: int, k: int) -> Array:
    """What ``prepare`` keeps."""
    prepare(data, count, [k])
    loaded: Array = np.load(path(data, count, k), allow_pickle=False)
    return loaded


def path(data: Prepared, count: int, k: int) -> Path:
    """Where ``prepare`` keeps it."""
    return data.folder / f"truth-{count}-{k}.npy"


def nearest(base: Array, queries: Array, metric: str, k: int) -> tuple[Array, Array]:
    """The k nearest of every query: row numbers and float64 distances, nearest first."""
    k = min(k, len(base))
    ids = np.empty((len(queries), k), np.int64)
    found = np.empty((len(queries), k))
    search = _Candidates(base, metric, min(k + k // 2 + SPARE, len(base)))
    for start in range(0, len(queries), QUERY_BLOCK):
        block = queries[start : start + QUERY_BLOCK]
        for row, (query, (chosen, beyond)) in enumerate(zip(block, search(block)), start=start):
            exact = distances(base[chosen], query, metric)
            if np.partition(exact, k - 1)[k - 1] > beyond:
                chosen, exact = np.arange(len(base)), _all_distances(base, query, metric)
            order = np.lexsort((chosen, exact))[:k]
            ids[row], found[row] = chosen[order], exact[order]
    return ids, found


def distances(rows: Array, query: Array, metric: str) -> Array:
    """Distances in float64, the nearest least.

    Euclidean; for ``angular`` that of vectors scaled to length 1, where one without direction is at a right angle to all;
    for ``dot`` the inner product with its sign turned.
    """
    rows, query = rows.astype(np.float64), query.astype(np.float64)
    if metric == "dot":
        inner: Array = rows @ query
        return -inner
    if metric == "euclidean":
        found: Array = np.linalg.norm(rows - query, axis=1)
        return found
    found = np.linalg.norm(unit(rows) - unit(query), axis=1)
    directionless = ~rows.any(axis=1) | ~query.any()
    return np.where(directionless, math.sqrt(2), found)


def unit(vectors: Array) -> Array:
    """Vectors scaled to length 1; zeros stay."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Array = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return scaled


def recall(answers: Sequence[Any], kth: Array, base: Array, queries: Array, metric: str, k: int) -> float:
    """The mean share of the k nearest that is found, by distance: what is as near as the k-th counts, each row once.

    Args:
        answers: Row numbers for each query; -1 stands for nothing found.
        kth: The distance of each query's k-th nearest.
        base: The vectors that rows are numbers of, perhaps mapped.
        queries: As many as there are answers.
        metric: That of the distances.
        k: How many were asked for.

    Raises:
        ValueError: A row number beyond the vectors.
    """
    limits = kth + TIE * np.abs(kth) + LEAST_TIE
    hits = 0
    for answer, query, limit in zip(answers, queries, limits):
        rows = np.unique(np.asarray(answer)[:k].astype(np.int64))
        rows = rows[rows >= 0]
        if rows.size and rows[-1] >= len(base):
            raise ValueError(f"answer: expected row numbers below {len(base)}, got {rows[-1]}")
        hits += int(np.count_nonzero(distances(base[rows], query, metric) <= limit))
    return hits / (min(k, len(base)) * len(answers))


class _Candidates:
    """Finds the few rows that are nearest by float32, and the distance that no other row is below."""

    def __init__(self, base: Array, metric: str, count: int) -> None:
        self.metric = metric
        self.count = count
        self.base = unit(base) if metric == "angular" else base
        lengths = np.linalg.norm(self.base, axis=1)
        self.longest = float(lengths.max())
        self.squares = np.square(lengths) if metric == "euclidean" else np.zeros(len(base), np.float32)

    def __call__(self, queries: Array) -> list[tuple[Array, float]]:
        """For each query the candidates, and the least distance that any other row can have."""
        if self.metric == "angular":
            queries = unit(queries)
        rows: Array = np.empty((len(queries), 0), np.int64)
        values: Array = np.empty((len(queries), 0), np.float32)
        for start in range(0, len(self.base), BASE_BLOCK):
            block = self.base[start : start + BASE_BLOCK]
            # Sorts as the distance does: half of its square, less what is the same for every row.
            new = self.squares[start : start + BASE_BLOCK] / 2 - queries @ block.T
            part = _least(new, self.count)
            rows = np.hstack([rows, part + start])
            values = np.hstack([values, np.take_along_axis(new, part, axis=1)])
            part = _least(values, self.count)
            rows, values = (np.take_along_axis(kept, part, axis=1) for kept in (rows, values))
        return [(row, self._beyond(value.max(), query)) for row, value, query in zip(rows, values, queries)]

    def _beyond(self, value: float, query: Array) -> float:
        if self.count == len(self.base):
            return math.inf
        length = float(np.linalg.norm(query.astype(np.float64)))
        # Twice the bound of a dot product's rounding in float32, for it and for the squares.
        rounding = (len(query) + 8) * 2.0**-23 * self.longest * (self.longest + length)
        least = float(value) - rounding
        if self.metric == "dot":
            return least
        square = 2 * least + (length**2 if self.metric == "euclidean" else 2)
        return math.sqrt(max(square, 0))


def _least(values: Array, count: int) -> Array:
    """The columns of the ``count`` least values of each row."""
    if values.shape[1] <= count:
        return np.tile(np.arange(values.shape[1]), (len(values), 1))
    return np.argpartition(values, count - 1, axis=1)[:, :count]


def _all_distances(base: Array, query: Array, metric: str) -> Array:
    starts = range(0, len(base), BASE_BLOCK)
    return np.concatenate([distances(base[start : start + BASE_BLOCK], query, metric) for start in starts])


def _save(path: Path, array: Array) -> None:
    """Write under another name first, so that a run cut off leaves no half of a file."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        np.save(file, array)
    os.replace(file.name, path)
