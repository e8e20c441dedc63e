"""What an index can be built of, and what is refused with nothing added."""

from __future__ import annotations

import itertools
import pathlib

import nearfile
import numpy as np
import pytest
import reference
from nearfile import inputs

DTYPES = ["f2", "f4", "f8", "g", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "?", ">f4", ">f8", ">i4"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.usefixtures("small_blocks")
def test_vectors_of_any_real_dtype_come_back(metric: str, dtype: str) -> None:
    bits = metric == "hamming" or dtype == "?"
    vectors = np.random.default_rng(0).integers(0, 2 if bits else 100, (20, 8)).astype(dtype)
    index = nearfile.build(vectors, metric=metric)
    assert (index.vectors(range(20)) == vectors).all()
    for row in range(20):
        assert (index.vector(row) == vectors[row]).all()
    query = vectors[5].astype(np.float32)
    reference.check(metric, index.search(vectors[5], k=5, exact=True), query, vectors.astype(np.float32), 5)


def test_float_vectors_come_back_bit_for_bit(metric: str) -> None:
    vectors = reference.vectors_for(metric, 100, 33)
    if metric != "hamming":
        vectors[0] = [np.float32(1e-40), -0.0] * 16 + [np.float32(1e10)]
    back = nearfile.build(vectors, metric=metric).vectors(range(100))
    assert back.dtype == (np.uint8 if metric == "hamming" else np.float32)
    assert back.astype(np.float32).tobytes() == vectors.tobytes()


@pytest.mark.parametrize("layout", ["fortran", "strided", "reversed", "transposed", "unaligned", "read-only", "list"])
@pytest.mark.usefixtures("small_blocks")
def test_vectors_of_any_layout_come_back(layout: str) -> None:
    plain = np.arange(160, dtype=np.float32).reshape(20, 8)
    shifted = np.frombuffer(b"x" + plain.tobytes(), np.uint8)[1:].view(np.float32).reshape(20, 8)
    read_only = plain.copy()
    read_only.flags.writeable = False
    vectors = {
        "fortran": np.asfortranarray(plain),
        "strided": np.repeat(np.repeat(plain, 2, 0), 3, 1)[::2, ::3],
        "reversed": plain[::-1, ::-1].copy()[::-1, ::-1],
        "transposed": plain.T.copy().T,
        "unaligned": shifted,
        "read-only": read_only,
        "list": plain.tolist(),
    }[layout]
    assert (nearfile.build(vectors).vectors(range(20)) == plain).all()


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_a_memory_mapped_array_is_read_through(tmp_path: pathlib.Path, dtype: str) -> None:
    np.save(tmp_path / "vectors.npy", np.arange(80).reshape(20, 4).astype(dtype))
    mapped = np.load(tmp_path / "vectors.npy", mmap_mode="r")
    assert (nearfile.build(mapped).vectors(range(20)) == mapped).all()


def test_a_large_array_is_not_converted_as_a_whole(run_python) -> None:
    # 400 MB of bytes would be 1.6 GB as float32; the core keeps them all, but there is never a second copy.
    run_python(
        """
        import resource, numpy, nearfile
        vectors = numpy.ones((400_000, 250), numpy.uint8)
        builder = nearfile.Builder(250)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        seen = []
        class Counting:
            size = 0
            def check(self, rows): pass
            def check_room(self, rows): pass
            def add(self, rows, columns, first, borrowed): seen.append(rows.nbytes)
        builder._core = Counting()
        builder.add(vectors)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert sum(seen) == 4 * vectors.size, sum(seen)
        assert after - before < 150_000, (before, after)
        """
    )


def test_ready_vectors_are_read_where_they_are() -> None:
    vectors = np.ones((5, 3), np.float32)
    assert next(inputs.blocks(vectors, 5))[1].base is vectors
    assert inputs.floats(vectors) is vectors


BAD_VECTORS = [
    (np.zeros(8, np.float32), r"expected shape \(n, 8\), got shape \(8,\)"),
    (np.zeros((2, 7), np.float32), r"expected shape \(n, 8\), got shape \(2, 7\)"),
    (np.zeros((1, 2, 8)), r"got shape \(1, 2, 8\)"),
    (np.float32(3), r"got shape \(\)"),
    ([], r"got shape \(0,\)"),
    ([[1] * 8, [1] * 7], "rows of equal length"),
    (np.zeros((2, 8), complex), "dtype complex128"),
    (np.full((2, 8), "1"), "dtype <U1"),
    (np.full((2, 8), None), "dtype object"),
    (np.zeros((2, 8), "m8[s]"), "dtype timedelta64"),
    (np.zeros(2, [("a", "f4")]), "dtype"),
    ([[2**70] * 8], "dtype object"),
    (np.ma.masked_all((2, 8)), "masked"),
    (None, "dtype object"),
    (object(), "dtype object"),
]


@pytest.mark.parametrize(("vectors", "message"), BAD_VECTORS)
def test_what_is_no_vectors_is_refused(vectors: object, message: str) -> None:
    builder = nearfile.Builder(8)
    builder.add(np.ones((3, 8)))
    with pytest.raises(nearfile.InvalidArgumentError, match=message):
        builder.add(vectors)
    assert len(builder) == 3
    assert len(builder.build()) == 3


@pytest.mark.parametrize(("dtype", "bad"), [*itertools.product(["f4", "f8"], [np.nan, np.inf, -np.inf]), ("f8", 1e39)])
@pytest.mark.parametrize("row", [0, 19])
@pytest.mark.usefixtures("small_blocks")
def test_values_that_are_not_finite_are_refused_and_nothing_is_added(
    metric: str, dtype: str, bad: float, row: int
) -> None:
    vectors = reference.vectors_for(metric, 20, 8).astype(dtype)
    builder = nearfile.Builder(8, metric)
    builder.add(vectors)
    vectors[row, 5] = bad
    with pytest.raises(nearfile.InvalidArgumentError, match="value 5 of vector"):
        builder.add(vectors)
    assert len(builder) == 20
    assert len(builder.build()) == 20


@pytest.mark.parametrize("bad", [2, -1, 0.5])
def test_hamming_vectors_are_zeros_and_ones(bad: float) -> None:
    for dtype in (np.float32, np.float64):
        with pytest.raises(nearfile.InvalidArgumentError, match="zeros and ones"):
            nearfile.build(np.full((2, 8), bad, dtype), metric="hamming")


@pytest.mark.parametrize("dim", [0, -1, 65537, 2**40])
def test_dim_out_of_range_is_refused(dim: int) -> None:
    with pytest.raises(nearfile.InvalidArgumentError, match=rf"dim: expected .* 65536, got {dim}"):
        nearfile.Builder(dim)


def test_vectors_without_values_are_refused() -> None:
    with pytest.raises(nearfile.InvalidArgumentError, match=r"dim: expected .* got 0"):
        nearfile.build(np.zeros((3, 0)))


def test_the_largest_dim_can_be_built(metric: str) -> None:
    vectors = reference.vectors_for(metric, 2, 65536)
    assert (nearfile.build(vectors, metric=metric, n_trees=1).vector(1) == vectors[1]).all()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"metric": "euclid"}, nearfile.InvalidArgumentError, "euclidean.*euclid"),
        ({"metric": None}, TypeError, "metric: expected a name"),
        ({"metric": 3}, TypeError, "metric: expected a name"),
        ({"n_trees": 0}, nearfile.InvalidArgumentError, "n_trees: expected .* got 0"),
        ({"n_trees": 65537}, nearfile.InvalidArgumentError, "n_trees: expected .* got 65537"),
        ({"n_trees": 1.5}, TypeError, "n_trees: expected a whole number, got 1.5"),
        ({"threads": 0}, nearfile.InvalidArgumentError, "threads: expected .* got 0"),
        ({"threads": 10**6}, nearfile.InvalidArgumentError, "threads: expected .* got 1000000"),
        ({"threads": "2"}, TypeError, "threads: expected a whole number"),
        ({"seed": -1}, nearfile.InvalidArgumentError, "seed: expected .* got -1"),
        ({"seed": 2**64}, nearfile.InvalidArgumentError, "seed: expected .* got 18446744073709551616"),
        ({"seed": None}, TypeError, "seed: expected a whole number"),
        ({"progress": "yes"}, TypeError, "progress: expected None, a bool or a function"),
        ({"progress": 1}, TypeError, "progress: expected None, a bool or a function"),
        ({"path": 7}, TypeError, "path: expected a str, bytes or os.PathLike, got 7"),
        ({"path": ""}, nearfile.InvalidArgumentError, "path: expected the path of a file, got ''"),
        ({"path": "a\0b"}, nearfile.InvalidArgumentError, "path: expected the path of a file"),
        ({"path": b"a\0b"}, nearfile.InvalidArgumentError, "path: expected the path of a file"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused(arguments: dict, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        nearfile.build(np.eye(3), **arguments)


def test_every_seed_and_number_of_trees_of_the_range_can_be_used() -> None:
    for seed in (0, 2**63, 2**64 - 1, np.uint64(2**64 - 1)):
        assert nearfile.build(np.eye(3), seed=seed).info()["seed"] == seed
    assert nearfile.build(np.eye(3), n_trees=1).info()["n_trees"] == 1
