"""What an index says of itself, and where its bytes go."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from nearfile import _core
from nearfile.collection.reader import Generation
from nearfile.index import Index
from nearfile.report.facts import About, Part
from nearfile.report.subject import Subject

# What a section holds, as docs/format.md says at length.
HOLDS = {
    "codes": "8-bit or 1-bit codes of vectors",
    "vectors": "vectors, as they were added",
    "vertices": "the graph: neighbours, and sketches of them",
    "sorted_vertices": "the graph: neighbours",
    "nibbles": "4-bit codes, which walks measure by",
    "nibble_tails": "what 4-bit codes need besides",
    "lower_nibbles": "the lower halves of codes",
    "leaf_items": "leaves of the trees",
    "leaf_starts": "where leaves begin",
    "planes": "planes of the trees",
    "splits": "splits of the trees",
    "roots": "roots of the trees",
    "projection": "directions that walks see",
    "projection_scales": "directions that walks see",
    "whitening": "the space of inner products",
    "center": "the mean of the data",
    "inverse_lengths": "lengths of vectors",
    "int64_ids": "ids",
    "id_text_starts": "where ids begin",
    "id_text": "ids",
    "id_order": "ids in order",
    "row_of_item": "order of adding",
    "item_of_row": "order of adding",
    "calibration": "which effort finds which recall",
    "columns": "names of columns",
    "column_values": "attributes",
}
LOG = Part("log", 0, "what no segment has yet")
REST = "header, and what lies between sections"


def about(subject: Subject) -> About:
    """The facts that need no search."""
    # Imported late: the package itself imports what this file is part of.
    import nearfile

    index = subject.index
    info = index.info()
    name = "in memory" if index.path is None else os.path.basename(index.path.rstrip(os.sep)) or index.path
    return About(name, info, parts_of(index, info), len(subject), subject.seed, nearfile.info())


def parts_of(index: Index, info: dict[str, Any]) -> list[Part]:
    """Sections, most bytes first; of a collection those of all segments together, and the log."""
    log_bytes = 0
    if isinstance(index, Generation):
        cores = [part.core for part in index.state.published]
        log_bytes = info["log_bytes"]
    else:
        cores = [index._core]
    sections = (section for core in cores for section in sections_of(core))
    bytes_of: dict[str, int] = {}
    for name, size in sections:
        bytes_of[name] = bytes_of.get(name, 0) + size
    parts = [Part(name, size, HOLDS.get(name, "")) for name, size in bytes_of.items()]
    if log_bytes:
        parts.append(Part(LOG.name, log_bytes, LOG.holds))
    rest = info["file_bytes"] - sum(part.bytes for part in parts)
    if rest > 0:
        parts.append(Part("rest", rest, REST))
    return sorted(parts, key=lambda part: (-part.bytes, part.name))


def sections_of(core: _core.Index) -> Iterable[tuple[str, int]]:
    """Names and bytes."""
    found: Any = core.info()["sections"]
    return [(str(each["name"]), int(each["bytes"])) for each in found]
