"""The balance proof: debits less credits of a template reduce to zero under the identities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from subledger.chart.linear import Form, form_text, reduce, total
from subledger.chart.measures import Cell, CellContract, contract, owner_definitions
from subledger.chart.rules import Rule, RuleLine
from subledger.tables import MEASURE_NAMES

# The view in which the lines of each currency are summed; what exists in base only is in none.
_VIEWS = {
    "event": "local",
    "fee": "fee currency",
    "settlement": "settlement currency",
    "traded": "traded currency",
}


def residuals(rule: Rule, cell: Cell) -> Iterator[tuple[str, str]]:
    """Yield (residual, view) of each view in which a rule's lines in a cell do not balance.

    The lines of each currency must sum to zero among themselves, and all lines in base. A trade is
    proved with one owner over all lines, then with two for the lot owner's lines (`per = "lot"`)
    and the trade owner's separately; the second only where the first holds. What an event moves
    from lot to lot sums to zero whatever the lines are; so each must be posted to the lots once.
    """
    promised = contract(rule.event, cell)
    if promised.moved:
        posted = [{line.amount: line.sign} for line in rule.lines if line.per == "lot"]
        lost = total([*posted, {name: -sign for name, sign in promised.moved.items()}])
        if lost:
            yield form_text(lost, MEASURE_NAMES), "lot by lot"
    for view, lines in _views(rule, promised):
        one = _residual(lines, promised, view=view, owner="")
        if one:
            yield one, view
        elif promised.two_owners:
            for owner, per in (("lot", "lot"), ("trade", "")):
                own = [line for line in lines if line.per == per]
                two = _residual(own, promised, view=view, owner=owner)
                if two:
                    yield two, f"{view}, two owners, lines of the {owner} owner"


def _views(rule: Rule, promised: CellContract) -> Iterator[tuple[str, Sequence[RuleLine]]]:
    """Yield each view by its name with the lines that must sum to zero in it."""
    for currency, view in _VIEWS.items():
        lines = [line for line in rule.lines if promised.currencies[line.amount] == currency]
        if lines:
            yield view, lines
    yield "base", rule.lines


def _residual(lines: Iterable[RuleLine], promised: CellContract, *, view: str, owner: str) -> str:
    definitions = owner_definitions(
        promised, view="base" if view == "base" else "local", owner=owner
    )
    raw = total({line.amount: line.sign} for line in lines)
    reduced = reduce(raw, definitions)
    if not reduced:
        return ""
    return form_text(_shortest(reduced, definitions, measures=promised.measures), MEASURE_NAMES)


def _shortest(reduced: Form, definitions: Mapping[str, Form], *, measures: Sequence[str]) -> Form:
    """Return a single measure that equals a reduced form of several, where there is one."""
    if len(reduced) == 1:
        return reduced
    for name in measures:
        for sign in (1, -1):
            if reduce({name: sign}, definitions) == reduced:
                return {name: sign}
    return reduced
