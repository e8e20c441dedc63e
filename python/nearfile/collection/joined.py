"""The parts of a collection as the one core of an index: what :class:`nearfile.Index` asks of ``_core.Index``.

Rows are numbered through all parts, deleted ones among them, as ``_core.Segments`` does; only masks and answers of
``knn_graph`` count live items alone, as ``ids`` does.
"""

from __future__ import annotations

import itertools
from typing import Any, Callable

import numpy as np
from numpy.typing import NDArray

from nearfile import _core
from nearfile.collection import tables
from nearfile.collection.building import FOREST, GRAPH, of_rows
from nearfile.collection.part import Ids, Part
from nearfile.collection.state import State
from nearfile.errors import BadFileError
from nearfile.routing.asking import Asking

Rows = NDArray[np.int64]
Floats = NDArray[np.float32]

# What knn_graph finds where nothing else is asked for, as of one index.
_RECALL_OF_GRAPHS = 0.97
_QUERIES_A_BLOCK = 1024


class Joined:
    """Immutable; what it is made of stays mapped for as long as it lives."""

    closed = False

    def __init__(self, state: State) -> None:
        manifest = state.manifest
        self.state = state
        self.parts = state.parts or (_nothing(manifest.dim, manifest.metric, state.id_kind),)
        self.dim, self.metric = manifest.dim, manifest.metric
        self.segments = segments = _core.Segments(
            [part.core for part in self.parts],
            [part.live() for part in self.parts],
            [part.first_id or 0 for part in self.parts],
        )
        self.size: int = segments.size
        self.id_kind: str = segments.id_kind
        given = [part.core.structure for part in state.published if part.segment and part.segment.given]
        # Searched by search_k where that is all there is; the collection's own raw segments are looked at whole.
        only_forests = len(given) == len(state.parts) and set(given) == {FOREST}
        self.structure = FOREST if only_forests else GRAPH
        # The core's own, without a call between.
        self.search: Callable[..., Any] = segments.search
        self.search_batch: Callable[..., None] = segments.search_batch
        if manifest.router is not None:
            parts = [
                (part.segment.file if part.segment else None, part.core.size - len(part.dead)) for part in self.parts
            ]
            self._asking = Asking.of_dict(manifest.router, parts)
            self.search, self.search_batch = self._search_some, self._search_batch_of_some
        self.search_admitted = segments.search_admitted
        self.search_radius = segments.search_radius
        self.query_drift = segments.query_drift
        self.ids = segments.ids
        self.names = segments.names
        self.find = segments.find
        self.known_rows = segments.known_rows
        self.known_rows_of_names = segments.known_rows_of_names
        self.vector = segments.vector
        self.vectors = segments.vectors
        self.filter_of_mask = segments.filter_of_mask
        self.filter_of_rows = segments.filter_of_rows
        self.filter_of_expression = segments.filter_of_expression
        self.rows_in = segments.rows_in

    def _search_some(
        self,
        query: Any,
        k: int,
        effort: int,
        recall: float,
        search_k: int,
        exact: bool,
        filter: _core.SegmentsFilter | None = None,
    ) -> Any:
        """One query, asked of the segments that have a share of its neighbours; a filter may allow what others have."""
        ready = type(query) is np.ndarray and query.dtype == np.float32 and query.shape == (self.dim,)
        if exact or filter is not None or not ready:
            return self.segments.search(query, k, effort, recall, search_k, exact, filter)
        shares = self._asking.shares(query[None], k, recall)
        return self.segments.search(query, k, effort, recall, search_k, exact, None, shares)

    def _search_batch_of_some(
        self,
        queries: Floats,
        k: int,
        effort: int,
        recall: float,
        search_k: int,
        exact: bool,
        threads: int,
        ids: Rows,
        distances: Floats,
    ) -> None:
        shares = None if exact else self._asking.shares(queries, k, recall)
        self.segments.search_batch(queries, k, effort, recall, search_k, exact, threads, ids, distances, shares)

    def _places(self, rows: Rows) -> tuple[Rows, Rows]:
        return self.segments.places_of(np.ascontiguousarray(rows, np.int64))

    def _place(self, row: int) -> tuple[Part, int]:
        part, own = self._places(np.array([row]))
        return self.parts[int(part[0])], int(own[0])

    def ids_at(self, rows: Rows) -> NDArray[np.int64]:
        """Of rows that live, where ids are numbers."""
        ids = self.segments.ids()
        assert not isinstance(ids, list)
        return ids[np.searchsorted(self.segments.live_rows(), rows)]

    def columns(self) -> list[dict[str, object]]:
        """As of one index; ``missing`` counts deleted rows too, and ``distinct`` is not known."""
        if not self.state.parts:
            return []
        found: list[list[Any]] = [part.core.columns() for part in self.parts]
        missing = {first["name"]: 0 for first in found[0]}
        for column in itertools.chain.from_iterable(found):
            missing[column["name"]] += column["missing"]
        return [{**first, "missing": missing[first["name"]], "distinct": None} for first in found[0]]

    def attributes(self, rows: Rows) -> _core.Columns:
        """The values of some rows."""
        where, own = self._places(rows)
        if not self.state.parts:
            return _core.Columns()
        if (where == where[:1]).all():
            return self.parts[int(where[0]) if len(where) else 0].core.attributes(own)
        pieces = [(np.flatnonzero(where == each), int(each)) for each in np.unique(where)]
        return tables.joined([(at, self.parts[each].core.attributes(own[at])) for at, each in pieces], len(rows))

    def distance(self, a: int, b: int) -> float:
        """Of two rows; of two parts by an exact search among the second alone."""
        (part, first), (other, second) = self._place(a), self._place(b)
        if part is other:
            return part.core.distance(first, second)
        index = of_rows(self.dim, self.metric, other.core.vectors(np.array([second])), np.zeros(1, np.int64), None)
        found = index.search(part.core.vector(first), 1, 0, 0.0, 0, True)
        assert found is not None
        return float(found[1][0])

    def inspect(self, row: int) -> dict[str, Any]:
        """What the file of the part that has it says."""
        part, own = self._place(row)
        found = part.core.inspect(own)
        if part.first_id:
            found["id"] = own + part.first_id
        found["file"] = None if part.segment is None else part.segment.file
        return found

    def knn_graph(
        self, k: int, recall: float, exact: bool, threads: int, rows: NDArray[np.int32], distances: Floats
    ) -> None:
        """Of every live item, as of one index, by searching for each."""
        if len(self.parts) == 1 and not len(self.parts[0].dead):
            self.parts[0].core.knn_graph(k, recall, exact, threads, rows, distances)
            return
        live = self.segments.live_rows()
        order = self._order_of_ids()
        share = 0.0 if exact else recall or _RECALL_OF_GRAPHS
        for start in range(0, len(live), _QUERIES_A_BLOCK):
            block = slice(start, start + _QUERIES_A_BLOCK)
            own = live[block]
            ids = np.empty(rows[block].shape, np.int64)
            self.search_batch(self.vectors(own), k, 0, share, 0, exact, threads, ids, distances[block])
            found = order(ids)
            _put_itself_first(found, distances[block], start, self._alone(own))
            rows[block] = found

    def _alone(self, rows: Rows) -> Callable[[int], float]:
        """The distance of each of some rows to itself."""
        return lambda at: self.distance(rows[at], rows[at])

    def _order_of_ids(self) -> Callable[[Rows], Rows]:
        """What gives for the ids of a search, which are rows where ids are str, the places in ``ids``."""
        keys = self.segments.live_rows() if self.id_kind == "string" else self.segments.ids()
        assert not isinstance(keys, list)
        order = np.argsort(keys, kind="stable")
        ascending = keys[order]
        return lambda ids: order[np.searchsorted(ascending, ids)]

    def verify(self) -> None:
        """All of every file, and that no id is there twice."""
        for part in self.parts:
            part.core.verify()
        ids = self.segments.ids()
        different = len(set(ids)) if isinstance(ids, list) else len(np.unique(ids))
        if different != len(ids):
            folder = self.state.folder
            raise BadFileError(
                None, f"{folder}: expected every id once, got {len(ids) - different} again: build it again", folder
            )

    def info(self) -> dict[str, Any]:
        """See :meth:`nearfile.CollectionIndex.info`."""
        manifest = self.state.manifest
        return {
            "metric": self.metric,
            "dim": self.dim,
            "count": self.size,
            "id_kind": self.state.id_kind,
            "structure": self.structure,
            "profile": manifest.build.profile,
            "keep": manifest.build.keep,
            "generation": manifest.generation,
            "segments": [_facts(part) for part in self.parts if part.segment is not None],
            "log_rows": self.state.log_rows,
            "log_bytes": self.state.log_bytes,
            "file_bytes": sum(part.segment.bytes for part in self.parts if part.segment) + self.state.log_bytes,
        }

    def copy(self) -> Joined:
        """The same: nothing closes it."""
        return self

    def close(self) -> None:
        """Nothing: it goes with the last who uses it."""


def _facts(part: Part) -> dict[str, Any]:
    segment = part.segment
    assert segment is not None
    return {
        "file": segment.file,
        "structure": part.core.structure,
        "count": segment.count,
        "deleted": len(part.dead),
        "bytes": segment.bytes,
        "given": segment.given,
    }


def _put_itself_first(rows: Rows, distances: Floats, start: int, alone: Callable[[int], float]) -> None:
    """Each row's own number before the others; where it was not found, in the place of the last."""
    k = rows.shape[1]
    for at, (row, far) in enumerate(zip(rows, distances)):
        places = np.flatnonzero(row == start + at)
        place, own = (int(places[0]), far[places[0]]) if len(places) else (k - 1, alone(at))
        row[1 : place + 1] = row[:place].copy()
        far[1 : place + 1] = far[:place].copy()
        row[0], far[0] = start + at, own


def _nothing(dim: int, metric: str, id_kind: str | None) -> Part:
    """An index without items, so that even no parts have a dimension."""
    ids: Ids = [] if id_kind == "string" else np.empty(0, np.int64)
    return Part(of_rows(dim, metric, np.empty((0, dim), np.float32), ids, None))
