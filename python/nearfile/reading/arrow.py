"""Parquet, Feather and Arrow's files and streams, by pyarrow."""

from __future__ import annotations

import contextlib
import importlib
from abc import abstractmethod
from collections.abc import Iterator
from typing import IO, Any

from nearfile.errors import InvalidArgumentError
from nearfile.reading import arrow_values, formats
from nearfile.reading.part import Batch, Chosen, Part, label, reading, told

INSTALL = "expected pyarrow, which reads Parquet, Feather and Arrow, and it is not installed: pip install pyarrow"

#: What is read of a column of Parquet ahead of what is asked for; a row group need not fit in memory.
AHEAD = 1 << 20

#: What a file of Arrow begins with.
FILE = b"ARROW1"


def library(name: str = "pyarrow") -> Any:
    """A module of pyarrow.

    Raises:
        ImportError: It is not installed; what to do.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ImportError(INSTALL) from None


class ArrowPart(Part):
    """What gives record batches."""

    takes = 128 << 20

    def __init__(self, path: str, schema: Any, count: int | None) -> None:
        with reading(path, "columns", *self.refusals()):
            columns = arrow_values.columns_of(schema)
        twice = sorted({name for name in schema.names if schema.names.count(name) > 1})
        if twice:
            raise InvalidArgumentError(f"{told(path)}: expected columns of different names, got {twice[0]!r} twice")
        super().__init__(path, columns, count)

    @abstractmethod
    def record_batches(self, names: list[str], rows: int) -> Iterator[Any]:
        """Some columns, at most ``rows`` rows at a time where the format can."""

    def dim(self, chosen: Chosen) -> int | None:
        """By the type of the column, or by its first row."""
        if len(chosen.vectors) > 1:
            return len(chosen.vectors)
        known = self.column(chosen.vectors[0]).dim
        if known is not None:
            return known
        for batch in self.record_batches(list(chosen.vectors), 1):
            if batch.num_rows:
                return int(arrow_values.vectors_of(batch.slice(0, 1), chosen.vectors, self.path, 0).shape[1])
        return None

    def batches(self, chosen: Chosen, rows: int) -> Iterator[Batch]:
        """Record batches, as arrays."""
        start, names, dim = 0, chosen.names(), None
        for record in self.record_batches(names, rows):
            for first in range(0, record.num_rows, rows):
                part = record.slice(first, rows)
                vectors = arrow_values.vectors_of(part, chosen.vectors, self.path, start, dim)
                dim = vectors.shape[1]
                ids = None if chosen.ids is None else arrow_values.ids_of(part, chosen.ids, self.path, start)
                attributes = part.select(list(chosen.attributes)) if chosen.attributes else None
                yield Batch(vectors, ids, attributes, self.path, start, label(chosen))
                start += part.num_rows

    def refusals(self) -> tuple[type[Exception], ...]:
        """What pyarrow raises of a file that is damaged."""
        pyarrow = library()
        return (pyarrow.ArrowException, OSError, ValueError, TypeError, KeyError)


class Parquet(ArrowPart):
    """A Parquet file."""

    def __init__(self, path: str) -> None:
        with reading(path, "a Parquet file", *self.refusals()), self.opened(path) as file:
            schema, count = file.schema_arrow, file.metadata.num_rows
        super().__init__(path, schema, count)

    def opened(self, path: str) -> Any:
        """The file, of which no more is read ahead than is needed."""
        with open(path, "rb"):  # that it is missing, or may not be read, is said as of every file
            pass
        return library("pyarrow.parquet").ParquetFile(path, buffer_size=AHEAD, pre_buffer=False)

    def record_batches(self, names: list[str], rows: int) -> Iterator[Any]:
        """Across row groups."""
        with reading(self.path, "a Parquet file", *self.refusals()), self.opened(self.path) as file:
            yield from file.iter_batches(batch_size=rows, columns=names, use_threads=False)


class ArrowFile(ArrowPart):
    """A Feather or Arrow file, mapped: what is not compressed is not copied either."""

    def __init__(self, path: str) -> None:
        with reading(path, "a Feather or Arrow file", *self.refusals()):
            reader = self.opened(path, None)
            schema = reader.schema
        super().__init__(path, schema, None)

    def opened(self, path: str, fields: list[int] | None) -> Any:
        """Its reader, of some columns."""
        pyarrow, ipc = library(), library("pyarrow.ipc")
        options = ipc.IpcReadOptions(included_fields=fields)
        with open(path, "rb"):
            pass
        return ipc.open_file(pyarrow.memory_map(path), options=options)

    def record_batches(self, names: list[str], rows: int) -> Iterator[Any]:
        """As the file has them."""
        fields = [place for place, column in enumerate(self.columns) if column.name in names]
        with reading(self.path, "a Feather or Arrow file", *self.refusals()):
            reader = self.opened(self.path, fields)
            for number in range(reader.num_record_batches):
                batch = reader.get_batch(number)
                batch.validate(full=True)  # offsets of a damaged file would lead out of it
                yield batch


class ArrowStream(ArrowPart):
    """A stream of Arrow, of a file or standard input; also a file of Arrow that comes as one, which begins otherwise."""

    def __init__(self, path: str, stream: IO[bytes] | None) -> None:
        self.once = stream is not None
        with reading(path, "a stream of Arrow", *self.refusals()):
            self.reader = None if stream is None else self.opened(stream)
            if self.reader is not None:
                schema = self.reader.schema
            else:
                with formats.open_bytes(path) as file:
                    schema = self.opened(file).schema
        super().__init__(path, schema, None)

    def opened(self, stream: IO[bytes]) -> Any:
        """Its reader. A file is a stream behind 8 bytes, with a table of contents after it."""
        buffered: Any = stream
        if buffered.peek(len(FILE))[: len(FILE)] == FILE:
            stream.read(8)
        return library("pyarrow.ipc").open_stream(stream)

    def dim(self, chosen: Chosen) -> int | None:
        """By the type of the column, or by the first row; not of standard input, whose rows are there once."""
        known = len(chosen.vectors) if len(chosen.vectors) > 1 else self.column(chosen.vectors[0]).dim
        return known if self.once else super().dim(chosen)

    def record_batches(self, names: list[str], rows: int) -> Iterator[Any]:
        """As they come."""
        with contextlib.ExitStack() as stack, reading(self.path, "a stream of Arrow", *self.refusals()):
            reader = self.reader or self.opened(stack.enter_context(formats.open_bytes(self.path)))
            for batch in reader:
                batch.validate(full=True)  # offsets of a damaged file would lead out of it
                yield batch.select(names)
