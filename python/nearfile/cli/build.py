"""``nearfile build``: an index, or a part of a collection, of vectors in files."""

import time
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from nearfile.cli import building, output
from nearfile.cli.beside import open_rows
from nearfile.cli.progress import Shown
from nearfile.cli.sources import Format, Text, Vectors, columns

Structure = Annotated[Optional[str], typer.Option(help="graph, or forest for trees alone. Default: graph.")]
Profile = Annotated[Optional[str], typer.Option(help="Of a graph: compact, balanced or fast. Default: balanced.")]
Keep = Annotated[
    Optional[str], typer.Option(help="Of a graph, what stays of vectors: exact, half or none. Default: exact.")
]
Trees = Annotated[Optional[int], typer.Option(help="How many trees. Default: chosen.")]
Like = Annotated[
    Optional[Path],
    typer.Option(help="Of a graph: an earlier index; what it has of the same ids saves time.", show_default=False),
]
Memory = Annotated[
    Optional[str],
    typer.Option(help="Of a graph: how much reading and building may take, as 2GiB or 500MB.", show_default=False),
]
Seed = Annotated[int, typer.Option(help="Of the random choices.")]
Threads = Annotated[Optional[int], typer.Option(help="How many threads. Default: every core.")]
Json = Annotated[bool, typer.Option("--json", help="Print what was built as JSON.")]


def build(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Files, patterns or a folder of .npy, .npz, .fvecs, HDF5, Parquet, Feather, Arrow, CSV or JSON lines;"
            " - is standard input.",
            show_default=False,
        ),
    ],
    target: Annotated[
        str,
        typer.Argument(help="The index to write; a folder, or what ends in /, is a collection.", show_default=False),
    ],
    metric: Annotated[
        Optional[str],
        typer.Option(help="angular, cosine, euclidean, dot, manhattan or hamming. Default: angular."),
    ] = None,
    vectors: Vectors = None,
    ids: Annotated[
        Optional[str],
        typer.Option(
            help="The column of the ids, or a text file with one id a line: whole numbers if all are, else text."
            " Default: row numbers.",
            autocompletion=columns,
            show_default=False,
        ),
    ] = None,
    attributes: Annotated[
        Optional[str],
        typer.Option(
            help="Columns to filter by and get back: price,lang or '*'; or a .parquet, .csv, .arrow or .feather file with"
            " a row for each vector, in the same order.",
            autocompletion=columns,
            show_default=False,
        ),
    ] = None,
    format: Format = None,
    text: Text = None,
    structure: Structure = None,
    profile: Profile = None,
    keep: Keep = None,
    trees: Trees = None,
    like: Like = None,
    memory: Memory = None,
    seed: Seed = 0,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Build an index of vectors in files, with ids and attributes; or add them to a collection, replacing by id.

    nearfile build items.parquet items.near --vectors embedding --ids sku --attributes price,lang
    """
    options: dict[str, Any] = {
        "metric": metric,
        "structure": structure,
        "profile": profile,
        "keep": keep,
        "n_trees": trees,
        "memory": memory,
        "seed": seed,
        "threads": threads,
    }
    to_collection = building.is_collection(target)
    if to_collection and like is not None:
        raise typer.BadParameter("--like: expected a file as the target, got a collection")
    start = time.perf_counter()
    rows = open_rows(sources, ids=ids, attributes=attributes, vectors=vectors, format=format, text=text)
    with rows.source, Shown() as shown:
        if to_collection:
            facts = building.into_collection(target, rows, shown, **options)
        else:
            facts = building.into_file(target, rows, shown, like=like, **options).info()
    output.print_built(target, facts, "built" if not to_collection else "added", time.perf_counter() - start, json)
