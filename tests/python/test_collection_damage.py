"""Damaged and hostile folders: an error that says what and where, or the right answer; never a crash or another answer."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import zlib
from typing import Any, Callable

import nearfile
import numpy as np
import pytest

VECTORS = np.random.default_rng(0).random((30, 4), np.float32)


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """A segment with a deleted row, and a log with two adds and a delete."""
    folder = tmp_path / "items"
    with nearfile.Collection(folder, dim=4, metric="euclidean", background=False, grace=0.0) as items:
        items.add(VECTORS[:10])
        items.flush()
        items.delete([3])
        items.flush()
        items.add(VECTORS[10:13])
        items.delete([11])
        items.add(VECTORS[13:14])
    return folder


WHOLE = [i for i in range(14) if i not in (3, 11)]


def answer(folder: pathlib.Path, opened: Callable[[Any], nearfile.Index]) -> list[int] | nearfile.NearfileError:
    """The ids that are there, or why not."""
    try:
        with opened(folder) as index:
            ids = index.ids.tolist()
            assert np.array_equal(index.vectors(ids), VECTORS[ids])
            assert index.search(VECTORS[0], 1, exact=True)[0].tolist() == [0]
            return ids
    except nearfile.NearfileError as error:
        return error


def the_one(folder: pathlib.Path, pattern: str) -> pathlib.Path:
    (found,) = folder.glob(pattern)
    return found


def written(folder: pathlib.Path) -> nearfile.Collection:
    return nearfile.Collection(folder, background=False)


@pytest.mark.parametrize("opened", [nearfile.open, written])
@pytest.mark.parametrize("pattern", ["MANIFEST", "deleted-*"])
def test_every_flipped_byte_is_told(folder: pathlib.Path, pattern: str, opened) -> None:
    path = the_one(folder, pattern)
    good = path.read_bytes()
    for place in range(0, len(good), 1 if opened is nearfile.open else 7):
        path.write_bytes(good[:place] + bytes([good[place] ^ (1 << place % 8)]) + good[place + 1 :])
        found = answer(folder, opened)
        assert isinstance(found, nearfile.BadFileError), (place, found)
        assert str(path) in str(found)
    path.write_bytes(good)
    assert answer(folder, opened) == WHOLE


@pytest.mark.parametrize("opened", [nearfile.open, written])
def test_every_flipped_byte_of_a_log_is_told_or_changes_nothing(folder: pathlib.Path, opened) -> None:
    path = the_one(folder, "log-*")
    good = path.read_bytes()
    told = 0
    for place in range(0, len(good), 3 if opened is nearfile.open else 61):
        path.write_bytes(good[:place] + bytes([good[place] ^ 0x10]) + good[place + 1 :])
        found = answer(folder, opened)
        if found != WHOLE:
            assert isinstance(found, nearfile.BadFileError), (place, found)
            assert str(path) in str(found)
            told += 1
        path.write_bytes(good)
    assert told > (1000 if opened is nearfile.open else 50)


def test_a_log_that_was_cut_has_what_is_before(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    # A cut cannot be told from a writer that died: docs/collections.md.
    path = the_one(folder, "log-*")
    good = path.read_bytes()
    states = [
        [i for i in range(10) if i != 3],
        [*[i for i in range(13) if i != 3]],
        [i for i in WHOLE if i < 13],
        WHOLE,
    ]
    seen = []
    for length in range(0, len(good), 37):
        path.write_bytes(good[:length])
        found = answer(folder, nearfile.open)
        if length < 64:
            assert isinstance(found, nearfile.BadFileError)
            continue
        assert found in states, length
        seen.append(states.index(found))
        again = tmp_path / "again"
        shutil.copytree(folder, again)
        assert answer(again, written) == found
        assert answer(again, nearfile.open) == found
        shutil.rmtree(again)
    assert seen == sorted(seen)
    assert set(seen) == {0, 1, 2, 3}


def test_a_log_that_was_published_to_its_end_may_not_be_cut(folder: pathlib.Path) -> None:
    with nearfile.Collection(folder, background=False) as items:
        # A merge leaves what the log has where it is.
        items.add(VECTORS[14:15])
        items._merger._rewrite(0, 1, takes_log=False)
        assert items.ids.tolist() == [*WHOLE, 14]
    first = nearfile.open(folder)._source.state.manifest.logs[0]
    path = folder / first.file
    good = path.read_bytes()
    for length in range(0, first.end, 61):
        path.write_bytes(good[:length])
        found = answer(folder, nearfile.open)
        assert isinstance(found, nearfile.BadFileError)
        assert str(path) in str(found)
    path.write_bytes(good)
    assert answer(folder, nearfile.open) == [*WHOLE, 14]


@pytest.mark.parametrize("pattern", ["MANIFEST", "deleted-*", "segment-*"])
def test_every_truncation_is_told(folder: pathlib.Path, pattern: str) -> None:
    path = the_one(folder, pattern)
    good = path.read_bytes()
    for length in range(0, len(good), 3 if len(good) < 2000 else 131):
        path.write_bytes(good[:length])
        found = answer(folder, nearfile.open)
        assert isinstance(found, nearfile.BadFileError), length
        assert str(path) in str(found)


@pytest.mark.parametrize("pattern", ["deleted-*", "segment-*", "log-*"])
@pytest.mark.parametrize("opened", [nearfile.open, written])
def test_a_missing_file_is_told(folder: pathlib.Path, pattern: str, opened) -> None:
    path = the_one(folder, pattern)
    path.unlink()
    found = answer(folder, opened)
    assert isinstance(found, nearfile.MissingFileError)
    assert path.name in str(found)


def test_a_segment_in_the_place_of_another_is_told(folder: pathlib.Path) -> None:
    path = the_one(folder, "segment-*")
    nearfile.build(VECTORS[:10], path, metric="euclidean", ids=range(10), seed=1)
    found = answer(folder, nearfile.open)
    assert isinstance(found, nearfile.BadFileError)
    assert "expected the segment" in str(found)


def test_verify_reads_the_segments(folder: pathlib.Path) -> None:
    path = the_one(folder, "segment-*")
    data = bytearray(path.read_bytes())
    data[4100] ^= 1
    path.write_bytes(data)
    with pytest.raises(nearfile.BadFileError, match=path.name):
        nearfile.open(folder, verify=True)
    with nearfile.open(folder) as index, pytest.raises(nearfile.BadFileError, match=path.name):
        index.verify()


def test_a_lost_manifest_is_not_taken_for_a_new_collection(folder: pathlib.Path) -> None:
    (folder / "MANIFEST").unlink()
    before = set(os.listdir(folder))
    with pytest.raises(nearfile.MissingFileError, match=r"manifest-\d+"):
        nearfile.Collection(folder, dim=4)
    assert set(os.listdir(folder)) == before
    kept = sorted(folder.glob("manifest-*"))[-1]
    shutil.copy(kept, folder / "MANIFEST")
    assert answer(folder, nearfile.open) == WHOLE


def rewritten(folder: pathlib.Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """A manifest as somebody who means harm would write it."""
    path = folder / "MANIFEST"
    values = json.loads(path.read_bytes().rpartition(b"\ncrc32")[0])
    changed = change(values)
    values = values if changed is None else changed
    body = json.dumps(values).encode() + b"\n"
    path.write_bytes(body + b"crc32 %08x\n" % zlib.crc32(body))


def put(*keys: Any) -> Callable[[dict[str, Any]], None]:
    """Puts the last of keys where the others lead."""

    def change(values: Any) -> None:
        *way, last, value = keys
        for key in way:
            values = values[key]
        values[last] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        put("dim", 0),
        put("dim", 5),
        put("dim", True),
        put("dim", 4.0),
        put("dim", "4"),
        put("metric", "none"),
        put("metric", "dot"),
        put("metric", ["dot"]),
        put("id_kind", "row"),
        put("id_kind", "string"),
        put("id_kind", False),
        put("next_id", -1),
        put("next_id", 1 << 64),
        put("generation", 0),
        put("generation", 1 << 80),
        put("version", 2),
        put("format", "another"),
        put("build", None),
        put("build", "profile", "slow"),
        put("build", "seed", -1),
        put("segments", {}),
        put("segments", [1]),
        put("segments", 0, "count", 9),
        put("segments", 0, "count", 1 << 40),
        put("segments", 0, "fingerprint", "0" * 16),
        put("segments", 0, "fingerprint", "x" * 16),
        put("segments", 0, "fingerprint", 5),
        put("segments", 0, "n_deleted", 2),
        put("segments", 0, "n_deleted", 0),
        put("segments", 0, "deleted", None),
        put("segments", 0, "deleted", "../deleted-0123456789abcdef.dead"),
        put("segments", 0, "deleted", "MANIFEST"),
        put("segments", 0, "first_id", 5),
        put("segments", 0, "first_id", 1 << 63),
        put("segments", 0, "lowest", "a"),
        put("segments", 0, "given", 1),
        put("segments", 0, "file", ""),
        put("segments", 0, "file", "../secret.near"),
        put("segments", 0, "file", "a/../../secret.near"),
        put("segments", 0, "file", "a\0b"),
        put("segments", 0, "file", "MANIFEST"),
        put("segments", 0, "file", "lock"),
        put("segments", 0, "file", "."),
        put("segments", 0, "file", 7),
        put("logs", 0, "file", "../log-0123456789abcdef.log"),
        put("logs", 0, "file", "MANIFEST"),
        put("logs", 0, "start", 7),
        put("logs", 0, "start", -1),
        put("logs", 0, "start", 1 << 62),
        put("logs", 0, "end", 1 << 62),
        put("logs", 0, "end", 1),
        put("logs", None),
        lambda _: [],
        lambda values: {"format": values["format"]},
        lambda _: "text",
    ],
)
def test_manifests_that_mean_harm_are_refused(folder: pathlib.Path, tmp_path: pathlib.Path, change) -> None:
    nearfile.build(VECTORS[:10], tmp_path / "secret.near", metric="euclidean", ids=range(10))
    rewritten(folder, change)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path.name != "lock"}
    for opened in (nearfile.open, written):
        assert isinstance(answer(folder, opened), nearfile.NearfileError)
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("is_below", [False, True])
def test_a_collection_never_removes_what_it_did_not_make(
    folder: pathlib.Path, tmp_path: pathlib.Path, is_below: bool
) -> None:
    other = folder / "mine.near" if is_below else tmp_path / "other.near"
    nearfile.build(VECTORS[:10], other, metric="euclidean", ids=range(10))
    named = {
        "file": "mine.near" if is_below else str(other),
        "fingerprint": f"{nearfile.open(other)._core.fingerprint:016x}",
        "deleted": None,
        "n_deleted": 0,
    }
    rewritten(folder, lambda values: {**values, "segments": [{**values["segments"][0], **named}]})
    with nearfile.Collection(folder, background=False, grace=0.0) as items:
        assert items.ids.tolist() == [*range(11), 12, 13]
        items.compact()
        items.compact()
    assert other.exists()
    assert answer(folder, nearfile.open) == [*range(11), 12, 13]


def test_a_record_that_cannot_be_used_is_told(folder: pathlib.Path) -> None:
    from nearfile.collection import log

    path = the_one(folder, "log-*")
    good = path.read_bytes()[:-64]
    index = nearfile.build(np.eye(3), metric="euclidean")
    for kind, payload in [
        (log.ADD, b""),
        (log.ADD, b"x" * 5000),
        (log.ADD, index._core.contents()),
        (log.ADD, nearfile.build(np.eye(4), metric="dot")._core.contents()),
        (log.ADD, nearfile.build(np.eye(4), metric="euclidean", ids=list("abcd"))._core.contents()),
        (log.DELETE, b""),
        (log.DELETE, b"i123"),
        (log.DELETE, b"s[1]"),
        (log.DELETE, b"s{"),
        (log.DELETE, b"s\xff"),
    ]:
        path.write_bytes(good + log.record(kind, payload, 1, len(good), log.tag_of(str(path))))
        for opened in (nearfile.open, written):
            found = answer(folder, opened)
            assert isinstance(found, nearfile.BadFileError), payload[:10]
            assert f"byte {len(good)}" in str(found)
