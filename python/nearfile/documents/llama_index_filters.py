"""LlamaIndex's metadata filters as conditions, as its own in-memory store has them; nested ones too, which that has not.

Where Python cannot compare a value with what is asked for, that store raises; here the document is not matched.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any, Callable

from llama_index.core.vector_stores.types import FilterCondition, FilterOperator, MetadataFilter, MetadataFilters

from nearfile.documents import conditions
from nearfile.documents.conditions import EVERY, NOTHING, Condition, Superset, all_of, any_of, equals, exists
from nearfile.documents.fields import Fields
from nearfile.documents.terms import Path

_ORDERED: dict[Any, tuple[str, Callable[[Any, Any], bool]]] = {
    FilterOperator.LT: ("<", operator.lt),
    FilterOperator.LTE: ("<=", operator.le),
    FilterOperator.GT: (">", operator.gt),
    FilterOperator.GTE: (">=", operator.ge),
}


def condition(filters: MetadataFilters, fields: Fields) -> Condition:
    """Filters as a condition.

    Raises:
        ValueError: An operator or a condition that is not known here.
    """
    return Condition(_whole(filters, fields), lambda record: matches(filters, record.metadata))


def matches(filters: MetadataFilters, metadata: Mapping[str, Any]) -> bool:
    """Whether filters match metadata; without a filter in them they match all."""
    if not filters.filters:
        return True
    found = [
        matches(each, metadata) if isinstance(each, MetadataFilters) else _matches_one(each, metadata.get(each.key))
        for each in filters.filters
    ]
    if filters.condition == FilterCondition.OR:
        return any(found)
    return not any(found) if filters.condition == FilterCondition.NOT else all(found)


def _matches_one(asked: MetadataFilter, value: Any) -> bool:
    kind, wanted = asked.operator, asked.value
    if kind == FilterOperator.IS_EMPTY:
        return value is None or value in ("", [])
    if value is None:
        return kind in (FilterOperator.NE, FilterOperator.NIN)
    try:
        return _holds(kind, value, wanted)
    except TypeError:
        return False


def _holds(kind: Any, value: Any, wanted: Any) -> bool:
    if kind in (FilterOperator.EQ, FilterOperator.NE):
        return bool((value == wanted) == (kind == FilterOperator.EQ))
    if kind in _ORDERED:
        return bool(_ORDERED[kind][1](value, wanted))
    if kind in (FilterOperator.IN, FilterOperator.NIN):
        return bool((value in wanted) == (kind == FilterOperator.IN))
    if kind == FilterOperator.CONTAINS:
        return bool(wanted in value)
    if kind in (FilterOperator.TEXT_MATCH, FilterOperator.TEXT_MATCH_INSENSITIVE):
        if not isinstance(value, str) or not isinstance(wanted, str):
            return False
        return wanted in value if kind == FilterOperator.TEXT_MATCH else wanted.lower() in value.lower()
    return (all if kind == FilterOperator.ALL else any)(each in value for each in wanted)


def _whole(filters: MetadataFilters, fields: Fields) -> Superset:
    if not filters.filters:
        return EVERY
    parts = [
        _whole(each, fields) if isinstance(each, MetadataFilters) else _one(each, fields) for each in filters.filters
    ]
    if filters.condition not in (None, FilterCondition.AND, FilterCondition.OR, FilterCondition.NOT):
        raise ValueError(f"expected the condition and, or or not of filters, got {filters.condition!r}")
    if filters.condition == FilterCondition.NOT:
        return ~any_of(parts)
    return any_of(parts) if filters.condition == FilterCondition.OR else all_of(parts)


def _one(asked: MetadataFilter, fields: Fields) -> Superset:
    path: Path = (asked.key,)
    kind, wanted = asked.operator, asked.value
    if kind in (FilterOperator.EQ, FilterOperator.NE):
        found = NOTHING if wanted is None else equals(path, wanted)
        return found if kind == FilterOperator.EQ else ~found
    if kind in _ORDERED:
        return NOTHING if wanted is None else conditions.ordered(fields, path, _ORDERED[kind][0], wanted)
    if kind == FilterOperator.IN:
        return _in(path, wanted)
    if kind == FilterOperator.NIN:
        if isinstance(wanted, list):
            return ~_in(path, wanted)
        return ~exists(path) | (exists(path, "s").judged() if isinstance(wanted, str) else NOTHING)
    if kind == FilterOperator.IS_EMPTY:
        return any_of([~exists(path), equals(path, ""), exists(path, "l").judged()])
    if kind == FilterOperator.CONTAINS:
        return _contains(path, wanted)
    if kind in (FilterOperator.TEXT_MATCH, FilterOperator.TEXT_MATCH_INSENSITIVE):
        return exists(path, "s").judged() if isinstance(wanted, str) else NOTHING
    if kind not in (FilterOperator.ALL, FilterOperator.ANY):
        raise ValueError(f"expected another operator of {asked.key!r}, got {kind!r}, which is not known here")
    if not isinstance(wanted, (list, str)):
        return NOTHING
    parts = [_contains(path, each) for each in wanted]
    return exists(path) & all_of(parts) if kind == FilterOperator.ALL else any_of(parts)


def _in(path: Path, wanted: Any) -> Superset:
    """The value is one of a list, or a part of a str."""
    if isinstance(wanted, list):
        return any_of([equals(path, each) for each in wanted])
    return exists(path, "s").judged() if isinstance(wanted, str) else NOTHING


def _contains(path: Path, wanted: Any) -> Superset:
    """The value is a list that has it, a str that it is a part of, or a dict with such a name."""
    within = exists(path, "sd").judged() if isinstance(wanted, str) else NOTHING
    return conditions.has_element(path, wanted) | within
