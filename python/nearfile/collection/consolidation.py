"""Keeps the parts of a log few: runs of small ones become larger ones in memory, by the policy that segments have."""

from __future__ import annotations

from nearfile.collection import policy
from nearfile.collection.building import FOREST, build
from nearfile.collection.part import Part
from nearfile.collection.policy import Size
from nearfile.collection.state import State, with_parts

# Parts below so many items are of one tier: building one of eight of them takes a millisecond.
_SMALLEST = 64


def consolidated(state: State) -> State:
    """The same items, the log's in few parts."""
    parts = [part for part in state.log_parts if part.n_live > 0]
    while True:
        sizes = [Size(part.n_live, part.n_live) for part in parts]
        found = policy.of_tiers(sizes, _SMALLEST)
        if found is None:
            break
        first, end = found
        manifest = state.manifest
        core = build(parts[first:end], manifest.dim, manifest.metric, manifest.build, structure=FOREST, threads=1)
        parts[first:end] = [Part(core)]
    return state if len(parts) == len(state.log_parts) else with_parts(state, parts)
