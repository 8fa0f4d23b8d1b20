"""Reconcile: what a broker's statement says against what the books hold."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from subledger.errors import refuse
from subledger.importers.formats import format_of
from subledger.importers.ibkr_flex_realised import realised_by_broker
from subledger.operations.books import Books
from subledger.reconcile.realised import Realised, compare_realised, realised_by_us
from subledger.statements.report import Report
from subledger.tables import RELIEFS

_STATES_GAINS = "ibkr-flex"


def reconcile_trades(books: Books, path: Path, *, basis: str = "") -> Report:
    """Compare the realised gain of every closing trade with the one that the broker states.

    Fees belong to cost and proceeds at most brokers, so a basis that capitalises fees compares
    best. The tolerance is `tolerance.gross`, in the trade's currency. Where the broker's statement
    contradicts itself about a trade, both of its figures are listed.

    Raises:
        Refused: FILE_UNREADABLE; UNKNOWN_FORMAT for a file that states no gains; the findings of
            `realised_by_broker`.
    """
    policy = books.policy(basis) if basis else books.policies()[0]
    try:
        data = path.read_bytes()
    except OSError as error:
        raise refuse("FILE_UNREADABLE", str(error.strerror), file=str(path)) from error
    if format_of(data) != _STATES_GAINS:
        message = f"only a file of format {_STATES_GAINS} states realised gains"
        raise refuse("UNKNOWN_FORMAT", message, file=path.name)
    theirs = [
        Realised(one.trade_id, one.instrument, one.currency, one.realised, one.by_rows)
        for one in realised_by_broker(data, path.name)
    ]
    reading = books.control.read()
    found = [
        reading.latest(RELIEFS, basis=policy.name, period=label)
        for label in reading.periods(RELIEFS.name, policy.name)
    ]
    ours = realised_by_us(
        [RELIEFS.empty(), *(table for table in found if table is not None)],
        books.settings.currencies,
    )
    tolerance = Decimal(books.settings.tolerances["gross"])
    return compare_realised(ours, theirs, tolerance=tolerance)
