"""Whole columns are read as the grammar reads each text of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subledger.events import vectors
from subledger.events.columns import Column, Moments, parse_column
from subledger.events.decimals import Decimals, scaled
from subledger.events.grammar import PARSERS, Number, Unreadable, parse_number
from subledger.events.typed import exact, is_number, text_at, texts_of, written
from subledger.numbers import ExcessDigits, NumberOverflow, rescale
from subledger.texts import Texts

NUMBERS = st.one_of(
    st.text("0123456789.-", max_size=22),
    st.decimals(allow_nan=False, allow_infinity=False, places=4, max_value=10**12).map(str),
    st.integers(-(10**30), 10**30).map(str),
    st.sampled_from(
        ["0", "-0", "0.0", "-0.10", "00", "1.", ".1", "1..2", "1-2", "--1", "+1", "1e2"]
    ),
)
INSTANTS = st.one_of(
    st.from_regex(
        r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{1,10})?"
        r"(Z|[+-][0-2][0-9]:[0-6][0-9])?",
        fullmatch=True,
    ),
    st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat()),
    st.sampled_from(["2024-02-29T00:00:00Z", "2023-02-29T00:00:00Z", "2262-04-11T23:47:16.9Z"]),
)
DATES = st.one_of(st.dates().map(str), st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", fullmatch=True))
WORDS = st.one_of(
    st.from_regex(r"[A-Za-z0-9_.:-]{1,66}", fullmatch=True),
    st.text(st.sampled_from("aZ0_.:-# \u00e9e\u0301\n\u200e~"), max_size=5),
    st.sampled_from(["buy", "sell", "true", "false", "T1#2", "L1:10;L2:0.5", "US0378331005"]),
)
TEXTS = st.lists(st.one_of(st.just(""), NUMBERS, INSTANTS, DATES, WORDS), max_size=20)
COLUMNS = [
    *(Column(kind, kind) for kind in PARSERS if kind != "choice"),
    Column("required", "id", required=True),
    Column("amount", "number", required=True),
    Column("version", "integer", default="1", minimum=1),
    Column("side", "choice", required=True, choices=("buy", "sell")),
    Column("effect", "choice", default="buy", choices=("buy", "sell")),
]


def one_by_one(column: Column, text: str) -> tuple[object, str]:
    """Return value and code of a text, as a file of one row would have them."""
    if not text and column.required:
        return None, "EMPTY_VALUE"
    text = text or column.default
    if not text:
        return None, ""
    if column.choices and text not in column.choices:
        return None, "NOT_A_CHOICE"
    try:
        value = PARSERS[column.kind](text)
    except Unreadable as unreadable:
        return None, unreadable.code
    if column.minimum is not None and isinstance(value, int) and value < column.minimum:
        return None, "BELOW_MINIMUM"
    return value, ""


def value_at(values: Any, row: int) -> object:
    """Return a value of a column as the grammar has it; what is absent as None."""
    if isinstance(values, Decimals):
        return values.number(row)
    if isinstance(values, Moments):
        text = values.texts[row]
        return (text, int(values.nanoseconds[row])) if text else None
    if isinstance(values, Texts):
        return values[row] or None
    if values.dtype.kind == "M" and np.isnat(values[row]):
        return None
    return values[row].item()


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
@pytest.mark.parametrize("coded", [False, True], ids=["plain", "coded"])
@given(texts=TEXTS)
def test_a_column_is_read_as_its_texts_one_by_one(
    column: Column,
    coded: bool,  # noqa: FBT001 - a parameter of the test
    texts: list[str],
) -> None:
    given_texts = pa.array(texts, pa.string())
    parsed, faults = parse_column(column, given_texts.dictionary_encode() if coded else given_texts)
    each = [one_by_one(column, text) for text in texts]
    assert [(fault.position, fault.code) for fault in faults] == [
        (row, code) for row, (_, code) in enumerate(each) if code
    ]
    assert parsed.sound.tolist() == [not code for _, code in each]
    assert parsed.given.tolist() == [bool(text) for text in texts]
    values = parsed.values
    if isinstance(values, np.ndarray) and values.dtype.kind != "M":
        assert values.tolist() == [value or 0 for value, _ in each]
    else:
        assert [value_at(values, row) for row in range(len(texts))] == [value for value, _ in each]


@given(st.lists(st.integers(-(10**17), 10**17)), st.integers(0, 18))
def test_every_plain_number_is_read_without_asking_the_grammar(
    values: list[int], scale: int
) -> None:
    texts = [f"{Decimal(value).scaleb(-scale):f}" for value in values]
    texts = [text for text in texts if len(text.lstrip("-")) <= 18]
    mantissa, places, plain = vectors.decimals(pa.array(texts, pa.string()))
    assert plain.all()
    assert list(zip(mantissa.tolist(), places.tolist(), strict=True)) == [
        tuple(parse_number(text)) for text in texts
    ]


@given(st.lists(st.tuples(NUMBERS, st.integers(0, 12))))
def test_numbers_are_scaled_row_by_row_or_refused_as_each_alone(
    rows: list[tuple[str, int]],
) -> None:
    parsed, _ = parse_column(Column("amount", "number"), [text for text, _ in rows])
    assert isinstance(parsed.values, Decimals)
    places = np.array([places for _, places in rows], np.int64)
    held, excess, large = scaled(parsed.values, places, where=np.ones(len(rows), bool))
    for row, (number, at) in enumerate(zip(parsed.values.tolist(), places.tolist(), strict=True)):
        expected: tuple[int, bool, bool] = (0, False, False)
        try:
            if number is not None:
                expected = (rescale(number.mantissa, number.scale, at), False, False)
        except ExcessDigits:
            expected = (0, True, False)
        except NumberOverflow:
            expected = (0, False, True)
        assert (held[row], excess[row], large[row]) == expected


WHOLE = st.integers(-(10**17), 10**17)
TYPED = st.one_of(
    st.tuples(st.just(pa.int64()), st.integers(-(2**63), 2**63 - 1)),
    st.tuples(st.just(pa.uint64()), st.integers(0, 2**64 - 1)),
    st.tuples(st.just(pa.int8()), st.integers(-128, 127)),
    *(
        st.tuples(st.just(kind), st.one_of(WHOLE, WHOLE.map((10**6).__mul__)))
        for kind in (pa.decimal128(38, 0), pa.decimal128(38, 2), pa.decimal256(50, 20))
    ),
)


@pytest.mark.parametrize("column", [Column("a", "number"), Column("a", "integer", minimum=2)])
@given(data=st.lists(TYPED, min_size=1), none=st.booleans())
def test_numbers_of_a_typed_file_are_read_as_their_texts(
    column: Column,
    data: list[tuple[pa.DataType, int]],
    none: bool,  # noqa: FBT001
) -> None:
    kind = data[0][0]
    values: list[Any] = [value for other, value in data if other == kind]
    if pa.types.is_decimal(kind):
        values = [Decimal(value).scaleb(-kind.scale) for value in values]
    given_values = pa.array([None, *values] if none else values, kind)
    assert is_number(given_values)
    texts = texts_of(given_values)
    assert written(given_values).to_pylist() == texts
    parsed, faults = parse_column(column, given_values)
    as_texts, others = parse_column(column, texts)
    assert faults == others
    assert parsed.given.tolist() == as_texts.given.tolist()
    assert [value_at(parsed.values, row) for row in range(len(texts)) if texts[row]] == [
        value_at(as_texts.values, row) for row in range(len(texts)) if texts[row]
    ]


def test_numbers_wider_than_64_bits_keep_their_text() -> None:
    texts = ["1", "12345678901234567890.5", "", "12345678901234567890.5", "1.0"]
    parsed, _ = parse_column(Column("strike", "number"), texts)
    assert isinstance(parsed.values, Decimals)
    assert parsed.values.texts().tolist() == ["1", texts[1], "", texts[1], "1"]
    coded, _ = parse_column(Column("strike", "number"), pa.array(texts).dictionary_encode())
    assert isinstance(coded.values, Decimals)
    assert coded.values.tolist() == parsed.values.tolist()
    assert coded.values.number(1) == Number(123456789012345678905, 1)


def test_columns_without_rows_and_without_values_are_read() -> None:
    assert exact(pa.nulls(2, pa.decimal128(10, 2))) is not None
    assert exact(pa.array([], pa.decimal128(10, 2))) is not None
    assert text_at([""], 0) == ""
    for column in COLUMNS:
        assert parse_column(column, [])[1] == []
