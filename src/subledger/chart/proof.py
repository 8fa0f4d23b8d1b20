"""The static proof of a chart: no gap, tie, shadowed, unresolved or unbalanced rule passes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

from subledger.chart.accounts import PROFIT_AND_LOSS, Account
from subledger.chart.balance import residuals
from subledger.chart.chart import Chart
from subledger.chart.decision import Key, boxes
from subledger.chart.loading import RULES_FILE
from subledger.chart.measures import (
    BALANCE_SLOT,
    CASH_SLOT,
    EVENTS_OF_A_BALANCE,
    EVENTS_OF_MANY_OWNERS,
    EVENTS_WITH_INSTRUMENT,
    EVENTS_WITH_LOTS,
    FX_TRADING_SLOT,
    ITEM_MEASURES,
    Cell,
    contract,
    values_of,
)
from subledger.chart.reading import did_you_mean
from subledger.chart.rules import Rule, RuleLine, Ruling
from subledger.chart.structure import structure_findings
from subledger.errors import Finding


def prove_chart(chart: Chart, bases: Sequence[str]) -> list[Finding]:
    """Return every reason why the chart must not be posted with; none means it is proved.

    Proved for each basis and each effective date: every cell of every event has exactly one most
    specific rule, or is declared unbooked; every rule and line applies somewhere; every template
    balances in each cell under the engine's identities, in local currency and in base, with one
    owner and with two; every slot is a postable account which the line can serve, and monetary
    where foreign money is revalued on it; every account stands on a statement line and every line
    counts once in its statement.

    Codes: those of `structure_findings`, RULE_GAP, RULE_TIE, RULE_SHADOWED, RULE_UNBALANCED,
    RULE_MEASURE, RULE_ACCOUNT.
    """
    findings = list(structure_findings(chart, bases))
    notes = _Notes(tuple(bases), (date.min, *chart.decisions.starts))
    for basis in bases:
        for since in notes.dates:
            _prove_table(chart, notes, basis=basis, on=since)
    findings += _shadowed(chart, bases)
    findings += notes.findings()
    return findings


@dataclass(slots=True)
class _Notes:
    """Findings per basis and date, told once each with the bases and dates they hold for."""

    bases: tuple[str, ...]
    dates: tuple[date, ...]
    noted: dict[tuple[str, str, int | None], list[tuple[str, date]]] = field(default_factory=dict)
    balances: dict[tuple[object, ...], tuple[str, ...]] = field(default_factory=dict)

    def note(self, code: str, message: str, *, row: int | None, at: tuple[str, date]) -> None:
        places = self.noted.setdefault((code, message, row), [])
        if at not in places:
            places.append(at)

    def residuals(self, rule: Rule, cell: Cell) -> tuple[str, ...]:
        """Return each residual of a rule in a cell with its views; neither basis nor date count."""
        key = (rule.id, rule.from_, *(line.number for line in rule.lines), cell)
        if key not in self.balances:
            views: dict[str, list[str]] = {}
            for residual, view in residuals(rule, cell):
                views.setdefault(residual, []).append(view)
            self.balances[key] = tuple(
                f": residual: {residual}; view: {'; '.join(where)}"
                for residual, where in views.items()
            )
        return self.balances[key]

    def findings(self) -> Iterator[Finding]:
        for (code, message, row), places in self.noted.items():
            yield Finding(code, message + self._scope(places), RULES_FILE, row)

    def _scope(self, places: Sequence[tuple[str, date]]) -> str:
        bases = [basis for basis in self.bases if basis in {one for one, _ in places}]
        dates = [since for since in self.dates if since in {day for _, day in places}]
        scope = "" if len(bases) == len(self.bases) else f"; basis: {', '.join(bases)}"
        if len(dates) < len(self.dates):
            scope += f"; effective: {', '.join(_since(day, self.dates) for day in dates)}"
        return scope


def _since(day: date, dates: Sequence[date]) -> str:
    return f"before {dates[1].isoformat()}" if day == date.min else f"from {day.isoformat()}"


def _prove_table(chart: Chart, notes: _Notes, *, basis: str, on: date) -> None:
    """Note what is wrong with the decision table of one basis on one date."""
    part = chart.decisions.interval(basis, on)
    _gaps_and_ties(chart.decisions.candidates[part], notes, at=(basis, on))
    problems: dict[tuple[str, str, int | None, str], list[Key]] = {}
    for (event, cell), winner in chart.decisions.winners[part].items():
        if isinstance(winner, Rule):
            for code, message in _rule_problems(
                chart, notes, rule=winner, cell=cell, at=(basis, on)
            ):
                found = (code, winner.id, winner.row, message)
                problems.setdefault(found, []).append((event, cell))
    for (code, rule, row, message), keys in problems.items():
        for text in _texts(keys):
            notes.note(code, f"rule {rule}{message}; cell: {text}", row=row, at=(basis, on))


def _gaps_and_ties(
    candidates: Mapping[Key, Sequence[Ruling]], notes: _Notes, *, at: tuple[str, date]
) -> None:
    for text in _texts(key for key, best in candidates.items() if not best):
        notes.note("RULE_GAP", f"no rule covers {text}", row=None, at=at)
    ties: dict[tuple[str, ...], list[Key]] = {}
    for key, best in candidates.items():
        if len(best) > 1:
            ties.setdefault(tuple(one.id for one in best), []).append(key)
    for ids, keys in ties.items():
        for text in _texts(keys):
            message = f"rules {' and '.join(ids)} are equally specific for {text}"
            notes.note("RULE_TIE", message, row=candidates[keys[0]][0].row, at=at)


def _texts(keys: Iterable[Key]) -> Iterator[str]:
    for event, group in groupby(keys, key=lambda key: key[0]):
        yield from boxes(event, (cell for _, cell in group))


def _rule_problems(
    chart: Chart, notes: _Notes, *, rule: Rule, cell: Cell, at: tuple[str, date]
) -> Iterator[tuple[str, str]]:
    """Yield code and message of each problem that a winning rule has in a cell."""
    known = contract(rule.event, cell).measures
    unknown = [line for line in rule.lines if line.amount not in known]
    for line in unknown:
        hint = did_you_mean(line.amount, known)
        yield "RULE_MEASURE", f" line {line.number}: no measure {line.amount!r} here{hint}"
    for line in rule.lines:
        for problem in _line_problems(chart, rule, line=line, cell=cell, at=at):
            yield "RULE_ACCOUNT", f" line {line.number}: {problem}"
    at_balance = sum(line.sign for line in rule.lines if line.slot == BALANCE_SLOT)
    if rule.event in EVENTS_OF_A_BALANCE and at_balance != 1:
        yield "RULE_ACCOUNT", f": slot {BALANCE_SLOT} must be debited once"
    if not unknown:
        for message in notes.residuals(rule, cell):
            yield "RULE_UNBALANCED", message


def _line_problems(
    chart: Chart, rule: Rule, *, line: RuleLine, cell: Cell, at: tuple[str, date]
) -> Iterator[str]:
    """Yield why a line cannot stand on what its slot may stand for in the cell."""
    if line.per == "lot" and rule.event not in EVENTS_WITH_LOTS:
        yield f'per = "lot", but event {rule.event} has no lots'
    if line.per != "lot" and rule.event in EVENTS_OF_MANY_OWNERS:
        yield f'event {rule.event} concerns lots of several owners: per = "lot" is missing'
    if line.slot == BALANCE_SLOT:
        if rule.event not in EVENTS_OF_A_BALANCE:
            yield f"slot {BALANCE_SLOT}, but event {rule.event} concerns no balance"
        if line.quantity:
            yield "quantity = true, but a balance has no units"
    elif line.slot in chart.slots:
        asset_class = values_of(rule.event, cell).get("asset_class", "")
        for number in chart.slots[line.slot].possible(asset_class, basis=at[0], on=at[1]):
            if number in chart.accounts:
                yield from _account_problems(rule, chart.accounts[number], line=line, cell=cell)


def _account_problems(rule: Rule, account: Account, *, line: RuleLine, cell: Cell) -> Iterator[str]:
    number, per_lot = account.number, line.per == "lot"
    if account.holds_lots and not (per_lot and line.quantity):
        yield f'account {number} holds lots: per = "lot" and quantity = true are missing'
    if line.quantity and not account.holds_lots:
        yield f"quantity = true, but account {number} holds no lots"
    if per_lot and not account.holds_lots and _needs_no_lot(rule, cell):
        yield f'per = "lot", but account {number} holds no lots'
    if "instrument" in account.required and rule.event not in EVENTS_WITH_INSTRUMENT:
        yield f"account {number} requires an instrument; event {rule.event} has none"
    if not account.monetary and _holds_money(rule, account, line=line, cell=cell):
        what = "cash" if line.slot == CASH_SLOT else "receivables and payables"
        yield (
            f"slot {line.slot}: account {number} is not monetary = true, but {what} in foreign "
            "currency are revalued there at each close"
        )


def _holds_money(rule: Rule, account: Account, *, line: RuleLine, cell: Cell) -> bool:
    """Say whether what the line posts is revalued where it stands: cash, or an open item."""
    if line.slot == CASH_SLOT:
        return True
    if line.slot == FX_TRADING_SLOT or line.amount not in ITEM_MEASURES.get(rule.event, ()):
        return False
    if line.amount != "fees":
        return True
    # The sum of the fees may also be an expense; only what is paid apart waits for its cash.
    paid_apart = values_of(rule.event, cell).get("fee_currency") == "other"
    return paid_apart and account.type not in PROFIT_AND_LOSS


def _needs_no_lot(rule: Rule, cell: Cell) -> bool:
    several = rule.event in EVENTS_OF_MANY_OWNERS
    return not several and not contract(rule.event, cell).two_owners


def _shadowed(chart: Chart, bases: Sequence[str]) -> Iterator[Finding]:
    """Yield rules and declared gaps that win no cell, and lines that apply in no cell won."""
    wins: dict[tuple[str, str, date | None], set[int]] = {}
    everything: tuple[Ruling, ...] = (*chart.rules, *chart.unbooked)
    for basis in bases:
        for since in (date.min, *chart.decisions.starts):
            part = chart.decisions.interval(basis, since)
            tied = [best for best in chart.decisions.candidates[part].values() if len(best) > 1]
            won = [*chart.decisions.winners[part].values(), *(one for best in tied for one in best)]
            for ruling in won:
                lines = {line.number for line in getattr(ruling, "lines", ())}
                key = (ruling.id, ruling.event, ruling.from_)
                wins.setdefault(key, set()).update(lines)
    for ruling in everything:
        key = (ruling.id, ruling.event, ruling.from_)
        if ruling.bases and not set(ruling.bases) & set(bases):
            continue  # its unknown basis is a finding of its own
        if key not in wins:
            message = f"rule {ruling.id}: wins no cell of {ruling.event}"
            yield Finding("RULE_SHADOWED", message, RULES_FILE, ruling.row)
            continue
        for line in getattr(ruling, "lines", ()):
            if line.number not in wins[key]:
                message = f"rule {ruling.id} line {line.number}: applies in no cell of the rule"
                yield Finding("RULE_SHADOWED", message, RULES_FILE, ruling.row)
