"""The log: what was added and deleted since segments were last written, a record for each call.

A record is a header of 64 bytes, its payload, and zeros up to a multiple of 64. The payload of an *add* is a whole small
nearfile, that of a *delete* is ids. Behind the last record that is on the disk stands a *mark*, a header alone, which the
next record is written over. docs/collections.md describes all of it to the byte.

Which records are there: they are read from the start, up to the first that is not whole. Where something that is whole
lies behind that one, a record or a mark, the log is damaged. Else a writer died while it wrote, and had not returned.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Union

import numpy as np
from numpy.typing import NDArray

from nearfile.collection import disk
from nearfile.errors import BadFileError, FileError

ALIGNMENT = 64
ADD, DELETE, MARK, START = 1, 2, 3, 4
KINDS = {ADD, DELETE, MARK, START}

# magic, kind, crc of the header (with this field 0), crc of the payload, rows, length of the payload, own offset in the
# log, 16 bytes of the log's own name.
_HEADER = struct.Struct("<8sIIIIQQ16s8x")
#: Where the first record of a log is.
FIRST = _HEADER.size
_MAGIC = b"NEARLOG1"
_CRC_AT = 12

Ids = Union[NDArray[np.int64], list[str]]


@dataclass(frozen=True)
class Record:
    """One that is whole."""

    kind: int
    rows: int  # items that it adds, or ids that it deletes
    payload: bytes
    start: int
    end: int


def padded(length: int) -> int:
    """``length`` up to the next multiple of 64."""
    return -(-length // ALIGNMENT) * ALIGNMENT


def tag_of(path: str) -> bytes:
    """What ties records to their log: the 16 digits of its name."""
    return os.path.basename(path)[len("log-") : -len(".log")].encode()[:16]


def header(kind: int, payload: bytes, rows: int, offset: int, tag: bytes) -> bytes:
    """That of a record at ``offset``."""
    crc = zlib.crc32(payload)
    blank = _HEADER.pack(_MAGIC, kind, 0, crc, rows, len(payload), offset, tag)
    return blank[:_CRC_AT] + struct.pack("<I", zlib.crc32(blank)) + blank[_CRC_AT + 4 :]


def record(kind: int, payload: bytes, rows: int, offset: int, tag: bytes) -> bytes:
    """All bytes of a record at ``offset``."""
    return header(kind, payload, rows, offset, tag) + payload + bytes(padded(len(payload)) - len(payload))


def ids_to_bytes(ids: Ids) -> bytes:
    """The payload of a delete."""
    if isinstance(ids, list):
        return b"s" + json.dumps(ids).encode()
    return b"i" + ids.astype("<i8").tobytes()


def ids_of(payload: bytes) -> Ids:
    """The ids of a delete; ``ValueError`` where these are none."""
    if payload[:1] == b"s":
        names = json.loads(payload[1:])
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            return names
    elif payload[:1] == b"i":
        return np.frombuffer(payload, "<i8", offset=1).astype(np.int64)
    raise ValueError("no ids")


class Log:
    """One that is written: the only one that appends to it holds the collection's lock.

    After an error nothing more is appended (``is_whole`` is false): the writer goes on in a new log.
    """

    def __init__(self, descriptor: int, path: str, end: int) -> None:
        self.path = path
        self.end = end
        self.is_whole = True
        self._descriptor = descriptor
        self._tag = tag_of(path)

    @classmethod
    def create(cls, path: str) -> Log:
        """A new one, synced."""
        start = header(START, b"", 0, 0, tag_of(path))
        return cls(disk.create(path, start), path, len(start))

    @classmethod
    def open(cls, path: str) -> Log:
        """One that is there, without what a writer that died left at its end.

        Raises:
            BadFileError: It is damaged.
        """
        with disk.telling("open", path):
            descriptor = disk.open_file(path)
        try:
            end = Scan(path, 0)
            for _ in end.records():
                pass
            log = cls(descriptor, path, end.offset)
            with disk.telling("write", path):
                if os.fstat(descriptor).st_size > log.end:
                    disk.cut(descriptor, log.end)
                disk.sync(descriptor)  # what was whole but not known to be on the disk
                log._mark()
        except BaseException:
            os.close(descriptor)
            raise
        return log

    def append(self, kind: int, payload: bytes, rows: int) -> None:
        """Add a record, which is on the disk on return; where that fails, it is not there.

        Raises:
            FileError: The system refused. Nothing was added, unless the message says that this is not known.
        """
        if not self.is_whole:
            raise FileError(None, f"{self.path}: expected a log without an error before: begin a new one", self.path)
        data = record(kind, payload, rows, self.end, self._tag)
        self.is_whole = False
        try:
            with disk.telling("write", self.path):
                disk.write_all(self._descriptor, data, self.end)
                disk.sync(self._descriptor)
        except BaseException as error:
            self._take_back(error)
            raise
        self.is_whole = True
        self.end += len(data)
        self._mark()

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)

    def _mark(self) -> None:
        # Says that what is before it is on the disk. It need not be there itself, so nothing waits for it.
        try:
            disk.write_all(self._descriptor, header(MARK, b"", 0, self.end, self._tag), self.end)
        except OSError:
            self.is_whole = False

    def _take_back(self, error: BaseException) -> None:
        try:
            disk.cut(self._descriptor, self.end)
        except OSError:
            raise FileError(
                None,
                f"{self.path}: could neither write nor take back what was written ({error}): whether it is there is known"
                " when the collection is opened again; check the disk",
                self.path,
            ) from error


@dataclass
class Scan:
    """Reads records, from an offset at which one begins, and stands behind the last whole one."""

    path: str
    offset: int
    end: int | None = None  # where the part to be read ends; None: wherever the log does
    size: int = 0  # of the file when it was last looked at

    def records(self) -> Iterator[Record]:
        """Those from ``offset`` on, which moves on.

        Raises:
            BadFileError: One is damaged, or the log is shorter than was published.
            MissingFileError: There is no such log.
        """
        with disk.telling("read", self.path), disk.open_to_read(self.path, buffering=0) as file:
            self.size = os.fstat(file.fileno()).st_size
            limit = self.size if self.end is None else self.end
            if self.size < max(limit, self.offset, FIRST):
                limit = max(limit, self.offset, FIRST)
                raise self._damaged(self.size, f"expected {limit} bytes, which were there once, got {self.size}")
            while self.offset < limit:
                found = self._next(file.fileno(), limit)
                if found is None or found.kind == MARK:
                    if self.end is not None:
                        raise self._damaged(self.offset, "expected a record")
                    if found is None:
                        self._check_that_nothing_follows(file.fileno())
                    return
                self.offset = found.end
                if found.kind != START:
                    yield found

    def _next(self, descriptor: int, limit: int) -> Record | None:
        """The record at ``offset``, None where there is none that is whole."""
        head = self._header(disk.read_at(descriptor, _HEADER.size, self.offset), self.offset)
        if head is None:
            return None
        kind, crc, rows, length = head
        end = self.offset + _HEADER.size + padded(length)
        if end > limit or (kind == START) != (self.offset == 0):
            return None
        payload = _read(descriptor, length, self.offset + _HEADER.size)
        if len(payload) != length or zlib.crc32(payload) != crc:
            return None
        return Record(kind, rows, payload, self.offset, end)

    def _header(self, data: bytes, offset: int) -> tuple[int, int, int, int] | None:
        if len(data) < _HEADER.size:
            return None
        magic, kind, own, crc, rows, length, place, tag = _HEADER.unpack(data)
        blank = data[:_CRC_AT] + bytes(4) + data[_CRC_AT + 4 :]
        if magic != _MAGIC or own != zlib.crc32(blank) or place != offset or tag != tag_of(self.path):
            return None
        return (kind, crc, rows, length) if kind in KINDS else None

    def _check_that_nothing_follows(self, descriptor: int) -> None:
        """Raise where a header lies behind ``offset`` that is whole."""
        if self.offset == 0 and self.size >= _HEADER.size:
            raise self._damaged(0, "expected the start of a log")
        step = 1 << 22
        for start in range(self.offset, self.size, step):
            data = _read(descriptor, step + _HEADER.size, start)
            at = data.find(_MAGIC)
            while 0 <= at < step:
                place = start + at
                if place != self.offset and self._header(data[at : at + _HEADER.size], place) is not None:
                    # A writer that is at work may have made it whole meanwhile.
                    if self._next(descriptor, os.fstat(descriptor).st_size) is None:
                        raise self._damaged(self.offset, f"expected a whole record before that at byte {place}")
                    return
                at = data.find(_MAGIC, at + 1)

    def _damaged(self, offset: int, what: str) -> BadFileError:
        return BadFileError(
            None, f"{self.path}: byte {offset}: {what}: the log is damaged; restore the folder from a copy", self.path
        )


def _read(descriptor: int, length: int, offset: int) -> bytes:
    """So many bytes, or as many as there are."""
    parts: list[bytes] = []
    while length > 0:
        part = disk.read_at(descriptor, min(length, 1 << 30), offset)
        if not part:
            break
        parts.append(part)
        offset += len(part)
        length -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
