"""The verb ``peak``: how much memory a build takes at most, beside the file that it makes.

A build runs in a process of its own, with an array that is there before it starts and is not counted. Its peak is what
the system says of the process (Linux: VmHWM), less what was resident before, by the bytes of the finished file.

Typer reads the annotations of verbs when it runs, and on Python 3.9 only as they are: so this file has no ``from
__future__ import annotations``.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any, Optional

import nearfile
import numpy as np
import typer
from nearfile import arguments
from nearfile.cli.output import console
from nearfile.errors import InvalidArgumentError

ROOT = Path(__file__).resolve().parent.parent


def _status(name: str) -> int:
    """Bytes of this process, as Linux counts them: VmRSS are resident, VmHWM were at most."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise InvalidArgumentError(f"peak: expected {name} in /proc/self/status, got none: this needs Linux")


def measured(vectors: Path, *, to_file: bool, batch: Optional[int] = None, **options: Any) -> dict[str, Any]:
    """Build the index of a .npy file here and now; what it took.

    Args:
        vectors: A .npy file of shape (n, dim).
        to_file: Whether to a file, or in memory.
        batch: Rows given to a :class:`nearfile.Builder` at a time; ``None`` is one array for :func:`nearfile.build`.
        options: Of :func:`nearfile.build`.

    Returns:
        ``bytes`` of the file, ``peak`` of memory in bytes.
    """
    data = np.load(vectors)
    options["progress"] = False
    nearfile.build(data[:2000], **options)  # what is loaded and started once
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "built.near" if to_file else None
        data.sum()
        Path("/proc/self/clear_refs").write_text("5")  # the peak is from now on
        before = _status("VmRSS")
        if batch is None:
            index = nearfile.build(data, path, **options)
        else:
            builder = nearfile.Builder(data.shape[1], path=path, **options)
            for start in range(0, len(data), batch):
                builder.add(data[start : start + batch])
            index = builder.build()
        peak = _status("VmHWM") - before
        return {"bytes": index.info()["file_bytes"], "peak": peak}


def in_process(vectors: Path, **options: Any) -> dict[str, Any]:
    """The same by a process of its own."""
    command = [sys.executable, "-m", "bench.peak", str(vectors), json.dumps(options)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise InvalidArgumentError(f"peak: expected a build, got exit code {done.returncode}: {done.stderr.strip()}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def peak(
    vectors: Annotated[Path, typer.Argument(help="A .npy file of shape (n, dim).")],
    metric: Annotated[str, typer.Option(help="As of nearfile.build.")] = "euclidean",
    profile: Annotated[Optional[list[str]], typer.Option(help="Once for each. Default: all.")] = None,
    keep: Annotated[Optional[list[str]], typer.Option(help="Once for each. Default: all.")] = None,
    batch: Annotated[Optional[int], typer.Option(help="Rows added at a time; without it, one array.")] = None,
) -> None:
    """Peak memory of a build by profile and keep, as a share of the finished file."""
    console.print("profile   keep    file, MB  peak of a build to a file  in memory", highlight=False)
    for each in profile or arguments.PROFILES:
        for kept in keep or arguments.KEEPS:
            options = {"metric": metric, "profile": each, "keep": kept, "batch": batch}
            to_file = in_process(vectors, to_file=True, **options)
            memory = in_process(vectors, to_file=False, **options)
            shares = [f"{found['peak'] / found['bytes']:.2f}" for found in (to_file, memory)]
            size = to_file["bytes"] / 1e6
            console.print(f"{each:9} {kept:7} {size:8.1f}  {shares[0]:24}  {shares[1]}", highlight=False)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measured(Path(sys.argv[1]), **json.loads(sys.argv[2]))))
