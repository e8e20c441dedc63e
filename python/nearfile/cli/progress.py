"""Progress of reading and building on a terminal; nothing in a pipe."""

from __future__ import annotations

from types import TracebackType

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TaskProgressColumn, TextColumn
from rich.text import Text

from nearfile.cli import output


class Rate(ProgressColumn):
    """How many a second, of what is counted in rows."""

    def render(self, task: Task) -> Text:
        """Nothing before it can be told."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} rows/s" if speed and task.fields["rows"] else "", style="green")


class Left(ProgressColumn):
    """How long it took, or how long the rest takes, where that can be told."""

    def render(self, task: Task) -> Text:
        """Seconds, or minutes and seconds."""
        if task.finished or task.time_remaining is None or not task.elapsed or task.elapsed < 2:
            return Text(output.clock(task.elapsed or 0))
        return Text(f"{output.clock(task.time_remaining)} left", style="cyan")


class Shown:
    """A line for each stage, drawn on stderr where that is a terminal. It is what a builder calls."""

    def __init__(self) -> None:
        self.drawn = output.error_console.is_terminal
        self.progress = Progress(
            TextColumn("{task.description:<14}"),
            BarColumn(),
            TaskProgressColumn(),
            Rate(),
            Left(),
            console=output.error_console,
            disable=not self.drawn,
        )
        self.task: TaskID | None = None
        self.stage = ""

    def __call__(self, stage: str, done: int, total: int | None, rows: bool = False) -> None:
        """``done`` of ``total`` is reached in ``stage``; ``None`` where nobody knows how much there is."""
        if stage != self.stage or self.task is None:
            self.finish()
            self.stage, self.task = stage, self.progress.add_task(stage, total=total, rows=rows)
        self.progress.update(self.task, completed=done, total=total)

    def finish(self) -> None:
        """End the line of the stage under way."""
        if self.task is not None:
            task = self.progress.tasks[-1]
            self.progress.update(self.task, total=task.total or task.completed, completed=task.total or task.completed)
            self.task = None

    def __enter__(self) -> Shown:
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.finish()
        self.progress.stop()
