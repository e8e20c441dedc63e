"""What machine, what state of the source, and how a measurement is kept on its cores."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import psutil

# Those that kernels of vector search are written for.
INSTRUCTION_SETS = (
    "sse4_2",
    "avx",
    "avx2",
    "fma",
    "f16c",
    "avx512f",
    "avx512bw",
    "avx512_vnni",
    "avx512_bf16",
    "avx512_fp16",
    "amx_int8",
    "asimd",
    "asimddp",
    "i8mm",
    "sve",
)
REVISION = "NEARFILE_BENCH_REVISION"
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
)


def describe() -> dict[str, Any]:
    """The machine as results name it."""
    facts = _cpu_facts()
    flags = facts.get("flags", facts.get("Features", "")).split()
    return {
        "processor": facts.get("model name") or platform.processor() or platform.machine(),
        "family": "/".join(facts.get(name, "?") for name in ("cpu family", "model", "stepping")),
        "cores": len(cores()),
        "instruction_sets": [name for name in INSTRUCTION_SETS if name in flags],
        # Whole GiB: what the kernel keeps for itself differs from start to start.
        "memory": round(psutil.virtual_memory().total / 2**30) * 2**30,
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def cores() -> list[int]:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def pins() -> bool:
    """Whether a process can be kept on cores here."""
    return hasattr(os, "sched_setaffinity")


def environment(threads: int) -> dict[str, str]:
    """The environment for a measurement on so many threads."""
    return {**os.environ, **{name: str(threads) for name in THREAD_VARIABLES}}


def revision() -> str | None:
    """The git revision of this clone, with "+" where files differ from it; None outside of one.

    A copy without its history is told of it by the environment variable REVISION.
    """
    if REVISION in os.environ:
        return os.environ[REVISION]
    try:
        commit = _git("rev-parse", "--short=12", "HEAD")
        return commit + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(*arguments: str) -> str:
    folder = Path(__file__).parent
    ran = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return ran.stdout.strip()


def _cpu_facts() -> dict[str, str]:
    """Of the first processor in /proc/cpuinfo; empty where there is none."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return {}
    lines = (line.partition(":") for line in text.split("\n\n")[0].splitlines())
    return {name.strip(): value.strip() for name, _, value in lines}
