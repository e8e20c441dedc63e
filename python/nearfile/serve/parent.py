"""The process that listens: it opens the socket, starts workers that accept from it, and starts anew those that end.

It answers nothing itself and has nothing of the index. Workers are processes of their own from the start, none is
forked, and each opens the index; the maps share what is in memory.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from typing import Callable

import msgspec

import nearfile
from nearfile.errors import InvalidArgumentError
from nearfile.serve import sockets
from nearfile.serve.board import Board
from nearfile.serve.settings import Settings

log = logging.getLogger("nearfile.serve")

# A worker that ends sooner than this, in seconds, is started anew later and later.
_SETTLED = 10.0
_LONGEST_WAIT = 30.0
_LOOKS_EVERY = 0.5


class Place:
    """Of one worker: the process that is there, and when the next may be started."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.failures = 0
        self.not_before = 0.0


class Parent:
    """Starts, watches and stops workers."""

    def __init__(self, settings: Settings, listening: socket.socket) -> None:
        self.settings, self._listening = settings, listening
        self._places = [Place() for _ in range(settings.workers)]
        self._counters = tempfile.TemporaryFile()  # noqa: SIM115 (open for as long as this process is)
        self._counters.truncate(Board.bytes(settings.workers))
        self.board = Board(settings.workers, self._counters.fileno())
        self._alive_read, self._alive = os.pipe()
        self._wake = threading.Event()
        self._stopping = False

    def run(self, told: Callable[[], None]) -> int:
        """Serve until SIGTERM or SIGINT; the exit code. ``told`` is called once all workers answer."""
        for row in self.board.rows:
            row["connections"] = -1
        with self._signals():
            while not self._stopping:
                for number, place in enumerate(self._places):
                    self._look(number, place)
                if all(row["ready"] for row in self.board.rows):
                    told()
                    told = nothing
                    self._wake.wait(_LOOKS_EVERY)
                else:
                    self._wake.wait(0.02)
                self._wake.clear()
            return self._stop()

    def _look(self, number: int, place: Place) -> None:
        now = time.monotonic()
        if place.process is not None:
            code = place.process.poll()
            if code is None:
                return
            place.process = None
            row = self.board[number]
            row["connections"], row["requests"], row["ready"] = -1, 0, 0
            place.failures = place.failures + 1 if now - place.started < _SETTLED else 0
            wait = 0 if place.failures < 2 else min(_LONGEST_WAIT, 0.5 * 2**place.failures)
            place.not_before = now + wait
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            log.error("worker %d ended by %s; another one is started in %g s", number, how, wait)
        if now >= place.not_before:
            place.started = now
            place.process = self._start(number)

    def _start(self, number: int) -> subprocess.Popen[bytes]:
        files = (self._listening.fileno(), self._counters.fileno(), self._alive_read)
        told = [str(each) for each in (number, *files)]
        command = [sys.executable, "-m", "nearfile.serve.worker", *told, msgspec.json.encode(self.settings).decode()]
        # Ctrl-C goes to all of a terminal's processes; workers hear of it from here.
        return subprocess.Popen(command, pass_fds=files, stdin=subprocess.DEVNULL, start_new_session=True)

    def _stop(self) -> int:
        """Workers end what they have begun; those that take too long are killed."""
        self._listening.close()
        running = [place.process for place in self._places if place.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + self.settings.limits.drain_seconds + 5
        clean = True
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.error("worker with process number %d does not end: it is killed", process.pid)
                process.kill()
                process.wait()
                clean = False
        log.info("stopped")
        return 0 if clean else 1

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(*_: object) -> None:
            self._stopping = True
            self._wake.set()

        def wake(*_: object) -> None:
            self._wake.set()

        handlers = {signal.SIGTERM: stop, signal.SIGINT: stop, signal.SIGCHLD: wake}
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def nothing() -> None:
    """What is told once everything is told."""


def run(settings: Settings, told: Callable[[str], None]) -> int:
    """Serve until SIGTERM or SIGINT; the exit code. ``told`` gets the address once all workers answer.

    Raises:
        MissingFileError: There is no such index; and whatever else :func:`nearfile.open` raises.
        FileError: The address cannot be listened at.
    """
    if not hasattr(signal, "SIGCHLD"):
        raise InvalidArgumentError(
            "serve: expected a POSIX system, got another: run nearfile.serve.app() in a server of your own"
        )
    nearfile.open(settings.path).close()  # or there would be no worker to say what is wrong
    if settings.unix_socket is not None:
        listening = sockets.listening_at_path(settings.unix_socket)
    else:
        listening = sockets.listening(settings.host, settings.port)
    try:
        return Parent(settings, listening).run(lambda: told(sockets.name_of(listening)))
    finally:
        if settings.unix_socket is not None:
            with contextlib.suppress(OSError):
                os.unlink(settings.unix_socket)
