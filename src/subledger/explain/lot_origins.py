"""Where a tax lot comes from: carried in, taken over, opened, pooled, or left by an action."""

from __future__ import annotations

from datetime import date

from subledger.booking.naming_lots import chain_of
from subledger.explain.lot_terms import Level, LotState, LotTerms
from subledger.explain.material import Material, Month, Row, rows_where
from subledger.explain.moves import OPENS, measures_of, moves_with, owner_of, touched


def lot_origin(material: Material, lot_id: str) -> tuple[LotTerms | None, LotState]:
    """Return a lot as the first month began with it, or as it was opened later."""
    taken = _taken_over(material, lot_id)
    chain, version = chain_of(lot_id)
    origin = "pool" if version > 1 else "opening_lot" if taken else "trade"
    if material.months:
        first = material.months[0]
        for row in rows_where(first.lots_before, lot_id=lot_id):
            return _carried(row, origin, began=first.label), _carried_state(row)
    if origin == "pool":
        return _made_later(material, lot_id, chain=chain), LotState()
    leg = OPENS if origin == "trade" else 0
    for month, measures in material.rows("measures", event_kind=origin, event_id=lot_id, leg=leg):
        if origin == "opening_lot":
            as_of = taken[-1]["as_of"]
            return _terms(taken[-1], measures, origin=origin, recognised=as_of), LotState()
        terms = _opened(material, month, measures=measures)
        if terms is not None:
            return terms, LotState()
    return None, LotState()


def _taken_over(material: Material, lot_id: str) -> list[Row]:
    rows = material.fact_rows("opening_lots", lot_id=lot_id)
    return [row for row in rows if row["basis"] in ("", material.policy.name)]


def _opened(material: Material, month: Month, *, measures: Row) -> LotTerms | None:
    """Return the lot that a trade opened, None where what it acquired joined a pool."""
    lot_id, version = measures["event_id"], measures["event_version"]
    fact = material.fact_rows("trades", trade_id=lot_id, version=version)[-1]
    key = {"event_kind": "trade", "event_id": lot_id, "event_version": version}
    entries = rows_where(month.entries, **key, leg=OPENS)
    if not entries:
        return _terms(fact, measures, origin="trade", recognised=fact["trade_date"])
    entry = entries[-1]
    lines = rows_where(month.lines, seq=entry["seq"])
    if touched(month, entry, measures=measures, lines=lines).opened != lot_id:
        return None
    return _terms(fact, measures, origin="trade", recognised=entry["accounting_date"])


def _made_later(material: Material, lot_id: str, *, chain: str) -> LotTerms | None:
    """Return a later version of a chain, from the entry that moved other lots' cost to it."""
    for month, one in moves_with(material, lot_id):
        move = one.move_of(lot_id)
        first = _first_of(material, chain)
        if move is None or move.quantity < 0 or first is None:
            continue
        acquired = one.measures if one.opened == lot_id else None
        line = rows_where(month.lines, seq=one.entry["seq"], lot_id=lot_id)[0]
        return LotTerms(
            lot_id=lot_id,
            origin="pool" if one.entry["event_kind"] == "trade" else "action",
            version=first["version"],
            side=one.measures["side"],
            instrument=line["instrument"],
            currency=one.measures["currency"],
            owner=move.owner,
            opened_on=first.get("opened_on") or first["trade_date"],
            hold_from=first.get("hold_from"),
            opened=move.quantity + (acquired["quantity"] if acquired else 0),
            cost=move.cost + (acquired["cost"] if acquired else 0),
            cost_base=move.cost_base + (acquired["cost_base"] if acquired else 0),
            recognised=one.entry["accounting_date"],
            made_by=one,
        )
    return None


def _first_of(material: Material, chain: str) -> Row | None:
    """Return the facts of the first lot of a chain, which its versions share."""
    for month in material.months[:1]:
        for row in month.lots_before.to_pylist():
            if chain_of(row["lot_id"])[0] == chain:
                return dict(row)
    for row in _taken_over(material, chain):
        return row | {"version": 1}
    for month, measures in material.rows("measures", event_kind="trade", event_id=chain, leg=OPENS):
        version = measures_of(month, measures)["event_version"]
        return material.fact_rows("trades", trade_id=chain, version=version)[-1]
    return None


def _carried(row: Row, origin: str, *, began: str) -> LotTerms:
    same = {
        name: row[name]
        for name in ("lot_id", "version", "side", "instrument", "currency", "opened_on")
    }
    names = ("hold_from", "opened", "cost", "cost_base", "ranking_cost")
    amounts = {name: row[name] for name in names}
    return LotTerms(origin=origin, owner=owner_of(row), began=began, **same, **amounts)


def _carried_state(row: Row) -> LotState:
    names = ("closed", "relieved", "relieved_base", "marked_quantity")
    still_open, marked = row["opened"] - row["closed"], row["marked_quantity"]
    levels = ("mark_local", "mark", "mark_fx")
    return LotState(
        **{name: row[name] for name in names},
        mark=Level(*(row[name] for name in levels)),
        released=Level(*(row[f"{name}_released"] for name in levels)),
        since=marked - still_open if marked else 0,
    )


def _terms(fact: Row, measures: Row, *, origin: str, recognised: date) -> LotTerms:
    return LotTerms(
        lot_id=measures["event_id"],
        origin=origin,
        version=measures["event_version"],
        side=measures["side"],
        instrument=fact["instrument"],
        currency=measures["currency"],
        owner=owner_of(fact),
        opened_on=fact["trade_date"] if origin == "trade" else fact["opened_on"],
        hold_from=fact.get("hold_from"),
        opened=measures["quantity"],
        cost=measures["cost"],
        cost_base=measures["cost_base"],
        recognised=recognised,
    )
