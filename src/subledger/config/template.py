"""The subledger.toml of a new books folder: a template's settings with a comment on each key."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from subledger.config.settings import annotation_at, parse_settings
from subledger.errors import refuse

_NOT_IN_TAX = (
    "wash sales, straddles, constructive sales, mark-to-market elections and section 1256 contracts"
)

_PROP_US: dict[str, Any] = {
    "chart": "chart_of_accounts/prop-us",
    "entity": {"name": "Example Trading LLC", "base": "USD"},
    "currencies": {"USD": {"decimals": 2}},
    "basis": {
        "US-GAAP": {
            "recognition": "trade_date",
            "post_status": "settled",
            "valuation": "fair_value",
            "fees": "expense",
            "fx_split": "disposal_rate",
            "cash_fx": "day_rate",
            "dividends": "ex_date",
            "fiscal_year_start": "01-01",
            "lots": {
                "method": "FIFO",
                "pool_by": ["book", "strategy", "broker_account", "instrument"],
                "allow_short": True,
            },
        },
        "US-TAX": {
            "recognition": "trade_date",
            "post_status": "settled",
            "valuation": "cost",
            "fees": "capitalise",
            "fx_split": "disposal_rate",
            "cash_fx": "fifo",
            "dividends": "pay_date",
            "fiscal_year_start": "01-01",
            "not_included": _NOT_IN_TAX,
            "lots": {
                "method": "FIFO",
                "pool_by": ["broker_account", "instrument"],
                "allow_short": True,
            },
        },
    },
    "rates": {"max_age": 5},
    "store": {"url": "sqlite:///store/control.db"},
    "tolerance": {"gross": "0.01", "settlement": "0.01"},
}

_PROP_IFRS: dict[str, Any] = _PROP_US | {
    "chart": "chart_of_accounts/prop-ifrs",
    "entity": {"name": "Example Trading Ltd", "base": "EUR"},
    "currencies": {"EUR": {"decimals": 2}},
    "basis": {"IFRS": _PROP_US["basis"]["US-GAAP"]},  # held for trading: the same policies
}

TEMPLATES: Mapping[str, Mapping[str, Any]] = {"prop-us": _PROP_US, "prop-ifrs": _PROP_IFRS}

_HEAD = """\
# The settings of this books folder. Every key is checked when a command starts; an unknown key or
# value is refused. A policy that differs for a book, a broker account or an asset class, or from a
# date on, stands in [[basis.NAME.override]]. Decimals are fixed at the first posting.
"""

_SECTION_COMMENTS = {
    "currencies": "Decimals of the ledger unit, 0 to 8; other currencies have those of ISO 4217.",
    "basis": "An accounting basis: its own entries, lots and reports over the same events.",
    "rates": "Exchange rates.",
    "store": "The control database; the path is relative to this folder.",
    "tolerance": "How far a stated amount may lie from the computed one, in its currency.",
    "ledger": "The ledger files of a month.",
    "sources": "A file that each month must bring.",
    "intake": "What a broker's format may round.",
}

_KEY_COMMENTS = {
    "chart": "accounts, slots, posting rules and statements of this folder",
    "name": "the legal entity whose books these are",
    "base": "its base currency",
    "recognition": "the only one offered yet",
    "post_status": "settled: once settlement is known | confirmed: also unsettled and failed",
    "valuation": "fair_value: marked through income | cost: never marked",
    "fees": "expense | capitalise: into cost and out of proceeds",
    "fx_split": "disposal_rate | acquisition_rate: at which the price part of a gain is translated",
    "cash_fx": "foreign cash is spent at: day_rate | average | fifo",
    "dividends": "recognised on: ex_date | pay_date",
    "fiscal_year_start": "month and day",
    "not_included": "printed on the reports of this basis",
    "lots.method": "FIFO | LIFO | HIFO | LOFO | AVERAGE | SPECIFIC: lots that the trade names",
    "lots.pool_by": "lots are relieved within one pool",
    "lots.allow_short": "false: a sale beyond the position is refused",
    "lots.rank_with_fees": "false: HIFO and other rankings leave fees aside",
    "max_age": "days",
    "pivot": "cross rates go through it",
    "gross": "quantity x price x multiplier",
    "settlement": "net amount",
    "detail": "full | summary: sums per day and owner | auto: those above 100,000 entries",
}


def settings_text(template: str, overrides: Mapping[str, object] | None = None) -> str:
    """Return the commented subledger.toml of a template, with single keys set otherwise.

    Args:
        template: A name of TEMPLATES.
        overrides: Values by key path, as in `{"basis.US-GAAP.lots.method": "FIFO"}`. A text is
            read as the key's type asks: "6" for a number, "false", "book,instrument" for a list.

    Raises:
        Refused: UNKNOWN_TEMPLATE, or every finding about the keys and values given.
    """
    if template not in TEMPLATES:
        offered = ", ".join(sorted(TEMPLATES))
        raise refuse("UNKNOWN_TEMPLATE", f"offered: {offered}", column="template", value=template)
    settings = copy.deepcopy(dict(TEMPLATES[template]))
    for path, value in (overrides or {}).items():
        _set(settings, path, value=value)
    text = _render(settings)
    parse_settings(text.encode(), Path(), file="settings")
    return text


def _set(settings: dict[str, Any], path: str, *, value: object) -> None:
    """Set one key; the tables above it are made where they are missing."""
    *tables, key = path.split(".")
    table: Any = settings
    for name in tables:
        table = table.setdefault(name, {}) if isinstance(table, dict) else None
    if not key or "" in tables or not isinstance(table, dict):
        raise refuse("SETTING_UNKNOWN", "there is no such key", file="settings", column=path)
    if isinstance(table.get(key), dict) or not isinstance(value, str | int | list | tuple | date):
        raise refuse(
            "SETTING_VALUE",
            "one value is needed here",
            file="settings",
            column=path,
            value=str(value),
        )
    table[key] = _read(value, annotation_at(tuple(path.split("."))))


def _read(
    value: str | int | list[Any] | tuple[Any, ...] | date,
    kind: Any,  # noqa: ANN401 - a type
) -> object:
    """Read a text as the key's type asks; what cannot be read so is left for the validation."""
    if isinstance(value, tuple):
        return list(value)
    if not isinstance(value, str) or kind is str or get_origin(kind) is Literal:
        return value
    if get_origin(kind) is tuple and not value.lstrip().startswith("["):
        return [part.strip() for part in value.split(",")]
    if kind in {int, bool} or get_origin(kind) is tuple or int in get_args(kind):
        try:
            return tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            return value
    return value


def _render(settings: Mapping[str, Any]) -> str:
    """Write the settings as TOML, top-level keys first, each table under its header."""
    lines = [_HEAD.rstrip()]
    lines += [_key_line(key, settings[key]) for key in settings if not _is_section(settings[key])]
    for name, section in settings.items():
        if not _is_section(section):
            continue
        tables = {name: section}
        if name in {"currencies", "basis", "intake"}:
            tables = {f"{name}.{_key(inner)}": table for inner, table in section.items()}
        for header, table in tables.items():
            lines.append("")
            if name in _SECTION_COMMENTS:
                lines.append(f"# {_SECTION_COMMENTS[name]}")
            lines.append(f"[{header}]")
            lines += [_key_line(key, value) for key, value in _flat(table)]
    return "\n".join(lines) + "\n"


def _is_section(value: object) -> bool:
    return isinstance(value, Mapping)


def _flat(table: object, prefix: str = "") -> list[tuple[str, object]]:
    """Return the keys of a table with inner tables as dotted keys."""
    if not isinstance(table, Mapping):
        return [(prefix.rstrip("."), table)]
    return [row for key, value in table.items() for row in _flat(value, f"{prefix}{_key(key)}.")]


def _key_line(key: str, value: object) -> str:
    comment = _KEY_COMMENTS.get(key, "")
    line = f"{key} = {_toml(value)}"
    return f"{line}  # {comment}" if comment else line


def _key(name: str) -> str:
    """Return a bare key where TOML allows one, else a quoted one."""
    bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if bare else json.dumps(name)


def _toml(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case date():
            return value.isoformat()
        case list():
            return f"[{', '.join(_toml(item) for item in value)}]"
        case _:
            return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
