"""How the workbook looks: number formats by decimals, and each cell style under one name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format

FONT = "Arial"
INK = "#1F3864"
BAND = "#DCE6F1"
RULE = "#8EA9C8"
QUIET = "#595959"
BAD_INK, BAD_FILL = "#9C0006", "#FFC7CE"
GOOD_INK = "#1E6B2E"

DAY = "yyyy\\-mm\\-dd"
PRICE = "#,##0.00######_);(#,##0.00######)"
RATE = "#,##0.00000000_);(#,##0.00000000)"
SHARE = '#,##0.0%_);(#,##0.0%);"\u2013"_)'

_STYLES: Mapping[str, Mapping[str, Any]] = {
    "entity": {"bold": True, "font_size": 14, "font_color": INK},
    "title": {"bold": True, "font_size": 12, "font_color": INK},
    "caption": {"font_color": QUIET},
    "note": {"italic": True, "font_color": QUIET},
    "notice": {"bold": True, "font_color": BAD_INK},
    "text": {},
    "bold": {"bold": True},
    "wrapped": {"text_wrap": True, "valign": "vcenter"},
    "section": {"bold": True, "font_color": INK, "bottom": 1, "bottom_color": RULE},
    "heading": {
        "bold": True,
        "bg_color": BAND,
        "font_color": INK,
        "bottom": 1,
        "bottom_color": INK,
        "text_wrap": True,
        "valign": "vcenter",
    },
    "group": {"bold": True, "font_color": INK, "font_size": 10},
    "quiet": {"font_color": QUIET, "font_size": 8, "indent": 1},
    "link": {"font_color": "#0563C1", "underline": 1},
    "verdict": {"bold": True, "align": "center", "font_color": GOOD_INK},
    "bad": {"bold": True, "font_color": BAD_INK, "bg_color": BAD_FILL},
    "signature": {"bottom": 1, "bottom_color": QUIET},
}


def one_sided(decimals: int) -> str:
    """Return the format of a debit or credit column: the side that is zero stays empty."""
    return number_format(decimals).rpartition(";")[0] + ";"


def number_format(decimals: int, *, currency: str = "") -> str:
    """Return the format of amounts: negatives in parentheses, zero as a dash, digits aligned."""
    digits = "#,##0" + (f".{'0' * decimals}" if decimals else "")
    unit = f"[${currency}]\\ " if currency else ""
    return f'{unit}{digits}_);{unit}({digits});{unit}"\u2013"_)'


class Formats:
    """The formats of one workbook; equal requests return one format, in order of first use."""

    def __init__(self, workbook: xlsxwriter.Workbook) -> None:
        self._workbook = workbook
        self._made: dict[tuple[tuple[str, object], ...], Format] = {}

    def style(self, name: str, **extra: object) -> Format:
        """Return a named style, with further properties of XlsxWriter where given."""
        return self._format({**_STYLES[name], **extra})

    def number(self, decimals: int, **extra: object) -> Format:
        """Return the format of an amount with that many decimals."""
        return self._format({"num_format": number_format(decimals), **extra})

    def pattern(self, num_format: str, **extra: object) -> Format:
        """Return a format with a number format of its own; "" is plain text."""
        return self._format({"num_format": num_format, **extra} if num_format else extra)

    def total(self, decimals: int, *, final: bool = False, bold: bool = True) -> Format:
        """Return the format of a sum: a line above it and, under the last one, a double line."""
        below = {"bottom": 6} if final else {}
        return self.number(decimals, bold=bold, top=1, **below)

    def _format(self, properties: Mapping[str, object]) -> Format:
        wanted = {"font_name": FONT, "font_size": 9, **properties}
        key = tuple(sorted(wanted.items()))
        if key not in self._made:
            self._made[key] = self._workbook.add_format(wanted)
        return self._made[key]
