"""The tie-outs of a close: each a computed comparison of two figures, all of them every time.

The tolerance is zero throughout: amounts are exact integers on both sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from subledger.chart import Chart
from subledger.columns import (
    Flags,
    Texts,
    group_codes,
    numbers,
    texts,
)
from subledger.journal.journal import Journal
from subledger.numbers import Int64Array, exact_sum, group_sums


@dataclass(frozen=True, slots=True)
class Check:
    """One check: two figures that must be equal, how many were compared, and what differs.

    `unit` is base (amounts in ledger units), quantity or count. `differences` names the first
    places that differ.
    """

    id: str
    description: str
    left: int
    right: int
    compared: int
    unit: str = "base"
    differences: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Say whether the figures agree, in total and place by place."""
        return self.left == self.right and not self.differences


@dataclass(frozen=True, slots=True)
class Closed:
    """What the checks of one period look at, all of one basis.

    `opening` and `closing` are BALANCES; `journal` holds the period's entries; `reliefs`, `lots`,
    `unsettled` and `unsettled_before` are the tables at its end and before it.
    """

    chart: Chart
    opening: pa.Table
    closing: pa.Table
    journal: Journal
    reliefs: pa.Table
    lots: pa.Table
    unsettled: pa.Table
    unsettled_before: pa.Table


def tie_outs(closed: Closed) -> list[Check]:
    """Return every tie-out of the period, in the order in which the close lists them."""
    return [
        trial_balance_is_zero(closed, ()),
        trial_balance_is_zero(closed, ("book",)),
        trial_balance_is_zero(closed, ("strategy",)),
        entries_sum_to_zero(closed),
        opening_plus_movement_is_closing(closed),
        accounting_equation(closed),
        lots_are_positions(closed),
        lot_cost_is_ledger_cost(closed),
        unsettled_item_by_item(closed),
        realised_is_ledger(closed),
        unrealised_is_ledger(closed),
        numbers_have_no_gap(closed),
    ]


def accounts_of(chart: Chart, event: str, *, measures: Iterable[str], sign: int = 0) -> set[str]:
    """Return the accounts to which rules post the measures of an event (sign: that side only)."""
    wanted = set(measures)
    slots = {
        line.slot
        for rule in chart.rules
        if rule.event == event
        for line in rule.lines
        if line.amount in wanted and sign in (0, line.sign)
    }
    found = [chart.slots[name] for name in slots]
    return {slot.default for slot in found} | {
        override.account for slot in found for override in slot.overrides
    }


def _in(values: Texts, wanted: set[str]) -> Flags:
    return np.array([value in wanted for value in values], bool)


def _total(table: pa.Table, name: str, *, chosen: Flags) -> int:
    return exact_sum(numbers(table, name)[chosen])


def trial_balance_is_zero(closed: Closed, by: Sequence[str]) -> Check:
    """Check that closing balances sum to zero, in total or for each book or strategy."""
    balances = closed.closing
    amounts = numbers(balances, "amount_base")
    if not by:
        total = exact_sum(amounts)
        return Check("TB", "Trial balance sums to zero", total, 0, len(amounts))
    codes, first = group_codes([texts(balances, name) for name in by])
    sums = group_sums(codes, amounts, len(first))
    bad = tuple(
        f"{texts(balances, by[0])[first[row]] or '(none)'}: {sums[row]}"
        for row in np.flatnonzero(sums)
    )
    name = by[0]
    description = f"Trial balance sums to zero for each {name}"
    return Check(f"TB-{name.upper()}", description, 0, 0, len(first), differences=bad)


def entries_sum_to_zero(closed: Closed) -> Check:
    """Check that the lines of every entry sum to zero per currency and in base."""
    lines = closed.journal.lines
    seq, currency = numbers(lines, "seq"), texts(lines, "currency")
    codes, first = group_codes([seq, currency])
    local = group_sums(codes, numbers(lines, "amount"), len(first))
    entries, heads = group_codes([seq])
    in_base = group_sums(entries, numbers(lines, "amount_base"), len(heads))
    bad = [f"entry {seq[first[row]]} in {currency[first[row]]}" for row in np.flatnonzero(local)]
    bad += [f"entry {seq[heads[row]]} in base" for row in np.flatnonzero(in_base)]
    return Check(
        "ENTRIES",
        "Lines of every entry sum to zero, per currency and in base",
        len(bad),
        0,
        len(heads),
        unit="count",
        differences=tuple(bad[:5]),
    )


def opening_plus_movement_is_closing(closed: Closed) -> Check:
    """Check per account that opening and the period's lines give the closing balance."""
    lines = closed.journal.lines
    parts = [
        (texts(closed.opening, "account"), numbers(closed.opening, "amount_base")),
        (texts(lines, "account"), numbers(lines, "amount_base")),
        (texts(closed.closing, "account"), -numbers(closed.closing, "amount_base")),
    ]
    differences, compared = _differences(parts)
    description = "Opening balance plus movement is the closing balance of every account"
    return Check("ROLL", description, 0, 0, compared, differences=differences)


def _differences(parts: Sequence[tuple[Texts, Int64Array]]) -> tuple[tuple[str, ...], int]:
    """Return the keys whose signed amounts do not sum to zero, and how many keys there are."""
    keys = np.concatenate([key for key, _ in parts])
    codes, first = group_codes([keys])
    sums = group_sums(codes, np.concatenate([amount for _, amount in parts]), len(first))
    bad = np.flatnonzero(sums)
    return tuple(f"{keys[first[row]]}: {sums[row]}" for row in bad[:5]), len(first)


def accounting_equation(closed: Closed) -> Check:
    """Check that assets equal liabilities plus equity plus income less expenses."""
    accounts, amounts = texts(closed.closing, "account"), numbers(closed.closing, "amount_base")
    assets = {n for n, account in closed.chart.accounts.items() if account.type == "asset"}
    is_asset = _in(accounts, assets)
    return Check(
        "EQUATION",
        "Assets = liabilities + equity + income - expenses",
        exact_sum(amounts[is_asset]),
        -exact_sum(amounts[~is_asset]),
        len(accounts),
    )


_POSITION = ("book", "strategy", "broker_account", "instrument")


def lots_are_positions(closed: Closed) -> Check:
    """Check that open lots are the units on the lot accounts, per book, strategy and broker."""
    lots, held = closed.lots, closed.closing
    sign = np.where(texts(lots, "side") == "long", 1, -1)
    units = sign * (numbers(lots, "opened") - numbers(lots, "closed"))
    parts = [(_joined(lots), units), (_joined(held), -numbers(held, "quantity"))]
    differences, compared = _differences(parts)
    return Check(
        "LOTS-UNITS",
        "Open lots = positions of the ledger, each book, strategy, broker account and instrument",
        exact_sum(units),
        exact_sum(numbers(held, "quantity")),
        compared,
        unit="quantity",
        differences=differences,
    )


def _joined(table: pa.Table) -> Texts:
    names = [texts(table, name) for name in _POSITION]
    return np.array([" / ".join(parts) for parts in zip(*names, strict=True)], dtype=object)


def lot_cost_is_ledger_cost(closed: Closed) -> Check:
    """Check that open cost of the lots is the balance of the lot accounts, per instrument."""
    accounts = accounts_of(closed.chart, "trade", measures=["cost_relieved"])
    accounts &= {n for n, a in closed.chart.accounts.items() if "lot" in a.required}
    lots, held = closed.lots, closed.closing
    chosen = _in(texts(held, "account"), accounts)
    sign = np.where(texts(lots, "side") == "long", 1, -1)
    cost = sign * (numbers(lots, "cost_base") - numbers(lots, "relieved_base"))
    balance = numbers(held, "amount_base")[chosen]
    differences, compared = _differences(
        [(texts(lots, "instrument"), cost), (texts(held, "instrument")[chosen], -balance)]
    )
    return Check(
        "LOTS-COST",
        "Cost of open lots = balance of the lot accounts, each instrument",
        exact_sum(cost),
        exact_sum(balance),
        compared,
        differences=differences,
    )


def unsettled_item_by_item(closed: Closed) -> Check:
    """Check each unsettled item against the lines of its trade on the unsettled accounts."""
    accounts = accounts_of(closed.chart, "trade", measures=["net"])
    lines, entries = closed.journal.lines, closed.journal.entries
    chosen = _in(texts(lines, "account"), accounts)
    event_of = dict(zip(numbers(entries, "seq").tolist(), texts(entries, "event_id"), strict=True))
    seqs = numbers(lines, "seq")[chosen].tolist()
    events = [event_of.get(seq, f"no entry {seq}") for seq in seqs]
    before, now = closed.unsettled_before, closed.unsettled
    parts = [
        (texts(before, "trade_id"), numbers(before, "amount_base")),
        (np.array(events, dtype=object), numbers(lines, "amount_base")[chosen]),
        (texts(now, "trade_id"), -numbers(now, "amount_base")),
    ]
    differences, compared = _differences(parts)
    held = _in(texts(closed.closing, "account"), accounts)
    return Check(
        "UNSETTLED",
        "Unsettled receivables and payables = open trades, item by item",
        exact_sum(numbers(now, "amount_base")),
        _total(closed.closing, "amount_base", chosen=held),
        compared,
        differences=differences,
    )


def realised_is_ledger(closed: Closed) -> Check:
    """Check the gains of the period's reliefs against the realised accounts, per instrument."""
    accounts = accounts_of(closed.chart, "trade", measures=["realised_price", "realised_fx"])
    reliefs, lines = closed.reliefs, closed.journal.lines
    chosen = _in(texts(lines, "account"), accounts) & (texts(lines, "slot") != "")
    posted = -numbers(lines, "amount_base")[chosen]
    gains = numbers(reliefs, "gain_base")
    differences, compared = _differences(
        [(texts(reliefs, "instrument"), gains), (texts(lines, "instrument")[chosen], -posted)]
    )
    return Check(
        "REALISED",
        "Realised report = realised accounts of the ledger, each instrument",
        exact_sum(gains),
        exact_sum(posted),
        compared,
        differences=differences,
    )


def unrealised_is_ledger(closed: Closed) -> Check:
    """Check the marks of open lots against the mark accounts, per instrument."""
    accounts = accounts_of(closed.chart, "mark", measures=["mark_change", "mark_fx_change"], sign=1)
    lots, held = closed.lots, closed.closing
    chosen = _in(texts(held, "account"), accounts)
    marks = sum(
        (numbers(lots, name) - numbers(lots, f"{name}_released") for name in ("mark", "mark_fx")),
        start=np.zeros(lots.num_rows, np.int64),
    )
    balance = numbers(held, "amount_base")[chosen]
    differences, compared = _differences(
        [(texts(lots, "instrument"), marks), (texts(held, "instrument")[chosen], -balance)]
    )
    return Check(
        "UNREALISED",
        "Unrealised report = mark accounts of the ledger, each instrument",
        exact_sum(marks),
        exact_sum(balance),
        compared,
        differences=differences,
    )


def numbers_have_no_gap(closed: Closed) -> Check:
    """Check that entry numbers are unique, that entries have lines and lines their entry."""
    seq = numbers(closed.journal.entries, "seq")
    alone = np.setxor1d(seq, numbers(closed.journal.lines, "seq"))
    return Check(
        "NUMBERS",
        "Every entry number of the period stands once",
        len(seq),
        len(np.unique(seq)),
        len(seq),
        unit="count",
        differences=tuple(f"entry {number}" for number in alone[:5]),
    )
