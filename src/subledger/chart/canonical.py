"""Canonical JSON and hashes of chart objects: the same content gives the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date

# Where an object stands in its file, and its hash itself, are no part of its content.
_NOT_CONTENT = frozenset({"row", "hash"})


def plain(value: object) -> object:
    """Return a chart object as JSON values: dataclasses as objects, dates as YYYY-MM-DD."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: plain(getattr(value, field.name))
            for field in fields(value)
            if field.name not in _NOT_CONTENT
        }
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return value


def digest(value: object) -> str:
    """Return the SHA-256 of an object's canonical JSON, in hexadecimal."""
    text = json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
