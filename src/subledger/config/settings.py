"""The settings of a books folder: read, checked as a whole, and handed on as plain values."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args, get_origin

from babel.numbers import get_currency_precision, list_currencies
from pydantic import BaseModel, ValidationError

from subledger.booking.policy import BasisPolicy, Override
from subledger.config.model import (
    NOT_OFFERED,
    BasisSection,
    OverrideSection,
    SettingsFile,
)
from subledger.errors import Finding, Refused, refuse
from subledger.valuation.rates import RateTerms

FILE_NAME = "subledger.toml"
_POSITION = re.compile(r"at line (\d+), column (\d+)")


@dataclass(frozen=True, slots=True)
class Rates:
    """How old an exchange rate may be in days, and the pivot currency ("" when none is named)."""

    max_age: int
    pivot: str


@dataclass(frozen=True, slots=True)
class Source:
    """A file that each month must bring: from which broker account, of which kind, how often."""

    broker_account: str
    kind: str
    frequency: str


@dataclass(frozen=True, slots=True)
class Settings:
    """What subledger.toml says, validated.

    Attributes:
        folder: The books folder.
        hash: SHA-256 of the file as it was read.
        entity: The legal entity's name.
        base: Its base currency.
        chart: The chart's folder, relative to the books folder.
        currencies: Decimals of the ledger unit of every currency that may appear.
        bases: Policies by name of accounting basis, in the order of the file.
        rates: Age and pivot of exchange rates.
        intake: Rounding by format and column, where a broker's format declares one.
        store_url: Address of the control database; a path in it is relative to the folder.
        tolerances: Plain decimals in the row's currency: `gross` and `settlement`.
        ledger_detail: How ledger files tell a month: full, summary, or auto: by its size.
        sources: The files that each month must bring.
    """

    folder: Path
    hash: str
    entity: str
    base: str
    chart: str
    currencies: Mapping[str, int]
    bases: Mapping[str, BasisPolicy]
    rates: Rates
    intake: Mapping[str, Mapping[str, str]]
    store_url: str
    tolerances: Mapping[str, str]
    ledger_detail: str
    sources: Sequence[Source]

    @property
    def base_decimals(self) -> int:
        """Return the decimals of the base currency's ledger unit."""
        return self.currencies[self.base]

    @property
    def rate_terms(self) -> RateTerms:
        """Return what the conversion of an amount to base depends on beside the rates."""
        return RateTerms(self.base, self.rates.pivot, self.rates.max_age, self.currencies)

    @property
    def chart_folder(self) -> Path:
        """Return the chart's folder."""
        return self.folder / self.chart


def load_settings(folder: Path) -> Settings:
    """Read subledger.toml of a books folder.

    Raises:
        Refused: NOT_A_BOOKS_FOLDER; SETTINGS_SYNTAX; or every finding of the file at once:
            SETTING_UNKNOWN, SETTING_MISSING, SETTING_VALUE, NOT_OFFERED_YET.
    """
    try:
        content = (folder / FILE_NAME).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise refuse("NOT_A_BOOKS_FOLDER", f"there is no {FILE_NAME} in {folder}") from error
    return parse_settings(content, folder, file=FILE_NAME)


def parse_settings(content: bytes, folder: Path, *, file: str) -> Settings:
    """Return the settings that a file's bytes state; `file` is its name in findings."""
    raw = _parse_toml(content, file)
    try:
        model = SettingsFile.model_validate(raw)
    except ValidationError as error:
        raise Refused(_findings(error, file)) from error
    currencies = {**iso_decimals(), **{k: v.decimals for k, v in model.currencies.items()}}
    unknown = [
        Finding(
            "SETTING_VALUE",
            f"{value} is not a currency of ISO 4217; give its decimals in [currencies.{value}]",
            file=file,
            column=key,
            value=value,
        )
        for key, value in (("entity.base", model.entity.base), ("rates.pivot", model.rates.pivot))
        if value is not None and value not in currencies
    ]
    if unknown:
        raise Refused(unknown)
    return Settings(
        folder=folder,
        hash=sha256(content).hexdigest(),
        entity=model.entity.name,
        base=model.entity.base,
        chart=model.chart,
        currencies=currencies,
        bases={
            name: _policy(name, section, base=model.entity.base)
            for name, section in model.basis.items()
        },
        rates=Rates(model.rates.max_age, model.rates.pivot or ""),
        intake={name: dict(section.rounding) for name, section in model.intake.items()},
        store_url=model.store.url,
        tolerances=model.tolerance.model_dump(),
        ledger_detail=model.ledger.detail,
        sources=[Source(**section.model_dump()) for section in model.sources],
    )


@lru_cache(maxsize=1)
def iso_decimals() -> Mapping[str, int]:
    """Return the decimals of every currency that babel knows, present and past."""
    return {code: get_currency_precision(code) for code in sorted(list_currencies())}


def _parse_toml(content: bytes, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        raise refuse("SETTINGS_SYNTAX", "the file is not UTF-8", file=file) from error
    except tomllib.TOMLDecodeError as error:
        position = _POSITION.search(str(error))
        row = int(position[1]) if position else None
        raise refuse("SETTINGS_SYNTAX", str(error), file=file, row=row) from error


def _policy(name: str, section: BasisSection, *, base: str) -> BasisPolicy:
    return BasisPolicy(
        name=name,
        base_currency=base,
        post_status=section.post_status,
        recognition=section.recognition,
        valuation=section.valuation,
        fees=section.fees,
        fx_split=section.fx_split,
        cash_fx=section.cash_fx,
        dividends=section.dividends,
        lot_method=section.lots.method,
        pool_by=section.lots.pool_by,
        allow_short=section.lots.allow_short,
        rank_with_fees=section.lots.rank_with_fees,
        fiscal_first_month=int(section.fiscal_year_start[:2]),
        overrides=tuple(_override(override) for override in section.override),
        not_included=section.not_included or "",
    )


def _override(section: OverrideSection) -> Override:
    when = {
        "book": section.book,
        "broker_account": section.broker_account,
        "asset_class": section.asset_class,
    }
    settings: dict[str, str | bool | None] = {
        "lot_method": section.lots.method,
        "allow_short": section.lots.allow_short,
        "rank_with_fees": section.lots.rank_with_fees,
        "fees": section.fees,
    }
    return Override(
        when={key: value for key, value in when.items() if value is not None},
        settings={key: value for key, value in settings.items() if value is not None},
        start=section.start,
    )


def _findings(error: ValidationError, file: str) -> list[Finding]:
    """Return every error of the file as a finding, sorted by key."""
    findings = [
        Finding(
            _CODE_OF.get(detail["type"], "SETTING_VALUE"),
            _message(detail["type"], detail["msg"], loc=detail["loc"]),
            file=file,
            column=_path(detail["loc"]),
            value=_shown(detail["type"], detail["input"]),
        )
        for detail in error.errors(include_url=False, include_context=False)
    ]
    return sorted(findings, key=lambda finding: (finding.column, finding.code, finding.message))


_CODE_OF = {
    "extra_forbidden": "SETTING_UNKNOWN",
    "missing": "SETTING_MISSING",
    NOT_OFFERED: "NOT_OFFERED_YET",
}


_WORDS = {
    "Input should be": "it must be",
    "String should match pattern": "it must match",
    "String should have": "it must have",
    "a valid string": "text, in quotes",
    "a valid integer": "a whole number",
    "a valid boolean": "true or false",
}


def _path(loc: tuple[int | str, ...]) -> str:
    """Return a key as the file writes it: basis.US-GAAP.override[1].book."""
    path = ""
    for part in loc:
        if isinstance(part, int):
            path += f"[{part + 1}]"
        elif part != "[key]":
            path += f".{part}" if path else part
    return path


def _shown(kind: str, value: object) -> str:
    """Return the value as the file writes it, and "" for a whole table."""
    if kind == "missing" or isinstance(value, Mapping):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _message(kind: str, message: str, *, loc: tuple[int | str, ...]) -> str:
    if kind == "missing":
        return "the key is required"
    if kind != "extra_forbidden":
        for before, after in _WORDS.items():
            message = message.replace(before, after)
        return message
    known = known_keys(loc[:-1])
    close = difflib.get_close_matches(str(loc[-1]), known, n=1)
    hint = f"; did you mean {close[0]}?" if close else f"; known here: {', '.join(known)}"
    return "there is no such key" + hint


def known_keys(loc: tuple[int | str, ...]) -> list[str]:
    """Return the keys that the table at a place may have, in the order of the manual."""
    section = annotation_at(loc)
    if isinstance(section, type) and issubclass(section, BaseModel):
        return [field.alias or name for name, field in section.model_fields.items()]
    return []


def annotation_at(loc: tuple[int | str, ...]) -> Any:  # noqa: ANN401 - a type of any kind
    """Return the type that a key of the file must have; None where there is no such key."""
    kind: Any = SettingsFile
    for part in loc:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            fields = {f.alias or name: f for name, f in kind.model_fields.items()}
            kind = fields[part].annotation if part in fields else None
        elif get_origin(kind) is not None:
            kind = get_args(kind)[-1]
        else:
            return None
    return kind
