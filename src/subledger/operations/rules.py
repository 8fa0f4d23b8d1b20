"""Rules: prove a chart, and show the lines that an event would get. Needs no store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from subledger.chart import Chart, ExplainedLine, explain_cell, prove_chart
from subledger.chart.measures import EVENTS, cells
from subledger.config import load_settings
from subledger.errors import Finding, Refused, refuse
from subledger.operations.books import read_chart


@dataclass(frozen=True, slots=True)
class Proof:
    """What the proof of a chart covered, and what it found."""

    chart: str
    rules: int
    cells: int
    bases: tuple[str, ...]
    findings: tuple[Finding, ...]


def check_rules(folder: Path, bases: Sequence[str] = ()) -> Proof:
    """Prove the chart of a books folder for the bases named, or all."""
    settings = load_settings(folder)
    names = tuple(bases or settings.bases)
    count = sum(1 for event in EVENTS for _ in cells(event))
    try:
        chart = read_chart(settings.chart_folder)
    except Refused as refused:
        return Proof(settings.chart, 0, count, names, refused.findings)
    findings = tuple(prove_chart(chart, names))
    return Proof(settings.chart, len(chart.rules), count, names, findings)


def explain_rules(
    folder: Path, event: str, *, where: Mapping[str, str], bases: Sequence[str] = ()
) -> list[tuple[str, str, ExplainedLine]]:
    """Return the lines of every cell of an event that has the values of `where`.

    Each row is the basis, the cell in words, and a line; the chart is taken as it is today's
    latest version of each rule.
    """
    if event not in EVENTS:
        raise refuse("UNKNOWN_EVENT", f"events: {', '.join(EVENTS)}", value=event)
    unknown = {
        name: value for name, value in where.items() if value not in EVENTS[event].get(name, ())
    }
    if unknown:
        stated = "; ".join(f"{name}: {', '.join(values)}" for name, values in EVENTS[event].items())
        raise refuse("UNKNOWN_EVENT", f"dimensions of {event}: {stated}", value=str(unknown))
    settings = load_settings(folder)
    chart = read_chart(settings.chart_folder)
    return [
        (basis, ", ".join(cell.values()), line)
        for basis in (bases or settings.bases)
        for cell in _cells(event, where)
        for line in _lines(chart, event, cell=cell, basis=basis)
    ]


def _cells(event: str, where: Mapping[str, str]) -> list[dict[str, str]]:
    names = tuple(EVENTS[event])
    found = [dict(zip(names, cell, strict=True)) for cell in cells(event)]
    return [cell for cell in found if where.items() <= cell.items()]


def _lines(chart: Chart, event: str, *, cell: Mapping[str, str], basis: str) -> list[ExplainedLine]:
    return explain_cell(chart, event, cell=cell, basis=basis, on=date.max)
