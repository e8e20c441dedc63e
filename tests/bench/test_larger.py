"""Searches of a file larger than memory: the limit is set where it belongs, a worker tells what it finds, the disk is read."""

from __future__ import annotations

import json
from pathlib import Path

import nearfile
import numpy as np
import pytest

from bench.larger import disk, verb, worker
from bench.larger.group import Group

ROWS, QUERIES, K = 2000, 30, 5


def test_a_group_of_version_1_is_below_the_memory_controller(tmp_path: Path) -> None:
    (tmp_path / "memory").mkdir()
    group = Group(12345, tmp_path).__enter__()
    assert group.path.parent == tmp_path / "memory"
    assert (group.path / "memory.limit_in_bytes").read_text() == "12345"
    group.enter(77)
    assert (group.path / "cgroup.procs").read_text() == "77"


def test_a_group_of_version_2_has_its_limit_in_another_file(tmp_path: Path) -> None:
    group = Group(12345, tmp_path).__enter__()
    assert group.path.parent == tmp_path
    assert sorted(file.name for file in group.path.iterdir()) == ["memory.max"]  # here nothing knows of swap
    assert (group.path / "memory.max").read_text() == "12345"


def test_a_group_that_may_not_be_made_says_what_it_takes(tmp_path: Path) -> None:
    with pytest.raises(PermissionError, match="it takes root, and a control group"), Group(1, tmp_path / "none" / "at"):
        pass


def test_a_worker_tells_of_the_first_query_and_of_passes(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    base, queries = random.standard_normal((ROWS, 8)), random.standard_normal((QUERIES, 8)).astype(np.float32)
    with nearfile.build(base, tmp_path / "a.near", metric="euclidean") as index:
        np.save(tmp_path / "truth.npy", index.search(queries, K, exact=True)[0])
    np.save(tmp_path / "queries.npy", queries)
    files = {name: str(tmp_path / f"{name}.npy") for name in ("queries", "truth")}
    task = {"index": str(tmp_path / "a.near"), "k": K, "recall": 0.9, "passes": 2, "queries_a_pass": 20, **files}
    records = list(worker.work({**task, "prefault": "hot"}))
    assert [each["kind"] for each in records] == ["first", "warm-up", "pass", "pass"]
    for each in records[1:]:
        assert 0.8 < each["recall"] <= 1
        assert each["p99"] >= each["p50"] > 0
        assert each["pages"] is None or each["pages"] >= 0
    json.dumps(records)


def test_a_disk_is_read_by_as_many_as_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(64 * disk.PAGE))
    try:
        records = disk.measure(tmp_path / "file", (1, 3), seconds=0.05)
    except OSError:
        pytest.skip("no reads past the page cache here")
    assert [each["depth"] for each in records] == [1, 3]
    assert all(each["reads_a_second"] > 0 and each["p99"] >= each["p50"] > 0 for each in records)


def test_figures_are_shown_of_the_best_pass(capsys: pytest.CaptureFixture[str]) -> None:
    head = {"kind": "larger", "bytes": 4_000_000, "times": 4, "recall": 0.95, "k": 10}
    passes = [
        {"kind": "pass", "recall": 0.96, "rate": rate, "p50": 1 / rate, "p99": 2 / rate, "pages": 12.34}
        for rate in (1000, 2500)
    ]
    first = {"kind": "first", "open": 0.5, "query": 0.002}
    verb.show([head, *({**each, "within": within} for within in ("all", "limit") for each in (first, *passes))])
    shown = capsys.readouterr().out
    assert "2,500" in shown
    assert "1,000" not in shown
    assert "1 MB" in shown
    assert "12.3" in shown
