"""The first group: kinds that are known to be hard for codes, trees or graphs. Engines may be made better on these."""

from __future__ import annotations

import numpy as np

from bench.awkward.kind import Array, Group, Random, directions, held_out, normal, popular

GROUP = Group()


# Rows, columns and lengths of another size than the rest


@GROUP.kind("euclidean", "manhattan")
def one_row_far_out(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Normal rows and one of 100,000 in every column; normal queries."""
    rows = normal(random, items, dim)
    rows[random.integers(items)] = 1e5
    return rows, normal(random, queries, dim)


@GROUP.kind("euclidean", "manhattan")
def rows_far_out_at_many_scales(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Normal rows, twenty of them 10 to 10,000,000 times as long; normal queries."""
    rows = normal(random, items, dim)
    rows[random.choice(items, 20, replace=False)] *= np.logspace(1, 7, 20)[:, None]
    return rows, normal(random, queries, dim)


@GROUP.kind("manhattan", "dot", "euclidean")
def one_long_row(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Normal rows, one of them 1,000 times as long; normal queries."""
    rows = normal(random, items, dim)
    rows[random.integers(items)] *= 1000
    return rows, normal(random, queries, dim)


@GROUP.kind("euclidean", "cosine", "manhattan")
def one_wide_column(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Normal, one column 10,000 times as wide, as an income is; held out."""
    rows = normal(random, items + queries, dim)
    rows[:, random.integers(dim)] *= 1e4
    return held_out(random, rows, queries)


@GROUP.kind("euclidean", "cosine")
def columns_of_all_scales(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Normal, the scales of columns log-uniform from 1e-4 to 1e4; held out."""
    rows = normal(random, items + queries, dim) * 10 ** random.uniform(-4, 4, dim)
    return held_out(random, rows, queries)


@GROUP.kind("euclidean", "dot", "manhattan")
def lengths_over_decades(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Any direction, lengths log-normal over four decades and more; held out."""
    rows = directions(random, items + queries, dim) * np.exp(2.3 * normal(random, items + queries, 1))
    return held_out(random, rows, queries)


@GROUP.kind("euclidean", "manhattan", "cosine")
def tiny_values(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Normal times 1e-21, whose squares single precision cannot hold; held out."""
    return held_out(random, normal(random, items + queries, dim) * 1e-21, queries)


@GROUP.kind("euclidean", "cosine", "angular")
def constant_columns(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Half of the columns 1,000 in all rows, the others normal; held out."""
    rows = normal(random, items + queries, dim)
    rows[:, ::2] = 1000
    return held_out(random, rows, queries)


# Rows that are equal, or nearly


@GROUP.kind("angular", "cosine", "euclidean")
def quarter_zero_rows(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Normal, a quarter of the rows zero; held out, so a quarter of the queries is zero too."""
    rows = normal(random, items + queries, dim)
    rows[::4] = 0
    return held_out(random, rows, queries)


@GROUP.kind("euclidean", "angular", "manhattan")
def half_one_duplicate(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Normal, half of the rows one and the same; held out."""
    rows = normal(random, items + queries, dim)
    rows[::2] = rows[0]
    return held_out(random, rows, queries)


@GROUP.kind("cosine", "euclidean")
def tight_clusters(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Clusters of about 50 rows and a radius of 1e-4, far from each other; held out."""
    centres = normal(random, (items + queries) // 50, dim)
    which = random.integers(len(centres), size=items + queries)
    rows = centres[which] + 1e-4 * directions(random, items + queries, dim)
    return held_out(random, rows, queries)


@GROUP.kind("euclidean", "angular")
def clusters_of_uneven_size(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """200 clusters, the largest a sixth of the rows, radii log-normal, centres far apart; held out."""
    which = popular(random, 200, items + queries)
    radii = np.exp(1.5 * normal(random, 200, 1))
    rows = 30 * normal(random, 200, dim)[which] + radii[which] * normal(random, items + queries, dim)
    return held_out(random, rows, queries)


# Few values, few columns


@GROUP.kind("euclidean", "manhattan", dim=3, fixed_dim=True)
def whole_grid(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Points of a cube of whole numbers, most of them there; asked anywhere between."""
    side = int(np.ceil(items ** (1 / dim)))
    cells = random.choice(side**dim, items, replace=False)
    rows = np.stack(np.unravel_index(cells, (side,) * dim), axis=1)
    return rows, random.uniform(0, side - 1, (queries, dim))


@GROUP.kind("euclidean", "manhattan", "cosine", dim=12)
def few_levels(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Answers from 1 to 5, as of a survey: most distances are ties; held out."""
    opinion = random.normal(3, 1, (items + queries, 1))
    rows = np.clip(np.round(opinion + 0.7 * normal(random, items + queries, dim)), 1, 5)
    return held_out(random, rows, queries)


@GROUP.kind("euclidean", "manhattan", dim=64)
def line_in_many_dimensions(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Points of one straight line; held out."""
    places = random.uniform(0, 1000, (items + queries, 1))
    return held_out(random, normal(random, 1, dim) + places * directions(random, 1, dim), queries)


# Mostly zeros


@GROUP.kind("cosine", "euclidean", dim=2000, most=2000)
def nearly_one_hot(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """One large value a row, and a little noise: everything is about as far from everything; made alike."""
    rows = 0.001 * normal(random, items + queries, dim)
    rows[np.arange(items), np.arange(items) % dim] += 1
    rows[np.arange(items, items + queries), random.integers(dim, size=queries)] += 1
    return rows[:items], rows[items:]


@GROUP.kind("hamming", "euclidean", "cosine", dim=256)
def fingerprints(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Bits, 3 in 100 of them set, as fingerprints of molecules; held out."""
    return held_out(random, random.random((items + queries, dim)) < 0.03, queries)


@GROUP.kind("hamming", "manhattan", dim=256)
def bits_of_uneven_density(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Bits, from 1 to 50 in 100 of them set, each row its own share; held out."""
    share = random.uniform(0.01, 0.5, (items + queries, 1))
    return held_out(random, random.random((items + queries, dim)) < share, queries)


@GROUP.kind("cosine", "euclidean", "dot", dim=512)
def word_counts(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Texts of 5 to 80 words, a word's frequency by its rank, each of a topic; held out."""
    rows = np.zeros((items + queries, dim))
    topics = np.stack([random.permutation(dim) for _ in range(30)])
    owners = np.repeat(np.arange(items + queries), random.integers(5, 81, items + queries))
    topic = random.integers(30, size=items + queries)[owners]
    words = np.where(
        random.random(len(owners)) < 0.5,
        topics[topic, popular(random, dim, len(owners), 1.2)],
        popular(random, dim, len(owners)),
    )
    np.add.at(rows, (owners, words), 1)
    return held_out(random, rows, queries)


# In order


@GROUP.kind("euclidean", "cosine", "manhattan", dim=64)
def random_walks(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Series of prices: each value is the one before and a step, volatility differs from row to row; held out."""
    steps = normal(random, items + queries, dim) * np.exp(normal(random, items + queries, 1))
    return held_out(random, 100 + np.cumsum(steps, axis=1), queries)
