"""Who may ask: the token of a library's server, the sessions of browsers, and one-time login codes.

The token stays the same from one start to the next (`web.token` in the library folder, readable by its owner alone),
so that panels stay connected; to take it away from everybody, delete the file and start anew. A session is a date
that is signed with the token: it outlives a restart, and ends with the token. Only of those that were ended before
their time something is kept (`web.sessions`).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from momentidx.errors import LibraryError

TOKEN_FILE = "web.token"
ENDED_FILE = "web.sessions"
CODE_SECONDS = 60.0
"""How long a login link may be used, once."""
SESSION_SECONDS = 30 * 24 * 3600.0
MOST_CODES = 100
"""Codes that nobody used yet; the oldest are dropped."""
LONGEST = 512
"""Characters of anything that may be a key."""


class Ended:
    """The sessions that were ended before their time, in a file of the library's folder.

    A file that cannot be read ends every session until now: better to log in once more than to let in who was sent
    away.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._file = folder / ENDED_FILE
        self._clock = clock
        self._turn = threading.Lock()
        self.before, self._one_by_one = self._read()
        """All that were made up to then, in milliseconds; and the names of others, with when they were made."""

    def has(self, session: str, made: int) -> bool:
        """Whether a session is one of them, by its name and when it was made, in milliseconds."""
        return made <= self.before or session in self._one_by_one

    def end(self, session: str, made: int) -> None:
        """End one. Raises LibraryError when that cannot be kept."""
        with self._turn:
            oldest = max(self.before, (self._clock() - SESSION_SECONDS) * 1000)
            live = {one: when for one, when in self._one_by_one.items() if when > oldest}
            self._keep(self.before, {**live, session: made})

    def end_all(self) -> None:
        """End all that were made until now. Raises LibraryError when that cannot be kept."""
        with self._turn:
            self._keep(int(self._clock() * 1000), {})

    def _read(self) -> tuple[int, dict[str, int]]:
        try:
            with _owned(self._file, os.O_RDONLY) as told:
                kept = json.load(told)
            return int(kept["before"]), {str(one): int(made) for one, made in kept["ended"].items()}
        except FileNotFoundError:
            return 0, {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return int(self._clock() * 1000), {}

    def _keep(self, before: int, one_by_one: dict[str, int]) -> None:
        new = self._file.with_name(f"{ENDED_FILE}.new")
        try:
            with _owned(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as told:
                json.dump({"before": before, "ended": one_by_one}, told)
            new.replace(self._file)
        except OSError as error:
            raise LibraryError(f"{self._file}: no session can be ended: {error.strerror}.") from error
        self.before, self._one_by_one = before, one_by_one


class Keys:
    """What opens one server. Every comparison takes the same time whatever is right in it."""

    def __init__(self, token: str, clock: Callable[[], float] = time.time, ended: Ended | None = None) -> None:
        self.token = token
        self.ended = ended
        """None where none is ever ended before its time."""
        self._clock = clock
        self._codes: dict[str, float] = {}
        self._turn = threading.Lock()
        self.cookie = f"momentidx-{hashlib.sha256(token.encode()).hexdigest()[:8]}"
        """Name of the session's cookie, each library's its own: a browser sends cookies to every port of a host."""

    def is_token(self, text: str) -> bool:
        return _same(text, self.token)

    def session(self) -> str:
        """A new session's cookie: when it was made, in milliseconds, its name, and the signature of both."""
        made = max(int(self._clock() * 1000), self.ended.before + 1 if self.ended else 0)
        told = f"{made}.{secrets.token_urlsafe(12)}"
        return f"{told}.{self._signed(told)}"

    def is_session(self, cookie: str) -> bool:
        known = self._session(cookie)
        if known is None:
            return False
        name, made = known
        is_ended = self.ended is not None and self.ended.has(name, made)
        return not is_ended and self._clock() < made / 1000 + SESSION_SECONDS

    def end(self, cookie: str) -> None:
        """End a session, wherever its cookie may have been copied to."""
        known = self._session(cookie)
        if known is not None and self.ended is not None:
            self.ended.end(*known)

    def _session(self, cookie: str) -> tuple[str, int] | None:
        """Name of a session that we made, and when that was."""
        told, _, signature = cookie.rpartition(".")
        if not _same(signature, self._signed(told)):
            return None
        made, _, name = told.partition(".")
        return name, int(made)

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
