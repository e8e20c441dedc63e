"""Expressions as Python makes them and as text."""

from __future__ import annotations

import copy
import datetime
import decimal
import functools
import operator
import pickle

import nearfile
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nearfile import Expression, InvalidArgumentError, col

UTC = datetime.timezone.utc
SIGNS = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.one_of(
    st.booleans(),
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.floats(allow_nan=False),
    TEXT,
    st.datetimes(),
    st.datetimes(
        timezones=st.just(datetime.timezone(datetime.timedelta(hours=5, minutes=30))),
        min_value=datetime.datetime(2, 1, 1),
    ),
)
COLUMNS = TEXT.filter(bool).map(col)
CONDITIONS = st.one_of(
    st.builds(lambda column, sign, value: sign(column, value), COLUMNS, st.sampled_from(SIGNS), VALUES),
    st.builds(lambda column, values: column.isin(values), COLUMNS, st.lists(VALUES, max_size=4)),
    st.builds(lambda column: column.is_null(), COLUMNS),
    st.builds(lambda column, value: column.contains(value), COLUMNS, TEXT),
)
EXPRESSIONS = st.recursive(
    CONDITIONS,
    lambda parts: st.one_of(
        st.builds(operator.and_, parts, parts), st.builds(operator.or_, parts, parts), st.builds(operator.invert, parts)
    ),
    max_leaves=12,
)


@given(EXPRESSIONS)
def test_the_text_of_an_expression_makes_the_same_one(expression: Expression) -> None:
    again = Expression(str(expression))
    assert again == expression
    assert hash(again) == hash(expression)
    assert repr(again) == str(expression)


@given(EXPRESSIONS)
def test_expressions_are_pickled_and_copied(expression: Expression) -> None:
    assert pickle.loads(pickle.dumps(expression)) == expression
    assert copy.deepcopy(expression) == copy.copy(expression) == expression


@given(TEXT)
def test_any_text_is_an_expression_or_an_error_that_points_at_the_place(text: str) -> None:
    try:
        assert Expression(text)._core.text()
    except InvalidArgumentError as error:
        message = str(error)
    else:
        return
    assert message.endswith("^")
    assert " at character " in message


def test_operators_are_what_they_say() -> None:
    price = col("price")
    made = [price == 1, price != 1, price < 1, price <= 1, price > 1, price >= 1]
    assert [str(each).split()[1] for each in made] == ["==", "!=", "<", "<=", ">", ">="]
    assert str((price < 20) & col("lang").isin(["de", "fr"])) == "price < 20 and lang in ('de', 'fr')"
    assert str(~((price < 20) | col("sold").is_null())) == "not (price < 20 or sold is null)"
    assert str(price.between(1, 2.5)) == "price >= 1 and price <= 2.5"
    assert str(col("tags").contains("it's")) == "tags contains 'it''s'"
    assert repr(price) == "nearfile.col('price')"
    assert (price < 20) != (price < 20.0)
    assert (price < 20) != "price < 20"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (np.False_, "false"),
        (np.int8(-3), "-3"),
        (np.uint64((1 << 63) - 1), "9223372036854775807"),
        (20.0, "20.0"),
        (np.float32(0.1), "0.10000000149011612"),
        (float("inf"), "inf"),
        (np.str_("a"), "'a'"),
        (datetime.date(2026, 1, 31), "timestamp '2026-01-31T00:00:00Z'"),
        (datetime.datetime(2026, 1, 31, 10, 0, 0, 500), "timestamp '2026-01-31T10:00:00.0005Z'"),
        (datetime.datetime(1, 1, 1, tzinfo=UTC), "timestamp '0001-01-01T00:00:00Z'"),
        (
            datetime.datetime(2026, 1, 31, 10, tzinfo=datetime.timezone(datetime.timedelta(hours=1))),
            "timestamp '2026-01-31T09:00:00Z'",
        ),
        (np.datetime64("2026-01-31"), "timestamp '2026-01-31T00:00:00Z'"),
        (np.datetime64("2026"), "timestamp '2026-01-01T00:00:00Z'"),
        (np.datetime64("1969-12-31T23:59:59.999999999"), "timestamp '1969-12-31T23:59:59.999999999Z'"),
        (np.datetime64("1677-01-01"), "timestamp '1677-01-01T00:00:00Z'"),
        (pd.Timestamp("2026-01-31 10:00:00.000000001"), "timestamp '2026-01-31T10:00:00.000000001Z'"),
        (pd.Timestamp("2026-01-31 10:00", tz="Europe/Berlin"), "timestamp '2026-01-31T09:00:00Z'"),
        (pa.scalar(3), "3"),
    ],
)
def test_values_of_python_numpy_and_pandas_are_taken_exactly(value: object, text: str) -> None:
    assert str(col("a") == value) == f"a == {text}"
    assert str(col("a").isin([value])) == f"a in ({text})"


@pytest.mark.parametrize(
    "values",
    [[3, 1], (3, 1), np.array([3, 1], np.int16), pd.Series([3, 1]), pl.Series([3, 1]), pa.array([3, 1]), iter([3, 1])],
)
def test_values_to_be_in_come_in_what_can_be_gone_through(values: object) -> None:
    assert str(col("a").isin(values)) == "a in (3, 1)"
    assert str(col("a").isin(set())) == "a in ()"


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (None, InvalidArgumentError, r"column 'a': expected a value, got None: col\('a'\).is_null\(\) finds"),
        (pd.NA, InvalidArgumentError, "got <NA>"),
        (pd.NaT, InvalidArgumentError, "got NaT"),
        (np.datetime64("NaT"), InvalidArgumentError, "got NaT"),
        (float("nan"), InvalidArgumentError, "column 'a': expected a value to compare with, got NaN"),
        (1 << 63, InvalidArgumentError, "to 9223372036854775807, got 9223372036854775808: for a column of floats"),
        (np.uint64(1 << 63), InvalidArgumentError, "got 9223372036854775808"),
        ("\ud800", InvalidArgumentError, r"column 'a': expected text that UTF-8 can hold, got '\\ud800'"),
        (np.datetime64("10000-01-01"), InvalidArgumentError, "years 0 to 9999, got 10000-01-01"),
        (np.datetime64(1, "ps"), InvalidArgumentError, "whole nanoseconds"),
        (decimal.Decimal(1), TypeError, r"got Decimal\('1'\) \(Decimal\): give its float"),
        (1j, TypeError, "got 1j"),
        (b"a", TypeError, r"got b'a' \(bytes\): decode\(\) it"),
        (datetime.time(1), TypeError, "expected a bool, int, float, str, date or datetime"),
        (np.timedelta64(1, "s"), TypeError, "timedelta64"),
        ([1], TypeError, r"got \[1\] \(list\)"),
        (col("b"), TypeError, "columns are compared with values"),
    ],
)
def test_values_that_no_column_has_are_refused(value: object, error: type[Exception], message: str) -> None:
    for sign in SIGNS:
        with pytest.raises(error, match=message):
            sign(col("a"), value)
    with pytest.raises(error, match=message):
        col("a").isin([1, value])


def test_where_true_or_false_is_asked_for_it_is_said_what_to_write() -> None:
    cheap, red = col("price") < 20, col("tags").contains("red")
    for wrong in (lambda: cheap and red, lambda: not cheap, lambda: bool(cheap), lambda: 1 < col("price") < 20):
        with pytest.raises(TypeError, match=r"combined by & \| ~.*between\(\)"):
            wrong()
    for wrong in (
        lambda: col("price") < 20 & col("lang") == "de",
        lambda: ~col("sold"),
        lambda: col("sold") & cheap,
        lambda: bool(col("sold")),
    ):
        with pytest.raises(TypeError, match=r"comparisons in parentheses, got the column '\w+' by itself"):
            wrong()
    with pytest.raises(TypeError, match="unsupported operand"):
        cheap & True
    with pytest.raises(TypeError, match="unsupported operand"):
        "price < 20" | cheap
    with pytest.raises(TypeError, match="unhashable"):
        hash(col("price"))


def test_errors_of_text_point_at_the_place() -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Expression("price << 20")
    first, shown, caret = str(caught.value).split("\n")
    assert first.startswith("expression: expected a value")
    assert first.endswith("got < at character 8:")
    assert (shown, caret) == ("  price << 20", "         ^")
    with pytest.raises(InvalidArgumentError, match=r"got '.ud800'"):
        Expression("\ud800")


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: col(""), InvalidArgumentError),
        (lambda: col("\ud800"), InvalidArgumentError),
        (lambda: col(3), TypeError),
        (lambda: Expression(3), TypeError),
        (lambda: col("a").isin("de"), TypeError),
        (lambda: col("a").isin(3), TypeError),
        (lambda: col("a").contains(3), TypeError),
        (lambda: col("a").contains("\ud800"), InvalidArgumentError),
    ],
)
def test_what_is_of_another_type_is_refused(make, error: type[Exception]) -> None:
    with pytest.raises(error, match="expected"):
        make()


def test_depth_is_limited_and_ends_nothing(run_python) -> None:
    each = [col("a") == value for value in range(1000)]
    assert Expression(str(functools.reduce(operator.or_, each))) == functools.reduce(operator.or_, each)
    with pytest.raises(InvalidArgumentError, match="at most 1000 conditions inside each other"):
        functools.reduce(operator.or_, [*each, each[0]])
    run_python(
        """
        import threading
        import nearfile
        def deep():
            assert str(nearfile.Expression("(" * 10**6 + "a = 1" + ")" * 10**6)) == "a == 1"
            made = nearfile.col("a") == 1
            for _ in range(999):
                made = ~made
            assert nearfile.Expression(str(made)) == made
            del made
            try:
                nearfile.Expression("not " * 10**6 + "a = 1")
            except nearfile.InvalidArgumentError:
                done.append(True)
        done = []
        threading.stack_size(512 << 10)  # that of other threads on macOS
        thread = threading.Thread(target=deep)
        thread.start(); thread.join()
        assert done
        """
    )


def test_the_core_alone_cannot_be_made_to_crash() -> None:
    from nearfile import _core

    calls = [
        lambda: _core.Expression(),
        lambda: _core.Expression.compare("a", "~", 1),
        lambda: _core.Expression.compare("a", "<", None),
        lambda: _core.Expression.compare("a", "<", 1 << 63),
        lambda: _core.Expression.compare("a", "<", (1,)),
        lambda: _core.Expression.compare("a", "<", (0, -1)),
        lambda: _core.Expression.compare("a", "<", (0, 10**9)),
        lambda: _core.Expression.compare("a", "<", (1 << 62, 0)),
        lambda: _core.Expression.compare("a", "<", "\ud800"),
        lambda: _core.Expression.is_in("a", [None]),
        lambda: _core.Expression.is_null("\ud800"),
    ]
    for call in calls:
        with pytest.raises((nearfile.NearfileError, TypeError, UnicodeError, RuntimeError, OverflowError)):
            call()
