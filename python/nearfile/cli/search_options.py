"""Options of ``nearfile search``."""

from typing import Annotated, Optional

import typer

from nearfile.cli import results
from nearfile.cli.sources import columns

Queries = Annotated[
    Optional[str],
    typer.Argument(help="Queries in a file of any kind that build reads, or - for standard input.", show_default=False),
]
Item = Annotated[Optional[str], typer.Option(help="The id of an item to find the nearest of.")]
Row = Annotated[Optional[int], typer.Option(help="The row of an item, from 0, in place of its id.")]
Vector = Annotated[Optional[str], typer.Option(help="A query as numbers with commas: 0.1,0.2,0.3.")]
K = Annotated[Optional[int], typer.Option("-k", "--k", help="How many to find. Default: 10, within a radius all.")]
Effort = Annotated[Optional[int], typer.Option(help="Of a graph: how many items to keep in view. Default: chosen.")]
Recall = Annotated[
    Optional[float], typer.Option(help="Of a graph: the share of the nearest to find, as 0.95, in place of effort.")
]
SearchK = Annotated[Optional[int], typer.Option(help="Of a forest: how many candidates to compare. Default: from k.")]
Exact = Annotated[bool, typer.Option("--exact", help="Compare with every item.")]
Threads = Annotated[Optional[int], typer.Option(help="How many threads share queries. Default: every core.")]
Radius = Annotated[Optional[float], typer.Option(help="Find what is at most so far (dot: has at least this product).")]
Where = Annotated[
    Optional[str],
    typer.Option(help="What may be found, by its attributes: \"price < 20 and lang in ('de', 'fr')\"."),
]
Exclude = Annotated[
    Optional[list[str]], typer.Option(help="An id that is not to be found; may be given several times.")
]
Attributes = Annotated[
    Optional[str], typer.Option(help="Attributes to show of what is found: price,lang, or all.", show_default=False)
]
Ids = Annotated[
    Optional[str],
    typer.Option(help="The column that names the queries.", autocompletion=columns, show_default=False),
]
Prefault = Annotated[
    Optional[str], typer.Option(help="Read into memory first: all, or hot, which is what every search reads.")
]
Output = Annotated[
    Optional[str],
    typer.Option(
        "-o", "--output", help=f"Write to a file that ends in {', '.join(results.ENDINGS)}.", show_default=False
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print ids and distances as JSON.")]
JsonLines = Annotated[bool, typer.Option("--json-lines", help="Print a line of JSON for each query.")]
