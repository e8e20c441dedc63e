"""NumPy's files: .npy mapped or as a stream, and .npz, whose arrays are columns."""

from __future__ import annotations

import contextlib
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from nearfile.errors import BadFileError, InvalidArgumentError
from nearfile.inputs.conversion import BFLOAT16, is_real
from nearfile.reading import formats
from nearfile.reading.part import (
    BOOL,
    FLOAT,
    INT,
    STDIN,
    TEXT,
    VECTORS,
    Array,
    Batch,
    Chosen,
    Column,
    Part,
    label,
    reading,
    told,
)

#: What is read of a stream at a time.
CHUNK = 1 << 20

#: What NumPy and its readers of Python's literals raise of a header that is none, and zipfile of an archive.
BAD_HEADER = (
    ValueError,
    EOFError,
    KeyError,
    OverflowError,
    RecursionError,
    SyntaxError,
    TypeError,
    tokenize.TokenError,
)
BAD_ARCHIVE = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError, struct.error)


class Npy(Part):
    """A .npy file: a matrix that is mapped, or read in order where it is a stream."""

    def __init__(self, path: str, stream: IO[bytes] | None) -> None:
        self.stream = stream
        self.once = stream is not None
        self.array: Array | None = None
        if stream is None and not path.endswith(".gz"):
            self.array = mapped(path)
            self.head = (self.array.shape, False, self.array.dtype)
        else:
            with formats.bytes_of(path, stream) as opened:
                self.head = header(opened, path)
        shape, _, dtype = self.head
        if len(shape) != 2 or not is_real(dtype):
            raise not_vectors(path, "", shape, dtype)
        super().__init__(path, (), shape[0])

    def dim(self, chosen: Chosen) -> int:
        """The second of the shape."""
        return int(self.head[0][1])

    def batches(self, chosen: Chosen, rows: int) -> Iterator[Batch]:
        """Views of the file, or blocks of the stream."""
        if self.array is not None:
            for start in range(0, len(self.array), rows):
                yield Batch(self.array[start : start + rows], None, None, self.path, start)
            return
        with formats.bytes_of(self.path, self.stream) as opened:
            if self.stream is None:
                header(opened, self.path)
            for start, block in blocks_of(opened, self.path, self.head, rows):
                yield Batch(block, None, None, self.path, start)


class Npz(Part):
    """A .npz file: matrices and lists of one length are columns."""

    def __init__(self, path: str) -> None:
        self.heads: dict[str, Any] = {}
        with opened(path) as archive, reading(path, "a .npz file", *BAD_ARCHIVE):
            for name in archive.namelist():
                if name.endswith(".npy"):
                    with archive.open(name) as stream:
                        self.heads[name[:-4]] = header(stream, f"{path}: {name}")
        columns = tuple(column_of(name, head[0], head[2]) for name, head in self.heads.items())
        if not columns:
            raise BadFileError(None, f"{path}: expected arrays as numpy.savez writes them, got none", path)
        super().__init__(path, columns, None)

    def dim(self, chosen: Chosen) -> int:
        """The second of the shape of the vectors."""
        return checked(self, {name: (head[0], head[2]) for name, head in self.heads.items()}, chosen)[1]

    def batches(self, chosen: Chosen, rows: int) -> Iterator[Batch]:
        """Each array is read in order, side by side with the others."""
        names = chosen.names()
        with opened(self.path) as archive, contextlib.ExitStack() as stack, reading(self.path, "arrays", *BAD_ARCHIVE):
            streams = []
            for name in names:
                stream = stack.enter_context(archive.open(f"{name}.npy"))
                streams.append(blocks_of(stream, f"{self.path}: {name}", header(stream, self.path), rows))
            for found in zip(*streams):
                start = found[0][0]
                values = {name: block for name, (_, block) in zip(names, found)}
                yield batch_of(chosen, values, self.path, start)


def batch_of(chosen: Chosen, values: dict[str, Array], path: str, start: int) -> Batch:
    """A batch of NumPy's arrays by name."""
    ids = None if chosen.ids is None else listed_text(values[chosen.ids])
    attributes = {name: listed_text(values[name]) for name in chosen.attributes} or None
    return Batch(values[chosen.vectors[0]], ids, attributes, path, start, chosen.vectors[0])


def checked(part: Part, shapes: dict[str, tuple[Any, np.dtype[Any]]], chosen: Chosen) -> tuple[int, int]:
    """The shape of the vectors, when what is chosen of arrays by name can stand side by side.

    Raises:
        InvalidArgumentError: The vectors are no matrix of numbers, there is not one value for each of them, or ids are
            neither whole numbers nor text.
    """
    name = chosen.vectors[0]
    shape, dtype = shapes.get(name, ((), np.dtype("V")))
    if len(chosen.vectors) > 1 or part.column(name).kind != VECTORS:
        raise not_vectors(part.path, label(chosen), shape, dtype)
    for each in (column for column in chosen.names() if column != name):
        kind, own = part.column(each).kind, shapes.get(each, ((),))[0]
        if tuple(own) != (shape[0],):
            raise InvalidArgumentError(
                f"{part.path}: expected shape ({shape[0]},) for {each!r}, a value for each vector, got {tuple(own)}"
            )
        if each == chosen.ids and kind not in (INT, TEXT):
            raise InvalidArgumentError(f"{part.path}: expected whole numbers or text as ids in {each!r}, got {kind}")
    return int(shape[0]), int(shape[1])


def listed_text(values: Array) -> Any:
    """Text as a list of ``str``; what is none as it is."""
    if values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8")
    return values.tolist() if values.dtype.kind in "UO" else values


def kind_of(shape: Any, dtype: np.dtype[Any]) -> str:
    """What an array is as a column."""
    if len(shape) == 2 and is_real(as_bfloat16(dtype)):
        return VECTORS
    kinds = {"i": INT, "u": INT, "f": FLOAT, "b": BOOL, "U": TEXT, "S": TEXT}
    return kinds.get(dtype.kind, f"dtype {dtype}") if len(shape) == 1 else f"{dtype} of shape {tuple(shape)}"


def column_of(name: str, shape: Any, dtype: np.dtype[Any]) -> Column:
    """An array as a column."""
    kind = kind_of(shape, dtype)
    return Column(name, kind, int(shape[1]) if kind == VECTORS else None)


def as_bfloat16(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """NumPy writes the bfloat16 of ``ml_dtypes`` as two bytes without a name, and nothing else so."""
    return BFLOAT16 if dtype.kind == "V" and dtype.itemsize == 2 and dtype.names is None else dtype


def mapped(path: str) -> Array:
    """The array of a .npy file, mapped and not read."""
    with reading(path, "a .npy file of numbers, as numpy.save writes it", *BAD_HEADER):
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        if not isinstance(array, np.ndarray):
            raise BadFileError(None, f"{path}: expected a .npy file of numbers, got a .npz file: call it so", path)
    plain: Array = array.view(np.ndarray)
    return plain.view(as_bfloat16(plain.dtype)) if plain.dtype.kind == "V" and plain.ndim else plain


def header(stream: IO[bytes], path: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether columns come first, and dtype of an array whose bytes follow."""
    with reading(path, "an array as numpy.save writes it", *BAD_HEADER, *BAD_ARCHIVE):
        version = np.lib.format.read_magic(stream)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        if version not in read:
            raise ValueError(f"one of version {version}, as only records with names in Unicode have")
        shape, by_columns, dtype = read[version](stream)
        if min(shape, default=0) < 0:
            raise ValueError(f"shape {shape}")
    if dtype.hasobject:
        raise InvalidArgumentError(
            f"{told(path)}: expected numbers or text, got Python objects: save an array of one dtype"
        )
    return shape, by_columns, as_bfloat16(dtype)


def blocks_of(stream: IO[bytes], path: str, head: Any, rows: int) -> Iterator[tuple[int, Array]]:
    """First rows and blocks of an array in a stream that is read in order; all at once where its columns come first."""
    shape, by_columns, dtype = head
    width = int(np.prod(shape[1:], dtype=object)) * dtype.itemsize
    most = shape[0] if by_columns and len(shape) > 1 else rows
    for start in range(0, shape[0], max(1, most)):
        n = min(most, shape[0] - start)
        with reading(path, f"{shape[0]} rows", *BAD_ARCHIVE):
            data = exactly(stream, n * width)
        if data is None:
            missing = f"expected {shape[0]} rows of {width} bytes, got fewer: it was cut short"
            raise BadFileError(None, f"{told(path)}: {missing}", None if path == STDIN else path)
        block = np.frombuffer(data, dtype)
        if by_columns and len(shape) > 1:
            yield start, block.reshape((shape[1], n)).T
        else:
            yield start, block.reshape((n, *shape[1:]))


def exactly(stream: IO[bytes], n: int) -> bytearray | None:
    """So many bytes of a stream; ``None`` where it has fewer. What a header promises is not asked for at once."""
    data = bytearray()
    while len(data) < n:
        chunk = stream.read(min(CHUNK, n - len(data)))
        if not chunk:
            return None
        data += chunk
    return data


@contextlib.contextmanager
def opened(path: str) -> Iterator[zipfile.ZipFile]:
    """A .npz file."""
    with reading(path, "a .npz file, as numpy.savez writes it", *BAD_ARCHIVE):
        archive = zipfile.ZipFile(path)
    with archive:
        yield archive


def not_vectors(path: str, name: str, shape: Any, dtype: np.dtype[Any]) -> InvalidArgumentError:
    """Of an array that is no matrix of numbers."""
    where = f"{told(path)}: " + (f"{name!r}: " if name else "")
    return InvalidArgumentError(f"{where}expected numbers of shape (n, dim), got {dtype} of shape {tuple(shape)}")
