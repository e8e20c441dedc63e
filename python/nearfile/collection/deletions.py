"""Files of deleted rows: which rows of a segment are no items any more."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from nearfile.collection import disk
from nearfile.errors import BadFileError

# magic, crc of all else, rows of the segment, deleted rows, fingerprint of the segment; then u32 rows, ascending.
_HEADER = struct.Struct("<8sIIIIQ")
_MAGIC = b"NEARDEAD"
_CRC_AT = 8

Rows = NDArray[np.int64]


def to_bytes(rows: Rows, count: int, fingerprint: str) -> bytes:
    """The file of ``rows``, which are ascending, of a segment of ``count`` rows."""
    body = _HEADER.pack(_MAGIC, 0, count, len(rows), 0, int(fingerprint, 16)) + rows.astype("<u4").tobytes()
    return body[:_CRC_AT] + struct.pack("<I", zlib.crc32(body)) + body[_CRC_AT + 4 :]


def read(path: str, n_deleted: int, count: int, fingerprint: str) -> Rows:
    """The rows in a file, which the manifest says are ``n_deleted`` of ``count``.

    Raises:
        BadFileError: The file is damaged, or that of another segment.
        MissingFileError: There is no such file.
    """
    data = disk.read(path, _HEADER.size + 4 * n_deleted)

    def damaged(what: str) -> BadFileError:
        return BadFileError(None, f"{path}: {what}: the file is damaged; restore the folder from a copy", path)

    if len(data) != _HEADER.size + 4 * n_deleted:
        raise damaged(f"expected {_HEADER.size + 4 * n_deleted} bytes, got {len(data)}")
    magic, crc, rows_of_segment, n_rows, _, segment = _HEADER.unpack_from(data)
    blank = data[:_CRC_AT] + bytes(4) + data[_CRC_AT + 4 :]
    if magic != _MAGIC or crc != zlib.crc32(blank):
        raise damaged("expected deleted rows and their checksum")
    if (rows_of_segment, n_rows, segment) != (count, n_deleted, int(fingerprint, 16)):
        raise damaged(f"expected {n_deleted} rows of segment {fingerprint}, got {n_rows} of {segment:016x}")
    rows = np.frombuffer(data, "<u4", offset=_HEADER.size).astype(np.int64)
    if n_rows and (rows[-1] >= count or (rows[1:] <= rows[:-1]).any()):
        raise damaged(f"expected ascending rows below {count}")
    return rows
