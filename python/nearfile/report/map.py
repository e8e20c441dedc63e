"""A map of the sample, and ways to colour it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearfile.attributes import Attributes
from nearfile.report.facts import Coloring, Floats, Map
from nearfile.report.layout import layout, principal
from nearfile.report.neighborhoods import K
from nearfile.report.subject import Subject

#: How many groups have colours of their own, and how many ranges numbers are cut into.
GROUPS = 10
RANGES = 5
MOST_COLUMNS = 6

LEAST_POINTS = 3
EDGES = 15  # of a point, which pull
SPREAD = 10.0  # of points before the layout, as UMAP's
NONE = "none"
OTHERS = "others"


def measure_map(subject: Subject) -> Map | None:
    """Lay out the sample; None for fewer than three items, or where all are alike."""
    if len(subject) < LEAST_POINTS:
        return None
    graph = subject.plane_graph
    if not graph.distances[:, 1:].max() > 0 and not np.ptp(subject.vectors, axis=0).any():
        return None
    vectors: NDArray[Any] = subject.vectors
    if subject.index.metric in ("angular", "cosine"):
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors = vectors / np.where(lengths > 0, lengths, 1)
    xy = principal(vectors, subject.seed)
    if len(subject) > 2 * EDGES:
        noise = np.random.default_rng(subject.seed).standard_normal(xy.shape) * 1e-3
        rows, far = graph.rows[:, 1 : EDGES + 1], graph.distances[:, 1 : EDGES + 1]
        xy = principal(layout(rows, far, SPREAD * (xy + noise), subject.seed), subject.seed)
    xy = xy - xy.min(axis=0)
    return Map(xy / max(float(xy.max()), 1e-9), subject.ids, colorings(subject))


def colorings(subject: Subject) -> list[Coloring]:
    """By columns of attributes, then by what was measured."""
    found = []
    columns = [each for each in subject.index._core.columns() if each["type"] != "strings"][:MOST_COLUMNS]
    if columns:
        rows = Attributes(subject.index._core.attributes(subject.rows), len(subject))
        for each in columns:
            name = str(each["name"])
            found.append(
                by_groups(name, rows[name]) if each["type"] in ("string", "bool") else by_values(name, rows[name])
            )
    far = subject.plane_graph.distances[:, min(K, subject.plane_graph.distances.shape[1] - 1)]
    found.append(by_ranges("how far neighbours are", far.astype(np.float64), "{:.4g}".format))
    counts = np.bincount(subject.graph.rows[:, 1 : K + 1].reshape(-1), minlength=len(subject))
    found.append(by_ranges("how many have it as neighbour", counts.astype(np.float64), "{:.0f}".format))
    return found


def by_groups(name: str, values: NDArray[Any], in_order: bool = False) -> Coloring:
    """Of values that name groups: those that most have get colours of their own."""
    texts = [NONE if each is None or each is np.ma.masked else str(each) for each in values]
    counts: dict[str, int] = {}
    for text in texts:
        counts[text] = counts.get(text, 0) + 1
    known = sorted((each for each in counts if each != NONE), key=lambda text: (-counts[text], text))
    labels = known if len(known) <= GROUPS else known[: GROUPS - 1]
    if in_order:
        labels = sorted(labels, key=float)
    place = {text: at for at, text in enumerate(labels)}
    rest = len(labels)
    missing = len(known) == len(labels)
    group = np.array([place.get(text, rest) for text in texts], np.int64)
    return Coloring(name, [*labels, *([NONE if missing else OTHERS] if (group == rest).any() else [])], group, False)


def by_values(name: str, values: NDArray[Any]) -> Coloring:
    """Of numbers and moments: each a group where they are few whole numbers, else ranges."""
    if values.dtype.kind == "M":
        numbers = values.astype("datetime64[s]").astype(np.int64).astype(np.float64)
        numbers[np.isnat(values)] = np.nan
        return by_ranges(name, numbers, lambda seconds: str(np.datetime64(int(seconds), "s"))[:10])
    if values.dtype.kind == "i" and len(np.unique(np.ma.compressed(values))) <= GROUPS:
        return by_groups(name, values, in_order=True)
    numbers = np.ma.filled(np.ma.asarray(values).astype(np.float64), np.nan)
    return by_ranges(name, numbers, "{:.4g}".format)


def by_ranges(name: str, values: Floats, told: Any) -> Coloring:
    """Of numbers, nan for none: ranges with about as many items each; what very many have in common is one by itself."""
    known = np.sort(values[np.isfinite(values)])
    edges = np.unique(np.quantile(known, np.linspace(0, 1, RANGES + 1)[1:-1])) if len(known) else np.zeros(0)
    if 0 < len(edges) < RANGES - 1:
        rest = known[known > edges[0]]
        more = np.quantile(rest, np.linspace(0, 1, RANGES)[1:-1]) if len(rest) else np.zeros(0)
        edges = np.unique(np.concatenate((edges[:1], more)))
    missing = ~np.isfinite(values)
    group = np.where(missing, -1, np.searchsorted(edges, values, side="left"))
    labels = []
    for place, at in enumerate(np.unique(group[~missing])):
        own = values[group == at]
        low, high = told(own.min()), told(own.max())
        labels.append(low if low == high else f"{low} to {high}")
        group[group == at] = place
    group[missing] = len(labels)
    return Coloring(name, [*labels, *([NONE] if missing.any() else [])], group.astype(np.int64), True)
