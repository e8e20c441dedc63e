"""Ids and attributes: columns of the source itself, or files beside it with a line or row for each vector."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Union

from nearfile import arguments
from nearfile.errors import InvalidArgumentError
from nearfile.reading import Batch, Source
from nearfile.reading.choosing import is_pattern
from nearfile.reading.part import Part, listed
from nearfile.reading.source import open_parts, source_of

Ids = Union[list[int], list[str]]


class Rows:
    """A source with what lies beside it.

    Attributes:
        source: The vectors.
        ids: One for each of them, where they come from a file of their own.
        attributes: A table with a row for each, likewise.
    """

    def __init__(self, source: Source, ids: Ids | None, attributes: Any) -> None:
        self.source = source
        self.ids = ids
        self.attributes = attributes
        if source.count is not None:
            self.check(source.count)

    def check(self, count: int) -> None:
        """Raise where a file beside the source has more or fewer rows than there are vectors."""
        for name, beside in (("--ids", self.ids), ("--attributes", self.attributes)):
            if beside is not None and len(beside) != count:
                raise InvalidArgumentError(f"{name}: expected one for each of {count:,} vectors, got {len(beside):,}")

    def batches(self) -> Iterator[tuple[Batch, Any, Any]]:
        """Batches with their ids and attributes.

        Raises:
            InvalidArgumentError: There are more or fewer ids or attributes than vectors; and what the source raises.
        """
        start = 0
        for batch in self.source.batches():
            end = start + len(batch)
            if min(len(each) for each in (self.ids, self.attributes, range(end)) if each is not None) < end:
                self.check(end)
            ids = batch.ids if self.ids is None else self.ids[start:end]
            attributes = batch.attributes
            if self.attributes is not None:
                attributes = self.attributes.slice(start, len(batch))
            yield batch, ids, attributes
            start = end
        self.check(start)


def open_rows(
    sources: Sequence[str],
    *,
    ids: str | None,
    attributes: str | None,
    vectors: str | None = None,
    format: str | None = None,
    text: str | None = None,
) -> Rows:
    """A source; ``ids`` and ``attributes`` are columns where it has columns of these names, or else files.

    Raises:
        InvalidArgumentError: They are neither; and as :func:`nearfile.reading.open_source`.
    """
    parts = open_parts(list(sources), format, text)
    own_ids = own(parts[0], ids, "--ids", "a text file with an id a line")
    own_attributes = own(parts[0], attributes, "--attributes", "a file with a table")
    beside = read_ids(Path(ids)) if ids is not None and own_ids is None else None
    table = read_attributes(Path(attributes)) if attributes is not None and own_attributes is None else None
    return Rows(source_of(parts, vectors, own_ids, own_attributes), beside, table)


def own(part: Part, names: str | None, option: str, beside: str) -> str | None:
    """The names, where they are of columns; ``None`` where they are a file, or nothing."""
    known = {column.name for column in part.columns}
    if names is None or names in known:
        return names
    each = [name.strip() for name in names.split(",")]
    if all(name in known or (known and is_pattern(name)) for name in each):
        return names
    if os.path.isfile(os.path.expanduser(names)):
        return None
    odd = next(name for name in each if name not in known)
    got = f"columns {listed(part.columns)}" if known else f"vectors alone in {part.path}"
    raise InvalidArgumentError(f"{option}: expected a column or {beside}, got {odd!r}, which is neither, of {got}")


def read_ids(path: Path) -> Ids:
    """One id a line: ints where every line is one as Python writes it, so that ``007`` stays what it is."""
    try:
        lines = Path(arguments.path(path)).read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise InvalidArgumentError(f"{path}: expected UTF-8 text: {error}") from None
    if lines and not lines[-1]:
        lines.pop()
    numbers = [as_int(line) for line in lines]
    return [number for number in numbers if number is not None] if None not in numbers else lines


def as_int(line: str) -> int | None:
    """The whole number that ``line`` is, ``None`` where it is anything else."""
    digits = line[1:] if line.startswith("-") else line
    return int(line) if digits.isascii() and digits.isdigit() and len(digits) < 20 and str(int(line)) == line else None


def read_attributes(path: Path) -> Any:
    """The table of a file, by pyarrow, which is no part of the command line's own needs."""
    known = {".parquet": "parquet", ".csv": "csv", ".arrow": "feather", ".feather": "feather"}
    suffix = path.suffix.lower()
    if suffix not in known:
        raise InvalidArgumentError(f"{path}: expected a file that ends in {', '.join(known)}, got {suffix!r}")
    try:
        reader = importlib.import_module(f"pyarrow.{known[suffix]}")
    except ImportError:
        raise InvalidArgumentError(
            f"{path}: expected pyarrow, which reads it, and it is not installed: pip install pyarrow"
        ) from None
    read = reader.read_csv if suffix == ".csv" else reader.read_table
    try:
        return read(arguments.path(path))
    except ValueError as error:  # ArrowInvalid too
        raise InvalidArgumentError(f"{path}: expected a table as {suffix} files have: {error}") from None
