"""Who may ask: the token of a library's server, the sessions of browsers, and one-time login codes.

The token stays the same from one start to the next (`web.token` in the library folder, readable by its owner alone),
so that panels stay connected; to take it away from everybody, delete the file and start anew. A session is a date
that is signed with the token: nothing is kept of it, and it outlives a restart.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from momentidx.errors import LibraryError

TOKEN_FILE = "web.token"
CODE_SECONDS = 60.0
"""How long a login link may be used, once."""
SESSION_SECONDS = 30 * 24 * 3600.0
MOST_CODES = 100
"""Codes that nobody used yet; the oldest are dropped."""
LONGEST = 512
"""Characters of anything that may be a key."""


class Keys:
    """What opens one server. Every comparison takes the same time whatever is right in it."""

    def __init__(self, token: str, clock: Callable[[], float] = time.time) -> None:
        self.token = token
        self._clock = clock
        self._codes: dict[str, float] = {}
        self._turn = threading.Lock()
        self.cookie = f"momentidx-{hashlib.sha256(token.encode()).hexdigest()[:8]}"
        """Name of the session's cookie, each library's its own: a browser sends cookies to every port of a host."""

    def is_token(self, text: str) -> bool:
        return _same(text, self.token)

    def session(self) -> str:
        """A new session's cookie."""
        told = f"{int(self._clock() + SESSION_SECONDS)}.{secrets.token_urlsafe(12)}"
        return f"{told}.{self._signed(told)}"

    def is_session(self, cookie: str) -> bool:
        told, _, signature = cookie.rpartition(".")
        if not _same(signature, self._signed(told)):
            return False
        return int(told.partition(".")[0]) > self._clock()

    def code(self) -> str:
        """A code that logs a browser in, once and soon."""
        code, now = secrets.token_urlsafe(24), self._clock()
        with self._turn:
            live = [(known, until) for known, until in self._codes.items() if until > now]
            self._codes = dict([*live[-MOST_CODES + 1 :], (code, now + CODE_SECONDS)])
        return code

    def redeem(self, code: str) -> bool:
        """Whether a code is good; it is used up by that."""
        with self._turn:
            for known, until in list(self._codes.items()):
                if _same(code, known):
                    del self._codes[known]
                    return until > self._clock()
        return False

    def _signed(self, told: str) -> str:
        return hmac.new(self.token.encode(), f"session {told}".encode(), hashlib.sha256).hexdigest()


def load_token(folder: Path) -> str:
    """The token of a library's server; it is made when there is none, or when others could have read it."""
    file = folder / TOKEN_FILE
    try:
        with _owned(file, os.O_RDONLY) as told:
            token = told.read(LONGEST).strip()
            if os.fstat(told.fileno()).st_mode & 0o077 == 0 and len(token) >= 32 and token.isascii():
                return token
        file.unlink()
    except (FileNotFoundError, UnicodeDecodeError):
        file.unlink(missing_ok=True)
    except OSError as error:
        raise LibraryError(f"{file}: the token cannot be read: {error.strerror}. Delete the file.") from error
    token = secrets.token_urlsafe(32)
    try:
        with _owned(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as new:
            new.write(token)
    except FileExistsError:  # another process was quicker
        return load_token(folder)
    except OSError as error:
        raise LibraryError(f"{file}: the token cannot be written: {error.strerror}.") from error
    return token


def _owned(file: Path, flags: int) -> IO[str]:
    return os.fdopen(os.open(file, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), "r" if flags == os.O_RDONLY else "w")


def _same(one: str, other: str) -> bool:
    return len(one) <= LONGEST and hmac.compare_digest(one.encode(errors="replace"), other.encode())
