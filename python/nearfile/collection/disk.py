"""Every system call by which a collection writes: whoever wants to see one fail has them all here.

Segments are the exception: the core writes them, as it writes every index, to a hidden name that is synced and renamed.

An error of the system becomes a :class:`nearfile.FileError` that names the file and what was tried.
"""

from __future__ import annotations

import contextlib
import errno
import sys
import time
from collections.abc import Iterator
from typing import Any, BinaryIO, Callable

from nearfile.errors import BadFileError, FileError, MissingFileError

if sys.platform == "win32":  # the same calls, where Windows has other ones or none
    import nearfile.collection.windows as os

    _opener: Callable[[str, int], int] | None = os.open
else:
    import fcntl
    import os

    _opener = None

# What a folder answers that cannot be synced; the files in it are.
_NO_SYNC_OF_FOLDERS = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EBADF, errno.EROFS}

_ADVICE = {
    errno.ENOSPC: ": free some space",
    errno.EDQUOT: ": raise the quota",
    errno.EFBIG: ": raise the limit of file sizes (ulimit -f)",
    errno.EACCES: ": check the permissions of the folder",
    errno.EROFS: ": the file system can only be read",
}


@contextlib.contextmanager
def telling(what: str, path: str) -> Iterator[None]:
    """What the system refuses, in words: ``cannot write '/items/MANIFEST': No space left on device: ...``."""
    try:
        yield
    except FileError:
        raise
    except OSError as error:
        code = error.errno or 0
        kind = MissingFileError if isinstance(error, FileNotFoundError) else FileError
        raise kind(error.errno, f"cannot {what} {path!r}: {os.strerror(code)}{_ADVICE.get(code, '')}", path) from None


def write_all(descriptor: int, data: bytes | memoryview, offset: int) -> None:
    """All of ``data`` at ``offset``; the system may take it in pieces."""
    left = memoryview(data)
    while len(left):
        written = os.pwrite(descriptor, left[: 1 << 30], offset)
        left = left[written:]
        offset += written


def sync(descriptor: int) -> None:
    """The bytes and the length of a file reach the disk."""
    if sys.platform != "win32" and hasattr(fcntl, "F_FULLFSYNC"):
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)  # fsync of macOS does not reach the disk
    elif hasattr(os, "fdatasync"):
        os.fdatasync(descriptor)
    else:
        os.fsync(descriptor)


def sync_folder(folder: str) -> None:
    """The names in a folder reach the disk."""
    if sys.platform == "win32":  # NTFS keeps a journal of names, and renames through to the disk where it is told to
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC_OF_FOLDERS:
            raise
    finally:
        os.close(descriptor)


def create(path: str, data: bytes) -> int:
    """A new file with ``data``, synced; open for more. Where that fails it is gone."""
    with telling("write", path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            write_all(descriptor, data, 0)
            sync(descriptor)
        except BaseException:
            os.close(descriptor)
            remove(path)
            raise
        return descriptor


def write_new(path: str, data: bytes) -> None:
    """A new file with ``data``, synced."""
    os.close(create(path, data))


def replace(path: str, data: bytes, also_as: str) -> None:
    """What is at ``path`` becomes ``data`` for whoever opens it from now on, and stays so over a power cut.

    The file has a second name too, ``also_as``, which it keeps when ``path`` is replaced again. What has that name already
    was never published.
    """
    folder, name = os.path.split(path)
    hidden = os.path.join(folder, f".{name}.{os.getpid()}.tmp")
    with telling("write", path):
        for left in (also_as, hidden):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(left)
        write_new(also_as, data)
        try:
            sync_folder(folder)  # what the new one names is there before it is
            try:
                os.link(
                    also_as, hidden
                )  # which is there for a moment, so that copies of the folder seldom come across it
            except (PermissionError, NotImplementedError):
                write_new(hidden, data)
            os.replace(hidden, path)
        except BaseException:
            remove(hidden)
            remove(also_as)
            raise
        sync_folder(folder)


def cut(descriptor: int, length: int) -> None:
    """What is behind ``length`` is gone."""
    os.ftruncate(descriptor, length)


def remove(path: str) -> None:
    """A file that nobody needs is gone, or stays where it cannot be removed; the next clean-up tries again."""
    with contextlib.suppress(OSError):
        os.unlink(path)


def touch(path: str) -> None:
    """The file was last needed now."""
    with contextlib.suppress(OSError):
        now = time.time()
        os.utime(path, (now, now))


def make_folder(path: str) -> None:
    """A folder that is there afterwards; its parent is there."""
    with telling("make the folder", path):
        try:
            os.mkdir(path)
        except FileExistsError:
            if not os.path.isdir(path):
                raise
            return
        sync_folder(os.path.dirname(path))


def lock(descriptor: int) -> None:
    """An open file is this process's alone, until it is closed or the process ends.

    Raises:
        OSError: ``EWOULDBLOCK`` or ``EACCES`` where another one has it.
    """
    if sys.platform == "win32":
        os.lock(descriptor)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def open_file(path: str, *, created: bool = False) -> int:
    """A file to read and write, no link; one that may be created."""
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    return os.open(path, flags | os.O_CREAT if created else flags, 0o666)


def open_to_read(path: str, **options: Any) -> BinaryIO:
    """As ``open(path, "rb")``; others may replace and remove the file meanwhile."""
    file: BinaryIO = open(path, "rb", opener=_opener, **options)  # noqa: SIM115
    return file


def read_at(descriptor: int, length: int, offset: int) -> bytes:
    """At most ``length`` bytes at ``offset``; one thread at a time asks for those of a file."""
    return os.pread(descriptor, length, offset)


def read(path: str, most: int) -> bytes:
    """A whole file of at most ``most`` bytes."""
    with telling("read", path), open_to_read(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise BadFileError(
            None, f"{path}: expected at most {most} bytes, got more: it is damaged or no such file", path
        )
    return data
