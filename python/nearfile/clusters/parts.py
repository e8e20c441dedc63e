"""What a task of a build does: it makes a nearfile of the rows that it is given, and says which.

A task may run twice, be killed and tried again, at any moment. Every attempt writes files under names of its own, each of
them whole or not there at all, into a folder that belongs to one build; only those that the driver heard of count.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from nearfile.builder import Builder
from nearfile.clusters import columns
from nearfile.collection import new_segment
from nearfile.errors import InvalidArgumentError
from nearfile.routing.planes import Planes

#: The column that says which segment a row goes to, while rows are on their way there.
SEGMENT = "nearfile_segment"

#: What a task says of every file that it wrote; ``part`` is what the driver puts files in order by.
WRITTEN = pa.schema(
    [
        ("part", pa.int64()),
        ("file", pa.string()),
        ("rows", pa.int64()),
        ("bytes", pa.int64()),
        ("fingerprint", pa.string()),
    ]
)


@dataclass(frozen=True)
class Plan:
    """A build as its tasks know it."""

    folder: str  # where they write
    vectors: str
    ids: str
    attributes: tuple[str, ...]
    dim: int
    metric: str
    options: dict[str, Any] = field(default_factory=dict)  # of a Builder
    planes: Planes | None = None

    @property
    def columns(self) -> list[str]:
        """Those that are read, each once."""
        return list(dict.fromkeys([self.vectors, self.ids, *self.attributes]))


class Part:
    """The rows of one segment, as they come."""

    def __init__(self, plan: Plan, place: str) -> None:
        self._plan = plan
        self._place = place
        self._builder = Builder(
            plan.dim, plan.metric, os.path.join(plan.folder, new_segment()), progress=False, **plan.options
        )

    def add(self, batch: pa.RecordBatch) -> None:
        """Some more of them.

        Raises:
            InvalidArgumentError: A row that cannot be added, by name.
        """
        plan = self._plan
        told = columns.told_by(batch, len(self._builder), self._place, [plan.ids])
        rows = columns.rows_of(batch.column(plan.vectors), plan.vectors, plan.dim, told)
        attributes = pa.table({name: batch.column(name) for name in plan.attributes}) if plan.attributes else None
        try:
            self._builder.add(rows, batch.column(plan.ids), attributes=attributes)
        except InvalidArgumentError as error:
            raise columns.explained(error, rows, plan.vectors, told) from None

    def write(self, number: int) -> pa.RecordBatch:
        """Build the segment, and say where it is."""
        index = self._builder.build()
        path = str(index.path)
        fingerprint = f"{index._core.fingerprint:016x}"
        said = [[number], [os.path.basename(path)], [len(index)], [os.path.getsize(path)], [fingerprint]]
        index.close()
        return pa.RecordBatch.from_arrays(
            [pa.array(each, kind) for each, kind in zip(said, WRITTEN.types)], schema=WRITTEN
        )


def write(plan: Plan, batches: Iterator[pa.RecordBatch], number: int, place: str) -> Iterator[pa.RecordBatch]:
    """One segment of all rows of a partition, or one for each that :func:`assign` named; none of no rows.

    Args:
        plan: The build.
        batches: The rows.
        number: Of the partition.
        place: What it is called in an error.
    """
    parts: dict[int, Part] = {}
    for batch in batches:
        for part, some in _divided(batch, number):
            if part not in parts:
                parts[part] = Part(plan, place)
            parts[part].add(some)
    for part in sorted(parts):
        yield parts.pop(part).write(part)


def assign(plan: Plan, batches: Iterator[pa.RecordBatch], place: str) -> Iterator[pa.RecordBatch]:
    """The same rows, with the number of the segment that each goes to; ``place`` is what the partition is called in an error."""
    assert plan.planes is not None
    first = 0
    for batch in batches:
        told = columns.told_by(batch, first, place, [plan.ids])
        rows = columns.rows_of(batch.column(plan.vectors), plan.vectors, plan.dim, told)
        try:
            segments = plan.planes.assign(rows)
        except InvalidArgumentError as error:
            raise columns.explained(error, rows, plan.vectors, told) from None
        first += batch.num_rows
        yield batch.append_column(SEGMENT, pa.array(segments, pa.int32()))


def _divided(batch: pa.RecordBatch, number: int) -> Iterator[tuple[int, pa.RecordBatch]]:
    if batch.num_rows == 0:
        return
    if SEGMENT not in batch.schema.names:
        yield number, batch
        return
    segments = batch.column(SEGMENT).to_numpy(zero_copy_only=False)
    each = np.unique(segments)
    for segment in each.tolist():
        yield segment, batch if len(each) == 1 else batch.take(pa.array(np.flatnonzero(segments == segment)))
