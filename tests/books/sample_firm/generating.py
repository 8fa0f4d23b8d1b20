"""What the sample firm's scripts share: random whole numbers, exact rounding, CSV files."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

Row = Mapping[str, object]
Thing = TypeVar("Thing")


class Dice:
    """Random whole numbers from a seed.

    Only `random.Random.random` is used, whose sequence Python promises to keep for a seed.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - generated data, no secret

    def below(self, bound: int) -> int:
        """Return a number from 0 to bound - 1."""
        return int(self._random.random() * bound)

    def between(self, low: int, high: int) -> int:
        """Return a number from low to high, both included."""
        return low + self.below(high - low + 1)

    def one_of(self, things: Sequence[str]) -> str:
        """Return one of the things."""
        return things[self.below(len(things))]

    def some(self, things: Iterable[Thing], count: int) -> list[Thing]:
        """Return some different things, in the order they were drawn."""
        left = list(things)
        return [left.pop(self.below(len(left))) for _ in range(min(count, len(left)))]


def half_even(value: int, divisor: int) -> int:
    """Return value / divisor, rounded half to even."""
    quotient, remainder = divmod(value, divisor)
    up = 2 * remainder > divisor or (2 * remainder == divisor and quotient % 2 == 1)
    return quotient + up


def cents(value: int) -> str:
    """Return hundredths as decimal text."""
    return f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02d}"


def price_text(value: int) -> str:
    """Return a price in 1/10,000 as decimal text of two or four decimals."""
    text = f"{value // 10_000}.{value % 10_000:04d}"
    return text.removesuffix("00")


def write_rows(file: Path, rows: Sequence[Row]) -> None:
    """Write rows as a CSV file, the columns of the first row as its header."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
