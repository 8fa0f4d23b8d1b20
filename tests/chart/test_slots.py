from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subledger.chart import Chart, Slot, SlotOverride, load_chart
from subledger.errors import InvariantError

NEW_YEAR = date(2026, 1, 1)
BEFORE = date(2025, 12, 31)


def test_a_slot_stands_for_its_default_or_for_the_override_that_matches(shipped: Chart) -> None:
    assert shipped.account_for("investment.cost", asset_class="equity") == "1210"
    assert shipped.account_for("investment.cost", asset_class="etf", book="B1") == "1220"
    assert shipped.account_for("cash", broker_account="IB1") == "1020"


def test_the_most_specific_override_wins_and_an_exact_value_beats_a_pattern() -> None:
    slot = Slot(
        "cash",
        "1",
        (
            SlotOverride({"strategy": ("STAT*",)}, "2"),
            SlotOverride({"strategy": ("STAT-ARB",)}, "3"),
            SlotOverride({"strategy": ("STAT*",), "book": ("B1", "B2")}, "4"),
        ),
    )
    asked = ["MACRO", "STAT-X", "STAT-ARB"]
    found = [slot.account({"strategy": s}, basis="", on=BEFORE) for s in asked]
    assert found == ["1", "2", "3"]
    assert slot.account({"strategy": "STAT-ARB", "book": "B2"}, basis="", on=BEFORE) == "4"
    assert list(slot.ties()) == []


def test_overrides_hold_for_their_bases_from_their_dates(files: Mapping[str, bytes]) -> None:
    where = b"""
where = [
  { book = "B1", account = "1010" },
  { book = "B1", from = 2026-01-01, account = "1030" },
  { book = "B1", bases = ["US-TAX"], account = "1040" },
]"""
    cash = b'[slots.cash]\ndefault = "1020"'
    chart = load_chart({**files, "slots.toml": files["slots.toml"].replace(cash, cash + where)})

    def account(basis: str, on: date) -> str:
        return chart.account_for("cash", book="B1", basis=basis, on=on)

    days = (BEFORE, NEW_YEAR)
    assert [account("US-GAAP", day) for day in days] == ["1010", "1030"]
    assert [account("US-TAX", day) for day in days] == ["1040", "1040"]
    assert chart.account_for("cash", book="B2", basis="US-GAAP", on=NEW_YEAR) == "1020"
    with pytest.raises(InvariantError, match="no basis and date"):
        chart.account_for("cash", book="B1")


def test_a_condition_that_does_not_exist_is_a_bug(shipped: Chart) -> None:
    with pytest.raises(InvariantError, match="unknown"):
        shipped.account_for("cash", instrument="AAPL")


values = st.sampled_from(["A", "B", "AA", "A*", "AB*", "*"])
conditions = st.dictionaries(
    st.sampled_from(["book", "strategy"]), st.lists(values, min_size=1, max_size=2).map(tuple)
)
overrides = st.builds(
    SlotOverride,
    conditions,
    st.sampled_from(["1", "2", "3"]),
    st.sampled_from([(), ("US-GAAP",), ("US-TAX",), ("US-GAAP", "US-TAX")]),
    st.sampled_from([None, NEW_YEAR]),
)


@given(st.lists(overrides, max_size=5), st.randoms(use_true_random=False))
def test_without_ties_the_order_of_overrides_does_not_matter(
    some: list[SlotOverride], random: st.DataObject
) -> None:
    slot = Slot("cash", "0", tuple(some))
    if list(slot.ties()):
        return
    turned = Slot("cash", "0", tuple(reversed(some)))
    places = product(["", "A", "AB", "ABC", "B"], ["", "A", "AB", "B"])
    for (book, strategy), basis, on in product(places, ["US-GAAP", "US-TAX"], [BEFORE, NEW_YEAR]):
        line = {"book": book, "strategy": strategy}
        found = slot.account(line, basis=basis, on=on)
        assert found == turned.account(line, basis=basis, on=on)
        assert found in slot.possible("", basis=basis, on=on)


@given(overrides, overrides)
def test_overrides_that_match_one_line_overlap(one: SlotOverride, other: SlotOverride) -> None:
    names = ["", "A", "AA", "AB", "ABC", "B", "C"]
    lines = [{"book": book, "strategy": strategy} for book, strategy in product(names, names)]
    meet = any(one.matches(line) and other.matches(line) for line in lines)
    bases = not one.bases or not other.bases or bool(set(one.bases) & set(other.bases))
    assert one.overlaps(other) == (meet and bases)
