"""``nearfile report``: a page of how well an index answers, where its bytes go and what is in it."""

import time
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

import nearfile
from nearfile.cli import output
from nearfile.reading import read_queries


def report(
    index: Annotated[Path, typer.Argument(help="The index or collection to look at.", show_default=False)],
    queries: Annotated[
        Optional[Path],
        typer.Option(help="A file with queries such as will come, of any format that is read. Default: items ask."),
    ] = None,
    target: Annotated[Path, typer.Option("-o", "--output", help="The page to write.")] = Path("report.html"),
    k: Annotated[int, typer.Option("-k", "--k", help="How many neighbours are asked for.")] = 10,
    sample: Annotated[int, typer.Option(help="How many items are looked at, up to 20,000.")] = 5000,
    seed: Annotated[int, typer.Option(help="Of the sample and the map.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print the main figures as JSON.")] = False,
) -> None:
    """Measure an index and write a page of HTML that needs nothing else: recall, speed, bytes, neighbours, a map."""
    # Imported here: it is no part of what other verbs need.
    from nearfile.report import write

    start = time.perf_counter()
    asked = None if queries is None else read_queries(queries)
    with nearfile.open(index) as opened:
        facts = write(opened, target, queries=asked, k=k, sample=sample, seed=seed)
    if json:
        output.print_json({"output": str(target), **figures(facts)})
        return
    output.console.print(
        f"{target}: {facts.about.sample:,} of {facts.about.info['count']:,} items looked at, {output.size(target.stat().st_size)},"
        f" in {output.duration(time.perf_counter() - start)}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


def figures(facts: Any) -> dict[str, Any]:
    """What of a :class:`nearfile.report.Facts` fits in a line; null for what is not there."""
    point = facts.speed.default if facts.speed else None
    return {
        "count": facts.about.info["count"],
        "sample": facts.about.sample,
        "file_bytes": facts.about.info["file_bytes"],
        "k": facts.speed.k if facts.speed else None,
        "recall": point.recall if point else None,
        "queries_a_second": point.queries_a_second if point else None,
        "seconds": {f"p{share}": point.percentile(share) for share in (50, 95, 99)} if point else None,
        "dimension": facts.dimension.mle if facts.dimension else None,
        "hub_skewness": facts.hubs.skewness if facts.hubs else None,
        "duplicates": facts.duplicates.share if facts.duplicates else None,
    }
