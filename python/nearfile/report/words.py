"""Numbers as people read them."""

from __future__ import annotations

import math

import numpy as np

from nearfile.report.facts import Floats, Id

LONGEST_ID = 160


def count(value: float) -> str:
    """``1,234,567``."""
    return f"{value:,.0f}"


def short(value: float) -> str:
    """Three digits at most: ``1.2M``, ``35k``, ``120``, ``0.25``."""
    for least, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= least * 0.9995:
            return f"{value / least:.3g}{unit}"
    return f"{value:.3g}"


def duration(seconds: float) -> str:
    """``31 µs``, ``4.2 ms``, ``1.3 s``."""
    for least, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= least * 0.9995:
            value = seconds / least
            return (
                f"{value:.0f} {unit}"
                if value >= 99.5
                else f"{value:.2g} {unit}"
                if value < 9.95
                else f"{value:.3g} {unit}"
            )
    return f"{seconds * 1e9:.0f} ns"


def size(bytes_: float) -> str:
    """In powers of 1000: ``33.1 MB``."""
    for least, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if bytes_ >= least:
            return f"{bytes_ / least:.3g} {unit}" if bytes_ < 999.5 * least else f"{bytes_ / least:,.0f} {unit}"
    return f"{bytes_:.0f} B"


def share(part: float) -> str:
    """Of one, in hundredths: ``4.2 %``; what is not quite none or all does not look it."""
    if 0 < part < 0.0005:
        return "< 0.1 %"
    if 0.9995 < part < 1:
        return "> 99.9 %"
    return f"{100 * part:.1f} %" if 0 < part < 1 else f"{100 * part:.0f} %"


def recall(value: float) -> str:
    """Three decimals: ``0.957``; one that is not quite 1 does not look it."""
    return "1" if value == 1 else f"{min(value, 0.9995):.4f}" if value > 0.9985 else f"{value:.3f}"


def number(value: float) -> str:
    """Four digits: ``0.3172``, ``881.4``."""
    return f"{value:.4g}" if math.isfinite(value) else "∞"


def median(values: Floats) -> str:
    """Of some."""
    return number(float(np.median(values)))


def id_(value: Id) -> str:
    """An id, of a long one the beginning."""
    text = str(value)
    return text if len(text) <= LONGEST_ID else f"{text[: LONGEST_ID - 1]}…"


def ordinal(value: int) -> str:
    """``1st``, ``2nd``, ``10th``."""
    last = 0 if value % 100 in (11, 12, 13) else value % 10
    return str(value) + {1: "st", 2: "nd", 3: "rd"}.get(last, "th")


def items(how_many: int) -> str:
    """``1 item``, ``3,000 items``."""
    return f"{how_many:,} item{'' if how_many == 1 else 's'}"
