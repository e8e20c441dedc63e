"""The site that `make docs` builds of these pages: Sphinx, which reads Markdown by MyST and docstrings by autodoc."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
VERSION = (HERE.parent / "include" / "nearfile" / "version.hpp").read_text(encoding="utf-8")

project = "nearfile"
author = copyright = "The nearfile authors"
release = re.findall(r'NEARFILE_VERSION "(.*)"', VERSION)[0]

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 4  # named as forges name them, so that one link leads there and here
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_mock_imports = [  # extras whose types are named alone
    "datasets", "haystack", "joblib", "langchain_core", "llama_index", "matplotlib", "pyspark", "ray", "scipy", "sklearn", "starlette", "uvicorn",
]  # fmt: skip
autodoc_default_options = {"members": True, "inherited-members": True, "class-doc-from": "both"}
python_use_unqualified_type_names = True
maximum_signature_line_length = 80

# A reference that leads nowhere fails the build, but for types of Python, NumPy and the core and parts of results, which have no pages here.
nitpicky = True
PAGELESS = (
    r"(?!nearfile).*",
    r"nearfile\._core\..*",
    r"nearfile\.inspection\.Extent",
    r"nearfile\.report\.facts\..*",
    r"nearfile\.documents\..*",
)
nitpick_ignore_regex = [("py:.*", each) for each in PAGELESS]

pygments_dark_style = "github-dark"
html_theme = "furo"
html_title = f"nearfile {release}"
html_static_path = ["static"]
html_css_files = ["nearfile.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"top_of_page_buttons": []}

# What the site has, in the order in which one would read it; a page that is not named comes last of the how-to pages.
CONTENTS = {
    "Begin": ["tutorial"],
    "How to": [
        "embeddings", "inputs", "command-line", "filters", "attributes", "recall", "radius", "report", "processes", "files",
        "serving", "collections", "larger-than-memory", "clusters", "arrow", "scikit-learn", "datasets", "frameworks", "annoy",
        "migrating", "cpp",
    ],
    "Reference": [
        "reference/index", "reference/nearfile", "reference/filters", "reference/collections", "reference/annoy",
        "reference/clusters", "reference/frameworks", "reference/inspection", "reference/report", "reference/others", "reference/errors",
        "format", "guarantees",
    ],
    "Background": [
        "algorithms/graph", "algorithms/forest", "algorithms/filters", "algorithms/segments",
        "algorithms/inner-products", "algorithms/external-build", "benchmarks", "awkward",
    ],
}  # fmt: skip


def add_contents(app: Any, page: str, source: list[str]) -> None:
    """Name all pages at the end of the first one, out of sight."""
    if page == "index":
        named = {name for names in CONTENTS.values() for name in names}
        others = sorted({path.stem for path in HERE.glob("*.md")} - named - {"index"})
        for caption, names in {**CONTENTS, "How to": [*CONTENTS["How to"], *others]}.items():
            source[0] += "\n".join(["\n\n```{toctree}", ":hidden:", f":caption: {caption}", "", *names, "```\n"])


def link_pages(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Make links of the pages that docstrings name by their path, and sentences of what Napoleon would take for types."""
    if what in ("attribute", "property"):
        lines.insert(0, "\\")  # shows nothing; it looks for "type: description" in the first line alone
    lines[:] = [re.sub(r"\bdocs/([\w/-]+)\.md\b", r":doc:`docs/\1.md </\1>`", line) for line in lines]


def hide_arguments(app: Any, what: str, name: str, thing: Any, options: Any, given: str, returns: str) -> Any:
    """What only the library itself makes is shown without the arguments that it makes it with."""
    return ("", None) if what == "class" and re.search(r"_core\.|\b_\w+:|^\(\*args", given or "") else None


def setup(app: Any) -> None:
    """What Sphinx calls."""
    app.connect("autodoc-process-signature", hide_arguments)
    app.connect("autodoc-process-docstring", link_pages, priority=400)  # before Napoleon
    app.connect("source-read", add_contents)
