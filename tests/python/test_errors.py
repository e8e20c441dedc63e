"""The exceptions: what they are, what they show, and that they travel."""

from __future__ import annotations

import copy
import pickle

import nearfile
import numpy as np
import pytest
from nearfile import errors

CLASSES = {
    nearfile.InvalidArgumentError: ValueError,
    nearfile.NotFoundError: KeyError,
    nearfile.ClosedError: ValueError,
    nearfile.FileError: OSError,
    nearfile.MissingFileError: FileNotFoundError,
    nearfile.BadFileError: OSError,
}


@pytest.mark.parametrize("kind", CLASSES)
def test_each_is_a_nearfile_error_and_the_usual_one(kind: type) -> None:
    assert issubclass(kind, nearfile.NearfileError)
    assert issubclass(kind, CLASSES[kind])
    assert getattr(nearfile, kind.__name__) is kind is getattr(errors, kind.__name__)


def test_the_classes_of_files_are_one_family() -> None:
    assert issubclass(nearfile.BadFileError, nearfile.FileError)
    assert issubclass(nearfile.MissingFileError, nearfile.FileError)


def raised() -> list[nearfile.NearfileError]:
    index = nearfile.build(np.eye(3), ids=["a", "b", "c"])
    closed = copy.copy(index)
    closed.close()
    found = []
    for call in (
        lambda: index.search([1]),
        lambda: index.vector("d"),
        lambda: index.search(np.ones(4, np.float32)),
        closed.info,
        lambda: nearfile.open("/no/such.near"),
        lambda: nearfile.open("/"),
        lambda: nearfile.open_buffer(b"garbage"),
    ):
        with pytest.raises(nearfile.NearfileError) as caught:
            call()
        found.append(caught.value)
    return found


@pytest.mark.parametrize("error", raised(), ids=lambda error: type(error).__name__)
def test_errors_show_their_message_and_travel(error: nearfile.NearfileError) -> None:
    message = str(error)
    assert len(message) > 20
    assert not message.startswith(("'", '"', "[Errno"))
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == message
    if isinstance(error, OSError):
        assert (again.errno, again.filename) == (error.errno, error.filename)


def test_catching_the_usual_exception_works() -> None:
    with pytest.raises(KeyError):
        nearfile.build(np.eye(2)).vector(9)
    with pytest.raises(FileNotFoundError):
        nearfile.open("/no/such.near")
    with pytest.raises(ValueError, match="metric"):
        nearfile.build(np.eye(2), metric="none")
    with pytest.raises(OSError, match=r"expected|not"):
        nearfile.open_buffer(b"")
