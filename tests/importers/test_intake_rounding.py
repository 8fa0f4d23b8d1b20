"""A broker's format rounds where the settings declare it, and every rounding is on record."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from subledger.events.context import Context
from subledger.importers.canonical import read_canonical
from subledger.importers.intake_rounding import round_source
from subledger.importers.source import Intake, Source

PLAIN = Context(base_currency="USD", decimals={"USD": 2, "JPY": 0})
ISSUED = b"""instrument,asset_class,currency,base_currency,quantity_decimals
ACME,equity,USD,,4
USD.JPY,fx_spot,JPY,USD,8
"""
CONTEXT = Context(
    base_currency="USD",
    decimals=PLAIN.decimals,
    instruments=read_canonical("instruments", ISSUED, file="i.csv", context=PLAIN).table,
)


def source(**columns: str) -> Source:
    return Source(tuple(columns), tuple([value] for value in columns.values()), [7])


def rounded(kind: str, *declared: str, **columns: str) -> tuple[dict[str, str], list[str]]:
    """Return the only row after rounding the declared columns, and what was noted of it."""
    rounding = dict.fromkeys(declared, "half_even")
    intake = Intake(file="s.xml", kind=kind, format="ibkr-flex", rounding=rounding)
    after = round_source(source(**columns), intake, context=CONTEXT)
    notes = [f"{note.code} {note.row} {note.column} {note.value}" for note in after.notes]
    row = {name: column[0] for name, column in zip(after.header, after.columns, strict=True)}
    return row, notes


def test_a_declared_column_is_rounded_half_to_even_with_a_note_of_the_original() -> None:
    assert rounded("cash", "amount", currency="USD", amount="0.125") == (
        {"currency": "USD", "amount": "0.12"},
        ["INTAKE_ROUNDED 7 amount 0.125"],
    )
    assert rounded("cash", "amount", currency="USD", amount="-0.135")[0]["amount"] == "-0.14"


def test_a_column_that_is_not_declared_stays_and_is_judged_like_any() -> None:
    row, notes = rounded("cash", "commission", currency="USD", amount="0.125")
    assert (row["amount"], notes) == ("0.125", [])


def test_a_fee_has_the_unit_of_its_own_currency() -> None:
    row, _ = rounded("trades", "commission", currency="USD", fee_currency="JPY", commission="2.5")
    assert row["commission"] == "2"
    row, _ = rounded("trades", "commission", currency="USD", fee_currency="", commission="2.555")
    assert row["commission"] == "2.56"


def test_a_quantity_has_the_unit_of_its_instrument() -> None:
    row, _ = rounded("trades", "quantity", instrument="ACME", quantity="1.00005")
    assert row["quantity"] == "1.0000"
    row, notes = rounded("trades", "quantity", instrument="NOPE", quantity="1.00005")
    assert (row["quantity"], notes) == ("1.00005", [])


def test_the_quantity_of_an_exchange_is_money_in_its_own_currency() -> None:
    row, _ = rounded("trades", "quantity", instrument="USD.JPY", quantity="0.12345678")
    assert row["quantity"] == "0.12"


def test_a_quantity_or_an_amount_of_cash_is_not_rounded_to_nothing() -> None:
    row, notes = rounded("trades", "quantity", instrument="USD.JPY", quantity="0.0012")
    assert (row["quantity"], notes) == ("0.0012", [])
    row, notes = rounded("cash", "amount", currency="USD", amount="-0.004")
    assert (row["amount"], notes) == ("-0.004", [])
    row, _ = rounded("trades", "commission", currency="USD", commission="0.004")
    assert row["commission"] == "0.00"


def test_the_net_of_a_rounded_trade_is_left_out_for_it_follows_from_the_rest() -> None:
    """680.185 + 1.000092 round to 680.18 + 1.00 = 681.18, and 681.185092 alone to 681.19."""
    row, notes = rounded(
        "trades", "gross_amount", "commission", "net_amount",
        currency="USD", gross_amount="680.185", commission="1.000092", net_amount="681.185092",
    )  # fmt: skip
    assert row == {
        "currency": "USD",
        "gross_amount": "680.18",
        "commission": "1.00",
        "net_amount": "",
    }
    assert notes == [
        "INTAKE_ROUNDED 7 gross_amount 680.185",
        "INTAKE_ROUNDED 7 commission 1.000092",
        "INTAKE_ROUNDED 7 net_amount 681.185092",
    ]


def test_what_is_no_number_or_too_large_is_left_to_the_judge() -> None:
    for text in ("", "abc", "1e-5", "99999999999999999999.999"):
        row, notes = rounded("cash", "amount", currency="USD", amount=text)
        assert (row["amount"], notes) == (text, [])


@given(st.decimals(-(10**9), 10**9, places=9).filter(lambda value: abs(value) > 1))
def test_a_rounded_value_is_within_half_a_unit_and_fits_it(value: Decimal) -> None:
    row, _ = rounded("cash", "amount", currency="USD", amount=format(value, "f"))
    after = Decimal(row["amount"])
    assert abs(after - value) <= Decimal("0.005")
    assert after == round(after, 2)
