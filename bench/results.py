"""Reading results: medians over passes, Pareto fronts, and the speed at a recall."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

BUSY = 0.9
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
    latency_median: float | None  # seconds; None for batches
    latency_p99: float | None
    passes: int


@dataclass(frozen=True)
class Build:
    """One build and what opening it costs. Seconds and bytes; None where it was not measured."""

    parameters: Record
    wall: dict[int, float]  # by number of threads
    cpu: dict[int, float]
    bytes: int | None  # on disk; None for a library that cannot save
    open_seconds: float | None = None  # with the files in the page cache
    cold_open_seconds: float | None = None  # with the files dropped from it
    cold_first_query: float | None = None
    memory_open: float | None = None  # resident bytes more than before opening
    memory_queries: float | None = None  # the same after the queries


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

    @property
    def way(self) -> tuple[str, str, int, int]:
        """What was asked and how; libraries are compared where it is the same."""
        return self.dataset, self.mode, self.threads, self.k

    def front(self) -> list[Point]:
        """The points that no other beats in both recall and rate, by rising recall."""
        return front(self.points)

    def at(self, recall: float) -> float | None:
        """Queries a second at ``recall``, None where it is never reached."""
        return rate_at(self.front(), recall)

    def by_build(self) -> list[Series]:
        """The same with each of its builds alone."""
        return [
            replace(self, builds=(build,), points=tuple(p for p in self.points if p.build == build.parameters))
            for build in self.builds
        ]

    def times_float32(self, build: Build) -> float | None:
        """Bytes on disk as a multiple of the vectors in float32; None where it cannot save."""
        return None if build.bytes is None else build.bytes / (4 * self.shape["count"] * self.shape["dim"])

    def build_at(self, recall: float) -> Build | None:
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
    measured: int = 0  # settings, each pass counted
    at_once: int = 1  # the most that were measured at the same time
    disturbed: int = 0  # of them, single queries that had less than BUSY of their core: others were at work


def read(*paths: Path) -> list[Run]:
    """Every run of the files, in order.

    Raises:
        ValueError: A line that is no record.
    """
    runs: dict[str, Run] = {}
    grouped: dict[str, list[Record]] = defaultdict(list)
    for record in records(*paths):
        if record["kind"] == "run":
            runs.setdefault(record["run"], Run(record["run"], record))
        else:
            grouped[record["run"]].append(record)
    for id_, run in runs.items():
        _fill(run, grouped[id_])
    return list(runs.values())


def records(*paths: Path) -> list[Record]:
    """The lines of the files as they are."""
    found = []
    for path in paths:
        lines = path.read_text(encoding="utf-8").split("\n")
        lines.pop()  # empty, or a line that was being written when the run was killed
        for number, line in enumerate(lines, start=1):
            try:
                record = json.loads(line)
                record["kind"], record["run"]
                found.append(record)
            except (ValueError, LookupError, TypeError):
                raise ValueError(f"{path}, line {number}: expected a record of a run, got {line[:40]!r}") from None
    return found


def front(points: Iterable[Point]) -> list[Point]:
    """The points that no other beats in both recall and rate, by rising recall."""
    best: list[Point] = []
    for point in sorted(points, key=lambda point: (-point.rate, -point.recall)):
        if not best or point.recall > best[-1].recall:
            best.append(point)
    return best


def rate_at(points: list[Point], recall: float) -> float | None:
    """Queries a second at ``recall`` on a front: log(rate) is taken as linear between its points.

    Where the cheapest point is above ``recall`` already, that point's own rate; None where no point reaches it.
    """
    above = next((number for number, point in enumerate(points) if point.recall >= recall), None)
    if above is None:
        return None
    high = points[above]
    if above == 0 or high.recall == recall:
        return high.rate
    low = points[above - 1]
    share = (recall - low.recall) / (high.recall - low.recall)
    return math.exp(math.log(low.rate) * (1 - share) + math.log(high.rate) * share)


def text(parameters: Record) -> str:
    """Parameters as people read them: "trees 50, ..."."""
    return ", ".join(f"{name} {value}" for name, value in parameters.items())


def _fill(run: Run, lines: list[Record]) -> None:
    """Sort the lines of one run into its series."""
    queries = [line for line in lines if line["kind"] == "query"]
    run.measured = len(queries)
    run.at_once = max((line.get("at_once", 1) for line in queries), default=1)
    run.disturbed = sum(line["mode"] == "single" and line["busy"] < BUSY for line in queries)
    run.failures = [line for line in lines if line["kind"] == "failure"]
    builds = _group(lines, "build", ("data", "library", "version"))
    opened = _group(lines, "open", ("data", "library", "version"))
    sweeps = _group(lines, "query", ("dataset", "data", "library", "version", "k", "mode", "threads"))
    for (dataset, data, library, version, k, mode, threads), queries in sweeps.items():
        made = (data, library, version)
        run.series.append(
            Series(
                run=run.id,
                dataset=dataset,
                shape=queries[0]["shape"],
                library=library,
                version=version,
                k=k,
                mode=mode,
                threads=threads,
                points=tuple(_points(queries)),
                builds=tuple(_builds(builds.get(made, []), opened.get(made, []), queries)),
            )
        )

    # A run that was resumed may have found a library that was missing when it began.
    measured = {series.library for series in run.series}
    absent = {(line["library"], line["dataset"]): line for line in lines if line["kind"] == "missing"}
    run.missing = [line for line in absent.values() if line["dataset"] or line["library"] not in measured]


def _points(queries: list[Record]) -> list[Point]:
    """One point for each search setting, over its passes."""
    by_setting = defaultdict(list)
    for query in queries:
        by_setting[_same(query["build"]), _same(query["search"])].append(query)
    return [
        Point(
            build=passes[0]["build"],
            search=passes[0]["search"],
            recall=median(one["recall"] for one in passes),
            rate=median(one["rate"] for one in passes),
            rate_least=min(one["rate"] for one in passes),
            rate_greatest=max(one["rate"] for one in passes),
            latency_median=_median(one["latency_median"] for one in passes),
            latency_p99=_median(one["latency_p99"] for one in passes),
            passes=len(passes),
        )
        for passes in by_setting.values()
    ]


def _builds(builds: list[Record], opened: list[Record], queries: list[Record]) -> list[Build]:
    """One entry for each set of build parameters, with what opening such an index costs."""
    by_parameters = defaultdict(list)
    for build in builds:
        by_parameters[_same(build["build"])].append(build)
    made = []
    for name, same in by_parameters.items():
        opens = [line for line in opened if _same(line["build"]) == name]
        cold = [line for line in opens if line["cache"] == "cold"]
        warm = [line for line in opens if line["cache"] == "warm"]
        asked = [line for line in queries if _same(line["build"]) == name]
        made.append(
            Build(
                parameters=same[0]["build"],
                wall={threads: median(lines) for threads, lines in _by_threads(same, "wall")},
                cpu={threads: median(lines) for threads, lines in _by_threads(same, "cpu")},
                bytes=same[0]["bytes"],
                open_seconds=_median(line["open_seconds"] for line in warm),
                cold_open_seconds=_median(line["open_seconds"] for line in cold),
                cold_first_query=_median(line["first_query"] for line in cold),
                memory_open=_median(line["memory"] for line in opens),
                memory_queries=max((line["memory"] for line in asked), default=None),
            )
        )
    return made


def _by_threads(builds: list[Record], name: str) -> list[tuple[int, list[float]]]:
    threads = sorted({build["threads"] for build in builds})
    return [(count, [build[name] for build in builds if build["threads"] == count]) for count in threads]


def _group(lines: list[Record], kind: str, names: tuple[str, ...]) -> dict[tuple[Any, ...], list[Record]]:
    """The lines of one kind by the values of some of their fields."""
    groups = defaultdict(list)
    for line in lines:
        if line["kind"] == kind:
            groups[tuple(line[name] for name in names)].append(line)
    return dict(groups)


def _same(parameters: Record) -> str:
    return json.dumps(parameters, sort_keys=True)


def _median(values: Iterable[float | None]) -> float | None:
    """The median of those that were measured, None where none was."""
    known = [value for value in values if value is not None]
    return median(known) if known else None
