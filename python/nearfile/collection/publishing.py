"""Writes what a collection becomes: appends to its log, publishes generations, and removes what nobody needs any more."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from nearfile import _core
from nearfile.collection import deletions, disk, manifest, names
from nearfile.collection.lock import Lock
from nearfile.collection.log import FIRST, Log
from nearfile.collection.manifest import LogPart, Manifest, Segment
from nearfile.collection.part import Part
from nearfile.collection.source import Source, is_copy, kept_generations
from nearfile.collection.state import State
from nearfile.errors import FileError, MissingFileError


class Publisher:
    """The one that holds the lock of a folder.

    Threading: ``mutex`` is held by whoever appends or publishes; what is written in between is settled by it.
    """

    def __init__(self, folder: str, lock: Lock, source: Source, grace: float) -> None:
        self.folder = folder
        self.mutex = threading.RLock()
        self.grace = grace
        self.source = source
        self._lock = lock
        state = source.state
        self.pending_rows, self.pending_bytes = state.log_rows, state.log_bytes
        last = state.manifest.logs[-1] if state.manifest.logs else None
        newest = manifest.read(os.path.join(folder, names.MANIFEST))
        self._on_disk = newest
        self._log: Log | None = None
        self._is_sure = True  # of which generation is on the disk
        self._generation = state.manifest.generation  # that it is to have seen before it publishes another
        # A copy is published anew, so that it is none any more; and so is an older generation that was found whole.
        if last is not None and last.end is None and newest == state.manifest and not is_copy(folder, newest):
            self._log = Log.open(os.path.join(folder, last.file))
        else:
            self.publish(state.published)
        self.clean()

    def check(self) -> None:
        """Raise where nothing may be written."""
        self._lock.check()
        if not self._is_sure:
            raise FileError(
                None,
                f"{self.folder}: a publish failed and could not be taken back: close the collection and open it again",
            )

    def append(self, kind: int, payload: bytes, rows: int) -> None:
        """A record behind the others, on the disk on return; after an error it is not there."""
        with self.mutex:
            self.check()
            if self._log is None or not self._log.is_whole:
                self.publish(self.source.state.published)  # with a new log
            assert self._log is not None
            before = self._log.end
            self._log.append(kind, payload, rows)
            self.pending_rows += rows
            self.pending_bytes += self._log.end - before

    def publish(
        self,
        parts: Iterable[Part],
        taken: State | None = None,
        *,
        id_kind: str | None = None,
        next_id: int = 0,
        router: Any = None,
    ) -> None:
        """A new generation whose segments are ``parts``, and a new log.

        Args:
            parts: Segments; ``segment`` of a new one says what the manifest is to have of it.
            taken: What the log was when these parts were made with all that it had. None: they have nothing of it.
            id_kind: Where the parts tell it and no item was there before.
            next_id: The least number for an item that comes without an id.
            router: For the new segments; None keeps the one that is there, where its segments are.

        Raises:
            FileError: The system refused. What was published before is still so, and the log too.
        """
        with self.mutex:
            self.check()
            if self.source.state.manifest.generation != self._generation:
                self.source.refresh()
            before = self.source.state.manifest
            if before.generation != self._generation:
                raise FileError(
                    None,
                    f"{self.folder}: expected generation {self._generation}, got {before.generation}: close it and open it again",
                )
            written: list[str] = []
            log: Log | None = None
            try:
                segments = tuple(self._with_deletions(part, written) for part in parts)
                path = os.path.join(self.folder, names.new_log())
                log = Log.create(path)
                written.append(path)
                known = taken or self.source.state
                following = before.next(
                    self.folder,
                    generation=max(before.generation, self._on_disk.generation) + 1,
                    segments=segments,
                    logs=(*self._left(before, taken), LogPart(os.path.basename(path), 0, None)),
                    id_kind=before.id_kind or known.id_kind or id_kind,
                    next_id=max(before.next_id, known.next_id, next_id),
                    router=router or before.router,
                )
                self._replace_manifest(following)
            except BaseException:
                if log is not None:
                    log.close()
                for each in written if self._is_sure else ():
                    disk.remove(each)
                raise
            self._supersede(before, following, log)
            if taken is not None:
                self.pending_rows -= taken.log_rows
                self.pending_bytes -= taken.log_bytes
        with contextlib.suppress(FileError):  # it is published; who needs what is new looks again
            self.source.refresh()
        self.clean()

    def _with_deletions(self, part: Part, written: list[str]) -> Segment:
        """What the manifest has of a part; its deleted rows are written where they are others than before."""
        segment = part.segment
        assert segment is not None
        if len(part.dead) == segment.n_deleted:
            return segment
        name = names.new_deleted()
        path = os.path.join(self.folder, name)
        disk.write_new(path, deletions.to_bytes(part.dead, segment.count, segment.fingerprint))
        written.append(path)
        return replace(segment, deleted=name, n_deleted=len(part.dead))

    def _left(self, before: Manifest, taken: State | None) -> list[LogPart]:
        """The parts of logs that segments do not have."""
        offsets = {} if taken is None else {os.path.basename(scan.path): scan.offset for scan in taken.scans}
        left = []
        for part in before.logs:
            end = part.end
            if end is None:
                end = self._log.end if self._log is not None else self._end_of(part)
            start = max(part.start, offsets.get(part.file, 0))
            if start < end and end > FIRST:
                left.append(LogPart(part.file, start, end))
        return left

    def _end_of(self, part: LogPart) -> int:
        """Where the last log ends that was read and is not written to: that of a copy."""
        return next(scan.offset for scan in self.source.state.scans if os.path.basename(scan.path) == part.file)

    def _replace_manifest(self, following: Manifest) -> None:
        path = os.path.join(self.folder, names.MANIFEST)
        kept = os.path.join(self.folder, names.kept_manifest(following.generation))
        try:
            disk.replace(path, following.to_bytes(), kept)
        except BaseException:
            self._is_sure = False
            self._take_back(path, following)
            self._is_sure = True
            disk.remove(kept)
            raise

    def _take_back(self, path: str, following: Manifest) -> None:
        """After an error: what was published before is what is there."""
        if manifest.read(path) != following:
            return
        earlier = replace(self._on_disk, generation=following.generation + 1)
        kept = os.path.join(self.folder, names.kept_manifest(earlier.generation))
        disk.replace(path, earlier.to_bytes(), kept)
        self._on_disk = earlier
        self._generation = earlier.generation

    def _supersede(self, before: Manifest, following: Manifest, log: Log) -> None:
        for file in before.files() - following.files():
            if names.is_ours(file):
                disk.touch(os.path.join(self.folder, file))
        disk.touch(os.path.join(self.folder, names.kept_manifest(before.generation)))
        earlier, self._log = self._log, log
        if earlier is not None:
            earlier.close()
        self._on_disk = following
        self._generation = following.generation

    def clean(self) -> None:
        """Remove what no manifest has named for as long as the grace is, and what writers that died left."""
        needed = self._on_disk.files() | {names.kept_manifest(self._on_disk.generation)}
        now = time.time()
        with contextlib.suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                unneeded = names.is_ours(entry.name) and entry.name not in needed
                if not unneeded and not names.is_leftover(entry.name):
                    continue
                with contextlib.suppress(OSError):
                    if now - entry.stat(follow_symlinks=False).st_mtime >= self.grace:
                        disk.remove(entry.path)

    def close(self) -> None:
        """Let another one write."""
        with self.mutex:
            if self._log is not None:
                self._log.close()
                self._log = None
            self._lock.release()


def described(
    core: _core.Index, file: str, *, first_id: int | None = None, given: bool = False, size: int = 0
) -> Segment:
    """What the manifest has of an index that becomes a segment."""
    low, high = _core.id_range(core) or (None, None)
    base = first_id or 0
    return Segment(
        file=file,
        count=core.size,
        bytes=size,
        fingerprint=f"{core.fingerprint:016x}",
        lowest=None if low is None else low + base,
        highest=None if high is None else high + base,
        first_id=first_id,
        given=given,
    )


def begin(folder: str, first: Manifest) -> None:
    """The first generation of a new collection, where the folder has none."""
    kept = kept_generations(folder)
    path = os.path.join(folder, names.MANIFEST)
    if kept:
        raise MissingFileError(
            None,
            f"{path}: expected the manifest of the collection that is here, whose generation {kept[0]} is"
            f" {names.kept_manifest(kept[0])}: copy that to {names.MANIFEST}",
            path,
        )
    log = names.new_log()
    Log.create(os.path.join(folder, log)).close()
    following = first.next(folder, logs=(LogPart(log, 0, None),))
    disk.replace(path, following.to_bytes(), os.path.join(folder, names.kept_manifest(following.generation)))
