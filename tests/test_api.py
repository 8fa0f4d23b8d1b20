from __future__ import annotations

import doctest
import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import subledger
from subledger import api
from subledger.operations import posting

INSTRUMENTS = """\
instrument,asset_class,currency,name,exchange
AAA,equity,USD,"Alpha, Co",XNYS
"""
TRADES = """\
trade_id,status,trade_date,settlement_date,settled_date,book,broker_account,\
strategy,instrument,side,quantity,price,currency,commission
T1,settled,2022-09-06,2022-09-08,2022-09-08,B1,PB1,S1,AAA,buy,100,10.00,USD,1.00
T2,settled,2022-09-07,2022-09-09,2022-09-09,B1,PB1,S1,AAA,sell,150,12.00,USD,1.50
"""
# Source: Capital One Investing, "Lot Closing Methods", with a sale of 25 at 14.00.
PURCHASES = """\
trade_id,status,trade_date,settlement_date,book,broker_account,\
instrument,side,quantity,price,currency,lots
P1,confirmed,2026-01-02,2026-01-05,B1,PB1,XYZ,buy,10,12.00,USD,
P2,confirmed,2026-02-02,2026-02-03,B1,PB1,XYZ,buy,15,13.00,USD,
P3,confirmed,2026-03-02,2026-03-03,B1,PB1,XYZ,buy,10,15.00,USD,
P4,confirmed,2026-04-01,2026-04-02,B1,PB1,XYZ,buy,20,10.00,USD,
S1,confirmed,2026-05-01,2026-05-04,B1,PB1,XYZ,sell,25,14.00,USD,
"""
CASH = """\
event_id,date,kind,broker_account,book,currency,amount
C1,2022-09-01,contribution,PB1,B1,USD,10000.00
"""
PRICES = """\
date,instrument,price
2022-09-30,AAA,11.50
"""


def frame(text: str) -> pd.DataFrame:
    """Return a CSV text as a DataFrame of text, as an analyst would read it."""
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)


@pytest.fixture
def books(tmp_path: Path) -> subledger.Books:
    return subledger.create(tmp_path / "acme", settings={"entity.name": "Acme LLC"})


@pytest.fixture
def traded(books: subledger.Books) -> subledger.Books:
    """Return books with everything imported from DataFrames and posted."""
    books.import_instruments(frame(INSTRUMENTS))
    books.import_trades(frame(TRADES))
    books.import_cash(frame(CASH))
    books.import_prices(frame(PRICES))
    books.post()
    return books


def codes(caught: pytest.ExceptionInfo[subledger.Refused]) -> list[str]:
    return [finding.code for finding in caught.value.findings]


def test_a_dataframe_goes_in_and_a_dataframe_of_decimals_comes_out(
    traded: subledger.Books,
) -> None:
    realised = traded.report("realised", "2022-09", basis="US-TAX")
    assert realised[
        ["lot_id", "quantity", "proceeds", "cost", "gain_base"]
    ].to_numpy().tolist() == [
        ["T1", Decimal(100), Decimal("1199.00"), Decimal("1001.00"), Decimal("198.00")]
    ]
    assert realised["closed_on"].tolist() == [pd.Timestamp("2022-09-07")]
    balance = traded.report("trial-balance", "2022-09", by="book")
    assert list(balance.columns[:5]) == ["account", "name", "type", "book", "opening"]
    assert sum(balance["closing"]) == Decimal(0)


def test_a_month_is_closed_and_packaged_and_checked(traded: subledger.Books) -> None:
    assert [result.period for result in traded.close("2022-09")] == ["2022-09", "2022-09"]
    assert all(check.passed for result in traded.check() for check in result.checks)
    (result,) = traded.package("2022-09", basis="US-TAX")
    assert "workbook.xlsx" in result.files
    again = subledger.open(traded.folder)
    with pytest.raises(subledger.Refused) as caught:
        again.close("2022-09")
    assert codes(caught) == ["PERIOD_CLOSED"]
    again.import_trades(frame(TRADES.replace("T1", "T8").replace("T2", "T9")))
    again.post(basis="US-GAAP")
    late = again.exceptions()
    assert late["event_id"].tolist() == ["T8", "T9"]
    again.waive(late["exception_id"][0], reason="a double of T1")
    assert again.sweep(late["exception_id"][1]) == date(2022, 10, 1)
    assert again.exceptions()["status"].tolist() == ["waived", "swept"]


@pytest.mark.parametrize("first", ["file", "frame"])
def test_a_file_and_a_dataframe_of_the_same_rows_are_the_same_facts(
    books: subledger.Books, tmp_path: Path, first: str
) -> None:
    (tmp_path / "instruments.csv").write_text(INSTRUMENTS)
    sources: list[Path | pd.DataFrame] = [tmp_path / "instruments.csv", frame(INSTRUMENTS)]
    if first == "frame":
        sources.reverse()
    done = [books.import_instruments(source) for source in sources]
    assert [(one.rows_new, one.duplicate) for one in done] == [(1, False), (0, True)]
    assert done[0].batch == done[1].batch


def test_native_values_of_a_dataframe_are_read_exactly(books: subledger.Books) -> None:
    books.import_instruments(frame(INSTRUMENTS))
    trades = frame(TRADES)
    trades["quantity"] = [100, 150]
    trades["price"] = pd.Series([Decimal("10.00"), Decimal("12.00")], dtype=object)
    trades["trade_date"] = pd.to_datetime(trades["trade_date"])
    assert books.import_trades(trades).rows_new == 2
    assert books.import_trades(frame(TRADES)).rows_known == 2


def test_findings_of_a_dataframe_name_its_row_and_column(books: subledger.Books) -> None:
    prices = pd.DataFrame(
        {"date": ["2022-09-30"], "instrument": ["AAA"], "price": [np.float64(0.1) * 3]}
    )
    with pytest.raises(subledger.Refused) as caught:
        books.import_prices(prices)
    assert str(caught.value).startswith("DataFrame row 2 column price: FRAME_FLOAT")
    with pytest.raises(subledger.Refused) as caught:
        books.import_prices(prices.assign(price="1.5"))
    assert str(caught.value).startswith("DataFrame row 2 column instrument: UNKNOWN_INSTRUMENT")


def test_whatever_is_refused_raises_refused(
    books: subledger.Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals: list[tuple[Callable[[], object], str]] = [
        (lambda: subledger.open(tmp_path), "NOT_A_BOOKS_FOLDER"),
        (lambda: subledger.create(books.folder), "BOOKS_EXIST"),
        (lambda: subledger.create(tmp_path / "x", template="prop-xx"), "UNKNOWN_TEMPLATE"),
        (lambda: books.import_trades(tmp_path / "none.csv"), "FILE_UNREADABLE"),
        (lambda: books.import_trades(frame(TRADES), format="xlsx"), "NOT_OFFERED"),
        (lambda: books.import_facts("dreams", frame(TRADES)), "UNKNOWN_KIND"),
        (lambda: books.report("trial-balance", "September"), "NOT_A_PERIOD"),
        (lambda: books.report("dreams", "2022-09"), "UNKNOWN_REPORT"),
        (lambda: books.report("pnl", "2022-09", by="colour"), "UNKNOWN_SPLIT"),
        (lambda: books.report("lots", "2022-09", basis="IFRS"), "UNKNOWN_BASIS"),
        (lambda: books.mark("yesterday"), "DATE_FORMAT"),
        (lambda: books.waive("X-1", reason="none"), "UNKNOWN_EXCEPTION"),
    ]
    for ask, code in refusals:
        with pytest.raises(subledger.Refused) as caught:
            ask()
        assert codes(caught) == [code]

    def no_space(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(posting, "post", no_space)
    with pytest.raises(subledger.Refused) as caught:
        books.post()
    assert codes(caught) == ["IO_ERROR"]


def test_a_dry_run_writes_nothing(books: subledger.Books) -> None:
    assert books.import_instruments(frame(INSTRUMENTS), dry_run=True).rows_new == 1
    assert books.import_instruments(frame(INSTRUMENTS)).batch == 1
    books.post(dry_run=True)
    assert books.import_instruments(frame(INSTRUMENTS.replace("AAA", "BBB"))).batch == 2


def test_the_lot_engine_alone_gives_the_reports_of_the_books(traded: subledger.Books) -> None:
    alone = subledger.relieve(frame(TRADES), decimals=2)
    pd.testing.assert_frame_equal(
        alone.realised, traded.report("realised", "2022-09", basis="US-TAX")
    )
    pd.testing.assert_frame_equal(alone.lots, traded.report("lots", "2022-09", basis="US-TAX"))
    expensed = subledger.relieve(frame(TRADES), fees="expense", decimals=2)
    pd.testing.assert_frame_equal(expensed.realised, traded.report("realised", "2022-09"))


def test_quantities_alone_have_the_decimals_that_they_need() -> None:
    coins = frame(TRADES.replace(",100,", ",0.12345678,").replace(",150,", ",0.1,"))
    done = subledger.relieve(coins.assign(price="30000.5", currency="USDC"), decimals=8)
    assert done.lots["quantity"].tolist() == [Decimal("0.02345678")]
    assert done.realised["quantity"].tolist() == [Decimal("0.10000000")]


@pytest.mark.parametrize(
    ("method", "named", "taken"),
    [
        ("FIFO", "", [["P1", 10, "120.00", "20.00"], ["P2", 15, "195.00", "15.00"]]),
        ("LIFO", "", [["P4", 20, "200.00", "80.00"], ["P3", 5, "75.00", "-5.00"]]),
        ("HIFO", "", [["P3", 10, "150.00", "-10.00"], ["P2", 15, "195.00", "15.00"]]),
        ("LOFO", "", [["P4", 20, "200.00", "80.00"], ["P1", 5, "60.00", "10.00"]]),
        ("AVERAGE", "", [["P1#4", 25, "302.27", "47.73"]]),
        ("SPECIFIC", "P2:5;P1:7;P2:10;P4:3", [
            ["P2", 5, "65.00", "5.00"],
            ["P1", 7, "84.00", "14.00"],
            ["P2", 10, "130.00", "10.00"],
            ["P4", 3, "30.00", "12.00"],
        ]),
        ("HIFO", "P1:10;P2:15", [["P1", 10, "120.00", "20.00"], ["P2", 15, "195.00", "15.00"]]),
        ("AVERAGE", "P1#4:25", [["P1#4", 25, "302.27", "47.73"]]),
    ],
)  # fmt: skip
def test_the_lot_engine_offers_every_method(
    method: str, named: str, taken: list[list[str | int]]
) -> None:
    purchases = frame(PURCHASES).assign(lots=["", "", "", "", named])
    done = subledger.relieve(purchases, method=method, decimals=2)
    columns = ["lot_id", "quantity", "cost", "gain"]
    expected = [[lot, Decimal(units), Decimal(cost), Decimal(gain)]
                for lot, units, cost, gain in taken]  # fmt: skip
    assert done.realised[columns].to_numpy().tolist() == expected
    assert sum(done.lots["cost"]) + sum(done.realised["cost"]) == Decimal("665.00")
    assert sum(done.lots["quantity"]) == 30


def test_a_pool_at_average_cost_is_opened_on_the_day_of_its_first_purchase() -> None:
    done = subledger.relieve(frame(PURCHASES), method="AVERAGE", decimals=2)
    assert done.lots[["lot_id", "opened_on", "cost"]].to_numpy().tolist() == [
        ["P1#4", pd.Timestamp("2026-01-02"), Decimal("362.73")]
    ]


def test_lots_may_be_named_in_smaller_parts_than_are_traded() -> None:
    named = frame(PURCHASES).assign(lots=["", "", "", "", "P1:9.75;P3:0.25;P2:15"])
    done = subledger.relieve(named, method="SPECIFIC", decimals=4)
    assert done.realised["cost"].tolist() == [Decimal("117.0000"), Decimal("3.7500"), 195]
    assert done.lots["quantity"].tolist() == [Decimal("0.25"), Decimal("9.75"), Decimal(20)]


def test_the_lot_engine_counts_versions_and_cancellations() -> None:
    rows = frame(TRADES).assign(version="1")
    amended = rows.assign(version="2", quantity="40").head(1)
    cancelled = rows.tail(1).assign(status="cancelled", settled_date="")
    done = subledger.relieve(pd.concat([rows, amended, cancelled], ignore_index=True))
    assert done.lots[["lot_id", "quantity"]].to_numpy().tolist() == [["T1", Decimal(40)]]
    assert len(done.realised) == 0


def test_what_the_lot_engine_alone_cannot_do_is_refused_with_its_row() -> None:
    cases: list[tuple[pd.DataFrame, dict[str, object], list[tuple[str, int | None]]]] = [
        (frame(TRADES), {"method": "BEST"}, [("NOT_OFFERED", None)]),
        (frame(TRADES), {"fees": "ignore"}, [("NOT_OFFERED", None)]),
        (frame(TRADES), {"decimals": 9}, [("NOT_OFFERED", None)]),
        (frame(TRADES), {"allow_short": False}, [("SHORT_NOT_ALLOWED", 3)]),
        (frame(TRADES).assign(position_effect=["open", "close"]), {}, [("OVER_CLOSE", 3)]),
        (frame(TRADES).assign(lots=["", "T9:100"]), {}, [("LOT_UNKNOWN", 3)]),
        (frame(TRADES).assign(lots=["", "T1:99"]), {}, [("LOTS_MISMATCH", 3)]),
        (frame(TRADES).assign(lots=["", "T1"]), {}, [("LOTS_FORMAT", 3)]),
        (frame(PURCHASES), {"method": "SPECIFIC"}, [("LOTS_NOT_NAMED", 6)]),
        (frame(TRADES).assign(fee_currency=["", "EUR"]), {}, [("NOT_OFFERED", 3)]),
        (frame(TRADES).assign(quantity=["1", "-1"]), {}, [("NOT_POSITIVE", 3)]),
        (frame(TRADES).drop(columns="price"), {}, [("MISSING_COLUMN", 1)]),
        (frame(TRADES).assign(price="9e9"), {}, [("NUMBER_EXPONENT", 2), ("NUMBER_EXPONENT", 3)]),
    ]
    for trades, options, expected in cases:
        with pytest.raises(subledger.Refused) as caught:
            subledger.relieve(trades, **options)  # type: ignore[arg-type]
        assert [(one.code, one.row) for one in caught.value.findings] == expected
    assert len(subledger.relieve(frame(TRADES).head(0)).lots) == 0


def test_the_public_names_are_those_of_the_manual() -> None:
    names = {"Books", "Finding", "Refused", "Relieved", "create", "open", "relieve"}
    assert names <= set(dir(subledger))
    assert subledger.open is api.open
    with pytest.raises(AttributeError, match="no attribute 'dream'"):
        subledger.dream  # type: ignore[attr-defined] # noqa: B018


def test_the_examples_of_the_manual_run() -> None:
    assert doctest.testmod(api).failed == 0
