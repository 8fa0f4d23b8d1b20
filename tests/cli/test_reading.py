from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from subledger.operations.reporting import REPORTS

Run = Callable[..., Result]


def test_a_trial_balance_reads_like_one(run: Run, closed: Path) -> None:
    done = run("report", "trial-balance", "2022-09", books=closed)
    assert (
        done.stdout
        == """\
Trial balance, Example Trading LLC, US-GAAP, 2022-09, USD

account  name                                  type       opening      debit     credit      closing
-------  ------------------------------------  ---------  -------  ---------  ---------  -----------
1020     Cash at brokers                       asset         0.00  12,948.00   2,562.20   10,385.80
1110     Unsettled sales                       asset         0.00   2,948.00   2,948.00        0.00
1210     Equities cost                         asset         0.00   2,200.00   1,600.00      600.00
1211     Equities unrealised price             asset         0.00     100.00       0.00      100.00
2110     Unsettled purchases                   liability     0.00   2,562.20   2,562.20        0.00
2210     Equities sold short cost              liability     0.00     400.00   1,000.00     (600.00)
2211     Equities sold short unrealised price  liability     0.00      15.00       0.00       15.00
3010     Contributed capital                   equity        0.00       0.00  10,000.00  (10,000.00)
4110     Realised gains price                  income        0.00       0.00     390.00     (390.00)
4210     Change in unrealised price            income        0.00       0.00     115.00     (115.00)
6110     Commissions                           expense       0.00       4.20       0.00        4.20
-------  ------------------------------------  ---------  -------  ---------  ---------  -----------
Total                                                        0.00  21,177.40  21,177.40        0.00
"""
    )


def test_a_balance_sheet_is_indented_by_level(run: Run, closed: Path) -> None:
    lines = run("report", "balance-sheet", "2022-09", books=closed).stdout.splitlines()
    assert lines[2].split() == ["label", "amount", "prior"]
    assert lines[4].startswith("Assets")
    assert lines[5].startswith("  Cash ")
    assert lines[5].split()[-1] == "10,385.80"


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_every_report_is_a_document_that_scripts_can_read(
    run: Run, closed: Path, name: str
) -> None:
    done = run("report", name, "2022-09", "--basis", "US-TAX", "--format", "json", books=closed)
    document = json.loads(done.stdout)
    assert (done.exit_code, document["schema"]) == (0, f"subledger.{name}/1")
    assert list(document) == ["schema", "meta", "rows", "totals"]
    of = {"entity": "Example Trading LLC", "basis": "US-TAX", "period": "2022-09", "base": "USD"}
    assert document["meta"].items() >= of.items()
    table = run("report", name, "2022-09", "--basis", "US-TAX", "--format", "csv", books=closed)
    header = table.stdout.splitlines()[0].split(",")
    assert all(list(row) == header for row in document["rows"])
    assert len(table.stdout.splitlines()) == 1 + len(document["rows"])


def test_csv_is_exact_text(run: Run, closed: Path) -> None:
    done = run("report", "realised", "2022-09", "--format", "csv", books=closed)
    assert done.stdout == (
        "relief_id,kind,trade_id,lot_id,instrument,book,strategy,lot_strategy,broker_account,side,"
        "opened_on,closed_on,accounting_date,activity_period,quantity,currency,proceeds,cost,gain,"
        "proceeds_base,cost_base,gain_price_base,gain_fx_base,gain_base,term\n"
        "T3:r0001,normal,T3,T1,AAA,B1,S1,S1,PB1,long,2022-09-06,2022-09-08,2022-09-08,2022-09,"
        "100,USD,1300.00,1000.00,300.00,1300.00,1000.00,300.00,0.00,300.00,short\n"
        "T3:r0002,normal,T3,T2,AAA,B1,S1,S1,PB1,long,2022-09-07,2022-09-08,2022-09-08,2022-09,"
        "50,USD,650.00,600.00,50.00,650.00,600.00,50.00,0.00,50.00,short\n"
        "T5:r0001,normal,T5,T4,BBB,B1,S1,S1,PB1,short,2022-09-09,2022-09-12,2022-09-12,2022-09,"
        "20,USD,400.00,360.00,40.00,400.00,360.00,40.00,0.00,40.00,short\n"
    )


def test_output_goes_to_a_file_that_is_whole_or_not_there(
    run: Run, closed: Path, tmp_path: Path
) -> None:
    report = ("report", "lots", "2022-09", "--format", "csv")
    shown = run(*report, books=closed).stdout
    silent = run(*report, "--output", str(tmp_path / "lots.csv"), books=closed)
    assert (silent.exit_code, silent.stdout) == (0, "")
    assert (tmp_path / "lots.csv").read_text() == shown
    nowhere = run(*report, "--output", str(tmp_path / "no" / "lots.csv"), books=closed)
    assert nowhere.exit_code == 73


def test_a_report_looks_back_to_an_earlier_batch(run: Run, closed: Path) -> None:
    before = run("report", "lots", "2022-09", "--as-at", "4", "--format", "csv", books=closed)
    assert len(before.stdout.splitlines()) == 1
    assert run("status", "--as-at", "99", books=closed).exit_code == 2


def test_a_report_is_split_by_its_own_columns_only(run: Run, closed: Path) -> None:
    split = run("report", "pnl", "2022-09", "--by", "strategy", "--format", "csv", books=closed)
    assert split.stdout.splitlines()[1] == "S1,390.00,0.00,115.00,0.00,0.00,0.00,-4.20,0.00,500.80"
    for name, column in (("pnl", "colour"), ("lots", "book")):
        wrong = run("report", name, "2022-09", "--by", column, books=closed)
        assert (wrong.exit_code, wrong.stderr.split()[2]) == (2, "UNKNOWN_SPLIT")


def test_two_bases_are_compared_in_the_order_in_which_they_are_named(
    run: Run, closed: Path
) -> None:
    named = ("--basis", "US-TAX", "--basis", "US-GAAP")
    report = ("report", "basis-difference", "2022-09", "--by", "cause", "--format", "json")
    one, other = (json.loads(run(*report, *bases, books=closed).stdout) for bases in ((), named))
    assert (one["meta"]["bases"], other["meta"]["bases"]) == ("US-GAAP,US-TAX", "US-TAX,US-GAAP")
    assert [row["cause"] for row in one["rows"]] == [row["cause"] for row in other["rows"]]
    assert (one["totals"]["profit"], other["totals"]["profit"]) == ("114.20", "-114.20")
    wrong = run("report", "lots", "2022-09", *named, books=closed)
    assert (wrong.exit_code, "NOT_OFFERED" in wrong.stderr) == (2, True)


def test_status_says_what_is_closed(run: Run, closed: Path) -> None:
    rows = json.loads(run("status", "--format", "json", books=closed).stdout)["rows"]
    assert [(row["basis"], row["period"], row["status"]) for row in rows] == [
        ("US-GAAP", "2022-09", "closed"),
        ("US-TAX", "2022-09", "closed"),
    ]


def test_a_code_is_explained_without_books(run: Run) -> None:
    done = run("explain", "STALE_PRICE")
    assert done.stdout.splitlines()[0].startswith("STALE_PRICE: The latest price is older")
    data = json.loads(run("explain", "LATE", "--format", "json").stdout)
    assert data["schema"] == "subledger.explain/1"
    assert (data["rows"][0]["exit"], data["rows"][0]["waivable"]) == (1, True)


def test_an_id_is_explained_from_the_books(run: Run, closed: Path) -> None:
    done = run("explain", "T3", books=closed)
    assert done.exit_code == 0, done.stderr
    assert "trades.csv" in done.stdout
    assert json.loads(run("explain", "T3", "--format", "json", books=closed).stdout)
    assert run("explain", "T99", books=closed).exit_code == 2
