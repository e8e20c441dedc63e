"""The verbs ``filters`` and ``filters-report``: options in, tables and pictures out."""

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated, Optional

import typer
from nearfile.cli import output

from bench import datasets, machine
from bench.filters import findings, library, tables
from bench.filters.survey import Survey
from bench.filters.workload import NAMES

TARGETS = [0.95, 0.99]

Recall = Annotated[Optional[list[float]], typer.Option(help="Recall to give figures at; once for each.")]


def filters(
    data: Annotated[
        str, typer.Option(help=f"{', '.join(datasets.NAMED)}, a .hdf5 file, or base.npy,query.npy.", show_default=False)
    ],
    libraries: Annotated[
        Optional[list[str]],
        typer.Option("--libraries", "--library", help="A name, or package.module:Class; once for each. Default: all."),
    ] = None,
    shape: Annotated[Optional[list[str]], typer.Option(help="A shape of filter; once for each. Default: all.")] = None,
    out: Annotated[Path, typer.Option(help="Results, appended as JSON lines.")] = Path("filters.jsonl"),
    work: Annotated[Path, typer.Option(help="A folder for data, masks and indexes.")] = Path("build/bench"),
    recall: Recall = None,
    k: Annotated[int, typer.Option("-k", "--k", help="How many neighbours.", min=1)] = 10,
    queries: Annotated[int, typer.Option(help="How many are asked.", min=1)] = 200,
    passes: Annotated[int, typer.Option(help="How often each sweep is measured; 0 only builds.", min=0)] = 3,
    seconds: Annotated[float, typer.Option(help="The least time of queries for each setting and pass.")] = 0.5,
    enough: Annotated[float, typer.Option(help="Recall at which a sweep ends.")] = 0.999,
    build_threads: Annotated[int, typer.Option(help="Of builds.", min=1)] = 1,
    time_limit: Annotated[float, typer.Option(help="Seconds for one build, and for one pass of one library.")] = 3600,
    seed: Annotated[int, typer.Option(help="Of the masks.", min=0)] = 0,
    data_dir: Annotated[
        Optional[Path], typer.Option(help="The folder of .npz data sets.", envvar=datasets.DATA_DIR)
    ] = None,
    metric: Annotated[Optional[str], typer.Option(help="Of .npy files: euclidean, angular or dot.")] = None,
) -> None:
    """Measure filtered search: eight shapes of what is allowed. Indexes that are in WORK are taken as they are."""
    for name in shape or ():
        if name not in NAMES:
            raise ValueError(f"shape: expected one of {', '.join(NAMES)}, got {name!r}")
    survey = Survey(
        data=data,
        libraries=tuple(libraries or library.registry()),
        work=work,
        filters=tuple(shape or NAMES),
        k=k,
        queries=queries,
        passes=passes,
        seconds=seconds,
        enough=enough,
        build_threads=build_threads,
        time_limit=time_limit,
        seed=seed,
        data_dir=data_dir,
        metric=metric,
    )
    _record(survey, out, everybody=not libraries)
    tables.show(findings.read(out), tuple(recall or TARGETS))


def _record(survey: Survey, out: Path, everybody: bool) -> None:
    """Carry out a survey; each record is on the disk as soon as it is there."""
    for name in survey.libraries:
        library.library(name)
    out.parent.mkdir(parents=True, exist_ok=True)
    head = {
        "kind": "filters",
        "machine": machine.describe(),
        "revision": machine.revision(),
        "options": survey.facts(),
        "time": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }
    missing = [{"kind": "missing", "library": name, "reason": why} for name, why in library.WITHOUT.items()]
    with out.open("a", encoding="utf-8") as file:
        for record in (head, *(missing if everybody else ())):
            file.write(json.dumps(record) + "\n")
        for record in survey.run(output.print_line):
            file.write(json.dumps(record) + "\n")
            file.flush()


def filters_report(
    results: Annotated[Path, typer.Argument(help="Results as filters writes them.", show_default=False)],
    recall: Recall = None,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Tables for a page.")] = False,
    out: Annotated[Optional[Path], typer.Option(help="A folder for a picture. Default: none is drawn.")] = None,
) -> None:
    """Print the tables of the last run of filters, and draw its picture."""
    found = findings.read(results)
    targets = tuple(recall or TARGETS)
    if as_markdown:
        typer.echo(tables.markdown(found, targets))
    else:
        tables.show(found, targets)
    if out is not None:
        from bench.filters.picture import draw  # here, because only this needs matplotlib

        for path in draw(found, out):
            output.print_line(str(path))
