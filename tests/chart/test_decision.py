from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from math import prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subledger.chart import Chart, Rule, Unbooked, prove_chart
from subledger.chart.decision import boxes, decide
from subledger.chart.measures import EVENTS, Cell, cells
from subledger.chart.rules import applies, specificity
from subledger.errors import InvariantError

BASES = ("US-GAAP", "US-TAX")
DAYS = (date(2026, 1, 1), date(2026, 2, 1))
TRADE = EVENTS["trade"]


def some_values(name: str) -> st.SearchStrategy[tuple[str, ...]]:
    domain = TRADE[name]
    return st.lists(st.sampled_from(domain), min_size=1, unique=True).map(tuple)


conditions = st.fixed_dictionaries({}, optional={name: some_values(name) for name in TRADE})
rulings = st.builds(
    Unbooked,
    id=st.sampled_from("abcdefgh"),
    event=st.just("trade"),
    when=conditions,
    bases=st.sampled_from([(), ("US-GAAP",), ("US-TAX",)]),
    from_=st.sampled_from([None, *DAYS]),
    reason=st.just("not yet"),
)
tables = st.lists(rulings, max_size=8, unique_by=lambda one: (one.id, one.from_))


def expected(some: Sequence[Unbooked], cell: Cell, *, basis: str, on: date) -> list[Unbooked]:
    """Return the most specific rulings by definition: the latest versions, then the ranks."""
    started = [one for one in some if (one.from_ or date.min) <= on]
    latest = [
        one
        for one in started
        if not any(
            other.id == one.id and (other.from_ or date.min) > (one.from_ or date.min)
            for other in started
        )
    ]
    matching = [one for one in latest if applies(one, cell, basis=basis)]
    top = max((specificity(one) for one in matching), default=0)
    best = [one for one in matching if specificity(one) == top]
    return sorted(best, key=lambda one: one.id)


@settings(max_examples=40)
@given(some=tables, data=st.data())
def test_the_most_specific_wins_in_every_cell_in_any_order(
    some: list[Unbooked], data: st.DataObject
) -> None:
    table = decide(data.draw(st.permutations(some)), DAYS)
    for basis in BASES:
        for on in (date(2025, 12, 31), *DAYS, date(2026, 2, 2)):
            candidates = table.candidates[table.interval(basis, on)]
            for cell in cells("trade"):
                found = list(candidates["trade", cell])
                assert found == expected(some, cell, basis=basis, on=on)


@settings(max_examples=30, deadline=None)
@given(some=tables)
def test_a_table_that_proves_clean_answers_every_cell(shipped: Chart, some: list[Unbooked]) -> None:
    everything = Unbooked("z", "trade", {}, (), None, "not yet")
    rest = tuple(one for one in shipped.unbooked if one.event != "trade")
    rules = tuple(rule for rule in shipped.rules if rule.event != "trade")
    chart = replace(shipped, rules=rules, unbooked=(*rest, *some, everything))
    codes = {finding.code for finding in prove_chart(chart, BASES)}
    assert "RULE_GAP" not in codes
    for cell in cells("trade"):
        values = dict(zip(TRADE, cell, strict=True))
        for basis in BASES:
            for on in DAYS:
                if "RULE_TIE" not in codes:
                    assert chart.rule_for("trade", values, basis=basis, on=on) is not None


def test_a_tie_is_never_decided_silently(shipped: Chart) -> None:
    twin = Unbooked("twin", "mark", {"asset_class": ("bond",)}, (), None, "not yet")
    chart = replace(shipped, unbooked=(*shipped.unbooked, twin))
    with pytest.raises(InvariantError, match="was not proved"):
        chart.rule_for("mark", {"asset_class": "bond", "side": "long"}, basis="X", on=DAYS[0])


def test_a_gap_is_answered_with_none(shipped: Chart) -> None:
    chart = replace(shipped, unbooked=())
    cell = {"asset_class": "bond", "side": "long"}
    assert chart.rule_for("mark", cell, basis="US-GAAP", on=DAYS[0]) is None


def test_a_dimension_with_all_its_values_does_not_count_and_a_basis_does() -> None:
    one = Unbooked("a", "trade", {"side": ("short", "long")}, (), None, "not yet")
    other = replace(one, when={"side": ("long",), "fees": ("expense",)}, bases=("US-TAX",))
    assert (specificity(one), specificity(other)) == (0, 3)


@given(st.sets(st.sampled_from(list(cells("settlement")))))
def test_boxes_name_each_cell_exactly_once(some: set[Cell]) -> None:
    count = 0
    for text in boxes("settlement", sorted(some)):
        inside = text.removeprefix("settlement(").removesuffix(")")
        given_ = {} if inside == "any" else dict(part.split("=") for part in inside.split(", "))
        sizes = [len(given_[n].split("|")) if n in given_ else len(d)
                 for n, d in EVENTS["settlement"].items()]  # fmt: skip
        count += prod(sizes)
    assert count == len(some)
    assert boxes("mark", cells("mark")) == ["mark(any)"]
    assert boxes("fx_sweep", cells("fx_sweep")) == ["fx_sweep(any)"]


def test_an_event_without_dimensions_has_one_cell_and_a_rule_without_conditions(
    shipped: Chart,
) -> None:
    for event in ("cash_relief", "fx_sweep"):
        assert list(cells(event)) == [()]
        found = shipped.rule_for(event, {}, basis="US-TAX", on=DAYS[0])
        assert isinstance(found, Rule)
        assert found.id == event


def test_dates_on_which_no_rule_changes_share_their_table(shipped: Chart) -> None:
    later = Unbooked("later", "mark", {"side": ("long",)}, (), DAYS[1], "not yet")
    table = decide((*shipped.rules, *shipped.unbooked, later), [DAYS[0]])
    assert table.starts == DAYS
    assert table.winners["", 0] is table.winners["", 1]
    assert table.winners["", 1]["mark", ("bond", "long")].id == "unbooked.bond"
    assert table.candidates["", 1] is not table.candidates["", 2]


def test_every_cell_of_every_event_has_exactly_one_ruling(shipped: Chart) -> None:
    known = [(event, cell) for event in EVENTS for cell in cells(event)]
    assert len(known) == 352 + 4 + 66 + 22 + 13 * 22 + 2 + 2 + 2 + 22 + 20 + 2 + 2 + 4 + 1 + 1
    for part in shipped.decisions.candidates.values():
        assert {key: len(best) for key, best in part.items()} == dict.fromkeys(known, 1)
