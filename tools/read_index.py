"""Reads and searches a nearfile with NumPy alone: docs/format.md as a program, in the order of that page.

It is for learning and for checking, a thousand times slower than the library, and as plain as the page.

    python tools/read_index.py FILE                 what the file holds
    python tools/read_index.py FILE --query ROW     the neighbours of that row, by brute force and by the forest
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import heapq
import math
import sys
from collections.abc import Iterator

import numpy as np

f32 = np.float32  # the file and its numbers are in single precision, and so is the arithmetic here
FLT_MIN = np.finfo(f32).tiny


class BadFileError(ValueError):
    """The file is not one that this reader can trust."""


def check(holds: bool, what: str) -> None:
    """Refuse the file unless ``holds``."""
    if not holds:
        raise BadFileError(what)


# 1. Conventions: little-endian, CRC-32C.

CRC_TABLE = list(range(256))
for _ in range(8):
    CRC_TABLE = [crc >> 1 ^ (0x82F63B78 if crc & 1 else 0) for crc in CRC_TABLE]


def crc32c(data: bytes) -> int:
    """The checksum of ``data``; that of b"123456789" is 0xe3069283."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def layout(fields: str) -> np.dtype:
    """A struct of ``name:type`` without gaps."""
    return np.dtype([(name, f"<{of}") for name, of in (field.split(":") for field in fields.split())])


# 2. The header, the table of sections, and 3. the description inside the header.

HEADER = layout(
    "magic:S8 format_version:u4 endian_tag:u4 file_bytes:u8 section_count:u4 header_crc:u4 reserved:V32 "
    "description:V192"
)
SECTION_ENTRY = layout("kind:u4 flags:u4 offset:u8 length:u8 crc:u4 reserved:u4")
DESCRIPTION = layout(
    "metric:u4 structure:u4 dim:u4 count:u4 value_type:u4 id_kind:u4 code_kind:u4 code_scale:f4 n_trees:u4 "
    "leaf_size:u4 seed:u8 plane_dim:u4 n_trees_asked:u4 library_version:S16 "
    "profile:u4 keep:u4 degree:u4 walk_dim:u4 space:u4 sketch_dim:u4 reserved:V76 calibrated_nearest:5f4"
)
PAGE = 4096
ALIGNMENT = TRAILING_BYTES = 64
FLAG_REQUIRED = 1

METRICS = ("angular", "cosine", "euclidean", "dot", "manhattan", "hamming")
VALUE_TYPES = ("float32", "float16", "uint8", "bit")
ID_KINDS = ("row", "int64", "string")
STRUCTURES = ("forest", "graph")
PROFILES = ("compact", "balanced", "fast")
KEEPS = ("exact", "half", "none")
SPACES = ("own", "projection", "rotation", "whitened")
CODE_KINDS = ("scaled", "uniform_exact", "uniform", "bits", "none", "split")
CODES_OF = {
    "hamming": ("bits",),
    "manhattan": ("uniform", "uniform_exact"),
    "euclidean": ("scaled", "uniform_exact", "none", "split"),
    "dot": ("scaled", "none"),
}
# Kind 1 is the first.
SECTIONS = ("codes", "roots", "splits", "planes", "leaf_starts", "leaf_items", "projection", "projection_scales")
SECTIONS += ("center", "vectors", "int64_ids", "id_text_starts", "id_text", "id_order")
SECTIONS += ("vertices", "nibbles", "row_of_item", "item_of_row", "calibration", "whitening", "nibble_tails")
SECTIONS += ("inverse_lengths", "lower_nibbles", "sorted_vertices", "columns", "column_values")

# 4. What sections are made of.

SPLIT = layout("below:u4 above:u4 scale:f4 offset:f4")
BIT_SPLIT = layout("below:u4 above:u4 bit:u4 reserved:u4")
COLUMN_ENTRY = layout(
    "type:u4 ticks_per_second:u4 name_bytes:u4 time_zone_bytes:u4 missing:u4 distinct:u4 elements:u8 postings:u8 "
    "text_bytes:u8 reserved:V16"
)
COLUMN_TYPES = ("bool", "int64", "float64", "timestamp", "string", "strings")
BLOCK_ITEMS = 1024  # of which columns have a minimum and a maximum
LEAF_BIT = 0x80000000
NO_NEIGHBOR = 0xFFFFFFFF


def round_up(value: int, multiple: int) -> int:
    """The next multiple, or ``value`` itself."""
    return (value + multiple - 1) // multiple * multiple


def name_of(names: tuple[str, ...], number: int) -> str:
    """What ``number`` stands for."""
    check(number < len(names), f"{number} is none of {names}")
    return names[number]


class Column:
    """One column of attributes; its arrays are taken from ``data``, the section column_values, from ``first`` on."""

    def __init__(self, entry: np.void, count: int, data: np.ndarray, first: int) -> None:
        self.count, self.end = count, first
        self.type = name_of(COLUMN_TYPES, entry["type"])
        self.missing, self.distinct = int(entry["missing"]), int(entry["distinct"])
        self.ticks_per_second = int(entry["ticks_per_second"])
        elements, postings, text_bytes = (int(entry[name]) for name in ("elements", "postings", "text_bytes"))
        self.data = data
        text, lists = self.type.startswith("string"), self.type == "strings"
        words = round_up(count, 64) // 64
        self.present = self.bits("<u8", words) if self.missing else np.ones(count, bool)
        if self.type == "bool":
            self.values = self.bits("<u8", words)
        elif not text:
            self.values = self.take("<f8" if self.type == "float64" else "<i8", count)
        code = "<u1" if self.distinct <= 1 << 8 else "<u2" if self.distinct <= 1 << 16 else "<u4"
        self.list_starts = self.take("<u4", count + 1) if lists else np.arange(count + 1)
        if text:
            self.codes = self.take(code, elements if lists else count)
        elif self.type != "bool":
            self.minima, self.maxima = (self.take(self.values.dtype, -(-count // BLOCK_ITEMS)) for _ in range(2))
        if text:
            self.posting_starts = self.take("<u4", self.distinct + 1)
            self.postings = self.take("<u4", postings)
            self.text_starts = self.take("<u4" if text_bytes < 1 << 32 else "<u8", self.distinct + 1)
            self.text = self.take(np.uint8, text_bytes)
        del self.data

    def take(self, dtype: object, size: int) -> np.ndarray:
        """The next array, which starts at a multiple of 64."""
        dtype, start = np.dtype(dtype), self.end
        end = start + size * dtype.itemsize
        check(end <= len(self.data), "the values of a column are cut short")
        self.end = round_up(end, ALIGNMENT)
        return self.data[start:end].view(dtype)

    def bits(self, dtype: object, words: int) -> np.ndarray:
        """A bitmap of items."""
        return np.unpackbits(self.take(dtype, words).view(np.uint8), bitorder="little")[: self.count].astype(bool)

    def string(self, code: int) -> str:
        """What a code stands for."""
        check(code < self.distinct, "a string that does not exist")
        start, end = self.text_starts[code : code + 2].tolist()
        check(start <= end <= len(self.text), "a string is not in its text")
        return self.text[start:end].tobytes().decode()

    def strings(self, item: int) -> list[str]:
        """The strings of an item: its list, or the one that it has."""
        start, end = self.list_starts[item : item + 2].tolist()
        check(start <= end <= len(self.codes), "a list is not in its codes")
        return [self.string(code) for code in self.codes[start:end].tolist()]

    def value(self, item: int) -> object:
        """What an item has: None where it has no value, ticks of a timestamp."""
        if not self.present[item]:
            return None
        if self.type.startswith("string"):
            return self.strings(item) if self.type == "strings" else self.strings(item)[0]
        return self.values[item].item()

    def verify(self) -> None:
        """Missing values are zeros, blocks have their minima and maxima, strings ascend and have their postings."""
        check(int((~self.present).sum()) == self.missing, "other values are missing than it says")
        if not self.type.startswith("string"):
            check(not self.values[~self.present].any(), "a value that is missing is not zero")
            for block, first in enumerate(range(0, self.count if self.type != "bool" else 0, BLOCK_ITEMS)):
                values = self.values[first : first + BLOCK_ITEMS][self.present[first : first + BLOCK_ITEMS]]
                numbers = values[~np.isnan(values)]
                if len(numbers):
                    check(self.minima[block] == numbers.min(), "a minimum is not that of its block")
                expected = np.nan if len(numbers) < len(values) else numbers.max() if len(numbers) else None
                check(expected is None or np.array_equal([expected], [self.maxima[block]], True), "nor is a maximum")
            return
        strings = [self.string(code).encode() for code in range(self.distinct)]
        check(all(a < b for a, b in zip(strings, strings[1:])), "the strings of a column do not ascend")
        postings: list[list[int]] = [[] for _ in strings]
        for item in np.flatnonzero(self.present).tolist():
            for code in set(self.codes[self.list_starts[item] : self.list_starts[item + 1]].tolist()):
                postings[code].append(item)
        check(
            self.postings.tolist() == [item for each in postings for item in each],
            "the postings are not those of the strings",
        )
        check(np.diff(self.posting_starts).tolist() == [len(each) for each in postings], "nor do they start there")


class IndexFile:
    """One file, checked, with every section as an array; ``data`` are its bytes as uint8."""

    def __init__(self, data: np.ndarray) -> None:
        self.data = data
        check(len(data) >= HEADER.itemsize, "shorter than a header")
        self.header = header = data[: HEADER.itemsize].view(HEADER)[0]
        check(bytes(header["magic"]) == b"NEARFILE", "not a nearfile")
        check(header["endian_tag"] == 0x01020304, "written with another order of bytes")
        check(header["format_version"] == 1, "another version of the format")
        check(header["file_bytes"] == len(data), "cut short, or something was appended")
        check(header["section_count"] <= 64, "too many sections")
        end = HEADER.itemsize + int(header["section_count"]) * SECTION_ENTRY.itemsize
        check(end <= len(data), "cut short inside the table")
        start = bytearray(data[:end])
        start[28:32] = bytes(4)  # header_crc itself counts as zero
        check(crc32c(start) == header["header_crc"], "the checksum of the header is wrong")
        check(not any(data[32:64]), "the reserved part of the header is not zero")

        self.table = {}
        free = PAGE
        for entry in data[HEADER.itemsize : end].view(SECTION_ENTRY):
            kind, offset, length = int(entry["kind"]), int(entry["offset"]), int(entry["length"])
            check(length > 0 and offset % ALIGNMENT == 0 and entry["reserved"] == 0, f"section {kind} is malformed")
            check(offset >= free, f"section {kind} overlaps the one before it")
            free = offset + length + TRAILING_BYTES
            check(free <= len(data), f"section {kind} does not fit in the file")
            check(kind not in self.table, f"section {kind} is there twice")
            required = entry["flags"] & FLAG_REQUIRED
            check(1 <= kind <= len(SECTIONS) or not required, f"section {kind} is required, and not known")
            check(entry["flags"] in (0, FLAG_REQUIRED), f"section {kind} has flags that are not known")
            self.table[kind] = entry

        self.description = d = data[64:256].view(DESCRIPTION)[0]
        self.metric, self.value_type = name_of(METRICS, d["metric"]), name_of(VALUE_TYPES, d["value_type"])
        self.id_kind, self.code_kind = name_of(ID_KINDS, d["id_kind"]), name_of(CODE_KINDS, d["code_kind"])
        self.dim, self.count, self.plane_dim = int(d["dim"]), int(d["count"]), int(d["plane_dim"])
        self.graph = name_of(STRUCTURES, d["structure"]) == "graph"
        self.keep, self.space = name_of(KEEPS, d["keep"]), name_of(SPACES, d["space"])
        check(1 <= self.dim <= 65536 and self.count < 1 << 31, "the description is malformed")
        check(1 <= d["n_trees"] <= 65536 and 1 <= d["leaf_size"] < 1 << 31, "the description is malformed")
        if self.space == "projection" and self.metric != "hamming":
            directions = range(64, self.dim, 64) if self.graph else (128,)
            check(self.plane_dim in directions, "the description is malformed")
        else:
            check(self.plane_dim == (0 if self.metric == "hamming" else self.dim), "the description is malformed")
        self.degree, self.walk_dim = int(d["degree"]), int(d["walk_dim"])
        self.sketch_dim = int(d["sketch_dim"]) or self.walk_dim
        self.check_walk()
        check((self.value_type == "bit") == (self.metric == "hamming"), "the value type does not fit the metric")
        check(
            self.code_kind in CODES_OF.get(self.metric, ("scaled", "none", "split")),
            "the kind of code does not fit the metric",
        )
        check(self.code_kind != "none" or self.walk_dim > 0, "there are neither codes nor sketches nor nibbles")
        check(
            self.code_kind != "uniform_exact" or self.value_type == "uint8",
            "only whole numbers are codes of themselves",
        )
        self.split_codes = self.code_kind == "split"
        if self.split_codes:
            fits = self.keep == "none" and self.space == "rotation" and self.walk_dim == self.dim and self.count > 0
            check(fits, "split codes are not of what the walk sees")
        uniform = self.code_kind.startswith("uniform")
        check(not uniform or 0 < d["code_scale"] < np.inf, "the scale of the codes is no number")
        self.open_sections()

    def check_walk(self) -> None:
        """What the description says of a graph's walk, before its sections are read."""
        check(1 <= self.degree <= 1024 if self.graph else self.degree == 0, "the description is malformed")
        if self.walk_dim:
            check(self.graph and self.walk_dim == self.plane_dim <= 4096, "the description is malformed")
            check(self.degree % 16 == 0 or self.sorted_rows(), "the description is malformed")
            check(self.space != "own", "the description is malformed")
            check(self.metric != "manhattan", "the description is malformed")
        if self.description["sketch_dim"]:
            sketched = self.walk_dim > 0 and self.code_kind != "split" and not self.sorted_rows()
            check(sketched and self.sketch_dim in range(32, self.walk_dim, 32), "the description is malformed")

    def sorted_rows(self) -> bool:
        """Whether neighbours ascend, and have no sketches."""
        return SECTIONS.index("sorted_vertices") + 1 in self.table

    def section(self, name: str, dtype: object, *shape: int) -> np.ndarray:
        """The section as an array of ``shape``, in which -1 is for the file to say."""
        entry = self.table.get(SECTIONS.index(name) + 1)
        start, length = (0, 0) if entry is None else (int(entry["offset"]), int(entry["length"]))
        dtype = np.dtype(dtype)
        bytes_a_row = dtype.itemsize * math.prod(size for size in shape if size != -1)
        fits = length % bytes_a_row == 0 if -1 in shape else length == bytes_a_row
        check(fits, f"section {name} has {length} bytes, which does not fit {shape} values of {dtype}")
        return self.data[start : start + length].view(dtype).reshape(shape)

    def open_sections(self) -> None:
        """Every section has the length that the description asks for."""
        n, dim, bits = self.count, self.dim, self.metric == "hamming"
        tail = round_up(dim, 4)
        strides = {
            "scaled": round_up(tail + 12, 16),
            "uniform_exact": dim,
            "uniform": tail + 4,
            "bits": round_up(dim, 64) // 8,
        }
        self.codes = np.zeros((n, 0), np.uint8)
        if self.code_kind in strides:
            self.codes = self.section("codes", np.uint8, n, strides[self.code_kind])
        # Where the codes are exact they are the vectors.
        if self.code_kind in ("uniform_exact", "bits"):
            self.stored = self.codes
        elif self.keep == "none" and self.code_kind != "none":
            self.stored = None
        elif self.code_kind == "none" and self.value_type == "float32" and not self.sorted_rows():
            upper, lower = self.section("vectors", "<u2", 2, n, dim).astype(np.uint32)
            self.stored = (upper << 16 | lower).view(f32)
        else:
            self.stored = self.section("vectors", self.value_type, n, dim)
        directions = self.metric in ("angular", "cosine")
        if self.stored is not None and directions:
            self.inverse_lengths = self.section("inverse_lengths", f32, n)
        self.center = self.section("center", f32, 0 if self.metric in ("dot", "hamming") or n == 0 else dim)

        n_trees = 0 if n == 0 else 1 if self.graph else int(self.description["n_trees"])
        self.roots = self.section("roots", "<u4", n_trees)
        self.splits = self.section("splits", BIT_SPLIT if bits else SPLIT, -1)
        self.planes = self.section("planes", np.int8, len(self.splits), self.plane_dim)
        self.leaf_starts = self.section("leaf_starts", "<u8", -1)
        self.leaf_items = self.section("leaf_items", "<u4", 0 if self.graph else n_trees * n)
        if self.graph:
            self.open_graph()
        if self.space == "whitened":
            check(self.graph and self.metric == "dot" and dim <= 256, "the space does not fit the metric")
            self.whitening = np.zeros((dim, dim), f32)
            self.whitening[np.tril_indices(dim)] = self.section("whitening", f32, dim * (dim + 1) // 2 if n else 0)
        self.projected = not bits and self.space == "projection" and n > 0
        if self.projected:
            self.projection = self.section("projection", np.int8, self.plane_dim, dim)
            self.projection_scales = self.section("projection_scales", f32, self.plane_dim)

        self.ids = list(range(n))
        if self.id_kind == "int64":
            self.ids = self.section("int64_ids", "<i8", n).tolist()
        if self.id_kind == "string":
            starts = self.section("id_text_starts", "<u8", n + 1 if n else 0).tolist()
            text = self.section("id_text", np.uint8, -1).tobytes()
            check(starts == sorted(starts), "the texts of ids do not follow one another")
            check(n == 0 or (starts[0], starts[-1]) == (0, len(text)), "the ids do not cover their text")
            self.ids = [text[a:b].decode(errors="replace") for a, b in zip(starts, starts[1:])]
        self.id_order = range(n)
        if SECTIONS.index("id_order") + 1 in self.table:
            self.id_order = self.section("id_order", "<u4", n).tolist()
            check(all(row < n for row in self.id_order), "the order of ids has a row that does not exist")
        self.columns: dict[str, Column] = {}
        if SECTIONS.index("columns") + 1 in self.table:
            self.open_columns()

    def open_columns(self) -> None:
        """Attributes by name, and for each a time zone."""
        directory, values = self.section("columns", np.uint8, -1), self.section("column_values", np.uint8, -1)
        check(len(directory) >= 8, "the directory of columns is cut short")
        size = int(directory[:8].view("<u8")[0])
        at = 8 + size * COLUMN_ENTRY.itemsize
        check(1 <= size <= 4096 and at <= len(directory), "the directory of columns is cut short")
        end, self.time_zones = 0, {}
        for entry in directory[8:at].view(COLUMN_ENTRY):
            column = Column(entry, self.count, values, end)
            end, split = column.end, at + int(entry["name_bytes"])
            name = directory[at:split].tobytes().decode()
            at = split + int(entry["time_zone_bytes"])
            check(at <= len(directory) and name not in self.columns, "a column has no name of its own")
            self.columns[name], self.time_zones[name] = column, directory[split:at].tobytes().decode()
        check(at == len(directory) and end == len(values), "there is more than the columns have")

    def attributes(self, row: int) -> dict[str, object]:
        """What is known of a row beside its vector."""
        item = int(self.item_of_row[row]) if self.graph else row
        return {name: column.value(item) for name, column in self.columns.items()}

    def open_graph(self) -> None:
        """The neighbours of every item, the order of items, and what sketches and nibbles are made of."""
        n, dim = self.count, self.walk_dim
        if self.sorted_rows():
            self.open_sorted_vertices()
        else:
            self.open_vertices(0 if self.split_codes else self.sketch_dim)
        if dim > 0:
            self.nibbles = self.halves("nibbles")
            self.nibble_factor, self.nibble_squares = self.section("nibble_tails", f32, n, 2).T
        if self.split_codes:
            self.lower_nibbles = self.halves("lower_nibbles")
        self.row_of_item = self.section("row_of_item", "<u4", n)
        self.item_of_row = self.section("item_of_row", "<u4", n)
        check(all(self.row_of_item < n) and all(self.item_of_row < n), "the order of items has one that does not exist")

    def halves(self, name: str) -> np.ndarray:
        """Four bits a coordinate."""
        blocks = self.section(name, np.uint8, self.count, round_up(self.walk_dim, 64) // 2).reshape(self.count, -1, 32)
        return np.stack([blocks & 15, blocks >> 4], axis=2).reshape(self.count, -1)[:, : self.walk_dim]

    def open_vertices(self, dim: int) -> None:
        """Neighbours one after another, with sketches that see ``dim`` dimensions, or 0 without."""
        n, degree = self.count, self.degree
        width = 2 if n <= 0xFFFF else 3 if n <= 0xFFFFFF else 4
        squared = dim > 0 and self.metric != "dot"
        bits = degree * round_up(dim, 32) // 8
        numbers = 0 if dim == 0 else bits + degree * (2 if squared else 1)
        scales = numbers + width * degree
        stride = scales if dim == 0 else round_up(scales + (12 if squared else 4), 16)
        vertices = self.section("vertices", np.uint8, n, stride)
        self.neighbors = np.zeros((n, degree, 4), np.uint8)
        self.neighbors[:, :, :width] = vertices[:, numbers:scales].reshape(n, degree, width)
        self.neighbors = self.neighbors.view("<u4")[:, :, 0]
        self.no_neighbor = NO_NEIGHBOR >> (32 - 8 * width)
        if dim > 0:
            steps = vertices[:, scales : scales + (12 if squared else 4)].copy().view(f32).T[:, :, None]
            self.factor = steps[0] * vertices[:, numbers - degree : numbers]
            if squared:
                roots = vertices[:, bits : bits + degree].astype(f32)
                self.additive = steps[2] + steps[1] * (roots * roots)
            signs = vertices[:, :bits].reshape(n, degree // 16, -1, 16).swapaxes(2, 3).reshape(n, degree, -1)
            self.signs = np.unpackbits(signs, axis=2, bitorder="little")[:, :, :dim].astype(np.int8) * 2 - 1

    def open_sorted_vertices(self) -> None:
        """Ascending neighbours: the lower bits of each, and where the ones of a row of bits stand the upper ones."""
        n, degree, self.no_neighbor = self.count, self.degree, NO_NEIGHBOR
        lower_bits = max((n // degree).bit_length() - 1, 0)
        upper_at, upper_bits = round_up(degree * lower_bits, 8), degree + ((n - 1) >> lower_bits)
        vertices = self.section("sorted_vertices", np.uint8, n, (upper_at + round_up(upper_bits, 8)) // 8)
        self.neighbors = np.full((n, degree), NO_NEIGHBOR, np.uint32)
        for item, row in enumerate(np.unpackbits(vertices, axis=1, bitorder="little")):
            ones = np.flatnonzero(row[upper_at : upper_at + upper_bits])
            check(len(ones) <= degree, "a vertex has more neighbours than places")
            lower = row[: degree * lower_bits].reshape(degree, lower_bits) @ (1 << np.arange(lower_bits))
            places = np.arange(len(ones))
            self.neighbors[item, places] = ((ones - places) << lower_bits) + lower[places]

    def in_rows(self, items: np.ndarray) -> np.ndarray:
        """What is in the order of items in that of rows."""
        return items[self.item_of_row] if self.graph else items

    def vectors(self) -> np.ndarray:
        """Every vector as it was added, or what is kept of it, as float32 (all value types are float32 numbers)."""
        if self.value_type == "bit":
            return self.in_rows(np.unpackbits(self.codes, axis=1, bitorder="little")[:, : self.dim].astype(f32))
        if self.stored is not None:
            return self.in_rows(self.stored.astype(f32))
        if self.split_codes:
            whole = 16 * self.nibbles.astype(np.int32) + self.lower_nibbles - 128
            seen = (self.nibble_factor / f32(16))[:, None] * whole.astype(f32)
            vectors = turned_back(seen, int(self.description["seed"])) + self.center
            if self.metric in ("angular", "cosine"):
                vectors[self.nibble_factor == 0] = 0  # without direction
            return self.in_rows(vectors)
        vectors = self.approximations()[0] + (self.center if len(self.center) else f32(0))
        if self.metric in ("angular", "cosine"):
            tail = round_up(self.dim, 4)
            vectors[self.in_rows(~self.codes[:, tail : tail + 4].any(axis=1))] = 0  # without direction
        return vectors

    def approximations(self) -> tuple[np.ndarray, np.ndarray]:
        """What the codes stand for, relative to the center, and for each row how far that is from the vector."""
        n, dim, tail = self.count, self.dim, round_up(self.dim, 4)
        if self.code_kind == "scaled":
            scale, _squared_norm, error = self.codes[:, tail : tail + 12].copy().view(f32).T
            return self.in_rows(scale[:, None] * self.codes[:, :dim].view(np.int8)), self.in_rows(error)
        check(self.code_kind not in ("bits", "none", "split"), "there are no approximations")
        if self.code_kind == "uniform_exact":
            return self.in_rows(self.codes.astype(f32) - self.center), np.zeros(n, f32)
        steps = self.description["code_scale"] * (self.codes[:, :dim].astype(f32) - 128)
        return self.in_rows(steps), self.in_rows(self.codes[:, tail:].copy().view(f32)[:, 0])

    # 5. What a reader can check further: what verify() does beyond opening.

    def verify(self) -> None:
        """Checksums, trees and ids, for which everything is read. What follows here is for files that pass."""
        end = HEADER.itemsize + len(self.table) * SECTION_ENTRY.itemsize
        for kind, entry in self.table.items():
            start = int(entry["offset"])
            check(not self.data[end:start].any(), f"the bytes before section {kind} are not zero")
            end = start + int(entry["length"])
            check(crc32c(self.data[start:end].tobytes()) == entry["crc"], f"the checksum of section {kind} is wrong")
        check(not self.data[end:].any(), "the bytes after the last section are not zero")
        reached: set[int] = set()
        for root in self.roots.tolist():
            items, stack = [], [root]
            while stack:
                ref = stack.pop()
                if ref & LEAF_BIT:
                    items += self.leaf(ref)
                    continue
                check(ref not in reached, "nodes do not form trees")
                reached.add(ref)
                stack += [int(self.split(ref)["below"]), int(self.split(ref)["above"])]
            check(sorted(items) == list(range(self.count)), "a tree does not have every item once")
        if self.graph:
            check(
                all(self.item_of_row[self.row_of_item] == range(self.count)),
                "row_of_item and item_of_row do not belong together",
            )
            known = (self.neighbors < self.count) | (self.neighbors == self.no_neighbor)
            check(bool(known.all()), "a vertex has a neighbour that does not exist")
        if self.id_kind != "row":
            ordered = [self.ids[row] if self.id_kind == "int64" else self.ids[row].encode() for row in self.id_order]
            check(all(a < b for a, b in zip(ordered, ordered[1:])), "the ids do not ascend in their order")
        for column in self.columns.values():
            column.verify()

    # 6. Searching by hand: brute force.

    def distances(self, query: np.ndarray, rows: list[int]) -> np.ndarray:
        """By definition, in double precision. The inner product is the only one of which more is nearer."""
        q, v = query.astype(np.float64), self.vectors()[rows].astype(np.float64)
        if self.metric == "dot":
            return v @ q
        if self.metric in ("manhattan", "hamming"):
            return np.abs(v - q).sum(axis=1)
        if self.metric == "euclidean":
            return np.sqrt(((v - q) ** 2).sum(axis=1))
        lengths = np.sqrt((v * v).sum(axis=1) * (q @ q))
        cosine = np.divide(v @ q, lengths, out=np.zeros(len(v)), where=lengths > 0)
        cosine = np.clip(cosine, -1, 1)
        return 1 - cosine if self.metric == "cosine" else np.sqrt(2 - 2 * cosine)

    def nearest(self, query: np.ndarray, rows: list[int], k: int) -> list[tuple[int, float]]:
        """The k best of ``rows`` with their distances; ties by smaller id, and where ids are strings by row."""
        found = self.distances(query, rows).tolist()
        sign = -1 if self.metric == "dot" else 1
        tie = rows if self.id_kind == "string" else [self.ids[row] for row in rows]
        order = sorted(range(len(rows)), key=lambda j: (sign * found[j], tie[j]))
        return [(rows[j], found[j]) for j in order[:k]]

    # 6. Searching by hand: the forest.

    def seen_by_planes(self, query: np.ndarray) -> tuple[np.ndarray, np.float32]:
        """The query as the planes see it: a scaled code relative to the center, projected where planes are."""
        values = query.astype(f32)
        if self.metric in ("angular", "cosine"):
            values = normalised(values)
        code, scale = scaled_code(values - self.center if len(self.center) else values)
        if not self.projected:
            return code, scale
        return scaled_code(scale * self.projection_scales * (self.projection.astype(np.int64) @ code).astype(f32))

    def margin(self, query: tuple[np.ndarray, np.float32], ref: int) -> np.float32:
        """How far above the split the query is: of a plane the signed distance, of a bit 1 or -1."""
        split = self.split(ref)
        if self.metric == "hamming":
            return f32(0 if split["bit"] >= self.dim else 1 if query[0][split["bit"]] else -1)
        product = f32(self.planes[ref].astype(np.int64) @ query[0])
        offset = f32(0) if self.metric == "dot" else split["offset"]
        return split["scale"] * query[1] * product + offset

    def candidates(self, query: np.ndarray, wanted: int) -> list[int]:
        """At least ``wanted`` rows, those of the best leaves of all trees first."""
        bits = self.metric == "hamming"
        seen = (query.astype(np.int64), f32(1)) if bits else self.seen_by_planes(query)
        splits: list[tuple[float, int]] = []  # heaps of (minus the priority, reference)
        leaves: list[tuple[float, int]] = []
        found: dict[int, None] = {}

        def descend(priority: np.float32, ref: int) -> None:
            while not ref & LEAF_BIT:
                split, margin = self.split(ref), self.margin(seen, ref)
                above = margin > 0
                near, far = (split["above"], split["below"]) if above else (split["below"], split["above"])
                behind = priority - abs(margin) if bits else min(priority, f32(0)) - margin * margin
                heapq.heappush(leaves if far & LEAF_BIT else splits, (-behind, int(far)))
                if not bits and priority > 0:
                    priority = min(priority, abs(margin))
                ref = int(near)
            heapq.heappush(leaves, (-priority, ref))

        for root in self.roots.tolist():
            descend(f32(0) if bits else f32(np.inf), root)
        while len(found) < wanted and (leaves or splits):
            if leaves and (not splits or leaves[0][0] <= splits[0][0]):
                found.update(dict.fromkeys(self.leaf(heapq.heappop(leaves)[1])))
                continue
            # Eight go down together before the next leaf is taken.
            for priority, ref in [heapq.heappop(splits) for _ in range(min(8, len(splits)))]:
                descend(-priority, ref)
        return list(found)

    # 6. Searching by hand: the graph, with exact distances, from the first items, not from a leaf.

    def walk(self, query: np.ndarray, k: int, effort: int) -> list[tuple[int, float]]:
        """The k best of what a walk visits that keeps ``effort`` rows in view."""
        width, first = max(effort, k), self.row_of_item[:64].tolist()
        view, visited, expanded = self.nearest(query, first, width), set(first), set()
        while (at := next((row for row, _ in view if row not in expanded), None)) is not None:
            expanded.add(at)
            around = self.neighbors[self.item_of_row[at]]
            fresh = [row for row in self.row_of_item[around[around < self.count]].tolist() if row not in visited]
            visited.update(fresh)
            view = self.nearest(query, [row for row, _ in view] + fresh, width)
        return view[:k]

    def split(self, ref: int) -> np.void:
        """The split of a reference."""
        check(ref < len(self.splits), "a reference to a split that does not exist")
        return self.splits[ref]

    def leaf(self, ref: int) -> list[int]:
        """The rows in the leaf of a reference."""
        leaf = ref & ~LEAF_BIT
        check(leaf + 1 < len(self.leaf_starts), "a reference to a leaf that does not exist")
        start, end = self.leaf_starts[leaf : leaf + 2].tolist()
        most = self.count if self.graph else len(self.leaf_items)
        check(start <= end <= most and end - start <= self.description["leaf_size"], "a bad leaf")
        if self.graph:
            return self.row_of_item[start:end].tolist()
        items = self.leaf_items[start:end].tolist()
        check(all(item < self.count for item in items), "a leaf has an item that does not exist")
        return items

    def search(self, query: np.ndarray, k: int, search_k: int) -> list[tuple[int, float]]:
        """As the library does it, with the candidates measured one and all instead of bounded by their codes."""
        wanted = max(search_k, k, self.dim // 4)
        everything = list(range(self.count))
        return self.nearest(query, everything if wanted >= self.count else self.candidates(query, wanted), k)


def kernel_sum(terms: np.ndarray) -> np.float32:
    """The library's order of adding floats: 32 sums side by side, then folded, so that the bits are the same."""
    sums = np.zeros(32, f32)
    for start in range(0, len(terms), 32):
        part = terms[start : start + 32]
        sums[: len(part)] += part
    while len(sums) > 1:
        sums = sums[: len(sums) // 2] + sums[len(sums) // 2 :]
    return sums[0]


def split_mix(state: int) -> Iterator[int]:
    """The numbers of SplitMix64 from ``state`` on."""
    mask = (1 << 64) - 1
    while True:
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & mask
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & mask
        yield z ^ (z >> 31)


def turned_back(values: np.ndarray, seed: int) -> np.ndarray:
    """Rotated rows as they were before: the four rounds in the other order, each its own inverse."""
    n, dim = values.shape
    window = 1 << (dim.bit_length() - 1)
    first = split_mix(seed ^ (65537 * 0xD1342543DE82EF95 & (1 << 64) - 1))
    next(first)
    numbers = split_mix(next(first))
    signs = np.array([1 if next(numbers) >> 63 else -1 for _ in range(4 * dim)], f32).reshape(4, dim)
    values = values.copy()
    for turn in (3, 2, 1, 0):
        start = 0 if turn % 2 == 0 else dim - window
        half = 1
        while half < window:
            pairs = values[:, start : start + window].reshape(n, -1, 2, half)
            a, b = pairs[:, :, 0], pairs[:, :, 1]
            values[:, start : start + window] = np.stack([a + b, a - b], axis=2).reshape(n, window)
            half *= 2
        signs[turn, start : start + window] *= f32(1 / math.sqrt(window))
        values *= signs[turn]
    return values


def normalised(values: np.ndarray) -> np.ndarray:
    """Of length one; a vector of zeros stays."""
    squares = kernel_sum(values * values)
    if 1e-30 < squares < 1e30:
        return values * (f32(1) / np.sqrt(squares))
    length = math.sqrt(sum(value * value for value in values.tolist()))
    return (values.astype(np.float64) / length).astype(f32) if length > 0 else values


def scaled_code(values: np.ndarray) -> tuple[np.ndarray, np.float32]:
    """Signed bytes and the scale that makes values of them, rounded to the nearest, halves away from zero."""
    scale = max(np.abs(values).max() / f32(127), FLT_MIN)
    steps = np.clip(values * (f32(1) / scale), f32(-127), f32(127))
    return np.trunc(steps + np.where(steps < 0, f32(-0.5), f32(0.5))).astype(np.int64), scale


def main() -> None:
    """What the command does."""
    parser = argparse.ArgumentParser(description="Reads a nearfile as docs/format.md describes it.")
    parser.add_argument("file")
    parser.add_argument("--query", type=int, metavar="ROW", help="search for the neighbours of this row")
    parser.add_argument("-k", type=int, default=10)
    parser.add_argument(
        "--search-k", type=int, default=200, help="how many candidates a forest is asked for, or a graph keeps in view"
    )
    arguments = parser.parse_args()
    try:
        index = IndexFile(np.fromfile(arguments.file, np.uint8))
        index.verify()
    except (BadFileError, OSError) as error:
        sys.exit(f"{arguments.file}: {error}")
    print(f"{index.count} vectors, dim {index.dim}, {index.metric}, {index.value_type}, ids: {index.id_kind}")
    print(
        f"codes: {index.code_kind}; {len(index.roots)} trees, {len(index.splits)} splits, planes of {index.plane_dim}"
    )
    for kind, entry in index.table.items():
        name = SECTIONS[kind - 1] if 1 <= kind <= len(SECTIONS) else "unknown"
        print(f"{entry['offset']:>12} {entry['length']:>12}  {kind:2} {name}  crc {entry['crc']:08x}")
    for name, column in index.columns.items():
        zone = index.time_zones[name] and f" in {index.time_zones[name]}"
        ticks = f", {column.ticks_per_second} ticks a second{zone}" if column.ticks_per_second else ""
        print(f"column {name!r}: {column.type}{ticks}, {column.missing} missing, {column.distinct} distinct strings")
    for row in range(min(3, index.count)):
        print(f"{index.ids[row]!r}: {index.vectors()[row][:8]}{' ...' if index.dim > 8 else ''}")
        for name, value in index.attributes(row).items():
            print(f"    {name}: {value!r}")
    if arguments.query is None:
        return
    if not 0 <= arguments.query < index.count:
        sys.exit(f"--query: expected a row from 0 to {index.count - 1}, got {arguments.query}")
    query = index.vectors()[arguments.query]
    by = ("the graph", index.walk) if index.graph else ("the forest", index.search)
    for name, found in (
        ("brute force", index.nearest(query, list(range(index.count)), arguments.k)),
        (by[0], by[1](query, arguments.k, arguments.search_k)),
    ):
        print(f"nearest to {index.ids[arguments.query]!r} by {name}:")
        for row, distance in found:
            print(f"    {index.ids[row]!r}  {distance:.6g}")


if __name__ == "__main__":
    main()
