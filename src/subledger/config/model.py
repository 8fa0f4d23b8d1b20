"""What subledger.toml may say: every key, its type, and which values are offered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from subledger.lots.engine import METHODS
from subledger.numbers import MAX_DECIMALS, NotANumber, parse_decimal

NOT_OFFERED = "not_offered_yet"
REFUSED_VALUE = "refused_value"


def refused_value(message: str) -> PydanticCustomError:
    """Return the error that refuses a value with a sentence of our own."""
    return PydanticCustomError(REFUSED_VALUE, "{message}", {"message": message})


def _offered(*values: str) -> AfterValidator:
    """Return a validator that refuses what the design names and the program does not do yet."""

    def check(value: str) -> str:
        if value not in values:
            raise PydanticCustomError(
                NOT_OFFERED,
                "{message}",
                {"message": f"{value} is not offered yet; offered: {', '.join(values)}"},
            )
        return value

    return AfterValidator(check)


def _plain_decimal(value: str) -> str:
    try:
        mantissa, _ = parse_decimal(value)
    except NotANumber as error:
        raise refused_value(str(error)) from error
    if mantissa < 0:
        raise refused_value("a tolerance is zero or more")
    return value


def _fiscal_start(value: str) -> str:
    try:
        start = date.fromisoformat(f"2023-{value}")
    except ValueError as error:
        raise refused_value("write month and day as MM-DD, for example 01-01") from error
    if start.day != 1:
        raise PydanticCustomError(
            NOT_OFFERED,
            "{message}",
            {"message": "a fiscal year that starts within a month is not offered yet"},
        )
    return value


def _day(value: object) -> object:
    """Read a date written as text, and leave a TOML date as it is."""
    if not isinstance(value, str):
        return value
    try:
        day = date.fromisoformat(value)
    except ValueError as error:
        raise refused_value("write a date as YYYY-MM-DD") from error
    if day.isoformat() != value:
        raise refused_value("write a date as YYYY-MM-DD")
    return day


def _pool(value: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(value)) != len(value):
        raise refused_value("a pool names each dimension once")
    if "instrument" not in value:
        raise refused_value("a pool holds one instrument: add instrument")
    return value


def _store(value: str) -> str:
    if value.startswith(("postgresql:", "postgresql+")):
        raise PydanticCustomError(
            NOT_OFFERED,
            "{message}",
            {"message": "a store in PostgreSQL is not offered yet; offered: sqlite:///PATH"},
        )
    if not value.startswith("sqlite:///") or value == "sqlite:///":
        raise refused_value("write the store's address as sqlite:///PATH")
    return value


def _chart(value: str) -> str:
    if value.startswith(("/", "\\")) or ".." in value.replace("\\", "/").split("/"):
        raise refused_value("the chart is a folder inside the books folder")
    return value


Identifier: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]
Currency: TypeAlias = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{1,11}$")]
Name: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,31}$")]
Line: TypeAlias = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
]
Tolerance: TypeAlias = Annotated[str, AfterValidator(_plain_decimal)]
Day: TypeAlias = Annotated[date, BeforeValidator(_day)]
Method: TypeAlias = Annotated[
    Literal[
        "FIFO", "LIFO", "HIFO", "LOFO", "AVERAGE", "SPECIFIC", "PRO_RATA", "INTRADAY_FIFO",
        "MIN_GAIN", "MAX_GAIN", "BEST_TAX", "HIGHEST_PRICE", "LOWEST_PRICE", "UK_S104",
    ],
    _offered(*METHODS),
]  # fmt: skip
Fees: TypeAlias = Literal["expense", "capitalise"]
PoolPart: TypeAlias = Literal["book", "strategy", "broker_account", "instrument"]
FileKind: TypeAlias = Literal[
    "trades", "settlements", "cash", "prices", "rates", "corporate_actions", "transfers",
    "journals", "positions", "balances",
]  # fmt: skip
AssetClass: TypeAlias = Literal[
    "equity", "etf", "bond", "future", "option", "fx_spot", "fx_forward", "crypto", "perpetual",
    "fund", "rights",
]  # fmt: skip


class Section(BaseModel):
    """A table of the file: unknown keys are refused, and no text is read as a number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class EntitySection(Section):
    """`[entity]`: whose books these are."""

    name: Line
    base: Currency


class CurrencySection(Section):
    """`[currencies.CODE]`: the ledger unit of a currency where it differs from ISO 4217."""

    decimals: Annotated[int, Field(ge=0, le=MAX_DECIMALS)]


class LotsSection(Section):
    """`lots.*` of a basis: how tax lots are relieved."""

    method: Method = "FIFO"
    pool_by: Annotated[
        tuple[PoolPart, ...], BeforeValidator(lambda v: tuple(v) if isinstance(v, list) else v),
        AfterValidator(_pool),
    ] = ("book", "strategy", "broker_account", "instrument")  # fmt: skip
    allow_short: bool = True
    rank_with_fees: bool = True


class OverrideLotsSection(Section):
    """`lots.*` of an override."""

    method: Method | None = None
    allow_short: bool | None = None
    rank_with_fees: bool | None = None


class OverrideSection(Section):
    """`[[basis.NAME.override]]`: a policy that differs for some trades from a date on."""

    book: Identifier | None = None
    broker_account: Identifier | None = None
    asset_class: AssetClass | None = None
    start: Day | None = Field(default=None, alias="from")
    lots: OverrideLotsSection = OverrideLotsSection()
    fees: Fees | None = None

    @model_validator(mode="after")
    def _says_something(self) -> OverrideSection:
        if (self.book, self.broker_account, self.asset_class, self.start) == (None,) * 4:
            raise refused_value(
                "an override names a book, broker_account, asset_class or from; a policy for all"
                " trades stands in [basis.NAME]"
            )
        lots = self.lots
        if (lots.method, lots.allow_short, lots.rank_with_fees, self.fees) == (None,) * 4:
            raise refused_value(
                "an override sets lots.method, lots.allow_short, lots.rank_with_fees or fees"
            )
        return self


class BasisSection(Section):
    """`[basis.NAME]`: the policies of one accounting basis."""

    recognition: Annotated[
        Literal["trade_date", "settlement_date"], _offered("trade_date")
    ] = "trade_date"  # fmt: skip
    post_status: Literal["settled", "confirmed"] = "settled"
    valuation: Annotated[
        Literal["fair_value", "cost", "mark_at_year_end"], _offered("fair_value", "cost")
    ] = "fair_value"  # fmt: skip
    fees: Fees = "expense"
    fx_split: Literal["disposal_rate", "acquisition_rate"] = "disposal_rate"
    cash_fx: Literal["day_rate", "average", "fifo"] = "day_rate"
    dividends: Literal["ex_date", "pay_date"] = "ex_date"
    fiscal_year_start: Annotated[str, AfterValidator(_fiscal_start)] = "01-01"
    not_included: Line | None = None
    lots: LotsSection = LotsSection()
    override: list[OverrideSection] = []


class RatesSection(Section):
    """`[rates]`: how old an exchange rate may be, and through which currency rates cross."""

    max_age: Annotated[int, Field(ge=0, le=366)] = 5
    pivot: Currency | None = None


class IntakeSection(Section):
    """`[intake.FORMAT]`: what a broker's format may do that a canonical file may not."""

    rounding: Mapping[str, Literal["half_even"]] = {}


class StoreSection(Section):
    """`[store]`: where the control database stands, relative to the books folder."""

    url: Annotated[str, AfterValidator(_store)] = "sqlite:///store/control.db"


class ToleranceSection(Section):
    """`[tolerance]`: how far a stated amount may lie from the computed one, in its currency."""

    gross: Tolerance = "0.01"
    settlement: Tolerance = "0.01"


class LedgerSection(Section):
    """`[ledger]`: how the ledger files tell a month."""

    detail: Literal["auto", "full", "summary"] = "auto"


class SourceSection(Section):
    """`[[sources]]`: a file that each month must bring."""

    broker_account: Identifier
    kind: FileKind
    frequency: Literal["daily", "weekly", "monthly"]


class SettingsFile(Section):
    """The whole of subledger.toml."""

    chart: Annotated[Line, AfterValidator(_chart)]
    entity: EntitySection
    currencies: Mapping[Currency, CurrencySection] = {}
    basis: Annotated[Mapping[Name, BasisSection], Field(min_length=1)]
    rates: RatesSection = RatesSection()
    intake: Mapping[str, IntakeSection] = {}
    store: StoreSection = StoreSection()
    tolerance: ToleranceSection = ToleranceSection()
    ledger: LedgerSection = LedgerSection()
    sources: list[SourceSection] = []
