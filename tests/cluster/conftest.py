"""Two engines as the tests ask for them: a local Spark and a local Ray, each started once."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nearfile
import numpy as np
import pyarrow as pa
import pytest

ENGINES = ("spark", "ray")


def table_of(vectors: np.ndarray, ids: Any, **columns: Any) -> pa.Table:
    """Rows with a list of floats each."""
    return pa.table({"id": ids, "vector": pa.array(list(vectors), pa.list_(pa.float32())), **columns})


class Spark:
    """PySpark with two cores, where a task may be tried three times."""

    name = "spark"
    factory = "nearfile.spark._writing"

    def __init__(self) -> None:
        from pyspark.sql import SparkSession

        os.environ["PYSPARK_PYTHON"] = sys.executable
        builder = SparkSession.builder.master("local[2,3]").config("spark.driver.memory", "2g")
        builder = builder.config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false")
        self.session = builder.config("spark.sql.shuffle.partitions", "4").getOrCreate()
        self.session.sparkContext.setLogLevel("OFF")

    def frame(self, *tables: pa.Table) -> Any:
        """One partition a table."""
        numbered = [each.append_column("at", pa.array([at] * len(each), pa.int32())) for at, each in enumerate(tables)]
        whole = pa.concat_tables(numbered).combine_chunks()  # Spark reads no farther than to an empty batch
        frame = self.session.createDataFrame(whole)
        assert frame.count() == len(whole)
        return frame.repartitionById(len(tables), frame["at"]).drop("at")

    def build(self, frame: Any, path: Path, **options: Any) -> nearfile.CollectionIndex:
        import nearfile.spark

        return nearfile.spark.build(frame, path, **options)

    def search(self, frame: Any, path: Path, *arguments: Any, **options: Any) -> dict[str, list[Any]]:
        import nearfile.spark

        return nearfile.spark.search(frame, path, *arguments, **options).toArrow().to_pydict()

    def close(self) -> None:
        self.session.stop()


class Ray:
    """Ray with two cores and little memory."""

    name = "ray"
    factory = "nearfile.ray._writing"

    def __init__(self) -> None:
        import ray

        options = {"include_dashboard": False, "log_to_driver": False, "logging_level": "ERROR"}
        ray.init(num_cpus=2, object_store_memory=300 << 20, **options)
        ray.data.DataContext.get_current().enable_progress_bars = False
        self.ray = ray

    def frame(self, *tables: pa.Table) -> Any:
        """One block a table."""
        return self.ray.data.from_arrow(list(tables))

    def build(self, frame: Any, path: Path, **options: Any) -> nearfile.CollectionIndex:
        import nearfile.ray

        return nearfile.ray.build(frame, path, **options)

    def search(self, frame: Any, path: Path, *arguments: Any, **options: Any) -> dict[str, list[Any]]:
        import nearfile.ray

        found = nearfile.ray.search(frame, path, *arguments, **options)
        rows = found.take_all()
        return {name: [row[name] for row in rows] for name in found.schema().names}

    def close(self) -> None:
        self.ray.shutdown()


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Each of the engines that are installed."""
    pytest.importorskip({"spark": "pyspark", "ray": "ray"}[request.param])
    started = {"spark": Spark, "ray": Ray}[request.param]()
    yield started
    started.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "items"


@pytest.fixture(scope="session")
def vectors() -> np.ndarray:
    """3,000 of them in thirty groups, so that planes have something to cut."""
    random = np.random.default_rng(5)
    centers = random.normal(size=(30, 16)) * 3
    return (centers[random.integers(30, size=3000)] + random.normal(size=(3000, 16))).astype(np.float32)
