"""Listening sockets: one that all workers accept from, so that what waits in it outlives any of them."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import stat
import time
from typing import Any, Callable

from nearfile.errors import FileError, InvalidArgumentError
from nearfile.serve.board import Board

log = logging.getLogger("nearfile.serve")

BACKLOG = 2048

# How long a worker leaves a connection to one that has fewer, in seconds.
_PATIENCE = 0.005


class Acceptor:
    """Accepts from a listening socket of several workers: the one with the fewest connections does.

    Event loops accept whatever waits, all at once, so the first worker to wake would have all of a burst of connections
    for as long as these are kept alive. This accepts one a turn, and none for a moment while another worker has fewer.
    """

    def __init__(self, listening: socket.socket, board: Board, worker: int) -> None:
        listening.setblocking(False)
        self._listening, self._board, self._worker = listening, board, worker
        self._since: float | None = None
        self._accepted: set[asyncio.Task[Any]] = set()

    def start(self, protocol: Callable[[], asyncio.Protocol]) -> None:
        """Accept, on the running loop; each connection gets a protocol."""
        self._loop, self._protocol = asyncio.get_running_loop(), protocol
        self._loop.add_reader(self._listening, self._ready)

    def stop(self) -> None:
        """Accept no more; what waits is for other workers."""
        self._loop.remove_reader(self._listening)
        self._listening.close()

    def _ready(self) -> None:
        if self._is_anothers():
            return
        try:
            connection = self._listening.accept()[0]
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # another was quicker, or the client is gone
        except OSError as error:
            log.error("no connection can be accepted for a second: %s", error)  # no more files, mostly
            self._loop.remove_reader(self._listening)
            self._loop.call_later(1.0, self._again)
            return
        connection.setblocking(False)
        self._since = None
        self._board[self._worker].add("connections")
        task = self._loop.create_task(self._loop.connect_accepted_socket(self._protocol, connection))
        self._accepted.add(task)
        task.add_done_callback(self._connected)

    def _connected(self, task: asyncio.Task[Any]) -> None:
        self._accepted.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.debug("a client was gone as soon as it came: %s", error)

    def _again(self) -> None:
        if self._listening.fileno() >= 0:
            self._loop.add_reader(self._listening, self._ready)

    def _is_anothers(self) -> bool:
        own = self._board[self._worker]["connections"]
        fewest = min((n for row in self._board.rows if (n := row["connections"]) >= 0), default=own)
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
