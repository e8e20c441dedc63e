"""The exceptions of nearfile, and its warning: all exceptions are a :class:`NearfileError`, and each is also the built-in one that users catch.

Every message says what was expected, what came, and what to do about it.

>>> import nearfile
>>> try:
...     nearfile.build([[1.0, float("nan")]])
... except ValueError as error:
...     print(type(error).__name__)
InvalidArgumentError
"""

from __future__ import annotations


class NearfileError(Exception):
    """The base of every error of nearfile, besides ``TypeError``, ``MemoryError`` and ``KeyboardInterrupt``."""


class UnlikeQueriesWarning(UserWarning):
    """Most of an index's first queries are unlike those it was calibrated with, so it finds less than it is asked to.

    Said at most once by an index, after 256 queries, where more than half of them have a nearest item that is farther
    than those of 99 in 100 of the calibration's queries. docs/recall.md says what to do.
    """


class ScanWarning(UserWarning):
    """Walks through the graph of an index do not find what its searches ask for, so they look at every item instead.

    Said by a build, once. The answers are exact; on usual data walks take a fraction of the time. ``info()["walk_recall"]``
    has what walks find. docs/recall.md says what such data is and what to do.
    """


class InvalidArgumentError(NearfileError, ValueError):
    """A value that was passed is not one that can be used. Nothing was changed."""


class NotFoundError(NearfileError, KeyError):
    """An id that is not in the index."""

    def __str__(self) -> str:
        # KeyError shows its argument's repr, which would put the message in quotes.
        return Exception.__str__(self)


class ClosedError(NearfileError, ValueError):
    """The index was closed."""


class FileError(NearfileError, OSError):
    """The operating system refused something about a file.

    ``errno`` is its number and ``filename`` the path, each ``None`` where not known.
    """

    def __init__(self, errno: int | None, message: str, filename: str | None = None) -> None:
        super().__init__(errno, message, filename)

    def __str__(self) -> str:
        # OSError would put the number before the message and the path after it, which names it already.
        return str(self.strerror)


class MissingFileError(FileError, FileNotFoundError):
    """There is no such file."""


class BadFileError(FileError):
    """The file is not an index, is damaged or cut short, or was written by a newer version."""


class LockedError(FileError, BlockingIOError):
    """Somebody else writes to the collection; who it is, is in the message. Reading needs no lock."""


class OlderGenerationWarning(UserWarning):
    """A copy of a collection lacks files of its newest generation, and an earlier one was opened.

    Said where the folder was copied while its writer was at work. docs/collections.md says how to copy one.
    """
