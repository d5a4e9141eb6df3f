"""Asking about several footages in one stream of requests, so that whoever answers always has enough at hand.

A short clip is one question, and a GPU wants many at once. What goes wrong with one footage stays with it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from momentidx.caption.chat import Chat, Reply, Request
from momentidx.errors import UnusableFootage

T = TypeVar("T")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Questions(Generic[R_co]):
    """What is to be asked about one footage, and what becomes of the replies."""

    requests: Sequence[Callable[[], Request]]
    """Each makes a request when its turn comes, for requests hold pictures."""
    read: Callable[[Sequence[Reply]], R_co]


@dataclass(slots=True)
class _Begun(Generic[R]):
    questions: Questions[R] | None = None
    replies: list[Reply] = field(default_factory=list)
    error: Exception | None = None

    @property
    def over(self) -> bool:
        return self.error is not None or (
            self.questions is not None and len(self.replies) == len(self.questions.requests)
        )

    def result(self) -> R | Exception:
        if self.error is None and self.questions is not None:
            try:
                return self.questions.read(self.replies)
            except Exception as error:
                return error
        assert self.error is not None
        return self.error


def together(items: Iterable[T], ask: Callable[[T], Questions[R]], chat: Chat) -> Iterator[R | Exception]:
    """For each item, in order, what `Questions.read` makes of its replies, or the exception that kept it from that.

    Items are taken, and requests made, in the caller's thread and no further ahead than the chat takes them. A
    result is given out before anything more is asked for than the chat had taken when it became known.
    """
    upcoming, taken, is_last = iter(items), False, False
    begun: deque[_Begun[R]] = deque()
    whose: deque[_Begun[R]] = deque()
    """Of each request that waits for its reply."""

    def requests() -> Iterator[Request]:
        nonlocal taken, is_last
        taken = True
        for item in upcoming:
            one = _Begun[R]()
            begun.append(one)
            try:
                one.questions = ask(item)
                for make in one.questions.requests:
                    if one.error:  # a reply failed meanwhile
                        break
                    request = make()
                    whose.append(one)
                    yield request
            except Exception as error:
                one.error = error
            if not whose:
                return  # nothing is to come that a result could be given out with
        is_last = True

    while not is_last:
        taken, lost = False, UnusableFootage("model", "The captioner's model ended before it had answered.")
        try:
            for reply in chat.replies(requests()):
                one = whose.popleft()
                if isinstance(reply, Exception):
                    one.error = one.error or reply
                else:
                    one.replies.append(reply)
                yield from _results(begun)
        except UnusableFootage as error:
            lost = error
        whose.clear()
        for one in begun:
            if not one.over:
                one.error = lost
        yield from _results(begun)
        if not taken:
            raise RuntimeError("the chat takes no requests")


def only(results: Iterable[R | Exception]) -> R:
    """The one result there is. Raises what it is instead."""
    (result,) = results
    if isinstance(result, Exception):
        raise result
    return result


def _results(begun: deque[_Begun[R]]) -> Iterator[R | Exception]:
    while begun and begun[0].over:
        yield begun.popleft().result()
