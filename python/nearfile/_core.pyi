"""
The C++ core of nearfile. Private: use the package's own functions and classes.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, SupportsIndex, overload

import numpy
import numpy.typing

import nearfile.results


def give_as(type: type) -> None:
    """What searches of one query return from now on."""

version: str = '0.1.0'

max_count: int = 2147483647

max_dim: int = 65536

max_trees: int = 65536

def instruction_set() -> str:
    """The instruction set in use, by name."""

def supported_instruction_sets() -> list[str]:
    """Those this machine can run, slowest first."""

def cores() -> int:
    """The number of cores this process may use."""

class Index:
    """A mapped index. Safe to use from any number of threads."""

    @staticmethod
    def open(path: bytes, prefault: str, verify: bool) -> Index:
        """Map a file; `path` as os.fsencode gives it."""

    @staticmethod
    def open_buffer(buffer: object | None, verify: bool) -> Index:
        """Search the bytes of a file held in memory."""

    def copy(self) -> Index:
        """Another one that shares the mapping and is closed by itself."""

    def close(self) -> None:
        """Let go of the mapping; searches under way end as usual."""

    @property
    def closed(self) -> bool:
        """Whether close() was called."""

    def save(self, path: bytes) -> None:
        """Write the file's bytes to `path`, atomically."""

    def contents(self) -> bytes:
        """The whole file."""

    def verify(self) -> None:
        """Check every checksum and every stored id."""

    def info(self) -> dict[str, object]:
        """What the file says about itself."""

    @property
    def size(self) -> int:
        """The number of items."""

    @property
    def dim(self) -> int:
        """Dimensions of a vector."""

    @property
    def metric(self) -> str:
        """The metric's name."""

    @property
    def structure(self) -> str:
        """'forest' or 'graph'."""

    @property
    def id_kind(self) -> str:
        """'row', 'int64' or 'string'."""

    @property
    def fingerprint(self) -> int:
        """Made of the checksums of everything in the file."""

    def query_drift(self) -> tuple[int, int] | None:
        """
        How many of the first queries had a farther nearest item than nearly all of the calibration's, and of how many; (0, 0) without a calibration, None until enough were seen.
        """

    def ids(self) -> numpy.typing.NDArray[numpy.int64] | list[str]:
        """Every id by row."""

    @overload
    def find(self, id: int) -> int | None: ...

    @overload
    def find(self, id: str) -> int | None:
        """The row of an id, None where there is none."""

    def vector(self, row: int) -> numpy.typing.NDArray[numpy.float32]:
        """The vector of a row."""

    def vectors(self, rows: numpy.typing.NDArray[numpy.int64]) -> numpy.typing.NDArray[numpy.float32]:
        """The vectors of rows."""

    def distance(self, a: int, b: int) -> float:
        """The distance of two rows."""

    def search(self, query: object, k: int, effort: int, recall: float, search_k: int, exact: bool, filter: Filter | None = None) -> nearfile.results.Neighbors | None:
        """One query. None where `query` is not one contiguous row of float32."""

    def search_batch(self, queries: numpy.typing.NDArray[numpy.float32], k: int, effort: int, recall: float, search_k: int, exact: bool, threads: int, ids: numpy.typing.NDArray[numpy.int64], distances: numpy.typing.NDArray[numpy.float32]) -> None:
        """
        A batch of queries, into arrays of shape (q, min(k, size)); rows for ids where these are str.
        """

    def names(self, rows: numpy.typing.NDArray[numpy.int64]) -> list[str]:
        """The ids of rows, of an index whose ids are str."""

    def search_radius(self, queries: numpy.typing.NDArray[numpy.float32], radius: float, recall: float, search_k: int, exact: bool, max_results: int, threads: int, filters: list[Filter]) -> tuple[numpy.typing.NDArray[numpy.int64] | numpy.typing.NDArray[numpy.object_], numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.int64]]:
        """
        What is within a radius of a batch of queries: ids and distances one query after the other, and offsets.
        """

    def knn_graph(self, k: int, recall: float, exact: bool, threads: int, rows: numpy.typing.NDArray[numpy.int32], distances: numpy.typing.NDArray[numpy.float32]) -> None:
        """
        The nearest of every item, itself first, into arrays of shape (size, min(k, size)).
        """

    def nearest(self, vector: object, k: int, effort: int, recall: float, search_k: int, exact: bool, with_distances: bool) -> list[int] | tuple[list[int], list[float]]:
        """One query as Items.add reads it, of an index whose ids are numbers."""

    def nearest_of(self, id: int, k: int, effort: int, recall: float, search_k: int, exact: bool, with_distances: bool) -> list[int] | tuple[list[int], list[float]]:
        """The vector of an id for a query, zeros where there is none."""

    def columns(self) -> list[dict[str, object]]:
        """
        What is known of the items: of each column its name, type, ticks_per_second, time_zone, missing, distinct.
        """

    def attributes(self, rows: numpy.typing.NDArray[numpy.int64]) -> Columns:
        """The values of some rows."""

    def inspect(self, row: int) -> dict[str, object]:
        """What the file has of a row's item, and where."""

    def filter_of_mask(self, mask: numpy.typing.NDArray[numpy.uint8]) -> Filter:
        """Of a byte a row, not zero where it is allowed."""

    def filter_of_rows(self, rows: numpy.typing.NDArray[numpy.int64]) -> Filter:
        """Of rows."""

    def filter_of_expression(self, allowed: Expression) -> Filter:
        """Of what an expression allows."""

    def rows_in(self, filter: Filter) -> numpy.typing.NDArray[numpy.int64]:
        """What a filter allows, ascending."""

    def known_rows(self, ids: numpy.typing.NDArray[numpy.int64]) -> numpy.typing.NDArray[numpy.int64]:
        """The rows of ids that are numbers, without those that are not there."""

    def known_rows_of_names(self, names: list[str]) -> numpy.typing.NDArray[numpy.int64]:
        """The rows of ids that are str, without those that are not there."""

    def search_admitted(self, queries: numpy.typing.NDArray[numpy.float32], k: int, effort: int, recall: float, search_k: int, exact: bool, threads: int, filters: list[Filter], excluded: numpy.typing.NDArray[numpy.int64], starts: numpy.typing.NDArray[numpy.int64], ids: numpy.typing.NDArray[numpy.int64], distances: numpy.typing.NDArray[numpy.float32]) -> None:
        """
        A batch with one filter or one a query, and rows that are excluded: of all, or of each from its start on. Into arrays of shape (q, width); -1 and nan behind the last answer of a query.
        """

class Filter:
    """
    Which items of an index may be answers: what :meth:`nearfile.Index.filter` makes, and what its searches take.

    A bit an item. ``len()`` is how many it allows, ``&``, ``|`` and ``~`` combine filters of one index. It never
    changes, any number of threads may use it, and it is pickled with its bits: it serves the same file wherever
    that is opened, and no other one.
    """

    def __len__(self) -> int:
        """How many items it allows."""

    def __and__(self, other: Filter) -> Filter:
        """What both allow."""

    def __or__(self, other: Filter) -> Filter:
        """What one of them allows."""

    def __invert__(self) -> Filter:
        """What it does not allow."""

    def __repr__(self) -> str: ...

    def __getstate__(self) -> tuple[bytes, int, int]: ...

    def __setstate__(self, arg: tuple[bytes, int, int], /) -> None: ...

class Builder:
    """Collects vectors and builds an index from them."""

    def __init__(self, dim: int, metric: str, memory: int = 0, path: bytes | None = None) -> None: ...

    @property
    def size(self) -> int:
        """The number of vectors added."""

    def add(self, rows: numpy.typing.NDArray[numpy.float32], columns: Columns | None = None, start: int = 0, borrowed: bool = False) -> None:
        """
        Add rows named by number, and what columns have from row `start` on; the first may be read where they are.
        """

    def check(self, rows: numpy.typing.NDArray[numpy.float32]) -> None:
        """Raise what add() would raise; nothing is added."""

    def check_columns(self, columns: Columns, rows: int) -> None:
        """
        Raise what add() would raise for columns of so many rows; nothing is added.
        """

    def check_room(self, rows: int) -> None:
        """Raise what add() would raise for so many rows where memory is limited."""

    def add_int64(self, rows: numpy.typing.NDArray[numpy.float32], ids: numpy.typing.NDArray[numpy.int64], columns: Columns | None = None, start: int = 0, borrowed: bool = False) -> None:
        """Add rows named by int64."""

    def add_strings(self, rows: numpy.typing.NDArray[numpy.float32], ids: list[str], columns: Columns | None = None, start: int = 0, borrowed: bool = False) -> None:
        """Add rows named by str."""

    def build(self, path: bytes | None, structure: str, profile: str, keep: str, n_trees: int, queries: numpy.typing.NDArray[numpy.float32] | None, seed: int, threads: int, progress: Callable[[str, int, int], object] | None, candidates: numpy.typing.NDArray[numpy.int64] | None = None, like: Index | None = None) -> Index:
        """Build, into a file or in memory."""

class Items:
    """Vectors by id, added as Annoy's add_item takes them."""

    def __init__(self, dim: int, bits: bool) -> None: ...

    def add(self, i: SupportsIndex, vector: object) -> None:
        """Add or replace one vector: anything with len() and []."""

    def add_many(self, ids: numpy.typing.NDArray[numpy.int64] | None, rows: numpy.typing.NDArray[numpy.float32]) -> None:
        """Add or replace rows, all or none; without ids after the largest one."""

    def seal(self, message: str) -> None:
        """Have add() raise an Exception of these words; none ends that."""

    def has(self, id: int) -> bool:
        """Whether an id was added."""

    def get(self, id: int) -> numpy.typing.NDArray[numpy.float32]:
        """The vector of an id, zeros where there is none."""

    def block(self, start: int, most: int) -> tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.float32]]:
        """Ids and vectors, in the order of ids."""

    @property
    def count(self) -> int:
        """How many ids there are."""

    @property
    def n_items(self) -> int:
        """The largest id + 1."""

def row(vector: object, dim: int, bits: bool) -> numpy.typing.NDArray[numpy.float32]:
    """One vector as Items.add reads it."""

def int32(value: object) -> int:
    """A whole number of 32 bits, or Annoy's errors."""

def id_range(index: Index) -> tuple[int, int] | None:
    """The smallest and largest id, None where there are no numbers."""

class Expression:
    """What is allowed, said of columns. It never changes."""

    @staticmethod
    def compare(column: str, comparison: str, value: bool | int | float | str | tuple[int, int]) -> Expression:
        """
        A comparison by its sign; a pair is a timestamp, seconds and nanoseconds.
        """

    @staticmethod
    def is_in(column: str, values: list[bool | int | float | str | tuple[int, int]]) -> Expression:
        """Equal to one of some values."""

    @staticmethod
    def is_null(column: str) -> Expression:
        """Without a value."""

    @staticmethod
    def contains(column: str, value: str) -> Expression:
        """Of lists: with this string in them."""

    @staticmethod
    def parse(text: str) -> Expression:
        """What some text says."""

    def both(self, other: Expression) -> Expression:
        """Where both hold."""

    def either(self, other: Expression) -> Expression:
        """Where one of them holds, or both."""

    def negation(self) -> Expression:
        """Where it does not hold."""

    def text(self) -> str:
        """As parse() takes it."""

class Columns:
    """Columns of attributes, a value a row."""

    def __init__(self) -> None: ...

    def __len__(self) -> int: ...

    def head(self, column: int) -> dict[str, object]:
        """Its name, type, ticks_per_second, time_zone, and how many rows it has."""

    def values(self, column: int) -> numpy.typing.NDArray[numpy.float64] | numpy.typing.NDArray[numpy.int64] | list[str | None] | list[list[str] | None]:
        """
        Its values; any number where one is missing, None where a string or a list is.
        """

    def missing(self, column: int) -> bytes | None:
        """A byte a row, 1 where there is no value; None where none is missing."""

    def add_integers(self, name: str, type: str, ticks_per_second: int, time_zone: str, values: numpy.typing.NDArray[numpy.int64], missing: numpy.typing.NDArray[numpy.uint8] | None) -> None:
        """Add one of bools, whole numbers or timestamps."""

    def add_numbers(self, name: str, values: numpy.typing.NDArray[numpy.float64], missing: numpy.typing.NDArray[numpy.uint8] | None) -> None:
        """Add one of floats."""

    def add_texts(self, name: str, values: list[str | None]) -> None:
        """Add one of str."""

    def add_text_lists(self, name: str, values: list[Iterable[str] | None]) -> None:
        """Add one of lists of str."""

    def add_arrow_stream(self, capsule: object, name: str | None, rows: int) -> None:
        """
        Those of a table, or one of this name, that a capsule `arrow_array_stream` gives.
        """

    def add_arrow_arrays(self, capsules: list[object], name: str | None, rows: int) -> None:
        """The same of capsules `arrow_schema` and `arrow_array` by turns."""

    def arrow_stream(self, rows: int) -> object:
        """A capsule `arrow_array_stream` of one table, which shares the memory."""

def arrow_table(columns: dict[str, numpy.typing.NDArray[numpy.int64] | numpy.typing.NDArray[numpy.float32] | list[str]]) -> object:
    """
    A capsule `arrow_array_stream` of one table that is a copy of these columns.
    """

def arrow_vectors(what: str, capsule: object) -> list[tuple[str, list[numpy.typing.NDArray[Any] | list[str]]]]:
    """
    What a capsule `arrow_array_stream` gives: of each column its name and its parts, at least one, as arrays of shape (rows,) or (rows, dim), or lists of str.
    """

def arrow_vectors_of_array(what: str, schema: object, array: object) -> list[tuple[str, list[numpy.typing.NDArray[Any] | list[str]]]]:
    """The same of capsules `arrow_schema` and `arrow_array`."""

class AnnoyFile:
    """A file that Annoy wrote. Safe to use from any number of threads."""

    @staticmethod
    def open(path: bytes, dim: int, metric: str, prefault: bool) -> AnnoyFile:
        """Map a file and check all of it."""

    @staticmethod
    def layouts(path: bytes, dim: int) -> list[tuple[str, str]]:
        """The layouts that fit and their metrics."""

    def save(self, path: bytes) -> None:
        """Write the file's bytes to `path`, atomically."""

    def search(self, query: numpy.typing.NDArray[numpy.float32], n: int, search_k: int) -> tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.float32]]:
        """One query, of shape (1, dim), by Annoy's rules."""

    def nearest(self, vector: object, n: int, search_k: int, with_distances: bool) -> list[int] | tuple[list[int], list[float]]:
        """One query as Items.add reads it, by Annoy's rules."""

    def nearest_of(self, id: int, n: int, search_k: int, with_distances: bool) -> list[int] | tuple[list[int], list[float]]:
        """The vector of an id for a query."""

    def vector(self, id: int) -> numpy.typing.NDArray[numpy.float32]:
        """The vector of an id."""

    def block(self, start: int, most: int) -> tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.float32]]:
        """Ids that are items, and their vectors, of a range of ids."""

    def distance(self, a: int, b: int) -> float:
        """The distance of two items."""

    @property
    def n_items(self) -> int:
        """The largest id + 1."""

    @property
    def count(self) -> int:
        """How many items there are."""

    @property
    def n_trees(self) -> int:
        """How many trees were built."""

    @property
    def annoy_n_trees(self) -> int:
        """How many trees Annoy counts."""

    @property
    def layout(self) -> str:
        """The layout's name."""

class SegmentsFilter:
    """
    Which live items of some segments may be answers: as Filter is of one index.
    """

    def __len__(self) -> int:
        """How many items it allows."""

    def __and__(self, other: SegmentsFilter) -> SegmentsFilter:
        """What both allow."""

    def __or__(self, other: SegmentsFilter) -> SegmentsFilter:
        """What one of them allows."""

    def __invert__(self) -> SegmentsFilter:
        """What is live and it does not allow."""

    @property
    def fingerprint(self) -> int:
        """That of the Segments it is for."""

    def __repr__(self) -> str: ...

    def __getstate__(self) -> tuple[list[Filter], list[Filter | None], int]: ...

    def __setstate__(self, arg: tuple[Sequence[Filter], Sequence[Filter | None], int], /) -> None: ...

class Segments:
    """
    Open indexes searched as one: the answer is that of one index of all live items.

    Rows are numbered through all segments, in their order, those that are not live among them. It never changes, keeps the
    files mapped for as long as it lives, and any number of threads may use it. Filters are of what is live: whoever makes one
    need not look to that.
    """

    def __init__(self, indexes: list[Index], live: list[Filter | None], first_ids: list[int]) -> None:
        """
        `live`: of each index what is not deleted, None for everything. `first_ids`: of ids that are rows, that of row 0.
        """

    @property
    def size(self) -> int:
        """The number of live items."""

    @property
    def n_rows(self) -> int:
        """The number of rows, those that are not live among them."""

    @property
    def dim(self) -> int:
        """Dimensions of a vector, 0 without segments."""

    @property
    def metric(self) -> str:
        """The metric's name, 'angular' without segments."""

    @property
    def id_kind(self) -> str:
        """'row' where all segments have that, 'int64' or 'string'."""

    @property
    def fingerprint(self) -> int:
        """Of indexes, what is live and first ids."""

    def query_drift(self) -> tuple[int, int] | None:
        """
        As an Index has it: far are queries whose nearest live item is farther than `far_from`.
        """

    @property
    def far_from(self) -> float:
        """
        The largest distance that 99 in 100 of the queries of a segment's calibration do not exceed.
        """

    def search(self, query: object, k: int, effort: int, recall: float, search_k: int, exact: bool, filter: SegmentsFilter | None = None, shares: numpy.typing.NDArray[numpy.float32] | None = None) -> nearfile.results.Neighbors | None:
        """
        One query. None where `query` is not one contiguous row of float32. Graphs go by effort and recall, forests by search_k. `shares`: which part of the answers to expect in each segment, shape (1, segments).
        """

    def search_batch(self, queries: numpy.typing.NDArray[numpy.float32], k: int, effort: int, recall: float, search_k: int, exact: bool, threads: int, ids: numpy.typing.NDArray[numpy.int64], distances: numpy.typing.NDArray[numpy.float32], shares: numpy.typing.NDArray[numpy.float32] | None = None) -> None:
        """
        A batch of queries, into arrays of shape (q, min(k, size)); rows for ids where these are str. `shares`: which part of the answers of each to expect in each segment, shape (q, segments).
        """

    def search_admitted(self, queries: numpy.typing.NDArray[numpy.float32], k: int, effort: int, recall: float, search_k: int, exact: bool, threads: int, filters: list[SegmentsFilter], excluded: numpy.typing.NDArray[numpy.int64], starts: numpy.typing.NDArray[numpy.int64], ids: numpy.typing.NDArray[numpy.int64], distances: numpy.typing.NDArray[numpy.float32]) -> None:
        """
        A batch with one filter or one a query, and rows that are excluded: of all, or of each from its start on. Into arrays of shape (q, width); -1 and nan behind the last answer of a query.
        """

    def search_radius(self, queries: numpy.typing.NDArray[numpy.float32], radius: float, recall: float, search_k: int, exact: bool, max_results: int, threads: int, filters: list[SegmentsFilter]) -> tuple[numpy.typing.NDArray[numpy.int64] | numpy.typing.NDArray[numpy.object_], numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.int64]]:
        """
        What is within a radius of a batch of queries: ids and distances one query after the other, and offsets.
        """

    def ids(self) -> numpy.typing.NDArray[numpy.int64] | list[str]:
        """Every live id, in the order of rows."""

    def live_rows(self) -> numpy.typing.NDArray[numpy.int64]:
        """Every live row."""

    def names(self, rows: numpy.typing.NDArray[numpy.int64]) -> list[str]:
        """The ids of rows, where ids are str."""

    @overload
    def find(self, id: int) -> int | None: ...

    @overload
    def find(self, id: str) -> int | None:
        """The live row of an id, None where there is none."""

    def known_rows(self, ids: numpy.typing.NDArray[numpy.int64]) -> numpy.typing.NDArray[numpy.int64]:
        """
        The live rows of ids that are numbers, without those that are not there.
        """

    def known_rows_of_names(self, names: list[str]) -> numpy.typing.NDArray[numpy.int64]:
        """The live rows of ids that are str, without those that are not there."""

    def places_of(self, rows: numpy.typing.NDArray[numpy.int64]) -> tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.int64]]:
        """Of rows, the segment that each is in and which row it is there."""

    def vector(self, row: int) -> numpy.typing.NDArray[numpy.float32]:
        """The vector of a row."""

    def vectors(self, rows: numpy.typing.NDArray[numpy.int64]) -> numpy.typing.NDArray[numpy.float32]:
        """The vectors of rows."""

    def filter_of_mask(self, mask: numpy.typing.NDArray[numpy.uint8]) -> SegmentsFilter:
        """
        Of a byte a live item, in the order of ids(), not zero where it is allowed.
        """

    def filter_of_rows(self, rows: numpy.typing.NDArray[numpy.int64]) -> SegmentsFilter:
        """Of rows; those that are not live are not allowed."""

    def filter_of_expression(self, allowed: Expression) -> SegmentsFilter:
        """Of what is live and an expression allows."""

    def rows_in(self, filter: SegmentsFilter) -> numpy.typing.NDArray[numpy.int64]:
        """What a filter allows, ascending."""
