"""The map as SVG, and what its page needs to tell of its points."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from nearfile.report import words
from nearfile.report.facts import Coloring, Map
from nearfile.report.svg import Drawing

WIDTH = 1000.0
EDGE = 24.0
LEAST_HEIGHT, MOST_HEIGHT = 440.0, 820.0


def drawing(found: Map) -> Drawing:
    """Points of the first colouring, a path a group: a line of no length with round ends is a point."""
    places, height = places_of(found)
    coloring = found.colorings[0]
    told = (
        f"{len(found.ids):,} sampled items; neighbours in the index are near each other. Coloured by {coloring.name}."
    )
    made = Drawing(WIDTH, height, "Map of a sample", told)
    for group in range(len(coloring.labels)):
        at = np.flatnonzero(coloring.group == group)
        d = "".join(f"M{x} {y}h0" for x, y in places[at].tolist())
        made.add("path", d=d, class_=f"points {color(coloring, group)}")
    return made


def places_of(found: Map) -> tuple[Any, float]:
    """Points in whole pixels, up as the y axis of plots is: shape (m, 2); and how high the drawing is."""
    extent = found.xy.max(axis=0)
    scale = min((WIDTH - 2 * EDGE) / max(extent[0], 1e-9), (MOST_HEIGHT - 2 * EDGE) / max(extent[1], 1e-9))
    height = max(LEAST_HEIGHT, round(float(scale * extent[1]) + 2 * EDGE))
    middle = np.array([WIDTH, height]) / 2
    places = middle + scale * (found.xy - extent / 2) * np.array([1, -1])
    return np.rint(places).astype(int), float(height)


def color(coloring: Coloring, group: int) -> str:
    """The class that has the colour of a group."""
    label_is_rest = coloring.labels[group] in ("none", "others") and group == len(coloring.labels) - 1
    if label_is_rest:
        return "rest"
    return f"r{group}" if coloring.ordered else f"g{group}"


def data(found: Map) -> str:
    """JSON for a script block: whatever ids are, nothing in it ends the block."""
    places, _ = places_of(found)
    told = {
        "x": places[:, 0].tolist(),
        "y": places[:, 1].tolist(),
        "ids": [words.id_(each) for each in found.ids],
        "colorings": [
            {
                "name": each.name,
                "labels": [words.id_(label) for label in each.labels],
                "classes": [color(each, group) for group in range(len(each.labels))],
                "group": each.group.tolist(),
            }
            for each in found.colorings
        ],
    }
    text = json.dumps(told, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
