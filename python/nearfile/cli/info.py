"""``nearfile info``: what is in an index, or what the library is."""

from pathlib import Path
from typing import Annotated, Any, Optional

import typer
from rich.table import Table

import nearfile
from nearfile.cli import output
from nearfile.convert import layouts


def info(
    index: Annotated[
        Optional[Path], typer.Argument(help="An index. Default: about nearfile.", show_default=False)
    ] = None,
    dim: Annotated[
        Optional[int], typer.Option(help="Of a file that Annoy wrote: the length of its vectors.", show_default=False)
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Say what an index file is, or, with no file, what this nearfile is and what it uses of the machine."""
    if index is None:
        about = nearfile.info()
        if json:
            output.print_json(about)
        else:
            output.print_facts({name.replace("_", " "): plain(value) for name, value in about.items()})
        return
    if dim is not None:
        print_layouts(index, dim, json)
        return
    with nearfile.open(index) as opened:
        facts = opened.info()
    if json:
        output.print_json(facts)
    else:
        print_index(facts)


def print_layouts(path: Path, dim: int, json: bool) -> None:
    """Print the layouts of Annoy that a file fits at this dim; exit code 1 where it is none."""
    found = layouts(path, dim)
    if not found:
        raise nearfile.BadFileError(None, f"{path}: fits no layout of Annoy with dim {dim}: check dim", str(path))
    if json:
        output.print_json({"path": str(path), "dim": dim, "layouts": [name for name, _ in found]})
        return
    output.print_facts(
        {
            "path": str(path),
            "dim": str(dim),
            "layouts of Annoy that fit": ", ".join(name for name, _ in found),
            "metrics": ", ".join(sorted({metric for _, metric in found})),
        }
    )


def print_index(facts: dict[str, Any]) -> None:
    """Print the facts of an index, then its sections as a table."""
    sections = facts.pop("sections")
    facts["file_bytes"] = f"{facts['file_bytes']:,} ({output.size(facts['file_bytes'])})"
    output.print_facts({name.replace("_", " "): plain(value) for name, value in facts.items()})
    table = Table(box=None, header_style="cyan", pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("section", no_wrap=True)
    table.add_column("offset", justify="right")
    table.add_column("bytes", justify="right")
    for section in sections:
        table.add_row(output.plain(section["name"]), f"{section['offset']:,}", f"{section['bytes']:,}")
    output.console.print()
    output.console.print(table)


def plain(value: object) -> str:
    """A value as people read it."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else str(value)
