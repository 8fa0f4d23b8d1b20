"""Dividends explained: the position before the ex-date, the account's amount, the owner's part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from subledger.errors import InvariantError
from subledger.explain.figures import Figures, added, operand, ratio, subtracted
from subledger.explain.items import Item, write_released
from subledger.explain.material import Material, Row, rows_where
from subledger.explain.nodes import Arithmetic
from subledger.explain.rates import Workings
from subledger.numbers import allocate, mul_div, product, to_text

Owner = tuple[str, ...]  # book, strategy, broker account, side


def owner_of_stage(stage: str) -> Owner:
    """Return book, strategy, broker account and side of an entry of a dividend."""
    return tuple(stage.partition(":")[2].split("/"))


def action_of(material: Material, event_id: str) -> Row:
    """Return the announcement of a dividend."""
    return material.fact_rows("corporate_actions", event_id=event_id)[-1]


def write_dividend(written: Workings, *, entry: Row, measures: Row) -> None:
    """Write out an entitlement: units, the account's amounts, and the owner's part of each."""
    material = written.material
    action = action_of(material, entry["event_id"])
    figures = material.figures(action["currency"], action["instrument"])
    owner = owner_of_stage(entry["stage"])
    _write_position(written, entry=entry, owner=owner, quantity=measures["quantity"])
    shared = _shared(material, entry, owner=owner)
    units = [quantity for _, quantity in shared]
    place = [key for key, _ in shared].index(owner)
    if len(shared) > 1:
        written.add(
            added(
                figures.units(sum(units)),
                [figures.units(one) for one in units],
                formula="units of the account = units of each owner",
            )
        )
    owed = _shared(material, entry, owner=(*owner[:-1], "short")) if owner[-1] == "long" else []
    sold_short = sum(quantity for _, quantity in owed)
    of_account = _write_of_account(
        written, action, units=sum(units), side=owner[-1], sold_short=sold_short
    )
    for name, whole in of_account.items():
        parts = allocate(whole, units)
        if parts[place] != measures[name]:
            raise InvariantError(f"{entry['entry_id']}: {name} is not its part of {whole}")
        if len(shared) > 1 and whole:
            written.add(_part_of(name, parts, units=units, place=place, figures=figures))
    for name in of_account:
        if measures[name]:
            written.translate(
                name,
                measures[name],
                currency=action["currency"],
                on=entry["accounting_date"],
                booked=measures[f"{name}_base"],
            )


def _write_of_account(
    written: Workings, action: Row, *, units: int, side: str, sold_short: int
) -> dict[str, int]:
    """Write out the amounts of the broker account, each rounded once, and return them.

    Tax is withheld on the net position of the account: what other books are short bears none.
    """
    figures = written.material.figures(action["currency"], action["instrument"])
    decimals = figures.decimals
    shift = decimals.quantity_decimals[action["instrument"]] + action["amount_scale"]
    shift -= decimals.decimals[action["currency"]]
    gross = product(units, action["amount_mantissa"], shift)
    per_unit = to_text(action["amount_mantissa"], action["amount_scale"])
    written.add(
        Arithmetic(
            "gross of the account = round(units x amount per unit)",
            f"{figures.money(gross)} = round({figures.units(units)} x {per_unit})",
        )
    )
    if side == "short":
        return {"gross": gross}
    rates = {
        name: to_text(action[f"{name}_mantissa"], action[f"{name}_scale"])
        for name in ("withholding", "reclaimable")
    }
    taxed = gross
    if sold_short:
        net = max(units - sold_short, 0)
        taxed = product(net, action["amount_mantissa"], shift)
        written.add(
            Arithmetic(
                "gross that bears tax = round(units, long less short, x amount per unit)",
                f"{figures.money(taxed)} = round({figures.units(net)} x {per_unit})",
            )
        )
    all_withheld, reclaimable = (
        mul_div(taxed, action[f"{name}_mantissa"], 10 ** action[f"{name}_scale"]) for name in rates
    )
    if all_withheld:
        written.add(
            Arithmetic(
                "reclaimable of the account = round(gross x reclaimable rate)",
                f"{figures.money(reclaimable)} ="
                f" round({figures.money(taxed)} x {rates['reclaimable']})",
            ),
            Arithmetic(
                "withheld of the account = round(gross x withholding rate) - reclaimable",
                f"{figures.money(all_withheld - reclaimable)} ="
                f" round({figures.money(taxed)} x {rates['withholding']})"
                f" - {operand(figures.money(reclaimable))}",
            ),
        )
    return {"gross": gross, "withheld": all_withheld - reclaimable, "reclaimable": reclaimable}


def _part_of(
    name: str, parts: Sequence[int], *, units: Sequence[int], place: int, figures: Figures
) -> Arithmetic:
    """Write out the owner's part of an account's amount: the share so far, less that before."""
    so_far = figures.units(sum(units[: place + 1]))
    words = ratio(figures.money(sum(parts)), so_far, whole=figures.units(sum(units)))
    before = figures.money(sum(parts[:place]))
    formula = f"{name} = round({name} of the account x units so far / its units) - before"
    return Arithmetic(formula, f"{figures.money(parts[place])} = {words} - {operand(before)}")


def _shared(material: Material, entry: Row, *, owner: Owner) -> list[tuple[Owner, int]]:
    """Return the owners of one broker account and side with their units, in order."""
    rows = material.rows("measures", event_kind="dividend", event_id=entry["event_id"])
    every = [(owner_of_stage(row["stage"]), row["quantity"]) for _, row in rows]
    return sorted((key, units) for key, units in every if key[2:] == owner[2:])


def _write_position(written: Workings, *, entry: Row, owner: Owner, quantity: int) -> None:
    """Write out the units of each lot at the close before the ex-date, from lots and lines."""
    material = written.material
    action = action_of(material, entry["event_id"])
    on = ex_date_of(material, action, entry=entry)
    lots = units_before(material, action["instrument"], owner=owner, on=on)
    if not lots:
        return
    if sum(lots.values()) != quantity:
        raise InvariantError(f"{entry['entry_id']}: {lots} are not the units entitled")
    figures = material.figures(action["currency"], action["instrument"])
    written.add(
        added(
            figures.units(quantity),
            [figures.units(units) for units in lots.values()],
            formula=f"units before the ex-date = units of {' + '.join(lots)}",
        )
    )


def ex_date_of(material: Material, action: Row, *, entry: Row) -> date:
    """Return the day before which units are entitled, in the books: late events are swept."""
    if material.policy.dividends == "ex_date":
        on: date = entry["accounting_date"]
        return on
    swept = [
        row["swept_to"]
        for row in rows_where(material.exceptions, event_id=action["event_id"])
        if row["basis"] == material.policy.name and row["swept_to"] is not None
    ]
    dates: list[date] = [action["ex_date"], *swept]
    return max(dates)


def units_before(
    material: Material, instrument: str, *, owner: Owner, on: date
) -> Mapping[str, int]:
    """Return the open units of an owner's lots before a day, by lot; none where they are unknown.

    They are those that the first month at hand began with, and what lines moved since.
    """
    book, strategy, broker_account, side = owner
    key = {"book": book, "strategy": strategy, "broker_account": broker_account}
    key["instrument"] = instrument
    units: dict[str, int] = {}
    for month in material.months[:1]:
        for row in rows_where(month.lots_before, **key):
            sign = 1 if row["side"] == "long" else -1
            units[row["lot_id"]] = sign * (row["opened"] - row["closed"])
    for month in material.months:
        dates = dict(
            zip(
                month.entries["seq"].to_pylist(),
                month.entries["accounting_date"].to_pylist(),
                strict=True,
            )
        )
        for line in rows_where(month.lines, **key):
            if line["quantity"] is not None and line["lot_id"] and dates[line["seq"]] < on:
                lot_id = line["lot_id"]
                units[lot_id] = units.get(lot_id, 0) + line["quantity"]
    wanted = 1 if side == "long" else -1
    return {lot_id: wanted * n for lot_id, n in units.items() if wanted * n > 0}


def write_dividend_settlement(written: Workings, *, entry: Row, measures: Row) -> None:
    """Write out what a payment relieves and what it was worth on its day."""
    on, currency = entry["accounting_date"], measures["currency"]
    _write_cash(written, entry=entry)
    for name in ("paid", "difference"):
        if measures[name] or name == "paid":
            written.translate(
                name,
                measures[name],
                currency=currency,
                on=on,
                booked=measures[f"{name}_base"],
            )
    item_id = "/".join((entry["event_id"], *owner_of_stage(entry["stage"])))
    write_released(written, item_id, on=on, released=measures["revaluation_released_base"])


def cash_of(material: Material, *, entry: Row) -> list[Row]:
    """Return the cash rows that pay a dividend to an account, as far as they name it."""
    action = action_of(material, entry["event_id"])
    account = owner_of_stage(entry["stage"])[2]
    known = set(material.facts["corporate_actions"]["event_id"].to_pylist())
    rows = [
        row
        for kind in ("dividend", "withholding")
        for row in rows_where(material.facts["cash"], kind=kind, broker_account=account)
    ]
    return [
        row
        for row in rows
        if row["reference"] == action["event_id"]
        or (
            row["reference"] not in known
            and (row["instrument"], row["settled_date"])
            == (action["instrument"], action["pay_date"])
        )
    ]


def _write_cash(written: Workings, *, entry: Row) -> None:
    """Write out what came to the account and what was due, where the cash rows say it."""
    material = written.material
    rows = [row for row in cash_of(material, entry=entry) if row["currency"]]
    account = owner_of_stage(entry["stage"])[2]
    every = [
        row
        for _, row in material.rows(
            "measures", event_kind="dividend_settlement", event_id=entry["event_id"]
        )
        if owner_of_stage(row["stage"])[2] == account
    ]
    signed = [
        (1 if owner_of_stage(row["stage"])[-1] == "long" else -1) * row["net"] for row in every
    ]
    difference = sum(row["difference"] for row in every)
    if not rows or sum(row["amount"] for row in rows) != sum(signed) + difference:
        return
    figures = material.figures(rows[0]["currency"])
    came = figures.money(sum(row["amount"] for row in rows))
    written.add(
        added(
            came,
            [figures.money(row["amount"]) for row in rows],
            formula=f"came to the account = {' + '.join(row['event_id'] for row in rows)}",
        ),
        subtracted(
            figures.money(difference),
            came,
            right=figures.money(sum(signed)),
            formula="difference of the account = came - due to all its owners",
        ),
    )


def entitled_item(material: Material, event_id: str) -> Item | None:
    """Return the entitlement of an id `event/book/strategy/broker account/side` as booked."""
    event, _, owner = event_id.partition("/")
    key = {"event_kind": "dividend", "event_id": event, "stage": f"dividend:{owner}"}
    for _, row in material.rows("measures", **key):
        sign = 1 if row["side"] == "long" else -1
        return Item("net", row["currency"], sign, [row["net"]], [row["net_base"]])
    return None
