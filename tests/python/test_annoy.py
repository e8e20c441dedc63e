"""AnnoyIndex: the methods of Annoy 1.17.3, and where it differs on purpose (docs/annoy.md)."""

from __future__ import annotations

import array
import inspect
import pathlib

import nearfile
import numpy as np
import pytest
import reference
from nearfile import AnnoyIndex

METRICS = ("angular", "euclidean", "manhattan", "hamming", "dot")


@pytest.fixture(params=METRICS)
def annoy_metric(request: pytest.FixtureRequest) -> str:
    return request.param


def index_of(vectors: np.ndarray, metric: str = "euclidean", n_trees: int = 10) -> AnnoyIndex:
    index = AnnoyIndex(vectors.shape[1], metric)
    for i, vector in enumerate(vectors):
        index.add_item(i, vector)
    assert index.build(n_trees) is True
    return index


def three() -> AnnoyIndex:
    return index_of(np.array([[2, 2], [3, 2], [3, 3]], np.float32))


def test_directions_are_never_more_than_two_apart() -> None:
    rng = np.random.default_rng(0)
    for dim in (2, 48, 300):
        some = rng.standard_normal((700, dim)).astype(np.float32)
        index = AnnoyIndex(dim, "angular")
        index.add_items(None, np.r_[some, some * -3])
        apart = [index.get_distance(i, 700 + i) for i in range(700)]  # of vectors that are not built yet
        index.build(2)
        apart += [index.get_distance(i, 700 + i) for i in range(700)]
        for i in range(30):
            apart.append(index.get_nns_by_item(i, 1400, include_distances=True)[1][-1])
        assert 1.99 < min(apart) <= max(apart) <= 2


# Making one


def test_it_is_where_people_look_for_it() -> None:
    assert nearfile.AnnoyIndex is nearfile.annoy.AnnoyIndex is AnnoyIndex


def test_f_and_metric_are_keywords() -> None:
    assert AnnoyIndex(f=3, metric="dot").f == 3
    assert AnnoyIndex(np.int64(4), "dot").f == 4


def test_every_metric_is_known(annoy_metric: str) -> None:
    assert annoy_metric in repr(AnnoyIndex(3, annoy_metric))


def test_no_metric_is_angular_with_a_warning() -> None:
    with pytest.warns(FutureWarning, match="default argument for metric will be removed") as caught:
        index = AnnoyIndex(2)
    assert caught[0].filename == __file__
    index.add_item(0, [1, 0])
    index.add_item(1, [0, 5])
    assert index.get_distance(0, 1) == pytest.approx(2**0.5)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ((3, "Angular"), ValueError, "No such metric"),
        ((3, "cosine"), ValueError, "No such metric"),
        ((3, None), TypeError, "str"),
        ((3, 1), TypeError, "str"),
        ((3.0, "dot"), TypeError, "'float' object cannot be interpreted as an integer"),
        (("3", "dot"), TypeError, "'str' object cannot be interpreted as an integer"),
        ((2**31, "dot"), OverflowError, "signed integer is greater than maximum"),
        ((0, "dot"), ValueError, "f: expected 1 to 65536, got 0"),
        ((-1, "dot"), ValueError, "f: expected 1 to 65536, got -1"),
        ((), TypeError, "f"),
        ((3, "dot", 1), TypeError, "positional"),
    ],
)
def test_what_cannot_be_made(arguments: tuple, kind: type, message: str) -> None:
    with pytest.raises(kind, match=message):
        AnnoyIndex(*arguments)


def test_f_is_read_only_and_there_are_no_other_attributes() -> None:
    index = AnnoyIndex(3, "dot")
    with pytest.raises(AttributeError):
        index.f = 4
    with pytest.raises(AttributeError):
        index.other = 4


def test_every_method_is_documented() -> None:
    for name, member in inspect.getmembers(AnnoyIndex):
        assert name.startswith("_") or inspect.getdoc(member), name


class ByInit(AnnoyIndex):
    """Takes other arguments."""

    def __init__(self, path: str, f: int) -> None:
        super().__init__(f, "dot")
        self.path = path


class ByNew(AnnoyIndex):
    """Takes other arguments."""

    def __new__(cls, data: np.ndarray):  # noqa: D102
        return super().__new__(cls, data.shape[1], "manhattan")


class OwnInit(AnnoyIndex):
    """Does not call the base class's __init__."""

    def __init__(self, f: int, metric: str) -> None:
        self.doubled = 2 * f
        self.name = metric


def test_subclasses_of_every_kind() -> None:
    assert (ByInit("x", 5).f, ByInit("x", 5).path) == (5, "x")
    assert ByNew(np.eye(4)).f == 4
    assert (OwnInit(3, "dot").f, OwnInit(3, "dot").doubled) == (3, 6)


# Adding


@pytest.mark.parametrize(
    "vector",
    [
        [1, 2, 3],
        (1.0, 2, True + 2),
        range(1, 4),
        array.array("d", [1, 2, 3]),
        bytes([1, 2, 3]),
        memoryview(bytes([1, 2, 3])),
        {0: 1, 1: 2, 2: 3},
        np.array([1, 9, 2, 9, 3, 9])[::2],
        np.array([3, 2, 1], np.float32)[::-1],
        np.array([1, 2, 3], object),
        np.array([1, 2, 3], ">f4"),
        *(
            np.array([1, 2, 3], kind)
            for kind in ("f2", "f4", "f8", "g", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8")
        ),
    ],
    ids=lambda vector: f"{type(vector).__name__} {getattr(vector, 'dtype', '')}",
)
def test_a_vector_is_anything_with_len_and_brackets(vector: object) -> None:
    index = AnnoyIndex(3, "euclidean")
    assert index.add_item(0, vector) is None
    assert index.get_item_vector(0) == [1.0, 2.0, 3.0]


def test_every_half_is_read_as_numpy_reads_it() -> None:
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    finite = halves[np.isfinite(halves)]
    index = AnnoyIndex(len(finite), "manhattan")
    index.add_item(0, finite)
    assert index.get_item_vector(0) == finite.astype(np.float32).tolist()


def test_bools_are_zeros_and_ones_and_hamming_cuts_at_a_half() -> None:
    index = AnnoyIndex(4, "hamming")
    index.add_item(0, np.array([True, False, True, False]))
    index.add_item(1, [0.5, 0.51, -3, 7])
    index.add_items([2], [[0.5, 0.51, -3, 7]])
    assert index.get_item_vector(0) == [1, 0, 1, 0]
    assert index.get_item_vector(1) == index.get_item_vector(2) == [0, 1, 0, 1]
    assert index.get_distance(0, 1) == 4


class NoLength:
    """Has nothing."""


class NoBrackets:
    """Has only a length."""

    def __len__(self) -> int:
        return 3


class Raises:
    """Raises an error of its own."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, _i: int) -> float:
        raise LookupError("mine")


class Shrinks:
    """Empties the list that it is in."""

    victim: list

    def __float__(self) -> float:
        self.victim.clear()
        return 1.0


@pytest.mark.parametrize(
    ("i", "vector", "kind", "message"),
    [
        (0, [1, 2], IndexError, r"^Vector has wrong length \(expected 3, got 2\)$"),
        (0, [], IndexError, r"^Vector has wrong length \(expected 3, got 0\)$"),
        (0, np.ones(4), IndexError, r"^Vector has wrong length \(expected 3, got 4\)$"),
        (0, (1, 2), IndexError, r"^Vector has wrong length \(expected 3, got 2\)$"),
        (0, NoLength(), TypeError, r"^object of type 'NoLength' has no len\(\)$"),
        (0, NoBrackets(), TypeError, "^'NoBrackets' object is not subscriptable$"),
        (0, Raises(), LookupError, "mine"),
        (0, None, TypeError, "has no len"),
        (0, ["1", "2", "3"], TypeError, "^must be real number, not str$"),
        (0, ("1", "2", "3"), TypeError, "^must be real number, not str$"),
        (0, "123", TypeError, "^must be real number, not str$"),
        (0, [1, 2, 3j], TypeError, "complex"),
        (0, np.ones((3, 1)), TypeError, "one dimension"),
        (0, [1, 2, float("nan")], ValueError, "finite"),
        (0, np.array([1, np.inf, 3]), ValueError, "finite"),
        (0, [1, 2, 1e39], ValueError, "float32"),
        (0, [1, 2, 1e30], ValueError, "length"),
        (-1, [1, 2, 3], IndexError, "^Item index can not be negative$"),
        (2**31, [1, 2, 3], OverflowError, "^signed integer is greater than maximum$"),
        (2**70, [1, 2, 3], OverflowError, "^signed integer is greater than maximum$"),
        (-(2**31) - 1, [1, 2, 3], OverflowError, "^signed integer is less than minimum$"),
        (1.0, [1, 2, 3], TypeError, "^'float' object cannot be interpreted as an integer$"),
        ("1", [1, 2, 3], TypeError, "^'str' object cannot be interpreted as an integer$"),
    ],
)
def test_what_cannot_be_added_changes_nothing(i: object, vector: object, kind: type, message: str) -> None:
    index = AnnoyIndex(3, "euclidean")
    index.add_item(0, [7, 8, 9])
    with pytest.raises(kind, match=message):
        index.add_item(i, vector)
    assert (index.get_n_items(), index.get_item_vector(0)) == (1, [7, 8, 9])
    index.build(1)
    assert index.get_nns_by_vector([0, 0, 0], 5) == [0]


def test_a_list_that_shrinks_while_it_is_read() -> None:
    index = AnnoyIndex(3, "euclidean")
    element = Shrinks()
    Shrinks.victim = vector = [element, element, element]
    with pytest.raises(IndexError):
        index.add_item(0, vector)
    assert index.get_n_items() == 0


def test_the_last_vector_of_a_number_counts() -> None:
    index = AnnoyIndex(2, "euclidean")
    for i, vector in ((3, [1, 1]), (1, [2, 2]), (3, [5, 5]), (True, [4, 4]), (np.int16(0), [6, 6])):
        index.add_item(i, vector)
    assert [index.get_item_vector(i) for i in range(4)] == [[6, 6], [4, 4], [0, 0], [5, 5]]
    index.build(2)
    assert index.get_nns_by_vector([5, 5], 9) == [3, 0, 1]
    assert index.get_nns_by_item(2, 9) == [1, 3, 0]


def test_numbers_with_gaps_cost_nothing() -> None:
    index = AnnoyIndex(2, "euclidean")
    index.add_item(2**31 - 1, [1, 1])
    index.add_item(5, [2, 2])
    assert index.get_n_items() == 2**31
    index.build(3)
    assert index.get_nns_by_vector([1, 1], 9, include_distances=True) == ([2**31 - 1, 5], [0.0, pytest.approx(2**0.5)])
    assert index.get_distance(5, 6) == pytest.approx(8**0.5)
    assert index.get_item_vector(6) == [0, 0]


def test_the_order_of_adding_does_not_matter(annoy_metric: str) -> None:
    vectors = reference.vectors_for(annoy_metric, 300, 8)
    order = np.random.default_rng(1).permutation(300)
    one, other = AnnoyIndex(8, annoy_metric), AnnoyIndex(8, annoy_metric)
    for i in order:
        one.add_item(i, vectors[i])
    other.add_items(None, vectors)
    one.build(5)
    other.build(5)
    assert one._reader.core.contents() == other._reader.core.contents()


def test_add_items_is_add_item_many_times() -> None:
    vectors = reference.vectors_for("euclidean", 50, 4)
    ids = np.arange(50) * 7 % 50 + 3
    one, other = AnnoyIndex(4, "euclidean"), AnnoyIndex(4, "euclidean")
    for i, vector in zip(ids, vectors):
        one.add_item(i, vector)
    other.add_items(ids[:20], vectors[:20].astype(np.float64))
    other.add_items(list(ids[20:]), vectors[20:].tolist())
    assert [one.get_item_vector(i) for i in range(53)] == [other.get_item_vector(i) for i in range(53)]
    other.add_items(None, vectors[:2])
    assert other.get_item_vector(54) == vectors[1].tolist()


@pytest.mark.parametrize(
    ("ids", "rows", "kind"),
    [
        ([0, -1], np.ones((2, 3)), IndexError),
        ([0, 2**31], np.ones((2, 3)), OverflowError),
        ([0], np.ones((2, 3)), ValueError),
        (["a", "b"], np.ones((2, 3)), TypeError),
        ([0, 1], np.ones((2, 2)), IndexError),
        ([0, 1], np.ones(3), ValueError),
        ([0, 1], [[1, 2, 3], [1, 2, np.nan]], ValueError),
        (None, [[1, 2, 3], [1, 2, np.inf]], ValueError),
    ],
)
def test_add_items_adds_all_or_none(ids: object, rows: object, kind: type) -> None:
    index = AnnoyIndex(3, "euclidean")
    with pytest.raises(kind):
        index.add_items(ids, rows)
    assert index.get_n_items() == 0


# Building


def test_build_unbuild_and_build_again() -> None:
    index = three()
    assert index.get_n_trees() == 10
    for change in (lambda: index.add_item(3, [9, 9]), lambda: index.add_items(None, [[9, 9]])):
        with pytest.raises(Exception, match=r"call unbuild\(\) first") as caught:
            change()
        assert type(caught.value) is Exception
    with pytest.raises(Exception, match=r"^You can't build a built index$"):
        index.build(10)
    assert index.unbuild() is True
    assert index.unbuild() is True
    assert (index.get_n_trees(), index.get_n_items(), index.get_nns_by_item(0, 2)) == (0, 3, [])
    index.add_item(3, [9, 9])
    index.add_item(0, [8, 8])
    index.build(4)
    assert index.get_nns_by_vector([9, 9], 4) == [3, 0, 2, 1]
    assert index.get_n_trees() == 4


@pytest.mark.parametrize(
    ("trees", "jobs", "kind"),
    [
        (0, -1, ValueError),
        (-2, -1, ValueError),
        (70000, -1, ValueError),
        (1, 0, ValueError),
        (1, -2, ValueError),
        (1.5, -1, TypeError),
        (2**31, -1, OverflowError),
    ],
)
def test_what_cannot_be_built_stays_as_it_was(trees: object, jobs: object, kind: type) -> None:
    index = AnnoyIndex(2, "euclidean")
    index.add_item(0, [1, 1])
    with pytest.raises(kind):
        index.build(trees, n_jobs=jobs)
    index.add_item(1, [2, 2])
    index.build(1)
    assert index.get_n_items() == 2


def test_minus_one_chooses_the_trees_from_f() -> None:
    for f, trees in ((1, 1), (10, 4), (100, 37)):
        index = AnnoyIndex(f, "euclidean")
        index.add_item(0, [1] * f)
        index.build(-1)
        assert index.get_n_trees() == trees


def test_any_number_of_jobs_and_the_same_seed_give_the_same_index() -> None:
    vectors = reference.vectors_for("angular", 2000, 8)
    bytes_of = []
    for seed, jobs in ((42, 1), (42, 3), (42, 10**6), (-7, -1)):
        index = AnnoyIndex(8, "angular")
        assert index.set_seed(seed) is None
        index.add_items(None, vectors)
        index.build(n_trees=5, n_jobs=jobs)
        bytes_of.append(index._reader.core.contents())
    assert bytes_of[0] == bytes_of[1] == bytes_of[2] != bytes_of[3]


def test_an_empty_index_builds() -> None:
    index = AnnoyIndex(3, "angular")
    index.build(10)
    assert (index.get_n_items(), index.get_nns_by_vector([1, 2, 3], 5)) == (0, [])
    assert index.get_nns_by_vector([1, 2, 3], 5, include_distances=True) == ([], [])


# Asking


def test_the_nearest_are_those_of_brute_force(annoy_metric: str) -> None:
    vectors = reference.vectors_for(annoy_metric, 500, 8)
    index = index_of(vectors, annoy_metric)
    for query in reference.vectors_for(annoy_metric, 20, 8, seed=1):
        ids, distances = index.get_nns_by_vector(query, 10, search_k=-2, include_distances=True)
        assert type(ids) is list
        assert type(ids[0]) is int
        assert type(distances[0]) is float
        reference.check(annoy_metric, (np.array(ids), np.array(distances)), query, vectors, 10)


def test_shapes_of_answers() -> None:
    index = three()
    assert index.get_nns_by_vector([4, 4], 3) == [2, 1, 0]
    assert index.get_nns_by_vector(vector=[4, 4], n=2, search_k=9, include_distances=False) == [2, 1]
    ids, distances = index.get_nns_by_item(i=0, n=2, search_k=-1, include_distances=1)
    assert (ids, distances) == ([0, 1], [0.0, 1.0])
    with pytest.raises(TypeError):
        index.get_nns_by_item(0, 2, -1, "yes")


def test_n_and_search_k() -> None:
    index = index_of(reference.vectors_for("euclidean", 400, 8))
    nearest = index.get_nns_by_item
    assert nearest(0, 0) == nearest(0, 5, 0) == []
    assert nearest(0, 0, include_distances=True) == nearest(0, 5, 0, True) == ([], [])
    assert sorted(nearest(0, -1)) == sorted(nearest(0, 10**12)) == sorted(nearest(0, 999, 1)) == list(range(400))
    assert len(nearest(0, 50, 1)) == 50
    assert nearest(0, 5, -2) == nearest(0, 5, 10**30) == nearest(0, 400)[:5]
    with pytest.raises(TypeError):
        nearest(0, 1.5)


def test_an_index_that_is_not_built_finds_nothing() -> None:
    index = AnnoyIndex(2, "euclidean")
    index.add_item(0, [1, 1])
    assert index.get_nns_by_item(0, 5) == index.get_nns_by_vector([1, 1], 5) == []
    assert index.get_nns_by_item(0, 5, include_distances=True) == ([], [])
    assert index.get_nns_by_vectors([[1, 1]], 5).shape == (1, 0)
    assert (index.get_n_items(), index.get_n_trees()) == (1, 0)


@pytest.mark.parametrize("built", [False, True])
def test_numbers_out_of_range(built: bool) -> None:
    index = three()
    if not built:
        index.unbuild()
    calls = (index.get_item_vector, lambda i: index.get_distance(0, i), lambda i: index.get_distance(i, 0))
    for call in (*calls, lambda i: index.get_nns_by_item(i, 1)):
        for i in (3, 1000):
            with pytest.raises(IndexError, match=r"^Item index larger than the largest item index$"):
                call(i)
        with pytest.raises(IndexError, match=r"^Item index can not be negative$"):
            call(-1)
        with pytest.raises(OverflowError):
            call(2**31)
        with pytest.raises(TypeError):
            call(1.0)


def test_distances_before_and_after_build(annoy_metric: str) -> None:
    vectors = reference.vectors_for(annoy_metric, 30, 8)
    vectors[3] = 0
    index = AnnoyIndex(8, annoy_metric)
    index.add_items(np.arange(30) * 2, vectors)
    expected = [reference.distances(annoy_metric, vectors[i], vectors) for i in range(30)]
    for _ in range(2):
        for i in (0, 3, 29):
            found = [index.get_distance(2 * i, 2 * j) for j in range(30)]
            np.testing.assert_allclose(found, expected[i], rtol=1e-5, atol=1e-3)
            hole = reference.distances(annoy_metric, np.zeros(8), vectors[i : i + 1])[0]
            assert index.get_distance(2 * i, 1) == pytest.approx(hole, abs=1e-3)
        if index.get_n_trees() == 0:
            index.build(3)


def test_queries_are_checked_as_vectors_are() -> None:
    index = three()
    for vector, kind in (([1], IndexError), ("ab", TypeError), (None, TypeError), ([1, np.nan], ValueError)):
        with pytest.raises(kind):
            index.get_nns_by_vector(vector, 1)


def test_a_query_of_zeros_is_as_far_from_everything_under_angular() -> None:
    index = index_of(np.eye(3, dtype=np.float32), "angular")
    assert index.get_nns_by_vector([0, 0, 0], 3, include_distances=True) == ([0, 1, 2], [pytest.approx(2**0.5)] * 3)


def test_dot_is_largest_first() -> None:
    index = index_of(np.array([[2, 2], [3, 2], [3, 3]], np.float32), "dot")
    assert index.get_nns_by_item(0, 3, include_distances=True) == ([2, 1, 0], [12, 10, 8])
    assert index.get_distance(1, 2) == 15


@pytest.mark.parametrize("jobs", [-1, 1, 3])
def test_many_queries_at_once(annoy_metric: str, jobs: int) -> None:
    vectors = reference.vectors_for(annoy_metric, 500, 8)
    index = index_of(vectors, annoy_metric)
    ids, distances = index.get_nns_by_vectors(vectors[:40].astype(np.float64), 7, include_distances=True, n_jobs=jobs)
    assert (ids.shape, ids.dtype, distances.shape, distances.dtype) == ((40, 7), np.int64, (40, 7), np.float32)
    for row in range(40):
        assert index.get_nns_by_vector(vectors[row], 7, include_distances=True) == (
            ids[row].tolist(),
            distances[row].tolist(),
        )
    assert index.get_nns_by_vectors(vectors[:2], 7).tolist() == ids[:2].tolist()
    assert index.get_nns_by_vectors(vectors[:2], 0).shape == (2, 0)
    for wrong in (np.ones((2, 7)), np.ones(8)):
        with pytest.raises(ValueError, match="shape"):
            index.get_nns_by_vectors(wrong, 1)
    with pytest.raises(ValueError, match="n_jobs"):
        index.get_nns_by_vectors(vectors[:2], 1, n_jobs=0)


def test_recall_of_dot() -> None:
    random = np.random.default_rng(0)
    vectors, queries = random.standard_normal((20000, 32)), random.standard_normal((50, 32))
    index = AnnoyIndex(32, "dot")
    index.add_items(None, vectors)
    index.build(10)
    found = index.get_nns_by_vectors(queries, 10, 5000)
    nearest = np.argsort(-(queries @ vectors.T), axis=1)[:, :10]
    assert np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found.tolist(), nearest.tolist())]) >= 0.95


# What it says


def test_nothing_is_printed_unless_asked(tmp_path: pathlib.Path, capfd: pytest.CaptureFixture) -> None:
    def use(index: AnnoyIndex) -> None:
        index.add_item(0, [1, 2])
        index.build(2)
        index.save(tmp_path / "a.near")
        with pytest.raises(OSError, match="Unable to open"):
            index.load(tmp_path / "missing")
        index.unload()

    use(AnnoyIndex(2, "dot"))
    assert capfd.readouterr() == ("", "")
    loud = AnnoyIndex(2, "dot")
    assert loud.verbose(True) is True
    use(loud)
    out, err = capfd.readouterr()
    assert out == ""
    assert "built 2 trees of 1 items" in err
    assert "unloaded" in err
