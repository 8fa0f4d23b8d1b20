"""A broker's statement that cannot be read whole is refused, never compared in part."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.operations.desk import Desk

from subledger.errors import Exit, Refused
from subledger.operations.reconciling import reconcile_trades

SALE = (
    '<Trade levelOfDetail="EXECUTION" assetCategory="STK" symbol="ACME" conid="100"'
    ' currency="USD" transactionID="7001" transactionType="ExchTrade" buySell="SELL"'
    ' quantity="-10" tradeDate="2026-01-05" openCloseIndicator="C" fifoPnlRealized="-2"'
)
CANCEL = (
    SALE.replace("7001", "7002").replace("ExchTrade", "TradeCancel") + ' origTransactionID="7001"'
)


def statement(*trades: str) -> str:
    """Return a statement of January 2026; its executions begin on line 5."""
    lines = [
        "<FlexQueryResponse>",
        '<FlexStatements count="1">',
        '<FlexStatement accountId="U1" fromDate="2026-01-01" toDate="2026-01-31">',
        "<Trades>",
        *(f"{trade} />" for trade in trades),
        "</Trades></FlexStatement></FlexStatements></FlexQueryResponse>",
    ]
    return "\n".join(lines)


def compared(desk: Desk, folder: Path, *, text: str) -> list[dict[str, str]]:
    """Return the rows of the comparison of a statement with the desk's books."""
    path = folder / "s.xml"
    path.write_text(text, encoding="utf-8")
    rows: list[dict[str, str]] = reconcile_trades(desk.books, path).table.to_pylist()
    return rows


def test_a_closing_trade_is_compared_and_a_cancelled_one_is_not(desk: Desk, tmp_path: Path) -> None:
    """What was cancelled was never to be booked, so it is not missing."""
    rows = compared(desk, tmp_path, text=statement(SALE))
    assert [(row["trade_id"], row["result"]) for row in rows] == [("ibkr:7001", "not booked")]
    assert compared(desk, tmp_path, text=statement(SALE, CANCEL)) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (statement(SALE).removesuffix("</FlexQueryResponse>"), ("FLEX_MALFORMED", 6)),
        ("<?xml version='1.0'?><!DOCTYPE x>" + statement(SALE), ("FLEX_DOCTYPE", 1)),
        (statement(SALE.replace('"-2"', '"many"')), ("FLEX_VALUE", 5)),
        (statement(CANCEL), ("FLEX_CANCELLATION", 5)),
    ],
    ids=["truncated", "document type", "unreadable gain", "cancels what is not there"],
)
def test_a_statement_with_findings_is_refused_with_them(
    desk: Desk, tmp_path: Path, text: str, found: tuple[str, int]
) -> None:
    with pytest.raises(Refused) as refused:
        compared(desk, tmp_path, text=text)
    assert [(one.code, one.row, one.file) for one in refused.value.findings] == [(*found, "s.xml")]
    assert refused.value.exit == Exit.REFUSED
