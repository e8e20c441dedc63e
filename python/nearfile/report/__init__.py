"""A report of an index: how well and how fast it answers, where its bytes go, and what its data is like.

>>> import numpy, nearfile, nearfile.report, os, tempfile
>>> index = nearfile.build(numpy.random.default_rng(0).random((500, 8)), metric="euclidean")
>>> path = os.path.join(tempfile.mkdtemp(), "report.html")
>>> facts = nearfile.report.write(index, path)
>>> os.path.getsize(path) < 300_000, facts.speed.default.recall > 0.9
(True, True)

``facts.py`` has what is measured, ``subject.py`` the sample and its neighbours, ``speed.py``, ``dimension.py``,
``neighborhoods.py``, ``layout.py`` and ``map.py`` measure it; ``page.py`` draws it as one page of HTML, :mod:`nearfile.plot` through matplotlib.
"""

from __future__ import annotations

import contextlib
import datetime
import os

from nearfile import arguments
from nearfile.arguments import PathLike
from nearfile.errors import FileError
from nearfile.index import Index
from nearfile.report.about import about
from nearfile.report.facts import Facts
from nearfile.report.map import measure_map
from nearfile.report.neighborhoods import (
    measure_dimension,
    measure_distances,
    measure_duplicates,
    measure_far_out,
    measure_hubs,
)
from nearfile.report.speed import measure_speed
from nearfile.report.subject import SAMPLE, Subject

__all__ = ["Facts", "measure", "write"]


def measure(index: Index, *, queries: object = None, k: int = 10, sample: int = SAMPLE, seed: int = 0) -> Facts:
    """Measure an index: recall, latencies, and what its data is like. A minute at most, whatever its size.

    Args:
        index: An index or a collection. Its own count of unlike queries does not change by it.
        queries: Shape (q, dim): such as will come; 500 of them are asked. Without them 500 items are, for the others: they
            are easier than most queries.
        k: How many neighbours are asked for, from 1.
        sample: How many items are looked at, from 1 to 20,000; all of an index that has no more.
        seed: Of the sample and the map. What is counted is the same for the same index, sample and seed; times are not.

    Returns:
        :class:`nearfile.report.Facts`, which :mod:`nearfile.plot` takes in place of an index.

    Raises:
        InvalidArgumentError: Queries of another shape or none; ``k``, ``sample`` or ``seed`` out of range.
        TypeError: ``k``, ``sample`` or ``seed`` is no whole number.
        BadFileError: The file is damaged where it was read.
        ClosedError: The index was closed.

    >>> import numpy, nearfile, nearfile.report
    >>> index = nearfile.build(numpy.random.default_rng(0).random((300, 2)), metric="euclidean", ids=[f"p{i}" for i in range(300)])
    >>> facts = nearfile.report.measure(index)
    >>> round(facts.dimension.mle), facts.duplicates.share, len(facts.map.ids)
    (2, 0.0, 300)
    """
    wanted = arguments.neighbors(k)
    subject = Subject(index, sample, seed)
    return Facts(
        about(subject),
        measure_speed(subject, queries, wanted),
        measure_distances(subject),
        measure_dimension(subject),
        measure_hubs(subject),
        measure_duplicates(subject),
        measure_far_out(subject),
        measure_map(subject),
    )


def write(
    index: Index, path: PathLike, *, queries: object = None, k: int = 10, sample: int = SAMPLE, seed: int = 0
) -> Facts:
    """Measure an index and write a page of it: one file of HTML that needs nothing else, light and dark.

    The file at ``path`` is replaced at once where it is there; all else is as of :func:`measure`.

    Returns:
        What was measured.

    Raises:
        FileError: The file could not be written.
        InvalidArgumentError: As of :func:`measure`, as are the others.
    """
    from nearfile.report.page import render

    target = arguments.path_to_write(path)
    assert target is not None
    facts = measure(index, queries=queries, k=k, sample=sample, seed=seed)
    put(target, render(facts, datetime.datetime.now()).encode())
    return facts


def put(path: str, data: bytes) -> None:
    """What is at ``path`` becomes ``data``, all of it or nothing."""
    hidden = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.{os.getpid()}.tmp")
    try:
        with open(hidden, "wb") as file:
            file.write(data)
        os.replace(hidden, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(hidden)
        raise FileError(error.errno, f"cannot write {path!r}: {error.strerror}", path) from None
