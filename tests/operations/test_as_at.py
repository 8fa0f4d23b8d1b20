"""Looking back along the third clock: a report as at a batch never changes."""

from __future__ import annotations

from tests.operations.desk import Desk, refusal

from subledger.operations.reporting import REPORTS, report, view_of
from subledger.statements.report import report_csv

TRADE = "trade_id version trade_date settled_date side quantity price"
PERIODS = ("2026-01", "2026-Q1")


def shown(desk: Desk, as_at: int | None = None) -> dict[tuple[str, str], str]:
    """Return every report of a month and its quarter as CSV."""
    tables = {}
    for period in PERIODS:
        view = view_of(desk.books, period, as_at=as_at)
        for name in REPORTS:
            tables[name, period] = report_csv(report(view, name), view.units)
    return tables


def test_a_report_as_at_a_batch_is_the_report_that_was_made_then(desk: Desk) -> None:
    history = {}

    def remember() -> None:
        history[desk.batch] = shown(desk)

    desk.takes("prices", "date price\n01-30 11.00\n02-27 12.00")
    desk.takes("trades", f"{TRADE}\nT1 1 01-05 01-07 buy 100 10\nT2 1 01-12 02-02 sell 30 12")
    remember()
    desk.post()
    remember()
    desk.takes("trades", f"{TRADE}\nT1 2 01-05 01-07 buy 100 10.50")
    desk.post()
    remember()
    desk.takes("prices", "date price\n01-30 11.20")
    desk.close("2026-01")
    remember()
    desk.takes("trades", f"{TRADE}\nT3 1 01-08 01-12 buy 5 9\nT4 1 02-03 02-05 sell 80 12")
    desk.post()
    remember()
    for basis in ("US-GAAP", "US-TAX"):
        desk.sweep("LATE", "T3", basis=basis)
    desk.close("2026-02")
    remember()
    assert len(history) == 6
    for batch, then in history.items():
        assert shown(desk, as_at=batch) == then
    assert refusal(shown, desk, desk.batch + 1) == ["UNKNOWN_BATCH"]
