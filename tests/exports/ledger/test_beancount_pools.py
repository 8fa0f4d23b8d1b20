"""Pools at average cost and money of several currencies in the ledger text, line by line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from subledger import tables

Journal = Any
Prove = Callable[..., str]
Table = Callable[..., pa.Table]
COST = "Assets:Securities-At-Cost:B1:AAPL"


def money(account: str, amount: int, **further: Any) -> dict[str, Any]:
    given = {"account": account, "amount": amount, "amount_base": amount, "currency": "USD"}
    return given | further


def lot(lot_id: str, quantity: int, amount: int) -> dict[str, Any]:
    given = {"instrument": "AAPL", "lot_id": lot_id, "quantity": quantity}
    return money("1210", amount, **given)


def posting(text: str, account: str) -> list[str]:
    rows = (line.split() for line in text.splitlines())
    return [" ".join(row[1:]) for row in rows if row and row[0] == account]


def acquired(journal: Journal, day: str, trade: str, *lines: dict[str, Any], **further: Any) -> str:
    """Post what a purchase adds to a pool and moves within it; the rest is paid in cash."""
    paid = -sum(line["amount_base"] for line in lines)
    return str(journal.post(day, trade, *lines, money("1010", paid), **further))


def test_a_version_of_a_pool_stands_at_its_average_from_the_first_acquisition_on(
    journal: Journal, prove: Prove, tmp_path: Path, table: Table
) -> None:
    """20 units for 2500.00 make 125.00; the next month knows the version from LOTS alone."""
    acquired(journal, "2022-01-03", "T1", lot("T1", 10, 100_000))
    moved = lot("T1", -10, -100_000), lot("T1#2", 10, 100_000)
    acquired(journal, "2022-01-05", "T2", lot("T1#2", 10, 150_000), *moved)
    journal.post("2022-02-01", "T3", lot("T1#2", -4, -50_000), money("1010", 50_000))
    known = {"lot_id": "T1#2", "instrument": "AAPL", "side": "long", "opened": 20}
    dated = known | {"opened_on": date(2022, 1, 3), "cost_base": 250_000}
    lots = table(tables.LOTS, [dated])
    text = prove(tmp_path, journal, journal.month("2022-01"), journal.month("2022-02", lots=lots))
    version = '{125.00 USD, 2022-01-03, "T1#2"}'
    assert posting(text, COST) == [
        '10 AAPL {100.00 USD, 2022-01-03, "T1"}',
        '-10 AAPL {100.00 USD, 2022-01-03, "T1"}',
        f"10 AAPL {version}",
        f"10 AAPL {version}",
        f"-4 AAPL {version}",
    ]


def test_what_an_entry_adds_to_a_lot_and_takes_again_is_one_line(
    journal: Journal, prove: Prove, tmp_path: Path
) -> None:
    """A sale under the average first joins lots that an earlier method left open."""
    acquired(journal, "2022-01-03", "T1", lot("T1", 10, 100_000))
    acquired(journal, "2022-01-04", "T2", lot("T2", 10, 150_000))
    joins = lot("T1", -10, -100_000), lot("T2", -10, -150_000), lot("T1#2", 20, 250_000)
    acquired(journal, "2022-01-05", "T3", lot("T1#2", -4, -50_000), *joins)
    text = prove(tmp_path, journal, journal.month("2022-01"))
    assert posting(text, COST)[2:] == [
        '-10 AAPL {100.00 USD, 2022-01-03, "T1"}',
        '-10 AAPL {150.00 USD, 2022-01-04, "T2"}',
        '16 AAPL {125.00 USD, 2022-01-03, "T1#2"}',
    ]


def test_lots_that_are_joined_and_sold_in_one_entry_leave_no_version(
    journal: Journal, prove: Prove, tmp_path: Path
) -> None:
    acquired(journal, "2022-01-03", "T1", lot("T1", 10, 100_000))
    acquired(journal, "2022-01-04", "T2", lot("T2", 10, 150_000))
    joins = lot("T1", -10, -100_000), lot("T2", -10, -150_000), lot("T1#2", 20, 250_000)
    acquired(journal, "2022-01-05", "T3", lot("T1#2", -20, -250_000), *joins)
    text = prove(tmp_path, journal, journal.month("2022-01"))
    assert "T1#2" not in text


def test_a_version_that_is_booked_anew_stands_before_what_is_taken_from_it(
    journal: Journal, prove: Prove, tmp_path: Path
) -> None:
    """T1 and T2 are told again: both stand before the sale, T1 before T2, which needs its lot."""
    first = acquired(journal, "2022-01-03", "T1", lot("T1", 10, 100_000))
    moved = lot("T1", -10, -100_000), lot("T1#2", 10, 100_000)
    second = acquired(journal, "2022-01-03", "T2", lot("T1#2", 10, 150_000), *moved)
    acquired(journal, "2022-01-03", "T3", lot("T1#2", -4, -50_000))
    journal.reverse(second)
    journal.reverse(first)
    acquired(journal, "2022-01-03", "T2", lot("T1#2", 10, 150_000), *moved, event_version=2)
    acquired(journal, "2022-01-03", "T1", lot("T1", 10, 100_000), event_version=2)
    text = prove(tmp_path, journal, journal.month("2022-01"))
    units = [row.split(" {")[0] for row in posting(text, COST)]
    assert units == ["10 AAPL", "-10 AAPL", "10 AAPL", "10 AAPL", "-4 AAPL"]


def test_money_is_not_asserted_in_base_once_rates_have_left_residue(
    journal: Journal, prove: Prove, tmp_path: Path
) -> None:
    """The euros are gone in February, what their rates left over is not."""
    euros = {"account": "1010", "currency": "EUR"}
    journal.post(
        "2022-01-03", "C1", euros | {"amount": 300, "amount_base": 334}, money("3100", -334)
    )
    journal.post(
        "2022-01-04", "C2", euros | {"amount": -300, "amount_base": -337}, money("3100", 337)
    )
    journal.post("2022-01-05", "C3", money("1010", 500), money("3100", -500))
    january = journal.month("2022-01", balances=journal.balances())
    journal.post("2022-02-05", "C4", money("1010", 500), money("3100", -500))
    kept = [row for row in journal.balances().to_pylist() if row["amount"]]
    balances = pa.Table.from_pylist(kept, schema=tables.BALANCES.schema)
    assert set(balances.column("currency").to_pylist()) == {"USD"}
    text = prove(tmp_path, journal, january, journal.month("2022-02", balances=balances))
    assert " balance Assets:Cash-At-Brokers" not in text


def test_the_rates_of_the_last_day_stand_as_prices_of_currencies(
    journal: Journal, prove: Prove, tmp_path: Path, table: Table
) -> None:
    journal.post("2022-01-03", "C1", money("1010", 500), money("3100", -500))
    rate = {"currency": "EUR", "rate": "1.0711", "source": "ECB", "path": "EUR/USD 2022-01-28"}
    dated = rate | {"date": date(2022, 1, 31), "rate_date": date(2022, 1, 28)}
    earlier = dated | {"date": date(2022, 1, 30), "rate": "1.05"}
    month = journal.month("2022-01", conversions=table(tables.CONVERSIONS, [earlier, dated]))
    text = prove(tmp_path, journal, month)
    assert (
        "2022-01-31 price EUR 1.0711 USD\n"
        "  price-date: 2022-01-28\n"
        '  source: "ECB"\n'
        '  path: "EUR/USD 2022-01-28"\n'
    ) in text
    assert "1.05 USD" not in text


def test_an_item_links_the_event_that_it_came_from(
    journal: Journal, prove: Prove, tmp_path: Path
) -> None:
    lines = money("1010", 5), money("3100", -5)
    revaluation = {"event_kind": "revaluation", "kind": "mark"}
    journal.post("2022-01-31", "T1/amount", *lines, **revaluation)
    journal.post("2022-01-31", "revaluation:1010/EUR/B1", *lines, **revaluation)
    text = prove(tmp_path, journal, journal.month("2022-01"))
    assert '"n" #MOM ^T1\n' in text
    assert '"n" #MOM\n' in text
