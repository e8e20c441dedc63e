"""The pictures of ``nearfile report`` through matplotlib: each function draws on an Axes, and returns it.

Needs the extra ``nearfile[plot]``. Every function takes an index, of which it measures what it draws, or what
:func:`nearfile.report.measure` returned, so that several are drawn of one measurement. Without ``ax`` they draw on a new
figure of ``matplotlib.pyplot``. Colours are those of the style in use.

>>> import matplotlib; matplotlib.use("Agg")
>>> import numpy, nearfile, nearfile.plot
>>> index = nearfile.build(numpy.random.default_rng(0).random((500, 8)), metric="euclidean")
>>> ax = nearfile.plot.distances(index)
>>> ax.get_xlabel()
'euclidean distance'
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Callable, TypeVar, Union

import numpy as np

from nearfile.errors import InvalidArgumentError
from nearfile.index import Index
from nearfile.report import svg, words
from nearfile.report.about import about
from nearfile.report.facts import Facts, Floats, Speed
from nearfile.report.map import measure_map
from nearfile.report.neighborhoods import measure_dimension, measure_distances, measure_hubs
from nearfile.report.speed import measure_speed
from nearfile.report.subject import SAMPLE, Subject

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

__all__ = ["bytes", "dimension", "distances", "hubs", "latency", "map", "recall_speed"]

Source = Union[Index, Facts]
Part = TypeVar("Part")


def recall_speed(source: Source, ax: Axes | None = None, *, queries: object = None, k: int = 10) -> Axes:
    """Recall against queries a second: a line of rising settings, the default, and exact search.

    Args:
        source: An index, or facts that were measured.
        ax: Where to draw; None for a figure of its own.
        queries: Of an index: shape (q, dim), such as will come; without them items ask for the others.
        k: Of an index: how many neighbours are asked for.

    Returns:
        The Axes, with recall on a logit axis, where .9 to .99 is as far as .99 to .999, up to .9995.

    Raises:
        InvalidArgumentError: The index is too small to measure this, or ``source`` is neither.
        ImportError: matplotlib is not installed.
    """
    speed = _speed(source, queries, k)
    on = axes(ax)
    most = 0.9995
    line = [(min(point.recall, most), point.queries_a_second) for point in speed.points]
    on.plot(*zip(*line), marker="o", label=speed.option)
    for name, point, marker in (("default", speed.default, "*"), ("exact", speed.exact, "s")):
        on.plot(
            [min(point.recall, most)],
            [point.queries_a_second],
            marker,
            markersize=11 if marker == "*" else 6,
            label=name,
        )
    on.set_xscale("logit")
    on.set_yscale("log")
    on.set_xlabel(f"recall of the {speed.k} nearest")
    rates = [point.queries_a_second for point in (*speed.points, speed.exact)]
    _plain_ticks(on.yaxis, svg.powers(min(rates), max(rates)), words.short)
    on.set_ylabel("queries a second, one thread")
    ticks = [
        each
        for each in (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
        if each >= min(recall for recall, _ in line) - 0.05
    ]
    _plain_ticks(on.xaxis, ticks, "{:g}".format)
    on.legend(frameon=False)
    return on


def latency(source: Source, ax: Axes | None = None, *, queries: object = None, k: int = 10) -> Axes:
    """How long single searches take by default: a histogram with p50, p95 and p99, in microseconds.

    Takes and raises what :func:`recall_speed` does.
    """
    point = _speed(source, queries, k).default
    on = axes(ax)
    marks = [(share, 1e6 * point.percentile(share)) for share in (50, 95, 99)]
    low, high = 1e6 * float(point.latencies.min()), marks[-1][1] * 1.3
    _histogram(on, 1e6 * point.latencies, np.geomspace(low, max(high, 1.01 * low), 41))
    for (share, value), style in zip(marks, ("-", "--", ":")):
        on.axvline(value, color="C1", linestyle=style, label=f"p{share} {words.duration(value / 1e6)}")
    on.set_xscale("log")
    _plain_ticks(on.xaxis, svg.powers(low, high), "{:g}".format)
    on.set_xlabel("microseconds of a search")
    on.set_ylabel("share of searches")
    on.legend(frameon=False)
    return on


def bytes(source: Source, ax: Axes | None = None) -> Axes:
    """Where the bytes of the file or the collection go: a bar a section, most on top, in megabytes."""
    facts = source.about if isinstance(source, Facts) else about(_subject(source, 1, 0))
    on = axes(ax)
    parts = facts.parts[:12][::-1]
    on.barh([part.name for part in parts], [part.bytes / 1e6 for part in parts])
    raw = 4 * facts.info["count"] * facts.info["dim"] / 1e6
    on.axvline(raw, color="C1", linestyle="--", label=f"the vectors as float32, {words.size(raw * 1e6)}")
    on.set_xlabel("MB")
    on.legend(frameon=False)
    return on


def distances(source: Source, ax: Axes | None = None, *, sample: int = SAMPLE, seed: int = 0) -> Axes:
    """How far nearest, 10th nearest and random others are: three histograms.

    Args:
        source: An index, or facts that were measured.
        ax: Where to draw; None for a figure of its own.
        sample: Of an index: how many items are looked at.
        seed: Of the sample.

    Raises:
        InvalidArgumentError: The index is too small to measure this, or ``source`` is neither.
        ImportError: matplotlib is not installed.
    """
    found = _part(source, "distances", sample, seed, measure_distances)
    metric = source.about.info["metric"] if isinstance(source, Facts) else source.metric
    on = axes(ax)
    series: Sequence[tuple[str, Any]] = (
        ("nearest", found.nearest),
        (f"{words.ordinal(found.k)} nearest", found.kth),
        ("any two", found.pairs),
    )
    values = np.concatenate([each for _, each in series])
    low, high = np.percentile(values, (0.2, 99.8))
    edges = np.linspace(low, high, 61) if high > low else np.linspace(low - 0.5, low + 0.5, 61)
    for name, each in series:
        _histogram(on, each, edges, alpha=0.6, label=name)
    on.set_xlabel("inner product" if metric == "dot" else f"{metric} distance")
    on.set_ylabel("share of items")
    on.legend(frameon=False)
    return on


def dimension(source: Source, ax: Axes | None = None, *, sample: int = SAMPLE, seed: int = 0) -> Axes:
    """The intrinsic dimension around items: a histogram, with both estimates for all. Arguments as of :func:`distances`."""
    found = _part(source, "dimension", sample, seed, measure_dimension)
    on = axes(ax)
    high = max(float(np.percentile(found.local, 99.5)), found.mle * 1.3, found.two_nn * 1.3)
    _histogram(on, found.local, np.linspace(0, high, 41))
    on.axvline(found.mle, color="C1", label=f"neighbours {found.mle:.1f}")
    on.axvline(found.two_nn, color="C1", linestyle="--", label=f"two nearest {found.two_nn:.1f}")
    on.set_xlabel("dimension around an item")
    on.set_ylabel("share of items")
    on.legend(frameon=False, loc="upper right")
    return on


def hubs(source: Source, ax: Axes | None = None, *, sample: int = SAMPLE, seed: int = 0) -> Axes:
    """How many items have each as neighbour, within the sample: most first, on logarithmic axes. Arguments as of :func:`distances`."""
    found = _part(source, "hubs", sample, seed, measure_hubs)
    on = axes(ax)
    ordered = np.sort(found.counts)[::-1]
    on.plot(np.arange(1, len(ordered) + 1), np.maximum(ordered, 0.5))
    on.axhline(found.k, color="C1", linestyle="--", label=f"mean {found.k}, skewness {found.skewness:.1f}")
    on.set_xscale("log")
    on.set_yscale("log")
    on.set_xlabel("item, the largest hub first")
    on.set_ylabel(f"one of the {found.k} nearest of so many")
    on.legend(frameon=False)
    return on


def map(
    source: Source, ax: Axes | None = None, *, color: str | None = None, sample: int = SAMPLE, seed: int = 0
) -> Axes:
    """The sample in a plane, neighbours near each other.

    ``color`` is a column of attributes; None is the first one, or how far neighbours are. Else as of :func:`distances`.

    Raises:
        InvalidArgumentError: There is no such column; else as of :func:`distances`.
    """
    found = _part(source, "map", sample, seed, measure_map)
    names = [each.name for each in found.colorings]
    if color is not None and color not in names:
        raise InvalidArgumentError(f"color: expected one of {names}, got {color!r}")
    coloring = found.colorings[names.index(color) if color is not None else 0]
    on = axes(ax)
    for group, label in enumerate(coloring.labels):
        own = found.xy[coloring.group == group]
        shade: dict[str, Any] = {}
        if coloring.ordered:
            place = 0.1 + 0.8 * group / max(1, len(coloring.labels) - 1)
            shade = {"c": [place] * len(own), "vmin": 0, "vmax": 1}
        on.scatter(own[:, 0], own[:, 1], s=4, label=label, linewidths=0, **shade)
    on.set_aspect("equal")
    on.set_axis_off()
    on.legend(title=coloring.name, frameon=False, markerscale=3, loc="center left", bbox_to_anchor=(1, 0.5))
    return on


def axes(ax: Axes | None) -> Axes:
    """``ax``, or one of a new figure."""
    if ax is not None:
        return ax
    try:
        from matplotlib import pyplot
    except ImportError:
        raise ImportError("nearfile.plot: expected matplotlib to be installed: pip install 'nearfile[plot]'") from None
    return pyplot.subplots(layout="constrained")[1]


def _subject(source: object, sample: int, seed: int) -> Subject:
    if not isinstance(source, Index):
        raise InvalidArgumentError(
            f"source: expected an index, or what nearfile.report.measure returns, got {type(source).__name__}"
        )
    return Subject(source, sample, seed)


def _speed(source: Source, queries: object, k: int) -> Speed:
    return _part(source, "speed", SAMPLE, 0, functools.partial(measure_speed, queries=queries, k=k))


def _part(source: Source, name: str, sample: int, seed: int, measured: Callable[[Subject], Part | None]) -> Part:
    found: Part | None = (
        getattr(source, name) if isinstance(source, Facts) else measured(_subject(source, sample, seed))
    )
    if found is None:
        raise InvalidArgumentError(
            f"{name}: expected an index of more items that differ, got one too small to measure this"
        )
    return found


def _plain_ticks(axis: Axis, ticks: list[float], told: Callable[[float], str]) -> None:
    """These and no others, as numbers are written in sentences."""
    axis.set_ticks(ticks, labels=[told(tick) for tick in ticks])
    axis.set_ticks([], minor=True)


def _histogram(on: Axes, values: Floats, edges: Any, **look: Any) -> None:
    """Shares of all values; those beyond the edges are in the outermost bars."""
    clipped = np.clip(values, edges[0], edges[-1])
    on.hist(clipped, edges.tolist(), weights=np.full(len(values), 1 / max(1, len(values))), **look)
