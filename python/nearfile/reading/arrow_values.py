"""What Arrow's columns have, as NumPy's arrays and lists, each refusal with its row."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from nearfile.errors import InvalidArgumentError
from nearfile.reading.part import BOOL, FLOAT, INT, MOMENT, NUMBERS, TEXT, TEXTS, VECTORS, Array, Column, place


def columns_of(schema: Any) -> tuple[Column, ...]:
    """The columns of a schema."""
    return tuple(Column(field.name, *kind_of(field.type)) for field in schema)


def kind_of(given: Any) -> tuple[str, int | None]:
    """What a type has, and the length of its lists where it says that."""
    types = importlib.import_module("pyarrow.types")
    kind = plain_type(given)
    if is_list(kind):
        within = plain_type(kind.value_type)
        if scalar_kind(within, types) in NUMBERS:
            return VECTORS, kind.list_size if types.is_fixed_size_list(kind) else None
        return (TEXTS if scalar_kind(within, types) == TEXT else str(given)), None
    return scalar_kind(kind, types) or str(given), None


def scalar_kind(kind: Any, types: Any) -> str | None:
    """What a type of single values has."""
    if types.is_integer(kind):
        return INT
    if types.is_floating(kind):
        return FLOAT
    if types.is_boolean(kind):
        return BOOL
    # A column without any value is one of text.
    text = types.is_string(kind) or types.is_large_string(kind) or types.is_null(kind) or str(kind) == "string_view"
    if text:
        return TEXT
    return MOMENT if types.is_timestamp(kind) or types.is_date(kind) else None


def plain_type(kind: Any) -> Any:
    """The type below extensions and dictionaries."""
    while True:
        if hasattr(kind, "storage_type"):
            kind = kind.storage_type
        elif hasattr(kind, "index_type"):
            kind = kind.value_type
        else:
            return kind


def is_list(kind: Any) -> bool:
    """Whether a type is one of lists, of whatever layout."""
    others = ("index_type", "key_type", "run_end_type")  # dictionaries, maps, runs
    views = str(kind).startswith(("list_view", "large_list_view"))
    return hasattr(kind, "value_type") and not views and not any(hasattr(kind, name) for name in others)


def plain(column: Any) -> Any:
    """An array below extensions and dictionaries."""
    while True:
        if hasattr(column, "storage"):
            column = column.storage
        elif hasattr(column, "dictionary"):
            column = column.dictionary_decode()
        else:
            return column


def vectors_of(batch: Any, names: tuple[str, ...], path: str, start: int, dim: int | None = None) -> Array:
    """Shape (n, dim): of a column of lists, or of several columns of numbers side by side.

    Args:
        batch: A record batch.
        names: The columns.
        path: Its file, and
        start: the row of it that the first one is, for messages.
        dim: How long vectors were before, if there were any.

    Raises:
        InvalidArgumentError: A value that is missing, or lists of different lengths; which row and column.
    """
    if len(names) > 1 or not is_list(plain_type(batch.schema.field(names[0]).type)):
        columns = [numbers_of(batch.column(name), path, start, name) for name in names]
        return np.column_stack([column.astype(np.float32, copy=False) for column in columns])
    name = names[0]
    column = plain(batch.column(name))
    refuse_nulls(column, path, start, name, "a vector")
    flat = plain(column.flatten())
    length = getattr(column.type, "list_size", None)
    if length is None:
        lengths = column.value_lengths().to_numpy(zero_copy_only=False)
        length = dim if dim is not None else int(lengths[0]) if len(lengths) else 0
        odd = np.flatnonzero(lengths != length)
        if len(odd):
            where = place(path, start + int(odd[0]), name)
            raise InvalidArgumentError(
                f"{where}: expected {length} numbers, as rows before have, got {lengths[odd[0]]}: leave such rows out, or"
                " fill them up"
            )
    if flat.null_count:
        at = int(np.argmax(flat.is_null().to_numpy(zero_copy_only=False)))
        where = place(path, start + at // max(1, length), name)
        raise InvalidArgumentError(
            f"{where}: expected a number in every place, got null as number {at % max(1, length)}: leave the row out, or"
            " fill it"
        )
    values: Array = flat.to_numpy(zero_copy_only=False)
    return values.reshape(len(column), length)


def numbers_of(column: Any, path: str, start: int, name: str) -> Array:
    """A column of numbers, one a row."""
    column = plain(column)
    refuse_nulls(column, path, start, name, "a number")
    values: Array = column.to_numpy(zero_copy_only=False)
    return values


def ids_of(batch: Any, name: str, path: str, start: int) -> Any:
    """Ids: an array of whole numbers or a list of ``str``.

    Raises:
        InvalidArgumentError: They are of another type, or one is missing; which row.
    """
    kind, _ = kind_of(batch.schema.field(name).type)
    if kind not in (INT, TEXT):
        raise InvalidArgumentError(
            f"{place(path, start, name)}: expected ids that are whole numbers or text, got {kind}: cast them first"
        )
    column = plain(batch.column(name))
    refuse_nulls(column, path, start, name, "an id")
    if kind == INT:
        return column.to_numpy(zero_copy_only=False)
    return column.to_numpy(zero_copy_only=False).tolist()


def refuse_nulls(column: Any, path: str, start: int, name: str, what: str) -> None:
    """Raise where values are missing, with the first row."""
    if column.null_count:
        row = int(np.argmax(column.is_null().to_numpy(zero_copy_only=False)))
        raise InvalidArgumentError(
            f"{place(path, start + row, name)}: expected {what}, got null ({column.null_count:,} near it): leave such rows"
            " out, or fill them"
        )
