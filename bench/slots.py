"""Several measurements at once, each kept on cores of its own, and a time at which no more begin."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Callable, Optional

from bench import machine


class OutOfTimeError(Exception):
    """The time of the whole run is over; what was measured until then counts."""


@dataclass(frozen=True)
class Slot:
    """Where one measurement runs: its number, and its cores, ``None`` where a process cannot be kept on any."""

    number: int
    cores: tuple[int, ...] | None

    def take(self, threads: int) -> list[int] | None:
        """The cores for so many threads.

        Raises:
            ValueError: It has fewer.
        """
        if self.cores is None:
            return None
        if threads > len(self.cores):
            raise ValueError(
                f"threads: expected at most {len(self.cores)}, the cores of each measurement, got {threads}"
            )
        return list(self.cores[-threads:])


class Deadline:
    """When a run ends; ``None`` never."""

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    def left(self) -> float:
        """Seconds until then, at least 0."""
        return float("inf") if self._end is None else max(0.0, self._end - time.monotonic())

    def limit(self, seconds: float) -> float:
        """A time limit that does not go beyond it.

        Raises:
            OutOfTimeError: It has come.
        """
        left = self.left()
        if left <= 0:
            raise OutOfTimeError
        return min(seconds, left)


def slots(at_once: int) -> list[Slot]:
    """As many parts of the machine's cores, alike in size, of neighbours: the threads of one core stay in one part.

    Raises:
        ValueError: There are fewer cores.
    """
    usable = machine.cores()
    if at_once > len(usable):
        raise ValueError(f"at once: expected at most {len(usable)}, the cores of this machine, got {at_once}")
    size = len(usable) // at_once
    parts = [tuple(usable[len(usable) - size * (number + 1) :][:size]) for number in range(at_once)]
    return [Slot(number, part if machine.pins() else None) for number, part in enumerate(parts)]


Job = Callable[[Slot], Optional[bool]]


def each(jobs: Iterable[Job], places: list[Slot]) -> bool:
    """Do the jobs in their order, as many at once as there are places; False where the time was over before all were done.

    Whatever else a job raises ends the others when they come to their end, and is raised.
    """
    free: queue.SimpleQueue[Slot] = queue.SimpleQueue()
    for place in places:
        free.put(place)
    over, wrong = threading.Event(), threading.Event()

    def do(job: Job) -> None:
        if over.is_set() or wrong.is_set():
            return
        place = free.get()
        try:
            job(place)
        except OutOfTimeError:
            over.set()
        except BaseException:
            wrong.set()
            raise
        finally:
            free.put(place)

    if len(places) == 1:  # in this thread, so that Ctrl-C comes here
        for job in jobs:
            do(job)
        return not over.is_set()
    with ThreadPoolExecutor(len(places)) as pool:
        try:
            for done in [pool.submit(do, job) for job in jobs]:
                done.result()
        except BaseException:  # Ctrl-C comes here: what runs is finished, nothing more begins
            wrong.set()
            raise
    return not over.is_set()
