"""Columns of attributes from NumPy's arrays and from lists: each value as exactly as docs/attributes.md says."""

from __future__ import annotations

import datetime
import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearfile import _core
from nearfile.errors import InvalidArgumentError
from nearfile.inputs import foreign
from nearfile.inputs.conversion import Array
from nearfile.inputs.moments import moment

TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
WHOLE_SECONDS = ("Y", "M", "W", "D", "h", "m")

Missing = NDArray[np.bool_]


def array_of(name: str, column: Any) -> Array:
    """What is no list as an array of NumPy, with its mask."""
    return column if isinstance(column, np.ndarray) else foreign.array_of(f"column {name!r}", column)


def add(made: _core.Columns, name: str, column: Sequence[Any] | Array, time_zone: str = "") -> None:
    """An array of one dimension, which may be masked, or a list."""
    if not isinstance(column, np.ndarray):
        add_objects(made, name, list(column), None)
        return
    if column.ndim != 1:
        raise InvalidArgumentError(
            f"column {name!r}: expected shape (n,), got shape {column.shape}: give list() of it where rows are lists of str"
        )
    missing = np.ma.getmaskarray(column) if isinstance(column, np.ma.MaskedArray) else None
    array = np.ma.getdata(column, subok=False)
    kind = array.dtype.kind
    if kind in "OUT":
        add_objects(made, name, array.tolist(), missing)
    elif kind == "M":
        add_moments(made, name, array, missing, time_zone)
    elif kind == "f":
        add_floats(made, name, array, missing)
    elif kind in "iub":
        add_integers(made, name, array, missing)
    else:
        advice = ": decode() it" if kind == "S" else ""
        raise refusal(name, f"dtype {array.dtype}{advice}")


def refusal(name: str, got: str) -> InvalidArgumentError:
    """Of a column of a type that there is none of."""
    return InvalidArgumentError(
        f"column {name!r}: expected bools, whole numbers, floats, dates, datetimes, str or lists of str, got {got}"
    )


def bytes_of(missing: Missing | None) -> NDArray[np.uint8] | None:
    """A byte a row; None where nothing is missing."""
    return None if missing is None or not missing.any() else np.ascontiguousarray(missing, np.uint8)


def add_integers(made: _core.Columns, name: str, array: Array, missing: Missing | None) -> None:
    """Bools and whole numbers."""
    if array.dtype.kind == "u" and array.dtype.itemsize == 8:
        beyond = array > np.uint64((1 << 63) - 1)
        if missing is not None:
            beyond &= ~missing
        if beyond.any():
            raise too_large(name, int(array[beyond.argmax()]), int(beyond.argmax()))
    kind = "bool" if array.dtype.kind == "b" else "int64"
    made.add_integers(name, kind, 0, "", np.ascontiguousarray(array, np.int64), bytes_of(missing))


def too_large(name: str, value: int, row: int) -> InvalidArgumentError:
    """Of a whole number beyond 64 bits."""
    return InvalidArgumentError(
        f"column {name!r}: expected whole numbers from {-(1 << 63)} to {(1 << 63) - 1}, got {value} at row {row}:"
        " make floats or str of them"
    )


def add_floats(made: _core.Columns, name: str, array: Array, missing: Missing | None) -> None:
    """Floats; longer ones only where 64 bits hold them."""
    floats = np.ascontiguousarray(array, np.float64)
    if array.dtype.itemsize > 8:
        rounded = (floats != array) & (array == array)
        if rounded.any():
            row = int(rounded.argmax())
            raise InvalidArgumentError(
                f"column {name!r}: expected floats that 64 bits hold, got {array[row]} at row {row}: round them,"
                " astype(float)"
            )
    made.add_numbers(name, floats, bytes_of(missing))


def add_moments(made: _core.Columns, name: str, array: Array, missing: Missing | None, time_zone: str = "") -> None:
    """datetime64 of any unit; NaT is missing."""
    unit, step = np.datetime_data(array.dtype)
    none = np.isnat(array)
    missing = none if missing is None else none | missing
    to = "s" if unit in WHOLE_SECONDS else unit
    if to not in TICKS:
        raise refusal(name, f"dtype {array.dtype}: give it a unit such as datetime64[us]")
    ticks = array.astype(f"datetime64[{to}]").astype(np.int64)
    if unit != to or step != 1:
        exact = ticks.view(f"datetime64[{to}]").astype(array.dtype) == array
        if not exact[~missing].all():
            raise InvalidArgumentError(
                f"column {name!r}: expected moments that seconds of 64 bits hold, got one beyond"
            )
    made.add_integers(name, "timestamp", TICKS[to], time_zone, np.where(missing, 0, ticks), bytes_of(missing))


def is_missing(value: object) -> bool:
    """None, and what pandas has for it."""
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def add_objects(made: _core.Columns, name: str, values: list[Any], masked: Missing | None) -> None:
    """Values of Python, all of one kind but for those that are missing."""
    if masked is not None and masked.any():
        values = [None if gone else value for value, gone in zip(values, masked)]
    kinds = set(map(type, values))
    if not kinds <= {str, type(None)}:
        values = [None if is_missing(value) else value for value in values]
    present = {kind_of(name, value, row) for row, value in enumerate_firsts(values, kinds)}
    if present == {"whole number", "float"}:
        present = {"float"}
    if len(present) > 1:
        raise mixed(name, values)
    kind = present.pop() if present else "str"
    if kind == "str":
        made.add_texts(name, values)
    elif kind == "list":
        made.add_text_lists(
            name, [None if value is None else strings(name, value, row) for row, value in enumerate(values)]
        )
    else:
        add_scalars(made, name, kind, values)


def enumerate_firsts(values: list[Any], kinds: set[type]) -> list[tuple[int, Any]]:
    """One value of each type, with its row; a kind is a matter of type alone."""
    left, found = set(kinds), []
    for row, value in enumerate(values):
        if not left:
            break
        if type(value) in left:
            left.remove(type(value))
            if value is not None:
                found.append((row, value))
    return found


def kind_of(name: str, value: Any, row: int) -> str:
    """What a value is a value of."""
    if isinstance(value, (bool, np.bool_)):
        return "bool"
    if isinstance(value, numbers.Integral) and not isinstance(value, np.timedelta64):
        return "whole number"
    if isinstance(value, (float, np.floating)):
        return "float"
    if isinstance(value, str):
        return "str"
    if isinstance(value, datetime.datetime):
        return "datetime"
    if isinstance(value, datetime.date):
        return "date"
    if isinstance(value, np.datetime64):
        return "datetime64"
    if isinstance(value, (list, tuple, np.ndarray)):
        return "list"
    advice = ""
    if isinstance(value, (set, frozenset)):
        advice = ": make lists of them, sorted(it)"
    elif isinstance(value, numbers.Number) and not isinstance(value, np.generic):
        advice = ": give float() of it"
    raise refusal(name, f"{value!r:.60} ({type(value).__name__}) at row {row}{advice}")


def mixed(name: str, values: list[Any]) -> InvalidArgumentError:
    """Of values of several kinds."""
    first, other = None, (0, None)
    for row, value in enumerate(values):
        if value is None:
            continue
        first = first or (row, value)
        if kind_of(name, value, row) != kind_of(name, first[1], first[0]):
            other = (row, value)
            break
    assert first is not None
    return InvalidArgumentError(
        f"column {name!r}: expected values of one kind, got {first[1]!r:.60} at row {first[0]} and {other[1]!r:.60} at"
        f" row {other[0]}: make all of them the same"
    )


def strings(name: str, value: Any, row: int) -> list[str]:
    """A list of str."""
    each = value.tolist() if isinstance(value, np.ndarray) else list(value)
    for element in each if isinstance(each, list) else [each]:
        if not isinstance(element, str):
            kind = type(element).__name__
            raise InvalidArgumentError(
                f"column {name!r}: expected str in lists, got {element!r:.60} ({kind}) at row {row}: make str of them,"
                " or leave it out of the list"
            )
    return each


def add_scalars(made: _core.Columns, name: str, kind: str, values: list[Any]) -> None:
    """Bools, numbers and moments as arrays."""
    missing = np.array([value is None for value in values], bool)
    if kind == "datetime64":
        nat: Any = np.datetime64("NaT")
        array = np.array([nat if value is None else value for value in values])
        add_moments(made, name, array, missing)
    elif kind in ("date", "datetime"):
        add_datetimes(made, name, kind, values, missing)
    elif kind == "float":
        add_numbers(made, name, values, missing)
    else:
        for row, value in enumerate(values):
            if value is not None and not -(1 << 63) <= value < 1 << 63:
                raise too_large(name, int(value), row)
        array = np.array([0 if value is None else value for value in values], bool if kind == "bool" else np.int64)
        add_integers(made, name, array, missing)


def add_numbers(made: _core.Columns, name: str, values: list[Any], missing: Missing) -> None:
    """Floats, and whole numbers among them where floats hold them."""
    for row, value in enumerate(values):
        if isinstance(value, numbers.Integral) and not is_exact(int(value)):
            raise InvalidArgumentError(
                f"column {name!r}: expected whole numbers that floats hold, since others are floats, got {value} at row"
                f" {row}: make all of them floats, or str"
            )
    add_floats(made, name, np.array([0.0 if value is None else float(value) for value in values], np.float64), missing)


def is_exact(value: int) -> bool:
    """Whether a float of 64 bits is this whole number."""
    try:
        return int(float(value)) == value
    except OverflowError:
        return False


def add_datetimes(made: _core.Columns, name: str, kind: str, values: list[Any], missing: Missing) -> None:
    """Of Python or pandas: dates in seconds, datetimes in microseconds, or nanoseconds where they have any."""
    zones = {value.tzinfo is not None for value in values if isinstance(value, datetime.datetime)}
    if len(zones) > 1:
        raise InvalidArgumentError(
            f"column {name!r}: expected datetimes that all have a time zone, or none of them, got both: give all one"
        )
    moments = [(0, 0) if value is None else moment(value) for value in values]
    ticks = 10**6 if kind == "datetime" else 1
    if any(nanoseconds % 1000 for _, nanoseconds in moments):
        ticks = 10**9
    counts = [seconds * ticks + nanoseconds * ticks // 10**9 for seconds, nanoseconds in moments]
    for row, number in enumerate(counts):
        if not -(1 << 63) <= number < 1 << 63:
            raise InvalidArgumentError(
                f"column {name!r}: expected datetimes that nanoseconds of 64 bits hold, since others have nanoseconds,"
                f" got {values[row]} at row {row}: round all to microseconds"
            )
    zone = "UTC" if zones == {True} else ""
    made.add_integers(name, "timestamp", ticks, zone, np.array(counts, np.int64), bytes_of(missing))
