"""Every kind of event is whole: table, refusals, ruling, golden book, laws and manual.

What is not whole yet stands in every_event.NOT_YET with the reason. The list only shrinks: an entry
that is no gap any more fails, and so does a gap that is not on the list.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, seed, settings
from tests.every_event import BROUGHT_BY, NO_EVENT, NOT_YET
from tests.laws import facts
from tests.laws.books import firms
from tests.laws.firm import Firm

from subledger import tables
from subledger.booking.inputs import Carried, Events
from subledger.chart import Chart, Rule, Unbooked, load_chart
from subledger.chart.dimensions import HELD_EVENTS
from subledger.chart.measures import (
    EVENTS,
    EVENTS_OF_THE_ENGINE,
    cells,
    event_measures,
    values_of,
)
from subledger.config import TEMPLATES
from subledger.errors import FILE_CODES
from subledger.events.cash import CASH_KINDS
from subledger.events.corporate_actions import ACTION_KINDS
from subledger.events.kinds import KINDS
from subledger.instruments import ASSET_CLASSES
from subledger.operations.remembering import inputs_of
from subledger.periods import month_of

ROOT = Path(__file__).resolve().parents[1]
BOOKS = ROOT / "tests" / "books"
PAGE = ROOT / "docs" / "posting-matrix.md"
_CODE = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")

_EXCHANGED = "fx_spot"


@pytest.fixture(scope="module")
def charts() -> Mapping[str, Chart]:
    """Return the chart of every shipped template."""
    return _charts()


@cache
def _charts() -> Mapping[str, Chart]:
    folders = {name: ROOT / template["chart"] for name, template in TEMPLATES.items()}
    return {
        name: load_chart({file.name: file.read_bytes() for file in folder.glob("*.toml")})
        for name, folder in folders.items()
    }


def _rulings(event: str, **wanted: str) -> Iterator[Rule | Unbooked | None]:
    """Yield what every template and basis says, at any time, in the cells that are wanted.

    Of an asset class these are the cells that it can come to.
    """
    for name, chart in _charts().items():
        for cell in cells(event):
            values = values_of(event, cell)
            if any(values.get(dimension, one) != one for dimension, one in wanted.items()):
                continue
            if ("asset_class" not in wanted or _comes_up(event, values)) and not (
                "kind" in wanted and _refused(values)
            ):
                for basis in TEMPLATES[name]["basis"]:
                    for on in (date.min, *chart.decisions.starts):
                        yield chart.rule_for(event, values, basis=basis, on=on)


def _comes_up(event: str, values: Mapping[str, str]) -> bool:
    """Say whether a class comes to a cell; only an exchange settles in another currency besides."""
    asset_class = values.get("asset_class", _EXCHANGED)
    return event in HELD_EVENTS[asset_class] and (
        values.get("item") != "traded" or asset_class == _EXCHANGED
    )


def _refused(values: Mapping[str, str]) -> bool:
    """Say whether a file is refused that brings a cell: tax that is reclaimed is never paid."""
    return (values.get("kind"), values.get("direction")) == ("reclaim", "pay")


def _events_of(kind: str, brought: tables.Table) -> list[str]:
    """Return the events of a kind that a file names: one of its name, or with it as dimension."""
    return [
        event
        for event, sources in BROUGHT_BY.items()
        if brought in sources and (event == kind or kind in EVENTS[event].get("kind", ()))
    ]


def _is_booked(rulings: Iterable[Rule | Unbooked | None]) -> bool:
    found = list(rulings)
    return bool(found) and all(isinstance(one, Rule) for one in found)


def _kinds() -> Iterator[tuple[str, bool]]:
    """Yield every asset class, cash kind and kind of corporate action with whether it is booked."""
    for name in ASSET_CLASSES:
        by_class = [event for event in EVENTS if "asset_class" in EVENTS[event]]
        found = [one for event in by_class for one in _rulings(event, asset_class=name)]
        yield f"asset class {name}", _is_booked(found)
    for words, kinds, brought in (
        ("cash kind", CASH_KINDS, tables.CASH),
        ("corporate action", ACTION_KINDS, tables.CORPORATE_ACTIONS),
    ):
        for kind in kinds:
            events = _events_of(kind, brought)
            found = [one for event in events for one in _rulings(event, kind=kind)]
            yield f"{words} {kind}", _is_booked(found)


@cache
def _posted() -> tuple[frozenset[str], frozenset[str]]:
    """Return the rules that golden books post, and of each event the asset classes: `mark etf`."""
    events = {rule.id: rule.event for chart in _charts().values() for rule in chart.rules}
    rules: set[str] = set()
    classes: set[str] = set()
    for case in sorted(BOOKS.glob("*/expected")):
        held = {row["instrument"]: row["asset_class"] for row in _rows(case.parent)}
        for journal in sorted(case.rglob("journal.csv")):
            with journal.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    rules.add(row["rule"])
                    asset_class = held.get(row["instrument"], "")
                    classes.add(f"{events.get(row['rule'], '')} {asset_class}")
    return frozenset(rules), frozenset(classes)


def _rows(case: Path) -> Iterator[dict[str, str]]:
    for file in sorted(case.glob("instruments*.csv")):
        with file.open(encoding="utf-8", newline="") as opened:
            yield from csv.DictReader(opened)


def _golden() -> Iterator[tuple[str, bool]]:
    """Yield every rule, and every event of every booked class, with whether a book posts it."""
    rules, classes = _posted()
    for name in dict.fromkeys(rule.id for chart in _charts().values() for rule in chart.rules):
        yield f"rule {name}", name in rules
    booked = dict(_kinds())
    for event in EVENTS:
        for asset_class in EVENTS[event].get("asset_class", ()):
            up = any(
                _comes_up(event, values)
                for cell in cells(event)
                if (values := values_of(event, cell))["asset_class"] == asset_class
            )
            if up and booked[f"asset class {asset_class}"]:
                yield f"{event} of {asset_class}", f"{event} {asset_class}" in classes


def _drawn() -> Iterator[tuple[str, bool]]:
    """Yield every kind that is booked with whether the random firms of the laws have any."""
    drawn: set[str] = set()

    @seed(0)
    @settings(max_examples=150, phases=[Phase.generate], database=None, deadline=None)
    @given(firms())
    def look(firm: Firm) -> None:
        drawn.update(f"asset class {row['asset_class']}" for row in firm.held)
        drawn.update(f"cash kind {row['kind']}" for row in firm.cash)
        drawn.update(f"corporate action {row['kind']}" for row in firm.actions)

    look()
    for name, booked in _kinds():
        if booked:
            yield name, name in drawn


FAMILIES = {"booked": _kinds, "golden": _golden, "drawn": _drawn}


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_not_whole_is_on_the_list_and_nothing_else_is(family: str) -> None:
    found = dict(FAMILIES[family]())
    gaps = [name for name, whole in found.items() if not whole]
    assert len(found) > len(gaps)
    assert sorted(gaps) == sorted(NOT_YET[family])
    assert all(NOT_YET[family].values())


def test_every_event_is_brought_by_a_table_that_a_file_or_a_state_fills() -> None:
    files = {kind.table.name for kind in KINDS.values()}
    states = {state.name for state in tables.STATES}
    assert list(BROUGHT_BY) == list(EVENTS)
    for event, brought in BROUGHT_BY.items():
        names = {table.name for table in brought}
        assert names
        assert names <= files | states
        assert bool(names & files) == (event not in EVENTS_OF_THE_ENGINE), event
        assert event_measures(event)


def test_every_file_brings_an_event_or_says_why_it_brings_none() -> None:
    brought = {table.name for tables_ in BROUGHT_BY.values() for table in tables_}
    files = {kind.name for kind in KINDS.values() if kind.table.name in brought}
    assert len(KINDS) >= 10
    assert sorted(KINDS) == sorted([*files, *NO_EVENT])


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_code_that_a_file_can_be_refused_with_has_a_bad_input(name: str) -> None:
    text = KINDS[name].read.__doc__ or ""
    _, found, listed = text.partition("Findings:")
    codes = _CODE.findall(listed)
    assert found
    assert codes
    for code in codes:
        assert code in FILE_CODES
        assert (ROOT / "tests" / "refusals" / code / "expected.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("event", sorted(EVENTS))
def test_every_template_and_basis_has_a_rule_with_a_source_or_a_reason_for_every_cell(
    event: str,
) -> None:
    found = list(_rulings(event))
    least = sum(len(template["basis"]) for template in TEMPLATES.values())
    assert len(found) >= least * len(list(cells(event)))
    for ruling in found:
        assert ruling is not None
        why = ruling.source if isinstance(ruling, Rule) else ruling.reason
        assert len(why.split()) > 2, ruling.id


def test_every_folder_of_charts_is_that_of_a_template() -> None:
    folders = sorted(path.name for path in (ROOT / "chart_of_accounts").iterdir())
    assert folders == sorted(Path(one["chart"]).name for one in TEMPLATES.values())


def test_every_rule_and_every_gap_stands_in_the_posting_matrix(
    charts: Mapping[str, Chart],
) -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name, chart in charts.items():
        for rule in chart.rules:
            section = _section(page, f"### {name}: {rule.event}\n")
            rows = [line for line in section.splitlines() if f" | {rule.id} | " in line]
            assert len(rows) == len(rule.lines), rule.id
            assert all(row.endswith(f" | {rule.source} |") for row in rows)
        section = _section(page, f"### {name}: not booked\n")
        for gap in chart.unbooked:
            assert any(
                line.startswith(f"| {gap.event}") and line.endswith(f" | {gap.id} | {gap.reason} |")
                for line in section.splitlines()
            ), gap.id


def _section(page: str, heading: str) -> str:
    assert page.count(heading) == 1, heading
    return page.partition(heading)[2].partition("\n#")[0]


_BESIDE = {"announced", "conversions"}  # what events are looked up in, and not events themselves


@pytest.mark.parametrize("name", [one.name for one in fields(Events)])
def test_whatever_is_booked_belongs_to_a_window_and_makes_a_month_another(name: str) -> None:
    """A field left out where windows are cut, or where inputs are hashed, would go unnoticed."""
    empty = Events()
    declared = _declared(getattr(empty, name).schema)
    one = replace(empty, **{name: facts.table(declared, [{}])})
    after = np.datetime64(facts.DAY + timedelta(days=1))
    assert one.any_event == (name not in _BESIDE)
    assert getattr(one.between(after, after), name).num_rows == (name in _BESIDE)
    assert _hashes(one, Carried()) != _hashes(empty, Carried())


@pytest.mark.parametrize("state", tables.STATES, ids=lambda state: state.name)
def test_whatever_is_carried_makes_a_month_another(state: tables.Table) -> None:
    carried = Carried(**{state.name: facts.table(state, [{}])})
    assert carried.state(state).num_rows == 1
    assert [one.name for one in fields(Carried)] == [one.name for one in tables.STATES]
    assert _hashes(Events(), carried) != _hashes(Events(), Carried())


def _declared(schema: object) -> tables.Table:
    known = [one for one in vars(tables).values() if isinstance(one, tables.Table)]
    return next(one for one in known if one.schema == schema)


def _hashes(events: Events, carried: Carried) -> tuple[str, ...]:
    return inputs_of(events, carried, terms=facts.terms(), month=month_of(facts.DAY))
