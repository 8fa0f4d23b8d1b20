"""Segment files: named by content, written once, read back checked."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from subledger import tables
from subledger.errors import Exit, InvariantError, Refused
from subledger.store import files
from subledger.store.files import put, put_raw
from subledger.store.hashing import same
from subledger.store.segments import read_segment, segment_folder, write_segment
from subledger.tables.declaring import added

if TYPE_CHECKING:
    from tests.store.conftest import Samples

FOLDER = segment_folder("lots", "US-GAAP", period="2022-09")


def test_a_segment_is_read_back_as_it_was_written(tmp_path: Path, samples: Samples) -> None:
    lots = samples.lots("T1", "T2")
    file = write_segment(tmp_path, tables.LOTS, table=lots, folder=FOLDER, batch=7)
    assert file.path == f"segments/lots/US-GAAP/2022-09/00000007-{file.content_hash[:16]}.parquet"
    assert file.rows == 2
    again = read_segment(tmp_path, tables.LOTS, path=file.path, file_sha256=file.file_sha256)
    assert same(again, lots)
    assert again.schema.equals(tables.LOTS.schema, check_metadata=True)
    assert stat.S_IMODE((tmp_path / file.path).stat().st_mode) == 0o440
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == [Path(file.path).name]


def test_writing_a_segment_again_gives_the_same_file(tmp_path: Path, samples: Samples) -> None:
    lots = samples.lots("T1")
    first = write_segment(tmp_path, tables.LOTS, table=lots, folder=FOLDER, batch=7)
    assert write_segment(tmp_path, tables.LOTS, table=lots, folder=FOLDER, batch=7) == first


def test_a_final_name_with_other_bytes_is_never_overwritten(
    tmp_path: Path, samples: Samples
) -> None:
    lots = samples.lots("T1")
    path = tmp_path / write_segment(tmp_path, tables.LOTS, table=lots, folder=FOLDER, batch=7).path
    path.chmod(0o640)
    path.write_bytes(b"other")
    with pytest.raises(Refused) as refused:
        write_segment(tmp_path, tables.LOTS, table=lots, folder=FOLDER, batch=7)
    assert [f.code for f in refused.value.findings] == ["SEGMENT_CHANGED"]
    assert path.read_bytes() == b"other"


def test_every_changed_byte_of_a_segment_is_refused(tmp_path: Path, samples: Samples) -> None:
    marks = samples.rows(tables.MARKS, {"instrument": "AAPL"})
    file = write_segment(tmp_path, tables.MARKS, table=marks, folder=FOLDER, batch=1)
    path = tmp_path / file.path
    path.chmod(0o640)
    content = path.read_bytes()
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= 0x40
        path.write_bytes(changed)
        with pytest.raises(Refused) as refused:
            read_segment(tmp_path, tables.MARKS, path=file.path, file_sha256=file.file_sha256)
        assert (refused.value.findings[0].code, refused.value.exit) == ("SEGMENT_CHANGED", 5)


def test_a_missing_segment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        read_segment(tmp_path, tables.LOTS, path="segments/none", file_sha256="")
    assert (refused.value.findings[0].code, refused.value.exit) == ("SEGMENT_MISSING", 5)


def test_a_segment_of_an_earlier_schema_gets_defaults_for_later_columns(
    tmp_path: Path, samples: Samples
) -> None:
    file = write_segment(tmp_path, tables.LOTS, table=samples.lots("T1"), folder=FOLDER, batch=1)
    later = [
        added(3, tables.text("venue")),
        added(3, tables.text("state"), default="open"),
        added(3, tables.whole("units"), like="opened"),
        added(3, tables.whole("rank")),
        added(3, tables.flag("held")),
        added(3, tables.maybe_day("until")),
    ]
    grown = tables.Table("lots", "", pa.schema([*later, *tables.LOTS.schema]), ())
    again = read_segment(tmp_path, grown, path=file.path, file_sha256=file.file_sha256)
    assert again.select([*range(7)]).to_pylist() == [
        {
            "venue": "",
            "state": "open",
            "units": 10,
            "rank": 0,
            "held": False,
            "until": None,
            "lot_id": "T1",
        }
    ]


def test_a_folder_cannot_be_left_by_the_name_of_a_basis() -> None:
    for name in ("..", "a/b", ".x", ""):
        if name:
            with pytest.raises(InvariantError):
                segment_folder("lots", name)
    assert segment_folder("trades") == "segments/trades/all/all"


def test_an_imported_file_is_kept_byte_for_byte_under_its_hash(tmp_path: Path) -> None:
    name = put_raw(tmp_path, b"a,b\r\n")
    assert put_raw(tmp_path, b"a,b\r\n") == name
    assert (tmp_path / "raw" / name).read_bytes() == b"a,b\r\n"
    (tmp_path / "raw" / name).chmod(0o640)
    (tmp_path / "raw" / name).write_bytes(b"other")
    with pytest.raises(Refused) as refused:
        put_raw(tmp_path, b"a,b\r\n")
    assert refused.value.findings[0].code == "RAW_CHANGED"


def failing(number: int) -> Callable[..., int]:
    def fail(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("call", ["write", "fsync"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_full_or_failing_disk_leaves_no_file_and_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    monkeypatch.setattr(os, call, failing(number))
    with pytest.raises(Refused) as refused, files.refusing_machine_errors(tmp_path):
        put(tmp_path / "x", b"content")
    monkeypatch.undo()
    finding = refused.value.findings[0]
    assert (finding.code, finding.file, refused.value.exit) == ("IO_ERROR", str(tmp_path), Exit.IO)
    assert list(tmp_path.iterdir()) == []
