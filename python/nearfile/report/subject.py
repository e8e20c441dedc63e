"""An index as a report looks at it: undisturbed, with a sample of its items and their neighbours."""

from __future__ import annotations

import copy
import time
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nearfile import arguments
from nearfile.builder import build
from nearfile.collection.reader import CollectionIndex, Generation
from nearfile.errors import InvalidArgumentError
from nearfile.index import Index
from nearfile.neighbor_graph import NeighborGraph
from nearfile.report.facts import Id

#: How many items are sampled where nothing is said.
SAMPLE = 5000
MOST_SAMPLED = 20_000  # within a sample every item is compared with every other one

# Neighbours that distances, dimension and far-out rows are measured by, and of a graph the recall they are found with.
NEIGHBORS = 20
RECALL = 0.99

# A sample is fewer items where vectors are so long that it would not fit.
SAMPLE_VALUES = 1 << 26

# Where searches look at every item they could take hours: what was found until then is a smaller sample.
SECONDS = 20.0
ITEMS_A_BLOCK = 256


class Near(NamedTuple):
    """The nearest others of the first ``len(ids)`` sampled items: ids, and distances ascending; both of shape (m, k)."""

    ids: NDArray[Any]
    distances: NDArray[np.float32]


class Subject:
    """An index, and a sample of it in an order that is random but always the same for a seed.

    Attributes:
        index: A copy that tells nobody of queries that are unlike its items, and does not count them.
        rows: Of the sample, as the core counts them: shape (m,).
        rng: For further random choices.
    """

    def __init__(self, index: Index, sample: int = SAMPLE, seed: int = 0) -> None:
        if not isinstance(index, Index):
            raise InvalidArgumentError(
                f"index: expected one that nearfile.open or nearfile.build gives, got {type(index).__name__}"
            )
        self.index = undisturbed(index)
        self.seed = arguments.seed(seed)
        self.rng = np.random.default_rng(self.seed)
        wanted = arguments.between("sample", sample, 1, MOST_SAMPLED)
        n = len(self.index)
        size = min(wanted, n, max(256, SAMPLE_VALUES // self.index.dim))
        self.rows: NDArray[np.int64] = self.index._live_rows()[self.rng.choice(n, size, replace=False)]

    def __len__(self) -> int:
        """How many items are sampled."""
        return len(self.rows)

    @property
    def is_whole(self) -> bool:
        """Whether the sample is all items."""
        return len(self.rows) == len(self.index)

    @cached_property
    def vectors(self) -> NDArray[np.float32]:
        """Of the sample, as the index keeps them: shape (m, dim)."""
        return self.index._core.vectors(self.rows)

    @cached_property
    def ids(self) -> list[Id]:
        """Of the sample."""
        core: Any = self.index._core
        if self.index._strings:
            return list(core.names(self.rows[:, None]))
        ids = core.ids_at(self.rows) if isinstance(self.index, Generation) else core.ids()[self.rows]
        return list(ids.tolist())

    @cached_property
    def near(self) -> Near:
        """The NEIGHBORS nearest others in the whole index, of as much of the sample as time allows."""
        index = self.index
        k = min(NEIGHBORS, len(index) - 1)
        if self.is_whole:
            ids = np.array(self.ids, object if index._strings else np.int64)
            return Near(ids[self.graph.rows[:, 1:]], self.graph.distances[:, 1:])
        # Where walks do not find as many every item is looked at, for as long as there is time.
        options: dict[str, Any] = {"recall": RECALL} if index._structure == "graph" else {}
        found = []
        end = time.monotonic() + SECONDS
        for start in range(0, len(self), ITEMS_A_BLOCK):
            block = slice(start, start + ITEMS_A_BLOCK)
            exclude = [[each] for each in self.ids[block]]
            found.append(index.search(self.vectors[block], k, exclude=exclude, **options))
            if time.monotonic() > end:
                break
        return Near(np.concatenate([ids for ids, _ in found]), np.concatenate([far for _, far in found]))

    @cached_property
    def graph(self) -> NeighborGraph:
        """Of the sample alone, by the index's metric: each item, then its NEIGHBORS nearest others, exactly."""
        return self._graph_by(self.index.metric)

    @cached_property
    def plane_graph(self) -> NeighborGraph:
        """The same by a metric of distances, which products are not."""
        return self.graph if self.index.metric != "dot" else self._graph_by("euclidean")

    def _graph_by(self, metric: str) -> NeighborGraph:
        within = build(self.vectors, metric=metric, structure="forest", n_trees=1, progress=False)
        return within.knn_graph(NEIGHBORS + 1, exact=True)


def undisturbed(index: Index) -> Index:
    """The same items, for searches that the index itself neither counts nor warns of."""
    if isinstance(index, CollectionIndex):
        now = index._now()
        return Generation(now.state, now.path or "", watching=False)
    copied = copy.copy(index)
    copied._watching = False
    return copied
