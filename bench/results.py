"""Reading results: medians over passes, Pareto fronts, and the speed at a recall."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Optional, TypeVar

Record = dict[str, Any]  # one line of the file


@dataclass(frozen=True)
class Point:
    """One search setting of one build: medians over the passes, and the least and greatest of them."""

    build: Record  # build parameters
    search: Record  # search parameters
    recall: float
    rate: float  # queries a second
    rate_least: float
    rate_greatest: float
    latency_median: Optional[float]  # seconds; None for batches
    latency_p99: Optional[float]
    passes: int


@dataclass(frozen=True)
class Build:
    """One build and what opening it costs. Seconds and bytes; None where it was not measured."""

    parameters: Record
    wall: dict[int, float]  # by number of threads
    cpu: dict[int, float]
    bytes: Optional[int]  # on disk; None for a library that cannot save
    open_seconds: Optional[float] = None  # with the files in the page cache
    cold_open_seconds: Optional[float] = None  # with the files dropped from it
    cold_first_query: Optional[float] = None
    memory_open: Optional[int] = None  # resident bytes more than before opening
    memory_queries: Optional[int] = None  # the same after the queries


@dataclass(frozen=True)
class Series:
    """One library on one data set in one run: what becomes a row of a table or a line of a plot."""

    run: str
    dataset: str
    shape: Record  # name, count, dim, metric
    library: str
    version: str
    k: int
    mode: str  # "single" or "batch"
    threads: int
    points: tuple[Point, ...]
    builds: tuple[Build, ...]

    def front(self) -> list[Point]:
        """The points that no other beats in both recall and rate, by rising recall."""
        return front(self.points)

    def at(self, recall: float) -> Optional[float]:
        """Queries a second at ``recall``, None where it is never reached."""
        return rate_at(self.front(), recall)

    def build_at(self, recall: float) -> Optional[Build]:
        """The build that the figure at ``recall`` rests on; the one that comes nearest where it is never reached."""
        points = self.front()
        if not points:
            return self.builds[0] if self.builds else None
        point = next((point for point in points if point.recall >= recall), points[-1])
        return next((build for build in self.builds if build.parameters == point.build), None)


@dataclass
class Run:
    """All that one run measured. Ratios are formed inside of one run only."""

    id: str
    facts: Record  # machine, revision, options, time
    series: list[Series] = field(default_factory=list)
    missing: list[Record] = field(default_factory=list)  # libraries that could not be measured, and why
    failures: list[Record] = field(default_factory=list)  # builds and sweeps that ended early, and why
