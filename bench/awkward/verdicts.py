"""What a recall that was found is worth."""

from __future__ import annotations

GIVEN_WITHIN = 0.01  # what a recall that was asked for may lack
NOISE = 0.01  # by so much two forests of other random numbers differ

OK = "ok"
EXACT = "exact"  # the answers are those of comparing with every item
MISSED = "MISSED"
ROUNDED = "ROUNDED"  # comparing with every item does not give it either: distances are wrong, not the search
FAILED = "FAILED"  # it ended early
TOLD = "-"  # nothing was asked for

NOISY = "noise"  # less than Annoy finds, by no more than NOISE
LESS = "LESS"

BROKEN = (MISSED, ROUNDED, FAILED, LESS)


def of_promise(asked: float | None, found: float, scan: float, scanned: bool) -> str:
    """Whether a recall was given.

    Args:
        asked: The recall that was asked for; None where the search was left to its own.
        found: The recall of the answers.
        scan: The recall of comparing with every item.
        scanned: Whether the answers are the same as those.
    """
    if asked is None:
        return TOLD
    if found >= asked - GIVEN_WITHIN - 1e-9:
        return EXACT if scanned else OK
    return ROUNDED if found >= scan - GIVEN_WITHIN else MISSED


def beside(found: float, annoy: float) -> str:
    """Whether at least as much is found as Annoy finds."""
    if found >= annoy:
        return OK
    return NOISY if found >= annoy - NOISE else LESS
