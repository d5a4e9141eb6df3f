"""Conversations about a story: descriptions, questions for times, what happens at a time, and dialogues.

Times stand as `<s0>` and `<e0>`, the start and the end of the first event that is spoken of, so that each model's
codec can write them in its own way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from momentidx.training.world.places import PLACES as EVERY_PLACE
from momentidx.training.world.story import PLACE, SPLITS, Happening, Story, Thing
from momentidx.training.world.things import COLOURS, KINDS
from momentidx.training.world.words import PLACES, kinds_of, names, sentence, with_article

Task = Literal["caption", "dense", "grounding", "segment", "dialogue"]
TASKS: tuple[Task, ...] = ("caption", "dense", "grounding", "segment", "dialogue")

DENSE = (
    "Describe the events of this video in order of time, one a line, each with its time.",
    "Tell what happens in this video, event by event, each with its time.",
    "List everything that happens here with its start and end.",
)
GROUNDING = (
    'At which time interval in the video can we see "{}"?', 'When does the video show "{}"?',
    'During which frames can we see "{}"?', "When is it that {}?", "Find the moment: {}.",
)  # fmt: skip
SEGMENT = ("What happens from {}?", "Describe the video from {}.", "Tell what can be seen from {}.")
CAPTION = ("What is this video about?", "Describe the video in a sentence.", "What can be seen here?")
TIMES = "<s{0}> to <e{0}>"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation of one or more turns about one clip."""

    task: Task
    turns: tuple[tuple[str, str], ...]
    """Questions and answers."""
    times: Mapping[str, float]
    """Seconds from the clip's start for `<s0>`, `<e0>`, ..."""


def talk(story: Story, task: Task, turns: int = 6, number: int = 0) -> Talk:
    """The `number`-th conversation of a kind about a story, of at most so many turns."""
    random = np.random.default_rng((SPLITS.index(story.split), story.seed, TASKS.index(task), number))
    return _Speaker(story, random).talk(task, turns)


class _Speaker:
    """Draws wordings, and notes the times of what is spoken of."""

    def __init__(self, story: Story, random: np.random.Generator) -> None:
        self.story, self.random = story, random
        self.times: dict[str, float] = {}

    def talk(self, task: Task, turns: int) -> Talk:
        made: dict[Task, Callable[[int], Sequence[tuple[str, str]]]] = {
            "caption": self._caption, "dense": self._dense, "grounding": self._grounding,
            "segment": self._segment, "dialogue": self._dialogue,
        }  # fmt: skip
        return Talk(task, tuple(made[task](turns)), self.times)

    def one(self, among: Sequence[T]) -> T:
        return among[int(self.random.integers(len(among)))]

    def time(self, each: Happening) -> str:
        """`<s0> to <e0>`, with the next free number."""
        number = len(self.times) // 2
        self.times[f"<s{number}>"], self.times[f"<e{number}>"] = each.seconds
        return TIMES.format(number)

    def _some(self, turns: int) -> list[Happening]:
        order = self.random.permutation(len(self.story.happenings)).tolist()
        return [self.story.happenings[place] for place in order[:turns]]

    def _caption(self, turns: int) -> list[tuple[str, str]]:  # noqa: ARG002
        told = [sentence(each, self.random) for each in self.story.happenings] or ["nothing happens"]
        return [(self.one(CAPTION), _sentence(", then ".join(told)))]

    def _dense(self, turns: int) -> list[tuple[str, str]]:  # noqa: ARG002
        lines = [f"From {self.time(each)}, {sentence(each, self.random)}." for each in self.story.happenings]
        return [(self.one(DENSE), "\n".join(lines) or "Nothing happens.")]

    def _grounding(self, turns: int) -> list[tuple[str, str]]:
        return [
            (self.one(GROUNDING).format(sentence(each, self.random)), f"From {self.time(each)}.")
            for each in self._some(turns)
        ]

    def _segment(self, turns: int) -> list[tuple[str, str]]:
        """What happens alone at a time; two that overlap could not be told apart by it."""
        return [
            (self.one(SEGMENT).format(self.time(each)), _sentence(sentence(each, self.random)))
            for each in self._some(len(self.story.happenings))
            if all(_share(each, other) < 0.5 for other in self.story.happenings if other is not each)
        ][:turns]

    def _dialogue(self, turns: int) -> list[tuple[str, str]]:
        kinds = (self._what_does, self._what_after, self._colour, self._is_there, self._which_place, self._how_many)
        asked: list[tuple[str, str]] = []
        for _ in range(4 * turns):
            turn = self.one(kinds)()
            if turn is not None and turn[0] not in [question for question, _ in asked]:
                asked.append(turn)
            if len(asked) == turns:
                break
        return asked

    def _acting(self) -> list[Happening]:
        """Things that do one thing only in this clip."""
        things = [each.thing for each in self.story.happenings if each.thing]
        return [each for each in self.story.happenings if each.thing and things.count(each.thing) == 1]

    def _what_does(self) -> tuple[str, str] | None:
        if not (acting := self._acting()):
            return None
        each = self.one(acting)
        assert each.thing is not None
        name = with_article(self.one(names(each.thing)), "the")
        return (
            f"What does {name} do, and when?",
            f"{_sentence(sentence(each, self.random), '')}, from {self.time(each)}.",
        )

    def _what_after(self) -> tuple[str, str] | None:
        """What begins next after something has ended."""
        each = self.one(self.story.happenings) if self.story.happenings else None
        later = [other for other in self.story.happenings if each and other.span.start >= each.span.end]
        if each is None or not later or each.action == PLACE:
            return None
        answer = f"{_sentence(sentence(later[0], self.random), '')}, from {self.time(later[0])}."
        return f"{_sentence(sentence(each, self.random))} What happens next?", answer

    def _colour(self) -> tuple[str, str] | None:
        shown = [each.thing for each in self.story.happenings if each.thing]
        shown += [each.thing for each in self.story.stills]
        kinds = [thing.kind for thing in shown]
        alone = [thing for thing in shown if kinds.count(thing.kind) == 1]
        if not alone:
            return None
        thing = self.one(alone)
        return f"Which colour is the {self.one(kinds_of(thing))}?", f"{thing.colour.capitalize()}."

    def _is_there(self) -> tuple[str, str] | None:
        shown = [each.thing for each in self.story.happenings if each.thing]
        shown += [each.thing for each in self.story.stills]
        thing = (
            self.one(shown)
            if shown and self.random.random() < 0.5
            else Thing(self.one(KINDS), self.one(tuple(COLOURS)))
        )
        return f"Is there {with_article(self.one(names(thing)))}?", "Yes." if thing in shown else "No."

    def _which_place(self) -> tuple[str, str] | None:
        place = self.story.shots[0].place
        if self.random.random() < 0.5:
            return "Where does the video begin?", _sentence(f"at {PLACES[place][0]}")
        other = self.one(EVERY_PLACE)
        yes = other in [shot.place for shot in self.story.shots]
        return f"Does the video show {self.one(PLACES[other])}?", "Yes." if yes else "No."

    def _how_many(self) -> tuple[str, str] | None:
        cuts = len(self.story.shots) - 1
        return "How many cuts are there?", f"{('None', 'One', 'Two', 'Three')[cuts]}."


def _share(one: Happening, other: Happening) -> float:
    return float(one.span.tiou(other.span))


def _sentence(words: str, end: str = ".") -> str:
    return f"{words[0].upper()}{words[1:]}{end}"
