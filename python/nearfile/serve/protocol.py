"""HTTP as uvicorn speaks it, with bounds on what comes before an application sees anything."""

from __future__ import annotations

import asyncio
import http
from asyncio import TimerHandle
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from nearfile.serve import refusals
from nearfile.serve.limits import Limits


class BoundedProtocol(HttpToolsProtocol):
    """A connection whose requests have a longest head and a longest time to come in."""

    limits = Limits()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head = 0  # bytes of the address and headers that are being read
        self._in_head = False
        self._completed = False  # a request, within what just came
        self._unread = True  # no request has come yet, or one has come in part
        self._reading: TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there."""
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            most = self.limits.connections
            self._refuse(
                503, "busy", f"connection: expected at most {most} at a time, got one more: try again in a second"
            )
        else:
            self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A part of a request, or several requests."""
        if self.transport.is_closing():
            return
        self._completed = False
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head and not self._completed:
            self._head += len(data)
            if self._head > self.limits.head:
                self._refuse_head()
                return
        # What comes whole, as nearly all does, costs no timer.
        if self._unread and self._reading is None:
            self._arm()

    def on_message_begin(self) -> None:
        """Of the parser."""
        super().on_message_begin()
        self._in_head, self._head, self._unread = True, 0, True

    def on_headers_complete(self) -> None:
        """Of the parser."""
        self._in_head = False
        head = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if len(self.url) > self.limits.url:
            most = self.limits.url
            self._refuse(
                414, "uri_too_long", f"address: expected at most {most} bytes, got {len(self.url)}: send a body"
            )
        elif head > self.limits.head:
            self._refuse_head()
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Of the parser."""
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Of the parser."""
        self._unread, self._completed = False, True
        self._disarm()
        if not self.transport.is_closing():
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (uvicorn's)
        """What is no HTTP."""
        self._refuse(400, "invalid_http", "request: expected HTTP/1.1, got what cannot be read as that")

    def _arm(self) -> None:
        self._reading = self.loop.call_later(self.limits.read_seconds, self._expired)

    def _disarm(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _expired(self) -> None:
        self._reading = None
        seconds = self.limits.read_seconds
        self._refuse(408, "too_slow", f"request: expected all of it within {seconds:g} s, got a part: send it faster")

    def _refuse_head(self) -> None:
        self._refuse(
            431, "headers_too_long", f"headers: expected at most {self.limits.head} bytes, got more: send fewer"
        )

    def _refuse(self, status: int, code: str, message: str) -> None:
        """Say so and hang up; only hang up where an answer is being sent already."""
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            body = refusals.encoded(status, code, message)
            retry = "Retry-After: 1\r\n" if status == 503 else ""
            head = f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}\r\nContent-Type: application/json\r\n{retry}"
            self.transport.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._disarm()
        self.transport.close()


def with_limits(limits: Limits) -> type[BoundedProtocol]:
    """The protocol of a server."""
    return type("LimitedProtocol", (BoundedProtocol,), {"limits": limits})
