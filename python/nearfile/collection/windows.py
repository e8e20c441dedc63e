"""What ``disk.py`` asks of ``os``, where Windows has another call for it or none; all else of ``os`` is here as it is.

Files are opened so that others may rename and remove them meanwhile, and one that is open or mapped is replaced as on other
systems: whoever has it keeps the old one. NTFS does that since Windows 10 1709; where the file system does not, a name that
somebody has open is refused, and a file that nobody needs stays until the next clean-up.
"""

from __future__ import annotations

import ctypes
import errno
import msvcrt
import os
import sys
from typing import Any

assert sys.platform == "win32"

O_CLOEXEC = os.O_NOINHERIT
#: Links are opened as what they are, which is no file.
O_NOFOLLOW = 1 << 30

_READ, _WRITE = 0x80000000, 0x40000000  # GENERIC_*
_DELETE, _SYNCHRONIZE = 0x10000, 0x100000
_SHARE_ALL = 1 | 2 | 4  # to read, to write, to rename and remove
_CREATE_NEW, _OPEN_EXISTING, _OPEN_ALWAYS = 1, 3, 4
_NORMAL, _OPEN_LINK, _WRITE_THROUGH = 0x80, 0x00200000, 0x80000000  # FILE_ATTRIBUTE_* and FILE_FLAG_*
_REPARSE_POINT = 0x400
_TAG_INFO, _RENAME_INFO_EX = 9, 22  # of FILE_INFO_BY_HANDLE_CLASS
_REPLACE_WHILE_OPEN = 1 | 2  # FILE_RENAME_FLAG_REPLACE_IF_EXISTS, _POSIX_SEMANTICS
_MOVE_REPLACE_THROUGH = 1 | 8  # MOVEFILE_REPLACE_EXISTING, _WRITE_THROUGH
_NOT_KNOWN = {1, 50, 87, 120, 124}  # what a file system answers to a call that it has not
_INVALID = ctypes.c_void_p(-1).value
# Far behind what is written: a part that is locked cannot be read by others either.
_LOCKED_BYTE = 1 << 30

_kernel = ctypes.WinDLL("kernel32", use_last_error=True)
_text, _number, _handle = ctypes.c_wchar_p, ctypes.c_uint32, ctypes.c_void_p
_kernel.CreateFileW.argtypes = [_text, _number, _number, _handle, _number, _number, _handle]
_kernel.CreateFileW.restype = _handle
_kernel.CloseHandle.argtypes = [_handle]
_kernel.MoveFileExW.argtypes = [_text, _text, _number]
_kernel.SetFileInformationByHandle.argtypes = [_handle, ctypes.c_int, _handle, _number]
_kernel.GetFileInformationByHandleEx.argtypes = [_handle, ctypes.c_int, _handle, _number]


class _Rename(ctypes.Structure):
    """FILE_RENAME_INFO, before the name."""

    _fields_ = (("flags", _number), ("root", _handle), ("bytes", _number))


def __getattr__(name: str) -> Any:
    return getattr(os, name)


def _error(path: str) -> OSError:
    code = ctypes.get_last_error()
    return OSError(None, ctypes.FormatError(code), path, code)  # which finds its errno by the code


def _opened(path: str, access: int, how: int, flags: int) -> int:
    handle: int = _kernel.CreateFileW(path, access, _SHARE_ALL, None, how, flags, None)
    if handle == _INVALID:
        raise _error(path)
    return handle


def open(path: str, flags: int, mode: int = 0o777) -> int:  # noqa: ARG001
    """As ``os.open``, of files; ``mode`` has no meaning here, as the folder says who may do what."""
    access = _READ | _WRITE if flags & os.O_RDWR else _READ
    how = _CREATE_NEW if flags & os.O_EXCL else _OPEN_ALWAYS if flags & os.O_CREAT else _OPEN_EXISTING
    handle = _opened(path, access, how, _NORMAL | (_OPEN_LINK if flags & O_NOFOLLOW else 0))
    if flags & O_NOFOLLOW:
        attributes_and_tag = (_number * 2)()
        size = ctypes.sizeof(attributes_and_tag)
        known = _kernel.GetFileInformationByHandleEx(handle, _TAG_INFO, ctypes.byref(attributes_and_tag), size)
        if known and attributes_and_tag[0] & _REPARSE_POINT:
            _kernel.CloseHandle(handle)
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
    return msvcrt.open_osfhandle(handle, os.O_NOINHERIT)


def pread(descriptor: int, length: int, offset: int) -> bytes:
    """As ``os.pread``, for one thread at a time."""
    os.lseek(descriptor, offset, os.SEEK_SET)
    return os.read(descriptor, length)


def pwrite(descriptor: int, data: bytes | memoryview, offset: int) -> int:
    """As ``os.pwrite``, for one thread at a time."""
    os.lseek(descriptor, offset, os.SEEK_SET)
    return os.write(descriptor, data)


def lock(descriptor: int) -> None:
    """For this process alone, until the file is closed; ``EACCES`` where another one has it."""
    os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
    msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)


def link(source: str, target: str) -> None:
    """As ``os.link``; ``NotImplementedError`` where the file system has no second names."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.winerror not in _NOT_KNOWN:
            raise
        raise NotImplementedError(str(error)) from None


def replace(source: str, target: str) -> None:
    """As ``os.replace``, through to the disk, also where others have ``target`` open."""
    handle = _opened(source, _DELETE | _SYNCHRONIZE, _OPEN_EXISTING, _WRITE_THROUGH)
    try:
        name = target.encode("utf-16-le", "surrogatepass")
        head = _Rename(_REPLACE_WHILE_OPEN, None, len(name))
        at = _Rename.bytes.offset + _Rename.bytes.size
        request = bytes(head)[:at] + name + bytes(8)
        done = _kernel.SetFileInformationByHandle(handle, _RENAME_INFO_EX, request, len(request))
        if done:
            return
        code = ctypes.get_last_error()
    finally:
        _kernel.CloseHandle(handle)
    if code not in _NOT_KNOWN:
        raise OSError(None, ctypes.FormatError(code), target, code)
    if not _kernel.MoveFileExW(source, target, _MOVE_REPLACE_THROUGH):
        raise _error(target)
