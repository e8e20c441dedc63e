"""The page: one file of HTML that needs no other one, and no network."""

from __future__ import annotations

import base64
import datetime
import hashlib
import itertools
from html import escape
from importlib import resources
from typing import Callable

import numpy as np

from nearfile.report import charts, map_drawing, tables, words
from nearfile.report.facts import Facts, Map, Speed
from nearfile.report.svg import Drawing, element

# Widths that pictures are drawn for: two or one or three in a row, and on a telephone.
HALF, WHOLE, THIRD, NARROW = 520.0, 1090.0, 330.0, 324.0

# What a search without effort or recall asks for.
DEFAULT_RECALL = 0.95

# A share of duplicates with which ties make hubs.
MANY_TIES = 0.1

Draw = Callable[[float], Drawing]


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


def card(title: str, told: str, *parts: str, width: str = "") -> str:
    """A picture or a table below its title and what it says, which is HTML; ``width`` is whole, third or, by default, half."""
    return f'<section class="{f"card {width}".strip()}"><h3>{escape(title)}</h3><p>{told}</p>{"".join(parts)}</section>'


def empty(title: str, why: str, width: str = "") -> str:
    """In the place of a picture that there is nothing for."""
    return f'<section class="{f"card {width}".strip()}"><h3>{escape(title)}</h3><div class="empty">{escape(why)}</div></section>'


def bold(text: str) -> str:
    """A number that matters."""
    return f"<strong>{escape(text)}</strong>"


class Page:
    """Facts as HTML, part by part."""

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
        grid = '<div class="grid">'
        return [
            self.head(),
            "<main>",
            self.tiles(),
            self.unlike(),
            self.astray(),
            f"<h2>How it answers</h2>{grid}",
            *(self.speed(facts.speed) if facts.speed else [empty("Recall against speed", self.too_few(2), "whole")]),
            f"</div><h2>What it takes</h2>{grid}",
            self.parts(),
            f"</div><h2>What is in it</h2>{grid}",
            self.map(facts.map) if facts.map else empty("Map", self.too_few(3, alike=True), "whole"),
            self.distances(),
            self.dimension(),
            self.hubs(),
            self.far_out(),
            self.duplicates(),
            "</div></main>",
            self.foot(),
        ]

    def too_few(self, least: int, alike: bool = False) -> str:
        """Why there is nothing to show."""
        if self.count >= least and alike:
            return "All sampled items have the same vector, so there is nothing to tell apart."
        return f"The index has {words.items(self.count)}, which is too few to measure this."

    def picture(self, draw: Draw, width: float) -> str:
        """Drawn for both kinds of screens."""
        name = f"p{next(self.numbers)}"
        return f"<figure>{draw(width).render(name, 'wide')}{draw(NARROW).render(name + 'n', 'narrow')}</figure>"

    def head(self) -> str:
        """What it is a report of."""
        info, name = self.info, words.id_(self.facts.about.name)
        what = [f"{words.items(self.count)} of {info['dim']:,} values", self.metric]
        if "segments" in info:
            what.append(f"a collection of {len(info['segments'])} segments, generation {info['generation']}")
        elif info["structure"] == "graph":
            what.append(f"graph, {info['profile']}, vectors kept: {info['keep']}")
        else:
            what.append(f"forest of {info['n_trees']} trees")
        return (
            f'<header><div><p class="eyebrow">nearfile report</p><h1>{escape(name)}</h1>'
            f'<p class="sub">{escape(" · ".join(what))}</p></div><button id="theme" type="button" hidden>Dark</button></header>'
        )

    def tiles(self) -> str:
        """The few numbers that say most."""
        facts, size = self.facts, self.info["file_bytes"]
        raw = 4 * self.count * self.info["dim"]
        beside = f"{size / raw:.2f} times float32" if raw and self.metric != "hamming" else "file and all"
        told = [
            ("Items", words.count(self.count), f"of {self.info['dim']:,} values, {self.metric}"),
            ("Size", words.size(size), beside),
        ]
        if facts.speed:
            point, k = facts.speed.default, facts.speed.k
            told.append((f"Recall of {k}", words.recall(point.recall), "found by default"))
            told.append(
                ("Median search", words.duration(point.percentile(50)), f"p99 {words.duration(point.percentile(99))}")
            )
            told.append(("Queries a second", words.short(point.queries_a_second), "one thread, from Python"))
        if facts.dimension:
            told.append(("Dimension", f"{facts.dimension.mle:.1f}", f"of {self.info['dim']:,}, intrinsic"))
        if facts.duplicates:
            told.append(("Duplicates", words.share(facts.duplicates.share), "of items have an equal"))
        each = "".join(
            f'<div class="tile"><dt>{escape(name)}</dt><dd>{escape(value)}</dd><dd>{escape(more)}</dd></div>'
            for name, value, more in told
        )
        return f'<dl class="tiles">{each}</dl>'

    def unlike(self) -> str:
        """A warning where given queries are unlike all that was calibrated with."""
        share = self.facts.speed.unlike if self.facts.speed else None
        if share is None or share <= 0.5:
            return ""
        return (
            f'<p class="note">{bold(words.share(share))} of the queries are farther from all items than 99 in 100 of the'
            " calibration's were: they are unlike the items. Check that they are made as the items were; if they are,"
            " build with a sample of them (<code>queries=</code>).</p>"
        )

    def astray(self) -> str:
        """A warning where searches look at every item because walks do not find enough."""
        found = self.info.get("walk_recall") or {}
        k = self.facts.speed.k if self.facts.speed else 0
        if found.get(k, 1) >= DEFAULT_RECALL:
            return ""
        return (
            f'<p class="note">On this data walks through the graph go astray and find {bold(words.recall(found[k]))} of the'
            f" {k} nearest, so searches look at all items, which is exact and takes longer: docs/recall.md.</p>"
        )

    def speed(self, speed: Speed) -> list[str]:
        """Recall, and latency."""
        point = speed.default
        asked = (
            f"{speed.queries:,} of the given queries"
            if speed.given
            else f"{speed.queries:,} items, asked for the others"
        )
        error = f" ± {2 * point.standard_error:.3f}" if point.standard_error > 0.0002 else ""
        told = (
            f"By default recall is {bold(words.recall(point.recall))}{error} of the {speed.k} nearest, at"
            f" {bold(words.count(point.queries_a_second))} queries a second; up and right is better. Measured with {asked}."
        )
        times = (
            f"Half of all searches take at most {bold(words.duration(point.percentile(50)))}, 99 in 100 at most"
            f" {bold(words.duration(point.percentile(99)))}; one query at a time, from Python on one thread."
        )
        return [
            card(
                "Recall against speed",
                told,
                self.picture(lambda width: charts.recall_speed(speed, width), HALF),
                tables.speed(speed),
            ),
            card(
                "Latency", times, self.picture(lambda width: charts.latency(speed, width), HALF), tables.latency(speed)
            ),
        ]

    def parts(self) -> str:
        """Bytes."""
        about, size = self.facts.about, self.info["file_bytes"]
        if not about.parts:
            return empty("Where the bytes go", "There are no bytes yet: nothing has been added.", "whole")
        each = f", {bold(words.short(size / self.count))} bytes an item" if self.count else ""
        return card(
            "Where the bytes go",
            f"{bold(words.size(size))} in all{each}.",
            self.picture(lambda width: charts.parts(about, width), WHOLE),
            tables.segments(self.info),
            width="whole",
        )

    def map(self, found: Map) -> str:
        """The sample in a plane."""
        coded = " Vectors are what codes kept of them." if self.info.get("keep") == "none" else ""
        by = " by euclidean distance" if self.metric == "dot" else ""
        told = (
            f"{bold(words.items(len(found.ids)))}, laid out so that near neighbours{by} are near each other; how far apart groups"
            f" are says little.{coded} Point at one for its id, or use the arrow keys."
        )
        options = "".join(element("option", each.name) for each in found.colorings)
        tools = (
            '<div class="tools" hidden><label for="coloring">Coloured by</label>'
            f'<select id="coloring">{options}</select><ul class="legend" id="legend"></ul></div>'
        )
        plane = map_drawing.drawing(found).render("map", "plane")
        data = f'<script type="application/json" id="map-data">{map_drawing.data(found)}</script>'
        return card("Map", told, f'<div class="map"><figure>{plane}</figure>{tools}</div>{data}', width="whole")

    def distances(self) -> str:
        """Of neighbours, beside any two."""
        found = self.facts.distances
        if found is None:
            return empty("Distances of neighbours", self.too_few(2))
        near, kth = float(np.median(found.nearest)), float(np.median(found.kth))
        label = "inner product" if self.metric == "dot" else "distance"
        told = f"The median {label} of the nearest other is {bold(words.number(near))}, of the {words.ordinal(found.k)} {bold(words.number(kth))}"
        if len(found.pairs):
            told += f", of any two items {bold(words.number(float(np.median(found.pairs))))}"
        key = [("a", "nearest"), ("b", f"{words.ordinal(found.k)} nearest"), ("c", "any two")]
        swatches = "".join(
            f'<span><span class="swatch {class_}"></span>{escape(name)}</span>'
            for class_, name in key
            if found.k > 1 or class_ != "b"
        )
        picture = self.picture(lambda width: charts.distances(found, self.metric, width), HALF)
        return card("Distances of neighbours", f"{told}.", f'<div class="key">{swatches}</div>', picture)

    def dimension(self) -> str:
        """Intrinsic."""
        found = self.facts.dimension
        if found is None:
            return empty("Intrinsic dimension", self.too_few(21, alike=True))
        told = (
            f"Around its items the data has about {bold(f'{found.mle:.0f}')} directions, in vectors of {self.info['dim']:,}"
            f" values: how the distances of {found.k} neighbours grow (Levina and Bickel), and of two (Facco and others). The more,"
            " the harder to search."
        )
        picture = self.picture(lambda width: charts.dimension(found, self.info["dim"], width), HALF)
        return card("Intrinsic dimension", told, picture)

    def hubs(self) -> str:
        """Items that are neighbours of many."""
        found = self.facts.hubs
        if found is None:
            return empty("Hubs", self.too_few(20), "third")
        told = (
            f"Within the sample {bold(words.share(found.never))} of the items are among the {found.k} nearest of no other, and one is of"
            f" {bold(words.count(found.top[0][1]))}; skewness {bold(f'{found.skewness:.1f}')}, where 0 is none and above 1 a few"
            " items crowd the answers."
        )
        if self.facts.duplicates and self.facts.duplicates.share > MANY_TIES:
            told += " Equal vectors tie here, and ties go to the smaller id."
        return card(
            "Hubs",
            told,
            self.picture(lambda width: charts.hubs(found, width), THIRD),
            tables.hubs(found),
            width="third",
        )

    def far_out(self) -> str:
        """Items far from all others."""
        found = self.facts.far_out
        if found is None:
            return empty("Far-out items", self.too_few(20, alike=True), "third")
        where = "" if found.within == "index" else ", within the sample"
        told = (
            f"Those of the sample whose {words.ordinal(found.k)} nearest other is farthest by {found.metric} distance{where};"
            f" the median is {bold(words.number(found.median))}."
        )
        return card("Far-out items", told, tables.far_out(found), width="third")

    def duplicates(self) -> str:
        """Items with one vector."""
        found = self.facts.duplicates
        if found is None:
            return empty("Duplicates", self.too_few(2), "third")
        where = "the index" if found.within == "index" else "the sample"
        told = (
            f"{bold(words.share(found.share))} of the sampled items have a vector that others in {where} have too."
            if found.share
            else f"No sampled item has a vector that another in {where} has too."
        )
        return card("Duplicates", told, tables.groups(found), tables.closest(found), width="third")

    def foot(self) -> str:
        """How it was measured."""
        facts, about = self.facts, self.facts.about
        machine = about.machine
        whole = about.sample == self.count
        sample = (
            f"All {words.items(self.count)} were looked at."
            if whole
            else f"Of {words.items(self.count)} {about.sample:,} were looked at, a random sample by seed {about.seed}."
        )
        if facts.distances and not facts.distances.whole:
            sample += f" Searching took long here, so neighbours are those of the first {len(facts.distances.nearest):,} of them."
        exact = (
            ""
            if whole
            else " Their neighbours were searched for in the whole index; hubs and the map are of the sample alone."
        )
        return (
            f"<footer><p>{escape(sample)}{escape(exact)} Recall is against exact search of the same file; items that are equally far"
            " count alike. Times were taken here, with whatever else the machine was doing.</p>"
            f"<p>{self.when:%Y-%m-%d %H:%M} · nearfile {escape(machine['version'])} · {escape(machine['instruction_set'])},"
            f" {machine['cores']} core{'' if machine['cores'] == 1 else 's'}</p></footer>"
        )
