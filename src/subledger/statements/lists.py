"""Lists of single items: the journal, unsettled trades and exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger import columns, numbers, tables
from subledger.journal.journal import Journal
from subledger.statements import grouping
from subledger.statements.balances import debit_and_credit
from subledger.statements.report import Report, maybe_base

_JOURNAL = pa.schema(
    [
        tables.whole("seq"),
        tables.text("entry_id"),
        tables.whole("line"),
        *(tables.text(name) for name in ("entity", "basis", "kind")),
        tables.day("accounting_date"),
        tables.day("activity_date"),
        *(tables.text(name) for name in ("period", "activity_period", "account", "slot")),
        *(tables.base(name) for name in ("debit", "credit", "amount_base")),
        tables.money("amount"),
        tables.text("currency"),
        tables.maybe_units("quantity"),
        *(tables.text(name) for name in ("instrument", "lot_id", "book", "strategy")),
        *(tables.text(name) for name in ("broker_account", "counterparty", "event_id")),
        tables.whole("event_version"),
        *(tables.text(name) for name in ("rule", "reverses", "reason")),
        tables.maybe_whole("batch", "null for what the close itself posts"),
    ]
)
_FROM_ENTRY = (
    *("entry_id", "kind", "accounting_date", "activity_date", "period", "activity_period"),
    *("event_id", "event_version", "rule", "reverses", "reason"),
)
_UNSETTLED = pa.schema(
    [
        tables.text("trade_id"),
        tables.text("status"),
        tables.day("trade_date"),
        tables.day("settlement_date"),
        tables.whole("days_late"),
        tables.text("instrument"),
        tables.text("side"),
        tables.units("quantity"),
        tables.money("amount"),
        tables.text("currency"),
        maybe_base("amount_base"),
        tables.flag("posted"),
        tables.text("item", "amount; traded or fees, what is due in another currency"),
        maybe_base("revalued_base"),
    ]
)
_ENTITLEMENTS = pa.schema(
    [
        *(tables.text(name) for name in ("event_id", "instrument", "book", "strategy")),
        *(tables.text(name) for name in ("broker_account", "side")),
        tables.units("quantity"),
        tables.day("ex_date"),
        tables.maybe_day("pay_date"),
        tables.text("currency"),
        *(tables.money(name) for name in ("gross", "withheld", "reclaimable", "net")),
        *(tables.base(name) for name in ("net_base", "revalued_base", "carrying_base")),
        tables.flag("recognised"),
        tables.text("account"),
    ]
)
_EXCEPTIONS = pa.schema(
    [
        *(tables.text(name) for name in ("exception_id", "code", "basis", "period", "event_id")),
        tables.text("status", "open, waived, swept or fixed"),
        tables.money("amount_at_risk"),
        *(tables.text(name) for name in ("currency", "message", "file")),
        tables.maybe_whole("row"),
        tables.text("reason"),
    ]
)
BATCHES = pa.schema(
    [
        tables.text("event_kind"),
        tables.text("event_id"),
        tables.whole("event_version"),
        tables.whole("batch"),
    ]
)
DECISIONS = pa.schema([tables.text("exception_id"), tables.text("status"), tables.text("reason")])
_EVENT = ("event_kind", "event_id", "event_version")


def journal(posted: Journal, *, entity: str, basis: str, batches: pa.Table) -> Report:
    """Return every line of every entry, in order of `seq` and `line`.

    `debit`, `credit` and `amount_base` are in base currency, `amount` in the line's. A reversal's
    line stands, negative, on the side of the line that it reverses, as in the trial balance, so
    that the columns add up to the trial balance's. `batches` (columns `BATCHES`) names the import
    that brought each event; of several rows for an event the first counts.
    """
    rows = posted.entry_rows()
    debit, credit = debit_and_credit(
        columns.numbers(posted.lines, "amount_base"), posted.reversal_lines()
    )
    batch = grouping.pick(batches["batch"], grouping.lookup(posted.entries, batches, on=_EVENT))
    added = {name: grouping.pick(posted.entries[name], rows) for name in _FROM_ENTRY}
    added |= {
        "entity": pa.repeat(pa.scalar(entity), len(rows)),
        "basis": pa.repeat(pa.scalar(basis), len(rows)),
        "debit": pa.array(debit),
        "credit": pa.array(credit),
        "batch": grouping.pick(batch, rows),
    }
    given = {name: posted.lines[name] for name in posted.lines.column_names}
    table = pa.table(given | added).select(_JOURNAL.names).cast(_JOURNAL)
    table = grouping.ordered(table, ["seq", "line"])
    return Report("journal", "Journal", table, ("debit", "credit", "amount_base"))


def unsettled(unsettled: pa.Table, withheld: pa.Table, *, on: date, base: str) -> Report:
    """Return what has not settled: the items of posted trades, and trades the policy leaves out.

    `unsettled` is `tables.UNSETTLED` (posted), `withheld` the rows of `tables.TRADES` that
    `post_status` keeps out of the books. `amount` is signed: a receivable is positive, a payable
    negative; `amount_base` of a withheld trade in another currency than base is null. `days_late`
    counts the days from the contractual settlement date to `on`, never below zero. A trade has an
    item `amount`, and more where something is due in another currency; `amount_base` is what an
    item was booked at and `revalued_base` the unrealised FX gain on it since.
    """
    posted = unsettled.append_column("posted", pa.array(np.ones(unsettled.num_rows, np.bool_)))
    posted = posted.append_column("revalued_base", unsettled["revalued"])
    left_out = _withheld(withheld, base=base)
    names = [name for name in _UNSETTLED.names if name != "days_late"]
    plain = pa.schema([pa.field(name, _UNSETTLED.field(name).type) for name in names])
    table = pa.concat_tables([part.select(names).cast(plain) for part in (posted, left_out)])
    late = (np.datetime64(on, "D") - columns.days(table, "settlement_date")).astype(np.int64)
    table = table.append_column("days_late", pa.array(np.maximum(late, 0)))
    table = grouping.ordered(table, ["trade_date", "trade_id", "item"])
    table = table.select(_UNSETTLED.names).cast(_UNSETTLED)
    return Report("unsettled", "Unsettled trades", table, (), {"on": on.isoformat()})


def _withheld(trades: pa.Table, *, base: str) -> pa.Table:
    sold = pc.equal(trades["side"], "sell")
    amount = pc.if_else(sold, trades["net"], pc.negate_checked(trades["net"]))
    home = pc.equal(trades["currency"], base)
    trades = trades.append_column("amount", amount)
    trades = trades.append_column(
        "amount_base", pc.if_else(home, amount, pa.scalar(None, pa.int64()))
    )
    trades = trades.append_column("item", pa.repeat(pa.scalar("amount"), trades.num_rows))
    trades = trades.append_column("revalued_base", pa.nulls(trades.num_rows, pa.int64()))
    return trades.append_column("posted", pa.array(np.zeros(trades.num_rows, np.bool_)))


def entitlements(items: pa.Table) -> Report:
    """Return the dividends that are not paid yet (`tables.ENTITLEMENTS`), all amounts positive.

    Of a short position they are owed. `net_base` is what a recognised one was booked at,
    `revalued_base` the unrealised FX gain on it since, debit positive, and `carrying_base` what it
    stands at, debit positive: a receivable is positive, what is owed negative.
    """
    sign = np.where(columns.texts(items, "side") == "long", 1, -1)
    booked, revalued = columns.numbers(items, "net_base"), columns.numbers(items, "revalued")
    table = items.append_column("revalued_base", pa.array(revalued))
    stands = numbers.add_columns(sign * booked, revalued)
    table = table.append_column("carrying_base", pa.array(stands))
    table = grouping.ordered(table, tables.ENTITLEMENTS.order)
    table = table.select(_ENTITLEMENTS.names).cast(_ENTITLEMENTS)
    return Report("entitlements", "Open dividends", table, ("carrying_base",))


def exceptions(found: pa.Table, decisions: pa.Table, *, files: Mapping[int, str]) -> Report:
    """Return the exception queue with the decision taken on each item.

    `found` is `tables.EXCEPTIONS`; `decisions` (columns `DECISIONS`) holds at most one row per
    exception, one without a row being open; `files` names the file of each batch.
    """
    rows = grouping.lookup(found, decisions, on=["exception_id"])
    batches = found["batch"].to_pylist()
    lines = pc.if_else(pc.greater(found["row"], 0), found["row"], pa.scalar(None, pa.int64()))
    added = {
        "status": pc.fill_null(grouping.pick(decisions["status"], rows), "open"),
        "reason": pc.fill_null(grouping.pick(decisions["reason"], rows), ""),
        "file": pa.array([files.get(batch, "") for batch in batches], pa.string()),
        "row": lines,
    }
    given = {name: found[name] for name in found.column_names}
    table = grouping.ordered(pa.table(given | added), tables.EXCEPTIONS.order)
    return Report("exceptions", "Exceptions", table.select(_EXCEPTIONS.names).cast(_EXCEPTIONS))
