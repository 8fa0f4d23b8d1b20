from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subledger.chart import Chart, Rule, RuleLine, Unbooked, load_chart
from subledger.chart import prove_chart as prove
from subledger.chart.balance import residuals
from subledger.chart.layouts import BALANCE_SHEET, INCOME_STATEMENT
from subledger.chart.linear import reduce
from subledger.chart.measures import (
    Cell,
    cells,
    contract,
    event_measures,
    values_of,
)

BASES = ("US-GAAP", "US-TAX")
TODAY = date(2026, 1, 31)
HELD = ("equity", "etf", "option", "crypto", "fund")


def _lines(chart: Chart) -> list[tuple[Rule, int]]:
    return [(rule, at) for rule in chart.rules for at in range(len(rule.lines))]


def test_the_shipped_chart_is_proved_for_both_bases_and_each_alone(shipped: Chart) -> None:
    assert prove(shipped, BASES) == []
    assert prove(shipped, ["US-GAAP"]) == []
    assert prove(shipped, ["US-TAX"]) == []


def test_what_is_held_at_cost_in_lots_is_booked_and_every_other_class_has_a_reason(
    shipped: Chart,
) -> None:
    for event in ("trade", "settlement", "mark", "opening_lot"):
        for cell in cells(event):
            values = values_of(event, cell)
            found = shipped.rule_for(event, values, basis="US-TAX", on=TODAY)
            booked = cell[0] in HELD and values.get("item") != "traded"
            booked |= cell[0] == "fx_spot" and event == "settlement"
            assert isinstance(found, Rule if booked else Unbooked), (event, cell)


@pytest.mark.parametrize(
    "event",
    [
        *("fx_trade", "contribution", "withdrawal", "capital_settlement", "cash", "dividend"),
        *("dividend_settlement", "revaluation", "cash_relief", "fx_sweep"),
    ],
)
def test_events_without_an_asset_class_are_booked_whole(shipped: Chart, event: str) -> None:
    for cell in cells(event):
        for basis in BASES:
            found = shipped.rule_for(event, values_of(event, cell), basis=basis, on=TODAY)
            # Tax is reclaimed from a tax office, never by one.
            assert isinstance(found, Unbooked if cell == ("reclaim", "pay") else Rule), cell


def test_every_line_of_every_shipped_rule_is_needed(shipped: Chart) -> None:
    lines = _lines(shipped)
    assert len(lines) > 200
    for rule, at in lines:
        without = replace(rule, lines=rule.lines[:at] + rule.lines[at + 1 :])
        assert _unbalanced(without, _won(shipped, rule)), f"{rule.id} without line {at + 1}"


def test_no_line_of_a_shipped_rule_can_be_changed_unnoticed(shipped: Chart) -> None:
    """Each line with another side, owner, units, slot, condition or measure is refused."""
    missed = []
    for rule, at in _lines(shipped):
        line, won = rule.lines[at], _won(shipped, rule)
        mutants = [
            replace(line, sign=-line.sign),
            replace(line, per="" if line.per else "lot"),
            replace(line, quantity=not line.quantity),
            replace(line, slot="no.such.slot"),
            *(replace(line, only={}) for _ in line.only),
            *(replace(line, amount=name) for name in event_measures(rule.event)),
        ]
        for mutant in mutants:
            changed = replace(rule, lines=(*rule.lines[:at], mutant, *rule.lines[at + 1 :]))
            if _same_line(rule, line, mutant=mutant, won=won) or _unbalanced(changed, won):
                continue
            alone = replace(shipped, rules=(changed,), unbooked=())
            found = prove(alone, BASES[:1])
            if not any(finding.message.startswith(f"rule {rule.id}") for finding in found):
                missed.append((rule.id, mutant))
    assert missed == []


def _same_line(rule: Rule, line: RuleLine, *, mutant: RuleLine, won: Sequence[Cell]) -> bool:
    """Return whether a mutant posts the same in every cell: a short's net dividend is its gross."""
    if mutant == line:
        return True
    if replace(mutant, amount=line.amount) != line:
        return False
    applies = [cell for cell in won if line in rule.for_cell(cell).lines]
    promised = [contract(rule.event, cell) for cell in applies]
    return all(
        mutant.amount in one.measures
        and one.currencies[mutant.amount] == one.currencies[line.amount]
        and reduce({mutant.amount: 1}, view) == reduce({line.amount: 1}, view)
        for one in promised
        for view in (one.local, one.base)
    )


def _unbalanced(rule: Rule, won: Sequence[Cell]) -> bool:
    """Return whether the lines name a measure that is not there, or leave something over."""
    for cell in won:
        lines = rule.for_cell(cell)
        known = contract(rule.event, cell).measures
        if any(line.amount not in known for line in lines.lines) or any(residuals(lines, cell)):
            return True
    return False


def _won(chart: Chart, rule: Rule) -> list[Cell]:
    table = chart.decisions.winners["", 0]
    return [cell for (_, cell), winner in table.items() if winner.id == rule.id]


@given(data=st.data())
def test_the_order_of_rules_in_the_file_does_not_matter(
    data: st.DataObject, shipped: Chart
) -> None:
    rules = tuple(data.draw(st.permutations(shipped.rules)))
    unbooked = tuple(data.draw(st.permutations(shipped.unbooked)))
    turned = replace(shipped, rules=rules, unbooked=unbooked)
    assert turned.decisions.winners == shipped.decisions.winners
    assert turned.hash == shipped.hash


def test_both_bases_share_every_rule(shipped: Chart) -> None:
    assert not any(rule.bases for rule in shipped.rules)
    assert not any(gap.bases for gap in shipped.unbooked)


def test_monetary_items_of_exchanges_fees_and_dividends_are_revalued(shipped: Chart) -> None:
    slots = (
        *("cash", "receivable.unsettled", "payable.unsettled", "payable.fees", "fx.receivable"),
        *("fx.payable", "dividend.receivable", "dividend.reclaim", "dividend.payable"),
        *("capital.receivable", "capital.payable"),
    )
    accounts = {slot: shipped.accounts[shipped.account_for(slot)] for slot in slots}
    assert [slot for slot, account in accounts.items() if not account.monetary] == []
    assert all("instrument" in accounts[slot].kept for slot in slots[1:9])
    assert not shipped.accounts[shipped.account_for("fx.trading")].monetary


def test_hashes_change_with_the_content_and_only_with_it(
    files: Mapping[str, bytes], shipped: Chart
) -> None:
    rules = files["posting_rules.toml"]
    again = load_chart({**files, "posting_rules.toml": b"# a comment\r\n" + rules})
    assert again.hash == shipped.hash
    assert [rule.hash for rule in again.rules] == [rule.hash for rule in shipped.rules]
    assert all(re.fullmatch("[0-9a-f]{64}", rule.hash) for rule in shipped.rules)
    assert len({rule.hash for rule in shipped.rules}) == len(shipped.rules)
    changed = rules.replace(b'"Capital withdrawn"', b'"Capital taken out"')
    other = load_chart({**files, "posting_rules.toml": changed})
    assert other.hash != shipped.hash
    moved = [a.id for a, b in zip(other.rules, shipped.rules, strict=True) if a.hash != b.hash]
    assert moved == ["withdrawal.at_once"]


def test_findings_can_say_on_which_row_a_rule_or_account_stands(
    files: Mapping[str, bytes], shipped: Chart
) -> None:
    for file, row, text in [
        *(("posting_rules.toml", rule.row, f'id = "{rule.id}"') for rule in shipped.rules),
        *(("accounts.toml", one.row, f"{one.number} = ") for one in shipped.accounts.values()),
        *(("slots.toml", one.row, one.name) for one in shipped.slots.values()),
    ]:
        assert row is not None
        assert text in files[file].decode().splitlines()[row - 1]


def test_account_names_are_components_of_ledger_accounts(shipped: Chart) -> None:
    names = [account.name.replace(" ", "-") for account in shipped.accounts.values()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[A-Z0-9][A-Za-z0-9-]*", name) for name in names)


def test_lot_mark_unsettled_and_due_accounts_are_closed_to_manual_journals(shipped: Chart) -> None:
    slots = (
        *("investment.cost", "short.cost", "investment.mark", "short.mark", "investment.mark_fx"),
        *("short.mark_fx", "receivable.unsettled", "payable.unsettled"),
        *("fx.receivable", "fx.payable", "fx.trading"),
        *("due.from_books", "due.to_books"),
    )
    for slot in slots:
        for asset_class in HELD:
            account = shipped.accounts[shipped.account_for(slot, asset_class=asset_class)]
            assert not account.manual, account.number
            assert account.holds_lots == slot.endswith(".cost")


def test_lines_keep_owners_always_and_other_dimensions_where_declared(shipped: Chart) -> None:
    owner = ("book", "strategy", "broker_account")
    assert shipped.accounts["1020"].kept == owner
    assert shipped.accounts["1210"].kept == (*owner, "instrument", "lot")
    assert shipped.accounts["1110"].kept == (*owner, "instrument", "counterparty")


def test_the_balance_sheet_balances_whatever_the_balances(shipped: Chart) -> None:
    balances = {number: 1000 + 7 * at**2 for at, number in enumerate(_postable(shipped))}
    balances["3030"] -= sum(balances.values())
    lines = {line.id: line for lines in shipped.layouts.values() for line in lines}

    def value(line: str) -> int:
        own = sum(balances[n] for n in balances if shipped.accounts[n].statement_line == line)
        return own + sum(value(member) for member in lines[line].members)

    def shown(line: str) -> int:
        return lines[line].sign * value(line)

    assert shown("total-assets") == shown("total-liabilities-and-equity") != 0
    gains = {n for n in balances if shipped.accounts[n].type in {"income", "expense"}}
    assert shown("net-income") == -sum(balances[number] for number in gains)
    assert shown("current-year") == shown("net-income")


def _postable(chart: Chart) -> list[str]:
    return [account.number for account in chart.accounts.values() if account.postable]


def test_every_statement_line_has_accounts(shipped: Chart) -> None:
    used = {account.statement_line for account in shipped.accounts.values()}
    for name in (BALANCE_SHEET, INCOME_STATEMENT):
        for line in shipped.statements[name].lines:
            assert (line.id in used) == (line.kind == "line" and not line.members), line.id


def test_the_net_pairs_are_lines_of_the_balance_sheet(shipped: Chart) -> None:
    sheet = shipped.statements[BALANCE_SHEET]
    assert sheet.net == (("securities-owned", "securities-sold-short"),)
    assert sheet.line("securities-owned").sign == 1
    with pytest.raises(KeyError):
        sheet.line("no-such-line")


def test_splits_of_equities_and_etfs_are_booked_and_every_other_action_has_a_reason(
    shipped: Chart,
) -> None:
    kinds = {"split", "reverse_split", "stock_dividend", "symbol_change"}
    for cell in cells("corporate_action"):
        values = values_of("corporate_action", cell)
        found = shipped.rule_for("corporate_action", values, basis="US-TAX", on=TODAY)
        booked = values["kind"] in kinds and values["asset_class"] in {"equity", "etf"}
        assert isinstance(found, Rule if booked else Unbooked), cell
