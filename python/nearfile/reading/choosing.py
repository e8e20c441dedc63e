"""Which columns are vectors, ids and attributes: as the user says, or where only one reading is sensible."""

from __future__ import annotations

import fnmatch
import re
from typing import Callable

from nearfile.errors import InvalidArgumentError
from nearfile.reading.part import NUMBERS, VECTORS, Chosen, Column, Part, listed, told


def choose(part: Part, vectors: str | None, ids: str | None, attributes: str | None) -> Chosen:
    """The columns of a part.

    Args:
        part: What has them.
        vectors: A column of lists of numbers; or several columns of numbers, by their names with commas between them or
            by a pattern with ``*``. ``None`` guesses.
        ids: A column, or ``None`` for none.
        attributes: Columns with commas between them, or patterns; ``None`` for none.

    Raises:
        InvalidArgumentError: There is no such column, or there is more than one that may be meant.
    """
    if not part.columns:
        asked = next((name for name in (vectors, ids, attributes) if name is not None), None)
        if asked is not None:
            raise InvalidArgumentError(
                f"{told(part.path)}: expected columns, one of them {asked!r}, got a file of vectors alone"
            )
        return Chosen((), None, ())
    if ids is not None:
        part.column(ids)
    if attributes is not None:
        named(part, attributes)
    if vectors is not None:
        found = of_vectors(part, vectors)
    else:
        literal = [] if attributes is None else [attributes, *(name.strip() for name in attributes.split(","))]
        found = guessed(part, {ids, *literal})
    taken = {*found, ids}
    known = [] if attributes is None else named(part, attributes, lambda column: column.name not in taken)
    return Chosen(tuple(found), ids, tuple(known))


def is_pattern(name: str) -> bool:
    """Whether it stands for several names."""
    return "*" in name or "?" in name


def named(part: Part, names: str, allowed: Callable[[Column], bool] = lambda _: True) -> list[str]:
    """Columns by their names or patterns; patterns give those that are ``allowed``."""
    everything = [column.name for column in part.columns]
    if names in everything:
        return [names]
    found: list[str] = []
    for each in (name.strip() for name in names.split(",")):
        if each in everything or not is_pattern(each):
            found.append(part.column(each).name)
            continue
        fitting = [column.name for column in part.columns if fnmatch.fnmatchcase(column.name, each) and allowed(column)]
        if not fitting:
            raise InvalidArgumentError(
                f"{told(part.path)}: expected columns that {each!r} fits, got {listed(part.columns)}"
            )
        found += fitting
    return list(dict.fromkeys(found))


def of_vectors(part: Part, names: str) -> list[str]:
    """The columns that ``--vectors`` names: one of lists, or some of numbers."""
    found = named(part, names)
    if len(found) == 1:
        if part.column(found[0]).kind == VECTORS or part.column(found[0]).kind in NUMBERS:
            return found
    elif all(part.column(name).kind in NUMBERS for name in found):
        return sorted(found, key=number_of) if is_pattern(names) and all(map(is_numbered, found)) else found
    odd = next(name for name in found if part.column(name).kind not in (NUMBERS if len(found) > 1 else ()))
    raise InvalidArgumentError(
        f"{told(part.path)}: expected a column of lists of numbers, or several of numbers, got column {odd!r} of"
        f" {part.column(odd).kind}"
    )


NUMBERED = re.compile(r"(.*?)([0-9]+)", re.DOTALL)


def is_numbered(name: str) -> bool:
    """Whether a name ends in a number."""
    return NUMBERED.fullmatch(name) is not None


def number_of(name: str) -> int:
    """The number that a name ends in."""
    found = NUMBERED.fullmatch(name)
    return int(found[2]) if found else 0


def guessed(part: Part, taken: set[str | None]) -> list[str]:
    """The one column of lists of numbers; or else the columns of numbers that are numbered through, as x0, x1, x2."""
    left = [column for column in part.columns if column.name not in taken]
    lists = [column.name for column in left if column.kind == VECTORS]
    if len(lists) == 1:
        return lists
    series = numbered_series(left)
    if not lists and len(series) == 1:
        return series[0]
    several = lists or [f"{each[0]} to {each[-1]}" for each in series]
    expected = "one column of lists of numbers, or columns of numbers that are numbered through"
    if several:
        raise InvalidArgumentError(
            f"{told(part.path)}: expected {expected}, got {len(several)} that vectors may be in: give --vectors"
            f" {' or --vectors '.join(several[:4])}"
        )
    raise InvalidArgumentError(
        f"{told(part.path)}: expected {expected}, got {listed(part.columns)}: say which with --vectors"
    )


def numbered_series(columns: list[Column]) -> list[list[str]]:
    """Names of number columns that differ in a number at their end which counts up by one, two or more of them."""
    groups: dict[str, list[str]] = {}
    for column in columns:
        found = NUMBERED.fullmatch(column.name)
        if found and column.kind in NUMBERS:
            groups.setdefault(found[1], []).append(column.name)
    series = []
    for names in groups.values():
        names.sort(key=number_of)
        numbers = [number_of(name) for name in names]
        if len(names) > 1 and numbers == list(range(numbers[0], numbers[0] + len(names))):
            series.append(names)
    return series
