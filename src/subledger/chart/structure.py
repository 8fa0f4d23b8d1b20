"""Does the chart hold together: the account tree, statement lines, slots and their accounts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from subledger.chart.accounts import PROFIT_AND_LOSS, Account
from subledger.chart.chart import Chart
from subledger.chart.layouts import BALANCE_SHEET, INCOME_STATEMENT, Statement, StatementLine
from subledger.chart.loading import ACCOUNTS_FILE, RULES_FILE, SLOTS_FILE, STATEMENTS_FILE
from subledger.chart.measures import BALANCE_SLOT, ENGINE_SLOTS, EVENTS
from subledger.chart.reading import did_you_mean
from subledger.chart.rules import Ruling
from subledger.chart.slots import Slot
from subledger.errors import Finding


def structure_findings(chart: Chart, bases: Sequence[str]) -> Iterator[Finding]:
    """Yield what is wrong with accounts, slots, statements and the names between them.

    Codes: ACCOUNT_TREE, ACCOUNT_UNMAPPED, STATEMENT_TOTAL, SLOT_UNRESOLVED, SLOT_TIE,
    SLOT_UNUSED, CHART_UNKNOWN_NAME.
    """
    for account in chart.accounts.values():
        yield from _parent(chart, account)
        yield from _mapping(chart, account)
    for statement in chart.statements.values():
        yield from _totals(chart, statement)
    for slot in chart.slots.values():
        yield from _accounts_of(chart, slot, bases=bases)
        yield from _classless(chart, slot)
    yield from _usage(chart)
    yield from _bases(chart, bases)


def _parent(chart: Chart, account: Account) -> Iterator[Finding]:
    if not account.parent:
        return
    parent = chart.accounts.get(account.parent)
    if parent is None:
        hint = did_you_mean(account.parent, chart.accounts)
        problem = f"no parent account {account.parent!r}{hint}"
    elif parent.postable:
        problem = f"its parent {parent.number} is not a heading (postable = false)"
    elif parent.type != account.type:
        problem = f"type {account.type} under parent {parent.number} of type {parent.type}"
    elif _in_circle(chart, account):
        problem = "is its own ancestor"
    else:
        return
    yield _at_account("ACCOUNT_TREE", account, problem=problem, column="parent")


def _in_circle(chart: Chart, account: Account) -> bool:
    above, seen = account, set[str]()
    while above.parent in chart.accounts and above.parent not in seen:
        seen.add(above.parent)
        above = chart.accounts[above.parent]
    return account.number in seen


def _mapping(chart: Chart, account: Account) -> Iterator[Finding]:
    wanted = INCOME_STATEMENT if account.type in PROFIT_AND_LOSS else BALANCE_SHEET
    lines = {line.id: line for line in chart.statements[wanted].lines if line.kind == "line"}
    if not account.postable and not account.statement_line:
        return
    if not account.postable:
        problem = "a heading stands on no statement line"
    elif not account.statement_line:
        problem = "is on no statement line"
    elif account.statement_line not in lines:
        hint = did_you_mean(account.statement_line, lines)
        problem = f"no line {account.statement_line!r} of kind line in {wanted}{hint}"
    else:
        return
    yield _at_account("ACCOUNT_UNMAPPED", account, problem=problem, column="statement_line")


def _at_account(code: str, account: Account, *, problem: str, column: str) -> Finding:
    return Finding(code, f"account {account.number}: {problem}", ACCOUNTS_FILE, account.row, column)


def _totals(chart: Chart, statement: Statement) -> Iterator[Finding]:
    own = {line.id: line for line in statement.lines}
    problems = []
    for line in statement.lines:
        problems += [f"line {line.id}: {one}" for one in _members(chart, statement, line=line)]
    for named in (*statement.complete, *(one for pair in statement.net for one in pair)):
        if named not in own:
            problems.append(f"no line {named!r}{did_you_mean(named, own)}")
    if not problems:
        try:
            problems = [
                f"line {line} is counted {count} times in {', '.join(statement.complete)}"
                for line, count in statement.miscounted()
            ]
        except ValueError as error:
            problems = [f"total {error}"]
    for problem in problems:
        message = f"statement {statement.name}: {problem}"
        yield Finding("STATEMENT_TOTAL", message, STATEMENTS_FILE)


def _members(chart: Chart, statement: Statement, *, line: StatementLine) -> Iterator[str]:
    own = {one.id for one in statement.lines if one.kind != "heading"}
    others = {
        one.id
        for other in chart.statements.values()
        for one in other.lines
        if other is not statement and one.kind == "total"
    }
    known = {"total": own, "line": others}.get(line.kind, set())
    for member in line.members:
        if member not in known:
            yield f"no member {member!r}{did_you_mean(member, known)}"


def _accounts_of(chart: Chart, slot: Slot, *, bases: Sequence[str]) -> Iterator[Finding]:
    places = [("default", slot.default)]
    places += [(f"where {one}", one.account) for one in slot.overrides]
    for place, number in places:
        account = chart.accounts.get(number)
        if account is None:
            problem = f"no account {number!r}{did_you_mean(number, chart.accounts)}"
        elif not account.postable:
            problem = f"account {number} is a heading"
        else:
            continue
        yield _at_slot("SLOT_UNRESOLVED", slot, problem=f"{place}: {problem}")
    for one, other in slot.ties():
        yield _at_slot(
            "SLOT_TIE", slot, problem=f"{one} and {other} are equally specific for some line"
        )
    for one in slot.overrides:
        for basis in one.bases:
            if basis not in bases:
                problem = f"no basis {basis!r}{did_you_mean(basis, bases)}"
                yield _at_slot("CHART_UNKNOWN_NAME", slot, problem=problem)


def _classless(chart: Chart, slot: Slot) -> Iterator[Finding]:
    """Yield overrides by asset class of a slot that an event posts to which has no asset class.

    They would be passed over there without a word.
    """
    posted = {rule.event for rule in chart.rules for line in rule.lines if line.slot == slot.name}
    without = [event for event in EVENTS if event in posted and "asset_class" not in EVENTS[event]]
    if slot.name in ENGINE_SLOTS:
        without.append("of the engine itself")
    for one in slot.overrides:
        if without and "asset_class" in one.when:
            problem = f"where {one}: events {', '.join(without)} have no asset class here"
            yield _at_slot("SLOT_UNUSED", slot, problem=problem)


def _at_slot(code: str, slot: Slot, *, problem: str) -> Finding:
    return Finding(code, f"slot {slot.name}: {problem}", SLOTS_FILE, slot.row)


def _usage(chart: Chart) -> Iterator[Finding]:
    used = {line.slot for rule in chart.rules for line in rule.lines} | set(ENGINE_SLOTS)
    for slot in chart.slots.values():
        if slot.name == BALANCE_SLOT:
            problem = "stands for the account of the balance itself, never for one of this table"
            yield _at_slot("SLOT_UNUSED", slot, problem=problem)
        elif slot.name not in used:
            yield _at_slot("SLOT_UNUSED", slot, problem="no rule posts to it")
    for name in ENGINE_SLOTS:
        if name not in chart.slots:
            yield Finding("SLOT_UNRESOLVED", f"slot {name}: the engine needs it", SLOTS_FILE)
    for rule in chart.rules:
        for line in rule.lines:
            if line.slot not in chart.slots and line.slot != BALANCE_SLOT:
                hint = did_you_mean(line.slot, chart.slots)
                message = f"rule {rule.id} line {line.number}: no slot {line.slot!r}{hint}"
                yield Finding("SLOT_UNRESOLVED", message, RULES_FILE, rule.row)


def _bases(chart: Chart, bases: Sequence[str]) -> Iterator[Finding]:
    rulings: tuple[Ruling, ...] = (*chart.rules, *chart.unbooked)
    for ruling in rulings:
        for basis in ruling.bases:
            if basis not in bases:
                message = f"rule {ruling.id}: no basis {basis!r}{did_you_mean(basis, bases)}"
                yield Finding("CHART_UNKNOWN_NAME", message, RULES_FILE, ruling.row)
