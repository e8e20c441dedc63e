"""What the system says of processes: their time on processors, and the memory that they share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import psutil


def seconds(processes: list[psutil.Process]) -> float:
    """Of processors, user and system, so far."""
    return sum(sum(process.cpu_times()[:2]) for process in processes)


@dataclass(frozen=True)
class Memory:
    """Of one worker, in bytes."""

    #: Of the index: what is in memory, and the worker's part of it, where others have it mapped too.
    index: int
    index_share: int
    #: All else: what is the worker's own.
    own: int


def memory(process: int, name: str) -> Memory:
    """Of a process that has a file of this name mapped; from Linux's ``smaps``."""
    resident = share = own = 0
    is_index = False
    for line in Path(f"/proc/{process}/smaps").read_text().splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            is_index = line.endswith(name)
            continue
        found = re.match(r"(Rss|Pss|Private_Clean|Private_Dirty): +(\d+) kB", line)
        if found is None:
            continue
        size = 1024 * int(found[2])
        if is_index and found[1] == "Rss":
            resident += size
        elif is_index and found[1] == "Pss":
            share += size
        elif not is_index and found[1].startswith("Private"):
            own += size
    return Memory(resident, share, own)
