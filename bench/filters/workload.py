"""What is allowed: masks of eight shapes for any data set, made from a seed, and the exact neighbours among them.

A mask says of every row whether it may be an answer. Masks of the shapes that depend on the query are of one query each,
those of all others of all queries. They are kept beside the data.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import truth
from bench.datasets import Prepared

Array = NDArray[Any]
Parts = tuple[int, ...]  # numbers of masks, all of which must allow a row; none allows every row


@dataclass(frozen=True)
class Filter:
    """A shape of filter.

    ``random``: each row is allowed with probability ``share``, whatever is asked.
    ``near``: of the half of the rows that is nearer to the query each with a probability that falls evenly with its rank,
    from four times ``share`` at the nearest to none in the middle; no other.
    ``far``: of the farther half each with probability twice ``share``; no other.
    ``two``: allowed by both of two random masks that are independent, each of the root of ``share``.
    """

    name: str
    kind: str
    share: float


ALL = "all"  # no filter: what the others are compared with
FILTERS = (
    Filter("20 %", "random", 0.2),
    Filter("10 %", "random", 0.1),
    Filter("1 %", "random", 0.01),
    Filter("10 % near", "near", 0.1),
    Filter("5 % far", "far", 0.05),
    Filter("4 % by two", "two", 0.04),
    Filter("1 % by two", "two", 0.01),
    Filter("0.012 % by two", "two", 0.00012),
)
NAMES = (ALL, *(each.name for each in FILTERS))


@dataclass(frozen=True)
class Workload:
    """The masks of a data set, and what is nearest among what they allow."""

    count: int  # rows
    k: int
    packed: Array  # shape (masks, count / 8), uint8, the first row in the lowest bit
    uses: dict[str, list[Parts]]  # by shape, a query's masks
    kth: dict[str, Array]  # by shape, how far the k-th nearest allowed of each query is; of fewer the last
    allowed: dict[str, Array]  # by shape, how many rows are

    def mask(self, parts: Parts) -> Array:
        """The rows that all of some masks allow: shape (count,), bool."""
        bits = np.bitwise_and.reduce(self.packed[list(parts)], axis=0)
        return np.unpackbits(bits, count=self.count, bitorder="little").astype(bool)


def prepare(data: Prepared, queries: int, k: int, seed: int = 0) -> Path:
    """Make the workload of the first ``queries`` queries unless it lies beside the data; its path."""
    path = data.folder / f"filters-{seed}-{queries}-{k}.npz"
    if not path.exists():
        base, asked = data.base(), data.queries()[:queries]
        masks, uses = _draw(base, asked, data.shape.metric, seed)
        packed = np.packbits(masks, axis=1, bitorder="little")
        workload = Workload(len(base), k, packed, uses, {}, {})
        for name, parts in uses.items():
            workload.kth[name], workload.allowed[name] = _nearest(workload, base, asked, data.shape.metric, parts)
        _save(path, workload)
    return path


def load(path: Path) -> Workload:
    """What ``prepare`` made."""
    with np.load(path, allow_pickle=False) as arrays:
        count, k = (int(value) for value in arrays["sizes"])
        uses = {name: [tuple(row) for row in arrays[f"uses {name}"].tolist()] for name in NAMES}
        kth, allowed = ({name: arrays[f"{part} {name}"] for name in NAMES} for part in ("kth", "allowed"))
        return Workload(count, k, arrays["packed"], uses, kth, allowed)


def _draw(base: Array, queries: Array, metric: str, seed: int) -> tuple[Array, dict[str, list[Parts]]]:
    masks: list[Array] = []
    uses: dict[str, list[Parts]] = {ALL: [()] * len(queries)}
    for number, each in enumerate(FILTERS):
        random = np.random.default_rng([seed, number])
        first = len(masks)
        if each.kind in ("near", "far"):
            masks += [_around(ranks, each, random) for ranks in _ranks(base, queries, metric)]
            uses[each.name] = [(first + query,) for query in range(len(queries))]
        else:
            parts, share = (2, each.share**0.5) if each.kind == "two" else (1, each.share)
            masks += [random.random(len(base)) < share for _ in range(parts)]
            uses[each.name] = [tuple(range(first, first + parts))] * len(queries)
    return np.stack(masks), uses


def _around(ranks: Array, each: Filter, random: np.random.Generator) -> Array:
    """A mask by how near rows are to a query: ``ranks`` from 0 at the nearest to 1."""
    near = np.maximum(0, 4 * each.share * (1 - 2 * ranks))
    far = np.where(ranks >= 0.5, 2 * each.share, 0)
    allowed: Array = random.random(len(ranks)) < (near if each.kind == "near" else far)
    return allowed


def _ranks(base: Array, queries: Array, metric: str) -> Iterator[Array]:
    """For each query, where each row stands among all by its distance in float32, ties by row: from 0 to below 1."""
    rows = truth.unit(base) if metric == "angular" else base
    squares = np.square(rows).sum(axis=1) / 2 if metric == "euclidean" else 0
    places = np.arange(len(rows)) / len(rows)
    for query in queries:
        ranks = np.empty(len(rows))
        ranks[np.argsort(squares - rows @ query, kind="stable")] = places
        yield ranks


def _nearest(workload: Workload, base: Array, queries: Array, metric: str, uses: list[Parts]) -> tuple[Array, Array]:
    """How far the k-th nearest of what is allowed is, and how many that are; infinitely where none is."""
    kth = np.full(len(queries), np.inf)
    allowed = np.empty(len(queries), np.int64)
    for parts in dict.fromkeys(uses):
        asked = [query for query, each in enumerate(uses) if each == parts]
        rows = base[workload.mask(parts)] if parts else base
        allowed[asked] = len(rows)
        if len(rows):
            kth[asked] = truth.nearest(rows, queries[asked], metric, workload.k)[1][:, -1]
    return kth, allowed


def _save(path: Path, workload: Workload) -> None:
    """Write under another name first, so that a run cut off leaves no half of a file."""
    arrays = {"sizes": np.array([workload.count, workload.k]), "packed": workload.packed}
    for name in NAMES:
        uses = workload.uses[name]
        arrays[f"uses {name}"] = np.array(uses, np.int64).reshape(len(uses), -1)
        arrays[f"kth {name}"], arrays[f"allowed {name}"] = workload.kth[name], workload.allowed[name]
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    os.replace(file.name, path)
