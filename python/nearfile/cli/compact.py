"""``nearfile compact``: one segment of a collection."""

import time
from pathlib import Path
from typing import Annotated

import typer

import nearfile
from nearfile.cli import output
from nearfile.cli.build import Json, Threads


def compact(
    folder: Annotated[Path, typer.Argument(help="The folder of a collection.", show_default=False)],
    grace: Annotated[
        float, typer.Option(help="Seconds for which files that are superseded stay.", show_default=True)
    ] = 600.0,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Make one segment of all that a collection has, without what is deleted. Readers go on meanwhile."""
    if not folder.is_dir():
        raise nearfile.InvalidArgumentError(f"{folder}: expected the folder of a collection")
    start = time.perf_counter()
    with nearfile.Collection(folder, threads=threads, background=False, grace=grace) as items:
        items.compact()
        facts = items.info()
    seconds = time.perf_counter() - start
    if json:
        output.print_json({**facts, "seconds": round(seconds, 3)})
        return
    output.console.print(
        f"{folder}: {facts['count']:,} vectors of {facts['dim']}, {facts['metric']}, {output.size(facts['file_bytes'])},"
        f" compacted in {output.duration(seconds)}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
