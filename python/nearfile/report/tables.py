"""The tables of a page: what pictures show as numbers, and items by id."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from nearfile.report import words
from nearfile.report.facts import Duplicates, FarOut, Hubs, Speed

# Ids of a group that are named.
NAMED = 6


def table(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: set[int]) -> str:
    """Rows below their head; columns in ``numbers`` are aligned to the right."""

    def cells(tag: str, row: Sequence[str]) -> str:
        return "".join(
            f"<{tag}{' class=number' if place in numbers else ''}>{escape(text)}</{tag}>"
            for place, text in enumerate(row)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{cells("th", head)}</tr></thead><tbody>{body}</tbody></table></div>'


def folded(summary: str, content: str) -> str:
    """Content that is shown when it is asked for."""
    return f"<details><summary>{escape(summary)}</summary>{content}</details>"


def speed(found: Speed) -> str:
    """Every point."""
    named = [
        ("default", found.default),
        *((f"{each.setting:,}", each) for each in found.points),
        ("exact", found.exact),
    ]
    times = {share: [words.duration(each.percentile(share)) for _, each in named] for share in (50, 99)}
    facts = [(name, words.recall(each.recall), words.count(each.queries_a_second)) for name, each in named]
    rows = [(*each, *both) for each, both in zip(facts, zip(*times.values()))]
    return folded("As a table", table((found.option, "recall", "queries/s", "p50", "p99"), rows, {1, 2, 3, 4}))


def hubs(found: Hubs) -> str:
    """The largest."""
    rows = [(words.id_(id_), f"{count:,}") for id_, count in found.top]
    return folded("The largest hubs", table(("id", "is a neighbour of"), rows, {1}))


def far_out(found: FarOut) -> str:
    """The farthest first."""
    rows = [(words.id_(id_), words.number(far), f"{words.number(times)} ×") for id_, far, times in found.rows]  # noqa: RUF001
    return table(("id", f"{words.ordinal(found.k)} nearest at", "of the median"), rows, {1, 2})


def groups(found: Duplicates) -> str:
    """Ids that have one vector, a row a group."""
    if not found.groups:
        return ""
    rows = []
    for group in found.groups:
        named = ", ".join(words.id_(each) for each in group[:NAMED])
        rows.append((f"{named} and {len(group) - NAMED:,} more" if len(group) > NAMED else named, f"{len(group):,}"))
    more = f", the largest of {found.n_groups:,}" if found.n_groups > len(found.groups) else ""
    return table((f"items with one vector{more}", "seen"), rows, {1})


def closest(found: Duplicates) -> str:
    """The nearest pairs that differ."""
    if not found.closest:
        return ""
    rows = [(words.id_(one), words.id_(other), words.number(far)) for one, other, far in found.closest]
    made = table(("nearest pairs that differ", "", "distance"), rows, {2})
    return folded("Nearest pairs that differ", made) if found.groups else made
