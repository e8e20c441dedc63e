"""Colours for light and dark pages, the look of each library's line, and SVGs that know both.

The colours are those of Okabe and Ito, which people with any colour vision can tell apart; where one is too near to the page
(sky and yellow on white, blue on black) it is a darker or a lighter one of the same hue. Markers differ too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

OURS = "nearfile"


@dataclass(frozen=True)
class Theme:
    """What a colour is called, and what it is on one kind of page."""

    paper: str
    ink: str
    quiet: str  # text of less weight
    grid: str
    bar: str
    ours: str
    blue: str
    orange: str
    green: str
    sky: str
    purple: str
    yellow: str
    grey: str


LIGHT = Theme(
    paper="#ffffff",
    ink="#1f2328",
    quiet="#59636e",
    grid="#dfe3e8",
    bar="#9aa5b1",
    ours="#d55e00",
    blue="#0072b2",
    orange="#dd9500",
    green="#009e73",
    sky="#3ba3e0",
    purple="#cc79a7",
    yellow="#b5a300",
    grey="#6e7781",
)
DARK = Theme(
    paper="#0d1117",
    ink="#f0f6fc",
    quiet="#9198a1",
    grid="#2a313c",
    bar="#59636f",
    ours="#ff7a1a",
    blue="#3a93d6",
    orange="#e6a817",
    green="#10b58a",
    sky="#7cc8f5",
    purple="#d98bb6",
    yellow="#f0e442",
    grey="#a3abb5",
)


@dataclass(frozen=True)
class Style:
    """How the line of a library is drawn."""

    hue: str  # the name of a color in Theme
    dash: str
    marker: str


# What shares a hue is far apart in speed, as far as can be told beforehand.
LINES = [(hue, "-") for hue in ("blue", "green", "purple", "sky", "orange", "yellow", "grey")]
LINES += [(hue, "--") for hue in ("blue", "orange", "purple", "sky", "green", "grey", "yellow")]
MARKERS = "os^DvPX<>ph"
# In this order, so that a library looks the same in every picture, whoever else is in it.
KNOWN = (
    "annoy",
    "hnswlib",
    "scann",
    "lorann",
    "symphonyqg",
    "faiss-ivf",
    "faiss-hnsw",
    "glass",
    "usearch",
    "voyager",
    "svs",
    "ngt-onng",
    "vsag",
    "turbovec",
)


def styles(libraries: list[str]) -> dict[str, Style]:
    """A style for each; those that are not known come after all that are."""
    order = [*KNOWN, *sorted(set(libraries) - {OURS, *KNOWN})]
    found = {OURS: Style("ours", "-", "o")}
    for place, name in enumerate(order):
        found[name] = Style(*LINES[place % len(LINES)], MARKERS[place % len(MARKERS)])
    return {name: found[name] for name in libraries}


def with_both(svg: str) -> str:
    """An SVG drawn in LIGHT, made to follow the reader's theme.

    Each colour is written twice: as it is in LIGHT, for programs that know no variables, and as a variable.
    """
    names = {getattr(LIGHT, field.name): field.name for field in fields(Theme)}
    svg = re.sub(
        r"\b(fill|stroke): (#[0-9a-f]{6})\b",
        lambda match: f"{match[0]}; {match[1]}: var(--{names[match[2]]})" if match[2] in names else match[0],
        svg,
    )
    sheet = f"svg {{ {_variables(LIGHT)} }}\n@media (prefers-color-scheme: dark) {{ svg {{ {_variables(DARK)} }} }}"
    return re.sub(r"(<svg\b[^>]*>)", rf"\1\n <style>{sheet}</style>", svg, count=1)


def _variables(theme: Theme) -> str:
    return " ".join(f"--{field.name}: {getattr(theme, field.name)};" for field in fields(Theme))
