"""The command ``nearfile``: one verb a file. Needs the extra ``nearfile[cli]``; everything else works without it."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line of this process, and leave it with the exit code: 0, 1 for an error, 2 for wrong usage."""
    try:
        from nearfile.cli.app import app
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in ("typer", "rich"):
            raise
        print(f"nearfile: the command needs {package}: pip install 'nearfile[cli]'", file=sys.stderr)  # noqa: T201
        sys.exit(2)
    app()
