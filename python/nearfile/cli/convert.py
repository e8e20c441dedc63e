"""``nearfile convert``: an index of nearfile from a file of Annoy."""

import time
from pathlib import Path
from typing import Annotated, Optional

import typer

import nearfile
from nearfile import arguments
from nearfile.cli import output
from nearfile.cli.build import Keep, Profile, Structure


def convert(
    old: Annotated[Path, typer.Argument(help="A file that Annoy wrote.", show_default=False)],
    new: Annotated[Path, typer.Argument(help="The index to write.", show_default=False)],
    dim: Annotated[int, typer.Option(help="The length of its vectors.", show_default=False)],
    metric: Annotated[
        Optional[str],
        typer.Option(help="angular, euclidean, manhattan, dot or hamming. Default: the only one that fits."),
    ] = None,
    structure: Structure = None,
    profile: Profile = arguments.DEFAULT_PROFILE,
    keep: Keep = arguments.DEFAULT_KEEP,
    trees: Annotated[Optional[int], typer.Option(help="How many trees. Default: chosen.")] = None,
    seed: Annotated[int, typer.Option(help="Of the random choices.")] = 0,
    threads: Annotated[Optional[int], typer.Option(help="How many threads. Default: every core.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print what was built as JSON.")] = False,
) -> None:
    """Make an index of the vectors in a file that Annoy wrote."""
    start = time.perf_counter()
    index = nearfile.convert(
        old,
        new,
        dim,
        metric,
        structure=structure,
        profile=profile,
        keep=keep,
        n_trees=trees,
        seed=seed,
        threads=threads,
    )
    output.print_built(new, index, "converted", time.perf_counter() - start, json)
