"""``nearfile verify``: is an index whole?"""

import time
from pathlib import Path
from typing import Annotated

import typer

import nearfile
from nearfile.cli import output


def verify(
    index: Annotated[Path, typer.Argument(help="The index or collection to check.", show_default=False)],
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Read an index or a collection and check every checksum and every stored id; exit code 1 where something does not hold."""
    start = time.perf_counter()
    with nearfile.open(index) as opened:
        opened.verify()
        facts = opened.info()
    seconds = time.perf_counter() - start
    if json:
        output.print_json({"path": facts["path"], "good": True, "file_bytes": facts["file_bytes"]})
        return
    output.console.print(
        f"{index}: good; {facts['count']:,} vectors, {output.size(facts['file_bytes'])} checked"
        f" in {output.duration(seconds)}",
        style="green",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
