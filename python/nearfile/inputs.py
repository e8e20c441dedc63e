"""Turns what users pass into the arrays that the core takes: rows of float32, and ids.

Everything is checked before anything is changed, and nothing large is converted as a whole: rows are converted in
blocks of bounded size, so that a memory-mapped array larger than memory can be read through.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Union, cast

import numpy as np
from numpy.typing import NDArray

from nearfile import arguments
from nearfile.errors import InvalidArgumentError

Floats = NDArray[np.float32]
Array = NDArray[Any]
Ids = Union[None, NDArray[np.int64], list[str]]

BLOCK_BYTES = 16 << 20


def numeric(name: str, values: object) -> Array:
    """``values`` as an array of real numbers, not copied where it is one."""
    if isinstance(values, np.ma.MaskedArray):
        raise InvalidArgumentError(f"{name}: expected plain numbers, got a masked array: call its filled() first")
    try:
        array = np.asarray(values)
    except (ValueError, TypeError) as error:
        kind = type(values).__name__
        raise InvalidArgumentError(f"{name}: expected rows of equal length, got a {kind}: {error}") from None
    if array.dtype.kind not in "fiub":
        raise InvalidArgumentError(
            f"{name}: expected floats, integers or bools, got dtype {array.dtype}: convert it to float32 first"
        )
    return array


def vectors(values: object, dim: int | None, name: str = "vectors") -> Array:
    """``values`` as an array of shape (n, dim), of any real dtype and layout."""
    array = numeric(name, values)
    if array.ndim != 2 or array.shape[1] != (dim or array.shape[1]):
        raise InvalidArgumentError(f"{name}: expected shape (n, {dim or 'dim'}), got shape {array.shape}")
    return array


def sample(queries: object, dim: int, structure: str) -> Floats | None:
    """``queries`` of a build as the core takes them; None where there are none."""
    if queries is None:
        return None
    array = vectors(queries, dim, "queries")
    if structure != "graph":
        raise InvalidArgumentError(
            f"queries: expected structure='graph', whose edges they improve, got structure={structure!r}:"
            " leave queries out"
        )
    return floats(array)


def query(values: object, dim: int) -> Array:
    """``values`` as an array of shape (dim,) or (q, dim), of any real dtype and layout."""
    array = numeric("query", values)
    if array.ndim not in (1, 2) or array.shape[-1] != dim:
        raise InvalidArgumentError(f"query: expected shape ({dim},) or (q, {dim}), got shape {array.shape}")
    return array


def is_ready(array: Array) -> bool:
    """Whether the core can read ``array`` where it is."""
    return bool(array.dtype == np.float32 and array.flags.c_contiguous and array.flags.aligned)


def floats(array: Array) -> Floats:
    """``array`` as C-contiguous float32, a copy only where it is not. What float32 cannot hold becomes infinite."""
    if is_ready(array):
        return array
    with np.errstate(over="ignore"):
        return array.astype(np.float32, order="C")


def blocks(array: Array, most: int) -> Iterator[tuple[int, Floats]]:
    """Pairs of (first row, rows as float32) of at most ``most`` rows; all of them at once in the best case."""
    for start in range(0, len(array), most):
        yield start, floats(array[start : start + most])


def rows_a_block(bytes_a_row: int) -> int:
    """How many rows of this size to convert at a time."""
    return max(1, BLOCK_BYTES // max(1, bytes_a_row))


def ids(values: object, n: int) -> Ids:
    """The ids of ``n`` vectors: an array of int64, a list of str, or None for row numbers."""
    if values is None:
        return None
    if isinstance(values, (str, bytes)):
        raise InvalidArgumentError(f"ids: expected {n} whole numbers or str, got one {type(values).__name__}")
    array = np.asarray(values) if hasattr(values, "__array__") else None
    if array is not None and array.ndim != 1:
        raise InvalidArgumentError(f"ids: expected shape ({n},), got shape {array.shape}")
    if array is not None and array.dtype.kind in "iu":
        found: NDArray[np.int64] | list[str] = int64_ids(array)
    else:
        try:
            found = list_ids(array.tolist() if array is not None else list(cast(Any, values)))
        except TypeError as error:
            raise InvalidArgumentError(f"ids: expected {n} whole numbers or str: {error}") from None
    if len(found) != n:
        raise InvalidArgumentError(f"ids: expected one for each of {n} vectors, got {len(found)}")
    return found


def int64_ids(array: Array) -> NDArray[np.int64]:
    """An array of integers as C-contiguous int64."""
    if array.size and int(array.max()) > np.iinfo(np.int64).max:
        raise InvalidArgumentError(f"ids: expected whole numbers that int64 can hold, got {array.max()}")
    return np.ascontiguousarray(array, np.int64)


def list_ids(values: list[Any]) -> NDArray[np.int64] | list[str]:
    """A list of which all are str, or all are whole numbers."""
    if not values or not isinstance(values[0], str):
        numbers = [arguments.integer("ids", value) for value in values]
        try:
            return np.array(numbers, np.int64)
        except OverflowError:
            raise InvalidArgumentError("ids: expected whole numbers that int64 can hold, got a larger one") from None
    for position, value in enumerate(values):
        if not isinstance(value, str):
            kind = type(value).__name__
            raise InvalidArgumentError(f"ids: expected str, as the first is, got {value!r} ({kind}) at {position}")
        if not is_text(value):
            raise InvalidArgumentError(f"ids: expected text that UTF-8 can hold, got {value!a} at {position}")
    return values


def is_text(value: str) -> bool:
    """Whether UTF-8 can hold ``value``: not if it has a lone surrogate."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
