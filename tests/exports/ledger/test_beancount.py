"""Entries, month ends and frame of the ledger text, proved by beancount in child processes."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
from tests.exports.ledger.conftest import hashes_of, texts_of

from subledger import tables
from subledger.chart.accounts import Account
from subledger.exports.bean_check import ledger_balances, run_bean_check
from subledger.exports.beancount import month_files
from subledger.exports.beancount_compare import compare_with_trial_balance
from subledger.exports.beancount_frame import frame_files
from subledger.exports.beancount_input import SOURCES, LedgerContext, LedgerMonth
from subledger.exports.beancount_seal import compare_text
from subledger.exports.beancount_uses import ledger_uses, merge_uses

Journal = Any
Prove = Callable[..., str]
Table = Callable[..., pa.Table]
COST, RESIDUE = "Assets:Securities-At-Cost:B1:AAPL", "Assets:Securities-At-Cost:B1:AAPL:Residue"


def money(account: str, amount: int, **further: Any) -> dict[str, Any]:
    return {
        "account": account,
        "amount": amount,
        "amount_base": amount,
        "currency": "USD",
    } | further


def lot(account: str, quantity: int, amount: int, **further: Any) -> dict[str, Any]:
    given = {"instrument": "AAPL", "lot_id": "T1", "quantity": quantity}
    return money(account, amount) | given | further


def _text_in(files: dict[str, str]) -> Callable[[str], str]:
    known = dict(zip(hashes_of(files).values(), files.values(), strict=True))
    return known.__getitem__


def posting(text: str, account: str) -> list[str]:
    rows = (line.split() for line in text.splitlines())
    return [" ".join(row[1:]) for row in rows if row and row[0] == account]


def test_symbols_that_beancount_does_not_take_are_written_in_another_form(
    journal: Journal, prove: Prove, tmp_path: Path, context: LedgerContext
) -> None:
    for number, instrument in enumerate(context.units.quantity_decimals):
        given = {"instrument": instrument, "lot_id": f"T{number}", "book": f"mm_{number}"}
        line = lot("1210", 123456789, 98765, **given)
        journal.post("2022-01-03", f"T{number}", line, money("1010", -98765))
    text = prove(tmp_path, journal, journal.month("2022-01"))
    assert "    1.23456789 X'-'KSHIB {799.99" in text
    for commodity in ("BRK.B", "X'-700.HK", "X'-'KSHIB", "X'-ALL"):
        assert f" {commodity} {{" in text
    assert "Assets:Securities-At-Cost:X-----mm---1:BRK--B " in text


def test_text_cannot_break_out_of_its_string(
    journal: Journal, prove: Prove, tmp_path: Path
) -> None:
    hostile = 'a" \\" \\ ; plugin "os" {x}'
    line = money("1010", -1000, counterparty=hostile)
    journal.post("2022-01-03", "T1", lot("1210", 3, 1000), line, narration=hostile, reason=hostile)
    journal.post("2022-01-04", "T:1.2-3_4", money("1010", 5), money("3100", -5))
    text = prove(tmp_path, journal, journal.month("2022-01"))
    assert '* "a\\" \\\\\\" \\\\ ; plugin \\"os\\" {x}" ' in text
    assert "^T/.1.2-3_4" in text


def test_foreign_money_and_lines_only_in_base_keep_base_exact(
    journal: Journal, prove: Prove, tmp_path: Path
) -> None:
    journal.post(
        "2022-01-03",
        "C1",
        {"account": "1010", "currency": "EUR", "amount": 300, "amount_base": 333},
        {"account": "1010", "currency": "EUR", "amount": 700, "amount_base": 769},
        {"account": "1010", "currency": "EUR", "amount": 100, "amount_base": -5},
        {"account": "1010", "currency": "EUR", "amount": 0, "amount_base": 7},
        {"account": "3100", "currency": "USD", "amount": 0, "amount_base": -1104},
    )
    text = prove(tmp_path, journal, journal.month("2022-01"))
    cash = "Assets:Cash-At-Brokers"
    assert posting(text, cash) == [
        "3.00 EUR @ 1.11 USD",
        "7.00 EUR @ 1.09857143 USD",
        "1.00 EUR @ 0.00 USD",
    ]
    assert posting(text, f"{cash}:Residue") == ["-0.00000001 USD", "-0.05 USD", "0.07 USD"]


def test_marks_prices_and_month_end_balances_are_exact(
    journal: Journal, prove: Prove, tmp_path: Path, table: Table
) -> None:
    journal.post("2022-01-03", "T1", lot("1210", 3, 1000), money("1010", -1000))
    mark = {"kind": "mark", "event_kind": "mark"}
    line = money("1251", 50, lot_id="T1", instrument="AAPL")
    journal.post("2022-01-31", "T1", line, money("4210", -50), **mark)
    price = {"mark_date": date(2022, 1, 31), "instrument": "AAPL", "price_mantissa": 350}
    marks = table(
        tables.MARKS,
        [price | {"price_scale": 2, "price_date": date(2022, 1, 31), "source": "skfolio"}],
    )
    month = journal.month("2022-01", marks=marks, balances=journal.balances())
    text = prove(tmp_path, journal, month)
    assert "2022-01-31 price AAPL 3.5 USD\n" in text
    asserted = [line.split() for line in text.splitlines() if line.startswith("2022-02-01")]
    assert [(row[2], row[3], row[4]) for row in asserted] == [
        ("Assets:Cash-At-Brokers", "-10.00", "USD"),
        ("Assets:Marks-On-Securities:B1:AAPL", "0.50", "USD"),
        (COST, "3", "AAPL"),
    ]


def test_closing_entries_stand_in_the_file_of_their_year(
    journal: Journal, prove: Prove, tmp_path: Path
) -> None:
    journal.post("2022-12-30", "C1", money("1010", 700), money("4110", -700))
    december = journal.month("2022-12", balances=journal.balances())
    closing = {"kind": "closing", "event_kind": "year_end", "period": "2022"}
    journal.post("2022-12-31", "2022", money("4110", 700), money("3900", -700), **closing)
    prove(tmp_path, journal, december, journal.month("2022"))
    assert posting((tmp_path / "2022.beancount").read_text(), "Equity:Retained-Earnings")
    assert posting((tmp_path / "2022-12.beancount").read_text(), "Equity:Retained-Earnings") == []


def test_the_same_tables_in_any_order_give_the_same_bytes(
    journal: Journal, context: LedgerContext
) -> None:
    for number in range(20):
        trade = f"T{number}"
        line = lot("1210", 3, 1000 + number, lot_id=trade)
        journal.post("2022-01-03", trade, line, money("1010", -1000 - number))
    month = journal.month("2022-01")
    turned = LedgerMonth(
        month.period,
        month.entries.sort_by([("seq", "descending")]),
        month.lines.sort_by([("line", "descending"), ("seq", "descending")]),
    )
    assert texts_of(month_files(context, month)) == texts_of(month_files(context, turned))
    assert ledger_uses(context, month).equals(month_files(context, turned).uses)


def test_an_entry_says_where_it_came_from(
    journal: Journal, table: Table, context: LedgerContext
) -> None:
    source = {"event_id": "T1", "event_version": 1, "file": 'tra"des.csv', "row": 7}
    context = LedgerContext(
        "E",
        "US-GAAP",
        context.units,
        context.accounts,
        context.instruments,
        lambda: table(SOURCES, [source]),
    )
    journal.post("2022-01-03", "T1", lot("1210", 3, 1000), money("1010", -1000), reason="late")
    text = texts_of(month_files(context, journal.month("2022-01")))["2022-01.beancount"]
    assert text.split("\n\n")[1] == "\n".join(
        [
            '2022-01-03 * "IB-1" "n" #MOM ^T1',
            '  entry: "JE-000001"',
            '  kind: "normal"',
            '  event: "T1"',
            '  stage: "trade"',
            '  rule: "a.rule"',
            '  reason: "late"',
            '  book: "B1"',
            '  strategy: "MOM"',
            '  broker-account: "IB-1"',
            '  source-file: "tra\\"des.csv"',
            "  source-row: 7",
            "  event-version: 1",
            f"  {RESIDUE:<58}       0.00000001 USD",
            f'  {COST:<58}                3 AAPL {{3.33333333 USD, 2022-01-03, "T1"}}',
            "    cost: 10.00 USD",
            f"  {'Assets:Cash-At-Brokers':<58}           -10.00 USD",
        ]
    )


def test_a_changed_digit_is_named_with_file_and_line(
    journal: Journal, tmp_path: Path, write: Callable[..., dict[str, str]], context: LedgerContext
) -> None:
    journal.post("2022-01-03", "T1", lot("1210", 3, 1000), money("1010", -1000))
    files = write(tmp_path, [month_files(context, journal.month("2022-01"))])
    path = tmp_path / "2022-01.beancount"
    text = path.read_text()
    rows = [row for row, line in enumerate(text.split("\n"), 1) if "-10.00 USD" in line]
    path.write_text(text.replace("-10.00 USD", "-10.01 USD"))
    (found,) = compare_text(hashes_of(files), tmp_path, text_of=_text_in(files))[1]
    assert (found.code, found.file, found.row) == ("LEDGER_EDITED", path.name, rows[0])
    refused = run_bean_check(tmp_path)
    assert [finding.file for finding in refused] == [path.name]
    assert {finding.code for finding in refused} == {"LEDGER_CHECK"}


def test_two_edits_that_balance_are_found_against_the_trial_balance(
    journal: Journal, tmp_path: Path, write: Callable[..., dict[str, str]], context: LedgerContext
) -> None:
    journal.post("2022-01-03", "C1", money("1010", 1000), money("3100", -1000))
    write(tmp_path, [month_files(context, journal.month("2022-01"))])
    path = tmp_path / "2022-01.beancount"
    path.write_text(path.read_text().replace("10.00 USD", "20.00 USD"))
    assert run_bean_check(tmp_path) == []
    compared, findings = compare_with_trial_balance(
        ledger_balances(tmp_path, base="USD"), journal.balances(), units=context.units
    )
    assert str(compared) == "2 in base, 2 in USD, 0 in units"
    assert [(finding.code, finding.column) for finding in findings] == [
        ("LEDGER_DIFFERS", "base"),
        ("LEDGER_DIFFERS", "USD"),
        ("LEDGER_DIFFERS", "base"),
        ("LEDGER_DIFFERS", "USD"),
    ]


def test_accounts_of_one_name_carry_their_number(context: LedgerContext) -> None:
    chart = {
        "1": Account("1", "Cash", "asset", "debit"),
        "2": Account("2", "cash", "asset", "debit"),
        "3": Account("3", "Cash", "liability", "credit"),
    }
    context = LedgerContext("E", "US-GAAP", context.units, chart, context.instruments)
    text = frame_files(context, merge_uses([]), files=[])["accounts.beancount"]
    opened = [line.split()[2] for line in text.splitlines() if " open " in line]
    assert opened == ["Assets:Cash-1", "Assets:Cash-2", "Liabilities:Cash"]


def test_the_queries_that_the_ledger_carries_run(
    journal: Journal,
    tmp_path: Path,
    write: Callable[..., dict[str, str]],
    context: LedgerContext,
) -> None:
    journal.post("2022-01-03", "T1", lot("1210", 3, 1000), money("1010", -1000))
    write(tmp_path, [month_files(context, journal.month("2022-01"))])
    main = tmp_path / "main.beancount"
    tool = Path(sys.executable).parent / "bean-query"
    asked = re.findall('query "([a-z-]+)" "(.*)"', main.read_text())
    assert [name for name, _ in asked] == ["trial-balance", "open-lots", "result-by-month"]
    for _, query in asked:
        done = subprocess.run([tool, "-f", "csv", main, query], capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")


def test_an_entry_of_several_owners_names_them_line_by_line(
    journal: Journal, prove: Prove, tmp_path: Path
) -> None:
    other = {"book": "B2", "strategy": "", "broker_account": "IB-2"}
    journal.post("2022-01-03", "C1", money("1010", 100, **other), money("3100", -100))
    text = prove(tmp_path, journal, journal.month("2022-01"))
    assert '2022-01-03 * "" "n" ^C1\n' in text
    owned = '    book: "B2"\n    strategy: ""\n    broker-account: "IB-2"\n'
    assert f"{'Assets:Cash-At-Brokers':<58}             1.00 USD\n{owned}" in text


def test_the_first_row_that_brought_an_event_is_its_source(
    journal: Journal, table: Table, context: LedgerContext
) -> None:
    row = {"event_id": "C1", "event_version": 1, "row": 2}
    sources = table(SOURCES, [row | {"file": "first.csv"}, row | {"file": "later.csv"}])
    journal.post("2022-01-03", "C1", money("1010", 100), money("3100", -100))
    part = month_files(replace(context, sources=lambda: sources), journal.month("2022-01"))
    assert '  source-file: "first.csv"\n' in texts_of(part)["2022-01.beancount"]
