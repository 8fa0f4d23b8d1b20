"""Balances in foreign currency that are not items: cash, other monetary accounts, FX trading.

They are summed from the lines of the journal. At each close the monetary ones are brought to the
closing rate, and the base balance of FX trading is swept to gains on foreign currency, so that it
is zero in base; its balances in each currency stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from subledger.booking.drafts import DIMENSION_NAMES, SWEEP, Amounts, Drafts, repeated
from subledger.booking.entries import apply_rules
from subledger.booking.inputs import Terms
from subledger.booking.lines import Block, Composed, in_order
from subledger.booking.revaluing import Doubt, balance_drafts
from subledger.chart import Chart
from subledger.chart.measures import CASH_SLOT, FX_TRADING_SLOT, LINES_OF_ITEMS
from subledger.columns import (
    Days,
    Flags,
    Texts,
    build,
    column,
    concatenate,
    group_codes,
    numbers,
    ordered,
    texts,
)
from subledger.conversion import Conversions
from subledger.numbers import Int64Array, exact_sum, group_sums, subtract_columns
from subledger.tables import MONEY

_KEY = ("account", "currency", *DIMENSION_NAMES, "kind")


@dataclass(frozen=True, slots=True)
class Movement:
    """MONEY that moved, row by row, with the accounting date of each."""

    table: pa.Table
    on: Days


@dataclass(frozen=True, slots=True)
class Closed:
    """What closes within the window post, MONEY after it, and currencies without a rate."""

    entries: list[Composed]
    drafts: list[Drafts]
    money: pa.Table
    unrated: list[Doubt]


def accounts_of_slot(chart: Chart, slot: str) -> set[str]:
    """Return every account that a slot can stand for; none where the chart has no such slot."""
    found = chart.slots.get(slot)
    return {found.default, *(one.account for one in found.overrides)} if found else set()


def movements(made: Composed, terms: Terms, *, of_balances: bool = False) -> Movement:
    """Return the lines that move foreign money or FX trading; those of items are left out.

    A revaluation is one of an item, unless all given are `of_balances`.
    """
    base = terms.policy.base_currency
    trading = accounts_of_slot(terms.chart, FX_TRADING_SLOT)
    cash = accounts_of_slot(terms.chart, CASH_SLOT)
    monetary = {number for number, one in terms.chart.accounts.items() if one.monetary}
    kinds = {**dict.fromkeys(monetary, "other"), **dict.fromkeys(cash & monetary, "cash")}
    kinds |= dict.fromkeys(trading, "fx_trading")
    events = made.entries["event_kind"]

    def moves(block: Block) -> Flags | None:
        account = block.texts("account")
        if not kinds.keys() & set(account.distinct()):
            return None
        foreign = (block.texts("currency") != base) | account.isin(trading)
        rows = np.flatnonzero(account.isin(list(kinds)) & foreign)
        chosen = np.zeros(len(block), bool)
        chosen[rows] = ~_of_items(block, events[block.entry[rows]], of_balances=of_balances)
        return chosen

    lines = made.lines(moves)
    table = build(
        MONEY,
        {
            **{name: lines[name] for name in ("account", "currency", *DIMENSION_NAMES)},
            "kind": lines["account"].mapped(kinds),
            "amount": lines["amount"],
            "amount_base": lines["amount_base"],
        },
    )
    return Movement(table, made.entries["accounting_date"][lines["entry"]])


def _of_items(block: Block, events: Texts, *, of_balances: bool) -> Flags:
    """Say of lines of a block, by the event of each, whether they are those of an item."""
    found = np.zeros(len(events), bool)
    if block.slot != FX_TRADING_SLOT:
        of_item = [e for e, measures in LINES_OF_ITEMS.items() if block.measure in measures]
        found |= events.isin(of_item)
    return found if of_balances else found | (events == "revaluation")


def summed(parts: list[pa.Table]) -> pa.Table:
    """Return MONEY with one row per account, currency and dimensions, zero rows left out."""
    table = concatenate(MONEY, parts)
    if not table.num_rows:
        return table
    codes, first = group_codes([texts(table, name) for name in _KEY])
    amount = group_sums(codes, numbers(table, "amount"), len(first))
    in_base = group_sums(codes, numbers(table, "amount_base"), len(first))
    kept = np.flatnonzero((amount != 0) | (in_base != 0))
    heads = table.take(first[kept])
    sums = {"amount": amount[kept], "amount_base": in_base[kept]}
    copied = {name: column(heads, name) for name in _KEY}
    return ordered(MONEY, build(MONEY, {**copied, **sums}))


def close_money(
    carried: pa.Table, moved: Movement, *, mark_dates: Days, terms: Terms, rates: Conversions
) -> Closed:
    """Revalue and sweep on each mark date, and return what is left of MONEY after the window."""
    closed = Closed([], [], carried, [])
    standing, after = carried, np.datetime64("0001-01-01")
    for on in np.sort(mark_dates):
        within = (moved.on > after) & (moved.on <= on)
        standing = summed([standing, moved.table.filter(pa.array(within))])
        drafts = [_swept(standing, on, terms=terms)]
        if terms.policy.revalues:
            drafts += _revalued(standing, on, rates=rates, unrated=closed.unrated)
        made = [apply_rules(draft, terms) for draft in drafts]
        closed.entries.extend(made)
        closed.drafts.extend(drafts)
        posted = movements(in_order(made), terms, of_balances=True)
        standing = summed([standing, posted.table])
        after = on
    rest = moved.table.filter(pa.array(moved.on > after))
    return Closed(closed.entries, closed.drafts, summed([standing, rest]), closed.unrated)


def _revalued(
    standing: pa.Table, on: np.datetime64, *, rates: Conversions, unrated: list[Doubt]
) -> list[Drafts]:
    """Return drafts that bring cash and other balances to the rate of a date."""
    drafts = []
    for kind in ("cash", "other"):
        part = standing.filter(pa.array(texts(standing, "kind") == kind))
        currency, booked = texts(part, "currency"), numbers(part, "amount_base")
        dates = np.full(part.num_rows, on, "datetime64[D]")
        known = rates.known(currency, dates)
        unrated.extend(
            (on, name, exact_sum(np.abs(booked[currency == name])))
            for name in sorted(set(currency[~known]))
        )
        value = rates.to_base(numbers(part, "amount")[known], currency[known], dates=dates[known])
        change = subtract_columns(value, booked[known])
        rows = np.flatnonzero(known)[change != 0]
        chosen = part.take(rows)
        drafts.append(
            balance_drafts(
                chosen,
                dates[rows],
                event_id=_balance_ids(chosen),
                of=kind,
                change=change[change != 0],
            )
        )
    return drafts


def _balance_ids(balances: pa.Table) -> Texts:
    """Return an id per balance: an id of a dimension cannot hold a slash."""
    columns = [texts(balances, name) for name in ("account", "currency", *DIMENSION_NAMES)]
    ids = ["revaluation:" + "/".join(parts).rstrip("/") for parts in zip(*columns, strict=True)]
    return Texts.of(ids)


def _swept(standing: pa.Table, on: np.datetime64, *, terms: Terms) -> Drafts:
    """Return a draft per owner of FX trading, which brings its base balance to zero."""
    part = standing.filter(pa.array(texts(standing, "kind") == "fx_trading"))
    owner = {name: texts(part, name) for name in ("book", "strategy", "broker_account")}
    codes, first = group_codes(list(owner.values()))
    balance: Int64Array = group_sums(codes, numbers(part, "amount_base"), len(first))
    rows = np.flatnonzero(balance)
    heads, count = first[rows], len(rows)
    owners: dict[str, Any] = {name: values[heads] for name, values in owner.items()}
    ids = [
        "fx_sweep:" + "/".join(parts).rstrip("/") for parts in zip(*owners.values(), strict=True)
    ]
    stage = repeated(str(on), count)
    dates = np.full(count, on, "datetime64[D]")
    return Drafts(
        event="fx_sweep",
        kind="mark",
        day_order=SWEEP,
        cells={},
        event_id=Texts.of(ids),
        event_version=np.ones(count, np.int64),
        stage=stage,
        leg=np.zeros(count, np.int64),
        accounting_date=dates,
        activity_date=dates,
        **owners,
        instrument=repeated("", count),
        counterparty=repeated("", count),
        currency=repeated(terms.policy.base_currency, count),
        amounts={"amount": Amounts(-balance[rows], -balance[rows])},
        words={"date": stage},
    )
