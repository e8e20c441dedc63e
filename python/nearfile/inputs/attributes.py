"""Attributes as users pass them, tables of any library or dicts of columns, on the way to the core.

What offers Arrow's capsules is read from them, so no library is imported or favoured. pandas' own columns are read by
:mod:`.frames`, NumPy's arrays and lists by :mod:`.values`. docs/attributes.md has what is taken, and as what.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable

from nearfile import _core
from nearfile.errors import InvalidArgumentError
from nearfile.inputs import foreign, frames, refusals, values
from nearfile.inputs.naming import column_name


def columns(table: object, n: int) -> _core.Columns | None:
    """``attributes`` of ``n`` vectors as the core takes them; None where there are none."""
    if table is None:
        return None
    made = _core.Columns()
    if frames.is_pandas(table):
        add_each(made, frames.columns_of(table), n)
    elif isinstance(table, Mapping):
        add_each(made, [(column_name(name), column) for name, column in table.items()], n)
    elif has_arrow(table):
        add_arrow(made, None, [table], n)
    elif isinstance(table, (list, tuple)) and table and all(hasattr(part, "__arrow_c_array__") for part in table):
        add_arrow(made, None, table, n)
    else:
        raise refusal(table)
    return made


def add_each(made: _core.Columns, named: Sequence[tuple[str, object]], n: int) -> None:
    """Columns with their names."""
    for name, column in named:
        before = len(made)
        if frames.is_pandas(column):
            frames.add(made, name, column)
        elif has_arrow(column):
            add_arrow(made, name, [column], n)
            continue
        else:
            values.add(made, name, values_of(name, column))
        rows = made.head(before)["rows"]
        if rows != n:
            raise InvalidArgumentError(f"column {name!r}: expected a value for each of {n} vectors, got {rows}")


def values_of(name: str, column: Any) -> Any:
    """What one column of a dict is: a NumPy array, or a list."""
    if isinstance(column, (str, bytes)):
        kind = type(column).__name__
        raise InvalidArgumentError(
            f"column {name!r}: expected a value for each vector, got one {kind}: [value] * n repeats it"
        )
    refusals.refuse_unordered(f"column {name!r}", column)
    if isinstance(column, (list, tuple)):
        return column
    if hasattr(column, "collect"):
        raise refusals.of_failure(f"column {name!r}", column, TypeError("it has no values yet"))
    if not foreign.is_foreign(column):
        kind = type(column).__name__
        raise InvalidArgumentError(f"column {name!r}: expected an array or a list, got {column!r:.60} ({kind})")
    return values.array_of(name, column)


def has_arrow(table: object) -> bool:
    """Whether ``table`` offers Arrow's capsules."""
    return hasattr(table, "__arrow_c_stream__") or hasattr(table, "__arrow_c_array__")


def add_arrow(made: _core.Columns, name: str | None, parts: Sequence[Any], n: int) -> None:
    """The columns of tables below each other, or one column, as its library gives them."""
    if len(parts) == 1 and hasattr(parts[0], "__arrow_c_stream__"):
        made.add_arrow_stream(told(name, parts[0].__arrow_c_stream__), name, n)
        return
    capsules: list[object] = []
    for part in parts:
        capsules += told(name, part.__arrow_c_array__)
    made.add_arrow_arrays(capsules, name, n)


def told(name: str | None, export: Callable[[], Any]) -> Any:
    """What a library exports; its own error says why it does not."""
    try:
        return export()
    except (TypeError, ValueError, NotImplementedError, ImportError) as error:
        what = "attributes" if name is None else f"column {name!r}"
        raise InvalidArgumentError(
            f"{what}: expected a table that its library exports to Arrow, got: {error}"
        ) from error


def refusal(table: Any) -> InvalidArgumentError:
    """Of what is no table: what came, and what helps."""
    kind = refusals.kind_of(table)
    advice = "give {'name': values}"
    if hasattr(table, "collect"):
        advice = "give its collect()"
    elif isinstance(table, Sequence) and table and isinstance(table[0], Mapping):
        advice = "give columns: {name: [row[name] for row in rows] for name in rows[0]}"
    return InvalidArgumentError(
        f"attributes: expected an Arrow table, a DataFrame or a dict of columns, got a {kind}: {advice}"
    )
