"""Makes segments of the log and of segments: when told, and by itself in the background."""

from __future__ import annotations

import os
import threading
import time
from collections import deque

from nearfile import _core
from nearfile.collection import disk, policy
from nearfile.collection.building import FOREST, GRAPH, add, built
from nearfile.collection.names import new_segment
from nearfile.collection.part import Part
from nearfile.collection.policy import Size
from nearfile.collection.publishing import Publisher, described
from nearfile.collection.state import State
from nearfile.errors import ClosedError, InvalidArgumentError

# The log becomes a segment from so many rows or bytes on.
LOG_ROWS, LOG_BYTES = 2048, 16 << 20
# Under load, which is more rows a second than half of what the last graph took in one, or than these where there was none,
# or an add that waits, a graph would not be ready before as many are there again: they become a raw segment, a forest of one
# tree, which is searched by looking at all of it; graphs are made later.
BUSY_ROWS = 16384
BUSY_LOG_ROWS, BUSY_LOG_BYTES = 65536, 64 << 20
# So many rows are in raw segments at most, under load too.
MOST_RAW_ROWS = 1 << 20
# An add waits until the log is less than this.
MOST_LOG_ROWS, MOST_LOG_BYTES = 131072, 256 << 20
# Segments below so many items are of one tier.
SMALLEST = 2048

# After an error of the background it rests so long, and twice as long after the next, up to a minute.
_FIRST_REST, _LONGEST_REST = 1.0, 60.0
_IDLE = 0.5
# Over so many seconds the load is taken.
_WINDOW = 4.0


class Stopped(ClosedError):  # noqa: N818  # it is no error
    """A build was stopped because the collection is being closed."""


class GivenUp(Exception):  # noqa: N818  # it is no error
    """A merge in the background made way for an add that waits."""


class Merger:
    """Threading: any. One job runs at a time; adding goes on meanwhile."""

    def __init__(self, publisher: Publisher, threads: int, *, background: bool) -> None:
        self.publisher = publisher
        self.source = publisher.source
        self.jobs = threading.RLock()
        self.error: str | None = None  # of the last job in the background
        self._threads = threads
        self._stopping = False
        self._background = background
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._added: deque[tuple[float, int]] = deque()
        self._waiting = 0  # adds that wait for the log to become shorter
        self._makes_way = False  # of the job that runs: whether it is given up where an add waits
        self._pace: float | None = None  # rows a second of the last graph

    # What is done

    def flush(self, *, raw: bool = False) -> None:
        """The log becomes a segment."""
        with self.jobs:
            self.source.refresh()
            n = self.source.state.n_segments
            if self.publisher.pending_rows > 0:
                self._rewrite(n, n, takes_log=True, raw=raw)

    def compact(self) -> None:
        """All becomes one segment without deleted rows."""
        with self.jobs:
            self.source.refresh()
            state = self.source.state
            live = sum(part.n_live for part in state.parts)
            if live > _core.max_count:
                raise InvalidArgumentError(
                    f"compact: expected at most {_core.max_count} items, which one segment can have, got {live}: leave them"
                    " in several"
                )
            whole = state.n_segments == 1 and not len(state.parts[0].dead) and not is_raw(state.parts[0])
            if self.publisher.pending_rows > 0 or not (whole or state.n_segments == 0):
                self._rewrite(0, state.n_segments, takes_log=True)

    def _rewrite(self, first: int, end: int, *, takes_log: bool, raw: bool = False) -> None:
        """Segments from ``first`` to ``end``, and what the log has, become one segment."""
        state = self.source.state
        taken = list(state.parts[first:end]) + (list(state.log_parts) if takes_log else [])
        made = self._built(state, [part for part in taken if part.n_live > 0], raw=raw)
        try:
            parts = state.parts[: state.n_segments] if takes_log else state.published
            following = (*parts[:first], *made, *parts[end:])
            self.publisher.publish(following, state if takes_log else None)
        except BaseException:
            for part in made:
                if part.segment is not None:
                    self.remove_unless_published(part.segment.file)
            raise

    def _built(self, state: State, taken: list[Part], *, raw: bool) -> list[Part]:
        """One new segment, or none where there is nothing to be in it."""
        if not taken:
            return []
        builder = _core.Builder(state.manifest.dim, state.manifest.metric)
        for part in taken:
            add(builder, part, self.report)
        return [self.build_alone(builder, raw=raw)]

    def build_alone(self, builder: _core.Builder, *, raw: bool = False) -> Part:
        """A new segment of what a builder has, not published yet."""
        name = new_segment()
        path = os.path.join(self.publisher.folder, name)
        structure = FOREST if raw else GRAPH
        build = self.source.state.manifest.build
        start = time.monotonic()
        core = built(builder, build, path=path, structure=structure, threads=self._threads, report=self.report)
        if not raw and core.size >= LOG_ROWS:
            self._pace = core.size / max(time.monotonic() - start, 1e-9)
        return Part(core, described(core, name, size=os.path.getsize(path)))

    def remove_unless_published(self, file: str) -> None:
        """A segment that was built in vain."""
        if all(segment.file != file for segment in self.source.state.manifest.segments):
            disk.remove(os.path.join(self.publisher.folder, file))

    def report(self, *_: object) -> None:
        """What a build calls now and then."""
        if self._makes_way and self._waiting > 0:
            raise GivenUp
        if self._stopping:
            raise Stopped("expected an open collection, got one that was closed meanwhile: nothing was changed")

    # When it is done

    def make_room(self) -> None:
        """Before something is added: a log that is too long becomes a segment first."""
        if not self._is_full():
            return
        self._waiting += 1
        try:
            with self.jobs:
                if self._is_full():
                    self.flush(raw=True)
        finally:
            self._waiting -= 1

    def _is_full(self) -> bool:
        return self.publisher.pending_rows >= MOST_LOG_ROWS or self.publisher.pending_bytes >= MOST_LOG_BYTES

    def added(self, rows: int) -> None:
        """The log has so many rows more: what waits in the background is woken."""
        self._added.append((time.monotonic(), rows))
        if self.publisher.pending_rows >= LOG_ROWS or self.publisher.pending_bytes >= LOG_BYTES:
            self.wake()

    def is_busy(self) -> bool:
        """Whether more comes in than graphs can be made of."""
        if self._waiting > 0:
            return True
        since = time.monotonic() - _WINDOW
        while self._added and self._added[0][0] < since:
            self._added.popleft()
        coming = sum(rows for _, rows in tuple(self._added)) / _WINDOW
        return coming > (BUSY_ROWS if self._pace is None else self._pace / 2)

    def do_next(self) -> bool:
        """What is due; whether there was anything."""
        with self.jobs:
            publisher, busy = self.publisher, self.is_busy()
            rows, size = (BUSY_LOG_ROWS, BUSY_LOG_BYTES) if busy else (LOG_ROWS, LOG_BYTES)
            if publisher.pending_rows >= rows or publisher.pending_bytes >= size:
                self.flush(raw=busy)
                return True
            self.source.refresh()
            state = self.source.state
            sizes = [size_of(part) for part in state.parts[: state.n_segments]]
            raw = sum(size.live for size in sizes if size.is_raw)
            if busy and raw < MOST_RAW_ROWS:
                return False
            found = policy.due(sizes, SMALLEST)
            if found is None:
                return False
            self._makes_way = raw < MOST_RAW_ROWS
            try:
                self._rewrite(*found, takes_log=False)
            except GivenUp:
                pass  # it is tried again when the load is over
            finally:
                self._makes_way = False
            return True

    def wake(self) -> None:
        """There may be something to do."""
        if not self._background or self._stopping:
            return
        with self._wake:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="nearfile-collection", daemon=True)
                self._thread.start()
            self._wake.notify()

    def _run(self) -> None:
        rest = _FIRST_REST
        while not self._stopping:
            try:
                did = self.do_next()
                self.error, rest = None, _FIRST_REST
            except Stopped:
                return
            except Exception as error:  # noqa: BLE001  # told by info(), and by the call that has to do it in its place
                self.error, did = f"{type(error).__name__}: {error}", False
                with self._wake:
                    self._wake.wait_for(lambda: self._stopping, rest)
                rest = min(2 * rest, _LONGEST_REST)
                continue
            if not did:
                with self._wake:
                    if not self._stopping:
                        # Under load it looks again when that may be over.
                        self._wake.wait(_IDLE if self._added else None)

    def stop(self) -> None:
        """Nothing more is done; what is being built is given up."""
        self._stopping = True
        with self._wake:
            self._wake.notify_all()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()


def is_raw(part: Part) -> bool:
    """Whether a segment is a forest that a graph is to be made of."""
    return part.segment is not None and not part.segment.given and part.core.structure == FOREST


def size_of(part: Part) -> Size:
    """What the policy is told of a segment."""
    segment = part.segment
    assert segment is not None
    return Size(part.n_live, segment.count, is_raw=is_raw(part), is_fixed=segment.given)
