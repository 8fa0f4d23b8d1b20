"""Parquet files that are damaged, hostile, or hold what no text states."""

from __future__ import annotations

import io
from datetime import date, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subledger.errors import CODES
from subledger.events.context import Context, Limits
from subledger.events.typed import texts_of
from subledger.importers.canonical import read_canonical
from subledger.importers.formats import FORMATS
from subledger.importers.parquet_moments import moments, written_moment, zone_of
from subledger.importers.source import Intake, Source


def parquet(columns: dict[str, pa.Array], **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, **options)
    return out.getvalue()


def read(data: bytes, *, limits: Limits | None = None) -> Source:
    return FORMATS["parquet"](data, Intake(file="f", kind="trades", limits=limits or Limits()))


def codes(source: Source) -> list[tuple[str, int | None, str]]:
    return [(f.code, f.row, f.column) for f in [*source.findings, *source.unreadable]]


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        (pa.array(["a", "", None, "e\u0301"]), ["a", "", "", "e\u0301"]),
        (pa.array(["a", None], pa.large_string()), ["a", ""]),
        (pa.array(["b", "a", None, "b"]).dictionary_encode(), ["b", "a", "", "b"]),
        (pa.array([1, -(2**63), None]), ["1", str(-(2**63)), ""]),
        (pa.array([2**64 - 1], pa.uint64()), [str(2**64 - 1)]),
        (pa.array([Decimal("12.50"), Decimal("-0.01"), None]), ["12.5", "-0.01", ""]),
        (pa.array([Decimal(100), Decimal(0)], pa.decimal128(38, 18)), ["100", "0"]),
        (pa.array([Decimal("9" * 38)], pa.decimal256(40, 2)), ["9" * 38]),
        (pa.array([date(2026, 1, 31), None]), ["2026-01-31", ""]),
        (pa.array([date(1969, 12, 31)], pa.date64()), ["1969-12-31"]),
        (pa.array([True, False, None]), ["true", "false", ""]),
        (pa.nulls(2), ["", ""]),
        (pa.array([3600], pa.timestamp("s")), ["1970-01-01T01:00:00"]),
        (pa.array([2**62], pa.timestamp("us", "UTC")), [str(2**62)]),
        (
            pa.array([1, -1], pa.timestamp("ns", "UTC")),
            ["1970-01-01T00:00:00.000000001+00:00", "1969-12-31T23:59:59.999999999+00:00"],
        ),
    ],
)
def test_values_become_the_text_of_a_csv_file(column: pa.Array, texts: list[str]) -> None:
    source = read(parquet({"a": column}))
    assert (codes(source), source.header) == ([], ("a",))
    assert [texts_of(column) for column in source.columns] == [texts]
    assert list(source.numbers) == list(range(2, len(texts) + 2))


@pytest.mark.parametrize(
    ("column", "code"),
    [
        (pa.array([1.0]), "INEXACT_COLUMN"),
        (pa.array([None], pa.float32()), "INEXACT_COLUMN"),
        (pa.array([0.5]).dictionary_encode(), "INEXACT_COLUMN"),
        (pa.array([["x"]]), "VALUE_TYPE"),
        (pa.array([{"x": 1}]), "VALUE_TYPE"),
        (pa.array([b"x"]), "VALUE_TYPE"),
        (pa.array([time(9, 30)]), "VALUE_TYPE"),
        (pa.array([1], pa.timestamp("s", "Nowhere/Town")), "VALUE_TYPE"),
    ],
)
def test_a_column_that_no_text_states_is_refused_whole(column: pa.Array, code: str) -> None:
    assert codes(read(parquet({"a": pa.array(["1"]), "b": column}))) == [(code, None, "b")]


def test_a_column_left_out_by_the_mapping_may_hold_floats() -> None:
    columns = {
        "date": pa.array([date(2026, 1, 5)]),
        "instrument": pa.array(["ACME"]),
        "price": pa.array([Decimal("12.5")]),
        "score": pa.array([0.1]),
    }
    context = Context(base_currency="USD", decimals={"USD": 2})
    taken = {}
    for name in ("score", "price"):
        mapping = {"score": "", "price": "price"} if name == "score" else {"score": "level"}
        reading = read_canonical(
            "prices", parquet(columns), file="f", context=context, mapping=mapping
        )
        taken[name] = [(f.code, f.row, f.column) for f in reading.findings]
    assert taken == {
        "score": [("UNKNOWN_INSTRUMENT", 2, "instrument")],
        "price": [("INEXACT_COLUMN", None, "level"), ("UNKNOWN_INSTRUMENT", 2, "instrument")],
    }


def test_too_many_rows_and_too_much_text_are_refused_before_they_are_read() -> None:
    rows = parquet({"a": pa.array(range(5))})
    assert codes(read(rows, limits=Limits(rows=4))) == [("TOO_MANY_ROWS", 6, "")]
    assert codes(read(rows, limits=Limits(rows=5))) == []
    assert codes(read(rows, limits=Limits(size=10))) == [("FILE_TOO_LARGE", None, "")]
    bomb = parquet({"a": pa.array(["x" * 10_000] * 10_000)})
    assert len(bomb) < 50_000
    assert codes(read(bomb, limits=Limits(size=10**7))) == [("FILE_TOO_LARGE", None, "")]


ZONES = ["UTC", "America/New_York", "+05:30", "Africa/Monrovia", "Australia/Lord_Howe", None]


@given(
    st.lists(st.one_of(st.none(), st.integers(-(2**40), 2**62), st.integers(0, 2**34))),
    st.sampled_from(["s", "ms", "us", "ns"]),
    st.sampled_from(ZONES),
)
def test_a_column_of_moments_is_written_as_each_of_them_is(
    values: list[int | None], unit: str, zone: str | None
) -> None:
    each = [
        "" if value is None else written_moment(value, unit, zone=zone_of(zone) if zone else None)
        for value in values
    ]
    assert texts_of(moments(pa.array(values, pa.timestamp(unit, zone)))) == each


def test_a_file_without_columns_is_empty() -> None:
    assert codes(read(parquet({}))) == [("EMPTY_FILE", None, "")]


SOUND = parquet(
    {"date": pa.array([date(2026, 1, 5)] * 3), "price": pa.array(["1", "2", None])},
    store_schema=False,
)


@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", b"PAR1", SOUND[:-1], SOUND[4:]])
def test_what_is_no_parquet_file_is_refused(data: bytes) -> None:
    assert codes(read(data)) == [("FORMAT_UNREADABLE", None, "")]


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(SOUND) - 1), st.binary(max_size=8), st.integers(0, 8))
def test_bytes_that_change_end_in_rows_or_findings(place: int, put: bytes, cut: int) -> None:
    source = read(SOUND[:place] + put + SOUND[place + cut :])
    assert {finding.code for finding in source.findings} <= set(CODES)
    assert len({len(column) for column in source.columns}) <= 1
