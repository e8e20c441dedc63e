"""The page: one file of HTML that needs no other one, and no network."""

from __future__ import annotations

import base64
import datetime
import hashlib
import itertools
import re
from collections.abc import Iterator, Sequence
from html import escape
from importlib import resources
from typing import Callable, TypeVar

from nearfile.report import charts, map_drawing, tables, words
from nearfile.report.dimension import LEAST_ITEMS
from nearfile.report.facts import About, Dimension, Distances, Duplicates, Facts, FarOut, Hubs, Map, Speed
from nearfile.report.svg import Drawing, element

Part = TypeVar("Part")

# Widths that pictures are drawn for: two or one or three in a row, and on a telephone.
HALF, WHOLE, THIRD, NARROW = 520.0, 1090.0, 330.0, 324.0

# What a search without effort or recall asks for.
DEFAULT_RECALL = 0.95

# A share of duplicates with which ties make hubs.
MANY_TIES = 0.1
# A share of queries that are unlike the items with which all of them are.
MANY_UNLIKE = 0.5


def render(facts: Facts, when: datetime.datetime) -> str:
    """All of it. What comes from the index is escaped; besides, a policy in the page lets no script run but its own."""
    style, script = asset("page.css"), asset("page.js")
    policy = f"default-src 'none'; style-src '{digest(style)}'; script-src '{digest(script)}'; base-uri 'none'; form-action 'none'"
    name = words.id_(facts.about.name)
    body = "".join(Page(facts, when).sections())
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(name)} · nearfile</title>\n<style>{style}</style>\n</head>\n<body>\n{body}"
        '<div id="tip" aria-hidden="true"></div><div id="said" class="skip" aria-live="polite"></div>\n'
        f"<script>{script}</script>\n</body>\n</html>\n"
    )


def asset(name: str) -> str:
    """A file beside this one."""
    return resources.files("nearfile.report").joinpath(name).read_text(encoding="utf-8")


def digest(text: str) -> str:
    """As a policy names what is inline."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


class Page:
    """Facts as HTML, part by part; what is told is plain text, with numbers that matter between asterisks."""

    def __init__(self, facts: Facts, when: datetime.datetime) -> None:
        self.facts = facts
        self.when = when
        self.info = facts.about.info
        self.count: int = self.info["count"]
        self.metric: str = self.info["metric"]
        self.numbers = itertools.count()

    def sections(self) -> list[str]:
        """From the head to the foot."""
        facts = self.facts
        return [
            self.head(),
            "<main>",
            self.tiles(),
            *self.warnings(),
            '<h2>How it answers</h2><div class="grid">',
            self.card("Recall against speed", facts.speed, self.speed, 2),
            self.card("Latency", facts.speed, self.latency, 2),
            '</div><h2>What it takes</h2><div class="grid">',
            self.card("Where the bytes go", facts.about, self.parts, 0, "whole"),
            '</div><h2>What is in it</h2><div class="grid">',
            self.card("Map", facts.map, self.map, 3, "whole"),
            self.card("Distances of neighbours", facts.distances, self.distances, 2),
            self.card("Intrinsic dimension", facts.dimension, self.dimension, LEAST_ITEMS),
            self.card("Hubs", facts.hubs, self.hubs, LEAST_ITEMS, "third"),
            self.card("Far-out items", facts.far_out, self.far_out, LEAST_ITEMS, "third"),
            self.card("Duplicates", facts.duplicates, self.duplicates, 2, "third"),
            "</div></main>",
            self.foot(),
        ]

    def card(
        self, title: str, part: Part | None, show: Callable[[Part], Sequence[str]], least: int, width: str = "half"
    ) -> str:
        """What ``show`` makes of a part: what it tells, then pictures and tables; or why there is no such part."""
        if part is not None:
            told, *below = show(part)
            body = f"<p>{marked(told)}</p>{''.join(below)}"
        elif self.count >= least:
            body = '<p class="empty">Too many of the sampled items have the same vector to tell them apart.</p>'
        else:
            body = f'<p class="empty">The index has {words.items(self.count)}, which is too few to measure this.</p>'
        return f'<section class="card {width}"><h3>{escape(title)}</h3>{body}</section>'

    def picture(self, draw: Callable[[float], Drawing], width: float) -> str:
        """Drawn for both kinds of screens."""
        name = f"p{next(self.numbers)}"
        return f"<figure>{draw(width).render(name, 'wide')}{draw(NARROW).render(name + 'n', 'narrow')}</figure>"

    def head(self) -> str:
        """What it is a report of."""
        info = self.info
        if "segments" in info:
            kind = f"a collection of {len(info['segments'])} segments, generation {info['generation']}"
        elif info["structure"] == "graph":
            kind = f"graph, {info['profile']}, vectors kept: {info['keep']}"
        else:
            kind = f"forest of {info['n_trees']} trees"
        what = f"{words.items(self.count)} of {info['dim']:,} values · {self.metric} · {kind}"
        return (
            f'<header><div><p class="eyebrow">nearfile report</p><h1>{escape(words.id_(self.facts.about.name))}</h1>'
            f'<p class="sub">{escape(what)}</p></div><button id="theme" type="button" hidden>Dark</button></header>'
        )

    def tiles(self) -> str:
        """The few numbers that say most."""
        facts, size, dim = self.facts, self.info["file_bytes"], self.info["dim"]
        raw = 4 * self.count * dim
        beside = f"{size / raw:.2f} times float32" if raw and self.metric != "hamming" else "file and all"
        told = [("Items", f"{self.count:,}", f"of {dim:,} values, {self.metric}"), ("Size", words.size(size), beside)]
        if facts.speed:
            point = facts.speed.default
            half, most = (words.duration(point.percentile(share)) for share in (50, 99))
            told += [
                (f"Recall of {facts.speed.k}", words.recall(point.recall), "found by default"),
                ("Median search", half, f"p99 {most}"),
                ("Queries a second", words.short(point.queries_a_second), "one thread, from Python"),
            ]
        if facts.dimension:
            told.append(("Dimension", f"{facts.dimension.mle:.1f}", f"of {dim:,}, intrinsic"))
        if facts.duplicates:
            told.append(("Duplicates", words.share(facts.duplicates.share), "of items have an equal"))
        each = (
            f'<div class="tile"><dt>{escape(name)}</dt><dd>{escape(value)}</dd><dd>{escape(more)}</dd></div>'
            for name, value, more in told
        )
        return f'<dl class="tiles">{"".join(each)}</dl>'

    def warnings(self) -> Iterator[str]:
        """Of queries that are unlike all that was calibrated with, and of walks that do not find enough."""
        speed = self.facts.speed
        if speed and (speed.unlike or 0) > MANY_UNLIKE:
            yield note(
                f"*{words.share(speed.unlike or 0)}* of the queries are farther from all items than 99 in 100 of the calibration's"
                " were: they are unlike the items. Check that they are made as the items were; if they are, build with a"
                " sample of them, queries=."
            )
        walks = (self.info.get("walk_recall") or {}).get(speed.k if speed else 0, 1)
        if speed and walks < DEFAULT_RECALL:
            yield note(
                f"On this data walks through the graph go astray and find *{words.recall(walks)}* of the {speed.k} nearest,"
                " so searches look at all items, which is exact and takes longer: docs/recall.md."
            )

    def speed(self, speed: Speed) -> Sequence[str]:
        """Recall."""
        point = speed.default
        asked = "of the given queries" if speed.given else "items, asked for the others"
        error = f" ± {2 * point.standard_error:.3f}" if point.standard_error > 0.0002 else ""
        return (
            f"By default recall is *{words.recall(point.recall)}*{error} of the {speed.k} nearest, at"
            f" *{words.count(point.queries_a_second)}* queries a second; up and right is better. Measured with"
            f" {speed.queries:,} {asked}.",
            self.picture(lambda width: charts.recall_speed(speed, width), HALF),
            tables.speed(speed),
        )

    def latency(self, speed: Speed) -> Sequence[str]:
        """Of the default."""
        half, most = (words.duration(speed.default.percentile(share)) for share in (50, 99))
        return (
            f"Half of all searches take at most *{half}*, 99 in 100 at most *{most}*; one query at a time, from Python on one"
            " thread.",
            self.picture(lambda width: charts.latency(speed, width), HALF),
        )

    def parts(self, about: About) -> Sequence[str]:
        """Bytes."""
        if not about.parts:
            return ("There are no bytes yet: nothing has been added.",)
        size = self.info["file_bytes"]
        each = f", *{words.short(size / self.count)}* bytes an item" if self.count else ""
        return f"*{words.size(size)}* in all{each}.", self.picture(lambda width: charts.parts(about, width), WHOLE)

    def map(self, found: Map) -> Sequence[str]:
        """The sample in a plane."""
        coded = " Vectors are what codes kept of them." if self.info.get("keep") == "none" else ""
        by = " by euclidean distance" if self.metric == "dot" else ""
        options = "".join(element("option", each.name) for each in found.colorings)
        return (
            f"*{words.items(len(found.ids))}*, laid out so that near neighbours{by} are near each other; how far apart groups"
            f" are says little.{coded} Point at one for its id, or use the arrow keys.",
            f'<div class="map"><figure>{map_drawing.drawing(found).render("map", "plane")}</figure>',
            '<div class="tools" hidden><label for="coloring">Coloured by</label>',
            f'<select id="coloring">{options}</select><ul class="legend" id="legend"></ul></div></div>',
            f'<script type="application/json" id="map-data">{map_drawing.data(found)}</script>',
        )

    def distances(self, found: Distances) -> Sequence[str]:
        """Of neighbours, beside any two."""
        label = "inner product" if self.metric == "dot" else "distance"
        kth = f"{words.ordinal(found.k)} nearest"
        told = f"The median {label} of the nearest other is *{words.median(found.nearest)}*"
        if found.k > 1:
            told += f", of the {kth} *{words.median(found.kth)}*"
        if len(found.pairs):
            told += f", of any two items *{words.median(found.pairs)}*"
        key = (("a", "nearest"), *([("b", kth)] if found.k > 1 else []), ("c", "any two"))
        swatches = (f'<span><span class="swatch {class_}"></span>{name}</span>' for class_, name in key)
        return (
            f"{told}.",
            f'<div class="key">{"".join(swatches)}</div>',
            self.picture(lambda width: charts.distances(found, self.metric, width), HALF),
        )

    def dimension(self, found: Dimension) -> Sequence[str]:
        """Intrinsic."""
        dim = self.info["dim"]
        return (
            f"Around its items the data has about *{found.mle:.0f}* directions, in vectors of {dim:,} values: how the distances"
            f" of {found.k} neighbours grow (Levina and Bickel), and of two (Facco and others). The more, the harder to search.",
            self.picture(lambda width: charts.dimension(found, dim, width), HALF),
        )

    def hubs(self, found: Hubs) -> Sequence[str]:
        """Items that are neighbours of many."""
        duplicates = self.facts.duplicates
        ties = duplicates is not None and duplicates.share > MANY_TIES
        return (
            f"Within the sample *{words.share(found.never)}* of the items are among the {found.k} nearest of no other, and one is"
            f" of *{found.top[0][1]:,}*; skewness *{found.skewness:.1f}*, where 0 is none and above 1 a few items crowd the"
            f" answers.{' Equal vectors tie here, and ties go to the smaller id.' if ties else ''}",
            self.picture(lambda width: charts.hubs(found, width), THIRD),
            tables.hubs(found),
        )

    def far_out(self, found: FarOut) -> Sequence[str]:
        """Items far from all others."""
        where = "" if found.within == "index" else ", within the sample"
        return (
            f"Those of the sample whose {words.ordinal(found.k)} nearest other is farthest by {found.metric} distance{where}; the"
            f" median is *{words.number(found.median)}*.",
            tables.far_out(found),
        )

    def duplicates(self, found: Duplicates) -> Sequence[str]:
        """Items with one vector."""
        told = f"*{words.share(found.share)}* of the sampled items have a vector that others in the {found.within} have too."
        if not found.share:
            told = f"No sampled item has a vector that another in the {found.within} has too."
        return told, tables.groups(found), tables.closest(found)

    def foot(self) -> str:
        """How it was measured."""
        about, machine, distances = self.facts.about, self.facts.about.machine, self.facts.distances
        if about.sample == self.count:
            sample = f"All {words.items(self.count)} were looked at."
        else:
            sample = (
                f"Of {words.items(self.count)} {about.sample:,} were looked at, a random sample by seed {about.seed}. Their"
                " neighbours were searched for in the whole index; hubs and the map are of the sample alone."
            )
        if distances and not distances.whole:
            sample += (
                f" Searching took long here, so neighbours are those of the first {len(distances.nearest):,} of them."
            )
        return (
            f"<footer><p>{escape(sample)} Recall is against exact search of the same file; items that are equally far count alike."
            " Times were taken here, with whatever else the machine was doing.</p>"
            f"<p>{self.when:%Y-%m-%d %H:%M} · nearfile {escape(machine['version'])} · {escape(machine['instruction_set'])},"
            f" {machine['cores']} core{'' if machine['cores'] == 1 else 's'}</p></footer>"
        )


def note(told: str) -> str:
    """What stands out."""
    return f'<p class="note">{marked(told)}</p>'


def marked(told: str) -> str:
    """Text as HTML, with what stands between asterisks in bold."""
    return re.sub(r"\*(.*?)\*", r"<strong>\1</strong>", escape(told))
