"""The modules for ann-benchmarks and VIBE, loaded beside a stub of their base class and run through their configurations."""

from __future__ import annotations

import importlib.util
import itertools
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import nearfile
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

INTEGRATIONS = Path(__file__).resolve().parents[2] / "bench" / "integrations"
FOLDERS = {"ann_benchmarks": INTEGRATIONS / "ann-benchmarks", "vibe": INTEGRATIONS / "vibe"}
# What each calls the exact distance of its data sets, and what nearfile calls it.
METRICS = [
    ("ann_benchmarks", "float", "euclidean", "euclidean"),
    ("ann_benchmarks", "float", "angular", "angular"),
    ("ann_benchmarks", "bit", "hamming", "hamming"),
    ("vibe", "float", "euclidean", "euclidean"),
    ("vibe", "float", "cosine", "angular"),
    ("vibe", "float", "normalized", "dot"),
    ("vibe", "float", "ip", "dot"),
    ("vibe", "int8", "cosine", "angular"),
    ("vibe", "uint8", "euclidean", "euclidean"),
    ("vibe", "binary", "hamming", "hamming"),
]


class BaseANN:
    """As much of the base class as both frameworks have."""

    def __str__(self) -> str:
        raise NotImplementedError


@pytest.fixture(params=FOLDERS)
def framework(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def no_traces() -> Iterator[None]:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.split(".")[0] in FOLDERS:
            del sys.modules[name]


def load(framework: str) -> ModuleType:
    """The module as the framework imports it: next to a package with the base class."""
    package = f"{framework}.algorithms"
    base = ModuleType(f"{package}.base.module")
    base.BaseANN = BaseANN  # type: ignore[attr-defined]
    for name in (framework, package, f"{package}.base", f"{package}.nearfile"):
        sys.modules[name] = ModuleType(name)
        sys.modules[name].__path__ = []
    sys.modules[base.__name__] = base
    spec = importlib.util.spec_from_file_location(f"{package}.nearfile.module", FOLDERS[framework] / "module.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def definitions(framework: str, point_type: str, metric: str) -> dict[str, Any]:
    config = yaml.safe_load((FOLDERS[framework] / "config.yml").read_text())[point_type]
    (only,) = config["any"] if "any" in config else config[metric]
    return dict(only)


def combinations(arguments: Any) -> list[tuple[Any, ...]]:
    """Every combination of a list of lists or of a dict of lists: both are given by position."""
    lists = arguments.values() if isinstance(arguments, dict) else arguments
    return list(itertools.product(*lists))


def vectors(point_type: str, metric: str, count: int) -> NDArray[Any]:
    random = np.random.default_rng(count)
    if point_type in ("int8", "uint8"):
        return random.integers(1, 100, (count, 24)).astype(point_type)
    if point_type == "bit":
        return random.random((count, 64)) < 0.5
    if point_type == "binary":
        return random.integers(0, 256, (count, 8), dtype=np.uint8)
    found = random.standard_normal((count, 24)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True) if metric == "normalized" else found


@pytest.mark.parametrize(("framework", "point_type", "metric", "ours"), METRICS)
def test_every_setting_answers_and_the_dearest_exactly(framework: str, point_type: str, metric: str, ours: str) -> None:
    definition = definitions(framework, point_type, metric)
    base, queries = vectors(point_type, metric, 300), vectors(point_type, metric, 7)
    plain = [np.unpackbits(part, axis=1) if point_type == "binary" else part for part in (base, queries)]
    exact = nearfile.build(plain[0], metric=ours).search(plain[1], 5, exact=True)[0]
    assert definition["base_args"] == ["@metric"]

    constructor = getattr(load(framework), definition["constructor"])
    names = set()
    for group in definition["run_groups"].values():
        algorithm = constructor(metric, *combinations(group["args"])[0])
        assert isinstance(algorithm, BaseANN)
        algorithm.fit(base)
        for setting in combinations(group["query_args"]):
            algorithm.set_query_arguments(*setting)
            names.add(str(algorithm))
            found = algorithm.query(queries[0], 5)
            assert len(set(found.tolist())) == 5
            algorithm.batch_query(queries, 5)
            assert algorithm.get_batch_results()[0].tolist() == found.tolist()
        assert algorithm.get_batch_results().tolist() == exact.tolist()
        assert len(names) == len(combinations(group["query_args"]))


def test_configuration_names_the_module_and_its_image(framework: str) -> None:
    config = yaml.safe_load((FOLDERS[framework] / "config.yml").read_text())
    for metrics in config.values():
        for (definition,) in metrics.values():
            assert definition["name"] == "nearfile"
            assert definition["module"] == f"{framework}.algorithms.nearfile"
            image = definition.get("docker_tag") or definition["singularity_image"]
            assert image == ("ann-benchmarks-nearfile" if framework == "ann_benchmarks" else "nearfile")


def test_image_takes_this_version() -> None:
    text = (FOLDERS["vibe"] / "image.def").read_text()
    assert re.findall(r"nearfile==(\S+)", text) == [nearfile.__version__]
    assert "pip install nearfile" in (FOLDERS["ann_benchmarks"] / "Dockerfile").read_text()
