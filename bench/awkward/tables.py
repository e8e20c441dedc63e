"""What was found, as people read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from nearfile.cli.output import console

from bench import awkward
from bench.awkward.verdicts import BROKEN, FAILED

Record = dict[str, Any]

# What info() says of every index; all else it says of this one is shown.
OF_ALL = (
    "metric",
    "dim",
    "count",
    "value_type",
    "id_kind",
    "structure",
    "n_trees",
    "n_trees_asked",
    "leaf_size",
    "seed",
    "columns",
)
OF_GRAPHS = ("profile", "keep", "degree", "calibrated_nearest")
OF_FILES = ("file_bytes", "format_version", "library_version")
USUAL = {*OF_ALL, *OF_GRAPHS, *OF_FILES}
PROMISE = ("kind", "metric", "n", "asked", "found", "±", "scan", "verdict", "walk/s", "scan/s", "build", "structure")
ANNOY = ("kind", "metric", "n", "asked", "search_k", "found", "annoy", "verdict")
FEW = ("check", "group", "verdict", "cases")


def show_kinds(groups: Iterable[str]) -> None:
    """Print the kinds of some groups."""
    for group in groups:
        rows = [(kind.name, ", ".join(kind.metrics), str(kind.dim), kind.about) for kind in awkward.GROUPS[group]]
        _print((group, "metrics", "dim", "what it is"), rows, left=4)


def tell(record: Record) -> None:
    """Print a record as a line."""
    _line("  ".join(_cells(record)))


def show(records: list[Record], totals: bool) -> None:
    """Print tables of all records, and of each group how many of each verdict there are."""
    if not totals:
        order = [kind.name for group in awkward.GROUPS.values() for kind in group]
        ranked = sorted(records, key=lambda one: (order.index(one["data"]), one["metric"], one["n"]))
        for kind, head in (("promise", PROMISE), ("annoy", ANNOY)):
            _print(head, [_cells(one) for one in ranked if one["kind"] == kind and one["verdict"] != FAILED], left=2)
        _line("")
        for remark in dict.fromkeys(remark for one in ranked for remark in _remarks(one)):
            _line(remark)
    counted = Counter((one["kind"], one["group"], one["verdict"]) for one in records)
    _print(FEW, [[*name, str(count)] for name, count in sorted(counted.items())], left=3)
    worst = max((_shortfall(one) for one in records if one["verdict"] in BROKEN), default=0.0)
    _line(f"the most that is missing: {worst:.3f}")


def _print(head: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> None:
    """Print a table that is as wide as it must be, also into a file."""
    if not rows:
        return
    widths = [max(map(len, column)) for column in zip(head, *rows)]
    _line("")
    for row in (head, *rows):
        cells = [
            cell.ljust(width) if number < left else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths))
        ]
        _line("  ".join(cells).rstrip())


def _line(text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def _shortfall(record: Record) -> float:
    if record["verdict"] == FAILED:
        return 1.0
    bar: float = record["annoy"] if record["kind"] == "annoy" else record["asked"]
    return bar - float(record["found"])


def _cells(record: Record) -> list[str]:
    what = [record["data"], record["metric"], f"{record['n']:,}"]
    if record["verdict"] == FAILED:
        return [*what, FAILED, record["reason"]]
    if record["kind"] == "annoy":
        found = [f"{record[name]:.3f}" for name in ("found", "annoy")]
        return [*what, f"{record['k']} nearest", str(record["search_k"]), *found, record["verdict"]]
    return [
        *what,
        f"{'any' if record['asked'] is None else record['asked']} of {record['k']}",
        f"{record['found']:.3f}",
        f"{record['standard_error']:.3f}",
        f"{record['scan']:.3f}",
        record["verdict"],
        f"{record['rate']:,.0f}",
        f"{record['scan_rate']:,.0f}",
        f"{record['build_seconds']:.1f} s",
        record["structure"],
    ]


def _remarks(record: Record) -> list[str]:
    """What a build and a search said, and what ``info()`` has to say of this data."""
    what = f"{record['data']}, {record['metric']}, {record['n']:,}"
    if record["verdict"] == FAILED:
        return [f"{what}: {record['kind']} ended early: {record['reason']}"]
    info = dict(record.get("info", {}))
    if all(recall == 1 for recall in info.get("walk_recall", {}).values()):
        info.pop("walk_recall", None)  # walks give whatever is asked for
    said = [f"info()[{name!r}] = {value}" for name, value in info.items() if name not in USUAL]
    return [f"{what}: {line}" for line in (*said, *record.get("said", ()), *record.get("search_said", ()))]
