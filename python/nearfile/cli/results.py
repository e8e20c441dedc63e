"""What a search found: as JSON, as JSON lines, as tables, or written to a file by its ending."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Callable

import numpy as np
import typer
from rich.table import Table

from nearfile import arguments
from nearfile.cli import output
from nearfile.errors import FileError, InvalidArgumentError
from nearfile.reading.arrow import library

#: Files that results are written to.
ENDINGS = (".parquet", ".arrow", ".feather", ".npy", ".npz", ".csv", ".jsonl")


@dataclass
class Found:
    """Answers of each query, nearest first.

    Attributes:
        ids: A list for each query.
        distances: Likewise.
        metric: What distances are.
        names: What queries are called, as many; their numbers from 0 where they have no ids.
        named: Whether they have.
        single: Whether one query was asked, and not a batch.
        attributes: Columns of the index, a list for each query.
    """

    ids: list[list[Any]]
    distances: list[list[float]]
    metric: str
    names: list[Any]
    named: bool = False
    single: bool = False
    attributes: dict[str, list[list[Any]]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """All of it; of one query without the lists around."""
        whole: dict[str, Any] = {"ids": self.ids, "distances": self.distances}
        if self.attributes:
            whole["attributes"] = self.attributes
        if self.single:
            return {
                name: {each: values[0] for each, values in value.items()} if isinstance(value, dict) else value[0]
                for name, value in whole.items()
            }
        return {"queries": self.names, **whole} if self.named else whole

    def lines(self) -> Iterator[str]:
        """A line of JSON for each query."""
        for at, name in enumerate(self.names):
            line = {"query": name, "ids": self.ids[at], "distances": self.distances[at]}
            if self.attributes:
                line["attributes"] = {each: values[at] for each, values in self.attributes.items()}
            yield as_json(line)

    def columns(self) -> dict[str, list[Any]]:
        """A row for each answer: its query, its place from 1, its id and distance, and its attributes."""
        lengths = [len(row) for row in self.ids]
        flat: dict[str, list[Any]] = {
            "query": [name for name, n in zip(self.names, lengths) for _ in range(n)],
            "rank": [rank for n in lengths for rank in range(1, n + 1)],
            "id": [each for row in self.ids for each in row],
            "distance": [each for row in self.distances for each in row],
        }
        for name, values in self.attributes.items():
            flat[name if name not in flat else f"item {name}"] = [each for row in values for each in row]
        return flat


def as_json(value: Any) -> str:
    """JSON; moments as ISO 8601 has them."""
    return json.dumps(value, ensure_ascii=False, default=str)


def tell(found: Found, target: str | None, json: bool, json_lines: bool) -> None:
    """Write to a file, or print as JSON, as JSON lines, or as tables."""
    if target is not None:
        write(found, target)
    elif json:
        typer.echo(as_json(found.to_json()))
    elif json_lines:
        for line in found.lines():
            typer.echo(line)
    else:
        print_tables(found)


def print_tables(found: Found) -> None:
    """A table for each query."""
    for at, name in enumerate(found.names):
        title = None if found.single else f"query {name}"
        attributes = {each: values[at] for each, values in found.attributes.items()}
        output.console.print(table(found.ids[at], found.distances[at], found.metric, title, attributes))


def table(
    ids: list[Any], distances: list[float], metric: str, title: str | None, attributes: dict[str, list[Any]]
) -> Table:
    """The neighbours of one query, nearest first."""
    made = Table(title=title, title_justify="left", box=None, header_style="cyan", pad_edge=False, padding=(0, 2, 0, 0))
    made.add_column("", justify="right", style="dim")
    made.add_column("id")
    made.add_column(metric, justify="right")
    for name in attributes:
        made.add_column(output.plain(name))
    for rank, (id_, distance) in enumerate(zip(ids, distances), start=1):
        others = [values[rank - 1] for values in attributes.values()]
        made.add_row(str(rank), output.plain(id_), f"{distance:.4f}", *map(shown, others))
    return made


def shown(value: Any) -> Any:
    """A value of a column as people read it."""
    if value is None:
        return output.plain("-")
    return output.plain(", ".join(value) if isinstance(value, list) else value)


def check_target(path: str) -> str:
    """Where results are written, before anything is searched.

    Raises:
        InvalidArgumentError: The ending is none that is known.
        FileError: There is no such folder.
    """
    if os.path.splitext(path)[1].lower() not in ENDINGS:
        raise InvalidArgumentError(f"-o: expected a file that ends in {', '.join(ENDINGS)}, got {path}")
    if path.lower().endswith((".parquet", ".arrow", ".feather")):
        library()
    return str(arguments.path_to_write(path))


def write(found: Found, path: str) -> None:
    """Write results by the ending of the path, which has the old file or the new one and nothing between."""
    writers: dict[str, Callable[[Found, IO[bytes]], None]] = {
        ".parquet": write_parquet,
        ".arrow": write_arrow,
        ".feather": write_arrow,
        ".npy": write_npy,
        ".npz": write_npz,
        ".csv": write_csv,
        ".jsonl": write_lines,
    }
    writer = writers[os.path.splitext(path)[1].lower()]
    descriptor, hidden = tempfile.mkstemp(prefix=f".{os.path.basename(path)}.", dir=os.path.dirname(path))
    try:
        with os.fdopen(descriptor, "wb") as file:
            writer(found, file)
        os.chmod(hidden, 0o666 & ~umask())
        os.replace(hidden, path)
    except BaseException as error:
        os.unlink(hidden)
        if isinstance(error, OSError):
            raise FileError(error.errno, f"{path}: expected to write it, got: {error.strerror}", path) from None
        raise


def umask() -> int:
    """What new files are not allowed."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def arrow_table(found: Found) -> Any:
    """Columns as Arrow has them."""
    pyarrow = library()
    flat = found.columns()
    types = {"rank": pyarrow.int32(), "distance": pyarrow.float32()}
    return pyarrow.table({name: pyarrow.array(values, types.get(name)) for name, values in flat.items()})


def write_parquet(found: Found, file: IO[bytes]) -> None:
    """A row for each answer."""
    library("pyarrow.parquet").write_table(arrow_table(found), file)


def write_arrow(found: Found, file: IO[bytes]) -> None:
    """A row for each answer."""
    made = arrow_table(found)
    with library("pyarrow.ipc").new_file(file, made.schema) as writer:
        writer.write_table(made)


def matrices(found: Found) -> tuple[Any, Any]:
    """Ids and distances of shape (q, k), -1 or empty text and nan where a query has fewer answers; (k,) of one query."""
    k = max(map(len, found.ids), default=0)
    text = any(isinstance(each, str) for row in found.ids for each in row)
    gap: Any = "" if text else -1
    ids = np.array([row + [gap] * (k - len(row)) for row in found.ids], str if text else np.int64)
    distances = np.array([row + [np.nan] * (k - len(row)) for row in found.distances], np.float32)
    return (ids[0], distances[0]) if found.single else (ids.reshape(-1, k), distances.reshape(-1, k))


def write_npy(found: Found, file: IO[bytes]) -> None:
    """Ids alone."""
    np.save(file, matrices(found)[0], allow_pickle=False)


def write_npz(found: Found, file: IO[bytes]) -> None:
    """Ids and distances."""
    ids, distances = matrices(found)
    np.savez(file, ids=ids, distances=distances)


def write_csv(found: Found, file: IO[bytes]) -> None:
    """A row for each answer; lists as JSON."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    flat = found.columns()
    writer = csv.writer(text)
    writer.writerow(flat)
    for row in zip(*flat.values()):
        writer.writerow([as_json(each) if isinstance(each, list) else each for each in row])
    text.flush()
    text.detach()


def write_lines(found: Found, file: IO[bytes]) -> None:
    """A line for each query."""
    for line in found.lines():
        file.write(line.encode() + b"\n")
