"""The verb tune: what it measures, and what it refuses."""

from __future__ import annotations

import json
import pathlib

import nearfile
import numpy as np
import pytest
import reference
from nearfile.cli import tune
from nearfile.cli.app import app
from typer.testing import CliRunner


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["tune", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.chdir(tmp_path)
    vectors = reference.vectors_for("euclidean", 3000, 16)
    queries = reference.vectors_for("euclidean", 50, 16, seed=1)
    np.save("queries.npy", queries)
    words = [f"word {row}" for row in range(3000)]
    for structure in reference.STRUCTURES:
        nearfile.build(vectors, f"{structure}.near", metric="euclidean", structure=structure, n_trees=8)
        with nearfile.build(vectors, f"{structure}-words.near", metric="euclidean", ids=words, structure=structure):
            pass
    np.save("truth.npy", nearfile.open("graph.near").search(queries, k=20, exact=True)[0])
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_recall_and_speed_of_rising_efforts(structure: str) -> None:
    budget = reference.BUDGETS[structure]
    told = json.loads(run(f"{structure}.near", "--queries", "queries.npy", "--json"))
    points = told["points"]
    assert (told["k"], told["queries"]) == (10, 50)
    budgets = [point[budget] for point in points]
    assert budgets == sorted(set(budgets))
    assert budgets[0] >= 10
    assert points[-1]["recall"] > points[0]["recall"]
    for point in points:
        assert 0 <= point["recall"] <= 1
        assert point["queries_a_second"] > 0
    for target, needed in told["needed"].items():
        reached = [point[budget] for point in points if point["recall"] >= float(target)]
        assert needed == (reached[0] if reached else None)
    assert told["needed"]["0.9"] is not None


@pytest.mark.parametrize("name", ["graph", "graph-words", "forest", "forest-words"])
@pytest.mark.usefixtures("folder")
def test_truth_may_be_given(name: str) -> None:
    found = [
        [
            point["recall"]
            for point in json.loads(run(f"{name}.near", "--queries", "queries.npy", *more, "--json"))["points"]
        ]
        for more in ((), ("--truth", "truth.npy"))
    ]
    assert found[0] == pytest.approx(found[1])


@pytest.mark.usefixtures("folder")
def test_people_read_a_table() -> None:
    out = run("graph.near", "--queries", "queries.npy", "-k", 5)
    assert "50 queries, k = 5, one thread" in out
    assert ["effort", "recall", "queries/s"] in [line.split() for line in out.splitlines()]
    for target in ("0.90", "0.95", "0.99"):
        assert f"recall {target}" in out


def test_what_was_not_reached_is_said() -> None:
    points = [{"effort": 10, "recall": 0.5}, {"effort": 20, "recall": 0.92}]
    assert tune.first_to_reach(points, 0.9, "effort") == 20
    assert tune.first_to_reach(points, 0.95, "effort") is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.near", "--queries", "queries.npy"], "none.near"),
        (["graph.near", "--queries", "none.npy"], "none.npy"),
        (["graph.near", "--queries", "one.npy"], "expected queries of shape (q, dim), got shape (16,)"),
        (["graph.near", "--queries", "short.npy"], "got shape (2, 3)"),
        (["empty.near", "--queries", "queries.npy"], "an empty one"),
        (
            ["graph.near", "--queries", "queries.npy", "--truth", "queries.npy"],
            "expected whole numbers of shape (50, 10",
        ),
        (["graph.near", "--queries", "queries.npy", "--truth", "truth.npy", "-k", "21"], "(50, 21 or more)"),
        (["graph-words.near", "--queries", "queries.npy", "--truth", "far.npy"], "expected rows from 0 to 2999"),
        (["graph.near", "--queries", "queries.npy", "-k", "0"], "k: expected"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_cannot_be_tuned(arguments: list[str], message: str) -> None:
    np.save("one.npy", np.zeros(16))
    np.save("short.npy", np.zeros((2, 3)))
    np.save("far.npy", np.full((50, 10), 3000))
    nearfile.build(np.empty((0, 16)), "empty.near").close()
    out = run(*arguments, code=1)
    assert message in out
    assert out.startswith("nearfile: ")
