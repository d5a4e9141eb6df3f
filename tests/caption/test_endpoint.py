"""The captioner `endpoint` against a server in a process of its own that misbehaves on order."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from momentidx.caption.chat import Clip, Reply, Request, Sight, Task
from momentidx.caption.endpoint import EndpointChat, Server
from momentidx.config import Settings, load_settings
from momentidx.errors import UnusableFootage, WrongUse
from tests.caption.every import served
from tests.caption.server import MODEL, TOKEN, lines
from typer_app import app

SIGHT = Sight(pictures=3, per_second=Fraction(1), width=32)
PROMPT = "This video is 2.0 seconds long. Question: What?"
Start = Callable[..., EndpointChat]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a server with faults, and gives a chat with it."""
    processes: list[subprocess.Popen[str]] = []

    def begin(*faults: str, **changed: object) -> EndpointChat:
        address, process = served(tmp_path / "log", *faults)
        processes.append(process)
        known = {"url": address, "model": MODEL, "token": TOKEN, "timeout": 20.0, "first_wait": 0.001}
        return EndpointChat(Server(**(known | changed)), SIGHT)  # type: ignore[arg-type]

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


def request(prompt: str = PROMPT) -> Request:
    images = np.arange(3 * 8 * 8 * 3, dtype=np.uint8).reshape(3, 8, 8, 3)
    return Request(Clip(images, (0.0, 0.75, 1.5), 2.0), Task.LOCATE, "", prompt, 99)


def failure(chat: EndpointChat) -> UnusableFootage:
    """What comes in the place of a reply."""
    (failed,) = chat.replies([request()])
    assert isinstance(failed, UnusableFootage)
    return failed


def faults(log: Path) -> list[str]:
    return [line["fault"] for line in lines(log)]


def test_pictures_and_their_times_are_sent_as_the_protocol_wants_it(start: Start, tmp_path: Path) -> None:
    assert list(start().replies([request()])) == [Reply("A ball.")]
    (noted,) = lines(tmp_path / "log")
    assert noted == {
        "fault": "none",
        "problem": None,
        "at_once": 1,
        "prompt": PROMPT,
        "times": ["0.00 seconds:", "0.75 seconds:", "1.5 seconds:"],
        "pictures": 3,
        "tokens": 99,
    }


@pytest.mark.parametrize(
    "fault", ["429", "500", "503", "cut", "hang up", "garbage", "nothing", "other json", "endless"]
)
def test_what_may_pass_is_tried_again(start: Start, tmp_path: Path, fault: str) -> None:
    assert list(start(fault, fault).replies([request()])) == [Reply("A ball.")]
    assert faults(tmp_path / "log") == [fault, fault, "none"]


@pytest.mark.parametrize("fault", ["slow", "dribble"])
def test_an_answer_that_does_not_come_in_time_is_asked_for_again(start: Start, tmp_path: Path, fault: str) -> None:
    assert list(start(fault, timeout=0.4).replies([request()])) == [Reply("A ball.")]
    assert faults(tmp_path / "log")[:2] == [fault, "none"]


def test_a_server_that_stays_ill_fails_the_footage_for_now(start: Start, tmp_path: Path) -> None:
    failed = failure(start(*["500"] * 9))
    assert failed.passing
    assert str(failed).endswith(
        "/v1 was asked 5 times and did not answer: 500 out of memory. "
        "See to the server; the footage is tried again later."
    )
    assert faults(tmp_path / "log") == ["500"] * 5


@pytest.mark.parametrize(
    ("changed", "fault", "sentence"),
    [
        ({"token": None}, "none", "refuses the token (401 who are you?). Set MOMENTIDX_ENDPOINT_TOKEN."),
        ({"model": "huge"}, "none", "has no model 'huge', or the address is not right (404 The model 'huge' does"),
        ({}, "400", "does not take the question (400 This model's maximum context length is 4096 tokens.). If it is"),
    ],
)
def test_what_will_not_pass_is_said_at_once(
    start: Start, tmp_path: Path, changed: dict[str, object], fault: str, sentence: str
) -> None:
    assert sentence in str(failure(start(fault, **changed)))
    assert len(faults(tmp_path / "log")) == 1


def test_a_server_that_is_not_there_is_named() -> None:
    chat = EndpointChat(Server("http://127.0.0.1:9/v1", MODEL, first_wait=0.001), SIGHT)
    assert re.match(r"http://127\.0\.0\.1:9/v1 was asked 5 times and did not answer: .*refused", str(failure(chat)))


def test_an_answer_that_grew_too_long_or_comes_in_parts_is_taken_as_it_is(start: Start) -> None:
    chat = start("too long", "no content", "parts", at_once=1)
    assert list(chat.replies([request()] * 3)) == [
        Reply("0.0 - 0.5: A red ball", False),
        Reply("", False),
        Reply("A ball."),
    ]


def test_a_request_that_is_refused_keeps_its_place_among_the_others(start: Start) -> None:
    first, second, third = start("none", "400", "none", at_once=1).replies([request()] * 3)
    assert (first, third) == (Reply("A ball."), Reply("A ball."))
    assert isinstance(second, UnusableFootage)


def test_several_are_asked_at_once_and_answered_in_order(start: Start, tmp_path: Path) -> None:
    chat = start("together", "together", "together", at_once=3)
    prompts = [f"This video is {length}.0 seconds long. List what happens." for length in range(7)]
    replies = list(chat.replies(request(prompt) for prompt in prompts))
    assert replies == [Reply(f"0.0 - {length}.0: A red ball rolls in.") for length in range(7)]
    assert max(line["at_once"] for line in lines(tmp_path / "log")) == 3


def test_requests_are_taken_no_further_ahead_than_can_be_asked(start: Start) -> None:
    taken = 0

    def requests() -> Iterator[Request]:
        nonlocal taken
        for _ in range(20):
            taken += 1
            yield request()

    replies = start(at_once=2).replies(requests())
    next(replies)
    assert taken == 3
    replies.close()  # type: ignore[attr-defined]


def test_the_endpoint_has_to_be_set_up() -> None:
    with pytest.raises(WrongUse, match="needs to know which model to ask: set 'endpoint_model'"):
        Server.of(Settings())
    with pytest.raises(WrongUse, match=r"'endpoint_url' = 'localhost:8000' is no address. Write http://HOST:PORT/v1"):
        Server.of(Settings(endpoint_model="m", endpoint_url="localhost:8000"))


def test_the_token_comes_from_the_environment_and_is_never_shown(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {"MOMENTIDX_ENDPOINT_TOKEN": TOKEN, "MOMENTIDX_ENDPOINT_MODEL": MODEL}).settings
    assert Server.of(settings).token == TOKEN
    assert TOKEN not in repr(settings)
    command = ["config", "show", "--library", str(tmp_path)]
    shown = CliRunner().invoke(app, command, env={"MOMENTIDX_ENDPOINT_TOKEN": TOKEN}).stdout
    assert 'endpoint_token = "**********"' in shown
    assert TOKEN not in shown
