"""Two bases differ exactly by listed causes, which add up to the difference of trial balances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any
from unittest.mock import patch

import pyarrow as pa
from hypothesis import given, settings
from tests.booking.entries import SHARE
from tests.laws.books import firms, mark, policies
from tests.laws.facts import CHART, GAAP, TAX, day, trade
from tests.laws.firm import Firm
from tests.laws.reading import journal_of

from subledger.booking.policy import BasisPolicy
from subledger.closing.year_end import clear_profit_and_loss
from subledger.columns import concatenate
from subledger.journal.difference import difference
from subledger.journal.journal import Journal
from subledger.periods import month_of, parse_period
from subledger.statements.balances import balances_after
from subledger.statements.basis_difference import basis_difference
from subledger.statements.causes import CAUSES, causes_of
from subledger.statements.places import Places
from subledger.statements.posted import Part, Posted
from subledger.statements.trial_balance import trial_balance
from subledger.tables import BALANCES, ENTRIES, LINES, MEASURES, RELIEFS, Table

YEAR_END = 98  # 2022-12-31, counted from the first day


def posted(firm: Firm) -> Posted:
    """Return all that a firm has posted."""
    booking = firm.booked()
    added = difference(journal_of(booking), Journal.empty(), basis=firm.policy.name, next_seq=1)
    return in_memory(firm.policy.name, added, booking.measures, booking.reliefs)


def in_memory(basis: str, journal: Journal, measures: pa.Table, reliefs: pa.Table) -> Posted:
    """Return tables as one part each; no year is cleared."""
    held = {"measures": measures, "reliefs": reliefs}
    held |= {"entries": journal.entries, "lines": journal.lines}

    def parts(declared: Table) -> list[Part]:
        return [Part(day(YEAR_END), partial(columns_of, held[declared.name]))]

    return Posted(basis, CHART, Journal.empty(), parts)


def by_month(of: Posted) -> Posted:
    """Return the same, each table in one part for every month."""
    whole = {one.name: table_of(of, one) for one in (ENTRIES, LINES, MEASURES, RELIEFS)}
    month_of_seq, month_of_key = {}, {}
    for row in whole["entries"].to_pylist():
        ends = month_of(row["accounting_date"]).end
        month_of_seq[row["seq"]] = ends
        month_of_key[row["event_kind"], row["event_id"], row["stage"], row["leg"]] = ends

    def ends_of(name: str, row: dict[str, Any]) -> date:
        if name == "measures":
            key = (row["event_kind"], row["event_id"], row["stage"], row["leg"])
            return month_of_key.get(key, day(YEAR_END))  # what is nothing has no entry
        return (
            month_of(row["accounting_date"]).end if "seq" not in row else month_of_seq[row["seq"]]
        )

    def parts(declared: Table) -> list[Part]:
        table = whole[declared.name]
        ends = [ends_of(declared.name, row) for row in table.to_pylist()]
        found = {on: table.filter(pa.array([one == on for one in ends])) for on in {*ends}}
        return [Part(on, partial(columns_of, found[on])) for on in sorted(found)]

    return replace(of, parts=parts)


def columns_of(table: pa.Table, columns: Collection[str]) -> pa.Table:
    return table.select(sorted(columns))


def table_of(of: Posted, declared: Table) -> pa.Table:
    [part] = of.parts(declared)
    return part.read(columns=declared.schema.names).select(declared.schema.names)


def lines_of(of: Posted) -> pa.Table:
    """Return all lines of a basis, those that clear a year among them."""
    return concatenate(LINES, [table_of(of, LINES), of.clearing.lines])


def closing(of: Posted) -> Counter[str]:
    """Return the closing balances of a basis as the trial balance shows them."""
    balances = balances_after(BALANCES.empty(), lines_of(of))
    table = trial_balance(balances, Journal.empty(), accounts=CHART.accounts).table
    return Counter(
        dict(zip(table["account"].to_pylist(), table["closing"].to_pylist(), strict=True))
    )


def differences(one: Posted, other: Posted) -> list[dict[str, Any]]:
    """Return the rows of the report, by cause and account."""
    rows: list[dict[str, Any]] = basis_difference(
        one, other, accounts=CHART.accounts
    ).table.to_pylist()
    return rows


@settings(max_examples=15)
@given(firms(most=6), policies(), policies())
def test_the_causes_add_up_to_the_difference_of_the_two_trial_balances(
    firm: Firm, one: BasisPolicy, other: BasisPolicy
) -> None:
    """Any two bases of any books, tolerance zero, account by account; no row is a remainder."""
    a, b = (posted(firm.under(**_settings(policy))) for policy in (one, other))
    rows = differences(a, b)
    found: Counter[str] = Counter()
    for row in rows:
        found[row["account"]] += row["difference"]
    ours, theirs = closing(a), closing(b)
    assert {k: n for k, n in found.items() if n} == {
        k: ours[k] - theirs[k] for k in {*ours, *theirs} if ours[k] != theirs[k]
    }
    assert {row["cause"] for row in rows} <= set(CAUSES)
    assert all(row["difference"] == row["amount"] - row["other_amount"] != 0 for row in rows)


def _settings(policy: BasisPolicy) -> dict[str, Any]:
    return {name: getattr(policy, name) for name in BasisPolicy.__slots__}


@settings(max_examples=10)
@given(firms(policy=GAAP, openings=False, most=8))
def test_where_both_bases_book_the_same_trades_every_cause_balances(firm: Firm) -> None:
    """What a cause does to net assets is what it does to equity and profit, tolerance zero."""
    # A pool may refuse to close what a wider one holds: then the bases book different trades.
    auto = firm.but(trades=[row | {"position_effect": "auto"} for row in firm.trades])
    rows = differences(*(posted(auto.under(**_settings(policy))) for policy in (GAAP, TAX)))
    sums: Counter[str] = Counter()
    for row in rows:
        sums[row["cause"]] += row["net_assets"] - row["equity"] - row["profit"]
    assert {cause: n for cause, n in sums.items() if n} == {}


def listed(rows: list[dict[str, Any]]) -> list[tuple[str, str, int, int]]:
    return [(row["cause"], row["account"], row["amount"], row["other_amount"]) for row in rows]


def one_share(**changes: Any) -> Firm:
    """Return 10 bought at 10 with 40 cents of fees, and 4 of them sold at 12 with 5 cents."""
    trades = [
        trade("A1", "buy", 10, price="10", held=SHARE, commission=40),
        trade("A2", "sell", 4, price="12", held=SHARE, trade_date=day(3), commission=5),
    ]
    return Firm(GAAP, (SHARE,), trades=trades, marks=[mark("AAA", day(6), "11")], **changes)


def test_fees_in_cost_go_to_the_gain_with_the_share_of_the_lot_that_is_sold() -> None:
    """Bought 10 with fees of 0.40: sold 4 of them take 0.16; 0.24 is in the cost of the rest."""
    one, other = posted(one_share()), posted(one_share().under(**_settings(TAX)))
    assert listed(differences(one, other)) == [
        ("fees of trades", "1210", 0, 24),
        ("fees of trades", "4110", 0, 16 + 5),
        ("fees of trades", "6110", 45, 0),
        ("unrealised price", "1211", 600, 0),
        ("unrealised price", "4210", -600, 0),
    ]


def test_by_cause_and_by_account_add_up_the_same_rows() -> None:
    one, other = posted(one_share()), posted(one_share().under(**_settings(TAX)))
    by_cause = basis_difference(one, other, accounts=CHART.accounts, by=["cause"])
    assert by_cause.table.to_pylist() == [
        {"cause": "fees of trades", "net_assets": -24, "equity": 0, "profit": -24},
        {"cause": "unrealised price", "net_assets": 600, "equity": 0, "profit": 600},
    ]
    by_account = basis_difference(one, other, accounts=CHART.accounts, by=["account"])
    assert [
        (row["account"], row["name"], row["type"], row["amount"], row["other_amount"])
        for row in by_account.table.to_pylist()
    ] == [
        ("1210", "Equities cost", "asset", 6000, 6024),
        ("1211", "Equities unrealised price", "asset", 600, 0),
        ("4110", "Realised gains price", "income", -800, -779),
        ("4210", "Change in unrealised price", "income", -600, 0),
        ("6110", "Commissions", "expense", 45, 0),
    ]
    assert by_account.meta == {"bases": "US-GAAP,US-TAX"}


def cleared(of: Posted, firm: Firm) -> Posted:
    """Return a basis after its year is closed."""
    balances = balances_after(BALANCES.empty(), lines_of(of))
    seq = 1 + table_of(of, ENTRIES).num_rows
    year = parse_period("2022", 1)
    return replace(of, clearing=clear_profit_and_loss(balances, year, terms=firm.terms, seq=seq))


def test_what_cleared_years_differ_by_stands_on_retained_earnings_under_its_cause() -> None:
    tax = one_share().under(**_settings(TAX))
    one, other = cleared(posted(one_share()), one_share()), cleared(posted(tax), tax)
    for of in (one, other):
        on = of.clearing.entries["accounting_date"].to_pylist()
        assert on == [day(YEAR_END)] == [date(2022, 12, 31)]
    rows = differences(one, other)
    assert [(row["cause"], row["account"], row["difference"], row["equity"]) for row in rows] == [
        ("fees of trades", "1210", -24, 0),
        ("fees of trades", "3030", 24, -24),
        ("unrealised price", "1211", 600, 0),
        ("unrealised price", "3030", -600, 600),
    ]


def test_the_causes_of_one_basis_are_its_balances() -> None:
    one = posted(one_share())
    sums: Counter[str] = Counter()
    for row in causes_of(one).to_pylist():
        sums[row["account"]] += row["amount"]
    assert sums == closing(one)


def test_books_of_one_basis_differ_from_none_and_nothing_posted_differs_in_nothing() -> None:
    one = posted(one_share())
    assert basis_difference(one, None, accounts=CHART.accounts).table.num_rows == 0
    none = in_memory("B", Journal.empty(), MEASURES.empty(), RELIEFS.empty())
    empty: pa.Table = basis_difference(none, none, accounts=CHART.accounts).table
    assert empty.num_rows == 0


@settings(max_examples=15)
@given(firms(policy=TAX, most=8), policies())
def test_trades_that_are_not_looked_up_stand_where_their_lines_do(
    firm: Firm, policy: BasisPolicy
) -> None:
    """Any books with fees in cost, before and after a year is cleared, tolerance zero."""
    changed = replace(policy, fees="capitalise", overrides=())
    open_year = posted(firm.under(**_settings(changed)))
    marked = Places.marked

    def all_odd(self: Places, rows: pa.Table, month: date) -> pa.Table:
        table = marked(self, rows, month).drop_columns(["odd"])
        return table.append_column("odd", pa.repeat(pa.scalar(value=True), rows.num_rows))

    for one in (open_year, cleared(open_year, firm.under(**_settings(changed)))):
        found = causes_of(one)
        with patch.object(Places, "marked", all_odd):
            assert causes_of(one).equals(found)


@settings(max_examples=15)
@given(firms(policy=TAX, most=8), policies())
def test_months_that_are_read_one_by_one_have_the_causes_of_all_at_once(
    firm: Firm, policy: BasisPolicy
) -> None:
    """A lot that carries fees may be opened in one month and relieved in another."""
    whole = posted(firm.under(**_settings(replace(policy, fees="capitalise"))))
    assert causes_of(by_month(whole)).equals(causes_of(whole))
