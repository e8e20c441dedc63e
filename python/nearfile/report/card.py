"""What a notebook shows of an index: a few lines of HTML in the notebook's own colours."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from nearfile.report import words

if TYPE_CHECKING:
    from nearfile.index import Index


def card(index: Index) -> str | None:
    """A small table; None where the index cannot be asked, as a closed one, so that a notebook shows its repr."""
    try:
        return table(index)
    except Exception:  # noqa: BLE001 - a cell that shows an object is no place for an error
        return None


def table(index: Index) -> str:
    """Names and values, all escaped."""
    info = index.info()
    is_collection = "segments" in info
    kind = (
        f"forest of {info['n_trees']} trees"
        if info.get("n_trees") and info["structure"] == "forest"
        else info["structure"]
    )
    facts = {
        "items": f"{info['count']:,} of {info['dim']:,} values",
        "metric": info["metric"],
        "structure": ", ".join(str(each) for each in (kind, info["profile"], info["keep"]) if each),
        "ids": {"row": "row numbers", "int64": "whole numbers", "string": "text", None: ""}[info["id_kind"]],
        "attributes": ", ".join(words.id_(str(column["name"])) for column in info["columns"]),
        "segments": f"{len(info['segments'])}, generation {info['generation']}" if is_collection else "",
        "size": words.size(info["file_bytes"]),
        "path": info.get("path") or index.path or "in memory",
    }
    rows = "".join(
        f'<tr><td style="text-align:left;opacity:.7;padding:1px 12px 1px 0">{name}</td>'
        f'<td style="text-align:left;padding:1px 0;overflow-wrap:anywhere">{escape(str(value))}</td></tr>'
        for name, value in facts.items()
        if value
    )
    title = "nearfile.Collection" if is_collection else "nearfile.Index"
    return f'<div style="font-size:13px;max-width:60em"><b>{title}</b><table style="border:none;margin:2px 0 0">{rows}</table></div>'
