"""What the one who opens a collection says of it, against what is there."""

from __future__ import annotations

from typing import Any

from nearfile import arguments
from nearfile.collection import manifest
from nearfile.collection.manifest import Build, Manifest
from nearfile.errors import InvalidArgumentError


class Wanted:
    """What the one who opens a collection says of it; None where nothing."""

    def __init__(self, dim: Any, metric: Any, profile: Any, keep: Any, n_trees: Any, seed: Any) -> None:
        self.dim = None if dim is None else arguments.dim(dim)
        self.metric = None if metric is None else arguments.one_of("metric", metric, manifest.METRICS)
        _, made_for, kept = arguments.kinds(None, profile or arguments.DEFAULT_PROFILE, keep or arguments.DEFAULT_KEEP)
        self.build = Build(made_for, kept, arguments.trees(n_trees), 0 if seed is None else arguments.seed(seed))
        given_build = {"profile": profile, "keep": keep, "n_trees": n_trees, "seed": seed}
        self._build_given = [name for name, value in given_build.items() if value is not None]

    def first(self) -> Manifest | None:
        """Of a new collection; None where it is not said how long vectors are."""
        return None if self.dim is None else Manifest(self.dim, self.metric or "angular", self.build)

    def check(self, folder: str, there: Manifest) -> None:
        """Raise where what is there is something else."""
        facts: list[tuple[str, Any, Any]] = [("dim", self.dim, there.dim), ("metric", self.metric, there.metric)]
        facts += [(name, getattr(self.build, name), getattr(there.build, name)) for name in self._build_given]
        for name, wanted, found in facts:
            if wanted is not None and wanted != found:
                raise InvalidArgumentError(
                    f"{name}: expected {found!r}, as the collection {folder!r} has, got {wanted!r}: leave it out"
                )
