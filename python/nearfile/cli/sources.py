"""Options of what reads: which columns, which format; and their completion by a shell."""

import os
from typing import Annotated, Optional

import typer

from nearfile.reading.source import open_parts


def columns(context: typer.Context, incomplete: str) -> list[str]:
    """Names of columns of the first source that is on the command line already; nothing where none can be read."""
    before, comma, last = incomplete.rpartition(",")
    for word in context.args:  # an option that has no value yet ends the parsing, so that nobody has taken them
        if not os.path.isfile(os.path.expanduser(word)):
            continue
        try:
            found = [column.name for column in open_parts(word)[0].columns]
        except Exception:  # noqa: BLE001 - whatever it is, a shell that completes cannot show it
            continue
        return [f"{before}{comma}{name}" for name in found if name.startswith(last)]
    return []


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
