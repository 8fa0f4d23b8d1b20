"""A Flex statement's executions, instruments, prices and rates, on small statements of our own."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from subledger.importers.ibkr_flex import read_ibkr_flex
from subledger.importers.ibkr_flex_instruments import id_of_symbol
from subledger.importers.ibkr_flex_realised import realised_by_broker
from subledger.importers.source import Intake, Source

EXECUTION = {
    "levelOfDetail": "EXECUTION",
    "assetCategory": "STK",
    "subCategory": "COMMON",
    "symbol": "ACME",
    "description": "ACME CORP",
    "conid": "100",
    "isin": "US0378331005",
    "listingExchange": "NASDAQ",
    "currency": "USD",
    "fxRateToBase": "0.9",
    "transactionID": "7001",
    "transactionType": "ExchTrade",
    "buySell": "BUY",
    "quantity": "10",
    "tradePrice": "50.25",
    "tradeMoney": "502.5",
    "ibCommission": "-1",
    "ibCommissionCurrency": "USD",
    "netCash": "-503.5",
    "dateTime": "2026-01-05;10:15:00",
    "tradeDate": "2026-01-05",
    "settleDateTarget": "2026-01-06",
    "reportDate": "2026-01-05",
    "closePrice": "51",
}
SALE = {
    "transactionID": "7002",
    "buySell": "SELL",
    "quantity": "-10",
    "tradeMoney": "-502.5",
    "netCash": "501.5",
}
CLOSING = {"openCloseIndicator": "C", "fifoPnlRealized": "-2"}
DOLLARS = {
    "assetCategory": "CASH",
    "subCategory": "",
    "symbol": "USD.CHF",
    "conid": "12087820",
    "isin": "",
    "listingExchange": "",
    "currency": "CHF",
    "fxRateToBase": "1",
    "quantity": "-0.22",
    "buySell": "SELL",
    "tradePrice": "0.91843",
    "tradeMoney": "-0.2020546",
    "ibCommission": "-1.8329",
    "ibCommissionCurrency": "CHF",
    "netCash": "0",
    "closePrice": "0",
}
OPTION = {
    "assetCategory": "OPT",
    "subCategory": "C",
    "symbol": "ACME  260220C00200000",
    "description": "ACME 20FEB26 200 C",
    "conid": "200",
    "isin": "",
    "listingExchange": "CBOE",
    "underlyingConid": "100",
    "underlyingSymbol": "ACME",
    "multiplier": "100",
    "strike": "200",
    "expiry": "2026-02-20",
    "putCall": "C",
    "tradePrice": "0.5025",
}


def element(tag: str, attributes: dict[str, str]) -> str:
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<{tag}{written} />"


def trade(*changes: dict[str, str], **more: str) -> str:
    attributes = dict(EXECUTION)
    for change in (*changes, more):
        attributes |= change
    return element("Trade", attributes)


def statement(*rows: str, section: str = "Trades", base: str = "CHF") -> bytes:
    """Return a statement of January 2026; its rows begin on line 6."""
    lines = [
        '<FlexQueryResponse queryName="Books" type="AF">',
        '<FlexStatements count="1">',
        '<FlexStatement accountId="U1" fromDate="2026-01-01" toDate="2026-01-31">',
        element("AccountInformation", {"accountId": "U1", "currency": base}),
        f"<{section}>",
        *rows,
        f"</{section}>",
        "</FlexStatement>",
        "</FlexStatements>",
        "</FlexQueryResponse>",
    ]
    return "\n".join(lines).encode()


def read(data: bytes, kind: str = "trades") -> Source:
    return read_ibkr_flex(data, Intake(file="s.xml", kind=kind, format="ibkr-flex"))


def rows(source: Source, *names: str) -> list[tuple[str, ...]]:
    columns = dict(zip(source.header, source.columns, strict=True))
    return list(zip(*(columns[name] for name in names), strict=True))


def codes(found: Source) -> list[tuple[str, int | None]]:
    return [(finding.code, finding.row) for finding in [*found.findings, *found.notes]]


def test_an_execution_becomes_a_trade_in_the_canonical_columns() -> None:
    source = read(statement(trade()))
    (values,) = zip(*source.columns, strict=True)
    given = {name: value for name, value in zip(source.header, values, strict=True) if value}
    assert source.numbers == [6]
    assert codes(source) == []
    assert given == {
        "trade_id": "ibkr:7001",
        "status": "settled",
        "trade_date": "2026-01-05",
        "settlement_date": "2026-01-06",
        "settled_date": "2026-01-06",
        "executed_at": "2026-01-05T10:15:00-05:00",
        "sequence": "7001",
        "book": "MAIN",
        "broker_account": "U1",
        "instrument": "ACME",
        "side": "buy",
        "quantity": "10",
        "price": "50.25",
        "currency": "USD",
        "gross_amount": "502.5",
        "net_amount": "503.5",
        "commission": "1",
        "fee_currency": "USD",
    }


def test_a_sale_has_unsigned_quantity_and_gross_and_a_net_less_its_fees() -> None:
    source = read(statement(trade(SALE, taxes="-0.25", netCash="501.25")))
    assert rows(source, "side", "quantity", "gross_amount", "net_amount", "tax") == [
        ("sell", "10", "502.5", "501.25", "0.25")
    ]


def test_taxes_beside_a_commission_in_another_currency_are_refused() -> None:
    """A trade has one currency of fees, so one of the two would be in the wrong currency."""
    foreign = {"ibCommissionCurrency": "EUR"}
    source = read(statement(trade(foreign, taxes="-0.25"), trade(foreign, taxes="0")))
    assert [(found.code, found.row, found.column, found.value) for found in source.findings] == [
        ("FLEX_VALUE", 6, "taxes", "-0.25")
    ]


def test_the_time_of_day_is_new_yorks_in_winter_and_in_summer() -> None:
    summer = trade(dateTime="2026-07-01;093000", transactionID="7002")
    source = read(statement(trade(), summer, trade(dateTime="2026-01-05")))
    assert rows(source, "executed_at") == [
        ("2026-01-05T10:15:00-05:00",),
        ("2026-07-01T09:30:00-04:00",),
        ("",),
    ]


def test_a_trade_that_settles_after_the_statement_is_confirmed() -> None:
    source = read(statement(trade(settleDateTarget="2026-02-02"), trade(SALE)))
    assert rows(source, "status", "settlement_date", "settled_date") == [
        ("confirmed", "2026-02-02", ""),
        ("settled", "2026-01-06", "2026-01-06"),
    ]


def test_an_exchange_of_currencies_has_its_pair_as_instrument_and_no_net() -> None:
    data = statement(trade(DOLLARS))
    names = ("instrument", "side", "quantity", "price", "currency", "gross_amount", "net_amount")
    assert rows(read(data), *names) == [
        ("USD.CHF", "sell", "0.22", "0.91843", "CHF", "0.2020546", "")
    ]
    assert rows(read(data), "commission", "fee_currency") == [("1.8329", "CHF")]
    kinds = ("instrument", "asset_class", "base_currency", "currency", "quantity_decimals")
    assert rows(read(data, "instruments"), *kinds) == [("USD.CHF", "fx_spot", "USD", "CHF", "8")]


def test_only_executions_are_trades_and_what_repeats_them_is_noted() -> None:
    lot = trade(levelOfDetail="CLOSED_LOT", transactionID="7003")
    order = element("Order", EXECUTION | {"levelOfDetail": "ORDER"})
    source = read(statement(trade(), lot, order))
    assert source.numbers == [6]
    assert codes(source) == [("FLEX_NOT_IMPORTED", 7)]


def test_an_execution_that_another_row_cancels_is_cancelled() -> None:
    cancel = trade(SALE, transactionType="TradeCancel", buySell="BUY (Ca.)", notes="Ca")
    cancel = cancel.replace(" />", ' origTransactionID="7001" />')
    source = read(statement(trade(), cancel))
    assert rows(source, "trade_id", "status", "settled_date") == [("ibkr:7001", "cancelled", "")]
    assert codes(source) == []
    assert codes(read(statement(cancel))) == [("FLEX_CANCELLATION", 6)]


@pytest.mark.parametrize(
    ("given", "trade_id", "sequence"),
    [
        ({"transactionID": "7001", "tradeID": "5", "ibExecID": "e.1"}, "ibkr:7001", "7001"),
        ({"transactionID": "", "tradeID": "5", "ibExecID": "e.1"}, "ibkr:5", "1"),
        ({"transactionID": "", "ibExecID": "e.1"}, "ibkr:e.1", "1"),
        ({"transactionID": ""}, "ibkr:U1:20260105:100:10:50.25:1", "1"),
    ],
)
def test_the_id_is_the_most_lasting_one_that_the_broker_gives(
    given: dict[str, str], trade_id: str, sequence: str
) -> None:
    assert rows(read(statement(trade(given))), "trade_id", "sequence") == [(trade_id, sequence)]


def test_equal_executions_without_ids_are_counted() -> None:
    source = read(statement(trade(transactionID=""), trade(transactionID="")))
    assert rows(source, "trade_id", "sequence") == [
        ("ibkr:U1:20260105:100:10:50.25:1", "1"),
        ("ibkr:U1:20260105:100:10:50.25:2", "2"),
    ]


def test_a_net_that_does_not_follow_from_amount_and_fees_is_left_out_with_a_note() -> None:
    source = read(statement(trade(netCash="-503.49")))
    assert rows(source, "gross_amount", "net_amount") == [("502.5", "")]
    assert codes(source) == [("FLEX_NET_DIFFERS", 6)]


def test_a_side_against_the_sign_of_the_quantity_is_refused() -> None:
    assert codes(read(statement(trade(buySell="SELL", netCash=""))))[0] == ("FLEX_VALUE", 6)


@pytest.mark.parametrize(
    ("symbol", "instrument"),
    [
        ("ACME", "ACME"),
        ("BRK B", "BRK.B"),
        ("MSTR  250214C00500000", "MSTR250214C00500000"),
        ("4SFV5 C1265", "4SFV5.C1265"),
        ("USD.CHF", "USD.CHF"),
        ("Zürich/A", "Z.rich.A"),
    ],
)
def test_a_symbol_becomes_an_id(symbol: str, instrument: str) -> None:
    assert id_of_symbol(symbol) == instrument


def test_the_oldest_contract_of_a_symbol_keeps_it() -> None:
    data = statement(trade(conid="900", transactionID="7003"), trade(conid="100"))
    assert rows(read(data), "instrument") == [("ACME-900",), ("ACME",)]


def test_an_option_names_its_underlying_and_its_terms() -> None:
    source = read(statement(trade(), trade(OPTION, transactionID="7002")), "instruments")
    names = ("instrument", "asset_class", "multiplier", "underlying", "expiry", "strike")
    assert rows(source, *names, "put_call", "exchange") == [
        ("ACME", "equity", "", "", "", "", "", "XNAS"),
        ("ACME260220C00200000", "option", "100", "ACME", "2026-02-20", "200", "call", "XCBO"),
    ]


@pytest.mark.parametrize(
    ("category", "sub", "asset_class"),
    [
        ("STK", "COMMON", "equity"),
        ("STK", "ADR", "equity"),
        ("STK", "ETF", "etf"),
        ("FUT", "", "future"),
        ("FOP", "P", "option"),
        ("BOND", "Corp", "bond"),
        ("FUND", "", "fund"),
        ("CRYPTO", "", "crypto"),
        ("WAR", "C", "rights"),
    ],
)
def test_a_category_of_the_broker_becomes_a_class(
    category: str, sub: str, asset_class: str
) -> None:
    source = read(statement(trade(assetCategory=category, subCategory=sub)), "instruments")
    assert rows(source, "asset_class") == [(asset_class,)]


def test_a_category_without_a_class_and_an_isin_that_is_none_are_noted() -> None:
    data = statement(trade(assetCategory="CFD"), trade(conid="101", symbol="OAK", isin="US1"))
    source = read(data, "instruments")
    assert rows(source, "instrument", "isin") == [("OAK", "")]
    assert codes(source) == [("FLEX_NOT_IMPORTED", 6), ("FLEX_NOT_IMPORTED", 7)]


def test_an_instrument_that_only_payments_name_takes_their_currency_with_a_note() -> None:
    paid = {"symbol": "OAK", "conid": "55", "assetCategory": "STK", "currency": "EUR"}
    data = statement(element("CashTransaction", paid), section="CashTransactions")
    source = read(data, "instruments")
    assert rows(source, "instrument", "currency") == [("OAK", "EUR")]
    assert codes(source) == [("FLEX_ASSUMED", 6)]


def test_quantities_of_shares_keep_ten_thousandths_and_more_where_the_file_has_more() -> None:
    def decimals(quantity: str) -> list[tuple[str, ...]]:
        data = statement(trade(quantity=quantity))
        return rows(read(data, "instruments"), "quantity_decimals")

    assert [decimals(quantity) for quantity in ("10", "0.5", "0.12345", "1.1234567891")] == [
        [("4",)],
        [("4",)],
        [("5",)],
        [("8",)],
    ]


def prices_of(*found: str, section: str = "Trades") -> Sequence[tuple[str, ...]]:
    return rows(read(statement(*found, section=section), "prices"), "date", "instrument", "price")


def test_a_day_has_one_price_and_zero_is_none() -> None:
    found = prices_of(trade(), trade(SALE), trade(OPTION, closePrice="0"), trade(DOLLARS))
    assert found == [("2026-01-05", "ACME", "51")]


def test_the_mark_of_a_position_counts_before_a_closing_price() -> None:
    position = {"symbol": "ACME", "conid": "100", "levelOfDetail": "SUMMARY", "currency": "USD"}
    position |= {"reportDate": "2026-01-05", "markPrice": "51.1"}
    source = read(statement(trade(), element("OpenPosition", position)), "prices")
    assert rows(source, "instrument", "price") == [("ACME", "51.1")]
    assert codes(source) == [("FLEX_ASSUMED", 6)]


def test_closing_prices_of_a_day_that_differ_are_refused() -> None:
    source = read(statement(trade(), trade(SALE, closePrice="51.2")), "prices")
    assert codes(source) == [("FLEX_PRICES_DIFFER", 7)]


def test_rates_are_of_the_statements_base_currency_and_the_last_of_a_day_counts() -> None:
    data = statement(trade(), trade(SALE, fxRateToBase="0.91"), trade(DOLLARS))
    source = read(data, "rates")
    names = ("date", "base", "quote", "rate", "source")
    assert rows(source, *names) == [("2026-01-05", "USD", "CHF", "0.91", "ibkr-flex")]
    assert codes(source) == [("FLEX_RATES_DIFFER", 7)]


def test_conversion_rates_count_before_those_of_other_elements() -> None:
    listed = {"reportDate": "2026-01-05", "fromCurrency": "USD", "toCurrency": "CHF"}
    conversion = element("ConversionRate", listed | {"rate": "0.905"})
    source = read(statement(trade(), conversion), "rates")
    assert rows(source, "base", "quote", "rate") == [("USD", "CHF", "0.905")]


def test_a_base_currency_that_is_not_stated_is_the_one_whose_rate_is_always_one() -> None:
    source = read(statement(trade(), trade(DOLLARS), base=""), "rates")
    assert rows(source, "base", "quote", "rate") == [("USD", "CHF", "0.9")]
    assert codes(source) == [("FLEX_ASSUMED", 7)]
    assert codes(read(statement(trade(), base=""), "rates")) == [("FLEX_NO_BASE", 6)]


def test_a_cancelled_execution_realised_nothing_and_the_others_keep_their_numbers() -> None:
    """The cancelled sale counts among the executions without ids, its cancel row does not."""
    named = trade(SALE, CLOSING)
    cancel = trade(SALE, CLOSING, notes="Ca", transactionID="7003", origTransactionID="7002")
    unnamed = trade(SALE, CLOSING, transactionID="")
    data = statement(cancel, named, unnamed, unnamed)
    stated = [one.trade_id for one in realised_by_broker(data, "s.xml")]
    booked = rows(read(data), "trade_id", "status")
    assert booked[0] == ("ibkr:7002", "cancelled")
    assert stated == [trade_id for trade_id, _ in booked[1:]]
    assert len(set(stated)) == 2
