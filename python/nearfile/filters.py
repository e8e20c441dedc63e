"""Filters as users say them, and the searches that take them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from nearfile import _core, inputs
from nearfile.errors import InvalidArgumentError
from nearfile.expressions import Expression
from nearfile.inputs import foreign, naming
from nearfile.results import Neighbors

if TYPE_CHECKING:
    from nearfile.index import Index

_EXPECTED = (
    "expected a nearfile.Filter, a boolean mask with a value for each item in the order of adding, an array, list or set "
    "of ids, or an expression"
)


def compiled(index: Index, what: object) -> _core.Filter:
    """:meth:`Index.filter`: for a collection what its core calls a SegmentsFilter."""
    if isinstance(what, index.filter_type):
        return cast(_core.Filter, what)
    if isinstance(what, (_core.Filter, _core.SegmentsFilter)):
        raise InvalidArgumentError(f"filter: expected one of this index, got {what!r}: make it by this one's filter()")
    if isinstance(what, (str, Expression)):
        return index._core.filter_of_expression((Expression(what) if isinstance(what, str) else what)._core)
    if isinstance(what, bytes) or what is None:
        raise InvalidArgumentError(f"filter: {_EXPECTED}, got {what!r} ({type(what).__name__})")
    values: Any = what
    if isinstance(what, Iterable) and not (foreign.is_foreign(what) or isinstance(what, (list, tuple, bytes))):
        values = list(what)  # a set, a dict, what can be read once
    array = foreign.array_of("filter", values) if foreign.is_foreign(values) else None
    if array is None and isinstance(values, (list, tuple)) and values and all(_is_bool(each) for each in values):
        array = np.array(values, bool)
    if array is not None and array.dtype == bool:
        return of_mask(index, array)
    rows = known_rows(index, "filter", values)
    _check_meant_as_ids(index, values if array is None else array, rows)
    return index._core.filter_of_rows(rows)


def _check_meant_as_ids(index: Index, values: Any, rows: NDArray[np.int64]) -> None:
    """Refuse what would be taken as ids in silence and was surely meant otherwise."""
    if index._strings and not rows.size:
        text = next((each for each in values if isinstance(each, str) and _is_expression(each)), None)
        if text is not None:
            raise InvalidArgumentError(
                f"filter: expected ids, got {text!r}, which the index does not have as an id and which reads as an "
                "expression: give an expression by itself, or of a batch one a query as nearfile.Expression(text)"
            )
    if not index._strings and len(index) == len(values) > 2 and np.isin(values, (0, 1)).all():
        raise InvalidArgumentError(
            f"filter: expected ids, or a mask of bools, got {len(values)} values that are 0 or 1, as many as there are "
            "items: for a mask give dtype bool"
        )


def _is_expression(text: str) -> bool:
    try:
        Expression(text)
    except InvalidArgumentError:
        return False
    return True


def of_mask(index: Index, mask: NDArray[Any]) -> _core.Filter:
    """Of one row of booleans."""
    if mask.ndim != 1 or len(mask) != len(index):
        raise InvalidArgumentError(
            f"filter: expected a mask of shape ({len(index)},), a value for each item, got shape {mask.shape}"
        )
    return index._core.filter_of_mask(np.ascontiguousarray(mask).view(np.uint8))


def known_rows(index: Index, name: str, ids: Any) -> NDArray[np.int64]:
    """The rows of ids in any order, without those that the index does not have. Ids of another kind are refused."""
    found = naming.some_ids(name, ids)
    if len(found) == 0:
        return np.empty(0, np.int64)
    if isinstance(found, list) != index._strings:
        expected, got = ("str", "whole numbers") if index._strings else ("whole numbers", "str")
        raise InvalidArgumentError(f"{name}: expected ids that are {expected}, as this index's are, got {got}")
    return index._core.known_rows_of_names(found) if isinstance(found, list) else index._core.known_rows(found)


def ids_in(index: Index, what: object) -> NDArray[Any]:
    """:meth:`Index.ids_in`."""
    rows = index._core.rows_in(compiled(index, what))
    return index._named(index._core.names(rows[:, None])) if index._strings else index.ids[rows]


def each_compiled(index: Index, what: object, n_queries: int | None) -> list[_core.Filter]:
    """One filter, or one for each query of a batch; none where there is none."""
    if what is None:
        return []
    several = isinstance(what, (list, tuple)) and len(what) > 0 and not all(_is_id_or_bool(each) for each in what)
    masks = isinstance(what, np.ndarray) and what.dtype == bool and what.ndim == 2
    if not several and not masks:
        return [compiled(index, what)]
    filters = list(what)  # type: ignore[call-overload]
    if n_queries is None or len(filters) != n_queries:
        asked = "one query, which takes one filter" if n_queries is None else f"{n_queries} queries"
        raise InvalidArgumentError(f"filter: expected one, or one for each of a batch, got {len(filters)} for {asked}")
    known: dict[int, _core.Filter] = {}  # the same one for many queries is compiled once
    for each in filters:
        if id(each) not in known:
            known[id(each)] = compiled(index, each)
    return [known[id(each)] for each in filters]


def excluded(index: Index, what: object, n_queries: int | None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows that are no answers, and where those of each query begin; no starts where they are all queries'."""
    nothing = np.empty(0, np.int64)
    if what is None:
        return nothing, nothing
    several = isinstance(what, (list, tuple)) and len(what) > 0 and not any(_is_id_or_bool(each) for each in what)
    if not several:
        return known_rows(index, "exclude", what), nothing
    each = list(what)  # type: ignore[call-overload]
    if n_queries is None or len(each) != n_queries:
        asked = "one query" if n_queries is None else f"{n_queries} queries"
        raise InvalidArgumentError(
            f"exclude: expected ids, or of a batch those of each query, got {len(each)} lists for {asked}"
        )
    rows = [known_rows(index, "exclude", some) for some in each]
    starts = np.concatenate([[0], np.cumsum([len(some) for some in rows])]).astype(np.int64)
    return np.concatenate(rows).astype(np.int64), starts


class Allowed:
    """What is allowed and not excluded, as filters that are made for some queries of a batch at a time."""

    def __init__(self, index: Index, filter: object, exclude: object, n_queries: int | None) -> None:
        self._index = index
        self._filters = each_compiled(index, filter, n_queries)
        self._excluded, self._starts = excluded(index, exclude, n_queries)

    def of(self, first: int, end: int) -> list[_core.Filter]:
        """One filter for these queries, or one for each; none where all is allowed."""
        filters = self._filters[first:end] if len(self._filters) > 1 else self._filters
        if not self._excluded.size:
            return filters
        starts = self._starts[first : end + 1]
        parts = [self._excluded[a:b] for a, b in zip(starts, starts[1:])] if starts.size else [self._excluded]
        left = [~self._index._core.filter_of_rows(part) for part in parts]
        if not filters:
            return left
        most = max(len(filters), len(left))
        return [filters[i % len(filters)] & left[i % len(left)] for i in range(most)]


def _is_bool(value: object) -> bool:
    return isinstance(value, (bool, np.bool_))


def _is_id_or_bool(value: object) -> bool:
    return isinstance(value, (str, bytes, int, float, np.generic))


def search(
    index: Index,
    queries: NDArray[Any],
    k: int,
    options: tuple[int, float, int, bool, int],
    filter: object,
    exclude: object,
) -> Neighbors:
    """Of one query or a batch, among what is allowed; :meth:`Index.search` has checked the rest."""
    n_queries = len(queries) if queries.ndim == 2 else None
    filters = each_compiled(index, filter, n_queries)
    rows, starts = excluded(index, exclude, n_queries)
    batch = queries if queries.ndim == 2 else queries[None]
    width = _width(index, k, filters)
    ids = np.full((len(batch), width), -1, np.int64)
    distances = np.full(ids.shape, np.nan, np.float32)
    most = min(4096, inputs.rows_a_block(4 * index.dim), inputs.rows_a_block(16 * max(width, 1)))
    for start, block in inputs.blocks(batch, most):
        part = slice(start, start + most)
        some = filters[part] if len(filters) > 1 else filters
        # Of one query there may be as many filters as queries: one.
        one_each = starts[start : start + len(block) + 1]
        own = rows[one_each[0] : one_each[-1]] if len(one_each) else rows
        begin = one_each - one_each[0] if len(one_each) else one_each
        found = np.empty((len(block), _width(index, k, some)), np.int64)
        far = np.empty(found.shape, np.float32)
        index._core.search_admitted(block, k, *options, some, own, begin, found, far)
        ids[part, : found.shape[1]] = found
        distances[part, : found.shape[1]] = far
    # As many columns as any query has answers.
    answered = int(np.sum(~np.isnan(distances), axis=1).max(initial=0)) if rows.size else width
    ids, distances = ids[:, :answered], distances[:, :answered]
    named = _named(index, ids, distances)
    return Neighbors(named, distances) if queries.ndim == 2 else Neighbors(named[0], distances[0])


def _width(index: Index, k: int, filters: list[_core.Filter]) -> int:
    """The most answers that a query gets."""
    return min([k, len(index), *([max(map(len, filters))] if filters else [])])


def _named(index: Index, rows: NDArray[np.int64], distances: NDArray[np.float32]) -> NDArray[Any]:
    """Ids for rows where these are str, None where there is no answer."""
    if not index._strings:
        return rows
    names = np.full(rows.shape, None, object)
    answers = ~np.isnan(distances)
    names[answers] = index._core.names(rows[answers][:, None])
    return names
