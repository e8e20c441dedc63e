"""What the driver of a build does: a folder for its tasks, then a collection of what they wrote."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

import nearfile
from nearfile import arguments
from nearfile.arguments import PathLike
from nearfile.collection import Collection, CollectionIndex, names, new_segment
from nearfile.errors import FileError, InvalidArgumentError
from nearfile.routing.planes import Planes
from nearfile.routing.router import Router

_WORKPLACE = ".building-"
#: After so many seconds without a new file a folder of a build is one that a driver left which died.
_ABANDONED = 7 * 86400

#: How many of the nearest the curves of a router are counted for.
_COUNTED = (10, 100)
_MOST_QUERIES = 4096


@contextlib.contextmanager
def workplace(folder: PathLike) -> Iterator[tuple[str, str]]:
    """The folder of a collection, made where it is not there, and one in it for the tasks of a build.

    That one goes at the end, with whatever nobody has published: files of attempts that failed, or that came second. A
    task that is late finds no folder to write to, and fails, which nobody waits for.
    """
    path = arguments.path(folder).rstrip(os.sep) or os.sep
    is_new = not os.path.exists(path)
    try:
        os.makedirs(path, exist_ok=True)
        _sweep(path)
        own = os.path.join(path, _WORKPLACE + secrets.token_hex(8))
        os.mkdir(own)
    except OSError as error:
        raise FileError(
            error.errno, f"{path}: expected a folder that can be written to: {error.strerror}", path
        ) from None
    try:
        yield path, own
    finally:
        _remove(own)
        if is_new:
            with contextlib.suppress(OSError):
                os.rmdir(path)  # where nothing came of it


def check_empty(folder: str) -> None:
    """Raise where there is a collection that has items: planes cut all of them or none."""
    if names.holds_collection(folder):
        with nearfile.open(folder) as index:
            if len(index):
                raise InvalidArgumentError(
                    f"{folder}: expected a folder for a new collection, since planes cut all of its items, got one of"
                    f" {len(index)} items: partition='random' adds to it"
                )


def publish(
    folder: str, own: str, written: list[dict[str, Any]], router: dict[str, Any] | None = None
) -> CollectionIndex:
    """Make what tasks wrote part of the collection, all of it at once, and open it.

    Args:
        folder: Of the collection.
        own: Where the tasks wrote.
        written: What they said, by the names of ``parts.WRITTEN``: one for each file that is to count.
        router: Of :func:`calibrated`; its files are then those of ``written`` in order.

    Raises:
        InvalidArgumentError: No rows; files that do not agree with the collection that is there.
        FileError: A file is not here as the task left it.
    """
    written = in_order(own, written)
    moved = []
    try:
        for each in written:
            path = os.path.join(folder, new_segment())
            os.rename(os.path.join(own, each["file"]), path)
            moved.append(path)
        Collection.of(folder, moved, **({} if router is None else {"router": router})).close()
    except BaseException:
        # Where the manifest does not name them. Where it does, readers go on to find them.
        for path in moved if not _is_published(folder, moved) else []:
            with contextlib.suppress(OSError):
                os.unlink(path)
        raise
    index = nearfile.open(folder)
    assert isinstance(index, CollectionIndex)
    return index


def in_order(own: str, written: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What tasks wrote, by number of the part; all of it is here as they left it."""
    if not written:
        raise InvalidArgumentError("rows: expected at least one, got none: there is nothing to build of")
    for each in written:
        path = os.path.join(own, each["file"])
        size = os.path.getsize(path) if os.path.exists(path) else None
        if size != each["bytes"]:
            raise FileError(
                None,
                f"{path}: expected {each['bytes']} bytes that a task wrote, found {'no file' if size is None else size}: the"
                " folder must be on storage that the driver and all workers share",
                path,
            )
    return sorted(written, key=lambda each: (each["part"], each["fingerprint"]))


def calibrated(own: str, written: list[dict[str, Any]], planes: Planes, sample: NDArray[Any]) -> dict[str, Any]:
    """A router for what tasks wrote, counted by searching it for some of the sample.

    Returns:
        For JSON: what :meth:`Router.to_dict` has, and for each of ``written`` the segment of the planes that it is.
    """
    most = max(512, min(_MOST_QUERIES, (1 << 15) // len(planes)))
    queries = np.ascontiguousarray(sample[:: max(1, -(-len(sample) // most))], np.float32)
    k = max(_COUNTED) + 1
    distances = np.full((len(queries), 0), np.nan, np.float32)
    segments = np.zeros((len(queries), 0), np.int64)
    for each in in_order(own, written):
        with nearfile.open(os.path.join(own, each["file"])) as index:
            # By the core, whose answers are rows whatever ids are, and which takes no offence at queries from elsewhere.
            rows = np.empty((len(queries), min(k, len(index))), np.int64)
            far = np.empty(rows.shape, np.float32)
            index._core.search_batch(queries, k, 0, 0.0, 0, False, 0, rows, far)
            far = -far if index.metric == "dot" else far
        distances = np.concatenate([distances, far], 1)
        segments = np.concatenate([segments, np.full(far.shape, each["part"])], 1)
        nearest = np.argsort(np.where(np.isnan(distances), np.inf, distances), axis=1, kind="stable")[:, :k]
        distances = np.take_along_axis(distances, nearest, 1)
        segments = np.where(np.isnan(distances), -1, np.take_along_axis(segments, nearest, 1))
    # The nearest of a query is itself, unless by inner product, where it makes no difference.
    router = Router.fit(planes, queries, {each: segments[:, 1 : each + 1] for each in _COUNTED})
    return {**router.to_dict(), "cells": [each["part"] for each in in_order(own, written)]}


def _is_published(folder: str, moved: list[str]) -> bool:
    """Whether the manifest names any of them, by what is on the disk; where that cannot be told, yes."""
    if not moved:
        return False
    try:
        with open(os.path.join(folder, names.MANIFEST), "rb") as file:
            text = file.read()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return any(os.path.basename(path).encode() in text for path in moved)


def _sweep(folder: str) -> None:
    """Remove what drivers left that died a week ago."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith(_WORKPLACE):
                continue
            with contextlib.suppress(OSError):
                if time.time() - entry.stat(follow_symlinks=False).st_mtime > _ABANDONED:
                    _remove(entry.path)


def _remove(path: str) -> None:
    # Again where a late task has put a file there in between.
    for _ in range(3):
        shutil.rmtree(path, ignore_errors=True)
        if not os.path.exists(path):
            return
