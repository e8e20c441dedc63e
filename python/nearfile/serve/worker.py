"""One of the processes that answer: ``python -m nearfile.serve.worker``, started by :mod:`nearfile.serve.parent` alone."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import sys
from collections.abc import Iterable

import msgspec
import uvicorn
import uvloop

import nearfile
from nearfile.serve.application import application
from nearfile.serve.board import Board
from nearfile.serve.protocol import BoundedProtocol, with_limits
from nearfile.serve.settings import Settings, log_in_lines
from nearfile.serve.sockets import Acceptor

# How often other workers are told how many connections there are, in seconds.
_TELLS_EVERY = 0.02


class _Server(uvicorn.Server):
    """uvicorn, with what accepts connections in the place of its own."""

    def __init__(self, config: uvicorn.Config, bounded: type[BoundedProtocol], acceptor: Acceptor) -> None:
        super().__init__(config)
        self._acceptor = acceptor
        self._bounded = bounded

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 (uvicorn's)
        """Begin, and then accept."""
        await super().startup(sockets=[])
        # Modules stay: to look through them for garbage takes 16 ms, in which nothing is answered.
        gc.collect()
        gc.freeze()
        self._acceptor.start(self._protocol)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 (uvicorn's)
        """Accept no more, and end what was begun."""
        self._acceptor.stop()
        await super().shutdown(sockets=[])

    def _protocol(self) -> BoundedProtocol:
        state, own = self.server_state, self.lifespan.state
        return self._bounded(config=self.config, server_state=state, app_state=own)


class Worker:
    """uvicorn on a socket that others listen at too, for as long as the parent lives."""

    def __init__(self, settings: Settings, number: int, files: tuple[int, int, int]) -> None:
        listening, counters, self._parent = files
        self._board, self._number = Board(settings.workers, counters), number
        prefault = settings.prefault or False
        index = nearfile.open(settings.path, prefault=True if prefault == "all" else prefault)
        made = application(
            index,
            limits=settings.limits,
            reload_seconds=settings.reload_seconds,
            cors=settings.cors,
            threads=settings.threads,
            log_requests=settings.log_requests,
            hosts=settings.hosts,
            board=self._board,
            worker=number,
        )
        limits = settings.limits
        bounded = with_limits(limits)
        config = uvicorn.Config(
            made,
            http=bounded,
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=max(1, round(limits.idle_seconds)),
            timeout_graceful_shutdown=max(1, round(limits.drain_seconds)),
        )
        self._server = _Server(config, bounded, Acceptor(socket.socket(fileno=listening), self._board, number))

    async def run(self) -> None:
        """Serve until the parent says no more, or is gone."""
        row = self._board[self._number]
        row["connections"], row["requests"] = 0, 0
        row.add("starts")
        asyncio.get_running_loop().add_reader(self._parent, self._orphaned)
        telling = asyncio.create_task(self._tell())
        try:
            await self._server.serve()
        finally:
            telling.cancel()
            row["connections"] = -1

    async def _tell(self) -> None:
        row = self._board[self._number]
        while True:
            row["connections"] = len(self._server.server_state.connections)
            await asyncio.sleep(_TELLS_EVERY)

    def _orphaned(self) -> None:
        """The other end of the pipe is closed, which happens when the parent ends in whatever way."""
        asyncio.get_running_loop().remove_reader(self._parent)
        self._server.should_exit = True


def main(arguments: Iterable[str]) -> None:
    """Run one: its number, the files it is given, and settings as JSON."""
    number, listening, counters, parent, settings = arguments
    log_in_lines()
    files = (int(listening), int(counters), int(parent))
    try:
        worker = Worker(msgspec.json.decode(settings, type=Settings), int(number), files)
    except nearfile.NearfileError as error:  # the file was replaced since the parent looked at it
        logging.getLogger("nearfile.serve").error("the index cannot be opened: %s", error)
        sys.exit(1)
    uvloop.run(worker.run())


if __name__ == "__main__":
    main(sys.argv[1:])
