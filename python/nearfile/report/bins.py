"""Histograms: how many there are in each of some ranges."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nearfile.report import words
from nearfile.report.facts import Floats


class Bin(NamedTuple):
    """A range: where it begins and ends, which part of all values it has, its name and what is told of it."""

    low: float
    high: float
    share: float
    name: str
    told: str


def range_bins(values: Floats, edges: Floats, told: Callable[[float], str], what: str) -> list[Bin]:
    """Of values between the first and the last of ``edges``."""
    counts, _ = np.histogram(values, edges)
    found = []
    for count, low, high in zip(counts.tolist(), edges[:-1].tolist(), edges[1:].tolist()):
        name = f"{told(low)} to {told(high)}"
        share = count / max(1, len(values))
        found.append(Bin(low, high, share, name, f"{what}\n{name}\n{count:,} · {words.share(share)}"))
    return found


def count_bins(counts: NDArray[Any]) -> list[Bin]:
    """Of whole numbers from 0: ranges that double, 0, 1, 2, 3 to 4, 5 to 8 and so on, each one wide in a picture."""
    found: list[Bin] = []
    low, high = 0, 0
    while low <= counts.max():
        inside = int(((counts >= low) & (counts <= high)).sum())
        name = words.short(low) + ("+" if high > low else "")
        share = inside / len(counts)
        exactly = f"{low:,}" if low == high else f"{low:,} to {high:,}"
        found.append(
            Bin(
                len(found),
                len(found) + 1,
                share,
                name,
                f"neighbour of {exactly}\n{inside:,} items · {words.share(share)}",
            )
        )
        low, high = high + 1, max(1, 2 * high)
    return found
