"""The journal names the import that brought each event, whatever kind of event it is."""

from __future__ import annotations

from tests.operations.desk import Desk

from subledger.operations.importing import Delivery, import_bytes
from subledger.tables import ENTRIES

PAIR = b"""instrument,asset_class,currency,base_currency,quantity_decimals
EUR.USD,fx_spot,USD,EUR,2
"""
TRADES = """
trade_id trade_date settled_date side quantity price instrument
T1       01-05      01-07        buy  100      10.00 ACME
X1       01-05      01-07        buy  100.00   1.10  EUR.USD
"""
CASH = """
event_id date  settled_date kind     amount instrument reference
C1       01-08 01-08        interest 1.23   -          -
C2       01-20 01-20        dividend 50.00  ACME       CA1
"""
ACTIONS = """
event_id kind     ex_date pay_date instrument amount currency
CA1      dividend 01-12   01-20    ACME       0.50   USD
"""
TAKEN_OVER = """
as_of      account amount  amount_base broker_account basis
2025-12-31 1020    1000.00 1000.00     K1             -
"""


def test_every_line_but_those_of_the_engine_itself_names_its_batch(desk: Desk) -> None:
    import_bytes(desk.books, Delivery("instruments", "pair.csv", PAIR))
    batches = {
        kind: desk.takes(kind, text).batch
        for kind, text in {
            "rates": "date base quote rate\n01-05 EUR USD 1.10\n01-30 EUR USD 1.20",
            "opening_balances": TAKEN_OVER,
            "trades": TRADES,
            "corporate_actions": ACTIONS,
            "cash": CASH,
        }.items()
    }
    desk.post()
    months = ("2025-12", "2026-01")
    rows = {row for month in months for row in desk.report("journal", month, "event_id batch")[1:]}
    assert rows == {
        ("opening:2025-12-31:1020:USD:B1//K1", str(batches["opening_balances"])),
        ("T1", str(batches["trades"])),
        ("X1", str(batches["trades"])),
        ("C1", str(batches["cash"])),
        ("CA1", str(batches["corporate_actions"])),
    }
    kinds = desk.books.control.read().rows(ENTRIES, basis="US-GAAP")["event_kind"]
    assert set(kinds.to_pylist()) == {
        *("opening_balance", "trade", "fx_trade", "settlement"),
        *("cash", "dividend", "dividend_settlement"),
    }
