from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from subledger.chart import load_chart
from subledger.errors import Refused

Broken = Callable[[str, str, str], list[tuple[str, str]]]
RULES, ACCOUNTS, SLOTS, STATEMENTS = (
    "posting_rules.toml",
    "accounts.toml",
    "slots.toml",
    "statements.toml",
)
PAID = 'id = "capital.paid"\nevent = "capital_settlement"\nwhen = { direction = "pay" }\n'


@pytest.mark.parametrize(
    ("file", "old", "new", "code", "message"),
    [
        (RULES, PAID, PAID.replace("settlement", "setlement"), "CHART_UNKNOWN_NAME",
         "rule capital.paid: no event 'capital_setlement'; did you mean 'capital_settlement'?"),
        (RULES, PAID, PAID.replace("direction", "directon"), "CHART_UNKNOWN_NAME",
         "rule capital.paid: no dimension 'directon'; did you mean 'direction'?"),
        (RULES, PAID, PAID.replace('"pay"', '"pays"'), "CHART_UNKNOWN_NAME",
         "rule capital.paid: no when.direction 'pays'; did you mean 'pay'?"),
        (RULES, '{ dr = "capital.payable", amount = "amount" }',
         '{ dr = "capital.payable", amount = "amonut" }', "CHART_UNKNOWN_NAME",
         "rule capital.paid line 1: no amount 'amonut'; did you mean 'amount'?"),
        (RULES, '"Capital withdrawal paid"', '"Paid {referense}"', "CHART_UNKNOWN_NAME",
         "rule capital.paid: the narration cannot name 'referense'; did you mean 'reference'?"),
        (RULES, '"Capital withdrawal paid"', '"Paid {"', "CHART_FORMAT",
         "rule capital.paid: the narration's braces do not pair"),
        (RULES, '{ dr = "capital.payable", amount = "amount" }',
         '{ dr = "capital.payable", cr = "cash", amount = "amount" }', "CHART_FORMAT",
         "rule capital.paid line 1: give either dr or cr"),
        (RULES, '{ dr = "capital.payable", amount = "amount" }',
         '{ dr = "capital.payable", amount = "amount", per = "book" }', "CHART_UNKNOWN_NAME",
         "rule capital.paid line 1: no per 'book'"),
        (RULES, PAID, PAID + 'base = "US-TAX"\n', "CHART_FORMAT",
         "rule capital.paid: unknown key 'base'; did you mean 'bases'?"),
        (RULES, PAID, PAID + 'from = "2026-01-01"\n', "CHART_FORMAT",
         ("rule capital.paid: from must be a date such as 2026-01-01, without quotes, "
         "not '2026-01-01'")),
        (RULES, PAID, PAID + 'bases = ["US-TAX", "US-TAX"]\n', "CHART_FORMAT",
         "rule capital.paid: bases names a value twice"),
        (RULES, PAID, PAID + "bases = []\n", "CHART_FORMAT",
         "rule capital.paid: bases must be a text or a list of texts, not []"),
        (RULES, PAID, PAID.replace("capital.paid", "Capital paid"), "CHART_FORMAT",
         "rule Capital paid: an id is lower-case letters, digits, dots, - and _"),
        (RULES, PAID, PAID.replace("capital.paid", "capital.received"), "CHART_DUPLICATE",
         "rule capital.received is there twice"),
        (RULES, ('source = "House rule: the cash of an earlier withdrawal relieves the payable; '
         'the difference in rates is realised FX"\n'),
         "", "CHART_FORMAT", "rule capital.paid: source is missing"),
        (RULES, ('lines = [\n  { dr = "capital.payable", amount = "amount" },\n'
         '  { cr = "cash", amount = "paid" },\n'
         '  { cr = "gain.fx.realised", amount = "fx_gain" },\n]'), "lines = 3", "CHART_FORMAT",
         "rule capital.paid: lines must be a list of tables, not 3"),
        (RULES, '{ dr = "capital.payable", amount = "amount" }',
         '{ dr = "capital.payable", amount = "amount", currency = "base" }', "CHART_FORMAT",
         ("rule capital.paid line 1: unknown key 'currency': the measure decides the currency of "
         "its line; remove the key")),
        (RULES, 'id = "fx_sweep"\n', 'id = "fx_sweep"\nwhen = { of = "cash" }\n',
         "CHART_UNKNOWN_NAME", "rule fx_sweep: no dimension 'of'"),
        (RULES, '"Swept FX trading on {date}"', '"Swept {account}"', "CHART_UNKNOWN_NAME",
         "rule fx_sweep: the narration cannot name 'account'"),
        (RULES, 'when = { asset_class = "bond" }', 'when = "bond"', "CHART_FORMAT",
         "rule unbooked.bond: when must be a table, not 'bond'"),
        (RULES, "", "[rules]\n", "CHART_FORMAT",
         "posting_rules.toml: unknown key 'rules'; did you mean 'rule'?"),
        (ACCOUNTS, 'name = "Suspense", type = "equity"', 'name = "Suspense", type = "equty"',
         "CHART_UNKNOWN_NAME", "account 3990: no type 'equty'; did you mean 'equity'?"),
        (ACCOUNTS, 'name = "Suspense", type = "equity", normal = "credit"',
         'name = "Suspense", type = "equity", normal = "cr"',
         "CHART_UNKNOWN_NAME", "account 3990: no normal 'cr'"),
        (ACCOUNTS, 'name = "Suspense"', 'name = "Suspense: Misc."', "CHART_FORMAT",
         ("account 3990: name must be words of ASCII letters, digits and hyphens with one blank "
         "between, the first with a capital or digit")),
        (ACCOUNTS, 'name = "Suspense"', 'name = "FX trading"', "CHART_DUPLICATE",
         "accounts 3900, 3990 share a name"),
        (ACCOUNTS, '"technology", keeps = ["counterparty"]',
         '"technology", keeps = ["counterparties"]', "CHART_UNKNOWN_NAME",
         "account 6410: no keeps 'counterparties'; did you mean 'counterparty'?"),
        (ACCOUNTS, 'pnl_bucket = "realised_price"', 'monetary = "no"', "CHART_FORMAT",
         "account 4110: monetary must be true or false, not 'no'"),
        (ACCOUNTS, 'pnl_bucket = "realised_price"', "monetary = false", "CHART_FORMAT",
         "account 4110: exactly the postable income and expense accounts have a pnl_bucket"),
        (ACCOUNTS, "3990 = {", "399X = {", "CHART_FORMAT",
         "account 399X: a number is 1 to 12 digits"),
        (ACCOUNTS, "[accounts]", "[accounts]\n8000 = 5", "CHART_FORMAT",
         "account 8000: must be a table, not 5"),
        (ACCOUNTS, 'name = "prop-us"', "", "CHART_FORMAT", "accounts.toml: name is missing"),
        (ACCOUNTS, 'name = "prop-us"', "name = 5", "CHART_FORMAT",
         "accounts.toml: name must be a text, not 5"),
        (SLOTS, '[slots.cash]\ndefault = "1020"', "[slots.cash]", "CHART_FORMAT",
         "slot cash: default is missing"),
        (SLOTS, "[slots.cash]", "[slots.Cash]", "CHART_FORMAT",
         "slot Cash: a name is lower-case letters, digits, dots, - and _"),
        (SLOTS, '"1020"', '"1020"\nwhere = [{ account = "1010" }]', "CHART_FORMAT",
         "slot cash where: an override without a condition; change the default"),
        (SLOTS, '"1020"', '"1020"\nwhere = [{ book = "*A", account = "1010" }]', "CHART_FORMAT",
         "slot cash where: * may stand at the end only, not '*A'"),
        (SLOTS, '"1020"', '"1020"\nwhere = [{ asset_class = "stock", account = "1010" }]',
         "CHART_UNKNOWN_NAME", "slot cash where: no asset_class 'stock'"),
        (STATEMENTS, "[income-statement]", "[income]", "CHART_FORMAT",
         "statements.toml: [income-statement] is missing"),
        (STATEMENTS, 'id = "suspense", level = 1', 'id = "suspense", level = "1"', "CHART_FORMAT",
         "line suspense: level must be a whole number, not '1'"),
        (STATEMENTS, 'id = "suspense", level = 1, sign = "credit"', 'id = "suspense", level = 1',
         "CHART_FORMAT", "line suspense: sign is missing"),
        (STATEMENTS, 'id = "suspense"', 'id = "fx-trading"', "CHART_DUPLICATE",
         "statement line fx-trading is there twice"),
        (STATEMENTS, '[["securities-owned", "securities-sold-short"]]', '[["securities-owned"]]',
         "CHART_FORMAT",
         "statement balance-sheet: net holds pairs of an asset and a liability line"),
        (STATEMENTS, '[["securities-owned", "securities-sold-short"]]', '"securities-owned"',
         "CHART_FORMAT", ("statement balance-sheet: net must be a list of lists, "
         "not 'securities-owned'")),
    ],
)  # fmt: skip
def test_every_violation_of_the_format_is_found(
    broken: Broken, file: str, old: str, new: str, code: str, message: str
) -> None:
    assert (code, message) in broken(file, old, new)


def test_a_syntax_error_is_one_finding_with_its_row(files: Mapping[str, bytes]) -> None:
    with pytest.raises(Refused) as refused:
        load_chart({**files, SLOTS: b"[slots.cash]\ndefault = 1020\n[slots\n"})
    (finding,) = refused.value.findings
    assert (finding.code, finding.file, finding.row) == ("CHART_FORMAT", SLOTS, 3)
    assert finding.message.startswith("not valid TOML: ")


def test_all_violations_of_all_files_are_refused_at_once(files: Mapping[str, bytes]) -> None:
    broken = {
        ACCOUNTS: files[ACCOUNTS].replace(b'"3990"', b"").replace(b"normal =", b"normel =", 1),
        SLOTS: b"\xff",
        RULES: files[RULES].replace(b'amount = "net"', b'amount = "nett"', 1),
    }
    with pytest.raises(Refused) as refused:
        load_chart(broken)
    assert [(f.file, f.row, f.code, f.message) for f in refused.value.findings] == [
        (ACCOUNTS, 20, "CHART_FORMAT", "account 1000: normal is missing"),
        (ACCOUNTS, 20, "CHART_FORMAT",
         "account 1000: unknown key 'normel'; did you mean 'normal'?"),
        (SLOTS, None, "CHART_FORMAT", "the file is not UTF-8"),
        (RULES, 30, "CHART_UNKNOWN_NAME",
         "rule trade.long.open line 11: no amount 'nett'; did you mean 'net'?"),
        (STATEMENTS, None, "CHART_FORMAT", "the file is missing"),
    ]  # fmt: skip


def test_a_finding_about_an_event_that_does_not_exist_is_not_drowned_in_others(
    broken: Broken,
) -> None:
    assert broken(RULES, PAID, PAID.replace("settlement", "setlement")) == [
        (
            "CHART_UNKNOWN_NAME",
            "rule capital.paid: no event 'capital_setlement'; did you mean 'capital_settlement'?",
        )
    ]


@pytest.mark.parametrize("event", ["revaluation", "cash_relief", "fx_sweep"])
def test_what_the_engine_posts_itself_cannot_be_left_unbooked(broken: Broken, event: str) -> None:
    """No import brings it, so that no exception would stand for it."""
    gap = f'\n[[unbooked]]\nid = "gap"\nevent = ["trade", "{event}"]\nreason = "not yet"\n'
    message = f"rule gap: event {event}: the engine posts this itself; it needs a rule"
    assert ("CHART_FORMAT", message) in broken(RULES, "", gap)
