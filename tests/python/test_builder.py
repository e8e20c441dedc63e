"""Building in batches, and the promise that the same input gives the same bytes."""

from __future__ import annotations

import hashlib
import pathlib

import nearfile
import numpy as np
import pytest
import reference
from nearfile import _core, inputs


def contents(index: nearfile.Index) -> bytes:
    return index._core.contents()


def test_batches_give_the_bytes_of_one(metric: str) -> None:
    vectors = reference.vectors_for(metric, 500, 8)
    ids = [f"item {row}" for row in range(500)]
    builder = nearfile.Builder(8, metric)
    for start, end in ((0, 1), (1, 1), (1, 300), (300, 500)):
        builder.add(vectors[start:end], ids[start:end])
        assert len(builder) == end
    assert contents(builder.build()) == contents(nearfile.build(vectors, metric=metric, ids=ids))


@pytest.mark.usefixtures("small_blocks")
def test_blocks_give_the_bytes_of_one(metric: str) -> None:
    vectors = reference.vectors_for(metric, 50, 8)
    assert contents(nearfile.build(vectors.astype(np.float64), metric=metric)) == contents(
        nearfile.build(vectors, metric=metric)
    )


def test_a_builder_goes_on_after_build(tmp_path: pathlib.Path) -> None:
    builder = nearfile.Builder(3, path=tmp_path / "items.near")
    builder.add(np.eye(3))
    first = builder.build()
    builder.add(np.eye(3))
    second = builder.build()
    assert (len(first), len(second)) == (3, 6)
    assert len(nearfile.open(tmp_path / "items.near")) == 6


def test_a_builder_knows_what_it_was_told() -> None:
    builder = nearfile.Builder(3, "dot")
    assert (builder.dim, builder.metric, len(builder)) == (3, "dot", 0)
    assert len(builder.build()) == 0


def test_the_file_has_the_bytes_of_the_index_in_memory(metric: str, tmp_path: pathlib.Path) -> None:
    vectors = reference.vectors_for(metric, 200, 8)
    nearfile.build(vectors, tmp_path / "items.near", metric=metric)
    assert (tmp_path / "items.near").read_bytes() == contents(nearfile.build(vectors, metric=metric))


def test_any_number_of_threads_gives_the_same_bytes(metric: str, structure: str) -> None:
    vectors = reference.vectors_for(metric, 5000, 16)
    one = contents(nearfile.build(vectors, metric=metric, structure=structure, threads=1))
    for threads in (2, 5, None):
        assert contents(nearfile.build(vectors, metric=metric, structure=structure, threads=threads)) == one


def test_another_seed_gives_other_bytes(metric: str, structure: str) -> None:
    vectors = reference.vectors_for(metric, 2000, 16)
    bytes_of = [contents(nearfile.build(vectors, metric=metric, structure=structure, seed=seed)) for seed in (0, 1, 0)]
    assert bytes_of[0] == bytes_of[2] != bytes_of[1]


def test_every_instruction_set_gives_the_same_bytes_and_answers(run_python) -> None:
    script = """
        import hashlib, itertools, numpy, nearfile, reference
        digest = hashlib.sha256()
        for metric, structure in itertools.product(reference.METRICS, reference.STRUCTURES):
            budget = {"search_k": 200} if structure == "forest" else {"effort": 20}
            for dim in (1, 5, 64, 131, 300):
                vectors = reference.vectors_for(metric, 1500, dim)
                index = nearfile.build(vectors, metric=metric, structure=structure, n_trees=3)
                digest.update(index._core.contents())
                for found in (*index.search(vectors[:50], **budget), *index.search(vectors[:5], exact=True)):
                    digest.update(found.tobytes())
        print(nearfile.info()["instruction_set"], digest.hexdigest())
        """
    here = str(pathlib.Path(__file__).parent)
    names = nearfile.info()["supported_instruction_sets"]
    assert len(names) >= 1
    lines = [run_python(script, PYTHONPATH=here, NEARFILE_ISA=name).split() for name in names]
    assert [line[0] for line in lines] == names
    assert len({line[1] for line in lines}) == 1
    assert len(lines[0][1]) == hashlib.sha256().digest_size * 2


def test_an_unknown_instruction_set_is_an_error(run_python) -> None:
    run_python(
        """
        import numpy, nearfile
        for use in (nearfile.info, lambda: nearfile.build(numpy.eye(3))):
            try:
                use()
            except nearfile.InvalidArgumentError as error:
                assert "NEARFILE_ISA" in str(error) and "nonsense" in str(error) and "scalar" in str(error), error
            else:
                raise AssertionError
        """,
        NEARFILE_ISA="nonsense",
    )


def test_a_batch_that_was_interrupted_between_blocks_spoils_the_builder(monkeypatch: pytest.MonkeyPatch) -> None:
    builder = nearfile.Builder(4)
    blocks = inputs.blocks

    def interrupted(array: np.ndarray, _most: int):
        yield next(iter(blocks(array, 2)))
        raise KeyboardInterrupt

    monkeypatch.setattr(inputs, "blocks", interrupted)
    with pytest.raises(KeyboardInterrupt):
        builder.add(np.eye(4, dtype=np.float32))
    monkeypatch.undo()
    for use in (builder.build, lambda: builder.add(np.eye(4))):
        with pytest.raises(nearfile.InvalidArgumentError, match=r"interrupted in add.*make a new one"):
            use()


def test_more_vectors_than_an_index_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nearfile._core.max_count", 5)
    builder = nearfile.Builder(4)
    builder.add(np.eye(4))
    with pytest.raises(nearfile.InvalidArgumentError, match="at most 5 in an index, got 8"):
        builder.add(np.eye(4))
    assert len(builder.build()) == 4


def test_a_sample_of_queries_changes_the_graph(metric: str) -> None:
    vectors = reference.vectors_for(metric, 1500, 16)
    queries = reference.vectors_for(metric, 400, 16, seed=1)
    builder = nearfile.Builder(16, metric)
    builder.add(vectors)
    with_queries = contents(builder.build(queries.astype(np.float64)))
    assert with_queries == contents(nearfile.build(vectors, metric=metric, queries=queries, threads=1))
    assert with_queries != contents(builder.build())
    assert contents(builder.build(queries=queries[:0])) == contents(builder.build())


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        (np.zeros((2, 4)), r"queries: expected shape \(n, 3\), got shape \(2, 4\)"),
        (np.zeros(3), r"queries: expected shape \(n, 3\), got shape \(3,\)"),
        ([["a", "b", "c"]], "queries: expected floats, integers or bools"),
        ([[0, np.inf, 0]], "values must be finite; value 1 of query 0 is inf"),
    ],
)
def test_queries_that_are_refused(queries: object, message: str) -> None:
    with pytest.raises(nearfile.InvalidArgumentError, match=message):
        nearfile.build(np.eye(3), queries=queries)


def test_queries_are_for_graphs() -> None:
    with pytest.raises(nearfile.InvalidArgumentError, match="queries: expected structure='graph'"):
        nearfile.build(np.eye(3), structure="forest", queries=np.eye(3))
    with pytest.raises(nearfile.InvalidArgumentError, match="zeros and ones"):
        nearfile.build(np.eye(3), metric="hamming", queries=np.eye(3) / 2)


@pytest.mark.usefixtures("small_blocks")
def test_blocks_are_checked_without_a_builder_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    builder = nearfile.Builder(8)

    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(_core, "Builder", refuse)
    builder.add(np.ones((10, 8)))
    bad = np.ones((10, 8))
    bad[9, 3] = np.nan
    with pytest.raises(nearfile.InvalidArgumentError, match=r"value 3 of vector 0 .* counted from row 9"):
        builder.add(bad)
    assert len(builder) == 10
