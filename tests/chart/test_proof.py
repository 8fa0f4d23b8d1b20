from __future__ import annotations

from collections.abc import Callable

import pytest

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
lines = [{{ dr = "cash", amount = "amount" }}, {{ cr = "receivable.unsettled", amount = "amount" }}]
"""


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
    one = settle("by.class", 'asset_class = ["equity", "bond"], direction = "receive"')
    assert broken(RULES, "", one) == [
        (
            "RULE_TIE",
            (
                "rules by.class and settlement.receive are equally specific for "
                "settlement(asset_class=equity, direction=receive)"
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


def test_what_a_rule_leaves_over_is_printed_with_its_cell_and_views(broken: Broken) -> None:
    old = """narration = "Bought {quantity} {instrument} at {price}"
lines = [
  { dr = "investment.cost", amount = "cost", per = "lot", quantity = true },
  { dr = "expense.commission", amount = "commission", only = { fees = "expense" } },
"""
    new = old.replace(', only = { fees = "expense" }', "")
    cell = "cell: trade(asset_class=equity|etf, side=long, effect=open, fees=capitalise)"
    assert broken(RULES, old, new) == [
        (
            "RULE_UNBALANCED",
            f"rule trade.long.open: residual: commission; view: local; base; {cell}",
        )
    ]


def test_a_residual_is_a_form_over_free_measures(broken: Broken) -> None:
    whole = """  { cr = "income.rebate", amount = "rebate", only = { fees = "expense" } },
  { cr = "payable.unsettled", amount = "net" },
]
"""
    found = broken(RULES, whole, '  { cr = "payable.unsettled", amount = "net" },\n]\n')
    cell = "cell: trade(asset_class=equity|etf, side=long, effect=open, fees=expense)"
    assert found == [
        ("RULE_UNBALANCED", f"rule trade.long.open: residual: rebate; view: local; base; {cell}")
    ]
    gross = '{ cr = "payable.unsettled", amount = "gross" },\n]\n'
    found = broken(
        RULES, whole, whole.replace('{ cr = "payable.unsettled", amount = "net" },\n]\n', gross)
    )
    box = "trade(asset_class=equity|etf, side=long, effect=open{})"
    assert found == [
        ("RULE_UNBALANCED", f"rule trade.long.open: residual: fees; view: local; base; cell: {box}")
        for box in [box.format("")]
    ]


@pytest.mark.parametrize(
    ("old", "new", "residual", "view"),
    [
        (
            (
                '{ cr = "gain.realised.fx", amount = "realised_fx", currency = "base_only" },\n'
                '  { dr = "due.from_books"'
            ),
            '{ dr = "due.from_books"',
            "realised_fx",
            "base",
        ),
        (
            '{ cr = "investment.mark", amount = "mark_released", per = "lot", currency = "base" }',
            (
                '{ cr = "investment.mark", amount = "mark_released", per = "lot", '
                'currency = "base_only" }'
            ),
            "mark_released",
            "base currency lines",
        ),
        (
            '{ cr = "investment.mark", amount = "mark_released", per = "lot", currency = "base" }',
            '{ cr = "investment.mark", amount = "mark_released", currency = "base" }',
            "mark_released",
            (
                "base currency lines, two owners, lines of the lot owner; "
                "base, two owners, lines of the lot owner"
            ),
        ),
    ],
)
def test_each_view_has_its_own_residual(
    broken: Broken, old: str, new: str, residual: str, view: str
) -> None:
    cell = "trade(asset_class=equity|etf, side=long, effect=close)"
    message = f"rule trade.long.close: residual: {residual}; view: {view}; cell: {cell}"
    assert ("RULE_UNBALANCED", message) in broken(RULES, old, new)


def test_a_close_that_balances_with_one_owner_must_balance_for_each_of_two(broken: Broken) -> None:
    old = """  { dr = "due.from_books", amount = "interbook_cost", per = "lot" },
  { cr = "due.to_books", amount = "interbook_cost" },
"""
    rule = "rule trade.long.close: residual: "
    views = "; ".join(f"{view}, two owners, lines of the {{}}" for view in ("local", "base"))
    cell = "; cell: trade(asset_class=equity|etf, side=long, effect=close)"
    assert broken(RULES, old, "") == [
        (
            "RULE_UNBALANCED",
            f"{rule}-cost_relieved; view: {views.format('lot owner', 'lot owner')}{cell}",
        ),
        (
            "RULE_UNBALANCED",
            f"{rule}cost_relieved; view: {views.format('trade owner', 'trade owner')}{cell}",
        ),
    ]


def test_a_measure_of_another_side_is_no_measure_of_the_cell(broken: Broken) -> None:
    old = '{ dr = "short.cost", amount = "cost_relieved", per = "lot", quantity = true }'
    assert broken(RULES, old, old.replace("cost_relieved", "proceeds")) == [
        (
            "RULE_MEASURE",
            (
                "rule trade.short.close line 1: no measure 'proceeds' here; "
                "cell: trade(asset_class=equity|etf, side=short, effect=close)"
            ),
        )
    ]


def test_a_measure_in_base_cannot_stand_in_the_currency_of_the_event(broken: Broken) -> None:
    old = '{ dr = "short.mark", amount = "mark_change", per = "lot", currency = "base" },'
    found = broken(RULES, old, '{ dr = "short.mark", amount = "mark_change", per = "lot" },')
    cell = "cell: mark(asset_class=equity|etf, side=short)"
    assert (
        "RULE_MEASURE",
        f"rule mark.short line 1: mark_change exists in base only (currency); {cell}",
    ) in found
    assert len([code for code, _ in found if code == "RULE_UNBALANCED"]) == 2


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
                "cell: opening_lot(asset_class=equity|etf, side=long)"
            ),
        ),
        (
            '{ cr = "equity.opening", amount = "cost" }',
            '{ cr = "equity.opening", amount = "cost", per = "lot" }',
            (
                'line 2: per = "lot", but account 3090 holds no lots; '
                "cell: opening_lot(asset_class=equity|etf, side=long)"
            ),
        ),
    ],
)
def test_a_line_must_serve_the_account_of_its_slot(
    broken: Broken, old: str, new: str, problem: str
) -> None:
    assert ("RULE_ACCOUNT", f"rule opening_lot.long {problem}") in broken(RULES, old, new)


def test_a_mark_has_no_owner_of_its_own(broken: Broken) -> None:
    old = '{ dr = "short.mark", amount = "mark_change", per = "lot", currency = "base" },'
    found = broken(RULES, old, old.replace('per = "lot", ', ""))
    assert found == [
        (
            "RULE_ACCOUNT",
            (
                'rule mark.short line 1: event mark concerns lots of several owners: per = "lot" '
                "is missing; cell: mark(asset_class=equity|etf, side=short)"
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
    ]


def test_a_rule_for_a_basis_that_is_not_kept_is_found(broken: Broken) -> None:
    one = settle("ifrs.sale", 'asset_class = "bond"', 'bases = ["US-GAP"]')
    assert broken(RULES, "", one) == [
        ("CHART_UNKNOWN_NAME", "rule ifrs.sale: no basis 'US-GAP'; did you mean 'US-GAAP'?")
    ]
