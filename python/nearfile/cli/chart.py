"""Pictures of text: curves on axes, and bars."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from rich.text import Text

COLORS = ("cyan", "green", "magenta", "yellow")
MARKS = "o+x*"

Points = Sequence[tuple[float, float]]


def bar(share: float, width: int = 24) -> str:
    """A bar of a share from 0 to 1; anything above nothing is seen."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    full, rest = divmod(eighths, 8)
    part = " ▏▎▍▌▋▊▉"[rest].strip()
    return "█" * full + part or ("▏" if share > 0 else "")


def curves(series: Mapping[str, Points], *, x: str, y: str, width: int = 60, height: int = 14) -> Text:
    """Several curves, each with a mark of its own, over a logarithmic x.

    Args:
        series: For each name its points; every x is above 0.
        x: What is from left to right.
        y: What is from below upwards.
        width: In characters, without the numbers at the left.
        height: In lines, likewise.

    >>> print(curves({"k = 10": [(10, 0.9), (100, 1.0)]}, x="effort", y="recall", width=20, height=3))
    recall
     1.00 ┤                   o
          │
     0.90 ┤o
          └┬──────────────────┬
           10               100  effort   o k = 10
    """
    everything = [point for points in series.values() for point in points]
    xs, ys = [math.log(each) for each, _ in everything], [each for _, each in everything]
    left, right, low, high = min(xs), max(xs), min(ys), max(ys)
    grid = [[(" ", "")] * width for _ in range(height)]
    for number, points in enumerate(series.values()):
        for at, value in points:
            column = round((math.log(at) - left) / ((right - left) or 1) * (width - 1))
            line = round((high - value) / ((high - low) or 1) * (height - 1))
            grid[line][column] = (MARKS[number % len(MARKS)], COLORS[number % len(COLORS)])
    made = Text(f"{y}\n")
    for line, cells in enumerate(grid):
        value = high - (high - low) * line / max(1, height - 1)
        is_told = line in (0, height - 1) or (height > 6 and line == height // 2)
        made.append(f"{value:5.2f} ┤" if is_told else "      │")
        last = max((at for at, cell in enumerate(cells) if cell[0] != " "), default=-1)
        for mark, color in cells[: last + 1]:
            made.append(mark, style=color)
        made.append("\n")
    made.append(f"      └┬{'─' * (width - 2)}┬\n")
    first, end = f"{math.exp(left):,.0f}", f"{math.exp(right):,.0f}"
    made.append(f"       {first}{end:>{max(1, width - len(first))}}  {x}")
    for number, name in enumerate(series):
        made.append("   ")
        made.append(f"{MARKS[number % len(MARKS)]} {name}", style=COLORS[number % len(COLORS)])
    return made
