"""Why an account stands where it stands: every line of a journal belongs to one cause.

The cause follows from the measures that a line's rule posts to its slot, else from its event. Two
bases book the same events, so that each cause says what their policies make of them: a purchase
that opens a lot in one may close a short one in the other, so cost and realised gains are one
cause. Fees that a basis puts into cost stand with the fees, and so does what they take off its
gains. Where both bases book the same events, what they differ by sums to zero cause by cause.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger import columns, numbers
from subledger.chart import Chart
from subledger.chart.accounts import PROFIT_AND_LOSS
from subledger.chart.measures import CURRENCY_OF, TRADE_EVENTS
from subledger.journal.journal import Journal
from subledger.numbers import Int64Array
from subledger.statements import grouping
from subledger.tables import FEES

FEES_OF_TRADES, LOTS = "fees of trades", "lots opened and relieved"
_TAKEN_OVER = ("opening_lot", "opening_balance")
_MEASURES: Mapping[str, str] = {
    **dict.fromkeys((*FEES, "rebate"), FEES_OF_TRADES),
    **dict.fromkeys(("cost", "cost_moved", "cost_relieved", "realised_price", "realised_fx"), LOTS),
    "interbook_cost": "cost owed between books",
    **dict.fromkeys(("mark_change", "mark_released"), "unrealised price"),
    **dict.fromkeys(("mark_fx_change", "mark_fx_released"), "unrealised FX of investments"),
    **dict.fromkeys(("revaluation", "revaluation_released"), "revaluation of monetary balances"),
}
_EVENTS: Mapping[str, str] = {
    **dict.fromkeys(TRADE_EVENTS, "trades"),
    "settlement": "settlement of trades",
    **dict.fromkeys(("dividend", "dividend_settlement"), "dividends"),
    "cash_relief": "realised FX of cash spent",
    "fx_sweep": "realised FX of exchanges",
    **dict.fromkeys(("contribution", "withdrawal", "capital_settlement"), "capital"),
    "cash": "cash income and expenses",
    "journal": "manual journals",
    **dict.fromkeys(_TAKEN_OVER, "taken over"),
}
CAUSES: tuple[str, ...] = tuple(dict.fromkeys((*_EVENTS.values(), *_MEASURES.values())))

_OWNER = ("book", "strategy", "broker_account")
_LINE = ("account", "slot", "lot_id", *_OWNER, "amount", "amount_base")
_ENTRY = ("event_kind", "event_id", "leg", "rule", "accounting_date")
# The columns of each table that causes follow from.
READ: Mapping[str, tuple[str, ...]] = {
    "entries": ("seq", "kind", *_ENTRY),
    "lines": ("seq", *_LINE),
    "measures": ("event_kind", "event_id", "leg", "effect", "quantity", "translated_fees_base"),
    "reliefs": ("relief_id", "trade_id", "lot_id", "accounting_date", "quantity"),
}
_ROW = ("cause", "account", *_OWNER, "cleared")


@dataclass(frozen=True, slots=True)
class Posted:
    """What a basis has posted from its beginning to the end of a period.

    `journal` has the clearing entries of the years before the period and no others; `measures` and
    `reliefs` are those of all months.
    """

    basis: str
    chart: Chart
    journal: Journal
    measures: pa.Table
    reliefs: pa.Table


def causes_of(posted: Posted) -> pa.Table:
    """Return the closing balances in base by `cause` and `account`, zero ones left out.

    Per account they add up to its balance. What income and expenses of cleared years have come to
    stands on retained earnings, under its cause.

    Raises NumberOverflow where a sum does not fit in 64 bits.
    """
    clearing = pc.equal(posted.journal.entries["kind"], "closing")
    cleared = posted.journal.entries.filter(clearing)
    through = pc.max(cleared["accounting_date"]).as_py() if cleared.num_rows else None
    lines = _lines(posted.journal.before_closing(), through)
    parts = [_by_cause(lines, posted.chart), *_fees_in_cost(posted, lines)]
    retained = _retained(posted, cleared)
    rows = pa.concat_tables([grouping.plain(part.select([*_ROW, "amount"])) for part in parts])
    account = columns.texts(rows, "account")
    types = posted.chart.accounts
    in_profit = account.looked_up(lambda number: types[number].type in PROFIT_AND_LOSS, bool)
    moves = columns.flags(rows, "cleared") & in_profit
    default = posted.chart.slots["equity.retained"].default if moves.any() else ""
    owner, first = columns.group_codes([columns.texts(rows, name) for name in _OWNER])
    owners = zip(*(columns.texts(rows, name)[first] for name in _OWNER), strict=True)
    kept = columns.Texts.of([retained.get(one, default) for one in owners])[owner]
    account = columns.Texts.either(moves, kept, account)
    place = rows.schema.get_field_index("account")
    rows = rows.set_column(place, "account", account.dictionary())
    sums = grouping.add_up(rows, ["cause", "account"], amounts=["amount"])
    return sums.filter(pc.not_equal(sums["amount"], 0))


def _lines(journal: Journal, through: date | None) -> pa.Table:
    """Return the lines with what their entries say, and whether their year is cleared."""
    rows = journal.entry_rows()
    given = {name: journal.lines[name] for name in _LINE}
    given |= {name: grouping.pick(journal.entries[name], rows) for name in _ENTRY}
    table = pa.table(given)
    on = columns.days(table, "accounting_date")
    before = np.zeros(len(on), bool) if through is None else on <= np.datetime64(through)
    return grouping.plain(table.append_column("cleared", pa.array(before)))


def _by_cause(lines: pa.Table, chart: Chart) -> pa.Table:
    """Return the sums of lines by cause, account and owner."""
    base_only = pa.array(columns.numbers(lines, "amount") == 0)
    keyed = lines.append_column("base_only", base_only)
    keys = ["event_kind", "rule", "slot", "base_only", "account", *_OWNER, "cleared"]
    sums = grouping.add_up(keyed, keys, amounts=["amount_base"])
    measures = _measures_posted(chart)
    named = [
        _cause(
            row["event_kind"],
            measures.get((row["rule"], row["slot"]), ()),
            base_only=row["base_only"],
        )
        for row in sums.select(keys[:4]).to_pylist()
    ]
    sums = sums.append_column("cause", pa.array(named, pa.string()))
    return sums.append_column("amount", sums["amount_base"])


def _measures_posted(chart: Chart) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the measures that each rule posts to each slot."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for rule in chart.rules:
        for line in rule.lines:
            key = (rule.id, line.slot)
            found[key] = (*found.get(key, ()), line.amount)
    return found


def _cause(event: str, measures: Iterable[str], *, base_only: bool) -> str:
    """Return the cause of lines: of their measures, where these have one, else of their event.

    A slot can take a measure in base currency alone beside others; its lines have no local amount.
    """
    if event in _TAKEN_OVER:
        return _EVENTS[event]
    alone = {name for name in measures if CURRENCY_OF[name] == "base_only"}
    chosen = (alone if base_only else set(measures) - alone) or set(measures)
    known = {_MEASURES[name] for name in chosen if name in _MEASURES}
    return known.pop() if len(known) == 1 else _EVENTS.get(event, event)


def _retained(posted: Posted, cleared: pa.Table) -> dict[tuple[str, ...], str]:
    """Return the account to which each owner's income and expenses were cleared."""
    whole = posted.journal.lines
    rows = whole.filter(pc.is_in(whole["seq"], cleared["seq"].combine_chunks()))
    rows = rows.filter(pc.not_equal(rows["slot"], ""))
    owners = zip(*(columns.texts(rows, name) for name in _OWNER), strict=True)
    return dict(zip(owners, columns.texts(rows, "account"), strict=True))


def _fees_in_cost(posted: Posted, lines: pa.Table) -> list[pa.Table]:
    """Return what is to be moved between causes on one account: it changes no balance.

    A purchase that carries its fees is a lot at its price, and fees; a disposal that is less its
    fees a gain, and fees. Of the cost that is relieved, the share of the fees that the lot carries
    goes from its cost to the gain.
    """
    measures = posted.measures.filter(pc.equal(posted.measures["event_kind"], "trade"))
    opens = measures.filter(pc.equal(measures["effect"], "open"))
    closes = measures.filter(pc.equal(measures["effect"], "close"))
    places = _Places(posted.chart, lines)
    fees = columns.numbers(opens, "translated_fees_base")
    at = places.of(opens, "cost", on=["event_id", "leg"])
    moved = [_moved(at, fees)]
    at = places.of(closes, "realised_price", on=["event_id", "leg"])
    fees = columns.numbers(closes, "translated_fees_base")
    moved.append(_moved(at, fees))
    reliefs, share = _fees_relieved(posted.reliefs, opens)
    reliefs = reliefs.append_column("event_id", reliefs["trade_id"])
    at = places.of(reliefs, "cost_relieved", on=["event_id", "lot_id"])
    moved.append(_moved(at, -share))
    at = places.of(reliefs, "realised_price", on=["event_id"])
    moved.append(_moved(at, share))
    return [part for pair in moved for part in pair]


def _fees_relieved(reliefs: pa.Table, opens: pa.Table) -> tuple[pa.Table, Int64Array]:
    """Return the RELIEFS of lots whose fees are known, and each one's share of these fees.

    They are shared by quantity, cumulatively, as cost is. Of lots pooled at average cost it is not
    known lot by lot what part of their cost is fees; it stays with the cost of lots.
    """
    rows = grouping.ordered(reliefs, ["lot_id", "accounting_date", "trade_id", "relief_id"])
    lots = opens.append_column("lot_id", opens["event_id"])
    lots = lots.filter(pc.not_equal(lots["translated_fees_base"], 0))
    of_lot = grouping.lookup(rows, lots, on=["lot_id"])
    known = rows.filter(pa.array(of_lot >= 0))
    of_lot = of_lot[of_lot >= 0]
    fees = columns.numbers(lots, "translated_fees_base")[of_lot]
    opened = columns.numbers(lots, "quantity")[of_lot]
    closed = columns.running_totals(columns.numbers(known, "quantity"), of_lot)
    reached = numbers.mul_div_columns(fees, np.minimum(closed, opened), opened)
    first = np.ones(len(of_lot), bool)
    first[1:] = of_lot[1:] != of_lot[:-1]
    before = np.concatenate([np.zeros(1, np.int64), reached[:-1]])[: len(reached)]
    return known, reached - np.where(first, 0, before)


class _Places:
    """Where the journal of a basis has posted the measures of trades: account, owner and year."""

    def __init__(self, chart: Chart, lines: pa.Table) -> None:
        self._chart = chart
        self._lines = lines.filter(pc.equal(lines["event_kind"], "trade"))

    def of(self, rows: pa.Table, measure: str, *, on: Sequence[str]) -> pa.Table:
        """Return row by row where a measure stands: with the line that has the same key.

        A measure that was zero has no line; it moves nothing that a reader would look for, and
        stands on the account of its slot.
        """
        slots = sorted(
            line.slot
            for rule in self._chart.rules
            if rule.event == "trade"
            for line in rule.lines
            if line.amount == measure
        )
        chosen = self._lines.filter(pc.is_in(self._lines["slot"], pa.array(slots, pa.string())))
        found = grouping.lookup(rows, chosen, on=on)
        default = self._chart.slots[slots[0]].default if slots else ""
        given = {
            "account": pc.fill_null(grouping.pick(chosen["account"], found), default),
            **{name: pc.fill_null(grouping.pick(chosen[name], found), "") for name in _OWNER},
            "cleared": pc.fill_null(grouping.pick(chosen["cleared"], found), False),
        }
        return pa.table(given)


def _moved(at: pa.Table, amount: Int64Array) -> list[pa.Table]:
    """Return amounts that belong to the fees, and the same taken from the lots."""
    return [
        at.append_column("cause", pa.repeat(pa.scalar(cause), at.num_rows)).append_column(
            "amount", pa.array(values, pa.int64())
        )
        for cause, values in ((FEES_OF_TRADES, amount), (LOTS, -amount))
    ]
