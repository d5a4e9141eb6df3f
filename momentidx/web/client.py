"""A small client of the API: for our own commands, and for scripts.

    >>> from momentidx.web.client import Client
    >>> client = Client.of(folder)          # None when no process serves the library
    >>> [moment.clip for moment in client.search("a red ball").moments]

Answers are the values of `web/values.py`, or plain JSON by `get` and `send`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from momentidx.errors import LibraryBusy, LibraryError, MomentidxError, WrongUse
from momentidx.web.runfile import Address, running
from momentidx.web.values import API, Found, Health, LoginLink

SECONDS = 60.0
"""As long as the server itself waits for a route."""

_ERRORS: Mapping[str, type[MomentidxError]] = {"wrong-use": WrongUse, "busy": LibraryBusy, "library": LibraryError}


class Client:
    """Asks one server. Every method raises MomentidxError, of the kind that the server names, when it is refused, and
    LibraryError when there is no answer.
    """

    def __init__(self, address: Address, seconds: float = SECONDS) -> None:
        self.url = address.url
        self._token = address.token
        self._seconds = seconds

    @classmethod
    def of(cls, library: Path) -> Client | None:
        """The client of the process that serves a library; None when none does."""
        address = running(library)
        return None if address is None else cls(address)

    def health(self) -> Health:
        return Health(**self.get("/health"))

    def search(self, words: str, *, limit: int = 60, offset: int = 0, **more: Any) -> Found:
        """Moments that answer the words; `more` is what `GET /search` takes besides."""
        return Found(**self.get("/search", q=words, limit=limit, offset=offset, **more))

    def login_link(self) -> str:
        """An address that logs a browser in, once and within a minute."""
        return self.url + LoginLink(**self.send("POST", "/login")).path

    def get(self, path: str, **question: Any) -> Any:
        """What `GET` answers below `/api/v1`, as JSON."""
        asked = {name: value for name, value in question.items() if value is not None}
        return self.send("GET", f"{path}?{urlencode(asked)}" if asked else path)

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """What any method answers, as JSON; None for an empty answer."""
        place = urlsplit(self.url)
        headers = {"Authorization": f"Bearer {self._token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection = HTTPConnection(place.hostname or "", place.port, timeout=self._seconds)
        try:
            connection.request(method, API + path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            told = json.loads(answer.read() or "null")
        except (OSError, HTTPException, ValueError) as error:
            raise LibraryError(
                f"{self.url} does not answer ({error}). Is 'momentidx watch' or 'serve' well?"
            ) from error
        finally:
            connection.close()
        if answer.status >= 400:
            problem = told["error"]
            raise _ERRORS.get(problem["kind"], MomentidxError)(problem["message"])
        return told
