"""The code blocks of a page of documentation: what they are, who runs them, and a program that runs them from top to bottom.

Blocks of `python` and `sh` run by themselves, in the order of the page: the former in one namespace, the latter in the same
folder. A comment directly before a block says what else holds of it, parts apart by semicolons:

    <!-- run by: make test-integrations -->    only that command runs it; or a file of tests which does so in its own way
    <!-- not run: it takes an hour -->         why nobody runs it
    <!-- serves: 8017 -->                      goes on in the background, and what follows waits for this port
    <!-- output -->                            what the block before prints; three points stand for anything

A comment `<!-- setup: ... -->` is Python that is run and not shown. `python tests/python/pages.py PAGE...` runs pages by hand.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
RUNNABLE = ("python", "sh")
MARKERS = ("run by", "not run", "serves", "output", "setup")
MAKE_TEST = "make test"
TOKEN = re.compile(
    r"^(?P<indent> *)(?P<fence>```+|~~~+)(?P<language>[^\n`]*)\n(?P<text>.*?)^ *(?P=fence)[ \t]*$|<!--(?P<comment>.*?)-->",
    flags=re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """A fenced block, or a setup that is not shown; `line` is that of its first line of code."""

    page: str
    line: int
    language: str
    text: str
    marks: dict[str, str]

    @property
    def runner(self) -> str | None:
        """The command or file that runs it, `None` where nobody does."""
        if self.language not in RUNNABLE and "run by" not in self.marks:
            return None
        return None if "not run" in self.marks else self.marks.get("run by", MAKE_TEST)

    @property
    def place(self) -> str:
        """Page and line, as compilers say it."""
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """Every page whose blocks are held to the rules."""
    beside = [ROOT / folder / "README.md" for folder in ("fuzz", "bench", "bench/integrations", "bench/results")]
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), *beside]


def marks_of(comment: str) -> dict[str, str]:
    """What a comment says of the block after it; a comment that begins with none of the words is an ordinary one."""
    word = re.match(r"\s*([a-z ]+?)\s*(?::|;|$)", comment)
    if word is None or word[1] not in MARKERS:
        return {}
    parts = (part.partition(":") for part in comment.split(";"))
    return {name.strip(): value.strip() for name, _, value in parts}


def blocks_of(text: str, page: str) -> list[Block]:
    """All blocks of a page in order, setups among them."""
    blocks = []
    marks: dict[str, str] = {}
    end = 0  # of what came before
    for found in TOKEN.finditer(text):
        if text[end : found.start()].strip():
            marks = {}
        end = found.end()
        if found["comment"] is None:
            line = text.count("\n", 0, found.start("text")) + 1
            code = re.sub(rf"^{found['indent']}", "", found["text"], flags=re.MULTILINE)
            blocks.append(Block(page, line, found["language"].strip(), code, marks))
            marks = {}
        elif found["comment"].strip().startswith("setup:"):
            code = found["comment"].split("setup:", 1)[1]
            line = text.count("\n", 0, found.end() - len(code) - len("-->")) + 1
            blocks.append(Block(page, line, "python", code.lstrip(" "), {}))
        else:
            marks = {**marks, **marks_of(found["comment"])}
    return blocks


def blocks_of_page(path: Path) -> list[Block]:
    """All blocks of a file of the project."""
    return blocks_of(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())


def faults(blocks: list[Block]) -> list[str]:
    """What breaks the rules: a block that nobody runs without a reason, or marks that say nothing."""
    found = []
    for before, block in zip([None, *blocks], blocks):
        marks = block.marks
        if not block.language:
            found.append(f"{block.place}: say which language the block is in; `text` for what is none")
        elif unknown := set(marks) - set(MARKERS):
            found.append(f"{block.place}: there is no mark {sorted(unknown)}, only {MARKERS}")
        elif "output" in marks:
            if before is None or before.language not in RUNNABLE or before.runner is None:
                found.append(f"{block.place}: output of no block that is run")
        elif block.runner is None and not marks.get("not run") and not block.language.startswith("{"):
            found.append(f"{block.place}: nobody runs it; say `<!-- not run: why -->`, or who does, before it")
        elif (runner := block.runner) and not runner.startswith("make ") and not (ROOT / runner).is_file():
            found.append(f"{block.place}: there is no {runner} that runs it")
    return found


class PageError(AssertionError):
    """A block printed something else than its page says, or ended badly."""


def run_shell(block: Block, background: list[subprocess.Popen[str]]) -> str:
    """What a block of commands prints; one that serves goes on until the end of the page."""
    here = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": here + os.pathsep + os.environ.get("PATH", ""), "COLUMNS": "120"}
    command = ["bash", "-euo", "pipefail", "-c", block.text]
    if "serves" in block.marks:
        background.append(subprocess.Popen(command, env=environment, text=True, start_new_session=True))
        wait_for(int(block.marks["serves"]), background[-1], block)
        return ""
    done = subprocess.run(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False
    )
    if done.returncode != 0:
        raise PageError(f"{block.place}: exit code {done.returncode}\n{block.text}\n{done.stdout}")
    return done.stdout


def wait_for(port: int, server: subprocess.Popen[str], block: Block) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise PageError(f"{block.place}: nothing answers on port {port}\n{block.text}")


def run_python(block: Block, names: dict[str, Any]) -> str:
    """What a block of Python prints. A traceback has the lines of the page."""
    printed = io.StringIO()
    code = compile("\n" * (block.line - 1) + block.text, str(ROOT / block.page), "exec")
    with contextlib.redirect_stdout(printed):
        exec(code, names)
    return printed.getvalue()


def run(blocks: list[Block], runner: str = MAKE_TEST) -> int:
    """Run those of a page that are anybody's or this runner's, in the present folder; how many there were."""
    names: dict[str, Any] = {"__name__": "__main__"}
    background: list[subprocess.Popen[str]] = []
    printed, ran, counted = "", False, 0
    try:
        for block in blocks:
            if "output" in block.marks:
                flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
                if ran and not doctest.OutputChecker().check_output(block.text, printed, flags):
                    raise PageError(f"{block.place}: the page has\n{block.text}\nbut what came is\n{printed}")
                continue
            ran = block.runner in (MAKE_TEST, runner)
            if ran:
                counted += 1
                printed = run_python(block, names) if block.language == "python" else run_shell(block, background)
    finally:
        for server in background:
            os.killpg(server.pid, signal.SIGTERM)  # the shell, and what it started
            server.wait(timeout=30)
    return counted


def run_page(path: Path, folder: Path, runner: str = MAKE_TEST, *, timeout: float = 300) -> None:
    """Run a page in a process of its own, where warnings are errors in `make test`, as everywhere in it."""
    warnings = ["-W", "error"] if runner == MAKE_TEST else []
    command = [
        sys.executable,
        "-X",
        "faulthandler",
        *warnings,
        str(Path(__file__).resolve()),
        "--runner",
        runner,
        str(path),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=timeout, check=False
    )
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"


def main(arguments: list[str]) -> None:
    """Run pages in the present folder: what `run_page` starts, and whoever writes a page."""
    runner = MAKE_TEST
    if arguments[:1] == ["--runner"]:
        runner, arguments = arguments[1], arguments[2:]
    for path in map(Path, arguments):
        print(f"{path}: {run(blocks_of_page(path.resolve()), runner)} blocks")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
