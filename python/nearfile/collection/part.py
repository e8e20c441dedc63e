"""A part of a collection: an index, of a segment or of the log, and which of its rows are deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Union

import numpy as np
from numpy.typing import NDArray

from nearfile import _core
from nearfile.collection.manifest import Segment

Rows = NDArray[np.int64]
Ids = Union[NDArray[np.int64], list[str]]

NO_ROWS: Rows = np.empty(0, np.int64)
# Rows are read in blocks of at most this many, so that a merge needs little memory beside what it builds.
ROWS_A_BLOCK = 1 << 14


class Part:
    """Never changes: what deletes rows makes another one of the same index.

    ``dead`` is the rows that are deleted, ascending. ``segment`` is what the manifest says of it, None for the log's.
    """

    __slots__ = ("_filter", "core", "count", "dead", "first_id", "highest", "lowest", "segment")

    def __init__(
        self, core: _core.Index, segment: Segment | None = None, first_id: int | None = None, dead: Rows = NO_ROWS
    ) -> None:
        self.core = core
        self.segment = segment
        self.first_id = first_id
        self.count = core.size
        self.dead = dead
        # Of a segment the manifest says it, so that opening one reads no ids. Strings are looked for everywhere.
        found = _core.id_range(core) if segment is None else (segment.lowest, segment.highest)
        lowest, highest = found or (None, None)
        self.lowest: int = 0 if lowest is None else lowest
        self.highest: int = -1 if highest is None else highest
        # What lives as the core takes it, and rows that died since.
        self._filter: tuple[_core.Filter | None, tuple[Rows, ...]] = (None, (dead,) if len(dead) else ())

    def without(self, rows: Rows) -> Part:
        """This part when ``rows``, which live, are deleted too."""
        rows = np.sort(rows)
        made = Part.__new__(Part)
        for name in ("core", "segment", "first_id", "count", "lowest", "highest"):
            setattr(made, name, getattr(self, name))
        made.dead = np.insert(self.dead, np.searchsorted(self.dead, rows), rows)
        live, gone = self._filter
        made._filter = (live, (*gone, rows))
        return made

    @property
    def n_live(self) -> int:
        """How many rows are not deleted."""
        return self.count - len(self.dead)

    def live(self) -> _core.Filter | None:
        """What is not deleted; None for everything."""
        live, gone = self._filter
        if gone:
            left = ~self.core.filter_of_rows(np.concatenate(gone))
            live = left if live is None else live & left
            self._filter = (live, ())
        return live

    def rows_of(self, ids: Ids) -> Rows:
        """The live rows of those ids that are here, in no order that matters."""
        if isinstance(ids, list):
            rows = self.core.known_rows_of_names(ids) if self.core.id_kind == "string" else NO_ROWS
        else:
            near = ids[(ids >= self.lowest) & (ids <= self.highest)]
            rows = self.core.known_rows(near - (self.first_id or 0)) if len(near) else NO_ROWS
        if len(rows) and len(self.dead):
            place = np.searchsorted(self.dead, rows)
            place[place == len(self.dead)] = 0
            rows = rows[self.dead[place] != rows]
        return np.unique(rows) if len(rows) > 1 else rows

    def ids(self) -> Ids:
        """Every id by row, those of deleted rows too."""
        names = self.core.ids()
        return names if isinstance(names, list) or not self.first_id else names + self.first_id

    def live_rows(self) -> Rows:
        """Every row that is not deleted, ascending."""
        return np.delete(np.arange(self.count, dtype=np.int64), self.dead)

    def live_blocks(self) -> Iterator[Rows]:
        """The same, a block at a time."""
        rows = self.live_rows()
        for start in range(0, len(rows), ROWS_A_BLOCK):
            yield rows[start : start + ROWS_A_BLOCK]
