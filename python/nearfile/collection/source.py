"""The folder as it is now: opens the newest generation that is whole, and takes up what comes after."""

from __future__ import annotations

import os
import threading
import warnings
import weakref

from nearfile.collection import consolidation, manifest, names, state
from nearfile.collection.manifest import Manifest
from nearfile.collection.state import State
from nearfile.errors import BadFileError, FileError, MissingFileError, OlderGenerationWarning

# How often the manifest is read anew where a file that it names is gone, as after a publish and a clean-up.
_TRIES = 20

# What is looked up in the log is looked up in each of its parts.
_MOST_LOG_PARTS = 32

_Signature = tuple[tuple[int, ...], ...]

_sources: weakref.WeakSet[Source] = weakref.WeakSet()


class Source:
    """Threading: any. Whoever has a state keeps what it is made of open; this holds the newest one that was asked for."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._lock = threading.RLock()
        self._seen: _Signature | None = None
        self._state: State | None = None
        _sources.add(self)
        self.refresh()

    @property
    def state(self) -> State:
        """As of the last look."""
        state = self._state
        assert state is not None
        return state

    def refresh(self, *, wait: bool = True) -> bool:
        """Look, and take up what is new; whether there was anything. Without ``wait``, not where another thread is at it.

        Raises:
            MissingFileError: There is no collection any more.
            BadFileError: What is new is damaged; the state stays what it was.
        """
        if not self._lock.acquire(blocking=wait):
            return False
        try:
            seen = self._look()
            if seen == self._seen:
                return False
            before = self._state
            # Mostly it is the log alone that has grown.
            is_published = before is None or self._seen is None or seen[0] != self._seen[0]
            found = self._newest() if is_published or before is None else self._grown(before)
            if len(found.log_parts) > _MOST_LOG_PARTS:
                found = consolidation.consolidated(found)
            self._state = found
            # What was being written while it was read makes another signature.
            self._seen = seen
            return not (before is not None and _same(before, self._state))
        finally:
            self._lock.release()

    def consolidate(self, seen: State) -> State:
        """``seen`` with the log in few parts; kept, where it is still the newest."""
        made = consolidation.consolidated(seen)
        with self._lock:
            if self._state is seen:
                self._state = made
        return made

    def _look(self) -> _Signature:
        """What differs when something was published or added."""
        path = os.path.join(self.folder, names.MANIFEST)
        paths = [path] if self._state is None else [path, *(scan.path for scan in self._state.scans[-1:])]
        found = []
        for each in paths:
            try:
                status = os.stat(each)
            except OSError:
                found.append((0, 0, 0))
            else:
                found.append((status.st_ino, status.st_mtime_ns, status.st_size))
        return tuple(found)

    def _newest(self) -> State:
        path = os.path.join(self.folder, names.MANIFEST)
        gone: Exception | None = None
        before: Manifest | None = None
        for _ in range(_TRIES):
            found = manifest.read(path)
            if gone is not None and found == before:
                break  # nothing went by: the file is not there
            before = found
            try:
                return self._opened(found)
            except FileError as error:
                gone = error
        assert gone is not None
        assert before is not None
        return self._older(before, gone)

    def _grown(self, before: State) -> State:
        try:
            return self._newest() if state.has_shrunk(before) else state.caught_up(before)
        except MissingFileError:
            return self._newest()

    def _opened(self, found: Manifest) -> State:
        if self._state is not None and self._state.manifest == found and not state.has_shrunk(self._state):
            return state.caught_up(self._state)
        return state.caught_up(state.load(self.folder, found, self._state))

    def _older(self, newest: Manifest, error: Exception) -> State:
        """In a copy of a folder that was written to meanwhile: the newest generation that came over whole."""
        if not is_copy(self.folder, newest):
            raise error
        for generation in kept_generations(self.folder):
            path = os.path.join(self.folder, names.kept_manifest(generation))
            if generation >= newest.generation:
                continue
            try:
                found = self._opened(manifest.read(path))
            except (MissingFileError, BadFileError):
                continue
            warnings.warn(
                f"{self.folder}: this is a copy that was made while the collection was written to, and lacks files of"
                f" generation {newest.generation}, which its manifest names ({error}); opened generation"
                f" {generation} in its place",
                OlderGenerationWarning,
                stacklevel=6,
            )
            return found
        raise error


def is_copy(folder: str, found: Manifest) -> bool:
    """Whether a manifest was written for another folder."""
    status = os.stat(folder)
    return (status.st_dev, status.st_ino) != (found.device, found.inode)


def kept_generations(folder: str) -> list[int]:
    """Those whose manifests are still there, newest first."""
    found: list[int] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            generation = names.generation_of(entry.name)
            if generation is not None:
                found.append(generation)
    return sorted(found, reverse=True)


def _same(a: State, b: State) -> bool:
    return a.manifest == b.manifest and [scan.offset for scan in a.scans] == [scan.offset for scan in b.scans]


def _forked() -> None:
    # A thread that held it is not here.
    for source in list(_sources):
        source._lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
