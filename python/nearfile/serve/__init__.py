"""Searches over HTTP: ``nearfile serve items.near --workers 4``, or :func:`app` within one's own server.

Needs the extra ``nearfile[serve]``. :mod:`.parent` starts workers and keeps them up, and :mod:`.worker` is one of them:
uvicorn with :mod:`.application`, on a socket (:mod:`.sockets`) and with counters (:mod:`.board`) that all of them share.
:mod:`.live` takes up an index that is put in the place of the one that is served. docs/serving.md has the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from nearfile.arguments import PathLike
    from nearfile.index import Index
    from nearfile.serve.limits import Limits

__all__ = ["app"]


def app(
    source: PathLike | Index,
    *,
    limits: Limits | None = None,
    reload_seconds: float = 1.0,
    cors: Sequence[str] = (),
    threads: int | None = None,
    log_requests: bool = False,
) -> Starlette:
    """An index as an ASGI application, for any server that runs one, or to be mounted in another application.

    Args:
        source: The path of a file or of a collection, or an index that is open.
        limits: What requests may ask for: :class:`nearfile.serve.limits.Limits`.
        reload_seconds: How often to look whether another index was put in the place of this one.
        cors: Origins whose pages may ask: none, unless they are given; ``"*"`` for all.
        threads: How many batches, filters and scans are answered at once; ``None`` for as many as there are cores.
        log_requests: A line in the log ``nearfile.serve`` for each request.

    Raises:
        MissingFileError: There is no such file.
        BadFileError: It is none that can be opened.
        ModuleNotFoundError: The extra is not installed: ``pip install 'nearfile[serve]'``.

    >>> import nearfile.serve, numpy
    >>> from starlette.testclient import TestClient
    >>> index = nearfile.build(numpy.eye(3), metric="euclidean", ids=["x", "y", "z"])
    >>> client = TestClient(nearfile.serve.app(index))
    >>> client.post("/search", json={"vector": [1.0, 0.2, 0.0], "k": 2}).json()["ids"]
    ['x', 'y']
    >>> client.get("/neighbors/z", params={"k": 1}).json()
    {'ids': ['z'], 'distances': [0.0]}
    """
    from nearfile.serve.application import application

    options = {"limits": limits, "reload_seconds": reload_seconds, "threads": threads}
    return application(source, cors=tuple(cors), log_requests=log_requests, **options)  # type: ignore[arg-type]
