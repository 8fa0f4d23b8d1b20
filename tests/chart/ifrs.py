"""What prop-ifrs changes of prop-us: three of its files are those of prop-us but for these lists.

`python -m tests.chart.ifrs` writes the three anew after prop-us has changed; what changes is then
to be read. The fourth file, statements.toml, is written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_CHARTS = Path(__file__).resolve().parents[2] / "chart_of_accounts"
US, IFRS = _CHARTS / "prop-us", _CHARTS / "prop-ifrs"


class Difference(NamedTuple):
    """What stands here in the place of what stands in prop-us, and why."""

    here: str
    reason: str


_AMERICAN = "ASC 946-830-45 does not bind under IFRS"
_GAIN = "House rule: realised gain from {}, the lot's unrealised gain released;"
_MARK = (
    "House rule: unrealised gain is a level per lot, its change is profit or loss; the FX part is"
    " profit or loss as the gain is (IAS 21.30, read in a secondary source), apart by house rule"
)
_DISPOSED = " FX split by house rule (policy fx_split)"

SOURCES: Mapping[str, Difference] = {
    "trade.long.open": Difference(
        "Regular way purchase on trade date by IFRS 9 B3.1.3-B3.1.6, fees expensed by IFRS 9 5.1.1"
        " (both read in a secondary source; policies recognition, fees)",
        "IFRS 9 says both; in prop-us they are rules of the house",
    ),
    "trade.short.open": Difference(
        "A short sale is a liability held for trading from trade date, fees expensed by IFRS 9"
        " 5.1.1 (both read in a secondary source; policy fees); a written option by house rule",
        "IFRS 9 says both; in prop-us they are rules of the house",
    ),
    "trade.long.close": Difference(_GAIN.format("original cost") + _DISPOSED, _AMERICAN),
    "trade.short.close": Difference(_GAIN.format("opening proceeds") + _DISPOSED, _AMERICAN),
    "mark.long": Difference(_MARK, _AMERICAN),
    "mark.short": Difference(_MARK, _AMERICAN),
    "revaluation": Difference(
        "Monetary items stand at the closing rate by IAS 21.23 (read in a secondary source); the"
        " change is unrealised FX",
        "IAS 21 says it; in prop-us it is a rule of the house",
    ),
}
"""Rules with another source. Nothing else of a rule differs: what it posts is the same."""

ACCOUNT_NAMES: Mapping[str, Difference] = {
    number: Difference(name, "the words of IFRS statements; a heading, to which nothing is posted")
    for number, name in {
        "1100": "Amounts due from brokers",
        "1200": "Financial assets at fair value through profit or loss",
        "1700": "Property plant equipment and intangible assets",
        "2100": "Amounts due to brokers",
        "2200": "Financial liabilities at fair value through profit or loss",
        "2600": "Owed to owners",
        "2700": "Borrowings",
        "3000": "Equity",
        "6100": "Transaction costs",
    }.items()
}
"""Accounts of another name. Accounts to which lines are posted keep theirs, as in the ledger."""

_ONE_LINE = "realised and unrealised gains are one line at fair value through profit or loss"

ACCOUNT_LINES: Mapping[str, Difference] = {
    "1430": Difference("current-tax-assets", "a line of its own by IAS 1.54(n)"),
    "2470": Difference("current-tax-liabilities", "a line of its own by IAS 1.54(n)"),
    "4110": Difference("fair-value-gains", _ONE_LINE),
    "4120": Difference("fair-value-gains", _ONE_LINE),
    "4210": Difference("fair-value-gains", _ONE_LINE),
    "4220": Difference("fair-value-gains", _ONE_LINE),
}
"""Accounts on another line of the statements."""

_WORDS = {
    "accounts.toml": {
        "of a US proprietary trading firm": "of a proprietary trading firm under IFRS",
        'name = "prop-us"': 'name = "prop-ifrs"',
        "# Members' equity": "# Equity",
    },
    "slots.toml": {'bases = ["US-GAAP"]': 'bases = ["IFRS"]'},
    "posting_rules.toml": {
        "# Posting rules: for each cell of": "# Posting rules: those of prop-us, some with another"
        " source.\n#\n# For each cell of"
    },
}


def derived(file: str) -> str:
    """Return the text of a file of prop-ifrs, made of that of prop-us."""
    text = (US / file).read_text(encoding="utf-8")
    for old, new in _WORDS[file].items():
        text = _once(text, re.escape(old), new)
    if file == "posting_rules.toml":
        for rule, source in SOURCES.items():
            place = rf'(?<=\nid = "{re.escape(rule)}"\n)((?:(?!source).*\n)*?source = )".*"'
            text = _once(text, place, rf'\g<1>"{source.here}"')
    if file == "accounts.toml":
        for number, name in ACCOUNT_NAMES.items():
            text = _once(text, rf'(\n{number} = {{ name = )"[^"]*"', rf'\g<1>"{name.here}"')
        for number, line in ACCOUNT_LINES.items():
            place = rf'(\n{number} = .*statement_line = )"[^"]*"'
            text = _once(text, place, rf'\g<1>"{line.here}"')
    return text


def _once(text: str, place: str, new: str) -> str:
    changed, count = re.subn(place, new, text)
    assert count == 1, f"{place} is there {count} times"
    assert changed != text, f"{place} says {new} already"
    return changed


DERIVED = tuple(_WORDS)

if __name__ == "__main__":
    for name in DERIVED:
        (IFRS / name).write_text(derived(name), encoding="utf-8", newline="\n")
