"""Flex XML is read safely: nothing is followed, nothing is guessed, nothing is lost silently."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subledger.events.context import Limits
from subledger.importers.formats import format_of
from subledger.importers.ibkr_flex import read_ibkr_flex
from subledger.importers.source import Intake, Source

HEAD = (
    '<FlexQueryResponse queryName="Books" type="AF">\n<FlexStatements count="1">\n'
    '<FlexStatement accountId="U1" fromDate="2026-01-01" toDate="2026-01-31">\n'
)
TAIL = "</FlexStatement>\n</FlexStatements>\n</FlexQueryResponse>\n"
KINDS = ("trades", "instruments", "cash", "prices", "rates", "corporate_actions")


def read(text: str | bytes, kind: str = "trades", limits: Limits | None = None) -> Source:
    data = text if isinstance(text, bytes) else text.encode()
    return read_ibkr_flex(data, Intake(file="s.xml", kind=kind, limits=limits or Limits()))


def codes(found: Source) -> list[tuple[str, int | None]]:
    return [(finding.code, finding.row) for finding in found.findings]


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE FlexQueryResponse>",
        '<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>',
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd">',
    ],
)
def test_a_document_type_is_refused_before_anything_of_it_is_used(doctype: str) -> None:
    assert codes(read(f"{doctype}\n{HEAD}{TAIL}")) == [("FLEX_DOCTYPE", 1)]


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("", 1),
        ("not xml", 1),
        (HEAD, 4),
        (HEAD + "<Trades><Trade></Trades>" + TAIL, 4),
        (HEAD + '<Trades><Trade symbol="&undefined;"/></Trades>' + TAIL, 4),
        (HEAD.replace('"1"', '"2"') + TAIL, 2),
        ("<FlexStatementResponse><Status>Fail</Status></FlexStatementResponse>", 1),
        ("<FlexQueryResponse><Trades/></FlexQueryResponse>", 1),
        ('<?xml version="1.0" encoding="klingon"?>' + HEAD + TAIL, 1),
        ("\0" + HEAD + TAIL, 1),
    ],
)
def test_what_is_no_flex_statement_is_refused_with_its_line(text: str, row: int) -> None:
    assert codes(read(text)) == [("FLEX_MALFORMED", row)]


def test_the_size_and_the_rows_of_a_file_are_limited() -> None:
    text = HEAD + '<Trades><Trade symbol="A"/>\n<Trade symbol="A"/></Trades>' + TAIL
    assert codes(read(text, limits=Limits(inflated=100))) == [("FILE_TOO_LARGE", None)]
    assert codes(read(text, limits=Limits(size=100))) == [("FILE_TOO_LARGE", None)]
    assert codes(read(text, limits=Limits(rows=1))) == [("TOO_MANY_ROWS", 5)]


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("quantity", "ten"),
        ("quantity", "NaN"),
        ("quantity", "Infinity"),
        ("quantity", "1E+999999"),
        ("quantity", "1E-999999"),
        ("quantity", "1,5"),
        ("tradeDate", "01/02/2026"),
        ("tradeDate", "2026-02-30"),
        ("tradeDate", "yesterday"),
        ("dateTime", "2026-01-05;25:00:00"),
    ],
)
def test_a_value_that_cannot_be_read_is_refused_once_with_its_attribute(
    attribute: str, value: str
) -> None:
    source = read(f'{HEAD}<Trades>\n<Trade {attribute}="{value}"/>\n</Trades>{TAIL}')
    assert [(found.code, found.row, found.column, found.value) for found in source.findings] == [
        ("FLEX_VALUE", 5, attribute, value)
    ]


def test_thousands_that_are_divided_by_commas_are_read() -> None:
    source = read(f'{HEAD}<Trades><Trade quantity="-1,234,567.5"/></Trades>{TAIL}')
    assert source.columns[source.header.index("quantity")] == ["1234567.5"]


def test_what_is_not_known_is_noted_once_with_how_often_it_occurs() -> None:
    row = '<Trade symbol="A" moon="full"/>\n'
    source = read(f"{HEAD}<Trades>\n{row}{row}</Trades>\n<Moods>\n<Mood a='1'/>\n</Moods>{TAIL}")
    assert [(note.code, note.row, note.value, note.message) for note in source.notes] == [
        (
            "FLEX_SKIPPED", 5, "moon",
            "the attribute moon of Trade is not known and was skipped; it occurs 2 times",
        ),
        (
            "FLEX_SKIPPED", 9, "Mood",
            "the element Mood is not known and was skipped; it occurs once",
        ),
    ]  # fmt: skip


def test_a_known_section_that_no_kind_reads_is_noted_with_the_trades() -> None:
    text = f'{HEAD}<Transfers>\n<Transfer symbol="A"/>\n</Transfers>{TAIL}'
    assert [(note.code, note.row, note.value) for note in read(text).notes] == [
        ("FLEX_NOT_IMPORTED", 5, "Transfer")
    ]
    assert read(text, "cash").notes == []


def test_a_kind_that_no_statement_brings_is_refused() -> None:
    assert codes(read(HEAD + TAIL, "settlements")) == [("FLEX_KIND", None)]


def test_a_statement_without_rows_is_read_as_no_rows() -> None:
    for kind in KINDS:
        source = read(HEAD + TAIL, kind)
        assert (source.numbers, source.findings, source.notes) == ([], [], [])


def test_the_format_is_known_by_its_first_bytes() -> None:
    assert format_of(b'<?xml version="1.0"?><FlexQueryResponse/>') == "ibkr-flex"
    assert format_of(HEAD.encode()) == "ibkr-flex"


NAMES = st.sampled_from(
    ["accountId", "symbol", "conid", "isin", "quantity", "tradePrice", "tradeMoney", "netCash",
     "ibCommission", "taxes", "currency", "tradeDate", "settleDateTarget", "reportDate",
     "dateTime", "amount", "type", "assetCategory", "levelOfDetail", "fxRateToBase", "closePrice",
     "exDate", "payDate", "grossRate", "grossAmount", "tax", "date", "multiplier", "buySell",
     "transactionID", "notes", "origTransactionID", "actionID", "settleDate", "description"]
)  # fmt: skip
VALUES = st.sampled_from(
    ["", "-", "N/A", "0", "-0", "1", "-1.5", "1e5", "NaN", "sNaN", "1,000", "MULTI", "STK", "CASH",
     "2026-01-05", "20260105", "2026-01-05;10:00:00", "20260105 100000", "BUY", "SELL (Ca.)",
     "EXECUTION", "SUMMARY", "Dividends", "USD", "CHF", "Ca", "é", "9" * 60, "0." + "1" * 50]
)  # fmt: skip
TAGS = st.sampled_from(
    ["Trade", "CashTransaction", "OpenPosition", "CorporateAction", "ChangeInDividendAccrual",
     "SecurityInfo", "PriorPeriodPosition", "ConversionRate", "AccountInformation", "Order", "X"]
)  # fmt: skip


@given(st.lists(st.tuples(TAGS, st.dictionaries(NAMES, VALUES, max_size=12)), max_size=6))
def test_no_statement_raises_and_every_column_is_as_long_as_its_rows(
    elements: list[tuple[str, dict[str, str]]],
) -> None:
    written = "\n".join(
        f"<{tag} " + " ".join(f'{name}="{value}"' for name, value in attributes.items()) + "/>"
        for tag, attributes in elements
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for kind in KINDS:
            source = read(f"{HEAD}<Rows>{written}</Rows>{TAIL}", kind)
            assert {len(column) for column in source.columns} <= {len(source.numbers)}
            assert source.numbers == sorted(source.numbers)


@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    assert read(data).findings
