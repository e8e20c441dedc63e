"""``nearfile convert``: an index of nearfile from a file of Annoy."""

import time
from pathlib import Path
from typing import Annotated, Optional

import typer

import nearfile
from nearfile.cli import output


def convert(
    old: Annotated[Path, typer.Argument(help="A file that Annoy wrote.", show_default=False)],
    new: Annotated[Path, typer.Argument(help="The index to write.", show_default=False)],
    dim: Annotated[int, typer.Option(help="The length of its vectors.", show_default=False)],
    metric: Annotated[
        Optional[str],
        typer.Option(help="angular, euclidean, manhattan, dot or hamming. Default: the only one that fits."),
    ] = None,
    trees: Annotated[Optional[int], typer.Option(help="How many trees. Default: chosen from n.")] = None,
    seed: Annotated[int, typer.Option(help="Of the random choices.")] = 0,
    threads: Annotated[Optional[int], typer.Option(help="How many threads. Default: every core.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print what was built as JSON.")] = False,
) -> None:
    """Make an index of the vectors in a file that Annoy wrote."""
    start = time.perf_counter()
    index = nearfile.convert(old, new, dim, metric, n_trees=trees, seed=seed, threads=threads)
    output.print_built(new, index, "converted", time.perf_counter() - start, json)
