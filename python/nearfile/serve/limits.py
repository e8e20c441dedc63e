"""What a server takes, and no more: every input has a bound, and each is told by name where it is passed."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from nearfile.errors import InvalidArgumentError


@dataclass(frozen=True)
class Limits:
    """The most of everything that one request, or one worker, may ask for.

    >>> Limits(k=100).k
    100
    >>> Limits(k=0)
    Traceback (most recent call last):
    nearfile.errors.InvalidArgumentError: k: expected a limit above 0, got 0
    """

    #: Neighbours of a query; also of one within a radius.
    k: int = 1000
    #: Queries of a batch.
    batch: int = 1000
    effort: int = 10_000
    #: Candidates of a search of a forest.
    search_k: int = 1_000_000
    #: Vectors that one request may have looked at: queries times items where they are scanned, as ``exact`` does, and
    #: queries times 50 times effort where walks go.
    scanned: int = 200_000_000
    #: Answers of a request: queries times ``k``.
    answers: int = 200_000
    #: Characters of a filter expression.
    filter: int = 4096
    #: Ids that are excluded.
    exclude: int = 10_000
    #: Bytes of a body, of the line and the headers of a request, and of its path and query alone.
    body: int = 16 << 20
    head: int = 16 << 10
    url: int = 8 << 10
    #: Bytes of the bodies that one worker has at a time.
    bodies: int = 256 << 20
    #: Connections of one worker, its requests at once, and those of them that wait for a thread or run on one.
    connections: int = 4096
    requests: int = 512
    waiting: int = 64
    #: Seconds: for a request to be read, for one that waits for a thread, for a connection without requests, and for
    #: what is under way when the server is stopped.
    read_seconds: float = 10
    wait_seconds: float = 10
    idle_seconds: float = 75
    drain_seconds: float = 10

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
                raise InvalidArgumentError(f"{field.name}: expected a limit above 0, got {value!r}")


#: How many vectors a walk looks at for each that it keeps in view, about.
LOOKED_AT = 50
