"""Import in other formats than CSV: the same facts, under the name of their format."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from tests.operations.desk import Desk, csv_of

from subledger.errors import Refused
from subledger.operations.importing import Delivery, delivered, import_bytes

TRADES = """
trade_id trade_date settled_date side quantity price
T1       01-05      01-07        buy  100      10.00
T2       01-06      01-08        buy  50       12.00
"""


def table(text: str) -> tuple[list[str], list[list[str]]]:
    header, *rows = csv.reader(io.StringIO(csv_of("trades", text).decode()))
    return header, rows


def as_parquet(text: str) -> bytes:
    header, rows = table(text)
    columns = [pa.array(list(values)) for values in zip(*rows, strict=True)]
    out = io.BytesIO()
    pq.write_table(pa.table(columns, names=header), out)
    return out.getvalue()


def as_xlsx(text: str) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    for line, row in enumerate([table(text)[0], *table(text)[1]]):
        for place, cell in enumerate(row):
            sheet.write_string(line, place, cell)
    book.close()
    return out.getvalue()


@pytest.mark.parametrize(("name", "write"), [("parquet", as_parquet), ("xlsx", as_xlsx)])
def test_facts_of_another_format_are_those_of_the_csv_file(
    desk: Desk, name: str, write: Callable[[str], bytes]
) -> None:
    data = write(TRADES)
    done = import_bytes(desk.books, Delivery("trades", f"t.{name}", data))
    assert (done.rows_read, done.rows_new) == (2, 2)
    batch = desk.books.control.read().imported("trades", raw_sha256=sha256(data).hexdigest())
    assert batch is not None
    assert batch.imported is not None
    assert batch.imported.format == name
    again = desk.takes("trades", TRADES)
    assert (again.rows_new, again.rows_known) == (0, 2)


def test_a_format_that_is_named_is_the_one_in_which_a_file_is_read(
    desk: Desk, tmp_path: Path
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(csv_of("trades", TRADES))
    for name, code in (("xlsx", "FORMAT_UNREADABLE"), ("xls", "UNKNOWN_FORMAT")):
        with pytest.raises(Refused) as refused:
            import_bytes(desk.books, delivered("trades", path, source_format=name))
        assert [finding.code for finding in refused.value.findings] == [code]
    done = import_bytes(desk.books, delivered("trades", path, source_format="csv"))
    assert done.rows_new == 2
