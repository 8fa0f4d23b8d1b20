"""The canonical form: what does not change it, and that everything else does."""

from __future__ import annotations

import hashlib
import struct
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subledger import tables
from subledger.errors import InvariantError
from subledger.store.hashing import content_hash, next_in_chain, sealed_as
from subledger.store.versions import complete, schema_at, schema_version

DECLARED = tables.Table(
    "things",
    "Things of every type.",
    pa.schema(
        [
            tables.text("name"),
            tables.whole("count"),
            tables.maybe_whole("limit"),
            tables.maybe_day("day"),
            tables.flag("done"),
        ]
    ),
    ("name",),
)
INT64 = st.integers(-(2**63), 2**63 - 1)
ROW = st.fixed_dictionaries(
    {
        "name": st.text(max_size=5),
        "count": INT64,
        "limit": st.none() | INT64,
        "day": st.none() | st.dates(date(1970, 1, 1), date(2100, 1, 1)),
        "done": st.booleans(),
    }
)
ROWS = st.lists(ROW, max_size=12)


def table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=DECLARED.schema)


def framed(content: bytes) -> bytes:
    return struct.pack("<Q", len(content)) + content


def written(rows: list[dict[str, Any]], form: int) -> bytes:
    """The canonical form once more, value by value, in plain Python."""
    head = framed(b"subledger.table/%d" % form) + framed(b"things")
    head += struct.pack("<QQQ", 1, len(rows), 5)
    types = {"name": b"text", "count": b"int64", "limit": b"int64", "day": b"date32"}
    for name in ("name", "count", "limit", "day", "done"):
        values = [row[name] for row in rows]
        nulls = values.count(None)
        head += framed(name.encode()) + framed(types.get(name, b"bool")) + struct.pack("<Q", nulls)
        if nulls:
            bits = sum(1 << n for n, value in enumerate(values) if value is not None)
            head += bits.to_bytes((len(values) + 7) // 8, "little")
        head += (first_form if form == 1 else second_form)(name, values)
    return head


def whole_numbers(name: str, values: list[Any]) -> list[int]:
    if name == "day":
        return [0 if value is None else (value - date(1970, 1, 1)).days for value in values]
    return [int(value or 0) for value in values]


def first_form(name: str, values: list[Any]) -> bytes:
    if name == "name":
        texts = [value.encode() for value in values]
        return b"".join(struct.pack("<i", len(text)) for text in texts) + b"".join(texts)
    code = {"day": "<i", "done": "<b"}.get(name, "<q")
    return b"".join(struct.pack(code, value) for value in whole_numbers(name, values))


def second_form(name: str, values: list[Any]) -> bytes:
    form = b""
    if name == "name":
        distinct = list(dict.fromkeys(values))
        texts = [value.encode() for value in distinct]
        form += struct.pack("<Q", len(texts))
        form += b"".join(struct.pack("<i", len(text)) for text in texts) + b"".join(texts)
        numbers = [distinct.index(value) for value in values]
    else:
        numbers = whole_numbers(name, values)
    least, greatest = min(numbers, default=0), max(numbers, default=0)
    if least == greatest:
        return form + b"\x00" + struct.pack("<q", least)
    sizes = {1: "<b", 2: "<h", 4: "<i", 8: "<q"}
    width = next(w for w in sizes if -(2 ** (8 * w - 1)) <= least and greatest < 2 ** (8 * w - 1))
    return form + bytes([width]) + b"".join(struct.pack(sizes[width], n) for n in numbers)


@given(rows=ROWS)
@pytest.mark.parametrize("form", [1, 2])
def test_the_hash_is_that_of_the_form_written_out_value_by_value(
    rows: list[dict[str, Any]], form: int
) -> None:
    expected = hashlib.sha256(written(rows, form)).hexdigest()
    assert content_hash(table(rows), DECLARED, form=form) == expected


def test_numbers_take_the_fewest_bytes_that_hold_all_of_a_column() -> None:
    blank = {"name": "", "limit": None, "day": None, "done": False}
    for bound in (2**7, 2**15, 2**31, 2**62):
        for extreme in (bound, bound - 1, -bound, -bound - 1):
            rows = [blank | {"count": 0}, blank | {"count": extreme}]
            expected = hashlib.sha256(written(rows, 2)).hexdigest()
            assert content_hash(table(rows), DECLARED) == expected


def test_what_an_earlier_program_sealed_is_known_by_the_form_of_its_hash() -> None:
    rows = table([{"name": "a", "count": 1, "limit": 2, "day": None, "done": True}])
    for form in (1, 2):
        assert sealed_as(rows, DECLARED, sealed=content_hash(rows, DECLARED, form=form))
    assert not sealed_as(rows, DECLARED, sealed="0" * 64)


@given(rows=ROWS, cut=st.integers(0, 12), pad=ROW)
def test_chunks_slices_dictionaries_and_column_order_do_not_change_the_hash(
    rows: list[dict[str, Any]], cut: int, pad: dict[str, Any]
) -> None:
    whole = table(rows)
    expected = content_hash(whole, DECLARED)
    chunked = pa.concat_tables([whole.slice(0, cut), whole.slice(cut)])
    sliced = table([pad, *rows, pad]).slice(1, len(rows))
    coded = whole.set_column(0, "name", whole["name"].dictionary_encode())
    large = whole.set_column(0, "name", whole["name"].cast(pa.large_string()))
    turned = whole.select(["done", "day", "limit", "count", "name"])
    for same in (chunked, sliced, coded, large, turned):
        assert content_hash(same, DECLARED) == expected


@given(rows=ROWS)
def test_parquet_encodings_do_not_change_the_hash(rows: list[dict[str, Any]]) -> None:
    whole = table(rows)
    for options in (
        {"compression": "none", "use_dictionary": False, "version": "1.0"},
        {"compression": "gzip", "row_group_size": 2, "write_statistics": False},
    ):
        sink = pa.BufferOutputStream()
        pq.write_table(whole, sink, **options)
        again = pq.read_table(pa.BufferReader(sink.getvalue()))
        assert content_hash(again, DECLARED) == content_hash(whole, DECLARED)


def test_what_lies_under_a_null_does_not_change_the_hash() -> None:
    bits = pa.py_buffer(bytes([0b101]))
    hidden = pa.Array.from_buffers(
        pa.int64(), 3, [bits, pa.py_buffer(struct.pack("<qqq", 1, 99, 3))]
    )
    rows = [{"name": "", "count": 0, "limit": n, "day": None, "done": False} for n in (1, None, 3)]
    whole = table(rows)
    odd = whole.set_column(2, "limit", hidden)
    assert content_hash(odd, DECLARED) == content_hash(whole, DECLARED)


@given(rows=st.lists(ROW, min_size=1, max_size=6), data=st.data())
def test_a_change_of_any_cell_changes_the_hash(
    rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    row = data.draw(st.integers(0, len(rows) - 1))
    name = data.draw(st.sampled_from(sorted(rows[0])))
    other = data.draw(ROW.map(lambda drawn: drawn[name]).filter(lambda v: v != rows[row][name]))
    changed = [dict(r) for r in rows]
    changed[row][name] = other
    assert content_hash(table(changed), DECLARED) != content_hash(table(rows), DECLARED)


@given(left=st.text(max_size=3), right=st.text(max_size=3), cut=st.integers(0, 6))
def test_moving_text_from_one_cell_to_the_next_changes_the_hash(
    left: str, right: str, cut: int
) -> None:
    blank = {"count": 0, "limit": None, "day": None, "done": False}
    both = left + right
    one = table([{"name": left} | blank, {"name": right} | blank])
    other = table([{"name": both[:cut]} | blank, {"name": both[cut:]} | blank])
    same = both[:cut] == left
    assert (content_hash(one, DECLARED) == content_hash(other, DECLARED)) is same


def test_the_schema_version_is_part_of_the_hash_and_later_columns_are_not_in_earlier_ones() -> None:
    later = tables.text("venue").with_metadata({"since": "2"})
    grown = tables.Table("things", "", pa.schema([later, *DECLARED.schema]), ("name",))
    rows = table([{"name": "a", "count": 1, "limit": 2, "day": None, "done": True}])
    assert (schema_version(DECLARED), schema_version(grown)) == (1, 2)
    assert schema_at(grown, 1).equals(DECLARED.schema)
    assert content_hash(rows, grown, version=1) == content_hash(rows, DECLARED)
    now = complete(rows, grown)
    assert now["venue"].to_pylist() == [""]
    assert content_hash(now, grown) != content_hash(rows, DECLARED)


def test_a_null_a_float_or_an_unknown_column_is_a_broken_promise() -> None:
    rows = table([{"name": "a", "count": 1, "limit": 2, "day": None, "done": True}])
    for broken in (
        rows.set_column(1, "count", pa.array([None], pa.int64())),
        rows.set_column(1, "count", pa.array([1.0])),
        rows.append_column("more", pa.array([1])),
        rows.drop_columns(["day"]),
    ):
        with pytest.raises(InvariantError):
            content_hash(broken, DECLARED)


def test_a_chain_hash_is_that_of_a_mark_the_one_before_and_the_content() -> None:
    before, content = "ab" * 32, "cd" * 32
    expected = hashlib.sha256(b"\x02" + bytes.fromhex(before + content)).hexdigest()
    assert next_in_chain(before, content) == expected
