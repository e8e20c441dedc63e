"""The second group: kinds of the same spirit, made in other ways.

They tell whether what was learned from the first group holds for data that nobody looked at. That is lost as soon as an
engine is changed to do better on one of them: look at their totals (``--totals``), and mend on the first group.
"""

from __future__ import annotations

import numpy as np

from bench.awkward.kind import Array, Group, Random, directions, held_out, normal, popular

GROUP = Group()


@GROUP.kind("euclidean", "manhattan", "cosine", dim=24)
def cauchy_columns(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Cauchy distributed: no mean, no variance, every row is far out somewhere; held out."""
    return held_out(random, np.clip(random.standard_cauchy((items + queries, dim)), -1e8, 1e8), queries)


@GROUP.kind("euclidean", "cosine", dim=20)
def swiss_roll(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """A sheet rolled up in three dimensions, turned in many, thin noise; held out."""
    angle = random.uniform(1.5 * np.pi, 4.5 * np.pi, items + queries)
    roll = np.stack([angle * np.cos(angle), random.uniform(0, 20, items + queries), angle * np.sin(angle)], axis=1)
    rows = roll @ directions(random, 3, dim) + 1e-3 * normal(random, items + queries, dim)
    return held_out(random, rows, queries)


@GROUP.kind("euclidean", "manhattan", "cosine")
def two_populations(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Normal about the origin, or about a place 1,000,000 away from it; held out."""
    rows = normal(random, items + queries, dim)
    rows[::2] += 1e6 * directions(random, 1, dim)
    return held_out(random, rows, queries)


@GROUP.kind("euclidean", "manhattan", dim=17)
def an_id_for_a_column(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Normal features beside a number that counts rows; held out."""
    rows = normal(random, items + queries, dim)
    rows[:, 0] = np.arange(items + queries)
    return held_out(random, rows, queries)


@GROUP.kind("euclidean", "manhattan", dim=9)
def a_timestamp_for_a_column(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Features of several units beside seconds since 1970; held out."""
    rows = np.abs(normal(random, items + queries, dim)) * np.logspace(-2, 3, dim)
    rows[:, -1] = random.uniform(1.6e9, 1.7e9, items + queries)
    return held_out(random, rows, queries)


@GROUP.kind("hamming", "manhattan", dim=256)
def hashes_with_near_duplicates(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Random bits, and twelve copies of each with 2 to 10 in 100 bits turned; held out."""
    originals = random.random((1 + (items + queries) // 12, dim)) < 0.5
    rows = np.repeat(originals, 12, axis=0)[: items + queries]
    turned = random.random(rows.shape) < random.uniform(0.02, 0.1, (len(rows), 1))
    return held_out(random, rows ^ turned, queries)


@GROUP.kind("hamming", "euclidean", dim=192)
def minhash_bits(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """One bit of each of many minimum hashes: equal as often as sets overlap, from hardly to wholly; held out."""
    prototypes = random.random((40, dim)) < 0.5
    which = popular(random, 40, items + queries)
    overlap = random.beta(1, 1.5, (items + queries, 1))
    fresh = random.random((items + queries, dim)) < 0.5
    rows = np.where(random.random((items + queries, dim)) < overlap, prototypes[which], fresh)
    return held_out(random, rows, queries)


@GROUP.kind("euclidean", "cosine", "manhattan", dim=104)
def categories_and_numbers(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Fields of twenty unevenly frequent categories, one column each, beside four small numbers; held out."""
    fields = (dim - 4) // 20
    rows = np.zeros((items + queries, dim))
    for field in range(fields):
        rows[np.arange(items + queries), 20 * field + popular(random, 20, items + queries)] = 1
    rows[:, 20 * fields :] = 0.1 * normal(random, items + queries, dim - 20 * fields)
    return held_out(random, rows, queries)


@GROUP.kind("euclidean", "manhattan", "cosine", dim=2, fixed_dim=True)
def places_on_the_map(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Latitude and longitude: cities of all sizes, and a few places in the country; held out."""
    cities = np.stack([random.uniform(-50, 65, 300), random.uniform(-180, 180, 300)], axis=1)
    spread = np.exp(random.normal(-3, 1, (300, 1)))
    which = popular(random, 300, items + queries)
    rows = cities[which] + spread[which] * normal(random, items + queries, dim)
    country = random.random(items + queries) < 0.05
    rows[country] = np.stack([random.uniform(-50, 65, country.sum()), random.uniform(-180, 180, country.sum())], axis=1)
    return held_out(random, rows, queries)


@GROUP.kind("euclidean", "manhattan", "cosine", dim=64)
def colour_histograms(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Shares that sum to 1, most of each row in a few columns; held out."""
    return held_out(random, random.dirichlet(np.full(dim, 0.1), items + queries), queries)


@GROUP.kind("euclidean", "angular", dim=48)
def chains_of_near_duplicates(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Pictures of films: each row is the one before and a small step, every 500 a cut; held out."""
    rows = 0.02 * normal(random, items + queries, dim)
    rows[::500] = normal(random, len(rows[::500]), dim)
    for start in range(0, len(rows), 500):
        rows[start : start + 500] = np.cumsum(rows[start : start + 500], axis=0)
    return held_out(random, rows, queries)


@GROUP.kind("euclidean", "cosine", "manhattan", dim=200)
def hubs(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Many independent columns, a tenth of the rows nearer to the middle: these are neighbours of all; held out."""
    rows = normal(random, items + queries, dim) + 0.5
    rows[::10] *= random.uniform(0.5, 1, (len(rows[::10]), 1))
    return held_out(random, rows, queries)


@GROUP.kind("dot", dim=40)
def heavy_tailed_factors(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Factors of users and things: few matter, tails are heavy, some things are liked by all; users ask."""
    spectrum = 1 / np.sqrt(np.arange(1, dim + 1))
    things = random.standard_t(3, (items, dim)) * spectrum * (1 + random.pareto(2.5, (items, 1)))
    users = random.standard_t(3, (queries, dim)) * spectrum
    return things, users


@GROUP.kind("cosine", "euclidean", "dot", dim=300)
def baskets(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Who bought what: zeros and ones, a few things in most rows, most things in few; held out."""
    share = np.clip(0.6 / np.arange(1, dim + 1) ** 0.8, 0.005, 1)
    taste = np.exp(0.8 * normal(random, items + queries, 1))
    return held_out(random, random.random((items + queries, dim)) < share * taste, queries)


@GROUP.kind("euclidean", "cosine", "dot", dim=128)
def blocks_of_columns(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Eight sources, each with columns of its own and zero in all others, of another scale each; held out."""
    source = random.integers(8, size=items + queries)
    there = np.arange(dim) * 8 // dim == source[:, None]
    scale = np.logspace(-1, 2, 8)[source][:, None]
    return held_out(random, there * scale * normal(random, items + queries, dim), queries)


@GROUP.kind("euclidean", "manhattan", dim=16)
def geometric_sequence(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Along one direction, as dense on every scale from 1e-6 to 1e6, noise in proportion; held out."""
    size = 10 ** random.uniform(-6, 6, (items + queries, 1))
    rows = size * (directions(random, 1, dim) + 0.05 * normal(random, items + queries, dim))
    return held_out(random, rows, queries)


@GROUP.kind("dot", "cosine", "euclidean")
def mirrored_pairs(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Rows and their opposites, of uneven lengths; normal queries."""
    half = normal(random, (items + 1) // 2, dim) * random.uniform(0.2, 5, ((items + 1) // 2, 1))
    rows = np.concatenate([half, -half])[:items]
    return rows[random.permutation(items)], normal(random, queries, dim)


@GROUP.kind("euclidean", "manhattan", dim=4, fixed_dim=True)
def lattice_with_holes(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Points of a lattice, half of them missing; asked at those that are missing."""
    side = int(np.ceil((2 * (items + queries)) ** (1 / dim)))
    cells = random.choice(side**dim, items + queries, replace=False)
    rows = np.stack(np.unravel_index(cells, (side,) * dim), axis=1)
    return rows[:items], rows[items:]


@GROUP.kind("dot", "cosine", dim=400)
def rare_words_weigh_more(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Word counts times the logarithm of a word's rarity, lengths as they are; held out."""
    rows = np.zeros((items + queries, dim))
    lengths = 1 + random.geometric(1 / 30, items + queries)
    owners = np.repeat(np.arange(items + queries), lengths)
    np.add.at(rows, (owners, popular(random, dim, len(owners))), 1)
    rarity = np.log((1 + len(rows)) / (1 + np.count_nonzero(rows, axis=0)))
    return held_out(random, np.log1p(rows) * rarity, queries)


@GROUP.kind("euclidean", "dot", "cosine")
def a_mixture_of_scales(random: Random, items: int, queries: int, dim: int) -> tuple[Array, Array]:
    """Three sensors whose units differ by a hundred each, every one with an offset of its own; held out."""
    sensor = random.integers(3, size=items + queries)
    offsets = normal(random, 3, dim)
    rows = 100.0 ** sensor[:, None] * (offsets[sensor] + normal(random, items + queries, dim))
    return held_out(random, rows, queries)
