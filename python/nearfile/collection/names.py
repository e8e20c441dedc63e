"""The names of the files of a collection: which of them are ours to remove, and new ones that nothing else has."""

from __future__ import annotations

import os
import re

MANIFEST = "MANIFEST"
LOCK = "lock"

# Nothing but what matches is ever written or removed, whatever a manifest says.
_OURS = re.compile(r"(segment-[0-9a-f]{16}\.near|deleted-[0-9a-f]{16}\.dead|log-[0-9a-f]{16}\.log|manifest-[0-9]{12})")
# What a process that was killed may leave: see disk.replace, and the core's own names.
_HIDDEN = re.compile(r"\.(MANIFEST\.[0-9]+|segment-[0-9a-f]{16}\.near\.[0-9]+\.[0-9]+)\.tmp")
_KEPT_MANIFEST = re.compile(r"manifest-([0-9]{12})")


def holds_collection(folder: str) -> bool:
    """Whether a folder is a collection that was made."""
    return os.path.exists(os.path.join(folder, MANIFEST))


def new_segment() -> str:
    """For a segment; also for whoever writes one into the folder for ``Collection.of``, who may die before it is published.

    >>> import nearfile.collection.names
    >>> nearfile.collection.names.new_segment().endswith(".near")
    True
    """
    return f"segment-{os.urandom(8).hex()}.near"


def new_deleted() -> str:
    """For the deleted rows of a segment."""
    return f"deleted-{os.urandom(8).hex()}.dead"


def new_log() -> str:
    """For a log."""
    return f"log-{os.urandom(8).hex()}.log"


def kept_manifest(generation: int) -> str:
    """For the manifest of a generation that is kept beside the present one."""
    return f"manifest-{generation:012d}"


def generation_of(name: str) -> int | None:
    """The generation whose kept manifest has this name."""
    found = _KEPT_MANIFEST.fullmatch(name)
    return int(found[1]) if found else None


def is_ours(name: str) -> bool:
    """Whether a name in the folder is one that we give."""
    return _OURS.fullmatch(name) is not None


def is_leftover(name: str) -> bool:
    """Whether a name is one that only a file has that is being written."""
    return _HIDDEN.fullmatch(name) is not None
