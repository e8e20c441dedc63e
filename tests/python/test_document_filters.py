"""Filters of nearfile.documents: that they find what their rules say, whatever is a column, and what fields take."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import Any

import nearfile
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from made_documents import filled, found
from nearfile.documents import Condition, Documents, Record, conditions, dict_filters

UTC = datetime.timezone.utc


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "items"


# Conditions

NAMES = ["price", "lang", "when", "tags", "ok", "free", "other"]
FIELDS = {"price": float, "lang": str, "when": datetime.datetime, "tags": list, "ok": bool}
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, -1, 2, 1 << 53, (1 << 53) + 1, 1 << 70]),
    st.sampled_from([0.0, -0.0, 1.0, 0.5, -1.5, 2.0**53, float("inf"), float("nan")]),
    st.sampled_from(["", "a", "b", "ab", "1", "é", "x" * 200, "x" * 199 + "y", "\ud800", '"', "null"]),
)
moments = st.sampled_from(
    [
        datetime.datetime(2026, 1, 31),
        datetime.datetime(2026, 1, 31, tzinfo=UTC),
        datetime.datetime(2026, 1, 31, 2, tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
        datetime.datetime(2026, 1, 30, 23, 59, 59, 999999, UTC),
        datetime.date(2026, 1, 31),
        datetime.date(1, 1, 2),
        datetime.date(9999, 12, 30),
    ]
)
values = st.one_of(
    scalars, moments, st.lists(scalars, max_size=3), st.dictionaries(st.sampled_from(["a", "b"]), scalars, max_size=2)
)
typed = {
    "price": st.one_of(st.none(), st.sampled_from([0, 1, 2, -1.5, 0.5, 2.0**53, 1 << 53, float("inf"), float("nan")])),
    "lang": st.one_of(st.none(), st.sampled_from(["", "a", "b", "ab", "é", "x" * 200])),
    "when": st.one_of(st.none(), moments),
    "tags": st.one_of(st.none(), st.lists(st.sampled_from(["a", "b", "ab", ""]), max_size=3)),
    "ok": st.one_of(st.none(), st.booleans()),
    "free": values,
    "other": values,
}
metadata_of = st.fixed_dictionaries({}, optional=typed)
comparable = st.one_of(scalars.filter(lambda each: each is not None and not isinstance(each, bool)), moments)
operators = st.one_of(
    st.tuples(st.sampled_from(["$eq", "$ne", "$contains"]), st.one_of(values, comparable)),
    st.tuples(st.sampled_from(["$lt", "$lte", "$gt", "$gte"]), comparable),
    st.tuples(st.just("$between"), st.tuples(comparable, comparable)),
    st.tuples(st.sampled_from(["$in", "$nin"]), st.lists(values, max_size=4)),
    st.tuples(st.just("$exists"), st.booleans()),
)
leaves = st.one_of(
    st.dictionaries(
        st.sampled_from(NAMES), st.lists(operators, min_size=1, max_size=2).map(dict), min_size=1, max_size=2
    ),
    st.dictionaries(st.sampled_from(NAMES), scalars, max_size=2),
)
filters = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"$and": st.lists(inner, max_size=3)}),
        st.fixed_dictionaries({"$or": st.lists(inner, max_size=3)}),
        st.fixed_dictionaries({"$not": inner}),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(metadata_of, min_size=1, max_size=12), st.lists(filters, min_size=1, max_size=8), st.booleans())
@example(
    [{"price": 1}, {"price": float("nan")}, {}], [{"$not": {"price": {"$lt": 2}}}, {"price": {"$gte": 1 << 70}}], True
)
@example(
    [{"lang": "de"}, {"lang": "é"}, {}], [{"lang": {"$lt": "\ud800"}}, {"lang": {"$between": (0, "\ud800")}}], True
)
def test_filters_find_what_their_rules_say(
    tmp_path: Path, metadata: list[dict[str, Any]], some: list[dict[str, Any]], declare: bool
) -> None:
    folder = tmp_path / os.urandom(8).hex()
    documents = filled(folder, *metadata, fields=FIELDS if declare else None, background=False)
    try:
        for filter in some:
            expected = [str(row) for row, each in enumerate(metadata) if dict_filters.matches(filter, each)]
            assert found(documents, filter) == expected, filter
    finally:
        documents.close()


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ({"n": 1}, "012"),
        ({"n": "1"}, "3"),
        ({"n": None}, "67"),
        ({"n": {"$ne": 1}}, "34567"),
        ({"n": {"$gt": 0}}, "01"),
        ({"n": {"$lt": "2"}}, "3"),
        ({"n": {"$between": [1, 2]}}, "01"),
        ({"n": {"$in": [1, "1", None]}}, "012367"),
        ({"n": {"$nin": [1, "1", None]}}, "45"),
        ({"n": {"$in": []}}, ""),
        ({"n": {"$contains": "a"}}, "4"),
        ({"n": {"$contains": True}}, "4"),
        ({"n": {"a": 1}}, "5"),
        ({"n": ["a", 1]}, "4"),
        ({"n": {"$exists": False}}, "67"),
        ({"$not": {"n": {"$gt": 0}}}, "234567"),
        ({"$or": [{"n": {"$gt": 0}}, {"m": 1}]}, "017"),
        ({"$and": []}, "01234567"),
        ({"$or": []}, ""),
        ({"m": 1, "n": {"$exists": True}}, ""),
    ],
)
def test_what_operators_mean(folder: Path, filter: dict[str, Any], expected: str) -> None:
    n = [1, 1.0, True, "1", ["a", 1], {"a": 1}, None]
    documents = filled(folder, *[{"n": each} for each in n], {"m": 1})
    assert "".join(found(documents, filter)) == expected


@pytest.mark.parametrize(
    ("filter", "message"),
    [
        ([], "a dict"),
        ({"$nor": []}, r"'\$and'"),
        ({"$and": {}}, r"a list of filters in \$and"),
        ({"$or": [3]}, "a dict"),
        ({"n": {"$near": 3}}, r"one of \$eq"),
        ({"n": {"$lt": None}}, "a number"),
        ({"n": {"$lt": [1]}}, "a number"),
        ({"n": {"$in": "abc"}}, "a list of values"),
        ({"n": {"$between": [1]}}, "the least and the most"),
        ({"n": {"$exists": 1}}, "True or False"),
        ({3: 4}, "names that are str"),
        ({"n": {"$lt": 3, "x": 4}}, r"one of \$eq"),
    ],
)
def test_what_is_no_filter_is_refused_whole(filter: Any, message: str) -> None:
    with pytest.raises(nearfile.InvalidArgumentError, match=f"filter: expected {message}"):
        dict_filters.condition(filter, {})


def test_ranges_of_fields_need_no_look_at_documents(folder: Path) -> None:
    documents = filled(folder, {"price": 1, "free": 1}, {"price": 3.5, "free": 3}, {}, fields={"price": "float64"})

    def never(_: Record) -> bool:
        raise AssertionError

    for filter, expected in (
        ({"price": {"$lt": 2}}, ["0"]),
        ({"$not": {"price": {"$lt": 2}}}, ["1", "2"]),
        ({"free": 3, "price": {"$between": [3, 4]}}, ["1"]),
        ({"free": {"$in": [1, 3]}}, ["0", "1"]),
    ):
        made = dict_filters.condition(filter, documents.fields)
        assert made.superset.exact
        assert documents.ids(Condition(made.superset, never)) == expected
    inexact = dict_filters.condition({"free": {"$lt": 2}, "price": {"$gt": 0}}, documents.fields)
    assert not inexact.superset.exact
    seen: list[str] = []
    documents.ids(Condition(inexact.superset, lambda record: bool(seen.append(record.id))))
    assert seen == ["0", "1"]  # the third has neither


def test_thousands_of_values_are_no_deep_expression(folder: Path) -> None:
    documents = filled(folder, *[{"n": row} for row in range(50)])
    assert len(found(documents, {"n": {"$in": list(range(5, 5000))}})) == 45
    assert found(documents, {"n": {"$nin": list(range(1, 5000))}}) == ["0"]


# Fields


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (int, 3.5, "a whole number"),
        (int, True, "a whole number"),
        (int, 1 << 64, "a whole number"),
        (float, "3", "a number"),
        (float, (1 << 53) + 1, "a number"),
        (str, 3, "a str"),
        (bool, 1, "a bool"),
        (list, ["a", 3], "a list of str"),
        (datetime.datetime, "2026-01-31", "a date"),
    ],
)
def test_a_field_of_another_type_is_refused(folder: Path, kind: type, value: Any, message: str) -> None:
    documents = filled(folder, {}, fields={"x": kind})
    with pytest.raises(nearfile.InvalidArgumentError, match=f"document 'y': expected {message}.* in the field 'x'"):
        documents.add([Record("y", None, {"x": value}, [1, 2])])
    assert documents.ids() == ["0"]


def test_fields_are_columns_of_the_collection(folder: Path) -> None:
    when = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
    # The first has none of them: the types of columns are those that are declared all the same.
    documents = filled(folder, {}, fields={**FIELDS, "n": "int64"}, background=False)
    documents.add(
        [Record("1", None, {"price": 3, "lang": "de", "when": when, "tags": ["a"], "ok": True, "n": 7}, [1, 1])]
    )
    documents.close()
    index = nearfile.open(folder)
    assert index.ids_in("price = 3 and lang = 'de' and ok = true and tags contains 'a' and n > 6").tolist() == ["1"]
    assert index.attributes(["1"])["when"][0] == np.datetime64("2026-01-31T10:00:00")
    with pytest.raises(nearfile.InvalidArgumentError, match="fields: expected"):
        Documents(folder, fields={"price": float})
    again = Documents(folder)
    assert again.fields["when"] == "timestamp"
    again.close()


@pytest.mark.parametrize("fields", [{"_x": str}, {"": str}, {3: str}, {"x": "text"}, {"x": dict}, ["x"]])
def test_what_are_no_fields_is_refused(folder: Path, fields: Any) -> None:
    with pytest.raises(nearfile.InvalidArgumentError, match="fields: expected"):
        Documents(folder, dim=2, fields=fields)
    assert not folder.exists()


def test_nothing_and_every() -> None:
    assert str(conditions.NOTHING.allowed) == "_json in ()"
    assert conditions.all_of([]) is conditions.EVERY
    assert (~conditions.EVERY.judged()).exact is False
