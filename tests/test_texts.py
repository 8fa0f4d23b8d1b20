"""Coded columns of text behave like the lists of texts that they stand for."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from subledger.texts import Texts, from_arrow, unified

WORDS = st.sampled_from(["", "a", "b", "B1", "ä", "long text with blanks", "a#2"])
LISTS = st.lists(WORDS, max_size=40)


def rows_in(column: list[str]) -> st.SearchStrategy[list[int]]:
    if not column:
        return st.just([])
    return st.lists(st.integers(0, len(column) - 1), max_size=60)


@given(LISTS, st.data())
def test_rows_of_a_column_are_those_of_its_list(words: list[str], data: st.DataObject) -> None:
    rows = data.draw(rows_in(words))
    column = Texts.of(words)
    assert column.tolist() == words
    assert [column[row] for row in rows] == [words[row] for row in rows]
    assert column[np.array(rows, np.intp)].tolist() == [words[row] for row in rows]


@given(LISTS, WORDS)
def test_comparing_with_a_text_is_comparing_each_row(words: list[str], word: str) -> None:
    column = Texts.of(words)
    assert (column == word).tolist() == [one == word for one in words]
    assert (column != word).tolist() == [one != word for one in words]
    assert column.isin([word, "b"]).tolist() == [one in (word, "b") for one in words]


@given(st.lists(st.tuples(WORDS, WORDS), max_size=40))
def test_two_columns_are_compared_and_written_together_row_by_row(
    pairs: list[tuple[str, str]],
) -> None:
    left, right = Texts.of([one for one, _ in pairs]), Texts.of([two for _, two in pairs])
    assert (left == right).tolist() == [one == two for one, two in pairs]
    assert (left + right).tolist() == [one + two for one, two in pairs]
    assert (left + "/x").tolist() == [f"{one}/x" for one, _ in pairs]
    assert ("x/" + left).tolist() == [f"x/{one}" for one, _ in pairs]


@given(st.lists(LISTS, max_size=5))
def test_columns_are_joined_end_to_end(lists: list[list[str]]) -> None:
    assert Texts.joined([Texts.of(one) for one in lists]).tolist() == [
        one for words in lists for one in words
    ]


@given(st.lists(st.tuples(st.booleans(), WORDS, WORDS), max_size=40), WORDS)
def test_either_takes_each_row_from_one_side(rows: list[tuple[bool, str, str]], word: str) -> None:
    holds = np.array([one for one, _, _ in rows], bool)
    left, right = Texts.of([one for _, one, _ in rows]), Texts.of([one for _, _, one in rows])
    found = Texts.either(holds, left, right).tolist()
    assert found == [one if holds_ else two for holds_, one, two in rows]
    kept = Texts.either(holds, left, word).tolist()
    assert kept == [one if holds_ else word for holds_, one, _ in rows]


@given(LISTS)
def test_ranks_are_in_the_order_of_code_points(words: list[str]) -> None:
    ranks = Texts.of(words).ranks()
    by_rank = [words[row] for row in np.argsort(ranks, kind="stable")]
    assert by_rank == sorted(words)
    assert [words.index(one) for one in words] == [ranks.tolist().index(rank) for rank in ranks]


@given(LISTS, st.data())
def test_the_canonical_form_depends_on_the_rows_alone(
    words: list[str], data: st.DataObject
) -> None:
    rows = np.array(data.draw(rows_in(words)), np.intp)
    taken = Texts.of(words)[rows].canonical()
    fresh = Texts.of([words[row] for row in rows]).canonical()
    assert taken.values.to_pylist() == list(dict.fromkeys(words[row] for row in rows))
    assert taken.values.equals(fresh.values)
    assert taken.codes.tolist() == fresh.codes.tolist()


@given(LISTS)
def test_each_distinct_text_is_looked_up_once(words: list[str]) -> None:
    asked: list[str] = []

    def length(text: str) -> int:
        asked.append(text)
        return len(text)

    assert Texts.of(words).looked_up(length).tolist() == [len(one) for one in words]
    assert sorted(asked) == sorted(set(words))
    assert Texts.of(words).mapped(str.upper).tolist() == [one.upper() for one in words]


@given(LISTS)
def test_a_column_survives_arrow_coded_plain_or_in_chunks(words: list[str]) -> None:
    column = Texts.of(words)
    assert from_arrow(column.dictionary()).tolist() == words
    assert from_arrow(column.plain()).tolist() == words
    half = len(words) // 2
    chunks = pa.chunked_array(
        [column[:half].dictionary(), column[half:].canonical().dictionary()],
        type=pa.dictionary(pa.int32(), pa.string()),
    )
    assert from_arrow(chunks).tolist() == words


def test_a_list_of_values_is_kept_where_others_stand_in_it() -> None:
    """Joining the blank of lines that name no lot to a million lot ids reads no lot id again."""
    ids = Texts.of([f"T{n}" for n in range(5000)]).with_blank()
    assert ids.values[0].as_py() == ""
    _, values = unified([ids, Texts.repeated("", 3), ids[:10]])
    assert values is ids.values
