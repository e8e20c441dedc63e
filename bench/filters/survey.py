"""One run of the workload: indexes built that are not there yet, then passes over all libraries by turns."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import datasets
from bench.datasets import Prepared
from bench.filters import library, workload
from bench.filters.workload import NAMES
from bench.slots import slots
from bench.worker import WorkerError, work

Record = dict[str, Any]


@dataclass(frozen=True)
class Survey:
    """What is to be measured, and how."""

    data: str
    libraries: tuple[str, ...]
    work: Path  # prepared data, masks, indexes
    filters: tuple[str, ...] = NAMES
    k: int = 10
    queries: int = 200
    passes: int = 3  # 0 only builds
    seconds: float = 0.5  # of queries for each setting and pass, at least
    enough: float = 0.999  # recall at which a sweep ends
    build_threads: int = 1
    time_limit: float = 3600  # of one build, and of one pass of one library
    seed: int = 0
    data_dir: Path | None = None
    metric: str | None = None

    def facts(self) -> Record:
        """Its options as results name them: folders of this machine tell nobody anything."""
        facts = {**asdict(self), "data": datasets.short(self.data)}
        return {name: value for name, value in facts.items() if name not in ("work", "data_dir")}

    def run(self, tell: Callable[[str], None]) -> Iterator[Record]:
        """Every record as soon as it is there; a library that fails is named, with the reason."""
        data = datasets.prepare(self.data, self.work, self.data_dir, self.metric)
        tell(f"{data.shape.name}: {data.shape.count:,} x {data.shape.dim}, {data.shape.metric}")
        load = workload.prepare(data, min(self.queries, len(data.queries())), self.k, self.seed)
        yield {"kind": "data", "shape": asdict(data.shape), "data": data.digest, "k": self.k}
        built = []
        for name in self.libraries:
            try:
                yield from self._build(name, data, load)
                built.append(name)
            except (WorkerError, ImportError) as error:
                yield {"kind": "failure", "library": _called(name), "stage": "build", "reason": str(error)}
        for number in range(self.passes):
            for name in list(built):
                tell(f"pass {number + 1}: {_called(name)}")
                try:
                    for record in self._work("query-filtered", name, data, load, 1):
                        yield {**record, "library": _called(name), "pass": number}
                except WorkerError as error:
                    built.remove(name)
                    yield {"kind": "failure", "library": _called(name), "stage": "search", "reason": str(error)}

    def _build(self, name: str, data: Prepared, load: Path) -> Iterator[Record]:
        """What is there from an earlier run is taken as it is."""
        path = self._folder(name, data, load)
        if path.exists():
            return
        unfinished = path.with_name(path.name + "-unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        for record in self._work("build-filtered", name, data, load, self.build_threads, unfinished):
            yield {**record, "library": _called(name)}
        unfinished.rename(path)

    def _folder(self, name: str, data: Prepared, load: Path) -> Path:
        wanted = library.library(name)
        # An index may have the masks in it.
        return self.work / "filtered" / data.digest / f"{load.stem}-{wanted.name()}-{wanted.adapter().version()}"

    def _work(
        self, stage: str, name: str, data: Prepared, load: Path, threads: int, path: Path | None = None
    ) -> Iterator[Record]:
        task = {
            "library": name,
            "shape": asdict(data.shape),
            "data": data.digest,
            "folder": str(data.folder.resolve()),
            "workload": str(load.resolve()),
            "path": str((path or self._folder(name, data, load)).resolve()),
            "filters": self.filters,
            "seconds": self.seconds,
            "enough": self.enough,
        }
        log = self.work / "filtered" / f"{stage}-{_called(name)}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        yield from work(stage, task, threads, self.time_limit, log, slots(1)[0].take(threads))


def _called(name: str) -> str:
    """As results say it."""
    return library.library(name).name()
