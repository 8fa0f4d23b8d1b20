"""A long file that is sound is read some rows at a time, and as if it were read whole."""

from __future__ import annotations

import csv
import io
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from subledger.errors import Refused
from subledger.events.context import Context, Limits
from subledger.events.reading import Reading
from subledger.importers import arrival, csv_columns, in_blocks, parquet_file
from subledger.importers.canonical import read_file
from subledger.importers.in_blocks import read_in_blocks
from subledger.importers.source import Intake
from subledger.tables import INSTRUMENTS

ROWS = [
    {
        "trade_id": f"T{number:04}",
        "status": ("settled", "confirmed")[number % 2],
        "trade_date": "2026-01-05",
        "settlement_date": "2026-01-06",
        "executed_at": f"2026-01-05T14:30:{number % 60:02}Z",
        "book": f"B{number % 7}",
        "broker_account": "PB1",
        "instrument": "ACME",
        "side": ("buy", "sell")[number % 3 == 0],
        "quantity": str(number + 1),
        "price": f"{number}.{number % 10}",
        "currency": "USD",
        "commission": "" if number % 5 else "1.25",
    }
    for number in range(200)
]


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_blocks, "LONG", 1)
    monkeypatch.setattr(csv_columns, "_OF_A_FILE", 1_000)
    monkeypatch.setattr(parquet_file, "_BLOCK_ROWS", 17)


def context() -> Context:
    facts: dict[str, Any] = {field.name: None for field in INSTRUMENTS.schema}
    for field in INSTRUMENTS.schema:
        if not field.nullable:
            is_text = pa.types.is_dictionary(field.type) or pa.types.is_string(field.type)
            facts[field.name] = "" if is_text else 0
    facts |= {"instrument": "ACME", "currency": "USD", "multiplier_mantissa": 1}
    for field in INSTRUMENTS.schema:
        if pa.types.is_boolean(field.type):
            facts[field.name] = False
    instruments = pa.Table.from_pylist([facts], schema=INSTRUMENTS.schema)
    return Context(base_currency="USD", decimals={"USD": 2}, instruments=instruments, batch=7)


def as_csv(rows: list[dict[str, str]] = ROWS, *, end: str = "\n") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def as_parquet(rows: list[dict[str, str]] = ROWS) -> bytes:
    columns: dict[str, pa.Array] = {name: pa.array([row[name] for row in rows]) for name in rows[0]}
    columns["price"] = pa.array([Decimal(row["price"]) for row in rows], pa.decimal128(18, 4))
    columns["quantity"] = pa.array([int(row["quantity"]) for row in rows])
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, row_group_size=90, compression="none")
    return out.getvalue()


def read(data: bytes, form: str, **told: Any) -> Reading | None:
    intake = Intake(file="t", kind="trades", format=form, **told)
    return read_in_blocks(io.BytesIO(data), intake, context=context())


def whole(data: bytes, form: str) -> Reading:
    return read_file(data, Intake(file="t", kind="trades", format=form), context=context())


@pytest.mark.parametrize(
    ("form", "data"),
    [
        ("csv", as_csv()),
        ("csv", as_csv(end="\r\n")),
        ("csv", b"\xef\xbb\xbf" + as_csv()),
        ("csv", as_csv().rstrip(b"\n")),
        ("csv", as_csv(ROWS[::-1])),
        ("parquet", as_parquet()),
        ("parquet", as_parquet(ROWS[::-1])),
    ],
)
def test_a_sound_file_gives_the_same_rows_and_notes(form: str, data: bytes) -> None:
    found, wanted = read(data, form), whole(data, form)
    assert found is not None
    assert wanted.findings == []
    assert wanted.notes  # settled trades without a date of their own
    assert (found.rows_read, found.notes, found.findings) == (200, wanted.notes, [])
    assert found.table.schema == wanted.table.schema
    assert found.table.to_pylist() == wanted.table.to_pylist()


@pytest.mark.parametrize(
    "data",
    [
        as_csv([*ROWS, ROWS[0] | {"quantity": "-1"}]),
        as_csv([*ROWS, ROWS[0] | {"quantity": "many"}]),
        as_csv([*ROWS, ROWS[0] | {"book": 'B"1'}]),
        as_csv() + b"\n" + as_csv().split(b"\n", 1)[1],
        as_csv() + b"T9\n",
        as_csv() + b"\n\n",
        as_csv() + b"\xff\n",
        as_csv() + b"\0\n",
        as_csv().replace(b"trade_id", b"trade", 1),
        b"\xff" + as_csv(),
        b"\n" + as_csv(),
        as_csv().split(b"\n", 1)[0],
    ],
)
def test_any_other_file_is_left_to_the_reader_of_whole_files(data: bytes) -> None:
    assert read(data, "csv") is None


def test_a_damaged_parquet_file_is_left_too() -> None:
    data = as_parquet()
    assert read(data[:-9], "parquet") is None
    assert read(data.replace(b"T0050", b"T\xff050"), "parquet") is None


@pytest.mark.parametrize("limits", [Limits(rows=199), Limits(size=5_000)])
def test_a_file_beyond_the_limits_is_left_too(limits: Limits) -> None:
    assert read(as_csv(), "csv", limits=limits) is None
    assert read(as_parquet(), "parquet", limits=limits) is None


def test_kinds_whose_rows_are_judged_together_and_short_files_are_read_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    intake = Intake(file="t", kind="settlements", format="csv")
    assert read_in_blocks(io.BytesIO(as_csv()), intake, context=context()) is None
    assert read(as_csv(), "csv", rounding={"price": "half-even"}) is None
    monkeypatch.setattr(in_blocks, "LONG", 10**9)
    assert read(as_csv(), "csv") is None


def test_a_long_file_that_is_written_to_while_it_is_open_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrival, "LONG", 1)
    path = tmp_path / "t.csv"
    path.write_bytes(as_csv())
    with arrival.arrived(path) as found:
        found.require_unchanged()
        assert found.whole() == as_csv()
        os.utime(path, (1, 1))
        with pytest.raises(Refused) as refused:
            found.require_unchanged()
    assert refused.value.findings[0].code == "FILE_UNREADABLE"
