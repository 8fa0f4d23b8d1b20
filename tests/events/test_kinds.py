"""Kinds of files: defaults, derived amounts, checks across columns and rows."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subledger.numbers import mul_div

FEES = {"commission": "1.00", "exchange_fee": "-0.30", "tax": "0.05"}


def brief(reading: Any) -> list[tuple[str, int, str]]:
    return [(finding.code, finding.row, finding.column) for finding in reading.findings]


def only(reading: Any, *names: str) -> tuple[Any, ...]:
    assert reading.findings == []
    (row,) = reading.table.to_pylist()
    return tuple(row[name] for name in names)


def test_a_trade_gets_gross_net_and_its_defaults(books: Any) -> None:
    names = ("version", "position_effect", "gross", "net", "fee_currency", "settlement_currency")
    bought = only(books.read("trades", FEES), *names)
    assert bought == (1, "auto", 125_000, 125_075, "USD", "USD")
    sold = only(books.read("trades", {"side": "sell", **FEES}), *names)
    assert sold == (1, "auto", 125_000, 124_925, "USD", "USD")


def test_gross_folds_the_multiplier_into_the_price_and_rounds_half_to_even_once(
    books: Any,
) -> None:
    for instrument, quantity, price, currency, gross in (
        ("CRUDE", "3", "-37.63", "USD", -11_289_000),
        ("BOND", "1000.50", "99.875", "USD", 99_925),
        ("COIN", "0.00000001", "500000", "USD", 0),
        ("COIN", "0.00000003", "500000", "USD", 2),
        ("TOKY", "3", "0.5", "JPY", 2),
        ("ACME", "1", "0.125", "USD", 12),
        ("ACME", "1", "0.135000000000000000", "USD", 14),
        ("ACME", "1", "0", "USD", 0),
    ):
        row = {"instrument": instrument, "quantity": quantity, "price": price, "currency": currency}
        assert only(books.read("trades", row), "gross") == (gross,), row


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    quantity=st.integers(1, 10**15),
    price=st.integers(0, 10**9),
    scale=st.integers(0, 8),
)
def test_gross_is_the_exact_product_rounded_once(
    books: Any, quantity: int, price: int, scale: int
) -> None:
    text = f"{price // 10**scale}.{price % 10**scale:0{scale}d}" if scale else str(price)
    row = {"instrument": "COIN", "quantity": f"{quantity / 1:.0f}", "price": text}
    reading = books.read("trades", row)
    exact = quantity * price * 100
    expected = mul_div(exact, 1, 10**scale) if exact // 10**scale < 2**62 else None
    if quantity * 10**8 >= 2**63 or expected is None:
        assert {finding.code for finding in reading.findings} <= {"NUMBER_TOO_LARGE"}
    else:
        assert only(reading, "gross") == (expected,)


def test_a_stated_gross_or_net_within_the_tolerance_is_the_truth(books: Any) -> None:
    assert only(books.read("trades", {"gross_amount": "1250.01"}), "gross", "net") == (
        125_001,
        125_001,
    )
    net = {"net_amount": "1250.76", **FEES}
    assert only(books.read("trades", net), "gross", "net") == (125_001, 125_076)
    sold = {"net_amount": "1249.25", "side": "sell", **FEES}
    assert only(books.read("trades", sold), "gross", "net") == (125_000, 124_925)


def test_a_stated_amount_outside_the_tolerance_is_refused(books: Any) -> None:
    assert brief(books.read("trades", {"gross_amount": "1250.02"})) == [
        ("GROSS_MISMATCH", 2, "gross_amount")
    ]
    assert brief(books.read("trades", {"net_amount": "1250.02"})) == [
        ("NET_MISMATCH", 2, "net_amount")
    ]
    both = {"gross_amount": "1250.00", "net_amount": "1250.01"}
    assert brief(books.read("trades", both)) == [("NET_MISMATCH", 2, "net_amount")]


def test_what_later_work_books_is_accepted_as_a_fact(books: Any) -> None:
    rows: tuple[dict[str, str], ...] = (
        {"instrument": "NEST", "currency": "EUR", "settlement_currency": "USD"},
        {"trade_id": "T2", "instrument": "BOND", "accrued_interest": "3.10"},
        {"trade_id": "T3", "lots": "L1:60;L2#1:40", "identified_at": "2026-01-05"},
        {"trade_id": "T4", "fee_currency": "EUR", "commission": "1.00", "net_amount": "1251.17"},
    )
    reading = books.read("trades", *rows)
    assert reading.findings == []
    assert reading.table["net"].to_pylist() == [125_000, 1_560, 125_000, 125_117]


def test_a_settled_trade_without_date_takes_the_contractual_one_with_a_note(books: Any) -> None:
    reading = books.read("trades", {"status": "settled"}, {"trade_id": "T2"})
    assert reading.findings == []
    assert reading.table["settled_date"].to_pylist() == [date(2026, 1, 6), None]
    assert [(note.code, note.row) for note in reading.notes] == [("SETTLED_DATE_TAKEN", 2)]


def test_all_findings_of_a_file_come_at_once_by_row_and_column(books: Any) -> None:
    reading = books.read(
        "trades",
        {"trade_id": "", "quantity": "0", "price": "-1"},
        {"trade_id": "T2", "settlement_date": "2026-01-01", "currency": "EUR"},
        {"trade_id": "T3", "instrument": "NOPE", "quantity": "1.5", "status": "x"},
    )
    assert brief(reading) == [
        ("EMPTY_VALUE", 2, "trade_id"),
        ("NOT_POSITIVE", 2, "quantity"),
        ("NEGATIVE_PRICE", 2, "price"),
        ("DATE_ORDER", 3, "settlement_date"),
        ("INSTRUMENT_CURRENCY", 3, "currency"),
        ("NOT_A_CHOICE", 4, "status"),
        ("UNKNOWN_INSTRUMENT", 4, "instrument"),
    ]
    assert reading.table.num_rows == 0
    assert reading.rows_read == 3


def test_the_time_of_execution_is_kept_as_received_and_as_an_instant(books: Any) -> None:
    row = {"executed_at": "2026-01-05T09:30:00.5-05:00", "sequence": "7"}
    assert only(books.read("trades", row), "executed_at", "executed_instant", "sequence") == (
        "2026-01-05T09:30:00.5-05:00",
        1_767_623_400_500_000_000,
        7,
    )
    assert only(books.read("trades", {}), "executed_at", "executed_instant", "sequence") == (
        "",
        None,
        None,
    )


def test_instruments_get_the_multiplier_of_their_class(books: Any) -> None:
    names = ("multiplier_mantissa", "multiplier_scale")
    for row, multiplier in (
        ({}, (1, 0)),
        ({"asset_class": "bond"}, (1, 2)),
        ({"asset_class": "fx_spot", "base_currency": "EUR"}, (1, 0)),
        ({"asset_class": "option", "multiplier": "100"}, (100, 0)),
    ):
        assert only(books.read("instruments", row), *names) == multiplier
    for asset_class in ("option", "future", "perpetual"):
        reading = books.read("instruments", {"asset_class": asset_class})
        assert brief(reading) == [("MULTIPLIER_MISSING", 2, "multiplier")]
    assert brief(books.read("instruments", {"multiplier": "0"})) == [
        ("NOT_POSITIVE", 2, "multiplier")
    ]


def test_columns_of_later_kinds_are_kept_as_canonical_json(books: Any) -> None:
    row = {
        "asset_class": "option",
        "multiplier": "100",
        "strike": "150.50",
        "expiry": "2026-06-19",
        "put_call": "put",
    }
    (other,) = only(books.read("instruments", row), "other")
    assert other == '{"expiry":"2026-06-19","put_call":"put","strike":"150.5"}'
    assert json.loads(other)["put_call"] == "put"
    assert only(books.read("instruments", {}), "other") == ("",)


def test_a_price_takes_currency_and_level_from_its_instrument(books: Any) -> None:
    reading = books.read("prices", {"instrument": "NEST", "price": "10.500"})
    names = ("currency", "level", "price_mantissa", "price_scale", "version")
    assert only(reading, *names) == ("EUR", 0, 105, 1, 1)
    assert brief(books.read("prices", {"currency": "EUR"})) == [
        ("INSTRUMENT_CURRENCY", 2, "currency")
    ]
    assert brief(books.read("prices", {"price": "-0.01"})) == [("NEGATIVE_PRICE", 2, "price")]
    assert only(books.read("prices", {"instrument": "CRUDE", "price": "-37.63"}), "price_mantissa")


def test_an_exchange_of_currencies_names_two(books: Any) -> None:
    for asset_class in ("fx_spot", "fx_forward"):
        pair = {"asset_class": asset_class, "base_currency": "EUR"}
        assert only(books.read("instruments", pair), "base_currency", "other") == ("EUR", "")
        for base, code in (("", "EMPTY_VALUE"), ("USD", "SAME_CURRENCY"), ("XQQ", None)):
            reading = books.read("instruments", {**pair, "base_currency": base})
            assert brief(reading) == [(code or "UNKNOWN_CURRENCY", 2, "base_currency")]
    assert only(books.read("instruments", {}), "base_currency") == ("",)


def test_a_rate_is_of_two_currencies_and_above_zero(books: Any) -> None:
    names = ("base", "quote", "version", "rate_mantissa", "rate_scale", "source")
    reading = books.read("rates", {"rate": "1.08760", "source": "ECB"})
    assert only(reading, *names) == ("EUR", "USD", 1, 10_876, 4, "ECB")
    rows: tuple[dict[str, str], ...] = (
        {"rate": "0"},
        {"rate": "-1.1"},
        {"quote": "EUR"},
        {"base": "XQQ"},
        {"quote": ""},
    )
    assert brief(books.read("rates", *rows)) == [
        ("NOT_POSITIVE", 2, "rate"),
        ("NOT_POSITIVE", 3, "rate"),
        ("SAME_CURRENCY", 4, "quote"),
        ("UNKNOWN_CURRENCY", 5, "base"),
        ("EMPTY_VALUE", 6, "quote"),
    ]


def test_a_dividend_takes_the_currency_of_its_instrument_or_another(books: Any) -> None:
    names = ("amount_mantissa", "amount_scale", "currency", "withholding_mantissa", "pay_date")
    taxed = {"instrument": "NEST", "amount": "1.50", "withholding_rate": "0.26375"}
    assert only(books.read("corporate_actions", taxed), *names) == (
        *(15, 1, "EUR", 26_375),
        date(2026, 1, 30),
    )
    other = {"currency": "JPY", "pay_date": ""}
    assert only(books.read("corporate_actions", other), *names) == (25, 2, "JPY", 0, None)


def test_a_dividend_that_cannot_be_paid_is_refused(books: Any) -> None:
    rows: tuple[dict[str, str], ...] = (
        {"amount": ""},
        {"amount": "0"},
        {"pay_date": "2026-01-14"},
        {"instrument": "NOPE"},
        {"currency": "XQQ"},
        {"withholding_rate": "15"},
        {"withholding_rate": "-0.1"},
        {"reclaimable_rate": "0.05"},
        {"withholding_rate": "0.15", "reclaimable_rate": "0.150000000000000001"},
        {"ex_date": ""},
    )
    numbered = [{"event_id": f"D{n}", **row} for n, row in enumerate(rows)]
    assert brief(books.read("corporate_actions", *numbered)) == [
        ("EMPTY_VALUE", 2, "amount"),
        ("NOT_POSITIVE", 3, "amount"),
        ("DATE_ORDER", 4, "pay_date"),
        ("UNKNOWN_INSTRUMENT", 5, "instrument"),
        ("UNKNOWN_CURRENCY", 6, "currency"),
        ("NOT_A_FRACTION", 7, "withholding_rate"),
        ("NOT_A_FRACTION", 8, "withholding_rate"),
        ("RECLAIM_ABOVE_WITHHOLDING", 9, "reclaimable_rate"),
        ("RECLAIM_ABOVE_WITHHOLDING", 10, "reclaimable_rate"),
        ("EMPTY_VALUE", 11, "ex_date"),
    ]


def test_the_record_date_may_lie_on_either_side_of_the_ex_date(books: Any) -> None:
    for day in ("2026-01-14", "2026-01-15", "2026-01-16"):
        row = {"record_date": day, "withholding_rate": "0.15", "reclaimable_rate": "0.15"}
        assert books.read("corporate_actions", row).findings == []


def test_other_corporate_actions_are_kept_as_they_were_announced(books: Any) -> None:
    split = {"kind": "split", "amount": "", "ratio": "10.0", "pay_date": "2026-01-14"}
    names = ("kind", "ratio", "amount_mantissa", "currency", "pay_date")
    reading = books.read("corporate_actions", split)
    assert only(reading, *names) == ("split", "10", 0, "USD", date(2026, 1, 14))
    spun = {"kind": "spin_off", "amount": "", "new_instrument": "NEST", "allocation": "0.109624"}
    assert only(books.read("corporate_actions", spun), "new_instrument", "allocation") == (
        "NEST",
        "0.109624",
    )
    unknown = {**spun, "new_instrument": "NOPE", "election": "stock"}
    assert brief(books.read("corporate_actions", unknown)) == [
        ("UNKNOWN_INSTRUMENT", 2, "new_instrument")
    ]


def test_cash_has_the_sign_of_its_kind(books: Any) -> None:
    assert only(books.read("cash", {}), "amount", "settled_date") == (100_000, date(2026, 1, 5))
    assert only(books.read("cash", {"kind": "withdrawal", "amount": "-1"}), "amount") == (-100,)
    assert only(books.read("cash", {"kind": "fee", "amount": "-1"}), "amount") == (-100,)
    rows: tuple[dict[str, str], ...] = (
        {"amount": "-1"},
        {"event_id": "C2", "kind": "withdrawal", "amount": "1"},
        {"event_id": "C3", "amount": "0"},
        {"event_id": "C4", "settled_date": "2026-01-04"},
    )
    assert brief(books.read("cash", *rows)) == [
        ("CASH_SIGN", 2, "amount"),
        ("CASH_SIGN", 3, "amount"),
        ("ZERO_AMOUNT", 4, "amount"),
        ("DATE_ORDER", 5, "settled_date"),
    ]


def test_settlements_of_unknown_trades_wait_unless_they_state_units(books: Any) -> None:
    assert only(books.read("settlements", {}), "quantity", "amount") == (None, None)
    assert brief(books.read("settlements", {"amount": "1"})) == [
        ("TRADE_UNITS_UNKNOWN", 2, "trade_id")
    ]
    books.add("trades", {"instrument": "COIN"})
    row = {"quantity": "0.5", "amount": "6.25"}
    assert only(books.read("settlements", row), "quantity", "amount") == (50_000_000, 625)
    assert brief(books.read("settlements", {"date": "2026-01-04"})) == [("DATE_ORDER", 2, "date")]


def test_opening_lots_accept_the_suffix_of_a_pool_version(books: Any) -> None:
    names = ("lot_id", "quantity", "cost", "cost_base")
    reading = books.read("opening_lots", {"lot_id": "T1#2"})
    assert only(reading, *names) == ("T1#2", 100, 100_000, 100_000)
    late = books.read("opening_lots", {"opened_on": "2026-01-01"})
    assert brief(late) == [("DATE_ORDER", 2, "as_of")]


CASH_LINE = {"line": "2", "account": "1020", "broker_account": "PB1", "amount": "-90.00"}


def test_a_journal_balances_per_currency_and_in_base(books: Any) -> None:
    reading = books.read("journals", {}, CASH_LINE)
    assert reading.findings == []
    assert reading.table["amount_base"].to_pylist() == [9_000, -9_000]
    euro = {"currency": "EUR", "amount_base": "100.00"}
    crooked = books.read(
        "journals", euro, {**CASH_LINE, "currency": "EUR", "amount_base": "-99.99"}
    )
    (finding,) = crooked.findings
    assert finding.code == "JOURNAL_UNBALANCED"
    assert finding.message == "the lines sum to 0.01 USD in base, not to zero"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{}, {**CASH_LINE, "amount": "-89.99"}], [("JOURNAL_UNBALANCED", 2, "journal_id")]),
        ([{}], [("JOURNAL_ONE_LINE", 2, "journal_id")]),
        ([{}, {**CASH_LINE, "line": "1"}], [("JOURNAL_LINE_TWICE", 3, "line")]),
        ([{}, {**CASH_LINE, "date": "2026-01-30"}], [("JOURNAL_MIXED", 3, "date")]),
        ([{}, {**CASH_LINE, "account": "77"}], [("UNKNOWN_ACCOUNT", 3, "account")]),
        ([{}, {**CASH_LINE, "account": "1000"}], [("HEADING_ACCOUNT", 3, "account")]),
        ([{}, {**CASH_LINE, "account": "1210"}], [("NOT_MANUAL", 3, "account")]),
        ([{}, {**CASH_LINE, "broker_account": ""}], [("DIMENSION_MISSING", 3, "broker_account")]),
        ([{"reason": ""}, CASH_LINE], [("EMPTY_VALUE", 2, "reason")]),
    ],
)
def test_a_journal_that_cannot_be_posted_is_refused(
    books: Any, rows: list[dict[str, str]], expected: list[tuple[str, int, str]]
) -> None:
    assert brief(books.read("journals", *rows)) == expected


def test_journals_in_one_file_are_judged_each_for_itself(books: Any) -> None:
    other = {"journal_id": "J2"}
    rows: tuple[dict[str, str], ...] = (
        {},
        other,
        CASH_LINE,
        {**CASH_LINE, **other, "amount": "-80.00"},
    )
    assert brief(books.read("journals", *rows)) == [("JOURNAL_UNBALANCED", 3, "journal_id")]


def test_a_split_has_a_ratio_of_its_kind(books: Any) -> None:
    rows: tuple[dict[str, str], ...] = (
        {"kind": "split", "ratio": ""},
        {"kind": "split", "ratio": "0"},
        {"kind": "split", "ratio": "2", "per": "-1"},
        {"kind": "split", "ratio": "1", "per": "2"},
        {"kind": "reverse_split", "ratio": "3", "per": "2"},
        {"kind": "stock_dividend", "ratio": ""},
        {"kind": "split", "ratio": "9999999999.999999999999999999"},
        {"kind": "symbol_change"},
        {"kind": "symbol_change", "new_instrument": "NEST"},
        {"kind": "symbol_change", "new_instrument": "ACME"},
        {"kind": "symbol_change", "new_instrument": "NOPE", "ratio": "2"},
    )
    numbered = [{"event_id": f"S{n}", **row} for n, row in enumerate(rows)]
    assert brief(books.read("corporate_actions", *numbered)) == [
        ("EMPTY_VALUE", 2, "ratio"),
        ("NOT_POSITIVE", 3, "ratio"),
        ("NOT_POSITIVE", 4, "per"),
        ("RATIO_DIRECTION", 5, "ratio"),
        ("RATIO_DIRECTION", 6, "ratio"),
        ("EMPTY_VALUE", 7, "ratio"),
        ("RATIO_TOO_LONG", 8, "ratio"),
        ("EMPTY_VALUE", 9, "new_instrument"),
        ("INSTRUMENT_DIFFERS", 10, "new_instrument"),
        ("INSTRUMENT_DIFFERS", 11, "new_instrument"),
        ("RATIO_DIRECTION", 12, "ratio"),
        ("UNKNOWN_INSTRUMENT", 12, "new_instrument"),
    ]


def test_a_ratio_is_for_one_unit_where_nothing_else_is_said(books: Any) -> None:
    split = {"kind": "split", "ratio": "2.0", "per": ""}
    assert only(books.read("corporate_actions", split), "ratio", "per") == ("2", "1")
    reverse = {"kind": "reverse_split", "ratio": "1", "per": "10"}
    assert only(books.read("corporate_actions", reverse), "ratio", "per") == ("1", "10")
