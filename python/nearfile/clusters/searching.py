"""What a task of a search does: it answers whole batches, from a file that its process has opened once.

All processes of a machine map the same file, so that it is in memory once however many they are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

import nearfile
from nearfile import arguments
from nearfile.arguments import PathLike
from nearfile.clusters import columns
from nearfile.errors import InvalidArgumentError
from nearfile.index import Index

#: The columns of answers.
NEIGHBORS = "neighbors"
DISTANCES = "distances"

# What this process has opened, by path. A process of an engine lives for many tasks, one at a time.
_opened: dict[str, Index] = {}


def opened(path: str) -> Index:
    """The index at a path, as it was published last: opened by the first task of this process, looked after by others."""
    index = _opened.get(path)
    if index is None:
        index = _opened[path] = nearfile.open(path)
    else:
        index.refresh()
    return index


@dataclass
class Search:
    """A search as its tasks know it. Each task answers by one generation of a collection."""

    path: str
    vectors: str
    columns: tuple[str, ...]  # of the queries, that answers keep
    options: dict[str, Any]  # of Index.search
    _index: Index | None = field(default=None, repr=False)
    _filter: Any = field(default=None, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_index": None, "_filter": None}

    @property
    def needed(self) -> list[str]:
        """The columns that are read, each once."""
        return list(dict.fromkeys([*self.columns, self.vectors]))

    def answers(self, batches: Iterator[pa.RecordBatch], place: str) -> Iterator[pa.RecordBatch]:
        """The answers of a partition."""
        first = 0
        for block in columns.blocks(batches):
            yield self.answer(block, first, place)
            first += block.num_rows

    def answer(self, block: pa.RecordBatch, first: int, place: str) -> pa.RecordBatch:
        """The columns that answers keep, and ids and distances of a batch.

        Raises:
            InvalidArgumentError: A row that is no query, by name.
        """
        if self._index is None:
            self._index = opened(self.path)
            wanted = self.options.get("filter")
            self._filter = None if wanted is None else self._index.filter(wanted)
        index = self._index
        told = columns.told_by(block, first, place, [name for name in self.columns if name != self.vectors][:1])
        rows = columns.rows_of(block.column(self.vectors), self.vectors, index.dim, told)
        try:
            ids, distances = index.search(rows, **{**self.options, "filter": self._filter})
        except InvalidArgumentError as error:
            raise columns.explained(error, rows, self.vectors, told) from None
        kept = {name: block.column(name) for name in self.columns}
        return pa.RecordBatch.from_pydict({**kept, **_lists(ids, distances)})


def checked(
    path: PathLike, vectors: str, kept: list[str], names: list[str], options: dict[str, Any]
) -> tuple[Search, bool]:
    """A search, before any task runs, and whether its answers are ``str``: the driver opens the index too.

    Raises:
        InvalidArgumentError: Columns that are not there or that answers have already; options that the index refuses.
    """
    columns.check_names([vectors, *kept], names, "columns")
    taken = [name for name in kept if name in (NEIGHBORS, DISTANCES)]
    if taken:
        raise InvalidArgumentError(
            f"columns: expected none that answers are called by, got {taken[0]!r}: rename it, or leave it out of columns"
        )
    index = opened(arguments.path(path).rstrip(os.sep))
    nothing = np.zeros((0, index.dim), np.float32)
    ids, _ = index.search(nothing, **options)
    return Search(str(index.path), vectors, tuple(kept), options), ids.dtype == object


def _lists(ids: NDArray[Any], distances: NDArray[np.float32]) -> dict[str, Any]:
    """A list a query: as many as it has answers."""
    answered = ~np.isnan(distances)
    offsets = pa.array(np.concatenate([[0], answered.sum(1).cumsum()]).astype(np.int32))
    whole = bool(answered.all())
    names = (ids.ravel() if whole else ids[answered]).tolist() if ids.dtype == object else None
    values = pa.array(names, pa.string()) if names is not None else pa.array(ids.ravel() if whole else ids[answered])
    far = pa.array(distances.ravel() if whole else distances[answered])
    return {NEIGHBORS: pa.ListArray.from_arrays(offsets, values), DISTANCES: pa.ListArray.from_arrays(offsets, far)}
