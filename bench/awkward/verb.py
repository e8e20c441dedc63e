"""The verb ``awkward``: options in, JSON lines, a table and an exit code out."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated, Any, Optional

import nearfile
import typer

from bench import awkward as package
from bench import machine
from bench.awkward import tables, verdicts
from bench.awkward.survey import Survey

Record = dict[str, Any]

CHECKS = ("promise", "annoy")
STRUCTURES = ("graph", "forest")


def awkward(
    group: Annotated[str, typer.Option(help="first, second or all.")] = "first",
    kinds: Annotated[Optional[list[str]], typer.Option(help="A kind; once for each. Default: all.")] = None,
    metric: Annotated[Optional[list[str]], typer.Option(help="Once for each. Default: all that fit.")] = None,
    n: Annotated[Optional[list[int]], typer.Option("-n", "--n", help="Items; once for each. Default: 8000.")] = None,
    dim: Annotated[Optional[int], typer.Option(help="In place of each kind's own.", min=1)] = None,
    k: Annotated[Optional[list[int]], typer.Option("-k", "--k", help="Once for each. Default: 10.")] = None,
    recall: Annotated[Optional[list[float]], typer.Option(help="To ask for. Default: .95 and .99.")] = None,
    structure: Annotated[Optional[list[str]], typer.Option(help="graph, forest. Default: graph.")] = None,
    check: Annotated[Optional[list[str]], typer.Option(help="promise, annoy. Default: promise.")] = None,
    search_k: Annotated[
        Optional[list[int]], typer.Option(help="Beside Annoy. Default: -1, which is its own, 100, 1000 and 5000.")
    ] = None,
    trees: Annotated[int, typer.Option(help="Beside Annoy.", min=1)] = 10,
    queries: Annotated[int, typer.Option(help="Of each kind.", min=1)] = 1000,
    seed: Annotated[int, typer.Option(help="Of the data.", min=0)] = 0,
    jobs: Annotated[int, typer.Option(help="Processes at a time, one thread each.", min=1)] = 1,
    time_limit: Annotated[float, typer.Option(help="Seconds for one process.")] = 600,
    out: Annotated[Path, typer.Option(help="Results, appended as JSON lines.")] = Path("awkward.jsonl"),
    totals: Annotated[bool, typer.Option("--totals", help="Say how many held and missed, and not which.")] = False,
    list_kinds: Annotated[bool, typer.Option("--list", help="Say which kinds there are, and measure nothing.")] = False,
) -> None:
    """Ask for a recall on awkward data, and say where it is not given: exit code 1 where that is so."""
    groups = tuple(package.GROUPS) if group == "all" else (group,)
    _known("group", groups, package.GROUPS)
    _known("check", check or (), CHECKS)
    _known("structure", structure or (), STRUCTURES)
    if list_kinds:
        tables.show_kinds(groups)
        return
    survey = Survey(
        groups=groups,
        kinds=tuple(kinds or ()),
        metrics=tuple(metric or ()),
        sizes=tuple(n or (8000,)),
        dim=dim,
        ks=tuple(k or (10,)),
        recalls=tuple(recall or (0.95, 0.99)),
        structures=tuple(structure or ("graph",)),
        checks=tuple(check or ("promise",)),
        search_ks=tuple(search_k or (-1, 100, 1000, 5000)),
        trees=trees,
        queries=queries,
        seed=seed,
        jobs=jobs,
        time_limit=time_limit,
    )
    _known("kinds", survey.kinds, [kind.name for each in groups for kind in package.GROUPS[each]])
    if not survey.cases():
        raise ValueError("metric: expected one that the kinds fit, got none: --list says which these are")
    records = _recorded(survey, out, totals)
    tables.show(records, totals)
    if any(record["verdict"] in verdicts.BROKEN for record in records):
        raise typer.Exit(1)


def _recorded(survey: Survey, out: Path, quiet: bool) -> list[Record]:
    """Carry out a survey; each record is on the disk, and told, as soon as it is there."""
    out.parent.mkdir(parents=True, exist_ok=True)
    head = {
        "kind": "awkward",
        "machine": machine.describe(),
        "revision": machine.revision(),
        "nearfile": {**nearfile.info(), "path": str(Path(nearfile.__file__).parent)},
        "options": asdict(survey),
        "time": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }
    records = []
    with out.open("a", encoding="utf-8") as file:
        file.write(json.dumps(head) + "\n")
        for record in survey.run():
            file.write(json.dumps(record) + "\n")
            file.flush()
            records.append(record)
            if not quiet:
                tables.tell(record)
    return records


def _known(option: str, given: Iterable[str], known: Iterable[str]) -> None:
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ValueError(f"{option}: expected one of {', '.join(known)}, got {unknown[0]!r}")
