"""``python -m bench``: run, report, plot, peak, filters, filters-report, pages, kernels, awkward, serving.

Typer reads the annotations of verbs when it runs, and on Python 3.9 only as they are: so the files of verbs have no
``from __future__ import annotations``.
"""

import typer
from nearfile.cli.output import telling_errors

from bench.awkward.verb import awkward
from bench.filters.verb import filters, filters_report
from bench.kernels.verb import kernels
from bench.larger.verb import larger
from bench.peak import peak
from bench.plot import plot
from bench.serving.verb import serving
from bench.verbs import report, run

app = typer.Typer(
    name="bench",
    help="nearfile beside its peers, measured in one run.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verb in (run, report, plot, peak, filters, filters_report, kernels, awkward, serving):
    app.command()(telling_errors(verb))
app.command("pages")(telling_errors(larger))

if __name__ == "__main__":
    app(prog_name="python -m bench")
