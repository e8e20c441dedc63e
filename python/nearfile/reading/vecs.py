"""The formats of the collections of photo descriptors: .fvecs, .bvecs and .ivecs, each vector behind its length."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from nearfile import _core
from nearfile.errors import BadFileError
from nearfile.reading import formats
from nearfile.reading.arrays import exactly
from nearfile.reading.part import STDIN, Array, Batch, Chosen, Part, place, reading, told

DTYPES: dict[str, np.dtype[Any]] = {"fvecs": np.dtype("<f4"), "bvecs": np.dtype("u1"), "ivecs": np.dtype("<i4")}


class Vecs(Part):
    """Rows of a length in 4 bytes and as many values."""

    takes = 16 << 20

    def __init__(self, path: str, form: str, stream: IO[bytes] | None) -> None:
        self.dtype = DTYPES[form]
        self.stream = stream
        self.once = stream is not None
        with reading(path, f"a .{form} file", EOFError), formats.bytes_of(path, stream) as opened:
            self.first = opened.read(4)
        self.length = int(np.frombuffer(self.first, "<i4")[0]) if len(self.first) == 4 else 0
        if self.first and not 1 <= self.length <= _core.max_dim:
            raise self.bad(path, f"expected a length of 1 to {_core.max_dim} in row 0, got {self.length}")
        self.stride = 4 + self.length * self.dtype.itemsize
        count = None
        if stream is None and not path.endswith(".gz"):
            count, over = divmod(os.path.getsize(path), self.stride) if self.first else (0, 0)
            if over:
                raise self.bad(path, f"expected rows of {self.stride} bytes, got {over} bytes behind the last one")
        super().__init__(path, (), count)

    def dim(self, chosen: Chosen) -> int | None:
        """The length of the first row."""
        return self.length if self.first else None

    def batches(self, chosen: Chosen, rows: int) -> Iterator[Batch]:
        """Rows without the lengths before them, each of which is checked."""
        if not self.first:
            return
        with reading(self.path, "rows of one length", EOFError), formats.bytes_of(self.path, self.stream) as stream:
            start, ahead = 0, self.first if self.once else b""
            while True:
                block = ahead + stream.read(rows * self.stride - len(ahead))
                n, over = divmod(len(block), self.stride)
                if over:
                    more = exactly(stream, self.stride - over)
                    if more is None:
                        raise self.bad(self.path, f"expected {self.stride} bytes in row {start + n}, got {over}")
                    block, n = block + more, n + 1
                if not n:
                    break
                table = np.frombuffer(block, np.uint8).reshape(n, self.stride)
                self.check_lengths(table[:, :4].copy().view("<i4")[:, 0], start)
                yield Batch(table[:, 4:].copy().view(self.dtype), None, None, self.path, start)
                start, ahead = start + n, b""

    def check_lengths(self, lengths: Array, start: int) -> None:
        """Raise where a row is of another length than the first."""
        other = np.flatnonzero(lengths != self.length)
        if len(other):
            row = int(other[0])
            where = place(self.path, start + row)
            raise BadFileError(
                None, f"{where}: expected {self.length} values, as row 0 has, got {lengths[row]}", self.path
            )

    def bad(self, path: str, what: str) -> BadFileError:
        """Of a file that is none of these."""
        return BadFileError(None, f"{told(path)}: {what}: check the format", None if path == STDIN else path)
