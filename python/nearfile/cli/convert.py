"""``nearfile convert``: an index of nearfile from a file of Annoy."""

import time
from pathlib import Path
from typing import Annotated, Optional

import typer

import nearfile
from nearfile import arguments
from nearfile.cli import output
from nearfile.cli.build import Json, Keep, Profile, Seed, Structure, Threads, Trees


def convert(
    old: Annotated[Path, typer.Argument(help="A file that Annoy wrote.", show_default=False)],
    new: Annotated[Path, typer.Argument(help="The index to write.", show_default=False)],
    dim: Annotated[int, typer.Option(help="The length of its vectors.", show_default=False)],
    metric: Annotated[
        Optional[str],
        typer.Option(help="angular, euclidean, manhattan, dot or hamming. Default: the only one that fits."),
    ] = None,
    structure: Structure = None,
    profile: Profile = None,
    keep: Keep = None,
    trees: Trees = None,
    seed: Seed = 0,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Make an index of the vectors in a file that Annoy wrote."""
    start = time.perf_counter()
    index = nearfile.convert(
        old,
        new,
        dim,
        metric,
        structure=structure,
        profile=profile or arguments.DEFAULT_PROFILE,
        keep=keep or arguments.DEFAULT_KEEP,
        n_trees=trees,
        seed=seed,
        threads=threads,
    )
    output.print_built(new, index.info(), "converted", time.perf_counter() - start, json)
