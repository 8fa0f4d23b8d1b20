"""Realised gains, ours against a broker's."""

from __future__ import annotations

from decimal import Decimal

from subledger.reconcile.realised import Realised, compare_realised


def gain(trade: str, amount: str) -> Realised:
    """Return a gain of one share in dollars."""
    return Realised(trade, "ABC", "USD", Decimal(amount))


def compared(
    ours: list[Realised], theirs: list[Realised], *, tolerance: str = "0.01"
) -> list[dict[str, str]]:
    """Return the rows of the comparison."""
    report = compare_realised(ours, theirs, tolerance=Decimal(tolerance))
    rows: list[dict[str, str]] = report.table.to_pylist()
    return rows


def test_a_gain_within_the_tolerance_agrees_and_one_beyond_it_differs() -> None:
    """The difference is shown exactly in both cases, ours less theirs."""
    rows = compared(
        [gain("T1", "10.00"), gain("T2", "10.00")], [gain("T1", "9.99"), gain("T2", "9.989")]
    )
    assert [(row["trade_id"], row["result"], row["difference"]) for row in rows] == [
        ("T1", "agrees", "0.01"),
        ("T2", "differs", "0.011"),
    ]


def test_a_trade_that_one_side_alone_knows_is_listed() -> None:
    """A closing trade that is not booked, or that the broker does not state, is never hidden."""
    rows = compared([gain("T1", "1.00")], [gain("T2", "-2.50")])
    assert [
        (row["trade_id"], row["result"], row["ours"], row["theirs"], row["difference"])
        for row in rows
    ] == [("T1", "not stated", "1.00", "", ""), ("T2", "not booked", "", "-2.50", "")]


def test_where_the_broker_contradicts_itself_no_gain_agrees() -> None:
    """Ours may be either of its two figures; beyond the tolerance of both it differs."""
    stated = gain("T1", "767.11")._replace(by_rows=Decimal("767.10"))
    for ours, result in (
        ("767.10", "broker inconsistent"),
        ("767.11", "broker inconsistent"),
        ("767.12", "broker inconsistent"),
        ("767.13", "differs"),
    ):
        (row,) = compared([gain("T1", ours)], [stated])
        assert (row["result"], row["theirs"], row["theirs_by_rows"]) == (result, "767.11", "767.10")
    assert [row["result"] for row in compared([], [stated])] == ["not booked"]
    (row,) = compared([gain("T1", "1.00")], [gain("T1", "1.00")])
    assert row["theirs_by_rows"] == ""


def test_nothing_on_either_side_is_an_empty_report() -> None:
    """Books without disposals and a statement without any have nothing to compare."""
    assert compared([], []) == []
