"""Why an event waits in the exception queue."""

from __future__ import annotations

from subledger.errors.code import Code, Exit

EXCEPTION_CODES: dict[str, Code] = {
    "LATE": Code(
        "An event is dated in a closed period; it was kept and posted nowhere.",
        "sweep it into the open period (subledger exceptions sweep ID) or waive it with a reason",
        Exit.FINDINGS,
        waivable=True,
    ),
    "MISSING_PRICE": Code(
        "An open lot has no price on or before the mark date.",
        "import a price for the instrument; a missing price cannot be waived",
        Exit.FINDINGS,
    ),
    "STALE_PRICE": Code(
        "The latest price is older than the last session of the instrument's exchange.",
        "import the price of that session, or accept it: subledger exceptions waive ID --reason",
        Exit.FINDINGS,
        waivable=True,
    ),
    "NO_RULE": Code(
        "No posting rule covers the event.",
        "add a rule for its cell of the decision table, or waive it with a reason",
        Exit.FINDINGS,
        waivable=True,
    ),
    "OVER_CLOSE": Code(
        "A trade with position_effect close is larger than the open position.",
        "import the missing acquisition, or amend the trade",
        Exit.FINDINGS,
        waivable=True,
    ),
    "SHORT_NOT_ALLOWED": Code(
        "A sale goes beyond the position where lots.allow_short is false.",
        "import the missing acquisition, or set lots.allow_short",
        Exit.FINDINGS,
        waivable=True,
    ),
    "ACTION_FRACTION": Code(
        "A corporate action leaves a fraction of a unit, or a lot without any unit.",
        "state cash_in_lieu_price 0 where the broker drops the fraction, or waive it with a reason "
        "and book it as trades",
        Exit.FINDINGS,
        waivable=True,
    ),
    "LOT_UNKNOWN": Code(
        "A trade names a lot that is not open in its pool on that side, or more units than it has.",
        "amend the column lots of the trade, or import the missing acquisition",
        Exit.FINDINGS,
        waivable=True,
    ),
    "LOTS_MISMATCH": Code(
        "The lots that a trade names do not add up to the quantity that it closes.",
        "amend the column lots of the trade",
        Exit.FINDINGS,
        waivable=True,
    ),
    "LOTS_NOT_NAMED": Code(
        "A trade names no lots under SPECIFIC, and more than one could be meant.",
        "name them in the column lots of the trade, as LOT_ID:QUANTITY;...",
        Exit.FINDINGS,
        waivable=True,
    ),
    "MISSING_RATE": Code(
        "No exchange rate of a currency is known on or before the date, by no path.",
        "import a rate of the currency; a missing rate cannot be waived",
        Exit.FINDINGS,
    ),
    "STALE_RATE": Code(
        "The latest exchange rate of a currency is older than rates.max_age days.",
        "import a rate of the date, or accept it: subledger exceptions waive ID --reason",
        Exit.FINDINGS,
        waivable=True,
    ),
    "FX_TERMS": Code(
        "An exchange does not settle in its own two currencies, or not in whole ledger units.",
        "amend the trade, or give the currency more decimals in a new books folder",
        Exit.FINDINGS,
        waivable=True,
    ),
    "DIVIDEND_DIFFERS": Code(
        "The cash of a day is not what the dividend it pays comes to.",
        "correct the corporate action or the cash, or waive it with a reason and book it by hand",
        Exit.FINDINGS,
        waivable=True,
    ),
    "NO_EVENT": Code(
        "A dividend or withholding was booked as cash, because no dividend of it is known.",
        "import the corporate action where there is one; it does not stop a close",
        Exit.FINDINGS,
        waivable=True,
        stops_a_close=False,
    ),
    "LATER_CORPORATE_ACTION": Code(
        "A corporate action of an instrument that is held is not booked yet.",
        "waive it with a reason, and book it as a manual journal until its kind is booked",
        Exit.FINDINGS,
        waivable=True,
    ),
    "LATER_ASSET_CLASS": Code(
        "The instrument's asset class is not booked yet.",
        "waive it with a reason; it stays listed until the class is booked",
        Exit.FINDINGS,
        waivable=True,
    ),
    "LATER_CASH_KIND": Code(
        "The kind of this cash row is not booked yet.",
        "waive it with a reason, and book it as a manual journal until the kind is booked",
        Exit.FINDINGS,
        waivable=True,
    ),
    "LATER_ACCRUED_INTEREST": Code(
        "The trade carries accrued interest, which is not booked yet.",
        "waive it with a reason; it stays listed until accrued interest is booked",
        Exit.FINDINGS,
        waivable=True,
    ),
    "LATER_PARTIAL_SETTLEMENT": Code(
        "A settlement of a part, or of another amount, is not booked yet.",
        "waive it with a reason; the whole item stays unsettled",
        Exit.FINDINGS,
        waivable=True,
    ),
    "UNKNOWN_TRADE": Code(
        "A settlement names a trade that is not known.",
        "import the trade; until then the settlement waits here",
        Exit.FINDINGS,
        waivable=True,
    ),
}
