"""Tables of results: on a terminal, or for a page."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.beside import NOTHING
from bench.beside import rows as rows_beside
from bench.results import BUSY, Build, Point, Run, Series, text

Targets = tuple[float, ...]


@dataclass(frozen=True)
class Grid:
    """A table before it is known what it is printed on."""

    title: str
    columns: list[str]
    rows: list[list[str]]


def show(
    console: Console,
    runs: list[Run],
    targets: Targets,
    spread: bool = False,
    detail: bool = False,
    beside: str | None = None,
) -> None:
    """Print the tables of ``runs``, and what could not be measured."""
    for run in runs:
        console.print(f"[bold]{heading(run)}[/bold]", highlight=False)
        for grid in grids(run, targets, spread, detail, beside):
            table = Table(
                title=grid.title, title_justify="left", title_style="bold cyan", box=None, header_style="cyan"
            )
            for number, column in enumerate(grid.columns):
                table.add_column(column, justify="right" if number else "left", no_wrap=bool(number))
            for row in grid.rows:
                table.add_row(*(Text(cell) for cell in row))
            console.print(table)
        for line in troubles(run):
            console.print(line, style="yellow", highlight=False, markup=False, soft_wrap=True)


def markdown(
    runs: list[Run], targets: Targets, spread: bool = False, detail: bool = False, beside: str | None = None
) -> str:
    """The same tables in Markdown."""
    parts = []
    for run in runs:
        parts.append(f"{heading(run)}\n")
        for grid in grids(run, targets, spread, detail, beside):
            rule = ["---"] + ["--:"] * (len(grid.columns) - 1)
            lines = [[grid.title, *grid.columns[1:]], rule, *grid.rows]
            parts.append("\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n")
        parts.extend(f"- {line}" for line in troubles(run))
    return "\n".join(parts)


def heading(run: Run) -> str:
    """On what machine a run was made, and of what source."""
    machine = run.facts["machine"]
    sets = ", ".join(
        name for name in machine["instruction_sets"] if name in ("avx2", "avx512f", "avx512_vnni", "asimd")
    )
    return (
        f"Run {run.id} · {machine['processor']} ({sets}), {machine['cores']} cores, {machine['memory'] / 2**30:.0f} GiB"
        f" · revision {run.facts['revision'] or 'unknown'}" + f" · {at_once(run)}" * (run.at_once > 1)
    )


def at_once(run: Run) -> str:
    """How many shared the machine, for whoever reads a speed."""
    return f"{run.at_once} measurements at once, each on its own cores"


def grids(
    run: Run, targets: Targets, spread: bool = False, detail: bool = False, beside: str | None = None
) -> list[Grid]:
    """For each data set and each way to ask: the speeds, and with ``detail`` what serving costs; the fastest first.

    With ``beside``, a library or a build of it, that one and the best of the others alone.
    """
    if beside:
        at = " / ".join(_target(target) for target in targets)
        columns = ["", "k", f"queries/s at recall {at}", "best of the others", "ratio"]
        return [Grid(beside, columns, rows_beside(run, beside, targets))]
    order = [series.dataset for series in run.series]
    made = []
    ordered = sorted(run.series, key=lambda one: (order.index(one.dataset), one.way))
    for _, group in groupby(ordered, key=lambda one: one.way):
        ranked = sorted(group, key=lambda one: _rank(one, targets), reverse=True)
        made.append(_speeds(ranked, targets, spread))
        if any(len(series.builds) > 1 for series in ranked):
            made.append(_alone(ranked, targets, spread))
        if detail:
            made.append(_serving(ranked, targets))
    return made


def troubles(run: Run) -> list[str]:
    """What could not be measured, and why."""
    missing = [
        f"{line['library']}: not measured{' on ' + line['dataset'] if line['dataset'] else ''}: {line['reason']}"
        for line in run.missing
    ]
    failures = [
        f"{line['library']} on {line['dataset']}, {line['stage']} with {text(line['build'])}: {line['reason']}"
        for line in run.failures
    ]
    disturbed = (
        f"{run.disturbed} of {run.measured} measurements had less than {BUSY:.0%} of their core: do not rely on them"
    )
    return missing + failures + [disturbed] * bool(run.disturbed)


def _rank(series: Series, targets: Targets) -> tuple[float, ...]:
    """By the middle target, then the lower ones; who reaches none, by the recall that it does reach."""
    middle = len(targets) // 2
    rates = [series.at(target) or 0 for target in (*targets[middle::-1], *targets[middle + 1 :])]
    return (*rates, _most_recall(series))


def _speeds(ranked: list[Series], targets: Targets, spread: bool) -> Grid:
    columns = ["", *(_target(target) for target in targets), "build s", "MB on disk", "x float32", "most recall"]
    rows = []
    for series in ranked:
        build = series.build_at(_middle(targets))
        rates = [_rate(series, target, spread) for target in targets]
        disk = f"{build.bytes / 1e6:.0f}" if build and build.bytes is not None else NOTHING
        rows.append(
            [_label(series, build), *rates, _built(build), disk, _times(series, build), f"{_most_recall(series):.3f}"]
        )
    return Grid(f"{_title(ranked[0])}: queries/s at recall", columns, rows)


def _alone(ranked: list[Series], targets: Targets, spread: bool) -> Grid:
    """Every build alone, the smallest first: what a library has to offer to those who want its size."""
    columns = ["", "x float32", *(_target(target) for target in targets), "most recall"]
    alone = [one for series in ranked for one in series.by_build()]
    alone.sort(key=lambda one: (one.builds[0].bytes is None, one.builds[0].bytes))
    rows = [
        [
            _label(one, one.builds[0]),
            _times(one, one.builds[0]),
            *(_rate(one, target, spread) for target in targets),
            f"{_most_recall(one):.3f}",
        ]
        for one in alone
    ]
    return Grid(f"{_title(ranked[0])}: each build alone", columns, rows)


def _serving(ranked: list[Series], targets: Targets) -> Grid:
    middle = _middle(targets)
    threads = sorted({count for series in ranked for build in series.builds for count in build.wall})
    columns = [
        "",
        *(f"build s, {count} thread{'s' * (count > 1)} (CPU)" for count in threads),
        "open ms",
        "cold open ms",
        "cold first query ms",
        "MB open",
        "MB after queries",
        f"median µs at {_target(middle)}",
        "99th",
    ]
    rows = []
    for series in ranked:
        build = series.build_at(middle)
        point = next((point for point in series.front() if point.recall >= middle), None)
        builds = [_seconds(build, count) for count in threads]
        rows.append([_label(series, build), *builds, *_opening(build), *_latency(point)])
    return Grid(f"{_title(ranked[0])}: what serving takes", columns, rows)


def _seconds(build: Build | None, threads: int) -> str:
    if build is None or threads not in build.wall:
        return NOTHING
    return f"{build.wall[threads]:.1f} ({build.cpu[threads]:.1f})"


def _opening(build: Build | None) -> list[str]:
    if build is None:
        return [NOTHING] * 5
    times = [build.open_seconds, build.cold_open_seconds, build.cold_first_query]
    sizes = [build.memory_open, build.memory_queries]
    return [_scaled(value, 1e3, ".3g") for value in times] + [_scaled(value, 1e-6, ".0f") for value in sizes]


def _latency(point: Point | None) -> list[str]:
    if point is None:
        return [NOTHING] * 2
    return [_scaled(value, 1e6, ",.0f") for value in (point.latency_median, point.latency_p99)]


def _scaled(value: float | None, factor: float, style: str) -> str:
    return NOTHING if value is None else format(value * factor, style)


def _rate(series: Series, target: float, spread: bool) -> str:
    rate = series.at(target)
    if rate is None:
        return NOTHING
    cell = f"{rate:,.0f}"
    if spread:
        points = series.front()
        above = next(number for number, point in enumerate(points) if point.recall >= target)
        used = points[max(0, above - 1) : above + 1]
        widest = max((point.rate_greatest - point.rate_least) / (2 * point.rate) for point in used)
        cell += f" ±{widest:.0%}"
    return cell


def _title(series: Series) -> str:
    shape = series.shape
    way = "one query at a time" if series.mode == "single" else "batches"
    threads = f"{series.threads} thread{'s' * (series.threads > 1)}"
    size = f"{shape['count']:,} x {shape['dim']}"
    return f"{series.dataset} {size} {shape['metric']}, k = {series.k}, {way}, {threads}"


def _label(series: Series, build: Build | None) -> str:
    name = f"{series.library} {series.version}"
    return f"{name} ({text(build.parameters)})" if build and build.parameters else name


def _built(build: Build | None) -> str:
    """Seconds on the fewest threads that were measured, which are named where they are several."""
    if build is None or not build.wall:
        return NOTHING
    threads = min(build.wall)
    return f"{build.wall[threads]:.1f}" + f" on {threads}" * (threads > 1)


def _times(series: Series, build: Build | None) -> str:
    times = None if build is None else series.times_float32(build)
    return NOTHING if times is None else f"{times:.2f}"


def _target(target: float) -> str:
    return f"{target:.3f}".rstrip("0").ljust(4, "0").removeprefix("0")


def _middle(targets: Targets) -> float:
    return targets[len(targets) // 2]


def _most_recall(series: Series) -> float:
    return max((point.recall for point in series.points), default=0.0)
