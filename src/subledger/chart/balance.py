"""The balance proof: debits less credits of a template reduce to zero under the identities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from subledger.chart.linear import Form, form_text, reduce, total
from subledger.chart.measures import Cell, CellContract, contract, owner_definitions
from subledger.chart.rules import Rule, RuleLine
from subledger.tables import MEASURE_NAMES

# Each view with the currencies of the lines that must sum to zero in it. Lines in base currency
# must do so among themselves, since the event may be in another currency.
VIEWS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("local", ("event",)),
    ("base currency lines", ("base",)),
    ("base", ("event", "base", "base_only")),
)


def residuals(rule: Rule, cell: Cell) -> Iterator[tuple[str, str]]:
    """Yield (residual, view) of each view in which a rule's lines in a cell do not balance.

    A close is proved with one owner over all lines, then with two for the lot owner's lines
    (`per = "lot"`) and the trade owner's separately; the second only where the first holds.
    """
    promised = contract(rule.event, cell)
    for view, currencies in VIEWS:
        lines = [line for line in rule.lines if line.currency in currencies]
        one = _residual(lines, promised, view=view, two_owners=False)
        if one:
            yield one, view
        elif promised.two_owners:
            for owner, per in (("lot owner", "lot"), ("trade owner", "")):
                own = [line for line in lines if line.per == per]
                two = _residual(own, promised, view=view, two_owners=True)
                if two:
                    yield two, f"{view}, two owners, lines of the {owner}"


def _residual(
    lines: Iterable[RuleLine], promised: CellContract, *, view: str, two_owners: bool
) -> str:
    definitions = owner_definitions(
        promised, view="local" if view == "local" else "base", two_owners=two_owners
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
