"""What is told while an index is built: to a bar on the terminal, or to the caller's own function."""

from __future__ import annotations

import contextlib
import shutil
import sys
import time
from collections.abc import Iterator
from typing import Callable, TextIO, Union

#: Called with the name of the stage, and how much of it is done, of how much.
ProgressFunction = Callable[[str, int, int], object]

#: ``None``: a bar where stderr is a terminal. ``True`` or ``False``: a bar or none. Or a function to call instead.
Progress = Union[None, bool, ProgressFunction]


# Of a stage: seconds, and the share of it that says how long the rest takes.
_WORTH_SAYING = 10.0
_TELLING = 0.02


class Bar:
    """One line of a terminal, redrawn in place; each stage leaves its line behind with the time it took."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.stage: str | None = None
        self.started = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` is reached in ``stage``."""
        if stage != self.stage:
            self.close()
            self.stage, self.started = stage, time.monotonic()
        self.draw(done / total if total else 1.0)

    def draw(self, share: float) -> None:
        """Redraw the line with ``share`` of the stage done, from 0 to 1."""
        seconds = time.monotonic() - self.started
        width = max(8, min(40, shutil.get_terminal_size().columns - 54))
        full = round(width * min(share, 1.0))
        bar = "━" * full + "╺" * (full < width) + " " * (width - full - 1)
        self.stream.write(
            f"\r\x1b[2K{self.stage or '':<14.14} {bar} {share:>4.0%} {seconds:6.1f} s{left(seconds, share)}"
        )
        self.stream.flush()

    def close(self, finished: bool = True) -> None:
        """End the line of the stage under way, drawn full if it was ``finished``."""
        if self.stage is not None:
            if finished:
                self.draw(1.0)
            self.stream.write("\n")
            self.stream.flush()
            self.stage = None


def left(seconds: float, share: float) -> str:
    """How long the rest of a stage takes, where the first ``share`` of it took ``seconds`` and it is worth saying."""
    if seconds < _WORTH_SAYING or not _TELLING < share < 1:
        return ""
    rest = round(seconds * (1 - share) / share)
    hours, minutes = divmod(rest // 60, 60)
    return f", {hours} h {minutes:02} min left" if hours else f", {minutes} min {rest % 60:02} s left"


def check(progress: Progress) -> None:
    """Raise ``TypeError`` where ``progress`` is none of the things it can be."""
    if not (progress is None or isinstance(progress, bool) or callable(progress)):
        kind = type(progress).__name__
        raise TypeError(f"progress: expected None, a bool or a function, got {progress!r} ({kind})")


@contextlib.contextmanager
def reporting(progress: Progress) -> Iterator[ProgressFunction | None]:
    """The function to call while the block runs, ``None`` to call none; a bar is ended with the block."""
    if callable(progress):
        yield progress
    elif progress or (progress is None and sys.stderr is not None and sys.stderr.isatty()):
        bar = Bar(sys.stderr)
        try:
            yield bar
        except BaseException:
            bar.close(finished=False)
            raise
        bar.close()
    else:
        yield None
