"""One writer: a lock that the kernel lets go of when its process ends, however it ends."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import weakref

from nearfile.collection import disk, names
from nearfile.errors import ClosedError, FileError, LockedError

_held: weakref.WeakSet[Lock] = weakref.WeakSet()


class Lock:
    """Held from the start to :meth:`release`, by this process alone: a forked child does not hold it.

    Raises:
        LockedError: Somebody else holds it; the message says who.
        FileError: The folder cannot be written to.
    """

    def __init__(self, folder: str) -> None:
        self.path = os.path.join(folder, names.LOCK)
        self._process = os.getpid()
        self._descriptor = -1
        with disk.telling("open", self.path):
            self._descriptor = disk.open_file(self.path, created=True)
        try:
            disk.lock(self._descriptor)
        except OSError as error:
            holder = disk.read_at(self._descriptor, 200, 0).decode("utf-8", "replace").strip() or "another one"
            self._close()
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise FileError(error.errno, f"cannot lock {self.path!r}: {error.strerror}", self.path) from None
            raise LockedError(
                errno.EWOULDBLOCK,
                f"{folder}: expected to be its only writer, got {holder}, which writes to it: close() that one, or"
                " nearfile.open() to read",
                folder,
            ) from None
        text = f"process {self._process} on {socket.gethostname()}\n".encode()
        with contextlib.suppress(OSError):  # it is for people
            disk.cut(self._descriptor, 0)
            disk.write_all(self._descriptor, text, 0)
        _held.add(self)

    def check(self) -> None:
        """Raise where this is not, or no longer, the one who may write."""
        if self._descriptor < 0 or self._process != os.getpid():
            raise ClosedError(
                "expected an open collection of this process, got one that was closed or that a fork brought here: open it"
                " again to use it"
            )
        try:
            there = os.stat(self.path)
        except OSError:
            there = None
        own = os.fstat(self._descriptor)
        if there is None or (there.st_dev, there.st_ino) != (own.st_dev, own.st_ino):
            raise FileError(
                errno.ESTALE,
                f"{os.path.dirname(self.path)}: expected the folder that was opened, got another one in its place, or none:"
                " open it again",
                self.path,
            )

    def release(self) -> None:
        """Let another one write."""
        _held.discard(self)
        self._close()

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _forked() -> None:
    # The lock is its parent's. Closed here, it ends with the parent.
    for lock in list(_held):
        lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
