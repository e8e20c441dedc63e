"""What the verbs share: how results and errors are printed, and how numbers are written."""

from __future__ import annotations

import functools
import json
import warnings
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, Callable, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

Result = TypeVar("Result")

console = Console()
error_console = Console(stderr=True)


def telling_errors(verb: Callable[..., Result]) -> Callable[..., Result]:
    """``verb``, with what it raises told in red and by exit code 1 in place of a traceback: in one line.

    What points at a place in a text does so below the text, in lines of its own.
    """

    @functools.wraps(verb)
    def told(*arguments: Any, **options: Any) -> Result:
        try:
            with warnings.catch_warnings():
                warnings.showwarning = print_warning
                return verb(*arguments, **options)
        except (ValueError, TypeError, KeyError, OSError, MemoryError, ImportError) as error:
            message = str(error)
            line = message if message.endswith("^") else " ".join(message.split())
            print_problem(line or type(error).__name__, "red")
            raise typer.Exit(1) from None

    return told


def print_problem(line: str, style: str) -> None:
    """Print a line about what is wrong on stderr."""
    error_console.print(f"nearfile: {line}", style=style, markup=False, highlight=False, soft_wrap=True)


def print_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    """Print a warning in one line, as errors are."""
    print_problem(f"warning: {' '.join(str(message).split())}", "yellow")


def print_json(data: object) -> None:
    """Print ``data`` as JSON on a line of its own, for machines."""
    typer.echo(json.dumps(data, ensure_ascii=False))


def print_facts(facts: dict[str, str]) -> None:
    """Print names and values in two columns."""
    table = Table.grid(padding=(0, 3))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column()
    for name, value in facts.items():
        table.add_row(name, value)
    uncut().print(table, highlight=False, markup=False)


def print_table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    left: Collection[int] = (),
    title: str = "",
    wrapped: int | None = None,
) -> None:
    """Print rows below an empty line, a title and their head.

    Columns are aligned to the right but for those numbered in ``left``, and of all but the one numbered ``wrapped`` what
    a terminal has no room for is cut.
    """
    table = Table(box=None, header_style="cyan", pad_edge=False, padding=(0, 3, 0, 0))
    for column, name in enumerate(head):
        table.add_column(name, justify="left" if column in left else "right", no_wrap=column != wrapped)
    for row in rows:
        table.add_row(*map(plain, row))
    console.print()
    if title:
        print_title(title)
    if head:
        uncut().print(table, highlight=False)


def print_title(title: str) -> None:
    """Print a title; what is before its colon stands out."""
    name, colon, rest = title.partition(":")
    uncut().print(Text.assemble((name, "bold"), colon, rest), highlight=False)


def print_line(text: str) -> None:
    """Print text as it is, wrapped on a terminal."""
    uncut().print(plain(text), highlight=False)


def uncut() -> Console:
    """The console; but in a pipe, which has no width, one so wide that nothing is wrapped or cut."""
    return console if console.is_terminal else Console(width=1_000_000)


def size(bytes_: float) -> str:
    """A number of bytes as people read it, in powers of 1000: ``33.1 MB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if bytes_ < 1000:
            return f"{bytes_:.0f} B" if unit == "B" else f"{bytes_:.1f} {unit}"
        bytes_ /= 1000
    return f"{bytes_:.1f} TB"


def duration(seconds: float) -> str:
    """A time as people read it: ``31 µs``, ``4.2 ms``, ``12.3 s``."""
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f} µs"
    return f"{seconds * 1e3:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"


def clock(seconds: float) -> str:
    """A time that goes on: ``12 s``, ``3 min 05 s``, ``2 h 07 min``."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def plain(value: object) -> Text:
    """A value from a file as it is: its brackets are no markup."""
    return Text(str(value))


def print_built(path: str | Path, facts: dict[str, Any], verb: str, seconds: float, as_json: bool) -> None:
    """Say what an index or a collection that was just ``built`` or ``converted`` is, and how long that took."""
    if as_json:
        print_json({**facts, "seconds": round(seconds, 3)})
        return
    kind = f"{facts['profile']} graph"
    if "segments" in facts:
        kind = f"a collection of {len(facts['segments'])} segments"
    elif facts["structure"] == "forest":
        kind = f"{facts['n_trees']} trees"
    console.print(
        f"{path}: {facts['count']:,} vectors of {facts['dim']}, {facts['metric']}, {kind},"
        f" {size(facts['file_bytes'])}, {verb} in {duration(seconds)}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
