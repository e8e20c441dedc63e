"""Writes vectors, names and prices in every format that is read."""

from __future__ import annotations

import csv
import gzip
import json
import pathlib
from typing import Any, Callable

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet

Writer = Callable[[pathlib.Path, np.ndarray, list, list], Any]


def table(vectors: np.ndarray, names: list, prices: list) -> pa.Table:
    column = pa.array(list(vectors), pa.list_(pa.float32()))
    return pa.table({"name": pa.array(names), "price": pa.array(prices, pa.float64()), "embedding": column})


def npz(path: pathlib.Path, vectors: np.ndarray, names: list, prices: list) -> None:
    columns = {"name": np.array(names, str), "price": np.array(prices, float)}
    np.savez_compressed(path, embedding=vectors, **columns)


def hdf5(path: pathlib.Path, vectors: np.ndarray, names: list, prices: list) -> None:
    with h5py.File(path, "w") as file:
        file["embedding"] = vectors
        file["name"] = np.array(names, object).astype(h5py.string_dtype())
        file["price"] = np.array(prices, float)


def parquet(path: pathlib.Path, vectors: np.ndarray, names: list, prices: list) -> None:
    pyarrow.parquet.write_table(table(vectors, names, prices), path, row_group_size=3)


def feather(path: pathlib.Path, vectors: np.ndarray, names: list, prices: list) -> None:
    pyarrow.feather.write_feather(table(vectors, names, prices), str(path), chunksize=3)


def stream(path: pathlib.Path, vectors: np.ndarray, names: list, prices: list) -> None:
    whole = table(vectors, names, prices)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, whole.schema) as writer:
        writer.write_table(whole, max_chunksize=3)


def rows_of_csv(path: pathlib.Path, vectors: np.ndarray, names: list, prices: list) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "price", *[f"x{at}" for at in range(vectors.shape[1])]])
        writer.writerows([name, price, *row] for name, price, row in zip(names, prices, vectors.tolist()))


def lists_of_csv(path: pathlib.Path, vectors: np.ndarray, names: list, prices: list) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter="\t")
        writer.writerow(["name", "price", "embedding"])
        writer.writerows(zip(names, prices, map(str, vectors.tolist())))


def lines(path: pathlib.Path, vectors: np.ndarray, names: list, prices: list) -> None:
    rows = zip(names, prices, vectors.tolist())
    text = "".join(json.dumps(dict(zip(("name", "price", "embedding"), row))) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())


def vecs(path: pathlib.Path, vectors: np.ndarray) -> None:
    kind = {".fvecs": "<f4", ".bvecs": "u1", ".ivecs": "<i4"}[path.suffix]
    with open(path, "wb") as file:
        for row in vectors:
            file.write(np.int32(len(row)).tobytes() + row.astype(kind).tobytes())


#: Formats with columns, by the name of a file.
WRITERS: dict[str, Writer] = {
    "items.npz": npz,
    "items.h5": hdf5,
    "items.parquet": parquet,
    "items.feather": feather,
    "items.arrow": stream,
    "items.csv": rows_of_csv,
    "items.tsv": lists_of_csv,
    "items.jsonl": lines,
    "items.jsonl.gz": lines,
}
