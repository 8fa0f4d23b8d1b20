"""The ratio of a corporate action: what it is announced as, and the units that stand for others."""

from __future__ import annotations

from math import gcd

from subledger.numbers import parse_decimal


def units_for(kind: str, ratio: str, *, per: str) -> tuple[int, int]:
    """Return how many new units stand for how many old ones, as whole numbers in lowest terms.

    Args:
        kind: The kind of the action. A stock dividend leaves the old units; of every other kind
            the new units stand in their place.
        ratio: Decimal text above zero: the units received for `per` units held.
        per: Decimal text above zero.

    Ten per cent in shares, ratio 0.1 for 1, gives (11, 10). Raises NotANumber for what is no
    decimal text.
    """
    (new, scale), (old, old_scale) = parse_decimal(ratio), parse_decimal(per)
    new, old = new * 10**old_scale, old * 10**scale
    if kind == "stock_dividend":
        new += old
    common = gcd(new, old)
    return new // common, old // common
