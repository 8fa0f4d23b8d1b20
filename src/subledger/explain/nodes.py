"""An explanation as a tree: what is explained, the facts about it, and the arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "entry",
    "lines",
    "rule",
    "measures",
    "trade",
    "leg",
    "relief",
    "lot",
    "mark",
    "settlement",
    "event",
    "exception",
    "entries",
    "sources",
]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing known, under its label; every figure is exact text."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class RateFact(Fact):
    """An exchange rate, which an answer says once, where it is first used."""


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """One computation in words and in figures: `net = gross - fees`, `499.50 = 510.00 - 10.50`.

    All sides of `figures` are equal. `round` rounds half to even to the decimals of the result,
    the first side.
    """

    formula: str
    figures: str


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows under named columns, all as text; `figures` names the columns that hold numbers."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """One step of the walk; `batches` are the imports and postings that it names."""

    kind: Kind
    title: str
    facts: tuple[Fact, ...] = ()
    arithmetic: tuple[Arithmetic, ...] = ()
    grid: Grid | None = None
    children: tuple[Node, ...] = ()
    batches: tuple[int, ...] = ()

    def walk(self) -> Iterator[Node]:
        """Yield this node and every node below it, from top to bottom."""
        yield self
        for child in self.children:
            yield from child.walk()

    def with_children(self, *more: Node) -> Node:
        """Return the node with more children."""
        return replace(self, children=(*self.children, *more))


def told_once(nodes: Sequence[Node]) -> list[Node]:
    """Return nodes in which each exchange rate is told where it is first used, and only there."""
    told: set[Fact] = set()

    def told_of(node: Node) -> Node:
        facts = tuple(fact for fact in node.facts if fact not in told)
        told.update(fact for fact in facts if isinstance(fact, RateFact))
        children = tuple(told_of(child) for child in node.children)
        return replace(node, facts=facts, children=children)

    return [told_of(node) for node in nodes]


def facts_of(given: Iterable[tuple[str, object]]) -> tuple[Fact, ...]:
    """Return facts, without those of which nothing is known ("" or None)."""
    return tuple(
        Fact(label, str(value)) for label, value in given if value is not None and value != ""
    )


def grid_of(
    columns: Sequence[str], rows: Iterable[Mapping[str, str]], *, figures: Sequence[str] = ()
) -> Grid:
    """Return a grid of rows by column name; a name that a row does not give is empty."""
    cells = tuple(tuple(row.get(name, "") for name in columns) for row in rows)
    return Grid(tuple(columns), cells, tuple(figures))


def as_dict(node: Node) -> dict[str, object]:
    """Return a node and all below it, JSON-ready, with every figure as text."""
    grid = node.grid
    rows = [] if grid is None else [dict(zip(grid.columns, row, strict=True)) for row in grid.rows]
    return {
        "kind": node.kind,
        "title": node.title,
        "facts": {fact.label: fact.value for fact in node.facts},
        "arithmetic": [{"formula": one.formula, "figures": one.figures} for one in node.arithmetic],
        "rows": rows,
        "children": [as_dict(child) for child in node.children],
    }


def outline(node: Node, depth: int = 0) -> list[str]:
    """Return a node and all below it as indented text; columns that are wholly empty are left out.

    Numbers stand to the right, so that amounts of one decimal unit align at the point.
    """
    margin = "  " * depth
    inner = margin + "  "
    lines = [margin + node.title]
    width = max((len(fact.label) for fact in node.facts), default=0)
    lines += [f"{inner}{fact.label.ljust(width)}  {fact.value}" for fact in node.facts]
    lines += [f"{inner}{one.formula}: {one.figures}" for one in node.arithmetic]
    if node.grid is not None:
        lines += [(inner + row).rstrip() for row in _aligned(node.grid)]
    for child in node.children:
        if depth < 1 or child.children:
            lines.append("")
        lines += outline(child, depth + 1)
    return lines


def _aligned(grid: Grid) -> Iterator[str]:
    used = [n for n in range(len(grid.columns)) if any(row[n] for row in grid.rows)]
    rows = [grid.columns, *grid.rows]
    widths = {n: max(len(row[n]) for row in rows) for n in used}
    for row in rows:
        yield "  ".join(
            row[n].rjust(widths[n]) if grid.columns[n] in grid.figures else row[n].ljust(widths[n])
            for n in used
        )
