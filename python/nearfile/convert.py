"""From a file that Annoy wrote to one of nearfile."""

from __future__ import annotations

from nearfile import _core, arguments
from nearfile import progress as progress_module
from nearfile.arguments import PathLike
from nearfile.errors import BadFileError, InvalidArgumentError
from nearfile.index import Index
from nearfile.progress import Progress


def layouts(path: PathLike, dim: int) -> list[tuple[str, str]]:
    """The layouts of Annoy's versions that a file fits, each with its metric.

    Args:
        path: A file that Annoy wrote. It is read whole, once for every layout that its size allows.
        dim: The length of its vectors, which the file does not say.

    Raises:
        FileError: The file could not be read.
    """
    return _core.AnnoyFile.layouts(arguments.path_bytes(arguments.path(path)), arguments.dim(dim))


def convert(
    old: PathLike,
    new: PathLike,
    dim: int,
    metric: str | None = None,
    *,
    structure: str | None = None,
    profile: str = arguments.DEFAULT_PROFILE,
    keep: str = arguments.DEFAULT_KEEP,
    n_trees: int | None = None,
    threads: int | None = None,
    seed: int = 0,
    progress: Progress = None,
) -> Index:
    """Make an index of the vectors in a file that Annoy wrote, and open it.

    Numbers of items stay what they are; those that were left out stay left out.

    Args:
        old: The file of any version of Annoy; it is checked whole.
        new: Where to write the index, atomically.
        dim: The length of the vectors, which ``old`` does not say.
        metric: ``"angular"``, ``"euclidean"``, ``"manhattan"``, ``"dot"`` or ``"hamming"``. ``None`` takes the only
            one that the file fits; euclidean and manhattan files look alike, so these must be named.
        structure: ``"graph"``, or ``"forest"`` for trees alone, as ``old`` has them; see :class:`nearfile.Builder`.
        profile: Of a graph: ``"compact"``, ``"balanced"`` or ``"fast"``.
        keep: Of a graph: ``"exact"``, ``"half"`` or ``"none"``.
        n_trees: How many trees; ``None`` chooses.
        threads: How many threads build; ``None`` is every core.
        seed: Of the random choices.
        progress: A bar, or a function to call; see :class:`nearfile.Builder`.

    Raises:
        BadFileError: ``old`` does not fit this dim and metric, or is damaged.
        InvalidArgumentError: No metric was named and more than one fits.
        FileError: A file could not be read or written.
    """
    from nearfile.annoy.readers import feed  # here, as `import nearfile` has no need of it

    length = arguments.dim(dim)
    source = arguments.path(old)
    target = arguments.path_to_write(new)
    assert target is not None
    trees, workers, chosen_seed = arguments.trees(n_trees), arguments.threads(threads, 0), arguments.seed(seed)
    progress_module.check(progress)
    name = only_metric(source, length) if metric is None else arguments.name("metric", metric)
    chosen = arguments.kinds(structure, profile, keep)
    file = _core.AnnoyFile.open(arguments.path_bytes(source), length, name, False)
    builder = _core.Builder(length, name)
    feed(builder, file, file.n_items)
    with progress_module.reporting(progress) as report:
        built = builder.build(arguments.path_bytes(target), *chosen, trees, None, chosen_seed, workers, report)
    return Index(built, target)


def only_metric(path: str, dim: int) -> str:
    """The one metric that a file fits at this dim."""
    metrics = sorted({metric for _, metric in layouts(path, dim)})
    if not metrics:
        raise BadFileError(
            None, f"{path}: expected an Annoy index of dim {dim}, got a file that fits no metric: check dim", path
        )
    if len(metrics) > 1:
        raise InvalidArgumentError(f"metric: expected one of {', '.join(metrics)}, which all fit {path}: name it")
    return metrics[0]
