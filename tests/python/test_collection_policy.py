"""Which segments are merged, and when."""

from __future__ import annotations

import pathlib
import threading
import time
from typing import Any

import nearfile
import numpy as np
import pytest
import reference
from nearfile.collection import policy
from nearfile.collection.policy import Size


def sizes(*live: int) -> list[Size]:
    return [Size(each, each) for each in live]


@pytest.mark.parametrize(
    ("given", "due"),
    [
        (sizes(), None),
        (sizes(*[100] * 7), None),
        (sizes(*[100] * 8), (0, 8)),
        (sizes(10_000, *[100] * 7), None),
        (sizes(10_000, *[100] * 8), (1, 9)),
        (sizes(*[100] * 8, 790, 5), (0, 10)),
        (sizes(*[3] * 9, 790, *[1] * 3), (0, 9)),
        (sizes(*[100, 2000, 50_000] * 3), (0, 9)),  # by turns, but none of them is most of it
        (sizes(*[900] * 4, 100, *[900] * 4), (0, 9)),
        ([Size(74, 100)], (0, 1)),
        ([Size(75, 100)], None),
        ([Size(0, 100)], (0, 1)),
        ([Size(10, 100, is_fixed=True)], None),
        ([Size(100, 100, is_fixed=True)] * 20, None),
        ([*sizes(*[100] * 4), Size(100, 100, is_fixed=True), *sizes(*[100] * 4)], None),
        ([Size(5000, 5000), Size(700, 700, is_raw=True), Size(9, 9, is_raw=True)], (1, 3)),
        ([Size(5000, 5000, is_raw=True)], (0, 1)),
    ],
)
def test_what_is_due(given: list[Size], due: tuple[int, int] | None) -> None:
    assert policy.due(given, 100) == due


def test_any_order_of_sizes_comes_to_few_segments() -> None:
    random = np.random.default_rng(0)
    for spread in (1, 3, 6):
        live: list[int] = []
        written = added = 0
        for _ in range(3000):
            new = int(100 * 8 ** (random.random() * spread))
            live.append(new)
            added += new
            while (found := policy.due(sizes(*live), 100)) is not None:
                first, end = found
                total = sum(live[first:end])
                written += total
                live[first:end] = [total]
        assert sum(live) == added
        assert len(live) <= policy.MOST_PARTS
        assert written < 8 * added


def test_the_background_makes_segments_and_merges_them(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"LOG_ROWS": 50, "SMALLEST": 50}.items():
        monkeypatch.setattr(f"nearfile.collection.merging.{name}", value)
    vectors = reference.vectors_for("euclidean", 3000, 8)
    with nearfile.Collection(tmp_path / "items", dim=8, metric="euclidean") as items:
        for start in range(0, 3000, 60):
            items.add(vectors[start : start + 60])
        deadline = time.monotonic() + 60
        while (info := items.info())["log_rows"] >= 50 or items._merger.do_next():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert info["background_error"] is None
        assert len(items.info()["segments"]) < 16
        assert all(each["structure"] == "graph" for each in items.info()["segments"])
        assert items.search(vectors[::50], 1)[0].ravel().tolist() == list(range(0, 3000, 50))


def test_under_load_segments_are_raw_until_it_is_over(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"LOG_ROWS": 50, "BUSY_ROWS": 100, "BUSY_LOG_ROWS": 80, "MOST_LOG_ROWS": 200}.items():
        monkeypatch.setattr(f"nearfile.collection.merging.{name}", value)
    vectors = reference.vectors_for("euclidean", 1000, 8)
    with nearfile.Collection(tmp_path / "items", dim=8, metric="euclidean", background=False) as items:
        for start in range(0, 1000, 40):
            items.add(vectors[start : start + 40])
        info = items.info()
        assert info["log_rows"] < 200 + 40
        assert {each["structure"] for each in info["segments"]} == {"forest"}
        found = items.search(vectors, 1)[0]
        assert found.ravel().tolist() == list(range(1000))
        monkeypatch.setattr("nearfile.collection.merging.BUSY_ROWS", 10**9)
        while items._merger.do_next():
            pass
        assert [each["structure"] for each in items.info()["segments"]] == ["graph"] * len(items.info()["segments"])
        assert items.search(vectors, 1)[0].ravel().tolist() == list(range(1000))


def test_an_error_in_the_background_is_told_and_tried_again(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nearfile.collection import merging

    monkeypatch.setattr(merging, "LOG_ROWS", 50)
    monkeypatch.setattr(merging, "_FIRST_REST", 0.01)
    failing = monkeypatch.context()
    with nearfile.Collection(tmp_path / "items", dim=8) as items:
        with failing as patch:
            patch.setattr(merging, "built", lambda *_, **__: (_ for _ in ()).throw(OSError("the disk is on fire")))
            items.add(reference.vectors_for("angular", 100, 8))
            deadline = time.monotonic() + 30
            while items.info()["background_error"] is None:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            assert "on fire" in items.info()["background_error"]
            assert len(items) == 100
        while items.info()["log_rows"]:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert len(items) == 100


def test_a_merge_makes_way_for_an_add_that_waits(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nearfile.collection import merging

    monkeypatch.setattr(merging, "SMALLEST", 10)
    begun = threading.Event()
    real = merging.built

    def slow(*arguments: Any, **options: Any) -> Any:
        if options["structure"] == "graph":
            begun.set()
            for _ in range(3000):  # as a long build does
                options["report"]("graph", 1, 2)
                time.sleep(0.01)
        return real(*arguments, **options)

    vectors = reference.vectors_for("euclidean", 200, 8)
    with nearfile.Collection(tmp_path / "items", dim=8, metric="euclidean", background=False) as items:
        for start in range(0, 160, 10):
            items.add(vectors[start : start + 10])
            items._merger.flush(raw=True)
        items.add(vectors[160:180])
        monkeypatch.setattr(merging, "built", slow)
        monkeypatch.setattr(merging, "MOST_LOG_ROWS", 15)
        merge = threading.Thread(target=items._merger.do_next)
        merge.start()
        assert begun.wait(30)
        start_of_add = time.monotonic()
        assert items.add(vectors[180:]).tolist() == list(range(180, 200))
        assert time.monotonic() - start_of_add < 20
        merge.join(30)
        assert {each["structure"] for each in items.info()["segments"]} == {"forest"}
        assert sum(each["count"] for each in items.info()["segments"]) == 180
        assert items.search(vectors, 1)[0].ravel().tolist() == list(range(200))
        monkeypatch.setattr(merging, "built", real)
        assert items._merger.do_next()
        assert [each["structure"] for each in items.info()["segments"]] == ["graph"]
