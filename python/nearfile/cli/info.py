"""``nearfile info``: what is in an index, or what the library is."""

from pathlib import Path
from typing import Annotated, Any, Optional

import typer

import nearfile
from nearfile.cli import chart, output
from nearfile.convert import layouts


def info(
    index: Annotated[
        Optional[Path], typer.Argument(help="An index or a collection. Default: about nearfile.", show_default=False)
    ] = None,
    dim: Annotated[
        Optional[int], typer.Option(help="Of a file that Annoy wrote: the length of its vectors.", show_default=False)
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Say what an index file or a collection is, or, with neither, what this nearfile is and what it uses of the machine."""
    if index is None:
        about = nearfile.info()
        if json:
            output.print_json(about)
        else:
            output.print_facts({name.replace("_", " "): plain(value) for name, value in about.items()})
        return
    if dim is not None:
        print_layouts(index, dim, json)
        return
    with nearfile.open(index) as opened:
        facts = opened.info()
    if json:
        output.print_json(facts)
    elif "segments" in facts:
        print_collection(facts)
    else:
        print_index(facts)


def print_collection(facts: dict[str, Any]) -> None:
    """Print the facts of a collection, then its segments as a table."""
    segments = facts.pop("segments")
    facts["file_bytes"] = f"{facts['file_bytes']:,} ({output.size(facts['file_bytes'])})"
    facts["columns"] = ", ".join(column["name"] for column in facts["columns"]) or None
    shown = {name: value for name, value in facts.items() if value is not None}
    output.print_facts({name.replace("_", " "): plain(value) for name, value in shown.items()})
    output.print_table(
        ("segment", "structure", "rows", "deleted", "bytes"),
        [
            (each["file"], each["structure"], f"{each['count']:,}", f"{each['deleted']:,}", f"{each['bytes']:,}")
            for each in segments
        ],
        left={0, 1},
    )


def print_layouts(path: Path, dim: int, json: bool) -> None:
    """Print the layouts of Annoy that a file fits at this dim; exit code 1 where it is none."""
    found = layouts(path, dim)
    if not found:
        raise nearfile.BadFileError(None, f"{path}: fits no layout of Annoy with dim {dim}: check dim", str(path))
    if json:
        output.print_json({"path": str(path), "dim": dim, "layouts": [name for name, _ in found]})
        return
    output.print_facts(
        {
            "path": str(path),
            "dim": str(dim),
            "layouts of Annoy that fit": ", ".join(name for name, _ in found),
            "metrics": ", ".join(sorted({metric for _, metric in found})),
        }
    )


def print_index(facts: dict[str, Any]) -> None:
    """Print the facts of an index, then its calibration and its sections as tables."""
    sections, calibration = facts.pop("sections"), facts.pop("calibration")
    nearest = facts.pop("calibrated_nearest")
    facts["walk_recall"] = ", ".join(f"{share:.3f} of {k:,}" for k, share in facts["walk_recall"].items()) or None
    facts["file_bytes"] = f"{facts['file_bytes']:,} ({output.size(facts['file_bytes'])})"
    facts["columns"] = ", ".join(f"{column['name']} ({column['type']})" for column in facts["columns"]) or None
    shown = {name: value for name, value in facts.items() if value is not None}
    output.print_facts({name.replace("_", " "): plain(value) for name, value in shown.items()})
    if calibration:
        print_calibration(calibration)
    if nearest:
        output.print_table(
            ("of 100 calibration queries", "have an item nearer than"),
            [(str(share), f"{distance:.6g}") for share, distance in nearest.items()],
        )
    print_sections(sections)


def print_calibration(calibration: list[dict[str, Any]]) -> None:
    """Draw which effort finds which recall, and print the numbers."""
    series: dict[str, list[tuple[float, float]]] = {}
    for each in calibration:
        series.setdefault(f"k = {each['k']:,}", []).append((each["effort"], each["recall"]))
    output.console.print()
    output.print_title("Calibration: the share of the nearest that walks of this effort found when it was built")
    output.uncut().print(chart.curves(series, x="effort", y="recall"), highlight=False)
    output.print_table(
        ("k", "effort", "recall"),
        [(f"{each['k']:,}", f"{each['effort']:,}", f"{each['recall']:.3f}") for each in calibration],
    )


def print_sections(sections: list[dict[str, Any]]) -> None:
    """Print where the bytes go, in the order of the file."""
    total = sum(each["bytes"] for each in sections) or 1
    most = max((each["bytes"] for each in sections), default=1) or 1
    output.print_table(
        ("section", "offset", "bytes", "share", ""),
        [
            (
                each["name"],
                f"{each['offset']:,}",
                f"{each['bytes']:,}",
                f"{each['bytes'] / total:.1%}",
                chart.bar(each["bytes"] / most),
            )
            for each in sections
        ],
        left={0, 4},
        title="Where the bytes go: sections of the file",
    )


def plain(value: object) -> str:
    """A value as people read it."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else str(value)
