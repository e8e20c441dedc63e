"""``nearfile.report``: facts are those of brute force, and a page says them of whatever there is."""

from __future__ import annotations

import html.parser
import json
import pathlib
import re
from typing import Any

import nearfile
import numpy as np
import pytest
import reference
from nearfile import report
from nearfile.cli.app import app
from nearfile.report import bins, map_drawing, svg, words
from nearfile.report.dimension import dimension
from nearfile.report.facts import Coloring, Facts, Map
from nearfile.report.layout import Edges, fuzzy_edges, layout, principal
from nearfile.report.map import by_groups, by_ranges, by_values
from nearfile.report.neighborhoods import between, measure_dimension, measure_duplicates, skewness
from nearfile.report.speed import measure_speed, settings
from nearfile.report.subject import Subject
from typer.testing import CliRunner

EVIL = "</script><script>alert(1)</script>"


@pytest.fixture(autouse=True)
def in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Latencies of twenty searches, and a map in few steps, are as good for what is tested here."""
    monkeypatch.setattr("nearfile.report.speed.POINT_SECONDS", 0.0)
    monkeypatch.setattr("nearfile.report.speed.DEFAULT_SECONDS", 0.0)
    monkeypatch.setattr("nearfile.report.layout.EPOCHS", 40)


def nearest_others(metric: str, vectors: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and distances of the k nearest others of each, by brute force."""
    far = np.array([reference.distances(metric, each, vectors) for each in vectors])
    order = np.where(np.eye(len(vectors), dtype=bool), np.inf, -far if metric == "dot" else far)
    rows = np.argsort(order, axis=1, kind="stable")[:, :k]
    return rows, np.take_along_axis(far, rows, axis=1)


def page(index: nearfile.Index, folder: pathlib.Path, **options: Any) -> tuple[Facts, str]:
    facts = report.write(index, folder / "report.html", **options)
    return facts, (folder / "report.html").read_text(encoding="utf-8")


class Checked(html.parser.HTMLParser):
    """A page taken apart: whether every element is closed by itself, what scripts there are, and all text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.scripts: list[dict[str, Any]] = []
        self.words: list[str] = []
        self.names: list[str] = []
        self.feed(text)
        assert self.stack == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, Any]]) -> None:
        """What is open, and that nothing is fetched or run from an attribute."""
        given = dict(attributes)
        assert not any(name.startswith("on") or name in ("style", "src", "href") for name in given), (tag, given)
        if "id" in given:
            self.names.append(given["id"])
        if tag == "script":
            self.scripts.append(given)
        if tag not in ("meta",):
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, Any]]) -> None:
        """As SVG has them."""
        self.handle_starttag(tag, attributes)
        self.stack.pop()

    def handle_endtag(self, tag: str) -> None:
        """Of the last one that is open."""
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text, unescaped."""
        self.words.append(data)


def test_distances_hubs_and_far_out_rows_are_those_of_brute_force(metric: str, structure: str) -> None:
    vectors = reference.vectors_for(metric, 150, 12)
    facts = report.measure(nearfile.build(vectors, metric=metric, structure=structure))
    rows, far = nearest_others(metric, vectors, 20)
    assert facts.distances is not None
    assert facts.hubs is not None
    assert facts.far_out is not None
    assert facts.distances.whole
    tolerance = {"rtol": 1e-4, "atol": 1e-5}
    np.testing.assert_allclose(np.sort(facts.distances.nearest), np.sort(far[:, 0]), **tolerance)
    np.testing.assert_allclose(np.sort(facts.distances.kth), np.sort(far[:, 9]), **tolerance)
    if metric != "hamming":  # whose distances tie
        counts = np.bincount(rows[:, :10].reshape(-1), minlength=150)
        assert sorted(facts.hubs.counts.tolist()) == sorted(counts.tolist())
        assert [(id_, counts[id_]) for id_, _ in facts.hubs.top] == [(id_, count) for id_, count in facts.hubs.top]
        assert facts.hubs.never == pytest.approx((counts == 0).mean())
    plain = "euclidean" if metric == "dot" else metric
    _, apart = nearest_others(plain, vectors, 10)
    expected = np.sort(apart[:, 9])[::-1]
    np.testing.assert_allclose([far for _, far, _ in facts.far_out.rows], expected[:8], **tolerance)
    assert facts.far_out.metric == plain


def test_pairs_are_as_far_as_the_metric_says(metric: str) -> None:
    a, b = reference.vectors_for(metric, 40, 7), reference.vectors_for(metric, 40, 7, seed=1)
    a[0] = 0
    expected = [reference.distances(metric, one, other[None])[0] for one, other in zip(a, b)]
    np.testing.assert_allclose(between(a, b, metric), expected, rtol=1e-9, atol=1e-7)


def test_recall_is_counted_against_exact_search(metric: str, structure: str) -> None:
    vectors = reference.vectors_for(metric, 1500, 16)
    queries = reference.vectors_for(metric, 60, 16, seed=1)
    speed = measure_speed(Subject(nearfile.build(vectors, metric=metric, structure=structure)), queries)
    assert speed is not None
    index = nearfile.build(vectors, metric=metric, structure=structure)
    last = index.search(queries, 10, exact=True)[1][:, -1:]
    for point in (speed.default, *speed.points):
        setting = {} if point.setting is None else {speed.option: point.setting}
        found = index.search(queries, 10, **setting)[1]
        assert point.recall == pytest.approx((found >= last if metric == "dot" else found <= last).mean())
        assert len(point.latencies) >= 20
        assert point.percentile(50) > 0
    assert (speed.given, speed.queries, speed.k, speed.exact.recall) == (True, 60, 10, 1.0)
    assert [point.setting for point in speed.points] == sorted(point.setting for point in speed.points)


@pytest.mark.parametrize("duplicates", [0, 40])
def test_items_that_ask_are_no_answers_of_their_own(metric: str, duplicates: int) -> None:
    vectors = reference.vectors_for(metric, 300, 16)
    vectors[:duplicates] = vectors[0]
    speed = measure_speed(Subject(nearfile.build(vectors, metric=metric, structure="forest")), k=5)
    assert speed is not None
    assert not speed.given
    assert speed.points[-1].recall == 1  # a forest is asked for all items in the end, so all others are found


@pytest.mark.parametrize("dim", [1, 2, 5])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine"])
def test_the_dimension_is_that_which_vectors_were_made_with(dim: int, metric: str) -> None:
    random = np.random.default_rng(2)
    flat = np.concatenate((random.random((2500, dim)), np.ones((2500, 1))), axis=1)  # cosine sees directions
    vectors = flat @ np.eye(dim + 1, 40)
    found = measure_dimension(Subject(nearfile.build(vectors, metric=metric, structure="forest")))
    assert found is not None
    assert found.mle == pytest.approx(dim, rel=0.15)
    assert found.two_nn == pytest.approx(dim, rel=0.15)
    assert found.mle == pytest.approx(1 / np.mean(1 / found.local))


def test_the_dimension_ignores_duplicates_and_needs_items_that_differ() -> None:
    random = np.random.default_rng(0)
    line = np.sort(np.abs(np.subtract.outer(*[random.random(500)] * 2)), axis=1)[:, 1:11]
    once = dimension(line)
    padded = dimension(np.concatenate((np.zeros((500, 2)), line), axis=1))
    assert once is not None
    assert padded is not None
    assert padded.mle == pytest.approx(once.mle)
    assert dimension(np.zeros((100, 10))) is None
    assert dimension(np.ones((100, 10))) is None
    assert dimension(line[:10]) is None
    assert dimension(line[:, :2]) is None


def test_duplicates_are_found_and_named(metric: str) -> None:
    vectors = reference.vectors_for(metric, 200, 40)
    vectors[10:14] = vectors[10]
    vectors[20:22] = vectors[20]
    ids = [f"item-{row}" for row in range(200)]
    found = measure_duplicates(Subject(nearfile.build(vectors, metric=metric, ids=ids)))
    assert found is not None
    assert found.share == pytest.approx(6 / 200)
    assert [sorted(group) for group in found.groups] == [ids[10:14], ids[20:22]]
    assert found.within == ("sample" if metric == "dot" else "index")


def test_duplicates_of_a_sample_are_looked_for_in_the_whole_index() -> None:
    vectors = np.repeat(reference.vectors_for("euclidean", 1000, 8), 2, axis=0)
    found = measure_duplicates(Subject(nearfile.build(vectors, metric="euclidean"), sample=100))
    assert found is not None
    assert (found.share, found.n_groups) == (1.0, pytest.approx(100, abs=10))
    assert all(one ^ 1 == other for one, other in found.groups)


def test_the_nearest_pairs_that_differ() -> None:
    vectors = np.array([[0.0], [10], [10.5], [30], [30], [41], [42.5]])
    found = measure_duplicates(Subject(nearfile.build(vectors, metric="euclidean")))
    assert found is not None
    assert [({one, other}, far) for one, other, far in found.closest[:2]] == [({1, 2}, 0.5), ({5, 6}, 1.5)]
    assert found.groups == [[3, 4]] or found.groups == [[4, 3]]


def test_skewness_is_the_third_moment() -> None:
    assert skewness(np.array([3, 3, 3])) == 0
    assert skewness(np.array([0, 1, 2])) == pytest.approx(0)
    assert skewness(np.array([0, 0, 0, 4])) == pytest.approx(2 / 3**0.5)


def test_the_same_seed_gives_the_same_sample_and_map_on_any_number_of_calls() -> None:
    index = nearfile.build(reference.vectors_for("angular", 800, 10), attributes={"n": list(range(800))})
    one, same, other = (report.measure(index, sample=300, seed=seed) for seed in (5, 5, 6))
    assert one.map is not None
    assert same.map is not None
    assert other.map is not None
    assert one.map.ids == same.map.ids != other.map.ids
    assert len(set(one.map.ids)) == 300
    np.testing.assert_array_equal(one.map.xy, same.map.xy)
    assert one.far_out == same.far_out
    assert one.map.colorings[0].name == "n"


def test_a_map_keeps_clusters_together() -> None:
    random = np.random.default_rng(0)
    kind = random.integers(0, 4, 400)
    vectors = 8 * np.eye(4, 20)[kind] + random.standard_normal((400, 20))
    found = report.measure(
        nearfile.build(vectors, metric="euclidean", attributes={"kind": [f"k{each}" for each in kind]})
    ).map
    assert found is not None
    coloring = found.colorings[0]
    own = np.array([int(coloring.labels[group][1]) for group in coloring.group])
    assert own.tolist() == kind[found.ids].tolist()
    rows, _ = nearest_others("euclidean", found.xy, 5)
    assert (own[rows] == own[:, None]).mean() > 0.99
    assert found.xy.min() == 0
    assert found.xy.max() == 1


def test_edges_count_as_umap_has_them() -> None:
    edges = fuzzy_edges(np.array([[1, 2], [0, 2], [1, 0]]), np.array([[1.0, 2], [1, 1.5], [1.5, 2]]))
    assert isinstance(edges, Edges)
    assert list(zip(edges.a.tolist(), edges.b.tolist())) == [(0, 1), (0, 2), (1, 2)]
    # The nearest counts fully; the others make the sum log2(k) = 1, so nearly nothing here.
    np.testing.assert_allclose(edges.weight, [1, 0, 1], atol=1e-3)
    assert np.isfinite(layout(np.array([[1, 2], [0, 2], [1, 0]]), np.zeros((3, 2)), np.zeros((3, 2)), 0)).all()


def test_the_principal_plane_is_that_in_which_vectors_differ_most() -> None:
    random = np.random.default_rng(0)
    for dim in (1, 2, 3, 200):
        spread = np.array([9.0, 3, *([0.1] * dim)])[:dim]
        vectors = random.standard_normal((500, dim)) * spread
        xy = principal(vectors, 0)
        assert xy.shape == (500, 2)
        assert abs(np.corrcoef(xy[:, 0], vectors[:, 0])[0, 1]) > 0.999
        if dim > 1:
            assert abs(np.corrcoef(xy[:, 1], vectors[:, 1])[0, 1]) > 0.99
    assert principal(np.ones((5, 3)), 0).tolist() == [[0, 0]] * 5


def test_colours_are_by_group_or_by_range() -> None:
    groups = by_groups("g", np.array(["b", "a", None, "b"], object))
    assert (groups.labels, groups.group.tolist()) == (["b", "a", "none"], [0, 1, 2, 0])
    many = by_groups("g", np.array([f"{each:02}" for each in range(20)], object))
    assert many.labels == [*(f"{each:02}" for each in range(9)), "others"]
    assert by_values("n", np.array([3, 1, 1, 2])).labels == ["1", "2", "3"]
    ranges = by_values("n", np.ma.MaskedArray(np.arange(100.0), np.arange(100) == 7))
    assert ranges.ordered
    assert ranges.labels[-1] == "none"
    assert ranges.group[7] == len(ranges.labels) - 1
    assert (np.diff(np.delete(ranges.group, 7)) >= 0).all()
    mostly = by_ranges("c", np.array([0.0] * 90 + [1, 2, 3, 4, 5, 6, 7, 8, 9, 1000]), "{:.0f}".format)
    assert mostly.labels[0] == "0"
    assert mostly.labels[-1].endswith("1000")
    assert np.bincount(mostly.group)[0] == 90
    moments = by_values("t", np.array(["2026-01-01", "NaT", "2026-01-03"], "datetime64[ns]"))
    assert moments.labels[0] == "2026-01-01"
    assert moments.labels[-1] == "none"
    assert by_values("n", np.ma.MaskedArray([1, 2], [True, True])).labels == ["none"]


@pytest.mark.parametrize("n", [0, 1, 2, 3, 25])
def test_tiny_indexes_have_a_page(n: int, metric: str, structure: str, tmp_path: pathlib.Path) -> None:
    index = nearfile.build(reference.vectors_for(metric, n, 5), metric=metric, structure=structure)
    facts, text = page(index, tmp_path)
    Checked(text)
    assert (facts.speed is None) == (n < 2)
    assert (facts.map is None) == (n < 3)
    assert f"{n} item" in text
    given, text = page(index, tmp_path, queries=reference.vectors_for(metric, 3, 5, seed=1))
    Checked(text)
    assert (given.speed is None) == (n == 0)


def test_data_that_is_all_alike_has_a_page(metric: str, structure: str, tmp_path: pathlib.Path) -> None:
    index = nearfile.build(np.ones((120, 6), np.float32), metric=metric, structure=structure)
    facts, text = page(index, tmp_path)
    Checked(text)
    assert facts.duplicates is not None
    assert facts.duplicates.share == 1
    assert facts.map is None
    assert facts.dimension is None
    assert facts.far_out is None
    assert "have the same vector to tell them apart" in text


@pytest.mark.parametrize("keep", ["exact", "half", "none"])
def test_whatever_is_kept_there_is_a_map(keep: str, tmp_path: pathlib.Path) -> None:
    index = nearfile.build(reference.vectors_for("cosine", 300, 16), metric="cosine", keep=keep)
    facts, text = page(index, tmp_path)
    assert facts.map is not None
    assert len(facts.map.ids) == 300
    assert ("what codes kept" in text) == (keep == "none")


def test_collections_have_a_report(tmp_path: pathlib.Path) -> None:
    vectors = reference.vectors_for("euclidean", 700, 8)
    with nearfile.Collection(tmp_path / "items", dim=8, metric="euclidean") as items:
        items.add(vectors[:400], ids=[f"i{row}" for row in range(400)])
        items.flush()
        items.add(vectors[400:], ids=[f"i{row}" for row in range(400, 700)])
        items.delete([f"i{row}" for row in range(0, 700, 2)])
        own = report.measure(items)
        index = nearfile.open(tmp_path / "items")
        facts, text = page(index, tmp_path)
        Checked(text)
        assert facts.map is not None
        assert facts.distances is not None
        assert sorted(facts.map.ids) == sorted(f"i{row}" for row in range(1, 700, 2))
        _, far = nearest_others("euclidean", vectors[1::2], 1)
        np.testing.assert_allclose(np.sort(facts.distances.nearest), np.sort(far[:, 0]), rtol=1e-4)
        assert own.map is not None
        assert own.map.ids == facts.map.ids
        assert sum(part.bytes for part in facts.about.parts) == facts.about.info["file_bytes"]
        assert "log" in [part.name for part in facts.about.parts]
        index.close()
        with pytest.raises(nearfile.ClosedError):
            report.measure(index)


def test_bytes_add_up_to_the_file(structure: str, metric: str) -> None:
    facts = report.measure(nearfile.build(reference.vectors_for(metric, 60, 9), metric=metric, structure=structure))
    assert sum(part.bytes for part in facts.about.parts) == facts.about.info["file_bytes"]
    assert all(part.holds for part in facts.about.parts)


def test_an_id_that_is_markup_is_text(tmp_path: pathlib.Path) -> None:
    ids = [EVIL, "<img src=x onerror=alert(1)>", '"><b>', "&amp;", "x" * 1000, *(f"i{row}" for row in range(40))]
    vectors = np.random.default_rng(0).standard_normal((45, 4))
    vectors[:3] = 9
    index = nearfile.build(
        vectors,
        tmp_path / "<b>x&.near",
        metric="euclidean",
        ids=ids,
        attributes={EVIL: [EVIL] * 45, "n": list(range(45))},
    )
    _, text = page(index, tmp_path)
    found = Checked(text)
    assert [each.get("type") for each in found.scripts] == ["application/json", None]
    assert "b" not in found.names
    assert len(found.names) == len(set(found.names))
    assert "x" * 200 not in text
    data = json.loads(re.findall(r'id="map-data">(.*?)</script>', text)[0])
    assert EVIL in data["ids"]
    assert data["colorings"][0]["labels"] == [EVIL]
    assert "<b>x&.near" in found.words
    assert any(EVIL in each for each in found.words)  # in the table of duplicates


def test_the_page_needs_nothing_else_and_runs_no_script_but_its_own(tmp_path: pathlib.Path) -> None:
    _, text = page(nearfile.build(reference.vectors_for("cosine", 60, 4), metric="cosine"), tmp_path)
    assert not re.search(r"https?://|//cdn|@import|url\(", text)
    policy = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)[0]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "<title>in memory · nearfile</title>" in text
    for drawn in re.findall(r"<svg.*?</svg>", text, flags=re.DOTALL):
        assert 'role="img"' in drawn
        assert "<title" in drawn
        assert "<desc" in drawn


def test_asking_changes_nothing_of_the_index_that_is_asked() -> None:
    vectors = reference.vectors_for("euclidean", 3000, 8)
    index = nearfile.build(vectors, metric="euclidean")
    facts = report.measure(index, queries=vectors[:300] + 100, sample=50)  # far from all: its own would warn
    assert facts.speed is not None
    assert facts.speed.unlike == 1
    with pytest.warns(nearfile.UnlikeQueriesWarning):
        index.search(vectors[:300] + 100)


def test_queries_that_are_unlike_the_items_are_told(tmp_path: pathlib.Path) -> None:
    vectors = reference.vectors_for("euclidean", 3000, 8)
    index = nearfile.build(vectors, metric="euclidean")
    assert "unlike the items" in page(index, tmp_path, queries=vectors[:50] + 100, sample=50)[1]
    assert "unlike the items" not in page(index, tmp_path, queries=vectors[:50], sample=50)[1]


def test_what_is_wrong_is_refused_before_anything_is_measured(tmp_path: pathlib.Path) -> None:
    index = nearfile.build(np.eye(4))
    for options in (
        {"sample": 0},
        {"sample": 20_001},
        {"seed": -1},
        {"k": 0},
        {"queries": np.ones((2, 3))},
        {"queries": np.ones((0, 4))},
    ):
        with pytest.raises(nearfile.InvalidArgumentError):
            report.write(index, tmp_path / "x.html", **options)
    with pytest.raises(nearfile.MissingFileError):
        report.write(index, tmp_path / "none" / "x.html")
    with pytest.raises(nearfile.InvalidArgumentError, match="expected one that nearfile"):
        report.measure("items.near")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_search_that_takes_too_long_makes_the_sample_smaller(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.setattr("nearfile.report.subject.SECONDS", 0.0)
    index = nearfile.build(reference.vectors_for("euclidean", 2000, 4), metric="euclidean")
    facts, text = page(index, tmp_path, sample=600)
    assert facts.distances is not None
    assert (len(facts.distances.nearest), facts.distances.whole) == (256, False)
    assert "those of the first 256 of them" in text


def test_a_sample_of_very_long_vectors_is_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nearfile.report.subject.SAMPLE_VALUES", 4 * 300)
    index = nearfile.build(reference.vectors_for("euclidean", 900, 4), metric="euclidean")
    assert len(Subject(index)) == 300


def test_settings_rise_to_as_many_as_there_are_items() -> None:
    assert settings(10, 100, (0.5, 1, 2, 64)) == [5, 10, 20, 100]
    assert settings(1, 1, (0.5, 1, 2)) == [1]


def test_the_command_writes_a_page_and_tells_figures(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    vectors = reference.vectors_for("angular", 200, 6)
    nearfile.build(vectors, "items.near")
    np.save("q.npy", vectors[:20])
    done = CliRunner().invoke(app, ["report", "items.near", "--queries", "q.npy", "-o", "page.html", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert (told["output"], told["count"], told["sample"], told["k"], told["recall"]) == (
        "page.html",
        200,
        200,
        10,
        1.0,
    )
    assert told["dimension"] > 3
    done = CliRunner().invoke(app, ["report", "items.near", "--sample", "50"])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("report.html: 50 of 200 items looked at")
    assert "Of 200 items 50 were looked at, a random sample by seed 0" in (tmp_path / "report.html").read_text("utf-8")


def test_numbers_are_written_as_people_read_them() -> None:
    assert [words.duration(each) for each in (3.2e-8, 2.1e-6, 31e-6, 4.23e-3, 1.5, 999.9e-6)] == [
        "32 ns",
        "2.1 µs",
        "31 µs",
        "4.2 ms",
        "1.5 s",
        "1 ms",
    ]
    assert [words.size(each) for each in (12, 4100, 91_500_000, 999_700_000)] == [
        "12 B",
        "4.1 kB",
        "91.5 MB",
        "1,000 MB",
    ]
    assert [words.share(each) for each in (0, 0.0001, 0.042, 0.99999, 1)] == [
        "0 %",
        "< 0.1 %",
        "4.2 %",
        "> 99.9 %",
        "100 %",
    ]
    assert [words.recall(each) for each in (0.957, 0.99999, 1)] == ["0.957", "0.9995", "1"]
    assert [words.ordinal(each) for each in (1, 2, 3, 10, 11, 12, 21)] == [
        "1st",
        "2nd",
        "3rd",
        "10th",
        "11th",
        "12th",
        "21st",
    ]
    assert words.number(float("inf")) == "∞"


def test_ticks_are_round_and_do_not_touch() -> None:
    assert svg.even_ticks(0, 1, 5) == [0, 0.2, 0.4, 0.6, 0.8, 1]
    assert svg.even_ticks(3, 3, 5) == [3]
    assert svg.powers(3, 60) == [5, 10, 20, 50]
    assert len(svg.powers(31, 39)) > 2
    scale = svg.linear(0, 100, 0, 60)
    kept = svg.apart(range(0, 101, 10), scale, str)
    assert kept[-1] == 100
    assert all(scale(b) - scale(a) > 20 for a, b in zip(kept, kept[1:]))


def test_histograms_count_everything() -> None:
    counts = np.array([0, 0, 1, 2, 3, 4, 5, 9, 40])
    found = bins.count_bins(counts)
    assert [each.name for each in found] == ["0", "1", "2", "3+", "5+", "9+", "17+", "33+"]
    assert sum(each.share for each in found) == pytest.approx(1)
    assert sum(
        each.share for each in bins.range_bins(counts.astype(float), np.linspace(0, 40, 7), str, "x")
    ) == pytest.approx(1)


def test_a_map_is_drawn_with_every_point_once() -> None:
    coloring = Coloring("c", ["a", "none"], np.array([0, 1, 0]), ordered=False)
    found = Map(np.array([[0.0, 0], [1, 0.5], [0.5, 0]]), [1, 2, 3], [coloring])
    drawn = map_drawing.drawing(found)
    assert "".join(drawn.parts).count("h0") == 3
    assert json.loads(map_drawing.data(found))["colorings"][0]["classes"] == ["g0", "rest"]
    assert (map_drawing.places_of(found)[0] >= 0).all()


def test_a_notebook_shows_a_card(tmp_path: pathlib.Path) -> None:
    path = tmp_path / f"<b>{'x' * 8}.near"
    index = nearfile.build(np.eye(3), path, ids=["x", "y", "z"], attributes={"<i>": [1, 2, 3]})
    shown = index._repr_html_()
    assert shown is not None
    assert "3 of 3 values" in shown
    assert "&lt;i&gt;" in shown
    assert "<b>x" not in shown
    assert len(shown) < 3000
    index.close()
    assert index._repr_html_() is None
    items = nearfile.Collection(tmp_path / "items", dim=3)
    assert "nearfile.Collection" in (items._repr_html_() or "")
    items.add(np.eye(3))
    assert "3 of 3 values" in (items._repr_html_() or "")
    items.close()
    assert items._repr_html_() is None
