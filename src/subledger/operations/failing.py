"""What the machine, or the size of a number, did to a command, as a refusal."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from subledger.errors import Refused, refuse
from subledger.numbers import NumberOverflow

_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST, errno.EISDIR, errno.ENOTDIR}


def refusal_of(error: Exception) -> Refused | None:
    """Return the refusal that an error amounts to; None where it is a fault of the program.

    An amount beyond 64 bits is NUMBER_TOO_LARGE; of the operating system's errors those about
    permissions are CANNOT_WRITE, all others IO_ERROR.
    """
    if isinstance(error, Refused):
        return error
    if isinstance(error, NumberOverflow):
        return refuse("NUMBER_TOO_LARGE", f"{error}; nothing was booked")
    if isinstance(error, OSError):
        code = "CANNOT_WRITE" if error.errno in _NOT_ALLOWED else "IO_ERROR"
        reason = error.strerror or type(error).__name__
        return refuse(code, reason, file=str(error.filename or ""))
    return None


@contextmanager
def only_refusals() -> Iterator[None]:
    """Raise what a command meets as Refused; faults of the program pass through."""
    try:
        yield
    except Exception as error:
        refused = refusal_of(error)
        if refused is None or refused is error:
            raise
        raise refused from error
