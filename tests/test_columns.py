"""Columns as arrays and tables from columns: nothing is lost on the way."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subledger import columns
from subledger.tables import Table, day, flag, maybe_day, maybe_units, text, whole

SMALL = Table(
    "small",
    "A table of every kind of column.",
    pa.schema(
        [
            text("name"),
            whole("count"),
            maybe_units("units"),
            day("on"),
            maybe_day("by"),
            flag("yes"),
        ]
    ),
    ("name", "count"),
)
ROWS = [
    {"name": "b", "count": 2, "units": 7, "on": date(2022, 1, 1), "by": None, "yes": True},
    {"name": "a", "count": 1, "units": None, "on": date(2022, 1, 2), "by": date(2022, 1, 3)}
    | {"yes": False},
]


def small() -> pa.Table:
    return pa.Table.from_pylist(ROWS, schema=SMALL.schema)


def test_a_column_is_an_array_of_its_kind() -> None:
    table = small()
    assert columns.texts(table, "name").tolist() == ["b", "a"]
    assert columns.numbers(table, "units", missing=-1).tolist() == [7, -1]
    assert columns.flags(table, "yes").tolist() == [True, False]
    assert np.isnat(columns.days(table, "by")).tolist() == [True, False]
    name, *others = [columns.column(table, name) for name in SMALL.schema.names]
    assert isinstance(name, columns.Texts)
    assert [values.dtype.kind for values in others] == ["i", "i", "M", "M", "b"]


def test_a_table_is_built_from_arrays_scalars_and_masks() -> None:
    built = columns.build(
        SMALL,
        {
            "name": small()["name"],
            "count": 5,
            "units": np.ma.masked_array(np.array([7, 0]), np.array([False, True])),
            "on": np.array(["2022-01-01", "2022-01-02"], "datetime64[D]"),
            "by": np.array(["NaT", "2022-01-03"], "datetime64[D]"),
            "yes": np.array([True, False]),
        },
    )
    assert built.schema == SMALL.schema
    assert built.to_pylist() == [row | {"count": 5} for row in ROWS]


def test_a_column_that_is_not_given_is_an_error() -> None:
    with pytest.raises(KeyError):
        columns.build(SMALL, {"name": np.array(["a"], dtype=object)})


def test_tables_are_joined_row_after_row_and_sorted_as_declared() -> None:
    joined = columns.concatenate(SMALL, [small(), SMALL.empty(), small().slice(1)])
    assert joined.to_pylist() == [*ROWS, ROWS[1]]
    assert columns.concatenate(SMALL, []).equals(SMALL.empty())
    assert columns.ordered(SMALL, small()).to_pylist() == ROWS[::-1]


@settings(max_examples=100)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(-1, 1), st.booleans()), max_size=9))
def test_groups_are_numbered_in_order_of_first_appearance(
    rows: list[tuple[str, int, bool]],
) -> None:
    parts = [
        np.array([row[0] for row in rows], dtype=object),
        np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], bool),
    ]
    codes, first = columns.group_codes(parts)
    seen = list(dict.fromkeys(rows))
    assert codes.tolist() == [seen.index(row) for row in rows]
    assert first.tolist() == [rows.index(row) for row in seen]


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-99, 99)), max_size=9))
def test_running_totals_begin_anew_with_each_group(rows: list[tuple[int, int]]) -> None:
    rows.sort(key=lambda row: row[0])
    groups = np.array([row[0] for row in rows], np.intp)
    values = np.array([row[1] for row in rows], np.int64)
    starts = [n for n, row in enumerate(rows) if n == 0 or rows[n - 1][0] != row[0]]
    assert columns.run_starts(groups).tolist() == starts
    expected = [
        sum(value for group, value in rows[: n + 1] if group == rows[n][0])
        for n in range(len(rows))
    ]
    assert columns.running_totals(values, groups).tolist() == expected
