"""Several at once on cores of their own, and the end of a run's time."""

from __future__ import annotations

import threading

import pytest

from bench import machine, slots
from bench.slots import Deadline, OutOfTimeError, Slot, each


def test_parts_of_the_cores_do_not_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "cores", lambda: list(range(10)))
    monkeypatch.setattr(machine, "pins", lambda: True)
    assert [slot.cores for slot in slots.slots(1)] == [tuple(range(10))]
    assert [slot.cores for slot in slots.slots(3)] == [(7, 8, 9), (4, 5, 6), (1, 2, 3)]
    assert slots.slots(3)[0].take(2) == [8, 9]
    with pytest.raises(ValueError, match="expected at most 3, the cores of each measurement, got 4"):
        slots.slots(3)[1].take(4)
    with pytest.raises(ValueError, match="at once: expected at most 10"):
        slots.slots(11)


def test_a_machine_that_cannot_keep_a_process_on_cores_is_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "pins", lambda: False)
    assert slots.slots(1)[0].take(64) is None


def test_as_many_work_at_once_as_there_are_places() -> None:
    together = threading.Barrier(3, timeout=30)
    places = [Slot(number, None) for number in range(3)]
    seen: list[int] = []

    def job(place: Slot) -> None:
        together.wait()  # only passes when three are here
        seen.append(place.number)

    assert each([job] * 6, places)
    assert sorted(seen) == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize("count", [1, 2])
def test_nothing_begins_when_the_time_is_over(count: int) -> None:
    done: list[int] = []

    def work(_: Slot) -> None:
        done.append(1)

    def last(_: Slot) -> None:
        Deadline(0).limit(10)

    places = [Slot(number, None) for number in range(count)]
    assert not each([work, last, *[work] * 50], places)
    assert len(done) < 51
    assert each([work], places)


@pytest.mark.parametrize("count", [1, 2])
def test_what_goes_wrong_is_not_hidden(count: int) -> None:
    def wrong(_: Slot) -> None:
        raise KeyError("something")

    with pytest.raises(KeyError, match="something"):
        each([wrong], [Slot(number, None) for number in range(count)])


def test_limits_end_with_the_run() -> None:
    assert Deadline(None).limit(600) == 600
    assert Deadline(5).limit(600) <= 5
    with pytest.raises(OutOfTimeError):
        Deadline(0).limit(600)
