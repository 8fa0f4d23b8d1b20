"""The sample firm's files: what its script writes, and what its story promises."""

from __future__ import annotations

import csv
import tomllib
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from tests.books.sample_firm import generate

from subledger.calendars import add_business_days, sessions

FIRM = Path(__file__).resolve().parent / "books" / "sample_firm"
MONTHS = ("2022-09", "2022-10", "2022-11")
GENERATED = ("trades.csv", "corrections.csv", "settlements.csv")


def rows(name: str) -> list[dict[str, str]]:
    with (FIRM / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def blotters() -> list[dict[str, str]]:
    return [
        row
        for month in MONTHS
        for name in ("trades.csv", "corrections.csv")
        for row in rows(f"{month}/{name}")
    ]


def test_the_script_writes_the_committed_files_again_byte_for_byte(tmp_path: Path) -> None:
    generate.write_files(tmp_path, generate.read_market(FIRM / "prices.csv"))
    written = {str(f.relative_to(tmp_path)): f.read_bytes() for f in tmp_path.rglob("*.csv")}
    committed = {
        str(file.relative_to(FIRM)): file.read_bytes()
        for name in GENERATED
        for file in FIRM.glob(f"*/{name}")
    }
    assert len(committed) == 8
    assert written == committed


def test_the_prices_are_those_that_skfolio_carries(tmp_path: Path) -> None:
    pytest.importorskip("skfolio", reason="prices.csv can only be compared where skfolio is")
    generate.write_prices(tmp_path / "prices.csv")
    assert (tmp_path / "prices.csv").read_bytes() == (FIRM / "prices.csv").read_bytes()


def test_every_session_has_a_price_of_every_instrument() -> None:
    prices = {(row["date"], row["instrument"]) for row in rows("prices.csv")}
    days = sessions("XNYS", start=date(2022, 8, 31), end=date(2022, 11, 30))
    names = [row["instrument"] for row in rows("instruments.csv")]
    assert len(names) == 20
    assert prices == {(day.isoformat(), name) for day in days for name in names}


def test_there_are_2500_trades_in_2_strategies_2_books_and_2_broker_accounts() -> None:
    trades = blotters()
    assert len({row["trade_id"] for row in trades}) == 2548
    for column, count in {"strategy": 2, "book": 2, "broker_account": 2, "instrument": 20}.items():
        assert len({row[column] for row in trades}) == count
    assert {row["status"] for row in trades} == {"settled", "confirmed", "failed", "cancelled"}


def test_stated_amounts_agree_with_price_quantity_and_fees_to_the_cent() -> None:
    fees = ("commission", "exchange_fee", "clearing_fee", "regulatory_fee")
    for row in blotters():
        gross = (Decimal(row["quantity"]) * Decimal(row["price"])).quantize(Decimal("0.01"))
        sign = 1 if row["side"] == "buy" else -1
        net = gross + sign * sum(Decimal(row[fee]) for fee in fees)
        assert (row["gross_amount"], row["net_amount"]) == (str(gross), str(net))
    assert any(row["exchange_fee"].startswith("-") for row in blotters())


def test_every_trade_is_due_on_the_second_settlement_day() -> None:
    due = {(row["trade_date"], row["settlement_date"]) for row in blotters()}
    assert len(due) == 63
    for traded, settles in due:
        assert add_business_days(date.fromisoformat(traded), 2) == date.fromisoformat(settles)


def test_positions_are_long_and_short_and_cross_zero() -> None:
    held: dict[tuple[str, ...], int] = defaultdict(int)
    crossings = longs = shorts = 0
    for row in sorted(blotters(), key=lambda row: row["executed_at"]):
        if row["version"] != "1" or row["status"] == "cancelled":
            continue
        line = (row["book"], row["strategy"], row["broker_account"], row["instrument"])
        before = held[line]
        held[line] += int(row["quantity"]) * (1 if row["side"] == "buy" else -1)
        crossings += before * held[line] < 0
        longs += held[line] > 0
        shorts += held[line] < 0
    assert min(crossings, longs, shorts) > 400


@pytest.mark.parametrize("month", MONTHS)
def test_each_month_has_fails_unsettled_trades_an_amendment_and_a_cancellation(month: str) -> None:
    trades, corrections = rows(f"{month}/trades.csv"), rows(f"{month}/corrections.csv")
    last_day = trades[-1]["trade_date"]
    unsettled = [row for row in trades if (row["settled_date"] or "9999") > last_day]
    assert len(unsettled) > 60
    assert sum(row["status"] == "failed" for row in trades) == 4
    late = [row for row in trades if row["settled_date"] > row["settlement_date"]]
    assert len(late) > 5
    assert [row["version"] for row in corrections] == ["2", "2", "1", "1"]
    assert [row["status"] for row in corrections] == ["settled", "settled", "cancelled", "settled"]
    known = {row["trade_id"] for row in trades}
    assert [row["trade_id"] in known for row in corrections] == [True, True, True, False]


def test_nothing_is_dated_in_a_month_that_is_already_closed() -> None:
    for month in MONTHS:
        for row in rows(f"{month}/trades.csv") + rows(f"{month}/corrections.csv"):
            assert row["trade_date"][:7] == month
            assert (row["settled_date"] or month)[:7] >= month
        for name in ("settlements.csv", "cash.csv", "journals.csv"):
            if (FIRM / month / name).exists():
                assert {row["date"][:7] for row in rows(f"{month}/{name}")} == {month}


def test_a_settlement_names_a_trade_of_an_earlier_month_and_comes_after_it_was_known() -> None:
    known: dict[str, dict[str, str]] = {}
    settled: set[str] = set()
    for month in MONTHS:
        if (FIRM / month / "settlements.csv").exists():
            for row in rows(f"{month}/settlements.csv"):
                trade = known[row["trade_id"]]
                assert trade["status"] in {"confirmed", "failed"}
                assert row["date"] >= trade["settlement_date"]
                assert row["trade_id"] not in settled
                if row["status"] == "settled":
                    settled.add(row["trade_id"])
        for row in rows(f"{month}/trades.csv") + rows(f"{month}/corrections.csv"):
            known[row["trade_id"]] = row
    assert len(settled) > 80


def test_journals_are_zero_per_book_and_strategy_and_say_why() -> None:
    for month in MONTHS:
        sums: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
        for row in rows(f"{month}/journals.csv"):
            assert row["reason"]
            sums[row["journal_id"], row["book"], row["strategy"]] += Decimal(row["amount"])
        assert set(sums.values()) == {Decimal(0)}


def test_the_steps_import_every_file_once_and_close_the_months_in_order() -> None:
    steps = tomllib.loads((FIRM / "steps.toml").read_text(encoding="utf-8"))["step"]
    files = [step["file"] for step in steps if step["do"] == "import"]
    assert sorted(files) == sorted(str(file.relative_to(FIRM)) for file in FIRM.rglob("*.csv"))
    assert [step["period"] for step in steps if step["do"] == "close"] == list(MONTHS)
    assert {step["do"] for step in steps} == {"import", "post", "close", "package"}
