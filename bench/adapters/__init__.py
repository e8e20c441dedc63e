"""The libraries that can be measured. A new file in this folder with an ``Adapter`` in it is one more."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from typing import Any

from bench.adapters.base import Adapter


def registry() -> dict[str, type[Adapter]]:
    """Every adapter of this folder by its name."""
    found: dict[str, type[Adapter]] = {}
    for entry in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{entry.name}")
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, Adapter) and not inspect.isabstract(kind) and kind.__module__ == module.__name__:
                found[kind.name] = kind
    return dict(sorted(found.items()))


def adapter(name: str) -> Adapter:
    """The adapter called ``name``, or that of your own at "package.module:Class".

    Raises:
        ValueError: There is none.
    """
    made: Adapter = class_named(name, Adapter, registry)()
    return made


def class_named(name: str, base: type, known: Callable[[], Mapping[str, type]]) -> type[Any]:
    """A class that ``known()`` has by its name, or one at "package.module:Class"; below ``base``.

    Raises:
        ValueError: There is none.
    """
    found: object
    if ":" in name:
        module, _, kind = name.partition(":")
        found = getattr(importlib.import_module(module), kind, None)
    else:
        found = known().get(name)
    if not (inspect.isclass(found) and issubclass(found, base)):
        raise ValueError(f"library: expected {', '.join(known())} or package.module:Class, got {name!r}")
    return found
