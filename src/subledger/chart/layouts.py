"""Statement layouts: which lines a statement has, in which order, and what its totals add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

LINE_KINDS = ("heading", "line", "total")
BALANCE_SHEET = "balance-sheet"
INCOME_STATEMENT = "income-statement"
STATEMENTS = (BALANCE_SHEET, INCOME_STATEMENT)


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One line of a statement.

    Its amount is `sign` times the debit-positive balance of the accounts mapped to it and of its
    members; `sign` is +1 where a debit balance prints positive, -1 where a credit balance does, 0
    for a heading. A `total` has members and no accounts. A `line` has accounts, and as members at
    most totals of another statement: so the balance sheet takes the net income of the current year
    until the year-end close clears it. `optional` lines may be left out when they are zero.
    """

    id: str
    label: str
    level: int
    kind: str
    sign: int
    members: tuple[str, ...] = ()
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement: its title and lines in order of print.

    `complete` names the totals that together hold every line exactly once, so that a balance
    sheet balances by construction. `net` pairs an asset with a liability line between which the
    long and short positions of one instrument at one broker account are netted.
    """

    name: str
    title: str
    complete: tuple[str, ...]
    lines: tuple[StatementLine, ...]
    net: tuple[tuple[str, str], ...] = ()

    def line(self, line_id: str) -> StatementLine:
        """Return a line by its id. Raises KeyError when there is none."""
        for line in self.lines:
            if line.id == line_id:
                return line
        raise KeyError(line_id)

    def leaves(self, line_id: str, above: tuple[str, ...] = ()) -> Iterator[str]:
        """Yield the ids of the lines that a total adds up, down through its totals.

        Raises ValueError when a total adds itself. Members that do not exist are passed over.
        """
        if line_id in above:
            raise ValueError(f"{line_id} adds itself")
        line = next((one for one in self.lines if one.id == line_id), None)
        if line is not None and line.kind == "line":
            yield line_id
        elif line is not None:
            for member in line.members:
                yield from self.leaves(member, (*above, line_id))

    def miscounted(self) -> list[tuple[str, int]]:
        """Return each line that the `complete` totals do not hold once, with how often they do."""
        counts = Counter(leaf for total in self.complete for leaf in self.leaves(total))
        lines = [line.id for line in self.lines if line.kind == "line"]
        return [(line, counts[line]) for line in lines if counts[line] != 1]
