"""Errors as answers: JSON with what was expected, what came and what to do, and nothing of the machine."""

from __future__ import annotations

import http
import logging
from collections.abc import Mapping

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from nearfile.errors import BadFileError, ClosedError, FileError, InvalidArgumentError, NotFoundError

log = logging.getLogger("nearfile.serve")

# Characters of a message, which may have a part of what came.
_LONGEST = 2000


class Error(msgspec.Struct):
    """Why a request has no answer."""

    #: The status of the answer, once more.
    status: int
    #: A word for programs.
    code: str
    #: For people: what was expected, what came, what to do.
    message: str


class Refused(msgspec.Struct):
    """The body of every answer that is none."""

    error: Error


class Refusal(Exception):  # noqa: N818 (it is an answer)
    """Ends a request with a status, a word for programs and a message for people."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers


def invalid(message: str) -> Refusal:
    """What came is none of what can be asked."""
    return Refusal(400, "invalid_request", message)


def busy(message: str) -> Refusal:
    """There is too much to do already."""
    return Refusal(503, "busy", f"{message}: try again in a second", {"Retry-After": "1"})


def encoded(status: int, code: str, message: str) -> bytes:
    """The body of an answer."""
    return msgspec.json.encode(Refused(Error(status, code, message[:_LONGEST])))


def response(refusal: Refusal) -> Response:
    """The answer."""
    body = encoded(refusal.status, refusal.code, refusal.message)
    return Response(body, refusal.status, refusal.headers, "application/json")


def of_exception(error: Exception, path: str | None) -> Refusal:
    """What a caller is told of an error; ``path`` is where the index lies, which is not his to know."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, NotFoundError):
        return Refusal(404, "not_found", without_path(str(error), path))
    if isinstance(error, FileError):
        log.error("the index cannot be read: %s", error)
        kind = "damaged" if isinstance(error, BadFileError) else "unreadable"
        message = f"expected an index that can be read, got one that is {kind}: the server's log says what is wrong"
        return Refusal(503, "index_unreadable", message)
    if isinstance(error, ClosedError):
        return Refusal(503, "closed", "expected an open index, got one that is being closed: try again")
    if isinstance(error, InvalidArgumentError) or (isinstance(error, TypeError) and "expected" in str(error)):
        return invalid(without_path(str(error), path))
    if isinstance(error, HTTPException):
        return of_http(error)
    if isinstance(error, MemoryError):
        return busy("expected memory for the answer, got none")
    log.error("a request failed", exc_info=error)
    message = "expected an answer, got an error of the server: its log has more; please report it"
    return Refusal(500, "internal_error", message)


def of_http(error: HTTPException) -> Refusal:
    """What Starlette refuses: paths and methods that are not there."""
    code = http.HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    if error.status_code == 404:
        message = "path: expected one that /openapi.json has, got another: see /docs"
    elif error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "another one")
        message = f"method: expected {allowed}, got another: see /docs"
    else:
        message = f"expected a request that can be answered, got one that is refused: {error.detail}"
    return Refusal(error.status_code, code, message, error.headers)


def without_path(message: str, path: str | None) -> str:
    """``message`` with no path of this machine in it."""
    if path is None:
        return message
    folder = path.rstrip("/").rpartition("/")[0]
    message = message.replace(path, "the index")
    return message.replace(folder + "/", "") if folder else message
