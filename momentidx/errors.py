"""What can go wrong, in sentences for the person at the keyboard.

Every message says what happened, to which file, and what to do about it. Only `commands/` prints
them and picks the exit code; everything else raises.
"""

from __future__ import annotations


class MomentidxError(Exception):
    """Something failed that the user can understand and act on."""

    exit_code = 1
    below: tuple[str, ...] = ()
    """Lines that show where it went wrong, to be printed below the sentence."""


class WrongUse(MomentidxError):
    """The request itself makes no sense: an unknown option value, an empty query, a bad setting."""

    exit_code = 2


class Outdated(WrongUse):
    """The request was about something as it stood before; somebody else has changed it since."""


class UnusableFootage(MomentidxError):
    """One media file cannot be indexed; other files are not affected.

    `code` is a stable name for the kind of trouble (`not-media`, `no-video`, `truncated`,
    `decoder-crash`, `time-limit`, ...) for filters and statistics; the message is the sentence.
    `passing` says whether trying again later may help (an unreadable disk) or not (no video stream).
    """

    def __init__(self, code: str, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.passing = passing

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions are pickled by their `args`; this one crosses from the decoding child.
        return _unusable, (self.code, str(self), self.passing)


def _unusable(code: str, message: str, passing: bool) -> UnusableFootage:
    return UnusableFootage(code, message, passing=passing)


class LibraryError(MomentidxError):
    """The library cannot be used as it is: newer schema, damaged, not a library, disk full."""


class LibraryDamaged(LibraryError):
    """The library's database cannot be read, or not all of it, or is older than it was."""


class LibraryBusy(LibraryError):
    """Another process is writing to the library."""

    exit_code = 75
