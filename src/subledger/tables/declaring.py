"""How a table is declared: columns with type, unit and meaning, and the order of its rows."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Table:
    """A declared table: its name, Arrow schema, sort order and one sentence of meaning."""

    name: str
    meaning: str
    schema: pa.Schema
    order: tuple[str, ...]

    def empty(self) -> pa.Table:
        """Return the table without rows."""
        return self.schema.empty_table()


def _field(name: str, kind: pa.DataType, *, meaning: str, unit: str) -> pa.Field:
    metadata = {"meaning": meaning} | ({"unit": unit} if unit else {})
    return pa.field(name, kind, nullable=False, metadata=metadata)


TEXT = pa.dictionary(pa.int32(), pa.string())


def text(name: str, meaning: str = "") -> pa.Field:
    """Declare a text column; "" means not given."""
    return _field(name, TEXT, meaning=meaning, unit="")


def spelled(name: str, meaning: str = "") -> pa.Field:
    """Declare a text column in which hardly two texts are alike: they are not coded."""
    return _field(name, pa.string(), meaning=meaning, unit="")


def is_text(kind: pa.DataType) -> bool:
    """Say whether a type is that of text: coded, as tables hold it, or plain."""
    return bool(pa.types.is_dictionary(kind) or pa.types.is_string(kind))


def day(name: str, meaning: str = "") -> pa.Field:
    """Declare a date column that is always known."""
    return _field(name, pa.date32(), meaning=meaning, unit="")


def maybe_day(name: str, meaning: str = "") -> pa.Field:
    """Declare a date column in which null means not known."""
    return pa.field(name, pa.date32(), nullable=True, metadata={"meaning": meaning})


def whole(name: str, meaning: str = "") -> pa.Field:
    """Declare a count, number or version."""
    return _field(name, pa.int64(), meaning=meaning, unit="")


def maybe_whole(name: str, meaning: str = "") -> pa.Field:
    """Declare a number in which null means not given."""
    return pa.field(name, pa.int64(), nullable=True, metadata={"meaning": meaning})


def money(name: str, meaning: str = "") -> pa.Field:
    """Declare an amount in ledger units of the row's currency."""
    return _field(name, pa.int64(), meaning=meaning, unit="currency")


def base(name: str, meaning: str = "") -> pa.Field:
    """Declare an amount in ledger units of the base currency."""
    return _field(name, pa.int64(), meaning=meaning, unit="base")


def units(name: str, meaning: str = "") -> pa.Field:
    """Declare a quantity at the instrument's decimals."""
    return _field(name, pa.int64(), meaning=meaning, unit="quantity")


def maybe_units(name: str, meaning: str = "") -> pa.Field:
    """Declare a quantity in which null means not given."""
    return pa.field(
        name, pa.int64(), nullable=True, metadata={"meaning": meaning, "unit": "quantity"}
    )


def flag(name: str, meaning: str = "") -> pa.Field:
    """Declare a yes or no."""
    return _field(name, pa.bool_(), meaning=meaning, unit="")


def added(since: int, field: pa.Field, *, default: str = "", like: str = "") -> pa.Field:
    """Declare a column that a table has from a later version of its schema on.

    In rows sealed before, it has the text `default`, or the value of the column `like`; without
    either null where null may be, else "", 0 or false.
    """
    said = {"since": str(since), "default": default, "like": like}
    stated = {key: value for key, value in said.items() if value}
    return field.with_metadata({**(field.metadata or {}), **stated})


SOURCE = (
    whole("batch", "sequence number of the import that brought the row"),
    whole("row", "line number in the imported file"),
)
OWNER = (text("book"), text("strategy"), text("broker_account"))
DIMENSIONS = (*OWNER, text("instrument"), text("counterparty"))
FEES = ("commission", "exchange_fee", "clearing_fee", "regulatory_fee", "tax")
