"""Filtered search as a workload: masks are what they say, answers are judged among what is allowed, runs keep what they find."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import nearfile
import numpy as np
import pytest
from typer.testing import CliRunner

from bench import datasets, truth
from bench.__main__ import app
from bench.filters import findings, library, qdrant, tables, workload
from bench.filters.measure import Panel
from bench.filters.workload import ALL, FILTERS, NAMES, Filter, Workload

ROWS, QUERIES, K = 4000, 12, 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filters")
    random = np.random.default_rng(0)
    np.save(folder / "base.npy", random.standard_normal((ROWS, 6)).astype(np.float32))
    np.save(folder / "query.npy", random.standard_normal((QUERIES, 6)).astype(np.float32))
    return folder


def named(folder: Path) -> str:
    return f"{folder / 'base.npy'},{folder / 'query.npy'}"


@pytest.fixture(scope="module", params=["euclidean", "angular", "dot"])
def prepared(request: pytest.FixtureRequest, folder: Path) -> datasets.Prepared:
    return datasets.prepare(named(folder), folder / "work", metric=request.param)


def test_masks_allow_the_share_that_they_say(prepared: datasets.Prepared) -> None:
    load = workload.load(workload.prepare(prepared, QUERIES, K))
    assert tuple(load.uses) == NAMES
    assert len(NAMES) == 9
    base, queries = prepared.base(), prepared.queries()
    for each in FILTERS:
        masks = np.array([load.mask(parts) for parts in load.uses[each.name]])
        assert (masks.sum(axis=1) == load.allowed[each.name]).all()
        # Five standard deviations; of masks that are of one query each, of their mean.
        drawn = ROWS * (QUERIES if each.kind in ("near", "far") else 1)
        assert abs(masks.mean() - each.share) < 5 * (each.share / drawn) ** 0.5
        assert len(set(load.uses[each.name])) == (QUERIES if each.kind in ("near", "far") else 1)
        assert {len(parts) for parts in load.uses[each.name]} == {2 if each.kind == "two" else 1}
        for query, mask in zip(queries, masks):
            distances = truth.distances(base, query, prepared.shape.metric)
            ranks = np.argsort(np.argsort(distances)) / ROWS
            if each.kind == "near":
                assert ranks[mask].max() < 0.5 + 1e-3
                # A probability that falls evenly: three quarters are in the nearer half of the half.
                assert 0.6 < (ranks[mask] < 0.25).mean() < 0.9
            if each.kind == "far":
                assert ranks[mask].min() >= 0.5 - 1e-3


def test_truth_is_that_of_a_full_sort_among_what_is_allowed(prepared: datasets.Prepared) -> None:
    load = workload.load(workload.prepare(prepared, QUERIES, K))
    base, queries = prepared.base(), prepared.queries()
    assert load.allowed[ALL].tolist() == [ROWS] * QUERIES
    for name in NAMES:
        for place, parts in enumerate(load.uses[name]):
            rows = np.flatnonzero(load.mask(parts)) if parts else np.arange(ROWS)
            distances = np.sort(truth.distances(base[rows], queries[place], prepared.shape.metric))
            expected = distances[min(K, len(rows)) - 1] if len(rows) else np.inf
            assert load.kth[name][place] == pytest.approx(expected, rel=1e-12)


def test_masks_are_those_of_their_seed_and_none_of_another_shape_changes_them(prepared) -> None:
    path = workload.prepare(prepared, QUERIES, K, seed=1)
    first = workload.load(path)
    path.unlink()
    assert (workload.load(workload.prepare(prepared, QUERIES, K, seed=1)).packed == first.packed).all()
    other = workload.load(workload.prepare(prepared, QUERIES, K, seed=2))
    assert (other.packed != first.packed).any()
    few, _ = workload._draw(prepared.base(), prepared.queries()[:2], prepared.shape.metric, 1)
    assert (few[0] == first.mask((0,))).all()


def test_masks_of_rows_are_those_of_the_columns() -> None:
    masks = np.random.default_rng(0).random((7, 100)) < 0.3
    load = Workload(100, 1, np.packbits(masks, axis=1, bitorder="little"), {}, {}, {})
    assert (load.mask((3,)) == masks[3]).all()
    assert (load.mask((3, 5)) == (masks[3] & masks[5])).all()
    for first, count in ((0, 100), (16, 20), (96, 4)):
        expected = [np.flatnonzero(masks[:, row]).tolist() for row in range(first, first + count)]
        assert qdrant.masks_of_rows(load, first, count) == expected


def test_masks_of_one_query_stand_in_a_field_of_their_own(prepared: datasets.Prepared) -> None:
    load = workload.load(workload.prepare(prepared, QUERIES, K))
    fields = qdrant.fields_of(load)
    own = {parts[0] for name in ("10 % near", "5 % far") for parts in load.uses[name]}
    assert fields == [qdrant.OWN if mask in own else qdrant.SHARED for mask in range(len(load.packed))]
    assert fields.count(qdrant.SHARED) == 3 + 2 * 3
    first = min(own)
    assert qdrant.payload_of([0, first, first + 1], fields) == {"shared": [0], "own": [first, first + 1]}


def panel_of(prepared: datasets.Prepared) -> tuple[Panel, Workload]:
    load = workload.load(workload.prepare(prepared, QUERIES, K))
    return Panel(prepared, load, None, 0), load


def test_answers_are_judged_among_what_is_allowed(prepared: datasets.Prepared) -> None:
    panel, load = panel_of(prepared)
    base, queries = prepared.base(), prepared.queries()
    for name in ("1 %", "5 % far", "0.012 % by two", ALL):
        right, wrong = [], []
        for place, parts in enumerate(load.uses[name]):
            rows = np.flatnonzero(load.mask(parts)) if parts else np.arange(ROWS)
            order = rows[np.argsort(truth.distances(base[rows], queries[place], prepared.shape.metric))]
            right.append(order[:K])
            wrong.append(np.setdiff1d(np.arange(ROWS), rows)[:K])
        assert panel.judge(name, right) == {"recall": 1.0, "short": 0, "foreign": 0}
        wanted = sum(min(K, int(count)) for count in load.allowed[name])
        assert wanted
        fewer = [rows[:-1] for rows in right]
        judged = panel.judge(name, fewer)
        assert judged["recall"] == pytest.approx(1 - sum(len(rows) > 0 for rows in right) / wanted)
        assert judged["short"] == sum(len(rows) > 0 for rows in right)
        assert panel.judge(name, [[*rows, -1, -1] for rows in fewer]) == judged
        twice = panel.judge(name, [[*rows[:1], *rows[:1]] for rows in right])
        assert twice["recall"] == pytest.approx(sum(len(rows) > 0 for rows in right) / wanted)
        if name != ALL:
            judged = panel.judge(name, wrong)
            assert (judged["recall"], judged["foreign"]) == (0, K * QUERIES)


def test_a_filter_that_allows_nothing_asks_for_nothing(prepared: datasets.Prepared) -> None:
    _, load = panel_of(prepared)
    packed = np.zeros_like(load.packed[:1])
    nothing = Workload(
        ROWS, K, packed, {**load.uses, "none": [(0,)]}, {"none": np.array([np.inf])}, {"none": np.array([0])}
    )
    panel = Panel(prepared, nothing, None, 0)
    assert panel.judge("none", [[]]) == {"recall": 1.0, "short": 0, "foreign": 0}
    assert panel.judge("none", [[3]])["foreign"] == 1


def run(folder: Path, *options: object, code: int = 0) -> str:
    arguments = ["filters", "--data", named(folder), "--metric", "euclidean", "--work", folder / "work"]
    rest = ["--queries", QUERIES, "-k", K, "--seconds", 0.001, *options]
    result = CliRunner().invoke(app, [str(each) for each in (*arguments, *rest)])
    assert result.exit_code == code, result.output
    return result.output


LIBRARIES = [f"--libraries=filter_dummies:{name}" for name in ("Filtering", "Careless", "Failing")]


@pytest.fixture
def found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Path]:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    out = folder / "found.jsonl"
    out.unlink(missing_ok=True)
    return run(folder, *LIBRARIES, "--passes", 2, "--out", out), out


def test_a_run_measures_each_shape_and_says_what_is_wrong(found: tuple[str, Path], folder: Path) -> None:
    told, out = found
    read = findings.read(out)
    assert read.filters() == list(NAMES)
    assert read.libraries() == ["exact", "careless"]
    for name in NAMES:
        lines = {line.library: line for line in read.series[name]}
        assert max(point.recall for point in lines["exact"].points) == 1
        assert {point.passes for point in lines["exact"].points} == {2}
        assert lines["exact"].at(0.99) is not None
    careless = {name: read.series[name][1] for name in NAMES}
    assert careless[ALL].at(0.99) is not None
    assert careless["5 % far"].at(0.95) is None
    assert "(to 0.000)" in told
    assert "failing: build: ValueError: not of such data" in told
    assert "careless: some answers are not allowed" in told
    assert "usearch" not in told  # where libraries are named, nothing is said of others
    again = run(folder, LIBRARIES[0], "--shape", "1 %", "--passes", 1, "--out", folder / "again.jsonl")
    assert "4 % by two" not in again
    kinds = [json.loads(line)["kind"] for line in (folder / "again.jsonl").read_text().splitlines()]
    assert "build" not in kinds  # it is there


@pytest.mark.parametrize("name", library.registry())
def test_a_library_finds_what_is_allowed_and_nothing_else(name: str, tmp_path: Path) -> None:
    module = library.library(name).adapter.module
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    if name == "nearfile" and not hasattr(nearfile.Index, "filter"):
        pytest.skip("filters are not in Python yet")
    random = np.random.default_rng(0)
    for part, count in (("base", 3000), ("query", 20)):
        np.save(tmp_path / f"{part}.npy", random.standard_normal((count, 16)).astype(np.float32))
    arguments = ["filters", "--data", named(tmp_path), "--metric", "angular", "--library", name, "--passes", "1"]
    places = ["--work", str(tmp_path / "work"), "--out", str(tmp_path / "found.jsonl"), "--seconds", "0.001"]
    shapes = [option for shape in (ALL, "20 %", "4 % by two", "10 % near") for option in ("--shape", shape)]
    result = CliRunner().invoke(app, [*arguments, *places, *shapes])
    assert result.exit_code == 0, result.output
    read = findings.read(tmp_path / "found.jsonl")
    assert not [line for line in read.troubles if "not allowed" in line or "build" in line or "search" in line]
    for shape in (ALL, "20 %", "4 % by two", "10 % near"):
        assert max(point.recall for point in read.series[shape][0].points) > 0.9, shape


def test_results_become_tables_and_a_picture(found: tuple[str, Path], tmp_path: Path) -> None:
    _, out = found
    told = CliRunner().invoke(app, ["filters-report", str(out), "--markdown", "--recall", "0.9"])
    assert told.exit_code == 0, told.output
    head, rule, first, *_ = told.output.splitlines()
    assert head.startswith("| base.npy,query.npy: microseconds a query at recall 0.9 | all | 20 % |")
    assert rule.count("--:") == len(NAMES)
    assert first.startswith("| exact |")
    drawn = CliRunner().invoke(app, ["filters-report", str(out), "--out", str(tmp_path)])
    assert drawn.exit_code == 0, drawn.output
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".png", ".png", ".svg"]
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    CliRunner().invoke(app, ["filters-report", str(out), "--out", str(tmp_path)])
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


def test_a_table_says_how_many_times_as_fast_ours_is(tmp_path: Path) -> None:
    shape = {"name": "data", "count": 9, "dim": 2, "metric": "euclidean"}
    facts = {"latency_p99": 1.0, "busy": 1.0, "short": 0, "foreign": 0, "search": {}, "kind": "filtered", "pass": 0}
    records: list[dict[str, Any]] = [{"kind": "filters", "machine": {}}, {"kind": "data", "shape": shape, "k": 3}]
    for name, rate, recall in (("nearfile", 3000.0, 0.99), ("other", 500.0, 1.0), ("third", 9000.0, 0.9)):
        records.append({**facts, "filter": "1 %", "library": name, "rate": rate, "recall": recall})
    path = tmp_path / "found.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    head, rows = tables.grid(findings.read(path), 0.95)
    assert head == ["", "1 %"]
    assert rows == [
        ["nearfile", "333"],
        ["other", "2,000"],
        ["third", "(to 0.900)"],
        ["ours, times the next", "6.0"],
    ]
    assert tables.grid(findings.read(path), 0.999)[1][-1][1] == "-"


def test_what_is_unknown_is_refused(folder: Path, tmp_path: Path) -> None:
    assert "library: expected nearfile, faiss-hnsw" in run(folder, "--library", "none", code=1)
    assert "shape: expected one of all, 20 %" in run(folder, "--shape", "30 %", code=1)
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    told = CliRunner().invoke(app, ["filters-report", str(empty)])
    assert told.exit_code == 1
    assert "expected a run of" in told.output


def test_libraries_are_known_by_name() -> None:
    known = library.registry()
    assert list(known) == ["nearfile", "faiss-hnsw", "faiss-ivf", "hnswlib", "qdrant-edge", "turbovec"]
    for name, kind in known.items():
        assert library.library(name).name() == kind().name() == name
        shape = datasets.Shape("data", 5000, 16, "angular")
        assert kind().searches(shape, 10)
        assert kind().parameters(shape)
    assert not set(library.WITHOUT) & set(known)


def test_shares_of_two_masks_multiply() -> None:
    assert {each.kind for each in FILTERS} == {"random", "near", "far", "two"}
    assert [each.share for each in FILTERS if each.kind == "two"] == [0.04, 0.01, 0.00012]
    assert Filter("x", "two", 0.04).share ** 0.5 == pytest.approx(0.2)
