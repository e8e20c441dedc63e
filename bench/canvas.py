"""What all pictures share: their size and title, axes of speed, the look of a page, and how they are kept."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from bench.results import Point, Run, Series
from bench.theme import LIGHT, OURS, Theme, with_both

WIDTH, HEIGHT = 8.0, 4.9  # inches, of 100 pixels on a page
SHARPNESS = 200  # pixels an inch of a PNG, for screens with twice the pixels
# By their names in results, the widest last.
INSTRUCTION_SETS = {"asimd": "NEON", "avx2": "AVX2", "avx512f": "AVX-512"}
SETTINGS: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so it is the same everywhere
    "font.size": 9,
    "svg.fonttype": "path",
    "svg.hashsalt": OURS,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def new_figure(height: float, theme: Theme, one: Series, subtitle: str) -> Figure:
    """An empty page with the name and the size of a data set."""
    figure = Figure(figsize=(WIDTH, height), facecolor=theme.paper)
    shape = f"{one.shape['count']:,} × {one.shape['dim']}, {one.shape['metric']}"  # noqa: RUF001
    title = figure.text(0.02, 1 - 0.32 / height, one.dataset, color=theme.ink, fontsize=13, fontweight="bold")
    title_end = title.get_window_extent(FigureCanvasAgg(figure).get_renderer()).x1 / (figure.dpi * WIDTH)  # type: ignore[no-untyped-call]
    figure.text(title_end + 0.015, 1 - 0.32 / height, shape, color=theme.quiet, fontsize=11)
    figure.text(0.02, 1 - 0.54 / height, subtitle, color=theme.quiet, fontsize=8.5)
    return figure


def rate_axis(axes: Axes, points: list[Point]) -> None:
    """Queries a second, logarithmic."""
    least, greatest = min(point.rate for point in points), max(point.rate for point in points)
    axes.set_yscale("log")
    axes.set_ylim(least / 1.25, greatest * 1.25)
    steps = (1.0, 2.0, 5.0) if greatest / least < 3000 else (1.0,)
    axes.yaxis.set_major_locator(LogLocator(subs=steps))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def dress(axes: Axes, theme: Theme) -> None:
    """Colours of a theme, and a grid behind everything."""
    axes.set_facecolor("none")
    axes.grid(color=theme.grid, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=theme.quiet, length=0)
    axes.spines[:].set_color(theme.grid)


def save(figures: Iterator[tuple[Theme, Figure]], out: Path, name: str) -> list[Path]:
    """One figure in both themes: an SVG that knows both, without a background, and a PNG of each."""
    paths = []
    for theme, figure in figures:
        if theme is LIGHT:
            text = io.StringIO()
            figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
            paths.append(out / f"{name}.svg")
            paths[-1].write_text(with_both(text.getvalue()), encoding="utf-8")
        paths.append(out / f"{name}-{'light' if theme is LIGHT else 'dark'}.png")
        figure.savefig(paths[-1], dpi=SHARPNESS, metadata={"Software": None})
    return paths


def file_name(name: str) -> str:
    """A name that every system takes."""
    return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name)


def machine(run: Run) -> str:
    """Where a run was made, and how many measurements shared it."""
    facts = run.facts["machine"]
    widest = [name for key, name in INSTRUCTION_SETS.items() if key in facts.get("instruction_sets", ())]
    shared = f", {run.at_once} at once" if run.at_once > 1 else ""
    return f"{facts['processor']}, {widest[-1]}{shared}" if widest else f"{facts['processor']}{shared}"


def threads_of(count: int) -> str:
    """How many, in words."""
    return "one thread" if count == 1 else f"{count} threads"


def number(value: float) -> str:
    """As exact as anybody reads it."""
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"
