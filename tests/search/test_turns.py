"""One question at a time: short ones pass long ones, but not for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from momentidx.search.parse import parse
from momentidx.search.turns import LONG_SECONDS, SHORT_SECONDS, Turns, expected
from tests.e2e.command import wait_until


class Asked:
    """Questions in threads of their own, and the order in which they were answered."""

    def __init__(self) -> None:
        self.now = 0.0
        self.turns = Turns(lambda: self.now)
        self.answered: list[str] = []

    def ask(self, name: str, seconds: float, between: Callable[[], None] = lambda: None) -> threading.Thread:
        """Begun once it waits."""

        def answer() -> None:
            with self.turns.turn(seconds) as step_back:
                self.answered.append(name)
                between()
                step_back()
            self.answered.append(f"{name} ended")

        return self._begun(name, answer)

    def close(self) -> threading.Thread:
        def last() -> None:
            with self.turns.last():
                self.answered.append("closed")

        return self._begun("close", last)

    def _begun(self, name: str, run: Callable[[], None]) -> threading.Thread:
        waiting = len(self.turns._waiting)
        thread = threading.Thread(target=run)
        thread.start()
        wait_until(lambda: len(self.turns._waiting) > waiting or not thread.is_alive(), f"{name} waits")
        return thread

    @contextmanager
    def meanwhile(self) -> Iterator[None]:
        """A turn that all who ask have to wait for."""
        with self.turns.turn():
            yield


def test_a_short_question_passes_a_long_one_that_waits() -> None:
    asked = Asked()
    with asked.meanwhile():
        threads = [asked.ask("long", LONG_SECONDS), asked.ask("short", SHORT_SECONDS), asked.ask("next", SHORT_SECONDS)]
    for thread in threads:
        thread.join(20)
    assert [each for each in asked.answered if "ended" not in each] == ["short", "next", "long"]


def test_a_long_question_is_not_passed_for_ever() -> None:
    asked = Asked()
    with asked.meanwhile():
        threads = [asked.ask("long", LONG_SECONDS)]
        asked.now = 10.0
        threads += [asked.ask("short", SHORT_SECONDS)]
    for thread in threads:
        thread.join(20)
    assert [each for each in asked.answered if "ended" not in each] == ["long", "short"]


def test_a_long_question_that_has_begun_steps_back_for_a_short_one_and_goes_on() -> None:
    asked, others = Asked(), list[threading.Thread]()
    long = asked.ask("long", LONG_SECONDS, lambda: others.append(asked.ask("short", SHORT_SECONDS)))
    for thread in (long, *others):
        thread.join(20)
    assert asked.answered[:2] == ["long", "short"]
    assert sorted(asked.answered[2:]) == ["long ended", "short ended"]


def test_who_closes_waits_for_all_that_have_begun_but_not_for_those_that_keep_coming() -> None:
    asked = Asked()
    with asked.turns.turn(LONG_SECONDS) as step_back:
        threads = [asked.ask("short", SHORT_SECONDS), asked.close()]
        asked.now = 10.0
        threads += [asked.ask("later", SHORT_SECONDS)]
        step_back()
        asked.answered.append("long goes on")
    for thread in threads:
        thread.join(20)
    told = [each for each in asked.answered if "ended" not in each]
    assert told == ["short", "long goes on", "closed", "later"]


def test_questions_about_time_are_the_long_ones() -> None:
    assert [expected(parse(words)) for words in ("a dog", "a dog -red", "a dog THEN a cat", "(a WHILE b) OR c")] == [
        SHORT_SECONDS, SHORT_SECONDS, LONG_SECONDS, LONG_SECONDS,
    ]  # fmt: skip
