"""Writes a nearfile out, byte by byte with what each means, and reads that back: the dumps in docs/format.md.

A line is an offset, bytes, a bar and what they are; ``0020..003f`` with one byte is a run of that byte.
"""

from __future__ import annotations

import importlib.util
import pathlib
import re
from collections.abc import Iterator

import numpy as np

_path = pathlib.Path(__file__).resolve().parent.parent.parent / "tools" / "read_index.py"
_spec = importlib.util.spec_from_file_location("read_index", _path)
assert _spec is not None
assert _spec.loader is not None
read_index = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(read_index)

BYTES_A_LINE = 8


def line(offset: int, data: bytes, meaning: str) -> str:
    """One or more lines, of which the first has the meaning."""
    if len(data) > BYTES_A_LINE and not any(data):
        return f"{f'{offset:04x}..{offset + len(data) - 1:04x}  00':30}| {meaning}\n"
    text = ""
    for start in range(0, len(data), BYTES_A_LINE):
        shown = data[start : start + BYTES_A_LINE].hex(" ")
        text += f"{offset + start:04x}  {shown:23} | {meaning}".rstrip() + "\n"
        meaning = ""
    return text


def struct_lines(data: bytes, offset: int, layout: np.dtype, skip: tuple[str, ...] = ()) -> str:
    """A line for each field."""
    text = ""
    values = np.frombuffer(data, layout, 1, offset)[0]
    for name, (of, at, *_) in layout.fields.items():
        if name not in skip:
            field = data[offset + at : offset + at + of.itemsize]
            text += line(offset + at, field, f"{name}{explained(name, values[name], of)}")
    return text


def explained(name: str, value: object, of: np.dtype) -> str:
    """The value of a field in words."""
    names = {
        "metric": read_index.METRICS,
        "value_type": read_index.VALUE_TYPES,
        "id_kind": read_index.ID_KINDS,
        "code_kind": read_index.CODE_KINDS,
        "kind": (None, *read_index.SECTIONS),
    }
    if of.kind == "V":
        return ""
    if of.kind == "S":
        return f" {value.decode()}"
    if name in names:
        return f" {value}: {names[name][value]}"
    if name in ("below", "above"):
        return f": {reference(value)}"
    if name in ("endian_tag", "header_crc", "crc"):
        return f" {value:#010x}"
    return f" {value!s}"


def reference(value: int) -> str:
    """What a root, or one side of a split, points to."""
    return f"leaf {value & ~read_index.LEAF_BIT}" if value & read_index.LEAF_BIT else f"split {value}"


def code_lines(index: object) -> Iterator[tuple[int, str]]:
    """The rows of scaled codes: lengths and meanings."""
    dim, tail = index.dim, read_index.round_up(index.dim, 4)
    for row in range(index.count):
        codes = index.codes[row, :dim].view(np.int8).tolist()
        yield dim, f"row {row}: code {codes}"
        if tail > dim:
            yield tail - dim, "zeros to a multiple of 4"
        scale, squares, error = index.codes[row, tail : tail + 12].copy().view(np.float32)
        yield 4, f"scale {scale!s}"
        yield 4, f"squared_norm {squares!s}"
        yield 4, f"error {error!s}"
        if index.codes.shape[1] > tail + 12:
            yield index.codes.shape[1] - tail - 12, "zeros to the stride"


def section_lines(index: object, name: str) -> Iterator[tuple[int, str]]:
    """Lengths and meanings of what is in a section; together they cover it."""
    if name == "codes":
        yield from code_lines(index)
    elif name == "roots":
        for tree, ref in enumerate(index.roots):
            yield 4, f"tree {tree} starts at {reference(int(ref))}"
    elif name == "leaf_starts":
        for leaf, start in enumerate(index.leaf_starts[:-1]):
            yield 8, f"leaf {leaf} starts at item {start}"
        yield 8, f"the end of the last leaf: {index.leaf_starts[-1]}"
    elif name == "leaf_items":
        for item in index.leaf_items:
            yield 4, f"row {item}"
    elif name == "center":
        for dimension, value in enumerate(index.center):
            yield 4, f"center of dimension {dimension}: {value!s}"
    elif name == "vectors":
        for row, values in enumerate(index.stored):
            yield values.nbytes, f"row {row}: {values.tolist()}"
    elif name == "inverse_lengths":
        for row, value in enumerate(index.inverse_lengths):
            yield 4, f"row {row}: {value!s}"
    elif name == "id_text_starts":
        for row, start in enumerate(index.section("id_text_starts", "<u8", -1)[:-1]):
            yield 8, f"the id of row {row} starts at byte {start}"
        yield 8, "and the last one ends here"
    elif name == "id_text":
        for text in index.ids:
            yield len(text.encode()), f"{text!r}"
    else:
        assert name == "id_order", name
        for rank, row in enumerate(index.id_order):
            yield 4, f"id {rank} in their order is that of row {row}: {index.ids[row]!r}"


def load(data: bytes) -> object:
    """The reader's view of these bytes."""
    return read_index.IndexFile(np.frombuffer(data, np.uint8))


def whole(data: bytes) -> str:
    """All of a small file with scaled codes, string ids and no splits."""
    index = load(data)
    text = struct_lines(data, 0, read_index.HEADER, skip=("description",))
    text += "\n" + struct_lines(data, 64, read_index.DESCRIPTION)
    end = 256
    for _ in index.table:
        text += "\n" + struct_lines(data, end, read_index.SECTION_ENTRY)
        end += 32
    for kind, entry in index.table.items():
        offset = int(entry["offset"])
        text += "\n" + line(end, data[end:offset], "zeros")
        name = read_index.SECTIONS[kind - 1]
        text += f"\n# section {name}\n"
        for length, meaning in section_lines(index, name):
            text += line(offset, data[offset : offset + length], meaning)
            offset += length
        end = int(entry["offset"]) + int(entry["length"])
        assert offset == end, name
    return text + "\n" + line(end, data[end:], "zeros")


def first_split(data: bytes) -> str:
    """The first split of a file and its plane."""
    index = load(data)
    text = "# section splits, its first row\n"
    entry = index.table[read_index.SECTIONS.index("splits") + 1]
    text += struct_lines(data, int(entry["offset"]), read_index.SPLIT)
    offset = int(index.table[read_index.SECTIONS.index("planes") + 1]["offset"])
    text += "\n# section planes, its first row\n"
    return text + line(offset, data[offset : offset + index.plane_dim], f"code {index.planes[0].tolist()}")


def parse(text: str) -> dict[int, int]:
    """The bytes that a dump shows, by their offsets."""
    shown = {}
    pattern = re.compile(r"([0-9a-f]{4,})(?:\.\.([0-9a-f]{4,}))?  ([0-9a-f ]+)(?:\||$)")
    for each in text.splitlines():
        if not each or each.startswith("#"):
            continue
        match = pattern.match(each)
        assert match is not None, each
        start, data = int(match[1], 16), bytes.fromhex(match[3])
        if match[2] is not None:
            data *= int(match[2], 16) + 1 - start
        for at, byte in enumerate(data, start):
            assert at not in shown, each
            shown[at] = byte
    return shown
