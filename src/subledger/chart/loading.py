"""The four TOML files of a chart to typed objects; every violation of their format at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from string import Formatter

from subledger.chart.accounts import (
    ACCOUNT_TYPES,
    LINE_DIMENSIONS,
    NORMAL_SIDES,
    PNL_BUCKETS,
    PROFIT_AND_LOSS,
    Account,
)
from subledger.chart.canonical import digest
from subledger.chart.chart import Chart
from subledger.chart.layouts import LINE_KINDS, STATEMENTS, Statement, StatementLine
from subledger.chart.measures import EVENTS, EVENTS_OF_THE_ENGINE, NARRATION, event_measures
from subledger.chart.reading import Fields, Page, did_you_mean
from subledger.chart.rules import Rule, RuleLine, Unbooked
from subledger.chart.slots import CONDITIONS, Slot, SlotOverride
from subledger.errors import Finding, Refused
from subledger.instruments import ASSET_CLASSES

ACCOUNTS_FILE = "accounts.toml"
SLOTS_FILE = "slots.toml"
RULES_FILE = "posting_rules.toml"
STATEMENTS_FILE = "statements.toml"
FILES = (ACCOUNTS_FILE, SLOTS_FILE, RULES_FILE, STATEMENTS_FILE)

_NUMBER = re.compile(r"[0-9]{1,12}", re.ASCII)
_NAME = re.compile(r"[A-Z0-9][A-Za-z0-9-]*( [A-Za-z0-9-]+)*", re.ASCII)
_ID = re.compile(r"[a-z0-9][a-z0-9._-]*", re.ASCII)
_PATTERN = re.compile(r"[^*]+\*?|\*")
_SIGNS = {"debit": 1, "credit": -1}


def load_chart(files: Mapping[str, bytes]) -> Chart:
    """Load a chart from its files by name: accounts, slots, posting_rules, statements `.toml`.

    Raises Refused with every violation of the format: CHART_FORMAT, CHART_DUPLICATE,
    CHART_UNKNOWN_NAME. Whether the chart holds together is for `prove_chart` to say.
    """
    pages = {name: _page(name, files) for name in FILES}
    name, accounts = _accounts(pages[ACCOUNTS_FILE])
    rules, unbooked = _rules(pages[RULES_FILE])
    chart = Chart(
        name=name,
        accounts=accounts,
        slots=_slots(pages[SLOTS_FILE]),
        rules=rules,
        unbooked=unbooked,
        statements=_statements(pages[STATEMENTS_FILE]),
        files={file: files[file] for file in FILES if file in files},
    )
    findings = [finding for page in pages.values() for finding in page.findings]
    if findings:
        raise Refused(findings)
    return chart


def load_accounts(files: Mapping[str, bytes]) -> Mapping[str, Account]:
    """Load the accounts of a chart alone: of one that was posted with, whatever its rules said.

    Raises Refused with every violation of the format of `accounts.toml`.
    """
    page = _page(ACCOUNTS_FILE, files)
    _, accounts = _accounts(page)
    if page.findings:
        raise Refused(page.findings)
    return accounts


def _page(name: str, files: Mapping[str, bytes]) -> Page:
    if name not in files:
        missing = Finding("CHART_FORMAT", "the file is missing", name)
        return Page(name, "", [missing])
    try:
        return Page(name, files[name].decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError:
        return Page(name, "", [Finding("CHART_FORMAT", "the file is not UTF-8", name)])


def _top(page: Page) -> Fields:
    """Return the file's own fields; a file that could not be read has no further findings."""
    broken = bool(page.findings)
    data = page.parse()
    top = Fields(page, page.file, data)
    if broken or page.findings:
        top.page = Page(page.file, "")
    return top


def _accounts(page: Page) -> tuple[str, Mapping[str, Account]]:
    top = _top(page)
    name = top.text("name", required=True)
    accounts: dict[str, Account] = {}
    for number, data in top.table("accounts").items():
        row = page.row_of(rf'^\s*"?{re.escape(number)}"?\s*=|\[accounts\."?{re.escape(number)}"?\]')
        fields = _entry(page, f"account {number}", data=data, row=row)
        if not _NUMBER.fullmatch(number):
            fields.find("CHART_FORMAT", "a number is 1 to 12 digits")
        accounts[number] = _account(number, fields)
    for double, count in Counter(account.name for account in accounts.values()).items():
        if double and count > 1:
            numbers = [key for key, account in accounts.items() if account.name == double]
            where = accounts[numbers[-1]].row
            page.find("CHART_DUPLICATE", f"accounts {', '.join(numbers)} share a name", row=where)
    top.finish()
    return name, accounts


def _account(number: str, fields: Fields) -> Account:
    account = Account(
        number=number,
        name=fields.text("name", required=True),
        type=fields.text("type", required=True, choices=ACCOUNT_TYPES),
        normal=fields.text("normal", required=True, choices=NORMAL_SIDES),
        parent=fields.text("parent"),
        statement_line=fields.text("statement_line"),
        required=fields.texts("required", choices=LINE_DIMENSIONS),
        keeps=fields.texts("keeps", choices=LINE_DIMENSIONS),
        monetary=fields.flag("monetary", default=False),
        manual=fields.flag("manual", default=False),
        postable=fields.flag("postable", default=True),
        pnl_bucket=fields.text("pnl_bucket", choices=PNL_BUCKETS),
        row=fields.row,
    )
    if account.name and not _NAME.fullmatch(account.name):
        wanted = "words of ASCII letters, digits and hyphens with one blank between, the first "
        fields.find("CHART_FORMAT", f"name must be {wanted}with a capital or digit", column="name")
    gains = account.postable and account.type in PROFIT_AND_LOSS
    if gains != bool(account.pnl_bucket):
        rule = "exactly the postable income and expense accounts have a pnl_bucket"
        fields.find("CHART_FORMAT", rule, column="pnl_bucket")
    fields.finish()
    return account


def _slots(page: Page) -> Mapping[str, Slot]:
    top = _top(page)
    slots: dict[str, Slot] = {}
    for name, data in top.table("slots").items():
        row = page.row_of(rf'\[slots\."?{re.escape(name)}"?\]|^\s*"?{re.escape(name)}"?\s*=')
        fields = _entry(page, f"slot {name}", data=data, row=row)
        if not _ID.fullmatch(name):
            fields.find("CHART_FORMAT", "a name is lower-case letters, digits, dots, - and _")
        slots[name] = Slot(
            name=name,
            default=fields.text("default", required=True),
            overrides=tuple(_override(fields, one) for one in fields.tables("where")),
            row=row,
        )
        fields.finish()
    top.finish()
    return slots


def _override(slot: Fields, data: Mapping[str, object]) -> SlotOverride:
    fields = Fields(slot.page, f"{slot.name} where", data, slot.row)
    when = {name: values for name in CONDITIONS if (values := _patterns(fields, name))}
    override = SlotOverride(
        when=when,
        account=fields.text("account", required=True),
        bases=fields.texts("bases"),
        from_=fields.day("from"),
    )
    if not (override.when or override.bases or override.from_):
        fields.find("CHART_FORMAT", "an override without a condition; change the default")
    fields.finish()
    return override


def _patterns(fields: Fields, name: str) -> tuple[str, ...]:
    choices = ASSET_CLASSES if name == "asset_class" else ()
    values = fields.texts(name, choices=choices)
    for value in values:
        if not _PATTERN.fullmatch(value):
            fields.find("CHART_FORMAT", f"* may stand at the end only, not {value!r}", column=name)
    return values


def _rules(page: Page) -> tuple[tuple[Rule, ...], tuple[Unbooked, ...]]:
    top = _top(page)
    rules = tuple(_each_rule(page, top.tables("rule")))
    unbooked = tuple(one for data in top.tables("unbooked") for one in _unbooked(page, data))
    versions = Counter((one.id, one.from_) for one in rules)
    versions.update({(one.id, one.from_) for one in unbooked})
    by_event = Counter((one.id, one.event, one.from_) for one in unbooked)
    doubles = [key for key, count in versions.items() if count > 1]
    doubles += [(key[0], key[2]) for key, count in by_event.items() if count > 1]
    for rule_id, since in doubles:
        dated = f" with from = {since.isoformat()}" if since else ""
        page.find("CHART_DUPLICATE", f"rule {rule_id} is there twice{dated}")
    top.finish()
    return rules, unbooked


def _each_rule(page: Page, tables: Sequence[Mapping[str, object]]) -> Iterator[Rule]:
    for data in tables:
        fields = _ruling_fields(page, data)
        event = fields.text("event", required=True, choices=tuple(EVENTS))
        lines = fields.tables("lines", required=True)
        rule = Rule(
            id=fields.text("id", required=True),
            event=event,
            when=fields.conditions("when", EVENTS.get(event)),
            bases=fields.texts("bases"),
            from_=fields.day("from"),
            lines=tuple(_line(fields, event, line=n, data=d) for n, d in enumerate(lines, 1)),
            source=fields.text("source", required=True),
            narration=fields.text("narration", required=True),
            row=fields.row,
        )
        _check_narration(fields, event, narration=rule.narration)
        fields.finish()
        if event:
            yield replace(rule, hash=digest(rule))


def _line(rule: Fields, event: str, *, line: int, data: Mapping[str, object]) -> RuleLine:
    fields = Fields(rule.page, f"{rule.name} line {line}", data, rule.row)
    debit, credit = fields.text("dr"), fields.text("cr")
    if bool(debit) == bool(credit):
        fields.find("CHART_FORMAT", "give either dr or cr")
    measures = event_measures(event) if event else ()
    made = RuleLine(
        number=line,
        sign=1 if debit else -1,
        slot=debit or credit,
        amount=fields.text("amount", required=True, choices=measures),
        per=fields.text("per", choices=("lot",)),
        quantity=fields.flag("quantity", default=False),
        only=fields.conditions("only", EVENTS.get(event)),
    )
    fields.refuse("currency", "the measure decides the currency of its line; remove the key")
    fields.finish()
    return made


def _unbooked(page: Page, data: Mapping[str, object]) -> Iterator[Unbooked]:
    fields = _ruling_fields(page, data)
    events = fields.texts("event", required=True, choices=tuple(EVENTS))
    shared = {name: EVENTS[event][name] for event in events for name in EVENTS[event]}
    common = {n: v for n, v in shared.items() if all(n in EVENTS[event] for event in events)}
    when = fields.conditions("when", common)
    reason, bases = fields.text("reason", required=True), fields.texts("bases")
    gap_id, since = fields.text("id", required=True), fields.day("from")
    for event in events:
        if event in EVENTS_OF_THE_ENGINE:
            message = f"event {event}: the engine posts this itself; it needs a rule"
            fields.find("CHART_FORMAT", message, column="event")
        yield Unbooked(gap_id, event, when, bases, since, reason, fields.row)
    fields.finish()


def _ruling_fields(page: Page, data: Mapping[str, object]) -> Fields:
    rule_id = str(data.get("id", "(without id)"))
    row = page.row_of(rf"""^\s*id\s*=\s*["']{re.escape(rule_id)}["']""")
    fields = Fields(page, f"rule {rule_id}", data, row)
    if "id" in data and not _ID.fullmatch(rule_id):
        fields.find("CHART_FORMAT", "an id is lower-case letters, digits, dots, - and _")
    return fields


def _check_narration(fields: Fields, event: str, *, narration: str) -> None:
    try:
        names = [name for _, name, _, _ in Formatter().parse(narration) if name is not None]
    except ValueError:
        fields.find("CHART_FORMAT", "the narration's braces do not pair", column="narration")
        return
    known = NARRATION.get(event, ())
    for name in names:
        if event and name not in known:
            message = f"the narration cannot name {name!r}{did_you_mean(name, known)}"
            fields.find("CHART_UNKNOWN_NAME", message, column="narration")


def _statements(page: Page) -> Mapping[str, Statement]:
    top = _top(page)
    statements: dict[str, Statement] = {}
    for name in STATEMENTS:
        if name not in top.data:
            top.find("CHART_FORMAT", f"[{name}] is missing")
        fields = Fields(top.page, f"statement {name}", top.table(name))
        lines = tuple(_statement_line(fields, data) for data in fields.tables("lines"))
        net = [pair for pair in fields.lists("net") if _is_pair(fields, pair)]
        statements[name] = Statement(
            name=name,
            title=fields.text("title", required=True),
            complete=fields.texts("complete", required=True),
            lines=lines,
            net=tuple((pair[0], pair[1]) for pair in net),
        )
        fields.finish()
    ids = Counter(line.id for statement in statements.values() for line in statement.lines)
    for line_id, count in ids.items():
        if line_id and count > 1:
            page.find("CHART_DUPLICATE", f"statement line {line_id} is there twice")
    top.finish()
    return statements


def _statement_line(statement: Fields, data: Mapping[str, object]) -> StatementLine:
    line_id = str(data.get("id", "(without id)"))
    row = statement.page.row_of(rf"""\bid\s*=\s*["']{re.escape(line_id)}["']""")
    fields = Fields(statement.page, f"line {line_id}", data, row)
    kind = fields.text("kind", default="line", choices=LINE_KINDS)
    sign = fields.text("sign", required=kind != "heading", choices=tuple(_SIGNS))
    line = StatementLine(
        id=fields.text("id", required=True),
        label=fields.text("label", required=True),
        level=fields.whole("level"),
        kind=kind,
        sign=0 if kind == "heading" else _SIGNS.get(sign, 0),
        members=fields.texts("members", required=kind == "total"),
        optional=fields.flag("optional", default=False),
    )
    fields.finish()
    return line


def _is_pair(fields: Fields, pair: Sequence[str]) -> bool:
    if len(pair) != 2:  # noqa: PLR2004 - a pair
        fields.find("CHART_FORMAT", "net holds pairs of an asset and a liability line")
        return False
    return True


def _entry(page: Page, name: str, *, data: object, row: int | None) -> Fields:
    fields = Fields(page, name, data if isinstance(data, dict) else {}, row)
    if not isinstance(data, dict):
        fields.find("CHART_FORMAT", f"must be a table, not {data!r}")
    return fields
