from __future__ import annotations

from collections.abc import Callable

import pytest

Broken = Callable[[str, str, str], list[tuple[str, str]]]
ACCOUNTS, SLOTS, STATEMENTS = "accounts.toml", "slots.toml", "statements.toml"
EXPENSE = 'type = "expense", normal = "debit", statement_line = "technology", pnl_bucket = "other"'


@pytest.mark.parametrize(
    ("file", "old", "new", "code", "message"),
    [
        (
            ACCOUNTS,
            'normal = "debit", parent = "1001", statement_line = "restricted-cash"',
            'normal = "debit", parent = "1002", statement_line = "restricted-cash"',
            "ACCOUNT_TREE",
            "account 1040: no parent account '1002'; did you mean '1001'?",
        ),
        (
            ACCOUNTS,
            'normal = "debit", parent = "1001", statement_line = "restricted-cash"',
            'normal = "debit", parent = "1020", statement_line = "restricted-cash"',
            "ACCOUNT_TREE",
            "account 1040: its parent 1020 is not a heading (postable = false)",
        ),
        (
            ACCOUNTS,
            'normal = "debit", parent = "1001", statement_line = "restricted-cash"',
            'normal = "debit", parent = "3000", statement_line = "restricted-cash"',
            "ACCOUNT_TREE",
            "account 1040: type asset under parent 3000 of type equity",
        ),
        (
            ACCOUNTS,
            '2000 = { name = "Liabilities", ',
            '2000 = { name = "Liabilities", parent = "2700", ',
            "ACCOUNT_TREE",
            "account 2000: is its own ancestor",
        ),
        (
            ACCOUNTS,
            ', statement_line = "restricted-cash"',
            "",
            "ACCOUNT_UNMAPPED",
            "account 1040: is on no statement line",
        ),
        (
            ACCOUNTS,
            ', statement_line = "restricted-cash"',
            ', statement_line = "restricted-cahs"',
            "ACCOUNT_UNMAPPED",
            (
                "account 1040: no line 'restricted-cahs' of kind line in balance-sheet; "
                "did you mean 'restricted-cash'?"
            ),
        ),
        (
            ACCOUNTS,
            '1001 = { name = "Cash", ',
            '1001 = { name = "Cash", statement_line = "cash", ',
            "ACCOUNT_UNMAPPED",
            "account 1001: a heading stands on no statement line",
        ),
        (
            ACCOUNTS,
            "",
            f'7000 = {{ name = "Toys", {EXPENSE.replace("technology", "cash")} }}\n',
            "ACCOUNT_UNMAPPED",
            "account 7000: no line 'cash' of kind line in income-statement",
        ),
        (
            SLOTS,
            '[slots.cash]\ndefault = "1020"',
            '[slots.cash]\ndefault = "1021"',
            "SLOT_UNRESOLVED",
            "slot cash: default: no account '1021'; did you mean '1020'?",
        ),
        (
            SLOTS,
            '[slots.cash]\ndefault = "1020"',
            (
                '[slots.cash]\ndefault = "1020"\n'
                'where = [{ book = "B*", from = 2026-01-01, account = "1001" }]'
            ),
            "SLOT_UNRESOLVED",
            "slot cash: where (book=B*, from=2026-01-01): account 1001 is a heading",
        ),
        (
            SLOTS,
            '[slots."equity.retained"]\ndefault = "3030"\n',
            "",
            "SLOT_UNRESOLVED",
            "slot equity.retained: the engine needs it",
        ),
        (
            SLOTS,
            '[slots."capital.withdrawn"]',
            '[slots."capital.withdrawal"]',
            "SLOT_UNRESOLVED",
            (
                "rule withdrawal.at_once line 1: no slot 'capital.withdrawn'; "
                "did you mean 'capital.withdrawal'?"
            ),
        ),
        (
            SLOTS,
            "",
            '[slots.spare]\ndefault = "1020"\n',
            "SLOT_UNUSED",
            "slot spare: no rule posts to it",
        ),
        (
            SLOTS,
            '[slots.cash]\ndefault = "1020"',
            (
                '[slots.cash]\ndefault = "1020"\nwhere = [{ book = "B*", account = "1010" }, '
                '{ strategy = ["S1*", "S2*"], account = "1030" }]'
            ),
            "SLOT_TIE",
            "slot cash: (book=B*) and (strategy=S1*|S2*) are equally specific for some line",
        ),
        (
            SLOTS,
            '[slots.cash]\ndefault = "1020"',
            '[slots.cash]\ndefault = "1020"\nwhere = [{ bases = ["US-TX"], account = "1010" }]',
            "CHART_UNKNOWN_NAME",
            "slot cash: no basis 'US-TX'; did you mean 'US-TAX'?",
        ),
        (
            STATEMENTS,
            '"fx-trading", "suspense"]',
            '"fx-trading"]',
            "STATEMENT_TOTAL",
            (
                "statement balance-sheet: line suspense is counted 0 times in "
                "total-assets, total-liabilities-and-equity"
            ),
        ),
        (
            STATEMENTS,
            '"compensation", "other-expenses"]',
            '"compensation", "other-expenses", "income-tax"]',
            "STATEMENT_TOTAL",
            "statement income-statement: line income-tax is counted 2 times in net-income",
        ),
        (
            STATEMENTS,
            '"fx-trading", "suspense"]',
            '"fx-trading", "suspence"]',
            "STATEMENT_TOTAL",
            (
                "statement balance-sheet: line total-equity: no member 'suspence'; "
                "did you mean 'suspense'?"
            ),
        ),
        (
            STATEMENTS,
            'complete = ["net-income"]',
            'complete = ["net-incom"]',
            "STATEMENT_TOTAL",
            "statement income-statement: no line 'net-incom'; did you mean 'net-income'?",
        ),
        (
            STATEMENTS,
            '"fx-trading", "suspense"]',
            '"fx-trading", "suspense", "total-equity"]',
            "STATEMENT_TOTAL",
            "statement balance-sheet: total total-equity adds itself",
        ),
        (
            STATEMENTS,
            'members = ["net-income"]',
            'members = ["realised-gains"]',
            "STATEMENT_TOTAL",
            "statement balance-sheet: line current-year: no member 'realised-gains'",
        ),
    ],
)
def test_what_does_not_hold_together_is_found(
    broken: Broken, file: str, old: str, new: str, code: str, message: str
) -> None:
    assert (code, message) in broken(file, old, new)


@pytest.mark.parametrize(
    ("slot", "events"),
    [
        ('"fx.receivable"\ndefault = "1140"', "fx_trade"),
        ('"income.dividend"\ndefault = "5110"', "cash, dividend"),
        ('"capital.payable"\ndefault = "2610"', "withdrawal, capital_settlement"),
        ('"equity.retained"\ndefault = "3030"', "of the engine itself"),
    ],
)
def test_an_override_by_asset_class_is_refused_where_an_event_has_none(
    broken: Broken, slot: str, events: str
) -> None:
    name, number = slot.split('"')[1], slot.split('"')[3]
    old = slot.replace("\n", "]\n", 1)
    new = f'{old}\nwhere = [{{ asset_class = "etf", account = "{number}" }}]'
    problem = f"where (asset_class=etf): events {events} have no asset class here"
    assert broken(SLOTS, old, new) == [("SLOT_UNUSED", f"slot {name}: {problem}")]


def test_an_override_by_asset_class_stands_where_every_event_has_one(broken: Broken) -> None:
    old = '[slots."receivable.unsettled"]\ndefault = "1110"\n'
    assert broken(SLOTS, old, f'{old}where = [{{ asset_class = "etf", account = "1140" }}]\n') == []
