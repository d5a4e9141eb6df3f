"""How a conversation is written for each language model: as data, with the tokens that an answer teaches.

A turn is a question and its answer; an answer of None, or an empty one in an open template, is still
to be given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from momentidx.models.compat import Compat
from momentidx.models.splice import IGNORED, SENTINEL

VIDEO = "<video>"
Turn = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Template:
    """`system` + for each turn: `user` question `assistant` [`lead` answer `end`], with `between` turns."""

    system: str
    user: str
    assistant: str
    lead: str
    """Before an answer; not written while the answer is still to be given, unless `opens`."""
    end: str
    between: str = ""
    opens: bool = False
    """Whether a prompt that waits for an answer ends with `lead`."""

    asks_first: bool = False
    """Whether the first question stands before the pictures instead of after them, as all three seeds have it."""

    def with_pictures(self, marks: str, question: str) -> str:
        """What a user says first: the pictures' marks and the question."""
        return f"{question}\n{marks}" if self.asks_first else f"{marks}\n{question}"

    def asking_first(self, wanted: bool = True) -> Template:
        """For a network that is taught from nothing: the question, the pictures, the answer, and no word beside them.

        What is seen of each picture can then be held against the question on the way, which is learned sooner; words
        that are always the same cost as much as the others.
        """
        if not wanted:
            return self
        return replace(self, system="", user="", assistant="", lead=" ", between=" ", asks_first=True)

    def render(self, turns: Sequence[Turn]) -> str:
        said = []
        for question, answer in turns:
            given = f"{self.lead}{answer}{self.end}" if answer is not None else self.lead if self.opens else ""
            said.append(f"{self.user}{question}{self.assistant}{given}")
        return self.system + self.between.join(said)


LLAVA = (
    "You are a helpful language and vision assistant. You are able to understand the visual content that the "
    "user provides, and assist the user with a variety of tasks using natural language."
)
VICUNA_V1 = Template(
    "A chat between a curious user and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the user's questions. ",
    "USER: ", " ASSISTANT:", " ", "</s>",
)  # fmt: skip
"""VTimeLLM, stages 2 and 3."""
MOMENTOR = Template(
    "You are a careful observer of a video, and tell when things happen in it. ", "USER: ", " ASSISTANT:", " ", "</s>"
)
"""The authors' own system text has no licence and is not here; who has weights trained with it brings it along."""
PHI_3_5 = Template(
    "<|system|>\nYou are a helpful AI assistant that can generate responses based on visual inputs.\n",
    "<|user|>\n", "\n<|assistant|>\n", "", "<|endoftext|>", between="\n",
)  # fmt: skip
LLAMA_3 = Template(
    f"<|start_header_id|>system<|end_header_id|>{LLAVA}",
    "<|start_header_id|>user<|end_header_id|>", "<|start_header_id|>assistant<|end_header_id|>", "", "<|eot_id|>",
)  # fmt: skip
VICUNA_GROUNDED = Template(f"{LLAVA}\n", "USER: ", "\nASSISTANT:", " ", "</s>", between="\n", opens=True)
GROUNDED = {"phi3.5": PHI_3_5, "llama3": LLAMA_3, "vicuna": VICUNA_GROUNDED}


def plain(caption: str) -> str:
    """VTimeLLM's stage 1: the picture and its caption, no roles and no system text."""
    return f"{VIDEO}\n{caption}\n"


def tokens(encode: Callable[[str], list[int]], text: str, marker: str = VIDEO) -> list[int]:
    """Numbers with `SENTINEL` where the marker stands. Of the pieces between, only the first keeps its start token."""
    start = len(encode(""))
    first, *rest = (encode(piece) for piece in text.split(marker))
    return first + [number for piece in rest for number in (SENTINEL, *piece[start:])]


def answer_labels(
    encode: Callable[[str], list[int]], template: Template, turns: Sequence[tuple[str, str]], compat: Compat = "fixed"
) -> list[int]:
    """The labels of a rendered conversation: its answers and their end tokens, everything else `IGNORED`."""
    numbers = tokens(encode, template.render(turns))
    labels = [IGNORED] * len(numbers)
    for count, (question, answer) in enumerate(turns):
        before = template.render([*turns[:count], (question, None)])
        start = len(tokens(encode, before))
        end = len(tokens(encode, template.render([*turns[:count], (question, answer)])))
        labels[start:end] = numbers[start:end]
    if compat == "official" and len(numbers) != _counted(encode, template, turns):
        return [IGNORED] * len(numbers)
    return labels


def _counted(encode: Callable[[str], list[int]], template: Template, turns: Sequence[tuple[str, str]]) -> int:
    """The official count: every turn tokenised by itself; its start token stands in for the end token."""
    parts = [
        template.render([turn]).removeprefix(template.system if number else "") for number, turn in enumerate(turns)
    ]
    return 1 + sum(len(tokens(encode, part.removesuffix(template.end))) for part in parts)


def plain_labels(encode: Callable[[str], list[int]], caption: str) -> list[int]:
    """The labels of stage 1: all after the picture and its line break."""
    numbers = tokens(encode, plain(caption))
    start = len(tokens(encode, f"{VIDEO}\n"))
    return [IGNORED] * start + numbers[start:]
