"""What collections ask of Windows, where there is none: its calls, answered by a stand-in that has them done here.

That they are the right ones only Windows can tell; that all which goes by them comes to the same, this does.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import functools
import importlib
import os
import pathlib
import struct
import sys
import types
from collections.abc import Iterator
from typing import Any

import nearfile
import numpy as np
import pytest
from nearfile.collection import disk

if sys.platform != "linux":
    pytest.skip("the stand-in asks /proc for the names of open files", allow_module_level=True)

VECTORS = np.random.default_rng(1).normal(size=(400, 8)).astype(np.float32)
INVALID_PARAMETER, ACCESS_DENIED = 87, 5
SHARE_ALL = 7


class Kernel:
    """Calls of kernel32, done here; a handle is a descriptor. ``rename_fails`` is what its renaming by handle answers."""

    def __init__(self) -> None:
        self.rename_fails = 0
        self.error = 0
        self.moved = 0
        self.CreateFileW = Call(self._create)
        self.CloseHandle = Call(self._close)
        self.MoveFileExW = Call(self._move)
        self.SetFileInformationByHandle = Call(self._set)
        self.GetFileInformationByHandleEx = Call(self._get)

    def _create(self, path: str, access: int, share: int, _: None, how: int, flags: int, __: None) -> int:
        assert share == SHARE_ALL
        wanted = os.O_RDWR if access & 0x40000000 else os.O_RDONLY
        wanted |= {1: os.O_CREAT | os.O_EXCL, 3: 0, 4: os.O_CREAT}[how]
        if flags & 0x00200000 and os.path.islink(path):
            wanted = os.O_PATH | os.O_NOFOLLOW
        try:
            return os.open(path, wanted, 0o666)
        except OSError as error:
            self.error = error.errno or 0
            invalid = ctypes.c_void_p(-1).value
            assert invalid is not None
            return invalid

    def _close(self, handle: int) -> int:
        os.close(handle)
        return 1

    def _move(self, source: str, target: str, flags: int) -> int:
        assert flags == 9
        os.replace(source, target)
        self.moved += 1
        return 1

    def _set(self, handle: int, which: int, request: bytes, size: int) -> int:
        assert (which, size) == (22, len(request))
        flags, length = struct.unpack_from("<I12xI", request)
        assert flags == 3
        if self.rename_fails:
            self.error = self.rename_fails
            return 0
        os.replace(os.readlink(f"/proc/self/fd/{handle}"), request[20 : 20 + length].decode("utf-16-le"))
        return 1

    def _get(self, handle: int, which: int, to: Any, size: int) -> int:
        assert (which, size) == (9, 8)
        is_link = os.path.islink(os.readlink(f"/proc/self/fd/{handle}"))
        ctypes.cast(to, ctypes.POINTER(ctypes.c_uint32))[0] = 0x400 if is_link else 0x80
        return 1


class Call(functools.partial):  # type: ignore[type-arg]
    """A function of a library, which is told what it takes."""


class RefusedError(OSError):
    """As Windows has them: with a number of its own, by which the errno is found."""

    def __init__(self, number: int | None, text: str, path: str, winerror: int = 0) -> None:
        by_windows = errno.EACCES if winerror == ACCESS_DENIED else winerror
        super().__init__(by_windows if number is None else number, text, path)


def locking(descriptor: int, mode: int, length: int) -> None:
    """The byte that is locked is behind all that is written."""
    assert (mode, length) == (2, 1)
    assert os.lseek(descriptor, 0, os.SEEK_CUR) > 1 << 20
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise PermissionError(errno.EACCES, "locked") from None


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    made = Kernel()
    msvcrt = types.SimpleNamespace(open_osfhandle=lambda handle, _: handle, locking=locking, LK_NBLCK=2)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "win32")
        patch.setitem(sys.modules, "msvcrt", msvcrt)  # type: ignore[arg-type]
        patch.setattr(os, "O_NOINHERIT", os.O_CLOEXEC, raising=False)
        patch.setattr(ctypes, "WinDLL", lambda *_, **__: made, raising=False)
        patch.setattr(ctypes, "get_last_error", lambda: made.error, raising=False)
        patch.setattr(ctypes, "FormatError", os.strerror, raising=False)
        windows = importlib.import_module("nearfile.collection.windows")
        patch.setattr(sys, "platform", "linux")
        patch.setattr(windows, "OSError", RefusedError, raising=False)
        patch.setattr(disk, "os", windows)
        patch.setattr(disk, "_opener", windows.open)
        patch.setattr(disk, "sys", types.SimpleNamespace(platform="win32"))
        yield made
    sys.modules.pop("nearfile.collection.windows")
    del nearfile.collection.windows  # type: ignore[attr-defined]


def a_life_of(folder: pathlib.Path) -> None:
    """Written, replaced, refused to a second writer, closed, read again."""
    with nearfile.Collection(folder, 8, background=False, grace=0.0) as items:
        items.add(VECTORS[:200])
        items.flush()
        items.delete(range(0, 200, 3))
        items.add(VECTORS[200:])
        with pytest.raises(nearfile.LockedError, match="process"):
            nearfile.Collection(folder)
        with nearfile.open(folder) as index:
            assert len(index) == len(items)
        items.compact()
    with nearfile.Collection(folder, background=False, grace=0.0) as items:
        items.add(VECTORS[:1])
    with nearfile.open(folder) as index:
        assert len(index) == 400 - 67 + 1
        assert index.search(VECTORS[399], 1)[0][0] == 399


def test_a_collection_lives_by_the_calls_of_windows(kernel: Kernel, tmp_path: pathlib.Path) -> None:
    a_life_of(tmp_path / "items")
    assert kernel.moved == 0


def test_a_file_system_that_replaces_no_open_file_is_asked_the_old_way(kernel: Kernel, tmp_path: pathlib.Path) -> None:
    kernel.rename_fails = INVALID_PARAMETER
    a_life_of(tmp_path / "items")
    assert kernel.moved > 2


def test_what_windows_refuses_is_told_and_changes_nothing(kernel: Kernel, tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "items"
    with nearfile.Collection(folder, 8, background=False) as items:
        items.add(VECTORS[:10])
        items.flush()
        items.add(VECTORS[10:20])
        kernel.rename_fails = ACCESS_DENIED
        with pytest.raises(nearfile.FileError, match=r"cannot write .*MANIFEST") as refused:
            items.flush()
        assert refused.value.errno == errno.EACCES
        assert kernel.moved == 0
        kernel.rename_fails = 0
        items.flush()
    with nearfile.open(folder) as index:
        assert len(index) == 20


@pytest.mark.usefixtures("kernel")
def test_a_link_in_place_of_the_lock_is_refused(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "items"
    nearfile.Collection(folder, 8, background=False).close()
    (folder / "lock").unlink()
    (folder / "lock").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").touch()
    with pytest.raises(nearfile.FileError, match="cannot open"):
        nearfile.Collection(folder, background=False)
