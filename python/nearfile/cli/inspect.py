"""``nearfile inspect``: one item of an index, down to its bytes."""

import math
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, Optional, Union

import numpy as np
import typer

import nearfile
from nearfile.cli import output
from nearfile.cli.search import id_of
from nearfile.inspection import Code, Extent, Inspection, Leaf, Split

FIRST_BYTES = 8
LEAF_ITEMS = 8
LONGEST_NAME = 40


def inspect(
    index: Annotated[Path, typer.Argument(help="The index that has it.", show_default=False)],
    id_: Annotated[str, typer.Argument(metavar="ID", help="The id of the item.", show_default=False)],
    tree: Annotated[int, typer.Option(min=0, help="Of a forest: the tree whose splits are shown.")] = 0,
    values: Annotated[int, typer.Option(min=0, help="How many coordinates of vectors and codes to show.")] = 8,
    json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON; bytes are hexadecimal.")] = False,
) -> None:
    """Show where an index has an item and what its bytes say: place, leaf, neighbours, codes. docs/format.md says what they mean.

    Offsets are in bytes from the start of the file.
    """
    with nearfile.open(index) as opened:
        found = opened.inspect(id_of(opened, id_, "ID"))
        facts = opened.info()
    if tree >= max(1, len(found["leaves"])):
        raise nearfile.InvalidArgumentError(f"--tree: expected one from 0 to {len(found['leaves']) - 1}, got {tree}")
    if json:
        output.print_json(for_machines(found))
        return
    print_place(found, facts)
    print_extents(found["extents"], facts)
    if facts["structure"] == "forest":
        print_trees(found["leaves"])
    print_path(found["leaves"][tree], facts)
    print_neighbors(found, facts)
    print_code("4-bit code", found["nibbles"], values)
    print_code("1-bit code" if facts["metric"] == "hamming" else "8-bit code", found["code"], values)
    print_vector(found, facts, values)


def for_machines(part: Any) -> Any:
    """``part`` as JSON has it: bytes as hexadecimal text, and null for what a damaged file has in place of a number."""
    if isinstance(part, dict):
        return {name: for_machines(each) for name, each in part.items()}
    if isinstance(part, list):
        return [for_machines(each) for each in part]
    if isinstance(part, np.ndarray):
        return for_machines(part.tolist())
    if isinstance(part, bytes):
        return part.hex()
    return None if isinstance(part, float) and not math.isfinite(part) else part


def print_place(found: Inspection, facts: dict[str, Any]) -> None:
    """Print which item it is."""
    places = {
        "id": repr(found["id"]),
        "row": f"{found['row']:,} in the order of adding, from 0",
        "item": f"{found['item']:,} in the order of the file, from 0",
        "index": f"{facts['count']:,} items of dim {facts['dim']}, {facts['metric']}, {facts['structure']}",
    }
    output.print_facts(places)


def print_extents(extents: list[Extent], facts: dict[str, Any]) -> None:
    """Print the bytes that are this item's alone, a line a section."""
    total = sum(each["bytes"] for each in extents)
    rows = []
    for section, group in groupby(extents, key=lambda each: each["section"]):
        parts = list(group)
        own = sum(each["bytes"] for each in parts)
        where = section if len(parts) == 1 else f"{section} ({len(parts)} places)"
        rows.append((where, offset(parts[0]), f"{own:,}", f"{own / total:.1%}", first_bytes(parts[0])))
    title = f"Its bytes: {total:,} of the {facts['file_bytes']:,} of the file"
    output.print_table(("section", "offset", "bytes", "share", "first bytes"), rows, left={0, 4}, title=title)


def print_trees(leaves: list[Leaf]) -> None:
    """Print the way to the leaf of every tree of a forest, a line a tree."""
    rows = [
        (f"{leaf['tree']}", f"{leaf['leaf']:,}", f"{len(leaf['ids']):,}", " ".join(map(turn, leaf["path"])))
        for leaf in leaves
    ]
    title = f"Its leaves in {len(leaves)} trees: - below a split, + above it"
    output.print_table(("tree", "leaf", "items", "splits on the way"), rows, left={3}, title=title, wrapped=3)


def turn(split: Split) -> str:
    """A split by its number, and the side that the item is on."""
    return f"{split['split']}{'+' if split['above'] else '-'}"


def print_path(leaf: Leaf, facts: dict[str, Any]) -> None:
    """Print the way to a leaf, a line a split, and who is in it."""
    tree = "The entry tree" if facts["structure"] == "graph" else f"Tree {leaf['tree']}"
    title = (
        f"{tree}: {count(len(leaf['path']), 'split')} to leaf {leaf['leaf']:,}, whose bounds are at"
        f" {offset(leaf['bounds'])}"
    )
    by_bits = facts["metric"] == "hamming"
    rows = [
        (
            f"{split['split']:,}",
            offset(split["extent"]),
            (number(split["bit"]) if by_bits else number(split["margin"])),
            "above" if split["above"] else "below",
            "" if split["above"] == split["search_above"] else "but a search goes to the other first",
        )
        for split in leaf["path"]
    ]
    head = ("split", "offset", "bit" if by_bits else "margin", "side", "")
    output.print_table(head if rows else (), rows, left={3, 4}, title=title)
    shown = ", ".join(map(name, leaf["ids"][:LEAF_ITEMS]))
    more = f" and {len(leaf['ids']) - LEAF_ITEMS:,} more" if len(leaf["ids"]) > LEAF_ITEMS else ""
    output.print_line(f"in the leaf: {shown}{more}")


def print_neighbors(found: Inspection, facts: dict[str, Any]) -> None:
    """Print the item's vertex, a line a neighbour."""
    vertex = found["vertex"]
    if vertex is None:
        return
    id_bytes = vertex["id_bytes"]
    squared = vertex["additives"] is not None
    sketched = vertex["factors"] is not None
    rows = [
        (
            f"{each['place']}",
            *((f"{vertex['numbers']['offset'] + each['place'] * id_bytes:#x}",) if id_bytes else ()),
            name(each["id"]),
            number(each["distance"]),
            *((number(each["additive"]),) if squared else ()),
            *((number(each["factor"]),) if sketched else ()),
        )
        for each in vertex["neighbors"]
    ]
    width = f"{id_bytes} bytes a neighbour" if id_bytes else "sorted"
    title = (
        f"Its neighbours: {len(rows)} of {count(vertex['places'], 'place')} taken; {extent(vertex['extent'])}, {width}"
    )
    if vertex["factors"] and vertex["signs"]:
        additive = f"additive at {offset(vertex['additives'])}, " if vertex["additives"] else ""
        title += f"\nsketches: signs at {offset(vertex['signs'])}, {additive}factor at {offset(vertex['factors'])}"
    names = ("additive",) if squared else ()
    places = ("place", "offset") if id_bytes else ("place",)
    head = (*places, "id", facts["metric"], *names, *(("factor",) if sketched else ()))
    output.print_table(head, rows, left={len(places)}, title=title)


def print_code(kind: str, code: Optional[Code], most: int) -> None:
    """Print a code beside what was coded, a line a coordinate."""
    if code is None:
        return
    numbers = {each: code[each] for each in ("scale", "factor", "squared_norm", "error")}
    told = [f", {each} {number(value)}" for each, value in numbers.items() if value is not None]
    title = f"Its {kind}: {extent(code['extent'])}{''.join(told)}"
    exact = code["exact"]
    rows = []
    for at in range(min(most, len(code["code"]))):
        decoded = float(code["decoded"][at])
        row = [f"{at}", f"{code['code'][at]}", number(decoded)]
        if exact is not None:
            row += [number(float(exact[at])), number(decoded - float(exact[at]))]
        rows.append(row)
    head = ("coordinate", "code", "stands for", *(("exact", "off by") if exact is not None else ()))
    output.print_table(head if rows else (), rows, title=title)
    print_more(len(code["code"]), most)


def print_vector(found: Inspection, facts: dict[str, Any], most: int) -> None:
    """Print the vector, and where it lies."""
    where = found["vector"]
    lower = found["vector_lower"]
    kept = "not kept; this is what its code stands for" if where is None else f"{facts['value_type']}, {extent(where)}"
    if lower is not None:
        kept += f" for the upper halves of its values, {extent(lower)} for the lower ones"
    shown = ", ".join(number(float(each)) for each in found["values"][:most])
    output.print_table((), (), title=f"Its vector: {kept}")
    output.print_line(shown)
    print_more(len(found["values"]), most)


def print_more(there: int, shown: int) -> None:
    """Say that not all coordinates were shown."""
    if there > shown:
        output.print_line(f"and {there - shown:,} more coordinates: --values {there}")


def extent(of: Extent) -> str:
    """Where it lies and how long it is."""
    return f"{of['bytes']:,} bytes of {of['section']} at {offset(of)}"


def offset(of: Extent) -> str:
    """In hexadecimal, as dumps have it."""
    return f"{of['offset']:#x}"


def first_bytes(of: Extent) -> str:
    """The first of its bytes in hexadecimal."""
    return of["data"][:FIRST_BYTES].hex(" ") + (" ..." if of["bytes"] > FIRST_BYTES else "")


def name(id_: Union[int, str]) -> str:
    """An id on one line, whatever is in it, and not all of a long one."""
    shown = repr(id_)
    return shown if len(shown) <= LONGEST_NAME else f"{shown[: LONGEST_NAME - 3]}..."


def number(value: Union[float, None]) -> str:
    """Six digits; a dash for none."""
    return "-" if value is None else f"{value:.6g}"


def count(how_many: int, noun: str) -> str:
    """``3 splits``, ``1 split``."""
    return f"{how_many:,} {noun}{'' if how_many == 1 else 's'}"
