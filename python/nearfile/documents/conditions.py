"""Filters of other projects as expressions: what an expression can say of them, and the rest by a look at documents.

A filter becomes an expression that allows all that it matches. Where it allows nothing else it is exact, and decides alone;
where it does not, what it allows is read and judged by the filter's own rules. So no answer depends on which fields have
columns, only how long it takes to find.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Callable

from nearfile import expressions
from nearfile.documents import fields as field_types
from nearfile.documents import terms
from nearfile.documents.fields import Fields
from nearfile.documents.plain import is_nan, is_number, moment
from nearfile.documents.records import JSON, Record
from nearfile.documents.terms import Path
from nearfile.expressions import Expression
from nearfile.inputs import is_text

_COMPARISONS: dict[str, Callable[[Any, Any], Expression]] = {
    "<": lambda column, value: column < value,
    "<=": lambda column, value: column <= value,
    ">": lambda column, value: column > value,
    ">=": lambda column, value: column >= value,
}


@dataclass(frozen=True)
class Superset:
    """An expression that allows all that a filter matches, and where it is ``exact`` nothing else.

    It is never unknown, so ``~`` of an exact one is exact.
    """

    allowed: Expression
    exact: bool = True

    def __and__(self, other: Superset) -> Superset:
        return Superset(self.allowed & other.allowed, self.exact and other.exact)

    def __or__(self, other: Superset) -> Superset:
        return Superset(self.allowed | other.allowed, self.exact and other.exact)

    def __invert__(self) -> Superset:
        return Superset(~self.allowed) if self.exact else EVERY.judged()

    def judged(self) -> Superset:
        """The same, where more is allowed than matches."""
        return Superset(self.allowed, exact=False)


@dataclass(frozen=True)
class Condition:
    """A filter: what it allows at most, and its own rules, which are asked where that is not exact.

    ``vectors`` says whether these look at vectors.
    """

    superset: Superset
    matches: Callable[[Record], bool]
    vectors: bool = False


# Every document has JSON, so neither of these is ever unknown.
NOTHING = Superset(expressions.col(JSON).isin([]))
EVERY = Superset(~NOTHING.allowed)


def all_of(parts: Sequence[Superset]) -> Superset:
    """What all parts allow; of no parts every document."""
    return _combined(list(parts), Superset.__and__) if parts else EVERY


def any_of(parts: Sequence[Superset]) -> Superset:
    """What any part allows; of no parts nothing."""
    return _combined(list(parts), Superset.__or__) if parts else NOTHING


def exists(path: Path, kinds: str = terms.KINDS) -> Superset:
    """There is a value that is not None, of one of these kinds."""
    return any_of([Superset(terms.having(terms.of_kind(path, kind))) for kind in kinds])


def equals(path: Path, value: object) -> Superset:
    """The value is equal to this one as Python has it; to None where it is None or there is none."""
    if value is None:
        return ~exists(path)
    if is_nan(value):
        return NOTHING
    term = terms.of_equal(path, value)
    if term is None:
        return exists(path, terms.kind_of(value)).judged()
    return Superset(terms.having(term), terms.is_short(value))


def has_element(path: Path, value: object) -> Superset:
    """The value is a list with an element that is equal to this one."""
    term = terms.of_element(path, value)
    if term is None:
        return NOTHING if is_nan(value) else exists(path, "l").judged()
    return Superset(terms.having(term), terms.is_short(value))


def ordered(fields: Fields, path: Path, comparison: str, value: Any) -> Superset:
    """The value is of this one's kind and ``<``, ``<=``, ``>`` or ``>=``: exact where the field has a column."""
    kind = terms.kind_of(value)
    column = fields.get(path[0]) if len(path) == 1 else None
    serves = {"n": ("int64", "float64"), "s": ("string",), "t": ("timestamp",)}.get(kind, ())
    if column not in serves or is_nan(value) or (kind == "n" and not is_number(value)):
        return exists(path, kind).judged()
    # What no column holds is nevertheless before or behind what one does.
    held = field_types.fits("int64", value) if isinstance(value, int) else kind != "s" or is_text(value)
    if not held:
        return exists(path, kind).judged()
    made = _COMPARISONS[comparison](expressions.col(path[0]), moment(value) if kind == "t" else value)
    return Superset(made & ~expressions.col(path[0]).is_null())


def _combined(parts: list[Superset], combine: Callable[[Superset, Superset], Superset]) -> Superset:
    """Pairs of pairs, since expressions may not be deep."""
    while len(parts) > 1:
        pairs = [combine(first, second) for first, second in zip(parts[::2], parts[1::2])]
        parts = pairs + parts[len(pairs) * 2 :]
    return parts[0]
