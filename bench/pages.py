"""Files in the page cache: how much there is, out of it, and back in."""

from __future__ import annotations

import os
from pathlib import Path

BLOCK = 1 << 22
HOLE = 1 << 16
SAMPLES = 16


def files(folder: Path) -> list[Path]:
    """Every file below a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def size(folder: Path) -> int:
    """The bytes of all files below a folder, without their holes."""
    return sum(_data(path) for path in files(folder))


def _data(path: Path) -> int:
    """The bytes of a file that are not in holes, as far as its file system knows them."""
    length = path.stat().st_size
    if not hasattr(os, "SEEK_DATA"):
        return length
    found = end = 0
    with path.open("rb", buffering=0) as file:
        while end < length:
            try:
                start = os.lseek(file.fileno(), end, os.SEEK_DATA)
            except OSError:  # nothing but a hole is left
                break
            end = os.lseek(file.fileno(), start, os.SEEK_HOLE)
            found += end - start
    return found


def dig_holes(path: Path) -> None:
    """Write a file again with nothing where whole blocks of it are zeros. It reads as before."""
    thin = path.with_name(f"{path.name}.thin")
    with path.open("rb") as whole, thin.open("wb") as file:
        while block := whole.read(HOLE):
            if block.count(0) == len(block):
                file.seek(len(block), os.SEEK_CUR)
            else:
                file.write(block)
        file.truncate(whole.tell())
    thin.replace(path)


def fetch(folder: Path) -> str:
    """Read every file once, so that it lies in the page cache: "warm"."""
    for path in files(folder):
        with path.open("rb", buffering=0) as file:
            while file.read(BLOCK):
                pass
    return "warm"


def drop(folder: Path) -> str:
    """Ask the system to drop every file from the page cache; "cold" where it did.

    "kept" where some of it is still there (another process maps it, or the file system keeps it), "unknown" where the system
    cannot be asked.
    """
    if not hasattr(os, "posix_fadvise"):
        return "unknown"
    states = {drop_file(path) for path in files(folder)}
    return next((state for state in ("unknown", "kept") if state in states), "cold")


def drop_file(path: Path) -> str:
    """The same of one file."""
    if not hasattr(os, "posix_fadvise"):
        return "unknown"
    with path.open("rb", buffering=0) as file:
        os.fsync(file.fileno())  # only clean pages are dropped
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return _state(file.fileno(), path.stat().st_size)


def _state(file: int, length: int) -> str:
    """Whether bytes all over the file can be had without waiting for the disk."""
    if not hasattr(os, "RWF_NOWAIT"):
        return "unknown"
    for place in range(0, length, max(1, length // SAMPLES)):
        try:
            os.preadv(file, [bytearray(1)], place, os.RWF_NOWAIT)
        except BlockingIOError:
            continue
        except OSError:
            return "unknown"
        return "kept"
    return "cold"
