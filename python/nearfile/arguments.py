"""Checks the single values that users pass: counts, seeds, names and paths."""

from __future__ import annotations

import errno
import operator
import os
from typing import Any, Union, cast

import numpy as np

from nearfile import _core
from nearfile.errors import FileError, InvalidArgumentError, MissingFileError

PathLike = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]

MAX_THREADS = 1024


def integer(name: str, value: object) -> int:
    """``value`` as an int, for Python's and NumPy's integers alike; a bool is none."""
    if not isinstance(value, (bool, np.bool_)):
        try:
            return operator.index(cast(Any, value))
        except TypeError:
            pass
    raise TypeError(f"{name}: expected a whole number, got {value!r} ({type(value).__name__})")


def between(name: str, value: object, least: int, most: int) -> int:
    """``value`` as an int from ``least`` to ``most``."""
    number = value if type(value) is int else integer(name, value)
    if not least <= number <= most:
        raise InvalidArgumentError(f"{name}: expected a whole number from {least} to {most}, got {number}")
    return number


def neighbors(value: object) -> int:
    """``k``: from 1; more than there can be items asks for them all."""
    return min(between("k", value, 1, 1 << 63), _core.max_count)


def candidates(value: object) -> int:
    """``search_k`` as the core takes it: 0 for its own choice."""
    return 0 if value is None else between("search_k", value, 1, 1 << 63)


def threads(value: object, default: int) -> int:
    """``threads`` as the core takes it, with ``default`` for None: 0 is every core."""
    return default if value is None else between("threads", value, 1, MAX_THREADS)


def trees(value: object) -> int:
    """``n_trees`` as the core takes it: 0 for its own choice."""
    return 0 if value is None else between("n_trees", value, 1, _core.max_trees)


def seed(value: object) -> int:
    """``seed``, any unsigned 64-bit number."""
    return between("seed", value, 0, (1 << 64) - 1)


def dim(value: object) -> int:
    """``dim``, the length of a vector."""
    return between("dim", value, 1, _core.max_dim)


def name(what: str, value: object) -> str:
    """A name from a list that the core knows and checks, such as a metric."""
    if not isinstance(value, str):
        raise TypeError(f"{what}: expected a name as str, got {value!r} ({type(value).__name__})")
    return value


def path(value: PathLike) -> str:
    """A path made absolute, so that it stays right when the process changes its folder."""
    try:
        decoded = os.fsdecode(value)
    except TypeError:
        kind = type(value).__name__
        raise TypeError(f"path: expected a str, bytes or os.PathLike, got {value!r} ({kind})") from None
    if not decoded or "\0" in decoded:
        raise InvalidArgumentError(f"path: expected the path of a file, got {value!r}")
    return os.path.abspath(decoded)


def path_bytes(absolute: str) -> bytes:
    """A path as the operating system takes it, and as the core does."""
    return os.fsencode(absolute)


def path_to_write(value: PathLike | None) -> str | None:
    """A path that can be written to as far as can be told now, and not only after a long build; None for none."""
    if value is None:
        return None
    target = path(value)
    folder = os.path.dirname(target)
    if not os.path.isdir(folder):
        raise MissingFileError(
            errno.ENOENT, f"{target}: expected a folder that exists, got {folder}: make it first", target
        )
    if os.path.isdir(target):
        raise FileError(errno.EISDIR, f"{target}: expected the path of a file, got a folder: add a file name", target)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FileError(errno.EACCES, f"{target}: expected a folder that can be written to, got {folder}", target)
    return target
