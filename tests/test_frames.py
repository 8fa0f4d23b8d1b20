from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subledger import tables
from subledger.errors import CODES, Finding, Refused
from subledger.frames import columns_of, frame
from subledger.statements.report import Report, Units, maybe_base, number_text

UNITS = Units("USD", {"USD": 2, "JPY": 0}, {"BTC": 8})


def texts(*values: Any) -> list[str]:
    return columns_of(pd.DataFrame({"x": pd.Series(values, dtype=object)}))["x"]


def findings(frame: pd.DataFrame) -> tuple[Finding, ...]:
    with pytest.raises(Refused) as refused:
        columns_of(frame)
    assert all(finding.code in CODES for finding in refused.value.findings)
    return refused.value.findings


def test_a_report_becomes_a_frame_with_exact_decimals_dates_and_counts() -> None:
    schema = pa.schema(
        [
            tables.text("instrument"), tables.text("currency"), tables.money("amount"),
            maybe_base("prior"), tables.units("quantity"), number_text("price"),
            tables.day("on"), tables.maybe_day("price_date"), tables.whole("seq"),
            tables.maybe_whole("row"), tables.flag("posted"),
        ]
    )  # fmt: skip
    day = date(2022, 9, 30)
    rows = [
        ["BTC", "JPY", 5, None, 1, "1.50", day, None, 1, None, True],
        ["", "USD", -5, 10, 2, "", day, day, 2, 9, False],
    ]
    table = pa.Table.from_arrays(
        [pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), schema.types,
                                                        strict=True)], schema=schema,
    )  # fmt: skip
    result = frame(Report("any", "Any", table), UNITS)
    assert list(result.columns) == schema.names
    assert result["amount"].tolist() == [Decimal(5), Decimal("-0.05")]
    assert [str(amount) for amount in result["amount"]] == ["5", "-0.05"]
    assert result["prior"].tolist() == [None, Decimal("0.10")]
    assert [str(quantity) for quantity in result["quantity"]] == ["1E-8", "2"]
    assert result["price"].tolist() == [Decimal("1.50"), None]
    assert result["instrument"].tolist() == ["BTC", ""]
    assert result["on"].tolist() == [pd.Timestamp(day)] * 2
    assert result["price_date"].isna().tolist() == [True, False]
    assert str(result["price_date"].dtype) == "datetime64[s]"
    assert result["seq"].tolist() == [1, 2]
    assert str(result["row"].dtype) == "Int64"
    assert result["posted"].tolist() == [True, False]


def test_an_empty_report_becomes_an_empty_frame_with_its_columns() -> None:
    empty = frame(Report("lots", "Lots", tables.LOTS.empty()), UNITS)
    assert list(empty.columns) == tables.LOTS.schema.names
    assert len(empty) == 0


def test_values_become_the_text_that_a_file_would_hold() -> None:
    assert texts("007", 12, np.int64(-3), Decimal("1.50"), Decimal("1E+3"), 0.1, 2.0, -0.0) == [
        "007", "12", "-3", "1.50", "1000", "0.1", "2", "0",
    ]  # fmt: skip
    assert texts(True, np.bool_(False), Decimal("-0.00")) == ["true", "false", "0.00"]
    assert texts(1e-7, 123456789012345.0, 1e22, 0.00001234) == [
        "0.0000001", "123456789012345", "10000000000000000000000", "0.00001234",
    ]  # fmt: skip


def test_nothing_becomes_empty_text() -> None:
    assert texts(None, float("nan"), pd.NaT, pd.NA, "", Decimal("NaN")) == [""] * 6


def test_dates_and_moments_become_iso_text() -> None:
    zoned = datetime(2022, 9, 30, tzinfo=UTC)
    assert texts(
        date(2022, 9, 30), datetime(2022, 9, 30), pd.Timestamp("2022-09-30"),  # noqa: DTZ001
        np.datetime64("2022-09-30"), zoned, pd.Timestamp("2022-09-30T14:00:00.000000001Z"),
    ) == [
        *["2022-09-30"] * 4, "2022-09-30T00:00:00+00:00", "2022-09-30T14:00:00.000000001+00:00",
    ]  # fmt: skip


def test_typed_columns_are_read_like_their_values() -> None:
    given = pd.DataFrame(
        {
            "when": pd.Series(np.array(["2022-09-30", "NaT"], "datetime64[ns]")),
            "count": pd.array([1, None], dtype="Int64"),
            "price": [1.25, float("nan")],
            "kind": pd.Categorical(["buy", None]),
            "name": pd.array(["a", None], dtype="string"),
            "flag": [True, False],
        }
    )
    assert columns_of(given) == {
        "when": ["2022-09-30", ""],
        "count": ["1", ""],
        "price": ["1.25", ""],
        "kind": ["buy", ""],
        "name": ["a", ""],
        "flag": ["true", "false"],
    }


def test_every_doubtful_value_is_refused_at_once_with_its_row_and_column() -> None:
    given = pd.DataFrame(
        {
            "price": [1.5, 0.1 + 0.2, float("inf")],
            "quantity": [2.0**53 + 2, 1.0, 2.0],
            "book": ["A", ["B"], Decimal("Infinity")],
        }
    )
    found = [(each.code, each.row, each.column) for each in findings(given)]
    assert found == [
        ("FRAME_FLOAT", 3, "price"),
        ("FRAME_VALUE", 4, "price"),
        ("FRAME_FLOAT", 2, "quantity"),
        ("FRAME_VALUE", 3, "book"),
        ("FRAME_VALUE", 4, "book"),
    ]
    assert findings(given)[0].value == "0.30000000000000004"


def test_columns_need_names_of_their_own() -> None:
    twice = pd.DataFrame([[1, 2, 3]], columns=["a", "a", 7])
    found = [(each.code, each.column, each.value) for each in findings(twice)]
    assert found == [("FRAME_COLUMN", "a", ""), ("FRAME_COLUMN", "", "7")]


@given(digits=st.integers(-(10**15) + 1, 10**15 - 1), places=st.integers(0, 12))
def test_a_decimal_of_15_digits_survives_its_way_through_a_float(digits: int, places: int) -> None:
    number = Decimal(digits).scaleb(-places)
    (text,) = texts(float(number))
    assert Decimal(text) == number
    assert "E" not in text


@given(value=st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_keeps_its_exact_value(value: Decimal) -> None:
    (text,) = texts(value)
    assert Decimal(text) == value
