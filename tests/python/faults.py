"""Stand-ins for ``os`` where a collection writes: one fails at a call, one knows what a power cut would leave."""

from __future__ import annotations

import os
import pathlib
from typing import Any, Callable

#: What changes a file or a folder, or has it reach the disk.
WRITING = {"open", "pwrite", "fsync", "fdatasync", "replace", "link", "unlink", "ftruncate", "utime", "mkdir"}


class Failing:
    """Fails at call number ``at`` of those that write, and at all that follow where it is ``lasting``.

    A write that fails has written the half of it before.
    """

    def __init__(self, at: int, code: int, *, lasting: bool) -> None:
        self.left = at
        self.failed = 0
        self._code = code
        self._lasting = lasting

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in WRITING:
            return real

        def call(*arguments: Any, **options: Any) -> Any:
            self.left -= 1
            if self.left == 0 or (self._lasting and self.left < 0):
                self.failed += 1
                if name == "pwrite":
                    real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2], arguments[2])
                raise OSError(self._code, os.strerror(self._code))
            return real(*arguments, **options)

        return call


class Remembering:
    """Lets all through, and calls ``look`` after each call that writes; knows what is on the disk of ``folder``.

    A name is there, or gone, once its folder was synced; the bytes of a file are those of its last sync. Segments, which
    the core writes and syncs before it returns, are there as they are.
    """

    def __init__(self, folder: pathlib.Path, look: Callable[[], None]) -> None:
        self.folder = folder
        self._look = look
        self._bytes: dict[int, bytes] = {}
        self._names: dict[str, int] = {}
        for path in folder.iterdir():
            self._bytes[path.stat().st_ino] = path.read_bytes()
        self._remember_names()

    def _remember_names(self) -> None:
        self._names = {path.name: path.stat().st_ino for path in self.folder.iterdir()}

    def leave_in(self, target: pathlib.Path, *, renamed: bool) -> None:
        """What a power cut would leave now; with ``renamed`` the manifest is what it was made before its folder was synced."""
        target.mkdir()
        names = dict(self._names)
        if renamed:
            names["MANIFEST"] = (self.folder / "MANIFEST").stat().st_ino
        for name, inode in names.items():
            if not name.endswith(".near"):
                (target / name).write_bytes(self._bytes.get(inode, b""))
        for path in self.folder.glob("segment-*.near"):
            (target / path.name).write_bytes(path.read_bytes())

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in WRITING:
            return real

        def call(*arguments: Any, **options: Any) -> Any:
            result = real(*arguments, **options)
            if name in ("fsync", "fdatasync"):
                path = os.readlink(f"/proc/self/fd/{arguments[0]}")
                if os.path.isdir(path):
                    self._remember_names()
                else:
                    size = os.fstat(arguments[0]).st_size
                    self._bytes[os.fstat(arguments[0]).st_ino] = os.pread(arguments[0], size, 0)
            self._look()
            return result

        return call
