"""What a filter may be made of, what it is, and what is refused in which words."""

from __future__ import annotations

import copy
import pathlib
import pickle
from typing import Any

import nearfile
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import reference
from nearfile import InvalidArgumentError, NotFoundError, col

N = 130  # two words of bits and a little
VECTORS = reference.vectors_for("euclidean", N, 6)
TABLE = {"price": [float(row % 40) for row in range(N)], "lang": [["de", "fr", None][row % 3] for row in range(N)]}
ALLOWED = [row for row in range(N) if row % 40 < 20 and row % 3 == 0]
MASK = np.isin(np.arange(N), ALLOWED)
NAMES = {
    "row": list(range(N)),
    "int64": [1000 - 7 * row for row in range(N)],
    "string": [f"sku-{row}" for row in range(N)],
}


def index_of(kind: str = "row", **options: Any) -> nearfile.Index:
    ids = None if kind == "row" else NAMES[kind]
    return nearfile.build(VECTORS, metric="euclidean", ids=ids, attributes=TABLE, **options)


@pytest.fixture(params=NAMES)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


def ids_as_users_have_them(kind: str) -> list[Any]:
    """The same ids in whatever holds several, in another order, twice, and with some that are not there."""
    ids = [NAMES[kind][row] for row in ALLOWED][::-1]
    dtype: Any = object if kind == "string" else np.int64
    unknown = [*ids, *ids[:3], "sku-none" if kind == "string" else -(2**63)]
    holders = [list, tuple, set, frozenset, pd.Series, pd.Index, pl.Series, pa.array]
    arrays = [np.array(ids, dtype), np.array(ids), np.array(ids, dtype)[::-1]]
    if kind != "string":
        arrays += [np.array(ids, np.int16), np.array(ids, np.float64).astype(np.int32)]
    return [ids, unknown, *arrays, *[holder(ids) for holder in holders], dict.fromkeys(ids)]


def test_ids_masks_and_expressions_make_the_same_filter(kind: str, structure: str) -> None:
    index = index_of(kind, structure=structure)
    names = [NAMES[kind][row] for row in ALLOWED]
    expected = index.search(VECTORS[5], 7, filter=MASK)
    expression = (col("price") < 20) & col("lang").isin(["de"])
    text = "price < 20 and lang = 'de'"
    masks = [
        MASK,
        MASK.tolist(),
        tuple(MASK.tolist()),
        list(MASK),
        (*MASK,),
        pd.Series(MASK),
        pl.Series(MASK),
        pa.array(MASK),
    ]
    masks += [np.repeat(MASK, 2)[::2], np.asfortranarray(MASK)]
    for what in [*masks, *ids_as_users_have_them(kind), expression, text, nearfile.Expression(text)]:
        allowed = index.filter(what)
        assert len(allowed) == len(ALLOWED), what
        assert index.ids_in(what).tolist() == index.ids_in(allowed).tolist() == names
        for given in (what, allowed):
            found = index.search(VECTORS[5], 7, filter=given)
            assert found[0].tolist() == expected[0].tolist()
            assert found[1].tolist() == expected[1].tolist()
    assert index.filter(allowed) is allowed
    assert index.ids_in(allowed).dtype == (object if kind == "string" else np.int64)
    assert index.ids_in([]).tolist() == []


def test_no_answer_is_none_in_the_place_of_str() -> None:
    index = index_of("string")
    ids, distances = index.search(VECTORS[:2], 3, filter=[["sku-1"], ["sku-1", "sku-2"]])
    assert ids.tolist()[0] == ["sku-1", None]
    assert sorted(ids.tolist()[1]) == ["sku-1", "sku-2"]
    assert np.isnan(distances).tolist() == [[False, True], [False, False]]
    assert index.search(VECTORS[0], 3, filter=["sku-2", "sku-1"], exclude=["sku-2", "nobody"])[0].tolist() == ["sku-1"]
    ids, _ = index.search(VECTORS[:2], 2, exclude=[{"sku-0"}, ()])
    assert ids[1, 0] == "sku-1"
    assert "sku-0" not in ids[0]


def test_operators_combine_what_is_allowed() -> None:
    index = index_of()
    random = np.random.default_rng(1)
    for _ in range(5):
        a, b = random.integers(0, 2, (2, N)).astype(bool)
        first, second = index.filter(a), index.filter(b)
        for made, mask in ((first & second, a & b), (first | second, a | b), (~first, ~a), (~(~first), a)):
            assert type(made) is nearfile.Filter
            assert len(made) == mask.sum()
            assert index.ids_in(made).tolist() == np.flatnonzero(mask).tolist()
        assert index.ids_in(first).tolist() == np.flatnonzero(a).tolist()  # neither was changed
    assert repr(index.filter([1, 2])) == "<nearfile.Filter of 2 of 130 items>"
    assert not index.filter([])
    assert index.filter([3])
    for wrong in (lambda: index.filter([1]) & [1], lambda: "price < 1" | index.filter([1])):
        with pytest.raises(TypeError, match="unsupported operand"):
            wrong()


def test_it_serves_the_same_file_wherever_it_is_opened_and_no_other(structure: str, tmp_path: pathlib.Path) -> None:
    index = index_of(path=tmp_path / "a.near", structure=structure)
    allowed = index.filter(MASK)
    expected = index.search(VECTORS[0], 9, filter=allowed)[0].tolist()
    again = [pickle.loads(pickle.dumps(allowed, protocol)) for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)]
    contents = (tmp_path / "a.near").read_bytes()
    same = [
        index,
        nearfile.open(tmp_path / "a.near"),
        nearfile.open_buffer(contents),
        pickle.loads(pickle.dumps(index)),
    ]
    for each in same:
        for filter in (allowed, *again, copy.copy(allowed), copy.deepcopy(allowed)):
            assert each.search(VECTORS[0], 9, filter=filter)[0].tolist() == expected
            assert each.ids_in(filter & allowed).tolist() == ALLOWED
            # What it was made with, made there.
            assert each.search(VECTORS[0], 9, filter="price < 20 and lang = 'de'")[0].tolist() == expected
    other = nearfile.build(VECTORS[::-1], metric="euclidean", structure=structure)
    longer = nearfile.build(np.vstack([VECTORS, VECTORS]), metric="euclidean", structure=structure)
    for unlike in (other, longer):
        for filter in (allowed, again[0]):
            for asked in (
                lambda unlike=unlike, filter=filter: unlike.search(VECTORS[0], filter=filter),
                lambda unlike=unlike, filter=filter: unlike.search(VECTORS[:2], filter=filter),
                lambda unlike=unlike, filter=filter: unlike.search(VECTORS[:2], filter=[filter, unlike.filter([1])]),
                lambda unlike=unlike, filter=filter: unlike.search(VECTORS[0], filter=filter, exclude=[1]),
                lambda unlike=unlike, filter=filter: unlike.neighbors(1, filter=filter),
                lambda unlike=unlike, filter=filter: unlike.ids_in(filter),
            ):
                with pytest.raises(InvalidArgumentError, match=r"the filter is of another index: make it anew by"):
                    asked()
            with pytest.raises(InvalidArgumentError, match="filters must be of the same index to be combined"):
                unlike.filter([1]) | filter


def test_zeros_and_ones_as_many_as_items_are_refused_as_ids() -> None:
    index = index_of()
    for mask in (MASK.astype(np.uint8), MASK.astype(np.int64), MASK.astype(int).tolist()):
        with pytest.raises(InvalidArgumentError, match="130 values that are 0 or 1, as many as there are items"):
            index.filter(mask)
    assert len(index.filter([0, 1])) == 2
    assert len(index.filter(np.zeros(1, np.uint8))) == 1


def test_expressions_in_a_list_are_refused_where_they_are_no_ids() -> None:
    index = index_of("string")
    both = ["price < 3", "price > 2"]
    with pytest.raises(InvalidArgumentError, match="got 'price < 3', which the index does not have as an id and which"):
        index.search(VECTORS[:2], filter=both)
    assert len(index.filter(["no such id"])) == 0
    ids, _ = index.search(VECTORS[:2], filter=[nearfile.Expression(each) for each in both])
    assert ids.shape == (2, 10)


ONE = r"expected a nearfile.Filter, a boolean mask with a value for each item in the order of adding, an array, list"


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (b"abc", ONE + r".*got b'abc' \(bytes\)"),
        (3, r"filter: expected an array, list or set of ids, got 3 \(int\)"),
        (1.5, "filter: expected an array, list or set of ids, got 1.5"),
        (np.ones(N - 1, bool), r"filter: expected a mask of shape \(130,\), a value for each item, got shape \(129,\)"),
        ([True] * (N + 1), r"got shape \(131,\)"),
        (pd.DataFrame({"a": MASK}), r"got shape \(130, 1\)"),
        (np.zeros((2, 2), np.int64), r"filter: expected ids of shape \(m,\), got shape \(2, 2\)"),
        (["sku-1"], "filter: expected ids that are whole numbers, as this index's are, got str"),
        ([1.5], r"got 1.5 \(float\) at 0: make all of them int"),
        ([1, "a"], "got 'a'"),
        ([True, 1], "got True"),
        ({None}, "got None"),
        (np.array([0.5, 1.0]), "got 0.5"),
        ([2**63], "that int64 can hold"),
        ("price <", r"expression: expected a value: .*, got the end at character 8:\n  price <\n         \^$"),
        ("cost < 3", "'cost'"),
        (col("lang") < 3, "lang"),
    ],
)
def test_what_is_no_filter_is_refused_in_words(what: Any, message: str) -> None:
    index = index_of()
    for asked in (
        lambda: index.filter(what),
        lambda: index.ids_in(what),
        lambda: index.search(VECTORS[0], filter=what),
        lambda: index.search(VECTORS[0].tolist(), filter=what),
    ):
        with pytest.raises(InvalidArgumentError, match=message):
            asked()


def test_none_is_no_filter_but_of_a_search() -> None:
    index = index_of()
    with pytest.raises(InvalidArgumentError, match=ONE + r".*got None \(NoneType\)"):
        index.filter(None)
    with pytest.raises(InvalidArgumentError, match=ONE):
        index.search(VECTORS[:2], filter=[None, [1]])
    with pytest.raises(InvalidArgumentError, match="got None"):
        index.filter([None])
    assert index.search(VECTORS[0], 2, filter=None)[0].tolist() == index.search(VECTORS[0], 2)[0].tolist()
    with pytest.raises(InvalidArgumentError, match="filter: expected ids that are str, as this index's are, got whole"):
        index_of("string").filter([1, 2])
    with pytest.raises(InvalidArgumentError, match="exclude: expected ids that are str"):
        index_of("string").search(VECTORS[0], exclude=[1])


@pytest.mark.parametrize(
    ("query", "options", "message"),
    [
        (VECTORS[:3], {"filter": [[1], [2]]}, "filter: expected one, or one for each of a batch, got 2 for 3 queries"),
        (VECTORS[:3], {"filter": np.ones((2, N), bool)}, "got 2 for 3 queries"),
        (VECTORS[:3], {"filter": np.ones((3, N - 1), bool)}, r"got shape \(129,\)"),
        (VECTORS[0], {"filter": [[1]]}, "got 1 for one query, which takes one filter"),
        (VECTORS[0], {"filter": np.ones((1, N), bool)}, "got 1 for one query"),
        (
            VECTORS[:3],
            {"exclude": [[1], [2]]},
            "exclude: expected ids, or of a batch those of each query, got 2 lists for 3",
        ),
        (VECTORS[0], {"exclude": [[1]]}, "got 1 lists for one query"),
        (VECTORS[0], {"exclude": "sku-7"}, r"exclude: expected an array, list or set of ids, got 'sku-7' \(str\)"),
        (VECTORS[0], {"exclude": 7}, r"exclude: expected an array, list or set of ids, got 7 \(int\)"),
        (VECTORS[0], {"exclude": ["a"]}, "exclude: expected ids that are whole numbers, as this index's are, got str"),
        (VECTORS[0], {"exclude": np.ones((2, 2), int)}, r"exclude: expected ids of shape \(m,\), got shape \(2, 2\)"),
        (VECTORS[0], {"exclude": [1.5]}, "got 1.5"),
        (VECTORS[0, :5], {"filter": [1]}, "shape"),
        (VECTORS[0] * np.nan, {"filter": [1]}, "finite|nan"),
        (VECTORS[0], {"filter": [1], "search_k": 5}, "search_k: expected a search of a forest"),
        (VECTORS[0], {"filter": [1], "k": 0}, "k: expected"),
    ],
)
def test_what_does_not_go_with_the_queries_is_refused(query: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        index_of().search(query, **options)


def test_a_closed_index_says_so() -> None:
    index = index_of()
    allowed = index.filter(MASK)
    index.close()
    for asked in (
        lambda: index.filter([1]),
        lambda: index.filter(MASK),
        lambda: index.filter("price < 3"),
        lambda: index.ids_in(allowed),
        lambda: index.search(VECTORS[0], filter=allowed),
        lambda: index.search(VECTORS[:2], filter=[allowed, allowed]),
        lambda: index.search(VECTORS[0], exclude=[1]),
    ):
        with pytest.raises(nearfile.ClosedError):
            asked()
    assert len(allowed & allowed) == len(ALLOWED)
    with pytest.raises(NotFoundError):
        index_of().neighbors(N, filter=MASK)


def test_the_core_alone_cannot_be_made_to_crash(run_python) -> None:
    run_python(
        """
        import numpy, nearfile
        from nearfile import _core
        i8 = lambda *values: numpy.array(values, numpy.int64)
        rows = numpy.eye(3, dtype=numpy.float32)
        index = nearfile.build(rows)._core
        allowed = index.filter_of_rows(i8(0, 2))
        found = numpy.empty((2, 2), numpy.int64), numpy.empty((2, 2), numpy.float32)

        def search(filters=(), excluded=i8(), starts=i8(), k=2, out=found):
            index.search_admitted(rows[:2].copy(), k, 0, 0.0, 0, False, 1, list(filters), excluded, starts, *out)

        def state(*values):
            made = _core.Filter.__new__(_core.Filter)
            made.__setstate__(values)
            return made

        word, print_ = allowed.__getstate__()[0], allowed.__getstate__()[2]
        calls = [
            lambda: _core.Filter(),
            lambda: len(_core.Filter.__new__(_core.Filter)),
            lambda: index.filter_of_rows(i8(3)),
            lambda: index.filter_of_rows(i8(-1)),
            lambda: index.filter_of_rows(i8(2**40)),
            lambda: index.filter_of_mask(numpy.ones(2, numpy.uint8)),
            lambda: index.filter_of_mask(numpy.ones((3, 1), numpy.uint8)),
            lambda: index.rows_in(None),
            lambda: index.known_rows_of_names([3]) if len(index.known_rows_of_names(["x"])) == 0 else None,
            lambda: search([None] * 2),
            lambda: search([allowed] * 3),
            lambda: search(excluded=i8(3)),
            lambda: search(excluded=i8(-1)),
            lambda: search(excluded=i8(1), starts=i8(0, 1)),
            lambda: search(excluded=i8(1), starts=i8(0, 1, 2)),
            lambda: search(excluded=i8(1), starts=i8(1, 1, 1)),
            lambda: search(excluded=i8(1, 1), starts=i8(0, -1, 2)),
            lambda: search(excluded=i8(1, 1), starts=i8(0, 5, 2)),
            lambda: search(k=1),
            lambda: search([index.filter_of_rows(i8(1))]),
            lambda: state(word, 64 * 9, print_),
            lambda: state(word + word, 3, print_),
            lambda: state(b"", 3, print_),
            lambda: state(b"\\xff" * 8, 3, print_),
            lambda: state(word, -1, print_),
            lambda: search([state(word, 4, print_)]),
            lambda: search([state(word, 3, print_ ^ 1)]),
        ]
        for number, call in enumerate(calls):
            try:
                call()
            except (nearfile.NearfileError, TypeError, ValueError, IndexError, RuntimeError):
                continue
            raise AssertionError(number)
        assert len(state(word, 3, print_)) == 2
        search([allowed] * 2, i8(1, 1), i8(0, 1, 2))
        """
    )
