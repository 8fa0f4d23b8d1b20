"""Open items explained: what a trade leaves to receive and pay, its revaluation and settlement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from subledger.booking.items import ITEMS
from subledger.errors import InvariantError
from subledger.explain.figures import Figures, added, subtracted
from subledger.explain.lines import currency_of
from subledger.explain.material import Material, Row
from subledger.explain.rates import Workings

_CREDITOR = {"amount": "buy", "traded": "sell", "fees": ""}  # the side that pays it; fees: both


@dataclass(frozen=True, slots=True)
class Item:
    """An open item: its parts as they were booked, leg by leg, and its currency.

    `sign` makes them debit positive.
    """

    words: str
    currency: str
    sign: int
    local: Sequence[int]
    base: Sequence[int]

    @property
    def amount(self) -> int:
        """Return the item in its currency, debit positive."""
        return self.sign * sum(self.local)

    @property
    def booked(self) -> int:
        """Return what it was booked at in base, debit positive."""
        return self.sign * sum(self.base)


def item_of(material: Material, trade_id: str, *, item: str) -> Item | None:
    """Return an item of a trade as the months at hand booked it; None where they did not."""
    legs = [
        row
        for kind in ("trade", "fx_trade")
        for _, row in material.rows("measures", event_kind=kind, event_id=trade_id)
    ]
    if not legs:
        return None
    version = max(row["event_version"] for row in legs)
    legs = sorted(
        (row for row in legs if row["event_version"] == version), key=lambda row: int(row["leg"])
    )
    trade = material.fact_rows("trades", trade_id=trade_id, version=version)[0]
    first = legs[0]
    abroad = first["settlement_currency"] not in ("", first["currency"])
    measure, role = {
        "amount": ("settlement_net", "settlement") if abroad else ("net", "event"),
        "traded": ("traded", "traded"),
        "fees": ("fees", "fee"),
    }[item]
    pays = item == "fees" or trade["side"] == _CREDITOR[item]
    return Item(
        measure,
        currency_of(first, role),
        -1 if pays else 1,
        [row[measure] for row in legs],
        [row[f"{measure}_base"] for row in legs],
    )


def write_settlement(written: Workings, *, entry: Row, measures: Row) -> None:
    """Write out what a settlement relieves and what the cash was worth on its day."""
    found = item_of(written.material, entry["event_id"], item=ITEMS[entry["leg"]])
    figures = written.material.figures(measures["currency"])
    if found is not None:
        turned = -1 if sum(found.local) * measures["amount"] < 0 else 1
        booked = (measures["amount"], measures["amount_base"])
        if (turned * sum(found.local), turned * sum(found.base)) != booked:
            raise InvariantError(f"{entry['entry_id']} settles another amount than was booked")
        _write_parts(written, found, figures=figures, turned=turned)
    on = entry["accounting_date"]
    written.translate(
        "paid",
        measures["paid"],
        currency=measures["currency"],
        on=on,
        booked=measures["paid_base"],
    )
    item_id = f"{entry['event_id']}/{ITEMS[entry['leg']]}"
    write_released(written, item_id, on=on, released=measures["revaluation_released_base"])


def _write_parts(written: Workings, item: Item, *, figures: Figures, turned: int) -> None:
    """Write out an item as the sum of what its legs left."""
    of_each = f"{item.words} of each leg" if len(item.local) > 1 else item.words
    if turned < 0:
        of_each += ", received back"
    if figures.is_base and len(item.local) == 1:
        return  # it is the amount itself
    views = ((False, item.local),) if figures.is_base else ((False, item.local), (True, item.base))
    for in_base, parts in views:
        into = f" in {written.base} as booked" if in_base else ""
        written.add(
            added(
                figures.amount(turned * sum(parts), in_base=in_base),
                [figures.amount(turned * part, in_base=in_base) for part in parts],
                formula=f"amount{into} = {of_each}",
            )
        )


def revaluations_before(material: Material, event_id: str, *, on: date) -> list[int]:
    """Return what closes before a day revalued an item by, oldest first."""
    rows = [
        row
        for _, row in material.rows("measures", event_kind="revaluation", event_id=event_id)
        if date.fromisoformat(row["stage"]) < on
    ]
    return [row["revaluation_base"] for row in sorted(rows, key=lambda row: str(row["stage"]))]


def write_released(written: Workings, event_id: str, *, on: date, released: int) -> None:
    """Write out the unrealised FX gain that a settlement releases: all revaluations before it."""
    before = revaluations_before(written.material, event_id, on=on)
    if not before and not released:
        return
    if sum(before) != released:
        raise InvariantError(f"{event_id}: {released} released, {sum(before)} revalued before")
    figures = written.material.figures(written.base)
    written.add(
        added(
            figures.base(released),
            [figures.base(one) for one in before],
            formula="revaluation_released = revaluation at each close before",
        )
    )


def write_item_revaluation(written: Workings, item: Item, *, entry: Row, change: int) -> None:
    """Write out a revaluation of an item: value at the close, less booked, less gains before.

    Raises InvariantError where another change was booked.
    """
    material, on = written.material, entry["accounting_date"]
    figures = material.figures(item.currency)
    label = f"{item.words} of each leg" if len(item.local) > 1 else item.words
    sign = "" if item.sign > 0 else ", to be paid"
    for in_base, parts in ((False, item.local), (True, item.base)):
        into = f" in {written.base} as booked" if in_base else ""
        written.add(
            added(
                figures.amount(item.sign * sum(parts), in_base=in_base),
                [figures.amount(item.sign * part, in_base=in_base) for part in parts],
                formula=f"amount{into} = {label}{sign}",
            )
        )
    value = written.translate("amount", item.amount, currency=item.currency, on=on)
    before = sum(revaluations_before(material, entry["event_id"], on=on))
    if value - item.booked - before != change:
        raise InvariantError(f"{entry['entry_id']}: {change} is not the change of its value")
    gain = value - item.booked
    written.add(
        subtracted(
            figures.base(gain),
            figures.base(value),
            right=figures.base(item.booked),
            formula="FX gain on it = amount at this rate - amount as booked",
        ),
        subtracted(
            figures.base(change),
            figures.base(gain),
            right=figures.base(before),
            formula="revaluation = FX gain on it - revaluations before",
        ),
    )
