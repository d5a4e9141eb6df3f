"""Work on a stream of requests in threads, with the results in the order of the requests."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


def in_order(requests: Iterable[A], work: Callable[[A], B], at_once: int) -> Iterator[B]:
    """`work(request)` for each request, `at_once` of them at a time.

    Requests are taken from the caller's thread, and only when there is room for one more: while threads
    work, the next is made ready. An exception of `work` comes out in its turn; what has not begun by then
    is dropped.
    """
    with ThreadPoolExecutor(at_once) as threads:
        waiting: deque[Future[B]] = deque()
        try:
            for request in requests:
                waiting.append(threads.submit(work, request))
                if len(waiting) > at_once:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
