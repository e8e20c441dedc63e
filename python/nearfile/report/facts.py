"""What is measured of an index: numbers and arrays, which a page and plots are drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Union

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Id = Union[int, str]


@dataclass(frozen=True)
class Part:
    """Some of the bytes of a file: a section, or the log of a collection. ``holds`` says in words what is there."""

    name: str
    bytes: int
    holds: str


@dataclass(frozen=True)
class About:
    """What the index says of itself, and how it was looked at.

    Attributes:
        name: Of the file or folder, or ``"in memory"``.
        info: As ``Index.info()`` gives it.
        parts: Where the bytes go, most first; of a collection those of its segments together.
        sample: How many items were looked at, chosen by ``seed``.
        machine: As ``nearfile.info()`` gives it.
    """

    name: str
    info: dict[str, Any]
    parts: list[Part]
    sample: int
    seed: int
    machine: dict[str, Any]


@dataclass(frozen=True)
class Point:
    """How searches went with one setting: ``effort``, or of a forest ``search_k``; None is what is chosen by default.

    ``latencies`` are those of single searches from Python on one thread, in seconds: shape (m,). ``queries_a_second`` is
    the rate of the best pass over all queries, which whatever else the machine did disturbed least.
    """

    setting: int | None
    recall: float
    standard_error: float
    latencies: Floats
    queries_a_second: float

    def percentile(self, share: float) -> float:
        """The seconds that ``share`` of 100 searches do not exceed."""
        return float(np.percentile(self.latencies, share))


@dataclass(frozen=True)
class Speed:
    """Recall against speed.

    Attributes:
        k: How many neighbours were asked for.
        option: ``"effort"`` or ``"search_k"``.
        points: With rising settings.
        default: Without a setting.
        exact: With ``exact=True``.
        queries: How many were asked.
        given: Whether they are the user's; else they are items, asked for the others.
        unlike: The share of given queries whose nearest item is farther than that of 99 in 100 of the calibration's;
            None where that is not known.
    """

    k: int
    option: str
    points: list[Point]
    default: Point
    exact: Point
    queries: int
    given: bool
    unlike: float | None


@dataclass(frozen=True)
class Distances:
    """How far the sample's neighbours are, in the whole index, by its metric.

    Attributes:
        nearest: Of each sampled item the distance of its nearest other: shape (m,).
        kth: Of its k-th nearest other: shape (m,).
        k: Which that is.
        pairs: Of pairs of sampled items at random.
        whole: Whether all of the sample was looked at; else time was up.
    """

    nearest: Floats
    kth: Floats
    k: int
    pairs: Floats
    whole: bool


@dataclass(frozen=True)
class Dimension:
    """How many directions the data has near an item, whatever the length of vectors.

    Attributes:
        mle: Of all items, from the distances of ``k`` neighbours.
        two_nn: From the nearest two alone.
        local: Of each item, shape (m,), without those that have too few different neighbours.
        k: How many neighbours ``mle`` and ``local`` saw.
    """

    mle: float
    two_nn: float
    local: Floats
    k: int


@dataclass(frozen=True)
class Hubs:
    """How often items are among the k nearest of others, within the sample.

    Attributes:
        counts: Of each sampled item: shape (m,).
        k: How many neighbours each item has, so that the mean of ``counts`` is ``k``.
        skewness: Of ``counts``; 0 is symmetric, above 1 a few items are neighbours of very many.
        never: The share that is nobody's neighbour.
        top: Those that most have, with their counts.
    """

    counts: NDArray[np.int64]
    k: int
    skewness: float
    never: float
    top: list[tuple[Id, int]]


@dataclass(frozen=True)
class Duplicates:
    """Items whose vectors others have too.

    Attributes:
        share: Of the sample.
        groups: Ids that have one vector, the largest groups first; more than were seen may have it.
        n_groups: How many groups were seen.
        within: ``"index"``, or ``"sample"`` where only that was compared.
        closest: The nearest pairs of different vectors, with their distance.
    """

    share: float
    groups: list[list[Id]]
    n_groups: int
    within: str
    closest: list[tuple[Id, Id, float]]


@dataclass(frozen=True)
class FarOut:
    """The sampled items that are farthest from all others.

    Attributes:
        rows: Each with its distance to its k-th nearest other, and how many times the median that is; the farthest first.
        k: Which neighbour that is.
        median: Of all sampled items.
        metric: That the distance is by: the index's, but euclidean where that is ``dot``.
        within: ``"index"`` or ``"sample"``.
    """

    rows: list[tuple[Id, float, float]]
    k: int
    median: float
    metric: str
    within: str


@dataclass(frozen=True)
class Coloring:
    """A way to colour a map: groups by name, or numbers.

    Attributes:
        name: A column of attributes, or what was measured.
        labels: Of groups, in the order of their colours; of numbers the ranges.
        group: Of each point, its label's place: shape (m,).
        ordered: Whether labels are ranges of numbers, from small to large.
    """

    name: str
    labels: list[str]
    group: NDArray[np.int64]
    ordered: bool


@dataclass(frozen=True)
class Map:
    """A sample laid out in a plane, so that neighbours in the index are neighbours on it.

    Attributes:
        xy: Shape (m, 2), from 0 to 1 each way, of one scale.
        ids: Of the points.
        colorings: Ways to colour them, at least one.
    """

    xy: Floats
    ids: list[Id]
    colorings: list[Coloring]


@dataclass(frozen=True)
class Facts:
    """All that is measured; None is what the index is too small, or too much alike, to have."""

    about: About
    speed: Speed | None
    distances: Distances | None
    dimension: Dimension | None
    hubs: Hubs | None
    duplicates: Duplicates | None
    far_out: FarOut | None
    map: Map | None
