"""What is wrong with the store."""

from __future__ import annotations

from subledger.errors.code import Code, Exit

STORE_CODES: dict[str, Code] = {
    "BUSY": Code(
        "Another command holds the write lock of the control database.",
        "wait until it has ended, then run the command again",
        Exit.BUSY,
    ),
    "IO_ERROR": Code(
        "The disk is full or reported an error; nothing was committed.",
        "make room or replace the disk, then run the command again",
        Exit.IO,
    ),
    "CANNOT_WRITE": Code(
        "The store may not be written; nothing was changed.",
        "give the user write permission for the folder, or use a copy of the books folder",
        Exit.CANNOT_WRITE,
    ),
    "NO_STORE": Code("The books folder has no store yet.", "import something first", Exit.USAGE),
    "STORE_URL": Code(
        "The store's url cannot be used.",
        "write sqlite:///store/control.db (a path below the books folder) or postgresql+psycopg://",
        Exit.USAGE,
    ),
    "STORE_OLDER": Code(
        "The store was written by an earlier version of the program.",
        "run a command that writes, such as subledger post; it keeps a copy of the former database",
        Exit.USAGE,
    ),
    "STORE_NEWER": Code(
        "The store was written by a newer version of the program.",
        "use that version, or a later one",
        Exit.USAGE,
    ),
    "SETTING_FIXED": Code(
        "The setting was fixed at first posting and cannot change.",
        "restore the former value, or open a new books folder and take over lots and balances",
        Exit.USAGE,
    ),
    "UNKNOWN_BATCH": Code(
        "There is no batch of that number.",
        "give --as-at the number of a batch that subledger status shows",
        Exit.USAGE,
    ),
    "STORE_DAMAGED": Code(
        "The control database cannot be read as one.",
        "restore the latest backup of the books folder, then run subledger verify",
        Exit.INTEGRITY,
    ),
    "STORE_SCHEMA": Code(
        "The control database's tables or triggers are not those the program made.",
        "find out who changed them; restore the latest backup of the books folder",
        Exit.INTEGRITY,
    ),
    "STORE_BEHIND": Code(
        "The control database is older than the segments beside it.",
        "restore the newer control database, which belongs to these segments",
        Exit.INTEGRITY,
    ),
    "SEGMENT_MISSING": Code(
        "A segment that the manifest names is not there.",
        "restore the file from a backup",
        Exit.INTEGRITY,
    ),
    "SEGMENT_CHANGED": Code(
        "A segment's file or content is not what was sealed.",
        "restore the file from a backup",
        Exit.INTEGRITY,
    ),
    "CHAIN_BROKEN": Code(
        "The chain of the segments does not hold.",
        "restore the control database from a backup",
        Exit.INTEGRITY,
    ),
    "SEQUENCE_GAP": Code(
        "Numbers that must follow each other without gap do not.",
        "restore the control database from a backup",
        Exit.INTEGRITY,
    ),
    "TOTALS_DIFFER": Code(
        "The lines of a segment do not sum to zero or to the manifest's control totals.",
        "restore the control database and the segment from a backup",
        Exit.INTEGRITY,
    ),
    "BATCH_CHANGED": Code(
        "What a batch recorded is not what it committed.",
        "restore the control database from a backup",
        Exit.INTEGRITY,
    ),
    "SEAL_CHANGED": Code(
        "The seal of a close is not what was sealed.",
        "compare with the copy of the seals kept outside, and restore from a backup",
        Exit.INTEGRITY,
    ),
    "RAW_MISSING": Code(
        "An imported file is no longer in the store.",
        "restore the file from a backup",
        Exit.INTEGRITY,
    ),
    "RAW_CHANGED": Code(
        "An imported file in the store is not what was imported.",
        "restore the file from a backup",
        Exit.INTEGRITY,
    ),
}
