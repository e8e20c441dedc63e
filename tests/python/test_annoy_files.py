"""Files of Annoy, of every layout: written here node by node, loaded by AnnoyIndex."""

from __future__ import annotations

import pathlib
import pickle
import struct

import nearfile
import numpy as np
import pytest
import reference
from nearfile import AnnoyIndex

# Where the children and the vector of a node start, for each layout.
STARTS = {
    "angular": (4, 12),
    "euclidean": (8, 16),
    "manhattan": (8, 16),
    "dot": (4, 16),
    "dot_main": (4, 24),
    "hamming": (4, 16),
    "hamming_packed": (4, 12),
}
LAYOUTS = tuple(STARTS)

# What the layouts are called in messages.
NAMES = {
    "dot": "dot (1.13 to 1.17.3)",
    "dot_main": "dot (main branch since 2023)",
    "hamming": "hamming (since 1.17.0)",
    "hamming_packed": "hamming (1.10 to 1.16.3)",
}


def metric_of(layout: str) -> str:
    return layout.split("_")[0]


def node_size(layout: str, dim: int) -> int:
    return STARTS[layout][1] + (8 * -(-dim // 64) if metric_of(layout) == "hamming" else 4 * dim)


class Writer:
    """Writes the nodes of one file: items first, then trees, then the roots again."""

    def __init__(self, layout: str, vectors: np.ndarray, ids: np.ndarray, children_first: bool = True) -> None:
        self.layout, self.vectors, self.ids, self.children_first = layout, vectors, ids, children_first
        self.children_at, self.vector_at = STARTS[layout]
        self.bits = metric_of(layout) == "hamming"
        self.size = node_size(layout, vectors.shape[1])
        self.bucket = (self.size - self.children_at) // 4
        self.n_items = int(ids.max()) + 1 if len(ids) else 0
        self.random = np.random.default_rng(0)
        self.nodes = [bytes(self.size)] * self.n_items
        lengths = (vectors.astype(np.float64) ** 2).sum(axis=1)
        for row, id_ in enumerate(ids):
            node = self.node(1, self.packed(vectors[row]))
            missing = np.sqrt(max(0.0, lengths.max() - lengths[row]))
            if layout == "angular":
                struct.pack_into("<f", node, 4, lengths[row])
            elif metric_of(layout) == "dot":
                struct.pack_into("<f", node, 12, missing)
            if layout == "dot_main":
                struct.pack_into("<fB", node, 16, lengths.max(), 1)
            self.nodes[id_] = bytes(node)

    def packed(self, vector: np.ndarray) -> bytes:
        """A vector as the file has it."""
        if not self.bits:
            return vector.astype("<f4").tobytes()
        padded = np.zeros(-(-len(vector) // 64) * 64, np.uint8)
        padded[: len(vector)] = vector
        return np.packbits(padded, bitorder="little").tobytes()

    def node(self, descendants: int, vector: bytes = b"") -> bytearray:
        """A node without children."""
        node = bytearray(self.size)
        struct.pack_into("<i", node, 0, descendants)
        node[self.vector_at : self.vector_at + len(vector)] = vector
        return node

    def split(self, rows: np.ndarray) -> tuple[bytes, float, np.ndarray]:
        """The plane, its offset, and which of the rows are on the side of the second child."""
        chosen = self.vectors[rows]
        if self.bits:
            shares = np.abs(chosen.mean(axis=0) - 0.5)
            d = int(self.random.choice(np.flatnonzero(shares == shares.min())))
            return struct.pack("<Q", d // 64 * 64 + 63 - d % 64), 0.0, chosen[:, d] == 1
        normal = self.random.standard_normal(chosen.shape[1]).astype(np.float32)
        margins = chosen @ normal
        offset = -float(np.median(margins)) if self.children_at == 8 else 0.0
        return normal.astype("<f4").tobytes(), offset, margins + offset > 0

    def tree(self, rows: np.ndarray, descendants: int) -> int:
        """Writes the tree of these rows and says where its root is."""
        if len(rows) == 1 and descendants == 1 and self.n_items > 1:
            return int(self.ids[rows[0]])
        if descendants <= self.bucket:
            node = self.node(descendants)
            struct.pack_into(f"<{len(rows)}i", node, self.children_at, *self.ids[rows].tolist())
            self.nodes.append(bytes(node))
            return len(self.nodes) - 1
        plane, offset, second = self.split(rows)
        if min(second.sum(), (~second).sum()) < 1:
            second = np.arange(len(rows)) % 2 == 0
            plane = bytes(len(plane))
        place = len(self.nodes)
        if not self.children_first:
            self.nodes.append(b"")
        children = [self.tree(side, len(side)) for side in (rows[~second], rows[second])]
        node = self.node(descendants, plane)
        struct.pack_into("<2i", node, self.children_at, *children)
        if self.children_at == 8:
            struct.pack_into("<f", node, 4, offset)
        if self.children_first:
            place = len(self.nodes)
            self.nodes.append(b"")
        self.nodes[place] = bytes(node)
        return place

    def write(self, path: pathlib.Path, n_trees: int) -> None:
        """Write the file."""
        roots = [self.tree(np.arange(len(self.ids)), self.n_items) for _ in range(n_trees)]
        path.write_bytes(b"".join(self.nodes + [self.nodes[root] for root in roots]))


def write(
    path: pathlib.Path,
    layout: str,
    n: int = 300,
    dim: int = 10,
    n_trees: int = 5,
    step: int = 1,
    children_first: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """A file of Annoy, and the ids and vectors in it."""
    vectors = reference.vectors_for(metric_of(layout), n, dim)
    ids = np.arange(n) * step
    Writer(layout, vectors, ids, children_first).write(path, n_trees)
    return ids, vectors


def load(path: pathlib.Path, layout: str, dim: int = 10) -> AnnoyIndex:
    index = AnnoyIndex(dim, metric_of(layout))
    assert index.load(path) is True
    return index


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("dim", "step"), [(10, 1), (10, 3), (1, 1), (130, 2)])
@pytest.mark.parametrize("children_first", [True, False])
def test_every_layout_is_read(layout: str, dim: int, step: int, children_first: bool, tmp_path: pathlib.Path) -> None:
    metric = metric_of(layout)
    ids, vectors = write(tmp_path / "a.ann", layout, dim=dim, step=step, children_first=children_first)
    index = load(tmp_path / "a.ann", layout, dim)
    assert (index.get_n_items(), index.get_n_trees()) == (ids[-1] + 1, 5)
    assert index._reader.file.layout == NAMES.get(layout, layout)
    for row in (0, 7, 299):
        assert index.get_item_vector(ids[row]) == vectors[row].tolist()
        found, distances = index.get_nns_by_item(ids[row], 300, -2, include_distances=True)
        reference.check(metric, (np.array(found) // step, np.array(distances)), vectors[row], vectors, 300)
        expected = reference.distances(metric, vectors[row], vectors[3:4])[0]
        assert index.get_distance(ids[row], ids[3]) == pytest.approx(expected, rel=1e-5, abs=2e-3)
    if step > 1:
        assert index.get_item_vector(1) == [0] * dim


def test_directions_are_never_more_than_two_apart(tmp_path: pathlib.Path) -> None:
    some = np.random.default_rng(0).standard_normal((400, 48)).astype(np.float32)
    Writer("angular", np.r_[some, some * -3], np.arange(800), True).write(tmp_path / "a.ann", 3)
    index = load(tmp_path / "a.ann", "angular", 48)
    apart = [index.get_distance(i, 400 + i) for i in range(400)]
    apart += [index.get_nns_by_item(i, 800, -2, include_distances=True)[1][-1] for i in range(100)]
    assert 1.99 < min(apart) <= max(apart) <= 2


@pytest.mark.parametrize("layout", LAYOUTS)
def test_annoys_rules_hold(layout: str, tmp_path: pathlib.Path) -> None:
    _, vectors = write(tmp_path / "a.ann", layout)
    index = load(tmp_path / "a.ann", layout)
    nearest = index.get_nns_by_vector
    assert nearest(vectors[0], 0) == nearest(vectors[0], 5, 0) == []
    assert nearest(vectors[0], 5) == nearest(vectors[0], 5, 25)
    few = nearest(vectors[0], 300, 1)
    assert 0 < len(few) < 20
    assert sorted(nearest(vectors[0], -1)) == list(range(300))
    assert nearest(vectors[0], 3, 10**12) == nearest(vectors[0], 300, -2)[:3]
    ids, distances = index.get_nns_by_vectors(vectors[:9], 300, 40, include_distances=True)
    for row in range(9):
        one, its_distances = nearest(vectors[row], 300, 40, include_distances=True)
        assert ids[row].tolist() == one + [-1] * (ids.shape[1] - len(one))
        assert distances[row, : len(one)].tolist() == its_distances
        assert np.isnan(distances[row, len(one) :]).all()


def test_few_items_are_one_leaf(tmp_path: pathlib.Path) -> None:
    for n in (1, 2, 12):
        _, vectors = write(tmp_path / "a.ann", "angular", n=n)
        assert sorted(load(tmp_path / "a.ann", "angular").get_nns_by_vector(vectors[0], 50)) == list(range(n))


def test_a_loaded_file_is_copied_as_it_is(tmp_path: pathlib.Path) -> None:
    write(tmp_path / "a.ann", "euclidean")
    index = load(tmp_path / "a.ann", "euclidean")
    expected = index.get_nns_by_item(0, 10)
    index.save(tmp_path / "b.ann")
    index.save(tmp_path / "b.ann")
    assert (tmp_path / "a.ann").read_bytes() == (tmp_path / "b.ann").read_bytes()
    other = pickle.loads(pickle.dumps(index))
    assert index.get_nns_by_item(0, 10) == other.get_nns_by_item(0, 10) == expected
    assert len(list(tmp_path.iterdir())) == 2
    with pytest.raises(OSError, match="Unable to open"):
        index.save(tmp_path / "x" / "y")


def test_a_copy_follows_links_and_keeps_permissions(tmp_path: pathlib.Path) -> None:
    write(tmp_path / "a.ann", "angular")
    index = load(tmp_path / "a.ann", "angular")
    target = tmp_path / "target.ann"
    target.touch()
    target.chmod(0o640)
    (tmp_path / "link.ann").symlink_to("target.ann")
    index.save(tmp_path / "link.ann")
    assert (tmp_path / "link.ann").is_symlink()
    assert target.read_bytes() == (tmp_path / "a.ann").read_bytes()
    assert target.stat().st_mode & 0o777 == 0o640
    index.save(tmp_path / "new.ann")
    (tmp_path / "plain").touch()
    assert (tmp_path / "new.ann").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_copy_is_of_what_is_mapped_whatever_is_at_its_path_now(tmp_path: pathlib.Path) -> None:
    write(tmp_path / "a.ann", "angular")
    loaded = (tmp_path / "a.ann").read_bytes()
    index = load(tmp_path / "a.ann", "angular")
    (tmp_path / "other").write_bytes(b"another file")
    (tmp_path / "other").replace(tmp_path / "a.ann")
    index.save(tmp_path / "b.ann")
    assert (tmp_path / "b.ann").read_bytes() == loaded


@pytest.mark.parametrize("layout", LAYOUTS)
def test_another_dim_or_metric_is_refused(layout: str, tmp_path: pathlib.Path) -> None:
    write(tmp_path / "a.ann", layout)
    for metric in ("angular", "euclidean", "manhattan", "dot", "hamming"):
        for dim in (9, 10, 11, 12, 13, 100):
            # Some pairs of a metric and a dim have the same bytes: euclidean and manhattan, or angular with 10 and dot with 9.
            theirs = {(node_size(other, dim), STARTS[other][0]) for other in LAYOUTS if metric_of(other) == metric}
            if (node_size(layout, 10), STARTS[layout][0]) in theirs:
                continue
            with pytest.raises(OSError, match="no Annoy index"):
                AnnoyIndex(dim, metric).load(tmp_path / "a.ann")


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("children_first", [True, False])
def test_damaged_files_are_refused_or_answer(
    layout: str, children_first: bool, tmp_path: pathlib.Path, run_python
) -> None:
    write(tmp_path / "a.ann", layout, n=60, children_first=children_first)
    script = """
        import random, sys, nearfile
        path, metric = sys.argv[1:]
        whole = open(path, "rb").read()
        chance = random.Random(0)
        refused = 0
        for turn in range(400):
            data = bytearray(whole)
            kind = turn % 4
            if kind == 0:
                for _ in range(chance.choice((1, 4, 50))):
                    data[chance.randrange(len(data))] = chance.randrange(256)
            elif kind == 1:
                del data[chance.randrange(len(data)) :]
            elif kind == 2:
                data += bytes(chance.randrange(1, 300))
            else:
                at = chance.randrange(len(data))
                data[at : at + 64] = bytes(len(data[at : at + 64]))
            open(path, "wb").write(data)
            index = nearfile.AnnoyIndex(10, metric)
            try:
                index.load(path)
                for i in range(0, index.get_n_items(), 7):
                    index.get_nns_by_item(i, 5, include_distances=True)
                    index.get_item_vector(i)
            except (OSError, ValueError):
                refused += 1
        print(refused)
        """
    refused = int(run_python(script, tmp_path / "a.ann", metric_of(layout)))
    assert refused > 200


def test_convert_is_what_makes_it_an_index(tmp_path: pathlib.Path) -> None:
    _, vectors = write(tmp_path / "a.ann", "angular")
    index = nearfile.convert(tmp_path / "a.ann", tmp_path / "a.near", 10, "angular")
    reference.check("angular", index.search(vectors[0], exact=True), vectors[0], vectors, 10)
