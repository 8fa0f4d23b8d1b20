from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.chart.changes import Proved, unbalanced, with_changes, without

Broken = Callable[[str, str, str], list[tuple[str, str]]]
RULES = "posting_rules.toml"

SETTLE = """
[[rule]]
id = "{id}"
event = "settlement"
when = {{ {when} }}
{more}
source = "House rule"
narration = "Settled"
lines = [
  {{ dr = "cash", amount = "paid" }},
  {{ cr = "receivable.unsettled", amount = "amount" }},
  {{ cr = "gain.fx.realised", amount = "fx_gain" }},
]
"""
EQUITIES = "trade(asset_class=equity|etf|option|crypto|fund, side={}, effect={}{})"


def settle(rule_id: str, when: str, more: str = "") -> str:
    return SETTLE.format(id=rule_id, when=when, more=more)


def test_a_cell_without_rule_or_reason_is_a_gap(broken: Broken) -> None:
    old = 'when = { asset_class = "rights" }'
    assert broken(RULES, old, 'when = { asset_class = "rights", side = "long" }') == [
        (
            "CHART_UNKNOWN_NAME",
            "rule unbooked.rights: no dimension 'side'",
        )
    ]
    gap = broken(
        RULES,
        'when = { asset_class = ["future", "perpetual"] }',
        'when = { asset_class = "future" }',
    )
    assert gap == [
        ("RULE_GAP", "no rule covers trade(asset_class=perpetual)"),
        ("RULE_GAP", "no rule covers settlement(asset_class=perpetual)"),
        ("RULE_GAP", "no rule covers mark(asset_class=perpetual)"),
        ("RULE_GAP", "no rule covers opening_lot(asset_class=perpetual)"),
    ]


def test_a_gap_in_one_basis_names_the_basis(broken: Broken) -> None:
    old = 'id = "capital.paid"\n'
    assert broken(RULES, old, old + 'bases = ["US-TAX"]\n') == [
        ("RULE_GAP", "no rule covers capital_settlement(direction=pay); basis: US-GAAP")
    ]


def test_a_gap_before_the_first_version_of_a_rule_names_the_date(broken: Broken) -> None:
    old = 'id = "capital.paid"\n'
    assert broken(RULES, old, old + "from = 2026-02-01\n") == [
        (
            "RULE_GAP",
            "no rule covers capital_settlement(direction=pay); effective: before 2026-02-01",
        )
    ]


def test_a_later_version_of_a_rule_is_proved_from_its_date(broken: Broken) -> None:
    later = """
[[rule]]
id = "capital.paid"
event = "capital_settlement"
when = { direction = "pay" }
from = 2026-02-01
source = "House rule"
narration = "Paid"
lines = [{ dr = "capital.payable", amount = "amount" }]
"""
    assert broken(RULES, "", later) == [
        (
            "RULE_UNBALANCED",
            (
                "rule capital.paid: residual: amount; view: local; base; "
                "cell: capital_settlement(direction=pay); effective: from 2026-02-01"
            ),
        )
    ]


def test_equally_specific_rules_for_one_cell_are_a_tie(broken: Broken) -> None:
    one = settle(
        "by.class", 'asset_class = ["equity", "bond"], item = "amount", direction = "receive"'
    )
    assert broken(RULES, "", one) == [
        (
            "RULE_TIE",
            (
                "rules by.class and settlement.receive are equally specific for "
                "settlement(asset_class=equity, item=amount, direction=receive)"
            ),
        )
    ]


def test_a_more_specific_rule_wins_without_a_tie(broken: Broken) -> None:
    one = settle("bond.sale", 'asset_class = "bond", direction = "receive"')
    assert broken(RULES, "", one) == []


def test_a_rule_that_wins_no_cell_is_shadowed(broken: Broken) -> None:
    one = settle("any.direction", 'direction = ["receive", "pay"]')
    assert broken(RULES, "", one) == [
        ("RULE_SHADOWED", "rule any.direction: wins no cell of settlement")
    ]


def test_a_line_that_applies_in_no_cell_is_shadowed(broken: Broken) -> None:
    old = '{ dr = "short.cost", amount = "cost_relieved", per = "lot", quantity = true },'
    dead = old + '\n{ dr = "cash", amount = "net", only = { side = "long" } },'
    assert broken(RULES, old, dead) == [
        ("RULE_SHADOWED", "rule trade.short.close line 2: applies in no cell of the rule")
    ]


def test_what_a_rule_leaves_over_is_printed_with_its_cell_and_views(proved: Proved) -> None:
    """A commission expensed although it is in cost; the view says in which currency it is left."""
    found = proved("trade.long.open", with_changes("expense.commission", "commission", only={}))
    box = EQUITIES.format("long", "open", ", fees=capitalise, fee_currency={}")
    assert found == [
        unbalanced("trade.long.open", "commission", view=f"{view}; base", cell=box.format(fees))
        for view, fees in (("local", "same"), ("fee currency", "other"))
    ]


def test_a_residual_is_a_form_over_free_measures(proved: Proved) -> None:
    found = proved("trade.long.open", with_changes("payable.unsettled", "net", amount="gross"))
    box = EQUITIES.format("long", "open", ", fee_currency=same, settlement=same")
    assert found == [unbalanced("trade.long.open", "fees", view="local; base", cell=box)]
    found = proved("trade.long.open", without(("income.rebate", "rebate")))
    box = EQUITIES.format("long", "open", ", fees=expense, fee_currency={}")
    assert found == [
        unbalanced("trade.long.open", "rebate", view=f"{view}; base", cell=box.format(fees))
        for view, fees in (("local", "same"), ("fee currency", "other"))
    ]


@pytest.mark.parametrize(
    ("rule", "slot", "amount", "residual", "view"),
    [
        ("trade.long.close", "gain.realised.fx", "realised_fx", "realised_fx", "base"),
        ("trade.long.close", "fx.trading", "settlement_net", "settlement_net",
         "settlement currency; base"),
        ("trade.long.close", "payable.fees", "fees", "fees", "fee currency; base"),
        ("trade.long.close", "investment.mark", "mark_released", "mark_released", "local; base"),
        ("fx_trade.buy", "fx.receivable", "traded", "-traded", "traded currency; base"),
        ("fx_trade.sell", "fx.trading", "gross", "gross", "local; base"),
        ("settlement.pay", "gain.fx.realised", "fx_gain", "fx_gain", "base"),
        ("dividend_settlement.long", "gain.difference", "difference", "difference", "local; base"),
        ("revaluation", "gain.fx.unrealised", "revaluation", "revaluation", "base"),
    ],
)  # fmt: skip
def test_each_currency_and_base_is_a_view_of_its_own(
    proved: Proved, rule: str, *, slot: str, amount: str, residual: str, view: str
) -> None:
    found = proved(rule, without((slot, amount)))
    assert {code for code, _ in found} == {"RULE_UNBALANCED"}
    start = f"rule {rule}: residual: {residual}; view: {view}; cell: "
    assert all(message.startswith(start) for _, message in found)


def test_an_exchange_through_fx_trading_balances_in_both_currencies_or_in_none(
    proved: Proved,
) -> None:
    """Owing what the trade is in, where it settles in another currency, is wrong in both."""
    changed = with_changes("payable.unsettled", "settlement_net", amount="net")
    found = [message.partition("; cell: ")[0] for _, message in proved("trade.long.open", changed)]
    for residual, view in (
        ("-gross", "local"),  # where fees are in another currency, so that net = gross
        ("settlement_net", "settlement currency"),
        ("settlement_net - gross", "base"),
    ):
        assert f"rule trade.long.open: residual: {residual}; view: {view}" in found


def test_what_leaves_lots_of_two_owners_balances_for_each(proved: Proved) -> None:
    found = proved("trade.long.close", with_changes("investment.mark", "mark_released", per=""))
    views = "; ".join(f"{view}, two owners, lines of the {{0}}" for view in ("local", "base"))
    box = EQUITIES.format("long", "close", "")
    assert found == [
        unbalanced("trade.long.close", residual, view=views.format(owner), cell=box)
        for residual, owner in (
            ("mark_released", "lot owner"),
            ("-mark_released", "trade owner"),
        )
    ]


@pytest.mark.parametrize(
    ("rule", "of_lot", "of_trade"),
    [
        ("trade.long.close", "-interbook_cost", "cost_relieved"),
        ("trade.short.close", "interbook_cost", "-cost_relieved"),
    ],
)
def test_a_close_that_balances_with_one_owner_must_balance_for_each_of_two(
    proved: Proved, rule: str, of_lot: str, of_trade: str
) -> None:
    """Without the lines that join them, the lot's owner lacks its cost and the trade's has it."""
    views = "; ".join(f"{view}, two owners, lines of the {{0}}" for view in ("local", "base"))
    box = EQUITIES.format(*rule.split(".")[1:], "")
    dropped = [("due.from_books", "interbook_cost"), ("due.to_books", "interbook_cost")]
    assert proved(rule, without(*dropped)) == [
        unbalanced(rule, of_lot, view=views.format("lot owner"), cell=box),
        unbalanced(rule, of_trade, view=views.format("trade owner"), cell=box),
    ]


@pytest.mark.parametrize("rule", ["trade.long.open", "trade.short.open"])
def test_an_acquisition_into_a_lot_of_another_owner_must_balance_for_both(
    proved: Proved, rule: str
) -> None:
    found = proved(rule, without(("due.from_books", "interbook_cost")))
    assert {code for code, _ in found} == {"RULE_UNBALANCED"}
    assert all("two owners, lines of the " in message for _, message in found)


@pytest.mark.parametrize(
    "rule", ["trade.long.open", "trade.short.open", "trade.long.close", "trade.short.close"]
)
def test_cost_that_moves_between_lots_is_zero_over_the_entry_but_not_for_their_owners(
    proved: Proved, rule: str
) -> None:
    slot = "investment.cost" if ".long." in rule else "short.cost"
    sign = "-" if ".long." in rule else ""
    views = "; ".join(f"{view}, two owners, lines of the lot owner" for view in ("local", "base"))
    box = EQUITIES.format(*rule.split(".")[1:], "")
    assert proved(rule, without((slot, "cost_moved"))) == [
        unbalanced(rule, f"{sign}cost_moved", view=views, cell=box)
    ]


def test_a_measure_of_another_side_is_no_measure_of_the_cell(broken: Broken) -> None:
    old = '{ dr = "short.cost", amount = "cost_relieved", per = "lot", quantity = true }'
    assert broken(RULES, old, old.replace("cost_relieved", "proceeds")) == [
        (
            "RULE_MEASURE",
            (
                "rule trade.short.close line 1: no measure 'proceeds' here; "
                "cell: trade(asset_class=equity|etf|option|crypto|fund, side=short, effect=close)"
            ),
        )
    ]


def test_a_measure_of_one_policy_needs_only_on_its_line(proved: Proved) -> None:
    found = proved("trade.long.open", with_changes("fx.trading", "translated_fees", only={}))
    box = EQUITIES.format("long", "open", ", fees=expense")
    message = "rule trade.long.open line 8: no measure 'translated_fees' here; cell: "
    assert ("RULE_MEASURE", message + box) in found


def test_a_rule_for_a_basis_that_is_not_kept_is_found(broken: Broken) -> None:
    one = settle("ifrs.sale", 'asset_class = "bond"', 'bases = ["US-GAP"]')
    assert broken(RULES, "", one) == [
        ("CHART_UNKNOWN_NAME", "rule ifrs.sale: no basis 'US-GAP'; did you mean 'US-GAAP'?")
    ]
