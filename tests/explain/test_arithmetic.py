"""Every figure that is explained can be worked out again from what is printed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.explain.arithmetic import equations, is_right

from subledger.operations.books import Books, open_books
from subledger.operations.closing import close
from subledger.operations.creating import create
from subledger.operations.explaining import explain_data
from subledger.operations.importing import Delivery, import_bytes
from subledger.operations.posting import post
from subledger.tables import ENTRIES, LOTS, RELIEFS

FIRM = Path(__file__).resolve().parents[1] / "books" / "sample_firm"
SAMPLE = 2  # of each kind of id, spread over all there are


def test_the_reader_of_figures_rounds_half_to_even_and_finds_what_is_wrong() -> None:
    right = [
        "3.33 = round(10.00 x 1 / 3) - 0.00",
        "2.22 = round(2.225) = round(89 x 0.025)",
        "-1.50 = (-1.00) - 0.50",
        "0.00 = 0",
    ]
    wrong = ["3.34 = round(10.00 x 1 / 3) - 0.00", "2.23 = round(2.225)", "0.01 = 0"]
    assert [is_right(figures) for figures in right + wrong] == [True] * 4 + [False] * 3


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Books:
    """The sample firm, posted and closed month by month."""
    folder = tmp_path_factory.mktemp("firm") / "books"
    settings = {f"basis.{basis}.post_status": "confirmed" for basis in ("US-GAAP", "US-TAX")}
    create(folder, settings=settings | {"rates.pivot": "EUR"})
    books = open_books(folder)
    for step in tomllib.loads((FIRM / "steps.toml").read_text(encoding="utf-8"))["step"]:
        match step["do"]:
            case "import":
                data = (FIRM / step["file"]).read_bytes()
                import_bytes(books, Delivery(step["kind"], step["file"], data))
            case "post":
                post(books)
            case "close":
                close(books, step["period"])
    return books


def spread(ids: list[str]) -> list[str]:
    """Return some of many ids, evenly spread."""
    return ids[:: max(len(ids) // SAMPLE, 1)][:SAMPLE]


def sampled(books: Books, basis: str) -> Iterator[str]:
    """Yield an entry of every kind of event and rule, reversed ones too, and other ids."""
    reading = books.control.read()
    entries = reading.rows(ENTRIES, basis=basis)
    kinds: dict[tuple[str, ...], list[str]] = {}
    gone = set(entries["reverses"].to_pylist())
    for row in entries.to_pylist():
        standing = "reversed" if row["entry_id"] in gone else row["kind"]
        key = (standing, row["event_kind"], row["rule"], str(row["leg"]))
        kinds.setdefault(key, []).append(row["entry_id"])
    for ids in kinds.values():
        yield ids[len(ids) // 2]
    for period in reading.periods("reliefs", basis):
        reliefs = reading.latest(RELIEFS, basis=basis, period=period)
        assert reliefs is not None
        yield from spread(reliefs["relief_id"].to_pylist())
    yield from spread(sorted(set(reading.facts("trades")["trade_id"].to_pylist())))
    yield from spread(reading.facts("cash")["event_id"].to_pylist())


def explained(books: Books, identifier: str, basis: str) -> Any:
    return explain_data(books, identifier, basis=basis)["rows"]


@pytest.mark.parametrize("basis", ["US-GAAP", "US-TAX"])
def test_every_equation_of_the_sample_firm_is_right(firm: Books, basis: str) -> None:
    ids = list(sampled(firm, basis))
    found = [
        (identifier, equation)
        for identifier in ids
        for node in explained(firm, identifier, basis)
        for equation in equations(node)
    ]
    assert len(ids) > 50
    assert len(found) > 300
    assert [one for one in found if not is_right(one[1]["figures"])] == []


def test_what_is_open_of_a_lot_is_what_the_state_says(firm: Books) -> None:
    state = firm.control.read().latest(LOTS, basis="US-GAAP", period="2022-11")
    assert state is not None
    carried = [lot for lot in state.to_pylist() if lot["closed"] and lot["mark"]]
    at_home = [lot for lot in carried if lot["currency"] == "USD"]
    abroad = [lot for lot in carried if lot["currency"] != "USD"]
    assert min(len(at_home), len(abroad)) >= 1
    for lot in [*at_home[:SAMPLE], *abroad[:SAMPLE]]:
        nodes = explained(firm, lot["lot_id"], "US-GAAP")
        node = next(one for one in nodes if one["kind"] == "lot")
        open_now = node["children"][-1]["arithmetic"]
        cost = [("cost", "relieved"), ("cost_base", "relieved_base")]
        marks = [(name, f"{name}_released") for name in ("mark_local", "mark", "mark_fx")]
        if lot["currency"] == "USD":
            cost, marks = cost[:1], marks[1:2]
        assert [equation["figures"].split(" = ")[0] for equation in open_now] == [
            str(lot["opened"] - lot["closed"]),
            *(cents(lot[whole] - lot[gone]) for whole, gone in [*cost, *marks]),
        ]


def cents(amount: int) -> str:
    return f"{'-' if amount < 0 else ''}{abs(amount) // 100}.{abs(amount) % 100:02d}"
