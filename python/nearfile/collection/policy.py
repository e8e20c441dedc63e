"""Which neighbouring parts become one, and when. docs/collections.md has the policy in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Parts of a tier are of a size within this factor, and so many of them are merged.
FACTOR = 8
# A segment is rewritten when more than this share of it is deleted.
MOST_DELETED = 0.25
# Of what is merged the largest has at most this share: what is large is not written again for a few small ones.
LARGEST_SHARE = 0.6
# However they are spread.
MOST_PARTS = 64


@dataclass(frozen=True)
class Size:
    """What the policy knows of a part."""

    live: int
    count: int
    is_raw: bool = False  # to be made a graph of
    is_fixed: bool = False  # given by the user: left alone


def tier(live: int, smallest: int) -> int:
    """How often ``live`` is ``smallest`` times the factor."""
    found = 0
    while live >= smallest * FACTOR:
        live //= FACTOR
        found += 1
    return found


def stretches(sizes: Sequence[Size], highest: int, smallest: int) -> list[tuple[int, int]]:
    """The longest runs of neighbours that are not fixed and of no higher tier, as first and end."""
    found: list[tuple[int, int]] = []
    start = 0
    for place in range(len(sizes) + 1):
        if place < len(sizes) and not sizes[place].is_fixed and tier(sizes[place].live, smallest) <= highest:
            continue
        if place > start:
            found.append((start, place))
        start = place + 1
    return found


def of_tiers(sizes: Sequence[Size], smallest: int) -> tuple[int, int] | None:
    """Neighbours of a tier that are enough, as first and end."""
    for highest in sorted({tier(size.live, smallest) for size in sizes if not size.is_fixed}):
        for first, end in stretches(sizes, highest, smallest):
            found = worth_it([size.live for size in sizes], first, end)
            if found is not None:
                return found
    return None


def worth_it(live: Sequence[int], first: int, end: int) -> tuple[int, int] | None:
    """Of a run the longest that may be merged: all of it, or what is on one side of its largest."""
    left = [(first, end)]
    while left:
        first, end = left.pop()
        if end - first < FACTOR:
            continue
        largest = max(range(first, end), key=live.__getitem__)
        if live[largest] <= LARGEST_SHARE * sum(live[first:end]):
            return first, end
        left += [(first, largest), (largest + 1, end)]
    return None


def due(sizes: Sequence[Size], smallest: int) -> tuple[int, int] | None:
    """What is to be merged or rewritten next, as first and end of neighbours; None where all is well."""
    for place, size in enumerate(sizes):
        if size.is_fixed:
            continue
        if size.live == 0 or size.count - size.live > MOST_DELETED * size.count:
            return place, place + 1
    for first, end in runs_of_raw(sizes):
        return first, end
    found = of_tiers(sizes, smallest)
    if found is not None:
        return found
    if sum(not size.is_fixed for size in sizes) > MOST_PARTS:
        return cheapest(sizes)
    return None


def runs_of_raw(sizes: Sequence[Size]) -> list[tuple[int, int]]:
    """Neighbours of which no graph was made yet."""
    found: list[tuple[int, int]] = []
    for place, size in enumerate(sizes):
        if not size.is_raw or size.is_fixed:
            continue
        if found and found[-1][1] == place:
            found[-1] = (found[-1][0], place + 1)
        else:
            found.append((place, place + 1))
    return found


def cheapest(sizes: Sequence[Size]) -> tuple[int, int] | None:
    """The neighbours, as many as are merged, that have the fewest items together."""
    runs = [
        (sum(size.live for size in sizes[first : first + FACTOR]), first)
        for first in range(len(sizes) - FACTOR + 1)
        if not any(size.is_fixed for size in sizes[first : first + FACTOR])
    ]
    return (min(runs)[1], min(runs)[1] + FACTOR) if runs else None
