"""The application and its verbs.

Typer reads the annotations of verbs when it runs, and on Python 3.9 only as they are: so the files of verbs have no
``from __future__ import annotations``.
"""

from typing import Annotated

import typer

import nearfile
from nearfile.cli.bench import bench
from nearfile.cli.build import build
from nearfile.cli.compact import compact
from nearfile.cli.convert import convert
from nearfile.cli.demo import demo
from nearfile.cli.info import info
from nearfile.cli.inspect import inspect
from nearfile.cli.output import telling_errors
from nearfile.cli.report import report
from nearfile.cli.search import search
from nearfile.cli.serve import serve
from nearfile.cli.tune import tune
from nearfile.cli.verify import verify

app = typer.Typer(
    name="nearfile",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verb in (build, search, info, report, tune, bench, verify, compact, convert, serve, demo):
    app.command()(telling_errors(verb))
# An id may be a number below zero, which is no option.
app.command(context_settings={"ignore_unknown_options": True})(telling_errors(inspect))


def show_version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        typer.echo(f"nearfile {nearfile.__version__}")
        raise typer.Exit


@app.callback()
def nearfile_command(
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Nearest neighbours in a memory-mapped file."""
