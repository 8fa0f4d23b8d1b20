"""The files of periods written before, taken as they are when the next period is written.

What the ledger has used so far is read back from its own accounts file, so that no journal of an
earlier period is opened again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from subledger.errors import InvariantError
from subledger.exports.beancount_accounts import AccountBook
from subledger.exports.beancount_frame import (
    ACCOUNTS,
    COMMODITIES,
    FRAME,
    MAIN,
    SUMMARIES,
    frame_files,
)
from subledger.exports.beancount_input import LedgerContext
from subledger.exports.beancount_seal import SUFFIX
from subledger.exports.beancount_text import LedgerText
from subledger.exports.beancount_uses import Use, uses_table

_OPEN = re.compile(r"(?P<date>[0-9-]{10}) open (?P<name>\S+)(?P<only> \S+)?\n")
_PAIR = re.compile(r'^  (gl-code|book|instrument|part): "([^"\\]*)"$', re.MULTILINE)
_NAMING = re.compile(r"[0-9-]{10} (?:open|commodity) .*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class WrittenLedger:
    """The files of the periods so far by name, and the accounts that they use (USES).

    `summaries` are the periods among them that are told in daily sums.
    """

    files: Mapping[str, LedgerText]
    uses: pa.Table
    summaries: Sequence[str] = ()


def written_ledger(context: LedgerContext, files: Mapping[str, LedgerText]) -> WrittenLedger | None:
    """Return what was written before from all files of a ledger, or None if it must be rewritten.

    It must be where an account or an instrument would not get the same name any more, for one
    ledger cannot hold both names. Only the files that frame the periods are read.
    """
    texts = {name: files[name].read() for name in FRAME}
    rows = list(_uses(texts[ACCOUNTS]))
    plain = AccountBook(context.accounts).plain
    if not all(_is_of(row.name, plain.get(row.account, "")) for row in rows):
        return None
    uses = uses_table(iter(rows))
    again = frame_files(context, uses, files=())
    for name in (ACCOUNTS, COMMODITIES):
        if not set(_NAMING.findall(texts[name])) <= set(_NAMING.findall(again[name])):
            return None
    periods = (name for name in files if name.endswith(SUFFIX) and name not in FRAME)
    own = {name: files[name] for name in periods}
    return WrittenLedger(own, uses, summaries_of(texts[MAIN]))


def summaries_of(main: str) -> list[str]:
    """Return the periods that the main file says are told in daily sums."""
    said = next((line for line in main.split("\n") if line.startswith(SUMMARIES)), SUMMARIES)
    return said.removeprefix(SUMMARIES).split()


def _is_of(name: str, account: str) -> bool:
    return f"{name}:".startswith(f"{account}:")


def _uses(accounts: str) -> Iterator[Use]:
    """Yield a row of USES per account that the text opens."""
    for block in re.split(r"^(?=[0-9])", accounts, flags=re.MULTILINE)[1:]:
        opened = _OPEN.match(block)
        if opened is None:
            raise InvariantError(f"the ledger's accounts file opens nothing: {block[:80]}")
        known = dict(_PAIR.findall(block))
        residue = "part" in known
        yield Use(
            name=opened["name"],
            account=known["gl-code"],
            book=known.get("book", ""),
            instrument=known.get("instrument", ""),
            units=opened["only"] is not None and not residue,
            residue=residue,
            first_date=date.fromisoformat(opened["date"]),
        )
