"""Options of what reads: which columns, which format; and their completion by a shell."""

from typing import Annotated, Optional

import typer

from nearfile.reading.source import open_parts


def columns(context: typer.Context, incomplete: str) -> list[str]:
    """Names of columns of the source that is on the command line already; nothing where it cannot be read."""
    given = context.params.get("sources") or context.params.get("queries") or []
    names = [given] if isinstance(given, str) else list(given)
    before, comma, last = incomplete.rpartition(",")
    try:
        found = [column.name for column in open_parts(names[:1])[0].columns] if names[:1] != ["-"] else []
    except Exception:  # noqa: BLE001 - whatever it is, a shell that completes cannot show it
        return []
    return [f"{before}{comma}{name}" for name in found if name.startswith(last)]


Vectors = Annotated[
    Optional[str],
    typer.Option(
        help="The column of the vectors, or columns of numbers: x0,x1 or 'x*'. Default: the one that fits.",
        autocompletion=columns,
        show_default=False,
    ),
]
Format = Annotated[
    Optional[str],
    typer.Option(
        help="npy, npz, fvecs, bvecs, ivecs, hdf5, parquet, arrow, csv or jsonl. Default: by ending or first bytes.",
        show_default=False,
    ),
]
Text = Annotated[
    Optional[str],
    typer.Option(
        help="Columns of CSV and JSON lines to be read as text, with commas between them.",
        autocompletion=columns,
        show_default=False,
    ),
]
