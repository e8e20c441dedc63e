"""Awkward data: that it is what it says, that truth holds on it, and what a verdict takes."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import nearfile
import numpy as np
import pytest
from typer.testing import CliRunner

from bench import awkward
from bench.__main__ import app
from bench.awkward import verdicts
from bench.awkward.beside_annoy import beside_annoy
from bench.awkward.exact import Exact
from bench.awkward.kind import Group, Kind, held_out
from bench.awkward.promise import promise
from bench.awkward.survey import Survey

METRICS = ("angular", "cosine", "euclidean", "dot", "manhattan", "hamming")
KINDS = [kind for group in awkward.GROUPS.values() for kind in group]
ITEMS, QUERIES = 300, 40
SMALL = ("--kinds", "few-levels", "--metric", "euclidean", "-n", "1100")


def test_groups_have_as_many_kinds_and_none_in_common() -> None:
    assert [len(group) for group in awkward.GROUPS.values()] == [20, 20]
    assert len({kind.name for kind in KINDS}) == 40


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_is_the_same_for_the_same_seed(kind: Kind) -> None:
    items, queries = kind.data(ITEMS, QUERIES, seed=1)
    assert items.shape == (ITEMS, kind.dim)
    assert queries.shape == (QUERIES, kind.dim)
    assert items.dtype == queries.dtype == np.float32
    assert np.isfinite(items).all()
    assert np.isfinite(queries).all()
    for part, again, other in zip((items, queries), kind.data(ITEMS, QUERIES, 1), kind.data(ITEMS, QUERIES, 2)):
        assert np.array_equal(part, again)
        assert not np.array_equal(part, other)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_fits_its_metrics(kind: Kind) -> None:
    assert kind.about
    assert kind.metrics
    assert set(kind.metrics) <= set(METRICS)
    values = np.concatenate(kind.data(ITEMS, QUERIES))
    assert "hamming" not in kind.metrics or set(np.unique(values)) == {0, 1}


def test_a_kind_has_no_more_items_than_it_can_and_no_other_columns_than_it_means() -> None:
    group = Group()

    @group.kind("euclidean", dim=3, fixed_dim=True, most=50)
    def few_places(random, items, queries, dim):
        """Places."""
        return held_out(random, random.random((items + queries, dim)), queries)

    (kind,) = group.kinds()
    assert kind.name == "few-places"
    items, queries = kind.data(80, 7, dim=9)
    assert items.shape == (50, 3)
    assert queries.shape == (7, 3)


def test_what_is_held_out_is_no_item() -> None:
    rows = np.arange(100.0)[:, None]
    items, queries = held_out(np.random.default_rng(0), rows, 30)
    assert len(queries) == 30
    assert sorted(np.concatenate([items, queries]).ravel()) == list(range(100))


def test_a_kind_that_is_unknown_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected one of one-row-far-out, .*, got 'round'"):
        awkward.named("round")


def wide_distances(items: np.ndarray, query: np.ndarray, metric: str) -> np.ndarray:
    """The plainest way, in more digits than float64 has where the machine has them."""
    items, query = items.astype(np.longdouble), query.astype(np.longdouble)
    if metric == "dot":
        return -(items * query).sum(axis=1)
    if metric in ("angular", "cosine"):
        lengths = np.sqrt((items**2).sum(axis=1)) * np.sqrt((query**2).sum())
        cosines = np.divide((items * query).sum(axis=1), lengths, out=np.zeros_like(lengths), where=lengths > 0)
        return np.sqrt(np.maximum(0, 2 - 2 * cosines))
    differences = np.abs(items - query)
    return np.sqrt((differences**2).sum(axis=1)) if metric == "euclidean" else differences.sum(axis=1)


@pytest.mark.parametrize("bits", [False, True])
@pytest.mark.parametrize("metric", METRICS)
def test_truth_is_that_of_a_full_sort(metric: str, bits: bool) -> None:
    random = np.random.default_rng(0)
    items, queries = (random.standard_normal((count, 6)).astype(np.float32) for count in (300, 20))
    items[:40] = items[40]
    items[50:60] = 0
    items[70] *= 1e7
    queries[0], queries[1] = items[40], 0
    if metric == "hamming" or bits:
        items, queries = ((values > 0).astype(np.float32) for values in (items, queries))
    exact = Exact(items, queries, metric, 5)
    wide = np.stack([wide_distances(items, query, metric) for query in queries])
    # Ties of a millionth, and where directions are equal what is left of 2 - 2 cos.
    assert exact.limits == pytest.approx(np.sort(wide, axis=1)[:, 4].astype(float), rel=3e-6, abs=2e-9)
    assert exact.recall(np.argsort(wide, axis=1)[:, :5]) == (1, 0)
    farthest = np.argsort(wide, axis=1)[:, -5:]
    expected = np.take_along_axis(wide, farthest, axis=1) <= exact.limits[:, None]
    assert exact.recall(farthest)[0] == pytest.approx(expected.mean())


@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
@pytest.mark.parametrize("scale", [1e-21, 1, 1e9])
def test_truth_does_not_see_one_row_alone(metric: str, scale: float) -> None:
    random = np.random.default_rng(0)
    items, queries = (random.standard_normal((count, 8)) for count in (200, 10))
    alone = [np.argsort(wide_distances(items, query, metric))[:10] for query in queries]
    items[77] = 1e9
    exact = Exact(items * scale, queries * scale, metric, 10)
    assert exact.recall([rows[rows != 77] for rows in alone])[0] >= 0.9
    assert exact.recall([[77] * 10] * 10)[0] == 0


def test_ties_count_and_every_row_counts_once() -> None:
    items = np.array([[0], [1], [1], [1], [5]], np.float32)
    exact = Exact(items, np.zeros((1, 1), np.float32), "euclidean", 2)
    assert exact.recall([[0, 3]])[0] == exact.recall([[1, 2]])[0] == 1
    assert exact.recall([[0, 0]])[0] == exact.recall([[0, 4]])[0] == exact.recall([[0]])[0] == 0.5
    assert exact.recall([[]])[0] == 0


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    items, queries = awkward.named("columns-of-all-scales").data(ITEMS, QUERIES)
    whole = Exact(items, queries, "euclidean", 3).limits
    monkeypatch.setattr("bench.awkward.exact.QUERY_BLOCK", 7)
    monkeypatch.setattr("bench.awkward.exact.BLOCK", 13 * 32)
    assert Exact(items, queries, "euclidean", 3).limits == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize(
    ("asked", "found", "scan", "scanned", "expected"),
    [
        (0.95, 0.95, 1.0, False, "ok"),
        (0.95, 0.94, 1.0, False, "ok"),
        (0.95, 0.9399, 1.0, False, "MISSED"),
        (0.99, 0.98, 1.0, False, "ok"),
        (0.99, 0.95, 1.0, False, "MISSED"),
        (0.95, 1.0, 1.0, True, "exact"),
        (0.95, 0.4, 0.4, True, "ROUNDED"),
        (0.95, 0.395, 0.4, False, "ROUNDED"),
        (0.95, 0.3, 0.4, False, "MISSED"),
        (None, 0.3, 1.0, False, "-"),
    ],
)
def test_a_recall_is_given_within_a_hundredth(
    asked: float | None, found: float, scan: float, scanned: bool, expected: str
) -> None:
    assert verdicts.of_promise(asked, found, scan, scanned) == expected


def test_less_than_annoy_is_less_and_what_is_noise_is_told() -> None:
    assert verdicts.beside(0.7, 0.7) == "ok"
    assert verdicts.beside(0.695, 0.7) == "noise"
    assert verdicts.beside(0.68, 0.7) == "LESS"


def task(**options: object) -> dict[str, object]:
    common = {"kind": "whole-grid", "metric": "euclidean", "n": 400, "queries": 30, "seed": 0, "dim": None}
    return {**common, "threads": 1, "ks": [1, 10], "recalls": [0.9], "structure": "graph", **options}


def test_a_small_index_is_exact_and_a_record_says_all_there_is_to_know() -> None:
    first, second = promise(task())
    assert (first["k"], second["k"]) == (1, 10)
    assert second["found"] == second["scan"] == 1
    assert second["verdict"] == "exact"
    assert second["info"]["count"] == 400
    assert second["said"] == second["search_said"] == []
    assert json.loads(json.dumps(second)) == second


def test_a_forest_is_asked_for_nothing() -> None:
    (record,) = promise(task(structure="forest", ks=[10]))
    assert record["asked"] is None
    assert record["verdict"] == "-"
    assert record["found"] > 0.5


def test_what_a_build_says_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    build = nearfile.build

    def warning(*arguments, **options):
        warnings.warn("walking does not pay", UserWarning, stacklevel=1)
        return build(*arguments, **options)

    monkeypatch.setattr(nearfile, "build", warning)
    (record,) = promise(task(ks=[10]))
    assert record["said"] == ["UserWarning: walking does not pay"]


def test_both_classes_are_asked_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Annoy(nearfile.AnnoyIndex):
        def get_nns_by_vector(self, vector, n, search_k=-1, include_distances=False):
            asked.append((tuple(vector), n, search_k))
            return super().get_nns_by_vector(vector, n, search_k, include_distances)

    monkeypatch.setitem(sys.modules, "annoy", SimpleNamespace(AnnoyIndex=Annoy))
    records = list(beside_annoy(task(trees=3, search_ks=[-1, 50], ks=[10])))
    assert [record["search_k"] for record in records] == [-1, 50]
    assert all(record["found"] == record["annoy"] > 0 for record in records)
    assert len(asked) == 2 * 30


def test_a_survey_is_every_kind_with_every_metric_that_fits() -> None:
    cases = Survey(groups=("first",), sizes=(1025, 8000, 50_000), checks=("promise", "annoy")).cases()
    asked = [(task["kind"], task["metric"], task["n"]) for stage, task in cases if stage == "promise"]
    assert len(set(asked)) == len(asked)
    fitting = {(kind.name, metric) for kind in awkward.GROUPS["first"] for metric in kind.metrics}
    assert {name[:2] for name in asked} == fitting
    assert [n for name, metric, n in asked if (name, metric) == ("nearly-one-hot", "cosine")] == [1025, 2000]
    assert "cosine" not in {task["metric"] for stage, task in cases if stage == "annoy"}


def invoke(tmp_path: Path, *options: str):
    out = tmp_path / "results" / "awkward.jsonl"
    result = CliRunner().invoke(app, ["awkward", "--out", str(out), *options])
    lines = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []
    return result, lines


def test_a_recall_that_is_given_is_success(tmp_path: Path) -> None:
    result, (head, *records) = invoke(tmp_path, *SMALL, "--queries", "50", "--jobs", "2")
    assert result.exit_code == 0, result.output
    assert head["nearfile"]["version"] == nearfile.__version__
    assert [record["asked"] for record in records] == [0.95, 0.99]
    assert "few-levels" in result.output


def test_what_ends_early_is_told_and_is_no_success(tmp_path: Path) -> None:
    result, (_, record) = invoke(tmp_path, *SMALL, "--time-limit", "0.01")
    assert result.exit_code == 1
    assert record["verdict"] == "FAILED"
    assert "time limit of 0.01 s" in result.output


def test_what_info_says_of_this_data_alone_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (record,) = promise(task(ks=[10]))
    record |= {"group": "first", "data": "whole-grid", "metric": "euclidean", "n": 400, "structure": "graph"}
    record["info"]["scanned"] = "walking does not pay"
    record["search_said"] = ["UserWarning: too far"]
    monkeypatch.setattr(Survey, "run", lambda _: iter([record]))
    result, _ = invoke(tmp_path)
    assert "whole-grid, euclidean, 400: info()['scanned'] = walking does not pay" in result.output
    assert "whole-grid, euclidean, 400: UserWarning: too far" in result.output
    assert result.output.count("info()[") == 1


@pytest.mark.parametrize(("found", "code"), [(0.95, 0), (0.9, 1)])
def test_a_recall_that_is_missed_is_no_success_and_totals_name_no_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: float, code: int
) -> None:
    (record,) = promise(task(ks=[10]))
    record |= {"group": "second", "data": "swiss-roll", "metric": "euclidean", "n": 400, "asked": 0.95, "found": found}
    record |= {"structure": "graph", "verdict": verdicts.of_promise(0.95, found, 1.0, scanned=False)}
    monkeypatch.setattr(Survey, "run", lambda _: iter([record]))
    result, _ = invoke(tmp_path, "--group", "second")
    assert result.exit_code == code
    assert "swiss-roll" in result.output
    result, _ = invoke(tmp_path, "--group", "second", "--totals")
    assert result.exit_code == code
    assert "swiss-roll" not in result.output
    assert record["verdict"] in result.output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--group", "third"], "group: expected one of first, second, got 'third'"),
        (["--kinds", "round"], "kinds: expected one of one-row-far-out,"),
        (["--kinds", "few-levels", "--metric", "hamming"], "metric: expected one that the kinds fit, got none"),
        (["--check", "speed"], "check: expected one of promise, annoy, got 'speed'"),
        (["--structure", "tree"], "structure: expected one of graph, forest, got 'tree'"),
    ],
)
def test_what_is_unknown_is_refused_before_anything_is_built(tmp_path: Path, options: list[str], said: str) -> None:
    result, lines = invoke(tmp_path, *options)
    assert result.exit_code == 1
    assert said in " ".join(result.output.split())
    assert not lines


def test_kinds_can_be_looked_up(tmp_path: Path) -> None:
    result, lines = invoke(tmp_path, "--list", "--group", "all")
    assert result.exit_code == 0
    assert not lines
    assert all(kind.name in result.output for kind in KINDS)
