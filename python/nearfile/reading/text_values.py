"""What cells of text and values of JSON have: found out by the first rows, and held to for the others."""

from __future__ import annotations

import datetime
import re
from typing import Any, Callable

import numpy as np

from nearfile.errors import InvalidArgumentError
from nearfile.inputs.conversion import Array
from nearfile.reading.part import BOOL, FLOAT, INT, MOMENT, TEXT, TEXTS, VECTORS, Column, place

WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,18})")
BOOLS = {"true": True, "false": False, "True": True, "False": False, "TRUE": True, "FALSE": False}
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
BRACKETS = "[](){}"


def names_of(first: list[str]) -> tuple[list[str], bool]:
    """The names of the columns, and whether the first line is a row already: where any of it is a number.

    A line that counts its cells through has the names that pandas gives to columns without any.
    """
    numbered = [str(number) for number in range(len(first))]
    if len(first) > 1 and (first == numbered or first == ["", *numbered[:-1]]):
        return first, False
    is_data = any(is_number(cell) or is_list(cell) for cell in first)
    return (numbered, True) if is_data else (first, False)


def is_number(cell: str) -> bool:
    """Whether a cell is a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def is_list(cell: str) -> bool:
    """Whether a cell is several numbers: in brackets or not, with commas or spaces between them."""
    try:
        return len(numbers_in(cell)) > 1 or (cell[:1] in BRACKETS and len(numbers_in(cell)) == 1)
    except ValueError:
        return False


def numbers_in(cell: str) -> list[float]:
    """The numbers of a cell."""
    return list(map(float, cell.strip().strip(BRACKETS).replace(",", " ").replace(";", " ").split()))


def moment(cell: str) -> datetime.datetime:
    """A date, or a date and a time, as ISO 8601 has it; of UTC where it does not say."""
    if not DAY.match(cell):
        raise ValueError(cell)
    read = datetime.datetime.fromisoformat(cell[:-1] + "+00:00" if cell.endswith(("Z", "z")) else cell)
    return read.replace(tzinfo=datetime.timezone.utc) if read.tzinfo is None else read


def whole(cell: str) -> int:
    """A whole number as it is written; 007 is text."""
    if not WHOLE.fullmatch(cell) or cell == "-0" or not -(1 << 63) <= int(cell) < 1 << 63:
        raise ValueError(cell)
    return int(cell)


def real(cell: str) -> float:
    """A float; a whole number only where it is written as one and a float holds it."""
    if not cell.lstrip("-").isdigit():
        return float(cell)
    if int(float(whole(cell))) != whole(cell):
        raise ValueError(cell)
    return float(cell)


CELLS: dict[str, Callable[[str], Any]] = {
    INT: whole,
    FLOAT: real,
    BOOL: BOOLS.__getitem__,
    MOMENT: moment,
    VECTORS: numbers_in,
    TEXT: str,
}


def kind_of_cells(cells: list[str]) -> str:
    """The first kind that all cells can be read as which are not empty."""
    there = [cell for cell in cells if cell]
    for kind, read in CELLS.items():
        if kind == VECTORS:
            if there and all(map(is_list, there)):
                return kind
            continue
        try:
            for cell in there:
                read(cell)
        except (ValueError, KeyError):
            continue
        return kind if there else TEXT
    return TEXT


def kind_of_values(values: list[Any]) -> str:
    """What values of JSON are, but for null."""
    there = [value for value in values if value is not None]
    kinds = {type(value) for value in there}
    if kinds == {list}:
        within = {type(each) for value in there for each in value}
        if within and within <= {int, float, bool}:
            return VECTORS
        return TEXTS if within <= {str} else "lists"
    if kinds and kinds <= {int, float}:
        return INT if kinds == {int} else FLOAT
    if kinds == {str} and kind_of_cells(there) == MOMENT:
        return MOMENT
    return {(): TEXT, (str,): TEXT, (bool,): BOOL, (dict,): "objects"}.get(tuple(kinds), "values of several kinds")


def column(path: str, of: Column, lines: list[int], values: list[Any]) -> list[Any]:
    """Values of a column, held to what it is; ``None`` where they are missing.

    Raises:
        InvalidArgumentError: One is of another kind; which line.
    """
    read: list[Any] = []
    for line, value in zip(lines, values):
        if value is None:
            read.append(None)
            continue
        try:
            read.append(CELLS[of.kind](value) if isinstance(value, str) and of.kind in CELLS else held(of.kind, value))
        except (ValueError, KeyError, OverflowError):
            advice = f": read it as text, --text {of.name}" if of.kind != TEXT else ""
            raise InvalidArgumentError(
                f"{place(path, line, of.name, 'line')}: expected {of.kind}, as lines before have, got {value!r:.60}{advice}"
            ) from None
    return read


def held(kind: str, value: Any) -> Any:
    """A value of JSON, if it is of this kind.

    Raises:
        ValueError: It is not.
    """
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if kind == FLOAT and (is_whole or isinstance(value, float)):
        return float(value)
    if kind == TEXT:
        if isinstance(value, (dict, list)):
            raise ValueError(value)
        return str(value)
    fits = {
        INT: is_whole,
        BOOL: isinstance(value, bool),
        TEXTS: isinstance(value, list) and all(isinstance(each, str) for each in value),
    }
    if not fits.get(kind, False):
        raise ValueError(value)
    return value


def matrix(path: str, name: str, lines: list[int], rows: list[Any]) -> Array:
    """Rows of numbers, of text or of JSON, as float32 of shape (n, dim).

    Raises:
        InvalidArgumentError: What is no number, or a row of another length than the first; which line.
    """
    made = None
    for at, (line, row) in enumerate(zip(lines, rows)):
        try:
            numbers = numbers_in(row) if isinstance(row, str) else list(map(float, row))
        except (TypeError, ValueError, OverflowError):
            shown = f"{row!r:.60}" if isinstance(row, str) or row is None else f"{odd(row)!r:.60}"
            raise InvalidArgumentError(
                f"{place(path, line, name, 'line')}: expected numbers, got {shown}: leave such lines out"
            ) from None
        if made is None:
            made = np.empty((len(rows), len(numbers)), np.float32)
        if len(numbers) != made.shape[1]:
            raise InvalidArgumentError(
                f"{place(path, line, name, 'line')}: expected {made.shape[1]} numbers, as lines before have, got"
                f" {len(numbers)}: leave such lines out, or fill them up"
            )
        with np.errstate(over="ignore"):
            made[at] = numbers
    return np.empty((0, 0), np.float32) if made is None else made


def odd(row: Any) -> Any:
    """The first value of a row that is no number."""
    for value in row if isinstance(row, (list, tuple)) else [row]:
        try:
            float(value)
        except (TypeError, ValueError, OverflowError):
            return value
    return row
