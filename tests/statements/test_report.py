from __future__ import annotations

import csv
import io
import json
from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subledger import tables
from subledger.numbers import INT64_MAX, NumberOverflow, group_sums, to_text
from subledger.statements import grouping
from subledger.statements.report import (
    Report,
    Units,
    csv_parts,
    maybe_base,
    number_text,
    report_csv,
    report_json,
)

SCHEMA = pa.schema(
    [
        tables.text("currency"),
        tables.text("instrument"),
        tables.money("amount"),
        tables.base("amount_base"),
        tables.units("quantity"),
        maybe_base("prior"),
        number_text("price"),
        tables.maybe_day("on"),
        tables.whole("seq"),
        tables.flag("posted"),
    ]
)


def sample() -> Report:
    rows = [
        ["JPY", "BTC", 1200, INT64_MAX, 1, None, "0.10", date(2022, 9, 1), 7, True],
        ["USD", 'a "quoted", name', -5, INT64_MAX, -2, 3, "", None, -1, False],
    ]
    given = [dict(zip(SCHEMA.names, row, strict=True)) for row in rows]
    table = pa.Table.from_pylist(given, schema=SCHEMA)
    return Report("sample", "Sample", table, ("amount_base",), {"period": "2022-09"})


def test_csv_is_exact_text_with_quoting_and_plain_line_ends(units: Units) -> None:
    assert report_csv(sample(), units) == (
        "currency,instrument,amount,amount_base,quantity,prior,price,on,seq,posted\n"
        "JPY,BTC,1200,92233720368547758.07,0.00000001,,0.10,2022-09-01,7,true\n"
        'USD,"a ""quoted"", name",-0.05,92233720368547758.07,-2,0.03,,,-1,false\n'
    )


def test_json_holds_decimals_as_strings_and_totals_beyond_64_bits(units: Units) -> None:
    document = report_json(sample(), units)
    assert json.loads(json.dumps(document)) == {
        "schema": "subledger.sample/1",
        "meta": {"title": "Sample", "base": "USD", "period": "2022-09"},
        "rows": [
            {
                "currency": "JPY", "instrument": "BTC", "amount": "1200",
                "amount_base": "92233720368547758.07", "quantity": "0.00000001", "prior": None,
                "price": "0.10", "on": "2022-09-01", "seq": 7, "posted": True,
            },
            {
                "currency": "USD", "instrument": 'a "quoted", name', "amount": "-0.05",
                "amount_base": "92233720368547758.07", "quantity": "-2", "prior": "0.03",
                "price": None, "on": None, "seq": -1, "posted": False,
            },
        ],
        "totals": {"amount_base": "184467440737095516.14"},
    }  # fmt: skip


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]))


@given(rows=st.lists(st.tuples(texts, texts), max_size=5))
def test_csv_reads_back_as_it_was_whatever_the_text(
    rows: list[tuple[str, str]], units: Units
) -> None:
    names = ["a", "b"]
    given = [dict(zip(names, row, strict=True)) for row in rows]
    table = pa.Table.from_pylist(given, schema=pa.schema([tables.text(name) for name in names]))
    written = report_csv(Report("any", "Any", table), units)
    assert list(csv.reader(io.StringIO(written)))[1:] == [list(row) for row in rows]


cells = st.text(st.sampled_from('ab",\n é'), max_size=4)
INT64 = st.integers(-(2**63), 2**63 - 1)


@given(
    rows=st.lists(st.tuples(cells, INT64, st.sampled_from(["USD", "JPY", "BTC"])), max_size=6),
    alone=st.booleans(),
)
def test_csv_is_what_the_csv_module_writes_of_every_text_and_number(
    rows: list[tuple[str, int, str]], *, alone: bool
) -> None:
    units = Units("USD", {"USD": 2, "JPY": 0, "BTC": 8}, {})
    schema = pa.schema([tables.text("a, b"), tables.money("amount"), tables.text("currency")])
    given = [dict(zip(schema.names, row, strict=True)) for row in rows]
    table = pa.Table.from_pylist(given, schema=schema)
    expected = [[text, to_text(value, units.decimals[code]), code] for text, value, code in rows]
    names = schema.names[:1] if alone else schema.names
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([names, *(row[: len(names)] for row in expected)])
    assert report_csv(Report("any", "Any", table.select(names)), units) == out.getvalue()


def test_a_long_csv_is_written_in_pieces_and_in_order(units: Units) -> None:
    count = 50_001
    table = pa.table({"seq": pa.array(range(count), pa.int64())})
    report = Report("long", "Long", table.cast(pa.schema([tables.whole("seq")])))
    parts = list(csv_parts(report, units))
    assert len(parts) > count // 20_000
    assert b"".join(parts).decode().split() == ["seq", *(str(n) for n in range(count))]


keys = st.tuples(st.sampled_from("abc"), st.sampled_from(["", "x", "é"]), st.integers(0, 2))


@given(rows=st.lists(st.tuples(keys, st.integers(-(10**15), 10**15)), max_size=20))
def test_adding_up_by_key_agrees_with_a_dictionary(
    rows: list[tuple[tuple[str, str, int], int]],
) -> None:
    names = ["one", "two", "three"]
    schema = pa.schema(
        [tables.text("one"), tables.text("two"), tables.whole("three"), tables.whole("n")]
    )
    given = [dict(zip([*names, "n"], [*key, n], strict=True)) for key, n in rows]
    table = pa.Table.from_pylist(given, schema=schema)
    expected: dict[tuple[str, str, int], int] = {}
    for key, n in rows:
        expected[key] = expected.get(key, 0) + n
    sums = grouping.add_up(table, names, amounts=["n"]).to_pylist()
    assert [(*row.values(),) for row in sums] == [(*key, expected[key]) for key in sorted(expected)]
    found = grouping.lookup(table, grouping.group(table, names).keys, on=names)
    assert found.tolist() == [sorted(expected).index(key) for key, _ in rows]


def test_many_keys_of_many_values_are_still_told_apart() -> None:
    width = 70_000
    column = pa.array([f"{n:05}" for n in range(width)])
    names = ["a", "b", "c", "d"]
    table = pa.table(dict.fromkeys(names, column) | {"n": pa.array(range(width), pa.int64())})
    groups = grouping.group(table, names)
    assert groups.of_row.tolist() == list(range(width))
    assert grouping.lookup(table.slice(5, 1), table, on=names).tolist() == [5]


def test_a_sum_beyond_64_bits_is_refused() -> None:
    zeros = grouping.group(pa.table({"k": ["a", "a"]}), ["k"]).of_row
    with pytest.raises(NumberOverflow):
        group_sums(zeros, [INT64_MAX, 1], 1)
