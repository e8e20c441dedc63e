"""The pictures of a page but for its map, each drawn for the width that it is shown at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Callable

import numpy as np

from nearfile.report import svg, words
from nearfile.report.bins import Bin, count_bins, range_bins
from nearfile.report.facts import About, Dimension, Distances, Hubs, Point, Speed
from nearfile.report.svg import Drawing, Scale

HEIGHT = 270.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 14.0, 12.0, 40.0
MARK_LINE = 15.0  # between the lines of labels of marks

# Recall is drawn so that .9 to .99 is as far as .99 to .999; 1 lies where that would be at this.
NEVER_WRONG = 1e-3
RECALLS = (0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1)

# A section with less than this part of the bytes is one of "the rest".
LEAST_SHARE = 0.004
MOST_PARTS = 9


class Frame:
    """A drawing with axes: a grid, ticks and what they count."""

    def __init__(self, width: float, title: str, description: str, top: float = TOP) -> None:
        self.drawing = Drawing(width, HEIGHT, title, description)
        self.left, self.right, self.top, self.bottom = LEFT, width - RIGHT, top, HEIGHT - BOTTOM

    def x_axis(self, scale: Scale, ticks: Sequence[float], told: Callable[[float], str], label: str) -> None:
        """Ticks below, whose labels do not leave the drawing, and what they are."""
        for tick in svg.apart(ticks, scale, told):
            x = scale(tick)
            self.drawing.line(x, self.bottom, x, self.bottom + 4, "tick")
            half = svg.CHARACTER * len(told(tick)) / 2
            at = min(max(x, half), self.drawing.width - half)
            self.drawing.text(at, self.bottom + 16, told(tick), "axis", "middle")
        self.drawing.text((self.left + self.right) / 2, HEIGHT - 4, label, "label", "middle")

    def y_axis(self, scale: Scale, ticks: Sequence[float], told: Callable[[float], str]) -> None:
        """A grid, with labels on the left."""
        for tick in ticks:
            self.drawing.line(self.left, scale(tick), self.right, scale(tick), "grid")
            self.drawing.text(self.left - 7, scale(tick) + 4, told(tick), "axis", "end")

    def base(self) -> None:
        """The line that bars stand on."""
        self.drawing.line(self.left, self.bottom, self.right, self.bottom, "base")

    def marks(self, marks: Sequence[tuple[float, str]], class_: str) -> None:
        """Lines from the top at some x, ascending, labelled one below the other so that no two labels touch."""
        for place, (x, label) in enumerate(marks):
            y = self.top - MARK_LINE * (len(marks) - place) + 11
            self.drawing.line(x, y - 8, x, self.bottom, class_)
            right = x + 6 + svg.CHARACTER * len(label) <= self.drawing.width
            self.drawing.text(x + (5 if right else -5), y, label, "mark", "start" if right else "end")

    def bars(self, bins: Sequence[Bin], x: Scale, y: Scale, class_: str = "bar") -> None:
        """Of a histogram: what each counts is told where it is pointed at."""
        for each in bins:
            if each.share:
                left, right = x(each.low), x(each.high)
                self.drawing.add(
                    "rect",
                    x=left + 0.5,
                    y=y(each.share),
                    width=max(right - left - 1, 0.8),
                    height=self.bottom - y(each.share),
                    class_=class_,
                    data_tip=each.told,
                )


def recall_speed(speed: Speed, width: float) -> Drawing:
    """Recall against queries a second: settings as a line, the default and exact search as points."""
    title = f"Recall of the {speed.k} nearest against queries a second"
    chosen = speed.default
    frame = Frame(
        width,
        title,
        f"With {speed.option} from {speed.points[0].setting} to {speed.points[-1].setting} recall goes from"
        f" {words.recall(speed.points[0].recall)} to {words.recall(speed.points[-1].recall)}; by default it is"
        f" {words.recall(chosen.recall)} at {words.count(chosen.queries_a_second)} queries a second.",
    )
    every = [*speed.points, chosen, speed.exact]
    least = min(point.recall for point in every)
    first = max([tick for tick in RECALLS if tick <= least and tick <= 0.95] or [0.0])
    x = svg.linear(stretched(first), stretched(1), frame.left, frame.right - 8)
    rates = [point.queries_a_second for point in every]
    y = svg.logarithmic(min(rates) / 1.5, max(rates) * 1.6, frame.bottom, frame.top)
    frame.y_axis(y, powers_of(min(rates) / 1.5, max(rates) * 1.6), words.short)
    frame.x_axis(lambda each: x(stretched(each)), [first, *(t for t in RECALLS if t > first)], "{:g}".format, "recall")
    frame.base()
    drawing = frame.drawing
    places = [(x(stretched(point.recall)), y(point.queries_a_second)) for point in speed.points]
    drawing.add("path", d="M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in places), class_="line")
    for point, (a, b) in zip(speed.points, places):
        drawing.add(
            "circle", cx=a, cy=b, r=4, class_="dot", data_tip=tip_of(f"{speed.option} {point.setting:,}", point)
        )
    named: list[tuple[float, float]] = []  # where names are: of two at nearly one place the second is below
    for name, point, class_ in (("default", chosen, "dot chosen"), ("exact", speed.exact, "dot exact")):
        a, b = x(stretched(point.recall)), y(point.queries_a_second)
        drawing.add("circle", cx=a, cy=b, r=7 if name == "default" else 5, class_=class_, data_tip=tip_of(name, point))
        on_left = a > (frame.left + frame.right) / 2
        at = b - 12 if name == "default" else b + 4
        at = max([at, *(up + MARK_LINE for left, up in named if abs(a - left) < 90 and abs(at - up) < MARK_LINE)])
        named.append((a, at))
        drawing.text(a - 10 if on_left else a + 10, at, name, "name", "end" if on_left else "start")
    return drawing


def percent(part: float) -> str:
    """Of a tick."""
    return f"{100 * part:g} %"


def powers_of(low: float, high: float) -> list[float]:
    """Ticks of a logarithmic axis, about five."""
    ticks = svg.powers(low, high)
    return ticks if len(ticks) <= 8 else ticks[:: math.ceil(len(ticks) / 6)]


def stretched(recall: float) -> float:
    """Where it lies."""
    return -math.log10(1 + NEVER_WRONG - min(recall, 1))


def tip_of(name: str, point: Point) -> str:
    """What is told of a point: a line each."""
    return (
        f"{name}\nrecall {words.recall(point.recall)}\n{words.count(point.queries_a_second)} queries/s"
        f"\np50 {words.duration(point.percentile(50))}, p99 {words.duration(point.percentile(99))}"
    )


def latency(speed: Speed, width: float) -> Drawing:
    """How long single searches take by default: a histogram, with percentiles."""
    point = speed.default
    marked = [(share, point.percentile(share)) for share in (50, 95, 99)]
    told = ", ".join(f"p{share} {words.duration(seconds)}" for share, seconds in marked)
    frame = Frame(
        width, "Latency of single searches", f"A histogram on a logarithmic axis: {told}.", TOP + 3 * MARK_LINE
    )
    low, high = float(point.latencies.min()), marked[-1][1] * 1.25
    low, high = low * 0.97, max(high, low * 2)
    bins = range_bins(np.minimum(point.latencies, high), np.geomspace(low, high, 41), words.duration, "searches")
    x = svg.logarithmic(low, high, frame.left, frame.right)
    y = svg.linear(0, max(each.share for each in bins), frame.bottom, frame.top + 4)
    frame.y_axis(y, svg.even_ticks(0, max(each.share for each in bins), 4), percent)
    frame.x_axis(x, svg.powers(low, high), words.duration, "time of a search, logarithmic")
    frame.bars(bins, x, y)
    frame.base()
    frame.marks([(x(seconds), f"p{share} {words.duration(seconds)}") for share, seconds in marked], "markline")
    return frame.drawing


def distances(found: Distances, metric: str, width: float) -> Drawing:
    """How far nearest, k-th nearest and random others are: three histograms on one axis."""
    series = [
        ("nearest", found.nearest, "a"),
        (f"{words.ordinal(found.k)} nearest", found.kth, "b"),
        ("any two", found.pairs, "c"),
    ]
    series = [each for each in series if len(each[1]) and not (found.k == 1 and each[2] == "b")]
    values = np.concatenate([each for _, each, _ in series])
    low, high = (float(np.percentile(values, share)) for share in (0.2, 99.8))
    low = min(low, 0.0) if metric != "dot" and low < 0.3 * high else low
    if not high > low:
        low, high = low - 0.5, low + 0.5
    medians = ", ".join(f"{name} {words.number(float(np.median(each)))}" for name, each, _ in series)
    frame = Frame(width, "Distances of neighbours", f"Histograms of {metric} distances; medians: {medians}.")
    edges = np.linspace(low, high, 49)
    binned = [
        (range_bins(np.clip(each, low, high), edges, words.number, name), class_) for name, each, class_ in series
    ]
    x = svg.linear(low, high, frame.left, frame.right)
    most = max(each.share for bins, _ in binned for each in bins)
    y = svg.linear(0, most, frame.bottom, frame.top + 4)
    frame.y_axis(y, svg.even_ticks(0, most, 4), percent)
    frame.x_axis(
        x, svg.even_ticks(low, high, 6), "{:g}".format, "inner product" if metric == "dot" else f"{metric} distance"
    )
    for bins, class_ in reversed(binned):
        frame.bars(bins, x, y, f"bar over {class_}")
    frame.base()
    return frame.drawing


def dimension(found: Dimension, dim: int, width: float) -> Drawing:
    """Dimension around each item: a histogram, with both estimates for all."""
    high = max(float(np.percentile(found.local, 99.5)), found.mle * 1.3, found.two_nn * 1.3)
    frame = Frame(
        width,
        "Intrinsic dimension",
        f"A histogram of local estimates; of all items it is {found.mle:.1f}, by the nearest two {found.two_nn:.1f}, of"
        f" vectors of {dim} values.",
        TOP + 2 * MARK_LINE,
    )
    bins = range_bins(np.minimum(found.local, high), np.linspace(0, high, 41), "{:.1f}".format, "items")
    most = max(each.share for each in bins)
    x, y = svg.linear(0, high, frame.left, frame.right), svg.linear(0, most, frame.bottom, frame.top + 4)
    frame.y_axis(y, svg.even_ticks(0, most, 4), percent)
    frame.x_axis(x, svg.even_ticks(0, high, 6), "{:g}".format, "dimension around an item")
    frame.bars(bins, x, y)
    frame.base()
    estimates = sorted(
        ((x(found.mle), f"neighbours {found.mle:.1f}"), (x(found.two_nn), f"two nearest {found.two_nn:.1f}"))
    )
    frame.marks(estimates, "markline")
    return frame.drawing


def hubs(found: Hubs, width: float) -> Drawing:
    """How often items are neighbours: a bar for each range of counts, which double."""
    bins = count_bins(found.counts)
    frame = Frame(
        width,
        "How often items are neighbours",
        f"Of {len(found.counts)} items {words.share(found.never)} are nobody's neighbour; skewness {found.skewness:.2f}.",
    )
    most = max(each.share for each in bins)
    x, y = svg.linear(0, len(bins), frame.left, frame.right), svg.linear(0, most, frame.bottom, frame.top + 4)
    frame.y_axis(y, svg.even_ticks(0, most, 4), percent)
    frame.bars(bins, x, y)
    labels = {each.low + 0.5: each.name for each in bins}
    frame.x_axis(x, list(labels), lambda at: labels[at], f"of how many it is one of the {found.k} nearest")
    frame.base()
    return frame.drawing


def parts(about: About, width: float) -> Drawing:
    """Where the bytes go: a bar a section, and one of what the vectors take as float32."""
    total = sum(part.bytes for part in about.parts) or 1
    shown = [part for part in about.parts if part.bytes >= LEAST_SHARE * total][:MOST_PARTS]
    rest = sum(part.bytes for part in about.parts) - sum(part.bytes for part in shown)
    rows = [(part.name, part.bytes, part.holds) for part in shown]
    if rest:
        rows.append(("all others", rest, f"{len(about.parts) - len(shown)} small sections"))
    n, raw = max(1, about.info["count"]), 4 * about.info["count"] * about.info["dim"]
    row = 38.0
    height = row * (len(rows) + bool(raw)) - 8
    told = "; ".join(f"{name} {words.size(size)}" for name, size, _ in rows)
    drawing = Drawing(width, height, "Where the bytes go", f"{told}. As float32 the vectors take {words.size(raw)}.")
    if raw:
        rows.append(("beside it", raw, "the vectors as float32"))
    x = svg.linear(0, max(size for _, size, _ in rows), 0, width)
    for place, (name, size, holds) in enumerate(rows):
        top, beside = row * place, bool(raw) and place == len(rows) - 1
        drawing.named(0, top + 13, name, holds if width > 420 else "")
        share = "" if beside else f" · {words.share(size / total)}"
        drawing.text(width, top + 13, words.size(size) + share, "axis", "end")
        drawing.add("rect", x=0.0, y=top + 20, width=width, height=8.0, rx=4.0, class_="track")
        tip = f"{name}: {holds}\n{size:,} bytes\n{words.short(size / n)} bytes an item"
        class_ = "bar beside" if beside else "bar"
        drawing.add("rect", x=0.0, y=top + 20, width=max(3.0, x(size)), height=8.0, rx=4.0, class_=class_, data_tip=tip)
    return drawing
