"""Tiny books in euros and pounds under every lot method, for what is explained of them."""

from __future__ import annotations

from pathlib import Path

from tests.explain.firm import StillDesk

from subledger.operations.importing import Delivery, import_bytes

SETTINGS: dict[str, object] = {
    "rates.pivot": "EUR",
    "basis.US-GAAP.post_status": "confirmed",
    "basis.US-TAX.post_status": "confirmed",
    "basis.US-TAX.fx_split": "acquisition_rate",
    "basis.US-TAX.cash_fx": "average",
}
# Under US-GAAP each broker account relieves lots by a method of its own.
METHODS = {"KA": "AVERAGE", "KH": "HIFO", "KS": "SPECIFIC", "KL": "LIFO"}

INSTRUMENTS = b"""instrument,asset_class,currency,base_currency,name,quantity_decimals
EEE,equity,EUR,,Euro AG,0
GGG,equity,GBP,,Pound plc,0
EUR.USD,fx_spot,USD,EUR,Euro spot,2
"""
RATES = """
date  base quote rate   source
01-05 EUR  USD   1.10   ECB
01-05 EUR  GBP   0.88   ECB
01-07 EUR  USD   1.12   ECB
01-12 EUR  USD   1.13   ECB
01-12 EUR  GBP   0.87   ECB
01-14 EUR  USD   1.125  ECB
01-14 EUR  GBP   0.875  ECB
01-20 EUR  USD   1.14   ECB
01-20 EUR  GBP   0.89   ECB
01-29 EUR  USD   1.15   ECB
01-29 EUR  GBP   0.86   ECB
01-30 EUR  USD   1.155  ECB
02-03 EUR  USD   1.16   ECB
02-03 EUR  GBP   0.865  ECB
02-04 EUR  USD   1.17   ECB
02-27 EUR  USD   1.18   ECB
02-27 EUR  GBP   0.85   ECB
"""
PRICES = """
date  instrument price source
01-30 EEE        12.5  XETR
01-30 GGG        8.25  XLON
02-27 EEE        12.75 XETR
02-27 GGG        8.5   XLON
"""
CASH = """
event_id date  settled_date kind         amount   currency broker_account instrument reference
C-1      01-05 01-07        contribution 4000.00  EUR      K1             -          -
C-2      01-29 01-29        interest     1.23     EUR      K1             -          -
C-3      02-04 02-04        dividend     45.62    EUR      K1             EEE        CA-1
C-4      02-04 02-04        withholding  -11.41    EUR      K1             EEE        CA-1
"""
ACTIONS = """
event_id kind     ex_date pay_date instrument amount currency withholding_rate reclaimable_rate
CA-1     dividend 01-20   02-04    EEE        0.333  EUR      0.25             0.15
"""
# A-2 settles in dollars at a rate of its own, A-3 has fees in dollars, A-6 in pounds.
TRADES = """
trade_id trade_date side quantity price instrument currency commission fee_currency
X-1      01-05      buy  3000.00  1.101 EUR.USD    USD      2.00       -
A-1      01-05      buy  100      10    EEE        EUR      5.00       -
A-3      01-12      buy  30       11    EEE        EUR      3.00       USD
A-6      01-12      buy  7        11.1  EEE        EUR      1.00       GBP
A-7      02-04      buy  3        12.6  EEE        EUR      -          -
"""
OTHERWISE_SETTLED = """
trade_id trade_date side quantity price instrument currency settlement_currency settlement_rate
A-2      01-05      buy  50       8     GGG        GBP      USD                 1.251
"""
# A-4 settles after the close, A-5 crosses zero.
SALES = """
trade_id trade_date side quantity price instrument currency commission settlement_date
A-4      01-29      sell 120      12    EEE        EUR      6.00       02-03
A-5      02-03      sell 30       12.5  EEE        EUR      1.50       02-27
"""
METHOD_TRADES = """
trade_id trade_date side quantity price broker_account commission lots instrument currency
V-1      01-05      buy  10       10    KA             -          - EEE        EUR
V-2      01-12      buy  5        11    KA             -          - EEE        EUR
V-3      02-03      buy  5        12    KA             -          - EEE        EUR
V-4      02-03      sell 7        13    KA             -          - EEE        EUR
H-1      01-05      buy  10       10    KH             -          - EEE        EUR
H-2      01-12      buy  10       10    KH             2.00       - EEE        EUR
H-3      02-03      sell 5        13    KH             -          - EEE        EUR
N-1      01-05      buy  10       10    KS             -          - EEE        EUR
N-2      01-12      buy  10       11    KS             -          - EEE        EUR
N-3      02-03      sell 4        13    KS             -          N-2:3;N-1:1 EEE        EUR
L-1      01-05      buy  10       10    KL             -          - EEE        EUR
L-2      01-12      buy  10       11    KL             -          - EEE        EUR
L-3      02-03      sell 4        13    KL             -          - EEE        EUR
"""


def open_desk(folder: Path) -> StillDesk:
    """Return books whose lot method differs by broker account under US-GAAP."""
    desk = StillDesk(folder, SETTINGS)
    settings = folder / "subledger.toml"
    overrides = "".join(
        f'\n[[basis.US-GAAP.override]]\nbroker_account = "{account}"\nlots.method = "{method}"\n'
        for account, method in METHODS.items()
    )
    settings.write_text(settings.read_text("utf-8") + overrides, "utf-8")
    return desk


def tell_two_months(desk: StillDesk) -> None:
    """Import, and close January and February 2026."""
    import_bytes(desk.books, Delivery("instruments", "abroad.csv", INSTRUMENTS))
    desk.takes("rates", RATES)
    desk.takes("prices", PRICES)
    desk.takes("corporate_actions", ACTIONS)
    desk.takes("cash", CASH)
    for trades in (TRADES, OTHERWISE_SETTLED, SALES, METHOD_TRADES):
        desk.takes("trades", trades)
    desk.post()
    desk.close("2026-01")
    desk.close("2026-02")
