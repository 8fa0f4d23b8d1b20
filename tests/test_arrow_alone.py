from __future__ import annotations

import subprocess
import sys

LOADED = "import sys; from subledger.operations import closing, importing, packaging, reporting"


def printed(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_operations_are_loaded_and_arrow_is_given_lists_without_pandas() -> None:
    lists = "import pyarrow as pa; pa.array([1, 2]); pa.table({'a': ['x']})"
    assert printed(f"{LOADED}; {lists}; print('pandas' in sys.modules)") == "False"


def test_arrow_and_pandas_still_exchange_tables() -> None:
    there = "frame = pa.table({'a': [1, 2]}).to_pandas(); print(frame['a'].sum())"
    back = "print(pa.Table.from_pandas(frame)['a'].to_pylist())"
    assert printed(f"{LOADED}; import pyarrow as pa; {there}; {back}") == "3\n[1, 2]"


def test_with_pandas_loaded_before_arrow_takes_its_columns() -> None:
    program = "import pandas, pyarrow as pa; print(pa.array(pandas.Series([1, None])).null_count)"
    assert printed(f"import pandas; {LOADED}; {program}") == "1"
