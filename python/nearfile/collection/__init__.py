"""Collections: folders of immutable nearfiles, a log and a manifest, which grow, shrink, and are searched as one index.

Where to start: :mod:`.writer` and :mod:`.reader` are what users have. :mod:`.source` reads what a folder is at a moment,
a :mod:`.state` of :mod:`parts <.part>`, and :mod:`.joined` has these searched as one. :mod:`.publishing` writes the
:mod:`.log` and :mod:`manifests <.manifest>`; :mod:`.merging` decides by the :mod:`.policy` what becomes a segment.
All that writes goes through :mod:`.disk`. docs/collections.md is the folder to the byte, and what holds of it.
"""

from __future__ import annotations

from nearfile.collection.names import new_segment
from nearfile.collection.reader import CollectionIndex
from nearfile.collection.writer import Collection

__all__ = ["Collection", "CollectionIndex", "new_segment"]
