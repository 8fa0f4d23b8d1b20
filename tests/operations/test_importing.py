"""Import: all of a file or nothing of it, and the same facts never twice."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from tests.operations.desk import Desk, csv_of, grid, refusal

from subledger.errors import Exit, Refused
from subledger.operations.books import open_books
from subledger.operations.importing import Delivery, import_bytes

TRADES = """
trade_id trade_date settled_date side quantity price
T1       01-05      01-07        buy  100      10.00
T2       01-06      01-08        buy  50       12.00
"""


def test_the_same_file_twice_is_a_duplicate_of_its_batch_and_makes_no_new_one(desk: Desk) -> None:
    first = desk.takes("trades", TRADES, file="blotter.csv")
    last = desk.batch
    again = desk.takes("trades", TRADES, file="blotter-copy.csv")
    assert again == replace(
        first, file="blotter-copy.csv", rows_new=0, rows_known=2, duplicate=True
    )
    assert (again.batch, desk.batch) == (first.batch, last)


def test_of_an_overlapping_file_only_the_new_rows_are_taken(desk: Desk) -> None:
    desk.takes("trades", TRADES)
    second = desk.takes("trades", TRADES + "T3 01-07 01-09 sell 20 11.00")
    assert (second.rows_read, second.rows_new, second.rows_known) == (3, 1, 2)
    desk.post()
    assert desk.report("lots", "2026-01", "lot_id quantity cost") == grid("""
        lot_id quantity cost
        T1     80       800.00
        T2     50       600.00
    """)


def test_a_blotter_whose_trades_have_settled_since_moves_their_status(desk: Desk) -> None:
    desk.takes(
        "trades",
        """
        trade_id trade_date settled_date side quantity price status
        T1       01-05      -            buy  100      10.00 confirmed
        T2       01-06      -            buy  50       12.00 failed
        """,
    )
    desk.post()
    assert desk.report("journal", "2026-01", "event_id") == [("event_id",)]
    moved = desk.takes("trades", TRADES)
    assert (moved.rows_new, moved.rows_known) == (2, 0)
    desk.post()
    assert desk.report("unsettled", "2026-01", "trade_id") == [("trade_id",)]
    assert desk.report("journal", "2026-01", "event_id accounting_date account amount") == grid("""
        event_id accounting_date account amount
        T1       2026-01-05      1210    1000.00
        T1       2026-01-05      2110    -1000.00
        T2       2026-01-06      1210    600.00
        T2       2026-01-06      2110    -600.00
        T1       2026-01-07      2110    1000.00
        T1       2026-01-07      1020    -1000.00
        T2       2026-01-08      2110    600.00
        T2       2026-01-08      1020    -600.00
    """)


def test_a_refused_file_posts_nothing_and_leaves_its_codes_in_the_audit_trail(desk: Desk) -> None:
    last = desk.batch
    wrong = TRADES + "T3 01-07 01-09 sell 0 1.1e3"
    found = refusal(desk.takes, "trades", wrong, file="wrong.csv")
    assert found == ["NOT_POSITIVE", "NUMBER_EXPONENT"]
    reading = desk.books.control.read()
    assert (desk.batch, reading.facts("trades").num_rows) == (last, 0)
    trail = [(row.command, row.arguments, row.codes) for row in reading.refused_commands()]
    arguments = {"kind": "trades", "file": "wrong.csv"}
    assert trail == [("import", arguments, ("NOT_POSITIVE", "NUMBER_EXPONENT"))]


def test_a_conflict_in_one_row_stops_the_whole_file(desk: Desk) -> None:
    desk.takes("trades", TRADES)
    changed = TRADES.replace("12.00", "12.50") + "T3 01-07 01-09 sell 20 11.00"
    with pytest.raises(Refused) as refused:
        desk.takes("trades", changed, file="second.csv")
    (finding,) = refused.value.findings
    assert (finding.code, finding.file, finding.row) == ("ID_CONFLICT", "second.csv", 3)
    assert desk.books.control.read().facts("trades")["trade_id"].to_pylist() == ["T1", "T2"]


def test_a_price_may_be_corrected_until_a_close_has_sealed_it(desk: Desk) -> None:
    desk.takes("trades", TRADES)
    desk.takes("prices", "date price\n01-30 11.00")
    desk.takes("prices", "date price\n01-30 11.50")
    desk.close("2026-01")
    assert desk.report("unrealised", "2026-01", "lot_id price unrealised") == grid("""
        lot_id price unrealised
        T1     11.5  150.00
        T2     11.5  -25.00
    """)
    with pytest.raises(Refused) as refused:
        desk.takes("prices", "date price\n01-30 11.00\n02-27 12.00", file="prices.csv")
    (finding,) = refused.value.findings
    stated = (finding.code, finding.file, finding.row, finding.column, finding.value)
    assert stated == ("PRICE_SEALED", "prices.csv", 2, "price", "11")
    desk.takes("prices", "date price\n02-27 12.00")


RATES = """
date  base quote rate
01-30 EUR  USD   1.0876
01-30 GBP  USD   1.2712
"""


def test_a_rate_may_be_corrected_until_a_close_has_sealed_it(desk: Desk) -> None:
    desk.takes("trades", TRADES)
    desk.takes("prices", "date price\n01-30 11.00")
    first = desk.takes("rates", RATES)
    assert (first.rows_new, desk.takes("rates", RATES, file="again.csv").duplicate) == (2, True)
    second = desk.takes("rates", RATES.replace("1.2712", "1.2715"))
    assert (second.rows_new, second.rows_known) == (1, 1)
    desk.close("2026-01", "US-TAX")
    with pytest.raises(Refused) as refused:
        desk.takes("rates", "date base quote rate\n01-30 EUR USD 1.0870", file="r.csv")
    (finding,) = refused.value.findings
    stated = (finding.code, finding.file, finding.row, finding.column, finding.value)
    assert stated == ("RATE_SEALED", "r.csv", 2, "rate", "1.087")
    assert finding.message == "the rate of EUR/USD on 2026-01-30 was sealed by a close"
    assert refused.value.exit == Exit.CLOSED
    desk.takes("rates", "date base quote rate\n01-29 EUR USD 1.08\n02-27 EUR USD 1.09")
    rates = desk.books.control.read().rates().select(["base", "version", "rate_mantissa"])
    assert rates.to_pylist() == [
        {"base": "EUR", "version": 1, "rate_mantissa": 108},
        {"base": "EUR", "version": 1, "rate_mantissa": 10_876},
        {"base": "EUR", "version": 1, "rate_mantissa": 109},
        {"base": "GBP", "version": 2, "rate_mantissa": 12_715},
    ]


def test_a_corporate_action_is_a_fact_that_is_known_once(desk: Desk) -> None:
    text = "event_id kind ex_date pay_date instrument amount\nD1 dividend 01-15 01-30 ACME 0.25"
    assert desk.takes("corporate_actions", text).rows_new == 1
    again = desk.takes("corporate_actions", text + "\nD2 dividend 02-15 02-27 EURO 0.30")
    assert (again.rows_new, again.rows_known) == (1, 1)
    assert refusal(desk.takes, "corporate_actions", text.replace("0.25", "0.26")) == ["ID_CONFLICT"]
    facts = desk.books.control.read().facts("corporate_actions")
    assert facts["event_id"].to_pylist() == ["D1", "D2"]
    assert facts["currency"].to_pylist() == ["USD", "EUR"]


def test_nothing_of_a_dry_run_stays(desk: Desk) -> None:
    last = desk.batch
    data = csv_of("trades", TRADES)
    tried = import_bytes(desk.books, Delivery("trades", "t.csv", data), dry_run=True)
    assert (tried.rows_new, desk.batch) == (2, last)
    assert desk.books.control.read().facts("trades").num_rows == 0


def test_a_file_read_under_another_mapping_is_not_taken_for_the_one_before(desk: Desk) -> None:
    data = csv_of("prices", "date price\n01-30 11.00").replace(b"instrument,", b"ticker,other,")
    data = data.replace(b"ACME,", b"ACME,BOLT,")
    books = desk.books
    one = Delivery("prices", "p.csv", data, _mapping("ticker", "other"))
    two = Delivery("prices", "p.csv", data, _mapping("other", "ticker"))
    first, other, again = (import_bytes(books, delivery) for delivery in (one, two, two))
    assert (first.rows_new, other.rows_new, again.rows_new) == (1, 1, 0)
    assert (again.duplicate, desk.batch) == (True, other.batch)


def _mapping(instrument: str, source: str) -> dict[str, str]:
    return {instrument: "instrument", source: "source"}


def test_the_decimals_of_what_is_held_are_fixed_by_the_first_import(desk: Desk) -> None:
    desk.takes("trades", TRADES)
    settings = desk.folder / "subledger.toml"
    text = settings.read_text()
    settings.write_text(re.sub("decimals = 2", "decimals = 6", text))
    assert refusal(open_books, desk.folder) == ["SETTING_FIXED"]
    settings.write_text(text)
    assert open_books(desk.folder).control.read().fixed() == {
        "base": "USD",
        "decimals.USD": "2",
        "decimals.EUR": "2",
        "entity": "Desk LLC",
    }
