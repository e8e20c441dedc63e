"""Annoy's class, by its methods and with its answers: change the import line and everything works.

>>> from nearfile import AnnoyIndex
>>> index = AnnoyIndex(3, "angular")
>>> for i, vector in enumerate([[1, 0, 0], [0, 1, 0], [0, 0, 1]]):
...     index.add_item(i, vector)
>>> index.build(10)
True
>>> index.get_nns_by_vector([1, 0.5, 0.1], 2)
[0, 1]

Where it differs on purpose is listed in docs/annoy.md.
"""

from __future__ import annotations

from nearfile.annoy.index import AnnoyIndex

__all__ = ["AnnoyIndex"]
