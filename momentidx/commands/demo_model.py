"""`momentidx demo --captioner NAME`: a Video-LLM at work on footage of the drawn world, beside the truth."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from momentidx.commands.describe import opened
from momentidx.commands.index import index_now
from momentidx.commands.setting_up import set_up
from momentidx.commands.showing import counted, length_text, plain, print_rows
from momentidx.times import clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from momentidx.events import Event
    from momentidx.footage import Footage
    from momentidx.training.world.story import Story

STORIES = {"W001.mov": 11, "W002.mov": 24, "W003.mov": 37}
"""Clips and their seeds in the test split: training never shows them, nor half of what things do in them."""
SECONDS = 24.0


def show_model(folder: Path, captioner: str) -> None:
    """Draw clips whose contents are known, let the captioner describe them, then look for a moment and ask."""
    from momentidx.caption.protocol import Answerer, Locator
    from momentidx.hooks import choose
    from momentidx.training.world.words import wordings

    offer = choose("captioners", captioner)
    footage, library = folder / "world", folder / f"library-{captioner}"
    stories = _drawn(footage)
    length = sum(story.duration for story in stories.values())
    typer.echo(f"1. Drew {counted(len(stories), 'clip')}, {length_text(length)} of footage, in {plain(footage)}.\n")

    setup = set_up(library, captioners=(captioner,))
    typer.echo(f"2. Dense captioning: '{captioner}' describes all clips")
    start = time.monotonic()
    typer.echo(f"{index_now(setup, [footage]).sentence()} It took {time.monotonic() - start:.1f} s.\n")

    asked = offer.make(setup.settings)
    name, story = next(iter(stories.items()))
    with opened(footage / name, setup) as (known, source):
        typer.echo(f"3. What it says of {name}, and what is true")
        _beside(asked.describe(known, source), known, story)
        if isinstance(asked, Locator):
            typer.echo("\n4. Grounding: when does it happen?")
            for each in [each for each in story.happenings if each.thing][:3]:
                words = wordings(each)[0]
                found = asked.locate(known, source, words)
                told = ", ".join(_times(event, known) for event in found) or "not found"
                true = " to ".join(clock(seconds) for seconds in each.seconds)
                typer.echo(f'   "{words}": {told}  (true: {true})')
        if isinstance(asked, Answerer):
            typer.echo("\n5. Dialogue")
            for question, true in _questions(story):
                typer.echo(f"   {question} {plain(asked.answer(known, source, question).text)}  (true: {true})")


def _drawn(folder: Path) -> dict[str, Story]:
    """The clips, drawn unless they are there."""
    from tqdm import tqdm

    from momentidx.training.world.file import write
    from momentidx.training.world.story import story

    stories = {name: story(seed, "test", SECONDS) for name, seed in STORIES.items()}
    due = {name: each for name, each in stories.items() if not (folder / name).exists()}
    folder.mkdir(parents=True, exist_ok=True)
    frames = sum(each.frames for each in due.values())
    with tqdm(total=frames, desc="Drawing footage", unit="frame", file=sys.stderr, leave=False, disable=None) as bar:
        for name, each in due.items():
            write(each, folder / name, on_frame=bar.update)
    return stories


def _beside(events: Sequence[Event], footage: Footage, story: Story) -> None:
    from momentidx.training.world.words import wordings

    told = [
        (float(footage.seconds(event.span.start)), "said", _times(event, footage), event.caption) for event in events
    ]
    told += [
        (each.seconds[0], "true", " to ".join(clock(edge) for edge in each.seconds), wordings(each)[0])
        for each in story.happenings
    ]  # fmt: skip
    rows = sorted(told)
    print_rows(("", "When"), [(f"   {who}", when) for _, who, when, _ in rows], [[words] for *_, words in rows])


def _times(event: Event, footage: Footage) -> str:
    return " to ".join(clock(footage.seconds(edge)) for edge in (event.span.start, event.span.end))


def _questions(story: Story) -> list[tuple[str, str]]:
    """With their answers."""
    from momentidx.training.world.talks import talk

    said = talk(story, "dialogue", turns=3)

    def timed(answer: str) -> str:
        for placeholder, seconds in said.times.items():
            answer = answer.replace(placeholder, clock(seconds))
        return answer

    return [(question, timed(answer)) for question, answer in said.turns]
