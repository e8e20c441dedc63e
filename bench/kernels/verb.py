"""The verb ``kernels``: build the program with CMake, run it, keep its figures."""

import json
import os
import shutil
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from bench import machine

ROOT = Path(__file__).parents[2]
TARGET = "nearfile_kernels"


def kernels(
    out: Annotated[Path, typer.Option(help="Results, appended as JSON lines.")] = Path("kernels.jsonl"),
    work: Annotated[Path, typer.Option(help="A folder for the build.")] = Path("build/kernels"),
    kernel: Annotated[Optional[str], typer.Option(help="Only kernels with this in their name.")] = None,
    isa: Annotated[Optional[str], typer.Option(help="Only this instruction set. Default: all that run here.")] = None,
    megabytes: Annotated[int, typer.Option(help="Of the rows that no cache holds.", min=64)] = 1024,
    passes: Annotated[int, typer.Option(help="How often each is measured; the best counts.", min=1)] = 5,
) -> None:
    """Measure every kernel beside what memory allows, and print how far each is from its goal."""
    program = build(work)
    options: dict[str, Any] = {"kernel": kernel, "isa": isa, "megabytes": megabytes, "passes": passes}
    given = {name: value for name, value in options.items() if value is not None}
    out.parent.mkdir(parents=True, exist_ok=True)
    head = {
        "kind": "kernels",
        "machine": machine.describe(),
        "revision": machine.revision(),
        "options": given,
        "time": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }
    with out.open("a", encoding="utf-8") as file:
        file.write(json.dumps(head) + "\n")
    run(program, out, given)


def build(work: Path) -> Path:
    """Build the program in ``work``; the path of it. What CMake says is told only when it fails."""
    cmake = _tool("cmake")
    configure = [cmake, "-S", str(ROOT), "-B", str(work), "-DNEARFILE_BUILD_BENCHMARKS=ON"]
    if not (work / "CMakeCache.txt").exists():
        configure += ["-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={_tool('ninja')}"]
    for command in (configure, [cmake, "--build", str(work), "--target", TARGET, "--parallel"]):
        ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if ran.returncode:
            raise OSError(f"kernels: expected {Path(cmake).name} to succeed in {work}, got:\n{ran.stdout[-4000:]}")
    return (work / "bench" / "kernels" / TARGET).resolve()


def run(program: Path, out: Path, options: dict[str, Any]) -> None:
    """Run the program on one core, its table on the terminal and its figures at the end of ``out``."""
    arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    cores = machine.cores()[-1:] if machine.pins() else None
    keep = (lambda: os.sched_setaffinity(0, cores)) if cores else None
    subprocess.run([program, "--json", out, *arguments], check=True, preexec_fn=keep)


def _tool(name: str) -> str:
    """A program beside this Python, where pip puts it, or anywhere else."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"kernels: expected {name}, found none: pip install 'nearfile[bench]'")
    return found
