"""What is allowed, said of the columns of an index: ``nearfile.col("price") < 20``, or the same as text.

docs/attributes.md has the grammar of the text, and what holds of values that are missing.
"""

from __future__ import annotations

import datetime
import numbers
from collections.abc import Iterable
from typing import Any, Callable, NoReturn, Union, cast

import numpy as np

from nearfile import _core
from nearfile.errors import InvalidArgumentError
from nearfile.inputs import is_text
from nearfile.inputs.moments import moment

#: What a column is compared with. Moments without a time zone are those of UTC.
Literal = Union[bool, int, float, str, datetime.datetime, datetime.date, np.generic]

_CoreLiteral = Union[bool, int, float, str, tuple[int, int]]


class Expression:
    """What is allowed, made by :func:`nearfile.col` or of text; it never changes.

    Args:
        text: As docs/attributes.md has the grammar: ``"price < 20 and lang in ('de', 'fr')"``.

    ``a & b``, ``a | b`` and ``~a`` combine expressions. Comparisons need parentheses there: ``&`` and ``|`` bind tighter
    than ``<``. ``str()`` of an expression is text that makes the same one; those of equal text are equal. It is pickled
    as its text.

    Raises:
        InvalidArgumentError: The text is none of the grammar; the message points at the place.
        TypeError: It is no ``str``.

    >>> import nearfile
    >>> cheap = nearfile.Expression("price < 20")
    >>> cheap & nearfile.col("lang").isin(["de", "fr"])
    price < 20 and lang in ('de', 'fr')
    >>> cheap == (nearfile.col("price") < 20)
    True
    """

    __slots__ = ("_core",)

    _core: _core.Expression

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(
                f"expression: expected str, got {text!r} ({type(text).__name__}): make it by nearfile.col()"
            )
        self._core = _core.Expression.parse(checked_text("expression", text))

    def __and__(self, other: Expression) -> Expression:
        return combined(self._core.both, other)

    def __or__(self, other: Expression) -> Expression:
        return combined(self._core.either, other)

    def __invert__(self) -> Expression:
        return of_core(self._core.negation())

    def __bool__(self) -> NoReturn:
        raise TypeError(
            f"expected an expression to be combined by & | ~, got it where True or False is asked for: write (a) & (b) for"
            f" 'a and b', (a) | (b) for 'a or b', ~(a) for 'not a', and between() for '1 < a < 3': {self}"
        )

    def __str__(self) -> str:
        return self._core.text()

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other) if isinstance(other, Expression) else NotImplemented

    def __hash__(self) -> int:
        return hash(str(self))

    def __reduce__(self) -> tuple[type[Expression], tuple[str]]:
        return Expression, (str(self),)


class Column:
    """A column by its name, to be compared with values; what :func:`nearfile.col` returns.

    ``==``, ``!=``, ``<``, ``<=``, ``>`` and ``>=`` with a value make an :class:`Expression`. A value that is missing is
    neither equal to anything nor unequal, so neither a comparison nor its contrary allows it; :meth:`is_null` does.

    Raises:
        InvalidArgumentError: An int beyond 64 bits, NaN, None, or a moment outside the years 0 to 9999.
        TypeError: A value of a type that no column has.
    """

    __slots__ = ("_name",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"col: expected the name of a column as str, got {name!r} ({type(name).__name__})")
        if not name:
            raise InvalidArgumentError("col: expected the name of a column, got an empty str")
        self._name = checked_text("col", name)

    def __eq__(self, value: object) -> Expression:  # type: ignore[override]
        return self._compared("==", value)

    def __ne__(self, value: object) -> Expression:  # type: ignore[override]
        return self._compared("!=", value)

    def __lt__(self, value: Literal) -> Expression:
        return self._compared("<", value)

    def __le__(self, value: Literal) -> Expression:
        return self._compared("<=", value)

    def __gt__(self, value: Literal) -> Expression:
        return self._compared(">", value)

    def __ge__(self, value: Literal) -> Expression:
        return self._compared(">=", value)

    def between(self, least: Literal, most: Literal) -> Expression:
        """From ``least`` to ``most``, both of them included.

        >>> import nearfile
        >>> nearfile.col("year").between(1990, 1999)
        year >= 1990 and year <= 1999
        """
        return (self >= least) & (self <= most)

    def isin(self, values: Iterable[Literal]) -> Expression:
        """Equal to one of ``values``: a list, a set, an array or a series. None of them allows nothing.

        >>> import nearfile
        >>> nearfile.col("lang").isin(["de", "fr"])
        lang in ('de', 'fr')
        """
        if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
            raise TypeError(
                f"isin: expected several values, got {values!r} ({type(values).__name__}): put it in a list"
            )
        return of_core(_core.Expression.is_in(self._name, [literal(self._name, value) for value in values]))

    def is_null(self) -> Expression:
        """Where the value is missing.

        >>> import nearfile
        >>> ~nearfile.col("price").is_null()
        price is not null
        """
        return of_core(_core.Expression.is_null(self._name))

    def contains(self, value: str) -> Expression:
        """Of a column of lists: where the list has ``value``.

        >>> import nearfile
        >>> nearfile.col("tags").contains("red")
        tags contains 'red'
        """
        if not isinstance(value, str):
            raise TypeError(f"contains: expected a str, which lists have, got {value!r} ({type(value).__name__})")
        return of_core(_core.Expression.contains(self._name, checked_text(f"column {self._name!r}", value)))

    def __repr__(self) -> str:
        return f"nearfile.col({self._name!r})"

    def _compared(self, comparison: str, value: object) -> Expression:
        return of_core(_core.Expression.compare(self._name, comparison, literal(self._name, value)))

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError(
            f"expected comparisons in parentheses, got the column {self._name!r} by itself: write (a < 1) & (b == 2), since"
            " & | and ~ bind tighter than < and ==, and (a == True) for a column of bools"
        )

    __and__ = __rand__ = __or__ = __ror__ = __invert__ = __bool__ = _refuse


def col(name: str) -> Column:
    """A column of an index by its name, to make expressions of.

    >>> import nearfile
    >>> (nearfile.col("price") < 20) & ~nearfile.col("tags").contains("used")
    price < 20 and tags not contains 'used'
    >>> import datetime
    >>> nearfile.col("added") >= datetime.date(2026, 1, 31)
    added >= timestamp '2026-01-31T00:00:00Z'
    """
    return Column(name)


def of_core(core: _core.Expression) -> Expression:
    """The public class around what the core made."""
    made = Expression.__new__(Expression)
    made._core = core
    return made


def combined(combine: Callable[[_core.Expression], _core.Expression], other: object) -> Expression:
    """What the core makes of two expressions; what is none is for Python to refuse."""
    return of_core(combine(other._core)) if isinstance(other, Expression) else NotImplemented


def core_of(value: Expression | str) -> _core.Expression:
    """What the core evaluates: an expression, or the text of one."""
    return (value if isinstance(value, Expression) else Expression(value))._core


def checked_text(name: str, value: str) -> str:
    """A str that UTF-8 can hold."""
    if not is_text(value):
        raise InvalidArgumentError(f"{name}: expected text that UTF-8 can hold, got {value!a}")
    return value


def literal(column: str, value: object) -> _CoreLiteral:
    """A value as the core takes it: a moment is a pair of seconds and nanoseconds."""
    if hasattr(value, "as_py"):  # Arrow's
        value = cast(Any, value).as_py()
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        raise InvalidArgumentError(
            f"column {column!r}: expected a value, got {value!r}: col({column!r}).is_null() finds missing ones"
        )
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)) and not isinstance(value, np.timedelta64):
        return whole_number(column, int(value))
    if isinstance(value, (float, np.floating)):
        return float(value)
    if isinstance(value, str):
        return checked_text(f"column {column!r}", value)
    if isinstance(value, np.datetime64):
        return moment_of_numpy(column, value)
    if isinstance(value, datetime.date):
        return moment(value)
    raise TypeError(f"column {column!r}: {of_type(value)}")


def of_type(value: object) -> str:
    """What is said of a value of a type that no column has."""
    advice = ""
    if isinstance(value, Column):
        advice = ": columns are compared with values, not with each other"
    elif isinstance(value, numbers.Number):
        advice = ": give its float()"
    elif isinstance(value, bytes):
        advice = ": decode() it"
    kind = type(value).__name__
    return f"expected a bool, int, float, str, date or datetime to compare with, got {value!r:.60} ({kind}){advice}"


def whole_number(column: str, value: int) -> int:
    """An int of 64 bits."""
    if not -(1 << 63) <= value < 1 << 63:
        raise InvalidArgumentError(
            f"column {column!r}: expected a whole number from {-(1 << 63)} to {(1 << 63) - 1}, got {value}: for a column"
            " of floats give its float()"
        )
    return value


def moment_of_numpy(column: str, value: np.datetime64) -> tuple[int, int]:
    """Seconds and nanoseconds since 1970, of any unit that NumPy has."""
    if np.isnat(value):
        raise InvalidArgumentError(
            f"column {column!r}: expected a value, got NaT: col({column!r}).is_null() finds missing ones"
        )
    if np.datetime_data(value)[0] in ("ps", "fs", "as"):
        finer, value = value, value.astype("datetime64[ns]")
        if value != finer:
            raise InvalidArgumentError(f"column {column!r}: expected a moment of whole nanoseconds, got {finer}")
    year = int(value.astype("datetime64[Y]").astype(np.int64)) + 1970
    if not 0 <= year <= 9999:
        raise InvalidArgumentError(f"column {column!r}: expected a moment of the years 0 to 9999, got {value}")
    second = value.astype("datetime64[s]")
    return int(second.astype(np.int64)), int((value - second).astype("timedelta64[ns]").astype(np.int64))
