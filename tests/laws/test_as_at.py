"""What a report said as at a batch it says for ever: the third clock, on disk.

2 examples, each a books folder of its own; the tolerance is zero.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws.facts import FOLDER, day

from subledger.errors import Refused
from subledger.operations.books import Books, open_books
from subledger.operations.closing import close
from subledger.operations.importing import Delivery, import_bytes
from subledger.operations.marking import mark
from subledger.operations.posting import post
from subledger.operations.reporting import REPORTS, report, view_of
from subledger.statements.report import report_csv

HEAD = (
    "trade_id,version,status,trade_date,settlement_date,settled_date,book,broker_account,strategy,"
    "instrument,side,quantity,price,currency,commission\n"
)
TRADES = (
    "T1,1,confirmed,2022-09-01,2022-09-06,,B1,K1,S1,AAA,buy,10,100,USD,1.00",
    "T1,1,settled,2022-09-01,2022-09-06,2022-09-06,B1,K1,S1,AAA,buy,10,100,USD,1.00",
    "T1,2,settled,2022-09-01,2022-09-06,2022-09-06,B1,K1,S1,AAA,buy,12,100,USD,1.20",
    "T2,1,settled,2022-09-08,2022-09-12,2022-09-12,B2,K1,S2,AAA,sell,15,101.5,USD,-0.40",
    "T3,1,confirmed,2022-09-02,2022-09-07,,B1,K1,S1,AAA,sell,4,99,USD,0.10",
    "T3,1,cancelled,2022-09-02,2022-09-07,,B1,K1,S1,AAA,sell,4,99,USD,0.10",
)
OTHERS = {
    "cash": "event_id,date,kind,broker_account,book,currency,amount\n"
    "C1,2022-09-01,contribution,K1,B1,USD,5000.00\n",
    "settlements": "trade_id,event_id,date,status\nT3,S1,2022-09-09,failed\n",
}
SETTINGS = """\
chart = "chart_of_accounts/prop-us"
[entity]
name = "Law"
base = "USD"
[basis.US-GAAP]
post_status = "confirmed"
[basis.US-TAX]
post_status = "confirmed"
valuation = "cost"
fees = "capitalise"
lots.pool_by = ["broker_account", "instrument"]
"""


def opened(folder: Path) -> Books:
    """Return new books with an instrument and its prices."""
    (folder / "subledger.toml").write_text(SETTINGS, encoding="utf-8")
    shutil.copytree(FOLDER, folder / "chart_of_accounts" / FOLDER.name)
    books = open_books(folder)
    instruments = b"instrument,asset_class,currency,exchange\nAAA,equity,USD,XNYS\n"
    import_bytes(books, Delivery("instruments", "instruments.csv", instruments))
    prices = b"date,instrument,price\n2022-09-09,AAA,98\n2022-09-30,AAA,103.37\n"
    import_bytes(books, Delivery("prices", "prices.csv", prices))
    return books


def said(books: Books, as_at: int) -> Iterator[tuple[str, str, str]]:
    """Yield every report of the first basis, and some of the other, as at a batch, as CSV."""
    for basis, names in (("US-GAAP", tuple(REPORTS)), ("US-TAX", ("trial-balance", "lots"))):
        view = view_of(books, "2022-09", basis=basis, as_at=as_at)
        for name in names:
            yield basis, name, report_csv(report(view, name), view.units)


def run(books: Books, command: str) -> None:
    """Run a command; one that is refused is part of the history too."""
    try:
        if command == "post":
            post(books)
        elif command == "mark":
            mark(books, day(-15))
        elif command == "close":
            close(books, "2022-09")
        else:
            kind, _, data = command.partition(":")
            import_bytes(books, Delivery(kind, f"{kind}.csv", data.encode()))
    except Refused:
        pass


commands = st.permutations(
    [
        *(f"trades:{HEAD}{trade}\n" for trade in TRADES),
        *(f"{kind}:{text}" for kind, text in OTHERS.items()),
        "post",
        "mark",
        "post",
    ]
)


@settings(max_examples=2)
@given(commands)
def test_a_report_as_at_a_batch_never_changes(order: list[str]) -> None:
    """Invariant 38, tolerance zero: whatever is imported, posted, marked and closed afterwards."""
    with TemporaryDirectory() as folder:
        books = opened(Path(folder))
        first: dict[int, list[tuple[str, str, str]]] = {}
        for command in [*order, "post", "close", f"trades:{HEAD}{TRADES[3]}9\n", "post"]:
            run(books, command)
            last = books.control.read().as_at
            first.setdefault(last, list(said(books, last)))
        assert {seq: list(said(books, seq)) for seq in first} == first
        assert len(first) >= len(TRADES)
        assert [close.period for close in books.control.read().closes("US-GAAP")] == ["2022-09"]
