"""Haystack's filters as conditions. What they match is said by Haystack's own function, and by nothing else."""

from __future__ import annotations

import dataclasses
from typing import Any, Callable

from haystack import Document
from haystack.errors import FilterError
from haystack.utils.filters import document_matches_filter

from nearfile.documents import conditions
from nearfile.documents.conditions import EVERY, NOTHING, Condition, Superset, all_of, any_of
from nearfile.documents.fields import Fields
from nearfile.documents.plain import is_number
from nearfile.documents.records import Record

_ATTRIBUTES = {each.name for each in dataclasses.fields(Document)}


def condition(filters: dict[str, Any], fields: Fields, document: Callable[[Record], Document]) -> Condition:
    """A filter as a condition; ``document`` makes Haystack's of a record.

    Raises:
        FilterError: It is none.
    """
    superset = _whole(filters, fields)
    return Condition(
        superset, lambda record: bool(document_matches_filter(filters, document(record))), _asks_vectors(filters)
    )


def _whole(filters: Any, fields: Fields) -> Superset:
    if not isinstance(filters, dict):
        raise FilterError(f"expected a dict as a filter, got {filters!r:.60} ({type(filters).__name__})")
    if "field" in filters:
        return _comparison(filters, fields)
    operator, parts = _member(filters, "operator"), _member(filters, "conditions")
    if operator not in ("AND", "OR", "NOT"):
        raise FilterError(f"expected the operator AND, OR or NOT of conditions, got {operator!r}")
    if not isinstance(parts, list):
        raise FilterError(f"expected a list of conditions, got {parts!r:.60} ({type(parts).__name__})")
    found = (any_of if operator == "OR" else all_of)([_whole(each, fields) for each in parts])
    return ~found if operator == "NOT" else found


def _comparison(filters: dict[str, Any], fields: Fields) -> Superset:
    operator, value = _member(filters, "operator"), _member(filters, "value")
    if operator not in ("==", "!=", ">", ">=", "<", "<=", "in", "not in"):
        raise FilterError(f"expected the operator ==, !=, >, >=, <, <=, in or not in of a field, got {operator!r}")
    if operator in ("in", "not in") and not isinstance(value, list):
        raise FilterError(f"expected a list of values for {operator!r}, got {value!r:.60} ({type(value).__name__})")
    path = _path(filters["field"])
    if path is None:
        return EVERY.judged()
    if operator in ("==", "!="):
        found = _equals(path, value)
        return found if operator == "==" else ~found
    if operator in ("in", "not in"):
        found = any_of([_equals(path, each) for each in value])
        return found if operator == "in" else ~found
    if value is None:
        return NOTHING
    # Of other values it depends on the document's whether they can be compared, and Haystack says so by an error.
    if is_number(value) and len(path) == 1 and fields.get(path[0]) in ("int64", "float64"):
        return conditions.ordered(fields, path, operator, value)
    return conditions.exists(path).judged()


def _path(field: Any) -> tuple[str, ...] | None:
    """The names that lead to a field in metadata; None of another attribute of documents."""
    if not isinstance(field, str):
        raise FilterError(f"expected the name of a field as a str, got {field!r:.60}")
    parts = tuple(field.split("."))
    if len(parts) > 1:
        return parts[1:] if parts[0] == "meta" else None
    return None if field in _ATTRIBUTES else parts


def _equals(path: tuple[str, ...], value: Any) -> Superset:
    # Dates are equal where they are the same moment, however they are written.
    dated = isinstance(value, str) and len(value) >= 8 and value[:4].isdigit() and value[4] == "-"
    return conditions.exists(path).judged() if dated or hasattr(value, "tzinfo") else conditions.equals(path, value)


def _asks_vectors(filters: dict[str, Any]) -> bool:
    parts = filters.get("conditions", [])
    return filters.get("field") == "embedding" or any(_asks_vectors(each) for each in parts)


def _member(filters: dict[str, Any], name: str) -> Any:
    if name not in filters:
        raise FilterError(f"expected {name!r} in the filter {filters!r:.100}")
    return filters[name]
