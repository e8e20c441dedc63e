"""What ``nearfile tune`` measured, in words: which effort to take, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nearfile.builder import DEFAULT_RECALL

#: Recall of a few hundred queries is not told apart further.
NEAR = 0.01


def lines(
    points: list[dict[str, Any]],
    plain: dict[str, Any],
    needed: dict[float, int | None],
    option: str,
    k: int,
) -> Iterator[str]:
    """Sentences, a line each.

    Args:
        points: What was measured, for rising efforts.
        plain: The same of a search that asks for nothing.
        needed: The least effort that finds a share of the nearest.
        option: ``"effort"``, or ``"search_k"`` of a forest.
        k: How many nearest.
    """
    target = DEFAULT_RECALL
    value = needed.get(target)
    if value is None:
        best = points[-1]
        yield (
            f"No {option} that was tried finds {target:.2f} of the {k} nearest of these queries; the last,"
            f" {best[option]:,}, finds {best['recall']:.3f}. Ask for recall=1 or exact=True where that is too little."
        )
    else:
        chosen = next(point for point in points if point[option] == value)
        before = [point for point in points if point[option] < value]
        yield (
            f"Take {option} {value:,}: the least that was tried which finds {target:.2f} of the {k} nearest of these"
            f" queries ({chosen['recall']:.3f}), at {chosen['queries_a_second']:,.0f} queries a second on one thread."
        )
        if before:
            yield f"Less is not enough: {option} {before[-1][option]:,} finds {before[-1]['recall']:.3f}."
        yield from price_of_more(points, chosen, needed.get(0.99), option)
        yield f"index.search(query, k={k}, {option}={value}), or nearfile search --{option.replace('_', '-')} {value}"
    yield of_plain(plain, target, option)


def price_of_more(points: list[dict[str, Any]], chosen: dict[str, Any], more: int | None, option: str) -> Iterator[str]:
    """What .99 costs beside what was chosen."""
    if more is None or more == chosen[option]:
        return
    point = next(each for each in points if each[option] == more)
    times = chosen["queries_a_second"] / point["queries_a_second"]
    yield f"For 0.99 take {option} {more:,}: {times:.1f} times the work, {point['queries_a_second']:,.0f} a second."


def of_plain(plain: dict[str, Any], target: float, option: str) -> str:
    """How a search that asks for nothing does on these queries."""
    said = f"A search that asks for nothing finds {plain['recall']:.3f} of them, at {plain['queries_a_second']:,.0f} a second"
    if option != "effort":
        return f"{said}."
    if plain["recall"] < target - NEAR:
        return (
            f"{said}: less than the {target:.2f} that it aims at, since these queries are unlike those of the calibration;"
            " so give an effort, or build with queries= (docs/recall.md)."
        )
    return f"{said}: it aims at {target:.2f} by the calibration in the file, and need not be told an effort."
