"""Every code block of every page runs, here or where its mark says: tests/python/pages.py has the rules."""

from __future__ import annotations

from pathlib import Path

import pytest
from pages import MAKE_TEST, ROOT, PageError, blocks_of, blocks_of_page, faults, pages, run, run_page
from test_annoy_files import write

PAGES = {path.relative_to(ROOT).as_posix(): blocks_of_page(path) for path in pages()}
# What a mark may name as a command, and where its tests are.
COMMANDS = {
    MAKE_TEST: "tests/python",
    "make test-cluster": "tests/cluster",
    "make test-integrations": "tests/integrations",
}


def test_no_block_escapes() -> None:
    assert sum(len(blocks) for blocks in PAGES.values()) > 50  # or the pattern finds nothing any more
    assert [fault for blocks in PAGES.values() for fault in faults(blocks)] == []


def test_runners_are_there() -> None:
    runners = {(block.runner, page) for page, blocks in PAGES.items() for block in blocks if block.runner}
    for runner, page in runners:
        if runner.startswith("make "):
            assert runner in COMMANDS
            assert "from pages import" in (ROOT / COMMANDS[runner] / "test_docs.py").read_text(), runner
        else:
            assert page in (ROOT / runner).read_text() or Path(page).name in (ROOT / runner).read_text(), (runner, page)


@pytest.mark.parametrize("page", [page for page, blocks in PAGES.items() if any(b.runner == MAKE_TEST for b in blocks)])
def test_the_blocks_of_a_page_run(page: str, tmp_path: Path) -> None:
    write(tmp_path / "old.ann", "angular", dim=40)  # that of an earlier time, which pages about Annoy open
    run_page(ROOT / page, tmp_path)


def of(text: str) -> list:
    return blocks_of(text, "a.md")


def test_blocks_are_found_with_their_marks() -> None:
    blocks = of(
        "<!-- setup: a = 1 -->\n\n```python\nb = a\n```\n\n<!-- run by: make x; serves: 80 -->\n```sh\nb\n```\n"
    )
    assert [(b.language, b.text, b.line, b.runner) for b in blocks] == [
        ("python", "a = 1 ", 1, MAKE_TEST),
        ("python", "b = a\n", 4, MAKE_TEST),
        ("sh", "b\n", 9, "make x"),
    ]
    assert blocks[2].marks == {"run by": "make x", "serves": "80"}
    assert of("- x\n\n  ```python\n  a\n    b\n  ```\n")[0].text == "a\n  b\n"
    assert (
        of("<!-- not run: far -->\nWords.\n\n```sh\na\n```\n")[0].runner == MAKE_TEST
    )  # a mark stands before its block
    assert of("<!-- a comment: of any kind -->\n```sh\na\n```\n")[0].marks == {}
    assert of("~~~\na\n~~~\n")[0].language == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```\nls\n```\n", "which language"),
        ("```cpp\nint a;\n```\n", "nobody runs it"),
        ("<!-- not run: -->\n```cpp\nint a;\n```\n", "nobody runs it"),
        ("<!-- run by: tests/nowhere.py -->\n```cpp\nint a;\n```\n", "there is no tests/nowhere.py"),
        ("<!-- not run: x; by whom: y -->\n```cpp\nint a;\n```\n", "there is no mark"),
        ("<!-- output -->\n```text\na\n```\n", "output of no block"),
    ],
)
def test_what_breaks_the_rules_is_found(text: str, said: str) -> None:
    found = faults(of(text))
    assert len(found) == 1
    assert found[0].startswith("a.md:")
    assert said in found[0]


def test_blocks_run_in_order_and_output_is_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = "```python\nfrom pathlib import Path\nPath('f').write_text('one two')\n```\n```sh\ncat f\n```\n<!-- output -->\n```text\none ...\n```\n"
    assert run(of(page)) == 2
    for broken in (page.replace("one ...", "two ..."), page.replace("cat f", "cat g")):
        with pytest.raises(PageError, match=r"a\.md:"):
            run(of(broken))
    with pytest.raises(ZeroDivisionError):
        run(of("```python\n1 / 0\n```\n"))


def test_what_another_command_runs_is_left_to_it() -> None:
    page = "```python\na = 1\n```\n<!-- run by: make x -->\n```python\nassert a == 2\n```\n<!-- output -->\n```text\nno\n```\n"
    assert run(of(page)) == 1
    with pytest.raises(AssertionError):
        run(of(page), "make x")
