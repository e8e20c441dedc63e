"""Builds an index of parts: of their live rows, in order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable

import numpy as np

from nearfile import _core, arguments
from nearfile.collection.manifest import Build
from nearfile.collection.part import Part

#: Called now and then while it builds; stops it by raising.
Report = Callable[[str, int, int], object]

GRAPH, FOREST = "graph", "forest"


def build(
    parts: Iterable[Part],
    dim: int,
    metric: str,
    build: Build,
    *,
    path: str | None = None,
    structure: str = GRAPH,
    threads: int = 0,
    report: Report | None = None,
) -> _core.Index:
    """An index of the live rows of ``parts``, at ``path`` or in memory.

    A forest has one tree: it is searched by looking at all items, and is built in a fraction of the time.
    """
    builder = _core.Builder(dim, metric)
    for part in parts:
        add(builder, part, report)
    return built(builder, build, path=path, structure=structure, threads=threads, report=report)


def built(
    builder: _core.Builder,
    build: Build,
    *,
    path: str | None = None,
    structure: str = GRAPH,
    threads: int = 0,
    report: Report | None = None,
) -> _core.Index:
    """What a builder has, as an index."""
    kinds = (structure, build.profile, build.keep) if structure == GRAPH else (structure, "balanced", "exact")
    n_trees = build.n_trees if structure == GRAPH else 1
    encoded = None if path is None else arguments.path_bytes(path)
    return builder.build(encoded, *kinds, n_trees, None, build.seed, threads, report, None, None)


def add(builder: _core.Builder, part: Part, report: Report | None) -> None:
    """The live rows of a part behind what a builder has."""
    core = part.core
    ids = part.ids()
    has_columns = len(core.columns()) > 0
    for rows in part.live_blocks():
        if report is not None:
            report("reading", int(rows[0]), part.count)
        vectors = core.vectors(rows)
        columns = core.attributes(rows) if has_columns else None
        fill(builder, vectors, [ids[row] for row in rows] if isinstance(ids, list) else ids[rows], columns)


def of_rows(dim: int, metric: str, vectors: Any, ids: Any, columns: Any) -> _core.Index:
    """A small index in memory of what one call adds, as it goes into the log."""
    builder = _core.Builder(dim, metric)
    fill(builder, vectors, ids, columns)
    return built(builder, Build(), structure=FOREST, threads=1)


def fill(builder: _core.Builder, vectors: Any, ids: Any, columns: _core.Columns | None, start: int = 0) -> None:
    """Rows of float32 with their ids, and what columns have from row ``start`` on."""
    if isinstance(ids, list):
        builder.add_strings(vectors, ids, columns, start)
    else:
        builder.add_int64(vectors, np.ascontiguousarray(ids, np.int64), columns, start)
