"""One build of a library beside the best of all others, at each recall: the table of who is ahead, and where."""

from __future__ import annotations

from bench.results import Run, Series, text

NOTHING = "-"


def rows(run: Run, wanted: str, targets: tuple[float, ...]) -> list[list[str]]:
    """For each data set and way to ask: the speeds of the build, the best of the other libraries, and the ratio.

    ``wanted`` is a library, or a library and what its build has among its parameters: ``nearfile: profile balanced,
    keep exact``. The first that fits is taken.

    Raises:
        ValueError: The run has no such build.
    """
    library, _, parameters = (part.strip() for part in wanted.partition(":"))
    made = []
    order = [one.dataset for one in run.series]
    owns = [one for one in run.series if one.library == library]
    for own in sorted(owns, key=lambda one: (order.index(one.dataset), one.way)):
        build = next((one for one in own.by_build() if _is(one, parameters)), None)
        if build is None:
            continue
        others = [one for one in run.series if one.way == own.way and one.library != library]
        best = [max(((one.at(target) or 0.0, one.library) for one in others), default=(0.0, "")) for target in targets]
        rates = [build.at(target) for target in targets]
        ratios = [rate / rival if rate and rival else None for rate, (rival, _) in zip(rates, best)]
        names = dict.fromkeys(name for rate, name in best if rate)
        made.append(
            [
                _title(own),
                str(own.k),
                " / ".join(f"{rate:,.0f}" if rate else NOTHING for rate in rates),
                " / ".join(f"{rate:,.0f}" if rate else NOTHING for rate, _ in best)
                + f" ({', '.join(names)})" * bool(names),
                " / ".join(f"{ratio:.2f}" if ratio else NOTHING for ratio in ratios),
            ]
        )
    if not made:
        builds = {text(build.parameters) for one in owns for build in one.builds}
        known = builds or {one.library for one in run.series}
        what = f"a build of {library}" if builds else "a library of the run"
        raise ValueError(f"beside: expected {what}, of {'; '.join(sorted(known))}, got {wanted!r}")
    return made


def _is(alone: Series, parameters: str) -> bool:
    wanted = {one.strip() for one in parameters.split(",") if one.strip()}
    return wanted <= set(text(alone.builds[0].parameters).split(", "))


def _title(series: Series) -> str:
    shape = f"{series.dataset}, {series.shape['count']:,} x {series.shape['dim']}"
    return shape if series.mode == "single" else f"{shape}, batches, threads: {series.threads}"
