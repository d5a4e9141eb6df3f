"""A language model words the drafts: a server in a process of its own, a tiny model in this one, and bad answers."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from momentidx.caption.chat import Sight
from momentidx.caption.endpoint import EndpointChat, Server
from momentidx.caption.shotlog.things import Blob
from momentidx.caption.transformers.chat import TransformersChat
from momentidx.config import Settings
from momentidx.errors import MomentidxError, UnusableFootage, WrongUse
from momentidx.times import Span
from momentidx.training.engine import wording, writers
from momentidx.training.engine.instances import Instance, Seen
from momentidx.training.engine.instructions import (
    ASKED,
    CAPTION,
    COMPOSED,
    LEAST,
    TASKS,
    Draft,
    Spoken,
    drafts,
    sifted,
)
from momentidx.training.engine.looks import look
from momentidx.training.engine.matrix import Column, Doing, Matrix
from momentidx.training.engine.wording import Flaw
from momentidx.training.engine.writers import ModelWriter, Templates
from tests.caption.every import served
from tests.caption.server import MODEL, TOKEN, lines
from tests.caption.tiny_models import language_model, speaking
from tests.clips import render
from tests.training.engine.test_engine import there_and_back
from typer_app import app

BASE = Fraction(1, 25)


def thing(colour: str) -> Instance:
    box = Blob(0, 0.1, 0.4, 0.3, 0.6, 0.04, colour, glows=False)
    return Instance("thing", colour, (Seen("thing", box, look(np.zeros((8, 8, 3), np.uint8))),))


def doing(does: str, pts: int) -> Doing:
    return Doing(does, pts, (0.2, 0.5), 0.9)


KNOWN = Matrix(
    (thing("red"), thing("blue")),
    (
        Column(Span(0, 75, BASE), "A red box goes right.", 1.0, (doing("moves to the right", 0), None)),
        Column(Span(75, 150, BASE), "A green wall.", 1.0, (None, doing("stays in the middle", 80))),
        Column(Span(150, 225, BASE), None, 0.0, (doing("moves to the left", 150), None)),
    ),
)
DRAFTS = sifted(drafts(KNOWN), LEAST)[0]


def draft(task: str) -> Draft:
    return next(one for one in DRAFTS if one.task == task)


def said(question: str, answer: str) -> str:
    return json.dumps({"question": question, "answer": answer})


def test_a_prompt_tells_the_cells_and_no_time() -> None:
    assert wording.prompt(draft(COMPOSED), KNOWN, ASKED[COMPOSED][0]) == (
        "You write exercises for a model that learns to watch videos: one question and its right answer.\n"
        "The exercise: The question begins with one part of the video, says what should be different, and asks for the "
        "part that is so. The answer gives the time of that other part.\n\n"
        "What is known of the video. Tell nothing that is not said here:\n"
        "{SOURCE_CLIP}:\n- the whole picture: A red box goes right.\n- [the red thing] moves to the right\n"
        "{moment}:\n- nothing is known of the whole picture\n- [the red thing] moves to the left\n\n"
        "Times and places are filled in later, where you write them in braces. In the question write {SOURCE_CLIP}; "
        "in the answer write {moment}. Write no other time.\n"
        "Write each thing by its name, in square brackets: [the red thing].\n"
        "For example:\n"
        "Question: {SOURCE_CLIP} shows [the red thing]. Find the part in which it moves to the left instead.\n"
        "Answer: From {moment}.\n"
        "Say it in other words than the example, in one or two plain sentences each. "
        "Write this JSON and nothing else:\n"
        '{"question": "...", "answer": "..."}'
    )


def test_the_templates_own_words_are_taken_for_every_task() -> None:
    assert {one.task for one in DRAFTS} == set(TASKS)
    for one in DRAFTS:
        for question in ASKED[one.task]:
            filled = question.replace("{content}", str(one.variables.get("content")))
            assert wording.read(said(filled, one.answer), one, KNOWN) == Spoken(filled, one.answer)


@pytest.mark.parametrize(
    "text",
    [
        said("What does {moment} show?", "[the red thing] before a wall."),
        'Sure!\n```json\n{"Question": "What does { moment } show?", "Answer": "[the red  thing] before a wall."}\n```',
        "<think>Hm, {moment}.</think>\nQuestion: What does {moment} show?\nAnswer: [the red thing] before a wall.",
        "**Question:** What does {moment} show?\n**Answer:** The red thing before a wall.\n**Question:** And then?",
        '[{"user": "What does {moment} show?", "assistant": "[The red thing] before a wall."}, {"user": "x"}]',
        "User: What does {moment} show? Assistant: The red thing before a wall.",
    ],
)
def test_many_forms_of_an_answer_are_read(text: str) -> None:
    told = Spoken("What does {moment} show?", "The red thing before a wall.")
    assert wording.read(text, draft(CAPTION), KNOWN) == told


@pytest.mark.parametrize(
    ("task", "text", "flaw"),
    [
        (CAPTION, "", Flaw.UNREAD),
        (CAPTION, "I cannot see any video.", Flaw.UNREAD),
        (CAPTION, '{"question": "What does {moment} show?", "answer": ', Flaw.UNREAD),
        (CAPTION, said("What does {moment} show?", "A wall. " * 200), Flaw.LONG),
        (CAPTION, said("What is shown?", "A wall."), Flaw.PLACES),
        (CAPTION, said("What does {moment} show?", "A wall at {click_position}."), Flaw.PLACES),
        ("segment_locate_data", said("When is {content} seen, as in {moment}?", "From {moment}."), Flaw.PLACES),
        ("segment_locate_data", said("When is {content} seen?", "At the start."), Flaw.PLACES),
        (CAPTION, said("What does {moment} show?", "[the black dog] runs."), Flaw.THING),
        (CAPTION, said("What does {moment} show?", "The blue thing stands."), Flaw.THING),
        ("instance_qa_data", said("What is at {click_position}?", "It moves to the right."), Flaw.ABOUT),
        (CAPTION, said("What does {moment} show?", "From 12.5 to 20 a wall."), Flaw.TIME),
        (CAPTION, said("What does {moment} show?", "A wall, for a few seconds."), Flaw.TIME),
        (CAPTION, said("What does {moment} show?", "The red thing goes leftwards."), Flaw.WAY),
        (CAPTION, said("What does {moment} show?", "A wall <s0>."), Flaw.STRAY),
    ],
)
def test_what_cannot_be_read_or_speaks_against_the_matrix_is_refused(task: str, text: str, flaw: Flaw) -> None:
    assert wording.read(text, draft(task), KNOWN) is flaw


def test_an_answer_that_was_cut_off_is_refused() -> None:
    good = said("What does {moment} show?", "A red thing.")
    assert wording.read(good, draft(CAPTION), KNOWN, whole=False) is Flaw.CUT


Start = Callable[..., ModelWriter]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a server with faults, and gives a writer that asks it, one question at a time."""
    processes: list[subprocess.Popen[str]] = []

    def begin(*faults: str) -> ModelWriter:
        address, process = served(tmp_path / "log", *faults)
        processes.append(process)
        server = Server(address, MODEL, TOKEN, timeout=20.0, at_once=1, first_wait=0.001)
        return ModelWriter(EndpointChat(server, Sight()), "endpoint tiny", tmp_path / "asked")

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


def prompts(log: Path) -> list[str]:
    return [line["prompt"] for line in lines(log)]


def test_a_server_words_the_drafts_and_is_asked_nothing_twice(start: Start, tmp_path: Path) -> None:
    told = list(start().write(DRAFTS, KNOWN, Random(0)))
    templates = list(Templates().write(DRAFTS, KNOWN, Random(0)))
    assert [one.answered for one in told] == [one.answered for one in templates]  # type: ignore[union-attr]
    assert len(prompts(tmp_path / "log")) == len(set(prompts(tmp_path / "log"))) == len(DRAFTS)
    one = next((tmp_path / "asked").rglob("*.json"))
    one.write_text("{")  # damaged, as by a power cut
    assert list(start().write(DRAFTS, KNOWN, Random(0))) == told
    assert len(prompts(tmp_path / "log")) == 1


def test_an_answer_that_cannot_be_used_is_asked_for_once_more_and_then_refused(start: Start, tmp_path: Path) -> None:
    bad = "say " + said("What does {moment} show?", "[the black dog] runs.")
    writer = start(bad, "none", bad)
    captions = [one for one in DRAFTS if one.task == CAPTION]
    told = list(writer.write(captions, KNOWN, Random(0)))
    assert told == [Flaw.THING, Spoken("Describe the part from {moment}.", "A green wall.")]
    *_, last = prompts(tmp_path / "log")
    assert last.endswith(
        'You answered before:\n{"question": "What does {moment} show?", "answer": "[the black dog] runs."}\n'
        "That could not be used: it names a thing that is not there. Write it again, better."
    )
    assert len(prompts(tmp_path / "log")) == 3


def test_a_server_that_fails_ends_the_build_and_the_next_goes_on(start: Start, tmp_path: Path) -> None:
    with pytest.raises(MomentidxError, match=r"did not answer: 503 .* the same command goes on from there") as stopped:
        list(start("none", *["503"] * 5).write(DRAFTS, KNOWN, Random(0)))
    assert not isinstance(stopped.value, UnusableFootage)
    assert len(list(start().write(DRAFTS, KNOWN, Random(0)))) == len(DRAFTS)
    assert len(prompts(tmp_path / "log")) == len(DRAFTS) - 1


def test_a_question_that_the_model_does_not_take_costs_its_footage_only(start: Start) -> None:
    with pytest.raises(UnusableFootage, match="does not take the question"):
        list(start("400").write(DRAFTS, KNOWN, Random(0)))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return language_model(tmp_path_factory.mktemp("language") / "tiny-llama")


def test_a_language_model_in_this_process_words_the_drafts(tiny: Path, tmp_path: Path) -> None:
    writer: Any = writers.chosen(str(tiny), Settings(video_batch=8), tmp_path / "asked")
    assert isinstance(writer._chat, TransformersChat)
    speaking(writer._chat.network)
    told = list(writer.write(DRAFTS[:4], KNOWN, Random(0)))
    assert writer.name == "tiny-llama"
    assert [one.answered for one in told] == [one.answer for one in DRAFTS[:4]]


def test_writers_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="'poet' is no folder with a model and no hub id"):
        writers.chosen("poet", Settings(), tmp_path)
    with pytest.raises(
        MomentidxError, match=r"some/poet is not on this machine\. Fetch it with 'hf download some/poet'"
    ):
        writers.chosen("some/poet", Settings(), tmp_path)
    with pytest.raises(WrongUse, match="'endpoint' needs to know which model to ask"):
        writers.chosen("endpoint", Settings(), tmp_path)
    (tmp_path / "config.json").write_text('{"architectures": ["CLIPModel"]}')
    with pytest.raises(MomentidxError, match="holds a CLIPModel, which is no language model"):
        writers.chosen(str(tmp_path), Settings(), tmp_path)


@pytest.mark.slow
def test_the_command_builds_with_a_server_and_counts_what_was_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = render(tmp_path / "there.mp4", frames=225, picture=there_and_back, strip=False)
    address, process = served(tmp_path / "log", *["say no"] * 17)
    told = {"URL": address, "MODEL": MODEL, "TOKEN": TOKEN, "CONCURRENCY": "1"}
    for name, value in told.items():
        monkeypatch.setenv(f"MOMENTIDX_ENDPOINT_{name}", value)
    output = tmp_path / "built"
    arguments = ["data", "build", str(clip), "-o", str(output), "--library", str(tmp_path / "library")]
    try:
        done = CliRunner().invoke(app, [*arguments, "--writer", "endpoint"])
        assert done.exit_code == 0, done.output
        report = json.loads((output / "report.json").read_text())
        # All sixteen are refused at first; asked again, the first still is.
        assert (report["writer"], sum(report["kept"].values())) == ("endpoint tiny", 15)
        assert report["rejected"]["segment_caption_data"] == {"no question with an answer was read": 1}
        assert len(prompts(tmp_path / "log")) == 32
        for path in (output / "footage").iterdir():
            path.unlink()
        before = (output / "moment10m.json").read_bytes()
        assert CliRunner().invoke(app, [*arguments, "--writer", "endpoint"]).exit_code == 0
        assert (output / "moment10m.json").read_bytes() == before
        assert len(prompts(tmp_path / "log")) == 32
    finally:
        process.kill()
        process.communicate()
