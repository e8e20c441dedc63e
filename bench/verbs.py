"""The verbs ``run`` and ``report``: options in, a plan or tables out."""

from contextlib import closing
from pathlib import Path
from typing import Annotated, Optional

import typer
from nearfile.cli.output import console

from bench import adapters, datasets, machine, results
from bench.journal import Journal
from bench.report import markdown, show
from bench.run import Plan, Runner

TARGETS = [0.80, 0.90, 0.95, 0.99]
QUICK_LIBRARIES = ["nearfile", "annoy", "hnswlib", "lorann", "scann"]

Recall = Annotated[Optional[list[float]], typer.Option(help="Recall to give figures at; once for each.")]
K = Annotated[Optional[list[int]], typer.Option("-k", "--k", help="How many neighbours; once for each. Default: 10.")]


def run(
    data: Annotated[
        Optional[list[str]],
        typer.Option(help=f"{', '.join(datasets.NAMED)}, a .hdf5 file, or base.npy,query.npy; once for each."),
    ] = None,
    library: Annotated[
        Optional[list[str]],
        typer.Option(help="A library, or an adapter of yours as package.module:Class; once for each. Default: all."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Results, appended as JSON lines.")] = Path("results.jsonl"),
    work: Annotated[Path, typer.Option(help="A folder for prepared data and indexes.")] = Path("build/bench"),
    recall: Recall = None,
    k: K = None,
    mode: Annotated[Optional[list[str]], typer.Option(help="single, batch; once for each. Default: single.")] = None,
    threads: Annotated[Optional[list[int]], typer.Option(help="Of batches; once for each. Default: 1.")] = None,
    build_threads: Annotated[
        Optional[list[int]], typer.Option(help="Of builds; once for each, the first is searched. Default: 1.")
    ] = None,
    passes: Annotated[int, typer.Option(help="How often each sweep is measured; 0 only builds.", min=0)] = 3,
    queries: Annotated[int, typer.Option(help="How many queries recall is counted on.", min=1)] = 2000,
    seconds: Annotated[float, typer.Option(help="The least time of queries for each setting and pass.")] = 0.5,
    enough: Annotated[float, typer.Option(help="Recall at which a sweep ends.")] = 0.999,
    time_limit: Annotated[float, typer.Option(help="Seconds for one build, and for one sweep.")] = 600,
    most_builds: Annotated[Optional[int], typer.Option(help="The most builds of a library. Default: all.")] = None,
    reuse_builds: Annotated[bool, typer.Option("--reuse-builds", help="Take indexes of earlier runs in WORK.")] = False,
    only_built: Annotated[
        bool, typer.Option("--only-built", help="Search the indexes that are in WORK, and build none.")
    ] = False,
    at_once: Annotated[
        int, typer.Option(help="How many measurements run at once, each on its own part of the cores.", min=1)
    ] = 1,
    until: Annotated[
        Optional[float], typer.Option(help="Seconds after which the run stops, with what is finished.")
    ] = None,
    data_dir: Annotated[
        Optional[Path], typer.Option(help="The folder of .npz data sets.", envvar=datasets.DATA_DIR)
    ] = None,
    metric: Annotated[Optional[str], typer.Option(help="Of .npy files: euclidean, angular or dot.")] = None,
    resume: Annotated[bool, typer.Option(help="Go on with the last run of OUT, if it was on this machine.")] = True,
    quick: Annotated[bool, typer.Option("--quick", help="fashion-mnist and a few libraries, in five minutes.")] = False,
) -> None:
    """Measure libraries on data sets. A run that is cut off is resumed by the same command."""
    quick_data, quick_libraries = (["fashion-mnist"], QUICK_LIBRARIES) if quick else ([], list(adapters.registry()))
    modes = tuple(mode or ["single"])
    if not set(modes) <= {"single", "batch"}:
        raise ValueError(f"mode: expected single or batch, got {', '.join(modes)}")
    plan = Plan(
        data=tuple(data or quick_data),
        libraries=tuple(library or quick_libraries),
        work=work,
        ks=tuple(k or [10]),
        modes=modes,
        threads=tuple(threads or [1]),
        build_threads=tuple(build_threads or [1]),
        passes=1 if quick else passes,
        queries=1000 if quick else queries,
        seconds=0.2 if quick else seconds,
        enough=enough,
        time_limit=120 if quick else time_limit,
        most_builds=1 if quick else most_builds,
        reuse_builds=reuse_builds,
        only_built=only_built,
        at_once=at_once,
        until=until,
        data_dir=data_dir,
        metric=metric,
    )
    _carry_out(plan, out, resume, tuple(recall or TARGETS))


def _carry_out(plan: Plan, out: Path, resume: bool, targets: tuple[float, ...]) -> None:
    """Measure, and print the tables of the run."""
    if min(plan.ks) < 1:
        raise ValueError(f"k: expected at least 1, got {min(plan.ks)}")
    if not plan.data:
        raise ValueError(f"data: expected at least one of {', '.join(datasets.NAMED)}, or files, got none")
    for name in plan.libraries:
        adapters.adapter(name)
    journal = Journal(out, machine.describe(), machine.revision(), plan.facts(), resume)
    runner = Runner(plan, journal, tell)
    with closing(journal), closing(runner):
        tell(f"{'resumed' if journal.resumed else 'new'} run {journal.run} in {out}")
        if not runner.run():
            tell(f"{plan.until:g} seconds are over: the same command goes on")
    show(console, [one for one in results.read(out) if one.id == journal.run], targets)


def tell(line: str) -> None:
    """Print a line as it is."""
    console.print(line, highlight=False, markup=False, soft_wrap=True)


def report(
    files: Annotated[list[Path], typer.Argument(help="Results as run writes them.", show_default=False)],
    recall: Recall = None,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Tables for a page.")] = False,
    spread: Annotated[bool, typer.Option("--spread", help="With the least and greatest of the passes.")] = False,
    detail: Annotated[bool, typer.Option("--detail", help="And what building, opening and memory cost.")] = False,
    beside: Annotated[
        Optional[str],
        typer.Option(help="Only a library, or a build of it (LIBRARY: PARAMETERS), and the best of the others."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every run of the files. Default: the last.")] = False,
) -> None:
    """Print tables: queries a second at each recall, build time, size."""
    runs = results.read(*files)
    if not runs:
        raise ValueError(f"{', '.join(map(str, files))}: expected at least one run, found none")
    chosen, targets = runs if every else runs[-1:], tuple(recall or TARGETS)
    if as_markdown:
        typer.echo(markdown(chosen, targets, spread, detail, beside))
    else:
        show(console, chosen, targets, spread, detail, beside)
