"""CSV and JSON lines, without a library: rows by name, from text of any length."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import json
import zlib
from abc import abstractmethod
from collections.abc import Generator, Iterator
from typing import IO, Any

from nearfile.errors import InvalidArgumentError
from nearfile.reading import formats, text_values
from nearfile.reading.part import (
    INT,
    TEXT,
    VECTORS,
    Batch,
    Chosen,
    Column,
    Part,
    label,
    place,
    reading,
    told,
)

#: What a column is, is told by so many numbers at the beginning; and so many are read at a time.
NUMBERS_AHEAD = 1 << 18
ROWS_AHEAD = 16384

#: A cell may be a vector of many numbers.
LONGEST_CELL = 1 << 24

DELIMITERS = ",\t;|"

Row = tuple[int, Any]  # its line from 1, and its cells by name or place


class TextPart(Part):
    """What gives rows of cells: the first block of them says what columns have."""

    takes = 48 << 20

    def __init__(self, path: str, stream: IO[bytes] | None, texts: tuple[str, ...]) -> None:
        self.stream = stream
        self.once = stream is not None
        with reading(path, "text in UTF-8", UnicodeError, EOFError, zlib.error):
            self.rows = self.read()
            self.ahead = self.block(self.rows, ROWS_AHEAD)
        if stream is None:
            self.rows.close()
        super().__init__(path, self.columns_of(self.ahead, texts), None)

    @contextlib.contextmanager
    def text(self) -> Iterator[IO[str]]:
        """The text of the file; a mark of UTF-8 before it is not part of it."""
        with formats.bytes_of(self.path, self.stream) as opened:
            yield io.TextIOWrapper(opened, encoding="utf-8-sig", newline="")

    @abstractmethod
    def read(self) -> Generator[Row, None, None]:
        """All rows in order, from the beginning."""

    @abstractmethod
    def size_of(self, row: Any) -> int:
        """How many numbers a row has, about."""

    @abstractmethod
    def columns_of(self, rows: list[Row], texts: tuple[str, ...]) -> tuple[Column, ...]:
        """What columns the rows have."""

    @abstractmethod
    def cells(self, rows: list[Row], name: str) -> list[Any]:
        """The values of a column."""

    def dim(self, chosen: Chosen) -> int | None:
        """By the first row."""
        if not self.ahead:
            return None
        return len(self.vectors(self.ahead[:1], chosen)[0])

    def vectors(self, rows: list[Row], chosen: Chosen) -> Any:
        """The numbers of rows, each checked to have as many as the first."""
        name = label(chosen)
        if chosen.vectors and (len(chosen.vectors) > 1 or self.column(chosen.vectors[0]).kind != VECTORS):
            columns = [self.cells(rows, each) for each in chosen.vectors]
            lists: Any = list(zip(*columns))
        else:
            lists = self.cells(rows, chosen.vectors[0]) if chosen.vectors else [row for _, row in rows]
        return text_values.matrix(self.path, name, [line for line, _ in rows], lists)

    def batches(self, chosen: Chosen, rows: int) -> Iterator[Batch]:
        """Blocks of rows, each made arrays of before the next is read."""
        ahead, self.ahead = self.ahead, self.ahead[:1]
        source = itertools.chain(ahead, self.rows) if self.once else self.read()
        start, dim = 0, None
        with reading(self.path, "text in UTF-8", UnicodeError, EOFError, zlib.error):
            while block := self.block(source, rows):
                batch = self.batch(block, chosen, start, dim)
                yield batch
                start, dim = start + len(batch), batch.vectors.shape[1]

    def block(self, source: Iterator[Row], rows: int) -> list[Row]:
        """The next rows, so many that what Python makes of them is little."""
        block: list[Row] = []
        numbers = 0
        for row in source:
            block.append(row)
            numbers += self.size_of(row[1])
            if numbers >= NUMBERS_AHEAD or len(block) >= min(rows, ROWS_AHEAD):
                break
        return block

    def batch(self, rows: list[Row], chosen: Chosen, start: int, dim: int | None) -> Batch:
        """Rows as arrays."""
        lines = [line for line, _ in rows]
        vectors = self.vectors(rows, chosen)
        if dim is not None and vectors.shape[1] != dim:
            where = place(self.path, lines[0], label(chosen), "line")
            raise InvalidArgumentError(f"{where}: expected {dim} numbers, as lines before have, got {vectors.shape[1]}")
        values = {
            name: text_values.column(self.path, self.column(name), lines, self.cells(rows, name))
            for name in [*([] if chosen.ids is None else [chosen.ids]), *chosen.attributes]
        }
        ids = None if chosen.ids is None else self.ids(chosen.ids, lines, values[chosen.ids])
        attributes = {name: values[name] for name in chosen.attributes} or None
        return Batch(vectors, ids, attributes, self.path, start, label(chosen))

    def ids(self, name: str, lines: list[int], values: list[Any]) -> list[Any]:
        """Ids, none of which is missing."""
        kind = self.column(name).kind
        if kind not in (INT, TEXT):
            where = place(self.path, lines[0], name, "line")
            raise InvalidArgumentError(
                f"{where}: expected ids that are whole numbers or text, got {kind}: --text {name}"
            )
        for line, value in zip(lines, values):
            if value is None:
                raise InvalidArgumentError(f"{place(self.path, line, name, 'line')}: expected an id, got none")
        return values


class Csv(TextPart):
    """Commas, tabs, semicolons or bars between cells; names in the first line, or none."""

    def __init__(self, path: str, stream: IO[bytes] | None, texts: tuple[str, ...]) -> None:
        self.path = path
        self.names: list[str] = []
        super().__init__(path, stream, texts)

    def read(self) -> Generator[Row, None, None]:
        """Rows of as many cells as the first has."""
        csv.field_size_limit(LONGEST_CELL)
        with self.text() as text:
            head = text.readline()
            reader = csv.reader(itertools.chain([head], text), delimiter=max(DELIMITERS, key=head.count))
            try:
                yield from self.rows_of(reader)
            except csv.Error as error:
                where = place(self.path, reader.line_num, noun="line")
                raise InvalidArgumentError(f"{where}: expected a row of CSV, got: {error}") from None

    def rows_of(self, reader: Any) -> Iterator[Row]:
        """Rows behind the names, if there are any; empty lines are none."""
        first = next(reader, None)
        if not first:
            return
        self.names, is_data = text_values.names_of(first)
        if is_data:
            yield reader.line_num, first
        for row in reader:
            if row and len(row) != len(self.names):
                where = place(self.path, reader.line_num, noun="line")
                raise InvalidArgumentError(
                    f"{where}: expected {len(self.names)} cells, as the first line has, got {len(row)}"
                )
            if row:
                yield reader.line_num, row

    def size_of(self, row: Any) -> int:
        """Cells, or what fits in them."""
        return sum(1 + len(cell) // 8 for cell in row)

    def columns_of(self, rows: list[Row], texts: tuple[str, ...]) -> tuple[Column, ...]:
        """By what all cells of the first rows can be read as."""
        if len(set(self.names)) != len(self.names):
            twice = next(name for name in self.names if self.names.count(name) > 1)
            raise InvalidArgumentError(f"{told(self.path)}: expected columns of different names, got {twice!r} twice")
        kinds = []
        for at, name in enumerate(self.names):
            cells = [row[at] for _, row in rows]
            kinds.append(Column(name, TEXT if name in texts else text_values.kind_of_cells(cells)))
        return tuple(kinds)

    def cells(self, rows: list[Row], name: str) -> list[Any]:
        """Cells as they are; what is empty is missing."""
        at = self.names.index(name)
        return [row[at] or None for _, row in rows]


class JsonLines(TextPart):
    """An object a line; or a list of numbers a line, which has no columns."""

    def __init__(self, path: str, stream: IO[bytes] | None, texts: tuple[str, ...]) -> None:
        self.path = path
        super().__init__(path, stream, texts)

    def read(self) -> Generator[Row, None, None]:
        """Objects, or lists."""
        kind = None
        with self.text() as text:
            for number, line in enumerate(text, start=1):
                if not line.strip():
                    continue
                where = place(self.path, number, noun="line")
                try:
                    row = json.loads(line)
                except (ValueError, RecursionError) as error:
                    raise InvalidArgumentError(f"{where}: expected an object of JSON on a line, got: {error}") from None
                kind = kind or type(row)
                if type(row) is not kind or not isinstance(row, (dict, list)):
                    raise InvalidArgumentError(
                        f"{where}: expected an object on every line, or a list of numbers on every line, got"
                        f" {line.strip()!r:.60}"
                    )
                yield number, row

    def size_of(self, row: Any) -> int:
        """Numbers in lists, and cells."""
        if isinstance(row, list):
            return len(row)
        return sum(len(value) if isinstance(value, list) else 1 for value in row.values())

    def columns_of(self, rows: list[Row], texts: tuple[str, ...]) -> tuple[Column, ...]:
        """By the values of the first rows; a name that only some have is a column too."""
        if not rows or isinstance(rows[0][1], list):
            return ()
        names = dict.fromkeys(name for _, row in rows for name in row)
        return tuple(
            Column(name, TEXT if name in texts else text_values.kind_of_values(self.cells(rows, name)))
            for name in names
        )

    def cells(self, rows: list[Row], name: str) -> list[Any]:
        """Values, ``None`` where a line has no such name."""
        return [row.get(name) for _, row in rows]
