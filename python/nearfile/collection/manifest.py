"""The manifest: what a collection is made of, one generation of it. docs/collections.md describes it to the byte."""

from __future__ import annotations

import json
import os
import re
import zlib
from dataclasses import asdict, dataclass, replace
from typing import Any

from nearfile import _core, arguments
from nearfile.collection import disk, names
from nearfile.errors import BadFileError, InvalidArgumentError, MissingFileError
from nearfile.routing.asking import Asking

FORMAT = "nearfile collection"
VERSION = 1
ID_KINDS = (None, "int64", "string")
METRICS = ("angular", "cosine", "euclidean", "dot", "manhattan", "hamming")

# More than any collection has: some thousands of segments.
MOST_BYTES = 64 << 20


@dataclass(frozen=True)
class Segment:
    """A nearfile of the collection, and which of its rows are deleted."""

    file: str  # in the folder, below it, or absolute
    count: int
    bytes: int
    fingerprint: str  # 16 hexadecimal digits
    lowest: int | None = None  # of its ids, those of deleted rows too; None where ids are strings, or there are none
    highest: int | None = None
    first_id: int | None = None  # where ids are row numbers: that of row 0
    given: bool = False  # by Collection.of: only compact() merges it
    deleted: str | None = None  # the file of deleted rows
    n_deleted: int = 0


@dataclass(frozen=True)
class LogPart:
    """A part of a log that no segment has yet: whole records."""

    file: str
    start: int
    end: int | None  # None: as far as it goes, of the last one, which grows


@dataclass(frozen=True)
class Build:
    """How segments are built."""

    profile: str = arguments.DEFAULT_PROFILE
    keep: str = arguments.DEFAULT_KEEP
    n_trees: int = 0
    seed: int = 0


@dataclass(frozen=True)
class Manifest:
    """One generation."""

    dim: int
    metric: str
    build: Build
    generation: int = 0
    id_kind: str | None = None  # None before the first item
    next_id: int = 0  # for items that come without ids
    segments: tuple[Segment, ...] = ()
    logs: tuple[LogPart, ...] = ()
    device: int = 0  # of the folder that it was written for, so that a copy can be told
    inode: int = 0
    router: Any = None  # where planes cut the segments: what nearfile.routing.asking makes of it

    def files(self) -> set[str]:
        """All that it names."""
        files = {segment.file for segment in self.segments} | {log.file for log in self.logs}
        return files | {segment.deleted for segment in self.segments if segment.deleted is not None}

    def next(self, folder: str, **changes: Any) -> Manifest:
        """The generation after this one, for ``folder``."""
        with disk.telling("read", folder):
            status = os.stat(folder)
        changes.setdefault("generation", self.generation + 1)
        following = replace(self, device=status.st_dev, inode=status.st_ino, **changes)
        # A router is for all segments that it names; it is of no use where one of them was merged.
        cells = set() if following.router is None else set(following.router["cells"])
        whole = cells <= {each.file for each in following.segments}
        return following if whole else replace(following, router=None)

    def to_bytes(self) -> bytes:
        """As it is written."""
        body = json.dumps({"format": FORMAT, "version": VERSION, **asdict(self)}, indent=1).encode() + b"\n"
        return body + b"crc32 %08x\n" % zlib.crc32(body)


@dataclass(frozen=True)
class _Checks:
    """What is read of a manifest, each value by its type and bounds; the first that does not hold is told."""

    path: str

    def fail(self, what: str) -> BadFileError:
        return BadFileError(None, f"{self.path}: {what}: the manifest is damaged; restore it from a copy", self.path)

    def whole(self, values: dict[str, Any], name: str, least: int, most: int) -> int:
        value = values.get(name)
        if type(value) is not int or not least <= value <= most:
            raise self.fail(f"{name}: expected a whole number from {least} to {most}, got {value!r:.60}")
        return value

    def text(self, values: dict[str, Any], name: str, known: tuple[Any, ...] | None = None) -> Any:
        value = values.get(name)
        if known is not None and (value not in known or type(value) is bool):
            raise self.fail(f"{name}: expected one of {known}, got {value!r:.60}")
        if known is None and not isinstance(value, str):
            raise self.fail(f"{name}: expected a text, got {value!r:.60}")
        return value

    def entries(self, values: dict[str, Any], name: str) -> list[dict[str, Any]]:
        value = values.get(name)
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self.fail(f"{name}: expected a list of objects, got {value!r:.60}")
        return value

    def segment(self, values: dict[str, Any]) -> Segment:
        file = self.text(values, "file")
        parts = file.replace(os.sep, "/").split("/")
        if "\0" in file or ".." in parts or "" in parts[1:] or file == "":
            raise self.fail(f"segment: expected a path below the folder or an absolute one, got {file!r:.200}")
        count = self.whole(values, "count", 0, _core.max_count)
        n_deleted = self.whole(values, "n_deleted", 0, count)
        deleted = values.get("deleted")
        if (deleted is None) != (n_deleted == 0) or not (deleted is None or self._is_named(deleted, ".dead")):
            raise self.fail(f"deleted: expected a file of {n_deleted} deleted rows, got {deleted!r:.60}")
        first, lowest, highest = values.get("first_id"), values.get("lowest"), values.get("highest")
        if first is not None:
            first = self.whole(values, "first_id", 0, (1 << 63) - 1 - count)
        if lowest is not None or highest is not None:
            lowest = self.whole(values, "lowest", -(1 << 63), (1 << 63) - 1)
            highest = self.whole(values, "highest", lowest, (1 << 63) - 1)
        fingerprint = self.text(values, "fingerprint")
        if not re.fullmatch(r"[0-9a-f]{16}", fingerprint):
            raise self.fail(f"fingerprint: expected 16 hexadecimal digits, got {fingerprint!r:.60}")
        size = self.whole(values, "bytes", 0, 1 << 62)
        given = values.get("given")
        if type(given) is not bool:
            raise self.fail(f"given: expected true or false, got {given!r:.60}")
        return Segment(file, count, size, fingerprint, lowest, highest, first, given, deleted, n_deleted)

    def log(self, values: dict[str, Any], *, last: bool) -> LogPart:
        file = values.get("file")
        if not self._is_named(file, ".log"):
            raise self.fail(f"logs: expected the name of a log, got {file!r:.60}")
        start = self.whole(values, "start", 0, 1 << 62)
        end = None if last and values.get("end") is None else self.whole(values, "end", start, 1 << 62)
        return LogPart(str(file), start, end)

    def router(self, values: dict[str, Any]) -> Any:
        saved = values.get("router")
        try:
            dim = None if saved is None else Asking.of_dict(saved, []).dim
        except InvalidArgumentError as error:
            raise self.fail(str(error)) from None
        if dim is not None and dim != values["dim"]:
            raise self.fail(f"router: expected planes of {values['dim']} dimensions, got {dim}")
        return saved

    @staticmethod
    def _is_named(name: object, suffix: str) -> bool:
        return isinstance(name, str) and names.is_ours(name) and name.endswith(suffix)


def parse(data: bytes, path: str) -> Manifest:
    """A manifest as it was read from ``path``.

    Raises:
        BadFileError: It is none, or damaged, or of a newer version; the message says which.
    """
    checks = _Checks(path)
    body, _, line = data[:-1].rpartition(b"\n")
    body += b"\n"
    if data[-1:] != b"\n" or line != b"crc32 %08x" % zlib.crc32(body):
        raise checks.fail(f"expected a last line with the checksum of what is before, got {line[:40]!r}")
    try:
        values = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise checks.fail(f"expected JSON, got: {error}") from None
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise checks.fail(f"expected the manifest of a {FORMAT}")
    if checks.whole(values, "version", 1, 1 << 31) != VERSION:
        raise BadFileError(
            None,
            f"{path}: expected version {VERSION} of the format, got {values['version']}: use a newer nearfile",
            path,
        )
    build = values.get("build")
    if not isinstance(build, dict):
        raise checks.fail(f"build: expected an object, got {build!r:.60}")
    logs = checks.entries(values, "logs")
    return Manifest(
        dim=checks.whole(values, "dim", 1, _core.max_dim),
        metric=checks.text(values, "metric", METRICS),
        build=Build(
            checks.text(build, "profile", arguments.PROFILES),
            checks.text(build, "keep", arguments.KEEPS),
            checks.whole(build, "n_trees", 0, _core.max_trees),
            checks.whole(build, "seed", 0, (1 << 64) - 1),
        ),
        generation=checks.whole(values, "generation", 1, 10**12 - 1),
        id_kind=checks.text(values, "id_kind", ID_KINDS),
        next_id=checks.whole(values, "next_id", 0, 1 << 63),
        segments=tuple(checks.segment(each) for each in checks.entries(values, "segments")),
        logs=tuple(checks.log(each, last=each is logs[-1]) for each in logs),
        device=checks.whole(values, "device", 0, (1 << 64) - 1),
        inode=checks.whole(values, "inode", 0, (1 << 64) - 1),
        router=checks.router(values),
    )


def read(path: str) -> Manifest:
    """The manifest in a file."""
    try:
        return parse(disk.read(path, MOST_BYTES), path)
    except MissingFileError as error:
        folder = os.path.dirname(path)
        raise MissingFileError(
            error.errno, f"{folder}: expected a collection, which is a folder with a {names.MANIFEST}, got none", path
        ) from None
