"""The tie-outs of the workbook: two figures each, by formula, with the engine's verdict beside.

Where the engine has a check with the id of one of them, both stand in one row; what no formula can
show enters as the engine's values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from subledger import numbers
from subledger.chart.accounts import PROFIT_AND_LOSS
from subledger.chart.layouts import BALANCE_SHEET, INCOME_STATEMENT
from subledger.columns import numbers as figures
from subledger.columns import texts
from subledger.exports.workbook_ledger import SCHEDULE_SHEETS, AccountRow
from subledger.exports.workbook_pack import Check, ClosePack
from subledger.exports.workbook_statements import StatementSheet


@dataclass(frozen=True, slots=True)
class TieOut:
    """Two figures of the workbook that must agree: their formulas and the engine's values.

    A formula that is "" is a value. The values are scaled integers with `decimals`.
    """

    id: str
    description: str
    left: str
    right: str
    values: tuple[int, int]
    decimals: int
    verdict: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How a detail sheet adds up to what its accounts hold."""

    id: str
    says: str
    formula: str


_SCHEDULES = {
    "lots": Schedule(
        "LOTS-COST",
        "Tax lots: the cost of open lots, short ones negative, is the ledger's",
        'SUMIFS(Lots_CostBase,Lots_Side,"long")-SUMIFS(Lots_CostBase,Lots_Side,"short")',
    ),
    "unrealised": Schedule(
        "UNREALISED",
        "Unrealised: the gains of open lots are the ledger's",
        "SUM(Unrealised_UnrealisedBase)",
    ),
    "realised": Schedule(
        "REALISED",
        "Realised: the gains of the period are the ledger's movement",
        "SUM(Realised_GainBase)",
    ),
}


def tie_outs(
    pack: ClosePack, rows: Sequence[AccountRow], *, statements: Mapping[str, StatementSheet]
) -> list[TieOut]:
    """Return what the sheets of every workbook tie out to."""
    return [
        *_trial_balance(pack, rows),
        *_journal(pack, rows),
        *_statements(pack, rows, statements=statements),
        *_schedules(pack, rows),
        *_unsettled(pack, rows),
        *_dividends(pack),
        *_bases(pack),
    ]


def with_verdicts(own: Sequence[TieOut], checks: Sequence[Check]) -> list[TieOut]:
    """Return the tie-outs with the engine's verdicts on them, then the engine's other checks.

    Of an id with several tie-outs (`TB-CURRENCY EUR`) the first word is the engine's.
    """
    known = {check.id: check for check in checks}
    found = [_with_verdict(tie_out, known.get(_engine_id(tie_out))) for tie_out in own]
    shown = {_engine_id(tie_out) for tie_out in own}
    return [*found, *(_of_engine(check) for check in checks if check.id not in shown)]


def tie(
    pack: ClosePack,
    tie_out: str,
    *,
    says: str,
    left: tuple[str, int],
    right: tuple[str, int] = ("", 0),
) -> TieOut:
    """Return a tie-out of two amounts in base, each a formula and the engine's value."""
    agree = left[1] == right[1]
    values = (left[1], right[1])
    return TieOut(tie_out, says, left[0], right[0], values, pack.decimals, agree)


def total_of(rows: Sequence[AccountRow], name: str) -> int:
    """Return the sum of a figure of the trial balance over accounts."""
    return sum(int(getattr(row, name)) for row in rows)


def closing_of(accounts: Sequence[str]) -> str:
    """Return the formula of the closing balances of accounts."""
    return "+".join(f'SUMIFS(TB_Closing,TB_Account,"{number}")' for number in accounts) or "0"


def gain_of(accounts: Sequence[str]) -> str:
    """Return the formula of what accounts have gained in the period: credit less debit."""
    terms = (
        f'{sign}SUMIFS(TB_{side},TB_Account,"{number}")'
        for number in accounts
        for sign, side in (("+", "Credit"), ("-", "Debit"))
    )
    return "".join(terms).removeprefix("+") or "0"


def _engine_id(tie_out: TieOut) -> str:
    return tie_out.id.partition(" ")[0]


def _trial_balance(pack: ClosePack, rows: Sequence[AccountRow]) -> Iterator[TieOut]:
    for name, tie_out in (("opening", "trial-balance-opening"), ("closing", "TB")):
        yield tie(
            pack,
            tie_out,
            says=f"Trial balance: {name} balances sum to zero",
            left=(_rounded(f"SUM(TB_{name.capitalize()})", pack.decimals), total_of(rows, name)),
        )
    yield tie(
        pack,
        "trial-balance-movement",
        says="Trial balance: debits equal credits",
        left=("SUM(TB_Debit)", total_of(rows, "debit")),
        right=("SUM(TB_Credit)", total_of(rows, "credit")),
    )
    yield tie(
        pack,
        "ROLL",
        says="Opening plus movement is the closing balance as booked, account by account",
        left=(
            _rounded("SUMPRODUCT(ABS(TB_Closing-TB_Booked))", pack.decimals),
            sum(abs(row.opening + row.debit - row.credit - row.closing) for row in rows),
        ),
    )
    assets = [row for row in rows if pack.accounts[row.number].type == "asset"]
    held = total_of(assets, "closing")
    yield tie(
        pack,
        "EQUATION",
        says="Assets equal liabilities and equity with the income and expenses of the year",
        left=('SUMIFS(TB_Closing,TB_Type,"asset")', held),
        right=(
            '-SUMIFS(TB_Closing,TB_Type,"<>asset")',
            held - total_of(rows, "closing"),
        ),
    )


def _journal(pack: ClosePack, rows: Sequence[AccountRow]) -> Iterator[TieOut]:
    journal = pack.reports["journal"].table
    debit, credit = (numbers.exact_sum(figures(journal, name)) for name in ("debit", "credit"))
    yield tie(
        pack,
        "journal-entries",
        says="Journal: debits equal credits",
        left=("SUM(JE_Debit)", debit),
        right=("SUM(JE_Credit)", credit),
    )
    before_closing = journal.filter(pc.not_equal(journal["kind"], "closing"))
    yield tie(
        pack,
        "journal-trial-balance",
        says="Journal before closing entries: its debits are the trial balance's",
        left=(
            'SUMIFS(JE_Debit,JE_Kind,"<>closing")',
            numbers.exact_sum(figures(before_closing, "debit")),
        ),
        right=("SUM(TB_Debit)", total_of(rows, "debit")),
    )


def _statements(
    pack: ClosePack, rows: Sequence[AccountRow], *, statements: Mapping[str, StatementSheet]
) -> Iterator[TieOut]:
    for name, sheet in statements.items():
        amounts = {shown.line.id: shown.amount or 0 for shown in sheet.lines}
        totals = [line for line in sheet.statement.complete if line in amounts]
        if name == BALANCE_SHEET and len(totals) == len(("assets", "claims")):
            assets, claims = ((sheet.name_of(line), amounts[line]) for line in totals)
            says = "Balance sheet: assets equal liabilities and equity"
            yield tie(pack, name, says=says, left=assets, right=claims)
        if name == INCOME_STATEMENT and len(totals) == 1:
            yield from _net_income(pack, rows, left=(sheet.name_of(totals[0]), amounts[totals[0]]))
        lines = [shown for shown in sheet.lines if shown.line.kind != "heading"]
        booked = sum(shown.amount or 0 for shown in lines)
        cells = f"SUM({sheet.name_of('amounts')})"
        says = f"{sheet.sheet}: the formulas give the lines as booked (sum of all lines)"
        yield tie(pack, f"{name}-booked", says=says, left=(cells, booked), right=("", booked))


def _net_income(
    pack: ClosePack, rows: Sequence[AccountRow], *, left: tuple[str, int]
) -> Iterator[TieOut]:
    earned = sum(
        row.credit - row.debit for row in rows if pack.accounts[row.number].type in PROFIT_AND_LOSS
    )
    parts = [
        f'{sign}SUMIFS(TB_{column},TB_Type,"{kind}")'
        for kind in sorted(PROFIT_AND_LOSS)
        for sign, column in (("+", "Credit"), ("-", "Debit"))
    ]
    yield tie(
        pack,
        INCOME_STATEMENT,
        says="Income statement: net income is the movement of income and expense accounts",
        left=left,
        right=("".join(parts).removeprefix("+"), earned),
    )
    if "pnl" in pack.reports:
        yield tie(
            pack,
            "pnl",
            says="P&L: the gains of all strategies are the net income",
            left=("SUM(PnL_Total)", _sum(pack, "pnl", column="total")),
            right=left,
        )


def _schedules(pack: ClosePack, rows: Sequence[AccountRow]) -> Iterator[TieOut]:
    named = set(pack.schedules.values())
    lots = pack.reports["lots"].table
    cost = figures(lots, "cost_base")
    short = texts(lots, "side") == "short"
    sums = {
        "lots": numbers.exact_sum(cost[~short]) - numbers.exact_sum(cost[short]),
        "unrealised": _sum(pack, "unrealised", column="unrealised_base"),
        "realised": _sum(pack, "realised", column="gain_base"),
    }
    for name, schedule in _SCHEDULES.items():
        if name not in named:
            continue
        sheet = f'"{SCHEDULE_SHEETS[name]}"'
        accounts = [row for row in rows if pack.schedules.get(row.number) == name]
        ledger = f"SUMIFS(TB_Closing,TB_Schedule,{sheet})"
        balance = total_of(accounts, "closing")
        if name == "realised":
            ledger = f"SUMIFS(TB_Credit,TB_Schedule,{sheet})-SUMIFS(TB_Debit,TB_Schedule,{sheet})"
            balance = total_of(accounts, "credit") - total_of(accounts, "debit")
        left, right = (schedule.formula, sums[name]), (ledger, balance)
        yield tie(pack, schedule.id, says=schedule.says, left=left, right=right)


def _unsettled(pack: ClosePack, rows: Sequence[AccountRow]) -> Iterator[TieOut]:
    """Tie open items to their accounts; to those that manual journals may use it cannot hold."""
    accounts = [
        number
        for number, schedule in pack.schedules.items()
        if schedule == "unsettled" and not pack.accounts[number].manual
    ]
    if not accounts:
        return
    table = pack.reports["unsettled"].table
    table = table.filter(pc.and_(table["posted"], pc.is_in(table["account"], pa.array(accounts))))
    held = [numbers.exact_sum(figures(table, name)) for name in ("amount_base", "revalued_base")]
    columns = ("Unsettled_AmountBase", "Unsettled_RevaluedBase")[: 2 if pack.foreign else 1]
    terms = (
        f'SUMIFS({column},Unsettled_Account,"{number}",Unsettled_Posted,"yes")'
        for number in accounts
        for column in columns
    )
    mine = [row for row in rows if row.number in accounts]
    yield tie(
        pack,
        "UNSETTLED",
        says="Unsettled: posted items, as revalued, are the ledger's receivable and payable",
        left=("+".join(terms), sum(held)),
        right=(closing_of(accounts), total_of(mine, "closing")),
    )


def _dividends(pack: ClosePack) -> Iterator[TieOut]:
    """Show the open dividends; manual journals may use their accounts, so these enter as booked."""
    if "entitlements" not in pack.reports:
        return
    held = _sum(pack, "entitlements", column="carrying_base")
    says = "Dividends: recognised and not yet paid, those on shorts negative, are as booked"
    left = ("SUM(Dividends_CarryingBase)", held)
    yield tie(pack, "DIVIDENDS", says=says, left=left, right=("", held))


def _bases(pack: ClosePack) -> Iterator[TieOut]:
    """Prove the differences between two bases: what net assets differ by has its reason."""
    made = pack.reports.get("basis-difference")
    if made is None or not made.table.num_rows:
        return
    held, equity, profit = (
        _sum(pack, made.name, column=name) for name in ("net_assets", "equity", "profit")
    )
    yield tie(
        pack,
        "bases",
        says="Bases: what net assets differ by is what equity and profit differ by",
        left=("SUM(Bases_NetAssets)", held),
        right=("SUM(Bases_Equity)+SUM(Bases_Profit)", equity + profit),
    )


def _sum(pack: ClosePack, report: str, *, column: str) -> int:
    return numbers.exact_sum(figures(pack.reports[report].table, column))


def _rounded(formula: str, decimals: int) -> str:
    """Return a formula whose floating remainders around zero are gone."""
    return f"ROUND({formula},{decimals})"


def _with_verdict(tie_out: TieOut, check: Check | None) -> TieOut:
    if check is None:
        return tie_out
    verdict = tie_out.verdict and check.verdict
    return replace(tie_out, verdict=verdict, note=check.note)


def _of_engine(check: Check) -> TieOut:
    values = (check.left, check.right)
    return TieOut(
        check.id, check.description, "", "", values, check.decimals, check.verdict, check.note
    )
