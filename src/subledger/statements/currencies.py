"""Foreign currency: balances at the closing rate, gains on it, and the rates that were used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger import columns, numbers, tables
from subledger.booking.money import accounts_of_slot as slot_accounts
from subledger.chart import Chart
from subledger.chart.accounts import PROFIT_AND_LOSS, Account
from subledger.chart.measures import CURRENCY_OF, FX_TRADING_SLOT
from subledger.conversion import Conversions
from subledger.numbers import Int64Array
from subledger.statements import grouping
from subledger.statements.report import Report, maybe_base, number_text
from subledger.statements.trial_balance import account_of

SECTIONS = ("monetary", "fx_trading", "gains")
_AMOUNTS = ("opening", "movement", "closing")
_FX = pa.schema(
    [
        tables.text("section", "monetary, fx_trading or gains"),
        *(tables.text(name) for name in ("account", "name", "currency")),
        *(tables.money(name) for name in _AMOUNTS),
        *(tables.base(f"{name}_base") for name in _AMOUNTS),
        number_text("rate"),
        tables.maybe_day("rate_date"),
        maybe_base("value_base"),
        maybe_base("difference_base"),
    ]
)
_RATES = pa.schema(
    [
        tables.day("date"),
        tables.text("currency"),
        number_text("rate"),
        tables.text("path"),
        tables.day("rate_date"),
        tables.text("source"),
        tables.flag("stale"),
    ]
)


@dataclass(frozen=True, slots=True)
class Held:
    """Balances before and at the end of a period, and what is valued one by one at its end.

    `opening` and `closing` are BALANCES; the others MONEY, UNSETTLED and ENTITLEMENTS.
    """

    opening: pa.Table
    closing: pa.Table
    money: pa.Table
    unsettled: pa.Table
    entitlements: pa.Table


def sections_of(chart: Chart) -> dict[str, str]:
    """Return the section of every account on which foreign currency shows.

    Gains are the income and expense accounts to which rules post amounts in base currency alone.
    """
    found = {number: "monetary" for number, one in chart.accounts.items() if one.monetary}
    gains = {
        line.slot
        for rule in chart.rules
        for line in rule.lines
        if CURRENCY_OF[line.amount] == "base_only" and line.slot in chart.slots
    }
    for name in gains:
        found |= {
            number: "gains"
            for number in slot_accounts(chart, name)
            if chart.accounts[number].type in PROFIT_AND_LOSS
        }
    return found | dict.fromkeys(slot_accounts(chart, FX_TRADING_SLOT), "fx_trading")


def fx(
    held: Held,
    rates: Conversions,
    *,
    sections: Mapping[str, str],
    accounts: Mapping[str, Account],
    on: date,
) -> Report:
    """Return one row per account and currency in which foreign currency shows.

    Args:
        held: The balances, and what is valued one by one.
        rates: The conversions that the period used.
        sections: The section of each account that the report shows: monetary, fx_trading, gains.
        accounts: The chart, by account number.
        on: The day whose rates are asked for: the last one on which the period was valued.

    Amounts are debit positive, so a gain is negative. Monetary balances in the base currency are
    left out. `value_base` is what the monetary balances and items of the row are worth at the
    `rate` of the day, each rounded by itself, and `difference_base` what the ledger is above it:
    zero where the basis revalues on that day, else the unrealised FX gain that it does not book,
    negative. Without a rate there is neither.
    """
    rows = _balances(held, sections=sections, base=rates.base)
    rows = _with_value(rows, _values(held, rates, on=on), rates=rates, on=on)
    names = [account_of(accounts, number).name for number in rows["account"].to_pylist()]
    rows = rows.append_column("name", pa.array(names, pa.string()))
    table = rows.select(_FX.names).cast(_FX)
    return Report("fx", "Foreign currency", table, ("value_base", "difference_base"))


def _balances(held: Held, *, sections: Mapping[str, str], base: str) -> pa.Table:
    """Return opening, movement and closing per section, account and currency."""
    keys = ["section", "account", "currency"]
    parts = []
    for balances, of_opening in ((held.opening, True), (held.closing, False)):
        section = columns.texts(balances, "account").mapped(lambda number: sections.get(number, ""))
        part = balances.append_column("section", section.plain())
        home = pc.and_(pc.equal(part["section"], "monetary"), pc.equal(part["currency"], base))
        part = part.filter(pc.and_(pc.not_equal(part["section"], ""), pc.invert(home)))
        amounts: dict[str, Int64Array] = {}
        for suffix, source in (("", "amount"), ("_base", "amount_base")):
            values = columns.numbers(part, source)
            nothing = np.zeros_like(values)
            amounts |= {
                f"opening{suffix}": values if of_opening else nothing,
                f"movement{suffix}": -values if of_opening else values,
                f"closing{suffix}": nothing if of_opening else values,
            }
        given = {key: part[key] for key in keys}
        parts.append(pa.table(given | {name: pa.array(v) for name, v in amounts.items()}))
    names = [name for name in parts[0].column_names if name not in keys]
    sums = grouping.add_up(pa.concat_tables(parts), keys, amounts=names)
    some = np.zeros(sums.num_rows, np.bool_)
    for name in names:
        some |= columns.numbers(sums, name) != 0
    order = [SECTIONS.index(name) for name in sums["section"].to_pylist()]
    sums = sums.append_column("order", pa.array(order, pa.int64())).filter(pa.array(some))
    return grouping.ordered(sums, ["order", "account", "currency"])


def _values(held: Held, rates: Conversions, *, on: date) -> pa.Table:
    """Return what balances and items are worth in base, by account and currency."""
    money = held.money.filter(pc.not_equal(held.money["kind"], "fx_trading"))
    known = held.entitlements.filter(held.entitlements["recognised"])
    sign = np.where(columns.texts(known, "side") == "long", 1, -1)
    parts: Sequence[tuple[pa.Table, Int64Array]] = (
        (money, columns.numbers(money, "amount")),
        (held.unsettled, columns.numbers(held.unsettled, "amount")),
        (known, sign * columns.numbers(known, "net")),
    )
    account, currency = (
        columns.Texts.joined([columns.texts(table, name) for table, _ in parts])
        for name in ("account", "currency")
    )
    amount = np.concatenate([values for _, values in parts])
    dates = np.full(len(amount), np.datetime64(on), "datetime64[D]")
    rated = (currency != rates.base) & rates.known(currency, dates)
    worth = rates.to_base(amount[rated], currency[rated], dates=dates[rated])
    table = pa.table(
        {
            "account": account[rated].dictionary(),
            "currency": currency[rated].dictionary(),
            "value_base": pa.array(worth, pa.int64()),
        }
    )
    return grouping.add_up(table, ["account", "currency"], amounts=["value_base"])


def _with_value(rows: pa.Table, values: pa.Table, *, rates: Conversions, on: date) -> pa.Table:
    """Add rate, value and difference to the rows of monetary accounts."""
    of_day = rates.table.filter(pc.equal(rates.table["date"], pa.scalar(on, pa.date32())))
    rate = grouping.lookup(rows, of_day, on=["currency"])
    monetary = columns.texts(rows, "section") == "monetary"
    rate = np.where(monetary, rate, -1)
    worth = grouping.lookup(rows, values, on=["account", "currency"])
    value = columns.numbers(values, "value_base")
    found = np.zeros(rows.num_rows, np.int64)
    found[worth >= 0] = value[worth[worth >= 0]]
    above = numbers.subtract_columns(columns.numbers(rows, "closing_base"), found)
    added = {
        "rate": pc.fill_null(grouping.pick(of_day["rate"], rate), ""),
        "rate_date": grouping.pick(of_day["rate_date"], rate),
        "value_base": pa.array(found, mask=rate < 0),
        "difference_base": pa.array(above, mask=rate < 0),
    }
    for name, column in added.items():
        rows = rows.append_column(name, column)
    return rows


def rates(conversions: pa.Table) -> Report:
    """Return the rates that a period used (`tables.CONVERSIONS`), a row per currency and date.

    `rate` is what one unit of the currency was worth in base, for people: eight digits of what
    `path` names, of which a conversion uses all. `rate_date` is the day of the oldest rate used.
    """
    rows = grouping.ordered(conversions, ["currency", "date"])
    return Report("rates", "Exchange rates used", rows.select(_RATES.names).cast(_RATES))
