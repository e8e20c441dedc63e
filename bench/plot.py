"""The verb ``plot``: results in, pictures out."""

from pathlib import Path
from typing import Annotated

import typer
from nearfile.cli.output import console

from bench import results


def plot(
    files: Annotated[list[Path], typer.Argument(help="Results as run writes them.", show_default=False)],
    out: Annotated[Path, typer.Option(help="A folder for the pictures.")] = Path("plots"),
    every: Annotated[bool, typer.Option("--all", help="Every run of the files, each in a folder of its own.")] = False,
) -> None:
    """Draw recall and size against queries a second, build time and size: SVG, and PNG in light and dark."""
    from bench.drawing import draw  # here, because only this verb needs matplotlib

    runs = results.read(*files)
    if not runs:
        raise ValueError(f"{', '.join(map(str, files))}: expected at least one run, found none")
    for run in runs if every else runs[-1:]:
        for path in draw(run, out / run.id if every else out):
            console.print(str(path), highlight=False, markup=False, soft_wrap=True)
