"""What there is in the metadata of documents: types, ranges and distinct values, as Haystack asks for them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from nearfile.documents import plain
from nearfile.documents.plain import is_number

Metadata = dict[str, Any]


def types(all_metadata: Iterable[Metadata]) -> dict[str, dict[str, str]]:
    """By name what its values are: ``boolean``, ``int``, ``float`` (some of them), else ``keyword``.

    >>> types([{"n": 1, "lang": "de"}, {"n": 0.5}])
    {'n': {'type': 'float'}, 'lang': {'type': 'keyword'}}
    """
    found: dict[str, set[str]] = {}
    for metadata in all_metadata:
        for name, value in metadata.items():
            if value is not None:
                found.setdefault(name, set()).add(_type(value))
    return {name: {"type": _common(kinds)} for name, kinds in found.items()}


def least_and_most(all_metadata: Iterable[Metadata], name: str) -> dict[str, Any]:
    """Of numbers and of strings; None where there are none, or both.

    >>> least_and_most([{"n": 10}, {"n": 5}], "n")
    {'min': 5, 'max': 10}
    """
    values = [each[name] for each in all_metadata if isinstance(each.get(name), (int, float, str))]
    comparable = all(isinstance(each, str) for each in values) or not any(isinstance(each, str) for each in values)
    return {"min": min(values), "max": max(values)} if values and comparable else {"min": None, "max": None}


def distinct(all_metadata: Iterable[Metadata], name: str) -> list[Any]:
    """The values but None, each once, in the order of their text; ``1``, ``1.0``, ``"1"`` and ``True`` are four.

    >>> distinct([{"n": "b"}, {"n": 1}, {"n": "a"}, {"n": "b"}], "n")
    [1, 'a', 'b']
    """
    found: dict[tuple[str, str], Any] = {}
    for metadata in all_metadata:
        value = metadata.get(name)
        if value is not None:
            found.setdefault((type(value).__name__, json.dumps(plain.plain(value, name), sort_keys=True)), value)
    return [found[key] for key in sorted(found, key=lambda key: (str(found[key]), key[0]))]


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return ("int" if isinstance(value, int) else "float") if is_number(value) else "keyword"


def _common(kinds: set[str]) -> str:
    if len(kinds) == 1:
        return next(iter(kinds))
    return "float" if kinds == {"int", "float"} else "keyword"
