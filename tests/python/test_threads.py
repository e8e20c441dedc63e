"""Many threads on one index, and one closing it under the others."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import nearfile
import numpy as np
import pytest
import reference


def test_many_threads_search_one_index(structure: str) -> None:
    vectors = reference.vectors_for("angular", 5000, 16)
    index = nearfile.build(vectors, ids=[f"item {row}" for row in range(5000)], structure=structure)
    expected, _ = index.search(vectors[:200], k=3)

    def search(thread: int) -> list:
        if thread % 2:
            return index.search(vectors[:200], k=3, threads=2)[0].tolist()
        return [index.search(query, k=3)[0].tolist() for query in vectors[:200]]

    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(search, range(24)):
            assert found == expected.tolist()


def test_searches_release_the_gil() -> None:
    index = nearfile.build(
        reference.vectors_for("euclidean", 200_000, 32), metric="euclidean", structure="forest", n_trees=1
    )
    queries = reference.vectors_for("euclidean", 200, 32)
    searching = threading.Thread(target=lambda: index.search(queries, exact=True, threads=1))
    searching.start()
    turns = 0
    while searching.is_alive():
        turns += 1
        time.sleep(0)
    # With the GIL held there would be at most the few turns before and after the one block of queries.
    assert turns > 100


@pytest.mark.parametrize("path", [None, "items.near"])
def test_closing_while_others_search_ends_in_answers_or_a_closed_error(tmp_path, path: str | None) -> None:
    vectors = reference.vectors_for("angular", 3000, 16)
    expected, _ = nearfile.build(vectors, structure="forest").search(vectors[:50], k=3, exact=True)
    for turn in range(20):
        index = nearfile.build(vectors, path and tmp_path / path, structure="forest", n_trees=1)
        started = threading.Barrier(5)

        def search(index: nearfile.Index = index, started: threading.Barrier = started) -> int:
            started.wait()
            for answered in range(10**6):
                try:
                    found = index.search(vectors[:50], k=3, exact=True)[0]
                    index.ids, index.vector(3), index.info()
                except nearfile.ClosedError:
                    return answered
                assert found.tolist() == expected.tolist()
            raise AssertionError("never closed")

        with ThreadPoolExecutor(4) as pool:
            searches = [pool.submit(search) for _ in range(4)]
            started.wait()
            time.sleep(0.001 * (turn % 5))
            index.close()
            for each in searches:
                each.result(timeout=30)


def test_a_builder_refuses_a_second_call_meanwhile() -> None:
    builder = nearfile.Builder(8, progress=lambda *_: inside.append(catch(lambda: builder.add(np.eye(8)))))
    inside: list[BaseException] = []

    def catch(call) -> BaseException:
        with pytest.raises(nearfile.InvalidArgumentError, match="one call at a time") as caught:
            call()
        return caught.value

    builder.add(reference.vectors_for("angular", 1000, 8))
    index = builder.build()
    assert len(inside) > 0
    assert len(index) == len(builder) == 1000


def test_builders_of_many_threads_do_not_mix() -> None:
    def build(seed: int) -> bool:
        vectors = reference.vectors_for("euclidean", 1000, 8, seed)
        return bool((nearfile.build(vectors, metric="euclidean", seed=seed).vectors(range(1000)) == vectors).all())

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(build, range(16)))
