"""The results file: a JSON object a line, each on the disk before the next is measured."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from bench import results

Record = dict[str, Any]

# What tells one measurement from every other; what a kind of record does not have is left out.
KEY = ("kind", "data", "library", "version", "build", "search", "pass", "k", "threads", "mode")


def key(record: Record) -> str:
    """The name of a measurement, the same whenever it is made again."""
    fields = {name: record[name] for name in KEY if name in record}
    return hashlib.blake2b(json.dumps(fields, sort_keys=True).encode(), digest_size=10).hexdigest()


class Journal:
    """Appends the records of one run, and knows those that are there already."""

    def __init__(self, path: Path, machine: Record, revision: str | None, options: Record, resume: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()  # several measurements may end at once
        before = results.records(path) if path.exists() else []
        self._file = path.open("ab")
        self._end_whole(path)
        last = next((record for record in reversed(before) if record["kind"] == "run"), None)
        self.resumed = resume and last is not None and last["machine"] == machine
        self.run = last["run"] if self.resumed and last else datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S.%fZ")
        self._common = {"run": self.run, "machine": machine["processor"], "revision": revision}
        self._records = {record["key"]: record for record in before if record["run"] == self.run and "key" in record}
        self._write({"kind": "run", "run": self.run, "machine": machine, "revision": revision, "options": options})

    def get(self, record: Record) -> Record | None:
        """What was measured under the key of ``record``, None where that is still to do."""
        return self._records.get(key(record))

    def add(self, record: Record) -> None:
        """Append a record, unless the run has one of the same key."""
        with self._lock:
            if self.get(record) is None:
                whole = {**record, "key": key(record), **self._common}
                self._write(whole)
                self._records[whole["key"]] = whole

    def note(self, record: Record) -> None:
        """Append a record that is no measurement."""
        with self._lock:
            self._write({**record, **self._common})

    def failures(self) -> list[Record]:
        """The measurements of this run that ended early."""
        return [record for record in self._records.values() if record["kind"] == "failure"]

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, record: Record) -> None:
        line = json.dumps({**record, "time": datetime.now(timezone.utc).isoformat(timespec="seconds")})
        self._file.write(line.encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _end_whole(self, path: Path) -> None:
        """Cut off a last line that a killed run left unfinished."""
        data = path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            self._file.truncate(whole)
