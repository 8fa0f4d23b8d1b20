"""The template prop-ifrs: proved, equal to prop-us but for a list, with the lines of IAS 1."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.chart.ifrs import (
    ACCOUNT_LINES,
    ACCOUNT_NAMES,
    DERIVED,
    IFRS,
    SOURCES,
    US,
    Difference,
    derived,
)
from tests.test_books import BOOKS, CASES, REPORTS, build, read

from subledger.chart import Chart, Rule, load_chart, prove_chart
from subledger.chart.accounts import Account
from subledger.chart.layouts import BALANCE_SHEET, INCOME_STATEMENT
from subledger.operations.checking import check
from subledger.operations.reporting import report, view_of
from subledger.operations.verifying import verify
from subledger.statements.report import report_csv

AMERICAN = [case for case in CASES if "template" not in read(case)]


def _chart(folder: Path) -> Chart:
    return load_chart({path.name: path.read_bytes() for path in folder.glob("*.toml")})


@pytest.fixture(scope="module")
def ifrs() -> Chart:
    return _chart(IFRS)


@pytest.fixture(scope="module")
def american() -> Chart:
    return _chart(US)


def test_the_chart_is_proved_for_ifrs(ifrs: Chart) -> None:
    assert prove_chart(ifrs, ["IFRS"]) == []


@pytest.mark.parametrize("file", DERIVED)
def test_a_file_is_that_of_prop_us_but_for_the_list(file: str) -> None:
    text = (IFRS / file).read_text(encoding="utf-8")
    assert text == derived(file), "run python -m tests.chart.ifrs, and read what changes"


def test_every_rule_posts_what_it_posts_in_prop_us(ifrs: Chart, american: Chart) -> None:
    def bare(rule: Rule) -> Rule:
        return replace(rule, source="", hash="", row=None)

    assert [bare(rule) for rule in ifrs.rules] == [bare(rule) for rule in american.rules]
    gaps = [[replace(gap, row=None) for gap in chart.unbooked] for chart in (ifrs, american)]
    assert gaps[0] == gaps[1]
    slots = [
        {name: replace(slot, row=None) for name, slot in chart.slots.items()}
        for chart in (ifrs, american)
    ]
    assert slots[0] == slots[1]


def test_the_rules_with_another_source_are_those_of_the_list(ifrs: Chart, american: Chart) -> None:
    found = {
        ours.id: ours.source
        for ours, theirs in zip(ifrs.rules, american.rules, strict=True)
        if ours.source != theirs.source
    }
    assert found == {rule: source.here for rule, source in SOURCES.items()}
    assert not any("ASC" in rule.source or "IRC" in rule.source for rule in ifrs.rules)
    for rule in ifrs.rules:
        cites = "IFRS" in rule.source or "IAS" in rule.source
        assert ("read in a secondary source" in rule.source) == cites, rule.id
        assert cites or "House rule" in rule.source, rule.id


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        (ACCOUNT_NAMES, lambda account: account.name),
        (ACCOUNT_LINES, lambda account: account.statement_line),
    ],
)
def test_the_accounts_that_differ_are_those_of_the_lists(
    listed: dict[str, Difference], told: Callable[[Account], str], ifrs: Chart, american: Chart
) -> None:
    assert list(ifrs.accounts) == list(american.accounts)
    found = {
        number: told(account)
        for number, account in ifrs.accounts.items()
        if told(account) != told(american.accounts[number])
    }
    assert found == {number: one.here for number, one in listed.items()}
    for number, account in ifrs.accounts.items():
        theirs = american.accounts[number]
        same = replace(theirs, name=account.name, statement_line=account.statement_line)
        assert account == same, number
    assert not any(ifrs.accounts[number].postable for number in ACCOUNT_NAMES)


def test_every_difference_has_a_reason() -> None:
    assert all(one.reason for one in [*SOURCES.values(), *ACCOUNT_NAMES.values()])
    assert all(one.reason for one in ACCOUNT_LINES.values())


def test_every_statement_line_has_accounts_and_every_account_a_line(ifrs: Chart) -> None:
    used = {one.statement_line for one in ifrs.accounts.values() if one.postable}
    lines = [line for name in ifrs.statements for line in ifrs.statements[name].lines]
    with_accounts = {line.id for line in lines if line.kind == "line" and not line.members}
    assert used == with_accounts


def test_a_line_with_the_id_of_prop_us_has_the_same_accounts_but_for_tax(
    ifrs: Chart, american: Chart
) -> None:
    def accounts(chart: Chart) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for number, account in chart.accounts.items():
            found.setdefault(account.statement_line, []).append(number)
        return found

    ours, theirs = accounts(ifrs), accounts(american)
    differ = {line for line in ours.keys() & theirs.keys() if ours[line] != theirs[line]}
    assert differ == {"other-receivables", "accrued-expenses"}  # current tax has lines of its own
    assert ours.keys() - theirs.keys() == {
        *("current-tax-assets", "current-tax-liabilities", "fair-value-gains"),
    }


def test_the_statements_have_the_titles_and_lines_that_ias_1_names(ifrs: Chart) -> None:
    """IAS 1.10, 1.54 (d), (i), (k), (m), (n), (r) and 1.82 (b), (d), from a secondary source."""
    sheet, income = ifrs.statements[BALANCE_SHEET], ifrs.statements[INCOME_STATEMENT]
    assert (sheet.title, income.title) == (
        "Statement of financial position",
        "Statement of profit or loss",
    )
    assert {sheet.line(line).label for line in (*sheet.net[0], "cash", "total-equity")} == {
        "Financial assets at fair value through profit or loss",
        "Financial liabilities at fair value through profit or loss",
        "Cash and cash equivalents",
        "Total equity",
    }
    assert sheet.line("current-tax-assets").label == "Current tax assets"
    assert sheet.line("current-tax-liabilities").label == "Current tax liabilities"
    assert [
        income.line(line).label for line in ("interest-expense", "tax-expense", "net-income")
    ] == ["Finance costs", "Tax expense", "Profit or loss"]


def test_the_words_of_the_american_statements_are_not_there() -> None:
    words = ("securities owned", "sold, not yet purchased", "financial condition", "member")
    statements = tomllib.loads((IFRS / "statements.toml").read_text(encoding="utf-8"))
    for statement in statements.values():
        for text in (statement["title"], *(line["label"] for line in statement["lines"])):
            assert not any(word in text.lower() for word in words), text


@pytest.mark.parametrize("case", AMERICAN)
def test_where_policies_are_equal_the_figures_of_golden_books_are_those_of_us_gaap(
    case: str, tmp_path: Path
) -> None:
    """Trial balance, reliefs, lots and journal of the golden books, byte for byte."""
    books = build(case, tmp_path / "books", under=IFRS.name)
    compared = 0
    for period in read(case)["expected"]["periods"]:
        view = view_of(books, period, basis="IFRS")
        for name in REPORTS:
            kept = (BOOKS / case / "expected" / "US-GAAP" / period / f"{name}.csv").read_text()
            made = report_csv(report(view, name), view.units)
            assert made == kept.replace("US-GAAP", "IFRS"), (period, name)
            compared += 1
    assert compared == len(REPORTS) * len(read(case)["expected"]["periods"]) > 0
    assert all(one.passed for result in check(books) for one in result.checks)
    assert [finding for result in verify(books) for finding in result.findings] == []
