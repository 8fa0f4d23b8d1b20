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
    "LATER_CURRENCY": Code(
        "The row is in another currency than the base currency, which is not booked yet.",
        "waive it with a reason; it stays listed until currencies are booked",
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
    "LATER_SPECIFIC_LOTS": Code(
        "The trade names the lots to relieve, which is not booked yet.",
        "waive it with a reason; it stays listed until specific identification is booked",
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
