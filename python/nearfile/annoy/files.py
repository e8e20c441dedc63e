"""The paths that an AnnoyIndex takes, and Annoy's errors for them."""

from __future__ import annotations

import errno
import os

from nearfile import arguments
from nearfile.annoy import readers
from nearfile.arguments import PathLike
from nearfile.errors import BadFileError, FileError, MissingFileError


def cannot_open(number: int, path: str) -> FileError:
    """Annoy's error for a file, with ``errno`` and ``filename``."""
    kind = MissingFileError if number == errno.ENOENT else FileError
    return kind(number, f"Unable to open: {os.strerror(number)} ({number})", path)


def absolute_path(fn: PathLike) -> str:
    """A path made absolute; what is no path is a TypeError, and an empty one a missing file."""
    if os.fspath(fn) in ("", b""):
        raise cannot_open(errno.ENOENT, "")
    return arguments.path(fn)


def path_to_write(fn: PathLike) -> str:
    """A path that can be written to, as far as can be told now."""
    path = absolute_path(fn)
    try:
        arguments.path_to_write(path)
    except FileError as error:
        raise cannot_open(error.errno or errno.EIO, path) from None
    # Renaming onto a device or a pipe would put a file in its place.
    if os.path.exists(path) and not os.path.isfile(path):
        raise cannot_open(errno.EINVAL, path)
    return path


def existing_path(fn: PathLike) -> str:
    """The path of a file that can be read and is not empty."""
    path = absolute_path(fn)
    try:
        size = os.stat(path).st_size
        if os.path.isdir(path):
            raise cannot_open(errno.EISDIR, path)
    except FileError:
        raise
    except OSError as error:
        raise cannot_open(error.errno or errno.EIO, path) from None
    if size == 0:
        raise BadFileError(None, f"Size of file is zero: {path}", path)
    return path


def starts_as_nearfile(path: str) -> bool:
    """Whether the file says that it is an index of nearfile."""
    try:
        with open(path, "rb") as file:
            return file.read(len(readers.MAGIC)) == readers.MAGIC
    except OSError as error:
        raise cannot_open(error.errno or errno.EIO, path) from None
