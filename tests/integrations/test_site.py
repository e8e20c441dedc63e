"""The site that `make docs` builds: whole, without the network, and usable in a browser."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nearfile
import pytest
from pages import ROOT

PAGES = sorted(path.relative_to(ROOT / "docs").with_suffix("") for path in (ROOT / "docs").rglob("*.md"))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going", "-d", folder / "trees"]
    done = subprocess.run([*command, ROOT / "docs", folder / "site"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "site"


def test_every_page_is_there_and_in_the_contents(site: Path) -> None:
    home = (site / "index.html").read_text(encoding="utf-8")
    for page in PAGES:
        assert (site / page.with_suffix(".html")).exists()
        assert f'href="{page.as_posix()}.html"' in home or page.name == "index", page


def test_every_public_name_is_in_the_reference(site: Path) -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in (site / "reference").glob("*.html"))
    anchors = set(re.findall(r'id="(nearfile[\w.]*)"', pages))
    assert {f"nearfile.{name}" for name in nearfile.__all__} - anchors == set()
    for owner in (nearfile.Index, nearfile.Builder, nearfile.AnnoyIndex, nearfile.Collection):
        members = {f"nearfile.{owner.__name__}.{name}" for name in dir(owner) if not name.startswith("_")}
        assert members - anchors == set()
    assert {f"nearfile.{engine}.{verb}" for engine in ("spark", "ray") for verb in ("build", "search")} <= anchors


def test_nothing_is_fetched_from_the_network(site: Path) -> None:
    files = [path for path in site.rglob("*") if path.suffix in (".html", ".css")]
    assert len(files) > 30
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert re.findall(r'<(?:script|img|link|iframe)[^>]*(?:src|href)="(?:https?:)?//[^"]*"', text) == [], path
        assert re.findall(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", text) == [], path


def test_the_search_finds(site: Path, browser: Any) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    links = "return [...document.querySelectorAll('#search-results li a')].map(link => link.href)"
    for words, page in (("calibration", "recall.html"), ("open_buffer", "reference/nearfile.html")):
        browser.get(f"{(site / 'search.html').as_uri()}?q={words}")
        WebDriverWait(browser, 20).until(
            lambda b, page=page: any(page in link for link in b.execute_script(links)), words
        )


@pytest.mark.parametrize("width", [1400, 420])
def test_no_page_is_wider_than_the_window(site: Path, browser: Any, width: int) -> None:
    browser.set_window_size(width, 900)
    wide = {}
    for page in PAGES:
        browser.get((site / page.with_suffix(".html")).as_uri())
        inner, needed = browser.execute_script("return [innerWidth, document.documentElement.scrollWidth]")
        if needed > inner:
            wide[page.as_posix()] = (inner, needed)
    assert wide == {}
