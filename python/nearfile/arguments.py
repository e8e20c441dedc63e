"""Checks the single values that users pass: counts, seeds, names and paths."""

from __future__ import annotations

import errno
import operator
import os
import re
from typing import Any, Union, cast

import numpy as np

from nearfile import _core
from nearfile.errors import FileError, InvalidArgumentError, MissingFileError

PathLike = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]

MAX_THREADS = 1024

STRUCTURES = ("graph", "forest")
PROFILES = ("compact", "balanced", "fast")
KEEPS = ("exact", "half", "none")

#: What is built where nothing else is asked for.
DEFAULT_STRUCTURE = "graph"
DEFAULT_PROFILE = "balanced"
DEFAULT_KEEP = "exact"


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


def candidates(value: object, structure: str) -> int:
    """``search_k`` as the core takes it: 0 for its own choice."""
    if value is None:
        return 0
    if structure != "forest":
        raise InvalidArgumentError(
            f"search_k: expected a search of a forest, got one of a {structure}: give effort or recall in its place,"
            " or build with structure='forest'"
        )
    return between("search_k", value, 1, 1 << 63)


def steps(effort: object, recall: object, structure: str) -> tuple[int, float]:
    """``effort`` and ``recall`` as the core takes them: 0 for what was not given."""
    if effort is None and recall is None:
        return 0, 0.0
    name, value = ("recall", recall) if effort is None else ("effort", effort)
    if structure != "graph":
        raise InvalidArgumentError(
            f"{name}: expected a search of a graph, got one of a {structure}: give search_k in its place,"
            " or build with structure='graph'"
        )
    if effort is None:
        return 0, share(name, value)
    if recall is not None:
        raise InvalidArgumentError(
            f"effort, recall: expected one of them, got effort={effort!r} and recall={recall!r}: leave one out"
        )
    return min(between(name, value, 1, 1 << 63), _core.max_count), 0.0


def prefault(value: object) -> str:
    """``prefault`` as the core takes it."""
    if isinstance(value, str):
        if value == "hot":
            return value
        raise InvalidArgumentError(f"prefault: expected True, False or 'hot', got {value!r}")
    return "all" if value else "none"


def number(name: str, value: object) -> float:
    """``value`` as a float, for Python's and NumPy's numbers alike; a bool is none."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name}: expected a number, got {value!r} ({type(value).__name__})")
    return float(value)


def share(name: str, value: object) -> float:
    """``value`` as a float above 0 and up to 1."""
    part = number(name, value)
    if not 0 < part <= 1:
        raise InvalidArgumentError(f"{name}: expected a number above 0 and up to 1, got {part}")
    return part


def threads(value: object, default: int) -> int:
    """``threads`` as the core takes it, with ``default`` for None: 0 is every core."""
    return default if value is None else between("threads", value, 1, MAX_THREADS)


def trees(value: object) -> int:
    """``n_trees`` as the core takes it: 0 for its own choice."""
    return 0 if value is None else between("n_trees", value, 1, _core.max_trees)


_UNITS = {
    "": 1,
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KIB": 1 << 10,
    "MIB": 1 << 20,
    "GIB": 1 << 30,
    "TIB": 1 << 40,
}


def memory(value: object) -> int | None:
    """``memory`` in bytes: a whole number of them, or text such as ``"2GiB"`` and ``"500MB"``; None for no limit."""
    if value is None:
        return None
    if not isinstance(value, str):
        return between("memory", value, 1, (1 << 63) - 1)
    found = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([a-zA-Z]*)\s*", value)
    unit = None if found is None else _UNITS.get(found[2].upper())
    size = 0 if found is None or unit is None else int(float(found[1]) * unit)
    if not 1 <= size < 1 << 63:
        raise InvalidArgumentError(f"memory: expected bytes as a whole number, or as '2GiB' or '500MB', got {value!r}")
    return size


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


def one_of(what: str, value: object, known: tuple[str, ...]) -> str:
    """A name from ``known``."""
    if name(what, value) not in known:
        raise InvalidArgumentError(f"{what}: expected one of {', '.join(map(repr, known))}, got {value!r}")
    return str(value)


def kinds(structure: object, profile: object, keep: object) -> tuple[str, str, str]:
    """``structure``, ``profile`` and ``keep`` of a build; the last two are choices of a graph."""
    wanted = one_of("structure", DEFAULT_STRUCTURE if structure is None else structure, STRUCTURES)
    made_for = one_of("profile", profile, PROFILES)
    kept = one_of("keep", keep, KEEPS)
    if wanted == "forest" and (made_for, kept) != (DEFAULT_PROFILE, DEFAULT_KEEP):
        what, chosen = ("profile", made_for) if made_for != DEFAULT_PROFILE else ("keep", kept)
        raise InvalidArgumentError(
            f"{what}: expected structure='graph' for {chosen!r}, got structure='forest': leave {what} out"
        )
    return wanted, made_for, kept


def path(value: PathLike) -> str:
    """A path made absolute, so that it stays right when the process changes its folder; ``~`` is the user's own."""
    try:
        decoded = os.fsdecode(value)
    except TypeError:
        kind = type(value).__name__
        raise TypeError(f"path: expected a str, bytes or os.PathLike, got {value!r} ({kind})") from None
    if not decoded or "\0" in decoded:
        raise InvalidArgumentError(f"path: expected the path of a file, got {value!r}")
    absolute = os.path.abspath(os.path.expanduser(decoded))
    is_folder = decoded.endswith((os.sep, os.altsep or os.sep))
    return os.path.join(absolute, "") if is_folder else absolute  # which no file is called


def path_bytes(absolute: str) -> bytes:
    """A path as the operating system takes it, and as the core does."""
    return os.fsencode(absolute)


def path_to_write(value: PathLike | None) -> str | None:
    """A path that can be written to as far as can be told now, and not only after a long build; None for none."""
    if value is None:
        return None
    target = path(value)
    if target.endswith(os.sep):
        raise FileError(errno.EISDIR, f"{target}: expected the path of a file, got a folder: add a file name", target)
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
