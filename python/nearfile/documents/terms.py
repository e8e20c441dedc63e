"""Terms: what a filter may ask of metadata, as strings in a column of lists, whose postings find who has each.

A term is JSON: the path of names that leads to a value, then what is said of it. ``[["lang"],"s"]``: there is a string.
``[["lang"],"=","s","de"]``: it is this one. ``[["tags"],"has","s","red"]``: it is a list that has this one. Numbers that are
equal in Python have one term, so ``1``, ``1.0`` and ``True`` have.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterator
from typing import Any

from nearfile import expressions
from nearfile.documents.plain import is_nan
from nearfile.expressions import Expression
from nearfile.inputs import is_text

TERMS = "_terms"
#: Of a document that came without a vector, and has one of zeros.
WITHOUT_VECTOR = '[[],"without vector"]'
#: Kinds of values, in the order in which they are asked for: string, number or bool, moment, list, dict.
KINDS = "sntld"
# Longer strings are known by a digest, so that the dictionary of terms stays small.
MOST_CHARACTERS = 128

Path = tuple[str, ...]


def of_metadata(metadata: dict[str, Any]) -> list[str]:
    """Every term of a document, each once.

    >>> of_metadata({"lang": "de", "page": None})
    ['[["lang"],"s"]', '[["lang"],"=","s","de"]']
    """
    found = (term for name, value in metadata.items() for term in _of_value((name,), value))
    return list(dict.fromkeys(found))


def of_kind(path: Path, kind: str) -> str:
    """That there is a value of this kind."""
    return _text([path, kind])


def of_equal(path: Path, value: object) -> str | None:
    """That there is this value, a bool, number or str; None for what has no term. Of a long str it is that of its digest."""
    known = _scalar(value)
    return None if known is None else _text([path, "=", *known])


def of_element(path: Path, value: object) -> str | None:
    """The same of a value that a list has."""
    known = _scalar(value)
    return None if known is None else _text([path, "has", *known])


def is_short(value: object) -> bool:
    """Whether the term of a value is that of no other one."""
    return not isinstance(value, str) or len(value) <= MOST_CHARACTERS


def having(term: str) -> Expression:
    """Documents that have a term."""
    return expressions.col(TERMS).contains(term)


def kind_of(value: object) -> str:
    """Of what kind a value is that is not None."""
    if isinstance(value, str):
        return "s"
    if isinstance(value, (bool, int, float)):
        return "n"
    if isinstance(value, (datetime.date, datetime.datetime)):
        return "t"
    return "l" if isinstance(value, (list, tuple)) else "d"


def _of_value(path: Path, value: Any) -> Iterator[str]:
    if value is None:
        return
    kind = kind_of(value)
    yield of_kind(path, kind)
    if kind == "d":
        for name, item in value.items():
            yield from _of_value((*path, name), item)
    elements = value if kind == "l" else ()
    for term in (of_equal(path, value), *(of_element(path, each) for each in elements)):
        if term is not None:
            yield term


def _scalar(value: object) -> tuple[str, str] | None:
    if isinstance(value, str):
        if len(value) <= MOST_CHARACTERS:
            return "s", value
        return "digest", hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    if not isinstance(value, (bool, int, float)) or is_nan(value):
        return None
    whole = not isinstance(value, float) or value.is_integer()
    return "n", str(int(value)) if whole else repr(float(value))


def _text(term: list[Any]) -> str:
    text = json.dumps(term, ensure_ascii=False, separators=(",", ":"))
    return text if is_text(text) else json.dumps(term, separators=(",", ":"))
