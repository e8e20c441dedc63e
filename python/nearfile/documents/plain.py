"""Metadata as JSON, so that what comes back is what was given, or an error says what would not."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from nearfile.errors import InvalidArgumentError
from nearfile.inputs import is_text

# Moments are objects of this member in JSON, which has none.
_TAG = "__nearfile__"


def to_json(value: dict[str, Any], where: str) -> str:
    """Text of what :func:`plain` takes; ``where`` is whose it is.

    >>> to_json({"lang": "de", "pages": (1, 2)}, "document 'a'")
    '{"lang":"de","pages":[1,2]}'
    """
    try:
        made = plain(value, where)
        text = json.dumps(made, ensure_ascii=False, separators=(",", ":"))
    except RecursionError:
        raise InvalidArgumentError(
            f"{where}: expected metadata that is nested less deeply, or not in a circle"
        ) from None
    return text if is_text(text) else json.dumps(made, separators=(",", ":"))


def of_json(text: str) -> dict[str, Any]:
    """What :func:`to_json` made text of.

    >>> import datetime
    >>> of_json(to_json({"at": datetime.date(2026, 1, 31)}, "document 'a'"))
    {'at': datetime.date(2026, 1, 31)}
    """
    # A hook is called for every object, so only where there is one to find.
    found: dict[str, Any] = json.loads(text, object_hook=_moment) if _TAG in text else json.loads(text)
    return found


def of_json_each(texts: Sequence[str]) -> list[dict[str, Any]]:
    """The same of many at once, which takes a fraction of the time.

    >>> of_json_each(['{"page":1}', '{}'])
    [{'page': 1}, {}]
    """
    found: list[dict[str, Any]] = of_json(f"[{','.join(texts)}]")  # type: ignore[assignment]
    return found


def plain(value: Any, where: str) -> Any:
    """What JSON has for a value: dicts by ``str``, lists, and scalars; tuples as lists, NumPy's scalars as Python's.

    Raises:
        InvalidArgumentError: It would not come back as what it is.
    """
    if value is None or isinstance(value, (bool, str)):
        return value if not isinstance(value, str) else str(value)
    if isinstance(value, (int, float)):
        return int(value) if isinstance(value, int) else float(value)
    if isinstance(value, dict):
        return {_key(key, where): plain(item, f"{where}: {key!r}") for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, where) for item in value]
    if isinstance(value, (datetime.datetime, datetime.date)):
        return {_TAG: "datetime" if isinstance(value, datetime.datetime) else "date", "value": value.isoformat()}
    if isinstance(value, np.generic) and isinstance(value.item(), (bool, int, float, str)):
        return value.item()
    raise InvalidArgumentError(
        f"{where}: expected None, bool, int, float, str, date, datetime, or lists and dicts of these, got"
        f" {value!r:.60} ({type(value).__name__}): give its str()"
    )


def is_number(value: object) -> bool:
    """Whether a value of metadata is a number; ``bool`` is none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_nan(value: object) -> bool:
    """Whether a value is equal to none, itself neither."""
    return isinstance(value, float) and math.isnan(value)


def moment(value: datetime.date) -> datetime.datetime:
    """A ``date`` or ``datetime`` as a moment of UTC, which it is of where it has no time zone.

    >>> import datetime
    >>> moment(datetime.date(2026, 1, 31))
    datetime.datetime(2026, 1, 31, 0, 0, tzinfo=datetime.timezone.utc)
    """
    whole = value if isinstance(value, datetime.datetime) else datetime.datetime(value.year, value.month, value.day)
    utc = datetime.timezone.utc
    return whole.replace(tzinfo=utc) if whole.tzinfo is None else whole.astimezone(utc)


def _key(key: object, where: str) -> str:
    if not isinstance(key, str):
        raise InvalidArgumentError(f"{where}: expected names that are str, got {key!r} ({type(key).__name__})")
    if key == _TAG:
        raise InvalidArgumentError(f"{where}: expected other names than {_TAG!r}, which moments are kept by")
    return str(key)


def _moment(found: dict[str, Any]) -> Any:
    kind = found.get(_TAG)
    if kind == "datetime":
        return datetime.datetime.fromisoformat(found["value"])
    return datetime.date.fromisoformat(found["value"]) if kind == "date" else found
