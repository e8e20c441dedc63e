"""A kind of data: its name, the metrics that it fits, and the function that makes items and queries of it."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.truth import unit

Array = NDArray[Any]
Random = np.random.Generator
# (random, items, queries, dim) -> the items, and queries that are none of them.
Maker = Callable[[Random, int, int, int], tuple[Array, Array]]


@dataclass(frozen=True)
class Kind:
    """One kind of data."""

    name: str
    about: str
    metrics: tuple[str, ...]
    dim: int
    fixed_dim: bool  # its values mean something: there is no more and no less of them
    most: int  # items
    make: Maker

    def data(self, items: int, queries: int, seed: int = 0, dim: int | None = None) -> tuple[Array, Array]:
        """Items (items, dim) and queries (queries, dim), float32: the same for the same arguments.

        No more items than the kind has, and no other ``dim`` where it has one of its own.
        """
        dim = self.dim if dim is None or self.fixed_dim else dim
        items = min(items, self.most)
        random = np.random.default_rng([seed, items, queries, dim, zlib.crc32(self.name.encode())])
        made = self.make(random, items, queries, dim)
        first, second = (np.ascontiguousarray(part, np.float32) for part in made)
        return first, second


class Group:
    """Collects the kinds of one file."""

    def __init__(self) -> None:
        self._kinds: list[Kind] = []

    def kinds(self) -> tuple[Kind, ...]:
        """All of them, in the order of the file."""
        return tuple(self._kinds)

    def kind(
        self, *metrics: str, dim: int = 32, fixed_dim: bool = False, most: int = 1_000_000
    ) -> Callable[[Maker], Maker]:
        """Make a function a kind, named as it is."""

        def register(make: Maker) -> Maker:
            name = make.__name__.replace("_", "-")
            self._kinds.append(Kind(name, make.__doc__ or "", metrics, dim, fixed_dim, most, make))
            return make

        return register


def held_out(random: Random, rows: Array, queries: int) -> tuple[Array, Array]:
    """Rows in a random order, the last ``queries`` of them apart."""
    order = random.permutation(len(rows))
    return rows[order[: len(rows) - queries]], rows[order[len(rows) - queries :]]


def normal(random: Random, *shape: int) -> Array:
    """Normally distributed values."""
    return random.standard_normal(shape)


def directions(random: Random, count: int, dim: int) -> Array:
    """Vectors of length 1, every direction as likely as every other."""
    rows = normal(random, count, dim)
    return unit(rows)


def popular(random: Random, choices: int, shape: int | tuple[int, ...], power: float = 1.0) -> Array:
    """Choices from 0, the i-th in proportion to 1 / (i + 1)^power."""
    weights = 1.0 / np.arange(1, choices + 1) ** power
    chosen: Array = random.choice(choices, shape, p=weights / weights.sum())
    return chosen
