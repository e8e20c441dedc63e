"""Drawings as SVG: elements, scales and ticks. All text that goes in is escaped."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Callable

#: Of an axis: from a value to a place in pixels.
Scale = Callable[[float], float]

# About how wide a character of a tick's label is, in pixels.
CHARACTER = 6.6


def element(tag: str, text: str | None = None, **attributes: object) -> str:
    """An element; ``class_`` is its class, underscores are hyphens, numbers have at most two decimals."""
    named = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(plain(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{named}/>" if text is None else f"<{tag}{named}>{escape(text)}</{tag}>"


def plain(value: object) -> str:
    """A number as SVG takes it, no longer than needed."""
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value)


class Drawing:
    """An SVG of one size in the making; ``title`` says what it is, ``description`` what it shows."""

    def __init__(self, width: float, height: float, title: str, description: str) -> None:
        self.width, self.height = width, height
        self.title, self.description = title, description
        self.parts: list[str] = []

    def add(self, tag: str, text: str | None = None, **attributes: object) -> None:
        """Add an element on top of what is there."""
        self.parts.append(element(tag, text, **attributes))

    def text(self, x: float, y: float, text: str, class_: str = "", anchor: str = "start") -> None:
        """Add a line of text; ``anchor`` is start, middle or end."""
        self.add("text", text, x=float(x), y=float(y), class_=class_ or None, text_anchor=anchor)

    def named(self, x: float, y: float, name: str, more: str) -> None:
        """Add a line of a name and, quieter, what it is."""
        parts = element("tspan", name, class_="name") + (element("tspan", more, class_="axis", dx=10) if more else "")
        self.parts.append(f'<text x="{plain(float(x))}" y="{plain(float(y))}">{parts}</text>')

    def line(self, x1: float, y1: float, x2: float, y2: float, class_: str) -> None:
        """Add a straight line."""
        self.add("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), class_=class_)

    def render(self, name: str, class_: str) -> str:
        """The SVG; ``name`` makes its references unique on a page."""
        head = (
            f'<svg class="{class_}" viewBox="0 0 {plain(self.width)} {plain(self.height)}" role="img" tabindex="0"'
            f' aria-labelledby="{name}-title {name}-desc">'
        )
        told = element("title", self.title, id=f"{name}-title") + element("desc", self.description, id=f"{name}-desc")
        return head + told + "".join(self.parts) + "</svg>"


def linear(low: float, high: float, start: float, end: float) -> Scale:
    """From values between ``low`` and ``high`` to pixels between ``start`` and ``end``."""
    span = (high - low) or 1.0
    return lambda value: start + (value - low) / span * (end - start)


def logarithmic(low: float, high: float, start: float, end: float) -> Scale:
    """The same of values above 0, by their logarithms."""
    scale = linear(math.log10(low), math.log10(high), start, end)
    return lambda value: scale(math.log10(value))


def even_ticks(low: float, high: float, most: int) -> list[float]:
    """Round values from ``low`` to ``high``, at most about ``most`` of them, 1, 2, 2.5 or 5 times a power of ten apart."""
    if not high > low:
        return [low]
    raw = (high - low) / max(1, most)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * each for each in (1, 2, 2.5, 5, 10) if power * each >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(place * step, 12) for place in range(first, math.floor(high / step + 1e-9) + 1)]


def powers(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten from ``low`` to ``high``; powers alone where these are many, and even where few."""
    steps = (1, 2, 5) if high / low < 300 else (1,)
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [each * 10.0**power for power in exponents for each in steps if low <= each * 10.0**power <= high]
    return ticks if len(ticks) > 2 else even_ticks(low, high, 5)


def apart(ticks: Sequence[float], scale: Scale, told: Callable[[float], str]) -> list[float]:
    """Those whose labels do not touch, from the last back."""
    kept: list[float] = []
    for tick in reversed(ticks):
        if (
            not kept
            or abs(scale(kept[-1]) - scale(tick)) > CHARACTER * (len(told(tick)) + len(told(kept[-1]))) / 2 + 10
        ):
            kept.append(tick)
    return kept[::-1]
