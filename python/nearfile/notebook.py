"""What a notebook shows of an index: a few lines of HTML in the notebook's own colours."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nearfile.index import Index

LONGEST = 200
NAMES_OF_IDS = {"row": "row numbers", "int64": "whole numbers", "string": "text"}


def card(index: Index) -> str | None:
    """A small table; None where the index cannot be asked, as a closed one, so that a notebook shows its repr."""
    try:
        return table(index)
    except Exception:  # noqa: BLE001 - a cell that shows an object is no place for an error
        return None


def table(index: Index) -> str:
    """Names and values, all escaped."""
    info = index.info()
    segments = info.get("segments")
    forest = info["structure"] == "forest" and segments is None
    kind = f"forest of {info['n_trees']} trees" if forest else info["structure"]
    facts = {
        "items": f"{info['count']:,} of {info['dim']:,} values",
        "metric": info["metric"],
        "structure": ", ".join(str(each) for each in (kind, info["profile"], info["keep"]) if each),
        "ids": NAMES_OF_IDS.get(info["id_kind"]),
        "attributes": ", ".join(str(column["name"]) for column in info["columns"]),
        "segments": None if segments is None else f"{len(segments):,}, generation {info['generation']:,}",
        "bytes": f"{info['file_bytes']:,}",
        "path": index.path,
    }
    cell = "text-align:left;padding:1px 12px 1px 0;overflow-wrap:anywhere"
    rows = "".join(
        f'<tr><td style="{cell};opacity:.7">{name}</td><td style="{cell}">{escape(str(value)[:LONGEST])}</td></tr>'
        for name, value in facts.items()
        if value
    )
    title = "nearfile.Index" if segments is None else "nearfile.Collection"
    return f'<div style="font-size:13px;max-width:60em"><b>{title}</b><table style="border:none">{rows}</table></div>'
