"""The pictures: that all are drawn, alike every time, and that an SVG knows both themes."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench import drawing, sizes
from bench.results import Build, Point, Run, Series
from bench.theme import DARK, KNOWN, LIGHT, LINES, styles, with_both


def point(recall: float, rate: float) -> Point:
    return Point({}, {"effort": rate}, recall, rate, rate * 0.9, rate * 1.1, 1 / rate, 2 / rate, 3)


def one_series(library: str, *points: Point, size: int | None = 10_000_000, mode: str = "single") -> Series:
    shape = {"name": "some words", "count": 1000, "dim": 50, "metric": "angular"}
    builds = (Build({}, {1: 2.5}, {1: 2.4}, size),)
    return Series("first", "some words", shape, library, "1.0", 10, mode, 1, points, builds)


@pytest.fixture
def run() -> Run:
    series = [
        one_series("nearfile", point(0.8, 9000), point(0.99, 2000), point(1.0, 500)),
        one_series("annoy", point(0.3, 3000), point(0.54, 90), size=None),
        one_series("newcomer", point(0.95, 4000)),
        one_series("nearfile", point(0.95, 20000), mode="batch"),
    ]
    return Run("first", {"machine": {"processor": "Some Processor"}}, series)


def test_draws_every_picture_in_both_themes(run: Run, tmp_path: Path) -> None:
    paths = drawing.draw(run, tmp_path / "plots")
    assert [path.name for path in paths] == [
        f"some-words-{picture}{kind}"
        for picture in ("batch-1-recall", "recall", "size", "cost")
        for kind in (".svg", "-light.png", "-dark.png")
    ]
    assert all(path.stat().st_size > 5000 for path in paths)


def test_draws_the_same_bytes_again(run: Run, tmp_path: Path) -> None:
    first, second = drawing.draw(run, tmp_path / "a"), drawing.draw(run, tmp_path / "b")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_svg_follows_the_theme_of_the_reader(run: Run, tmp_path: Path) -> None:
    svg = next(path for path in drawing.draw(run, tmp_path) if path.name == "some-words-recall.svg").read_text()
    ElementTree.fromstring(svg)
    assert "prefers-color-scheme: dark" in svg
    assert f"fill: {LIGHT.ink}; fill: var(--ink)" in svg
    assert f"--ours: {DARK.ours};" in svg
    assert "dc:date" not in svg


def test_other_colors_of_an_svg_are_let_be() -> None:
    assert with_both('<svg><path style="fill: #123456"/></svg>').endswith('<path style="fill: #123456"/></svg>')


def test_every_known_library_has_a_line_of_its_own() -> None:
    lines = {(style.hue, style.dash) for style in styles(["nearfile", *KNOWN]).values()}
    assert len(lines) == 1 + len(KNOWN)
    assert len(set(LINES)) == len(LINES)


def test_a_library_looks_the_same_in_any_company() -> None:
    assert styles(["scann"])["scann"] == styles(["annoy", "newcomer", "scann", "nearfile"])["scann"]


def test_labels_move_apart_and_keep_their_order() -> None:
    heights = drawing._apart({"a": 0.5, "b": 0.5, "c": 0.51, "d": 0.9}, 0.1)
    assert sorted(heights, key=heights.__getitem__) == ["a", "b", "c", "d"]
    assert heights["b"] - heights["a"] == pytest.approx(0.1)
    assert heights["c"] - heights["b"] == pytest.approx(0.1)
    assert heights["d"] == 0.9


def profiles() -> Series:
    """Three builds: the second is beaten by the first, which is smaller and faster."""
    wanted = {"balanced": (2_000_000, 500), "fast": (3_000_000, 400), "compact": (100_000, 90)}
    builds = [{"structure": "graph", "profile": name, "keep": "exact"} for name in wanted]
    builds[2]["keep"] = "none"
    points = [
        Point(build, {"effort": 1}, 0.95, rate, rate, rate, None, None, 1)
        for build, (_, rate) in zip(builds, wanted.values())
    ]
    made = [Build(build, {1: 1.0}, {1: 1.0}, size) for build, (size, _) in zip(builds, wanted.values())]
    shape = {"name": "some words", "count": 1000, "dim": 50, "metric": "angular"}
    return Series("first", "some words", shape, "nearfile", "1.0", 10, "single", 1, tuple(points), tuple(made))


def test_every_build_has_its_size_and_its_own_speed() -> None:
    found, never = sizes.costs_at([profiles(), one_series("annoy", point(0.3, 3000))], 0.95)
    assert [(cost.label, cost.times, cost.rate) for cost in found] == [
        ("balanced", 10, 500),
        ("fast", 15, 400),
        ("compact, keep none", 0.5, 90),
    ]
    assert never == ["annoy"]
    assert [cost.label for cost in sizes._front(found)] == ["compact, keep none", "balanced"]


def test_names_do_not_cover_marks_or_each_other() -> None:
    taken = [(0.49, 0.49, 0.51, 0.51), (0.51, 0.45, 0.8, 0.55)]
    align, box = sizes._best(0.5, 0.5, 0.2, taken)
    assert sum(sizes._overlap(box, other) for other in taken) == 0
    assert (align, box[2]) == ("right", 0.5 - sizes.GAP)
    assert box[2] - box[0] == pytest.approx(0.2)
    # At the edge nothing leaves the picture.
    assert sizes._best(0.95, 0.99, 0.2, [])[1][2] <= 1
    assert sizes._best(0.95, 0.99, 0.2, [])[1][3] <= 1


def test_the_size_picture_is_drawn_for_each_number_of_neighbours(tmp_path: Path) -> None:
    machine = {"machine": {"processor": "P"}}
    both = [profiles(), dataclasses.replace(profiles(), k=100)]
    names = {path.name for path in drawing.draw(Run("first", machine, both), tmp_path) if path.suffix == ".svg"}
    assert {"some-words-size.svg", "some-words-k100-size.svg", "some-words-k100-recall.svg"} <= names


def test_the_axis_starts_where_there_is_something_to_see() -> None:
    assert drawing._first_recall([(0.3, 0.99), (0.8, 1.0)]) == 0.7
    assert drawing._first_recall([(0.93, 0.99), (0.96, 1.0)]) == 0.9
    assert drawing._first_recall([(0.02, 0.12), (0.8, 1.0)]) == 0
    assert drawing._first_recall([(1.0, 1.0)]) == 0.99


def test_a_library_that_found_nothing_is_left_out(tmp_path: Path) -> None:
    alone = Run("first", {"machine": {"processor": "P"}}, [one_series("annoy"), one_series("scann", point(0.9, 10))])
    assert len(drawing.draw(alone, tmp_path)) == 6  # nobody is at .95: no picture of sizes
