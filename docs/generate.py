"""Writes the generated pages of the manual: codes, commands, files, postings, rules, tables.

Usage: `python docs/generate.py` writes, `python docs/generate.py --check` exits 1 when a page is
not what would be written.
"""

from __future__ import annotations

import argparse
import importlib.util
import inspect
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import typer

from subledger import tables
from subledger.chart import Chart, load_chart, manual_table
from subledger.chart.decision import boxes
from subledger.chart.measures import cells, identities_of
from subledger.cli.app import app
from subledger.errors import CODES, Code, Exit
from subledger.events.columns import Column
from subledger.events.grammar import PARSERS
from subledger.events.kinds import KINDS
from subledger.events.reading import Kind
from subledger.tables import booked, facts, inputs

HERE = Path(__file__).resolve().parent
CHART = HERE.parent / "chart_of_accounts" / "prop-us"

_EXITS = {
    Exit.FINDINGS: "a check failed, or an exception is open",
    Exit.USAGE: "the command was not asked rightly",
    Exit.REFUSED: "input is refused; nothing was done",
    Exit.CLOSED: "a period is closed or locked, or an approval is missing",
    Exit.INTEGRITY: "what is stored is not what was written",
    Exit.BUG: "a fault of the program",
    Exit.CANNOT_WRITE: "the machine cannot write",
    Exit.IO: "the machine cannot read",
    Exit.BUSY: "another command is at work",
    Exit.OK: "notes: recorded and printed, refusing nothing",
}
_ERRORS = """\
What is refused says what was found, where (file, row, column, value), a code that never changes
its meaning, and what to do. In Python it is `subledger.Refused` with `.findings`. On the command
line the exit code is that of the gravest finding. `subledger explain CODE` prints one code.
"""
_FILES = """\
`subledger import KIND FILE`, where KIND is a heading below. A file's columns are found by their
names in line 1, in any order. Columns that are not named here are refused unless `--mapping` says
otherwise. Empty is the only way to say that something is not given. A file is taken as a whole or
not at all, and every finding of it is named at once.

CSV, Parquet and xlsx carry the same columns and get the same verdicts. `--format` names one of
them; without it the first bytes decide.

- **csv** is UTF-8 (a byte-order mark and CRLF are accepted) and comma-separated.
- **parquet**: text, integers, decimals, dates, booleans, and timestamps with a zone. Null is empty.
  A column of floats is refused, since a float states no decimal exactly. The first row is row 2.
- **xlsx**: the first sheet, its header in row 1; rows are numbered as the sheet numbers them. Text,
  dates, true and false, and numbers of at most 15 significant digits as the cell holds them, not as
  its format shows them. A date with a time has no zone and is refused; write instants as text. Of a
  formula the stored value counts; one that was never computed is refused, and so is an error.

A CSV or Parquet file has at most 2 GB and 20 million rows, a workbook 100 MB inflated.
"""
_RULES = """\
The rules of the template `prop-us` as shipped. Yours are in the same files of your books folder;
`subledger rules explain EVENT` prints them with your accounts, and
[change-a-rule.md](change-a-rule.md) says how to change them. An amount is the name of a measure.
The measure decides the currency of its line; the head of `posting_rules.toml` says which. The
identities below are what the engine guarantees; the proof of balance rests on them: the lines of
each currency sum to zero, and all lines in base. `local:` and `base:` mark an identity that holds
in one of the two only. Amounts of a trade are positive; a line of amount zero is left out. Where
several accounts stand, an override of the slot chooses one.
"""
_TABLES = """\
The tables inside the program and in the Parquet segments of `store/segments`. Money is int64 in
ledger units: of the row's currency (`currency`) or of the base currency (`base`); with two decimals
12345 is 123.45. A quantity is int64 at the instrument's `quantity_decimals`. Debit is positive. An
empty text means not given.
"""
_COMMANDS = """\
Data goes to stdout, progress and refusals to stderr. `--format csv` and `json` print exact
decimals. JSON is `{"schema": "subledger.NAME/1", "meta": ..., "rows": ..., "totals": ...}` with
decimals as strings; `--format xlsx` is refused, since `subledger package` writes the workbook.
Options of the program itself stand before the command: `subledger --version`,
`subledger --traceback COMMAND`.
"""
_GRAMMAR = """
A required value that is empty is `EMPTY_VALUE`; another word than those listed is `NOT_A_CHOICE`; a
whole number below its least is `BELOW_MINIMUM`; digits beyond the decimals of the currency or the
instrument are `EXCESS_DECIMALS`.
"""
_FORM = """\
FILE_TOO_LARGE TOO_MANY_ROWS INVALID_UTF8 NUL_BYTE EMPTY_FILE BLANK_LINE WRONG_FIELD_COUNT
UNCLOSED_QUOTE MALFORMED_QUOTE FIELD_TOO_LONG DUPLICATE_COLUMN UNKNOWN_COLUMN MISSING_COLUMN
MAPPED_COLUMN_MISSING FORMAT_UNREADABLE INEXACT_COLUMN VALUE_TYPE EXCESS_PRECISION CELL_ERROR
FORMULA_WITHOUT_VALUE"""
_CODE = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")


def errors_page() -> str:
    """Return errors.md: a table of codes for each exit code."""
    parts = [
        _head("Every code", "src/subledger/errors"),
        _ERRORS,
    ]
    for status, meaning in _EXITS.items():
        codes = {name: code for name, code in sorted(CODES.items()) if code.exit == status}
        if codes:
            rows = [(f"`{name}`", code.meaning, _remedy(code)) for name, code in codes.items()]
            parts.append(f"## Exit {int(status)}: {meaning}\n")
            parts.append(_table(("code", "means", "what to do"), rows))
    return "\n".join(parts)


def _remedy(code: Code) -> str:
    remedy = (code.remedy[:1].upper() + code.remedy[1:]).removesuffix(".")
    return f"{remedy}.{' Can be waived.' if code.waivable else ''}"


def files_page() -> str:
    """Return files.md: every column of every canonical file, and the grammar of values."""
    notes = tomllib.loads((HERE / "notes.toml").read_text(encoding="utf-8"))
    parts = [
        _head("Every file", "src/subledger/events and docs/notes.toml"),
        _FILES,
        "## How values are written\n",
        _grammar(),
        f"Form of the file: {_codes(_FORM)}. Every code is in [errors.md](errors.md).\n",
    ]
    for kind in KINDS.values():
        parts += _file(kind, notes[kind.name])
    return "\n".join(parts)


def _grammar() -> str:
    rows = [
        (name, _sentence(parser), _codes(_source(parser)))
        for name, parser in PARSERS.items()
        if name != "choice"
    ]
    return _table(("value", "how it is written", "codes"), rows) + _GRAMMAR


def _sentence(function: Callable[..., object]) -> str:
    text = (inspect.getdoc(function) or "").splitlines()[0].split("; refuse ")[0]
    return text.removeprefix("Return ").removesuffix(".").replace("`", "")


def _source(parser: Callable[[str], object]) -> str:
    """Return the source of a parser with that of the functions beside it that it calls."""
    text, module = inspect.getsource(parser), sys.modules[parser.__module__]
    for name in dict.fromkeys(re.findall(r"\b(_?[a-z_]+)\(", text)):
        called = getattr(module, name, None)
        if inspect.isfunction(called) and called is not parser:
            text += inspect.getsource(called)
    return text


def _codes(text: str) -> str:
    """Return the codes that stand in a text, in their order, each once."""
    found = dict.fromkeys(name for name in _CODE.findall(text) if name in CODES)
    return ", ".join(f"`{name}`" for name in found)


def _file(kind: Kind, notes: Mapping[str, str]) -> Iterable[str]:
    unknown = notes.keys() - {column.name for column in kind.columns} - {"_"}
    if unknown:
        raise KeyError(f"notes.toml: {kind.name} has no column {', '.join(sorted(unknown))}")
    rows = [
        (f"`{one.name}`", "yes" if one.required else "", _value(one), notes[one.name])
        for one in kind.columns
    ]
    yield f"## {kind.name}\n\n{notes['_']}\n"
    yield _table(("column", "required", "value", "meaning"), rows)
    codes = _codes(inspect.getdoc(kind.read) or "")
    if codes:
        yield f"Refusals beyond the grammar, and notes: {codes}.\n"


def _value(column: Column) -> str:
    parts = [", ".join(column.choices) or column.kind]
    parts += [f"default {column.default}"] if column.default else []
    parts += [f"from {column.minimum}"] if column.minimum is not None else []
    return "; ".join(parts)


def rules_page() -> str:
    """Return rules.md: what every event posts, from the rules as shipped."""
    chart = load_chart({file.name: file.read_bytes() for file in sorted(CHART.glob("*.toml"))})
    parts = [
        _head("Every posting rule", "chart_of_accounts/prop-us"),
        _RULES,
    ]
    rows = manual_table(chart)
    for event, lines in groupby(rows, key=lambda row: row.event):
        parts.append(f"## {event}\n")
        for rule, group in groupby(lines, key=lambda row: (row.rule, row.basis)):
            found = list(group)
            shared = set.intersection(*(set(one.when.split(", ")) for one in found))
            when = ", ".join(one for one in found[0].when.split(", ") if one in shared)
            parts.append(f"### {rule[0]}\n\nWhen: {when or 'always'}. Basis: {rule[1]}.\n")
            parts.append(f"{found[0].source}.\n")
            cells_ = [
                (one.debit, one.credit, one.measure, _left(one.when, shared)) for one in found
            ]
            parts.append(_table(("debit", "credit", "amount", "only when"), cells_))
        parts += _identities(event)
    parts.append(_unbooked(chart))
    return "\n".join(parts)


def _left(when: str, shared: set[str]) -> str:
    return ", ".join(one for one in when.split(", ") if one not in shared)


def _identities(event: str) -> Iterable[str]:
    """Yield the table of an event's identities, cells with the same ones together."""
    cases: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for cell in cells(event):
        cases.setdefault(identities_of(event, cell), []).append(cell)
    rows = [
        (box.removeprefix(event)[1:-1].replace("=", " = ").replace("|", " or "), "; ".join(known))
        for known, some in cases.items()
        if known
        for box in boxes(event, some)
    ]
    if rows:
        yield f"### Identities of {event}\n\n" + _table(("case", "identities"), rows)


def _unbooked(chart: Chart) -> str:
    rows = dict.fromkeys((one.id, _words(one.when), one.reason) for one in chart.unbooked)
    return "## Not booked\n\n" + _table(("id", "when", "why"), list(rows))


def _words(when: Mapping[str, Sequence[str]]) -> str:
    return ", ".join(f"{name} = {' or '.join(values)}" for name, values in when.items())


def matrix_page() -> str:
    """Return posting-matrix.md: every line of every rule in the cases in which it is there."""
    head = _head("The posting matrix", "chart_of_accounts")
    return "\n".join([head, *_beside("posting_matrix").matrix_page(HERE.parent, _table)])


def _beside(name: str) -> ModuleType:
    """Return a script of this folder as a module, from wherever this one is loaded."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", HERE / f"{name}.py")
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def tables_page() -> str:
    """Return tables.md: every table, its columns, types, units and meaning."""
    parts = [
        _head("Every table", "src/subledger/tables"),
        _TABLES,
    ]
    rooms = (facts, inputs, booked)
    declared = [
        one for room in rooms for one in vars(room).values() if isinstance(one, tables.Table)
    ]
    declared = list({one.name: one for one in declared}.values())
    for table in declared:
        order = f" Order: {', '.join(table.order)}." if table.order else ""
        parts.append(f"## {table.name}\n\n{table.meaning}{order}\n")
        parts.append(_table(("column", "type", "unit", "meaning"), map(_column, table.schema)))
    return "\n".join(parts)


def _column(column: pa.Field) -> tuple[str, str, str, str]:
    said = {key.decode(): value.decode() for key, value in (column.metadata or {}).items()}
    written = "text" if tables.is_text(column.type) else column.type
    kind = f"{written}{', may be null' if column.nullable else ''}"
    return f"`{column.name}`", kind, said.get("unit", ""), said.get("meaning", "")


def commands_page() -> str:
    """Return commands.md: every command with its arguments, options and what it exits with."""
    root = typer.main.get_command(app)
    parts = [
        _head("Every command", "src/subledger/cli"),
        _COMMANDS,
        "| exit code | means |\n|---|---|\n| 0 | done; every check passed |\n"
        + "".join(f"| {int(one)} | {text} |\n" for one, text in _EXITS.items() if one),
    ]
    for path, command in _commands(root, "subledger"):
        parts += _command(path, command)
    return "\n".join(parts)


def _commands(command: object, path: str) -> Iterable[tuple[str, Any]]:
    """Yield each command that can be called, with its words."""
    for name, inner in getattr(command, "commands", {}).items():
        if hasattr(inner, "commands"):
            yield from _commands(inner, f"{path} {name}")
        else:
            yield f"{path} {name}", inner


def _command(path: str, command: Any) -> Iterable[str]:  # noqa: ANN401 - Typer hides its type
    context = typer.Context(command)
    words = command.collect_usage_pieces(context)
    said = inspect.cleandoc(command.help or "")
    yield f"## {path}\n\n`{' '.join([path, *words])}`\n\n{said}\n"
    rows = [found for one in command.params if (found := one.get_help_record(context))]
    if rows:
        cells_ = [(f"`{name}`", " ".join(text.split())) for name, text in rows]
        yield _table(("argument or option", "meaning"), cells_)


def _head(title: str, source: str) -> str:
    return f"# {title}\n\nGenerated from {source} by `docs/generate.py`; a test compares.\n"


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "errors.md": errors_page,
    "files.md": files_page,
    "posting-matrix.md": matrix_page,
    "rules.md": rules_page,
    "tables.md": tables_page,
}


def main() -> int:
    """Write every page, or compare every page; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if one differs")
    check = parser.parse_args().check
    stale = []
    for name, page in PAGES.items():
        file, text = HERE / name, page()
        if check and (not file.exists() or file.read_text(encoding="utf-8") != text):
            stale.append(name)
        elif not check:
            file.write_text(text, encoding="utf-8", newline="\n")
    if stale:
        print(f"not up to date: {', '.join(stale)}; run python docs/generate.py", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
