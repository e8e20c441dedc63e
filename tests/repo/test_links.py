"""Links of pages lead somewhere, on a forge and on the site; so do the pages that sources name.

`python tests/repo/test_links.py` lists the links to other sites, which nothing checks.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("docs", "fuzz", "bench")
PAGES = sorted([*ROOT.glob("*.md"), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.md"))])
CODE = re.compile(r"^( *)(```+|~~~+).*?^ *\2[ \t]*$|`[^`\n]*`", flags=re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)|<(https?://[^>]+)>")
SOURCES = ("src", "include", "python", "tests", "bench", "fuzz", "tools", "cmake", "examples")
SUFFIXES = {".py", ".pyi", ".hpp", ".cpp", ".txt", ".cmake", ".md", ".toml"}


def links_of(text: str) -> list[str]:
    """Where links and pictures lead, code left out."""
    return [one or other for one, other in LINK.findall(CODE.sub("", text))]


def anchors_of(text: str) -> set[str]:
    """Of all headings, as GitHub names them, which Sphinx does too (myst_heading_anchors)."""
    headings = re.findall(
        r"^#{1,6}\s+(.*?)\s*#*\s*$", re.sub(r"^( *)(```+).*?^ *\2", "", text, flags=re.M | re.S), flags=re.M
    )
    shown = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").replace("*", "") for heading in headings]
    names = [re.sub(r"[^\w\- ]", "", each.strip().lower()).replace(" ", "-") for each in shown]
    seen: Counter[str] = Counter()
    anchors = set()
    for name in names:
        anchors.add(name if seen[name] == 0 else f"{name}-{seen[name]}")
        seen[name] += 1
    return anchors


def fault(page: Path, link: str) -> str | None:
    """What is wrong with a link of a page."""
    path, _, anchor = unquote(link).partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return f"{page.relative_to(ROOT)}: there is no {link}"
    if not target.is_relative_to(ROOT):
        return f"{page.relative_to(ROOT)}: {link} leads out of the project"
    in_docs = page.is_relative_to(ROOT / "docs") and not target.is_relative_to(ROOT / "docs")
    if in_docs and (target.is_dir() or target.suffix == ".md"):
        return f"{page.relative_to(ROOT)}: {link} is not part of the site; name it as code"
    if anchor and (target.suffix != ".md" or anchor not in anchors_of(target.read_text(encoding="utf-8"))):
        return f"{page.relative_to(ROOT)}: there is no heading for {link}"
    return None


def is_external(link: str) -> bool:
    return re.match(r"(?:[a-z]+:)?//|mailto:", link) is not None


def test_links_lead_somewhere() -> None:
    links = [(page, link) for page in PAGES for link in links_of(page.read_text(encoding="utf-8"))]
    inner = [(page, link) for page, link in links if not is_external(link)]
    assert len(inner) > 100
    assert [found for page, link in inner if (found := fault(page, link))] == []
    assert [link for _, link in links if link.startswith("http://")] == []


def test_pages_that_sources_name_are_there() -> None:
    files = [path for folder in SOURCES for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES]
    files += [*ROOT.glob("*.md"), ROOT / "Makefile", ROOT / "CMakeLists.txt", ROOT / "pyproject.toml"]
    named = {
        (path.relative_to(ROOT).as_posix(), page)
        for path in files
        for page in re.findall(r"(?<![\w/])docs/[\w/-]+\.md", path.read_text(encoding="utf-8", errors="replace"))
    }
    assert len(named) > 100
    assert sorted((path, page) for path, page in named if not (ROOT / page).is_file()) == []


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("[a](b.md) and ![c](d.png) <https://e.f>", ["b.md", "d.png", "https://e.f"]),
        ("[`a[0]`](b.md#c)", ["b.md#c"]),
        ("`[a](b.md)`\n\n```\n[a](c.md)\n```\n", []),
    ],
)
def test_links_are_found(text: str, links: list[str]) -> None:
    assert links_of(text) == links


@pytest.mark.parametrize("link", ["no.md", "recall.md#no-such", "#no-such", "../README.md", "../bench", "../../x"])
def test_broken_links_are_found(link: str) -> None:
    assert fault(ROOT / "docs" / "filters.md", link) is not None


def test_whole_links_are_let_be() -> None:
    for link in ("recall.md", "recall.md#asking-for-recall", "#compiled-filters", "algorithms/graph.md"):
        assert fault(ROOT / "docs" / "filters.md", link) is None
    assert anchors_of("# A `b`: c, d's\n## x\n## x\n```sh\n# y\n```\n") == {"a-b-c-ds", "x", "x-1"}


if __name__ == "__main__":
    for place in PAGES:
        for outer in filter(is_external, links_of(place.read_text(encoding="utf-8"))):
            sys.stdout.write(f"{place.relative_to(ROOT)}: {outer}\n")
