"""Columns of text as codes into their distinct values, so that work is done once per value."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias, overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Flags: TypeAlias = npt.NDArray[np.bool_]
Codes32: TypeAlias = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """A column of text: for each row a code, the position of its text in `values`.

    Values are distinct and never null; some may not be in use.
    """

    codes: Codes32
    values: pa.StringArray

    # Comparisons with numpy arrays come here, not to numpy's own element by element.
    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def of(cls, rows: Iterable[str]) -> Texts:
        """Return a column of the given texts."""
        if isinstance(rows, Texts):
            return rows
        given = rows if isinstance(rows, np.ndarray) else list(rows)
        return from_arrow(pa.array(given, pa.string()))

    @classmethod
    def repeated(cls, text: str, count: int) -> Texts:
        """Return a column of one text."""
        return cls(np.zeros(count, np.int32), pa.array([text], pa.string()))

    @classmethod
    def joined(cls, parts: Sequence[Texts]) -> Texts:
        """Return the rows of several columns, one after another."""
        filled = [part for part in parts if len(part)] or list(parts[:1])
        if not filled:
            return cls.repeated("", 0)
        if _follow(filled):
            starts = np.cumsum([0, *(len(part.values) for part in filled[:-1])], dtype=np.int32)
            codes = [part.codes + start for part, start in zip(filled, starts, strict=True)]
            return cls(np.concatenate(codes), pa.concat_arrays([part.values for part in filled]))
        codes, values = unified(filled)
        return cls(np.concatenate(codes), values)

    @classmethod
    def either(cls, condition: Flags, if_true: Texts | str, if_false: Texts | str) -> Texts:
        """Return the rows of one column where a condition holds, else those of the other."""
        chosen = [cls.repeated(a, 1) if isinstance(a, str) else a for a in (if_true, if_false)]
        codes, values = unified(chosen)
        spread = [
            code if isinstance(given, Texts) else code[:1]
            for code, given in zip(codes, (if_true, if_false), strict=True)
        ]
        return cls(np.where(condition, *spread).astype(np.int32), values)

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, rows: int | np.integer[Any]) -> str: ...

    @overload
    def __getitem__(self, rows: npt.NDArray[Any] | slice | Sequence[int]) -> Texts: ...

    def __getitem__(self, rows: Any) -> Any:
        if isinstance(rows, (int, np.integer)):
            return self.values[int(self.codes[rows])].as_py()
        return Texts(self.codes[rows], self.values)

    def __iter__(self) -> Iterator[str]:
        return iter(self.tolist())

    def __array__(
        self, dtype: npt.DTypeLike | None = None, *, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        del copy
        found = self.objects()
        return found if dtype is None else found.astype(dtype)

    def __eq__(self, other: object) -> Flags:  # type: ignore[override]
        if isinstance(other, str):
            found = pc.index(self.values, other).as_py()
            return np.asarray(self.codes == found, bool)
        if not isinstance(other, Texts):
            other = Texts.of(np.asarray(other, dtype=object))
        if other.values is self.values:
            return np.asarray(self.codes == other.codes, bool)
        (left, right), _ = unified([self, other])
        return np.asarray(left == right, bool)

    def __ne__(self, other: object) -> Flags:  # type: ignore[override]
        return ~self.__eq__(other)

    def __add__(self, other: Texts | str) -> Texts:
        if isinstance(other, Texts):
            return from_arrow(spelled_together(self, other))
        small = self.compact()
        return Texts(small.codes, pc.binary_join_element_wise(small.values, other, ""))

    def __radd__(self, other: str) -> Texts:
        small = self.compact()
        return Texts(small.codes, pc.binary_join_element_wise(other, small.values, ""))

    def tolist(self) -> list[str]:
        """Return the texts as a list, for columns of few rows."""
        found: list[str] = self.objects().tolist()
        return found

    def objects(self) -> npt.NDArray[np.object_]:
        """Return the texts as an array of str; equal texts are one object."""
        small = self.compact()
        distinct = np.empty(len(small.values), dtype=object)
        distinct[:] = small.values.to_pylist()
        return np.asarray(distinct[small.codes], dtype=object)

    def compact(self) -> Texts:
        """Return the same rows without values that are not in use, if those are the most."""
        if len(self.values) <= max(16, 4 * len(self.codes)):
            return self
        used, codes = np.unique(self.codes, return_inverse=True)
        return Texts(codes.reshape(-1).astype(np.int32), self.values.take(pa.array(used)))

    def canonical(self) -> Texts:
        """Return the same rows with values in the order of their first appearance, all in use."""
        first = first_rows(self.codes, len(self.values))
        if (first >= 0).all() and (np.diff(first) > 0).all():
            return self
        leads = np.zeros(len(self.codes), bool)
        leads[first[first >= 0]] = True
        order = self.codes[leads]
        new = np.empty(len(self.values), np.int32)
        new[order] = np.arange(len(order), dtype=np.int32)
        return Texts(new[self.codes], self.values.take(pa.array(order)))

    def with_blank(self) -> Texts:
        """Return the same rows with "" the first of the values, whether it is in use or not."""
        if len(self.values) and not self.values[0].as_py():
            return self
        if pc.index(self.values, "").as_py() >= 0:
            return Texts.joined([Texts.repeated("", 1), self])[1:]
        blank = pa.array([""], pa.string())
        return Texts(self.codes + np.int32(1), pa.concat_arrays([blank, self.values]))

    def used(self) -> npt.NDArray[np.intp]:
        """Return the codes that are in use, ascending."""
        if len(self.codes) < len(self.values):
            return np.unique(self.codes).astype(np.intp)
        present = np.zeros(len(self.values), bool)
        present[self.codes] = True
        return np.flatnonzero(present)

    def distinct(self) -> list[str]:
        """Return the distinct texts of the rows, in no declared order."""
        found: list[str] = self.values.take(pa.array(self.used())).to_pylist()
        return found

    def isin(self, wanted: Collection[str]) -> Flags:
        """Say of each row whether its text is among some."""
        known = pc.is_in(self.values, value_set=pa.array(list(wanted), pa.string()))
        return np.asarray(known.to_numpy(zero_copy_only=False)[self.codes], bool)

    def mapped(self, change: Mapping[str, str] | Callable[[str], str]) -> Texts:
        """Return the column with each distinct text replaced."""
        small = self.compact()
        used = small.used()
        become = change if callable(change) else change.__getitem__
        new = [become(text) for text in small.values.take(pa.array(used)).to_pylist()]
        place = np.zeros(len(small.values), np.int32)
        coded = from_arrow(pa.array(new, pa.string()))
        place[used] = coded.codes
        return Texts(place[small.codes], coded.values)

    def looked_up(
        self, known: Mapping[str, Any] | Callable[[str], Any], dtype: npt.DTypeLike = np.int64
    ) -> npt.NDArray[Any]:
        """Return what stands for each row's text, looked up once per distinct text."""
        small = self.compact()
        used = small.used()
        find = known if callable(known) else known.__getitem__
        found = np.zeros(len(small.values), dtype)
        texts = small.values.take(pa.array(used)).to_pylist()
        if texts:
            found[used] = np.array([find(text) for text in texts], dtype)
        return np.asarray(found[small.codes])

    def ranks(self) -> npt.NDArray[np.int32]:
        """Return the place of each row's text in the order by code point."""
        small = self.compact()
        values = small.values
        if _ascend(values):
            return small.codes
        place = np.empty(len(values), np.int32)
        place[pc.sort_indices(values).to_numpy()] = np.arange(len(values), dtype=np.int32)
        return place[small.codes]

    def dictionary(self) -> pa.DictionaryArray:
        """Return the column as an Arrow array."""
        small = self.compact()
        return pa.DictionaryArray.from_arrays(pa.array(small.codes), small.values, safe=False)

    def plain(self) -> pa.StringArray:
        """Return the column as an Arrow array of plain text."""
        return self.values.take(pa.array(self.codes))


def from_arrow(column: pa.Array | pa.ChunkedArray) -> Texts:
    """Return an Arrow column of text, coded or plain."""
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    parts = [_from_chunk(chunk) for chunk in chunks]
    return parts[0] if len(parts) == 1 else Texts.joined(parts)


def _from_chunk(chunk: pa.Array) -> Texts:
    if pa.types.is_string(chunk.type) and (rises := _rises(chunk)) is not None:
        first = np.flatnonzero(rises)
        distinct = chunk if len(first) == len(chunk) else chunk.take(pa.array(first))
        return Texts(np.cumsum(rises, dtype=np.int32) - np.int32(1), distinct)
    coded = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
    codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    return Texts(codes, coded.dictionary.cast(pa.string()))


def _rises(chunk: pa.StringArray) -> Flags | None:
    """Say which texts come after the one before, as ids and times often do.

    None where one comes before it, and of short columns, which are soon coded whatever they are.
    """
    if len(chunk) < _SHORT or chunk.null_count:
        return None
    for count in (_SHORT, len(chunk)):
        head = chunk[:count]
        if not pc.all(pc.less_equal(head[:-1], head[1:])).as_py():
            return None
    more = pc.not_equal(chunk[:-1], chunk[1:]).to_numpy(zero_copy_only=False)
    return np.append(np.True_, more)


def _follow(parts: Sequence[Texts]) -> bool:
    """Say whether the values of each column all come after those of the one before, as ids may."""
    if len(parts) == 1 or not all(len(part.values) for part in parts):
        return False
    ends = [(part.values[0].as_py(), part.values[-1].as_py()) for part in parts]
    if any(last >= first for (_, last), (first, _) in pairwise(ends)):
        return False
    return all(_ascend(part.values) for part in parts)


def _ascend(values: pa.StringArray) -> bool:
    return bool(pc.all(pc.less(values[:-1], values[1:]), min_count=0).as_py())


def unified(parts: Sequence[Texts]) -> tuple[list[Codes32], pa.StringArray]:
    """Return the codes of several columns in one list of values, and that list.

    The longest list stays as it is where the others are the same, or few texts that stand in it.
    """
    longest = max((part.values for part in parts), key=len)
    codes: list[Codes32] = []
    for part in parts:
        found = part.codes if _same_values(part.values, longest) else _found(part, longest)
        if found is None:
            return _encoded(parts)
        codes.append(found)
    return codes, longest


def found_in(column: Texts, values: pa.StringArray) -> Codes32:
    """Return a column as codes into a list of distinct values; -1 for a text that is not there."""
    if _same_values(column.values, values):
        return column.codes
    place = pc.index_in(column.values, value_set=values)
    known: Codes32 = place.fill_null(-1).to_numpy().astype(np.int32, copy=False)
    return known[column.codes]


def _found(part: Texts, among: pa.StringArray) -> Codes32 | None:
    """Return a column of few texts as codes into a list of values; None where one is not there."""
    small = part.compact()
    if len(small.values) > _FEW:
        return None
    place = [pc.index(among, text).as_py() for text in small.values]
    if -1 in place:
        return None
    return np.array([*place, 0], np.int32)[small.codes]


def _encoded(parts: Sequence[Texts]) -> tuple[list[Codes32], pa.StringArray]:
    """Return codes into the values of all columns, each list of values read once."""
    small = [part.compact() for part in parts]
    lists: list[pa.StringArray] = []
    which = []
    for part in small:
        found = next((n for n, one in enumerate(lists) if _same_values(one, part.values)), -1)
        which.append(len(lists) if found < 0 else found)
        lists += [part.values] if found < 0 else []
    encoded = pa.concat_arrays(lists).dictionary_encode()
    new = encoded.indices.to_numpy().astype(np.int32, copy=False)
    starts = np.cumsum([0, *(len(one) for one in lists)])
    changed = [new[starts[n] : starts[n + 1]] for n in range(len(lists))]
    # The first list keeps its codes.
    codes = [
        part.codes if not n else changed[n][part.codes]
        for n, part in zip(which, small, strict=True)
    ]
    return codes, encoded.dictionary


def _same_values(one: pa.StringArray, other: pa.StringArray) -> bool:
    """Say whether two lists of values are the same memory, or not long and equal."""
    if one is other:
        return True
    if len(one) != len(other):
        return False
    places = [
        (array.offset, *(buffer.address if buffer else 0 for buffer in array.buffers()))
        for array in (one, other)
    ]
    return places[0] == places[1] or (len(one) < _SHORT and bool(one.equals(other)))


_FEW = 4  # so many texts are looked for one by one
_SHORT = 1000


def first_rows(codes: Codes32, count: int) -> Codes32:
    """Return the first row of each code below `count`, -1 where it is not in use."""
    head = codes[:_HEAD]
    if len(head) < len(codes) and count <= len(head):
        first = first_rows(head, count)
        if (first >= 0).all():
            return first
    first = np.full(count, -1, np.int32)
    # Written from the last row to the first, so that the first one stays.
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1, dtype=np.int32)
    return first


_HEAD = 65_536


def spelled_together(left: Texts, right: Texts) -> pa.StringArray:
    """Return two texts of each row as one, for columns in which hardly two are then alike."""
    return pc.binary_join_element_wise(left.plain(), right.plain(), "")
