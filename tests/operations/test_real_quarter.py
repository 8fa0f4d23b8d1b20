"""A real quarter of a real account: imported, closed month by month, compared with the broker.

The statement is an anonymised one of Interactive Brokers, which this project does not hold; the
tests are skipped where it is absent. `real_quarter/` holds what the statement lacks: the two shares
that were held before, at the broker's own cost, and the reference rates of the European Central
Bank for the days on which the statement has no rate (francs per euro over dollars per euro, at ten
decimals).
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

import subledger

STATEMENT = Path(__file__).parents[3] / "shared" / "data" / "ibkr" / "flex_2025_q1.xml"
OURS = Path(__file__).parent / "real_quarter"
MONTHS = ("2025-01", "2025-02", "2025-03")
ROUNDED = ("quantity", "gross_amount", "net_amount", "commission")
KINDS = ("instruments", "trades", "cash", "prices", "rates")
REASONS = {
    "STALE_PRICE": "last price of the statement in the month; the month's last session has none",
}

pytestmark = pytest.mark.skipif(not STATEMENT.exists(), reason="the statement is not at hand")


def taken_in(folder: Path, *, opening_lots: bool) -> subledger.Books:
    """Return books in francs with everything that the statement holds, imported but not posted."""
    settings: dict[str, object] = {
        "entity.name": "A real quarter",
        "entity.base": "CHF",
        "currencies.USD.decimals": 6,
        "rates.pivot": "EUR",
    }
    settings |= {f"intake.ibkr-flex.rounding.{column}": "half_even" for column in ROUNDED}
    books = subledger.create(folder, settings=settings)
    for kind in KINDS:
        getattr(books, f"import_{kind}")(STATEMENT, format="ibkr-flex")
    books.import_rates(OURS / "rates.csv")
    if opening_lots:
        books.import_opening_lots(OURS / "opening_lots.csv")
    return books


def close_quarter(books: subledger.Books) -> None:
    """Close January to March; what stops a close is waived, each by its id and with a reason."""
    for month in MONTHS:
        with pytest.raises(subledger.Refused):
            books.close(month)
        queue = books.exceptions()
        for row in queue[queue["status"] == "open"].to_dict("records"):
            if row["period"] <= month:
                books.waive(row["exception_id"], reason=REASONS[row["code"]])
        books.close(month)


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> subledger.Books:
    """Return the quarter closed, with the two shares of the year before."""
    books = taken_in(tmp_path_factory.mktemp("real") / "books", opening_lots=True)
    books.post()
    close_quarter(books)
    return books


def realised(books: subledger.Books, basis: str) -> pd.DataFrame:
    """Return the realised report of the quarter, month after month."""
    found = [books.report("realised", month, basis=basis) for month in MONTHS]
    return pd.concat(found, ignore_index=True)


def test_the_statement_comes_in_whole(quarter: subledger.Books) -> None:
    """236 executions and 14 cash rows: of 27, the 13 summaries repeat the details."""
    reading = quarter._books.control.read()
    classes = dict(
        zip(
            reading.instruments()["instrument"].to_pylist(),
            reading.instruments()["asset_class"].to_pylist(),
            strict=True,
        )
    )
    trades = reading.facts("trades")["instrument"].to_pylist()
    assert Counter(classes[name] for name in trades) == {"equity": 39, "option": 86, "fx_spot": 111}
    assert Counter(reading.facts("cash")["kind"].to_pylist()) == {
        "contribution": 11,
        "withdrawal": 2,
        "fee": 1,
    }


def test_every_execution_is_booked_and_only_stale_prices_are_exceptions(
    quarter: subledger.Books,
) -> None:
    """39 of stock, 86 of options, 111 of currencies: all. Of options there are few prices."""
    queue = quarter.exceptions()
    assert Counter(zip(queue["basis"], queue["code"], strict=True)) == {
        ("US-GAAP", "STALE_PRICE"): 13
    }
    assert Counter(zip(queue["period"], queue["status"], strict=True)) == {
        ("2025-01", "waived"): 3,
        ("2025-02", "waived"): 8,
        ("2025-03", "waived"): 2,
    }
    assert all(queue["reason"])
    for basis in ("US-GAAP", "US-TAX"):
        journals = [quarter.report("journal", month, basis=basis) for month in MONTHS]
        lines = pd.concat(journals, ignore_index=True)
        trades = lines[lines["rule"].str.match("trade|fx_trade")]
        assert trades["event_id"].nunique() == 236


def test_every_disposal_is_what_the_broker_says_it_realised(quarter: subledger.Books) -> None:
    """The broker puts commissions into cost and proceeds, as the tax basis does.

    It rounds each lot's cost to six decimals, we what is relieved of a lot so far; three disposals
    are apart by that. Of one the broker's own rows say something else.
    """
    report = quarter.reconcile("trades", STATEMENT, basis="US-TAX")
    assert Counter(report["result"]) == {"agrees": 39, "broker inconsistent": 1}
    agreeing = report[report["result"] == "agrees"]
    assert Counter(agreeing["difference"]) == {Decimal(0): 36, Decimal("-0.000001"): 3}
    booked = realised(quarter, "US-TAX").groupby("trade_id")["gain"].sum()
    assert dict(booked) == dict(zip(report["trade_id"], report["ours"], strict=True))
    stocks = report[report["instrument"] == "MSTR"]
    assert list(stocks["ours"]) == [Decimal("-75.479045"), Decimal("-130.477505")]


def test_where_the_broker_contradicts_itself_both_of_its_figures_are_listed(
    quarter: subledger.Books,
) -> None:
    """One call written for 767.1073096 net of its commission expired with 767.11731 of gain.

    The two are 0.0100004 apart: in six decimals just what `tolerance.gross` lets pass.
    """
    report = quarter.reconcile("trades", STATEMENT, basis="US-TAX")
    (odd,) = report[report["result"] == "broker inconsistent"].to_dict("records")
    assert odd == {
        "trade_id": "ibkr:31409561172",
        "instrument": "MSTR250214C00500000",
        "currency": "USD",
        "result": "broker inconsistent",
        "ours": Decimal("767.107310"),
        "theirs": Decimal("767.11731"),
        "difference": Decimal("-0.010000"),
        "theirs_by_rows": Decimal("767.1073096"),
    }


def test_what_expires_is_closed_at_nothing_and_settles_nothing(quarter: subledger.Books) -> None:
    """Two calls written in January expire on 14 February: the premium is the gain."""
    for basis, gains in (
        ("US-GAAP", ("475.000000", "768.000000")),
        ("US-TAX", ("474.185755", "767.107310")),
    ):
        rows = realised(quarter, basis)
        expired = rows[rows["closed_on"] == "2025-02-14"]
        assert sorted(expired["gain"]) == [Decimal(gain) for gain in gains]
        assert set(expired["cost"]) == {Decimal(0)}
        journal = quarter.report("journal", "2025-02", basis=basis)
        entries = journal[journal["event_id"].isin(expired["trade_id"])]
        assert set(entries["rule"]) == {"trade.short.close"}


def test_a_gain_is_split_into_price_and_fx_without_remainder(quarter: subledger.Books) -> None:
    """Bought at 0.9060 francs a dollar at the year's end, sold at 0.88."""
    for basis in ("US-GAAP", "US-TAX"):
        rows = realised(quarter, basis)
        assert len(rows) == 47
        total = rows["gain_price_base"] + rows["gain_fx_base"]
        assert list(total) == list(rows["gain_base"])
        assert list(rows["proceeds_base"] - rows["cost_base"]) == list(rows["gain_base"])


def test_without_the_opening_lots_the_difference_is_reported(tmp_path: Path) -> None:
    """The disposals then relieve shares of January, and the comparison says by how much."""
    books = taken_in(tmp_path / "books", opening_lots=False)
    books.post()
    report = books.reconcile("trades", STATEMENT, basis="US-TAX")
    stocks = report[report["instrument"] == "MSTR"]
    assert list(stocks["result"]) == ["differs", "differs"]
    assert Counter(report["result"]) == {"agrees": 37, "broker inconsistent": 1, "differs": 2}
    ours = dict(zip(stocks["trade_id"], stocks["ours"], strict=True))
    theirs = dict(zip(stocks["trade_id"], stocks["theirs"], strict=True))
    assert {trade: ours[trade] - theirs[trade] for trade in ours} == dict(
        zip(stocks["trade_id"], stocks["difference"], strict=True)
    )


def test_the_ledger_and_the_trial_balance_agree_in_both_bases(quarter: subledger.Books) -> None:
    """The second engine reads the ledger: base, units, and the balance of every currency."""
    results = quarter.verify()
    assert [(one.basis, list(one.findings)) for one in results] == [
        ("store", []),
        ("US-GAAP", []),
        ("US-TAX", []),
    ]
    assert all(one.compared for one in results)


def test_every_currency_of_the_trial_balance_sums_to_zero(quarter: subledger.Books) -> None:
    """Entries in two currencies pass through FX trading in each, so nothing is left over."""
    for basis in ("US-GAAP", "US-TAX"):
        for month in MONTHS:
            rows = quarter.report("trial-balance", month, basis=basis, by="currency")
            sums = rows.groupby("currency")["closing"].sum()
            assert set(sums.index) == {"CHF", "USD"}
            assert not sums.any()
            assert not sum(rows["closing_base"])


def test_fx_trading_is_zero_in_francs_after_each_close(quarter: subledger.Books) -> None:
    """What 111 exchanges of currencies brought is in gains on foreign currency."""
    for basis in ("US-GAAP", "US-TAX"):
        rows = quarter.report("trial-balance", "2025-03", basis=basis)
        assert list(rows[rows["account"] == "3900"]["closing"]) in ([], [Decimal(0)])
