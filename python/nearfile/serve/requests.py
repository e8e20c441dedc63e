"""What can be asked, as types: they read a body and refuse it by name, and the OpenAPI document is made of them.

msgspec reads the annotations when it runs, and on Python 3.9 only as they are: so there is no
``from __future__ import annotations`` here.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn, Optional, Union
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta

from nearfile.serve.limits import LOOKED_AT, Limits
from nearfile.serve.refusals import invalid

Id = Union[int, str]


class Search(msgspec.Struct, forbid_unknown_fields=True):
    """One query or a batch: exactly one of `vector`, `vectors`, `id` and `ids`."""

    vector: Annotated[
        Optional[list[float]], Meta(description="One query: as many numbers as the index has dimensions.")
    ] = None
    vectors: Annotated[Optional[list[list[float]]], Meta(description="Queries, each as `vector`.")] = None
    id: Annotated[Optional[Id], Meta(description="An item as the query.")] = None
    ids: Annotated[Optional[list[Id]], Meta(description="Items as queries.")] = None
    k: Annotated[
        Optional[int],
        Meta(description="How many to find: 10 where it is not given, within a radius as many as the server allows."),
    ] = None
    recall: Annotated[
        Optional[float],
        Meta(description="Of a graph: the share of the `k` nearest to find on average, in place of `effort`."),
    ] = None
    effort: Annotated[Optional[int], Meta(description="Of a graph: how many items a walk keeps in view.")] = None
    search_k: Annotated[Optional[int], Meta(description="Of a forest: how many candidates to compare.")] = None
    radius: Annotated[
        Optional[float],
        Meta(description="The largest distance; for `dot` the least inner product. The nearest `k` of what is within."),
    ] = None
    exact: Annotated[bool, Meta(description="Compare with every item.")] = False
    filter: Annotated[
        Optional[str],
        Meta(description="What may be an answer, by its attributes: `price < 20 and lang in ('de', 'fr')`."),
    ] = None
    exclude: Annotated[Optional[list[Id]], Meta(description="Ids that are no answers.")] = None
    attributes: Annotated[
        Union[bool, list[str], None], Meta(description="Columns to return for every answer; `true` for all.")
    ] = None


class Found(msgspec.Struct, omit_defaults=True):
    """Ids and distances, nearest first; of a batch a list for each query."""

    ids: Union[list[Id], list[list[Id]]]
    distances: Any
    attributes: Any = None
    query_attributes: Any = None


_decoder = msgspec.json.Decoder(Search)

#: What can be the query, and one alone is.
QUERIES = ("vector", "vectors", "id", "ids")


def of_body(body: bytes) -> Search:
    """The request of a JSON body."""
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        _refuse(error)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise invalid(f"body: expected a JSON object in UTF-8, got what is none: {error}") from None
    except RecursionError:
        raise invalid("body: expected a JSON object as /docs has it, got one that is nested too deeply") from None


def of_query(query: bytes, **given: Any) -> Search:
    """The request of what stands behind the ``?`` of an address, and what is given besides."""
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=1000)
    except (ValueError, UnicodeDecodeError):
        raise invalid("address: expected name=value pairs in UTF-8 behind the ?, got others: see /docs") from None
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name == "exclude":
            fields.setdefault(name, []).append(value)
        elif name == "attributes":
            fields.setdefault(name, []).extend(value.split(","))
        elif name in fields or name in QUERIES:
            raise invalid(f"{name[:40]}: expected it at most once and in its place, got it in the address: see /docs")
        else:
            fields[name] = value
    if fields.get("attributes") == ["*"]:
        fields["attributes"] = True
    try:
        return msgspec.convert({**fields, **given}, Search, strict=False)
    except msgspec.ValidationError as error:
        _refuse(error)


def _refuse(error: msgspec.ValidationError) -> NoReturn:
    """In our words: ``k: expected int, got str``."""
    text = str(error).replace("`", "")
    unknown = re.fullmatch(r"Object contains unknown field (.*?)(?: - at .*)?", text, flags=re.DOTALL)
    if unknown:
        known = ", ".join(Search.__struct_fields__)
        raise invalid(
            f"{unknown[1][:40]}: expected one of {known}, got a field of another name: leave it out"
        ) from None
    message, _, place = text.partition(" - at $")
    if ", got " not in message:
        message = f"expected one that 64 bits hold, got another ({message})"
    raise invalid(f"{place.lstrip('.') or 'body'}: {message[:1].lower()}{message[1:]}: see /docs") from None


class Bounds:
    """What may be asked of one index by one server."""

    def __init__(self, limits: Limits, dim: int, count: int, columns: Sequence[str]) -> None:
        self.limits, self.dim, self.count, self.columns = limits, dim, count, columns

    def check(self, asked: Search, n_vectors: Optional[int] = None) -> int:
        """Refuse what is out of bounds; how many queries there are. ``n_vectors`` came in another way."""
        given = [name for name in QUERIES if getattr(asked, name) is not None]
        if len(given) != (n_vectors is None):
            got = " and ".join(given) or "none"
            raise invalid(f"query: expected exactly one of {', '.join(QUERIES)}, got {got}: give one")
        limits = self.limits
        _between("k", asked.k, limits.k)
        _between("effort", asked.effort, limits.effort)
        _between("search_k", asked.search_k, limits.search_k)
        if asked.filter is not None and len(asked.filter) > limits.filter:
            raise invalid(
                f"filter: expected at most {limits.filter} characters, got {len(asked.filter)}: say it shorter"
            )
        if asked.exclude is not None and len(asked.exclude) > limits.exclude:
            raise invalid(f"exclude: expected at most {limits.exclude} ids, got {len(asked.exclude)}: use a filter")
        if asked.radius is not None and asked.effort is not None:
            raise invalid("effort: expected recall together with radius, got effort: give recall in its place")
        if isinstance(asked.attributes, list):
            self._check_columns(asked.attributes)
        return self._check_queries(asked) if n_vectors is None else self._check_count("body", n_vectors)

    def check_work(self, queries: int, k: int, asked: Search, scans: bool) -> None:
        """Refuse what takes too long, and what would be too much to send."""
        if queries * k > self.limits.answers:
            raise invalid(
                f"k: expected at most {self.limits.answers} answers to all queries together, got {queries} queries with"
                f" k = {k}: ask for fewer at once"
            )
        work = queries * (self.count if scans else LOOKED_AT * (asked.effort or 0))
        if work > self.limits.scanned:
            how = f"scan {self.count} items" if scans else f"walk with effort {asked.effort}"
            raise invalid(
                f"query: expected to look at no more than {self.limits.scanned} vectors, got {queries} queries that {how}:"
                " ask fewer at once, or for less recall or effort"
            )

    def _check_queries(self, asked: Search) -> int:
        if asked.vector is not None:
            self._check_dim("vector", asked.vector)
            return 1
        if asked.vectors is not None:
            for place, each in enumerate(asked.vectors):
                self._check_dim(f"vectors[{place}]", each)
            return self._check_count("vectors", len(asked.vectors))
        return 1 if asked.ids is None else self._check_count("ids", len(asked.ids))

    def _check_dim(self, name: str, vector: list[float]) -> None:
        if len(vector) != self.dim:
            raise invalid(f"{name}: expected {self.dim} numbers, as this index's vectors have, got {len(vector)}")

    def _check_count(self, name: str, n: int) -> int:
        if not 1 <= n <= self.limits.batch:
            raise invalid(
                f"{name}: expected from 1 to {self.limits.batch} queries at once, got {n}: send several requests"
            )
        return n

    def _check_columns(self, names: list[str]) -> None:
        for name in names:
            if name not in self.columns:
                known = ", ".join(self.columns) or "none at all"
                raise invalid(f"attributes: expected columns of this index, which are {known}, got {name[:100]!r}")


def _between(name: str, value: Optional[int], most: int) -> None:
    if value is not None and not 1 <= value <= most:
        got = value if abs(value) < 1 << 63 else "one beyond 64 bits"
        raise invalid(f"{name}: expected a whole number from 1 to {most}, got {got}: the server has this limit")
