"""A control group of Linux that may have so many bytes of memory and no more, page cache and all."""

from __future__ import annotations

import os
import time
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")


class Group:
    """One, of either version; ``with`` makes it and takes it away.

    Raises:
        PermissionError: It may not be made; the message says what it takes.
    """

    def __init__(self, limit: int, root: Path = ROOT) -> None:
        self.limit = limit
        old = (root / "memory").is_dir()
        self.path = (root / "memory" if old else root) / f"nearfile-bench-{os.getpid()}"
        self._settings = {"memory.limit_in_bytes": limit} if old else {"memory.max": limit, "memory.swap.max": 0}

    def __enter__(self) -> Group:
        try:
            self.path.mkdir()
            for name, value in self._settings.items():
                if not name.startswith("memory.swap") or (self.path / name).exists():
                    (self.path / name).write_text(str(value))
        except OSError as error:
            raise PermissionError(
                f"the memory group {self.path}: {error.strerror}; it takes root, and a control group with the memory "
                f"controller (version 2: 'echo +memory > {ROOT}/cgroup.subtree_control')"
            ) from None
        return self

    def __exit__(self, *_: object) -> None:
        for _try in range(50):  # until the kernel has seen that the last process is gone
            try:
                self.path.rmdir()
            except OSError:
                time.sleep(0.1)
            else:
                return

    def enter(self, process: int) -> None:
        """Put a process into it."""
        (self.path / "cgroup.procs").write_text(str(process))
