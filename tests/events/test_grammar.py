"""The grammar of values: what is read, what is refused and with which code."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subledger.errors import FILE_CODES
from subledger.events.columns import Column, Fault, parse_column
from subledger.events.decimals import Decimals, scaled
from subledger.events.grammar import PARSERS, Instant, Number, Unreadable, parse_number

READ = [
    ("id", "T-1_a.b:C", "T-1_a.b:C"),
    ("id", "x" * 64, "x" * 64),
    ("lot_id", "T1#2", "T1#2"),
    ("lot_id", "T1#2#spin", "T1#2#spin"),
    ("date", "1970-01-01", date(1970, 1, 1)),
    ("date", "2024-02-29", date(2024, 2, 29)),
    ("number", "-0", Number(0, 0)),
    ("number", "1250.00", Number(1250, 0)),
    ("number", "-0.125", Number(-125, 3)),
    ("number", "9" * 28, Number(int("9" * 28), 0)),
    ("number", "0.000000000000000001", Number(1, 18)),
    ("price", "9223372036854775807", Number(2**63 - 1, 0)),
    ("integer", "-9223372036854775808", -(2**63)),
    ("boolean", "true", True),
    ("boolean", "false", False),
    ("instant", "1970-01-01T00:00:00Z", Instant("1970-01-01T00:00:00Z", 0)),
    ("instant", "1970-01-02T00:00+01:00", Instant("1970-01-02T00:00+01:00", 82_800 * 10**9)),
    (
        "instant",
        "2026-03-08T01:59:59.000000001-05:00",
        Instant("2026-03-08T01:59:59.000000001-05:00", 1_772_953_199_000_000_001),
    ),
    ("moment", "2026-01-31", "2026-01-31"),
    ("lots", "A:B:1.5;T1#2:3", "A:B:1.5;T1#2:3"),
    ("text", "=SUM(A1) Zo\u00eb \u00a0", "=SUM(A1) Zo\u00eb \u00a0"),
    ("text", "x" * 10_000, "x" * 10_000),
    ("isin", "US0378331005", "US0378331005"),
    ("isin", "DE000BAY0017", "DE000BAY0017"),
]

REFUSED = [
    ("id", "a b", "NOT_AN_ID"),
    ("id", "a/b", "NOT_AN_ID"),
    ("id", "T1\n", "NOT_AN_ID"),
    ("id", "\u00e9", "NOT_AN_ID"),
    ("id", "T1#2", "NOT_AN_ID"),
    ("id", "x" * 65, "NOT_AN_ID"),
    ("lot_id", "T1#", "NOT_AN_ID"),
    ("lot_id", "#2", "NOT_AN_ID"),
    ("date", "2026-1-2", "DATE_FORMAT"),
    ("date", "20260102", "DATE_FORMAT"),
    ("date", "2026-W01-1", "DATE_FORMAT"),
    ("date", "2026-01-02\n", "DATE_FORMAT"),
    ("date", "\uff12026-01-02", "DATE_FORMAT"),
    ("date", "2026-02-29", "NO_SUCH_DAY"),
    ("date", "0000-01-01", "NO_SUCH_DAY"),
    ("date", "1969-12-31", "DATE_BEFORE_1970"),
    ("number", "1e3", "NUMBER_EXPONENT"),
    ("number", "1E400", "NUMBER_EXPONENT"),
    ("number", "+1", "NUMBER_PLUS_SIGN"),
    ("number", "1,000", "NUMBER_SEPARATOR"),
    ("number", "1.234,56", "NUMBER_SEPARATOR"),
    ("number", "1'000", "NUMBER_SEPARATOR"),
    ("number", " 1", "NUMBER_BLANK"),
    ("number", "1\u00a0000", "NUMBER_BLANK"),
    ("number", "12\n", "NUMBER_BLANK"),
    ("number", "1_000", "NUMBER_UNDERSCORE"),
    ("number", "sNaN", "NUMBER_NOT_FINITE"),
    ("number", "-Infinity", "NUMBER_NOT_FINITE"),
    ("number", "01", "NUMBER_FORMAT"),
    ("number", "1.", "NUMBER_FORMAT"),
    ("number", ".5", "NUMBER_FORMAT"),
    ("number", "--1", "NUMBER_FORMAT"),
    ("number", "$1", "NUMBER_FORMAT"),
    ("number", "\uff11", "NUMBER_FORMAT"),
    ("number", "\u0661", "NUMBER_FORMAT"),
    ("number", "9" * 29, "NUMBER_DIGITS"),
    ("number", "0.0000000000000000001", "NUMBER_DECIMALS"),
    ("price", "9223372036854775808", "NUMBER_TOO_LARGE"),
    ("integer", "1.0", "NOT_AN_INTEGER"),
    ("integer", "9" * 5000, "NUMBER_TOO_LARGE"),
    ("boolean", "TRUE", "NOT_A_BOOLEAN"),
    ("boolean", "1", "NOT_A_BOOLEAN"),
    ("instant", "2026-01-05T09:30:00", "INSTANT_WITHOUT_OFFSET"),
    ("instant", "2026-01-05 09:30:00Z", "INSTANT_FORMAT"),
    ("instant", "2026-01-05T24:00:00Z", "INSTANT_FORMAT"),
    ("instant", "2026-01-05T09:30:00+24:00", "INSTANT_FORMAT"),
    ("instant", "2026-01-05T09:30:00.1234567890Z", "INSTANT_FORMAT"),
    ("instant", "2026-06-30T23:59:60Z", "LEAP_SECOND"),
    ("instant", "2026-02-30T09:30:00Z", "NO_SUCH_DAY"),
    ("instant", "2262-04-12T00:00:00Z", "INSTANT_RANGE"),
    ("moment", "2026-01-05T09:30:00", "INSTANT_WITHOUT_OFFSET"),
    ("text", "a\0b", "CONTROL_CHARACTER"),
    ("text", "a\nb", "CONTROL_CHARACTER"),
    ("text", "a\u2028b", "CONTROL_CHARACTER"),
    ("text", "a\x85b", "CONTROL_CHARACTER"),
    ("text", "a\u202eb", "BIDI_CHARACTER"),
    ("text", "a\u2066b", "BIDI_CHARACTER"),
    ("text", "e\u0301", "TEXT_NOT_NFC"),
    ("text", "x" * 10_001, "TEXT_TOO_LONG"),
    ("lots", "T1", "LOTS_FORMAT"),
    ("lots", "T1:0", "LOTS_FORMAT"),
    ("lots", "T1:-1", "LOTS_FORMAT"),
    ("lots", "T 1:1", "NOT_AN_ID"),
    ("lots", "T1:1;", "LOTS_FORMAT"),
    ("lots", "T1:1e3", "NUMBER_EXPONENT"),
    ("isin", "US037833100", "ISIN_FORMAT"),
    ("isin", "US0378331006", "ISIN_CHECK_DIGIT"),
]


@pytest.mark.parametrize(("kind", "text", "value"), READ)
def test_a_value_of_the_grammar_is_read_exactly(kind: str, text: str, value: object) -> None:
    assert PARSERS[kind](text) == value


@pytest.mark.parametrize(("kind", "text", "code"), REFUSED)
def test_any_other_text_is_refused_with_the_code_of_its_rule(
    kind: str, text: str, code: str
) -> None:
    with pytest.raises(Unreadable) as refused:
        PARSERS[kind](text)
    assert refused.value.code == code


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=8, min_value=-(10**18), max_value=10**18
    )
)
def test_a_plain_decimal_is_read_to_its_exact_value(value: Decimal) -> None:
    number = parse_number(f"{value:f}")
    assert Decimal(number.text) == value


def code_of(kind: str, text: str) -> str:
    """Return the code with which a text is refused, "" when it is read."""
    try:
        PARSERS[kind](text)
    except Unreadable as unreadable:
        return unreadable.code
    return ""


@given(st.text())
def test_every_text_is_read_or_refused_with_a_code_of_the_catalogue(text: str) -> None:
    assert {code_of(kind, text) for kind in PARSERS} <= {"", *FILE_CODES}


def test_a_column_names_each_faulty_row_and_keeps_the_others() -> None:
    column = Column("version", "integer", default="1", minimum=1)
    parsed, faults = parse_column(column, ["", "2", "x", "0", "x"])
    assert faults == [
        Fault(2, "NOT_AN_INTEGER", "not a whole number"),
        Fault(3, "BELOW_MINIMUM", "version starts with 1"),
        Fault(4, "NOT_AN_INTEGER", "not a whole number"),
    ]
    assert np.array_equal(np.asarray(parsed.values), [1, 2, 0, 0, 0])
    assert parsed.given.tolist() == [False, True, True, True, True]
    assert parsed.sound.tolist() == [True, True, False, False, False]


def test_a_required_column_refuses_an_empty_value_and_an_optional_one_does_not() -> None:
    _, faults = parse_column(Column("book", "id", required=True), ["B1", ""])
    assert faults == [Fault(1, "EMPTY_VALUE", "book is required")]
    parsed, faults = parse_column(Column("valid_from", "date"), ["2026-01-31", ""])
    assert faults == []
    assert np.array_equal(
        np.asarray(parsed.values), np.array(["2026-01-31", "NaT"], "datetime64[D]"), equal_nan=True
    )


def test_digits_beyond_the_unit_and_beyond_64_bits_are_refused_row_by_row() -> None:
    texts = ["1.5", "1.25", "92233720368547758.08", ""]
    parsed, _ = parse_column(Column("amount", "number"), texts)
    assert isinstance(parsed.values, Decimals)
    held, excess, large = scaled(parsed.values, np.array([2, 1, 2, 2]), where=np.ones(4, bool))
    assert held.tolist() == [150, 0, 0, 0]
    assert excess.tolist() == [False, True, False, False]
    assert large.tolist() == [False, False, True, False]
