"""The graph: its options, what is kept of vectors, and data of every awkward shape."""

from __future__ import annotations

import math
import pathlib

import nearfile
import numpy as np
import pytest
import reference
from nearfile import arguments

PROFILES = arguments.PROFILES


def graph(vectors: np.ndarray, metric: str = "euclidean", **options) -> nearfile.Index:
    return nearfile.build(vectors, metric=metric, structure="graph", progress=False, **options)


# Options of a search


@pytest.fixture(scope="module")
def index() -> nearfile.Index:
    return graph(reference.vectors_for("euclidean", 2000, 16))


@pytest.fixture(scope="module")
def forest() -> nearfile.Index:
    return nearfile.build(reference.vectors_for("euclidean", 200, 16), metric="euclidean", structure="forest")


QUERY = np.zeros(16, np.float32)


@pytest.mark.parametrize("shape", [(16,), (3, 16)])
@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"effort": 0}, nearfile.InvalidArgumentError, "effort: expected a whole number from 1 to .*, got 0"),
        ({"effort": -3}, nearfile.InvalidArgumentError, "effort: expected .*, got -3"),
        ({"effort": 10.0}, TypeError, "effort: expected a whole number, got 10.0"),
        ({"effort": True}, TypeError, "effort: expected a whole number, got True"),
        ({"recall": 0}, nearfile.InvalidArgumentError, r"recall: expected a number above 0 and up to 1, got 0\.0"),
        ({"recall": -0.5}, nearfile.InvalidArgumentError, "recall: expected .*, got -0.5"),
        ({"recall": 1.01}, nearfile.InvalidArgumentError, "recall: expected .*, got 1.01"),
        ({"recall": 95}, nearfile.InvalidArgumentError, "recall: expected .*, got 95"),
        ({"recall": math.nan}, nearfile.InvalidArgumentError, "recall: expected .*, got nan"),
        ({"recall": "0.9"}, TypeError, "recall: expected a number, got '0.9'"),
        ({"recall": True}, TypeError, "recall: expected a number, got True"),
        (
            {"effort": 10, "recall": 0.9},
            nearfile.InvalidArgumentError,
            "effort, recall: expected one of them, got effort=10 and recall=0.9: leave one out",
        ),
        (
            {"search_k": 10},
            nearfile.InvalidArgumentError,
            "search_k: expected a search of a forest, got one of a graph: give effort or recall",
        ),
    ],
)
def test_options_of_a_graph_that_are_refused(
    index: nearfile.Index, shape: tuple[int, ...], options: dict, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        index.search(np.zeros(shape, np.float32), **options)
    with pytest.raises(kind, match=message):
        index.neighbors(3, **options)


@pytest.mark.parametrize("options", [{"effort": 10}, {"recall": 0.9}])
def test_a_forest_takes_neither_effort_nor_recall(forest: nearfile.Index, options: dict) -> None:
    for search in (lambda: forest.search(QUERY, **options), lambda: forest.neighbors(0, **options)):
        with pytest.raises(
            nearfile.InvalidArgumentError, match=r"expected a search of a graph, got one of a forest: give search_k"
        ):
            search()


def test_options_may_be_numpys(index: nearfile.Index) -> None:
    for options in ({"effort": np.int16(40)}, {"effort": 2**63}, {"recall": np.float32(0.9)}, {"recall": 1}):
        assert len(index.search(QUERY, **options)[0]) == 10
        assert len(index.neighbors(3, **options)[0]) == 10


def test_an_effort_below_k_finds_k(index: nearfile.Index) -> None:
    ids, distances = index.search(QUERY, 50, effort=1)
    assert len(set(ids.tolist())) == 50
    assert (np.diff(distances) >= 0).all()


# Options of a build


def test_info_says_what_kind_of_graph_it_is(metric: str) -> None:
    vectors = reference.vectors_for(metric, 200, 16)
    for profile in PROFILES:
        info = graph(vectors, metric, profile=profile).info()
        assert (info["structure"], info["profile"], info["keep"]) == ("graph", profile, "exact")
        assert info["degree"] > 0
        assert isinstance(info["calibration"], list)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"structure": "tree"}, nearfile.InvalidArgumentError, "structure: expected one of 'graph', 'forest', got"),
        ({"structure": 3}, TypeError, "structure: expected a name as str, got 3"),
        ({"profile": "slow"}, nearfile.InvalidArgumentError, "profile: expected one of 'compact', 'balanced', 'fast'"),
        ({"profile": 3}, TypeError, "profile: expected a name"),
        ({"keep": "all"}, nearfile.InvalidArgumentError, "keep: expected one of 'exact', 'half', 'none', got 'all'"),
        (
            {"structure": "forest", "profile": "fast"},
            nearfile.InvalidArgumentError,
            "profile: expected structure='graph' for 'fast', got structure='forest': leave profile out",
        ),
        (
            {"structure": "forest", "keep": "none"},
            nearfile.InvalidArgumentError,
            "keep: expected structure='graph' for 'none', got structure='forest'",
        ),
    ],
)
def test_kinds_that_are_refused(options: dict, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        nearfile.build(np.eye(3), **options)
    with pytest.raises(kind, match=message):
        nearfile.Builder(3, **options)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_finds_most_of_the_nearest(metric: str, profile: str) -> None:
    vectors = reference.vectors_for(metric, 5000, 24)
    index = graph(vectors, metric, profile=profile)
    queries = reference.vectors_for(metric, 100, 24, seed=1)
    found = index.search(queries, effort=200)[1]
    # By distance, since with hamming many items are as near as the tenth.
    worst = index.search(queries, exact=True)[1][:, -1:]
    assert (found >= worst if metric == "dot" else found <= worst).mean() > 0.95


# What is kept


@pytest.mark.parametrize("profile", PROFILES)
def test_exact_vectors_come_back_bit_for_bit(metric: str, profile: str) -> None:
    vectors = reference.vectors_for(metric, 300, 20)
    index = graph(vectors, metric, profile=profile)
    back = index.vectors(range(300))
    assert back.tobytes() == vectors.astype(back.dtype).tobytes()


def test_half_keeps_half_precision(metric: str) -> None:
    vectors = reference.vectors_for(metric, 300, 20)
    index = graph(vectors, metric, keep="half")
    assert index.info()["keep"] == "half"
    assert index.info()["value_type"] == ("bit" if metric == "hamming" else "float16")
    np.testing.assert_array_equal(index.vectors(range(300)), vectors.astype(np.float16).astype(np.float32))
    index.verify()


@pytest.mark.parametrize("profile", PROFILES)
def test_exact_search_of_halves_is_brute_force_over_them(metric: str, profile: str) -> None:
    vectors = reference.vectors_for(metric, 1000, 20)
    if metric in ("euclidean", "manhattan"):
        vectors += 1000  # where halves are half a unit apart
    index = graph(vectors, metric, profile=profile, keep="half")
    kept = index.vectors(range(1000)).astype(np.float32)
    for query in vectors[:20]:
        reference.check(metric, index.search(query, exact=True), query, kept, 10)


def test_half_keeps_what_is_smaller_as_it_is() -> None:
    vectors = np.random.default_rng(0).integers(0, 256, (100, 8)).astype(np.float32)
    index = graph(vectors, keep="half")
    assert index.info()["value_type"] == "uint8"
    assert (index.vectors(range(100)) == vectors).all()


def test_half_refuses_what_it_cannot_hold(tmp_path: pathlib.Path) -> None:
    vectors = np.full((3, 4), 65504.25, np.float32)
    vectors[0] = vectors[1] = 65504
    vectors[2, :3] = -65504
    with pytest.raises(nearfile.InvalidArgumentError, match=r"up to 65504; value 3 of vector 2 is 65504\.25"):
        graph(vectors, path=tmp_path / "items.near", keep="half")
    assert not (tmp_path / "items.near").exists()
    vectors[2, 3] = 65504
    assert (graph(vectors, keep="half").vectors([0, 1, 2]) == vectors).all()


@pytest.mark.parametrize("profile", PROFILES)
def test_none_gives_what_the_codes_stand_for(metric: str, profile: str) -> None:
    vectors = reference.vectors_for(metric, 300, 20)
    index = graph(vectors, metric, profile=profile, keep="none")
    index.verify()
    wanted = vectors
    if metric in ("angular", "cosine"):
        wanted = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert np.abs(index.vectors(range(300)) - wanted).max() <= np.abs(vectors).max() / 100
    names = {section["name"] for section in index.info()["sections"] if section["bytes"]}
    assert "vectors" not in names
    expected = reference.distances(metric, vectors[0], vectors)[index.search(vectors[0], exact=True)[0]]
    np.testing.assert_allclose(index.search(vectors[0], exact=True)[1], expected, rtol=0.05, atol=0.2)


def test_what_is_kept_survives_its_file(metric: str, tmp_path: pathlib.Path) -> None:
    vectors = reference.vectors_for(metric, 200, 12)
    for keep in arguments.KEEPS:
        built = graph(vectors, metric, path=tmp_path / f"{keep}.near", keep=keep)
        opened = nearfile.open(tmp_path / f"{keep}.near", verify=True)
        assert opened.info() == built.info()
        for one, other in zip(built.search(vectors[:20]), opened.search(vectors[:20])):
            assert one.tolist() == other.tolist()


# Small things right


def awkward(metric: str) -> dict[str, np.ndarray]:
    """Vectors of every shape and content that graphs are known to stumble over."""
    found = {f"{n} items": reference.vectors_for(metric, n, 9) for n in (1, 2, 3, 64, 65, 200)}
    found["duplicates"] = np.repeat(reference.vectors_for(metric, 1, 9), 500, axis=0)
    found["few distinct"] = np.tile(reference.vectors_for(metric, 4, 9), (100, 1))
    found["zeros"] = np.zeros((500, 9), np.float32)
    found["one dimension"] = reference.vectors_for(metric, 500, 1)
    found["4096 dimensions"] = reference.vectors_for(metric, 120, 4096)
    constant = reference.vectors_for(metric, 500, 9)
    constant[:, ::2] = 1
    found["constant dimensions"] = constant
    if metric != "hamming":
        some_zero = reference.vectors_for(metric, 300, 9)
        some_zero[::3] = 0
        found["some zero"] = some_zero
        found["large"] = reference.vectors_for(metric, 300, 9) * np.float32(1e15)
        found["small"] = reference.vectors_for(metric, 300, 9) * np.float32(1e-15)
        wild = reference.vectors_for(metric, 300, 9)
        wild[:5] *= 1e6
        found["wild lengths"] = wild
    return found


@pytest.mark.parametrize("profile", PROFILES)
def test_awkward_data_is_searched_as_any_other(metric: str, profile: str) -> None:
    for name, vectors in awkward(metric).items():
        n, dim = vectors.shape
        index = graph(vectors, metric, profile=profile)
        index.verify()
        assert (index.vectors(range(n)) == vectors).all(), name
        queries = [vectors[0], vectors[-1], np.zeros(dim, np.float32), reference.vectors_for(metric, 1, dim, 5)[0]]
        for query in queries:
            for k in (1, 10, 1000):
                for options in ({}, {"effort": 1}, {"recall": 0.9}, {"effort": 10**6}, {"exact": True}):
                    ids, distances = index.search(query, k, **options)
                    assert len(ids) == len(set(ids.tolist())) == min(k, n), (name, k, options)
                    if options.get("exact") or options.get("effort") == 10**6 or k >= n:
                        expected = reference.search(metric, query, vectors, k)[1]
                        tolerance = {"angular": 2e-3, "cosine": 1e-4}.get(metric, 1e-5 * float(np.abs(expected).max()))
                        np.testing.assert_allclose(distances, expected, rtol=1e-4, atol=tolerance, err_msg=name)


def test_an_empty_graph(metric: str, tmp_path: pathlib.Path) -> None:
    for profile in PROFILES:
        for keep in arguments.KEEPS:
            built = graph(np.empty((0, 5)), metric, path=tmp_path / "empty.near", profile=profile, keep=keep)
            for index in (built, nearfile.open(tmp_path / "empty.near", verify=True)):
                assert len(index) == 0
                for options in ({}, {"effort": 5}, {"recall": 0.9}, {"exact": True}):
                    assert index.search(np.zeros(5, np.float32), **options)[0].shape == (0,)
                    assert index.search(np.zeros((2, 5), np.float32), **options)[0].shape == (2, 0)


def test_an_annoy_index_reads_a_graph(tmp_path: pathlib.Path) -> None:
    vectors = reference.vectors_for("euclidean", 2000, 8)
    index = graph(vectors, path=tmp_path / "items.near")
    drop_in = nearfile.AnnoyIndex(8, "euclidean")
    drop_in.load(str(tmp_path / "items.near"))
    for query in reference.vectors_for("euclidean", 10, 8, seed=1):
        exact = index.search(query, exact=True)[0].tolist()
        assert drop_in.get_nns_by_vector(query, 10, search_k=2000) == exact
        assert drop_in.get_nns_by_vector(query, 10, search_k=-2) == exact
        assert len(drop_in.get_nns_by_vector(query, 10)) == 10
    batch = drop_in.get_nns_by_vectors(vectors[:7], 3, search_k=2000)
    assert batch.tolist() == index.search(vectors[:7], 3, exact=True)[0].tolist()


def test_a_damaged_graph_never_crashes(metric: str, run_python) -> None:
    run_python(
        """
        import sys, numpy, nearfile, reference
        metric = sys.argv[1]
        random = numpy.random.default_rng(0)
        answered = 0
        for profile, keep in (("balanced", "exact"), ("compact", "none"), ("fast", "half")):
            vectors = reference.vectors_for(metric, 400, 20)
            whole = nearfile.build(vectors, metric=metric, structure="graph", profile=profile, keep=keep)._core.contents()
            for turn in range(150):
                damaged = bytearray(whole)
                for place in random.integers(2048, len(whole), 1 + turn):
                    damaged[place] = random.integers(256)
                try:
                    index = nearfile.open_buffer(damaged)
                    assert len(index.search(numpy.ones(20), effort=1 + turn)[0]) == 10
                    index.search(numpy.ones((2, 20)), k=400)
                    index.neighbors(3, exact=True), index.vectors(range(50)), index.distance(0, 399)
                    answered += 1
                except nearfile.NearfileError:
                    continue
                try:
                    index.verify()
                except nearfile.BadFileError:
                    continue
                assert damaged == whole
        assert answered > 300, answered
        """,
        metric,
        PYTHONPATH=str(pathlib.Path(__file__).parent),
    )
