"""Series and tables of polars."""

from __future__ import annotations

import nearfile
import numpy as np
import polars as pl
import pytest

ROWS = np.arange(1, 13, dtype=np.float32).reshape(3, 4)


def test_what_holds_rows_is_taken() -> None:
    for values in (
        pl.DataFrame(ROWS),
        pl.DataFrame(ROWS).with_columns(pl.col("column_0").cast(pl.Int64)),
        pl.Series(ROWS.tolist()),
        pl.Series(ROWS),
        pl.DataFrame({"vector": ROWS.tolist()})["vector"],
    ):
        index = nearfile.build(values, metric="euclidean", ids=pl.Series(["x", "y", "z"]))
        assert index.vectors(["x", "y", "z"]).tolist() == ROWS.tolist()
        assert index.search(values, k=1)[0].tolist() == [["x"], ["y"], ["z"]]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            pl.DataFrame({"vector": ROWS.tolist(), "i": [1, 2, 3]}),
            r"lists in the column 'vector': .* table\['vector'\]",
        ),
        (pl.DataFrame({"name": ["x"], "a": [1.0]}), "in the column 'name': leave that column out"),
        (pl.Series([[1.0], None]), r"polars.Series with 1 missing: .* fill_null\(\)"),
        (pl.DataFrame({"a": [1, None]}), r"polars.DataFrame with 1 missing: .* fill_null\(\)"),
        (pl.LazyFrame({"a": [1.0]}), r"give its collect\(\)"),
    ],
)
def test_what_holds_no_rows_is_refused_by_name(values: object, message: str) -> None:
    with pytest.raises(nearfile.InvalidArgumentError, match=message):
        nearfile.build(values)
