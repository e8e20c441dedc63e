"""Searches for all that is within a radius, whose answers have as many items as there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nearfile import _core, arguments, filters, inputs, items
from nearfile.results import Distances, Neighbors, RaggedNeighbors
from nearfile.results import Within as Within

if TYPE_CHECKING:
    from nearfile.index import Index

# A batch goes to the core in blocks of at most this many queries, so that Ctrl-C is heard between them.
QUERIES_A_BLOCK = 1024


def search_radius(
    index: Index,
    query: object,
    radius: object,
    *,
    recall: object,
    exact: bool,
    search_k: object,
    max_results: object,
    threads: object,
    filter: object,
    exclude: object,
) -> Within:
    """:meth:`Index.search_radius`."""
    reach = single_precision(arguments.number("radius", radius))
    structure = index._structure
    _, share = arguments.steps(None, recall, structure)
    candidates = arguments.candidates(search_k, structure)
    most = 0 if max_results is None else min(arguments.between("max_results", max_results, 1, 1 << 63), _core.max_count)
    n_threads = arguments.threads(threads, default=0)
    array = items.queries(index, query)
    batch = array if array.ndim == 2 else array[np.newaxis]
    ids: list[Any] = []
    distances: list[Distances] = []
    offsets = np.zeros(len(batch) + 1, np.int64)
    allowed = filters.Allowed(index, filter, exclude, len(array) if array.ndim == 2 else None)
    most_rows = min(QUERIES_A_BLOCK, inputs.rows_a_block(4 * index.dim))
    # At least once, so that what was passed is checked where there is no query too.
    for start, block in inputs.blocks(batch, most_rows) if len(batch) else [(0, inputs.floats(batch))]:
        own = allowed.of(start, start + len(block))
        names, far, ends = index._core.search_radius(block, reach, share, candidates, bool(exact), most, n_threads, own)
        ids.append(names)
        distances.append(far)
        offsets[start + 1 : start + len(ends)] = offsets[start] + ends[1:]
    if array.ndim == 1:
        return Neighbors(joined(ids), joined(distances))
    return RaggedNeighbors(joined(ids), joined(distances), offsets)


def single_precision(value: float) -> float:
    """``value`` as distances are rounded, infinite where these end."""
    with np.errstate(over="ignore"):
        return float(np.float32(value))


def joined(parts: list[Any]) -> NDArray[Any]:
    """Arrays one after the other, without a copy where there is one."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
