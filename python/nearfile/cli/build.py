"""``nearfile build``: an index of a .npy file."""

import importlib
import time
from pathlib import Path
from typing import Annotated, Any, Optional, Union

import numpy as np
import typer

import nearfile
from nearfile import arguments
from nearfile.cli import output

Structure = Annotated[Optional[str], typer.Option(help="graph, or forest for trees alone. Default: graph.")]
Profile = Annotated[str, typer.Option(help="Of a graph: compact, balanced or fast.", show_default=True)]
Keep = Annotated[str, typer.Option(help="Of a graph, what stays of vectors: exact, half or none.", show_default=True)]
Trees = Annotated[Optional[int], typer.Option(help="How many trees. Default: chosen.")]
Like = Annotated[
    Optional[Path],
    typer.Option(help="Of a graph: an earlier index; what it has of the same ids saves time.", show_default=False),
]
Memory = Annotated[
    Optional[str],
    typer.Option(help="Of a graph: how much the build may take, as 2GiB or 500MB.", show_default=False),
]
Seed = Annotated[int, typer.Option(help="Of the random choices.")]
Threads = Annotated[Optional[int], typer.Option(help="How many threads. Default: every core.")]
Json = Annotated[bool, typer.Option("--json", help="Print what was built as JSON.")]


def build(
    vectors: Annotated[Path, typer.Argument(help="A .npy file with vectors, of shape (n, dim).", show_default=False)],
    path: Annotated[Path, typer.Argument(help="The index to write.", show_default=False)],
    metric: Annotated[
        str, typer.Option(help="angular, cosine, euclidean, dot, manhattan or hamming.", show_default=True)
    ] = "angular",
    ids: Annotated[
        Optional[Path],
        typer.Option(help="A text file with one id a line: whole numbers if all are, else text. Default: row numbers."),
    ] = None,
    attributes: Annotated[
        Optional[Path],
        typer.Option(
            help="A .parquet, .csv, .arrow or .feather file with a row for each vector, in the same order; read by pyarrow.",
            show_default=False,
        ),
    ] = None,
    structure: Structure = None,
    profile: Profile = arguments.DEFAULT_PROFILE,
    keep: Keep = arguments.DEFAULT_KEEP,
    trees: Trees = None,
    like: Like = None,
    memory: Memory = None,
    seed: Seed = 0,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Build an index of the vectors in a .npy file."""
    rows = read_vectors(vectors)
    names = None if ids is None else read_ids(ids)
    table = None if attributes is None else read_attributes(attributes)
    start = time.perf_counter()
    index = nearfile.build(
        rows,
        path,
        metric=metric,
        ids=names,
        attributes=table,
        structure=structure,
        profile=profile,
        keep=keep,
        n_trees=trees,
        like=like,
        memory=memory,
        seed=seed,
        threads=threads,
    )
    output.print_built(path, index, "built", time.perf_counter() - start, json)


def read_vectors(path: Path) -> Any:
    """The array of a .npy file, mapped and not read."""
    try:
        array = np.load(arguments.path(path), mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError):  # NumPy's own words advise to unpickle it
        array = None
    if not isinstance(array, np.ndarray):
        raise nearfile.InvalidArgumentError(f"{path}: expected a .npy file of numbers, as numpy.save writes it")
    return array


def read_ids(path: Path) -> Union[list[int], list[str]]:
    """One id a line: ints where every line is one as Python writes it, so that ``007`` stays what it is."""
    try:
        lines = Path(arguments.path(path)).read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise nearfile.InvalidArgumentError(f"{path}: expected UTF-8 text: {error}") from None
    if lines and not lines[-1]:
        lines.pop()
    numbers = [as_int(line) for line in lines]
    return [number for number in numbers if number is not None] if None not in numbers else lines


def read_attributes(path: Path) -> Any:
    """The table of a file, by pyarrow, which is no part of the command line's own needs."""
    known = {".parquet": "parquet", ".csv": "csv", ".arrow": "feather", ".feather": "feather"}
    suffix = path.suffix.lower()
    if suffix not in known:
        raise nearfile.InvalidArgumentError(f"{path}: expected a file that ends in {', '.join(known)}, got {suffix!r}")
    try:
        reader = importlib.import_module(f"pyarrow.{known[suffix]}")
    except ImportError:
        raise nearfile.InvalidArgumentError(
            f"{path}: expected pyarrow, which reads it, and it is not installed: pip install pyarrow"
        ) from None
    read = reader.read_csv if suffix == ".csv" else reader.read_table
    try:
        return read(arguments.path(path))
    except ValueError as error:  # ArrowInvalid too
        raise nearfile.InvalidArgumentError(f"{path}: expected a table as {suffix} files have: {error}") from None


def as_int(line: str) -> Optional[int]:
    """The whole number that ``line`` is, ``None`` where it is anything else."""
    digits = line[1:] if line.startswith("-") else line
    return int(line) if digits.isascii() and digits.isdigit() and len(digits) < 20 and str(int(line)) == line else None
