"""Real, anonymised Flex statements: counts, sums and what is refused of them.

Five statements of vroonhof/opensteuerauszug (MIT). Whoever made them anonymous changed some
amounts; what is contradictory since is refused, as it should be.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from subledger.events.context import Context
from subledger.events.reading import Reading
from subledger.importers.canonical import read_file
from subledger.importers.ibkr_flex import read_ibkr_flex
from subledger.importers.ibkr_flex_realised import realised_by_broker
from subledger.importers.source import Intake

STATEMENTS = Path(__file__).parents[3] / "shared" / "data" / "ibkr"
QUARTER = "flex_2025_q1.xml"
CORPORATE = "corporate_action_2025.xml"
OPTIONS = "options_future_2025.xml"
HOLDING = "vtandchill_2025.xml"
SHORTS = "minimal_short_options_repro_2025.xml"

pytestmark = pytest.mark.skipif(
    not STATEMENTS.is_dir(), reason="the real statements are not beside the repository"
)

ROUNDING = dict.fromkeys(("commission", "gross_amount", "amount"), "half_even")


def table(name: str, kind: str) -> list[dict[str, str]]:
    """Return the rows that the format reads, before they are judged."""
    source = read_ibkr_flex((STATEMENTS / name).read_bytes(), Intake(file=name, kind=kind))
    assert source.findings == []
    return [dict(zip(source.header, row, strict=True)) for row in zip(*source.columns, strict=True)]


def judged(name: str, *, decimals: int = 2) -> dict[str, Reading]:
    """Return what reading each kind of a statement comes to, in books kept in CHF."""
    data = (STATEMENTS / name).read_bytes()
    units = dict.fromkeys(("CHF", "USD", "EUR"), decimals)
    context = Context(base_currency="CHF", decimals=units)
    readings: dict[str, Reading] = {}
    for kind in ("instruments", "trades", "cash", "prices", "rates", "corporate_actions"):
        intake = Intake(file=name, kind=kind, format="ibkr-flex", rounding=ROUNDING)
        readings[kind] = read_file(data, intake, context=context)
        if kind == "instruments":
            context = replace(context, instruments=readings[kind].table)
    return readings


def sums(rows: list[dict[str, str]], amount: str, *by: str) -> dict[tuple[str, ...], Decimal]:
    totals: dict[tuple[str, ...], Decimal] = {}
    for row in rows:
        key = tuple(row[name] for name in by)
        totals[key] = totals.get(key, Decimal(0)) + Decimal(row[amount] or "0")
    return totals


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        (QUARTER, (18, 236, 14, 43, 19, 0)),
        (CORPORATE, (2, 1, 4, 2, 0, 1)),
        (OPTIONS, (22, 39, 52, 43, 42, 22)),
        (HOLDING, (2, 0, 10, 13, 17, 0)),
        (SHORTS, (3, 4, 3, 7, 6, 0)),
    ],
)
def test_a_statement_becomes_so_many_facts_of_each_kind(name: str, counts: tuple[int, ...]) -> None:
    readings = judged(name)
    assert tuple(reading.table.num_rows for reading in readings.values()) == counts


def test_only_what_was_made_contradictory_is_refused() -> None:
    refused = {
        (name, kind): Counter(finding.code for finding in reading.findings)
        for name in (QUARTER, CORPORATE, OPTIONS, HOLDING, SHORTS)
        for kind, reading in judged(name).items()
        if reading.findings
    }
    assert refused == {
        (CORPORATE, "rates"): {"FLEX_NO_BASE": 1},
        (HOLDING, "trades"): {"GROSS_MISMATCH": 5, "DATE_ORDER": 8},
    }


def test_the_executions_of_the_quarter_are_39_of_stock_86_of_options_and_111_of_currencies() -> (
    None
):
    classes = {row["instrument"]: row["asset_class"] for row in table(QUARTER, "instruments")}
    trades = table(QUARTER, "trades")
    assert Counter(classes[row["instrument"]] for row in trades) == {
        "equity": 39,
        "option": 86,
        "fx_spot": 111,
    }
    assert len({row["trade_id"] for row in trades}) == 236
    assert {row["status"] for row in trades} == {"settled"}
    assert Counter(row["fee_currency"] for row in trades) == {"USD": 125, "CHF": 111}


def test_net_follows_from_gross_and_commission_wherever_the_quarter_states_it() -> None:
    for row in table(QUARTER, "trades"):
        sign = 1 if row["side"] == "buy" else -1
        net = Decimal(row["gross_amount"]) + sign * Decimal(row["commission"] or "0")
        assert row["net_amount"] in {"", format(net, "f")} or Decimal(row["net_amount"]) == net
        assert (row["net_amount"] == "") == ("." in row["instrument"])


def test_the_27_cash_rows_of_the_quarter_are_14_movements() -> None:
    """13 are summaries: one of CHF 4631 on 5 February stands for two deposits."""
    cash = table(QUARTER, "cash")
    assert Counter(row["kind"] for row in cash) == {"contribution": 11, "withdrawal": 2, "fee": 1}
    assert sums(cash, "amount", "kind", "currency") == {
        ("contribution", "CHF"): Decimal(798912),
        ("withdrawal", "CHF"): Decimal(-6340),
        ("fee", "USD"): Decimal("0.01"),
    }
    in_february = [row["amount"] for row in cash if row["date"] == "2025-02-05"]
    assert in_february == ["2731", "1900"]


def test_a_correction_of_last_years_tax_is_booked_when_the_broker_booked_it() -> None:
    corrected = [row for row in table(OPTIONS, "cash") if row["date"] == "2025-01-31"]
    assert len(corrected) == 14
    assert min(row["date"] for row in table(OPTIONS, "cash")) >= "2025-01-01"
    assert sum((Decimal(row["amount"]) for row in corrected), Decimal(0)) == Decimal("3.45")


def test_the_details_of_dividends_count_and_their_summaries_do_not() -> None:
    cash = table(CORPORATE, "cash")
    assert sums(cash, "amount", "kind", "instrument") == {
        ("dividend", "ZT0"): Decimal("12.72"),
        ("dividend", "1XJ"): Decimal("13.92"),
        ("withholding", "ZT0"): Decimal("-1.91"),
        ("withholding", "1XJ"): Decimal("-2.09"),
    }


def test_a_change_of_identifier_is_found() -> None:
    (action,) = table(CORPORATE, "corporate_actions")
    assert (action["kind"], action["instrument"], action["new_instrument"]) == (
        "symbol_change",
        "ZT0",
        "1XJ",
    )


def test_every_dividend_that_was_accrued_is_found_by_its_payment() -> None:
    """The file has no accrual of one dividend, and two are paid in the next year."""
    announced = {row["event_id"]: row for row in table(OPTIONS, "corporate_actions")}
    dividends = [row for row in table(OPTIONS, "cash") if row["kind"] == "dividend"]
    paid = {row["reference"] for row in dividends}
    assert len(announced) == 22
    assert [row["memo"] for row in dividends if row["reference"] not in announced] == [
        "FHZN(232150882) CASH DIVIDEND CHF 4.30 PER SHARE (Ordinary Dividend)"
    ]
    assert [row["pay_date"] for key, row in announced.items() if key not in paid] == [
        "2026-01-05",
        "2026-01-15",
    ]


def test_the_short_option_account_adds_up_to_the_lines_of_the_brokers_cash_report() -> None:
    """Purchases with and sales without commissions; its total differs from its own lines."""
    trades, cash = table(SHORTS, "trades"), table(SHORTS, "cash")
    assert sums(trades, "net_amount", "side")["buy",] == Decimal("184012.50")
    assert sums(trades, "gross_amount", "side")["sell",] == Decimal(3710)
    assert sums(cash, "amount", "kind") == {
        ("dividend",): Decimal(600),
        ("withholding",): Decimal(-90),
        ("interest",): Decimal("5.25"),
    }


def test_the_brokers_own_realised_gains_of_the_quarter_are_read() -> None:
    realised = realised_by_broker((STATEMENTS / QUARTER).read_bytes(), QUARTER)
    traded = {row["trade_id"] for row in table(QUARTER, "trades")}
    assert {row.trade_id for row in realised} <= traded
    assert (len(realised), sum(row.realised for row in realised)) == (40, Decimal("7684.241039"))
