"""A source of vectors: one file or several, checked to fit together, read in batches of bounded size."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import IO, Union

import numpy as np

from nearfile import _core, arguments
from nearfile.errors import InvalidArgumentError
from nearfile.reading import arrays, choosing, formats
from nearfile.reading.part import (
    STDIN,
    Array,
    Batch,
    Chosen,
    Part,
    label,
    place,
    reading,
    refuse_values,
    rows_a_batch,
    told,
)

Sources = Union[str, "os.PathLike[str]", Sequence[Union[str, "os.PathLike[str]"]]]


class Source:
    """Vectors, ids and attributes of one or several files, or of standard input. Made by :func:`open_source`.

    Attributes:
        dim: The length of every vector.
        count: How many there are, ``None`` where that is not known before they are read.
        chosen: Which columns are read.
        names: What the files are called, in order.
        columns: The columns that there are.
    """

    def __init__(self, parts: list[Part], chosen: Chosen, dim: int, begun: Iterator[Batch] | None = None) -> None:
        self.parts = parts
        self.chosen = chosen
        self.dim = dim
        self.names = [part.path for part in parts]
        self.columns = parts[0].columns
        counts = [part.count for part in parts]
        self.count = None if None in counts else sum(count for count in counts if count is not None)
        self.starts: list[int] = []
        self._begun = begun
        self._used = False

    @property
    def mapped(self) -> Array | None:
        """All vectors, where they are one mapped file and nothing else is read; ``None`` where not."""
        part = self.parts[0]
        return part.array if len(self.parts) == 1 and isinstance(part, arrays.Npy) else None

    @property
    def takes(self) -> int:
        """Memory that reading takes at the most, in bytes, with the library that reads."""
        return max((part.takes for part in self.parts), default=0)

    def batches(self) -> Iterator[Batch]:
        """All rows in order, once.

        Raises:
            InvalidArgumentError: A row that cannot be used: which file, row and column, what was expected and what came.
                Batches that were given before are good. Or it is the second time.
            FileError: A file is damaged, or was removed.
        """
        if self._used:
            raise InvalidArgumentError("source: expected to be read once, got a second time: open it again")
        self._used = True
        rows, added = rows_a_batch(self.dim), 0
        for part in self.parts:
            self.starts.append(added)
            begun, self._begun = self._begun, None
            for batch in begun or part.batches(self.chosen, rows):
                if batch.vectors.shape[1] != self.dim:
                    where = place(batch.path, batch.start, batch.column)
                    raise InvalidArgumentError(
                        f"{where}: expected {self.dim} numbers, as {told(self.names[0])} has, got {batch.vectors.shape[1]}"
                    )
                added += len(batch)
                yield batch

    def place_of(self, row: int) -> str:
        """Where a row is that was counted from the first of all: its file, and its row there."""
        at = max(number for number, start in enumerate(self.starts) if start <= row)
        return place(self.names[at], row - self.starts[at])

    def explain(self, error: InvalidArgumentError, batch: Batch | None) -> InvalidArgumentError:
        """What a builder refused, with where it is.

        Args:
            error: What was raised.
            batch: What was being added; ``None`` while the index was built.
        """
        if batch is not None:
            try:
                refuse_values(batch.path, batch.vectors, batch.start, batch.column)
            except InvalidArgumentError as told_better:
                return told_better
            last = batch.start + len(batch) - 1
            return InvalidArgumentError(f"{told(batch.path)}, rows {batch.start:,} to {last:,}: {error}")
        twice = re.fullmatch(
            r"ids must be distinct; (.*) came for rows ([0-9]+) and ([0-9]+):.*", str(error), re.DOTALL
        )
        if twice is None or not self.starts:
            return error
        column = "" if self.chosen.ids is None else f" in column {self.chosen.ids!r}"
        return InvalidArgumentError(
            f"{self.place_of(int(twice[3]))}: expected ids that are different{column}, got {twice[1]}, which is at"
            f" {self.place_of(int(twice[2]))} too: drop one of the two, or give it another id"
        )

    def close(self) -> None:
        """Let go of files."""
        self.parts = []

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_source(
    source: Sources,
    *,
    format: str | None = None,
    vectors: str | None = None,
    ids: str | None = None,
    attributes: str | None = None,
    text: str | None = None,
) -> Source:
    """Open files of vectors, and check that they fit together before anything is read through.

    Args:
        source: A path, a pattern such as ``"part-*.parquet"``, a folder, or several of these; ``"-"`` is standard input.
        format: One of ``npy``, ``npz``, ``fvecs``, ``bvecs``, ``ivecs``, ``hdf5``, ``parquet``, ``arrow`` (Feather too),
            ``csv`` and ``jsonl``; ``None`` goes by the ending, or by the first bytes.
        vectors: The column of the vectors, a list of numbers a row; or columns of numbers, ``"x0,x1"`` or ``"x*"``.
            ``None`` takes the one column of lists of numbers, or the columns that are numbered through.
        ids: The column of the ids; ``None`` for none.
        attributes: The columns of attributes, with commas between them or as patterns; ``None`` for none.
        text: Of CSV and JSON lines: columns to be read as text whatever they look like, with commas between them.

    Returns:
        The source, as a context manager closed at the end. It is read in batches of about 4 MiB of float32.

    Raises:
        InvalidArgumentError: No such column, more than one that vectors may be in, files that do not fit together, or no
            vectors; the message says in which file.
        FileError: A file is missing, cannot be read or is damaged.
        ImportError: The format needs a library that is not installed; which one.

    >>> import json, nearfile.reading, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "items.jsonl")
    >>> with open(path, "w") as file:
    ...     for name, vector in [("north", [0, 1]), ("east", [1, 0])]:
    ...         print(json.dumps({"name": name, "embedding": vector}), file=file)
    >>> with nearfile.reading.open_source(path, ids="name") as source:
    ...     [(batch.ids, batch.vectors.tolist()) for batch in source.batches()]
    [(['north', 'east'], [[0.0, 1.0], [1.0, 0.0]])]
    """
    return source_of(open_parts(source, format, text), vectors, ids, attributes)


def open_parts(source: Sources, format: str | None = None, text: str | None = None) -> list[Part]:
    """The files of a source, each opened as far as that it says its columns."""
    given = [source] if isinstance(source, (str, os.PathLike)) else list(source)
    texts = tuple(name.strip() for name in (text or "").split(",") if name.strip())
    return [open_part(path, format, texts) for path in formats.files_of([os.fspath(each) for each in given])]


def source_of(parts: list[Part], vectors: str | None, ids: str | None, attributes: str | None) -> Source:
    """A source of files that are open, which are checked to fit together."""
    if isinstance(parts[0], arrays.Npz) and vectors is None and ids is None and attributes is None:
        vectors = only_matrix(parts[0])
    chosen = choosing.choose(parts[0], vectors, ids, attributes)
    dim = None
    for part in parts:
        check_alike(part, parts[0], chosen)
        own = part.dim(chosen)
        if dim is not None and own is not None and own != dim:
            raise InvalidArgumentError(
                f"{place(part.path, 0, label(chosen))}: expected {dim} numbers, as {told(parts[0].path)} has, got {own}"
            )
        dim = own if dim is None else dim
    begun = None
    if dim is None:
        begun, dim = begin(parts[0], chosen)
    if not 1 <= dim <= _core.max_dim:
        raise InvalidArgumentError(
            f"{told(parts[0].path)}: expected vectors of 1 to {_core.max_dim} numbers, got {dim}"
        )
    return Source(parts, chosen, dim, begun)


def begin(part: Part, chosen: Chosen) -> tuple[Iterator[Batch], int]:
    """The batches of a stream that does not say how long its vectors are, and how long those of the first one are."""
    batches = part.batches(chosen, 1 << 14)
    first = next((batch for batch in batches if len(batch)), None)
    if first is None:
        raise InvalidArgumentError(f"{told(part.path)}: expected vectors, got none")
    return itertools.chain([first], batches), int(first.vectors.shape[1])


def only_matrix(part: Part) -> str | None:
    """The one array of an .npz file, whatever it is: a refusal that names it says more than one that lists columns."""
    return part.columns[0].name if len(part.columns) == 1 else None


def open_part(path: str, wanted: str | None, texts: tuple[str, ...]) -> Part:
    """One file, or standard input, as what its format is."""
    stream: IO[bytes] | None = None
    if path == STDIN:
        form, stream = formats.standard_input(wanted)
    else:
        form = formats.format_of(path, wanted)
    if form == "npy":
        return arrays.Npy(path, stream)
    if form == "npz":
        return arrays.Npz(path)
    if form in ("fvecs", "bvecs", "ivecs"):
        from nearfile.reading.vecs import Vecs

        return Vecs(path, form, stream)
    if form in ("csv", "jsonl"):
        from nearfile.reading.text import Csv, JsonLines

        return (Csv if form == "csv" else JsonLines)(path, stream, texts)
    if form == "hdf5":
        from nearfile.reading.hdf5 import Hdf5

        return Hdf5(path)
    return open_arrow(path, form, stream)


def open_arrow(path: str, form: str, stream: IO[bytes] | None) -> Part:
    """What pyarrow reads."""
    from nearfile.reading import arrow

    if form == "parquet":
        return arrow.Parquet(path)
    if stream is None and not path.lower().endswith(".gz"):
        with reading(path, "a file"), open(path, "rb") as opened:
            head = opened.read(6)
        if head[:4] == formats.FEATHER_1:
            formats.begins(head, path)
        if head == arrow.FILE:
            return arrow.ArrowFile(path)
    return arrow.ArrowStream(path, stream)


def check_alike(part: Part, first: Part, chosen: Chosen) -> None:
    """Raise where a file lacks a column that is read, or has something else in it."""
    if bool(part.columns) != bool(first.columns):
        raise InvalidArgumentError(
            f"{told(part.path)}: expected columns or none, as {told(first.path)} has, got a file of another kind"
        )
    for name in chosen.names():
        own, expected = part.column(name), first.column(name)
        if own.kind != expected.kind and not (name in chosen.vectors and expected.kind != "vectors"):
            raise InvalidArgumentError(
                f"{told(part.path)}: expected {expected.kind} in column {name!r}, as {told(first.path)} has, got {own.kind}"
            )


def read_queries(path: Sources, vectors: str | None = None, format: str | None = None) -> Array:
    """All vectors of a source as one array: queries, or a sample.

    Args:
        path: As for :func:`open_source`; a .npy file may have one vector alone.
        vectors: Their column, as for :func:`open_source`.
        format: As for :func:`open_source`.

    Returns:
        Shape (q, dim), or (dim,) for a .npy file of that shape; a .npy file is mapped and not read.

    Raises:
        InvalidArgumentError: As :func:`open_source`.
        FileError: As :func:`open_source`.
        ImportError: As :func:`open_source`.

    >>> import nearfile.reading, numpy, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "queries.npy")
    >>> numpy.save(path, numpy.eye(3))
    >>> nearfile.reading.read_queries(path).shape
    (3, 3)
    """
    one = isinstance(path, (str, os.PathLike)) and os.fspath(path) != STDIN
    if one and vectors is None and os.path.isfile(arguments.path(path)):  # type: ignore[arg-type]
        file = arguments.path(path)  # type: ignore[arg-type]
        if formats.format_of(file, format) == "npy" and not file.endswith(".gz"):
            array = arrays.mapped(file)
            if array.ndim == 1:
                return array
    with open_source(path, vectors=vectors, format=format) as source:
        whole = source.mapped
        found = [whole] if whole is not None else [batch.vectors for batch in source.batches()]
    return found[0] if len(found) == 1 else np.concatenate(found) if found else np.empty((0, source.dim), np.float32)
