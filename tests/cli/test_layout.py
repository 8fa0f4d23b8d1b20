from __future__ import annotations

import io
import os
import shutil
import sys

import pytest

from subledger.cli.layout import grouped, plain, show
from subledger.cli.listing import Listing, amounts, counts, csv_text, texts

LISTING = Listing(
    "sample",
    "Sample",
    texts("name", "ok") | counts("row") | amounts("amount"),
    [("[b]Café 東京[/b]", True, 1234, "1234.50"), ("Loss", False, None, "-1000000.00")],
    {"amount": "-998765.50"},
    {"basis": "US-GAAP"},
)


@pytest.mark.parametrize(
    ("exact", "shown"),
    [
        ("0", "0"),
        ("-0.50", "(0.50)"),
        ("1234567.891", "1,234,567.891"),
        ("-9223372036854775808", "(9,223,372,036,854,775,808)"),
    ],
)
def test_a_figure_is_grouped_and_a_negative_one_stands_in_parentheses(
    exact: str, shown: str
) -> None:
    assert grouped(exact) == shown


def test_a_plain_table_has_its_full_width_and_digits_below_digits() -> None:
    assert plain(LISTING) == (
        "Sample, US-GAAP\n\n"
        "name              ok    row          amount\n"
        "----------------  ---  ----  --------------\n"
        "[b]Café 東京[/b]  yes  1234       1,234.50\n"
        "Loss              no         (1,000,000.00)\n"
        "----------------  ---  ----  --------------\n"
        "Total                          (998,765.50)\n"
    )


def test_csv_keeps_exact_values() -> None:
    assert csv_text(LISTING) == (
        "name,ok,row,amount\n[b]Café 東京[/b],true,1234,1234.50\nLoss,false,,-1000000.00\n"
    )


@pytest.mark.parametrize("columns", [44, 30])
def test_a_terminal_folds_text_and_never_shortens_a_figure(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(shutil, "get_terminal_size", lambda *_: os.terminal_size((columns, 24)))
    monkeypatch.setenv("COLUMNS", str(columns))
    show(LISTING)
    for text in ("1,234.50", "(1,000,000.00)", "(998,765.50)", "[b]Caf", "Total"):
        assert text in out.getvalue()
