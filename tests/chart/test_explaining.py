from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from subledger.chart import Chart, explain_cell, manual_table

TODAY = date(2026, 1, 31)
SALE = {"asset_class": "etf", "side": "long", "effect": "close", "fees": "capitalise"}


def test_a_sale_of_an_etf_is_explained_line_by_line(shipped: Chart) -> None:
    cell = {**SALE, "fee_currency": "same", "settlement": "same"}
    rows = explain_cell(shipped, "trade", cell=cell, basis="US-TAX", on=TODAY)
    assert [(row.line, row.side, row.account, row.measure, row.per) for row in rows] == [
        (1, "dr", "1110", "net", ""),
        (14, "cr", "1220", "cost_relieved", "lot"),
        (15, "cr", "4110", "realised_price", ""),
        (16, "cr", "4120", "realised_fx", ""),
        (17, "dr", "1220", "cost_moved", "lot"),
        (18, "dr", "1190", "interbook_cost", "lot"),
        (19, "cr", "2190", "interbook_cost", ""),
        (20, "dr", "4210", "mark_released", "lot"),
        (21, "cr", "1221", "mark_released", "lot"),
        (22, "dr", "4220", "mark_fx_released", "lot"),
        (23, "cr", "1222", "mark_fx_released", "lot"),
    ]
    assert {row.rule for row in rows} == {"trade.long.close"}
    assert rows[1].name == "ETFs cost"
    assert {row.measure for row in rows if row.currency == "base_only"} == {
        *("realised_fx", "mark_fx_released"),
    }


def test_fees_and_settlement_in_other_currencies_pass_through_fx_trading(shipped: Chart) -> None:
    cell = {**SALE, "fee_currency": "other", "settlement": "other"}
    rows = explain_cell(shipped, "trade", cell=cell, basis="US-TAX", on=TODAY)
    assert [(row.side, row.account, row.measure, row.currency) for row in rows[:6]] == [
        ("dr", "3900", "net", "event"),
        ("cr", "3900", "settlement_net", "settlement"),
        ("dr", "1110", "settlement_net", "settlement"),
        ("cr", "3900", "translated_fees", "event"),
        ("dr", "3900", "fees", "fee"),
        ("cr", "2450", "fees", "fee"),
    ]


def explained(chart: Chart, event: str, cell: Mapping[str, str]) -> list[tuple[str, str, str]]:
    rows = explain_cell(chart, event, cell=cell, basis="US-GAAP", on=TODAY)
    return [(row.side, row.account or row.name, row.measure) for row in rows]


@pytest.mark.parametrize(
    ("event", "cell", "lines"),
    [
        (
            "fx_trade",
            {"side": "buy", "fee_currency": "same"},
            [
                *(("dr", "1140", "traded"), ("cr", "3900", "traded"), ("dr", "3900", "gross")),
                *(("dr", "6110", "commission"), ("dr", "6120", "exchange_fee")),
                *(("dr", "6150", "clearing_fee"), ("dr", "6130", "regulatory_fee")),
                *(("dr", "6160", "tax"), ("cr", "5190", "rebate"), ("cr", "2140", "net")),
            ],
        ),
        (
            "settlement",
            {"asset_class": "fx_spot", "item": "traded", "direction": "receive"},
            [
                *(("dr", "1020", "paid"), ("cr", "1140", "amount"), ("cr", "4410", "fx_gain")),
                *(("dr", "4420", "revaluation_released"), ("cr", "1140", "revaluation_released")),
            ],
        ),
        (
            "settlement",
            {"asset_class": "etf", "item": "fees", "direction": "pay"},
            [
                *(("dr", "2450", "amount"), ("cr", "1020", "paid"), ("cr", "4410", "fx_gain")),
                *(("dr", "4420", "revaluation_released"), ("cr", "2450", "revaluation_released")),
            ],
        ),
        (
            "dividend",
            {"side": "long"},
            [
                *(("dr", "1410", "net"), ("dr", "6310", "withheld")),
                *(("dr", "1430", "reclaimable"), ("cr", "5110", "gross")),
            ],
        ),
        ("dividend", {"side": "short"}, [("dr", "6210", "gross"), ("cr", "2410", "net")]),
        (
            "dividend_settlement",
            {"side": "short"},
            [
                *(("dr", "2410", "net"), ("cr", "1020", "paid"), ("cr", "4490", "difference")),
                *(("cr", "4410", "fx_gain"), ("dr", "4420", "revaluation_released")),
                ("cr", "2410", "revaluation_released"),
            ],
        ),
        (
            "revaluation",
            {"of": "cash"},
            [
                ("dr", "the account of the balance", "revaluation"),
                ("cr", "4420", "revaluation"),
            ],
        ),
        (
            "cash_relief",
            {},
            [("dr", "the account of the balance", "fx_gain"), ("cr", "4410", "fx_gain")],
        ),
        ("fx_sweep", {}, [("dr", "3900", "amount"), ("cr", "4410", "amount")]),
    ],
)
def test_events_in_foreign_currency_and_dividends_are_explained(
    shipped: Chart, event: str, *, cell: Mapping[str, str], lines: list[tuple[str, str, str]]
) -> None:
    assert explained(shipped, event, cell) == lines


@pytest.mark.parametrize(
    ("kind", "received", "paid"),
    [
        ("interest", "5140", "6240"),
        ("fee", "6510", "6510"),
        ("tax", "6900", "6900"),
        ("borrow_fee", "6230", "6230"),
        ("rebate", "5150", "5150"),
        ("dividend", "5110", "6210"),
        ("withholding", "6310", "6310"),
    ],
)
def test_cash_is_income_or_expense_by_its_kind(
    shipped: Chart, kind: str, received: str, paid: str
) -> None:
    for direction, account, sides in (
        ("receive", received, {"1020": "dr", received: "cr"}),
        ("pay", paid, {"1020": "cr", paid: "dr"}),
    ):
        lines = explained(shipped, "cash", {"kind": kind, "direction": direction})
        assert {number: side for side, number, _ in lines} == sides, account
        assert {measure for _, _, measure in lines} == {"amount"}


def test_nothing_is_explained_where_nothing_is_booked(shipped: Chart) -> None:
    cell = {"asset_class": "bond", "side": "long"}
    assert explain_cell(shipped, "mark", cell=cell, basis="US-GAAP", on=TODAY) == []


def test_the_manual_has_a_row_for_every_line_of_every_rule(shipped: Chart) -> None:
    rows = manual_table(shipped)
    assert len(rows) == sum(len(rule.lines) for rule in shipped.rules)
    first = rows[0]
    assert (first.rule, first.event, first.basis) == ("trade.long.close", "trade", "all")
    assert first.when == (
        "asset_class = equity or etf or option or crypto or fund, "
        "side = long, effect = close, settlement = same"
    )
    assert (first.debit, first.credit, first.measure) == ("1110 Unsettled sales", "", "net")
    assert all(bool(row.debit) != bool(row.credit) and row.source for row in rows)
    assert {row.debit for row in rows if row.rule == "cash_relief"} == {
        *("the account of the balance", ""),
    }
