"""What a results file of the workload says: a line of points for each library and shape, medians over the passes."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.filters.workload import NAMES
from bench.results import BUSY, Point, Series

Record = dict[str, Any]


@dataclass(frozen=True)
class Findings:
    """One run."""

    head: Record  # machine, revision, options, time
    shape: Record  # of the data
    k: int
    series: dict[str, list[Series]]  # by shape of filter, a line for each library
    troubles: list[str]

    def filters(self) -> list[str]:
        """The shapes that were measured, in order."""
        return [name for name in NAMES if name in self.series]

    def libraries(self) -> list[str]:
        """Who was measured, in order."""
        return list(dict.fromkeys(each.library for lines in self.series.values() for each in lines))


def read(path: Path) -> Findings:
    """The last run of a results file.

    Raises:
        ValueError: There is none.
    """
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    starts = [place for place, record in enumerate(records) if record.get("kind") == "filters"]
    if not starts:
        raise ValueError(f"{path}: expected a run of `python -m bench filters`, found none")
    head, *found = records[starts[-1] :]
    data: Record = next((record for record in found if record["kind"] == "data"), {"shape": {}, "k": 0})
    passes: dict[tuple[str, str, str], list[Record]] = defaultdict(list)
    for record in found:
        if record["kind"] == "filtered":
            setting = json.dumps(record["search"], sort_keys=True)
            passes[record["filter"], record["library"], setting].append(record)
    points: dict[tuple[str, str], list[Point]] = defaultdict(list)
    for (filter_, library, _), lines in passes.items():
        points[filter_, library].append(_point(lines))
    series: dict[str, list[Series]] = defaultdict(list)
    for (filter_, library), some in points.items():
        line = Series("", data["shape"]["name"], data["shape"], library, "", data["k"], "single", 1, tuple(some), ())
        series[filter_].append(line)
    return Findings(head, data["shape"], data["k"], dict(series), _troubles(found))


def _point(lines: list[Record]) -> Point:
    rates = [line["rate"] for line in lines]
    return Point(
        build={},
        search=lines[0]["search"],
        recall=median(line["recall"] for line in lines),
        rate=median(rates),
        rate_least=min(rates),
        rate_greatest=max(rates),
        latency_median=None,
        latency_p99=median(line["latency_p99"] for line in lines),
        passes=len(lines),
    )


def _troubles(found: list[Record]) -> list[str]:
    """What could not be measured, and what is not as it must be."""
    lines = [f"{r['library']}: {r['stage']}: {r['reason']}" for r in found if r["kind"] == "failure"]
    lines += [f"{r['library']}: not measured: {r['reason']}" for r in found if r["kind"] == "missing"]
    measured = [record for record in found if record["kind"] == "filtered"]
    for library in dict.fromkeys(record["library"] for record in measured):
        own = [record for record in measured if record["library"] == library]
        short = [record for record in own if record["short"]]
        if short:
            names = ", ".join(dict.fromkeys(record["filter"] for record in short))
            lines.append(
                f"{library}: {len(short)} of {len(own)} settings gave some queries fewer than there are: {names}"
            )
        if any(record["foreign"] for record in own):
            lines.append(f"{library}: some answers are not allowed")
    disturbed = sum(record["busy"] < BUSY for record in measured)
    if disturbed:
        lines.append(f"{disturbed} of {len(measured)} measurements had less than {BUSY:.0%} of their core")
    return lines
