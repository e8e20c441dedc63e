"""Listening sockets: one that all workers accept from, so that what waits in it outlives any of them."""

from __future__ import annotations

import errno
import os
import socket
import stat
import time
from typing import Any

from nearfile.errors import FileError, InvalidArgumentError
from nearfile.serve.board import Board

BACKLOG = 2048

# How long a worker leaves a connection to one that has fewer, in seconds.
_PATIENCE = 0.005


class SharedSocket(socket.socket):
    """A listening socket of several workers, of which the one with the fewest connections accepts.

    asyncio accepts whatever waits, all at once, so the first worker to wake would have all of a burst of connections
    for as long as these are kept alive. This one accepts a single connection a turn, and none for a moment while
    another worker has fewer: to a loop it looks as if another one had been quicker.
    """

    board: Board
    worker: int

    def __init__(self, file: int, board: Board, worker: int) -> None:
        super().__init__(fileno=file)
        self.setblocking(False)
        self.board, self.worker = board, worker
        self._accepted = False
        self._since: float | None = None

    def accept(self) -> tuple[socket.socket, Any]:
        """See :meth:`socket.socket.accept`; where it is another worker's turn, BlockingIOError."""
        if self._accepted or self._is_anothers():
            self._accepted = False
            raise BlockingIOError
        accepted = super().accept()
        self._accepted, self._since = True, None
        self.board[self.worker].add("connections")
        return accepted

    def _is_anothers(self) -> bool:
        own = self.board[self.worker]["connections"]
        fewest = min((n for row in self.board.rows if (n := row["connections"]) >= 0), default=own)
        if fewest >= own:
            return False
        now = time.monotonic()
        if self._since is None or now - self._since > 10 * _PATIENCE:
            self._since = now
        return now - self._since < _PATIENCE


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there.

    Raises:
        FileError: The system refused: the port is taken, or the host is none of this machine's.
    """
    try:
        kind = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        made = socket.socket(kind, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if kind == socket.AF_INET6 and host == "::":
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.bind((host, port))
    except (OSError, OverflowError) as error:
        number = error.errno if isinstance(error, OSError) else None
        reason = os.strerror(number) if number is not None and number > 0 else str(error)
        message = f"{host}:{port}: expected a host and port to listen at, got {reason!r}: give other ones"
        raise FileError(number, message) from None
    made.listen(BACKLOG)
    return made


def listening_at_path(path: str) -> socket.socket:
    """A Unix socket that listens at a path, in the place of one that nobody listens at any more.

    Raises:
        FileError: The path is taken, or cannot be written to.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise InvalidArgumentError("unix socket: expected a system that has them, got this one: give a host and port")
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if os.path.exists(path) and stat.S_ISSOCK(os.stat(path).st_mode) and not _is_heard(path):
            os.unlink(path)
        made.bind(path)
    except OSError as error:
        reason = "a path that is taken" if error.errno == errno.EADDRINUSE else str(error)
        raise FileError(error.errno, f"{path}: expected a path for a socket, got {reason}: give another one") from None
    made.listen(BACKLOG)
    return made


def _is_heard(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        try:
            asking.connect(path)
        except OSError:
            return False
    return True


def name_of(listening: socket.socket) -> str:
    """As it is written in an address."""
    if listening.family not in (socket.AF_INET, socket.AF_INET6):
        return f"unix:{listening.getsockname()}"
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
