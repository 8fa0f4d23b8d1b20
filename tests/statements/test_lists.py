from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from subledger import tables
from subledger.errors import InvariantError
from subledger.journal.journal import Journal
from subledger.statements.lists import (
    BATCHES,
    DECISIONS,
    entitlements,
    exceptions,
    journal,
    unsettled,
)
from subledger.statements.report import Units, report_csv, report_json
from subledger.statements.trial_balance import trial_balance

Post = Callable[..., Journal]
Build = Callable[..., pa.Table]
TRADE = {"event_kind": "trade", "event_id": "T1", "event_version": 1}
MONTH = {"period": "2022-09", "activity_period": "2022-09"}


def journal_of(post: Post) -> Journal:
    lot = {"instrument": "IBM", "lot_id": "T1", "slot": "investment.cost"}
    bought: list[dict[str, Any]] = [
        lot | {"account": "1210", "amount_base": 500, "quantity": 10},
        {"account": "2110", "amount_base": -500, "slot": "payable.unsettled"},
    ]
    undone = [row | {"amount_base": -row["amount_base"]} for row in bought]
    undone[0]["quantity"] = -10
    entry = TRADE | MONTH | {"rule": "trade.open.long"}
    return post(
        (entry, bought),
        (entry | {"kind": "reversal", "reverses": "E1", "reason": "amended"}, undone),
        (MONTH | {"kind": "mark", "event_kind": "mark", "event_id": "IBM"}, []),
    )


def test_the_journal_shows_a_reversal_as_a_negative_on_the_side_that_it_reverses(
    post: Post, units: Units
) -> None:
    batches = pa.Table.from_pylist([TRADE | {"batch": 3}, TRADE | {"batch": 8}], schema=BATCHES)
    report = journal(journal_of(post), entity="Acme", basis="US-GAAP", batches=batches)
    days = "2022-09-30,2022-09-30,2022-09,2022-09"
    assert report_csv(report, units).splitlines() == [
        (
            "seq,entry_id,line,entity,basis,kind,accounting_date,activity_date,period,"
            "activity_period,account,slot,debit,credit,amount_base,amount,currency,quantity,"
            "instrument,lot_id,book,strategy,broker_account,counterparty,event_id,event_version,"
            "rule,reverses,reason,batch"
        ),
        (
            f"1,E1,1,Acme,US-GAAP,normal,{days},1210,investment.cost,5.00,0.00,5.00,5.00,USD,10,"
            "IBM,T1,,,,,T1,1,trade.open.long,,,3"
        ),
        (
            f"1,E1,2,Acme,US-GAAP,normal,{days},2110,payable.unsettled,0.00,5.00,-5.00,-5.00,USD,,"
            ",,,,,,T1,1,trade.open.long,,,3"
        ),
        (
            f"2,E2,1,Acme,US-GAAP,reversal,{days},1210,investment.cost,-5.00,0.00,-5.00,-5.00,USD,"
            "-10,IBM,T1,,,,,T1,1,trade.open.long,E1,amended,3"
        ),
        (
            f"2,E2,2,Acme,US-GAAP,reversal,{days},2110,payable.unsettled,0.00,-5.00,5.00,5.00,USD,"
            ",,,,,,,T1,1,trade.open.long,E1,amended,3"
        ),
    ]
    assert report.sums(units) == {"debit": "0.00", "credit": "0.00", "amount_base": "0.00"}


def test_the_journals_debits_and_credits_add_up_to_the_trial_balances(
    post: Post, accounts: Mapping[str, Any]
) -> None:
    posted = journal_of(post)
    report = journal(posted, entity="Acme", basis="US-TAX", batches=BATCHES.empty_table())
    trial = trial_balance(tables.BALANCES.empty(), posted, accounts=accounts).table.to_pylist()
    by_account = report.table.group_by("account").aggregate([("debit", "sum"), ("credit", "sum")])
    sums = {row["account"]: row for row in by_account.to_pylist()}
    assert trial == []
    assert {(row["debit_sum"], row["credit_sum"]) for row in sums.values()} == {(0, 0)}
    assert report.table["batch"].null_count == report.table.num_rows == 4


def test_a_line_without_its_entry_is_a_bug(post: Post) -> None:
    posted = journal_of(post)
    with pytest.raises(InvariantError, match="no entry"):
        Journal(tables.ENTRIES.empty(), posted.lines).entry_rows()


def test_unsettled_lists_posted_and_withheld_trades_with_days_late_and_signed_amounts(
    table: Build, units: Units
) -> None:
    dates = {"trade_date": date(2022, 9, 26), "settlement_date": date(2022, 9, 28)}
    common = dates | {"instrument": "IBM", "quantity": 10, "currency": "USD"}
    failed = common | {"trade_id": "T2", "status": "failed", "side": "sell"}
    items = [
        {"item": "amount", "amount": 700, "amount_base": 700},
        {"item": "fees", "currency": "JPY", "amount": -30, "amount_base": -25, "revalued": 2},
    ]
    posted = table(tables.UNSETTLED, [failed | item for item in reversed(items)])
    withheld = table(
        tables.TRADES,
        [
            common | {"trade_id": "T3", "status": "confirmed", "side": "buy", "net": 900},
            common | {"trade_id": "T1", "status": "failed", "side": "sell", "net": 5,
                      "currency": "JPY", "settlement_date": date(2022, 10, 3)},
        ],
    )  # fmt: skip
    report = unsettled(posted, withheld, on=date(2022, 9, 30), base="USD")
    assert report_csv(report, units).splitlines() == [
        (
            "trade_id,status,trade_date,settlement_date,days_late,instrument,side,quantity,amount,"
            "currency,amount_base,posted,item,revalued_base"
        ),
        "T1,failed,2022-09-26,2022-10-03,0,IBM,sell,10,5,JPY,,false,amount,",
        "T2,failed,2022-09-26,2022-09-28,2,IBM,sell,10,7.00,USD,7.00,true,amount,0.00",
        "T2,failed,2022-09-26,2022-09-28,2,IBM,sell,10,-30,JPY,-0.25,true,fees,0.02",
        "T3,confirmed,2022-09-26,2022-09-28,2,IBM,buy,10,-9.00,USD,-9.00,false,amount,",
    ]
    rows = report_json(report, units)["rows"]
    assert isinstance(rows, list)
    assert (rows[1]["days_late"], rows[1]["posted"], rows[1]["amount"]) == (2, True, "7.00")
    nothing = unsettled(
        tables.UNSETTLED.empty(), tables.TRADES.empty(), on=date(2022, 9, 30), base="USD"
    )
    assert nothing.table.num_rows == 0


def test_open_dividends_show_what_is_withheld_and_what_they_stand_at(
    table: Build, units: Units
) -> None:
    """What is owed on a short position stands negative; before recognition nothing stands."""
    of: dict[str, object] = {"event_id": "CA1", "instrument": "IBM", "currency": "JPY"}
    of |= {"book": "A"}
    of |= {"strategy": "MOM", "broker_account": "PB1", "ex_date": date(2022, 9, 20)}
    of |= {"recognised": True, "account": "1410", "quantity": 10, "gross": 1000, "net": 1000}
    held: dict[str, object] = {"side": "long", "withheld": 150, "reclaimable": 150, "net": 700}
    items = [
        of | {"side": "short", "net_base": 900, "revalued": 30, "account": "2410"},
        of | held | {"net_base": 630, "revalued": -5, "pay_date": date(2022, 10, 4)},
        of | held | {"event_id": "CA2", "recognised": False, "account": ""},
    ]
    report = entitlements(table(tables.ENTITLEMENTS, items))
    assert report_csv(report, units).splitlines() == [
        (
            "event_id,instrument,book,strategy,broker_account,side,quantity,ex_date,pay_date,"
            "currency,gross,withheld,reclaimable,net,net_base,revalued_base,carrying_base,"
            "recognised,account"
        ),
        (
            "CA1,IBM,A,MOM,PB1,long,10,2022-09-20,2022-10-04,JPY,1000,150,150,700,6.30,-0.05,6.25,"
            "true,1410"
        ),
        ("CA1,IBM,A,MOM,PB1,short,10,2022-09-20,,JPY,1000,0,0,1000,9.00,0.30,-8.70,true,2410"),
        "CA2,IBM,A,MOM,PB1,long,10,2022-09-20,,JPY,1000,150,150,700,0.00,0.00,0.00,false,",
    ]
    assert report.sums(units) == {"carrying_base": "-2.45"}


def test_exceptions_show_the_decision_taken_on_each_and_the_file_that_brought_it(
    table: Build, units: Units
) -> None:
    late = {"code": "LATE", "basis": "US-GAAP", "period": "2022-10", "currency": "USD"}
    found = table(
        tables.EXCEPTIONS,
        [
            late | {"exception_id": "X2", "event_id": "T2", "batch": 4, "row": 12,
                    "amount_at_risk": 1050, "message": "a"},
            late | {"exception_id": "X1", "event_id": "T1", "currency": "", "message": "b"},
        ],
    )  # fmt: skip
    decided = [{"exception_id": "X1", "status": "waived", "reason": "immaterial"}]
    decisions = pa.Table.from_pylist(decided, schema=DECISIONS)
    report = exceptions(found, decisions, files={4: "trades.csv"})
    assert report_csv(report, units).splitlines() == [
        (
            "exception_id,code,basis,period,event_id,status,amount_at_risk,currency,message,file,"
            "row,reason"
        ),
        "X1,LATE,US-GAAP,2022-10,T1,waived,0,,b,,,immaterial",
        "X2,LATE,US-GAAP,2022-10,T2,open,10.50,USD,a,trades.csv,12,",
    ]
    empty = exceptions(tables.EXCEPTIONS.empty(), DECISIONS.empty_table(), files={})
    assert empty.table.num_rows == 0
