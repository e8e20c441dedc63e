"""One writer a folder in a process, shared by all that write to it.

A collection has one writer, and a pipeline may have several stores of one folder, each made of a description. They share
the collection of the first; the last that is closed closes it.
"""

from __future__ import annotations

import os
import threading
from typing import Any

from nearfile.collection import Collection, CollectionIndex, names
from nearfile.errors import InvalidArgumentError

# Taken again by who holds it where a store is collected meanwhile.
_lock = threading.RLock()
_open: dict[tuple[int, str], Writer] = {}


class Writer:
    """A collection, how many write to it, and the lock of what takes several of its calls."""

    def __init__(self, key: tuple[int, str], collection: Collection, options: dict[str, Any]) -> None:
        self.key = key
        self.collection = collection
        self.options = options
        self.users = 1
        self.lock = threading.RLock()

    def release(self) -> None:
        """Called once by each user."""
        with _lock:
            self.users -= 1
            if self.users:
                return
            _open.pop(self.key, None)
        self.collection.close()

    def check(self, path: str, options: dict[str, Any]) -> None:
        """Raise where another store wants a collection that is built in another way."""
        if options and options != self.options:
            raise InvalidArgumentError(
                f"options: expected {self.options}, by which this process has {path!r} open, got {options}: leave them out"
            )


def of(path: str, dim: int | None, metric: str | None, options: dict[str, Any]) -> Writer:
    """The writer of a folder, whose users are one more: opened, or made, where this process has none."""
    key = (os.getpid(), os.path.realpath(path))
    with _lock:
        found = _open.get(key)
        if found is None:
            new = not names.holds_collection(path)
            collection = Collection(path, dim, metric or "cosine" if new else metric, **options)
            found = _open[key] = Writer(key, collection, options)
            return found
        found.users += 1
        try:
            check(path, found.collection, dim, metric)
            found.check(path, options)
        except BaseException:
            found.release()
            raise
        return found


def check(path: str, there: CollectionIndex, dim: int | None, metric: str | None) -> None:
    """Raise where a collection is not as it is said to be."""
    for name, wanted, got in (("dim", dim, there.dim), ("metric", metric, there.metric)):
        if wanted is not None and wanted != got:
            raise InvalidArgumentError(
                f"{name}: expected {got!r}, as the collection {path!r} has, got {wanted!r}: leave it out"
            )
