"""Fees that a basis puts into cost: what they have come to on the accounts of lots and gains.

A purchase that carries its fees is a lot at its price, and fees; a disposal that is less its fees
a gain, and fees. Of the cost that is relieved, the share of the fees that the lot carries goes
from its cost to the gain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger import columns, numbers
from subledger.columns import Flags
from subledger.numbers import Int64Array
from subledger.statements.places import TRADE, Places, number_among, plain
from subledger.statements.posted import Clearing, Kind, Part, Posted, uncoded
from subledger.tables import MEASURES, RELIEFS

_FEES = "translated_fees_base"
_TRADE = (
    "event_id",
    "leg",
    "side",
    "effect",
    "quantity",
    _FEES,
    "cost_base",
    "realised_price_base",
)
_RELIEF = ("trade_id", "lot_id", "side", "quantity", "cost_base", "proceeds_base")
_MEASURES = uncoded(MEASURES, "event_id")
_RELIEFS = uncoded(uncoded(RELIEFS, "lot_id"), "trade_id")


class _Of(NamedTuple):
    """The measure that fees are taken from, its amount in base, and what names its line."""

    measure: str
    base: str
    on: tuple[str, ...]


_COST = _Of("cost", "cost_base", ("trade", "leg"))
_GAIN = _Of("realised_price", "realised_price_base", ("trade", "leg"))
_COST_RELIEVED = _Of("cost_relieved", "", ("trade", "lot_id"))
_GAIN_RELIEVED = _Of("realised_price", "", ("trade",))


class _Lots(NamedTuple):
    """Open lots whose fees are known: fees, units opened and units closed so far."""

    lot_id: pa.Array
    fees: Int64Array
    opened: Int64Array
    closed: Int64Array

    @classmethod
    def none(cls) -> _Lots:
        nothing = np.empty(0, np.int64)
        return cls(pa.array([], pa.string()), nothing, nothing, nothing)

    def with_new(self, opens: pa.Table) -> _Lots:
        """Return the same lots and those that trades have opened."""
        return _Lots(
            pa.concat_arrays([self.lot_id, plain(opens["event_id"])]),
            np.concatenate([self.fees, columns.numbers(opens, _FEES)]),
            np.concatenate([self.opened, columns.numbers(opens, "quantity")]),
            np.concatenate([self.closed, np.zeros(opens.num_rows, np.int64)]),
        )

    def fees_of(self, lot: Int64Array, closed: Int64Array) -> Int64Array:
        """Return the fees of the units of lots that are closed."""
        opened = self.opened[lot]
        return numbers.mul_div_columns(self.fees[lot], np.minimum(closed, opened), opened)

    def relieved(self, lot: Int64Array, quantity: Int64Array) -> tuple[Int64Array, _Lots]:
        """Return each relief's share of its lot's fees, and the lots that are open after all.

        Fees are shared by quantity, cumulatively, as cost is; reliefs of a lot are in order.
        """
        order = np.argsort(lot, kind="stable")
        ranked = lot[order]
        reached = self.closed[ranked] + columns.running_totals(quantity[order], ranked)
        fees = self.fees_of(ranked, reached)
        starts = columns.run_starts(ranked)
        before = np.roll(fees, 1)
        before[starts] = self.fees_of(ranked[starts], self.closed[ranked[starts]])
        shares = np.empty(len(lot), np.int64)
        shares[order] = fees - before
        closed = self.closed + numbers.group_sums(lot, quantity, len(self.closed))
        left = np.flatnonzero(closed < self.opened)
        ids = self.lot_id.take(pa.array(left))
        return shares, _Lots(ids, self.fees[left], self.opened[left], closed[left])


class _Sums:
    """Amounts by the account on which they stand; the few that are doubted are looked up last."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._sums: Counter[str] = Counter()
        self._doubted: dict[_Of, list[pa.Table]] = {}

    def add(self, of: _Of, rows: pa.Table, *, amount: Int64Array, zero: Flags) -> None:
        """Add amounts of trades to the accounts where a measure of them stands.

        Rows are `Places.marked`. `zero` says where the measure may have been zero: it has no line
        then, and does not stand where it usually would.
        """
        account = self._places.usually(of.measure, rows)
        doubted = zero & (account != self._places.without_line(of.measure))
        doubted |= columns.flags(rows, "odd")
        if doubted.any():
            keys = ["event_id", *(name for name in of.on if name != "trade")]
            kept = rows.select(keys).append_column("amount", pa.array(amount))
            self._doubted.setdefault(of, []).append(kept.filter(pa.array(doubted)))
            account, amount = account[~doubted], amount[~doubted]
        self._add(account, amount)

    def _add(self, account: columns.Texts, amount: Int64Array) -> None:
        code, first = columns.group_codes([account])
        sums = numbers.group_sums(code, amount, len(first)).tolist()
        self._sums.update(dict(zip(account[first], sums, strict=True)))

    def whole(self) -> Counter[str]:
        """Return all amounts by account, those in doubt looked up."""
        tables = {of: pa.concat_tables(found) for of, found in self._doubted.items()}
        if tables:
            ids = pa.concat_arrays([plain(rows["event_id"]) for rows in tables.values()])
            trades = ids.unique()
            lines = self._places.lines_of(trades)
            for of, rows in tables.items():
                trade = pa.array(number_among(rows["event_id"], trades))
                keyed = rows.append_column("trade", trade)
                account = self._places.accounts(keyed, lines, measure=of.measure, on=of.on)
                self._add(account, columns.numbers(rows, "amount"))
        return self._sums


def fees_in_cost(posted: Posted, clearing: Clearing, *, lines: Collection[Kind]) -> Counter[str]:
    """Return by account what belongs to the fees and was posted as cost or gain of lots.

    `lines` are the kinds of lines that the basis has posted. Of lots pooled at average cost it is
    not known lot by lot what part of their cost is fees; it stays with the cost of lots.
    """
    places = Places(posted, clearing, kinds=lines)
    sums, lots = _Sums(places), _Lots.none()
    measures, reliefs = (
        {part.through: part for part in posted.parts(one)} for one in (_MEASURES, _RELIEFS)
    )
    for month in sorted({*measures, *reliefs}):
        # Only where its year is cleared does it matter which trades of a month had no gain.
        cleared = clearing.covers(month)
        trades = _trades(measures.get(month), also_free=cleared and len(lots.fees) > 0)
        opens, closes = (
            trades.filter(pc.equal(trades["effect"], effect)) for effect in ("open", "close")
        )
        flat = closes.filter(pc.equal(closes[_GAIN.base], 0)) if cleared else closes.slice(0, 0)
        opens = _charged(opens)
        for of, rows in ((_COST, opens), (_GAIN, _charged(closes))):
            zero = columns.numbers(rows, of.base) == 0
            fees = columns.numbers(rows, _FEES)
            sums.add(of, places.marked(rows, month), amount=fees, zero=zero)
        lots = lots.with_new(opens)
        if month in reliefs and len(lots.fees):
            rows, lot = _known(reliefs[month], lots)
            shares, lots = lots.relieved(lot, columns.numbers(rows, "quantity"))
            _relieve(places.marked(rows, month), shares, sums=sums, flat=plain(flat["event_id"]))
    return sums.whole()


def _trades(part: Part | None, *, also_free: bool) -> pa.Table:
    """Return the MEASURES of a month's trades; none where no trade has fees in cost or gain.

    `also_free` asks for them all the same.
    """
    schema = pa.schema([(one.name, one.type) for one in _MEASURES.schema if one.name in _TRADE])
    if part is None or not (also_free or columns.numbers(part.read(columns=[_FEES]), _FEES).any()):
        return schema.empty_table()
    rows = part.read(columns=["event_kind", *_TRADE])
    return rows.filter(pc.equal(rows["event_kind"], TRADE)).select(schema.names).cast(schema)


def _charged(trades: pa.Table) -> pa.Table:
    """Return the trades that have fees in cost or gain."""
    return trades.filter(pc.not_equal(trades[_FEES], 0))


def _known(part: Part, lots: _Lots) -> tuple[pa.Table, Int64Array]:
    """Return the reliefs of a month whose lots are known, `event_id` the trade, and their lots."""
    rows = part.read(columns=_RELIEF)
    lot = number_among(rows["lot_id"], lots.lot_id)
    known = columns.chosen(rows, lot >= 0)
    names = {"trade_id": "event_id"}
    known = known.rename_columns([names.get(name, name) for name in known.column_names])
    return known, lot[lot >= 0]


def _relieve(rows: pa.Table, shares: Int64Array, *, sums: _Sums, flat: pa.Array) -> None:
    """Take the fees of what is relieved from the cost of lots and put them to the gain.

    `flat` are trades without a gain.
    """
    # What is relieved of a short is what it was sold for.
    bases = (columns.numbers(rows, name) == 0 for name in ("cost_base", "proceeds_base"))
    sums.add(_COST_RELIEVED, rows, amount=-shares, zero=np.logical_or(*bases))
    no_gain = (
        number_among(rows["event_id"], flat) >= 0 if len(flat) else np.zeros(len(shares), bool)
    )
    sums.add(_GAIN_RELIEVED, rows, amount=shares, zero=no_gain)
