"""Documents for tests, and what a filter finds of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nearfile.documents import Documents, Record, dict_filters


def filled(folder: Path, *metadata: dict[str, Any], **options: Any) -> Documents:
    """Documents "0", "1", ... of these metadata."""
    documents = Documents(folder, dim=2, **options)
    documents.add([Record(str(row), f"text {row}", each, [row, 1]) for row, each in enumerate(metadata)])
    return documents


def found(documents: Documents, filter: dict[str, Any]) -> list[str]:
    return documents.ids(dict_filters.condition(filter, documents.fields))
