"""Ids as users pass them, on the way to the core: numbers of 64 bits or str."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Union, cast

import numpy as np
from numpy.typing import NDArray

from nearfile import arguments
from nearfile.errors import InvalidArgumentError
from nearfile.inputs import foreign, refusals
from nearfile.inputs.conversion import Array

Ids = Union[None, NDArray[np.int64], list[str]]


def ids(values: object, n: int) -> Ids:
    """The ids of ``n`` vectors: an array of int64, a list of str, or None for row numbers."""
    if values is None:
        return None
    if isinstance(values, (str, bytes)):
        raise InvalidArgumentError(f"ids: expected {n} whole numbers or str, got one {type(values).__name__}")
    array = array_of_ids(values)
    if array is not None and array.ndim != 1:
        raise InvalidArgumentError(f"ids: expected shape ({n},), got shape {array.shape}")
    if array is not None and array.dtype.kind in "iu":
        found: NDArray[np.int64] | list[str] = int64_ids(array)
    elif array is None and not isinstance(values, Iterable):
        raise InvalidArgumentError(f"ids: expected {n} whole numbers or str, got {values!r} ({type(values).__name__})")
    else:
        found = list_ids(array.tolist() if array is not None else list(cast(Any, values)))
    if len(found) != n:
        raise InvalidArgumentError(f"ids: expected one for each of {n} vectors, got {len(found)}")
    return found


def each_id(values: object) -> list[Any]:
    """Ids to look up, in order, of whatever kind they are."""
    if isinstance(values, (str, bytes)):
        kind = type(values).__name__
        raise InvalidArgumentError(f"ids: expected several, got one {kind}: put it in a list, or use vector()")
    array = array_of_ids(values)
    return list(cast(Any, values)) if array is None else array.tolist()


def some_ids(name: str, ids: Any) -> NDArray[np.int64] | list[str]:
    """Ids in any order, of a set too: an array of int64 or a list of str."""
    if isinstance(ids, (str, bytes)) or not (foreign.is_foreign(ids) or isinstance(ids, Iterable)):
        raise InvalidArgumentError(f"{name}: expected an array, list or set of ids, got {ids!r} ({type(ids).__name__})")
    array = foreign.array_of(name, ids) if foreign.is_foreign(ids) else None
    if array is not None and array.ndim != 1:
        raise InvalidArgumentError(f"{name}: expected ids of shape (m,), got shape {array.shape}")
    if array is not None and array.dtype.kind in "iu":
        return int64_ids(array)
    some = array.tolist() if array is not None else list(ids)
    return list_ids(some) if some else np.empty(0, np.int64)


def array_of_ids(values: object) -> Array | None:
    """The array that ``values`` are; None where they are a list or something else with an order."""
    refusals.refuse_unordered("ids", values)
    return foreign.array_of("ids", values) if foreign.is_foreign(values) else None


def int64_ids(array: Array) -> NDArray[np.int64]:
    """An array of integers as C-contiguous int64."""
    if array.size and int(array.max()) > np.iinfo(np.int64).max:
        raise InvalidArgumentError(f"ids: expected whole numbers that int64 can hold, got {array.max()}")
    return np.ascontiguousarray(array, np.int64)


def list_ids(values: list[Any]) -> NDArray[np.int64] | list[str]:
    """A list of which all are str, or all are whole numbers."""
    if not values or not isinstance(values[0], str):
        try:
            return np.array([whole_number(value, place) for place, value in enumerate(values)], np.int64)
        except OverflowError:
            raise InvalidArgumentError("ids: expected whole numbers that int64 can hold, got a larger one") from None
    for place, value in enumerate(values):
        if not isinstance(value, str):
            kind = type(value).__name__
            raise InvalidArgumentError(
                f"ids: expected str, as the first is, got {value!r} ({kind}) at {place}: make all of them str"
            )
        if not is_text(value):
            raise InvalidArgumentError(f"ids: expected text that UTF-8 can hold, got {value!a} at {place}")
    return values


def whole_number(value: object, place: int) -> int:
    """An id that is a number."""
    try:
        return arguments.integer("ids", value)
    except TypeError:
        pass
    advice = "make all of them str"
    if isinstance(value, (float, np.floating)):
        advice = "make all of them int"
    elif isinstance(value, bytes):
        advice = "decode() them"
    kind = type(value).__name__
    raise InvalidArgumentError(f"ids: expected whole numbers or str, got {value!r} ({kind}) at {place}: {advice}")


def is_text(value: str) -> bool:
    """Whether UTF-8 can hold ``value``: not if it has a lone surrogate."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def column_name(value: object) -> str:
    """The name of a column of attributes."""
    if isinstance(value, str) and value and "\0" not in value and is_text(value):
        return value
    raise InvalidArgumentError(
        "attributes: expected names of columns as str, not empty and without zero bytes,"
        f" got {value!r} ({type(value).__name__}): rename it, or leave it out"
    )
