"""The shot log's vocabulary as Markdown tables, for `docs/shotlog.md`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from momentidx.caption.shotlog import camera, changes, colours, fades, form, leader, looks, people, words, written
from momentidx.caption.shotlog.asked import SYNONYMS
from momentidx.caption.shotlog.handled import Handled
from momentidx.caption.shotlog.movement import Activity, Going
from momentidx.caption.shotlog.plain_words import HEARD, SHOWN
from momentidx.times import Span

KINDS = {
    "shot": "one for each shot, from cut to cut",
    "camera": "a camera movement during a part of a shot",
    "movement": "something moves during a part of a shot whose camera stands",
    "people": "somebody is there during a part of a shot",
    "object": "a thing with a name is there during a part of a shot (small models)",
    "sound": "something is heard (small models)",
    "text": "something is written in the picture (extra `ocr`)",
    **fades.KINDS,
    **form.STOPS,
    **changes.KINDS,
    **leader.KINDS,
}
DOES = {
    "crosses": "is first seen at one side and last at the opposite one",
    "enters": "comes in at the left or right side and stays, or is lost sight of",
    "leaves": "goes out at the left or right side",
    "moves": "gets ahead by a fifth of the picture or more",
    "taken": "lies there before something moves, and not afterwards; small things before a standing camera",
    "put": "lies there after something moved, and did not before",
}


def tables() -> str:
    """Kinds, camera, light, colours and movement, each as a table of words, sentences and meanings."""
    stances = {**words.STANCE, **{label: f"the camera {verb}" for label, verb in words.MOVES.items()}}
    moment = Span(0, 1, Fraction(1))
    lies = {does: Handled(0, 1, does, 0, 0, 0.1, 0.1, "left") for does in words.HANDLED}
    going = {does: words.thing(Going(moment, "red", does, "right", 0.1)) for does in DOES if does not in lies}
    going |= {does: words.activity(Activity(moment, (), 0.1, "left", handled=(lies[does],))) for does in lies}
    alone = {"colour-bars": "Colour bars.", "countdown": words.countdown()}
    return "\n".join(
        [
            *_table("Kinds of event (`kind`)", KINDS),
            *_table("Camera (`measures.camera.label`)", camera.LABELS, stances),
            *_table("Shot sizes (`measures.people.size`)", people.SIZES, words.SIZES),
            *_table("Light (`measures.look.light`)", looks.LIGHTS, words.LIGHT),
            *_table("Tone (`measures.look.tone`)", looks.TONES),
            *_table("Focus (`measures.focus.label`)", changes.FOCUS),
            *_table("Form of the picture (`measures.form`)", form.FORMS, {**words.FORMS, **alone}),
            *_table("What a thing does (`measures.going`), and what is done to it (`measures.handled`)", DOES, going),
            *_table("What is written (`measures.role`), with the extra `ocr`", written.ROLES, words.WRITTEN),
            "### Colours",
            "",
            f"{_listed(colours.HUES)}; without colour {_listed(colours.NEUTRALS)}.",
            "",
            "### Named things (`measures.objects`), with the small models",
            "",
            "The 79 things of COCO (`person` is told as people), and what a whole picture shows:",
            "",
            f"{_listed(tuple(SHOWN))}.",
            "",
            "### Sounds, with the small models",
            "",
            f"{_listed((*HEARD, 'silence'))}.",
            "",
            "### Other words for the same",
            "",
            *(f"- `{word}`: {', '.join(others)}" for word, others in SYNONYMS.items()),
            "",
        ]
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(title: str, meanings: Mapping[str, str], said: Mapping[str, str] | None = None) -> list[str]:
    head = ["word", "in the sentence", "when"] if said is not None else ["word", "when"]
    rows = [
        [f"`{word}`", *([said.get(word, "")] if said is not None else []), meaning]
        for word, meaning in meanings.items()
    ]
    lines = [head, ["---"] * len(head), *rows]
    return [f"### {title}", "", *(f"| {' | '.join(line)} |" for line in lines), ""]
