"""``nearfile search``: the nearest of an item, of a vector, or of queries in files."""

import errno
import glob
import os
from pathlib import Path
from typing import Annotated, Any, Optional, Union

import numpy as np
import typer

import nearfile
from nearfile.cli import results
from nearfile.cli import search_options as options
from nearfile.cli.beside import as_int
from nearfile.cli.results import Found
from nearfile.cli.sources import Format, Text, Vectors
from nearfile.reading import open_source, read_queries
from nearfile.results import lists


def search(
    index: Annotated[Path, typer.Argument(help="The index or collection to search.", show_default=False)],
    queries: options.Queries = None,
    item: options.Item = None,
    row: options.Row = None,
    vector: options.Vector = None,
    k: options.K = None,
    effort: options.Effort = None,
    recall: options.Recall = None,
    search_k: options.SearchK = None,
    exact: options.Exact = False,
    threads: options.Threads = None,
    radius: options.Radius = None,
    where: options.Where = None,
    exclude: options.Exclude = None,
    attributes: options.Attributes = None,
    vectors: Vectors = None,
    ids: options.Ids = None,
    format: Format = None,
    text: Text = None,
    prefault: options.Prefault = None,
    out: options.Output = None,
    json: options.Json = False,
    json_lines: options.JsonLines = False,
) -> None:
    """Find the nearest items of one item (--item, --row), one vector (--vector), or every query of a file."""
    if sum(given is not None for given in (queries, item, row, vector)) != 1:
        raise typer.BadParameter("expected exactly one of QUERIES, --item, --row and --vector")
    if radius is not None and effort is not None:
        raise typer.BadParameter("expected --recall with --radius, got --effort")
    if sum((json, json_lines, out is not None)) > 1:
        raise typer.BadParameter("expected one of --json, --json-lines and -o")
    target = None if out is None else results.check_target(out)
    how: dict[str, Any] = {"recall": recall, "search_k": search_k, "exact": exact, "threads": threads, "filter": where}
    with nearfile.open(index, prefault=read_first(prefault)) as opened:
        wanted = shown_columns(opened, attributes)
        query: Any
        names = None
        if queries is not None:
            query, names = asked(queries, vectors, ids, format, text)
        elif vector is not None:
            query = parse_vector(vector)
        else:
            query = nearfile.Item(id_of(opened, item, "--item") if item is not None else id_at(opened, row or 0))
        how["exclude"] = [id_of(opened, each, "--exclude") for each in exclude or []] or None
        if radius is None:
            answers = lists(opened.search(query, 10 if k is None else k, effort=effort, **how))
        else:
            answers = lists(opened.search_radius(query, radius, max_results=k, **how))
        single = not isinstance(query, np.ndarray) or query.ndim == 1
        found = found_of(opened, answers, names, wanted, single)
    results.tell(found, target, json, json_lines)


def asked(path: str, vectors: Optional[str], ids: Optional[str], format: Optional[str], text: Optional[str]) -> Any:
    """Queries of a file as one array, and what they are called, ``None`` where they have no ids."""
    if path != "-" and not glob.has_magic(path) and not os.path.exists(os.path.expanduser(path)):
        raise nearfile.MissingFileError(
            errno.ENOENT,
            f"{path}: expected a file of queries, got nothing of that name; an id goes behind --item",
            path,
        )
    if ids is None and text is None:
        return read_queries(path, vectors, format), None
    with open_source(path, vectors=vectors, ids=ids, format=format, text=text) as source:
        batches = list(source.batches())
    rows = [batch.vectors for batch in batches]
    names = [name for batch in batches for name in (batch.ids if batch.ids is not None else [])]
    names = [name.item() if isinstance(name, np.generic) else name for name in names]
    return np.concatenate(rows) if rows else np.empty((0, source.dim), np.float32), names if ids is not None else None


def shown_columns(index: nearfile.Index, names: Optional[str]) -> list[str]:
    """The columns that are to be shown.

    Raises:
        InvalidArgumentError: The index has no such column.
    """
    if names is None:
        return []
    known = list(index.columns)
    if names in ("all", "*") and names not in known:
        return known
    wanted = [name.strip() for name in names.split(",")] if names not in known else [names]
    for name in wanted:
        if name not in known:
            raise nearfile.InvalidArgumentError(
                f"--attributes: expected columns of the index, {', '.join(known) or 'which has none'}, got {name!r}"
            )
    return wanted


def found_of(index: nearfile.Index, answers: tuple[Any, Any], names: Any, wanted: list[str], single: bool) -> Found:
    """Answers with their attributes; ``names`` are what the queries are called, if anything."""
    ids, distances = ([each] for each in answers) if single else answers
    numbers = list(range(len(ids)))
    found = Found(ids, distances, index.metric, numbers if names is None else names, names is not None, single)
    if wanted:
        rows = index.attributes([each for row in ids for each in row])
        for name in wanted:
            values, start = rows[name].tolist(), 0
            found.attributes[name] = []
            for row in ids:
                found.attributes[name].append(values[start : start + len(row)])
                start += len(row)
    return found


def read_first(text: Optional[str]) -> Union[bool, str]:
    """What ``--prefault`` asks for, as ``nearfile.open`` takes it."""
    if text not in (None, "all", "hot"):
        raise typer.BadParameter(f"--prefault: expected all or hot, got {text}")
    return text == "all" if text != "hot" else text


def id_at(index: nearfile.Index, row: int) -> Union[int, str]:
    """The id of a row in the order of adding."""
    if not 0 <= row < len(index):
        raise nearfile.InvalidArgumentError(f"--row: expected one from 0 to {len(index) - 1}, got {row}")
    found = index.ids[row]
    return found if isinstance(found, str) else int(found)


def id_of(index: nearfile.Index, text: str, argument: str) -> Union[int, str]:
    """The id that ``text`` is on the command line, by the kind of the index's ids; ``argument`` is where it stands."""
    if index.info()["id_kind"] == "string":
        return text
    number = as_int(text)
    if number is None:
        numbered = " (it was built without --ids, so they are row numbers)" if index.info()["id_kind"] == "row" else ""
        raise nearfile.InvalidArgumentError(
            f"{argument}: expected a whole number, as this index's ids are, got {text!r}{numbered}"
        )
    return number


def parse_vector(text: str) -> list[float]:
    """Numbers with commas between them."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise nearfile.InvalidArgumentError(f"--vector: expected numbers with commas, 0.1,0.2, got {text!r}") from None
