"""The ASGI application: routes, and around them what counts, refuses and logs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import time
from collections.abc import AsyncIterator, Awaitable
from typing import Any, Callable
from urllib.parse import unquote_to_bytes

import msgspec
import numpy as np
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import nearfile
from nearfile.arguments import PathLike
from nearfile.serve import metrics, openapi, page, refusals, requests
from nearfile.serve.answering import Answering, Floats
from nearfile.serve.board import ENDPOINTS, Board
from nearfile.serve.limits import Limits
from nearfile.serve.live import Live
from nearfile.serve.refusals import Refusal, busy, invalid

log = logging.getLogger("nearfile.serve")

_JSON = "application/json"
_FLOATS = "application/octet-stream"


class Endpoint:
    """What answers a route: a function from a request to a response, whose errors are answers too."""

    def __init__(self, name: str, handler: Callable[[Scope, Receive], Awaitable[Response]], service: Service) -> None:
        self.place = ENDPOINTS.index(name)
        self._handler, self._service = handler, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        try:
            response = await self._handler(scope, receive)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 (whoever asks is told something in any case)
            response = refusals.response(refusals.of_exception(error, self._service.live.now.path))
        await response(scope, receive, send)


class Service:
    """What the endpoints share."""

    def __init__(
        self, index: nearfile.Index, limits: Limits, board: Board, worker: int, threads: int, reload_seconds: float
    ) -> None:
        self.limits, self.board, self.row = limits, board, board[worker]
        self.live = Live(index, limits, self.row)
        self.answering = Answering(self.live, limits, self.row, threads)
        self._openapi: bytes | None = None
        self._held = 0  # bytes of bodies
        self._reload_seconds = reload_seconds
        self._watching: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look for another index. Where no lifespan is run, as of what is mounted, the first request does it."""
        if self._watching is None or self._watching.done():
            self._watching = asyncio.get_running_loop().create_task(self.live.watch(self._reload_seconds))
            self.row["ready"] = 1

    def stop(self) -> None:
        """Look no more."""
        self.row["ready"] = 0
        if self._watching is not None:
            self._watching.cancel()

    async def search(self, scope: Scope, receive: Receive) -> Response:
        """``POST /search``."""
        kind, length = None, None
        for name, value in scope["headers"]:
            if name == b"content-type":
                kind = value.decode("latin-1").partition(";")[0].strip().lower()
            elif name == b"content-length":
                length = value
        if kind not in (_JSON, _FLOATS):
            got = "none" if kind is None else kind[:60]
            message = f"Content-Type: expected {_JSON} (or {_FLOATS}, float32 as they are), got {got}"
            raise Refusal(415, "unsupported_media_type", message)
        held = int(length) if length is not None and length.isdigit() and len(length) < 20 else self.limits.body
        if held > self.limits.body:
            raise self._too_long(f"Content-Length {held}")
        if self._held + held > self.limits.bodies:
            raise busy(f"expected bodies of at most {self.limits.bodies} bytes at once, got more")
        self._held += held
        try:
            body = await self._body(receive)
            if kind == _JSON:
                return Response(await self.answering.search(requests.of_body(body)), media_type=_JSON)
            asked = self._with_ids(requests.of_query(scope["query_string"]))
            return Response(await self.answering.search(asked, self._floats(body)), media_type=_JSON)
        finally:
            self._held -= held

    async def neighbors(self, scope: Scope, receive: Receive) -> Response:
        """``GET /neighbors/{id}``."""
        raw = scope.get("raw_path") or scope["path"].encode()
        try:
            text = unquote_to_bytes(raw.partition(b"?")[0].partition(b"/neighbors/")[2]).decode()
        except UnicodeDecodeError:
            raise invalid("id: expected UTF-8 in the address, got other bytes: percent-encode the id") from None
        asked = requests.of_query(scope["query_string"], id=text)
        return Response(await self.answering.search(self._with_ids(asked)), media_type=_JSON)

    async def info(self, scope: Scope, receive: Receive) -> Response:
        """``GET /info``."""
        now = self.live.now
        told = {**now.info, "examples": now.examples, "limits": self.limits, "stale": bool(self.row["stale"])}
        return Response(msgspec.json.encode(told), media_type=_JSON)

    async def ready(self, scope: Scope, receive: Receive) -> Response:
        """``GET /health`` and ``/health/ready``: there is an index, and it is searched."""
        now = self.live.now
        if now.count:
            self.live.now.index.search(now.index._as_added(np.zeros(now.dim, np.float32)), k=1)
        told = {
            "status": "ready",
            "generation": now.generation,
            "stale": bool(self.row["stale"]),
            "worker": os.getpid(),
        }
        return Response(msgspec.json.encode(told), media_type=_JSON)

    async def alive(self, scope: Scope, receive: Receive) -> Response:
        """``GET /health/live``: the process answers."""
        return Response(b'{"status":"live"}', media_type=_JSON)

    async def metrics(self, scope: Scope, receive: Receive) -> Response:
        """``GET /metrics``."""
        return Response(metrics.text(self.board), headers={"Content-Type": metrics.MEDIA_TYPE})

    async def openapi(self, scope: Scope, receive: Receive) -> Response:
        """``GET /openapi.json``."""
        if self._openapi is None:
            self._openapi = msgspec.json.encode(openapi.document(self.limits, self.live.now.dim))
        return Response(self._openapi, media_type=_JSON)

    async def page(self, scope: Scope, receive: Receive) -> Response:
        """``GET /``: the search page."""
        return page.response("search.html")

    async def docs(self, scope: Scope, receive: Receive) -> Response:
        """``GET /docs``: the OpenAPI document for people."""
        return page.response("docs.html")

    async def _body(self, receive: Receive) -> bytes:
        most = self.limits.body
        parts: list[bytes] = []
        read = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            part = message.get("body", b"")
            read += len(part)
            if read > most:
                raise self._too_long("more")
            if not message.get("more_body"):
                return b"".join((*parts, part)) if parts else part
            parts.append(part)

    def _too_long(self, got: str) -> Refusal:
        message = f"body: expected at most {self.limits.body} bytes, got {got}: send fewer queries at once"
        return Refusal(413, "body_too_large", message, {"Connection": "close"})

    def _floats(self, body: bytes) -> Floats:
        dim = self.live.now.dim
        if not body or len(body) % (4 * dim):
            raise invalid(
                f"body: expected float32 of one or more vectors, {4 * dim} bytes for each {dim} numbers, got {len(body)} bytes"
            )
        array = np.frombuffer(body, "<f4").astype(np.float32, copy=False)
        return array if len(array) == dim else array.reshape(-1, dim)

    def _with_ids(self, asked: requests.Search) -> requests.Search:
        """Ids of an address are text; they become what those of the index are."""
        if not self.live.now.are_strings:
            if isinstance(asked.id, str):
                asked.id = whole_number("id", asked.id)
            if asked.exclude is not None:
                asked.exclude = [whole_number("exclude", str(each)) for each in asked.exclude]
        elif asked.exclude is not None:
            asked.exclude = [str(each) for each in asked.exclude]
        return asked


def whole_number(name: str, text: str) -> int:
    """An id of an index whose ids are numbers."""
    digits = text[1:] if text[:1] == "-" else text
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
        raise invalid(f"{name}: expected a whole number, as this index's ids are, got {text[:60]!r}")
    return int(text)


class Watch:
    """Middleware around all: counts what is answered and how long it took, and refuses what is too much at once."""

    def __init__(self, app: ASGIApp, service: Service, log_requests: bool, hosts: frozenset[bytes]) -> None:
        self._hosts = hosts
        self._app, self._service, self._row, self._log_requests = app, service, service.row, log_requests
        self._most = service.limits.requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter_ns()
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._service.start()
        row = self._row
        row.add("requests")
        try:
            refusal = self._refusal(scope)
            if refusal is not None:
                await refusals.response(refusal)(scope, receive, sending)
            else:
                await self._app(scope, receive, sending)
        finally:
            row.add("requests", -1)
            place = getattr(scope.get("endpoint"), "place", len(ENDPOINTS) - 1)
            nanoseconds = time.perf_counter_ns() - began
            row.answered(place, status, nanoseconds)
            if self._log_requests:
                address = scope.get("raw_path") or scope["path"].encode("ascii", "backslashreplace")
                line = address.decode("ascii", "backslashreplace")
                log.info("%s %s %d %.3f ms", scope["method"], line, status, nanoseconds / 1e6)

    def _refusal(self, scope: Scope) -> Refusal | None:
        if self._row["requests"] > self._most:
            return busy(f"expected at most {self._most} requests at once, got one more")
        if self._hosts:
            # A page of elsewhere whose name is made to lead to this machine may not read what only this machine may.
            host = next((value for name, value in scope["headers"] if name == b"host"), None)
            if host is not None and re.sub(rb":\d+$", b"", host).lower() not in self._hosts:
                known, got = b", ".join(sorted(self._hosts)).decode(), host[:100].decode("latin-1")
                message = f"Host: expected one of {known}, got {got!r}: start the server with --allow-host for others"
                return Refusal(421, "unknown_host", message)
        return None


async def refuse(request: Request, error: Exception) -> Response:
    """What Starlette says of paths and methods, as all errors are said."""
    return refusals.response(refusals.of_exception(error, None))


def routes(service: Service) -> list[Route]:
    """Every path."""
    handlers: tuple[tuple[str, str, str, Any], ...] = (
        ("POST", "/search", "search", service.search),
        ("GET", "/neighbors/{id:path}", "neighbors", service.neighbors),
        ("GET", "/info", "info", service.info),
        ("GET", "/health", "health", service.ready),
        ("GET", "/health/ready", "health", service.ready),
        ("GET", "/health/live", "health", service.alive),
        ("GET", "/metrics", "metrics", service.metrics),
        ("GET", "/openapi.json", "page", service.openapi),
        ("GET", "/docs", "page", service.docs),
        ("GET", "/", "page", service.page),
    )
    return [Route(path, Endpoint(name, handler, service), methods=[method]) for method, path, name, handler in handlers]


def application(
    source: PathLike | nearfile.Index,
    *,
    limits: Limits | None = None,
    reload_seconds: float = 1.0,
    cors: tuple[str, ...] = (),
    threads: int | None = None,
    log_requests: bool = False,
    hosts: tuple[str, ...] = (),
    board: Board | None = None,
    worker: int = 0,
) -> Starlette:
    """:func:`nearfile.serve.app`, with what a worker is given besides: the counters of all, and which are its own."""
    index = source if isinstance(source, nearfile.Index) else nearfile.open(source)
    cores = threads or os.cpu_count() or 1
    service = Service(index, limits or Limits(), board or Board(1), worker, cores, reload_seconds)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        service.start()
        yield
        service.stop()

    middleware = [
        Middleware(
            Watch, service=service, log_requests=log_requests, hosts=frozenset(each.lower().encode() for each in hosts)
        )
    ]
    if cors:
        options: dict[str, Any] = {"allow_methods": ["GET", "POST"], "allow_headers": ["Content-Type"]}
        middleware.append(Middleware(CORSMiddleware, allow_origins=list(cors), **options))
    made = Starlette(
        routes=routes(service),
        middleware=middleware,
        exception_handlers={HTTPException: refuse, 404: refuse, 405: refuse},
        lifespan=lifespan,
    )
    made.router.redirect_slashes = False
    made.state.nearfile = service
    return made
