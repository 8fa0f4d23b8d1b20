"""Fees that a basis puts into cost: what they have come to on the accounts of lots and gains.

A purchase that carries its fees is a lot at its price, and fees; a disposal that is less its fees
a gain, and fees. Of the cost that is relieved, the share of the fees that the lot carries goes
from its cost to the gain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger import columns, numbers
from subledger.chart import Chart
from subledger.numbers import Int64Array
from subledger.statements import grouping
from subledger.statements.posted import Clearing, Kind, Posted, blocks, journals, uncoded
from subledger.tables import MEASURES, RELIEFS

_EVENT = "trade"
_FEES = "translated_fees_base"
_TRADE = ("event_id", "leg", "effect", "quantity", _FEES)
_MEASURES, _RELIEFS = uncoded(MEASURES, "event_id"), uncoded(RELIEFS, "lot_id")
_PLACED = ("cost", "cost_relieved", "realised_price")  # the measures that carry fees


def fees_in_cost(posted: Posted, clearing: Clearing, *, lines: Iterable[Kind]) -> Counter[str]:
    """Return by account what belongs to the fees and was posted as cost or gain of lots.

    `lines` are the kinds of lines that the basis has posted. What is relieved stands on the account
    of the gain instead of that of the cost: it changes nothing in all.
    """
    sums: Counter[str] = Counter()
    trades = _trades(posted)
    if not trades.num_rows:
        return sums
    effect = columns.texts(trades, "effect")
    opens, closes = (trades.filter(pa.array(effect == one)) for one in ("open", "close"))
    places = _Places(posted, clearing, kinds=frozenset(lines))
    for rows, measure in ((opens, "cost"), (closes, "realised_price")):
        fees = columns.numbers(rows, _FEES)
        sums.update(places.sums(rows, fees, measure=measure, on=("event_id", "leg")))
    reliefs, shares = _relieved(posted, opens, one_by_one=not places.usual)
    sums.subtract(places.sums(reliefs, shares, measure="cost_relieved", on=("event_id", "lot_id")))
    sums.update(places.sums(reliefs, shares, measure="realised_price", on=("event_id",)))
    return sums


def _trades(posted: Posted) -> pa.Table:
    """Return the MEASURES of trades that have fees in cost or in their gain."""
    schema = pa.schema([_MEASURES.schema.field(name).remove_metadata() for name in _TRADE])
    found = [schema.empty_table()]
    for part in posted.parts(_MEASURES):
        if columns.numbers(part(columns=[_FEES]), _FEES).any():
            rows = part(columns=["event_kind", *_TRADE])
            of_trades = columns.texts(rows, "event_kind") == _EVENT
            of_lots = columns.texts(rows, "effect").isin(("open", "close"))
            wanted = of_trades & of_lots & (columns.numbers(rows, _FEES) != 0)
            found.append(rows.filter(pa.array(wanted)).select(_TRADE).cast(schema))
    return pa.concat_tables(found)


def _relieved(posted: Posted, lots: pa.Table, *, one_by_one: bool) -> tuple[pa.Table, Int64Array]:
    """Return reliefs of lots whose fees are known, and each one's share of these fees.

    They are shared by quantity, cumulatively, as cost is. Of lots pooled at average cost it is not
    known lot by lot what part of their cost is fees; it stays with the cost of lots. Where it does
    not matter which relief took what, there is one for each lot.
    """
    names = ["lot_id", "quantity", *(["trade_id"] if one_by_one else [])]
    rows = pa.concat_tables([part(columns=names).select(names) for part in posted.parts(_RELIEFS)])
    found = pc.index_in(rows["lot_id"], value_set=lots["event_id"].combine_chunks())
    known = np.flatnonzero(found.is_valid())
    of_lot = columns.filled(found, -1)[known]
    quantity = columns.numbers(rows, "quantity")[known]
    fees, opened = columns.numbers(lots, _FEES), columns.numbers(lots, "quantity")
    if not one_by_one:
        closed = numbers.group_sums(of_lot, quantity, lots.num_rows)
        some = np.flatnonzero(closed)
        part, whole = np.minimum(closed, opened)[some], opened[some]
        return lots.take(pa.array(some)), numbers.mul_div_columns(fees[some], part, whole)
    # Months follow one another, and the reliefs of each are in order.
    order = np.argsort(of_lot, kind="stable")
    of_lot, known = of_lot[order], known[order]
    closed = columns.running_totals(quantity[order], of_lot)
    whole = opened[of_lot]
    reached = numbers.mul_div_columns(fees[of_lot], np.minimum(closed, whole), whole)
    before = np.concatenate([np.zeros(1, np.int64), reached[:-1]])[: len(reached)]
    before[columns.run_starts(of_lot)] = 0
    reliefs = rows.take(pa.array(known)).rename_columns({"trade_id": "event_id"})
    return reliefs, reached - before


class _Places:
    """Where the journal of a basis has posted the measures of trades, as the accounts are now.

    Usually that is the account of the measure's slot. Where some lines stand elsewhere, these
    trades are looked up, and no others.
    """

    def __init__(self, posted: Posted, clearing: Clearing, *, kinds: frozenset[Kind]) -> None:
        self._posted = posted
        self._clearing = clearing
        slots = {measure: _slots(posted.chart, measure) for measure in _PLACED}
        self._slots = slots
        self._usual = {
            measure: posted.chart.slots[found[0]].default if found else ""
            for measure, found in slots.items()
        }
        self._elsewhere = {
            (kind.slot, kind.account)
            for kind in kinds
            for measure, found in slots.items()
            if kind.event_kind == _EVENT
            and kind.slot in found
            and kind.account != self._usual[measure]
        }

    @property
    def usual(self) -> bool:
        """Say whether every line of these measures stands on the account of its slot."""
        return not self._elsewhere

    def sums(
        self, rows: pa.Table, amounts: Int64Array, *, measure: str, on: Sequence[str]
    ) -> Counter[str]:
        """Return amounts by the account where a measure stands: that of the line with the same key.

        A measure that was zero has no line; it moves nothing that a reader would look for, and
        stands on the account of its slot.
        """
        usual = self._usual[measure]
        sums = Counter({usual: numbers.exact_sum(amounts)})
        if self.usual:
            return sums
        near = np.asarray(pc.is_in(rows["event_id"], value_set=self._trades))
        lines = self._lines.filter(pc.is_in(self._lines["slot"], pa.array(self._slots[measure])))
        found = grouping.lookup(rows.filter(pa.array(near)), lines, on=on)
        account, amounts = columns.texts(lines, "account")[found[found >= 0]], amounts[near]
        code, first = columns.group_codes([account])
        moved = numbers.group_sums(code, amounts[found >= 0], len(first)).tolist()
        for one, amount in zip(account[first], moved, strict=True):
            sums[one] += amount
            sums[usual] -= amount
        return sums

    @cached_property
    def _trades(self) -> pa.Array:
        """Return the ids of trades of which lines stand elsewhere."""
        found = [pa.array([], pa.string())]
        wanted = ("slot", *self._clearing.of_lines)
        heads = ("event_kind", "event_id", *self._clearing.of_entries)
        for journal in journals(self._posted, entries=heads, lines=wanted):
            for block, entry in blocks(journal):
                of_trades = columns.texts(block.entries, "event_kind") == _EVENT
                account = self._clearing.accounts(block, entry)
                kind, first = columns.group_codes([columns.texts(block.lines, "slot"), account])
                slots = columns.texts(block.lines, "slot")[first]
                pairs = zip(slots, account[first], strict=True)
                away = np.array([pair in self._elsewhere for pair in pairs], bool)
                rows = np.unique(entry[away[kind] & of_trades[entry]])
                found.append(_ids(block.entries, "event_id").take(pa.array(rows)))
        return pa.concat_arrays(found).unique()

    @cached_property
    def _lines(self) -> pa.Table:
        """Return the lines of these trades that post the measures, in the journal's order."""
        slots = pa.array(sorted({slot for found in self._slots.values() for slot in found}))
        found = [_PLACES.empty_table()]
        heads = ("event_kind", "event_id", "leg", *self._clearing.of_entries)
        wanted = ("slot", "lot_id", *self._clearing.of_lines)
        for journal in journals(self._posted, entries=heads, lines=wanted):
            near = pc.is_in(_ids(journal.entries, "event_id"), value_set=self._trades)
            of_trades = columns.texts(journal.entries, "event_kind") == _EVENT
            some = journal.take(np.flatnonzero(np.asarray(near) & of_trades))
            entry = some.entry_rows()
            given = {name: some.entries[name].take(pa.array(entry)) for name in ("event_id", "leg")}
            given |= {name: some.lines[name] for name in ("slot", "lot_id")}
            given["account"] = self._clearing.accounts(some, entry).plain()
            placed = pa.table(given).cast(_PLACES)
            found.append(placed.filter(pc.is_in(placed["slot"], slots)))
        return pa.concat_tables(found)


_PLACES = pa.schema(
    [
        pa.field("event_id", pa.string()),
        pa.field("leg", pa.int64()),
        *(pa.field(name, pa.string()) for name in ("slot", "lot_id", "account")),
    ]
)


def _slots(chart: Chart, measure: str) -> list[str]:
    """Return the slots to which rules of trades post a measure, in order."""
    rules = [rule for rule in chart.rules if rule.event == _EVENT]
    return sorted({ln.slot for rule in rules for ln in rule.lines if ln.amount == measure})


def _ids(table: pa.Table, name: str) -> pa.Array:
    """Return a column of ids as plain text, however it is held."""
    return table[name].cast(pa.string()).combine_chunks()
