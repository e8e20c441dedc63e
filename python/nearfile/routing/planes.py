"""A tree of planes that cuts vectors into segments: every machine says the same of a vector, to the bit.

Whole numbers make it so. Vectors and planes are rounded to so few bits that float64 holds every sum of their products
exactly, in whatever order a machine adds them up. A task that runs twice then sends a vector to the same segment twice.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearfile import inputs
from nearfile.errors import InvalidArgumentError

Numbers = NDArray[np.float64]

#: Values of vectors and of planes, in bits. With 2^16 dimensions a sum of products stays below 2^53.
_VALUE_BITS = 17
_PLANE_BITS = 15

#: Of cosines only the direction of a vector counts.
DIRECTIONAL = ("angular", "cosine")

#: How often two means move; they hardly do after the first few times.
_MOVES = 12


def halves(n: int) -> int:
    """How many of ``n`` segments lie below a plane."""
    return n // 2


class Planes:
    """``n`` segments and the ``n - 1`` planes between them.

    The first plane divides the segments into the lower half and the others, and so on: a plane's place is that in which
    a walk from the root meets it, below before above.

    >>> import numpy
    >>> from nearfile.routing.planes import Planes
    >>> sample = numpy.random.default_rng(0).random((1000, 8), dtype=numpy.float32)
    >>> planes = Planes.fit(sample, 4, "euclidean")
    >>> numpy.bincount(planes.assign(sample)).tolist()
    [250, 250, 250, 250]
    >>> Planes.of_dict(planes.to_dict()).assign(sample[:3]).tolist() == planes.assign(sample[:3]).tolist()
    True
    """

    def __init__(self, metric: str, center: Numbers, scale: float, normals: Numbers, offsets: Numbers, spread: Numbers):
        self.metric = metric
        self._center = center
        self._scale = scale
        self._normals = normals
        self._offsets = offsets
        self._spread = spread

    def __len__(self) -> int:
        """The number of segments."""
        return len(self._offsets) + 1

    @property
    def dim(self) -> int:
        """The length of every vector."""
        return len(self._center)

    @classmethod
    def fit(cls, sample: object, n: int, metric: str, seed: int = 0) -> Planes:
        """Planes that cut a sample into ``n`` segments of equal size, and what it is a sample of into nearly equal ones.

        Args:
            sample: Shape (m, dim), at least 16 for each segment.
            n: How many segments, from 1.
            metric: For ``"angular"`` and ``"cosine"`` vectors are cut by direction.
            seed: Of the choice of the two vectors that a plane starts between.

        Raises:
            InvalidArgumentError: A sample of another shape, or too small.
        """
        array = inputs.floats(inputs.vectors(sample, None, "sample"))
        if n < 1 or len(array) < 16 * n:
            raise InvalidArgumentError(
                f"segments: expected from 1 to {len(array) // 16}, a sixteenth of the sample, got {n}: take a larger"
                " sample or fewer segments"
            )
        center, scale = _frame(array, metric)
        whole = _whole(array, metric, center, scale)
        normals, offsets = np.zeros((n - 1, array.shape[1])), np.zeros(n - 1)
        spread = np.ones(n - 1)
        random = np.random.default_rng(seed)

        def cut(rows: NDArray[np.intp], place: int, count: int) -> None:
            if count == 1:
                return
            below = halves(count)
            normals[place] = _rounded(_two_means(whole[rows], random))
            margins = whole[rows] @ normals[place]
            order = np.argsort(margins, kind="stable")
            last = len(rows) * below // count
            # Halfway between two values; equal ones stay together, wherever that leaves the plane.
            offsets[place] = np.floor((margins[order[last - 1]] + margins[order[last]]) / 2)
            spread[place] = max(1.0, float(np.round(margins.std())))
            lower = margins <= offsets[place]
            if not 0 < lower.sum() < len(rows):
                lower = np.zeros(len(rows), bool)
                lower[order[:last]] = True
            cut(rows[lower], place + 1, below)
            cut(rows[~lower], place + below, count - below)

        cut(np.arange(len(whole)), 0, n)
        return cls(metric, center, scale, normals, offsets, spread)

    def assign(self, vectors: object) -> NDArray[np.int32]:
        """The segment of every vector: shape (m,), int32.

        Args:
            vectors: Shape (m, dim), as :meth:`nearfile.Builder.add` takes them.
        """
        array = inputs.vectors(vectors, self.dim)
        segments = np.zeros(len(array), np.int32)
        for start, block in inputs.blocks(array, inputs.rows_a_block(16 * self.dim)):
            self._descend(_whole(block, self.metric, self._center, self._scale), segments[start : start + len(block)])
        return segments

    def _descend(self, whole: Numbers, segments: NDArray[np.int32]) -> None:
        stack = [(np.arange(len(whole)), 0, 0, len(self))]
        while stack:
            rows, place, first, count = stack.pop()
            if count == 1:
                segments[rows] = first
            elif len(rows):
                below = halves(count)
                lower = whole[rows] @ self._normals[place] <= self._offsets[place]
                stack.append((rows[lower], place + 1, first, below))
                stack.append((rows[~lower], place + below, first + below, count - below))

    def margins(self, vectors: object) -> NDArray[np.float32]:
        """How far vectors are above each plane: shape (m, n - 1), in standard deviations of what the plane cuts."""
        whole = _whole(inputs.floats(inputs.vectors(vectors, self.dim)), self.metric, self._center, self._scale)
        return ((whole @ self._normals.T - self._offsets) / self._spread).astype(np.float32)

    def to_dict(self) -> dict[str, Any]:
        """What :meth:`of_dict` makes the same planes of: numbers and strings, for JSON."""
        return {
            "segments": len(self),
            "metric": self.metric,
            "center": self._center.tolist(),
            "scale": self._scale,
            "normals": base64.b64encode(self._normals.astype("<i2").tobytes()).decode(),
            "offsets": self._offsets.tolist(),
            "spread": self._spread.tolist(),
        }

    @classmethod
    def of_dict(cls, saved: dict[str, Any]) -> Planes:
        """The planes of :meth:`to_dict`.

        Raises:
            InvalidArgumentError: What is no such dict.
        """
        try:
            n, center = int(saved["segments"]), np.array(saved["center"], np.float64)
            normals = np.frombuffer(base64.b64decode(saved["normals"], validate=True), "<i2").astype(np.float64)
            numbers = [np.array(saved[name], np.float64) for name in ("offsets", "spread")]
            scale, metric = float(saved["scale"]), str(saved["metric"])
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidArgumentError(
                f"planes: expected what to_dict() gave, got a {type(error).__name__}: {error}"
            ) from None
        shapes = [
            normals.size == (n - 1) * center.size,
            center.ndim == 1,
            *(each.shape == (n - 1,) for each in numbers),
        ]
        finite = np.isfinite(scale) and all(np.isfinite(each).all() for each in (center, *numbers))
        whole = finite and scale > 0 and (numbers[1] > 0).all()
        if n < 1 or not all(shapes) or not whole:
            raise InvalidArgumentError(
                f"planes: expected what to_dict() gave for {n} segments, got numbers that do not fit"
            )
        return cls(metric, center, scale, normals.reshape(n - 1, center.size), *numbers)


def _frame(sample: NDArray[np.float32], metric: str) -> tuple[Numbers, float]:
    """The origin that values are counted from, and how many steps there are to one."""
    if metric in DIRECTIONAL:
        return np.zeros(sample.shape[1]), float(2**_VALUE_BITS)
    center = np.round(sample.mean(0, dtype=np.float64), 6)
    far = float(np.abs(sample - center).max())
    # Twice as far as anything in the sample fits; what is farther counts as that far.
    return center, float(2.0 ** np.floor(np.log2(2**_VALUE_BITS / (2 * far or 1.0))))


def _whole(vectors: NDArray[np.float32], metric: str, center: Numbers, scale: float) -> Numbers:
    """Vectors in whole steps. What happens value by value has one result everywhere, and sums are of whole numbers."""
    values = vectors.astype(np.float64)
    most = 2.0**_VALUE_BITS
    if metric in DIRECTIONAL:
        longest = np.abs(values).max(1, keepdims=True, initial=0)
        steps = np.rint(values / np.where(longest > 0, longest, 1) * most)
        lengths = np.sqrt((steps * steps).sum(1, keepdims=True))
        values = steps / np.where(lengths > 0, lengths, 1)
    return np.clip(np.rint((values - center) * scale), -most, most)


def _two_means(rows: Numbers, random: np.random.Generator) -> Numbers:
    """From the mean of one half to that of the other, after both have moved a few times."""
    a, b = rows[random.choice(len(rows), 2, replace=False)]
    for _ in range(_MOVES):
        margins = rows @ _rounded(a - b)
        above = margins > np.median(margins)
        if not 0 < above.sum() < len(rows):
            break
        a, b = rows[above].mean(0), rows[~above].mean(0)
    return np.asarray(a - b, np.float64)


def _rounded(normal: Numbers) -> Numbers:
    longest = np.abs(normal).max()
    return np.rint(normal * ((2**_PLANE_BITS - 1) / longest)) if longest > 0 else np.zeros(len(normal))
