"""One run: builds, then passes over all libraries by turns, so that a machine that drifts drifts for all."""

from __future__ import annotations

import fcntl
import json
import shutil
from dataclasses import asdict, dataclass
from functools import partial
from hashlib import blake2b
from itertools import zip_longest
from pathlib import Path
from typing import IO, Any, Callable

from bench import adapters, datasets, truth
from bench.adapters.base import Adapter
from bench.datasets import Prepared
from bench.journal import Journal
from bench.results import text
from bench.slots import Deadline, Job, OutOfTimeError, Slot, each, slots
from bench.worker import WorkerError, work

Record = dict[str, Any]
CHECK_LIMIT = 120  # seconds; some libraries take long to import


@dataclass(frozen=True)
class Plan:
    """What is to be measured, and how."""

    data: tuple[str, ...]
    libraries: tuple[str, ...]
    work: Path  # prepared data, exact neighbours, indexes
    ks: tuple[int, ...] = (10,)
    modes: tuple[str, ...] = ("single",)
    threads: tuple[int, ...] = (1,)  # of batches; single queries take one
    build_threads: tuple[int, ...] = (1,)  # the first builds what is searched
    passes: int = 3
    queries: int = 2000  # that recall is counted on
    seconds: float = 0.5  # of queries for each setting and pass, at least
    enough: float = 0.999  # recall at which a sweep ends
    time_limit: float = 600
    most_builds: int | None = None  # of each library
    reuse_builds: bool = False
    only_built: bool = False  # search what lies in ``work``, and build nothing
    at_once: int = 1  # measurements, each on its own part of the cores
    until: float | None = None  # seconds after which nothing begins
    data_dir: Path | None = None
    metric: str | None = None

    def facts(self) -> Record:
        """Its options as results name them: folders of this machine tell nobody anything."""
        facts = {**asdict(self), "data": [datasets.short(name) for name in self.data]}
        return {name: value for name, value in facts.items() if name not in ("work", "data_dir", "until")}

    def configurations(self) -> list[tuple[int, str, int]]:
        """Each way to ask: how many neighbours, how, on how many threads."""
        batches = [("batch", threads) for threads in self.threads] if "batch" in self.modes else []
        ways = [("single", 1)] * ("single" in self.modes) + batches
        return [(k, mode, threads) for k in self.ks for mode, threads in ways]


@dataclass(frozen=True)
class Contender:
    """One build of one library on one data set."""

    reference: str  # how a process finds the adapter
    adapter: Adapter
    version: str
    data: Prepared
    build: Record

    def common(self) -> Record:
        """What every record of it says."""
        return {
            "dataset": self.data.shape.name,
            "data": self.data.digest,
            "shape": asdict(self.data.shape),
            "library": self.adapter.name,
            "package": self.adapter.package,
            "version": self.version,
            "build": self.build,
        }

    def task(self, path: Path) -> Record:
        """What a process must know of it."""
        folder = str(self.data.folder.resolve())
        return {**self.common(), "adapter": self.reference, "folder": folder, "path": str(path.resolve())}

    def folder(self, work: Path) -> Path:
        """Where its index lies."""
        digest = blake2b(json.dumps(self.build, sort_keys=True).encode(), digest_size=5).hexdigest()
        return work / "indexes" / self.data.digest / f"{self.adapter.name}-{self.version}-{digest}"


class Runner:
    """Carries out a plan. ``tell`` is given a line for people whenever something is finished."""

    def __init__(self, plan: Plan, journal: Journal, tell: Callable[[str], None]) -> None:
        self.plan = plan
        self.journal = journal
        self.tell = tell
        self.deadline = Deadline(plan.until)
        plan.work.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(plan.work)
        # Settings that a time limit or a crash cut off are not tried again in later passes.
        self.given_up = {_sweep_name(record, search) for record in journal.failures() for search in record["searches"]}

    def run(self) -> bool:
        """Measure all that is not in the journal yet; False where the time was over before that."""
        places = slots(self.plan.at_once)
        for threads in (*self.plan.build_threads, *(threads for _, _, threads in self.plan.configurations())):
            places[0].take(threads)  # refuses what this machine cannot do, before hours have passed
        present = self._present(places)
        contenders, counts = [], {}
        for name in self.plan.data:
            data = datasets.prepare(name, self.plan.work, self.plan.data_dir, self.plan.metric)
            self.tell(f"{data.shape.name}: {data.shape.count:,} x {data.shape.dim}, {data.shape.metric}")
            counts[data] = min(self.plan.queries, len(data.queries()))
            truth.prepare(data, counts[data], self.plan.ks)
            contenders.append(self._contenders(data, present))
        # Of every data set the first library, then of every one the next.
        ordered = [one for turn in zip_longest(*contenders) for one in turn if one is not None]
        built: list[Contender] = []
        if not each([partial(self._build, one, built) for one in ordered], places):
            return False
        ordered = [one for one in ordered if one in built]
        for number in range(1, self.plan.passes + 1):
            jobs: list[Job] = [
                partial(self._sweep, contender, number, configuration, counts[contender.data])
                for configuration in self.plan.configurations()
                for contender in ordered
            ]
            if not each(jobs, places):
                return False
        return True

    def close(self) -> None:
        """Let another run work in the folder."""
        self._lock.close()

    def _present(self, places: list[Slot]) -> list[tuple[str, Adapter, str]]:
        """The libraries that can be imported, with their versions; the others are reported."""
        found: dict[str, tuple[str, Adapter, str]] = {}
        each([partial(self._check, name, found) for name in self.plan.libraries], places)
        return [found[name] for name in self.plan.libraries if name in found]

    def _check(self, name: str, found: dict[str, tuple[str, Adapter, str]], place: Slot) -> None:
        adapter = adapters.adapter(name)
        try:
            (said,) = work("check", {"adapter": name}, 1, CHECK_LIMIT, self._log(place), place.take(1))
            found[name] = (name, adapter, said["version"])
        except WorkerError as error:
            self._missing(adapter, str(error), None)

    def _contenders(self, data: Prepared, present: list[tuple[str, Adapter, str]]) -> list[Contender]:
        """Every build of every library, libraries by turns."""
        columns = []
        for reference, adapter, version in present:
            builds = adapter.builds(data.shape)[: self.plan.most_builds]
            if data.shape.metric not in adapter.metrics:
                self._missing(adapter, f"has no metric {data.shape.metric!r}", data.shape.name)
            elif not builds:
                self._missing(adapter, "has no parameters for such data", data.shape.name)
            else:
                columns.append([Contender(reference, adapter, version, data, build) for build in builds])
        return [contender for turn in zip_longest(*columns) for contender in turn if contender is not None]

    def _missing(self, adapter: Adapter, reason: str, dataset: str | None) -> None:
        self.tell(f"  {adapter.name}: not measured: {reason}")
        facts = {"library": adapter.name, "package": adapter.package, "dataset": dataset, "reason": reason}
        # Told anew by every start: what is missing today may be installed when the run is resumed.
        self.journal.note({"kind": "missing", **facts})

    def _build(self, contender: Contender, built: list[Contender], place: Slot) -> None:
        """Build with every number of threads, and keep the first index; ``built`` is given those that can be searched."""
        folder = contender.folder(self.plan.work)
        if self.plan.only_built:
            if folder.exists():
                self._note_all(contender, folder)
                built.append(contender)
            return
        for position, threads in enumerate(self.plan.build_threads):
            record = {"kind": "build", **contender.common(), "threads": threads}
            keep = position == 0 and contender.adapter.saves
            there = folder.exists() or not keep
            if self.journal.get(record) is None or not there:
                failed = self.journal.get({**record, "kind": "failure"}) is not None
                reused = self.plan.reuse_builds and there and self._reuse(record, folder)
                done = not failed and (reused or self._build_once(contender, record, folder if keep else None, place))
                if position == 0 and not done:
                    return
            if position == 0:
                built.append(contender)

    def _build_once(self, contender: Contender, record: Record, keep: Path | None, place: Slot) -> bool:
        unfinished = self.plan.work / f"unfinished-{place.number}"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        threads = record["threads"]
        limit = self.deadline.limit(self.plan.time_limit)
        try:
            task = contender.task(unfinished)
            (measured,) = work("build", task, threads, limit, self._log(place), place.take(threads))
        except WorkerError as error:
            self._out_of_time()
            self._failed(record, str(error), [])
            return False
        if keep is not None:
            shutil.rmtree(keep, ignore_errors=True)
            keep.parent.mkdir(parents=True, exist_ok=True)
            unfinished.rename(keep)
        else:
            shutil.rmtree(unfinished)
        measured["at_once"] = self.plan.at_once
        self.journal.add({**record, **measured})
        note = _note(contender.folder(self.plan.work), threads)
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(json.dumps(measured), encoding="utf-8")
        size = "" if measured["bytes"] is None else f", {measured['bytes'] / 1e6:,.0f} MB"
        self._say(record, f"built on {threads} thread{'s' * (threads > 1)} in {measured['wall']:.1f} s{size}")
        return True

    def _note_all(self, contender: Contender, folder: Path) -> None:
        """Take what earlier runs measured of the build, on however many threads."""
        for note in sorted(folder.parent.glob(f"{folder.name}.*.json")):
            record = {"kind": "build", **contender.common(), "threads": int(note.name.split(".")[-2])}
            if self.journal.get(record) is None:
                self._reuse(record, folder)

    def _reuse(self, record: Record, folder: Path) -> bool:
        """Take what an earlier run measured of the build, where it did."""
        note = _note(folder, record["threads"])
        if not note.exists():
            return False
        self.journal.add({**record, **json.loads(note.read_text(encoding="utf-8")), "reused": True})
        self._say(record, "built by an earlier run")
        return True

    def _sweep(
        self, contender: Contender, number: int, configuration: tuple[int, str, int], count: int, place: Slot
    ) -> None:
        """Whatever is still to do of one pass over the search parameters of one index."""
        k, mode, threads = configuration
        common = {**contender.common(), "pass": number, "k": k, "mode": mode, "threads": threads}
        common["at_once"] = self.plan.at_once
        settings = self._left(contender, common)
        if not settings:
            return
        task = {
            **contender.task(contender.folder(self.plan.work)),
            "searches": settings,
            "k": k,
            "mode": mode,
            "queries": count,
            "enough": self.plan.enough,
            "seconds": self.plan.seconds,
            "truth": str(truth.path(contender.data, count, k).resolve()),
            # The first pass opens the files from disk, the others from memory.
            "cold": number == 1 and k == self.plan.ks[0],
        }
        limit = self.deadline.limit(self.plan.time_limit)
        done = []
        try:
            for record in work("query", task, threads, limit, self._log(place), place.take(threads)):
                self.journal.add({**common, **record})
                if record["kind"] == "query":
                    done.append(record)
        except WorkerError as error:
            self._out_of_time()
            left = settings[len(done) :]
            self.given_up |= {_sweep_name(common, search) for search in left}
            self._failed({"kind": "query", **common}, str(error), left)
        if done:
            best = max(done, key=lambda record: record["recall"])
            self._say(
                common,
                f"on {contender.data.shape.name}, pass {number}, k = {k}, {_how(mode, threads)}: {len(done)} settings, recall up to {best['recall']:.3f}"
                f" at {best['rate']:,.0f}/s",
            )

    def _left(self, contender: Contender, common: Record) -> list[Record]:
        """The search parameters of a sweep that are still to be measured."""
        left = []
        for search in contender.adapter.searches(contender.build, contender.data.shape, common["k"]):
            known = self.journal.get({"kind": "query", **common, "search": search})
            if known is not None and known["recall"] >= self.plan.enough:
                break
            if known is None and _sweep_name(common, search) not in self.given_up:
                left.append(search)
        return left

    def _out_of_time(self) -> None:
        """What was cut off by the end of the run, and not by a limit of its own, has not failed."""
        if self.deadline.left() <= 0:
            raise OutOfTimeError

    def _log(self, place: Slot) -> Path:
        """The file that takes what a library prints there."""
        return self.plan.work / f"library-{place.number}.log"

    def _failed(self, record: Record, reason: str, searches: list[Record]) -> None:
        self.journal.add({**record, "kind": "failure", "stage": record["kind"], "reason": reason, "searches": searches})
        self._say(record, f"{record['kind']} ended early: {reason}")

    def _say(self, record: Record, what: str) -> None:
        self.tell(f"  {record['library']} {text(record['build'])}: {what}")


def _lock(work: Path) -> IO[bytes]:
    """The file that keeps a second run out of ``work`` for as long as it is open."""
    file = (work / "lock").open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise BlockingIOError(
            f"work: expected {work} to be free, got another run in it: wait, or give --work"
        ) from None
    return file


def _how(mode: str, threads: int) -> str:
    return "one by one" if mode == "single" else f"batch on {threads} thread{'s' * (threads > 1)}"


def _note(folder: Path, threads: int) -> Path:
    """Where beside an index it is kept what building it took."""
    return folder.with_name(f"{folder.name}.{threads}.json")


def _sweep_name(record: Record, search: Record) -> str:
    """What tells a search setting from every other, whatever the pass."""
    names = ("data", "library", "version", "build", "k", "mode", "threads")
    return json.dumps([[record.get(name) for name in names], search], sort_keys=True)
