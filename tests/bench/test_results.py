"""Fronts, interpolation and tables, from points made by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from bench import report, results
from bench.results import Point, front, rate_at


def point(recall: float, rate: float, build: str = "a") -> Point:
    return Point({"build": build}, {"recall": recall}, recall, rate, rate, rate, None, None, 1)


def test_the_front_holds_what_nothing_beats() -> None:
    best = [point(0.5, 1000), point(0.9, 100), point(0.99, 10)]
    beaten = [point(0.4, 900), point(0.9, 99), point(0.89, 100), point(0.98, 10)]
    assert front(beaten + best[::-1]) == best
    assert front([]) == []


def test_rates_between_points_are_taken_on_a_logarithmic_scale() -> None:
    points = [point(0.8, 1000), point(1.0, 10)]
    assert rate_at(points, 0.9) == pytest.approx(100)
    assert rate_at(points, 0.85) == pytest.approx(math.sqrt(1000 * 100))
    assert rate_at(points, 1.0) == 10


def test_a_recall_that_is_never_reached_has_no_rate() -> None:
    assert rate_at([point(0.8, 1000), point(0.94, 10)], 0.95) is None
    assert rate_at([], 0.5) is None


def test_nothing_is_made_up_below_the_cheapest_point() -> None:
    assert rate_at([point(0.97, 500), point(0.99, 100)], 0.9) == 500


def line(**fields) -> dict:
    common = {
        "run": "r",
        "dataset": "d",
        "data": "digest",
        "shape": {"name": "d", "count": 500_000, "dim": 2, "metric": "dot"},
        "library": "a",
        "version": "1",
        "k": 10,
        "mode": "single",
        "threads": 1,
        "build": {"trees": 5},
    }
    return {**common, **fields}


def query(number: int, recall: float, rate: float, **fields) -> dict:
    measured = {"latency_median": 1 / rate, "latency_p99": 2 / rate, "memory": 100, "busy": 1.0}
    return line(kind="query", search={"s": recall}, recall=recall, rate=rate, **{"pass": number}, **measured, **fields)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    machine = {"processor": "P", "instruction_sets": ["avx2"], "cores": 2, "memory": 2**30}
    lines = [
        {"kind": "run", "run": "r", "machine": machine, "revision": None, "options": {}},
        line(kind="build", wall=3.0, cpu=2.5, bytes=5_000_000),
        *(query(number, 0.92, rate) for number, rate in enumerate((100.0, 300.0, 120.0), start=1)),
        *(query(number, 0.96, 60.0) for number in (1, 2, 3)),
        query(1, 0.12, 9000.0, library="b"),
        {"kind": "missing", "run": "r", "library": "c", "package": "c", "dataset": None, "reason": "no wheel"},
        {"kind": "missing", "run": "r", "library": "b", "package": "b", "dataset": None, "reason": "not yet there"},
    ]
    path = tmp_path / "results.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    return path


def test_passes_become_medians_with_their_spread(file: Path) -> None:
    (run,) = results.read(file)
    first = run.series[0].points[0]
    assert (first.rate_least, first.rate, first.rate_greatest, first.passes) == (100, 120, 300, 3)
    assert run.series[0].at(0.9) == 120


def test_tables_have_a_dash_where_a_recall_is_never_reached(file: Path) -> None:
    text = report.markdown(results.read(file), (0.9, 0.95, 0.99))
    assert "| a 1 (trees 5) | 120 | 71 | - | 3.0 | 5 | 1.25 | 0.960 |" in text
    assert "| b 1 | - | - | - | - | - | - | 0.120 |" in text
    assert text.index("| a 1") < text.index("| b 1")
    assert "±83%" in report.markdown(results.read(file), (0.9,), spread=True)


def test_each_build_of_a_library_has_a_row_of_its_own(file: Path) -> None:
    assert "each build alone" not in report.markdown(results.read(file), (0.9,))
    small = {"build": {"trees": 1}}
    with file.open("a") as opened:
        opened.write(json.dumps(line(kind="build", wall=1.0, cpu=1.0, bytes=1_000_000, **small)) + "\n")
        opened.write(json.dumps(query(1, 0.91, 40.0, **small)) + "\n")
    text = report.markdown(results.read(file), (0.9, 0.95))
    alone = text[text.index("each build alone") :]
    assert "| a 1 (trees 5) | 1.25 | 120 | 71 | 0.960 |" in alone
    assert "| a 1 (trees 1) | 0.25 | 40 | - | 0.910 |" in alone
    assert alone.index("trees 1") < alone.index("trees 5")


def test_builds_on_several_threads_say_on_how_many(file: Path) -> None:
    assert "| 3.0 | 5 |" in report.markdown(results.read(file), (0.9,))
    file.write_text(
        file.read_text()
        .replace('"wall": 3.0', '"wall": 0.7')
        .replace('"threads": 1, "build"', '"threads": 4, "build"', 1)
    )
    assert "| 0.7 on 4 | 5 |" in report.markdown(results.read(file), (0.9,))


def test_measurements_that_shared_the_machine_are_called_so(file: Path) -> None:
    (run,) = results.read(file)
    assert "at once" not in report.heading(run)
    with file.open("a") as opened:
        opened.write(json.dumps({**query(2, 0.12, 8000.0, library="b"), "at_once": 8}) + "\n")
    (run,) = results.read(file)
    assert report.heading(run).endswith("8 measurements at once, each on its own cores")


def test_a_library_that_was_missing_only_at_first_is_not_called_missing(file: Path) -> None:
    (run,) = results.read(file)
    assert [line["library"] for line in run.missing] == ["c"]
    assert report.troubles(run) == ["c: not measured: no wheel"]


def test_other_peoples_load_is_told(file: Path) -> None:
    with file.open("a") as opened:
        opened.write(json.dumps({**query(2, 0.12, 8000.0, library="b"), "busy": 0.5}) + "\n")
    (run,) = results.read(file)
    assert (run.disturbed, run.measured) == (1, 8)


def test_lines_that_are_no_records_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("first\nsecond\n")
    with pytest.raises(ValueError, match="line 1: expected a record of a run, got 'first'"):
        results.read(path)


def test_a_last_line_that_was_cut_off_is_let_be(file: Path) -> None:
    whole = results.records(file)
    with file.open("a") as opened:
        opened.write('{"kind": "que')
    assert results.records(file) == whole


def test_a_build_stands_beside_the_best_of_the_other_libraries(file: Path) -> None:
    others = [query(1, 0.92, 50.0, library="b"), query(1, 0.94, 30.0, library="e"), query(1, 0.97, 20.0, library="e")]
    file.write_text(file.read_text() + "".join(json.dumps(one) + "\n" for one in others))
    runs = results.read(file)
    text = report.markdown(runs, (0.9, 0.96, 0.99), beside="a")
    assert "| d, 500,000 x 2 | 10 | 120 / 60 / - | 57 / 23 / - (b, e) | 2.11 / 2.62 / - |" in text
    assert report.markdown(runs, (0.9,), beside="a: trees 5") == report.markdown(runs, (0.9,), beside="a").replace(
        "| a |", "| a: trees 5 |"
    )
    with pytest.raises(ValueError, match="a build of a, of trees 5, got 'a: trees 6'"):
        report.markdown(runs, (0.9,), beside="a: trees 6")
    with pytest.raises(ValueError, match="a library of the run, of a; b; e, got 'z'"):
        report.markdown(runs, (0.9,), beside="z")
