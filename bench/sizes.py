"""The picture that says what speed costs in bytes: every build of every library at one recall."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from bench.canvas import HEIGHT, dress, machine, new_figure, rate_axis, threads_of
from bench.results import Build, Point, Run, Series
from bench.theme import OURS, Theme, styles

AT = 0.95  # what is drawn is the speed at this recall, in all pictures but those of recall itself
TICKS = (0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 100)
Box = tuple[float, float, float, float]  # left, bottom, right, top
PIECES = 40
GAP = 0.015
LETTER, LINE = 0.0094, 0.034  # about how wide and high a label is, as a share of the axes


@dataclass(frozen=True)
class Cost:
    """One build of a library: how many times the vectors it takes, and how fast it is."""

    library: str
    label: str
    times: float
    rate: float

    def beaten(self, others: Iterable[Cost]) -> bool:
        """Whether another of the same library is as small and as fast, and better in one."""
        return any(
            other.library == self.library
            and other.times <= self.times
            and other.rate >= self.rate
            and (other.times, other.rate) != (self.times, self.rate)
            for other in others
        )


def costs_at(series: list[Series], recall: float) -> tuple[list[Cost], list[str]]:
    """Every build that reaches the recall and has a size; and the libraries of which none does."""
    found = []
    for one in series:
        for alone in one.by_build():
            rate, times = alone.at(recall), alone.times_float32(alone.builds[0])
            if rate is not None and times is not None:
                found.append(Cost(one.library, _label(one, alone.builds[0]), times, rate))
    return found, sorted({one.library for one in series} - {one.library for one in found})


def sizes(series: list[Series], run: Run, theme: Theme) -> Figure:
    """Bytes on disk against queries a second at a recall of AT: a mark for each build, those of ours that win joined."""
    one = series[0]
    found, never = costs_at(series, AT)
    subtitle = (
        f"at recall {AT:.2f} of the {one.k} nearest, {threads_of(one.threads)} · {machine(run)} · up and left is better"
    )
    figure = new_figure(HEIGHT, theme, one, subtitle)
    axes = figure.add_axes((0.1, 0.155, 0.87, 0.695))
    look = styles(sorted({cost.library for cost in found}))
    for library, style in look.items():
        costs = [cost for cost in found if cost.library == library]
        color = getattr(theme, style.hue)
        if library == OURS:
            front = _front(costs)
            axes.plot([cost.times for cost in front], [cost.rate for cost in front], color=color, linewidth=3, zorder=2)
        for cost in costs:
            beaten = cost.beaten(costs)
            axes.plot(
                [cost.times],
                [cost.rate],
                linestyle="none",
                color=color,
                marker=style.marker,
                markersize=9 if library == OURS else 7,
                markerfacecolor=theme.paper if beaten else color,
                markeredgecolor=color if beaten else theme.paper,
                markeredgewidth=1.2 if beaten else 0.6,
                zorder=4 if library == OURS else 3,
            )
    _axes(axes, found, theme)
    _name(axes, found, {library: getattr(theme, style.hue) for library, style in look.items()}, theme)
    ours = f"{OURS} by profile: joined where none of its own is smaller and faster, hollow where one is"
    notes = [ours] * (OURS in look) + [f"never at {AT:.2f}: {', '.join(never)}"] * bool(never)
    figure.text(0.02, 0.02, " · ".join(notes), color=theme.quiet, fontsize=7.5)
    return figure


def _front(costs: list[Cost]) -> list[Cost]:
    """Those that no other beats, by rising size."""
    return sorted((cost for cost in costs if not cost.beaten(costs)), key=lambda cost: cost.times)


def _label(series: Series, build: Build) -> str:
    """What tells a build from the others of its library; of ours its profile."""
    if series.library != OURS:
        if len(series.builds) == 1:
            return series.library
        others = [other.parameters for other in series.builds if other is not build]
        own = {n: v for n, v in build.parameters.items() if any(other.get(n) != v for other in others)}
        return f"{series.library} ({', '.join(f'{name} {value}' for name, value in own.items())})"
    if "profile" not in build.parameters:
        return " ".join(str(value) for value in build.parameters.values()) or OURS
    keep = build.parameters.get("keep", "exact")
    return str(build.parameters["profile"]) + ("" if keep == "exact" else f", keep {keep}")


def _axes(axes: Axes, found: list[Cost], theme: Theme) -> None:
    rate_axis(axes, [Point({}, {}, AT, cost.rate, cost.rate, cost.rate, None, None, 1) for cost in found])
    axes.set_ylim(top=1.4 * max(cost.rate for cost in found))  # room for names above
    axes.set_xscale("log")
    least, greatest = min(cost.times for cost in found), max(cost.times for cost in found)
    axes.set_xlim(min(least / 1.2, 0.8), max(greatest * 1.6, 1.6))
    low, high = axes.get_xlim()
    ticks = [tick for tick in TICKS if low <= tick <= high]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    dress(axes, theme)
    axes.axvline(1, color=theme.quiet, linewidth=1, linestyle=(0, (3, 2)), zorder=1)
    axes.set_xlabel("bytes on disk, as a multiple of the vectors in float32", color=theme.quiet)
    axes.set_ylabel("queries a second", color=theme.quiet)
    axes.yaxis.set_label_coords(-0.082, 0.5)


def _name(axes: Axes, found: list[Cost], colors: dict[str, str], theme: Theme) -> None:
    """Each mark's name beside it, where it covers least of other marks and names; ours first."""
    to_axes = axes.transScale + axes.transLimits
    places = [tuple(map(float, to_axes.transform((cost.times, cost.rate)))) for cost in found]
    ours = [cost for cost in found if cost.library == OURS]
    taken = [(x - 0.011, y - 0.018, x + 0.011, y + 0.018) for x, y in places]
    taken += _along([tuple(map(float, to_axes.transform((cost.times, cost.rate)))) for cost in _front(ours)])
    order = sorted(range(len(found)), key=lambda place: (found[place].library != OURS, -places[place][1]))
    for place in order:
        cost, (x, y), bold = found[place], places[place], found[place].library == OURS
        width = LETTER * len(cost.label) * (1.25 if bold else 1.05)
        align, box = _best(x, y, width, taken)
        taken.append(box)
        text: dict[str, Any] = {"color": colors[cost.library], "fontsize": 9 if bold else 8.5, "zorder": 5}
        axes.text(
            {"left": box[0], "right": box[2], "center": (box[0] + box[2]) / 2}[align],
            (box[1] + box[3]) / 2,
            cost.label,
            transform=axes.transAxes,
            va="center",
            ha=align,
            fontweight="bold" if bold else "normal",
            path_effects=[withStroke(linewidth=3, foreground=theme.paper)],
            **text,
        )


def _along(line: list[tuple[float, ...]]) -> list[Box]:
    """Small boxes along a line, so that no name lies on it."""
    boxes = []
    for (x, y), (to_x, to_y) in zip(line, line[1:]):
        for step in range(PIECES):
            across, up = x + (to_x - x) * step / PIECES, y + (to_y - y) * step / PIECES
            boxes.append((across - 0.004, up - 0.006, across + (to_x - x) / PIECES, up + 0.006))
    return boxes


def _best(x: float, y: float, width: float, taken: list[Box]) -> tuple[str, Box]:
    """Which side of its mark a label of that width goes to, and where it lies: beside, above or below, or farther up or down."""
    best, least = ("left", (x, y, x, y)), inf
    for steps, rise in enumerate((0.0, LINE, -LINE, 1.5 * LINE, -1.5 * LINE, 2.2 * LINE, -2.2 * LINE)):
        for side, (align, left) in enumerate(
            (("left", x + GAP), ("right", x - GAP - width), ("center", x - width / 2))
        ):
            if align == "center" and abs(rise) < LINE:
                continue
            box = (left, y + rise - LINE / 2, left + width, y + rise + LINE / 2)
            out = max(0, -box[0]) + max(0, box[2] - 1) + max(0, -box[1]) + max(0, box[3] - 1)
            covered = sum(_overlap(box, other) for other in taken) / (width * LINE)
            cost = covered + 100 * out + 0.02 * steps + 0.01 * side
            if cost < least:
                best, least = (align, box), cost
    return best


def _overlap(a: Box, b: Box) -> float:
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
