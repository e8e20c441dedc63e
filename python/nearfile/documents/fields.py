"""Fields of metadata that are columns too, so that ranges of them are found without a look at documents."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nearfile.documents.plain import is_number, moment
from nearfile.errors import InvalidArgumentError

#: By name the type of the column, as :attr:`nearfile.Index.columns` has them.
Fields = dict[str, str]

_OF_TYPES: dict[Any, str] = {
    bool: "bool",
    int: "int64",
    float: "float64",
    str: "string",
    datetime.datetime: "timestamp",
    list: "strings",
}
_TAKES = {
    "bool": "a bool",
    "int64": "a whole number of 64 bits",
    "float64": "a number that a float is",
    "string": "a str",
    "timestamp": "a date or datetime of the years 1 to 9999",
    "strings": "a list of str",
}
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def declared(fields: Mapping[str, Any] | None) -> Fields | None:
    """Fields as users declare them, ``{"price": float, "lang": "string"}``, by the names of types; None where they do not.

    Raises:
        InvalidArgumentError: No such type, or a name that documents have for themselves.
    """
    if fields is None:
        return None
    if not isinstance(fields, Mapping):
        raise InvalidArgumentError(f"fields: expected a dict of types by name, got {fields!r:.60}")
    made: Fields = {}
    for name, kind in fields.items():
        if not isinstance(name, str) or not name or name.startswith("_"):
            raise InvalidArgumentError(f"fields: expected names that are str and do not begin with _, got {name!r}")
        known = _OF_TYPES.get(kind) if isinstance(kind, type) else kind
        if known not in _TAKES:
            expected = ", ".join([each.__name__ for each in _OF_TYPES] + [f"'{each}'" for each in _TAKES])
            raise InvalidArgumentError(f"fields: expected {name!r} to be one of {expected}, got {kind!r}")
        made[name] = known
    return made


def columns(fields: Fields, metadata: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, Any]:
    """The columns of documents, whose ids are ``names``, typed also where no document has a value.

    Raises:
        InvalidArgumentError: A value of another type than its field's.
    """
    made = {}
    for field, kind in fields.items():
        values = [each.get(field) for each in metadata]
        for name, value in zip(names, values):
            if value is not None and not fits(kind, value):
                raise InvalidArgumentError(
                    f"document {name!r}: expected {_TAKES[kind]} in the field {field!r}, as it is declared, got"
                    f" {value!r:.60} ({type(value).__name__}): give that, or leave the field undeclared"
                )
        made[field] = _column(kind, values)
    return made


def fits(kind: str, value: Any) -> bool:
    """Whether a column of this type has a value as it is.

    >>> fits("float64", 3), fits("int64", 3.0), fits("int64", True)
    (True, False, False)
    """
    if kind == "bool":
        return isinstance(value, bool)
    if kind == "int64":
        return isinstance(value, int) and not isinstance(value, bool) and -(1 << 63) <= value < 1 << 63
    if kind == "float64":
        return is_number(value) and _is_float(value)
    if kind == "string":
        return isinstance(value, str)
    if kind == "timestamp":
        return isinstance(value, (datetime.date, datetime.datetime))
    return isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value)


def _is_float(value: float) -> bool:
    try:
        return float(value) == value or value != value
    except OverflowError:
        return False


def _column(kind: str, values: list[Any]) -> Any:
    missing = [value is None for value in values]
    if kind == "string":
        return values
    if kind == "strings":  # of nothing but None it would become a column of another type
        return [[] if value is None else list(value) for value in values]
    if kind == "timestamp":
        ticks = [None if value is None else (moment(value) - _EPOCH) for value in values]
        whole = [
            np.iinfo(np.int64).min if each is None else each // datetime.timedelta(microseconds=1) for each in ticks
        ]
        return np.array(whole, np.int64).view("datetime64[us]")  # the smallest number is NaT
    numbers = [0 if value is None else value for value in values]
    return np.ma.MaskedArray(np.array(numbers, {"bool": np.bool_}.get(kind, kind)), missing)
