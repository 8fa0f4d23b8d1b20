"""What a period's journal comes to, added up part by part: no part need be kept for the checks.

Every figure is a sum over lines or entries, so that of parts together it is the sum of theirs, and
a journal larger than memory is checked like any other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from subledger.chart import Chart
from subledger.chart.measures import TRADE_EVENTS
from subledger.closing.comparing import (
    Figures,
    Places,
    accounts_of,
    balances_on,
    joined_figures,
    places,
    slots_of,
    within,
)
from subledger.closing.moved_items import moved_dividends, moved_items
from subledger.columns import (
    Codes,
    Texts,
    build,
    concatenate,
    group_codes,
    numbers,
    run_starts,
    texts,
)
from subledger.journal.journal import Journal, control_totals
from subledger.numbers import Int64Array, group_sums
from subledger.tables import BALANCES

OF_LOTS = ("instrument", "currency")
_ROLLED = ("account", "currency")
_GAINS = ("realised_price", "realised_fx")
_LISTED = 5


class Numbers(NamedTuple):
    """The entry numbers of a part: how many entries and distinct numbers, the least and greatest.

    `odd` names the first that stand twice between parts, or with an entry or lines alone.
    """

    entries: int
    distinct: int
    first: int
    last: int
    odd: tuple[str, ...]


class Balanced(NamedTuple):
    """How many entries have lines, and where the first stand whose lines do not sum to zero."""

    entries: int
    bad: tuple[str, ...]
    how_many: int


class Moved(NamedTuple):
    """What lines move of open items, and how many moved besides that came to nothing."""

    items: Figures
    over: int = 0


class Standing(NamedTuple):
    """Trades by their event id, each with how many of its entries stand."""

    names: Texts
    entries: Int64Array


@dataclass(frozen=True, slots=True)
class Tally:
    """The sums of a part of a journal, and of the RELIEFS with it, that a close asks for.

    `debit` and `credit` are in base, both positive; `balances` are BALANCES of what lines move,
    of which a place may have several rows.
    `rolled` are figures of lines by account and currency; `gains` of reliefs and `realised` of
    lines on the realised accounts by instrument and currency; `items` and `dividends` are of
    unsettled trades and recognised dividends. `trades` are those of each part.
    """

    numbers: Numbers
    balanced: Balanced
    debit: int
    credit: int
    balances: pa.Table
    rolled: Figures
    gains: Figures
    realised: Figures
    items: Moved
    dividends: Moved
    trades: tuple[Standing, ...]

    @classmethod
    def of(cls, journal: Journal, reliefs: pa.Table, *, chart: Chart) -> Tally:
        """Return the sums of a journal."""
        entries, lines = journal.entries, journal.lines
        debit, credit = control_totals(lines)
        accounts = accounts_of(chart, "trade", measures=_GAINS)
        slots = slots_of(chart, "trade", measures=_GAINS)
        ruled = lines.filter(pa.array(within(texts(lines, "slot"), slots), pa.bool_()))
        gain, gain_base = numbers(reliefs, "gain"), numbers(reliefs, "gain_base")
        amount, base = numbers(lines, "amount"), numbers(lines, "amount_base")
        return cls(
            numbers=_numbers(entries, lines),
            balanced=_balanced(lines),
            debit=debit,
            credit=credit,
            balances=_moved(lines),
            rolled=_added_up(Figures(places(lines, _ROLLED), amount, base)),
            gains=_added_up(Figures(places(reliefs, OF_LOTS), gain, gain_base)),
            realised=_added_up(balances_on(ruled, accounts, by=OF_LOTS)),
            items=Moved(moved_items(journal, chart)),
            dividends=Moved(moved_dividends(journal, chart)),
            trades=(_standing(entries),),
        )


def tally_of(parts: Iterable[Tally]) -> Tally:
    """Return the sums of parts together, in the order of their entries: one part at least."""
    return reduce(_both, parts)


def _both(whole: Tally, part: Tally) -> Tally:
    return replace(
        whole,
        numbers=_both_numbers(whole.numbers, part.numbers),
        balanced=Balanced(
            whole.balanced.entries + part.balanced.entries,
            (*whole.balanced.bad, *part.balanced.bad)[:_LISTED],
            whole.balanced.how_many + part.balanced.how_many,
        ),
        debit=whole.debit + part.debit,
        credit=whole.credit + part.credit,
        balances=concatenate(BALANCES, [whole.balances, part.balances]),
        rolled=_added_up(joined_figures([whole.rolled, part.rolled])),
        gains=_added_up(joined_figures([whole.gains, part.gains])),
        realised=_added_up(joined_figures([whole.realised, part.realised])),
        items=_left(whole.items, part.items),
        dividends=_left(whole.dividends, part.dividends),
        trades=(*whole.trades, *part.trades),
    )


def _moved(lines: pa.Table) -> pa.Table:
    """Return BALANCES of what lines move, zero or not, in the order in which places come."""
    codes, first = group_codes([texts(lines, name) for name in BALANCES.order])
    place = {name: texts(lines, name)[first] for name in BALANCES.order}
    sums = {
        name: group_sums(codes, numbers(lines, name), len(first))
        for name in BALANCES.schema.names
        if name not in place
    }
    return build(BALANCES, place | sums)


def _added_up(figures: Figures) -> Figures:
    """Return one figure per place, in the order in which places come."""
    codes, first = group_codes(figures.place.columns)
    sums = (group_sums(codes, one, len(first)) for one in (figures.local, figures.base))
    return Figures(figures.place[first], *sums)


def _left(whole: Moved, part: Moved) -> Moved:
    """Return what two parts move of items, without those that came to nothing."""
    # Most items come and go in one part: what is left of each is little.
    parts = [_not_over(one) for one in (whole, part)]
    both = Moved(joined_figures([one.items for one in parts]), sum(one.over for one in parts))
    return _not_over(both)


def _not_over(moved: Moved) -> Moved:
    both = _added_up(moved.items)
    some = (both.local != 0) | (both.base != 0)
    left = Places(tuple(column.compact() for column in both.place[some].columns))
    over = moved.over + int(np.count_nonzero(~some))
    return Moved(Figures(left, both.local[some], both.base[some]), over)


def _numbers(entries: pa.Table, lines: pa.Table) -> Numbers:
    seq = numbers(entries, "seq")
    once, of_lines = _distinct(seq), _distinct(numbers(lines, "seq"))
    agree = np.array_equal(once, of_lines)
    alone = [] if agree else np.setxor1d(once, of_lines, assume_unique=True)[:_LISTED].tolist()
    odd = tuple(f"entry {number}" for number in alone)
    if not len(once):
        return Numbers(0, 0, 0, -1, odd)
    return Numbers(len(seq), len(once), int(once[0]), int(once[-1]), odd)


def _both_numbers(whole: Numbers, part: Numbers) -> Numbers:
    """Return the numbers of both; those of a later part are greater."""
    if not part.entries or not whole.entries:
        one = part if part.entries else whole
        return one._replace(odd=(*whole.odd, *part.odd)[:_LISTED])
    again = (f"entry {part.first}",) if part.first <= whole.last else ()
    return Numbers(
        whole.entries + part.entries,
        whole.distinct + part.distinct,
        min(whole.first, part.first),
        max(whole.last, part.last),
        (*whole.odd, *again, *part.odd)[:_LISTED],
    )


def _distinct(values: Int64Array) -> Int64Array:
    """Return distinct numbers in order; those of a journal stand in order already."""
    in_order = values if (values[1:] >= values[:-1]).all() else np.sort(values)
    return in_order[run_starts(in_order)]


def _balanced(lines: pa.Table) -> Balanced:
    """Add up the lines of each entry, per currency and in base."""
    seq, currency = numbers(lines, "seq"), texts(lines, "currency")
    entries, heads = _entries_of(seq)
    in_base = group_sums(entries, numbers(lines, "amount_base"), len(heads))
    if len(currency.distinct()) > 1:
        codes, first = group_codes([seq, currency])
    else:
        codes, first = entries, heads
    local = group_sums(codes, numbers(lines, "amount"), len(first))
    bad = [f"entry {seq[first[row]]} in {currency[first[row]]}" for row in np.flatnonzero(local)]
    bad += [f"entry {seq[heads[row]]} in base" for row in np.flatnonzero(in_base)]
    return Balanced(len(heads), tuple(bad[:_LISTED]), len(bad))


def _entries_of(seq: Int64Array) -> tuple[Codes, Int64Array]:
    """Number the entries of lines, and return the first line of each."""
    if not (seq[1:] >= seq[:-1]).all():
        return group_codes([seq])
    heads = run_starts(seq)
    return np.repeat(np.arange(len(heads)), np.diff(np.append(heads, len(seq)))), heads


def _standing(entries: pa.Table) -> Standing:
    """Return the trades of entries; a reversal takes away the entry that it reverses."""
    is_trade = texts(entries, "event_kind").isin(TRADE_EVENTS)
    names = texts(entries, "event_id")[is_trade]
    reverses = np.asarray(texts(entries, "kind") == "reversal", bool)[is_trade]
    codes, first = group_codes([names])
    count = group_sums(codes, np.where(reverses, -1, 1), len(first))
    return Standing(names[first], count)


def trades_standing(tally: Tally) -> pa.StringArray:
    """Return the trades of which any entry stands; one may be named several times."""
    if all((part.entries > 0).all() for part in tally.trades):
        return pa.concat_arrays([part.names.plain() for part in tally.trades])
    names = Texts.joined([part.names for part in tally.trades])
    codes, first = group_codes([names])
    entries = group_sums(codes, np.concatenate([part.entries for part in tally.trades]), len(first))
    return names[first[entries > 0]].plain()
