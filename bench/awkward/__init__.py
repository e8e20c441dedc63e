"""Whether a recall that is asked for is given on awkward data: kinds of it by name, the search, the verdict."""

from __future__ import annotations

from bench.awkward import kinds, unseen
from bench.awkward.kind import Kind

GROUPS: dict[str, tuple[Kind, ...]] = {"first": kinds.GROUP.kinds(), "second": unseen.GROUP.kinds()}


def named(name: str) -> Kind:
    """The kind of a name, of whichever group.

    Raises:
        ValueError: There is none.
    """
    known = {kind.name: kind for group in GROUPS.values() for kind in group}
    if name not in known:
        raise ValueError(f"kinds: expected one of {', '.join(known)}, got {name!r}")
    return known[name]
