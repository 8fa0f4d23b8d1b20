"""Bookings read back in plain Python, so that a law is not judged by the code that it judges."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

import pyarrow as pa
from tests.laws.facts import CHART
from tests.laws.firm import Firm

from subledger.booking.inputs import Booking
from subledger.journal.journal import Journal

Line = Mapping[str, Any]

OWNER = ("book", "strategy", "broker_account")
TYPES = {number: account.type for number, account in CHART.accounts.items()}
PROFIT = {number for number, kind in TYPES.items() if kind in ("income", "expense")}
_FAMILIES = ("121", "122", "125", "126", "221", "222", "225", "226")  # shares, ETFs, options, coins
LOT_ACCOUNTS = {f"{family}0" for family in _FAMILIES}
MARK_ACCOUNTS = {f"{family}1" for family in _FAMILIES}
FX_MARK_ACCOUNTS = {f"{family}2" for family in _FAMILIES}
FX_GAINS = {"4120", "4220", "4410", "4420"}
FX_TRADING = "3900"
FX_ACCOUNTS = {*FX_MARK_ACCOUNTS, *FX_GAINS, FX_TRADING}
UNSETTLED_ACCOUNTS = {"1110", "2110", "1140", "2140", "2450"}
DUE_ACCOUNTS = {"1190", "2190"}


def journal_of(booking: Booking) -> Journal:
    """Return the entries and lines of a booking."""
    return Journal(booking.entries, booking.lines)


def posted_of(booking: Booking | Journal) -> Journal:
    """Return entries and lines as the statements take them."""
    return Journal(booking.entries, booking.lines)


def lines_of(journal: Booking | Journal) -> list[dict[str, Any]]:
    """Return every line with the dates, kind and event of its entry, in order."""
    names = ("accounting_date", "kind", "event_kind", "event_id", "stage", "leg")
    heads = {entry["seq"]: {n: entry[n] for n in names} for entry in journal.entries.to_pylist()}
    return [line | heads[line["seq"]] for line in journal.lines.to_pylist()]


def by(lines: Iterable[Line], *names: str, of: str = "amount_base") -> dict[tuple[Any, ...], int]:
    """Return the sum of an amount per combination of columns, without those that are zero."""
    sums: dict[tuple[Any, ...], int] = defaultdict(int)
    for line in lines:
        sums[tuple(line[name] for name in names)] += line[of] or 0
    return {key: total for key, total in sums.items() if total}


def total(lines: Iterable[Line], chosen: Callable[[Line], bool] = lambda _: True) -> int:
    """Return the sum in base of the lines that are chosen."""
    return sum(line["amount_base"] for line in lines if chosen(line))


def on_accounts(accounts: Iterable[str]) -> Callable[[Line], bool]:
    """Choose lines by account."""
    wanted = set(accounts)
    return lambda line: line["account"] in wanted


def is_profit(line: Line) -> bool:
    """Choose lines of income and expenses."""
    return line["account"] in PROFIT


def is_net_asset(line: Line) -> bool:
    """Choose lines of assets and liabilities."""
    return TYPES[line["account"]] in ("asset", "liability")


def until(lines: Iterable[Line], on: date) -> list[Line]:
    """Return the lines of a date and before."""
    return [line for line in lines if line["accounting_date"] <= on]


def dates_of(lines: Iterable[Line]) -> list[date]:
    """Return the dates on which something is posted."""
    return sorted({line["accounting_date"] for line in lines})


def plain(entries: pa.Table, lines: pa.Table) -> list[dict[str, Any]]:
    """Return whole entries with their lines, in order, without their numbers."""
    without = {"seq", "entry_id", "line", "reverses"}
    of_entry: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for line in lines.to_pylist():
        of_entry[line["seq"]].append({k: v for k, v in line.items() if k not in without})
    return [
        {k: v for k, v in entry.items() if k not in without} | {"lines": of_entry[entry["seq"]]}
        for entry in entries.to_pylist()
    ]


def price_part(firm: Firm, lot: Line, gain: int, *, on: date) -> int:
    """Return the price part in base of a local gain, at the rate that the policy names.

    Under `acquisition_rate` that is the rate of the lot's cost; a lot without cost has none.
    """
    if firm.policy.fx_split == "acquisition_rate" and lot["cost"]:
        return round(Fraction(gain * lot["cost_base"], lot["cost"]))
    return firm.in_base(gain, lot["currency"], on)


def as_set(journal: Booking | Journal) -> Counter[str]:
    """Return whole entries without numbers and order."""
    return Counter(repr(entry) for entry in plain(journal.entries, journal.lines))


def rows(table: pa.Table) -> Counter[str]:
    """Return the rows of a table without their order."""
    return Counter(repr(row) for row in table.to_pylist())
