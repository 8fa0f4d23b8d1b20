"""Lots, balances, capital and manual journals: what enters the books beside trades."""

from __future__ import annotations

from tests.operations.desk import Desk, grid, refusal

TB = "account opening debit credit closing"

LOTS = """
as_of      lot_id side  quantity opened_on  cost     cost_base
2025-12-31 L1     long  100      2024-03-01 1000.00  1000.00
2025-12-31 L2     short 20       2025-11-03 260.00   260.00
"""
BALANCES = """
as_of      account amount   amount_base strategy broker_account
2025-12-31 1020    5000.00  5000.00     S1       K1
2025-12-31 3010    -5000.00 -5000.00    S1       K1
"""


def test_what_was_taken_over_is_the_opening_column_of_the_first_month(desk: Desk) -> None:
    # L2 must be in a pool of its own: long and short of one pool cannot stand together
    desk.takes("opening_lots", LOTS.replace("L2     short", "L2     short"))
    desk.takes("opening_balances", BALANCES)
    desk.post()
    assert desk.report("trial-balance", "2025-12", TB) == grid("""
        account opening debit   credit  closing
        1020    0.00    5000.00 0.00    5000.00
        1210    0.00    1000.00 0.00    1000.00
        2210    0.00    0.00    260.00  -260.00
        3010    0.00    0.00    5000.00 -5000.00
        3090    0.00    5260.00 6000.00 -740.00
    """)
    assert desk.report("trial-balance", "2026-01", TB) == grid("""
        account opening  debit credit closing
        1020    5000.00  0.00  0.00   5000.00
        1210    1000.00  0.00  0.00   1000.00
        2210    -260.00  0.00  0.00   -260.00
        3010    -5000.00 0.00  0.00   -5000.00
        3090    -740.00  0.00  0.00   -740.00
    """)


def test_a_lot_that_was_taken_over_is_relieved_first_and_keeps_its_date(desk: Desk) -> None:
    desk.takes("opening_lots", "\n".join(LOTS.strip().splitlines()[:2]))
    desk.takes(
        "trades",
        """
        trade_id trade_date settled_date side quantity price
        T1       01-05      01-07        buy  50       12.00
        T2       01-06      01-08        sell 120      15.00
        """,
    )
    desk.takes("prices", "date price\n01-30 16.00")
    desk.close("2026-01")
    columns = "lot_id opened_on quantity proceeds cost gain term"
    assert desk.report("realised", "2026-01", columns) == grid("""
        lot_id opened_on  quantity proceeds cost    gain   term
        L1     2024-03-01 100      1500.00  1000.00 500.00 long
        T1     2026-01-05 20       300.00   240.00  60.00  short
    """)
    assert desk.report("unrealised", "2026-01", "lot_id quantity cost unrealised") == grid("""
        lot_id quantity cost   unrealised
        T1     30       360.00 120.00
    """)
    assert [close.period for close in desk.books.control.read().closes("US-GAAP")] == ["2026-01"]


def test_what_is_taken_over_for_one_basis_is_not_in_the_other(desk: Desk) -> None:
    lots = "as_of lot_id quantity opened_on cost cost_base basis\n"
    desk.takes(
        "opening_lots",
        lots
        + "2025-12-31 L1 100 2024-03-01 1000.00 1000.00 US-GAAP\n"
        + "2025-12-31 L1 100 2024-03-01 1010.00 1010.00 US-TAX\n",
    )
    desk.takes("prices", "date price\n01-30 16.00")
    desk.close("2026-01")
    assert desk.report("lots", "2026-01", "lot_id cost")[1:] == [("L1", "1000.00")]
    assert desk.report("lots", "2026-01", "lot_id cost", basis="US-TAX")[1:] == [("L1", "1010.00")]
    late = lots + "2025-12-31 L3 5 2024-03-01 50.00 50.00 US-TAX\n"
    desk.takes("opening_lots", late)
    gaap, tax = desk.post()
    assert (gaap.exceptions, tax.exceptions) == (0, 1)
    assert desk.exceptions(basis="US-TAX")[1:] == [("LATE", "2026-02", "L3", "open")]
    assert refusal(desk.sweep, "LATE", "L3", basis="US-TAX") == ["NOT_SWEEPABLE"]


def test_a_contribution_paid_later_is_receivable_until_then(desk: Desk) -> None:
    desk.takes(
        "cash",
        """
        event_id date  settled_date kind         amount
        C1       01-30 02-03        contribution 1000.00
        C2       01-30 01-30        withdrawal   -200.00
        C3       01-30 02-05        withdrawal   -50.00
        """,
    )
    desk.close("2026-01")
    assert desk.report("trial-balance", "2026-01", "account closing") == grid("""
        account closing
        1020    -200.00
        1490    1000.00
        2610    -50.00
        3010    -1000.00
        3020    250.00
    """)
    desk.close("2026-02")
    columns = "event_id accounting_date account amount"
    assert desk.report("journal", "2026-02", columns) == grid("""
        event_id accounting_date account amount
        C1       2026-02-03      1020    1000.00
        C1       2026-02-03      1490    -1000.00
        C3       2026-02-05      2610    50.00
        C3       2026-02-05      1020    -50.00
    """)


ACCRUAL = """
journal_id line date  account amount  amount_base reverse_on broker_account
J1         1    01-30 6410    300.00  300.00      02-02      -
J1         2    01-30 2480    -300.00 -300.00     02-02      -
"""


def test_a_manual_journal_is_reversed_on_the_date_it_names(desk: Desk) -> None:
    desk.takes("journals", ACCRUAL)
    desk.close("2026-01")
    desk.close("2026-02")
    columns = "kind accounting_date activity_date account debit credit reason"
    assert desk.report("journal", "2026-01", columns) == grid("""
        kind   accounting_date activity_date account debit  credit reason
        manual 2026-01-30      2026-01-30    6410    300.00 0.00   month_end
        manual 2026-01-30      2026-01-30    2480    0.00   300.00 month_end
    """)
    assert desk.report("journal", "2026-02", columns) == grid("""
        kind   accounting_date activity_date account debit  credit reason
        manual 2026-02-02      2026-02-02    6410    0.00   300.00 month_end
        manual 2026-02-02      2026-02-02    2480    300.00 0.00   month_end
    """)
    assert desk.report("trial-balance", "2026-02", TB) == grid("""
        account opening debit  credit closing
        2480    -300.00 300.00 0.00   0.00
        6410    300.00  0.00   300.00 0.00
    """)


def test_a_late_journal_that_is_waived_is_never_reversed_either(desk: Desk) -> None:
    desk.takes("journals", ACCRUAL)
    desk.close("2026-01")
    late = ACCRUAL.replace("J1", "J2").replace("02-02", "03-02")
    desk.takes("journals", late)
    desk.takes("cash", "event_id date settled_date amount\nC9 01-30 03-03 500.00")
    desk.post()
    for basis in ("US-GAAP", "US-TAX"):
        desk.waive("LATE", "J2", basis=basis)
        desk.waive("LATE", "C9", basis=basis)
    desk.close("2026-02")
    desk.close("2026-03")
    assert desk.report("journal", "2026-03")[1:] == []
