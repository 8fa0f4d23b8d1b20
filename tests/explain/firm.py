"""Tiny books with one of everything that can be explained, and a clock that stands still."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from tests.operations.desk import Desk

from subledger.config import load_settings
from subledger.operations.books import Books
from subledger.store.control import Control

NOON = datetime(2023, 1, 4, 12, tzinfo=UTC)

INSTRUMENTS = """
instrument asset_class currency name       exchange
AAA        equity      USD      Alpha_Inc. XNYS
BBB        etf         USD      Beta_Fund  XNYS
"""
PRICES = """
date       instrument price   source
2022-12-15 AAA        4.25    NYSE
2022-12-15 BBB        18.505  NYSE
2022-12-30 AAA        3.999   NYSE
2022-12-30 BBB        21.1    NYSE
"""
OPENING_LOTS = """
as_of      lot_id instrument quantity opened_on  cost  cost_base broker_account book strategy
2022-11-30 O-1    AAA        7        2021-06-01 12.34 12.34     K2             B2   S2
"""
OPENING_BALANCES = """
as_of      account amount  amount_base broker_account
2022-11-30 2480    -500.00 -500.00     -
"""
CASH = """
event_id date       settled_date kind         amount
C-1      2022-12-01 2022-12-02   contribution 1000.00
"""
JOURNALS = """
journal_id line date       account amount amount_base broker_account reason
J-1        1    2022-12-20 6120    25.00  25.00       -              Market_data
J-1        2    2022-12-20 1020    -25.00 -25.00      K1             Market_data
"""
# T-1 costs 10.00 for 3 units, T-4 crosses zero, T-8 states its gross and has not settled.
TRADES = """
trade_id status    trade_date side quantity price  instrument commission exchange_fee gross_amount
T-1      confirmed 2022-12-01 buy  3        3.3333 AAA        0.10       -            -
T-2      settled   2022-12-05 sell 1        4      AAA        0.10       -            -
T-3      settled   2022-12-06 sell 1        4      AAA        0.10       -            -
T-4      settled   2022-12-07 sell 2        5      AAA        0.05       -0.03        -
T-5      settled   2022-12-08 sell 10       20     BBB        0.33       -            -
T-8      confirmed 2022-12-29 buy  7        3.3337 AAA        -          -            23.33
"""
# Under US-TAX, where pools are wider, T-6 and T-7 close the other book's short. T-7 is amended.
# T-9 sells of a lot taken over; T-10 names a lot that nobody knows.
OTHER_BOOK = """
trade_id status  trade_date side quantity price book strategy broker_account instrument lots
T-6      settled 2022-12-09 buy  4        18    B2   S2       K1             BBB        -
T-7      settled 2022-12-12 buy  5        19    B2   S2       K1             BBB        -
T-9      settled 2022-12-14 sell 5        2.5   B2   S2       K2             AAA        -
T-10     settled 2022-12-15 sell 1        2.5   B2   S2       K2             AAA        O-9:1
"""
AMENDED = """
trade_id version status  trade_date side quantity price book strategy instrument
T-7      2       settled 2022-12-12 buy  6        19    B2   S2       BBB
"""
AFTER_THE_MARK = """
trade_id status  trade_date side quantity price instrument
T-11     settled 2022-12-19 buy  3        18.25 BBB
"""
SETTLEMENTS = """
trade_id event_id date       status
T-1      S-1      2022-12-05 settled
"""


@dataclass
class StillDesk(Desk):
    """A desk whose commands are all run by ada, at noon."""

    @property
    def books(self) -> Books:
        """Return the books as a new command opens them."""
        settings = load_settings(self.folder)
        control = Control.open(
            self.folder, settings.store_url, create=True, clock=lambda: NOON, actor="ada"
        )
        return Books(self.folder, settings, control)


def tell_the_year(desk: Desk) -> None:
    """Import, post, amend, mark, and close December 2022 and the year."""
    desk.takes("instruments", INSTRUMENTS)
    desk.takes("prices", PRICES)
    desk.takes("opening_lots", OPENING_LOTS)
    desk.takes("opening_balances", OPENING_BALANCES)
    desk.takes("cash", CASH)
    desk.takes("journals", JOURNALS)
    desk.takes("trades", TRADES)
    desk.takes("trades", OTHER_BOOK)
    desk.takes("settlements", SETTLEMENTS)
    desk.post()
    desk.takes("trades", AMENDED)
    desk.post()
    desk.mark("2022-12-15")
    desk.takes("trades", AFTER_THE_MARK)
    desk.post()
    for basis in ("US-GAAP", "US-TAX"):
        desk.waive("LOT_UNKNOWN", basis=basis)
    desk.close("2022-12")
    desk.close("2022")
