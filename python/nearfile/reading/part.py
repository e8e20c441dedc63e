"""What every format is read as: parts, which are one file or stream each, with columns, that give batches."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nearfile.errors import BadFileError, FileError, InvalidArgumentError, MissingFileError

Array = NDArray[Any]

#: Kinds of columns. What none of these is, is called as its format calls it.
VECTORS = "vectors"  # lists of numbers, or rows of a matrix
INT, FLOAT, BOOL, TEXT, TEXTS, MOMENT = "whole numbers", "floats", "bools", "text", "lists of text", "moments"
NUMBERS = (INT, FLOAT, BOOL)

#: What a batch of vectors takes as float32, about.
BATCH_BYTES = 4 << 20

STDIN = "-"


class Column(NamedTuple):
    """A column: what it is called, what it has, and of vectors their length where the format says it."""

    name: str
    kind: str
    dim: int | None = None


class Chosen(NamedTuple):
    """Which columns are read, by name. A source without columns has ``vectors`` that are empty."""

    vectors: tuple[str, ...]
    ids: str | None
    attributes: tuple[str, ...]

    def names(self) -> list[str]:
        """All of them, each once."""
        return list(dict.fromkeys([*self.vectors, *([] if self.ids is None else [self.ids]), *self.attributes]))


@dataclass(frozen=True)
class Batch:
    """Some rows of a source.

    Attributes:
        vectors: Shape (n, dim), of the dtype that the source has.
        ids: n whole numbers or ``str``; ``None`` where the source was asked for none.
        attributes: A table that ``nearfile.Builder.add`` takes; ``None`` where the source was asked for none.
        path: The file that they are from, ``"-"`` for standard input.
        start: The row of the file that the first of them is, from 0.
        column: What the vectors' column is called in messages; empty where there are no columns.
    """

    vectors: Array
    ids: Any
    attributes: Any
    path: str
    start: int
    column: str = ""

    def __len__(self) -> int:
        """How many rows."""
        return len(self.vectors)


class Part(ABC):
    """One file, or standard input."""

    #: Whether it can be read once only.
    once = False

    #: Memory that its reading takes at the most, in bytes, its library included; what is mapped does not count.
    takes = 0

    def __init__(self, path: str, columns: tuple[Column, ...], count: int | None) -> None:
        self.path = path
        self.columns = columns
        self.count = count

    def column(self, name: str) -> Column:
        """The column of this name.

        Raises:
            InvalidArgumentError: There is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise InvalidArgumentError(f"{told(self.path)}: expected a column {name!r}, got {listed(self.columns)}")

    @abstractmethod
    def dim(self, chosen: Chosen) -> int | None:
        """The length of its vectors; ``None`` where there are none to tell it by."""

    @abstractmethod
    def batches(self, chosen: Chosen, rows: int) -> Iterator[Batch]:
        """All rows, at most ``rows`` at a time."""


def rows_a_batch(dim: int) -> int:
    """How many vectors of this length a batch has at most."""
    return max(1, BATCH_BYTES // (4 * max(1, dim)))


def label(chosen: Chosen) -> str:
    """The columns of the vectors, as messages call them."""
    return "" if not chosen.vectors else chosen.vectors[0] + (f" to {chosen.vectors[-1]}" if chosen.vectors[1:] else "")


def told(path: str) -> str:
    """A file as messages call it."""
    return "standard input" if path == STDIN else path


def place(path: str, row: int, column: str = "", noun: str = "row") -> str:
    """Where something is: file, row from 0, and column."""
    return f"{told(path)}: {noun} {row:,}" + (f", column {column!r}" if column else "")


def listed(columns: tuple[Column, ...]) -> str:
    """All columns with what they have, as messages list them."""
    shown = [f"{each.name} ({each.kind})" for each in columns[:30]]
    return f"{', '.join(shown) or 'none'}{' and more' if len(columns) > 30 else ''}"


def refuse_values(path: str, vectors: Array, start: int, column: str) -> None:
    """Raise of the first value that is not finite, with where it is; nothing where all are."""
    for first in range(0, len(vectors), 4096):
        with np.errstate(over="ignore", invalid="ignore"):
            bad = ~np.isfinite(vectors[first : first + 4096].astype(np.float32))
        if bad.any():
            row, at = np.argwhere(bad)[0]
            value = vectors[first + row, at]
            raise InvalidArgumentError(
                f"{place(path, start + first + int(row), column)}: expected finite numbers, got {value} as number {at}"
                " of the vector: replace it or leave the row out"
            )


@contextlib.contextmanager
def reading(path: str, what: str, *refusals: type[Exception]) -> Iterator[None]:
    """Say of what a library raises in the block which file it is about; ``refusals`` mean that it is no such file."""
    try:
        yield
    except (FileError, InvalidArgumentError):
        raise
    except FileNotFoundError as error:
        raise MissingFileError(error.errno, f"{told(path)}: expected a file, got nothing of that name", path) from None
    except refusals as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BadFileError(None, f"{told(path)}: expected {what}, got: {reason}", path) from None
    except OSError as error:
        reason = error.strerror or " ".join(str(error).split())
        raise FileError(error.errno, f"{told(path)}: expected a file that can be read, got: {reason}", path) from None
