"""``nearfile.plot``: every function draws on the Axes that it is given, of an index or of facts, and says what is wrong."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any, Callable

import matplotlib as mpl
import nearfile
import numpy as np
import pytest
import reference
from nearfile import plot, report

mpl.use("Agg")
pyplot = importlib.import_module("matplotlib.pyplot")

EVERY = [getattr(plot, name) for name in plot.__all__]


@pytest.fixture(autouse=True)
def figures(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("nearfile.report.speed.POINT_SECONDS", 0.0)
    monkeypatch.setattr("nearfile.report.speed.DEFAULT_SECONDS", 0.0)
    monkeypatch.setattr("nearfile.report.layout.EPOCHS", 10)
    yield
    pyplot.close("all")


def items(metric: str = "euclidean", n: int = 300) -> nearfile.Index:
    random = np.random.default_rng(0)
    kinds = [f"k{each}" for each in random.integers(0, 3, n)]
    vectors = reference.vectors_for(metric, n, 8)
    return nearfile.build(vectors, metric=metric, attributes={"kind": kinds, "price": random.random(n)})


@pytest.mark.parametrize("draw", EVERY, ids=plot.__all__)
def test_a_plot_of_an_index_is_that_of_its_facts(draw: Callable[..., Any]) -> None:
    index = items()
    own, given = draw(index), pyplot.figure().add_subplot()
    assert draw(report.measure(index), given) is given
    assert own is not given
    assert own.get_xlabel() == given.get_xlabel()
    assert len(own.patches) == len(given.patches)
    assert len(own.lines) == len(given.lines)
    assert own.patches or own.lines or own.collections
    own.figure.canvas.draw()


def test_every_metric_is_drawn(metric: str) -> None:
    facts = report.measure(items(metric, 60))
    for draw in EVERY:
        draw(facts).figure.canvas.draw()


def test_histograms_have_all_items() -> None:
    facts = report.measure(items())
    for draw in (plot.distances, plot.dimension, plot.latency):
        bars = draw(facts).patches
        assert sum(bar.get_height() for bar in bars) == pytest.approx(3 if draw is plot.distances else 1)


def test_hubs_are_in_order_and_bytes_are_those_of_the_file() -> None:
    facts = report.measure(items())
    assert facts.hubs is not None
    assert plot.hubs(facts).lines[0].get_ydata()[0] == facts.hubs.counts.max()
    widths = [bar.get_width() for bar in plot.bytes(facts).patches]
    assert max(widths) == pytest.approx(facts.about.parts[0].bytes / 1e6)


def test_a_map_is_coloured_by_a_column() -> None:
    facts = report.measure(items())
    assert plot.map(facts).get_legend().get_title().get_text() == "kind"
    by_price = plot.map(facts, color="price")
    assert len(by_price.collections) == 5
    assert sum(len(group.get_offsets()) for group in by_price.collections) == 300
    with pytest.raises(nearfile.InvalidArgumentError, match=r"expected one of .*'price'"):
        plot.map(facts, color="prize")


@pytest.mark.parametrize("draw", [each for each in EVERY if each is not plot.bytes])
def test_what_is_too_small_is_refused(draw: Callable[..., Any]) -> None:
    with pytest.raises(nearfile.InvalidArgumentError, match="expected an index of more items"):
        draw(nearfile.build(np.ones((1, 4))))
    with pytest.raises(nearfile.InvalidArgumentError, match="expected an index, or what"):
        draw(np.eye(3))


def test_matplotlib_is_imported_when_something_is_drawn(run_python: Callable[..., str]) -> None:
    out = run_python(
        """
        import sys, nearfile, nearfile.plot, nearfile.report
        print("matplotlib" in sys.modules)
        sys.modules["matplotlib"] = None
        try:
            nearfile.plot.bytes(nearfile.build([[1.0, 2.0]]))
        except ImportError as error:
            print(error)
        """
    )
    assert out.split("\n")[0] == "False"
    assert "pip install 'nearfile[plot]'" in out
