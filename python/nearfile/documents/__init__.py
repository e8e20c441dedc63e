"""Documents: text, free metadata and a vector each, in a collection. What the stores of other projects are made of.

:mod:`.store` is what they use. A document lies in three columns of the collection (:mod:`.records`): its text, the rest as
JSON, and :mod:`.terms`, by which filters on metadata find it; columns of their own are :mod:`declared <.fields>`. A filter
becomes a :mod:`condition <.conditions>`: an expression, and where that allows too much, a look at what it allows.
:mod:`.writers` has one writer a folder in a process. docs/frameworks.md says what holds.
"""

from __future__ import annotations

from nearfile.documents.conditions import Condition, Superset
from nearfile.documents.records import Record
from nearfile.documents.store import Documents

__all__ = ["Condition", "Documents", "Record", "Superset"]
