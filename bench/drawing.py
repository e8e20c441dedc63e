"""Pictures of results: recall against speed, size against speed, build times and file sizes.

Each is drawn as an SVG that follows the reader's theme, and as PNG once in light and once in dark colours. The same results
give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from bench.canvas import HEIGHT, SETTINGS, dress, file_name, machine, new_figure, number, rate_axis, save, threads_of
from bench.results import Build, Run, Series
from bench.sizes import AT, sizes
from bench.theme import DARK, LIGHT, OURS, Theme, styles

NEVER_WRONG = 1e-3  # where recall 1 lies on the stretched axis, which has no end: as .999 would without it
LEAST_RECALL = 0.7  # the axis starts here, unless a library ends before or all begin later
TICKS = (0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1)


def draw(run: Run, out: Path) -> list[Path]:
    """Draw all pictures of a run into the folder ``out``; their paths."""
    out.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    with mpl.rc_context(SETTINGS):
        for dataset, series in _grouped(run.series, lambda one: one.dataset):
            groups = list(_grouped(series, lambda one: (one.mode, one.threads, one.k)))
            for (mode, threads, k), group in groups:
                name = dataset + (f"-batch-{threads}" if mode == "batch" else "") + (f"-k{k}" if k != 10 else "")
                figures = ((theme, speeds(group, run, theme)) for theme in (LIGHT, DARK))
                paths += save(figures, out, f"{file_name(name)}-recall")
                if mode == "single" and any(one.at(AT) for one in group):
                    figures = ((theme, sizes(group, run, theme)) for theme in (LIGHT, DARK))
                    paths += save(figures, out, f"{file_name(name)}-size")
            figures = ((theme, costs(groups[0][1], run, theme)) for theme in (LIGHT, DARK))
            paths += save(figures, out, f"{file_name(dataset)}-cost")
    return paths


def speeds(series: list[Series], run: Run, theme: Theme) -> Figure:
    """Recall against queries a second: a line for each library, along the points that none of its others beats."""
    one = series[0]
    how = "one query at a time" if one.mode == "single" else "in batches"
    figure = new_figure(
        HEIGHT,
        theme,
        one,
        f"{one.k} nearest, {how}, {threads_of(one.threads)} · {machine(run)} · up and right is better",
    )
    axes = figure.add_axes((0.1, 0.115, 0.745, 0.735))
    fronts = {each.library: front for each in series if (front := each.front())}
    first = _first_recall([(front[0].recall, front[-1].recall) for front in fronts.values()])
    look = styles(list(fronts))
    ends: dict[str, tuple[float, float]] = {}
    # Ours last, over all others.
    for library, front in sorted(fronts.items(), key=lambda item: item[0] == OURS):
        style, ours = look[library], library == OURS
        recalls, rates = [point.recall for point in front], [point.rate for point in front]
        color = getattr(theme, style.hue)
        low, high = [point.rate_least for point in front], [point.rate_greatest for point in front]
        axes.fill_between(recalls, low, high, color=color, alpha=0.15, linewidth=0)
        axes.plot(
            recalls,
            rates,
            color=color,
            linestyle=style.dash,
            linewidth=3 if ours else 1.5,
            marker=style.marker,
            markersize=6 if ours else 4.5,
            markeredgecolor=theme.paper,
            markeredgewidth=0.6,
            label=library,
        )
        ends[library] = (recalls[-1], rates[-1])
    recall_axis(axes, first, max(recall for recall, _ in ends.values()))
    rate_axis(axes, [point for front in fronts.values() for point in front if point.recall >= first])
    dress(axes, theme)
    axes.set_xlabel(f"recall of the {one.k} nearest", color=theme.quiet)
    axes.set_ylabel("queries a second", color=theme.quiet)
    # At a place of its own: beside long numbers it would leave the picture.
    axes.yaxis.set_label_coords(-0.092, 0.5)
    _label_ends(axes, ends, {library: getattr(theme, look[library].hue) for library in ends}, theme)
    return figure


def costs(series: list[Series], run: Run, theme: Theme) -> Figure:
    """Build time and bytes on disk of the index that each library is fastest with at a recall of AT."""
    one = series[0]
    builds = {each.library: build for each in series if (build := each.build_at(AT))}
    height = 1.35 + 0.25 * len(builds)
    subtitle = f"the index that is fastest at recall {AT:.2f} · {machine(run)} · shorter is better"
    figure = new_figure(height, theme, one, subtitle)
    raw = 4 * one.shape["count"] * one.shape["dim"] / 1e6
    bottom, top = 0.3 / height, 1 - 1.0 / height
    threads = min((min(build.wall) for build in builds.values() if build.wall), default=1)
    panels = (
        (0.125, f"build, seconds on {threads_of(threads)}", {n: b.wall.get(threads) for n, b in builds.items()}, None),
        (0.625, "size on disk, MB", {n: _megabytes(b) for n, b in builds.items()}, raw),
    )
    for left, title, values, mark in panels:
        axes = figure.add_axes((left, bottom, 0.335, top - bottom))
        _bars(axes, {name: value for name, value in values.items() if value is not None}, theme)
        axes.set_title(title, loc="left", fontsize=9, color=theme.quiet, pad=16)
        if mark is not None:
            axes.axvline(mark, color=theme.quiet, linewidth=1, linestyle=(0, (3, 2)))
            axes.annotate(
                f"the vectors, {number(mark)}",
                (mark, 1),
                xycoords=("data", "axes fraction"),
                xytext=(0, 2),
                textcoords="offset points",
                ha="center",
                fontsize=7.5,
                color=theme.quiet,
            )
    return figure


def _first_recall(fronts: list[tuple[float, float]]) -> float:
    """Where the axis starts: LEAST_RECALL, or later if nothing begins before, or earlier if someone ends before."""
    worst = min(last for _, last in fronts)
    least = LEAST_RECALL if worst > LEAST_RECALL else 0.5 if worst > 0.5 else 0.0
    begin = max(least, min(first for first, _ in fronts))
    return max(tick for tick in TICKS if tick <= min(begin, 0.99))


def recall_axis(axes: Axes, first: float, last: float, apart: float = 0.05) -> None:
    """The axis of recall from ``first`` on: stretched near 1, where the difference between .99 and .999 is as large as that between .9 and .99."""

    def stretch(recall: Any) -> Any:
        return -np.log10(np.maximum(1 + NEVER_WRONG - np.asarray(recall, float), 1e-9))

    def shrink(place: Any) -> Any:
        return 1 + NEVER_WRONG - 10.0 ** -np.asarray(place, float)

    axes.set_xscale("function", functions=(stretch, shrink))
    end = float(shrink(stretch(last) + 0.04))
    axes.set_xlim(first, end)
    # Where the axis starts far from 1, the ticks near 1 would stand on each other.
    width = float(stretch(end) - stretch(first))
    ticks: list[float] = []
    for tick in TICKS:
        if first <= tick <= end and (not ticks or stretch(tick) - stretch(ticks[-1]) > apart * width):
            ticks.append(tick)
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3f}".rstrip("0").rstrip(".")))


def _label_ends(
    axes: Axes, ends: dict[str, tuple[float, float]], colors: dict[str, str], theme: Theme, gap: float = 0.047
) -> None:
    """Each line's name in a column on the right, near the height of its end; right there where a line ends far from it."""
    to_axes = axes.transScale + axes.transLimits
    places = {name: to_axes.transform(end) for name, end in ends.items()}
    aside = {name for name, (across, _) in places.items() if across < 0.35}
    heights = _apart({name: float(up) for name, (_, up) in places.items() if name not in aside}, gap)
    for name in ends:
        text: dict[str, Any] = {
            "va": "center",
            "color": colors[name],
            "fontsize": 10.5 if name == OURS else 9,
            "fontweight": "bold" if name == OURS else "normal",
            "path_effects": [withStroke(linewidth=3, foreground=theme.paper)],
        }
        if name in aside:
            axes.annotate(name, ends[name], xytext=(8, 0), textcoords="offset points", **text)
            continue
        axes.annotate(
            name,
            ends[name],
            xytext=(1.025, heights[name]),
            textcoords="axes fraction",
            arrowprops={
                "arrowstyle": "-",
                "color": theme.quiet,
                "linewidth": 0.6,
                "linestyle": ":",
                "shrinkA": 1,
                "shrinkB": 4,
                "relpos": (0, 0.5),
            },
            annotation_clip=False,
            **text,
        )


def _apart(heights: dict[str, float], gap: float) -> dict[str, float]:
    """Heights moved until any two are ``gap`` apart, in the same order, and each group stays around where it was."""
    groups: list[tuple[list[str], float]] = []  # names from below, and where their middle is
    for name in sorted(heights, key=lambda name: (heights[name], name)):
        names, middle = [name], heights[name]
        while groups:
            below, other = groups[-1]
            if middle - other >= gap * (len(names) + len(below)) / 2:
                break
            groups.pop()
            middle = (middle * len(names) + other * len(below)) / (len(names) + len(below))
            names = below + names
        groups.append((names, middle))
    return {
        name: middle + gap * (place - (len(names) - 1) / 2)
        for names, middle in groups
        for place, name in enumerate(names)
    }


def _bars(axes: Axes, values: dict[str, float], theme: Theme) -> None:
    """The least on top; ours stands out."""
    names = sorted(values, key=lambda name: (-values[name], name))
    axes.barh(
        names,
        [values[name] for name in names],
        height=0.62,
        color=[theme.ours if name == OURS else theme.bar for name in names],
    )
    for row, name in enumerate(names):
        ours = name == OURS
        axes.annotate(
            number(values[name]),
            (values[name], row),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            color=theme.ours if ours else theme.ink,
            fontsize=8.5,
            fontweight="bold" if ours else "normal",
            path_effects=[withStroke(linewidth=3, foreground=theme.paper)],
        )
    dress(axes, theme)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.xaxis.set_visible(False)
    axes.tick_params(axis="y", length=0)
    for label in axes.get_yticklabels():
        if label.get_text() == OURS:
            label.set(color=theme.ours, fontweight="bold")
        else:
            label.set_color(theme.ink)


def _grouped(series: list[Series], key: Any) -> Iterator[tuple[Any, list[Series]]]:
    return ((name, list(group)) for name, group in groupby(sorted(series, key=key), key))


def _megabytes(build: Build) -> float | None:
    return None if build.bytes is None else build.bytes / 1e6
