"""Builds of what is read: one file, or what is added to a collection."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nearfile
from nearfile import _core, arguments
from nearfile.builder import Builder
from nearfile.cli.beside import Rows
from nearfile.cli.progress import Shown
from nearfile.clusters import publishing
from nearfile.collection import Collection
from nearfile.collection.names import holds_collection
from nearfile.collection.writer import SEGMENT_ROWS
from nearfile.errors import InvalidArgumentError
from nearfile.inputs import attributes as attributes_module
from nearfile.reading import Batch
from nearfile.reading.formats import ENDINGS, ending_of
from nearfile.reading.part import STDIN

MAGIC = b"NEARFILE"

#: What is built where nothing else is asked for, and the collection that is added to says nothing either.
DEFAULTS = {"metric": "angular", "profile": arguments.DEFAULT_PROFILE, "keep": arguments.DEFAULT_KEEP}

Item = tuple[Batch, Any, Any]


def is_collection(target: str) -> bool:
    """Whether a target is the folder of a collection, there or to be made: a folder, or a path that ends in a slash.

    Raises:
        InvalidArgumentError: It is a folder with something else in it, a source, or a file that is no index.
    """
    path = arguments.path(target)
    if os.path.isdir(path):
        if not holds_collection(path) and os.listdir(path):
            raise InvalidArgumentError(
                f"{target}: expected a collection, an empty folder or a new one, got a folder with other files: add a file"
                " name"
            )
        return True
    if target.endswith(("/", os.sep)):
        return True
    if target == STDIN:
        raise InvalidArgumentError(
            "-: expected where to write the index, as items.near, got standard input: give it first"
        )
    if ending_of(target) is not None:
        raise InvalidArgumentError(
            f"{target}: expected where to write the index, as items.near, got a source, which ends in"
            f" {', '.join(ENDINGS)}: give the target last"
        )
    if os.path.isfile(path) and os.path.getsize(path):
        with open(path, "rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise InvalidArgumentError(
                    f"{target}: expected a new file or an index to replace, got a file that is none: give another name"
                )
    return False


def into_file(
    path: str, rows: Rows, shown: Shown, *, like: Path | None, memory: str | None, **options: Any
) -> nearfile.Index:
    """Build one file."""
    options = {**options, **{name: options[name] or usual for name, usual in DEFAULTS.items()}}
    whole = rows.source.mapped
    if whole is not None and memory is None:  # which need not be copied
        progress = shown if shown.drawn else False
        return nearfile.build(
            whole, path, ids=rows.ids, attributes=rows.attributes, like=like, progress=progress, **options
        )
    builder = builder_of(path, rows, shown, memory=memory, **options)
    fill(builder, rows, rows.batches(), shown)
    return built(builder, rows, like)


def builder_of(path: str, rows: Rows, shown: Shown, *, memory: str | None, **options: Any) -> Builder:
    """A builder, which gets what reading leaves of a given memory."""
    given, kept = arguments.memory(memory), rows.source.takes
    if given is not None and given < 2 * kept:
        raise InvalidArgumentError(
            f"memory: expected at least {2 * kept >> 20}MiB, of which reading takes {kept >> 20}, got {memory}"
        )
    left = None if given is None else given - kept
    return Builder(rows.source.dim, path=path, memory=left, progress=shown if shown.drawn else False, **options)


def fill(builder: Builder, rows: Rows, batches: Iterator[Item], shown: Shown) -> None:
    """Add all batches; what is refused is said with its file and row."""
    for batch, ids, attributes in batches:
        try:
            builder.add(batch.vectors, ids, attributes=attributes)
        except InvalidArgumentError as error:
            raise rows.source.explain(error, batch) from None
        shown("reading", len(builder), rows.source.count, rows=True)
    rows.source.close()
    pyarrow = sys.modules.get("pyarrow")
    if pyarrow is not None:  # which keeps what it has let go of
        pyarrow.default_memory_pool().release_unused()


def built(builder: Builder, rows: Rows, like: Path | None = None) -> nearfile.Index:
    """The index of a builder; ids that come twice are said with their files and rows."""
    try:
        return builder.build(like=like)
    except InvalidArgumentError as error:
        raise rows.source.explain(error, None) from None


def into_collection(path: str, rows: Rows, shown: Shown, *, memory: str | None, **options: Any) -> dict[str, Any]:
    """Add to a collection, or make one: all at once, or where it fails nothing.

    One batch goes where ``Collection.add`` puts it; what is more becomes a segment of its own, within the memory given.
    """
    facts = check_fits(path, rows, options)
    batches = rows.batches()
    first = [item for item in (next(batches, None), next(batches, None)) if item is not None]
    if not first or not len(first[0][0]):
        raise InvalidArgumentError(f"{rows.source.names[0]}: expected vectors to add, got none")
    check_columns(facts, first[0])
    if facts and len(first) == 1 and len(first[0][0]) < SEGMENT_ROWS:
        return add_little(path, rows, first[0])
    with publishing.workplace(path) as (folder, own):
        part = os.path.join(own, "part.near")
        builder = builder_of(part, rows, shown, memory=memory, **options)
        fill(builder, rows, chained(first, batches), shown)
        built(builder, rows).close()
        written = {"file": "part.near", "part": 0, "fingerprint": "", "bytes": os.path.getsize(part)}
        with publishing.publish(folder, own, [written]) as index:
            return index.info()


def chained(first: list[Item], rest: Iterator[Item]) -> Iterator[Item]:
    """All of them; those that have been waiting are let go of one by one."""
    while first:
        yield first.pop(0)
    yield from rest


def check_fits(path: str, rows: Rows, options: dict[str, Any]) -> dict[str, Any]:
    """What the collection says about itself, empty where there is none; its choices are put where ``options`` has none.

    Raises:
        InvalidArgumentError: What is asked for is another one.
    """
    if options["structure"] == "forest":
        raise InvalidArgumentError(
            "structure: expected graph, as segments of a collection are, got forest: leave it out"
        )
    facts: dict[str, Any] = {}
    if holds_collection(arguments.path(path)):
        with nearfile.open(path) as there:
            facts = there.info()
        asked = {"dim": rows.source.dim, **{name: options[name] for name in DEFAULTS}}
        for name, value in asked.items():
            if value is not None and value != facts[name]:
                raise InvalidArgumentError(
                    f"{name}: expected {facts[name]!r}, as the collection {path} has, got {value!r}"
                )
    for name, usual in DEFAULTS.items():
        options[name] = options[name] or facts.get(name) or usual
    return facts


def check_columns(facts: dict[str, Any], first: Item) -> None:
    """Raise where a collection has other ids or attributes, before a segment is built in vain."""
    if not facts or facts["id_kind"] is None:
        return
    batch, ids, attributes = first
    kind = "string" if isinstance(ids, list) and ids and isinstance(ids[0], str) else "int64"
    if (facts["id_kind"] == "string") != (kind == "string"):
        raise InvalidArgumentError(f"--ids: expected {facts['id_kind']}, as the collection has, got {kind}")
    made = attributes_module.columns(attributes, len(batch)) or _core.Columns()
    own = {str(made.head(place)["name"]): made.head(place)["type"] for place in range(len(made))}
    expected = {column["name"]: column["type"] for column in facts["columns"]}
    if own != expected:
        raise InvalidArgumentError(f"--attributes: expected {expected}, as the collection has, got {own}")


def add_little(path: str, rows: Rows, item: Item) -> dict[str, Any]:
    """Add rows that make no segment yet, in one call."""
    batch, ids, attributes = item
    with Collection(path, background=False) as items:
        try:
            items.add(batch.vectors, ids, attributes=attributes)
        except InvalidArgumentError as error:
            raise rows.source.explain(error, batch) from None
        return items.info()
