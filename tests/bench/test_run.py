"""Whole runs on tiny data: nothing is skipped in silence, and nothing that was measured is lost."""

from __future__ import annotations

import importlib.metadata
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from bench import machine, results
from bench.journal import Journal
from bench.run import Plan, Runner

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent


@pytest.fixture(autouse=True)
def _adapters_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.syspath_prepend(str(HERE))


@pytest.fixture
def data(tmp_path: Path) -> str:
    random = np.random.default_rng(0)
    names = [str(tmp_path / "base.npy"), str(tmp_path / "query.npy")]
    for name, count in zip(names, (500, 30)):
        np.save(name, random.random((count, 8), dtype=np.float32))
    return ",".join(names)


def run(tmp_path: Path, data: str, *libraries: str, **options) -> results.Run:
    plan = Plan(
        (data,), libraries, tmp_path / "work", metric="euclidean", passes=2, queries=20, seconds=0.01, **options
    )
    out = tmp_path / "results.jsonl"
    carry_out(plan, out)
    return results.read(out)[-1]


def carry_out(plan: Plan, out: Path) -> bool:
    journal = Journal(out, machine.describe(), machine.revision(), plan.facts(), resume=True)
    runner = Runner(plan, journal, lambda _: None)
    with closing(journal), closing(runner):
        return runner.run()


def test_a_run_measures_all_there_is_to_know(tmp_path: Path, data: str) -> None:
    whole = run(tmp_path, data, "nearfile", "dummies:Exact", modes=("single", "batch"), build_threads=(1, 2))
    assert whole.missing == whole.failures == []
    assert {(one.library, one.mode) for one in whole.series} == {
        (library, mode) for library in ("nearfile", "exact") for mode in ("single", "batch")
    }
    for series in whole.series:
        assert series.dataset == "base.npy,query.npy"
        for build in series.builds:
            assert set(build.wall) == set(build.cpu) == {1, 2}
            assert build.bytes > 500 * 8
            assert build.open_seconds > 0
            assert build.memory_queries is not None
        assert max(point.recall for point in series.points) == 1
        for point in series.points:
            assert point.passes == 2
            assert 0 < point.rate_least <= point.rate <= point.rate_greatest
            assert (point.latency_p99 is None) == (series.mode == "batch")
    exact = next(one for one in whole.series if one.library == "exact")
    assert [point.search["rows"] for point in exact.points] == [125, 250, 500]
    assert [point.recall for point in exact.points] == pytest.approx([0.25, 0.5, 1], abs=0.12)


def test_libraries_take_turns(tmp_path: Path, data: str) -> None:
    run(tmp_path, data, "dummies:Exact", "dummies:Unsaving")
    order = [
        (line["pass"], line["library"])
        for line in results.records(tmp_path / "results.jsonl")
        if line["kind"] == "open"
    ]
    assert order == [(number, library) for number in (1, 2) for library in ("exact", "unsaving")]


def test_a_library_that_cannot_save_has_no_size(tmp_path: Path, data: str) -> None:
    (series,) = run(tmp_path, data, "dummies:Unsaving").series
    assert series.builds[0].bytes is None
    assert series.builds[0].wall


def test_ten_and_a_hundred_are_measured_in_one_run(tmp_path: Path, data: str) -> None:
    whole = run(tmp_path, data, "dummies:Exact", ks=(10, 100))
    assert [series.k for series in whole.series] == [10, 100]
    for series in whole.series:
        assert max(point.recall for point in series.points) == 1
        assert {point.passes for point in series.points} == {2}


def test_several_at_once_measure_all_and_say_so(tmp_path: Path, data: str) -> None:
    if len(machine.cores()) < 2:
        pytest.skip("one core")
    whole = run(tmp_path, data, "dummies:Exact", "dummies:Unsaving", "dummies:Crashing", at_once=2, ks=(5, 10))
    assert whole.at_once == 2
    assert {(one.library, one.k, len(one.points)) for one in whole.series} == {
        (library, k, points) for library, points in (("exact", 3), ("unsaving", 3), ("crashing", 1)) for k in (5, 10)
    }
    assert len(whole.failures) == 2
    lines = results.records(tmp_path / "results.jsonl")
    assert set(Counter(line["key"] for line in lines if "key" in line).values()) == {1}


def test_a_run_whose_time_is_over_goes_on_later(tmp_path: Path, data: str) -> None:
    plan = Plan((data,), ("dummies:Slow", "dummies:Exact"), tmp_path / "work", metric="euclidean", queries=20, until=3)
    out = tmp_path / "results.jsonl"
    assert carry_out(plan, out) is False
    # The build was cut off by the end of the run: that is no failure, and nothing after it was begun.
    assert kinds(out)["failure"] == kinds(out)["build"] == 0
    plan = Plan((data,), ("dummies:Exact",), tmp_path / "work", metric="euclidean", queries=20, seconds=0.01)
    assert carry_out(plan, out) is True
    assert kinds(out)["query"] == 3 * 3
    assert len({line["run"] for line in results.records(out)}) == 1


def test_building_and_searching_can_be_two_commands(tmp_path: Path, data: str) -> None:
    out = tmp_path / "results.jsonl"
    options = {"metric": "euclidean", "queries": 20, "seconds": 0.01}
    assert carry_out(Plan((data,), ("dummies:Exact",), tmp_path / "work", passes=0, **options), out)
    assert kinds(out) == {"run": 1, "build": 1}
    both = ("dummies:Exact", "dummies:Unsaving")
    assert carry_out(Plan((data,), both, tmp_path / "work", passes=1, only_built=True, **options), out)
    (whole,) = results.read(out)
    assert [(series.library, len(series.points)) for series in whole.series] == [("exact", 3)]
    assert whole.series[0].builds[0].bytes > 500 * 8
    assert kinds(out)["build"] == 1
    # A run of its own knows what the index took to build, and that it was built before.
    other = tmp_path / "other.jsonl"
    assert carry_out(Plan((data,), both, tmp_path / "work", passes=1, only_built=True, **options), other)
    assert results.read(other)[0].series[0].builds[0].bytes == whole.series[0].builds[0].bytes
    assert [line["reused"] for line in results.records(other) if line["kind"] == "build"] == [True]


def test_what_cannot_be_measured_is_told(tmp_path: Path, data: str) -> None:
    whole = run(tmp_path, data, "dummies:Absent", "dummies:Crashing", "dummies:Slow", "dummies:Exact", time_limit=3)
    assert [(line["library"], line["package"]) for line in whole.missing] == [("absent", "numpy")]
    assert "a_module_that_is_nowhere" in whole.missing[0]["reason"]
    reasons = {line["library"]: (line["stage"], line["reason"]) for line in whole.failures}
    assert set(reasons) == {"crashing", "slow"}
    assert reasons["slow"] == ("build", "time limit of 3 s")
    assert reasons["crashing"][0] == "query"
    assert "the last words" in reasons["crashing"][1]
    # What was finished before the crash counts, and the crash is not met again by the second pass.
    crashing = next(one for one in whole.series if one.library == "crashing")
    assert [(point.search["rows"], point.passes) for point in crashing.points] == [(125, 2)]
    assert len(whole.failures) == 2


def test_a_metric_that_a_library_lacks_is_told(tmp_path: Path, data: str) -> None:
    plan = Plan((data,), ("dummies:Exact",), tmp_path / "work", metric="dot")
    carry_out(plan, tmp_path / "results.jsonl")
    (whole,) = results.read(tmp_path / "results.jsonl")
    assert whole.missing[0]["reason"] == "has no metric 'dot'"


def test_a_killed_run_resumes_where_it_was(tmp_path: Path, data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_GO", str(tmp_path / "go"))
    out = tmp_path / "results.jsonl"
    command = [sys.executable, "-m", "bench", "run", "--data", data, "--metric", "euclidean", "--queries", "20"]
    command += ["--library", "dummies:Waiting", "--library", "dummies:Exact", "--passes", "2", "--seconds", "0.01"]
    command += ["--out", str(out), "--work", str(tmp_path / "work")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: out.exists() and kinds(out)["query"] >= 2)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    before = out.read_bytes()
    finished = kinds(out)
    assert finished["query"] == 2
    with out.open("ab") as file:
        file.write(b'{"kind": "query", "recall": 0.')  # as a machine that lost its power leaves it
    (tmp_path / "go").touch()
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    assert out.read_bytes().startswith(before)
    assert kinds(out)["query"] == 2 * 2 * 3
    lines = results.records(out)
    assert set(Counter(line["key"] for line in lines if "key" in line).values()) == {1}
    assert len({line["run"] for line in lines}) == 1
    assert kinds(out)["build"] == 2


def kinds(out: Path) -> Counter[str]:
    return Counter(line["kind"] for line in results.records(out))


def wait_until(holds) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


def test_another_machine_begins_another_run(tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    here = machine.describe()
    runs = []
    for facts, resume in ((here, True), (here, True), ({**here, "processor": "another"}, True), (here, False)):
        journal = Journal(out, facts, None, {}, resume)
        runs.append(journal.run)
        journal.close()
    assert runs[0] == runs[1]
    assert len(set(runs)) == 3


def test_a_measurement_is_known_by_all_that_it_depends_on(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "results.jsonl", machine.describe(), None, {}, resume=True)
    record = {"kind": "query", "data": "d", "library": "l", "version": "1", "build": {"a": 1}, "search": {"b": 2}}
    record |= {"pass": 1, "k": 10, "threads": 1, "mode": "single"}
    journal.add({**record, "recall": 1.0})
    assert journal.get(record) is not None
    for name, value in record.items():
        changed = {"c": 3} if isinstance(value, dict) else f"{value}0"
        assert journal.get({**record, name: changed}) is None, name
    journal.close()


def test_a_second_run_does_not_come_between(tmp_path: Path) -> None:
    plan = Plan((), (), tmp_path / "work")
    journal = Journal(tmp_path / "results.jsonl", machine.describe(), None, {}, resume=True)
    first = Runner(plan, journal, print)
    with pytest.raises(BlockingIOError, match="got another run in it"):
        Runner(plan, journal, print)
    first.close()
    Runner(plan, journal, print).close()
    journal.close()


def test_one_version_may_be_many_states() -> None:
    import dummies

    class Installed(dummies.Exact):
        package = "nearfile"  # from this folder, not from an index of packages

    assert dummies.Exact().version() == np.__version__
    assert Installed().version().startswith("0.")
    if importlib.metadata.distribution("nearfile").read_text("direct_url.json"):
        assert "+" in Installed().version()


def test_a_copy_without_history_can_be_told_its_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEARFILE_BENCH_REVISION", "abc123")
    assert machine.revision() == "abc123"


def test_the_file_is_json_lines(tmp_path: Path, data: str) -> None:
    run(tmp_path, data, "dummies:Exact")
    for line in (tmp_path / "results.jsonl").read_text().splitlines():
        assert json.loads(line)["kind"] in ("run", "build", "open", "query")
