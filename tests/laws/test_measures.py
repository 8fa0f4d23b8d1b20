"""Measures: the engine keeps the identities that the rules rely on, and templates balance on them.

8 to 25 examples each; the tolerance is zero.
"""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws.books import firms, for_any_firm
from tests.laws.facts import CHART, day
from tests.laws.firm import Firm
from tests.laws.reading import by, journal_of, lines_of
from tests.laws.test_profit import plain_policies

from subledger.booking.policy import BasisPolicy
from subledger.chart import Rule
from subledger.chart.linear import Form
from subledger.chart.measures import EVENTS, Cell, cells, contract, owner_definitions
from subledger.tables import FEES, MEASURE_NAMES


def value(name: str, forms: Mapping[str, Form], free: Mapping[str, int]) -> int:
    """Return a measure: derived through its identity, or as it is given."""
    if name not in forms:
        return free[name]
    return sum(times * value(part, {}, free) for part, times in forms[name].items())


@settings(max_examples=8)
@given(st.data(), plain_policies)
def test_the_measures_of_every_leg_satisfy_the_identities(
    data: st.DataObject, policy: BasisPolicy
) -> None:
    """The contract of chart.measures, tolerance zero: in local currency and in base."""
    firm = data.draw(firms(policy=policy))
    classes = {row["instrument"]: row["asset_class"] for row in firm.held}
    instruments = {trade["trade_id"]: trade["instrument"] for trade in firm.trades}
    for leg in firm.booked().measures.to_pylist():
        if leg["event_kind"] != "trade":
            continue
        asset_class = classes[instruments[leg["event_id"]]]
        others = [
            "other" if leg[name] not in {"", leg["currency"]} else "same"
            for name in ("fee_currency", "settlement_currency")
        ]
        agreed = contract("trade", (asset_class, leg["side"], leg["effect"], policy.fees, *others))
        for suffix, forms in (("", agreed.local), ("_base", agreed.base)):
            stated = {name: leg[f"{name}{suffix}"] for name in MEASURE_NAMES}
            assert {name: stated[name] for name in forms} == {
                name: value(name, forms, stated) for name in forms
            }
            assert all(stated[name] == 0 for name in MEASURE_NAMES if name not in agreed.measures)
            assert min(stated[name] for name in (*FEES, "rebate")) >= 0


@for_any_firm
def test_the_legs_of_a_trade_add_up_to_the_trade(firm: Firm) -> None:
    """Splitting at zero loses nothing, tolerance zero: units, gross, net and every fee."""
    booking = firm.booked()
    legs = [leg for leg in booking.measures.to_pylist() if leg["event_kind"] == "trade"]
    known = {trade["trade_id"]: trade for trade in firm.trades}
    booked = [known[name] for name in sorted({leg["event_id"] for leg in legs})]
    for name in ("quantity", "gross", "net"):
        assert by(legs, "event_id", of=name) == by(booked, "trade_id", of=name)
    for leg in legs:
        leg["all_fees"] = sum(leg[fee] for fee in FEES) - leg["rebate"]
    for trade in booked:
        trade_fees = [trade[fee] for fee in FEES]
        own = [leg for leg in legs if leg["event_id"] == trade["trade_id"]]
        assert sum(leg["all_fees"] for leg in own) == sum(trade_fees)
        assert sum(leg["fees"] for leg in own) == sum(trade_fees)


@for_any_firm
def test_measures_of_reliefs_are_the_sums_of_the_reliefs(firm: Firm) -> None:
    """Realised report = measures = ledger, tolerance zero: per trade."""
    booking = firm.booked()
    legs = [leg for leg in booking.measures.to_pylist() if leg["effect"] == "close"]
    reliefs = booking.reliefs.to_pylist()
    assert by(legs, "event_id", of="realised_price") == by(reliefs, "trade_id", of="gain")
    for name in ("realised_price", "realised_fx"):
        column = {"realised_price": "gain_price_base", "realised_fx": "gain_fx_base"}[name]
        assert by(legs, "event_id", of=f"{name}_base") == by(reliefs, "trade_id", of=column)
    posted = [line | {"gain": -line["amount_base"]} for line in lines_of(journal_of(booking))
              if line["account"] == "4110"]  # fmt: skip
    assert by(posted, "event_id", of="gain") == by(reliefs, "trade_id", of="gain_price_base")
    fx = [line | {"gain": -line["amount_base"]} for line in lines_of(journal_of(booking))
          if line["account"] == "4120"]  # fmt: skip
    assert by(fx, "event_id", of="gain") == by(reliefs, "trade_id", of="gain_fx_base")


def rule_of(event: str, cell: Cell, basis: str) -> Rule | None:
    rule = CHART.rule_for(
        event, dict(zip(EVENTS[event], cell, strict=True)), basis=basis, on=day(0)
    )
    return rule if isinstance(rule, Rule) else None


amounts = st.integers(-(10**9), 10**9)


@settings(max_examples=8)
@given(st.data(), st.sampled_from(("US-GAAP", "US-TAX")), st.booleans())
def test_every_template_of_the_shipped_chart_balances_for_every_owner(
    data: st.DataObject,
    basis: str,
    two_owners: bool,  # noqa: FBT001
) -> None:
    """Invariants 1 and 2 of the templates, tolerance zero: in each currency, for any measures."""
    free = {
        view: dict(zip(MEASURE_NAMES, data.draw(_FREE), strict=True)) for view in ("local", "base")
    }
    seen = 0
    for event in EVENTS:
        for cell in cells(event):
            rule = rule_of(event, cell, basis)
            if rule is None:
                continue
            seen += 1
            agreed = contract(event, cell)
            parted = two_owners and agreed.two_owners
            sums: dict[tuple[str, str], int] = {}
            for line in rule.lines:
                owner = ("lot" if line.per == "lot" else "trade") if parted else ""
                local, base = (
                    value(
                        line.amount, owner_definitions(agreed, view=view, owner=owner), free[view]
                    )
                    for view in ("local", "base")
                )
                currency = agreed.currencies[line.amount]
                held = {"base": base} | ({currency: local} if currency != "base_only" else {})
                for view, amount in held.items():
                    sums[owner, view] = sums.get((owner, view), 0) + line.sign * amount
            assert {key: left for key, left in sums.items() if left} == {}, rule.id
    assert seen == 261


_FREE = st.tuples(*[amounts] * len(MEASURE_NAMES))
