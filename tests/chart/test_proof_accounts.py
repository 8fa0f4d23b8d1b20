from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.chart.changes import Lines, Proved, with_changes

from subledger.chart import RuleLine

Broken = Callable[[str, str, str], list[tuple[str, str]]]
RULES = "posting_rules.toml"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            '{ dr = "investment.cost", amount = "cost", per = "lot", quantity = true },\n  { cr =',
            '{ dr = "investment.cost", amount = "cost" },\n  { cr =',
            (
                'line 1: account 1210 holds lots: per = "lot" and quantity = true are missing; '
                "cell: opening_lot(asset_class=equity, side=long)"
            ),
        ),
        (
            '{ cr = "equity.opening", amount = "cost" }',
            '{ cr = "equity.opening", amount = "cost", quantity = true }',
            (
                "line 2: quantity = true, but account 3090 holds no lots; "
                "cell: opening_lot(asset_class=equity|etf|option|crypto|fund, side=long)"
            ),
        ),
        (
            '{ cr = "equity.opening", amount = "cost" }',
            '{ cr = "equity.opening", amount = "cost", per = "lot" }',
            (
                'line 2: per = "lot", but account 3090 holds no lots; '
                "cell: opening_lot(asset_class=equity|etf|option|crypto|fund, side=long)"
            ),
        ),
    ],
)
def test_a_line_must_serve_the_account_of_its_slot(
    broken: Broken, old: str, new: str, problem: str
) -> None:
    assert ("RULE_ACCOUNT", f"rule opening_lot.long {problem}") in broken(RULES, old, new)


def test_a_mark_has_no_owner_of_its_own(proved: Proved) -> None:
    assert proved("mark.short", with_changes("short.mark", "mark_change", per="")) == [
        (
            "RULE_ACCOUNT",
            (
                'rule mark.short line 1: event mark concerns lots of several owners: per = "lot" '
                "is missing; cell: mark(asset_class=equity|etf|option|crypto|fund, side=short)"
            ),
        )
    ]


def test_capital_has_neither_lots_nor_an_instrument(broken: Broken) -> None:
    old = '{ dr = "capital.payable", amount = "amount" }'
    new = '{ dr = "gain.realised.price", amount = "amount", per = "lot" }'
    rule, cell = "rule capital.paid line 1: ", "; cell: capital_settlement(direction=pay)"
    assert broken(RULES, old, new) == [
        ("RULE_ACCOUNT", f'{rule}per = "lot", but event capital_settlement has no lots{cell}'),
        ("RULE_ACCOUNT", f'{rule}per = "lot", but account 4110 holds no lots{cell}'),
        (
            "RULE_ACCOUNT",
            f"{rule}account 4110 requires an instrument; event capital_settlement has none{cell}",
        ),
        (
            "RULE_ACCOUNT",
            (
                f"{rule}slot gain.realised.price: account 4110 is not monetary = true, but "
                "receivables and payables in foreign currency are revalued there at each close"
                f"{cell}"
            ),
        ),
    ]


def test_the_slot_balance_is_for_events_about_a_balance_alone(
    broken: Broken, proved: Proved
) -> None:
    cell = "; cell: capital_settlement(direction=pay)"
    assert proved("capital.paid", with_changes("cash", "paid", slot="balance")) == [
        (
            "RULE_ACCOUNT",
            (
                "rule capital.paid line 2: slot balance, but event capital_settlement concerns no "
                f"balance{cell}"
            ),
        )
    ]
    assert broken("slots.toml", "", '[slots.balance]\ndefault = "1020"\n') == [
        (
            "SLOT_UNUSED",
            (
                "slot balance: stands for the account of the balance itself, never for one of "
                "this table"
            ),
        )
    ]


@pytest.mark.parametrize(
    ("event", "measure"), [("revaluation", "revaluation"), ("cash_relief", "fx_gain")]
)
def test_an_event_about_a_balance_changes_that_balance(
    proved: Proved, event: str, measure: str
) -> None:
    """Else the same balance would be revalued, or the same spending relieved, again and again."""
    elsewhere = with_changes("balance", measure, slot="fx.trading")
    message = f"rule {event}: slot balance must be debited once; cell: {event}(any)"
    assert proved(event, elsewhere) == [("RULE_ACCOUNT", message)]
    units = with_changes("balance", measure, quantity=True)
    problem = "line 1: quantity = true, but a balance has no units"
    assert proved(event, units) == [("RULE_ACCOUNT", f"rule {event} {problem}; cell: {event}(any)")]


def test_a_dividend_may_be_of_any_strategy_so_that_every_account_of_a_slot_must_serve(
    broken: Broken,
) -> None:
    old = '[slots."dividend.payable"]\ndefault = "2410"\n'
    new = old + 'where = [{ strategy = "S2", account = "2220" }]\n'
    problem = 'account 2220 holds lots: per = "lot" and quantity = true are missing'
    found = broken("slots.toml", old, new)
    assert [code for code, _ in found] == ["RULE_ACCOUNT"] * 4
    assert sum(problem in message for _, message in found) == 3


@pytest.mark.parametrize(
    ("slot", "default", "other", "posted"),
    [
        ("cash", "1020", "1190", "cash"),
        ('"receivable.unsettled"', "1110", "1190", "receivables and payables"),
        ('"payable.unsettled"', "2110", "2190", "receivables and payables"),
        ('"payable.fees"', "2450", "2190", "receivables and payables"),
        ('"fx.receivable"', "1140", "1190", "receivables and payables"),
        ('"fx.payable"', "2140", "2190", "receivables and payables"),
        ('"dividend.receivable"', "1410", "1190", "receivables and payables"),
        ('"dividend.payable"', "2410", "2190", "receivables and payables"),
        ('"capital.receivable"', "1490", "1190", "receivables and payables"),
        ('"capital.payable"', "2610", "2190", "receivables and payables"),
    ],
)
def test_cash_and_items_stand_on_accounts_that_closes_revalue(
    broken: Broken, slot: str, default: str, other: str, posted: str
) -> None:
    """On others foreign money would keep its first rate for ever, or could not be settled."""
    old = f'[slots.{slot}]\ndefault = "{default}"\n'
    new = f'{old}where = [{{ broker_account = "K9", account = "{other}" }}]\n'
    name = slot.strip('"')
    problem = (
        f"slot {name}: account {other} is not monetary = true, but {posted} in foreign currency "
        "are revalued there at each close"
    )
    found = broken("slots.toml", old, new)
    assert {code for code, _ in found} == {"RULE_ACCOUNT"}
    assert any(problem in message for _, message in found)


def test_the_sum_of_fees_may_be_an_expense_where_it_is_not_paid_apart(proved: Proved) -> None:
    """Were it an item, an account of expenses would have to be monetary."""
    single = [RuleLine(1, 1, "expense.commission", "fees")]

    def change(lines: Lines) -> Lines:
        kept = [one for one in lines if one.slot != "income.rebate" and "expense" not in one.slot]
        return (*single, *kept)

    found = proved("fx_trade.buy", change)
    assert [message for code, message in found if code == "RULE_ACCOUNT"] == []
