"""Filters on metadata as dicts, ``{"lang": "de", "price": {"$lt": 20}}``: what :class:`nearfile.langchain.NearfileVectorStore` takes.

docs/frameworks.md has what each operator means. :func:`condition` checks a filter whole, before anything is looked at.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Callable, NoReturn

from nearfile.documents import conditions
from nearfile.documents.conditions import Condition, Superset, all_of, any_of
from nearfile.documents.fields import Fields
from nearfile.documents.plain import is_number, moment
from nearfile.errors import InvalidArgumentError

_ORDERED: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "$lt": ("<", lambda a, b: a < b),
    "$lte": ("<=", lambda a, b: a <= b),
    "$gt": (">", lambda a, b: a > b),
    "$gte": (">=", lambda a, b: a >= b),
}
_OPERATORS = ["$eq", "$ne", *_ORDERED, "$between", "$in", "$nin", "$contains", "$exists"]


def condition(filter: Mapping[str, Any], fields: Fields) -> Condition:
    """A filter as a condition on documents.

    Raises:
        InvalidArgumentError: It is none; what was expected and where.
    """
    return Condition(_whole(filter, fields), lambda record: matches(filter, record.metadata))


def matches(filter: Mapping[str, Any], metadata: Mapping[str, Any]) -> bool:
    """Whether a filter that :func:`condition` has checked matches metadata.

    >>> matches({"price": {"$lt": 20}, "$not": {"lang": "de"}}, {"price": 12.5})
    True
    """
    for name, asked in filter.items():
        if name == "$and":
            found = all(matches(each, metadata) for each in asked)
        elif name == "$or":
            found = any(matches(each, metadata) for each in asked)
        elif name == "$not":
            found = not matches(asked, metadata)
        else:
            value = metadata.get(name)
            found = all(_holds(operator, value, wanted) for operator, wanted in _operators(asked).items())
        if not found:
            return False
    return True


def _holds(operator: str, value: Any, wanted: Any) -> bool:
    if operator in _ORDERED:
        pair = _comparable(value, wanted)
        return pair is not None and _ORDERED[operator][1](*pair)
    if operator == "$between":
        return _holds("$gte", value, wanted[0]) and _holds("$lte", value, wanted[1])
    if operator == "$exists":
        return (value is not None) is wanted
    if operator == "$contains":
        return isinstance(value, list) and any(_equal(each, wanted) for each in value)
    if operator in ("$in", "$nin"):
        return any(_equal(value, each) for each in wanted) == (operator == "$in")
    return _equal(value, wanted) == (operator == "$eq")


def _equal(value: Any, wanted: Any) -> bool:
    if isinstance(value, datetime.date) and isinstance(wanted, datetime.date):
        return moment(value) == moment(wanted)
    return bool(value == (list(wanted) if isinstance(wanted, tuple) else wanted))


def _comparable(value: Any, wanted: Any) -> tuple[Any, Any] | None:
    """Two values of one kind, as they are compared; None where they are of two."""
    if is_number(value) and is_number(wanted):
        return value, wanted
    if isinstance(value, str) and isinstance(wanted, str):
        return value, wanted
    if isinstance(value, datetime.date) and isinstance(wanted, datetime.date):
        return moment(value), moment(wanted)
    return None


def _operators(asked: Any) -> Mapping[str, Any]:
    """What is asked of a name, by operators."""
    named = isinstance(asked, Mapping) and any(isinstance(each, str) and each.startswith("$") for each in asked)
    return asked if named else {"$eq": asked}


def _whole(filter: Any, fields: Fields) -> Superset:
    if not isinstance(filter, Mapping):
        _refuse(f"a dict of names with values or operators, got {filter!r:.60} ({type(filter).__name__})")
    parts = []
    for name, asked in filter.items():
        if not isinstance(name, str):
            _refuse(f"names that are str, got {name!r}")
        if name in ("$and", "$or"):
            if not isinstance(asked, (list, tuple)):
                _refuse(f"a list of filters in {name}, got {asked!r:.60}")
            parts.append((all_of if name == "$and" else any_of)([_whole(each, fields) for each in asked]))
        elif name == "$not":
            parts.append(~_whole(asked, fields))
        elif name.startswith("$"):
            _refuse(f"'$and', '$or', '$not' or a name of metadata, got {name!r}")
        else:
            parts += [_one(name, operator, wanted, fields) for operator, wanted in _operators(asked).items()]
    return all_of(parts)


def _one(name: str, operator: str, wanted: Any, fields: Fields) -> Superset:
    path = (name,)
    if operator in ("$eq", "$ne"):
        found = conditions.equals(path, wanted)
        return found if operator == "$eq" else ~found
    if operator in _ORDERED:
        if not is_number(wanted) and not isinstance(wanted, (str, datetime.date)):
            _refuse(f"a number, a str, a date or a datetime in {name!r}: {operator}, got {wanted!r:.60}")
        return conditions.ordered(fields, path, _ORDERED[operator][0], wanted)
    if operator == "$exists":
        if not isinstance(wanted, bool):
            _refuse(f"True or False in {name!r}: $exists, got {wanted!r:.60}")
        return conditions.exists(path) if wanted else ~conditions.exists(path)
    if operator == "$contains":
        moments = isinstance(wanted, datetime.date)
        return conditions.exists(path, "l").judged() if moments else conditions.has_element(path, wanted)
    if operator not in ("$between", "$in", "$nin"):
        _refuse(f"one of {', '.join(_OPERATORS)} in {name!r}, got {operator!r}")
    if not isinstance(wanted, (list, tuple, set, frozenset)):
        _refuse(f"a list of values in {name!r}: {operator}, got {wanted!r:.60}")
    if operator == "$between":
        if not isinstance(wanted, (list, tuple)) or len(wanted) != 2:
            _refuse(f"the least and the most in {name!r}: $between, got {wanted!r:.60}")
        return all_of([_one(name, bound, each, fields) for bound, each in zip(("$gte", "$lte"), wanted)])
    found = any_of([conditions.equals(path, each) for each in wanted])
    return found if operator == "$in" else ~found


def _refuse(expected: str) -> NoReturn:
    raise InvalidArgumentError(f"filter: expected {expected}")
