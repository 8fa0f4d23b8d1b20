"""The measures of an entry with their identities, translations and sums written out."""

from __future__ import annotations

from collections.abc import Sequence

from subledger.chart.measures import CURRENCY_OF
from subledger.errors import InvariantError
from subledger.explain.balances import write_balance, write_sweep
from subledger.explain.derivations import trade_of
from subledger.explain.dividends import entitled_item, write_dividend, write_dividend_settlement
from subledger.explain.figures import added
from subledger.explain.items import item_of, write_item_revaluation, write_settlement
from subledger.explain.legs import Trade, write_identities, write_leg, write_sums
from subledger.explain.lines import Derivation, currency_of
from subledger.explain.material import Material, Month, Row
from subledger.explain.nodes import Fact, Node
from subledger.explain.rates import Workings
from subledger.explain.spending import write_spending
from subledger.numbers import to_text
from subledger.tables import MEASURE_NAMES

_TRADES = ("trade", "fx_trade")


def measures_node(material: Material, month: Month, *, entry: Row, derived: Derivation) -> Node:
    """Return the measures of an entry, worked out from what they rest on."""
    written = Workings(material)
    kind = entry["event_kind"]
    if kind in _TRADES:
        _write_trade(written, entry=entry, derived=derived)
        return written.node("measures", "Measures")
    if kind == "mark":
        _write_mark(written, derived)
        return written.node("measures", "Measures")
    facts = _named(material, derived.measures)
    _write(written, month, entry=entry, derived=derived)
    return written.node("measures", "Measures", facts=facts)


def _named(material: Material, measures: Row) -> list[Fact]:
    """Return each measure that is not zero; what exists in base alone in the base currency."""
    base, found = material.units.base, []
    for name in MEASURE_NAMES:
        role = CURRENCY_OF[name]
        if role == "base_only":
            amount, currency = measures[f"{name}_base"], base
        else:
            amount, currency = measures[name], currency_of(measures, role)
        if amount:
            figures = material.figures(currency)
            found.append(Fact(name, f"{figures.money(amount)} {currency}"))
    return found


def _write(written: Workings, month: Month, *, entry: Row, derived: Derivation) -> None:
    """Write out what an entry without lots rests on."""
    measures, kind = derived.measures, entry["event_kind"]
    match kind:
        case "settlement":
            write_settlement(written, entry=entry, measures=measures)
        case "dividend":
            write_dividend(written, entry=entry, measures=measures)
        case "dividend_settlement":
            write_dividend_settlement(written, entry=entry, measures=measures)
        case "capital_settlement":
            _write_capital(written, entry=entry, measures=measures)
        case "revaluation":
            _write_revaluation(written, month, entry=entry, derived=derived)
        case "cash_relief":
            write_spending(written, month, entry=entry, gain=measures["fx_gain_base"])
        case "fx_sweep":
            write_sweep(written, month, entry=entry, amount=measures["amount_base"])
        case "contribution" | "withdrawal" | "cash":
            written.translate(
                "amount",
                measures["amount"],
                currency=measures["currency"],
                on=entry["accounting_date"],
                booked=measures["amount_base"],
            )
    write_identities(written, measures, cell=derived.cell)


def _write_trade(written: Workings, *, entry: Row, derived: Derivation) -> None:
    """Write out a leg of a trade in securities, or an exchange of currencies."""
    fact, kind = trade_of(written.material, entry), entry["event_kind"]
    key = {"event_kind": kind, "event_id": entry["event_id"]}
    key["event_version"] = entry["event_version"]
    legs = [row for _, row in written.material.rows("measures", **key)]
    trade = Trade(fact, sorted(legs, key=lambda row: int(row["leg"])), derived.measures)
    write_leg(written, trade, cell=derived.cell, entry=entry)
    if kind == "fx_trade":
        _write_traded(written, trade, entry=entry)
    write_sums(written, derived.measures, lots=derived.lots)
    write_identities(written, derived.measures, cell=derived.cell)


def _write_traded(written: Workings, trade: Trade, *, entry: Row) -> None:
    """Write out the quantity of an exchange as an amount of its currency."""
    measures, material = trade.leg, written.material
    currency = measures["traded_currency"]
    places = material.units.quantity_decimals[trade.fact["instrument"]]
    figures = material.figures(currency)
    written.add(
        added(
            figures.money(measures["traded"]),
            [to_text(trade.fact["quantity"], places)],
            formula=f"traded in {currency} = quantity",
        )
    )
    written.translate(
        "traded",
        measures["traded"],
        currency=currency,
        on=entry["accounting_date"],
        booked=measures["traded_base"],
    )


def _write_mark(written: Workings, derived: Derivation) -> None:
    """Write out the changes of the lots that a mark is the sum of."""
    measures, lots = derived.measures, derived.lots
    figures = written.material.figures(measures["currency"])
    base = written.base
    views = [("mark_change", "mark_change", [lot.local["mark_change"] for lot in lots], False)]
    if not figures.is_base:
        views += [
            (f"{name} in {base}", f"{name}_base", [lot.base[name] for lot in lots], True)
            for name in ("mark_change", "mark_fx_change")
        ]
    for label, column, changes, in_base in views:
        if sum(changes) != measures[column]:
            raise InvariantError(f"{measures['event_id']}: {label} is not that of its lots")
        written.add(
            added(
                figures.amount(measures[column], in_base=in_base),
                [figures.amount(change, in_base=in_base) for change in changes],
                formula=f"{label} = change of each lot",
            )
        )


def _write_capital(written: Workings, *, entry: Row, measures: Row) -> None:
    """Write out capital that is paid after its notice: each amount at the rate of its day."""
    for noticed in _notices(written.material, entry):
        written.translate(
            "amount",
            measures["amount"],
            currency=measures["currency"],
            on=noticed["accounting_date"],
            booked=measures["amount_base"],
        )
    written.translate(
        "paid",
        measures["paid"],
        currency=measures["currency"],
        on=entry["accounting_date"],
        booked=measures["paid_base"],
    )


def _notices(material: Material, entry: Row) -> Sequence[Row]:
    """Return the entry that booked the notice of capital, where a month at hand has it."""
    found = [
        row
        for kind in ("contribution", "withdrawal")
        for _, row in material.rows("entries", event_kind=kind, event_id=entry["event_id"])
    ]
    gone = {row["reverses"] for row in found}
    return [row for row in found if not row["reverses"] and row["entry_id"] not in gone][-1:]


def _write_revaluation(written: Workings, month: Month, *, entry: Row, derived: Derivation) -> None:
    change, event_id = derived.measures["revaluation_base"], entry["event_id"]
    of = derived.cell["of"]
    if of in ("cash", "other"):
        write_balance(written, month, entry=entry, change=change)
        return
    trade_id, _, item_name = event_id.rpartition("/")
    item = (
        item_of(written.material, trade_id, item=item_name)
        if of == "unsettled"
        else entitled_item(written.material, event_id)
    )
    if item is not None:
        write_item_revaluation(written, item, entry=entry, change=change)
