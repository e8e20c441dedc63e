"""What a collection is at a moment: a generation of its manifest, and its log as far as it was read."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nearfile import _core, arguments
from nearfile.collection import deletions, log
from nearfile.collection.manifest import Manifest, Segment
from nearfile.collection.part import Ids, Part
from nearfile.errors import BadFileError, InvalidArgumentError, NearfileError

#: Of a column what all parts must agree on.
Column = tuple[str, str, int, str]


@dataclass(frozen=True)
class State:
    """Immutable: what is taken up makes another one, and searches keep theirs."""

    folder: str
    manifest: Manifest
    published: tuple[Part, ...]  # segments, as the manifest has them
    parts: tuple[Part, ...]  # segments without what the log deletes, then parts of the log
    scans: tuple[log.Scan, ...]  # where reading the logs goes on
    id_kind: str | None
    next_id: int
    log_rows: int = 0  # that the logs add or delete
    log_bytes: int = 0

    @property
    def n_segments(self) -> int:
        """How many of the parts are segments."""
        return len(self.published)

    @property
    def log_parts(self) -> tuple[Part, ...]:
        """What the log adds, in order."""
        return self.parts[self.n_segments :]

    def prefault(self, what: str) -> None:
        """Read segments into memory, ``"all"`` of them or what is ``"hot"``; the system keeps what there is room for."""
        for part in self.published:
            if part.segment is not None:
                path = os.path.join(self.folder, part.segment.file)
                _core.Index.open(arguments.path_bytes(path), what, False)

    def columns(self) -> list[Column] | None:
        """Of attributes; None where there are no items to tell."""
        return columns_of(self.parts[0].core) if self.parts else None

    def rows_of(self, ids: Ids) -> int:
        """How many of these ids, which differ, there are."""
        return sum(len(part.rows_of(ids)) for part in self.parts)


def columns_of(core: _core.Index) -> list[Column]:
    """What must agree."""
    found: list[Any] = core.columns()
    return [(each["name"], each["type"], each["ticks_per_second"], each["time_zone"]) for each in found]


def load(folder: str, manifest: Manifest, earlier: State | None = None) -> State:
    """A generation, without its logs; files that are open already are not opened again.

    Raises:
        MissingFileError: A file is gone.
        BadFileError: One is damaged, or another one than the manifest says.
    """
    known = {} if earlier is None else {part.segment: part for part in earlier.published}
    cores = {} if earlier is None else {_file_of(part.segment): part.core for part in earlier.published}
    parts = tuple(known.get(each) or open_segment(folder, manifest, each, cores) for each in manifest.segments)
    scans = tuple(log.Scan(os.path.join(folder, part.file), part.start, part.end) for part in manifest.logs)
    return State(folder, manifest, parts, parts, scans, manifest.id_kind, manifest.next_id)


def _file_of(segment: Segment | None) -> tuple[Any, ...]:
    return () if segment is None else (segment.file, segment.fingerprint)


def open_segment(folder: str, manifest: Manifest, segment: Segment, cores: dict[tuple[Any, ...], _core.Index]) -> Part:
    """One that the manifest names, with its deleted rows."""
    path = os.path.join(folder, segment.file)
    core = cores.get(_file_of(segment))
    if core is None:
        core = _core.Index.open(arguments.path_bytes(path), "none", False)
        check(core, path, manifest.dim, manifest.metric, manifest.id_kind)
        found = (core.size, f"{core.fingerprint:016x}")
        if found != (segment.count, segment.fingerprint):
            raise BadFileError(
                None,
                f"{path}: expected the segment {segment.fingerprint} of {segment.count} items, as the manifest says, got"
                f" {found[1]} of {found[0]}: the file was changed; restore the folder from a copy",
                path,
            )
    if segment.deleted is None:
        return Part(core, segment, segment.first_id)
    dead = os.path.join(folder, segment.deleted)
    rows = deletions.read(dead, segment.n_deleted, segment.count, segment.fingerprint)
    return Part(core, segment, segment.first_id, rows)


def kind_of(core: _core.Index) -> str:
    """``"int64"`` or ``"string"``: row numbers are numbers too."""
    return "string" if core.id_kind == "string" else "int64"


def check(core: _core.Index, where: str, dim: int, metric: str, id_kind: str | None) -> None:
    """Raise where an index is not one of such a collection."""
    got = (core.dim, core.metric, kind_of(core))
    expected = (dim, metric, id_kind or got[2])
    if got != expected:
        names = "dim {}, metric {!r} and ids that are {}"
        raise BadFileError(
            None, f"{where}: expected an index of {names.format(*expected)}, got {names.format(*got)}", where
        )


def caught_up(state: State) -> State:
    """With what the logs have now.

    Raises:
        BadFileError: A log is damaged.
        MissingFileError: A log is gone.
    """
    scans = tuple(replace(scan) for scan in state.scans)
    parts = list(state.parts)
    id_kind, next_id, rows, size = state.id_kind, state.next_id, state.log_rows, state.log_bytes
    for scan in scans:
        for record in scan.records():
            rows, size = rows + record.rows, size + record.end - record.start
            where = f"{scan.path}: byte {record.start}"
            try:
                if record.kind == log.DELETE:
                    kill(parts, log.ids_of(record.payload))
                    continue
                core = _core.Index.open_buffer(record.payload, False)
                check(core, where, state.manifest.dim, state.manifest.metric, id_kind)
            except (NearfileError, ValueError) as error:
                raise BadFileError(
                    None, f"{where}: expected a record that can be used, got: {error}", scan.path
                ) from None
            part = Part(core)
            kill(parts, part.ids())
            parts.append(part)
            id_kind = kind_of(core)
            next_id = max(next_id, part.highest + 1)
    return replace(
        state, scans=scans, parts=tuple(parts), id_kind=id_kind, next_id=next_id, log_rows=rows, log_bytes=size
    )


def has_shrunk(state: State) -> bool:
    """Whether a log is shorter than what was read of it: its writer took back what it could not sync."""
    for scan in state.scans:
        with contextlib.suppress(OSError):  # a log that is gone is told where it is read
            if os.stat(scan.path).st_size < scan.offset:
                return True
    return False


def kill(parts: list[Part], ids: Ids) -> int:
    """Delete ids wherever they are; how many were there."""
    killed = 0
    for place, part in enumerate(parts):
        rows = part.rows_of(ids)
        if len(rows):
            parts[place] = part.without(rows)
            killed += len(rows)
    return killed


def with_parts(state: State, log_parts: Iterable[Part]) -> State:
    """The same items in other parts of the log."""
    return replace(state, parts=(*state.parts[: state.n_segments], *log_parts))


def unique(ids: Ids) -> Ids:
    """Each once."""
    return list(dict.fromkeys(ids)) if isinstance(ids, list) else np.unique(ids)


def check_kind(name: str, id_kind: str, ids: Ids) -> None:
    """Raise where ids are of another kind than a collection's."""
    if isinstance(ids, list) != (id_kind == "string"):
        expected, got = ("str", "whole numbers") if id_kind == "string" else ("whole numbers", "str")
        raise InvalidArgumentError(f"{name}: expected ids that are {expected}, as this collection's are, got {got}")
