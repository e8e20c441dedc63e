"""The package as it is installed: its names, its types, its documentation, and what it imports."""

from __future__ import annotations

import builtins
import doctest
import importlib
import inspect
import pathlib
import pkgutil
import re
import subprocess
import sys

import nearfile
import pytest

PACKAGE = pathlib.Path(nearfile.__file__).parent
SOURCE = pathlib.Path(__file__).parents[2] / "python" / "nearfile"
# What needs an extra is tested where that is: `make test-cluster`, `make test-integrations`.
ELSEWHERE = (
    "nearfile.datasets",
    "nearfile.documents.haystack_filters",
    "nearfile.documents.haystack_records",
    "nearfile.documents.llama_index_filters",
    "nearfile.haystack",
    "nearfile.langchain",
    "nearfile.llama_index",
    "nearfile.ray",
    "nearfile.sklearn",
    "nearfile.spark",
)
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(nearfile.__path__, "nearfile.")
    if module.name not in ("nearfile._core", "nearfile.cli.__main__", "nearfile.collection.windows", *ELSEWHERE)
    and not module.name.startswith("nearfile.serve")
)


def test_what_is_tested_is_the_installed_package_as_it_is_written() -> None:
    assert PACKAGE != SOURCE
    written = {path.relative_to(SOURCE): path.read_text() for path in SOURCE.rglob("*.py")}
    assert len(written) > 10
    assert {path.relative_to(PACKAGE): path.read_text() for path in PACKAGE.rglob("*.py")} == written


def test_the_version_is_that_of_the_header() -> None:
    header = (SOURCE.parents[1] / "include" / "nearfile" / "version.hpp").read_text()
    assert re.findall(r'NEARFILE_VERSION "(.*)"', header) == [nearfile.__version__]
    assert importlib.import_module("importlib.metadata").version("nearfile") == nearfile.__version__


def test_types_are_part_of_it() -> None:
    assert (PACKAGE / "py.typed").exists()
    assert (PACKAGE / "_core.pyi").exists()


def test_every_public_name_is_there_and_documented() -> None:
    assert sorted(nearfile.__all__) == list(nearfile.__all__)
    for name in nearfile.__all__:
        public = getattr(nearfile, name)
        assert name == "__version__" or inspect.getdoc(public)
    for owner in (nearfile.Index, nearfile.Builder):
        for name, member in inspect.getmembers(owner):
            assert name.startswith("_") or inspect.getdoc(member), (owner, name)


def test_all_names_at_once_leave_those_of_python_what_they_are() -> None:
    names: dict[str, object] = {}
    exec("from nearfile import *", names)
    assert names["build"] is nearfile.build
    assert not set(names) & set(dir(builtins)) - {"__builtins__", "__name__", "__doc__"}
    assert callable(nearfile.open)


@pytest.mark.parametrize("module", ["nearfile", *MODULES])
def test_examples_in_docstrings_hold(module: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(module))
    assert failed == 0


def test_the_public_functions_have_examples() -> None:
    finder = doctest.DocTestFinder()
    for name in ("build", "open", "open_buffer", "info"):
        assert any(test.examples for test in finder.find(getattr(nearfile, name), name))
    for owner, members in ((nearfile.Index, ["search", "neighbors", "inspect"]), (nearfile.Builder, [])):
        found = {test.name for test in finder.find(owner, "it") if test.examples}
        assert found >= {f"it.{member}" for member in members}
        assert len(found) > 0


def test_only_numpy_is_imported(run_python) -> None:
    out = run_python(
        """
        import sys, numpy
        before = {name.partition(".")[0] for name in sys.modules}
        import nearfile
        after = {name.partition(".")[0] for name in sys.modules} - before
        installed = {"/site-packages/" in (getattr(sys.modules[name], "__file__", None) or "") and name for name in after}
        print(*installed - {False})
        """
    )
    assert out.split() == ["nearfile"]


def test_collections_and_annoy_are_imported_when_they_are_asked_for(run_python) -> None:
    out = run_python(
        """
        import sys, nearfile
        print(*sorted(name for name in sys.modules if name.startswith(("nearfile.collection", "nearfile.annoy", "nearfile.cli"))))
        assert {"AnnoyIndex", "Collection"} <= set(dir(nearfile))
        print(nearfile.AnnoyIndex.__name__, nearfile.Collection.__name__, nearfile.CollectionIndex.__name__)
        try:
            nearfile.Colection
        except AttributeError as error:
            print(error)
        """
    )
    assert out.splitlines() == [
        "",
        "AnnoyIndex Collection CollectionIndex",
        "module 'nearfile' has no attribute 'Colection'",
    ]


def test_the_stubs_are_those_of_the_extension(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("nanobind", "3.1", reason="older generators write stubs in another way")
    subprocess.run(
        [sys.executable, "-m", "nanobind.stubgen", "-q", "-m", "nearfile._core", "-o", tmp_path / "_core.pyi"],
        check=True,
        timeout=60,
    )
    assert (tmp_path / "_core.pyi").read_text() == (SOURCE / "_core.pyi").read_text(), "run `make stubs`"


def test_the_extension_alone_cannot_be_made_to_crash(run_python) -> None:
    # Nobody should call it, but whoever does gets an error.
    run_python(
        """
        import numpy, nearfile
        from nearfile import _core
        f4 = lambda *shape: numpy.ones(shape, numpy.float32)
        i8 = lambda *values: numpy.array(values, numpy.int64)
        index = nearfile.build(numpy.eye(4), ids=list("abcd"))._core
        builder = _core.Builder(4, "angular")
        graph = ("graph", "balanced", "exact")
        calls = [
            lambda: _core.Index(),
            lambda: len(_core.Index.__new__(_core.Index).ids()),
            lambda: _core.Builder.__new__(_core.Builder).add(f4(1, 4)),
            lambda: _core.Builder(4, "none"),
            lambda: _core.Builder(0, "angular"),
            lambda: builder.add(f4(2, 3)),
            lambda: builder.add(f4(8)),
            lambda: builder.add(f4(4, 4).T[:, :3]),
            lambda: builder.add_int64(f4(2, 4), i8(1)),
            lambda: builder.add_strings(f4(2, 4), ["a"]),
            lambda: builder.add_strings(f4(2, 4), ["a", 3]),
            lambda: builder.add_strings(f4(2, 4), ["a", None]),
            lambda: builder.add_strings(f4(2, 4), ["a", "\\ud800"]),
            lambda: builder.build(b"/no/such/folder/x", *graph, 1, None, 0, 1, None),
            lambda: builder.build(b"", *graph, 1, None, 0, 1, None),
            lambda: builder.build(None, *graph, 2**31, None, 0, 1, None),
            lambda: builder.build(None, *graph, 1, f4(3, 5), 0, 1, None),
            lambda: builder.build(None, *graph, 1, f4(4), 0, 1, None),
            lambda: builder.build(None, "tree", "balanced", "exact", 1, None, 0, 1, None),
            lambda: builder.build(None, "graph", "slow", "exact", 1, None, 0, 1, None),
            lambda: builder.build(None, "graph", "balanced", "all", 1, None, 0, 1, None),
            lambda: index.search(f4(3), 1, 0, 0.0, 0, False),
            lambda: index.search(f4(4), 0, 0, 0.0, 0, False),
            lambda: index.search(f4(4), -1, 0, 0.0, 0, False),
            lambda: index.search_batch(f4(2, 3), 1, 0, 0.0, 0, False, 1),
            lambda: index.search_batch(f4(2, 4), 0, 0, 0.0, 0, False, 1),
            lambda: index.vector(4),
            lambda: index.vector(-1),
            lambda: index.vectors(i8(0, 4)),
            lambda: index.vectors(i8(0, -1)),
            lambda: index.vectors(i8(2**32)),
            lambda: index.distance(0, 4),
            lambda: index.save(b"/no/such/folder/x"),
            lambda: _core.Index.open(b"/no/such", "none", False),
            lambda: _core.Index.open(b"a\\0b", "none", False),
            lambda: _core.Index.open("text", "none", False),
            lambda: _core.Index.open(b"/no/such", "cold", False),
            lambda: _core.Index.open(b"/no/such", True, False),
        ]
        for number, call in enumerate(calls):
            try:
                call()
            except (nearfile.NearfileError, TypeError, UnicodeError, RuntimeError):
                continue
            raise AssertionError(number)
        assert len(nearfile.Index(builder.build(None, *graph, 1, None, 0, 1, None), None)) == 0
        """
    )
