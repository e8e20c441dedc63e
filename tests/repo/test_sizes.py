"""A function fits on one screen: no longer than 70 lines, in C++ and in Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST_LINES = 70

# Functions that are better long, each with the reason. There are none; one that is added says why in its own comment too.
BETTER_LONG: dict[str, str] = {}


class Function(NamedTuple):
    """Where it starts, and how many lines it has from there to its end."""

    name: str
    line: int
    lines: int


def blanked(text: str) -> str:
    """C++ with spaces in place of comments and of what is in quotes, so that only braces that count are left."""
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'|^[ \t]*#(?:\\\n|[^\n])*'
    return re.sub(pattern, lambda found: re.sub(r"[^\n]", " ", found[0]), text, flags=re.DOTALL | re.MULTILINE)


def functions_of_cpp(text: str) -> Iterator[Function]:
    """The outermost blocks that follow parentheses: functions with all lambdas in them, of classes too."""
    code = blanked(text)
    depth_of_function = None
    depth = 0
    start = header = 0  # of the statement that is read
    for at, char in enumerate(code):
        if char == "{":
            depth += 1
            statement = code[start:at]
            if depth_of_function is None and ")" in statement and not re.search(r"=\s*$", statement):
                depth_of_function = depth
                before = re.match(r"\s*(?:(?:public|private|protected)\s*:\s*)*", statement)
                header = start + (before.end() if before else 0)
        elif char == "}":
            if depth == depth_of_function and not re.match(r"\s*[,{(]", code[at + 1 :]):  # not of an initialiser
                named = re.search(r"(operator\s*\(\)|operator\S+?|[\w:~]+)\s*\(", code[header:at])
                line = code.count("\n", 0, header) + 1
                yield Function(named[1] if named else "?", line, code.count("\n", header, at) + 1)
                depth_of_function = None
            depth -= 1
        if depth_of_function is None and char in ";{}":
            start = at + 1


def functions_of_python(text: str) -> Iterator[Function]:
    """Every function and method, without its docstring, which may be as long as it has to be."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        said = node.body[0] if ast.get_docstring(node) is not None else None
        documented = 0 if said is None else (said.end_lineno or said.lineno) - said.lineno + 1
        yield Function(node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1 - documented)


def sources(*folders: str, suffixes: tuple[str, ...]) -> dict[str, str]:
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in suffixes
    }


def long_functions(path: str, functions: Iterator[Function]) -> list[str]:
    return [
        f"{path}:{each.line}: {each.name} has {each.lines} lines"
        for each in functions
        if each.lines > MOST_LINES and f"{path}: {each.name}" not in BETTER_LONG
    ]


def test_functions_of_cpp_fit_on_a_screen() -> None:
    texts = sources("src", "include", "python/bindings", suffixes=(".cpp", ".hpp"))
    found = {path: list(functions_of_cpp(text)) for path, text in texts.items()}
    assert sum(len(each) for each in found.values()) > 500  # or the pattern finds nothing any more
    assert [line for path, each in found.items() for line in long_functions(path, iter(each))] == []


def test_functions_of_python_fit_on_a_screen() -> None:
    texts = sources("python/nearfile", "bench", "tools", suffixes=(".py",))
    assert [line for path, text in texts.items() for line in long_functions(path, functions_of_python(text))] == []


def test_what_is_better_long_is_still_there() -> None:
    for name in BETTER_LONG:
        path, function = name.split(": ")
        text = (ROOT / path).read_text(encoding="utf-8")
        functions = functions_of_python(text) if path.endswith(".py") else functions_of_cpp(text)
        assert any(each.name == function and each.lines > MOST_LINES for each in functions), name


BODY = "    f();\n"


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("void g() {\n", "g"),
        ("template <class T>\nstd::pair<int, int> g(T a,\n     T b) const noexcept {\n", "g"),
        ("namespace {\nstruct S {\n    int a = 1;\n    S() : a_{1}, b_(2) {\n", "S"),
        ("class C {\n    bool operator()(int a) const {\n", "operator()"),
        ("auto x = \"}\";  // }\nint C::g() { /* } */ char c = '}';\n", "C::g"),
    ],
)
def test_long_functions_of_cpp_are_found(head: str, name: str) -> None:
    def text(lines: int) -> str:
        fits = next(iter(functions_of_cpp(head + "}\n"))).lines - 1
        return head + BODY * (lines - fits - 1) + "}\n"

    assert long_functions("a.cpp", functions_of_cpp(text(MOST_LINES))) == []
    found = long_functions("a.cpp", functions_of_cpp(text(MOST_LINES + 1)))
    assert len(found) == 1
    assert f": {name} has {MOST_LINES + 1} lines" in found[0]


def test_lambdas_count_with_the_function_they_are_in() -> None:
    inner = "    run([&](int i) {\n" + BODY * 40 + "    });\n"
    assert long_functions("a.cpp", functions_of_cpp("void g() {\n" + inner + "}\n")) == []
    assert len(long_functions("a.cpp", functions_of_cpp("void g() {\n" + inner * 2 + "}\n"))) == 1


def test_types_and_tables_are_no_functions() -> None:
    assert (
        list(functions_of_cpp("struct S {\n" + "    int a;\n" * 90 + "};\nconst int t[] = {\n" + "1,\n" * 90 + "};\n"))
        == []
    )


def test_long_functions_of_python_are_found_without_their_docstrings() -> None:
    said = '    """' + "What it does.\n" * 90 + '    """\n'
    assert long_functions("a.py", functions_of_python("def g():\n" + said + "    f()\n" * 69)) == []
    assert len(long_functions("a.py", functions_of_python("def g():\n" + said + "    f()\n" * 70))) == 1
