"""What an AnnoyIndex is built as, and what n_trees and search_k mean to a graph."""

from __future__ import annotations

import functools
import math

from nearfile import _core

#: Vectors of fewer values are found faster by trees: the codes that guide a walk tell too few of them apart.
LEAST_GRAPH_DIM = 8

#: Up to so many items are all looked at, which takes no longer than choosing among them; a graph would be for nothing.
MOST_SCANNED = 1024

# The recall that a walk is to have at least, by what the index measured when it was built: what Annoy's trees find
# where they do well, with the few candidates of a plain search.
LEAST_RECALL = 0.99


def structure(dim: int, count: int) -> str:
    """What is built where the user asks for nothing."""
    return "graph" if dim >= LEAST_GRAPH_DIM and count > MOST_SCANNED else "forest"


def trees(dim: int) -> int:
    """What ``n_trees=-1`` builds: about as many as Annoy, which stops at twice as many nodes as items."""
    return max(1, round(0.36 * (dim + 2)))


#: ``k``, ``effort``, ``recall``, ``search_k`` and ``exact`` of a search.
Options = tuple[int, int, float, int, bool]


@functools.lru_cache
def options(n: int, search_k: int, dim: int, count: int, n_trees: int, graph: bool, bits: bool) -> Options | None:
    """What to ask an index of ``count`` items for, None where nothing is asked for.

    Annoy opens whole leaves until it has ``search_k`` items, and its leaves hold as many as there are values in a
    vector: it looks at more than it was asked for, by up to a leaf. So does a forest here, or it would find less. Of
    bits it compares twice as many, in a third of Annoy's time: its leaves of a few items are the purer ones.
    """
    k = count if n < 0 else min(n, count)
    if k == 0 or search_k == 0:
        return None
    candidates = search_k
    if search_k == -1:
        candidates = k * n_trees if n > 0 else count
    if candidates < 0 or candidates >= count or count <= MOST_SCANNED:
        return k, 0, 0.0, 0, True
    if graph:
        return k, *walk(k, candidates, count), 0, False
    compared = candidates * (2 if bits else 1) + dim
    return (k, 0, 0.0, compared, False) if compared < count else (k, 0, 0.0, 0, True)


def walk(k: int, search_k: int, count: int) -> tuple[int, float]:
    """``effort`` and ``recall`` of a search for ``search_k``, from 1 and below ``count``; the larger effort counts.

    What Annoy finds for a ``search_k`` depends on the data. Where its trees do well, a walk of few steps does, as many
    as the first measure says. Where they do badly a walk needs many, as many as the recall took when the index was
    built. Both grow towards the exact answer, which ``search_k = count`` is. docs/annoy.md has what was measured.
    """
    left = 1 - search_k / count
    effort = math.ceil(2 * math.sqrt(search_k * k / 10) / left)
    return min(effort, _core.max_count), 1 - (1 - LEAST_RECALL) * left**8
