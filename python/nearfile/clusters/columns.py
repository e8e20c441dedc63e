"""Vectors out of Arrow's columns, where they lie; a row that is none is told by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Callable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nearfile.errors import InvalidArgumentError

#: What a row is called in an error.
Told = Callable[[int], str]

#: Fewer rows than this are put together with those that follow: a batch pays by its size.
ROWS_A_BLOCK = 4096


def check_names(names: Sequence[str], known: Sequence[str], what: str) -> None:
    """Raise where a column is not there."""
    for name in names:
        if name not in known:
            raise InvalidArgumentError(f"{what}: expected one of the columns {', '.join(known)}, got {name!r}")


def told_by(batch: pa.RecordBatch, first: int, place: str, names: Sequence[str]) -> Told:
    """What calls rows of a batch by their number, counted from ``first``, and by the values of some columns."""

    def told(row: int) -> str:
        values = [f"{name} = {batch.column(name)[row].as_py()!r:.60}" for name in names if name in batch.schema.names]
        return f"row {first + row} of {place}" + (f" ({', '.join(values)})" if values else "")

    return told


def rows_of(column: Any, name: str, dim: int, told: Told) -> NDArray[Any]:
    """A column of lists of numbers as an array of shape (n, dim), not copied where floats lie behind each other.

    Args:
        column: An Arrow array or chunked array: lists of any kind, or Ray's tensors of one dimension.
        name: What it is called in an error.
        dim: The length of every vector.
        told: What rows are called in an error.

    Raises:
        InvalidArgumentError: A column that is no lists of numbers; a row that is missing, has a value that is missing or
            is of another length, by name.
    """
    lists = _lists(column, name)
    expected = f"{name}: expected {dim} numbers in every row, got"
    advice = "leave such rows out"
    if lists.null_count:
        row = int(np.argmax(lists.is_null().to_numpy(zero_copy_only=False)))
        raise InvalidArgumentError(f"{expected} none in {told(row)}: {advice}")
    lengths = _lengths(lists)
    wrong = lengths != dim
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InvalidArgumentError(f"{expected} {int(lengths[row])} in {told(row)}: {advice}, or fill them up")
    flat = lists.flatten()
    if flat.null_count:
        row = int(np.argmax(flat.is_null().to_numpy(zero_copy_only=False))) // dim
        raise InvalidArgumentError(f"{expected} a missing value in {told(row)}: {advice}")
    array: NDArray[Any] = flat.to_numpy(zero_copy_only=False)
    return array.reshape(len(lists), dim)


def explained(error: InvalidArgumentError, rows: NDArray[Any], name: str, told: Told) -> InvalidArgumentError:
    """What the core refused, with the row by its name where one value is to blame."""
    wrong = ~np.isfinite(rows.astype(np.float32, copy=False)).all(1)
    if wrong.any():
        row = int(np.argmax(wrong))
        return InvalidArgumentError(f"{name}: expected finite values, got others in {told(row)}: leave such rows out")
    return InvalidArgumentError(f"{error} (among {len(rows)} rows that begin with {told(0)})")


def dim_of(column: Any, name: str) -> int:
    """The length of the first vector of a column that has one.

    Raises:
        InvalidArgumentError: It is missing, or the column is no lists of numbers.
    """
    lists = _lists(column, name)
    if not lists[0].is_valid:
        raise InvalidArgumentError(f"{name}: expected a vector in the first row, got none: give dim=")
    return int(_lengths(lists)[0])


def blocks(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of at least ``ROWS_A_BLOCK``, but for the last one."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        if batch.num_rows:
            waiting.append(batch)
            rows += batch.num_rows
        if rows >= ROWS_A_BLOCK:
            yield one_of(waiting)
            waiting, rows = [], 0
    if waiting:
        yield one_of(waiting)


def one_of(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    """Batches below each other."""
    if len(batches) == 1:
        return batches[0]
    return pa.Table.from_batches(batches).combine_chunks().to_batches()[0]


def _lists(column: Any, name: str) -> Any:
    """As an array of lists of numbers."""
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)
    kind = column.type
    while isinstance(kind, pa.BaseExtensionType):
        column, kind = column.storage, column.storage.type
    # Ray's tensors of different shapes: the values, and beside them how many.
    if pa.types.is_struct(kind) and [kind.field(i).name for i in range(kind.num_fields)] == ["data", "shape"]:
        column = column.field("data")
        kind = column.type
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    number = is_list and (
        pa.types.is_floating(kind.value_type)
        or pa.types.is_integer(kind.value_type)
        or pa.types.is_boolean(kind.value_type)
    )
    if not number:
        advice = "make lists of floats of it"
        if pa.types.is_struct(kind):
            advice = "of Spark's vectors make arrays, pyspark.ml.functions.vector_to_array"
        raise InvalidArgumentError(f"{name}: expected a column of lists of numbers, got one of type {kind}: {advice}")
    return column


def _lengths(lists: Any) -> NDArray[Any]:
    if pa.types.is_fixed_size_list(lists.type):
        return np.full(len(lists), lists.type.list_size)
    lengths: NDArray[Any] = lists.value_lengths().to_numpy(zero_copy_only=False)
    return lengths
