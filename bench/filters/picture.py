"""A picture of the workload: recall against queries a second, a small panel for each shape of filter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench.canvas import SETTINGS, dress, file_name, machine, new_figure, rate_axis, save
from bench.drawing import recall_axis
from bench.filters.findings import Findings
from bench.filters.workload import ALL
from bench.results import Run, Series
from bench.theme import DARK, LIGHT, OURS, Style, Theme, styles

COLUMNS = 3
ROW_HEIGHT = 2.2  # inches
HEAD, FOOT = 0.65, 0.45
LEAST_RECALL = 0.7


def draw(found: Findings, out: Path) -> list[Path]:
    """Draw the run into the folder ``out``: SVG, and PNG in light and dark; their paths."""
    out.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(SETTINGS):
        figures = ((theme, panels(found, theme)) for theme in (LIGHT, DARK))
        return save(figures, out, f"{file_name(found.shape['name'])}-filters")


def panels(found: Findings, theme: Theme) -> Figure:
    """All shapes beside each other, each with its own axes."""
    names = found.filters()
    rows = -(-len(names) // COLUMNS)
    height = HEAD + FOOT + ROW_HEIGHT * rows
    how = f"recall of the {found.k} nearest allowed across, queries a second up, one at a time on one thread"
    where = machine(Run("", found.head))
    one = found.series[names[0]][0]
    figure = new_figure(height, theme, one, f"{how} · {where}")
    look = styles(found.libraries())
    for place, name in enumerate(names):
        row, column = divmod(place, COLUMNS)
        left, width = 0.075 + 0.315 * column, 0.265
        bottom = (FOOT + ROW_HEIGHT * (rows - 1 - row) + 0.3) / height
        axes = figure.add_axes((left, bottom, width, (ROW_HEIGHT - 0.6) / height))
        panel(axes, found.series[name], look, theme)
        axes.set_title("no filter" if name == ALL else name, loc="left", fontsize=9, color=theme.ink, pad=4)
    handles = []
    for name, style in look.items():
        drawn: dict[str, Any] = {"color": getattr(theme, style.hue), "linestyle": style.dash, "marker": style.marker}
        handles.append(Line2D([], [], markersize=5, label=name, **drawn))
    figure.legend(
        handles=handles, loc="lower center", ncols=len(handles), frameon=False, labelcolor=theme.ink, fontsize=8.5
    )
    return figure


def panel(axes: Axes, series: list[Series], look: dict[str, Style], theme: Theme) -> None:
    """One shape: a line for each library, along the points that none of its others beats."""
    fronts = {each.library: front for each in series if (front := each.front())}
    # Ours last, over all others.
    for library, front in sorted(fronts.items(), key=lambda item: item[0] == OURS):
        style, ours = look[library], library == OURS
        drawn: dict[str, Any] = {"color": getattr(theme, style.hue), "linestyle": style.dash, "marker": style.marker}
        axes.plot(
            [point.recall for point in front],
            [point.rate for point in front],
            linewidth=2.4 if ours else 1.2,
            markersize=4 if ours else 3,
            markeredgecolor=theme.paper,
            markeredgewidth=0.4,
            **drawn,
        )
    points = [point for front in fronts.values() for point in front]
    shown = [point for point in points if point.recall >= LEAST_RECALL]
    first = LEAST_RECALL if shown else 0.0
    recall_axis(axes, first, max(point.recall for point in points), apart=0.14)
    rate_axis(axes, shown or points)
    dress(axes, theme)
    axes.tick_params(labelsize=7)
