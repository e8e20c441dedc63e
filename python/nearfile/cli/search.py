"""``nearfile search``: the nearest of an item, of a vector, or of queries in a .npy file."""

from pathlib import Path
from typing import Annotated, Any, Optional, Union

import numpy as np
import typer
from rich.table import Table

import nearfile
from nearfile.cli import output
from nearfile.cli.build import as_int, read_vectors
from nearfile.radius import Within


def search(
    index: Annotated[Path, typer.Argument(help="The index or collection to search.", show_default=False)],
    queries: Annotated[
        Optional[Path],
        typer.Argument(help="A .npy file with queries, of shape (dim,) or (q, dim).", show_default=False),
    ] = None,
    item: Annotated[Optional[str], typer.Option(help="The id of an item to find the nearest of.")] = None,
    vector: Annotated[Optional[str], typer.Option(help="A query as numbers with commas: 0.1,0.2,0.3.")] = None,
    k: Annotated[
        Optional[int], typer.Option("-k", "--k", help="How many to find. Default: 10, within a radius all.")
    ] = None,
    effort: Annotated[
        Optional[int], typer.Option(help="Of a graph: how many items to keep in view. Default: chosen.")
    ] = None,
    recall: Annotated[
        Optional[float], typer.Option(help="Of a graph: the share of the nearest to find, as 0.95, in place of effort.")
    ] = None,
    search_k: Annotated[
        Optional[int], typer.Option(help="Of a forest: how many candidates to compare. Default: from k.")
    ] = None,
    exact: Annotated[bool, typer.Option("--exact", help="Compare with every item.")] = False,
    threads: Annotated[Optional[int], typer.Option(help="How many threads share queries. Default: every core.")] = None,
    radius: Annotated[
        Optional[float],
        typer.Option(help="Find what is at most so far (dot: has at least this product)."),
    ] = None,
    where: Annotated[
        Optional[str],
        typer.Option(help="What may be found, by its attributes: \"price < 20 and lang in ('de', 'fr')\"."),
    ] = None,
    exclude: Annotated[
        Optional[list[str]], typer.Option(help="An id that is not to be found; may be given several times.")
    ] = None,
    prefault: Annotated[
        Optional[str], typer.Option(help="Read into memory first: all, or hot, which is what every search reads.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print ids and distances as JSON.")] = False,
) -> None:
    """Find the nearest items of one item (--item), one vector (--vector), or every query of a .npy file."""
    if sum(given is not None for given in (queries, item, vector)) != 1:
        raise typer.BadParameter("expected exactly one of QUERIES, --item and --vector")
    if radius is not None and effort is not None:
        raise typer.BadParameter("expected --recall with --radius, got --effort")
    options: dict[str, Any] = {
        "recall": recall,
        "search_k": search_k,
        "exact": exact,
        "threads": threads,
        "filter": where,
    }
    with nearfile.open(index, prefault=read_first(prefault)) as opened:
        query: Any
        if item is not None:
            query = nearfile.Item(id_of(opened, item, "--item"))
        else:
            query = read_vectors(queries) if queries is not None else parse_vector(vector or "")
        options["exclude"] = [id_of(opened, each, "--exclude") for each in exclude or []] or None
        if radius is None:
            ids, distances = lists_without_gaps(opened.search(query, 10 if k is None else k, effort=effort, **options))
        else:
            ids, distances = lists_of(opened.search_radius(query, radius, max_results=k, **options))
        metric = opened.metric
    if json:
        output.print_json({"ids": ids, "distances": distances})
    elif not ids or not isinstance(ids[0], list):
        output.console.print(table(ids, distances, metric))
    else:
        for number, (row, row_distances) in enumerate(zip(ids, distances)):
            output.console.print(table(row, row_distances, metric, title=f"query {number}"))


def read_first(text: Optional[str]) -> Union[bool, str]:
    """What ``--prefault`` asks for, as ``nearfile.open`` takes it."""
    if text not in (None, "all", "hot"):
        raise typer.BadParameter(f"--prefault: expected all or hot, got {text}")
    return text == "all" if text != "hot" else text


def lists_without_gaps(found: Within) -> tuple[list[Any], list[Any]]:
    """Ids and distances of a search, of each query as many as it has answers."""
    ids, distances = (part.tolist() for part in found)
    if found[1].ndim == 1:
        return ids, distances
    counts = (~np.isnan(found[1])).sum(axis=1).tolist()
    return [row[:n] for row, n in zip(ids, counts)], [row[:n] for row, n in zip(distances, counts)]


def lists_of(found: Within) -> tuple[list[Any], list[Any]]:
    """Ids and distances within a radius, a list for each query of a batch."""
    if len(found) == 2:
        return found[0].tolist(), found[1].tolist()
    ids, distances, offsets = (part.tolist() for part in found)
    parts = [slice(*ends) for ends in zip(offsets, offsets[1:])]
    return [ids[part] for part in parts], [distances[part] for part in parts]


def id_of(index: nearfile.Index, text: str, argument: str) -> Union[int, str]:
    """The id that ``text`` is on the command line, by the kind of the index's ids; ``argument`` is where it stands."""
    if index.info()["id_kind"] == "string":
        return text
    number = as_int(text)
    if number is None:
        raise nearfile.InvalidArgumentError(
            f"{argument}: expected a whole number, as this index's ids are, got {text!r}"
        )
    return number


def parse_vector(text: str) -> list[float]:
    """Numbers with commas between them."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise nearfile.InvalidArgumentError(f"--vector: expected numbers with commas, 0.1,0.2, got {text!r}") from None


def table(ids: list[Any], distances: list[float], metric: str, title: Optional[str] = None) -> Table:
    """The neighbours of one query, nearest first."""
    made = Table(title=title, title_justify="left", box=None, header_style="cyan", pad_edge=False, padding=(0, 2, 0, 0))
    made.add_column("", justify="right", style="dim")
    made.add_column("id")
    made.add_column(metric, justify="right")
    for rank, (id_, distance) in enumerate(zip(ids, distances), start=1):
        made.add_row(str(rank), output.plain(id_), f"{distance:.4f}")
    return made
