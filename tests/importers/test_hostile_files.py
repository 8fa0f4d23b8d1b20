"""Whatever a file holds, reading it ends with rows or with findings, never with an exception."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subledger.errors import CODES
from subledger.events.columns import Column
from subledger.events.context import Context
from subledger.events.identity import admit
from subledger.events.kinds import KINDS
from subledger.importers.canonical import read_canonical

CONTEXT = Context(base_currency="USD", decimals={"USD": 2, "JPY": 0}, bases=("US-GAAP",))
ISSUED = b"instrument,asset_class,currency,quantity_decimals\nACME,equity,USD,8\n"
CELLS = st.sampled_from(
    [
        "",
        "1",
        "-1",
        "0",
        "9223372036854775807",
        "-9223372036854775808",
        "92233720368547758.07",
        "0.000000000000000001",
        "9" * 28,
        "1e5",
        "NaN",
        "2026-01-31",
        "9999-12-31",
        "2026-01-31T09:30:00Z",
        "ACME",
        "NOPE",
        "USD",
        "JPY",
        "dividend",
        "0.26375",
        "US-GAAP",
        "equity",
        "future",
        "buy",
        "long",
        "settled",
        "confirmed",
        "contribution",
        "true",
        "T1:1;T2:2",
        "=1+1",
        "\u202e",
        "a b",
    ]
)


def context() -> Context:
    reading = read_canonical("instruments", ISSUED, file="instruments.csv", context=CONTEXT)
    return Context(
        base_currency="USD",
        decimals=CONTEXT.decimals,
        bases=CONTEXT.bases,
        instruments=reading.table,
    )


def judged(kind: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    text = "\n".join(",".join(cells) for cells in [header, *rows])
    reading = read_canonical(kind, text.encode(), file="f.csv", context=context())
    assert {finding.code for finding in reading.findings + reading.notes} <= set(CODES)
    assert reading.table.schema == KINDS[kind].table.schema
    if reading.findings:
        assert reading.table.num_rows == 0
        return
    assert reading.table.num_rows == len(rows)
    reading.table.validate(full=True)
    first = admit(kind, reading.table, known={}, file="f.csv")
    if not first.findings:
        again = admit(kind, reading.table, known={kind: first.rows}, file="f.csv")
        assert (again.rows.num_rows, again.findings) == (0, [])


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_cells_are_read_or_refused_with_codes_of_the_catalogue(
    kind: str, data: st.DataObject
) -> None:
    header = [column.name for column in KINDS[kind].columns]
    row = st.tuples(*(CELLS for _ in header))
    judged(kind, header, data.draw(st.lists(row, max_size=4)))


SOUND = {
    "date": st.sampled_from(["2026-01-31", "2026-02-01", ""]),
    "number": st.sampled_from(["", "1", "-1", "0.5", "92233720368547758.07", "90000000000"]),
    "price": st.sampled_from(["", "1", "0", "12.5", "9223372036854775807"]),
    "integer": st.sampled_from(["", "1", "2"]),
    "boolean": st.sampled_from(["", "true", "false"]),
    "id": st.sampled_from(["A", "B"]),
    "lot_id": st.sampled_from(["A", "B#1"]),
    "instant": st.sampled_from(["", "2026-01-31T09:30:00Z"]),
}
NAMED = {
    "instrument": st.just("ACME"),
    "currency": st.just("USD"),
    "fee_currency": st.sampled_from(["", "JPY"]),
    "settlement_currency": st.sampled_from(["", "JPY"]),
    "base_currency": st.sampled_from(["", "JPY"]),
    "base": st.just("JPY"),
    "quote": st.just("USD"),
    "new_instrument": st.sampled_from(["", "ACME"]),
    "reclaimable_rate": st.sampled_from(["", "0", "0.5"]),
    "withholding_rate": st.sampled_from(["", "0.5", "1"]),
    "basis": st.sampled_from(["", "US-GAAP"]),
}


def cells_of(column: Column) -> st.SearchStrategy[str]:
    if column.name in NAMED:
        return NAMED[column.name]
    if column.choices:
        return st.sampled_from(column.choices)
    return SOUND.get(column.kind, st.just(""))


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_cells_of_the_right_kind_are_read_or_refused_and_a_file_twice_is_no_news(
    kind: str, data: st.DataObject
) -> None:
    columns = KINDS[kind].columns
    cells = [cells_of(column) for column in columns]
    rows = data.draw(st.lists(st.tuples(*cells), max_size=3))
    judged(kind, [column.name for column in columns], rows)
