"""What the sheets of books in several currencies tie out to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from subledger import numbers
from subledger.chart.measures import FX_TRADING_SLOT
from subledger.columns import numbers as figures
from subledger.exports.workbook_currencies import CurrencyRow, currencies_of, total_name
from subledger.exports.workbook_fx import Totals
from subledger.exports.workbook_ledger import AccountRow
from subledger.exports.workbook_pack import ClosePack
from subledger.exports.workbook_tie_outs import TieOut, closing_of, gain_of, tie, total_of

# The part of a schedule that an account of gains holds: its slot, and for gains that are not
# realised the slots on which they stand.
_PARTS = (
    ("realised", "price", "gain.realised.price", ()),
    ("realised", "fx", "gain.realised.fx", ()),
    ("unrealised", "price", "gain.unrealised.price", ("investment.mark", "short.mark")),
    ("unrealised", "fx", "gain.unrealised.fx", ("investment.mark_fx", "short.mark_fx")),
)
_SAYS = {
    "realised": "Realised: the {part} part of the gains is the movement of {accounts}",
    "unrealised": "Unrealised: the {part} part, less its opening, is the movement of {accounts}",
}
_COLUMNS = {"realised": "gain_{part}_base", "unrealised": "unrealised_{part}_base"}
_NAMES = {"realised": "Realised_Gain{part}Base", "unrealised": "Unrealised_Unrealised{part}Base"}


def currency_tie_outs(
    pack: ClosePack, rows: Sequence[AccountRow], *, by_currency: Sequence[CurrencyRow]
) -> Iterator[TieOut]:
    """Return the proofs of the trial balance by currency: each on its own, and all in base."""
    for currency in currencies_of(by_currency):
        closing = numbers.exact_sum(
            [row.closing for row in by_currency if row.currency == currency]
        )
        decimals = pack.units.decimals[currency]
        says = f"Trial balance in {currency}: closing balances sum to zero"
        values = (closing, 0)
        yield TieOut(
            f"TB-CURRENCY {currency}", says, total_name(currency), "", values, decimals, not closing
        )
    in_base: dict[str, int] = {}
    for row in by_currency:
        in_base[row.account] = in_base.get(row.account, 0) + row.closing_base
    off = sum(abs(row.closing - in_base.get(row.number, 0)) for row in rows)
    formula = "SUMPRODUCT(ABS(TB_Closing-SUMIF(TBC_Account,TB_Account,TBC_ClosingBase)))"
    says = "Trial balance by currency: in base it is the trial balance, account by account"
    left = (f"ROUND({formula},{pack.decimals})", off)
    yield tie(pack, "trial-balance-by-currency", says=says, left=left)
    movements = "SUMPRODUCT(ABS(TBC_Opening+TBC_Debit-TBC_Credit-TBC_Closing))"
    off = sum(abs(row.opening + row.debit - row.credit - row.closing) for row in by_currency)
    says = "Trial balance by currency: debits and credits are the journal's, account by account"
    left = (f"ROUND({movements},{pack.decimals})", off)
    yield tie(pack, "journal-by-currency", says=says, left=left)


def fx_tie_outs(pack: ClosePack, rows: Sequence[AccountRow], *, totals: Totals) -> Iterator[TieOut]:
    """Return what gains, monetary balances and FX trading tie out to."""
    yield from _parts(pack, rows)
    for account, total in totals.gains.items():
        mine = [row for row in rows if row.number == account]
        moved = total_of(mine, "credit") - total_of(mine, "debit")
        says = f"FX: the gains on {account} in all currencies are its movement"
        left, right = (total.formula, total.value), (gain_of([account]), moved)
        yield tie(pack, f"fx-gains {account}", says=says, left=left, right=right)
    trading = pack.slots.get(FX_TRADING_SLOT, ())
    swept = total_of([row for row in rows if row.number in trading], "closing")
    if pack.valued:
        says = "FX: the balance of FX trading is zero in base"
        yield tie(pack, "FX-TRADING", says=says, left=(closing_of(trading), swept))
    yield from _monetary(pack, totals=totals)


def _monetary(pack: ClosePack, *, totals: Totals) -> Iterator[TieOut]:
    """Tie the monetary balances to their value where the engine says that they were revalued."""
    known = {check.id: check for check in pack.checks}
    check = known.get("REVALUED")
    booked, value = totals.booked, totals.value
    if check is not None and (check.left, check.right) == (booked.value, value.value):
        says = "FX: monetary balances and open items stand at the closing rate"
        left, right = (booked.formula, booked.value), (value.formula, value.value)
        yield tie(pack, "REVALUED", says=says, left=left, right=right)
    check = known.get("MONEY")
    held = booked.value + totals.trading.value
    if check is not None and check.right == held:
        yield tie(
            pack,
            "MONEY",
            says="FX: balances to revalue and open items are the ledger's monetary balances",
            left=("", check.left),
            right=(f"{booked.formula}+{totals.trading.formula}", held),
        )


def _parts(pack: ClosePack, rows: Sequence[AccountRow]) -> Iterator[TieOut]:
    """Tie the price and the FX part of gains, where the accounts of both are apart."""
    for schedule, part, slot, marks in _PARTS:
        accounts = pack.slots.get(slot, ())
        other = pack.slots.get(slot.replace(part, "fx" if part == "price" else "price"), ())
        manual = any(pack.accounts[number].manual for number in accounts)
        if not accounts or manual or set(accounts) & set(other):
            continue
        mine = [row for row in rows if row.number in accounts]
        column = figures(pack.reports[schedule].table, _COLUMNS[schedule].format(part=part))
        stand = sorted({number for name in marks for number in pack.slots.get(name, ())})
        opening = total_of([row for row in rows if row.number in stand], "opening")
        formula = f"SUM({_NAMES[schedule].format(part=part.capitalize())})"
        formula += "".join(f'-SUMIFS(TB_Opening,TB_Account,"{number}")' for number in stand)
        moved = total_of(mine, "credit") - total_of(mine, "debit")
        words = "FX" if part == "fx" else part
        says = _SAYS[schedule].format(part=words, accounts=", ".join(accounts))
        left = (formula, numbers.exact_sum(column) - opening)
        right = (gain_of(accounts), moved)
        yield tie(pack, f"{schedule}-{part}", says=says, left=left, right=right)
