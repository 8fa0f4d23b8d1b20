"""Identity: a file twice is no news, statuses move forward, contradictions stop the file."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

CONFIRMED = {"status": "confirmed"}
FAILED = {"status": "failed"}
SETTLED = {"status": "settled", "settled_date": "2026-01-06"}
CANCELLED = {"status": "cancelled"}


def brief(findings: Any) -> list[tuple[str, int, str]]:
    return [(finding.code, finding.row, finding.column) for finding in findings]


def admitted(admission: Any) -> tuple[int, int, list[str], list[str]]:
    return (
        admission.rows.num_rows,
        admission.duplicates,
        [note.code for note in admission.notes],
        [finding.code for finding in admission.findings],
    )


def test_a_file_twice_is_no_news(books: Any) -> None:
    rows: tuple[dict[str, str], ...] = ({}, {"trade_id": "T2"}, {"trade_id": "T3", **SETTLED})
    assert admitted(books.add("trades", *rows)) == (3, 0, [], [])
    assert admitted(books.add("trades", *rows)) == (0, 3, [], [])


def test_of_a_file_that_overlaps_an_earlier_one_only_the_new_rows_are_added(books: Any) -> None:
    books.add("trades", {}, {"trade_id": "T2"})
    admission = books.add("trades", {"trade_id": "T2"}, {"trade_id": "T3"})
    assert admission.rows["trade_id"].to_pylist() == ["T3"]
    assert admission.duplicates == 1


def test_a_row_that_stands_twice_in_a_file_counts_once(books: Any) -> None:
    assert admitted(books.add("trades", {}, {})) == (1, 1, [], [])


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (CONFIRMED, FAILED),
        (CONFIRMED, SETTLED),
        (FAILED, SETTLED),
        (CONFIRMED, CANCELLED),
        (FAILED, CANCELLED),
        (SETTLED, CANCELLED),
    ],
)
def test_a_status_moves_forward_under_one_version_and_not_back(
    books: Any, first: dict[str, str], then: dict[str, str]
) -> None:
    books.add("trades", first)
    assert admitted(books.add("trades", then)) == (1, 0, [], [])
    assert books.trades()[0]["status"] == then["status"]
    assert admitted(books.add("trades", first)) == (0, 1, [], [])
    assert admitted(books.add("trades", {"trade_id": "T2", **then})) == (1, 0, [], [])
    back = books.add("trades", {"trade_id": "T2", **first})
    assert brief(back.findings) == [("STATUS_BACK", 2, "status")]


def test_a_blotter_with_moves_in_one_file_is_taken_in_the_order_of_its_rows(books: Any) -> None:
    assert admitted(books.add("trades", CONFIRMED, FAILED, SETTLED)) == (3, 0, [], [])
    assert admitted(books.add("trades", {"trade_id": "T2", **SETTLED})) == (1, 0, [], [])
    later = books.add("trades", {"trade_id": "T3", **SETTLED}, {"trade_id": "T3", **CONFIRMED})
    assert brief(later.findings) == [("STATUS_BACK", 3, "status")]


def test_other_content_under_a_known_version_stops_the_file_and_names_the_columns(
    books: Any,
) -> None:
    books.add("trades", {})
    admission = books.add("trades", {"trade_id": "T2"}, {"price": "12.51", **SETTLED})
    assert admission.rows.num_rows == 0
    (finding,) = admission.findings
    assert (finding.code, finding.row, finding.value) == ("ID_CONFLICT", 3, "T1")
    assert finding.message == "version 1 is known with other price, gross_amount, net_amount"


def test_the_same_content_written_otherwise_is_no_conflict(books: Any) -> None:
    books.add("trades", {"price": "12.5", "commission": "1"})
    again = {"price": "12.50", "commission": "1.00", "fee_currency": "USD", "version": "1"}
    assert admitted(books.add("trades", {**again, "gross_amount": "1250.00"})) == (0, 1, [], [])


def test_a_higher_version_may_change_anything_and_move_back(books: Any) -> None:
    books.add("trades", SETTLED)
    assert admitted(books.add("trades", {"version": "2", "price": "13"})) == (1, 0, [], [])
    (trade,) = books.trades()
    assert (trade["version"], trade["status"], trade["last_batch"]) == (2, "confirmed", 2)


def test_a_lower_version_than_known_is_ignored_with_a_note(books: Any) -> None:
    books.add("trades", {"version": "3"})
    assert admitted(books.add("trades", {"version": "2"})) == (0, 0, ["VERSION_IGNORED"], [])
    both = books.add("trades", {"trade_id": "T2", "version": "2"}, {"trade_id": "T2"})
    assert admitted(both) == (1, 0, ["VERSION_IGNORED"], [])


def test_another_settled_date_under_one_version_is_a_contradiction(books: Any) -> None:
    books.add("trades", SETTLED)
    again = books.add("trades", {**SETTLED, "settled_date": "2026-01-07"})
    assert brief(again.findings) == [("SETTLEMENT_CONFLICT", 2, "settled_date")]


def test_a_blotter_and_a_settlements_file_must_agree_whichever_comes_first(books: Any) -> None:
    books.add("trades", {}, {"trade_id": "T2", **SETTLED})
    later = {"date": "2026-01-07"}
    books.add("settlements", later)
    assert brief(books.add("trades", SETTLED).findings) == [
        ("SETTLEMENT_CONFLICT", 2, "settled_date")
    ]
    assert brief(books.add("trades", FAILED).findings) == [("STATUS_BACK", 2, "status")]
    other = books.add("settlements", {"trade_id": "T2", "event_id": "S2", **later})
    assert brief(other.findings) == [("SETTLEMENT_CONFLICT", 2, "date")]
    same = books.add("trades", {**SETTLED, "settled_date": "2026-01-07"})
    assert admitted(same) == (1, 0, [], [])


def test_a_higher_version_corrects_what_a_settlements_file_has_told(books: Any) -> None:
    books.add("trades", {})
    books.add("settlements", {})
    corrected = {"version": "2", "status": "settled", "settled_date": "2026-01-08"}
    assert admitted(books.add("trades", corrected)) == (1, 0, [], [])
    assert str(books.trades()[0]["settled_date"]) == "2026-01-08"


def test_two_settlements_of_one_trade_on_different_days_contradict(books: Any) -> None:
    books.add("trades", {})
    within = books.add("settlements", {}, {"event_id": "S2", "date": "2026-01-05"})
    assert brief(within.findings) == [("SETTLEMENT_CONFLICT", 3, "date")]
    books.add("settlements", {})
    after = books.add("settlements", {"event_id": "S2", "date": "2026-01-05"})
    assert brief(after.findings) == [("SETTLEMENT_CONFLICT", 2, "date")]
    failed = books.add("settlements", {"event_id": "S3", "date": "2026-01-09", **FAILED})
    assert brief(failed.findings) == [("STATUS_BACK", 2, "status")]


def test_a_cancelled_trade_does_not_settle(books: Any) -> None:
    books.add("trades", CANCELLED)
    assert brief(books.add("settlements", {}).findings) == [("STATUS_BACK", 2, "status")]


def test_other_kinds_keep_their_content_under_one_id(books: Any) -> None:
    for kind, changed in (
        ("cash", {"amount": "1000.01"}),
        ("corporate_actions", {"amount": "0.26"}),
        ("settlements", {"date": "2026-01-07"}),
        ("opening_lots", {"cost": "900.00", "cost_base": "900.00"}),
        ("opening_balances", {"amount": "1.00", "amount_base": "1.00"}),
    ):
        assert admitted(books.add(kind, {})) == (1, 0, [], []), kind
        assert admitted(books.add(kind, {})) == (0, 1, [], []), kind
        assert admitted(books.add(kind, changed)) == (0, 1, [], ["ID_CONFLICT"]), kind


def test_opening_balances_of_other_dimensions_are_other_balances(books: Any) -> None:
    books.add("opening_balances", {"book": "B1"})
    assert admitted(books.add("opening_balances", {"book": "B2"})) == (1, 0, [], [])


def test_an_opening_stands_for_every_basis_or_for_one_each(books: Any) -> None:
    one = {"basis": "US-TAX", "cost": "900.00", "cost_base": "900.00"}
    books.add("opening_lots", one)
    assert admitted(books.add("opening_lots", {**one, "basis": "US-GAAP"})) == (1, 0, [], [])
    overlap = books.add("opening_lots", {})
    assert brief(overlap.findings) == [("BASIS_OVERLAP", 2, "basis")]


def test_a_journal_is_one_fact_with_all_of_its_lines(books: Any) -> None:
    other = {"line": "2", "account": "1020", "broker_account": "PB1", "amount": "-90.00"}
    books.add("journals", {}, other)
    assert admitted(books.add("journals", {}, other)) == (0, 2, [], [])
    more = books.add(
        "journals", {}, other, {"line": "3", "amount": "1"}, {**other, "line": "4", "amount": "-1"}
    )
    assert brief(more.findings) == [("ID_CONFLICT", 2, "journal_id")]
    fewer = books.add("journals", {**other, "amount": "0", "line": "1"}, {**other, "amount": "0"})
    assert {finding.code for finding in fewer.findings} == {"ID_CONFLICT"}


def test_another_price_of_a_known_day_is_the_next_version(books: Any) -> None:
    assert books.add("prices", {}).rows["version"].to_pylist() == [1]
    assert admitted(books.add("prices", {})) == (0, 1, [], [])
    rows = books.add("prices", {"price": "13"}, {"date": "2026-01-29"}).rows
    assert rows["version"].to_pylist() == [2, 1]
    assert admitted(books.add("prices", {"price": "13.00"})) == (0, 1, [], [])
    twice = books.add("prices", {"price": "14"}, {"price": "15"})
    assert brief(twice.findings) == [("ID_CONFLICT", 3, "instrument")]


def test_another_rate_of_a_known_day_is_the_next_version(books: Any) -> None:
    assert books.add("rates", {}).rows["version"].to_pylist() == [1]
    assert admitted(books.add("rates", {"rate": "1.08760"})) == (0, 1, [], [])
    rows = books.add("rates", {"rate": "1.09"}, {"base": "JPY"}, {"quote": "JPY"}).rows
    assert rows["version"].to_pylist() == [2, 1, 1]
    assert admitted(books.add("rates", {"rate": "1.0900"})) == (0, 1, [], [])
    other_way = books.add("rates", {"base": "USD", "quote": "EUR", "rate": "0.92"})
    assert other_way.rows["version"].to_pylist() == [1]
    (finding,) = books.add("rates", {"rate": "1.1"}, {"rate": "1.2"}).findings
    assert (finding.code, finding.row, finding.column) == ("ID_CONFLICT", 3, "base")
    assert finding.message == "known with other rate"


def test_the_base_currency_of_an_exchange_is_fixed_once_it_is_known(books: Any) -> None:
    pair = {"instrument": "EURUSD", "asset_class": "fx_spot", "base_currency": "EUR"}
    books.add("instruments", pair)
    assert admitted(books.add("instruments", pair)) == (0, 1, [], [])
    (finding,) = books.add("instruments", {**pair, "base_currency": "JPY"}).findings
    assert finding.code == "INSTRUMENT_CONFLICT"
    assert finding.message == "known with other base_currency"


def test_descriptions_of_an_instrument_may_change_and_economics_may_not(books: Any) -> None:
    books.add("instruments", {})
    assert admitted(books.add("instruments", {})) == (0, 1, [], [])
    assert admitted(books.add("instruments", {"name": "New Inc."})) == (1, 0, [], [])
    assert admitted(books.add("instruments", {"name": "New Inc."})) == (0, 1, [], [])
    twice = books.add("instruments", {"name": "One"}, {"name": "Two"})
    assert brief(twice.findings) == [("ID_CONFLICT", 3, "instrument")]
    changed = books.add("instruments", {"currency": "EUR", "quantity_decimals": "2"})
    (finding,) = changed.findings
    assert finding.code == "INSTRUMENT_CONFLICT"
    assert finding.message == "known with other currency, quantity_decimals"


def test_what_is_known_of_a_trade_does_not_depend_on_the_order_of_arrival(books: Any) -> None:
    files = [
        ("trades", [CONFIRMED]),
        ("settlements", [{"event_id": "S0", "status": "failed", "date": "2026-01-06"}]),
        ("settlements", [{"event_id": "S1", "date": "2026-01-08"}]),
        ("trades", [{"version": "2", "price": "13.00"}]),
    ]
    seen = set()
    for order in permutations(files):
        fresh = replace(books, known={"instruments": books.known["instruments"]})
        fresh.context = replace(books.context, trades=fresh.context.trades.slice(0, 0))
        for kind, rows in order:
            assert fresh.add(kind, *rows).findings == []
        (trade,) = fresh.trades()
        seen.add(tuple(str(trade[n]) for n in ("version", "status", "settled_date", "net")))
    assert seen == {("2", "settled", "2026-01-08", "130000")}
