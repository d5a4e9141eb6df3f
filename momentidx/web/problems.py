"""Errors as answers: which status a kind of error has, and its body."""

from __future__ import annotations

from momentidx.errors import LibraryBusy, LibraryError, MomentidxError, UnusableFootage, WrongUse
from momentidx.web.values import Failure, Problem


class NotFound(MomentidxError):
    """There is nothing of this name or number."""


class Conflict(MomentidxError):
    """It cannot be done as things stand now."""


KINDS: tuple[tuple[type[MomentidxError], int, str], ...] = (
    (NotFound, 404, "not-found"),
    (Conflict, 409, "conflict"),
    (WrongUse, 400, "wrong-use"),
    (UnusableFootage, 409, "unusable-footage"),
    (LibraryBusy, 409, "busy"),
    (LibraryError, 503, "library"),
    (MomentidxError, 409, "failed"),
)
"""The first that fits counts."""

STATUSES = {
    400: "wrong-use", 401: "not-logged-in", 403: "refused", 404: "not-found", 405: "not-allowed", 408: "too-slow",
    409: "conflict", 413: "too-large", 415: "wrong-type", 416: "wrong-use", 429: "too-many", 500: "unforeseen",
    503: "busy",
}  # fmt: skip


def answer(error: MomentidxError) -> tuple[int, Failure]:
    """Status and body for an error that a person can act on."""
    status, name = next((status, name) for kind, status, name in KINDS if isinstance(error, kind))
    return status, failure(status, str(error), kind=name, column=getattr(error, "column", None))


def failure(status: int, message: str, *, kind: str | None = None, column: int | None = None) -> Failure:
    """The body for a status."""
    return Failure(error=Problem(kind=kind or STATUSES.get(status, "failed"), message=message, column=column))
