"""A Flex statement's cash and its corporate actions, on small statements of our own."""

from __future__ import annotations

from xml.sax.saxutils import escape

import pytest

from subledger.importers.ibkr_flex import read_ibkr_flex
from subledger.importers.source import Intake, Source

DEPOSIT = {
    "accountId": "U1",
    "levelOfDetail": "DETAIL",
    "type": "Deposits/Withdrawals",
    "currency": "USD",
    "amount": "1000",
    "transactionID": "8001",
    "dateTime": "2026-01-05;02:00:00",
    "settleDate": "2026-01-06",
    "reportDate": "2026-01-05",
    "description": "CASH RECEIPTS",
}
DIVIDEND = {
    "type": "Dividends",
    "symbol": "ACME",
    "conid": "100",
    "amount": "6.00",
    "actionID": "500",
    "settleDate": "2026-01-20",
    "reportDate": "2026-01-21",
    "exDate": "2026-01-12",
    "description": "ACME CASH DIVIDEND USD 0.60 PER SHARE",
}
WITHHOLDING = DIVIDEND | {"type": "Withholding Tax", "amount": "-0.90", "exDate": ""}
ACCRUAL = {
    "assetCategory": "STK",
    "symbol": "ACME",
    "conid": "100",
    "currency": "USD",
    "date": "2026-01-11",
    "reportDate": "2026-01-12",
    "exDate": "2026-01-12",
    "payDate": "2026-01-20",
    "quantity": "10",
    "grossRate": "0.6",
    "grossAmount": "6",
    "tax": "0.9",
    "code": "Po",
}
REVERSAL = {"date": "2026-01-20", "grossAmount": "-6", "tax": "-0.9", "code": "Re"}


def element(tag: str, attributes: dict[str, str], **more: str) -> str:
    pairs = (attributes | more).items()
    written = "".join(f' {name}="{escape(value)}"' for name, value in pairs)
    return f"<{tag}{written} />"


def cash(*changes: dict[str, str], **more: str) -> str:
    attributes = dict(DEPOSIT)
    for change in changes:
        attributes |= change
    return element("CashTransaction", attributes, **more)


def accrual(*changes: dict[str, str], **more: str) -> str:
    attributes = dict(ACCRUAL)
    for change in changes:
        attributes |= change
    return element("ChangeInDividendAccrual", attributes, **more)


def read(*rows: str, kind: str = "cash", count: int = 1) -> Source:
    """Read rows as a statement of January 2026; they begin on line 5."""
    lines = [
        '<FlexQueryResponse queryName="Books" type="AF">',
        f'<FlexStatements count="{count}">',
        '<FlexStatement accountId="U1" fromDate="2026-01-01" toDate="2026-01-31">',
        "<Rows>",
        *rows,
        "</Rows></FlexStatement></FlexStatements></FlexQueryResponse>",
    ]
    return read_ibkr_flex("\n".join(lines).encode(), Intake(file="s.xml", kind=kind))


def rows(source: Source, *names: str) -> list[tuple[str, ...]]:
    columns = dict(zip(source.header, source.columns, strict=True))
    return list(zip(*(columns[name] for name in names), strict=True))


def codes(found: Source) -> list[tuple[str, int | None]]:
    return [(finding.code, finding.row) for finding in [*found.findings, *found.notes]]


def test_cash_is_booked_on_the_day_of_the_report_and_settles_no_earlier() -> None:
    """The broker values a dividend on its pay date and books it a day later."""
    source = read(cash(), cash(DIVIDEND, transactionID="8002"))
    names = ("event_id", "date", "settled_date", "kind", "broker_account", "book", "amount")
    assert rows(source, *names) == [
        ("ibkr:8001", "2026-01-05", "2026-01-06", "contribution", "U1", "MAIN", "1000"),
        ("ibkr:8002", "2026-01-21", "", "dividend", "U1", "MAIN", "6.00"),
    ]


@pytest.mark.parametrize(
    ("said", "amount", "description", "kind"),
    [
        ("Deposits/Withdrawals", "5", "CASH RECEIPTS", "contribution"),
        ("Deposits & Withdrawals", "-5", "DISBURSEMENT", "withdrawal"),
        ("Deposits/Withdrawals", "0.01", "ADJUSTMENT: COMMISSION", "fee"),
        ("Dividends", "5", "", "dividend"),
        ("Payment In Lieu Of Dividends", "-5", "", "dividend"),
        ("Withholding Tax", "-5", "", "withholding"),
        ("Broker Interest Paid", "-5", "", "interest"),
        ("Broker Interest Received", "5", "", "interest"),
        ("Bond Interest Received", "5", "", "coupon"),
        ("Other Fees", "-5", "", "fee"),
        ("Commission Adjustments", "5", "", "fee"),
        ("Advisor Fees", "-5", "", "fee"),
    ],
)
def test_a_type_of_the_broker_becomes_a_kind(
    said: str, amount: str, description: str, kind: str
) -> None:
    source = read(cash(type=said, amount=amount, description=description))
    assert rows(source, "kind", "amount") == [(kind, amount)]


@pytest.mark.parametrize(
    ("said", "description"),
    [("Price Adjustments", ""), ("Deposits/Withdrawals", "ADJUSTMENT: CASH"), ("", "")],
)
def test_a_type_without_a_kind_is_refused(said: str, description: str) -> None:
    source = read(cash(), cash(type=said, description=description))
    assert [(found.code, found.row, found.column, found.value) for found in source.findings] == [
        ("FLEX_CASH_TYPE", 6, "type", said)
    ]


def test_details_are_booked_and_their_summary_is_not() -> None:
    summary = cash(levelOfDetail="SUMMARY", amount="1500", transactionID="", accountId="-")
    source = read(summary, cash(), cash(amount="500", transactionID="8002"))
    assert rows(source, "event_id", "amount") == [("ibkr:8001", "1000"), ("ibkr:8002", "500")]
    assert codes(source) == []


def test_a_summary_without_details_is_booked_under_an_id_of_its_fields() -> None:
    summary = {"levelOfDetail": "SUMMARY", "transactionID": "", "accountId": "-"}
    source = read(cash(summary), cash(summary), cash(summary, DIVIDEND))
    assert rows(source, "event_id", "broker_account") == [
        ("ibkr:U1:20260105:contribution:USD:1000:1", "U1"),
        ("ibkr:U1:20260105:contribution:USD:1000:2", "U1"),
        ("ibkr:U1:20260121:dividend:500:6.00:1", "U1"),
    ]


def test_details_that_do_not_add_up_to_their_summary_are_refused() -> None:
    summary = cash(levelOfDetail="SUMMARY", amount="1500", transactionID="")
    assert codes(read(cash(), summary)) == [("FLEX_SUMMARY_DIFFERS", 6)]


def test_an_amount_of_zero_is_left_out_with_a_note() -> None:
    source = read(cash(amount="0.00"))
    assert (source.numbers, codes(source)) == ([], [("FLEX_NOT_IMPORTED", 5)])


def test_an_accrual_becomes_a_dividend_with_the_rate_that_is_withheld() -> None:
    source = read(accrual(), accrual(REVERSAL), kind="corporate_actions")
    names = ("event_id", "kind", "ex_date", "pay_date", "instrument", "amount", "withholding_rate")
    assert rows(source, *names) == [
        ("ibkr:100:20260112:0.6", "dividend", "2026-01-12", "2026-01-20", "ACME", "0.6", "0.15")
    ]
    assert codes(source) == []


@pytest.mark.parametrize(
    ("gross", "tax", "rate"),
    [("15.76", "1.58", "0.1"), ("6", "0", ""), ("6", "-0.9", ""), ("43", "11.34", "0.2637")],
)
def test_the_rate_is_the_shortest_that_gives_the_tax_to_a_cent(
    gross: str, tax: str, rate: str
) -> None:
    source = read(accrual(grossAmount=gross, tax=tax), kind="corporate_actions")
    assert rows(source, "withholding_rate") == [(rate,)]


def test_a_dividend_that_only_its_reversal_tells_is_told() -> None:
    source = read(accrual(REVERSAL), kind="corporate_actions")
    assert rows(source, "amount", "withholding_rate") == [("0.6", "0.15")]


def test_an_accrual_that_is_withdrawn_before_its_pay_date_is_noted() -> None:
    withdrawn = accrual(REVERSAL, date="2026-01-13")
    source = read(accrual(), withdrawn, kind="corporate_actions")
    assert (source.numbers, codes(source)) == ([], [("FLEX_NOT_IMPORTED", 6)])


def test_a_rate_that_the_reversal_corrects_is_the_dividends_rate() -> None:
    """The reversal states the new rate beside the amount that was accrued at the old one."""
    corrected = accrual(REVERSAL, grossRate="0.65")
    source = read(accrual(), corrected, kind="corporate_actions")
    assert rows(source, "event_id", "amount") == [("ibkr:100:20260112:0.6", "0.65")]
    paid = read(accrual(), corrected, cash(DIVIDEND, amount="6.50"))
    assert rows(paid, "reference") == [("ibkr:100:20260112:0.6",)]


def test_cash_refers_to_its_dividend_by_action_ex_date_and_amount() -> None:
    unrelated = cash(DIVIDEND, actionID="501", amount="7.00")
    source = read(accrual(), cash(WITHHOLDING), cash(DIVIDEND), unrelated)
    assert rows(source, "kind", "reference") == [
        ("withholding", "ibkr:100:20260112:0.6"),
        ("dividend", "ibkr:100:20260112:0.6"),
        ("dividend", "ibkr:501"),
    ]


def test_an_accrual_that_names_its_action_is_known_by_it() -> None:
    events = read(accrual(actionID="500"), kind="corporate_actions")
    paid = read(accrual(actionID="500"), cash(DIVIDEND), cash(WITHHOLDING))
    assert rows(events, "event_id") == [("ibkr:500",)]
    assert rows(paid, "reference") == [("ibkr:500",), ("ibkr:500",)]


def test_cash_without_an_action_refers_to_no_dividend() -> None:
    """What one payment without an action pays says nothing about the others."""
    unnamed = cash(DIVIDEND, actionID="")
    unrelated = cash(WITHHOLDING, actionID="", symbol="OAK", conid="55")
    source = read(accrual(), unnamed, unrelated, cash(DIVIDEND))
    assert rows(source, "kind", "reference") == [
        ("dividend", ""),
        ("withholding", ""),
        ("dividend", "ibkr:100:20260112:0.6"),
    ]


def test_a_second_statement_of_an_account_takes_nothing_from_the_first() -> None:
    february = '<FlexStatement accountId="U1" fromDate="2026-02-01" toDate="2026-02-28">'
    late = cash(WITHHOLDING, transactionID="8002", reportDate="2026-02-02")
    source = read(
        *(accrual(), cash(DIVIDEND), "</Rows></FlexStatement>", february, "<Rows>", late), count=2
    )
    assert rows(source, "kind", "reference") == [
        ("dividend", "ibkr:100:20260112:0.6"),
        ("withholding", "ibkr:100:20260112:0.6"),
    ]


def change(kind: str, *parts: tuple[str, str, str]) -> list[str]:
    shared = {"type": kind, "actionID": "77", "reportDate": "2026-01-15", "assetCategory": "STK"}
    return [
        element("CorporateAction", shared, symbol=symbol, conid=conid, quantity=quantity)
        for symbol, conid, quantity in parts
    ]


def test_a_change_of_identifier_is_a_symbol_change() -> None:
    parts = change("IC", ("OLD", "1", "-24"), ("NEW", "2", "24"))
    source = read(*parts, kind="corporate_actions")
    names = ("event_id", "kind", "ex_date", "instrument", "ratio", "new_instrument")
    assert rows(source, *names) == [("ibkr:77", "symbol_change", "2026-01-15", "OLD", "1", "NEW")]


@pytest.mark.parametrize(
    "parts",
    [
        change("TC", ("OLD", "1", "-24"), ("NEW", "2", "24")),
        change("IC", ("OLD", "1", "-24"), ("NEW", "2", "12")),
        change("IC", ("OLD", "1", "-24")),
    ],
)
def test_another_corporate_action_is_noted(parts: list[str]) -> None:
    source = read(*parts, kind="corporate_actions")
    assert (source.numbers, codes(source)) == ([], [("FLEX_NOT_IMPORTED", 5)])
