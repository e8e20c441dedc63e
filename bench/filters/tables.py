"""Microseconds a query at a recall, by shape of filter: on a terminal, or for a page."""

from __future__ import annotations

from nearfile.cli import output

from bench.filters.findings import Findings
from bench.results import Series
from bench.theme import OURS

Row = list[str]


def show(found: Findings, targets: tuple[float, ...]) -> None:
    """Print a table for each recall, and what could not be measured."""
    for target in targets if found.filters() else ():  # none where it only built
        head, rows = grid(found, target)
        output.print_table(head, rows, left=(0,), title=title(found, target))
    for line in found.troubles:
        output.print_line(line)


def markdown(found: Findings, targets: tuple[float, ...]) -> str:
    """The same in Markdown."""
    parts = []
    for target in targets:
        head, rows = grid(found, target)
        lines = [[title(found, target), *head[1:]], ["---", *["--:"] * (len(head) - 1)], *rows]
        parts.append("\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n")
    return "\n".join([*parts, *(f"- {line}" for line in found.troubles)])


def title(found: Findings, target: float) -> str:
    """What a table says."""
    return f"{found.shape.get('name', '')}: microseconds a query at recall {target:g}"


def grid(found: Findings, target: float) -> tuple[Row, list[Row]]:
    """A row for each library; where it never gets so far the most recall it reaches, and last how ours compares.

    The last row is how many times as fast as the fastest other ours is.
    """
    head = ["", *found.filters()]
    rows = [
        [library, *(_cell(_line(found, name, library), target) for name in found.filters())]
        for library in found.libraries()
    ]
    if OURS in found.libraries() and len(found.libraries()) > 1:
        rows.append(["ours, times the next", *(_times(found, name, target) for name in found.filters())])
    return head, rows


def _line(found: Findings, name: str, library: str) -> Series | None:
    return next((line for line in found.series[name] if line.library == library), None)


def _cell(line: Series | None, target: float) -> str:
    if line is None:
        return "-"
    rate = line.at(target)
    if rate is None:
        return f"(to {max(point.recall for point in line.points):.3f})"
    return f"{1e6 / rate:,.0f}"


def _times(found: Findings, name: str, target: float) -> str:
    rates = {line.library: rate for line in found.series[name] if (rate := line.at(target)) is not None}
    ours = rates.pop(OURS, None)
    return "-" if ours is None or not rates else f"{ours / max(rates.values()):.1f}"
