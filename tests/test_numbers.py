"""Exact scaled integers: rounding half to even, splitting without loss, never wrapping."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from math import ceil, floor

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subledger import numbers
from subledger.numbers import INT64_MAX, INT64_MIN, ExcessDigits, NotANumber, NumberOverflow

int64 = st.integers(INT64_MIN, INT64_MAX)
small = st.integers(-(10**6), 10**6)
divisors = st.integers(1, 10**12)


@settings(max_examples=300)
@given(int64, int64, divisors)
def test_mul_div_is_the_exact_quotient_rounded_half_to_even(a: int, b: int, divisor: int) -> None:
    exact = round(Fraction(a * b, divisor))  # Python rounds fractions half to even
    if INT64_MIN <= exact <= INT64_MAX:
        assert numbers.mul_div(a, b, divisor) == exact
    else:
        with pytest.raises(NumberOverflow):
            numbers.mul_div(a, b, divisor)


@settings(max_examples=200)
@given(st.lists(st.tuples(int64, small, st.integers(1, 10**6)), max_size=6))
def test_columns_are_divided_like_single_numbers(rows: list[tuple[int, int, int]]) -> None:
    a, b, divisor = (np.array([row[n] for row in rows], np.int64) for n in range(3))
    exact = [round(Fraction(x * y, z)) for x, y, z in rows]
    if all(INT64_MIN <= value <= INT64_MAX for value in exact):
        assert numbers.mul_div_columns(a, b, divisor).tolist() == exact
    else:
        with pytest.raises(NumberOverflow):
            numbers.mul_div_columns(a, b, divisor)


@settings(max_examples=200)
@given(st.lists(st.tuples(int64, int64, st.integers(1, INT64_MAX)), min_size=1, max_size=6))
def test_columns_are_divided_rounding_down_or_up(rows: list[tuple[int, int, int]]) -> None:
    a, b, divisor = (np.array([row[n] for row in rows], np.int64) for n in range(3))
    for function, rounding in ((numbers.floor_columns, floor), (numbers.ceil_columns, ceil)):
        exact = [rounding(Fraction(x * y, z)) for x, y, z in rows]
        nearest = [round(Fraction(x * y, z)) for x, y, z in rows]
        if all(INT64_MIN <= value <= INT64_MAX for value in (*exact, *nearest)):
            assert function(a, b, divisor).tolist() == exact
        else:
            with pytest.raises(NumberOverflow):
                function(a, b, divisor)


def test_rounding_up_leaves_what_is_whole_as_it_is() -> None:
    assert numbers.ceil_columns([0, 1, 3, 4, -1, -4], 1, 4).tolist() == [0, 1, 1, 1, 0, -1]
    assert numbers.floor_columns([0, 1, 3, 4, -1, -4], 1, 4).tolist() == [0, 0, 0, 1, -1, -1]


def each(function: Callable[..., int], *columns: Sequence[int]) -> list[int] | type[NumberOverflow]:
    """Return a function of single numbers row by row, or that it overflows."""
    try:
        return [function(*row) for row in zip(*columns, strict=True)]
    except NumberOverflow:
        return NumberOverflow


def whole(
    function: Callable[..., npt.NDArray[np.int64]], *columns: Sequence[int]
) -> list[int] | type[NumberOverflow]:
    """Return a function of columns, or that it overflows."""
    try:
        found: list[int] = function(*(np.array(column, np.int64) for column in columns)).tolist()
    except NumberOverflow:
        return NumberOverflow
    return found


# Of every length in bits, so that all branches of a division in words are taken.
of_any_length = st.builds(lambda n, bits: n >> bits, int64, st.integers(0, 63))
divisor_of_any_length = st.builds(
    lambda n, bits: max(n >> bits, 1), st.integers(1, INT64_MAX), st.integers(0, 62)
)


@settings(max_examples=500)
@given(st.lists(st.tuples(of_any_length, of_any_length, divisor_of_any_length), max_size=6))
def test_products_of_any_size_are_divided_like_single_numbers(
    rows: list[tuple[int, int, int]],
) -> None:
    columns = [[row[n] for row in rows] for n in range(3)]
    assert whole(numbers.mul_div_columns, *columns) == each(numbers.mul_div, *columns)


@settings(max_examples=300)
@given(st.integers(-(2**62), 2**62), st.integers(1, 2**40), st.integers(1, 2**20))
def test_halves_of_wide_products_go_to_the_even_neighbour(a: int, b: int, half: int) -> None:
    """An exact half: (2k + 1) x d over 2d."""
    columns = [[2 * (a // 2**40) + 1, -(2 * (a // 2**40) + 1)], [b * half] * 2, [2 * b * half] * 2]
    assert whole(numbers.mul_div_columns, *columns) == each(numbers.mul_div, *columns)


def test_the_ends_of_64_bits_are_divided_and_what_lies_beyond_raises() -> None:
    ends = [INT64_MAX, INT64_MIN, INT64_MIN + 1]
    for divisor in (1, 2, 3, INT64_MAX):
        below = [divisor] * 3
        assert whole(numbers.mul_div_columns, ends, [1] * 3, below) == each(
            numbers.mul_div, ends, [1] * 3, below
        )
        assert whole(numbers.mul_div_columns, ends, ends, below) == each(
            numbers.mul_div, ends, ends, below
        )
    assert numbers.mul_div_columns(INT64_MIN, INT64_MAX, INT64_MAX) == INT64_MIN
    with pytest.raises(NumberOverflow):
        numbers.mul_div_columns(INT64_MIN, -1, 1)


@settings(max_examples=500)
@given(st.lists(st.tuples(of_any_length, of_any_length, st.integers(-25, 45)), max_size=6))
def test_amounts_of_any_shift_are_those_of_single_numbers(rows: list[tuple[int, int, int]]) -> None:
    columns = [[row[n] for row in rows] for n in range(3)]
    assert whole(numbers.product_columns, *columns) == each(numbers.product, *columns)


def test_no_row_of_a_column_is_computed_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(numbers, "mul_div")
    large = np.full(20_000, 10**17, np.int64)
    assert set(numbers.mul_div_columns(large, large, 10**17).tolist()) == {10**17}
    assert set(numbers.product_columns(large, large, 20).tolist()) == {10**14}
    assert set(numbers.product_columns(large, 9, -1).tolist()) == {9 * 10**18}
    ratio = (3**45, 2**70)
    assert set(numbers.ratio_columns(large, *ratio).tolist()) == {round(10**17 * Fraction(*ratio))}


any_size = st.integers(1, 10**30)


@settings(max_examples=300)
@given(st.lists(int64, max_size=5), any_size | small, any_size | st.integers(1, 10**4))
def test_a_ratio_of_any_size_is_exact_and_rounded_once(
    values: list[int], numerator: int, denominator: int
) -> None:
    exact = [round(Fraction(value * numerator, denominator)) for value in values]
    column = np.array(values, np.int64)
    if all(INT64_MIN <= value <= INT64_MAX for value in exact):
        assert numbers.ratio_columns(column, numerator, denominator).tolist() == exact
    else:
        with pytest.raises(NumberOverflow):
            numbers.ratio_columns(column, numerator, denominator)


def test_a_ratio_beyond_64_bits_is_the_ratio_in_its_lowest_terms() -> None:
    values = np.array([1, 2, 3, 5, 6, -6, 10**15], np.int64)
    small_terms = numbers.ratio_columns(values, 1, 4)
    assert small_terms.tolist() == [0, 0, 1, 1, 2, -2, 25 * 10**13]
    assert numbers.ratio_columns(values, 10**30, 4 * 10**30).tolist() == small_terms.tolist()


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        ((10353, 10000), "1.0353"),
        ((10000, 10353), "0.9659036"),
        ((1, 155), "0.0064516129"),
        ((2, 3), "0.66666667"),
        ((1, 4), "0.25"),
        ((5, 1), "5"),
        ((10**9, 7), "142857143"),
        ((1, 1234567), "0.00000081000059"),
        ((10**9 + 1, 10**9), "1"),
    ],
)
def test_a_ratio_is_read_with_8_significant_digits(ratio: tuple[int, int], text: str) -> None:
    assert numbers.ratio_text(*ratio, 8) == text


@settings(max_examples=300)
@given(st.integers(1, 10**20), st.integers(1, 10**20))
def test_the_text_of_a_ratio_is_off_by_half_of_its_last_digit_at_most(
    numerator: int, denominator: int
) -> None:
    exact = Fraction(numerator, denominator)
    shown = Fraction(numbers.ratio_text(numerator, denominator, 8))
    assert abs(shown - exact) <= exact * Fraction(1, 2 * 10**7)


@pytest.mark.parametrize(
    ("numerator", "rounded"),
    [(1, 0), (2, 0), (3, 1), (5, 1), (6, 2), (7, 2), (-1, 0), (-2, 0), (-3, -1), (-6, -2), (10, 2)],
)
def test_halves_go_to_the_even_neighbour(numerator: int, rounded: int) -> None:
    assert numbers.mul_div(numerator, 1, 4) == rounded
    assert numbers.mul_div_columns([numerator], 1, 4).tolist() == [rounded]
    assert numbers.mul_div(numerator * 10**12, 10**12, 4 * 10**24) == rounded


@settings(max_examples=200)
@given(st.integers(0, 10**15), st.integers(0, 10**12), st.integers(-4, 22))
def test_an_amount_is_quantity_times_price_in_exact_decimals(
    quantity: int, price: int, shift: int
) -> None:
    context = Context(prec=80)
    exact = Decimal(quantity * price).scaleb(-shift, context)
    rounded = int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN, context=context))
    if rounded > INT64_MAX:
        with pytest.raises(NumberOverflow):
            numbers.product(quantity, price, shift)
    else:
        assert numbers.product(quantity, price, shift) == rounded
        assert numbers.product_columns([quantity], [price], [shift]).tolist() == [rounded]


@settings(max_examples=200)
@given(st.integers(-(10**15), 10**15), st.lists(st.integers(0, 10**6), min_size=1, max_size=8))
def test_parts_add_up_to_the_whole_and_each_running_sum_is_rounded_once(
    total: int, weights: list[int]
) -> None:
    weights[-1] += 1  # something to split over
    parts = numbers.allocate(total, weights)
    assert sum(parts) == total
    for count in range(1, len(weights)):
        share = Fraction(total * sum(weights[:count]), sum(weights))
        assert sum(parts[:count]) == round(share)


def test_ten_dollars_in_thirds() -> None:
    assert numbers.allocate(1000, [1, 1, 1]) == [333, 334, 333]


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 3), int64), max_size=12))
def test_sums_are_exact_or_raise(rows: list[tuple[int, int]]) -> None:
    groups = np.array([group for group, _ in rows], np.intp)
    values = np.array([value for _, value in rows], np.int64)
    assert numbers.exact_sum(values) == sum(value for _, value in rows)
    exact = [sum(value for group, value in rows if group == number) for number in range(4)]
    if all(INT64_MIN <= value <= INT64_MAX for value in exact):
        assert numbers.group_sums(groups, values, 4).tolist() == exact
    else:
        with pytest.raises(NumberOverflow):
            numbers.group_sums(groups, values, 4)


@settings(max_examples=200)
@given(st.lists(st.tuples(int64, int64), min_size=1, max_size=4))
def test_columns_are_added_and_subtracted_or_raise(rows: list[tuple[int, int]]) -> None:
    left, right = (np.array([row[n] for row in rows], np.int64) for n in range(2))
    check: Callable[[int], bool] = lambda value: INT64_MIN <= value <= INT64_MAX  # noqa: E731
    for function, exact in (
        (numbers.add_columns, [a + b for a, b in rows]),
        (numbers.subtract_columns, [a - b for a, b in rows]),
    ):
        if all(map(check, exact)):
            assert function(left, right).tolist() == exact
        else:
            with pytest.raises(NumberOverflow):
                function(left, right)


@settings(max_examples=300)
@given(small, st.integers(0, 18))
def test_text_and_number_are_one_another(mantissa: int, scale: int) -> None:
    text = numbers.to_text(mantissa, scale)
    assert Decimal(text) == Decimal(mantissa).scaleb(-scale)
    assert numbers.parse_decimal(text) == (mantissa, scale)
    assert numbers.to_decimal(mantissa, scale) == Decimal(text)
    assert numbers.rescale(mantissa, scale, scale + 3) == mantissa * 1000


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " 1",
            "1 ",
            "+1",
            "1e5",
            "1,000",
            "1_0",
            "01",
            ".5",
            "5.",
            "--1",
            "1.2.3",
            "٣",
            "NaN",
        ),
        *("-", "1" * 29, "0." + "1" * 19, "1\n"),
    ],
)
def test_anything_but_a_plain_decimal_is_no_number(text: str) -> None:
    with pytest.raises(NotANumber):
        numbers.parse_decimal(text)


def test_leading_zeros_after_the_point_are_no_significant_digits() -> None:
    assert numbers.parse_decimal("0.000000000000000001") == (1, 18)
    assert numbers.parse_decimal("-0.00") == (0, 2)


@pytest.mark.parametrize(
    ("number", "trimmed"),
    [((1250, 2), (125, 1)), ((1200, 2), (12, 0)), ((120, 0), (120, 0)), ((0, 5), (0, 0))],
)
def test_trailing_zeros_after_the_point_are_trimmed(
    number: tuple[int, int], trimmed: tuple[int, int]
) -> None:
    assert numbers.trim(*number) == trimmed


def test_digits_beyond_the_unit_are_refused_and_not_rounded() -> None:
    assert numbers.rescale(1250, 3, 2) == 125
    with pytest.raises(ExcessDigits):
        numbers.rescale(1251, 3, 2)
    with pytest.raises(NumberOverflow):
        numbers.rescale(INT64_MAX, 0, 1)


def test_the_ends_of_64_bits_are_in_range_and_what_lies_beyond_is_not() -> None:
    assert numbers.check_range(INT64_MAX) == INT64_MAX
    assert numbers.check_range(INT64_MIN) == INT64_MIN
    for value in (INT64_MAX + 1, INT64_MIN - 1):
        with pytest.raises(NumberOverflow):
            numbers.check_range(value)
