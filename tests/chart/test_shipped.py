from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subledger.chart import Chart, Rule, RuleLine, Unbooked, explain_cell, load_chart, manual_table
from subledger.chart import prove_chart as prove
from subledger.chart.layouts import BALANCE_SHEET, INCOME_STATEMENT
from subledger.chart.measures import EVENTS, cells, contract

BASES = ("US-GAAP", "US-TAX")
TODAY = date(2026, 1, 31)


def _with_lines(chart: Chart, rule: Rule, lines: Sequence[RuleLine]) -> Chart:
    changed = replace(rule, lines=tuple(lines))
    return replace(chart, rules=tuple(changed if r.id == rule.id else r for r in chart.rules))


def _lines(chart: Chart) -> list[tuple[Rule, int]]:
    return [(rule, at) for rule in chart.rules for at in range(len(rule.lines))]


def test_the_shipped_chart_is_proved_for_both_bases_and_each_alone(shipped: Chart) -> None:
    assert prove(shipped, BASES) == []
    assert prove(shipped, ["US-GAAP"]) == []
    assert prove(shipped, ["US-TAX"]) == []


def test_equities_and_etfs_are_booked_and_every_other_class_has_a_reason(shipped: Chart) -> None:
    for event in ("trade", "settlement", "mark", "opening_lot"):
        for cell in cells(event):
            values = dict(zip(EVENTS[event], cell, strict=True))
            found = shipped.rule_for(event, values, basis="US-TAX", on=TODAY)
            assert isinstance(found, Rule if cell[0] in {"equity", "etf"} else Unbooked)


def test_every_line_of_every_shipped_rule_is_needed(shipped: Chart) -> None:
    lines = _lines(shipped)
    assert len(lines) > 60
    for rule, at in lines:
        without = [line for place, line in enumerate(rule.lines) if place != at]
        codes = {finding.code for finding in prove(_with_lines(shipped, rule, without), BASES)}
        assert "RULE_UNBALANCED" in codes, f"{rule.id} without line {at + 1}"


def test_no_line_of_a_shipped_rule_can_be_changed_unnoticed(shipped: Chart) -> None:
    missed = []
    for rule, at in _lines(shipped):
        line = rule.lines[at]
        known = contract(rule.event, next(iter(_won(shipped, rule)))).measures
        mutants = [
            replace(line, sign=-line.sign),
            replace(line, per="" if line.per else "lot"),
            replace(line, quantity=not line.quantity),
            replace(line, slot="no.such.slot"),
            *(replace(line, only={}) for _ in line.only),
            *(replace(line, currency=c) for c in ("event", "base", "base_only")),
            *(replace(line, amount=name) for name in known),
        ]
        for mutant in mutants:
            lines = [*rule.lines[:at], mutant, *rule.lines[at + 1 :]]
            if mutant != line and not prove(_with_lines(shipped, rule, lines), BASES[:1]):
                missed.append((rule.id, mutant))
    assert missed == []


def _won(chart: Chart, rule: Rule) -> list[tuple[str, ...]]:
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


def test_a_sale_of_an_etf_is_explained_line_by_line(shipped: Chart) -> None:
    cell = {"asset_class": "etf", "side": "long", "effect": "close", "fees": "capitalise"}
    rows = explain_cell(shipped, "trade", cell=cell, basis="US-TAX", on=TODAY)
    assert [(row.line, row.side, row.account, row.measure, row.per) for row in rows] == [
        (1, "dr", "1110", "net", ""),
        (8, "cr", "1220", "cost_relieved", "lot"),
        (9, "cr", "4110", "realised_price", ""),
        (10, "cr", "4120", "realised_fx", ""),
        (11, "dr", "1190", "interbook_cost", "lot"),
        (12, "cr", "2190", "interbook_cost", ""),
        (13, "dr", "4210", "mark_released", "lot"),
        (14, "cr", "1221", "mark_released", "lot"),
        (15, "dr", "4220", "mark_fx_released", "lot"),
        (16, "cr", "1222", "mark_fx_released", "lot"),
    ]
    assert {row.rule for row in rows} == {"trade.long.close"}
    assert rows[1].name == "ETFs cost"


def test_nothing_is_explained_where_nothing_is_booked(shipped: Chart) -> None:
    cell = {"asset_class": "bond", "side": "long"}
    assert explain_cell(shipped, "mark", cell=cell, basis="US-GAAP", on=TODAY) == []


def test_the_manual_has_a_row_for_every_line_of_every_rule(shipped: Chart) -> None:
    rows = manual_table(shipped)
    assert len(rows) == len(_lines(shipped))
    first = rows[0]
    assert (first.rule, first.event, first.basis) == ("trade.long.close", "trade", "all")
    assert first.when == "asset_class = equity or etf, side = long, effect = close"
    assert (first.debit, first.credit, first.measure) == ("1110 Unsettled sales", "", "net")
    assert all(bool(row.debit) != bool(row.credit) and row.source for row in rows)


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
        *("due.from_books", "due.to_books"),
    )
    for slot in slots:
        for asset_class in ("equity", "etf"):
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
