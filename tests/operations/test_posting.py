"""Posting is a difference: only what changed is reversed and booked again."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest
from tests.operations.desk import Desk, Rows, grid

from subledger.operations.posting import post

BUYS = """
trade_id trade_date settled_date side quantity price
T1       01-05      01-07        buy  100      10.00
T2       01-06      01-08        buy  100      11.00
"""
SALE = """
trade_id trade_date settled_date side quantity price
T3       01-12      01-14        sell 50       12.00
"""
ENTRIES = "entry_id kind event_id event_version accounting_date reverses reason"


def entries(desk: Desk, period: str = "2026-01") -> Rows:
    """Return each entry of the first basis once, by number."""
    rows = desk.report("journal", period, ENTRIES)
    return sorted(set(rows[1:]))


def live(desk: Desk) -> Rows:
    """Return what stands: the lines of entries that are neither reversals nor reversed."""
    rows = desk.report(
        "journal",
        "2026-01",
        "entry_id kind reverses event_id event_version account amount quantity lot_id",
    )[1:]
    gone = {row[2] for row in rows} | {row[0] for row in rows if row[1] == "reversal"}
    return sorted(row[3:] for row in rows if row[0] not in gone)


def test_posting_twice_posts_nothing(desk: Desk) -> None:
    desk.takes("trades", BUYS)
    first = desk.post()
    assert [(r.basis, r.entries, r.reversals) for r in first] == [
        ("US-GAAP", 4, 0),
        ("US-TAX", 4, 0),
    ]
    last = desk.batch
    again = desk.post()
    assert [(r.entries, r.reversals, r.months) for r in again] == [(0, 0, ()), (0, 0, ())]
    assert desk.batch == last


def test_an_amended_trade_reverses_its_own_entries_and_the_sale_that_took_its_lot(
    desk: Desk,
) -> None:
    desk.takes("trades", BUYS)
    desk.takes("trades", SALE)
    desk.post()
    assert [row[0][-1] + row[2] for row in entries(desk)] == [
        "1T1",
        "2T2",
        "3T1",
        "4T2",
        "5T3",
        "6T3",
    ]
    desk.takes(
        "trades",
        """
        trade_id version trade_date settled_date side quantity price
        T1       2       01-05      01-07        buy  100      10.50
        """,
    )
    desk.post()
    assert entries(desk)[6:] == grid("""
        US-GAAP-00000007 reversal T3 1 2026-01-12 US-GAAP-00000005 rebooked
        US-GAAP-00000008 reversal T1 1 2026-01-07 US-GAAP-00000003 no_longer_booked
        US-GAAP-00000009 reversal T1 1 2026-01-05 US-GAAP-00000001 no_longer_booked
        US-GAAP-00000010 normal   T1 2 2026-01-05 -                -
        US-GAAP-00000011 normal   T1 2 2026-01-07 -                -
        US-GAAP-00000012 normal   T3 1 2026-01-12 -                -
    """)
    assert desk.report("realised", "2026-01", "relief_id proceeds cost gain") == grid("""
        relief_id proceeds cost   gain
        T3:r0001  600.00   525.00 75.00
    """)


def test_an_amended_fee_leaves_the_sale_alone_where_fees_are_expensed(desk: Desk) -> None:
    desk.takes("trades", BUYS)
    desk.takes("trades", SALE)
    desk.post()
    desk.takes(
        "trades",
        """
        trade_id version trade_date settled_date side quantity price commission
        T1       2       01-05      01-07        buy  100      10.00 2.00
        """,
    )
    gaap, tax = desk.post()
    assert (gaap.entries, gaap.reversals) == (2, 2)
    assert (tax.entries, tax.reversals) == (3, 3)


def test_a_cancelled_trade_is_reversed_even_where_nothing_else_is_known(desk: Desk) -> None:
    desk.takes(
        "trades", "trade_id trade_date settled_date side quantity price\nT1 01-05 02-02 buy 9 10"
    )
    desk.post()
    desk.takes(
        "trades",
        "trade_id trade_date side quantity price status\nT1 01-05 buy 9 10 cancelled",
    )
    results = desk.post()
    assert [(r.entries, r.reversals, r.months) for r in results] == [
        (0, 2, ("2026-01", "2026-02"))
    ] * 2
    assert desk.report("trial-balance", "2026-02")[1:] == []
    assert desk.report("lots", "2026-02")[1:] == []
    assert desk.post()[0].reversals == 0


def test_a_back_dated_trade_rebooks_only_the_sale_that_it_feeds(desk: Desk) -> None:
    desk.takes("trades", BUYS)
    desk.takes("trades", SALE)
    desk.post()
    desk.takes(
        "trades",
        "trade_id trade_date settled_date side quantity price\nT0 01-02 01-06 buy 30 9.00",
    )
    desk.post()
    assert entries(desk)[6:] == grid("""
        US-GAAP-00000007 reversal T3 1 2026-01-12 US-GAAP-00000005 rebooked
        US-GAAP-00000008 normal   T0 1 2026-01-02 -                -
        US-GAAP-00000009 normal   T0 1 2026-01-06 -                -
        US-GAAP-00000010 normal   T3 1 2026-01-12 -                -
    """)
    # 30 of the 50 sold at 12.00 now cost 9.00: 600 - 270 - 200
    assert desk.report("realised", "2026-01", "lot_id quantity cost gain") == grid("""
        lot_id quantity cost   gain
        T0     30       270.00 90.00
        T1     20       200.00 40.00
    """)


def test_a_trade_that_moves_to_another_open_month_leaves_the_one_it_was_in(desk: Desk) -> None:
    desk.takes(
        "trades", "trade_id trade_date settled_date side quantity price\nT1 02-03 02-05 buy 9 10"
    )
    desk.post()
    desk.takes(
        "trades",
        """
        trade_id version trade_date settled_date side quantity price
        T1       2       01-28      01-30        buy  9        10.00
        """,
    )
    result = desk.post()[0]
    assert (result.entries, result.reversals, result.months) == (2, 2, ("2026-01", "2026-02"))
    assert desk.report("trial-balance", "2026-02", "account opening debit closing") == grid("""
        account opening debit closing
        1020    -90.00  0.00  -90.00
        1210    90.00   0.00  90.00
    """)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_in_which_files_arrive_changes_no_entry_that_stands(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    amended = """
        trade_id version trade_date settled_date side quantity price
        T2       2       01-06      01-08        buy  100      11.50
    """
    files = [BUYS, SALE, amended]
    straight, other = Desk(tmp_path / "straight"), Desk(tmp_path / "other")
    for file in files:
        straight.takes("trades", file)
    straight.post()
    for number in order:
        other.takes("trades", files[number])
        other.post()
    assert live(other) == live(straight)
    for name in ("trial-balance", "lots", "realised", "unsettled", "positions"):
        assert other.report(name, "2026-01") == straight.report(name, "2026-01")


def test_a_dry_run_says_what_would_be_posted_and_writes_nothing(desk: Desk) -> None:
    desk.takes("trades", BUYS)
    last = desk.batch
    assert [result.entries for result in post(desk.books, dry_run=True)] == [4, 4]
    assert (desk.batch, desk.report("journal", "2026-01")[1:]) == (last, [])
