"""Names of canonical columns as the files write them, for messages."""

from __future__ import annotations

from collections.abc import Iterable

# Columns of the canonical tables that the files know under another name.
_IN_FILE = {
    "gross": "gross_amount",
    "net": "net_amount",
    "price_mantissa": "price",
    "price_scale": "price",
    "rate_mantissa": "rate",
    "rate_scale": "rate",
    "amount_mantissa": "amount",
    "amount_scale": "amount",
    "withholding_mantissa": "withholding_rate",
    "withholding_scale": "withholding_rate",
    "reclaimable_mantissa": "reclaimable_rate",
    "reclaimable_scale": "reclaimable_rate",
    "multiplier_mantissa": "multiplier",
    "multiplier_scale": "multiplier",
}


def names_in_file(names: Iterable[str]) -> str:
    """Return columns of a canonical table as the files name them, each once."""
    return ", ".join(dict.fromkeys(_IN_FILE.get(name, name) for name in names))
