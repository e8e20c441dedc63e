"""Which files a source is, what format each has, and their bytes: by ending, or by what they begin with."""

from __future__ import annotations

import contextlib
import glob
import gzip
import io
import os
import sys
from collections.abc import Iterator
from typing import IO, Any, cast

from nearfile import arguments
from nearfile.errors import FileError, InvalidArgumentError
from nearfile.reading.part import STDIN, reading, told

ENDINGS = {
    ".npy": "npy",
    ".npz": "npz",
    ".fvecs": "fvecs",
    ".bvecs": "bvecs",
    ".ivecs": "ivecs",
    ".h5": "hdf5",
    ".hdf5": "hdf5",
    ".hdf": "hdf5",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
FORMATS = tuple(dict.fromkeys(ENDINGS.values()))

#: What can be read from its beginning to its end, and so from a pipe and from within gzip.
STREAMED = ("npy", "fvecs", "bvecs", "ivecs", "arrow", "csv", "jsonl")

MAGIC = {
    b"\x93NUMPY": "npy",
    b"PK\x03\x04": "npz",
    b"\x89HDF\r\n\x1a\n": "hdf5",
    b"PAR1": "parquet",
    b"ARROW1": "arrow",
    b"\xff\xff\xff\xff": "arrow",
}
FEATHER_1 = b"FEA1"


def files_of(sources: list[str]) -> list[str]:
    """The files that sources are: files as they are, patterns and folders what they have in order of name.

    Raises:
        InvalidArgumentError: There are none, or ``"-"`` beside others.
        FileError: A folder has none of a known ending.
    """
    found: list[str] = []
    for source in sources:
        path = source if source == STDIN else arguments.path(source)
        if source != STDIN and os.path.isdir(path):
            found += in_folder(path)
        elif source != STDIN and not os.path.lexists(path) and glob.has_magic(path):
            matched = sorted(glob.glob(path, recursive=True))
            if not matched:
                raise InvalidArgumentError(f"{source}: expected a pattern that fits files, got one that fits none")
            found += matched
        else:
            found.append(path)
    if not found:
        raise InvalidArgumentError("source: expected a file, got none")
    if STDIN in found and len(found) > 1:
        raise InvalidArgumentError("source: expected standard input (-) alone, got files beside it")
    return found


def in_folder(path: str) -> list[str]:
    """The files of a folder that have a known ending; hidden ones and those of engines, which begin with _, are left out."""
    with reading(path, "a folder"):
        names = sorted(name for name in os.listdir(path) if name[0] not in "._")
    found = [os.path.join(path, name) for name in names if ending_of(name) is not None]
    if not found:
        known = ", ".join(ENDINGS)
        raise FileError(None, f"{path}: expected a folder with files that end in {known}, got none", path)
    return found


def ending_of(path: str) -> str | None:
    """The format by the ending of a name, with or without .gz behind it."""
    name = path[:-3] if path.lower().endswith(".gz") else path
    return ENDINGS.get(os.path.splitext(name)[1].lower())


def format_of(path: str, wanted: str | None) -> str:
    """The format of a file: the one that is wanted, or by its ending, or by what it begins with.

    Raises:
        InvalidArgumentError: It is none that is known, or one that cannot be read from gzip.
        FileError: It cannot be read.
    """
    if wanted is not None:
        arguments.one_of("--format", wanted, FORMATS)
    with reading(path, "a file", gzip.BadGzipFile, EOFError), open_bytes(path) as stream:
        head = stream.read(4096)
    found = wanted or ending_of(path) or begins(head, path)
    if path.lower().endswith(".gz") and found not in STREAMED:
        raise InvalidArgumentError(
            f"{path}: expected a file as it is, got one in gzip, within which {found} is not read"
        )
    return found


def begins(head: bytes, path: str) -> str:
    """The format by the first bytes.

    Raises:
        InvalidArgumentError: It is none that is known.
    """
    for magic, found in MAGIC.items():
        if head.startswith(magic):
            return found
    if head.startswith(FEATHER_1):
        raise InvalidArgumentError(
            f"{told(path)}: expected version 2 of Feather, got version 1: read and write it with pyarrow.feather"
        )
    text = head.decode("utf-8-sig", errors="replace").lstrip()
    if text[:1] in ("{", "["):
        return "jsonl"
    if text and "\0" not in text and "\ufffd" not in text[:-1]:
        return "csv"
    got = "nothing" if not head else f"a file that begins with {head[:8]!r}"
    raise InvalidArgumentError(
        f"{told(path)}: expected one of {', '.join(FORMATS)}, got {got}: say which it is with --format"
    )


def open_bytes(path: str) -> IO[bytes]:
    """The bytes of a file, without the gzip around them."""
    if path.lower().endswith(".gz"):
        return cast(IO[bytes], gzip.open(path, "rb"))
    return open(path, "rb")


@contextlib.contextmanager
def bytes_of(path: str, stream: IO[bytes] | None) -> Iterator[IO[bytes]]:
    """The stream that is given, which stays open, or else the file, which is closed at the end."""
    if stream is not None:
        yield stream
        return
    with open_bytes(path) as opened:
        yield opened


class Rejoined(io.RawIOBase):
    """A stream of which the first bytes were read already."""

    def __init__(self, head: bytes, rest: Any) -> None:
        super().__init__()
        self.head = head
        self.rest = rest

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill ``buffer`` as far as one read of the system does."""
        if self.head:
            n = min(len(buffer), len(self.head))
            buffer[:n], self.head = self.head[:n], self.head[n:]
            return n
        chunk = self.rest.read1(len(buffer)) if hasattr(self.rest, "read1") else self.rest.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)


def standard_input(wanted: str | None) -> tuple[str, IO[bytes]]:
    """The format of standard input, and its bytes from the first one.

    Raises:
        InvalidArgumentError: It is a terminal, or a format that cannot be read from a pipe.
    """
    if sys.stdin is None or sys.stdin.isatty():
        raise InvalidArgumentError(
            "standard input: expected a pipe or a file, got a terminal: COMMAND | nearfile ... -"
        )
    raw = sys.stdin.buffer
    head = raw.read(4096)
    if wanted is not None:
        arguments.one_of("--format", wanted, FORMATS)
    found = wanted or begins(head, STDIN)
    if found not in STREAMED:
        raise InvalidArgumentError(
            f"standard input: expected one of {', '.join(STREAMED)}, got {found}, which is not read from its beginning to"
            " its end: write it to a file first, and give that"
        )
    return found, cast(IO[bytes], io.BufferedReader(Rejoined(head, raw), 1 << 20))
